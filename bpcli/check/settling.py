"""What float64 differences of a whole graph leave open, settled by the chain rule over steps that are right alone.

An entry whose error hides it, or at a kink where the convention is not between the slopes of the whole, has what the
rules say where every step of the backward pass, checked alone, is right.
"""

from collections.abc import Sequence
from typing import NamedTuple

from bpcli.check.findings import Finding, Verdict
from bpcli.check.groups import ArrayStep, Group
from bpcli.check.measured import LEFT_OUT
from bpcli.check.nearness import tolerance
from bpcli.numbers.balls import exactly

RIGHT = (Verdict.AGREE, Verdict.KINK)


class Alone(NamedTuple):
    """How many steps there are, how many were checked alone, how many of these by SymPy, and whether these are right.

    Where none was checked, nothing is known to be right.
    """

    steps: int
    checked: int
    symbolic: int
    are_right: bool

    @property
    def text(self) -> str:
        """In words, after what was done with the whole."""
        count = f"each of {self.steps}" if self.checked == self.steps else f"{self.checked} of {self.steps}"
        against = f", {self.symbolic} of them against SymPy, for which the whole is too large" if self.symbolic else ""
        return f", and {count} step{'s' if self.steps > 1 else ''} alone{against}"


def alone(steps: Sequence[ArrayStep]) -> Alone:
    """What the steps come to together."""
    groups = [step.group for step in steps if step.group is not None]
    symbolic = [any(one.symbolic is not None for one in group.findings) for group in groups]
    findings = [one for group in groups for one in group.findings]
    are_right = bool(groups) and all(one.verdict in RIGHT or one.reason == LEFT_OUT for one in findings)
    return Alone(len(steps), len(groups), sum(symbolic), are_right)


def is_open(finding: Finding) -> bool:
    """Whether differences of the whole do not tell: an error hides it, or a kink has other slopes."""
    return finding.verdict is Verdict.UNDECIDED or (finding.verdict is Verdict.DIFFER and finding.truth is None)


def settled(group: Group) -> Group:
    """The group where every step is right alone: open entries that are what the rules say are right, too."""
    return group.but(findings=[_settled(one) if is_open(one) else one for one in group.findings])


def _settled(finding: Finding) -> Finding:
    own = exactly(finding.own or 0.0)
    claimed = finding.own if finding.claimed is None else finding.claimed
    if claimed is None:
        return finding
    is_left_out = finding.reason == LEFT_OUT
    if abs(claimed - float(own)) > float(tolerance(own, finding.claim, finding.near)):
        return finding.but(verdict=Verdict.DIFFER, truth=own, reason=None) if is_left_out else finding
    if finding.verdict is Verdict.DIFFER:
        return finding.but(verdict=Verdict.KINK, accepted_as="convention", reason=None)
    return finding.but(verdict=Verdict.AGREE, reason=None, smallest_visible=None)
