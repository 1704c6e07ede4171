"""A graph at a point, in as many digits as are asked for: its values, and its output where some nodes are moved."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import chain
from typing import Any, NamedTuple

from bpcli.graph.node import Graph, Node
from bpcli.graph.order import downstream_of
from bpcli.numbers.balls import UNRESOLVED, Ball, Outcome, exactly, power_of_two, precision, recorded
from bpcli.numbers.evaluate import Values, compute, evaluate
from bpcli.numbers.exact import exact


class Rung(NamedTuple):
    """A step of 2**-step times the size of what is moved, and the bits of every number."""

    step: int
    bits: int


# The first rung has 96 digits. The last ones see a slope of 2**-1090, below the smallest number of float64: what is
# still 0 there is 0 for whoever claims a number. Bits beyond the step and those 1090 are for the size of the values,
# and for what the square of the last step adds.
LADDER = (Rung(80, 320), Rung(300, 1000), Rung(1200, 2600), Rung(2400, 5200))
SMALLEST_MOVE = 8_000  # bits below 1 that the size of what is moved counts for; smaller, it asks for endless digits
NOTHING_BELOW = -1090  # as an exponent of 2


class _Moved(dict[Node, Ball]):
    """Values of which some differ from those at the point."""

    def __init__(self, changes: Mapping[Node, Ball], still: Values) -> None:
        super().__init__(changes)
        self._still = still

    def __missing__(self, node: Node) -> Ball:
        value: Ball = self._still[node]
        return value


class Point:
    """The exact values of a graph's nodes where its variables have the values `at`."""

    def __init__(self, graph: Graph, at: Mapping[str, float]) -> None:
        self.graph = graph
        self.at = at
        self._values: dict[int, Values] = {}
        self._downstream: dict[tuple[Node, ...], list[Node]] = {}

    def values(self, bits: int = LADDER[0].bits) -> Values:
        """The value of every node in so many bits."""
        if bits not in self._values:
            with precision(bits):
                exactly_at = {name: exactly(value) for name, value in self.at.items()}
                self._values[bits] = evaluate(self.graph, exactly_at, exact)
        return self._values[bits]

    @cached_property
    def outcomes(self) -> dict[Node, list[Outcome]]:
        """What every comparison at the point comes to, by the op that makes it, in the order of the graph."""
        values = self.values()
        with precision(LADDER[0].bits):
            return {
                node: _outcomes(node, values)[1] for node in self.graph.nodes if node.varies and _is_branching(node)
            }

    @cached_property
    def branch(self) -> tuple[Outcome, ...]:
        """All of these one after the other: the piece that the point is on."""
        return tuple(chain.from_iterable(self.outcomes.values()))

    def shares_branch(self, other: "Point") -> bool:
        """Whether every comparison that is no tie here comes out the same there."""
        pairs = zip(self.branch, other.branch, strict=True)
        return all(here.tied or here.result == there.result for here, there in pairs)

    def downstream(self, nodes: Sequence[Node]) -> list[Node]:
        """The op nodes that depend on some of the nodes, without these, in the order of the graph."""
        key = tuple(nodes)
        if key not in self._downstream:
            reached = downstream_of(self.graph, nodes)
            self._downstream[key] = [node for node in self.graph.nodes if node in reached and node not in nodes]
        return self._downstream[key]

    def along(self, direction: Mapping[Node, float], through: Sequence[Node], output: Node, rung: Rung) -> "Ray":
        """The output as a function of how far the nodes are moved along a direction."""
        return Ray(self.values(rung.bits), direction, through, output, rung)


class Ray:
    """The output where nodes are moved by t·h along a direction; h is a power of two that suits their size.

    Only the nodes `through` are computed anew, and of these only what a moved value reaches: what a choice does not
    take, or a staircase keeps, stays exactly as it was. To be used at the rung's precision.
    """

    def __init__(
        self, values: Values, direction: Mapping[Node, float], through: Sequence[Node], output: Node, rung: Rung
    ) -> None:
        self._values = values
        self._direction = direction
        self._through = through
        self._output = output
        self.step = power_of_two(
            max(min(map(size_of, [values[node] for node in direction]), default=0), -SMALLEST_MOVE) - rung.step
        )
        self._here = {node: _outcomes(node, values)[1] for node in through if _is_branching(node)}

    @property
    def value(self) -> Ball:
        """The output at the point itself."""
        return exactly(self._values[self._output])

    @property
    def is_open(self) -> bool:
        """Whether a comparison at the point itself could not be decided."""
        return any(outcome.result is None for outcomes in self._here.values() for outcome in outcomes)

    @property
    def is_tied(self) -> bool:
        """Whether the point itself is on the border of some comparison."""
        return any(outcome.tied for outcomes in self._here.values() for outcome in outcomes)

    def at(self, t: float) -> tuple[Ball, bool]:
        """The output at t·h, and whether the way there crosses a border that the point itself is not on."""
        shift = self.step * t
        moved = _Moved(
            {node: self._values[node] + shift * part for node, part in self._direction.items()}, self._values
        )
        crosses = False
        for node in self._through:
            if moved.keys().isdisjoint(node.inputs):
                continue
            if _is_branching(node):
                value, there = _outcomes(node, moved)
                crosses = crosses or any(map(_is_crossed, self._here[node], there))
            else:
                compute([node], moved, exact)
                value = moved.pop(node)
            if not _is_same(value, self._values[node]):
                moved[node] = value
        return exactly(moved[self._output]), crosses


def size_of(value: Ball) -> int:
    """The exponent of a value, 0 for 0."""
    return 0 if value.middle is None or value.is_zero else value.magnitude


def _is_branching(node: Node) -> bool:
    return bool(node.op.kinks) or node.op.is_condition


def _outcomes(node: Node, values: Values) -> tuple[Any, list[Outcome]]:
    """The value of a node, and what was compared on the way."""
    inputs = [values[source] for source in node.inputs]
    with recorded() as trail:
        value = getattr(exact, node.op.name)(*inputs, **node.attributes)
    return value, trail


def _is_crossed(here: Outcome, there: Outcome) -> bool:
    if here.result is None:
        return False
    if here.tied:  # the nearest step of a staircase is one away, and so is either sign from 0
        return there.result is None or abs(there.result - here.result) > 1
    return here.result != there.result


def _is_same(new: Any, old: Any) -> bool:
    """Whether a value is the old one itself, as a choice hands it on, or exactly the same number."""
    if new is old and new is not UNRESOLVED:
        return True
    return (
        isinstance(new, Ball) and isinstance(old, Ball) and new.is_exact and old.is_exact and new.middle == old.middle
    )
