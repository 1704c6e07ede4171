"""Local Jacobians at a point: of a node with respect to nodes before it, with all else held at its value.

A layer that treats the samples of a batch apart has a Jacobian for each of them, and all are pulled back at once: the
upstream gradient is 1 at one place of every sample. Which axes are kept apart is found by numbers, not by the kind of
layer, so that batch normalisation, which mixes the samples, has one Jacobian for all.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import prod
from typing import Any, NamedTuple

from bpcli.backprop.pullback import Pullback
from bpcli.flow.results import Singular
from bpcli.graph.node import Node
from bpcli.graph.op import Shape
from bpcli.numbers.arrays import arrays
from bpcli.numbers.entries import ones_at
from bpcli.numbers.samples import blocks_along, flat, joined, keeps_apart, repeated_along, split
from bpcli.numbers.singular import ends_of_singular_values, largest_singular_value

MOST_ENTRIES = 1 << 22  # of one Jacobian that is written out
MOST_SWEPT = 1 << 28  # numbers that are swept back for the Jacobians of one node
MOST_WORK = 1 << 31  # rows · columns · the fewer of both, of a matrix whose singular values are computed
WORK_OF_SAMPLES = 1 << 28  # of all samples together, beyond the first
BATCHED = arrays.batched()

Map = Callable[[Any], Any]


class Local(NamedTuple):
    """The Jacobian of a node with respect to others, side by side, and the axes along which it keeps places apart."""

    pullback: Pullback
    apart: tuple[int, ...] = ()
    batch: int = 1  # how many Jacobians there are, of which the first `samples` are kept

    def keeping(self, apart: tuple[int, ...]) -> "Local":
        """The same, which is taken to keep places apart along these axes."""
        return self._replace(apart=apart, batch=prod([self.pullback.output.shape[axis] for axis in apart]))

    @property
    def sources(self) -> tuple[Node, ...]:
        """The nodes with respect to which it is taken, as far as a derivative reaches them."""
        return self.pullback.reached

    @property
    def samples(self) -> int:
        """How many Jacobians are kept."""
        return prod([self.pullback.output.shape[axis] for axis in self.apart])

    @property
    def rows(self) -> int:
        """The entries of the node in one Jacobian."""
        return prod(_without(self.pullback.output.shape, self.apart))

    @property
    def columns(self) -> int:
        """The entries of the others in one Jacobian."""
        return sum([prod(_without(source.shape, self.apart)) for source in self.sources])

    @property
    def work(self) -> int:
        """How much work the singular values of one Jacobian are."""
        return self.rows * self.columns * min(self.rows, self.columns)

    @property
    def is_small(self) -> bool:
        """Whether a Jacobian can be written out."""
        swept = min(self.rows, self.columns) * (self.pullback.size // self.samples)
        return self.rows * self.columns <= MOST_ENTRIES and swept <= MOST_SWEPT and self.work <= MOST_WORK

    def of_samples(self, most: int) -> "Local":
        """The same with no more than the first so many Jacobians kept, where the ops between can be narrowed."""
        pullback, left = self.pullback, most
        for axis in self.apart:
            length = pullback.output.shape[axis]
            kept = max(1, min(length, left))
            left //= kept
            pullback = (pullback.narrowed(axis, kept) if kept < length else None) or pullback
        return self._replace(pullback=pullback)

    def matrices(self, most: int) -> Any:
        """The Jacobians of at most so many places along the axes that are kept apart: (places, rows, columns)."""
        if self.columns < self.rows:
            return joined([self._columns(source, most) for source in self.sources], 2)
        at_once, output = self.pullback.at_once, self.pullback.output
        found = [self.pullback(ones) for ones in _unit_vectors(output.shape, self.apart, at_once)]
        of_source = [[blocks_along(rows[source], self.apart, most) for rows in found] for source in self.sources]
        return joined([joined(blocks, 1) for blocks in of_source], 2)

    def largest_alone(self) -> Singular | None:
        """The largest singular value of one sample, where ops can be narrowed; the smallest is not known."""
        one = self.of_samples(1)
        largest = one.largest()
        return None if largest is None else Singular(largest, None, one.samples, one.batch)

    def _columns(self, source: Node, most: int) -> Any:
        """The columns of the Jacobians that belong to one of the others."""
        forward, vectors = self.forward(source), _unit_vectors(source.shape, self.apart, self.pullback.at_once)
        return joined([blocks_along(forward(ones), self.apart, most) for ones in vectors], 1).swapaxes(1, 2)

    def forward(self, source: Node) -> Map:
        """The map v ↦ Jv for one of the others, for vectors along a leading axis."""
        adjoint = self.pullback.adjoint(source)
        if adjoint is None:
            return lambda vectors: arrays.zeros((len(vectors), *self.pullback.output.shape))
        (upstream,) = adjoint.reached
        return lambda vectors: adjoint(vectors)[upstream]

    def largest(self) -> float | None:
        """The largest singular value of the whole, without writing it out; None where it does not settle."""
        shapes = [source.shape for source in self.sources]
        maps = [self.forward(source) for source in self.sources]

        def forward(vector: Any) -> Any:
            first, *others = [apply(part[None])[0] for apply, part in zip(maps, split(vector, shapes), strict=True)]
            return sum(others, start=first)

        def back(upstream: Any) -> Any:
            return flat([found[0] for found in self.pullback(upstream[None]).values()])

        return largest_singular_value(forward, back, sum(map(prod, shapes)))


def local_of(output: Node, nodes: Sequence[Node], sources: Sequence[Node], values: Mapping[Node, Any]) -> Local | None:
    """The Jacobian of a node with respect to others before it; None where no derivative reaches any of them.

    None too where a node has no entries, as of a batch without samples. `nodes` are the op nodes from the others to
    the one, in order; `values` have a batch axis of length 1.
    """
    if not all(prod(node.shape) for node in (output, *sources)):
        return None
    local = Local(Pullback(output, nodes, sources, values, BATCHED))
    if not local.sources:
        return None
    shapes = [output.shape, *[source.shape for source in local.sources]]
    shared = [axis for axis, lengths in enumerate(zip(*shapes, strict=False)) if len(set(lengths)) == 1]
    return local.keeping(tuple([axis for axis in shared if _keeps_apart(local, axis)]))


def _keeps_apart(local: Local, axis: int) -> bool:
    pull, shape = local.pullback, local.pullback.output.shape
    return all(keeps_apart(_back_to(source, pull), shape, axis) for source in local.sources)


def _back_to(source: Node, pullback: Pullback) -> Map:
    return lambda upstreams: pullback(upstreams)[source]


def singular_of(local: Local) -> Singular | None:
    """The ends of the singular values of a local Jacobian, over as many samples as the bounds of this file allow.

    The smallest is not known where a Jacobian is too large to be written out. None where entries are not finite.
    """
    if not local.is_small:
        return local.largest_alone()
    samples = max(1, min(local.batch, WORK_OF_SAMPLES // max(1, local.work)))
    return singular_of_matrices(local.of_samples(samples).matrices(samples), local.batch)


def singular_of_matrices(matrices: Any, batch: int) -> Singular | None:
    """The same for Jacobians that are written out, of some of the samples of a batch."""
    ends = ends_of_singular_values(matrices)
    return ends and Singular(ends.largest, ends.smallest, len(matrices), batch)


def _without(shape: Shape, axes: Sequence[int]) -> Shape:
    return tuple([length for axis, length in enumerate(shape) if axis not in axes])


def _unit_vectors(shape: Shape, apart: tuple[int, ...], at_once: int) -> Iterator[Any]:
    """The unit vectors of one sample, each repeated along the axes that are kept apart, so many at a time."""
    kept = _without(shape, apart)
    for start in range(0, prod(kept), at_once):
        yield repeated_along(ones_at(kept, range(start, min(start + at_once, prod(kept)))), apart, shape)
