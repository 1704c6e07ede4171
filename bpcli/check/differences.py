"""Finite differences in float64, for arrays whose many entries would take too long at 50 digits.

Every entry of a variable is moved to both sides by two steps, many entries at a time; only where the steps disagree by
more than their expected error, or where noise hides the slope, a whole ladder of steps is extrapolated. Nothing here
looks at a rule. Answers are the same every time; how many entries go together changes them no more than rounding does.
"""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial
from math import prod
from typing import Any, NamedTuple

from bpcli.check.expansion import size_of
from bpcli.errors import ShapeError, UsageError
from bpcli.graph.node import Graph, Node, Variable
from bpcli.graph.order import ancestors_first, downstream_of
from bpcli.graph.shapes import shape_text
from bpcli.numbers.arrays import arrays
from bpcli.numbers.evaluate import evaluate
from bpcli.numbers.perturbed import Downstream
from bpcli.numbers.quotients import FIRST_STEP, slopes

MOST_COMPUTED = 4e9  # ops on single numbers, for the differences of all variables together
EVALUATIONS = 4  # of the output for each entry, where no ladder of steps is climbed
FEWEST_ENTRIES = 20  # of a variable, however much each takes


class Budget(NamedTuple):
    """How much is computed at most, for all variables together, and which entries are looked at where that is too few.

    They are spread evenly, or drawn from the seed `chance`, in each variable others.
    """

    ops: float
    chance: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Differences:
    """The derivative with respect to each entry of a variable, in the variable's shape.

    `error` is an estimate of the absolute error, infinite where there is no answer. `left` and `right` are the slopes
    on the two sides; they differ at a kink, where `estimate` is the middle and `error` reaches both, and one is NaN
    where the domain ends. Of very many entries some are looked at, and the others are NaN. `used` says in words how the
    numbers were found.
    """

    estimate: Any
    error: Any
    left: Any
    right: Any
    used: str


def differences(
    graph: Graph,
    values_at: Mapping[str, Any],
    wanted: Collection[str] | None = None,
    seed: Any = None,
    budget: Budget | None = None,
) -> dict[str, Differences]:
    """∂output/∂entry for every entry of the wanted variables, by differences of the output.

    The graph has shapes, and its output is one number, or `seed` weighs its entries: then the derivative is that of
    the sum of seed · output. Raises ShapeError for an output that is an array without a seed.
    """
    if seed is None and graph.output.shape:
        message = f"the output is an array of shape {shape_text(graph.output.shape)}, whose entries a seed must weigh"
        raise ShapeError(message)
    needed = set(ancestors_first([graph.output]))
    with arrays.at_work():
        values = evaluate(graph, values_at, arrays)
        chosen = [one for one in graph.variables if wanted is None or one.name in wanted]
        budget = budget or Budget(MOST_COMPUTED)
        part = budget._replace(ops=budget.ops / max(1, len(chosen)))
        found = {}
        for variable in chosen:
            reached = downstream_of(graph, [variable]) if variable in needed else frozenset()
            nodes = [node for node in graph.nodes if node in reached and node in needed]
            downstream = Downstream(variable, nodes, graph.output, values)
            found[variable.name] = _of_variable(variable, downstream, values, seed, part)
        return found


def _of_variable(
    variable: Variable, downstream: Downstream, values: Mapping[Node, Any], seed: Any, budget: Budget
) -> Differences:
    if not downstream.leads_to_output or not prod(variable.shape):
        zeros = arrays.zeros(variable.shape)
        return Differences(zeros, zeros, zeros, zeros, "the output does not depend on it")
    try:
        noise = downstream.rounding_noise(seed)
        changes = partial(downstream.changes, seed=seed)
        most = _most_of(downstream, budget.ops)
        chance = None if budget.chance is None else (budget.chance, variable.name)
        found, count = slopes(changes, values[variable], noise, most, chance)
    except UsageError:  # whole numbers cannot be moved a little
        nowhere = arrays.zeros(variable.shape) * math.nan
        endless = arrays.zeros(variable.shape) + math.inf
        return Differences(nowhere, endless, nowhere, nowhere, "none: it holds indices, which are whole numbers")
    return Differences(*found, _in_words(count, prod(variable.shape)))


def _most_of(downstream: Downstream, most: float) -> int:
    """How many entries can be moved with at most so many ops, by what one of them makes to be computed anew."""
    work = sum([size_of(node) if count < 0 else count for node, count in downstream.reached(0).items()])
    return max(FEWEST_ENTRIES, int(most / (EVALUATIONS * max(1, work))))


def _in_words(count: int, entries: int) -> str:
    """How the differences were found."""
    said = f"central differences in float64, steps {FIRST_STEP:.0e} of an entry's size"
    return f"{said}, a ladder of steps at {count} of {entries} entries" if count else said
