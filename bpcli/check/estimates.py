"""Verdicts from float64 differences, for arrays that 50 digits would take too long for: each estimate has an error."""

from collections.abc import Collection, Sequence
from functools import cached_property
from math import isfinite, isnan
from types import SimpleNamespace
from typing import Any

from bpcli.backprop.gradients import Gradients
from bpcli.check.expansion import CHOOSING
from bpcli.check.findings import Finding, Verdict
from bpcli.check.measured import LEFT_OUT, RELATIVE, Bounds, Estimate, judged
from bpcli.check.nearness import Tolerance, tolerance
from bpcli.check.questions import Question
from bpcli.graph.node import Graph, Node, Variable
from bpcli.graph.order import downstream_of, graph_of
from bpcli.numbers import balls
from bpcli.numbers.apart import numbers_in
from bpcli.numbers.balls import exactly

AGAINST_OTHERS = 1e-6  # of the largest entry of the array: a mistake below that has no weight
ROUND_OFF = 1e-12  # relative, of a value in float64, or of the largest entry of a gradient


def method_of(findings: Collection[Finding]) -> str:
    """How the entries were judged here, in words."""
    seen = sum(1 for one in findings if one.reason != LEFT_OUT)
    return f"float64 differences, {'every entry' if seen == len(findings) else f'{seen} of {len(findings)} entries'}"


class Estimates:
    """What differences of the whole graph in float64 say of the gradients at some nodes, found once for all."""

    def __init__(self, own: Gradients, targets: Sequence[Node]) -> None:
        self._own = own
        self._targets = targets

    @cached_property
    def _found(self) -> dict[Node, Any]:
        return _differences(self._own, list(dict.fromkeys(self._targets)))

    def findings(self, question: Question) -> list[Finding]:
        """The finding of each entry that is asked about."""
        own = self._own
        if question.item.kind == "value":
            return _values(own, question)
        if not own.system.is_finite(own.value):
            reason = own.warnings[0].message if own.warnings else "the value of the expression is not finite"
            return _unevaluable(question, reason)
        return _gradients(own, question, self._found[question.item.node])


def _unevaluable(question: Question, reason: str) -> list[Finding]:
    """No gradient where there is no value."""
    claims: Sequence[Any] = list(question.claims) or [None for _ in question.places]
    return [
        Finding(
            question.item, title, Verdict.UNEVALUABLE, claim, reason=reason, hint="the expression has no value here"
        )
        for title, claim in zip(question.titles, claims, strict=True)
    ]


def seed_of(own: Gradients) -> Any:
    """The upstream gradient of the output; None where it is the 1 of a single number."""
    return own.seed if own.graph.output.shape or own.seed != 1 else None


def _differences(own: Gradients, wanted: Sequence[Node]) -> dict[Node, Any]:
    """The differences for each node; one that is computed is taken for a variable."""
    from bpcli.check.differences import differences  # noqa: PLC0415 - most checks are exact

    seed = seed_of(own)
    variables = [node for node in wanted if isinstance(node, Variable) and not _only_chooses(own.graph, node)]
    found: dict[Node, Any] = {}
    if variables:
        by_name = differences(own.graph, own.at, [variable.name for variable in variables], seed=seed)
        found |= {variable: by_name[variable.name] for variable in variables}
    for node in wanted:
        if _only_chooses(own.graph, node):  # a whole number, of which a little more chooses the same
            zero = own.system.zeros(node.shape)
            found[node] = SimpleNamespace(estimate=zero, error=zero, left=zero, right=zero)
        elif not isinstance(node, Variable):
            cut, name = cut_at(own.graph, node)
            at = {**own.at, name: own.values[node]}
            (found[node],) = differences(cut, at, [name], seed=seed).values()
    return found


def _only_chooses(graph: Graph, node: Node) -> bool:
    """Whether a node is nothing but indices."""
    uses = [(one.op.name, place) for one in graph.nodes for place, source in enumerate(one.inputs) if source is node]
    return bool(uses) and all(CHOOSING.get(name) == place for name, place in uses)


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


def _gradients(own: Gradients, question: Question, found: Any) -> list[Finding]:
    node = question.item.node
    upstream = own.upstreams.get(node)
    rules = numbers_in(question.part(own.system.zeros(node.shape) if upstream is None else upstream))
    estimates, errors, lefts, rights = [
        numbers_in(question.part(part)) for part in (found.estimate, found.error, found.left, found.right)
    ]
    scale = max([abs(one) for one in estimates if not isnan(one)], default=0.0)
    claims: Sequence[Any] = list(question.claims) or [None for _ in rules]
    near = question.near_over(estimates)
    seen = map(Estimate, estimates, errors, lefts, rights)
    round_off = ROUND_OFF * scale  # of the sums that backpropagation makes, too
    found_entries = []
    for title, claim, rule, one in zip(question.titles, claims, rules, seen, strict=True):
        bounds = Bounds(_precise(one, claim, near), round_off, AGAINST_OTHERS * scale)
        base = Finding(question.item, title, Verdict.AGREE, claim, rule, truth=one.truth, near=near)
        found_entries.append(judged(base, one, bounds))
    return found_entries


def _precise(found: Estimate, claim: Any, near: Tolerance) -> float:
    """How far a claim may be from the slope, where there is one; bpcli's own gradient where nothing is claimed."""
    if claim is None or not isfinite(found.value):
        return RELATIVE * abs(found.value)
    return float(tolerance(exactly(found.value), claim, near))


def _values(own: Gradients, question: Question) -> list[Finding]:
    """Claims about values, which float64 has to within its round-off."""
    found = []
    values = numbers_in(question.part(own.values[question.item.node]))
    near = question.near_over(values)
    for claim, title, value in zip(question.claims, question.titles, values, strict=True):
        base = Finding(question.item, title, Verdict.AGREE, claim, value, near=near)
        if not isfinite(value):
            found.append(base.but(verdict=Verdict.UNEVALUABLE, reason="the value is not finite"))
            continue
        allowed = float(tolerance(exactly(value), claim, near)) + ROUND_OFF * abs(value)
        is_near = claim.number is not None and abs(claim.number - value) <= allowed
        truth = balls.within(value, ROUND_OFF * abs(value))
        found.append(base.but(truth=truth, verdict=Verdict.AGREE if is_near else Verdict.DIFFER))
    return found
