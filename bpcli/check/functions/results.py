"""What a check of hand-written gradients finds: the gradients at each point, entry by entry, and faults."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bpcli.check.findings import Cause, Finding, Verdict, worst
from bpcli.check.functions.callee import Fault, FaultKind
from bpcli.check.groups import Group


@dataclass(frozen=True, eq=False)
class PointCheck:
    """What was found at one point: its inputs and outputs, the upstream gradient, and a group for each input.

    `seed` is what the inputs were drawn from, None where they were given; `upstream` is None where the function gives
    the gradient of its own output.
    """

    inputs: Mapping[str, Any]
    outputs: tuple[Any, ...]
    upstream: tuple[Any, ...] | None
    groups: tuple[Group, ...]
    method: str
    seed: int | None = None


@dataclass(frozen=True, eq=False)
class FunctionCheck:
    """What a check of a forward and a backward pass found.

    `unclaimed` names the inputs whose gradient the backward pass does not give. A fatal fault leaves later points
    out. `called` says how the passes were called: `out, cache = f(x); dx = g(dout, cache)`.
    """

    forward: str
    backward: str
    points: tuple[PointCheck, ...]
    faults: tuple[Fault, ...] = ()
    unclaimed: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    called: str = ""

    def __repr__(self) -> str:
        """The verdict and what it is about, on one line; `bpcli.report_text` has everything."""
        each = ", ".join(f"d{group.key} {group.verdict.value}" for group in self.worst_groups)
        faults = "".join(f"; {fault.text}" for fault in self.faults)
        return f"<FunctionCheck of {self.backward}: {self.verdict.value}{each and f' ({each})'}{faults}>"

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of all; a fatal fault is one that differs, or is unevaluable where there is no value."""
        found = [group.verdict for point in self.points for group in point.groups]
        found += [verdict_of(fault) for fault in self.faults if fault.is_fatal]
        return worst(found)

    @property
    def worst_groups(self) -> Sequence[Group]:
        """Each input's group at the point where it is worst, in the order of the inputs."""
        order = list(Verdict)
        chosen: dict[str, Group] = {}
        for point in self.points:
            for group in point.groups:
                known = chosen.get(group.key)
                if known is None or order.index(group.verdict) > order.index(known.verdict):
                    chosen[group.key] = group
        return list(chosen.values())

    def causes_of(self, group: Group) -> tuple[Cause, ...]:
        """What the gradient of an input is consistent with at most of the points that tell anything.

        At one point a factor 2 may be the length of an axis; a mistake gives what is claimed at every point.
        """
        told = [one.causes for point in self.points for one in point.groups if one.key == group.key and one.causes]
        if len(told) < 2:  # noqa: PLR2004 - one point against another
            return group.causes
        counts = Counter(cause.kind for causes in told for cause in causes)
        most = max(counts.values())
        own = {cause.kind: cause for causes in [*reversed(told), group.causes] for cause in causes}
        return tuple([own[kind] for kind, count in counts.items() if count == most > 1])

    @property
    def findings(self) -> Sequence[Finding]:
        """The entries of all gradients at all points."""
        return [finding for point in self.points for group in point.groups for finding in group.findings]


UNEVALUABLE: frozenset[FaultKind] = frozenset({"not finite", "late", "lost", "not deterministic"})


def verdict_of(fault: Fault) -> Verdict:
    """What a fatal fault comes to: no answer where there is no value, else a mistake."""
    return Verdict.UNEVALUABLE if fault.kind in UNEVALUABLE else Verdict.DIFFER
