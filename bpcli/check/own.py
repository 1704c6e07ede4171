"""bpcli's own gradients, in float64 as `grad` prints them, and by the same rules in `exact`, as they are judged.

What float64 loses on the way is no wrong rule: it is a note that names the first step that lost it.
"""

from functools import cached_property

from bpcli.backprop.gradients import Gradients, gradients_of
from bpcli.backprop.sweep import gradients_at, local_numbers
from bpcli.check.finite import is_settled
from bpcli.check.point import LADDER, Point
from bpcli.graph.labels import labels_of
from bpcli.graph.node import Node
from bpcli.numbers.balls import Ball, exactly, precision
from bpcli.numbers.exact import exact

LOST = 1e-9  # a relative error of float64 that is worth a note


class Own:
    """The rules' answer at a point."""

    def __init__(self, point: Point) -> None:
        self.point = point
        self._by_bits: dict[int, dict[Node, Ball]] = {}

    @cached_property
    def in_float64(self) -> Gradients:
        """What `grad` answers."""
        return gradients_of(self.point.graph, self.point.at)

    def gradients(self, bits: int) -> dict[Node, Ball]:
        """The gradient of every node that the output depends on, by the rules, in so many bits."""
        if bits not in self._by_bits:
            with precision(bits):
                found = gradients_at(self.point.graph, self.point.values(bits), exact)
                self._by_bits[bits] = {node: exactly(gradient) for node, gradient in found.items()}
        return self._by_bits[bits]

    def gradient(self, node: Node) -> Ball:
        """The gradient at a node, in as many digits as it takes."""
        found = exactly(0)
        for rung in LADDER:
            found = self.gradients(rung.bits).get(node, exactly(0))
            if found.middle is None or is_settled(found):
                break
        return found

    def local(self, node: Node, source: Node) -> Ball:
        """∂node/∂input, added up where the input stands in several places."""
        values = self.point.values()
        with precision(LADDER[0].bits):
            locals_ = local_numbers(node, values.__getitem__, exact)
            parts = [exactly(part or 0) for one, part in zip(node.inputs, locals_, strict=True) if one is source]
            total = exactly(0)
            for part in parts:
                total = total + part
        return total

    def note(self) -> str | None:
        """The first step at which float64 loses what the rules say, if a gradient is off; None if all is well."""
        exact_ones = self.gradients(LADDER[0].bits)
        floats = self.in_float64
        wanted = [
            variable for variable in floats.wanted if is_off(floats.gradients[variable.name], self.gradient(variable))
        ]
        if not wanted:
            return None
        labels = labels_of(self.point.graph)
        values = self.point.values()
        for number, node in enumerate(self.point.graph.nodes, 1):
            if not node.op.is_condition and is_off(floats.values[node], exactly(values[node])):
                return f"float64 round-off, from forward step {number}, {labels[node]}"
        for node in reversed(self.point.graph.nodes):
            for source in node.inputs:
                if (
                    source in exact_ones
                    and source.varies
                    and is_off(floats.upstreams.get(source, 0.0), self.gradient(source))
                ):
                    return f"float64 round-off, from the backward step {labels[node]} to {labels.get(source, '')}"
        return "float64 round-off"


def is_off(number: float, truth: Ball) -> bool:
    """Whether a float64 number has lost what would be seen of it."""
    if truth.middle is None:
        return False
    if number - number != 0:  # infinite, or not a number
        return True
    error = abs(float(truth - number))
    return error > LOST * abs(float(truth)) and error > 1e-300  # noqa: PLR2004 - where float64 has few digits left
