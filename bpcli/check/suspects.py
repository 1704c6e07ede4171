"""The suspect, by three statements that are kept apart: the rule, the symbolic form, and the value.

At each step the forward values are compared first, across floats, exact and symbols; then the local derivatives: the
rule run in `exact`, SymPy's derivative of the op, and differences of the op. Two that agree tell on the third.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from bpcli.backprop.sweep import local_numbers
from bpcli.check.nearness import same
from bpcli.check.oracles import LOCAL_DERIVATIVES, Oracles
from bpcli.check.own import Own
from bpcli.check.point import LADDER
from bpcli.check.symbolic import EVALUATED_DIGITS, symbolic_form
from bpcli.graph.node import Node
from bpcli.numbers.balls import Ball, exactly, precision
from bpcli.numbers.exact import exact
from bpcli.numbers.floats import floats
from bpcli.numbers.symbols import FORMS, real_symbols, value_of
from bpcli.numbers.translation import REFUSALS

NEAR = 1e-8  # how near a function of float64 comes to the exact one, where it is well conditioned
LAST_BITS = 2.0**-49  # relative, of an input of float64
SMALLEST_NORMAL = 2.3e-308  # below it float64 has few digits left
NOISE = 1e-35  # what SymPy leaves of a number that cancels
MOST_STEPS = 2_000
NOBODY = "nobody: the three ways all differ"


class StepCheck(NamedTuple):
    """One local derivative found in three ways, and who is wrong where they differ."""

    node: Node
    source: Node
    position: int
    rule: Ball
    symbolic: Ball | None
    difference: Ball | None
    suspect: str | None


def suspects_of(oracles: Oracles, own: Own, leaf: Node) -> tuple[str, ...]:
    """Who is wrong on the way from a node to the output, or in a value that is a factor on the way."""
    if len(oracles.graph.nodes) > MOST_STEPS:
        return ()
    on_the_way = {leaf, *oracles.point.downstream([leaf])}
    steps = [step for step in step_checks(oracles, own) if step.suspect]
    found = [step.suspect for step in steps if step.source in on_the_way] or [step.suspect for step in steps]
    found = found or [value_suspect(oracles, node) for node in oracles.graph.nodes if not node.varies]
    return tuple(dict.fromkeys([suspect for suspect in found if suspect])) or (NOBODY,)


def step_checks(oracles: Oracles, own: Own) -> Iterator[StepCheck]:
    """Every step that backpropagation would take, in its order, each with its suspect.

    Where a forward value is wrong, no other step is judged: what computes it may be what computes a derivative.
    """
    values = own.point.values()
    by_value = {node: suspect for node in oracles.graph.nodes if (suspect := value_suspect(oracles, node))}
    for node in reversed(oracles.graph.nodes):
        if not node.varies:
            continue
        with precision(LADDER[0].bits):
            locals_ = local_numbers(node, values.__getitem__, exact)
        for position, source in enumerate(node.inputs):
            if not source.varies or source.op.is_condition:
                continue
            rule = locals_[position]
            step = _checked(oracles, node, position, rule, by_value.get(node))
            yield step if node in by_value or not by_value else step._replace(suspect=None)


def _checked(oracles: Oracles, node: Node, position: int, rule: Any, value_is_wrong: str | None) -> StepCheck:
    source = node.inputs[position]
    if node.op.is_condition:
        suspect = f"the rule of {node.op.name}" if rule is not None else value_is_wrong
        return StepCheck(node, source, position, exactly(rule or 0), None, None, suspect)
    rule_ball = exactly(0 if rule is None else rule)
    difference = oracles.local_difference(node, position)
    symbolic = None
    if node not in oracles.at_kink:
        with precision(LADDER[0].bits):
            symbolic = LOCAL_DERIVATIVES.value(node, position, oracles.point.values())
    if symbolic is not None and symbolic.middle is None:
        symbolic = None
    suspect = _triangle(node, rule_ball, symbolic, difference)
    if value_is_wrong and not (suspect == _symbolic_form(node) and node.op.name in FORMS):
        suspect = value_is_wrong
    return StepCheck(node, source, position, rule_ball, symbolic, difference, suspect)


def _triangle(node: Node, rule: Ball, symbolic: Ball | None, difference: Ball | None) -> str | None:
    """Two that agree tell on the third; at a kink there is nothing to tell."""
    if difference is None:
        return None
    name = node.op.name
    if symbolic is None:
        return None if same(rule, difference) else f"the rule or the value of {name}"
    as_differences, as_symbols, oracles_agree = same(rule, difference), same(rule, symbolic), same(difference, symbolic)
    if as_differences and as_symbols:
        return None
    if oracles_agree:
        return f"the rule of {name}" if node.op.meaning is None else f"the rule, or the meaning, of {name}"
    if as_differences:
        return _symbolic_form(node)
    of_value = f"the value of {name}" if node.op.meaning is None else f"the value, or the meaning, of {name}"
    return of_value if as_symbols else NOBODY


def _symbolic_form(node: Node) -> str:
    return f"the symbolic form of {node.op.name}"


def value_suspect(oracles: Oracles, node: Node) -> str | None:
    """Whose value of an op is wrong: floats, exact or symbols compared on the same inputs; None where all agree.

    At a border, where a rounding goes which way is a convention, they are not compared.
    """
    if node in oracles.tied:
        return None
    exactly_at = oracles.point.values()
    inputs = [exactly_at[source] for source in node.inputs]
    numbers = [one if isinstance(one, bool) else float(exactly(one)) for one in inputs]
    if not all(isinstance(one, bool) or one - one == 0 for one in numbers):
        return None
    in_floats, in_exact = _in_floats(node, numbers), _in_exact(node, numbers)
    if in_floats is None or (isinstance(in_exact, Ball) and in_exact.middle is None):
        return None
    nearly = [
        one if isinstance(one, bool) else one * (1 + LAST_BITS * (-1) ** position)
        for position, one in enumerate(numbers)
    ]
    return _odd_one(node, in_floats, in_exact, _in_symbols(node, numbers), _in_exact(node, nearly))


def _in_exact(node: Node, numbers: list[Any]) -> Any:
    with precision(LADDER[0].bits):
        inputs = [one if isinstance(one, bool) else exactly(one) for one in numbers]
        return getattr(exact, node.op.name)(*inputs, **node.attributes)


def _in_floats(node: Node, numbers: list[Any]) -> Any:
    try:
        value = getattr(floats, node.op.name)(*numbers, **node.attributes)
    except (ArithmeticError, ValueError):
        return None
    return value if value - value == 0 else None


def _in_symbols(node: Node, numbers: list[Any]) -> Any:
    """SymPy's own evaluation of the symbolic form; None where it has none."""
    names = real_symbols(len(numbers))
    inputs: list[Any] = list(names)
    if node.op.name == "where":
        inputs[0] = numbers[0]
    try:
        form = symbolic_form(node.op, inputs, node.attributes)
        return value_of(form, dict(zip(names, numbers, strict=True)), EVALUATED_DIGITS)
    except REFUSALS:
        return None


def _odd_one(node: Node, in_floats: Any, in_exact: Any, in_symbols: Any, nearby: Any) -> str | None:
    """Who has another value; floats may be off by what the last bits of the inputs are worth."""
    name = node.op.name
    floats_agree = _near(in_floats, in_exact, nearby)
    symbols_agree = in_symbols is None or _near(in_symbols, in_exact, nearby, NOISE)
    if floats_agree and symbols_agree:
        return None
    if node.op.meaning is not None:
        return f"the value, or the meaning, of {name}"
    if symbols_agree:
        return f"the value of {name} in floats"
    if floats_agree:
        return f"the symbolic form of {name}"
    return f"the value of {name} in exact" if _near(in_floats, in_symbols, nearby, NOISE) else NOBODY


def _near(one: Any, other: Any, nearby: Any, noise: float = SMALLEST_NORMAL) -> bool:
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    x, y = exactly(one), exactly(other)
    spread = abs(float(y - exactly(nearby)))
    allowed = NEAR * max(abs(float(x)), abs(float(y))) + (spread if spread - spread == 0 else 0.0)
    return abs(float(x - y)) <= allowed + float(x.error) + float(y.error) + noise
