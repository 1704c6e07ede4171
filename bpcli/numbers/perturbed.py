"""What a graph's output becomes when single entries of one variable change: many such changes at once.

Only what lies downstream of the variable is computed again. A change of one entry is at first a change of one place,
and stays a change of few places in ops that work entry by entry, in those that move entries, and in sums and products
of matrices: x @ W with another W[k, j] differs in column j alone, by x[:, k] times the change. So such values are kept
as the places that changed and the numbers there, and neither is W copied nor x @ W computed again for each of its
entries. Anything else is computed on whole arrays, with the changes on a leading axis.

Nothing here looks at a rule of differentiation: sums and products are linear by what they compute.
"""

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any, NamedTuple

import numpy as np

from bpcli.graph.node import Constant, Node, Variable
from bpcli.graph.shapes import axes_of
from bpcli.numbers.arrays import Arrays, arrays
from bpcli.numbers.structure import MOVES

Array = Any
MOST_ENTRIES = 2**16  # of a value of all changes of a chunk: 512 kB of float64
MOST_AT_ONCE = 2**22  # of a value of several steps, or samples, of one entry
SAMPLES = 8  # of rounding errors
LARGEST = float(np.finfo(float).max)
ONE_ULP = 0.75 * float(np.finfo(float).eps)  # a part of any number that rounds to one unit of its last place
MOST_REACHED = 2  # times each entry of a product is reached, on average
FEW = 4  # places are few where they are less than one in so many
BATCHED = Arrays(batch=1)


class Changed(NamedTuple):
    """The c places where each of m changes makes a value differ, counted in order, and the numbers there: (m, c)."""

    places: Array
    numbers: Array


class Downstream:
    """The nodes from one variable to the output, with the values that all nodes have at the point."""

    def __init__(self, variable: Variable, nodes: Sequence[Node], output: Node, values: Mapping[Node, Any]) -> None:
        self._variable = variable
        self._nodes = nodes
        self._output = output
        self._values = values
        self._tables: dict[tuple[Node, int], Array | None] = {}
        self._anew: set[Node] = set()
        self._peak = 1  # the most entries that a value had, of one change
        self._largest = max([1, *[prod(node.shape) for node in (variable, *nodes)]])

    def changes(self, entries: Array, steps: Array, seed: Array | None) -> Array:
        """How much the output, weighed by `seed`, differs where one entry is larger by a step: (k, n) for steps (k, n).

        Entries are counted in order. They go in chunks that fit the cache; a first one of one entry shows its needs.
        """
        found = np.empty(steps.shape)
        rows = max(1, MOST_AT_ONCE // self._largest)
        start, size = 0, 1
        while start < len(entries):
            some = slice(start, start + size)
            for first in range(0, len(steps), rows):
                part = steps[first : first + rows, some]
                moved = np.broadcast_to(entries[some], part.shape)
                changes = self._changes(np.ravel(moved), np.ravel(part), seed)
                found[first : first + rows, some] = changes.reshape(part.shape)
            start, size = some.stop, max(1, MOST_ENTRIES // (self._peak * len(steps)))
        return found

    @property
    def leads_to_output(self) -> bool:
        """Whether the output depends on the variable."""
        return self._output is self._variable or self._output in self._nodes

    def reached(self, entry: int) -> Mapping[Node, int]:
        """How many entries of each node a change of one entry reaches; -1 where the op computes them all anew."""
        self._anew.clear()
        found = self._moved(np.array([entry]), np.array([1.0]))
        counts = {node: one.numbers.size if isinstance(one, Changed) else one.size for node, one in found.items()}
        return counts | dict.fromkeys(self._anew, -1)

    def _changes(self, entries: Array, steps: Array, seed: Array | None) -> Array:
        return self._weighed(self._moved(entries, steps)[self._output], seed, len(entries))

    def _moved(self, entries: Array, steps: Array) -> dict[Node, Any]:
        """The value of every node where single entries are larger by a step."""
        before = np.ravel(self._values[self._variable])[entries]
        found: dict[Node, Any] = {self._variable: Changed(entries[:, None], (before + steps)[:, None])}
        for node in self._nodes:
            found[node] = self._value(node, found)
            numbers = found[node].numbers if isinstance(found[node], Changed) else found[node]
            self._peak = max(self._peak, numbers.size // len(entries))
        return found

    def _weighed(self, result: Changed | Array, seed: Array | None, count: int) -> Array:
        before = np.ravel(self._values[self._output])
        weights = np.ones(1) if seed is None else np.ravel(seed)
        if isinstance(result, Changed):
            return np.sum((result.numbers - before[result.places]) * weights[result.places], axis=1)
        return (np.broadcast_to(result, (count, *result.shape[1:])).reshape(count, -1) - before) @ weights

    def _value(self, node: Node, found: Mapping[Node, Any]) -> Changed | Array:
        """The value of a node: changes of few places as long as there is a way, whole arrays else."""
        changed = [place for place, source in enumerate(node.inputs) if source in found]
        firsts = found[node.inputs[changed[0]]]
        if all(isinstance(found[node.inputs[place]], Changed) for place in changed):
            if node.op.shape is None:
                if all(found[node.inputs[place]].places is firsts.places for place in changed):
                    return self._entrywise(node, found)
            elif len(changed) == 1 and (few := self._few(node, changed[0], firsts)) is not None:
                return few
        return self._whole_result(node, found)

    def _few(self, node: Node, position: int, change: Changed) -> Changed | Array | None:
        """The value of a structural op that moves entries, or is linear in this input; None for any other."""
        if node.op.name in MOVES:
            table = self._table(node, position)
            if table is None:
                return None
            count = len(change.places)
            return Changed(table[change.places].reshape(count, -1), np.repeat(change.numbers, table.shape[1], axis=1))
        linear = LINEAR.get(node.op.name)
        if linear is None:
            return None
        inputs = [self._values[source] for source in node.inputs]
        difference = change.numbers - np.ravel(inputs[position])[change.places]
        reached = linear(inputs, position, change.places, difference, node.attributes)
        if reached is None:
            return None
        return self._added(np.ravel(self._values[node]), node.shape, *reached, is_single=change.places.shape[1] == 1)

    @staticmethod
    def _added(before: Array, shape: tuple[int, ...], places: Array, differences: Array, *, is_single: bool) -> Any:
        """The value with differences added at places, which may meet where they come from several."""
        if is_single and places.shape[1] * FEW <= before.size:
            return Changed(places, before[places] + differences)
        count = len(places)
        if before.size == 1:
            return (before + np.sum(differences, axis=1, keepdims=True)).reshape(count, *shape)
        whole = np.repeat(before[None], count, axis=0)
        if is_single:
            whole[np.arange(count)[:, None], places] += differences
        else:
            np.add.at(whole, (np.arange(count)[:, None], places), differences)
        return whole.reshape(count, *shape)

    def _entrywise(self, node: Node, found: Mapping[Node, Any]) -> Changed:
        """An op that works entry by entry, at the places that changed."""
        places = next(found[source].places for source in node.inputs if source in found)
        inputs = [
            found[source].numbers if source in found else self._numbers_at(source, places) for source in node.inputs
        ]
        return Changed(places, getattr(BATCHED, node.op.name)(*inputs, **node.attributes))

    def _numbers_at(self, source: Node, places: Array) -> Array:
        value = self._values[source]
        return np.ravel(value)[places] if np.ndim(value) else value

    def _whole_result(self, node: Node, found: Mapping[Node, Any]) -> Array:
        """The op on whole arrays; what did not change has one layer for all changes."""
        self._anew.add(node)
        inputs = [self._whole(source, found) for source in node.inputs]
        return np.asarray(getattr(BATCHED, node.op.name)(*inputs, **node.attributes))

    def _whole(self, source: Node, found: Mapping[Node, Any]) -> Array:
        value = self._values[source]
        if source not in found:
            return value if isinstance(source, Constant) else np.asarray(value)[None]
        change = found[source]
        if not isinstance(change, Changed):
            return change
        count = len(change.places)
        whole = np.repeat(np.ravel(value)[None], count, axis=0)
        whole[np.arange(count)[:, None], change.places] = change.numbers
        return whole.reshape(count, *np.shape(value))

    def _table(self, node: Node, position: int) -> Array | None:
        """The places to which an op moves each entry of an input; None where they are not as many for all."""
        key = (node, position)
        if key not in self._tables:
            sizes = [np.shape(self._values[source]) for source in node.inputs]
            labels = [np.zeros(shape) for shape in sizes]
            count = labels[position].size
            labels[position] = np.arange(1.0, count + 1).reshape(sizes[position])
            moved = np.ravel(getattr(arrays, node.op.name)(*labels, **node.attributes)).astype(np.int64)
            often = np.bincount(moved, minlength=count + 1)
            is_even = count and often[1:].min() == often[1:].max() > 0
            order = np.argsort(moved, kind="stable")[often[0] :]
            self._tables[key] = order.reshape(count, -1) if is_even else None
        return self._tables[key]

    def rounding_noise(self, seed: Array | None) -> float:
        """How far the weighed output moves where each value downstream is an ulp larger or smaller, at random.

        This is Monte Carlo arithmetic (Parker 1997). A function that is computed again gives the same number again, so
        that repeating it shows no noise; a table of differences (ECnoise, Moré & Wild 2011) would show it, but takes
        evaluations for every entry, and takes digits that are absorbed entirely, as in (x + 1e20) - 1e20, for none.
        What overflowed is the largest number here, so that it counts where the output depends on it.
        """
        random, at_once = np.random.default_rng(0), max(1, min(SAMPLES, MOST_AT_ONCE // self._largest))
        counts = [min(at_once, SAMPLES - done) for done in range(0, SAMPLES, at_once)]
        moved = np.concatenate([np.abs(self._rounded(seed, count, random)) for count in counts])
        return float(np.max(moved[np.isfinite(moved)], initial=0.0))

    def _rounded(self, seed: Array | None, samples: int, random: np.random.Generator) -> Array:
        """The changes of the weighed output by that many draws of rounding errors."""
        found: dict[Node, Any] = {}
        for node in (self._variable, *self._nodes):
            value = np.asarray(self._values[node])[None] if node is self._variable else self._whole_result(node, found)
            if not node.op.is_condition:
                up_or_down = random.integers(0, 2, (samples, *value.shape[1:])) * 2 - 1
                value = np.clip(value * (1 + ONE_ULP * up_or_down), -LARGEST, LARGEST)
            found[node] = value
        return self._weighed(found[self._output], seed, samples)


# Linear ops: the places of the result that a change of an input's places reaches, and the differences there ----------

Reached = tuple[Array, Array]


def _summed(
    inputs: Sequence[Array], _: int, places: Array, difference: Array, attributes: Mapping[str, Any]
) -> Reached:
    """Each entry is added to one sum."""
    (x,) = inputs
    joined = axes_of(attributes.get("axis"), x.shape)
    kept = [1 if axis in joined else length for axis, length in enumerate(x.shape)]
    target = np.broadcast_to(np.arange(int(np.prod(kept))).reshape(kept), x.shape)
    return np.ravel(target)[places], difference


def _averaged(
    inputs: Sequence[Array], place: int, places: Array, difference: Array, attributes: Mapping[str, Any]
) -> Reached:
    (x,) = inputs
    count = int(np.prod([x.shape[axis] for axis in axes_of(attributes.get("axis"), x.shape)]))
    return _summed(inputs, place, places, difference / count, attributes)


def _multiplied(
    inputs: Sequence[Array], position: int, places: Array, difference: Array, _: Mapping[str, Any]
) -> Reached | None:
    """In x @ y, entry (r, k) of x reaches row r, by row k of y, and (k, j) of y column j, by column k of x."""
    x, y = inputs
    if y.ndim > 2 or not y.shape[0]:  # noqa: PLR2004 - a batch of matrices on the right, or nothing to add
        return None
    inner = y.shape[0]
    rows, columns = x.reshape(-1, inner), y.reshape(inner, -1)
    count, width = len(places), columns.shape[1]
    if places.shape[1] * (len(rows) if position else width) > MOST_REACHED * len(rows) * width:
        return None  # the product itself is less work
    if position == 0:
        row, at = np.divmod(places, inner)
        reached = row[:, :, None] * width + np.arange(width)
        parts = columns[at] * difference[:, :, None]
    else:
        at, column = np.divmod(places, width)
        reached = np.arange(len(rows)) * width + column[:, :, None]
        parts = rows.T[at] * difference[:, :, None]
    return reached.reshape(count, -1), parts.reshape(count, -1)


LINEAR: dict[str, Callable[..., Reached | None]] = {"sum": _summed, "mean": _averaged, "matmul": _multiplied}
