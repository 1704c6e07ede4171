"""A problem at one point: bpcli's own answers, and what wrong methods give there."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, NamedTuple

from bpcli.backprop.gradients import Gradients, gradients_of
from bpcli.check.homework.methods import RightAndWrong, number_and_methods, right_number
from bpcli.check.homework.problems import Problem
from bpcli.check.judge import Judge
from bpcli.check.point import LADDER, Point
from bpcli.check.targets import Item, Names
from bpcli.graph.op import Shape
from bpcli.language.build import Setup, array_system, at_point, question_from, seed_for
from bpcli.language.claims import target_of
from bpcli.language.limits import Limits
from bpcli.numbers.balls import precision
from bpcli.numbers.floats import floats

Piece = tuple[tuple[bool, int | None], ...]  # of each comparison at a point: whether it is a tie, and how it comes out


def plain(value: Any) -> Any:
    """A number, or an array as nested lists."""
    return value.tolist() if getattr(value, "shape", ()) else float(value)


class RightAnswer(NamedTuple):
    """What an item is about, the entry of an array that is asked for, and bpcli's own answer."""

    item: Item
    within: tuple[int, ...]
    title: str
    value: Any


class Seen:
    """A problem where its variables have the values `at`. Raises BpcliError where they do not fit it."""

    def __init__(self, problem: Problem, at: Mapping[str, Any], random_seed: int, limits: Limits) -> None:
        setup = Setup(random_seed, problem.evaluation_mode)
        graph, values = question_from(problem.expression, at, limits, setup)
        self._shaped, self._point, system = at_point(graph, values, limits)
        self._seed = None if problem.upstream_seed is None else seed_for(self._shaped, problem.upstream_seed)
        self._targets = {asked.key: target_of(asked.key) for asked in problem.asked}
        self._found: dict[str, RightAndWrong] = {}
        self.names = Names(self._shaped)
        self.has_arrays = system is not floats or self._seed is not None

    @cached_property
    def _judge(self) -> Judge:
        return Judge(Point(self._shaped, self._point))

    @cached_property
    def _own(self) -> Gradients:
        return gradients_of(self._shaped, self._point, system=array_system(), seed=self._seed)

    @property
    def piece(self) -> Piece | None:
        """How the comparisons at the point come out; None over arrays, where nobody has looked."""
        return None if self.has_arrays else tuple([(one.tied, one.result) for one in self._judge.point.branch])

    @property
    def point(self) -> Mapping[str, Any]:
        """The value of every variable, those that were drawn among them."""
        return self._point

    def shape(self, key: str) -> Shape:
        """The shape of an item, () for a single number."""
        target = self._targets[key]
        return self.names.item(target).node.shape[len(target.place) :]

    def answer(self, key: str) -> RightAnswer:
        """The answer that bpcli gives to an item: a number, or an array."""
        target = self._targets[key]
        item = self.names.item(target)
        if self.has_arrays:
            from bpcli.check.homework.array_methods import right_entries  # noqa: PLC0415 - loaded for arrays only
            from bpcli.numbers.apart import part_of, place_text  # noqa: PLC0415 - the same

            title = self.names.title(item) + place_text(target.place)
            return RightAnswer(item, target.place, title, part_of(right_entries(self._own, item), target.place))
        with precision(LADDER[0].bits):
            return RightAnswer(item, (), self.names.title(item), float(right_number(self._judge, item)))

    def methods(self, key: str) -> RightAndWrong:
        """What is right for an item, and what wrong methods give."""
        if key not in self._found:
            self._found[key] = self._methods(key)
        return self._found[key]

    def _methods(self, key: str) -> RightAndWrong:
        target = self._targets[key]
        item = self.names.item(target)
        if self.has_arrays:
            from bpcli.check.homework.array_methods import entries_and_methods  # noqa: PLC0415 - loaded for arrays only

            return entries_and_methods(self._own, self.names, item, target.place)
        return number_and_methods(self._judge, item)
