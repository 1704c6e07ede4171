"""The cases of the ops over arrays: every sample of each, points that keep clear of kinks, and what they come to."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any
from zlib import crc32

import numpy as np
import pytest
from array_samples import EXTRA

from bpcli.backprop.sweep import handed_back
from bpcli.graph.node import Node, Variable, applied
from bpcli.graph.op import Op, Sample
from bpcli.numbers.arrays import arrays
from bpcli.numbers.system import NumberSystem
from bpcli.numbers.tensors import Tensors
from bpcli.ops import structural_ops

Array = Any

# What the ops need of single fractions; what needs more, exp say, is left to the other systems.
RATIONAL: Mapping[str, Callable[..., Any]] = {
    "mul": lambda x, y: x * y,
    "equal": lambda x, y: x == y,
    "where": lambda condition, x, y: x if condition else y,
    "maximum": max,
    "minimum": min,
    "abs": abs,
    "sign": lambda x: (x > 0) - (x < 0),
}
rationals = Tensors(NumberSystem("rationals", None, RATIONAL))
# Their points are drawn with a large diagonal, so that there is an inverse.
INVERTED = {"inv", "solve", "det", "cofactors", "cholesky"}
WHOLE = frozenset({"indices", "mask"})  # the names of inputs that are whole numbers


@dataclass(frozen=True)
class ArrayCase:
    """An op over arrays of certain shapes with certain attributes."""

    op: Op
    sample: Sample

    @property
    def name(self) -> str:
        """The op, the shapes and the attributes."""
        shapes = "-".join("x".join(map(str, shape)) or "number" for shape in self.sample.shapes)
        told = [f"{name}={value}" for name, value in self.sample.attributes.items()]
        return "-".join([self.op.name, shapes, *told])

    @property
    def variables(self) -> list[Variable]:
        """A variable for each input."""
        return [Variable(f"x{place}", shape=shape) for place, shape in enumerate(self.sample.shapes)]

    def node_of(self, inputs: Iterable[Node]) -> Node:
        """The op applied to nodes."""
        return applied(self.op.name, *inputs, **self.sample.attributes)

    def is_whole(self, position: int) -> bool:
        """Whether an input is made of whole numbers, through which no gradient flows."""
        return self.op.inputs[min(position, len(self.op.inputs) - 1)] in WHOLE

    def point(self, shift: int = 0) -> list[Array]:
        """An array for each input: multiples of 1/64, no two of them alike and none 0, of either sign."""
        random = np.random.default_rng(crc32(self.name.encode()) + shift)
        found = []
        for position, shape in enumerate(self.sample.shapes):
            if self.is_whole(position):
                found.append(random.integers(0, 2, shape).astype(float)[()])
                continue
            size = int(np.prod(shape, dtype=int))
            drawn = random.permutation(np.arange(1, size + 1)) * 8 + random.integers(-3, 4, size)
            signs = random.choice([-1, 1], size)
            entries = (signs * drawn / 64 / max(1, size / 12)).reshape(shape)
            entries = np.round(entries * 1024) / 1024
            if position == 0 and self.op.name in INVERTED:
                entries = entries + 4 * np.eye(shape[-1])
            found.append(entries[()])
        return found

    def value(self, point: Iterable[Any], system: Any = arrays) -> Any:
        """The value of the op in a number system."""
        with arrays.at_work():
            return getattr(system, self.op.name)(*point, **self.sample.attributes)

    def parts(self, point: Iterable[Any], upstream: Any, system: Any = arrays, op: Op | None = None) -> list[Any]:
        """What the rule hands back to each input in a number system."""
        point = list(point)
        variables = self.variables
        node = Node(op or self.op, tuple(variables), self.sample.attributes)
        values: dict[Node, Any] = {node: self.value(point, system)}
        values.update(zip(variables, point, strict=True))
        with arrays.at_work():
            return list(handed_back(node, upstream, values.__getitem__, system))

    def upstream(self) -> Array:
        """An upstream gradient, no entry of which is 1 or 0."""
        shape = self.node_of(self.variables).shape
        random = np.random.default_rng(crc32(self.name.encode()) + 99)
        return (random.integers(3, 60, shape) * random.choice([-1, 1], shape) / 32)[()]


CASES = [ArrayCase(op, sample) for op in structural_ops() for sample in (*op.samples, *EXTRA.get(op.name, ()))]
of_every_array_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def as_entries(x: Any, entry: Callable[[float], Any]) -> Any:
    """An array of objects made from the floats of another; a single object for a single number."""
    if np.ndim(x) == 0:
        return entry(float(x))
    made = np.empty(np.shape(x), object)
    for place in np.ndindex(made.shape):
        made[place] = entry(float(x[place]))
    return made


def fractions_of(x: Any) -> Any:
    """The same entries as fractions."""
    return as_entries(x, Fraction)


def weighed(value: Any, upstream: Any) -> Any:
    """⟨value, upstream⟩."""
    return np.sum(np.asarray(value) * np.asarray(upstream))


def moved(point: list[Any], position: int, place: tuple[int, ...], step: Any) -> list[Any]:
    """The point with one entry of one input moved by a step."""
    changed = np.array(point[position])
    changed[place] = changed[place] + step
    return [*point[:position], changed[()], *point[position + 1 :]]


def difference(function: Callable[[list[Any]], Any], point: list[Any], position: int, step: Any) -> Any:
    """The central differences of a function of a point, for each entry of one input."""
    x = np.asarray(point[position])
    slopes = np.empty(x.shape, object)
    for place in np.ndindex(x.shape):
        above, below = (function(moved(point, position, place, sign * step)) for sign in (1, -1))
        slopes[place] = (above - below) / (2 * step)
    return slopes[()]
