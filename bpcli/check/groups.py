"""What a check of arrays finds: a finding for each entry, gathered by the variable or the claim that they belong to."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from bpcli.backprop.gradients import Gradients
from bpcli.check.findings import Cause, Finding, Lead, Verdict, worst
from bpcli.check.targets import Item, Names
from bpcli.graph.node import Graph
from bpcli.graph.op import Shape
from bpcli.language.claims import Claim

SEVERITY = {verdict: place for place, verdict in enumerate(Verdict)}


@dataclass(frozen=True, eq=False)
class Group:
    """The entries of one gradient or value, each judged; of a single number the one finding.

    `item` is the node over arrays, `index` the entry that a claim names; `places` are the indices of the findings.
    `own_mistake` is False where all that is wrong follows rightly from what is claimed before, which `follows` names.
    """

    key: str
    title: str
    item: Item
    index: tuple[int, ...]
    shape: Shape
    places: Sequence[tuple[int, ...]]
    findings: Sequence[Finding]
    claim: Claim | None = None
    causes: tuple[Cause, ...] = ()
    suspects: tuple[str, ...] = ()
    lead: Lead | None = None
    follows: str | None = None
    own_mistake: bool = True
    notes: tuple[str, ...] = field(default=())

    def but(self, **changes: Any) -> "Group":
        """The same group with some fields changed."""
        return replace(self, **changes)

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of all entries."""
        return worst(list(self.counts))

    @cached_property
    def counts(self) -> Mapping[Verdict, int]:
        """How many entries have each verdict."""
        return Counter(finding.verdict for finding in self.findings)

    @property
    def scale(self) -> float:
        """The largest true entry, which differences are measured by."""
        return max([abs(float(one.truth)) for one in self.findings if one.truth is not None], default=0.0)

    @cached_property
    def largest_difference(self) -> float | None:
        """The largest difference between what is judged and the truth, relative to the largest entry."""
        gaps = [gap for gap in map(gap_of, self.findings) if gap is not None]
        if not gaps:
            return None
        largest = max(gaps)
        return largest / self.scale if self.scale else largest

    @cached_property
    def ranked(self) -> list[tuple[tuple[int, ...], Finding]]:
        """The entries with their places, the worst first: by verdict, then by how far they are off."""
        pairs = zip(self.places, self.findings, strict=True)
        return sorted(pairs, key=lambda pair: (-SEVERITY[pair[1].verdict], -(gap_of(pair[1]) or 0.0)))

    @property
    def wrong(self) -> list[Finding]:
        """The entries that differ."""
        return [finding for finding in self.findings if finding.verdict is Verdict.DIFFER]


def gap_of(finding: Finding) -> float | None:
    """How far what is judged, a claim or bpcli's own, is from the truth."""
    judged = finding.claimed if finding.claim else finding.own
    return None if judged is None or finding.truth is None else abs(judged - float(finding.truth))


@dataclass(frozen=True, slots=True, eq=False)
class ArrayStep:
    """One edge of the backward pass over arrays, checked alone: what `node` hands back to its input `position`.

    `group` has the entries of the contribution, judged; None where the step was too large to be taken apart.
    """

    node: str
    input: str
    position: int
    group: Group | None
    suspect: str | None


@dataclass(frozen=True, slots=True, eq=False)
class ArrayCheck:
    """What a check of an expression over arrays found: a group for each variable or claim, and the worst verdict.

    `method` says how the differences were taken; `steps_left_out` counts those that were too large for a check of
    every step.
    """

    graph: Graph
    at: Mapping[str, Any]
    groups: tuple[Group, ...]
    method: str
    own: Gradients
    steps: tuple[ArrayStep, ...] | None = None
    notes: tuple[str, ...] = ()
    seed: Any = None
    names: Names = field(repr=False, kw_only=True)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The finding of every entry."""
        return tuple([finding for group in self.groups for finding in group.findings])

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of all."""
        found = [group.verdict for group in self.groups]
        if any(step.suspect for step in self.steps or ()):
            found.append(Verdict.DIFFER)
        return worst(found)

    @property
    def has_claims(self) -> bool:
        """Whether claims were judged, not bpcli's own gradients."""
        return any(group.claim for group in self.groups)

    @property
    def first_wrong(self) -> Group | None:
        """The first claim, in the order of the computation, that is wrong in itself."""
        wrong = [group for group in self.groups if group.verdict is Verdict.DIFFER and group.own_mistake]
        places = {node: place for place, node in enumerate([*self.graph.variables, *self.graph.nodes])}
        ranked = sorted(
            wrong, key=lambda one: (one.item.kind != "value", places[one.item.node] * (1 if one.item.kind == "value" else -1))
        )
        return next(iter(ranked), None)
