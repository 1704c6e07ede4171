"""The two oracles of one point: differences of exact values, and SymPy's derivatives. Neither knows a rule."""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import NamedTuple

from bpcli.check.chain import chained
from bpcli.check.finite import Kind, Side, Slopes, is_settled, quotient_limit, slopes
from bpcli.check.nearness import same
from bpcli.check.point import LADDER, Point, Rung
from bpcli.check.symbolic import LocalDerivatives, WholeExpression
from bpcli.graph.node import Constant, Node
from bpcli.numbers.balls import Ball, exactly, precision
from bpcli.numbers.exact import exact

MOST_EVALUATIONS = 200_000  # op evaluations for differences of the whole expression; beyond, step by step
LOCAL_DERIVATIVES = LocalDerivatives()


class Symbolic(NamedTuple):
    """SymPy's answer, and whether it took the expression whole or step by step."""

    value: Ball | None
    is_whole: bool = True


class Oracles:
    """What differences and SymPy say about the output, and about each step, at a point.

    The whole expression is taken where it is small, unless all is asked for `by_steps`.
    """

    def __init__(self, point: Point, whole: WholeExpression | None = None, *, by_steps: bool = False) -> None:
        self.point = point
        self._by_steps = by_steps
        self.graph = point.graph
        self.whole = whole or WholeExpression(point.graph)
        self._slopes: dict[Node, Slopes] = {}
        self._local_slopes: dict[tuple[Node, Node], Slopes] = {}
        self._chains: dict[int, dict[Node, Ball | None]] = {}
        self._difference_chains: dict[Rung, dict[Node, Ball | None]] = {}

    @cached_property
    def is_small(self) -> bool:
        """Whether the budget allows differences of the whole expression for every variable."""
        evaluations = 4 * len(self.graph.nodes) * max(1, len(self.graph.variables))
        return not self._by_steps and evaluations <= MOST_EVALUATIONS

    @cached_property
    def tied(self) -> frozenset[Node]:
        """The op nodes that are at a border here: a comparison of equals, a step of a staircase, or an open one."""
        found = {
            node
            for node, outcomes in self.point.outcomes.items()
            if any(outcome.tied or outcome.result is None for outcome in outcomes)
        }
        chosen = [node for node in self.graph.nodes if node.op.name == "where" and not found.isdisjoint(node.inputs)]
        return frozenset(found.union(chosen))

    @cached_property
    def at_kink(self) -> frozenset[Node]:
        """The op nodes of which SymPy is not asked here: those at a border, or at a kink without one."""
        values = self.point.values()
        return self.tied | {node for node in self.graph.nodes if _is_singular(node, values)}

    def slopes(self, leaf: Node) -> Slopes:
        """The slopes of the output with respect to a node."""
        if leaf not in self._slopes:
            stepwise = None if self.is_small else self._from_steps(leaf)
            self._slopes[leaf] = stepwise or self._confirmed(leaf)
        return self._slopes[leaf]

    def _confirmed(self, leaf: Node) -> Slopes:
        """The slopes; with finer steps if SymPy disagrees, as a step may jump over many waves of a function."""
        found = slopes(self.point, {leaf: 1})
        symbolic = self.symbolic(leaf).value
        if found.derivative is None or symbolic is None or same(found.derivative, symbolic):
            return found
        return slopes(self.point, {leaf: 1}, ladder=LADDER[1:])

    def local_slopes(self, node: Node, source: Node) -> Slopes:
        """The slopes of one op with respect to one input."""
        key = (node, source)
        if key not in self._local_slopes:
            self._local_slopes[key] = slopes(self.point, {source: 1}, [node], node)
        return self._local_slopes[key]

    def _chain_of_differences(self, rung: Rung) -> dict[Node, Ball | None]:
        if rung not in self._difference_chains:
            self._difference_chains[rung] = chained(
                self.graph, lambda node, position: self.local_difference(node, position, rung), exactly(1)
            )
        return self._difference_chains[rung]

    def local_difference(self, node: Node, position: int, rung: Rung = LADDER[0]) -> Ball | None:
        """The slope of one op with respect to one input place, by steps of this rung or finer; None at a kink."""
        if node in self.tied:
            return None
        quick = None if node.op.kinks else self._quick_difference(node, position, rung)
        return quick or self._difference_at(node, position, rung)

    def _quick_difference(self, node: Node, position: int, rung: Rung) -> Ball | None:
        """The slope of a smooth op to the right; None where this rung does not settle it."""
        values = self.point.values(rung.bits)
        # Without their radii, which are far below what a step shows; the value's own is counted.
        inputs = [one.centre if isinstance(one, Ball) else one for one in map(values.__getitem__, node.inputs)]
        here = inputs[position]
        if here.middle is None:
            return None
        exponent = (here.magnitude if here.middle[1] else 0) - rung.step
        with precision(rung.bits):
            function = getattr(exact, node.op.name)
            inputs[position] = here + Ball((0, 1, exponent, 1))
            far = exactly(function(*inputs, **node.attributes))
            inputs[position] = here + Ball((0, 1, exponent - 1, 1))
            near = exactly(function(*inputs, **node.attributes))
            slope = quotient_limit(far, near, exactly(values[node]), exponent)
        return slope if slope is not None and is_settled(slope) else None

    def _difference_at(self, node: Node, position: int, rung: Rung) -> Ball | None:
        """The slope with respect to one place among the inputs: on a copy of the op with inputs of its own."""
        inputs = tuple([Constant(0.0) for _ in node.inputs])
        copy = Node(node.op, inputs, node.attributes)
        ladder = LADDER[LADDER.index(rung) :]
        return slopes(_Lifted(self.point, node, copy), {inputs[position]: 1}, [copy], copy, ladder=ladder).derivative

    def _from_steps(self, leaf: Node) -> Slopes | None:
        """The slope by the chain rule over differences of each step; None where a step is at a kink.

        Where paths cancel, the sum is known to fewer digits than its parts, and is taken again by smaller steps.
        """
        for rung in LADDER[:2]:
            total = self._chain_of_differences(rung).get(leaf, exactly(0))
            if total is None:
                return None
            if is_settled(total):
                side = Side(Kind.SLOPE, total)
                return Slopes(self.point.values()[self.graph.output], side, side, is_whole=False)
        return None

    def symbolic(self, leaf: Node) -> Symbolic:
        """SymPy's derivative of the output with respect to a node, as a number; None at kinks."""
        if self.at_kink and not self.at_kink.isdisjoint([leaf, *self.point.downstream([leaf])]):
            return Symbolic(None, is_whole=False)
        for rung in () if self._by_steps else LADDER:
            with precision(rung.bits):
                value = self.whole.value(leaf, self.point.values(rung.bits))
                if value is None:
                    break
                if value.middle is None or is_settled(value):
                    return Symbolic(value if value.middle is not None else None)
        return Symbolic(self._symbolic_from_steps(leaf), is_whole=False)

    def _symbolic_from_steps(self, leaf: Node) -> Ball | None:
        for rung in LADDER if self.is_small else LADDER[:2]:
            total = self._chain_of_symbols(rung.bits).get(leaf, exactly(0))
            if total is None or total.middle is None or is_settled(total):
                break
        return total if total is not None and total.middle is not None and is_settled(total) else None

    def _chain_of_symbols(self, bits: int) -> dict[Node, Ball | None]:
        if bits not in self._chains:
            with precision(bits):
                values = self.point.values(bits)
                self._chains[bits] = chained(
                    self.graph,
                    lambda node, position: (
                        None if node in self.at_kink else LOCAL_DERIVATIVES.value(node, position, values)
                    ),
                    exactly(1),
                )
        return self._chains[bits]

    def local_symbolic(self, node: Node, source: Node) -> Ball | None:
        """SymPy's derivative of one op with respect to one input, added up where the input stands in several places."""
        if node in self.at_kink:
            return None
        values, total = self.point.values(), exactly(0)
        with precision(LADDER[0].bits):
            for position, one in enumerate(node.inputs):
                if one is source:
                    part = LOCAL_DERIVATIVES.value(node, position, values)
                    if part is None or part.middle is None:
                        return None
                    total = total + part
        return total


SINGULAR: dict[str, Callable[..., bool]] = {  # where ops that compare nothing have a kink
    "sqrt": lambda x: x.is_zero,
    "cbrt": lambda x: x.is_zero,
    "acot": lambda x: x.is_zero,
    "hypot": lambda x, y: x.is_zero and y.is_zero,
    "atan2": lambda y, x: y.is_zero and float(x) <= 0,
    "acosh": lambda x: float(x) == 1,
    "asech": lambda x: float(x) == 1,
}


def _is_singular(node: Node, values: Mapping[Node, Ball]) -> bool:
    test = SINGULAR.get(node.op.name)
    return test is not None and test(*[exactly(values[source]) for source in node.inputs])


class _Lifted(Point):
    """A point at which an op has been given inputs of its own, with the values that its inputs have."""

    def __init__(self, point: Point, node: Node, copy: Node) -> None:
        super().__init__(point.graph, point.at)
        self._point = point
        self._pairs = list(zip((*copy.inputs, copy), (*node.inputs, node), strict=True))

    def values(self, bits: int = LADDER[0].bits) -> dict[Node, Ball]:
        """The values of the op and of its inputs."""
        known = self._point.values(bits)
        return {copied: known[original] for copied, original in self._pairs}
