"""Wrong methods, and the numbers that they give for one item: the mistakes in single numbers, and slips of the eye.

A method has the same text at every point, so that what it gives at one point can be compared with another.
"""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

from bpcli.backprop.sweep import gradients_at
from bpcli.check.judge import Judge
from bpcli.check.mistakes import mistakes
from bpcli.check.point import LADDER
from bpcli.check.targets import Item
from bpcli.graph.node import Node
from bpcli.numbers.balls import Ball, exactly, precision
from bpcli.numbers.evaluate import compute
from bpcli.numbers.exact import exact

MOST_NODES = 40  # of a graph in which every node is tried

Method = tuple[str, Ball]


class RightAndWrong(NamedTuple):
    """The right entries of an item at one point, and those that wrong methods give; a number is one entry."""

    right: tuple[float, ...]
    wrong: Mapping[str, tuple[float, ...]]


class WrongValue(NamedTuple):
    """What a step comes to by another operation, and all values and gradients that follow from it."""

    text: str
    values: Mapping[Node, Ball]
    gradients: Mapping[Node, Ball]


class NumberMethods:
    """What is right at a point of single numbers, by the rules in exact arithmetic, and what wrong methods give."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._graph = judge.point.graph

    def of(self, item: Item) -> RightAndWrong:
        """The number of an item, and those of wrong methods."""
        right = self.right(item)
        with precision(LADDER[0].bits):
            found = {text: (float(value),) for text, value in self._all(item, right) if value.middle is not None}
        return RightAndWrong((right,), found)

    def right(self, item: Item) -> float:
        """The number of an item: a value, a gradient, a local derivative, or what it contributes."""
        judge = self._judge
        with precision(LADDER[0].bits):
            if item.kind == "value":
                return float(exactly(judge.point.values()[item.node]))
            if item.source is None:
                return float(judge.own.gradient(item.node))
            local = judge.own.local(item.node, item.source)
            return float(local if item.kind == "local" else judge.own.gradient(item.node) * local)

    def _all(self, item: Item, right: float) -> Iterator[Method]:
        if right:  # of 0 the sign and every factor say as much as 0
            for cause, value in mistakes(self._judge, item, with_quotients=False):
                yield cause.hint, value
        yield "0", exactly(0)
        yield "1", exactly(1)
        if len(self._graph.nodes) > MOST_NODES:
            return
        yield from self._values_of_others(item)
        if item.kind == "gradient":
            yield from self._halves_of_the_chain_rule(item.node)
        if item.source is None:
            for text, values, gradients in self._wrong_values:
                yield text, exactly(values[item.node] if item.kind == "value" else gradients.get(item.node, exactly(0)))

    def _values_of_others(self, item: Item) -> Iterator[Method]:
        """The value of a variable or of a step, given for what is asked."""
        labels, values = self._judge.names.labels, self._judge.point.values()
        for node in (*self._graph.variables, *self._graph.nodes):
            if node in labels and not node.op.is_condition and not (item.kind == "value" and node is item.node):
                yield f"the value of {labels[node]}", exactly(values[node])

    def _halves_of_the_chain_rule(self, node: Node) -> Iterator[Method]:
        """What arrives, without the local derivatives, and these alone."""
        labels, own = self._judge.names.labels, self._judge.own
        consumers = [one for one in self._graph.nodes if node in one.inputs and not one.op.is_condition]
        alone = exactly(0)
        for consumer in consumers:
            label = labels.get(consumer, "f")
            yield f"what arrives at {label} alone", own.gradient(consumer)
            local = own.local(consumer, node)
            alone = alone + local
            yield f"the local derivative ∂{label}/∂{labels.get(node, 'f')} alone", local
        if len(consumers) > 1:
            yield "the local derivatives alone, added up", alone

    @cached_property
    def _wrong_values(self) -> list[WrongValue]:
        """What follows from each step that was computed by another operation."""
        point, found = self._judge.point, []
        for node in self._graph.nodes:
            for text, wrong in _wrong_operations(node, [point.values()[source] for source in node.inputs]):
                after = {**point.values(), node: exactly(wrong)}
                compute(point.downstream([node]), after, exact)
                label = self._judge.names.labels.get(node, "f")
                found.append(WrongValue(f"{label} computed as {text}", after, gradients_at(self._graph, after, exact)))
        return found


def _wrong_operations(node: Node, inputs: list[Ball]) -> Iterator[Method]:
    """What people compute instead of an operation, where at a few points that is the same."""
    if len(inputs) != 2:  # noqa: PLR2004 - a sum, a product, a quotient, a power
        return
    first, second = map(exactly, inputs)
    if node.op.name == "mul":
        yield "a sum, not a product", first + second
    elif node.op.name == "add":
        yield "a product, not a sum", first * second
    elif node.op.name == "sub":
        yield "the difference the other way round", second - first
    elif node.op.name == "div":
        yield "a product, not a quotient", first * second
        yield "the quotient upside down", second / first
    elif node.op.name in ("constant_pow", "pow"):
        yield "base times exponent, not a power", first * second
