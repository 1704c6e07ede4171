"""The first wrong step: an item is wrong in itself if it does not follow from what the same person wrote before.

The order is that of the computation: forward as computed; backward reversed, a node's sum before its edges, inputs left
to right. What is claimed carries its typed precision as an interval; what is left blank is computed from it.
"""

from collections.abc import Iterator, Mapping, Sequence
from math import isfinite

from bpcli.backprop.sweep import local_numbers
from bpcli.check.findings import Finding, Verdict
from bpcli.check.judge import Judge
from bpcli.check.nearness import MOST_OF_TYPED, RELATIVE, digits_of, tolerance, within
from bpcli.check.point import LADDER
from bpcli.check.targets import Item
from bpcli.graph.node import Graph, Node
from bpcli.numbers import balls
from bpcli.numbers.balls import Ball, exactly, precision
from bpcli.numbers.evaluate import compute
from bpcli.numbers.exact import exact

ROUNDING = "the rounding of the claims before it"
EARLIER = "what is claimed before it"
MOST_MISTAKES = 12
MOST_STEPS = 2_000
DIGITS = LADDER[2]  # where a value is 1 but for 2**-1000, what follows from it is still seen
FOLLOWS_NOT = "right, though it does not follow from what is claimed before it: errors cancel"


def in_order(findings: Sequence[Finding], graph: Graph) -> list[Finding]:
    """The findings in the order in which the computation meets them."""
    places = {item: place for place, item in enumerate(_as_computed(graph))}
    return sorted(findings, key=lambda finding: places.get(finding.item, len(places)))


def _as_computed(graph: Graph) -> Iterator[Item]:
    """Values forward; then, backward, each node's edges and, where the last of them has come, a gradient's sum."""
    first_use: dict[Node, Node] = {}
    for node in graph.nodes:
        yield Item("value", node)
        for source in node.inputs:
            first_use.setdefault(source, node)
    yield Item("gradient", graph.output)
    for node in reversed(graph.nodes):
        for source in dict.fromkeys(node.inputs):
            yield Item("local", node, source)
            yield Item("contribution", node, source)
        for source in dict.fromkeys(node.inputs):
            if first_use[source] is node:
                yield Item("gradient", source)


def carried(findings: Sequence[Finding], judge: Judge) -> list[Finding]:
    """The findings, each wrong one told apart: wrong in itself, or a right consequence of an earlier mistake."""
    numbers = {finding.item: finding for finding in findings if finding.claimed is not None}
    wrong = [finding for finding in findings if is_wrong(finding)]
    if not wrong or len(numbers) < 2 or len(judge.point.graph.nodes) > MOST_STEPS:  # noqa: PLR2004 - it follows from nothing
        return list(findings)
    claimed = {item: as_typed(finding) for item, finding in numbers.items()}
    expected = expected_of(claimed, judge)
    mistakes = [one for one in in_order(wrong, judge.point.graph) if not follows_from(one, expected)][:MOST_MISTAKES]
    right = {item: ball for item, ball in claimed.items() if not is_wrong(numbers[item])}
    others = {one.item: claimed[one.item] for one in mistakes}
    without = {one.title: expected_of({**right, **others, one.item: None}, judge) for one in mistakes}
    rounded = expected_of(right, judge)
    told = []
    for finding in findings:
        if is_wrong(finding) and follows_from(finding, expected):
            told.append(finding.but(own_mistake=False, follows=origin([finding], rounded, without)))
        elif finding.verdict is Verdict.AGREE and finding.item in numbers and not follows_from(finding, expected):
            told.append(finding.but(notes=(*finding.notes, FOLLOWS_NOT)))
        else:
            told.append(finding)
    return told


def is_wrong(finding: Finding) -> bool:
    """Whether a claim is wrong by itself, and not jointly with others."""
    is_number = finding.verdict is Verdict.DIFFER and finding.claimed is not None and finding.reason is None
    return is_number and not _is_right_here(finding)


def _is_right_here(finding: Finding) -> bool:
    """Whether a formula gives the right number at the point, though it differs elsewhere."""
    if finding.equality is None or finding.truth is None or finding.claimed is None:
        return False
    return (
        within(exactly(finding.claimed), finding.truth, tolerance(finding.truth, finding.claim, finding.near)) is True
    )


def origin(
    following: Sequence[Finding], rounded: Mapping[Item, Ball], without: Mapping[str, Mapping[Item, Ball]]
) -> str:
    """What wrong claims follow from: the first mistake, by its title, without which they would not.

    `rounded` is what follows from right claims alone, which are as precise as they were typed; `without` has for each
    mistake what follows from the others.
    """
    if all(follows_from(finding, rounded) for finding in following):
        return ROUNDING
    needed = [title for title, known in without.items() if not all(follows_from(one, known) for one in following)]
    return needed[0] if needed else EARLIER


def expected_of(claimed: Mapping[Item, Ball | None], judge: Judge) -> Mapping[Item, Ball]:
    """What every item should be, given the claims before it."""
    with precision(DIGITS.bits):
        return Expected(claimed, judge).items


def follows_from(finding: Finding, expected: Mapping[Item, Ball]) -> bool:
    """Whether a claim is what follows from the claims before it."""
    hoped = expected.get(finding.item)
    if hoped is None or hoped.middle is None or finding.claimed is None or not isfinite(finding.claimed):
        return False
    with precision(DIGITS.bits):
        return within(exactly(finding.claimed), hoped, tolerance(hoped, finding.claim, finding.near)) is not False


def as_typed(finding: Finding) -> Ball:
    """The claim with its typed precision, of which at most 1% of it counts, and no more than a claim may be off by."""
    claimed, claim, near = finding.claimed or 0.0, finding.claim, finding.near
    half_unit = claim.half_unit if claim else None
    radius = abs(claimed) * RELATIVE if half_unit is None else min(half_unit, abs(claimed) * MOST_OF_TYPED)
    if claim is not None and not near.is_as_typed and digits_of(claim) >= (near.digits or 0):
        radius = min(radius, float(tolerance(exactly(claimed), claim, near)))
    return balls.within(claimed, radius)


class Expected:
    """What every claimed item should be, given the claims before it."""

    def __init__(self, claimed: Mapping[Item, Ball | None], judge: Judge) -> None:
        self._claimed = claimed
        self._graph = judge.point.graph
        self._values: dict[Node, Ball] = dict(judge.point.values(DIGITS.bits))
        self.items: dict[Item, Ball] = {}
        self._forward()
        self._backward()

    def _taken(self, item: Item, computed: Ball) -> Ball:
        """What goes on from here: the claim if there is one; what it should have been is kept."""
        self.items[item] = computed
        return self._claimed.get(item) or computed

    def _forward(self) -> None:
        for node in self._graph.nodes:
            compute([node], self._values, exact)
            if not node.op.is_condition:
                self._values[node] = self._taken(Item("value", node), exactly(self._values[node]))

    def _backward(self) -> None:
        sums: dict[Node, Ball] = {self._graph.output: exactly(1)}
        for node in reversed(self._graph.nodes):
            if node not in sums or not node.varies or node.op.is_condition:
                continue
            upstream = self._taken(Item("gradient", node), sums[node])
            locals_ = local_numbers(node, self._values.__getitem__, exact)
            for source in dict.fromkeys(node.inputs):
                if source.varies and not source.op.is_condition:
                    parts = [
                        part
                        for one, part in zip(node.inputs, locals_, strict=True)
                        if one is source and part is not None
                    ]
                    local = self._taken(Item("local", node, source), sum(map(exactly, parts), exactly(0)))
                    sent = self._taken(Item("contribution", node, source), upstream * local)
                    sums[source] = sums[source] + sent if source in sums else sent
        for variable in self._graph.variables:
            self.items[Item("gradient", variable)] = sums.get(variable, exactly(0))
