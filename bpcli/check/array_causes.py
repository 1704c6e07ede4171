"""What explains wrong claims about arrays: what they follow from, where to look, and the mistakes that would give them.

A mistake is named only where it gives every entry of the claim, and nothing where more than three kinds do.
"""

from collections.abc import Iterator, Mapping, Sequence

from bpcli.backprop.gradients import Gradients
from bpcli.backprop.sweep import Step
from bpcli.check.array_mistakes import ONE_FACTOR, Claimed, mistakes
from bpcli.check.carried import MOST_STEPS as MOST_CARRIED
from bpcli.check.carried import as_typed, expected_of, follows_from, is_wrong, origin
from bpcli.check.causes import MOST_CAUSES, causes_of
from bpcli.check.entry_judge import EntryJudge
from bpcli.check.findings import Cause, Finding, Lead, Verdict
from bpcli.check.groups import Group
from bpcli.check.judge import Judge
from bpcli.check.point import LADDER
from bpcli.check.targets import Item, Names
from bpcli.graph.node import Node
from bpcli.numbers.balls import Ball, precision

MOST_EXPLAINED = 3  # wrong entries of an array that are explained one by one
MOST_OPS = 2_000  # of a graph in which single entries are explained
MOST_ORIGINS = 6
COINCIDENCES = frozenset({"gradients swapped", "values swapped", "factor n", "factor 1/n"})  # among very many entries


def explained(groups: Sequence[Group], own: Gradients, names: Names, judge: EntryJudge | None) -> list[Group]:
    """The groups, each wrong one with what it follows from, or with where to look and what it is consistent with."""
    if judge is not None:
        groups = with_origins(groups, judge)
    steps = list(own.steps()) if any(map(_is_plain, groups)) else []
    told = []
    for group in groups:
        if not _is_plain(group):
            told.append(group)
            continue
        causes = _causes(group, own, names, steps)
        by_entry = judge is not None and not causes and len(group.wrong) <= MOST_EXPLAINED
        findings = _with_causes_of_entries(group.findings, judge) if judge and by_entry else group.findings
        told.append(group.but(causes=causes, lead=_lead(group, groups, names, steps), findings=findings))
    return told


def _is_plain(group: Group) -> bool:
    return group.own_mistake and any(map(is_wrong, group.findings))


def with_origins(groups: Sequence[Group], judge: Judge) -> list[Group]:
    """The groups; one of which all that is wrong follows from claims before it is marked so."""
    wrong = [group for group in groups if any(map(is_wrong, group.findings))]
    if not wrong or len(groups) < 2 or len(judge.point.graph.nodes) > MOST_CARRIED:  # noqa: PLR2004 - it follows from nothing
        return list(groups)
    expected = expected_of(_claimed(groups), judge)
    following = [group for group in wrong if _all_follow(group, expected)]
    if not following:
        return list(groups)
    mistakes_of = [group for group in wrong if group not in following][:MOST_ORIGINS]
    right = [group for group in groups if group not in wrong]
    rounded = expected_of(_claimed(right), judge)
    without = {
        one.title: expected_of(_claimed([*right, *[other for other in mistakes_of if other is not one]]), judge)
        for one in mistakes_of
    }
    return [
        group.but(own_mistake=False, follows=origin(list(filter(is_wrong, group.findings)), rounded, without))
        if group in following
        else group
        for group in groups
    ]


def _claimed(groups: Sequence[Group]) -> dict[Item, Ball | None]:
    """All entries that are claimed, as precise as they were typed."""
    return {finding.item: as_typed(finding) for group in groups for finding in group.findings}


def _all_follow(group: Group, expected: Mapping[Item, Ball]) -> bool:
    return all(follows_from(finding, expected) for finding in group.findings if is_wrong(finding))


def _causes(group: Group, own: Gradients, names: Names, steps: Sequence[Step]) -> tuple[Cause, ...]:
    """The mistakes that give every entry of the claim."""
    claimed = Claimed.of(group)
    if claimed is None or group.item.kind != "gradient" or group.within:
        return ()
    found: dict[str, Cause] = {}
    for cause, values in mistakes(group, own, names, steps):
        if claimed.is_given_by(values):
            found.setdefault(cause.kind, cause)
    if len(found) > 1:
        found.pop(ONE_FACTOR, None)
    return tuple(found.values()) if len(found) <= MOST_CAUSES else ()


def _with_causes_of_entries(findings: Sequence[Finding], judge: EntryJudge) -> list[Finding]:
    """A few wrong entries, each with the mistakes in single numbers that would give it."""
    if len(judge.point.graph.nodes) > MOST_OPS:
        return list(findings)
    with precision(LADDER[0].bits):
        return [
            finding.but(causes=tuple(_of_the_whole(causes_of(finding, judge.alone)))) if is_wrong(finding) else finding
            for finding in findings
        ]


def _of_the_whole(causes: Sequence[Cause]) -> Iterator[Cause]:
    """Those that are not about a step between single numbers, which nobody has typed, or two of them mixed up."""
    for cause in causes:
        if not cause.steps and cause.kind not in COINCIDENCES:
            yield cause._replace(text=cause.hint)


def _lead(group: Group, groups: Sequence[Group], names: Names, steps: Sequence[Step]) -> Lead | None:
    """The steps that lead to the node, and a gradient that agrees although it has the same upstream."""
    if group.item.kind != "gradient":
        return None
    node, labels = group.item.node, names.labels
    into = [(number, step) for number, step in enumerate(steps, 1) if step.input is node]
    if not 0 < len(into) <= MOST_CAUSES:
        return None
    texts = tuple([f"{labels.get(step.node, 'f')} → {labels.get(node, '')}" for _, step in into])
    if len(into) > 1:
        return Lead(texts, None, None, None)
    ((number, step),) = into
    witness = next(
        (
            other.title
            for other in groups
            if other.verdict is Verdict.AGREE
            and other.item.kind == "gradient"
            and other.item.node is not node
            and (other.item.node is step.node or _only_consumer(other.item.node, steps) is step.node)
        ),
        None,
    )
    return Lead(texts, number, None, witness)


def _only_consumer(node: Node, steps: Sequence[Step]) -> Node | None:
    consumers = {step.node for step in steps if step.input is node}
    return consumers.pop() if len(consumers) == 1 else None
