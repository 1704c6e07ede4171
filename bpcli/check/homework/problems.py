"""Homework: what a teacher asks, what each item is worth, and how near an answer has to be."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import fsum
from typing import Any, NamedTuple

from bpcli.check.nearness import Tolerance

TIME_LIMIT = 10.0  # seconds for one problem of one submission


class Asked(NamedTuple):
    """One item that is asked for, by the name that a claim has for it: `x`, `value(A)`, `local(A, x)`, `W[0,1]`.

    `form` says what counts as an answer: a `number`, a `formula`, or `any` of both.
    """

    key: str
    points: float
    form: str = "any"
    tolerance: Tolerance | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """An expression or a network at a point, and what is asked about it.

    `at` has numbers and nested lists, also where the file names files or generators, or leaves the point to be drawn;
    where it is empty, and the expression has variables, formulas are asked for. `is_drawn` says whether `random_seed`
    chose any of it.
    """

    name: str
    expression: str
    at: Mapping[str, Any]
    asked: tuple[Asked, ...]
    title: str = ""
    text: str = ""
    random_seed: int = 0
    evaluation_mode: bool = False
    upstream_seed: Any = None
    tolerance: Tolerance | None = None
    time_limit: float = TIME_LIMIT
    carry_forward: bool = False
    is_drawn: bool = False

    @property
    def points(self) -> float:
        """What all items are worth."""
        return fsum([asked.points for asked in self.asked])

    def at_point(self, at: Mapping[str, Any]) -> "Problem":
        """The same problem at another point."""
        return replace(self, at=at)


@dataclass(frozen=True, slots=True)
class Homework:
    """The problems of a homework file."""

    title: str
    problems: tuple[Problem, ...]

    @property
    def points(self) -> float:
        """What all problems are worth."""
        return fsum([problem.points for problem in self.problems])


class Answers(NamedTuple):
    """What one student handed in: by problem and item what was written, and why the file cannot be read, if so."""

    student: str
    by_problem: Mapping[str, Mapping[str, Any]]
    unreadable: str | None = None
    notes: tuple[str, ...] = ()
