"""Verdicts from float64 differences, for arrays that 50 digits would take too long for: each estimate has an error.

An entry agrees where |claimed - estimate| is within a few errors and the tolerance; it is undecided where those errors
could hide a mistake at the size of the entry, or of the others of its array.
"""

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from bpcli.backprop.gradients import Gradients
from bpcli.check.findings import Finding, Verdict
from bpcli.check.nearness import tolerance
from bpcli.check.questions import Question
from bpcli.graph.node import Graph, Node, Variable
from bpcli.graph.order import downstream_of, graph_of
from bpcli.numbers import balls
from bpcli.numbers.balls import exactly
from bpcli.numbers.entries import numbers_in

ERRORS = 3.0  # so many times its own estimated error may an estimate be off
RELATIVE = 1e-6  # what float64 differences and float64 gradients together let one see
HIDES = 0.01  # of the entry itself
AGAINST_OTHERS = 1e-6  # of the largest entry of the array: a mistake below that has no weight
ROUND_OFF = 1e-12  # relative, of a value in float64
METHOD = "float64 differences, every entry"


def estimated(own: Gradients, questions: Sequence[Question], relative: float | None) -> list[list[Finding]]:
    """The findings of each question, from differences of the whole graph in float64."""
    found = _differences(own, [question.item.node for question in questions if question.item.kind == "gradient"])
    return [
        _values(own, question, relative)
        if question.item.kind == "value"
        else _gradients(own, question, found[question.item.node], relative)
        for question in questions
    ]


def seed_of(own: Gradients) -> Any:
    """The upstream gradient of the output; None where it is the 1 of a single number."""
    return own.seed if own.graph.output.shape or own.seed != 1 else None


def _differences(own: Gradients, wanted: Sequence[Node]) -> dict[Node, Any]:
    """The differences for each node; one that is computed is taken for a variable."""
    differences = import_module("bpcli.check.differences").differences
    seed = seed_of(own)
    variables = [node for node in wanted if isinstance(node, Variable)]
    found: dict[Node, Any] = {}
    if variables:
        by_name = differences(own.graph, own.at, [variable.name for variable in variables], seed=seed)
        found |= {variable: by_name[variable.name] for variable in variables}
    for node in wanted:
        if not isinstance(node, Variable):
            cut, name = cut_at(own.graph, node)
            at = {**own.at, name: own.values[node]}
            (found[node],) = differences(cut, at, [name], seed=seed).values()
    return found


def cut_at(graph: Graph, node: Node) -> tuple[Graph, str]:
    """The graph in which a computed node is a variable, and the name of it."""
    name = node.name or "node"
    while any(variable.name == name for variable in graph.variables):
        name += "_"
    made: dict[Node, Node] = {node: Variable(name, shape=node.shape)}
    reached = downstream_of(graph, [node])
    for one in graph.nodes:
        if one in reached and one is not node:
            made[one] = one.over(tuple([made.get(source, source) for source in one.inputs]))
    return graph_of(made.get(graph.output, graph.output)), name


def _gradients(own: Gradients, question: Question, found: Any, relative: float | None) -> list[Finding]:
    node = question.item.node
    upstream = own.upstreams.get(node)
    rules = numbers_in(question.part(own.system.zeros(node.shape) if upstream is None else upstream))
    estimates, errors, lefts, rights = [
        numbers_in(question.part(part)) for part in (found.estimate, found.error, found.left, found.right)
    ]
    scale = max(map(abs, estimates), default=0.0)
    claims: Sequence[Any] = list(question.claims) or [None for _ in rules]
    seen = map(Estimate, estimates, errors, lefts, rights)
    return [
        _judged(Finding(question.item, title, Verdict.AGREE, claim, rule), one, scale, relative)
        for title, claim, rule, one in zip(question.titles, claims, rules, seen, strict=True)
    ]


class Estimate:
    """One entry of a gradient by differences: the estimate, its error, and the slopes on both sides."""

    __slots__ = ("error", "left", "right", "value")

    def __init__(self, value: float, error: float, left: float, right: float) -> None:
        self.value = value
        self.error = error
        self.left = left
        self.right = right

    @property
    def is_corner(self) -> bool:
        """Whether the two sides differ by more than the error explains."""
        return abs(self.left - self.right) > ERRORS * self.error + RELATIVE * max(abs(self.left), abs(self.right))


def _judged(base: Finding, found: Estimate, scale: float, relative: float | None) -> Finding:
    """The verdict on one entry; `scale` is the largest of its array."""
    claim, rule = base.claim, base.own or 0.0
    claimed = rule if base.claimed is None else base.claimed
    if found.value - found.value != 0 or claimed - claimed != 0:
        return base.but(verdict=Verdict.UNEVALUABLE, reason="the gradient, or a value near the point, is not finite")
    unknown = ERRORS * found.error
    base = base.but(truth=balls.within(found.value, found.error))
    near = RELATIVE * abs(found.value)
    precise = near if claim is None else float(tolerance(exactly(found.value), claim, relative))
    allowed = unknown + precise
    if abs(claimed - found.value) <= allowed:
        if unknown > max(HIDES * abs(found.value), AGAINST_OTHERS * scale, precise):
            return base.but(
                verdict=Verdict.UNDECIDED, reason="the error of the differences hides it", smallest_visible=allowed
            )
        return base
    if found.is_corner:
        low, high = sorted((found.left, found.right))
        if low - allowed <= claimed <= high + allowed:
            is_rule = abs(claimed - rule) <= precise + RELATIVE * abs(rule)
            return base.but(verdict=Verdict.KINK, accepted_as="convention" if is_rule else "between", truth=None)
    return base.but(verdict=Verdict.DIFFER)


def _values(own: Gradients, question: Question, relative: float | None) -> list[Finding]:
    """Claims about values, which float64 has to within its round-off."""
    found = []
    values = numbers_in(question.part(own.values[question.item.node]))
    for claim, title, value in zip(question.claims, question.titles, values, strict=True):
        base = Finding(question.item, title, Verdict.AGREE, claim, value)
        if value - value != 0:
            found.append(base.but(verdict=Verdict.UNEVALUABLE, reason="the value is not finite"))
            continue
        allowed = float(tolerance(exactly(value), claim, relative)) + ROUND_OFF * abs(value)
        is_near = claim.number is not None and abs(claim.number - value) <= allowed
        truth = balls.within(value, ROUND_OFF * abs(value))
        found.append(base.but(truth=truth, verdict=Verdict.AGREE if is_near else Verdict.DIFFER))
    return found
