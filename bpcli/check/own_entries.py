"""bpcli's own gradients over arrays, entry by entry as they are judged, though the rules ran on whole arrays."""

from collections.abc import Collection, Mapping
from functools import cached_property
from typing import Any

from bpcli.backprop.gradients import Gradients
from bpcli.backprop.sweep import gradients_at
from bpcli.check.expansion import Expansion
from bpcli.check.own import LOST, Own
from bpcli.check.point import LADDER, Point
from bpcli.graph.node import Node
from bpcli.numbers.apart import balls_of, flat, numbers_in
from bpcli.numbers.balls import Ball, exactly, precision
from bpcli.numbers.evaluate import Values, evaluate
from bpcli.numbers.exact import exact
from bpcli.numbers.tensors import Tensors

EXACT_ARRAYS = Tensors(exact)


class OwnEntries(Own):
    """What the rules over arrays say, in `exact` and in float64, of the entries of variables and `targets`."""

    def __init__(self, point: Point, expansion: Expansion, arrays: Gradients, targets: Collection[Node] = ()) -> None:
        super().__init__(point)
        self.expansion = expansion
        self.arrays = arrays
        moved = [variable for variable in arrays.graph.variables if variable not in expansion.fixed]
        self._asked = dict.fromkeys([*moved, *targets])
        self._values: dict[int, Values] = {}

    @cached_property
    def in_float64(self) -> Gradients:
        """What `grad` answers, under the names of the entries."""
        values = self._by_entry(self.arrays.graph.nodes, self.arrays.values) | self._by_entry(
            self.arrays.graph.variables, self.arrays.values
        )
        upstreams = self._by_entry(self._asked, self.arrays.upstreams)
        graph = self.point.graph
        gradients = {variable.name: upstreams.get(variable, 0.0) for variable in graph.variables}
        value = values.get(graph.output, float("nan"))
        return Gradients(graph, self.point.at, value, gradients, values, upstreams, self.arrays.warnings)

    def _by_entry(self, nodes: Collection[Node], values: Mapping[Node, Any]) -> dict[Node, float]:
        return {
            one: number
            for node in nodes
            if node in values
            for one, number in zip(self.expansion.of(node), numbers_in(values[node]), strict=True)
        }

    def values_of(self, bits: int) -> Values:
        """The value of every node over arrays, in so many bits."""
        if bits not in self._values:
            at = {name: balls_of(value, getattr(value, "shape", ())) for name, value in self.arrays.at.items()}
            with precision(bits):
                self._values[bits] = evaluate(self.arrays.graph, at, EXACT_ARRAYS)
        return self._values[bits]

    def gradients(self, bits: int) -> dict[Node, Ball]:
        """The gradient of every entry that is asked about, by the rules over arrays, in so many bits."""
        if bits not in self._by_bits:
            graph = self.arrays.graph
            seed = balls_of(self.arrays.seed, graph.output.shape)
            with precision(bits):
                found = gradients_at(graph, self.values_of(bits), EXACT_ARRAYS, seed)
                self._by_bits[bits] = {
                    one: ball
                    for node in self._asked
                    if node in found
                    for one, ball in zip(self.expansion.of(node), flat(balls_of(found[node], node.shape)), strict=True)
                }
        return self._by_bits[bits]

    def note(self) -> str | None:
        """The first step at which float64 loses what the rules say, measured by the largest entry of an array."""
        if not any(
            is_off(self.arrays.upstreams[node], [self.gradient(one) for one in self.expansion.of(node)])
            for node in self.arrays.graph.variables
            if node in self._asked and node in self.arrays.upstreams
        ):
            return None
        labels, values = self.arrays.labels(), self.values_of(LADDER[0].bits)
        for number, node in enumerate(self.arrays.graph.nodes, 1):
            if not node.op.is_condition and is_off(self.arrays.values[node], flat(balls_of(values[node], node.shape))):
                return f"float64 round-off, from forward step {number}, {labels.get(node, 'a list')}"
        return "float64 round-off in the backward pass"


def is_off(numbers: Any, truths: list[Ball]) -> bool:
    """Whether float64 numbers have lost, of the largest of them, what would be seen."""
    known = [(number, truth) for number, truth in zip(numbers_in(numbers), truths, strict=True) if truth.middle]
    if any(number - number != 0 for number, _ in known):
        return True
    errors = [abs(float(truth - exactly(number))) for number, truth in known]
    scale = max([abs(float(truth)) for _, truth in known], default=0.0)
    return max(errors, default=0.0) > LOST * scale
