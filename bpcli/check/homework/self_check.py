"""`self_checked`: a homework before it is handed out.

bpcli's own answer to every item is held against SymPy and differences, and it is told where a wrong method would give
the right number at the point that was chosen, with a point that tells them apart.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any, NamedTuple

from bpcli.check.checking import check_expression
from bpcli.check.findings import Finding, Verdict, worst
from bpcli.check.groups import ArrayCheck, Group
from bpcli.check.homework.coincidences import Coincidence, Coincidences, Proposal
from bpcli.check.homework.own_formulas import own_formula
from bpcli.check.homework.problems import Asked, Homework, Problem
from bpcli.check.homework.seen import RightAnswer, Seen, plain
from bpcli.check.results import Check
from bpcli.errors import BpcliError
from bpcli.graph.node import Variable
from bpcli.language.limits import DEFAULT_LIMITS, Limits

MOST_VERIFIED = 5  # proposals that are held against the oracles
SETTLED = (Verdict.AGREE, Verdict.KINK)
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

    `at` is the point as numbers and nested lists, None where formulas are asked for; `checks` are what the verdicts
    rest on.
    """

    problem: Problem
    at: Mapping[str, Any] | None
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
    try:
        if not problem.at:
            return _with_formulas(problem, limits)
        return _with_numbers(problem, problem.at, limits)
    except BpcliError as error:
        error.message = f"problem '{problem.name}': {error.message}"
        raise


def _with_formulas(problem: Problem, limits: Limits) -> ProblemCheck:
    """The formulas that bpcli gives, compared at points drawn from the domain."""
    own = {asked.key: own_formula(problem.expression, asked.key, limits) for asked in problem.asked}
    check = check_expression(problem.expression, None, own, limits=limits)
    items = [
        CheckedItem(asked, finding.title, own[asked.key], finding)
        for asked, finding in zip(problem.asked, check.findings, strict=True)
    ]
    return ProblemCheck(problem, None, tuple(items), (check,))


def _with_numbers(problem: Problem, at: Mapping[str, Any], limits: Limits) -> ProblemCheck:
    checked = _answers_checked(problem, at, limits)
    if checked.verdict not in SETTLED:
        return checked
    settled = [
        item.asked for item in checked.items if item.verdict is Verdict.AGREE
    ]  # at a kink many numbers are right
    coincidences = Coincidences(problem, at, settled, limits)
    found = coincidences.found()
    notes = () if coincidences.could_compare else (NO_OTHER_POINT,)
    proposals = islice(coincidences.proposals(), MOST_VERIFIED) if found else ()
    verified = (proposal for proposal in proposals if _is_as_good(proposal, checked, limits))
    return checked._replace(coincidences=found, proposal=next(verified, None), notes=notes)


def _is_as_good(proposal: Proposal, checked: ProblemCheck, limits: Limits) -> bool:
    """Whether all is as settled at the proposed point as at the teacher's."""
    try:
        verdict = _answers_checked(checked.problem, proposal.at, limits).verdict
    except BpcliError:
        return False
    return verdict is Verdict.AGREE or verdict is checked.verdict


def _answers_checked(problem: Problem, at: Mapping[str, Any], limits: Limits) -> ProblemCheck:
    """The answers that bpcli gives at a point, each held against both oracles."""
    seen = Seen(problem, at, problem.random_seed, limits)
    answers = {asked.key: seen.answer(asked.key) for asked in problem.asked}
    own = {str(answer.item.node.name) for answer in answers.values() if _is_own(answer)}
    others = {answer.title: (key, plain(answer.value)) for key, answer in answers.items() if not _is_own(answer)}
    check = partial(
        check_expression,
        problem.expression,
        at,
        seed=problem.upstream_seed,
        random_seed=problem.random_seed,
        evaluation_mode=problem.evaluation_mode,
        limits=limits,
    )
    checks = ([check(with_respect_to=sorted(own))] if own else []) + ([check(dict(others.values()))] if others else [])
    found = {one.title: one for done in checks for one in _parts(done)}
    items = [_item(asked, answers[asked.key], found[answers[asked.key].title]) for asked in problem.asked]
    return ProblemCheck(problem, at, tuple(items), tuple(checks))


def _item(asked: Asked, answer: RightAnswer, found: Finding | Group) -> CheckedItem:
    in_float64 = found.own if isinstance(found, Finding) else None
    return CheckedItem(asked, answer.title, answer.value if in_float64 is None else in_float64, found)


def _is_own(answer: RightAnswer) -> bool:
    """Whether an item is the whole gradient of a variable, which is checked by the rules in exact arithmetic."""
    item = answer.item
    return item.kind == "gradient" and isinstance(item.node, Variable) and not answer.within


def _parts(check: Check) -> tuple[Finding | Group, ...]:
    return check.groups if isinstance(check, ArrayCheck) else check.findings
