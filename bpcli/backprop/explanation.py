"""One entry of a gradient as the chain rule has it: the sum over what uses it, and over the paths to the output."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bpcli.backprop.entries import MOST_EDGES, Edge, Entry, edges_from
from bpcli.backprop.gradients import Gradients, gradients_of
from bpcli.backprop.paths import Path, largest_paths, path_counts
from bpcli.graph.labels import entry_label
from bpcli.graph.node import Graph, Node, Variable
from bpcli.numbers.floats import floats
from bpcli.numbers.system import NumberSystem

MOST_PATHS = 20
MOST_SUMMED = 1000  # paths beyond those that are shown which are added up one by one


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Explanation:
    """∂output/∂entry, one number, and what it is the sum of.

    `uses` are the edges to the entries that use it directly: the gradient is the sum of the upstream gradient of each
    times its local derivative. `paths` are the largest of all `path_count` paths to the output entry, whose
    contributions the gradient is the sum of, too; the others contribute `sum_left_out` together. `edge_count` counts
    the edges between entries on these paths, and `labels` holds what nodes are called.
    """

    result: Gradients
    labels: Mapping[Node, str]
    entry: Entry
    output: Entry
    gradient: float
    uses: tuple[Edge, ...]
    paths: tuple[Path, ...]
    path_count: int
    sum_left_out: float
    edge_count: int

    def __repr__(self) -> str:
        return f"Explanation(gradient={self.gradient!r}, path_count={self.path_count!r})"

    @property
    def is_finite(self) -> bool:
        """Whether the output and its gradient at the entry are finite numbers."""
        return math.isfinite(self.gradient) and self.result.system.is_finite(self.result.value)

    @property
    def paths_left_out(self) -> int:
        """How many paths are not among `paths`."""
        return self.path_count - len(self.paths)

    def sum_beyond(self, count: int) -> float:
        """What all paths but the first `count` contribute together."""
        return sum_of([*[path.contribution for path in self.paths[count:]], self.sum_left_out])

    def value_at(self, entry: Entry) -> float:
        """The value of an entry."""
        return entry_of(self.result.values[entry.node], entry)

    def upstream_at(self, entry: Entry) -> float:
        """The gradient that arrives at an entry; 0 where none does."""
        upstream = self.result.upstreams.get(entry.node)
        return 0.0 if upstream is None else entry_of(upstream, entry)


def sum_of(terms: Sequence[float]) -> float:
    """The sum, rounded once; by IEEE 754 where a term is not finite, or the sum is beyond float64."""
    try:
        return math.fsum(terms) if all(map(math.isfinite, terms)) else sum(terms)
    except OverflowError:
        return sum(terms)


def entry_of(value: Any, entry: Entry) -> float:
    """The number that a value has at an entry."""
    return float(value[entry.at]) if entry.node.shape else float(value)


def entry_name(entry: Entry, labels: Mapping[Node, str]) -> str:
    """How an entry is written: `x`, `X[1,1]`."""
    return entry_label(labels.get(entry.node, "f"), entry.at)


def explanation_of(  # noqa: PLR0913 - a point, what is asked about it, and two limits
    graph: Graph,
    at: Mapping[str, Any],
    entry: Entry,
    output: Entry,
    *,
    labels: Mapping[Node, str],
    system: NumberSystem = floats,
    most_paths: int = MOST_PATHS,
    most_edges: int = MOST_EDGES,
) -> Explanation:
    """Explain ∂output/∂entry at a point. `output` is an entry of the graph's output.

    Raises LimitError where more than `most_edges` edges lie between the entries.
    """
    wanted = (entry.node.name,) if isinstance(entry.node, Variable) else None
    result = gradients_of(graph, at, wanted, system=system, seed=_seed(output, system))
    with system.at_work():
        edges = edges_from(entry, graph, result.values, system, most_edges)
    counts = path_counts(edges, output)
    edges = {one: [edge for edge in edges[one] if counts[edge.target]] for one in edges if counts[one]}
    upstream = result.upstreams.get(entry.node)
    gradient = 0.0 if upstream is None else entry_of(upstream, entry)
    every = largest_paths(edges, entry, output, most_paths + MOST_SUMMED)
    return Explanation(
        result=result,
        labels=labels,
        entry=entry,
        output=output,
        gradient=gradient,
        uses=tuple(edges.get(entry, ())),
        paths=tuple(every[:most_paths]),
        path_count=counts[entry],
        sum_left_out=_left_out(every, most_paths, counts[entry], gradient),
        edge_count=sum(map(len, edges.values())),
    )


def _seed(output: Entry, system: NumberSystem) -> Any:
    if not output.node.shape:
        return 1.0
    seed = system.zeros(output.node.shape)
    seed[output.at] = 1.0
    return seed


def _left_out(every: Sequence[Path], shown: int, count: int, gradient: float) -> float:
    """What all paths but the shown ones contribute: added up where they are few, else what the gradient lacks."""
    contributions = [path.contribution for path in every]
    if len(every) == count:
        return sum_of(contributions[shown:])
    return sum_of([gradient, *[-one for one in contributions[:shown]]])
