"""Arrays taken apart into entries: each a node of its own, so that a graph over arrays becomes one over single numbers.

Values and meanings alone are used here, no rule: what is found over the entries owes nothing to the rules over arrays.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from math import prod
from typing import Any

import numpy as np

from bpcli.graph.node import Constant, Node, Variable, node_from
from bpcli.graph.op import Op, Shape
from bpcli.graph.shapes import axes_of
from bpcli.numbers.balls import Ball, exactly
from bpcli.numbers.sliding import SLIDING
from bpcli.numbers.tensors import Tensors

Entries = Any  # an array of objects; of shape (), the object itself


class ArraysOfNodes(Tensors):
    """Arrays whose entries are nodes over single numbers; `algebra` builds these.

    Sums are made in halves, so that an entry is few steps from the sum; the largest of several entries is one op, whose
    ties share evenly; max-pooling chooses the first of its largest.
    """

    def __init__(self, algebra: Any, *, first_wins: bool = False) -> None:
        super().__init__(algebra)
        self._first_wins = first_wins

    def number(self, value: float) -> Any:
        """A literal as a node."""
        return Constant(value)

    def function_of(self, op: Op) -> Callable[..., Any]:
        """The function that builds an op on arrays of nodes."""
        if op.name == "maximum" and self._first_wins:
            return self.entrywise(self._first_largest)
        if op.name == "sum":
            return self._sum
        if op.name in ("amax", "amin"):
            chosen = getattr(self.entries, "maximum" if op.name == "amax" else "minimum")
            return partial(self._joined, lambda row: chosen(*row) if len(row) > 1 else row[0])
        if op.name in SLIDING and op.name.startswith("max_pool"):
            return partial(SLIDING[op.name], ArraysOfNodes(self.entries, first_wins=True))
        return super().function_of(op)

    def _first_largest(self, x: Any, y: Any) -> Any:
        return self.entries.where(self.entries.greater_equal(x, y), x, y)

    def _sum(self, x: Entries, axis: Any = None, keepdims: bool = False) -> Entries:  # noqa: FBT001, FBT002 - as NumPy has it
        return self._joined(in_halves, x, axis, keepdims)

    def _joined(
        self,
        join: Callable[[Sequence[Any]], Any],
        x: Entries,
        axis: Any = None,
        keepdims: bool = False,  # noqa: FBT001, FBT002 - as NumPy has it
    ) -> Entries:
        shape = self.shape(x)
        joined = axes_of(axis, shape)
        kept = tuple([place for place in range(len(shape)) if place not in joined])
        sizes = [prod([shape[place] for place in part]) for part in (kept, joined)]
        rows = np.transpose(x, (*kept, *joined)).reshape(sizes)
        lengths = [1 if place in joined else length for place, length in enumerate(shape)]
        result = filled([join(list(row)) for row in rows], tuple([shape[place] for place in kept]))
        return np.reshape(result, lengths) if keepdims else result


def in_halves(terms: Sequence[Any]) -> Any:
    """The sum of the terms, each about log₂ n additions away from it; 0 of none."""
    level = list(terms)
    while len(level) > 1:
        pairs = [level[place] + level[place + 1] for place in range(0, len(level) - 1, 2)]
        level = [*pairs, level[-1]] if len(level) % 2 else pairs
    return level[0] if level else 0


def filled(entries: Sequence[Any], shape: Shape) -> Entries:
    """An array of objects of this shape, with the entries in order; of shape () the object itself."""
    if not shape:
        return entries[0]
    array = np.empty(len(entries), dtype=object)
    array[:] = entries
    return array.reshape(shape)


def flat(entries: Entries) -> list[Any]:
    """The entries in order; of a single object that object."""
    return list(entries.flat) if isinstance(entries, np.ndarray) else [entries]


def places(shape: Shape) -> Iterator[tuple[int, ...]]:
    """The index of every entry, in order."""
    return iter(np.ndindex(*shape))


def place_text(place: Sequence[int]) -> str:
    """The index as it is typed: `[0,1]`; nothing for a single number."""
    return f"[{','.join(map(str, place))}]" if place else ""


def variables_of(name: str, shape: Shape) -> Entries:
    """A variable for each entry, `W[0,1]`; of shape () the one of that name."""
    return filled([Variable(f"{name}{place_text(place)}") for place in places(shape)], shape)


def nodes_of(value: Any, shape: Shape) -> Entries:
    """What was built, with a node for every entry, also for those that are plain numbers."""
    array = np.broadcast_to(np.asarray(value, dtype=object), shape)
    return filled([one if isinstance(one, Node) else node_from(float(one)) for one in array.flat], shape)


def balls_of(value: Any, shape: Shape) -> Entries:
    """Numbers, or balls, as balls in an array of objects."""
    array = np.broadcast_to(np.asarray(value, dtype=object), shape)
    return filled([_ball(one) for one in array.flat], shape)


def _ball(number: Any) -> Ball:
    return number if isinstance(number, Ball) else exactly(float(number))


def part_of(value: Any, index: Sequence[int]) -> Any:
    """The entry, or the part, that the first axes' indices choose."""
    return value[tuple(index)] if index else value


def nested(values: Sequence[Any], shape: Shape) -> Any:
    """The values in nested lists of this shape; of shape () the value itself."""
    return filled(values, shape).tolist() if shape else values[0]


def numbers_in(value: Any) -> list[float]:
    """The numbers of a value of float64, in order."""
    return [float(one) for one in np.asarray(value, dtype=float).flat]
