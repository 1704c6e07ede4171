"""Coincidences: where a wrong method gives the right number at the point of a problem, and points that tell them apart.

A method is wrong if it gives another number at some point nearby, on the same piece where there are kinks: a method
that is right everywhere is no mistake.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from bpcli.check.homework.other_points import chosen_points, keeping_whole, near_points
from bpcli.check.homework.own_answers import OwnAnswers, Piece, plain
from bpcli.check.homework.problems import Asked, Problem
from bpcli.check.homework.reading import tolerance_of
from bpcli.check.nearness import Tolerance, tolerance, within
from bpcli.errors import BpcliError
from bpcli.language.limits import Limits
from bpcli.numbers.balls import exactly

TIGHT = 1e-11  # of the largest entry: what tells two methods apart nearby
MOST_TRIED = 30_000  # points that may be better, times operations and entries
FEWEST_TRIED = 5
NUMBERS = ("number", "any")  # forms of answers that a wrong method can give


class Coincidence(NamedTuple):
    """An item for which a wrong method gives the right entries at the point."""

    key: str
    method: str


class Proposal(NamedTuple):
    """A point at which no known wrong method gives a right number, and the variables that have another value there."""

    at: Mapping[str, Any]
    changed: tuple[str, ...]


class Coincidences:
    """What coincides at the point of one problem, for some of its items."""

    def __init__(self, problem: Problem, items: Sequence[Asked], limits: Limits) -> None:
        self._problem = problem
        self._limits = limits
        self._asked = {asked.key: asked for asked in items if asked.form in NUMBERS}
        self._here = OwnAnswers(problem, limits)
        self._nearby = list(self._answers_nearby({name: plain(self._here.point[name]) for name in problem.at}))

    @property
    def could_compare(self) -> bool:
        """Whether there is another point at which methods could be compared."""
        return bool(self._nearby)

    def found(self) -> tuple[Coincidence, ...]:
        """Every wrong method that gives what is right, by item."""
        return tuple(self._in(self._here))

    def _in(self, own: OwnAnswers) -> Iterator[Coincidence]:
        for key, asked in self._asked.items():
            item, near = own.methods(key), tolerance_of(self._problem, asked)
            for method, entries in item.wrong.items():
                if _is_accepted(entries, item.right, near) and self._is_wrong(key, method):
                    yield Coincidence(key, method)

    def _is_wrong(self, key: str, method: str) -> bool:
        found = [own.methods(key) for own in self._nearby]
        return any(method in one.wrong and not _is_same(one.wrong[method], one.right) for one in found)

    def _answers_nearby(self, at: Mapping[str, Any]) -> Iterator[OwnAnswers]:
        """The problem at points nearby on the same piece, all equally far."""
        found: dict[float, list[OwnAnswers]] = {}
        for spread, moved in near_points(at):
            own = self._answers_at(moved) or self._answers_at(keeping_whole(moved, at))
            if own is not None and _is_on(self._here.piece, own.piece):
                found.setdefault(spread, []).append(own)
        yield from next(iter(found.values()), [])

    def _answers_at(self, at: Mapping[str, Any]) -> OwnAnswers | None:
        try:
            return OwnAnswers(self._problem.at_point(at), self._limits)
        except BpcliError:
            return None  # it has no value there

    # Another point ---------------------------------------------------------------------------------------------

    def proposals(self) -> Iterator[Proposal]:
        """Points in the teacher's style at which nothing coincides, the fewest changes first."""
        at = self._problem.at
        entries = sum(len(self._here.methods(key).right) for key in self._asked)
        most = max(FEWEST_TRIED, MOST_TRIED // (max(1, entries) * max(1, self._here.size)))
        for other in islice(chosen_points(at), most):
            own = self._answers_at(other)
            if own is not None and own.piece == self._here.piece and self._is_clear(own):
                yield Proposal(other, tuple([name for name in other if other[name] != at[name]]))

    def _is_clear(self, own: OwnAnswers) -> bool:
        is_finite = all(one - one == 0 for key in self._asked for one in own.methods(key).right)
        return is_finite and next(self._in(own), None) is None


def _is_on(piece: Piece | None, other: Piece | None) -> bool:
    """Whether a point is on the same piece as another, of which ties say nothing."""
    if piece is None or other is None:
        return True
    return all(tied or result == there for (tied, result), (_, there) in zip(piece, other, strict=True))


def _is_same(entries: Sequence[float], right: Sequence[float]) -> bool:
    allowed = TIGHT * max(map(abs, right), default=0.0)
    return all(abs(one - truth) <= allowed for one, truth in zip(entries, right, strict=True))


def _is_accepted(entries: Sequence[float], right: Sequence[float], near: Tolerance) -> bool:
    """Whether entries with all their digits would count as right."""
    over = near.over(right, entries)
    pairs = [(exactly(one), exactly(truth)) for one, truth in zip(entries, right, strict=True)]
    return all(within(one, truth, tolerance(truth, near=over)) is True for one, truth in pairs)
