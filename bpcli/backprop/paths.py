"""The paths from one entry to the output: how many there are, and those that contribute most.

The gradient is the sum over all paths of the product of the local derivatives along each. There can be 2^60 of them, so
they are counted, from the output back, without walking along them; and the largest are found one after the other: the
best path, then the best of those that leave a path found at one edge (Hoffman & Pavley 1959, Lawler 1972), each in time
linear in its length. Sizes are compared as logarithms, which neither overflow nor underflow.
"""

import heapq
import math
from collections.abc import Iterator
from itertools import count
from typing import NamedTuple

from bpcli.backprop.entries import Edge, Edges, Entry

MOST_STEPS = 1_000_000  # of all paths that are written out
BEYOND = 1e9  # stands for the logarithm of infinity, and of NaN
SPARE = 4  # candidates are thinned out when there are so many times as many as wanted


class Path(NamedTuple):
    """A path from an entry to the output, and the product of its local derivatives."""

    edges: tuple[Edge, ...]
    contribution: float


class _Candidate(NamedTuple):
    """A path not walked yet: it follows `parent` for `place` edges, takes the one of this rank, and then the best."""

    size: float
    number: int
    parent: tuple[Edge, ...]
    place: int
    rank: int


def path_counts(edges: Edges, end: Entry) -> dict[Entry, int]:
    """How many paths lead from each entry to `end`; entries are given in order of computation."""
    counts: dict[Entry, int] = {}
    for entry in reversed(list(edges)):
        counts[entry] = 1 if entry == end else sum([counts[edge.target] for edge in edges[entry]])
    return counts


def largest_paths(edges: Edges, start: Entry, end: Entry, most: int) -> list[Path]:
    """At most `most` paths, those with the largest contributions, largest first."""
    walks = _Walks(edges, start, end).largest(most)
    found = [Path(walk, math.prod([edge.local for edge in reversed(walk)])) for walk in walks]
    return sorted(found, key=lambda path: -_size(path.contribution))


class _Walks:
    """The walks to `end`, by size; the edges that leave an entry are ranked by the best that follows them."""

    def __init__(self, edges: Edges, start: Entry, end: Entry) -> None:
        self._start = start
        self._best: dict[Entry, float] = {end: 0.0}
        self._ranked: dict[Entry, list[tuple[float, Edge]]] = {end: []}
        for entry in reversed(list(edges)):
            leading = [edge for edge in edges[entry] if edge.target in self._best]
            if leading and entry != end:
                pairs = [(_size(edge.local) + self._best[edge.target], edge) for edge in leading]
                self._ranked[entry] = sorted(pairs, key=lambda pair: -pair[0])
                self._best[entry] = self._ranked[entry][0][0]

    def largest(self, most: int) -> list[tuple[Edge, ...]]:
        """The walks by size, the largest first."""
        found: list[tuple[Edge, ...]] = []
        if self._start not in self._best:
            return found
        numbers = count()
        heap = [_Candidate(-self._best[self._start], next(numbers), (), 0, 0)]
        room = MOST_STEPS
        while heap and len(found) < most and room > 0:
            chosen = heapq.heappop(heap)
            walk = self._walked(chosen)
            found.append(walk)
            room -= len(walk)
            for candidate in self._leaving(walk, chosen, numbers):
                heapq.heappush(heap, candidate)
            wanted = most - len(found)
            if len(heap) > SPARE * max(wanted, 1):
                heap = heapq.nsmallest(wanted, heap)
        return found

    def _walked(self, candidate: _Candidate) -> tuple[Edge, ...]:
        walk = list(candidate.parent[: candidate.place])
        entry, rank = (walk[-1].target if walk else self._start), candidate.rank
        while self._ranked[entry]:
            walk.append(self._ranked[entry][rank][1])
            entry, rank = walk[-1].target, 0
        return tuple(walk)

    def _leaving(self, walk: tuple[Edge, ...], chosen: _Candidate, numbers: Iterator[int]) -> Iterator[_Candidate]:
        """The best walks that leave this one at or after the place where it left its parent: each walk but once."""
        so_far = math.fsum([_size(edge.local) for edge in walk[: chosen.place]])
        for place in range(chosen.place, len(walk)):
            rank = chosen.rank + 1 if place == chosen.place else 1
            ranked = self._ranked[walk[place].source]
            if rank < len(ranked):
                yield _Candidate(-(so_far + ranked[rank][0]), next(numbers), walk, place, rank)
            so_far += _size(walk[place].local)


def _size(number: float) -> float:
    """The logarithm of the absolute value."""
    if not math.isfinite(number):
        return BEYOND
    return math.log(abs(number)) if number else -math.inf
