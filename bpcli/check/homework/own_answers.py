"""bpcli's own answers to a problem at its point, and what wrong methods give there."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from bpcli.backprop.formulas import gradient_formulas, local_formulas
from bpcli.check.homework.methods import NumberMethods, RightAndWrong
from bpcli.check.homework.posing import posed
from bpcli.check.homework.problems import Asked, Problem
from bpcli.check.judge import Judge
from bpcli.check.point import Point
from bpcli.check.targets import Item
from bpcli.graph.node import Constant, Node, applied
from bpcli.graph.notation import render
from bpcli.graph.order import ancestors_first
from bpcli.graph.simplify import simplify
from bpcli.language.limits import Limits

Piece = tuple[tuple[bool, int | None], ...]  # of each comparison at a point: whether it is a tie, and how it comes out


def plain(value: Any) -> Any:
    """A number, or an array as nested lists."""
    return value.tolist() if getattr(value, "shape", ()) else float(value)


class OwnAnswers:
    """The answers to a problem at its point. Raises BpcliError where it cannot be asked there."""

    def __init__(self, problem: Problem, limits: Limits) -> None:
        self._posed = posed(problem, limits)
        self._places = {asked.key: place for place, asked in enumerate(problem.asked)}
        self._found: dict[str, RightAndWrong] = {}

    @cached_property
    def _judge(self) -> Judge:
        return Judge(Point(self._posed.graph, self.point))

    @cached_property
    def _numbers(self) -> NumberMethods:
        return NumberMethods(self._judge)

    @property
    def asks_for_formulas(self) -> bool:
        """Whether there is no point."""
        return self._posed.at is None

    @property
    def point(self) -> Mapping[str, Any]:
        """The value of every variable, those that were drawn among them."""
        return self._posed.at or {}

    @property
    def size(self) -> int:
        """How many operations there are."""
        return len(self._posed.graph.nodes)

    @property
    def piece(self) -> Piece | None:
        """How the comparisons at the point come out; None over arrays, where nobody has looked."""
        if self._posed.own is not None:
            return None
        return tuple([(one.tied, one.result) for one in self._judge.point.branch])

    def counts_for_output(self, key: str) -> bool:
        """Whether an item is a value, or the gradient of something that the output is computed from."""
        item = self.item(key)
        return item.kind == "value" or item.node in set(ancestors_first([self._posed.graph.output]))

    def item(self, key: str) -> Item:
        """What an item is about."""
        return self._posed.items[self._places[key]]

    def heading(self, key: str) -> str:
        """What a report calls an item."""
        return self._posed.title(self._places[key])

    def title(self, key: str) -> str:
        """How reports write an item."""
        return self._posed.titles[self._places[key]]

    def within(self, key: str) -> tuple[int, ...]:
        """The entry that is asked for, () for the whole."""
        return self._posed.within(self._places[key])

    def right(self, asked: Asked) -> Any:
        """The answer that bpcli gives to an item: a number, an array, or a formula."""
        item = self.item(asked.key)
        if self._posed.own is not None:
            from bpcli.check.homework.array_methods import right_entries  # noqa: PLC0415 - loaded for arrays only
            from bpcli.numbers.apart import part_of  # noqa: PLC0415 - the same

            return part_of(right_entries(self._posed.own, item), self.within(asked.key))
        if self.asks_for_formulas:
            return own_formula(item, self._posed.graph.output)
        return self._numbers.right(item)

    def methods(self, key: str) -> RightAndWrong:
        """What is right for an item, and what wrong methods give."""
        if key not in self._found:
            self._found[key] = self._methods(key)
        return self._found[key]

    def _methods(self, key: str) -> RightAndWrong:
        item = self.item(key)
        if self._posed.own is not None:
            from bpcli.check.homework.array_methods import entries_and_methods  # noqa: PLC0415 - loaded for arrays only

            return entries_and_methods(self._posed.own, self._posed.names, item, self.within(key))
        return self._numbers.of(item)


def own_formula(item: Item, output: Node) -> str:
    """The formula of an item over the variables, simplified."""
    return render(simplify(_formula(item, output)))


def _formula(item: Item, output: Node) -> Node:
    if item.kind == "value":
        return item.node
    if item.source is None:
        return gradient_formulas(output, [item.node])[item.node]
    local: Node = Constant(0.0)
    for source, part in zip(item.node.inputs, local_formulas(item.node), strict=True):
        if source is item.source and part is not None:
            local = applied("add", local, part)
    if item.kind == "local":
        return local
    return applied("mul", gradient_formulas(output, [item.node])[item.node], local)
