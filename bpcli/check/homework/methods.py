"""Wrong methods, and the numbers that they give for one item: the mistakes in single numbers, and slips of the eye.

A method has the same text at every point, so that what it gives at one point can be compared with another.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from bpcli.check.judge import Judge
from bpcli.check.mistakes import mistakes
from bpcli.check.point import LADDER
from bpcli.check.targets import Item
from bpcli.graph.node import Node
from bpcli.numbers.balls import Ball, exactly, precision
from bpcli.numbers.evaluate import compute
from bpcli.numbers.exact import exact

MOST_NODES = 40  # of a graph in which every node is tried
QUOTIENT = "difference quotient"  # no coincidence: it is near the truth everywhere

Method = tuple[str, Ball]


class RightAndWrong(NamedTuple):
    """The right entries of an item at one point, and those that wrong methods give; a number is one entry."""

    right: tuple[float, ...]
    wrong: Mapping[str, tuple[float, ...]]


def number_and_methods(judge: Judge, item: Item) -> RightAndWrong:
    """What is right for an item of single numbers, by the rules in exact arithmetic, and what wrong methods give."""
    with precision(LADDER[0].bits):
        right = float(right_number(judge, item))
        found = {text: (float(value),) for text, value in _methods(judge, item, right) if value.middle is not None}
    return RightAndWrong((right,), found)


def right_number(judge: Judge, item: Item) -> Ball:
    """The number of an item: a value, a gradient, a local derivative, or what it contributes."""
    if item.kind == "value":
        return exactly(judge.point.values()[item.node])
    if item.source is None:
        return judge.own.gradient(item.node)
    local = judge.own.local(item.node, item.source)
    return local if item.kind == "local" else judge.own.gradient(item.node) * local


def _methods(judge: Judge, item: Item, right: float) -> Iterator[Method]:
    for cause, value in mistakes(judge, item) if right else ():  # of 0 the sign and every factor say as much as 0
        if cause.kind != QUOTIENT:
            yield cause.hint, value
    yield "0", exactly(0)
    yield "1", exactly(1)
    if len(judge.point.graph.nodes) > MOST_NODES:
        return
    yield from _values_of_others(judge, item)
    if item.kind == "gradient":
        yield from _halves_of_the_chain_rule(judge, item.node)
    if item.source is None:
        yield from _of_wrong_values(judge, item)


def _values_of_others(judge: Judge, item: Item) -> Iterator[Method]:
    """The value of a variable or of a step, given for what is asked."""
    labels, values = judge.names.labels, judge.point.values()
    for node in (*judge.point.graph.variables, *judge.point.graph.nodes):
        if node in labels and not node.op.is_condition and not (item.kind == "value" and node is item.node):
            yield f"the value of {labels[node]}", exactly(values[node])


def _halves_of_the_chain_rule(judge: Judge, node: Node) -> Iterator[Method]:
    """What arrives, without the local derivatives, and these alone."""
    labels = judge.names.labels
    consumers = [one for one in judge.point.graph.nodes if node in one.inputs and not one.op.is_condition]
    alone = exactly(0)
    for consumer in consumers:
        label = labels.get(consumer, "f")
        yield f"what arrives at {label} alone", judge.own.gradient(consumer)
        local = judge.own.local(consumer, node)
        alone = alone + local
        yield f"the local derivative ∂{label}/∂{labels.get(node, 'f')} alone", local
    if len(consumers) > 1:
        yield "the local derivatives alone, added up", alone


def _of_wrong_values(judge: Judge, item: Item) -> Iterator[Method]:
    """What follows from one step that was computed by another operation."""
    graph, values = judge.point.graph, judge.point.values()
    for node in graph.nodes:
        for text, wrong in _wrong_operations(node, [values[source] for source in node.inputs]):
            after = {**values, node: exactly(wrong)}
            for later in judge.point.downstream([node]):
                compute([later], after, exact)
            label = judge.names.labels.get(node, "f")
            yield f"{label} computed as {text}", _right_after(after, judge, item)


def _right_after(values: Mapping[Node, Ball], judge: Judge, item: Item) -> Ball:
    from bpcli.backprop.sweep import gradients_at  # noqa: PLC0415 - of gradients alone

    if item.kind == "value":
        return exactly(values[item.node])
    return exactly(gradients_at(judge.point.graph, values, exact).get(item.node, 0))


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
