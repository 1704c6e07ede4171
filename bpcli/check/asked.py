"""What is asked of a check: how it is to be answered, and the formulas that are claimed."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from bpcli.check.nearness import Tolerance
from bpcli.check.targets import Names
from bpcli.errors import UnknownNameError, UsageError
from bpcli.graph.node import Graph
from bpcli.graph.order import downstream_of
from bpcli.language.claims import Claim
from bpcli.language.complaints import shortened, suggestion
from bpcli.language.expressions import parse
from bpcli.language.limits import Limits


class Way(NamedTuple):
    """How a question is to be answered: the gradients that are wanted, the seed, and what is told and allowed."""

    wanted: Collection[str] | None
    seed: object
    every_step: bool
    near: Tolerance
    limits: Limits


def formula_of(claim: Claim, names: Names, at: Mapping[str, object], limits: Limits) -> Graph:
    """The right side of a claim, over the names of the expression and those that have values."""
    # A newline inside brackets ends nothing; another one would leave two statements, or no expression.
    formula = parse(" ".join(claim.typed.split()), {*names.nodes, *at}, limits)
    if formula.names or ";" in claim.typed:
        message = f"a claim is one number or one formula, not statements: '{shortened(claim.typed)}'"
        raise UsageError(message, hint="write another --claim for another thing")
    known = list(dict.fromkeys([*names.nodes, *at]))
    for variable in formula.variables:
        if variable.name not in known:
            message = (
                f"the claim '{shortened(claim.typed)}' has the name '{variable.name}', which the expression has not"
            )
            otherwise = f"its names are {', '.join(known[:10])}"
            raise UnknownNameError(message, variable.name, suggestion(variable.name, known, otherwise))
    _require_no_circle(claim, formula, names)
    return formula


def _require_no_circle(claim: Claim, formula: Graph, names: Names) -> None:
    """Raise UsageError where a value is claimed to be what is computed from it."""
    if claim.target.kind != "value":
        return
    after = downstream_of(names.graph, [names.item(claim.target).node])
    for variable in formula.variables:
        if names.nodes.get(variable.name) in after:
            message = f"the claim about the value of {claim.target.node} uses '{variable.name}', which comes of it"
            raise UsageError(message, hint="write it over what it is computed from")
