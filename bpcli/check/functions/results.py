"""What a check of hand-written gradients finds: the gradients at each point, entry by entry, and faults."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from bpcli.check.findings import Cause, Finding, Verdict, worst
from bpcli.check.functions.callee import Fault, FaultKind
from bpcli.check.groups import Group
from bpcli.check.slips import ARITHMETIC


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

        At one point a factor 2 may be the length of an axis; a mistake gives what is claimed at every point. A factor
        that stays as it is, while what it would be the length of does not, is a number and no length.
        """
        those = [one for point in self.points for one in point.groups if one.key == group.key and one.causes]
        told = [one.causes for one in those]
        if len(told) < 2:  # noqa: PLR2004 - one point against another
            return group.causes
        factor = _constant_of(those)
        if factor is not None:
            return _of_a_number(told, factor)
        counts = Counter(cause.kind for causes in told for cause in causes)
        most = max(counts.values())
        own = {cause.kind: cause for causes in [*reversed(told), group.causes] for cause in causes}
        return tuple([own[kind] for kind, count in counts.items() if count == most > 1])

    @property
    def findings(self) -> Sequence[Finding]:
        """The entries of all gradients at all points."""
        return [finding for point in self.points for group in point.groups for finding in group.findings]


OF_A_LENGTH = frozenset({"mean instead of sum", "sum instead of mean", "mean over another length"})
ALIKE = 1e-4  # relative: two factors that are one


def _constant_of(groups: Sequence[Group]) -> float | None:
    """The one number that every entry is multiplied by at all points, if it is of a length, but of no one length."""
    lengths = [[cause for cause in group.causes if cause.kind in OF_A_LENGTH] for group in groups]
    is_same = all(lengths) and len({cause.text for causes in lengths for cause in causes}) == 1
    if is_same or not any(lengths):
        return None
    factors = [median([one.ratio for one in group.findings if one.ratio is not None] or [0.0]) for group in groups]
    is_one = max(factors) - min(factors) <= ALIKE * abs(factors[0])
    return factors[0] if is_one and factors[0] else None


def _of_a_number(told: Sequence[tuple[Cause, ...]], factor: float) -> tuple[Cause, ...]:
    """The causes that hold at every point; where none does, the factor by itself."""
    kinds = [{cause.kind for cause in causes} - OF_A_LENGTH for causes in told]
    found = tuple([cause for cause in told[0] if all(cause.kind in kind for kind in kinds)])
    text = f"every entry times {factor:.6g}"
    return found or (Cause("one factor", ARITHMETIC, text, bare="every entry times one factor"),)


UNEVALUABLE: frozenset[FaultKind] = frozenset({"not finite", "late", "lost", "not deterministic"})


def verdict_of(fault: Fault) -> Verdict:
    """What a fatal fault comes to: no answer where there is no value, else a mistake."""
    return Verdict.UNEVALUABLE if fault.kind in UNEVALUABLE else Verdict.DIFFER
