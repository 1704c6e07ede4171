"""`self_checked`: a homework before it is handed out.

bpcli's own answer to every item is held against SymPy and differences, and it is told where a wrong method would give
the right number at the point that was chosen, with a point that tells them apart.
"""

from dataclasses import dataclass
from functools import partial
from itertools import islice
from math import isfinite
from typing import Any, NamedTuple

from bpcli.check.checking import check_expression
from bpcli.check.findings import Finding, Verdict, worst
from bpcli.check.groups import ArrayCheck, Group
from bpcli.check.homework.coincidences import Coincidence, Coincidences, Proposal
from bpcli.check.homework.own_answers import OwnAnswers
from bpcli.check.homework.problems import Asked, Homework, Problem
from bpcli.check.results import Check
from bpcli.errors import BpcliError
from bpcli.graph.node import Variable
from bpcli.language.limits import DEFAULT_LIMITS, Limits

MOST_VERIFIED = 5  # proposals that are held against the oracles
SETTLED = (Verdict.AGREE, Verdict.KINK)
MOST_OPS = 2_000  # of an expression in which wrong methods are looked for
TOO_LARGE = f"wrong methods are looked for in expressions of up to {MOST_OPS} operations"
NOT_USED = "the output is not computed from it"
NO_OTHER_POINT = "no other point could be evaluated, so wrong methods were not looked for"


class CheckedItem(NamedTuple):
    """One item: bpcli's own answer, as a number, an array or a formula, and what the oracles say of it."""

    asked: Asked
    title: str
    right: Any
    found: Finding | Group

    @property
    def verdict(self) -> Verdict:
        """The verdict on bpcli's own answer."""
        return self.found.verdict


class ProblemCheck(NamedTuple):
    """One problem: its items, what coincides at its point, and a point at which nothing does.

    `checks` are what the verdicts rest on.
    """

    problem: Problem
    items: tuple[CheckedItem, ...]
    checks: tuple[Check, ...] = ()
    coincidences: tuple[Coincidence, ...] = ()
    proposal: Proposal | None = None
    notes: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of all items."""
        return worst([item.verdict for item in self.items])


@dataclass(frozen=True, slots=True)
class SelfCheck:
    """What a homework's check of itself found, problem by problem."""

    homework: Homework
    problems: tuple[ProblemCheck, ...]

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of all problems; coincidences do not count."""
        return worst([problem.verdict for problem in self.problems])


def self_checked(homework: Homework, limits: Limits = DEFAULT_LIMITS) -> SelfCheck:
    """Check every problem of a homework. Raises BpcliError, with the name of the problem, where one cannot be asked."""
    return SelfCheck(homework, tuple([_checked(problem, limits) for problem in homework.problems]))


def _checked(problem: Problem, limits: Limits) -> ProblemCheck:
    own = OwnAnswers(problem, limits)
    checked = _answers_checked(problem, own, limits)
    if own.asks_for_formulas or checked.verdict not in SETTLED:
        return checked
    if own.size > MOST_OPS:
        return checked._replace(notes=(*checked.notes, TOO_LARGE))
    # At a kink many numbers are right, so none of them is right by coincidence.
    settled = [item.asked for item in checked.items if item.verdict is Verdict.AGREE]
    coincidences = Coincidences(problem, settled, limits)
    found = coincidences.found()
    notes = checked.notes if coincidences.could_compare else (*checked.notes, NO_OTHER_POINT)
    proposals = islice(coincidences.proposals(), MOST_VERIFIED) if found else ()
    verified = (proposal for proposal in proposals if _is_as_good(proposal, checked, limits))
    return checked._replace(coincidences=found, proposal=next(verified, None), notes=notes)


def _is_as_good(proposal: Proposal, checked: ProblemCheck, limits: Limits) -> bool:
    """Whether all is as settled at the proposed point as at the teacher's."""
    other = checked.problem.at_point(proposal.at)
    try:
        verdict = _answers_checked(other, OwnAnswers(other, limits), limits).verdict
    except BpcliError:
        return False
    return verdict is Verdict.AGREE or verdict is checked.verdict


def _answers_checked(problem: Problem, own: OwnAnswers, limits: Limits) -> ProblemCheck:
    """The answers that bpcli gives at a point, or as formulas, each held against both oracles."""
    right = {asked.key: own.right(asked) for asked in problem.asked}
    whole = [] if own.asks_for_formulas else [key for key in right if _is_whole_gradient(own, key)]
    others = {own.title(key): (key, _claim(right[key])) for key in right if key not in whole}
    check = partial(
        check_expression,
        problem.expression,
        problem.at,
        seed=problem.upstream_seed,
        random_seed=problem.random_seed,
        evaluation_mode=problem.evaluation_mode,
        limits=limits,
    )
    names = [str(own.item(key).node.name) for key in whole]
    checks = ([check(with_respect_to=names)] if names else []) + ([check(dict(others.values()))] if others else [])
    found = {one.title: one for done in checks for one in _parts(done)}
    items = [
        _item(asked, own.heading(asked.key), right[asked.key], found[own.title(asked.key)]) for asked in problem.asked
    ]
    idle = [item.title for item in items if not own.counts_for_output(item.asked.key)]
    notes = (f"{', '.join(idle)} {'is' if len(idle) == 1 else 'are'} 0: {NOT_USED}",) if idle else ()
    return ProblemCheck(problem, tuple(items), tuple(checks), notes=notes)


def _is_whole_gradient(own: OwnAnswers, key: str) -> bool:
    """Whether an item is the whole gradient of a variable, which is checked by the rules in exact arithmetic."""
    item = own.item(key)
    return item.kind == "gradient" and isinstance(item.node, Variable) and not own.within(key)


def _claim(right: Any) -> Any:
    """What is claimed for an item; a number that is not finite cannot be, and the verdict says why there is none."""
    if isinstance(right, list):
        return [_claim(one) for one in right]
    if isinstance(right, str):
        return right
    return _claim(right.tolist()) if getattr(right, "shape", ()) else (float(right) if isfinite(right) else 0.0)


def _parts(check: Check) -> tuple[Finding | Group, ...]:
    return check.groups if isinstance(check, ArrayCheck) else check.findings


def _item(asked: Asked, title: str, right: Any, finding: Finding | Group) -> CheckedItem:
    """An item with its verdict; a single number is shown as float64 has it."""
    in_float64 = finding.own if isinstance(finding, Finding) else None
    return CheckedItem(asked, title, right if in_float64 is None else in_float64, finding)
