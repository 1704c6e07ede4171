"""The judges of a problem: of single numbers at a point, of formulas without one, and of arrays.

What is right does not depend on who answers, so each judge finds it once, and holds every answer against it.
"""

from collections.abc import Sequence
from typing import Protocol

from bpcli.check.claimed import compared, explained, judged_claim, judged_formula, told_together
from bpcli.check.equality import Truths
from bpcli.check.findings import Finding, Outcome, Verdict
from bpcli.check.groups import Group
from bpcli.check.homework.posing import Posed
from bpcli.check.homework.written import LIMITS, Written
from bpcli.check.judge import Judge
from bpcli.check.nearness import Tolerance
from bpcli.check.point import Point
from bpcli.check.results import Check
from bpcli.errors import BindingError, InternalError, ShapeError
from bpcli.language.build import has_arrays
from bpcli.language.claims import Claim
from bpcli.language.expressions import parse

A_FORMULA = "a formula is asked for, not its number at the point"
A_NUMBER = "a number is asked for, not a formula"
Found = Finding | Group


class ProblemJudge(Protocol):
    """What judges the answers to one problem."""

    def found(self, place: int, written: Written, near: Tolerance, form: str) -> Found:
        """The verdict on one answer, before others are looked at; `place` is that of its item.

        Raises BpcliError where the answer cannot be judged.
        """

    def together(self, found: Sequence[Found]) -> tuple[Sequence[Found], Check]:
        """The verdicts, with what explains them, and the check that they make."""


def judge_of(posed: Posed) -> ProblemJudge:
    """The judge for a problem as it is posed."""
    if posed.own is not None:
        from bpcli.check.homework.array_judge import ArrayJudge  # noqa: PLC0415 - NumPy is loaded for arrays only

        return ArrayJudge(posed, posed.own)
    return FormulaJudge(posed) if posed.at is None else NumberJudge(posed)


def claim_in(written: Written) -> Claim:
    """The claim that was written."""
    if written.claim is None:
        message = "nothing was written that could be judged"
        raise InternalError(message)
    if written.claim.needs_arrays:
        message = "the answer is a list, and a single number is asked for"
        raise ShapeError(message)
    if written.formula is not None and has_arrays(written.formula):
        message = "the answer joins entries of arrays, and there are single numbers alone"
        raise BindingError(message, hint="write it with +, * and functions of numbers")
    return written.claim


class NumberJudge:
    """The judge at a point of single numbers."""

    def __init__(self, posed: Posed) -> None:
        self._posed = posed
        self._judge = Judge(Point(posed.graph, posed.at or {}))
        self._truths = [Truths(posed.graph, item) for item in posed.items]

    def found(self, place: int, written: Written, near: Tolerance, form: str) -> Finding:
        """The verdict on one answer at the point; where a formula is asked for, also around it."""
        claim = claim_in(written)
        if form != "formula":
            return judged_claim(self._judge, claim, written.formula, near)
        formula = written.formula or parse(claim.typed, (), LIMITS)
        return without_point(compared(self._judge, self._truths[place], claim, formula, near), bool(formula.variables))

    def together(self, found: Sequence[Found]) -> tuple[Sequence[Found], Check]:
        """The findings with the first wrong step and what each is consistent with."""
        told = told_together(self._judge, [one for one in found if isinstance(one, Finding)])
        own = self._judge.own.in_float64
        graph, names = self._posed.graph, self._posed.names
        return told, Check(graph, self._judge.point.at, tuple(told), own=own, names=names)


def without_point(finding: Finding, has_names: bool) -> Finding:  # noqa: FBT001 - of the formula
    """A number that differs from the formula that is asked for."""
    is_number = finding.equality is not None and finding.equality.outcome is Outcome.DIFFERS and not has_names
    return finding.but(reason=A_FORMULA, hint=A_FORMULA) if is_number else finding


class FormulaJudge:
    """The judge of formulas where no point is given."""

    def __init__(self, posed: Posed) -> None:
        self._posed = posed
        self._truths = [Truths(posed.graph, item) for item in posed.items]

    def found(self, place: int, written: Written, near: Tolerance, form: str) -> Finding:
        """The verdict on one formula, at points drawn from the domain."""
        del form
        claim = claim_in(written)
        formula = written.formula or parse(claim.typed, (), LIMITS)
        found = judged_formula(self._truths[place], self._posed.names, claim, formula, near)
        return without_point(found, bool(formula.variables))

    def together(self, found: Sequence[Found]) -> tuple[Sequence[Found], Check]:
        """The findings, each with what it is consistent with; no formula follows from another."""
        graph, names = self._posed.graph, self._posed.names
        told = [explained(one, graph) for one in found if isinstance(one, Finding)]
        return told, Check(graph, None, tuple(told), names=names)


def is_wrong(found: Found) -> bool:
    """Whether an answer differs somewhere."""
    return bool(found.wrong) if isinstance(found, Group) else found.verdict is Verdict.DIFFER
