"""Grades: the verdict on each item that a homework asks for, its points, and the finding that they rest on."""

from collections.abc import Iterator, Sequence
from enum import Enum
from typing import NamedTuple

from bpcli.check.findings import Cause, Finding
from bpcli.check.groups import Group
from bpcli.check.homework.problems import Asked, Problem
from bpcli.check.results import Check


class Mark(Enum):
    """What an answer comes to."""

    RIGHT = "right"
    FOLLOWS = "follows"  # right, given an earlier mistake
    WRONG = "wrong"
    BLANK = "blank"
    UNREADABLE = "unreadable"  # a typo: nothing can be said of the answer
    UNDECIDED = "undecided"  # bpcli cannot tell, or the time limit has passed


class MarkedItem(NamedTuple):
    """One item as it was judged, before it is put in words: `found` is an entry, or all entries of an array.

    `complaint` says why an answer could not be read, or not be decided.
    """

    asked: Asked
    title: str
    mark: Mark
    points: float
    answer: str = ""
    found: Finding | Group | None = None
    complaint: str = ""


class MarkedProblem(NamedTuple):
    """One problem of one submission as it was judged; `check` has no findings where nothing could be read.

    `leads` says whether all else that is wrong in itself comes after the first that is.
    """

    problem: Problem
    items: tuple[MarkedItem, ...]
    check: Check | None = None
    first_wrong: str | None = None
    leads: bool = True


class ItemGrade(NamedTuple):
    """One item in words: what was written, what it came to, and what may be said about it.

    All texts are finished, so that a grade travels between processes and to files as it is. `truth` is the right
    value in words; `where`, `kind` and `cause` are what a hint of that level adds; none of the three holds a right
    value. `in_full` is what staff are told.
    """

    key: str
    title: str
    mark: Mark
    points: float
    out_of: float
    answer: str = ""
    truth: str = ""
    where: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    cause: tuple[str, ...] = ()
    in_full: tuple[str, ...] = ()
    mistakes: tuple[str, ...] = ()  # the kinds of `Cause`, which a class report counts


class ProblemGrade(NamedTuple):
    """One problem of one submission: its items, and the title of the first one that is wrong in itself."""

    problem: str
    title: str
    items: tuple[ItemGrade, ...]
    first_wrong: str | None = None

    @property
    def points(self) -> float:
        """The points that were reached."""
        return sum(item.points for item in self.items)

    @property
    def out_of(self) -> float:
        """The points that could be reached."""
        return sum(item.out_of for item in self.items)


class Grade(NamedTuple):
    """One submission: a grade for each problem. `inputs` is the hash of what it rests on."""

    student: str
    source: str
    problems: tuple[ProblemGrade, ...]
    inputs: str = ""
    unreadable: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def points(self) -> float:
        """The points that were reached."""
        return sum(problem.points for problem in self.problems)

    @property
    def out_of(self) -> float:
        """The points that could be reached."""
        return sum(problem.out_of for problem in self.problems)

    @property
    def items(self) -> Iterator[ItemGrade]:
        """The items of all problems."""
        for problem in self.problems:
            yield from problem.items

    @property
    def is_gradable(self) -> bool:
        """Whether everything that was handed in could be read."""
        return self.unreadable is None and all(item.mark is not Mark.UNREADABLE for item in self.items)


class ClassGrades(NamedTuple):
    """All submissions to a homework that are graded so far, in the order of their names; `waiting` are not yet."""

    homework: str
    out_of: float
    grades: Sequence[Grade]
    waiting: int = 0


def kinds_of(causes: Sequence[Cause]) -> tuple[str, ...]:
    """The kinds of mistakes that an answer is consistent with."""
    return tuple(dict.fromkeys([cause.kind for cause in causes]))
