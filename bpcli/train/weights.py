"""The parameters of a network in one flat array, so that an update is a few passes over one piece of memory."""

from collections.abc import Mapping
from math import prod
from typing import Any

from bpcli.graph.op import Shape
from bpcli.numbers.arrays import arrays


class Weights:
    """Named arrays that are views of one flat array of float64, in a fixed order.

    What is written into `flat` is seen in every view, and the other way round.
    """

    def __init__(self, shapes: Mapping[str, Shape]) -> None:
        self.shapes = dict(shapes)
        self.flat: Any = arrays.zeros((sum(map(prod, self.shapes.values())),))
        self.views: dict[str, Any] = self.split(self.flat)

    def split(self, flat: Any) -> dict[str, Any]:
        """The parts of another flat array in this order, such as an optimiser's state, as views by name."""
        views, start = {}, 0
        for name, shape in self.shapes.items():
            stop = start + prod(shape)
            views[name] = flat[start:stop].reshape(shape)
            start = stop
        return views

    def fill(self, values: Mapping[str, Any]) -> None:
        """Copy these values into the views of their names; those of other names stay."""
        for name, value in values.items():
            self.views[name][...] = value
