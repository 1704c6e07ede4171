"""What a check found, as a whole."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bpcli.backprop.gradients import Gradients
from bpcli.check.carried import in_order
from bpcli.check.findings import Finding, Verdict, worst
from bpcli.check.suspects import StepCheck
from bpcli.check.targets import Names
from bpcli.graph.node import Graph


@dataclass(frozen=True, slots=True, eq=False)
class Check:
    """What a check found: a finding for each item, each step where that was asked for, and the worst verdict.

    `at` is None where formulas were compared without a point, and so is `own`, what bpcli's rules give in float64.
    """

    graph: Graph
    at: Mapping[str, Any] | None
    findings: tuple[Finding, ...]
    steps: tuple[StepCheck, ...] | None = None
    notes: tuple[str, ...] = ()
    own: Gradients | None = None
    names: Names = field(repr=False, kw_only=True)

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of all."""
        found = [finding.verdict for finding in self.findings]
        if any(step.suspect for step in self.steps or ()):
            found.append(Verdict.DIFFER)
        return worst(found)

    @property
    def is_about_arrays(self) -> bool:
        """Whether the findings are those of the entries of arrays, and are gathered in groups."""
        return False

    @property
    def has_claims(self) -> bool:
        """Whether claims were judged, not bpcli's own gradients."""
        return any(finding.claim for finding in self.findings)

    @property
    def first_wrong(self) -> Finding | None:
        """The first claim, in the order of the computation, that is wrong in itself."""
        wrong = [finding for finding in self.findings if finding.verdict is Verdict.DIFFER and finding.own_mistake]
        return next(iter(in_order(wrong, self.graph)), None)
