"""Where numbers stop being finite: the first steps at which finite inputs give infinity or NaN, and why."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, count, islice, product
from typing import TYPE_CHECKING, Any

from bpcli.backprop.formulas import local_formulas
from bpcli.backprop.sweep import Step
from bpcli.errors import Span
from bpcli.graph.node import Constant, Node
from bpcli.graph.notation import number_text, render
from bpcli.graph.order import ancestors_first
from bpcli.graph.simplify import simplify

if TYPE_CHECKING:
    from bpcli.backprop.gradients import Gradients

MATRIX_REASONS = {
    **dict.fromkeys(("inv", "solve"), ": a matrix has no inverse"),
    "cholesky": ": a matrix is not positive definite",
}
MOST_NOTICES = 5
MOST_CHARACTERS = 60


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that the user must know about an answer, and the place in the text that it is about."""

    message: str
    span: Span | None = None


def notices(result: "Gradients") -> Iterator[Notice]:
    """The first places where the forward or the backward pass leaves the finite numbers."""
    labels = result.labels()
    return islice(chain(_forward(result, labels), _backward(result, labels)), MOST_NOTICES)


def _substituted(node: Node, values: Mapping[Node, float]) -> Node:
    """The op of the node applied to the numbers that its inputs have."""
    return Node(node.op, tuple([Constant(float(values[source])) for source in node.inputs]), node.attributes)


def _forward(result: "Gradients", labels: Mapping[Node, str]) -> Iterator[Notice]:
    graph, values, is_finite = result.graph, result.values, result.system.is_finite
    needed = set(ancestors_first([graph.output]))
    numbers = count(1)  # as tables have them, where lists of numbers have no row
    for node in graph.nodes:
        place = f"forward step {next(numbers)}: {labels[node]} = " if node in labels else "forward: "
        if node not in needed or is_finite(values[node]):
            continue
        inputs = [values[source] for source in node.inputs]
        if all(map(is_finite, inputs)):
            formula = render(node, labels, limit=MOST_CHARACTERS)
            if node.shape or node.op.is_structural:
                yield Notice(f"{place}{formula} is not finite{_why(node, values)}", node.span)
                continue
            substituted = render(_substituted(node, values), limit=MOST_CHARACTERS)
            what = f"{place}{formula} = {substituted} is {_named(values[node])}"
            yield Notice(f"{what}; {reason_undefined(node, inputs)}", node.span)


def _why(node: Node, values: Mapping[Node, Any]) -> str:
    """Why an op on arrays has no finite value: the first entry that has none, or what is wrong with the matrix."""
    if node.op.is_structural:
        return MATRIX_REASONS.get(node.op.name, "")
    place = next(place for place in product(*map(range, node.shape)) if not math.isfinite(values[node][place]))
    inputs = [float(values[source][place] if source.shape else values[source]) for source in node.inputs]
    numbers = ", ".join(map(number_text, inputs))
    return f" at {list(place)}, of {numbers}: {reason_undefined(node, inputs)}"


def reason_undefined(node: Node, inputs: list[float]) -> str:
    """Why an op has no finite value at these inputs."""
    if (node.op.name == "div" and inputs[1] == 0) or (node.op.written == "pow" and inputs[0] == 0):
        return "division by zero"
    if not node.op.domain.contains(*inputs):
        return f"{node.op.written} is defined for {node.op.domain.text}"
    if node.op.name == "acot" and inputs[0] == 0:
        return f"{node.op.written} jumps there"
    return "the result is beyond float64, whose largest number is 1.8e308"


def _backward(result: "Gradients", labels: Mapping[Node, str]) -> Iterator[Notice]:
    values, is_finite = result.values, result.system.is_finite
    sums: dict[Node, Any] = {}
    for step in result.steps():
        node, source = step.node, step.input
        before = sums.get(source, 0.0)
        with result.system.at_work():
            sums[source] = before + step.contribution
        if is_finite(before) and is_finite(step.contribution) and not is_finite(sums[source]):
            numbers = "" if source.shape else f": {number_text(before)} + {number_text(step.contribution)}"
            yield Notice(f"the contributions that meet at {labels[source]} add up beyond float64{numbers}", source.span)
        if is_finite(step.contribution) or not is_finite(values[node]) or not is_finite(step.upstream):
            continue
        if node.shape or node.op.is_structural:
            what = f"the step back from {labels[node]} to {labels[source]} is not finite"
            yield Notice(f"{what}, though the value of {labels[node]} is", node.span)
        else:
            yield _lost_at(step, values, labels)


def _lost_at(step: Step, values: Mapping[Node, Any], labels: Mapping[Node, str]) -> Notice:
    """Why the contribution of one number to another is not finite: the local gradient, or its product."""
    node, source = step.node, step.input
    names = f"∂{labels[node]}/∂{labels[source]}"
    if math.isfinite(step.local):
        numbers = f"{number_text(step.upstream)} * {number_text(step.local)}"
        return Notice(f"backward step {names}: upstream * local = {numbers} is beyond float64", node.span)
    local = local_formulas(node)[step.position]
    formula = render(simplify(local, labels, values), limit=MOST_CHARACTERS) if local else ""
    where = ", ".join([f"{labels[i]} = {number_text(float(values[i]))}" for i in node.inputs if i in labels])
    what = f"the local gradient {names} = {formula} is {_named(step.local)} at {where}"
    return Notice(f"{what}; the value of {labels[node]} exists there, its slope does not", node.span)


def _named(value: float) -> str:
    return "not a number" if math.isnan(value) else "infinite"
