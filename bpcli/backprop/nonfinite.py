"""Where numbers stop being finite: the first steps at which finite inputs give infinity or NaN, and why."""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice

from bpcli.backprop.formulas import local_formulas
from bpcli.backprop.sweep import Step
from bpcli.errors import Span
from bpcli.graph.labels import labels_of
from bpcli.graph.node import Constant, Graph, Node
from bpcli.graph.notation import number_text, render
from bpcli.graph.order import ancestors_first
from bpcli.graph.simplify import simplify

MOST_NOTICES = 5
MOST_CHARACTERS = 60


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that the user must know about an answer, and the place in the text that it is about."""

    message: str
    span: Span | None = None


def notices(graph: Graph, values: Mapping[Node, float], steps: Iterable[Step]) -> Iterator[Notice]:
    """The first places where the forward or the backward pass leaves the finite numbers."""
    labels = labels_of(graph)
    return islice(chain(_forward(graph, values, labels), _backward(values, steps, labels)), MOST_NOTICES)


def _substituted(node: Node, values: Mapping[Node, float]) -> Node:
    """The op of the node applied to the numbers that its inputs have."""
    return Node(node.op, tuple([Constant(float(values[source])) for source in node.inputs]), node.attributes)


def _forward(graph: Graph, values: Mapping[Node, float], labels: Mapping[Node, str]) -> Iterator[Notice]:
    needed = set(ancestors_first([graph.output]))
    for number, node in enumerate(graph.nodes, 1):
        if node not in needed:
            continue
        inputs = [values[source] for source in node.inputs]
        if not math.isfinite(values[node]) and all(map(math.isfinite, inputs)):
            formula = render(node, labels, limit=MOST_CHARACTERS)
            numbers = render(_substituted(node, values), limit=MOST_CHARACTERS)
            what = f"forward step {number}: {labels[node]} = {formula} = {numbers} is {_named(values[node])}"
            yield Notice(f"{what}; {reason_undefined(node, inputs)}", node.span)


def reason_undefined(node: Node, inputs: list[float]) -> str:
    """Why an op has no finite value at these inputs."""
    if (node.op.name == "div" and inputs[1] == 0) or (node.op.written == "pow" and inputs[0] == 0):
        return "division by zero"
    if not node.op.domain.contains(*inputs):
        return f"{node.op.written} is defined for {node.op.domain.text}"
    if node.op.name == "acot" and inputs[0] == 0:
        return f"{node.op.written} jumps there"
    return "the result is beyond float64, whose largest number is 1.8e308"


def _backward(values: Mapping[Node, float], steps: Iterable[Step], labels: Mapping[Node, str]) -> Iterator[Notice]:
    sums: dict[Node, float] = {}
    for step in steps:
        node, source = step.node, step.input
        before = sums.get(source, 0.0)
        sums[source] = before + step.contribution
        if math.isfinite(before) and math.isfinite(step.contribution) and not math.isfinite(sums[source]):
            numbers = f"{number_text(before)} + {number_text(step.contribution)}"
            yield Notice(
                f"the contributions that meet at {labels[source]} add up beyond float64: {numbers}", source.span
            )
        if not math.isfinite(values[node]) or not math.isfinite(step.upstream):
            continue
        names = f"∂{labels[node]}/∂{labels[source]}"
        if not math.isfinite(step.local):
            local = local_formulas(node)[step.position]
            formula = render(simplify(local, labels, values), limit=MOST_CHARACTERS) if local else ""
            where = ", ".join([f"{labels[i]} = {number_text(float(values[i]))}" for i in node.inputs if i in labels])
            what = f"the local gradient {names} = {formula} is {_named(step.local)} at {where}"
            yield Notice(f"{what}; the value of {labels[node]} exists there, its slope does not", node.span)
        elif not math.isfinite(step.contribution):
            numbers = f"{number_text(step.upstream)} * {number_text(step.local)}"
            yield Notice(f"backward step {names}: upstream * local = {numbers} is beyond float64", node.span)


def _named(value: float) -> str:
    return "not a number" if math.isnan(value) else "infinite"
