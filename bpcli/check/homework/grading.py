"""Grading: the answers to a problem, each marked, with points.

What is right is found once for each problem. As many students write the same, an answer that was seen before is not
judged again, and the marks of a problem are kept by all that was written for it.
"""

from collections.abc import Mapping
from hashlib import sha256
from math import prod
from typing import Any

from bpcli.check.findings import Finding, Verdict
from bpcli.check.groups import Group
from bpcli.check.homework.first_wrong import first_wrong_of, is_of_rounding
from bpcli.check.homework.grades import Mark, MarkedItem, MarkedProblem
from bpcli.check.homework.judges import A_FORMULA, A_NUMBER, Found, ProblemJudge, is_wrong, judge_of
from bpcli.check.homework.posing import Posed, posed
from bpcli.check.homework.problems import Asked, Homework
from bpcli.check.homework.reading import tolerance_of
from bpcli.check.homework.written import Written, complaint_of, shown, written
from bpcli.errors import BpcliError
from bpcli.language.limits import DEFAULT_LIMITS, Limits

MOST_KEPT = 50_000  # findings, of all answers to a problem
FEWEST_KEPT = 20  # answers, however many findings each has
LONGEST_TOKEN = 200  # characters
RIGHT = (Verdict.AGREE, Verdict.KINK)
NO_ANSWERS: Mapping[str, Any] = {}

Judged = Written | Found  # an answer that is no claim, or the verdict on it


class Grader:
    """Marks the answers to a homework, one problem at a time.

    What it finds does not depend on what it was asked before.
    """

    def __init__(self, homework: Homework, limits: Limits = DEFAULT_LIMITS) -> None:
        self.homework = homework
        self._limits = limits
        self._problems: dict[int, _GradedProblem] = {}

    def __reduce__(self) -> tuple[type["Grader"], tuple[Homework, Limits]]:
        """What it was made of travels to another process, which finds the rest anew."""
        return Grader, (self.homework, self._limits)

    def marked(self, problem: int, answers: Mapping[str, Any] = NO_ANSWERS) -> MarkedProblem:
        """The marks for the problem with this place; `answers` are by the names of its items.

        Raises BpcliError where the problem itself cannot be used.
        """
        if problem not in self._problems:
            self._problems[problem] = _GradedProblem(posed(self.homework.problems[problem], self._limits))
        return self._problems[problem].marked(answers)


class _GradedProblem:
    """A problem with its judge, and the answers that were judged."""

    def __init__(self, question: Posed) -> None:
        self._posed = question
        self._problem = question.problem
        self._judge: ProblemJudge = judge_of(question)
        self._answers: dict[tuple[int, str], Judged] = {}
        self._marked: dict[tuple[str, ...], MarkedProblem] = {}
        entries = sum([prod(item.node.shape) for item in question.items])
        self._most = max(FEWEST_KEPT, MOST_KEPT // max(1, entries))

    def marked(self, answers: Mapping[str, Any]) -> MarkedProblem:
        """The marks of all items."""
        values = [answers.get(asked.key) for asked in self._problem.asked]
        key = tuple(map(_token, values))
        if key not in self._marked:
            self._make_room(self._marked)
            self._marked[key] = self._newly_marked(values, key)
        return self._marked[key]

    def _newly_marked(self, values: list[Any], key: tuple[str, ...]) -> MarkedProblem:
        judged = [self._judged(place, value, key[place]) for place, value in enumerate(values)]
        places = [place for place, one in enumerate(judged) if not isinstance(one, Written)]
        told, check = self._judge.together([one for one in judged if not isinstance(one, Written)])
        for place, one in zip(places, told, strict=True):
            judged[place] = one
        items = tuple([self._item(place, value, judged[place]) for place, value in enumerate(values)])
        first, leads = first_wrong_of(check)
        title = next((item.title for item in items if item.found and item.found.title == first), None)
        return MarkedProblem(self._problem, items, check, title, leads=leads)

    def _make_room(self, kept: dict[Any, Any]) -> None:
        """Forget the oldest where too much is kept."""
        if len(kept) >= self._most:
            del kept[next(iter(kept))]

    def _judged(self, place: int, value: Any, token: str) -> Judged:
        """The verdict on one answer by itself."""
        key = (place, token)
        if key not in self._answers:
            self._make_room(self._answers)
            self._answers[key] = self._newly_judged(self._problem.asked[place], place, value)
        return self._answers[key]

    def _newly_judged(self, asked: Asked, place: int, value: Any) -> Judged:
        answer = written(asked.key, value, self._posed.names)
        if answer.claim is None:
            return answer
        if asked.form == "number" and answer.formula is not None and answer.formula.variables:
            return Written(mark=Mark.WRONG, complaint=A_NUMBER)
        if asked.form == "formula" and answer.formula is None and self._posed.own is not None:
            return Written(mark=Mark.WRONG, complaint=A_FORMULA)
        try:
            return self._judge.found(place, answer, tolerance_of(self._problem, asked), asked.form)
        except BpcliError as error:
            return complaint_of(error)

    def _item(self, place: int, value: Any, judged: Judged) -> MarkedItem:
        asked = self._problem.asked[place]
        title, answer = self._posed.title(place), shown(value)
        if isinstance(judged, Written):
            return MarkedItem(asked, title, judged.mark, 0.0, answer, None, judged.complaint)
        mark = _mark_of(judged)
        has_points = mark is Mark.RIGHT or (mark is Mark.FOLLOWS and self._problem.carry_forward)
        complaint = _complaint(judged, mark) if mark in (Mark.UNDECIDED, Mark.WRONG) else ""
        return MarkedItem(asked, title, mark, asked.points if has_points else 0.0, answer, judged, complaint)


def _mark_of(found: Found) -> Mark:
    if is_wrong(found):
        return Mark.WRONG if found.own_mistake or is_of_rounding(found) else Mark.FOLLOWS
    return Mark.RIGHT if found.verdict in RIGHT else Mark.UNDECIDED


def _complaint(found: Found, mark: Mark) -> str:
    """Why nothing can be said of an answer, or why it is wrong beside its number; without right values."""
    one = _worst(found) if isinstance(found, Group) else found
    if one is None or mark is Mark.WRONG:
        return (one and one.hint) or ""
    return one.hint or one.reason or ""


def _worst(group: Group) -> Finding | None:
    return group.ranked[0][1] if group.findings else None


def _token(value: Any) -> str:
    """What tells answers apart: `6`, `6.0` and `"6"` are three, as they may mean different precisions."""
    text = repr(value)
    return text if len(text) <= LONGEST_TOKEN else sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
