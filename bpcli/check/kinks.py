"""Kinks: which op has no single slope at a point, and whether claims of several variables fit all directions at once.

A claim of (1, 1) for max(x, y) at a tie passes each coordinate and is wrong along (1, 1): a generalised gradient v
must have v·d between the one-sided slopes along every d (Bolte & Pauwels 2021, Conservative set valued fields;
Kakade & Lee 2018, Provably correct automatic sub-differentiation for qualified programs).
"""

from collections.abc import Iterator, Sequence
from itertools import combinations
from random import Random

from bpcli.check.findings import Finding, Kink, Verdict
from bpcli.check.finite import Kind, Slopes, slopes
from bpcli.check.nearness import tolerance
from bpcli.check.oracles import Oracles
from bpcli.check.targets import Names
from bpcli.graph.node import Node
from bpcli.graph.notation import number_text
from bpcli.numbers.balls import Ball, distance, exactly
from bpcli.numbers.exact import exact

MOST_JOINT = 12
RANDOM_DIRECTIONS = 24
PARTS = 8


def culprit(oracles: Oracles, leaf: Node, names: Names) -> tuple[Node, str] | None:
    """The first op on the way from a node to the output that has no single slope here, and where it is, in words."""
    on_the_way = set(oracles.point.downstream([leaf])) | {leaf}
    for node in oracles.point.downstream([leaf]):
        if not node.op.kinks or not _has_kink(oracles, node, on_the_way):
            continue
        return node, where_text(oracles, node, names)
    return None


def steepest(oracles: Oracles, leaf: Node, names: Names) -> tuple[Node, str] | None:
    """The first op on the way from a node to the output whose slope here is infinite, or which jumps."""
    downstream = oracles.point.downstream([leaf])
    on_the_way = {leaf, *downstream}
    for node in downstream:
        for source in dict.fromkeys(node.inputs):
            if source in on_the_way and not source.op.is_condition and not node.op.is_condition:
                found = oracles.local_slopes(node, source)
                if not {Kind.INFINITE, Kind.JUMP}.isdisjoint((found.left.kind, found.right.kind)):
                    return node, where_text(oracles, node, names)
    return None


def _has_kink(oracles: Oracles, node: Node, on_the_way: set[Node]) -> bool:
    if node in oracles.tied:
        return True
    return any(
        oracles.local_slopes(node, source).derivative is None
        for source in dict.fromkeys(node.inputs)
        if source in on_the_way and not source.op.is_condition
    )


def where_text(oracles: Oracles, node: Node, names: Names) -> str:
    """The inputs of an op and their values: `x = 0`."""
    source = next((source for source in node.inputs if source.op.is_condition), node)
    values = oracles.point.values()
    shown = [
        f"{names.labels[one]} = {number_text(float(exactly(values[one])) + 0.0).removesuffix('.0')}"
        for one in dict.fromkeys(source.inputs)
        if one in names.labels and one.varies
    ]
    return ", ".join(shown)


def kink_at(oracles: Oracles, leaf: Node, found: Slopes, names: Names) -> Kink | None:
    """The kink that a corner is due to."""
    by = culprit(oracles, leaf, names)
    if by is None or found.left.slope is None or found.right.slope is None:
        return None
    return Kink(*by, float(found.left.slope), float(found.right.slope))


def jointly(oracles: Oracles, findings: Sequence[Finding]) -> list[Finding]:
    """The findings, with those refused whose claims fit each coordinate at a kink, but not some direction."""
    fitting = [
        finding
        for finding in findings
        if finding.verdict is Verdict.KINK and _is_plain(finding) and _is_between(finding)
    ]
    if not any(finding.accepted_as == "between" for finding in fitting):
        return list(findings)
    for direction in _directions(fitting):
        found = slopes(oracles.point, {finding.item.node: part for finding, part in direction})
        reason = _misfit(direction, found)
        if reason:
            blamed = {id(finding) for finding, _ in direction}
            return [
                finding.but(verdict=Verdict.DIFFER, accepted_as=None, reason=reason)
                if id(finding) in blamed
                else finding
                for finding in findings
            ]
    return list(findings)


def _is_plain(finding: Finding) -> bool:
    """Whether a finding is about a claimed number for the gradient of a variable."""
    return finding.item.kind == "gradient" and finding.claimed is not None and not finding.item.node.inputs


def _is_between(finding: Finding) -> bool:
    if finding.slopes is None or finding.claimed is None:
        return False
    claimed = exactly(finding.claimed)
    return fits(claimed, finding.slopes, tolerance(claimed, finding.claim, finding.near))


def fits(claimed: Ball, found: Slopes, allowed: Ball) -> bool:
    """Whether a number is between the slopes of the two sides, or is the slope of both."""
    derivative = found.derivative
    if derivative is not None:
        return exact.less_equal(distance(claimed, derivative), allowed) is True
    if not found.is_corner:
        return False
    low, high = found.between
    return exact.greater_equal(claimed, low - allowed) is True and exact.less_equal(claimed, high + allowed) is True


Direction = Sequence[tuple[Finding, float]]


def _directions(findings: Sequence[Finding]) -> Iterator[Direction]:
    """Pairs of coordinates, all of them, along the claims themselves, and some drawn with a fixed seed."""
    if len(findings) <= MOST_JOINT:
        for one, other in combinations(findings, 2):
            for sign in (1, -1):
                yield [(one, 1), (other, sign)]
    if len(findings) > 1:
        random = Random(1)  # noqa: S311 - the same directions every time
        yield [(finding, 1) for finding in findings]
        yield [(finding, finding.claimed or 0.0) for finding in findings]
        for _ in range(RANDOM_DIRECTIONS):
            yield [(finding, random.randint(-PARTS, PARTS) / PARTS) for finding in findings]


def _misfit(direction: Direction, found: Slopes) -> str | None:
    along, allowed = exactly(0), exactly(0)
    for finding, part in direction:
        claimed = exactly(finding.claimed or 0.0)
        along = along + claimed * part
        allowed = allowed + tolerance(claimed, finding.claim, finding.near) * abs(part)
    if not {found.left.kind, found.right.kind} <= {Kind.SLOPE, Kind.OUTSIDE} or fits(along, found, allowed):
        return None
    names = ", ".join([str(finding.item.node.name) for finding, _ in direction])
    vector = ", ".join([number_text(float(part)).removesuffix(".0") for _, part in direction])
    sides = [float(side.slope) for side in (found.left, found.right) if side.slope is not None]
    shown = " to ".join(dict.fromkeys([f"{side:.4g}" for side in sides]))
    return f"jointly wrong: along ({vector}) of ({names}) the slope is {shown}, these claims give {float(along):.4g}"
