"""Known mistakes that give exactly a claimed number: what it is "consistent with", never what it is."""

from collections.abc import Sequence

from bpcli.check.findings import Cause, Finding, Lead, Verdict
from bpcli.check.judge import Judge
from bpcli.check.mistakes import SIGN_INSIDE, mistakes
from bpcli.check.nearness import MOST_OF_TYPED, tolerance, within
from bpcli.check.point import LADDER
from bpcli.check.targets import Item
from bpcli.graph.node import Node
from bpcli.numbers.balls import Ball, exactly, precision

MOST_CAUSES = 3
MOST_KEPT = 50_000  # mistakes, of all items together
FAR = 1.1 * MOST_OF_TYPED  # of a number: beyond it no claim hits, however it was typed
SMALLEST = 1e-300


def with_causes(findings: Sequence[Finding], judge: Judge) -> list[Finding]:
    """The findings, each wrong number with the mistakes that would give it."""
    return [_explained(finding, findings, judge) for finding in findings]


def _explained(finding: Finding, findings: Sequence[Finding], judge: Judge) -> Finding:
    is_plain = finding.verdict is Verdict.DIFFER and finding.truth is not None and finding.reason is None
    if not is_plain or finding.claimed is None or not finding.own_mistake:
        return finding  # at a kink many numbers are right, so none tells of one mistake
    with precision(LADDER[0].bits):
        causes = tuple(causes_of(finding, judge))
    return finding.but(causes=causes, lead=lead_of(finding, findings, judge))


def causes_of(finding: Finding, judge: Judge) -> list[Cause]:
    """What a claimed number is consistent with; nothing where more than three kinds of mistake fit."""
    truth, number = finding.truth, finding.claimed or 0.0
    claimed = exactly(number)
    found: dict[str, Cause] = {}
    for cause, value, near in _known(judge, finding.item):
        if abs(number - near) > FAR * abs(near) + SMALLEST:
            continue
        if _hits(claimed, value, finding) and (truth is None or not _hits(value, truth, finding)):
            known = found.get(cause.kind)
            steps = (*known.steps, *cause.steps) if known else cause.steps
            found[cause.kind] = (known or cause)._replace(steps=tuple(dict.fromkeys(steps)))
    if SIGN_INSIDE in found:  # exp(y) is 1/exp(-y)
        found.pop("reciprocal", None)
    return list(found.values()) if len(found) <= MOST_CAUSES else []


def _known(judge: Judge, item: Item) -> Sequence[tuple[Cause, Ball, float]]:
    """Every mistake with its number, also as float64 has it; found once for each item, as many claims ask."""
    if item not in judge.mistakes:
        if sum(map(len, judge.mistakes.values())) > MOST_KEPT:
            judge.mistakes.clear()
        found = [one for one in mistakes(judge, item) if one.value.middle is not None]
        judge.mistakes[item] = tuple([(one.cause, one.value, float(one.value)) for one in found])
    return judge.mistakes[item]


def _hits(claimed: Ball, value: Ball, finding: Finding) -> bool:
    return within(claimed, value, tolerance(value, finding.claim)) is True


def lead_of(finding: Finding, findings: Sequence[Finding], judge: Judge) -> Lead | None:
    """The steps to look at, and a gradient that agrees although it has the same upstream."""
    if finding.item.kind != "gradient":
        return None
    leaf, labels = finding.item.node, judge.names.labels
    consumers = [node for node in judge.point.graph.nodes if leaf in node.inputs and not node.op.is_condition]
    if not 0 < len(consumers) <= MOST_CAUSES:
        return None
    steps = tuple([f"{labels[node]} → {labels[leaf]}" for node in consumers])
    if len(consumers) > 1:
        return Lead(steps, None, None, None)
    (consumer,) = consumers
    witness = next(
        (
            other.title
            for other in findings
            if other.verdict is Verdict.AGREE
            and other.item.kind == "gradient"
            and other.item.node is not leaf
            and (other.item.node is consumer or consumer in _only_consumers(judge, other.item.node))
        ),
        None,
    )
    numbers = {(step.node, step.input): number for number, step in enumerate(judge.own.in_float64.steps(), 1)}
    upstream = float(judge.own.gradient(consumer)) if witness else None
    return Lead(steps, numbers.get((consumer, leaf)), upstream, witness)


def _only_consumers(judge: Judge, node: Node) -> list[Node]:
    consumers = [one for one in judge.point.graph.nodes if node in one.inputs]
    return consumers if len(consumers) == 1 else []
