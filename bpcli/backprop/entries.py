"""Entries of arrays as the nodes of a graph of their own: which entries use an entry, and by which local derivative.

A single number is an array of one entry. Edges are found only from one entry onwards, and counted while they are found.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

from bpcli.backprop.sweep import local_numbers
from bpcli.errors import LimitError
from bpcli.graph.node import Graph, Node
from bpcli.graph.op import Shape
from bpcli.graph.order import ancestors_first

MOST_EDGES = 20_000


class Entry(NamedTuple):
    """An entry of the value of a node, by its place in row-major order."""

    node: Node
    place: int = 0

    @property
    def at(self) -> tuple[int, ...]:
        """The index of the entry along each axis; `()` for a single number."""
        return index_of(self.place, self.node.shape)


class Edge(NamedTuple):
    """`target` uses `source` as an entry of its input `position`; `local` is ∂target/∂source along it."""

    source: Entry
    target: Entry
    position: int
    local: float


Edges = Mapping[Entry, list[Edge]]


def index_of(place: int, shape: Shape) -> tuple[int, ...]:
    """The index of the entry at a place."""
    index = []
    for length in reversed(shape):
        place, at = divmod(place, length)
        index.append(at)
    return tuple(reversed(index))


def place_of(index: Collection[int], shape: Shape) -> int:
    """The place of the entry with this index."""
    place = 0
    for at, length in zip(index, shape, strict=True):
        place = place * length + at
    return place


def edges_from(
    start: Entry, graph: Graph, values: Mapping[Node, Any], system: Any, most: int = MOST_EDGES
) -> dict[Entry, list[Edge]]:
    """The edges that leave each entry which `start` reaches on the way to the output, entries in order of computation.

    Raises LimitError where there are more than `most`.
    """
    needed = set(ancestors_first([graph.output]))
    reached: dict[Node, dict[int, None]] = {start.node: {start.place: None}}
    found: dict[Entry, list[Edge]] = {start: []}
    count = 0
    for node in graph.nodes:
        if node not in needed or not node.varies or reached.keys().isdisjoint(node.inputs):
            continue
        for edge in _edges_into(node, reached, values, system):
            count += 1
            if count > most:
                raise _too_many(most, graph, node)
            found[edge.source].append(edge)
            found.setdefault(edge.target, [])
            reached.setdefault(node, {})[edge.target.place] = None
    return found


def _edges_into(
    node: Node, reached: Mapping[Node, Collection[int]], values: Mapping[Node, Any], system: Any
) -> Iterator[Edge]:
    if node.op.pullback is not None:
        from bpcli.backprop.columns import edges_of_structural  # noqa: PLC0415 - single numbers need no NumPy

        yield from edges_of_structural(node, reached, values)
        return
    for position, local in enumerate(local_numbers(node, values.__getitem__, system)):
        source = node.inputs[position]
        places = reached.get(source)
        if places and local is not None:
            for place, number in zip(places, _numbers_at(local, node.shape, places), strict=True):
                yield Edge(Entry(source, place), Entry(node, place), position, number)


def _numbers_at(local: Any, shape: Shape, places: Collection[int]) -> list[float]:
    if not shape:
        return [float(local)]
    from bpcli.numbers.entries import picked  # noqa: PLC0415 - the same

    return picked(local, shape, list(places))


def _too_many(most: int, graph: Graph, node: Node) -> LimitError:
    message = f"more than {most} edges between entries lead from this one to the output"
    hint = "raise the limit with --max-edges, or take an entry that is nearer to the output"
    spans = (node.span,) if node.span else ()
    return LimitError(message, hint=hint, text=graph.text or None, spans=spans)
