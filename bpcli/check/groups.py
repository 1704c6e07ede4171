"""What a check of arrays finds: a finding for each entry, gathered by the variable or the claim that they belong to."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from bpcli.check.findings import Cause, Finding, Lead, Verdict, worst
from bpcli.check.results import Check
from bpcli.check.targets import Item
from bpcli.graph.op import Shape
from bpcli.language.claims import Claim

SEVERITY = {verdict: place for place, verdict in enumerate(Verdict)}


@dataclass(frozen=True, eq=False)
class Group:
    """The entries of one gradient or value, each judged; of a single number the one finding.

    `item` is the node over arrays, `within` the entry that a claim names; `places` are the indices of the findings.
    `own_mistake` is False where all that is wrong follows rightly from what is claimed before, which `follows` names.
    `layer` is the title of the layer of a network that the node belongs to, `0 Linear`.
    """

    key: str
    title: str
    item: Item
    within: tuple[int, ...]
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
    layer: str = ""

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

    @property
    def has_truth(self) -> bool:
        """Whether any entry has a true value."""
        return any(finding.truth is not None for finding in self.findings)

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

    def as_typed(self, finding: Finding) -> Finding:
        """An entry without the number of a claimed formula, which is a value of the right kind."""
        if finding.claim is None or self.claim is None or not self.notes:
            return finding
        return finding.but(claim=finding.claim._replace(number=None, typed=self.claim.typed))

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
class ArrayCheck(Check):
    """What a check of an expression over arrays found: the findings of all entries, and the same by variable or claim.

    `method` says how the differences were taken, `array_steps` has each step that was checked alone.
    """

    groups: tuple[Group, ...] = field(default=(), kw_only=True)
    method: str = field(default="", kw_only=True)
    array_steps: tuple[ArrayStep, ...] | None = field(default=None, kw_only=True)
    seed: Any = field(default=None, kw_only=True)

    @property
    def is_about_arrays(self) -> bool:
        """Whether there are groups."""
        return True

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of all."""
        found = [group.verdict for group in self.groups]
        if any(step.suspect for step in self.array_steps or ()):
            found.append(Verdict.DIFFER)
        return worst(found)

    @property
    def has_claims(self) -> bool:
        """Whether claims were judged, not bpcli's own gradients."""
        return any(group.claim for group in self.groups)

    @property
    def first_wrong(self) -> Finding | None:
        """The worst entry of the first claim that is wrong in itself."""
        group = self.first_wrong_group
        return None if group is None else group.ranked[0][1]

    @property
    def first_wrong_group(self) -> Group | None:
        """The first claim, in the order of the computation, that is wrong in itself."""
        wrong = [group for group in self.groups if group.verdict is Verdict.DIFFER and group.own_mistake]
        places = {node: place for place, node in enumerate([*self.graph.variables, *self.graph.nodes])}
        # Values forward, then gradients backward.
        forward = [group for group in wrong if group.item.kind == "value"]
        backward = [group for group in wrong if group.item.kind != "value"]
        if forward:
            return min(forward, key=lambda group: places[group.item.node])
        return max(backward, key=lambda group: places[group.item.node], default=None)
