"""Whether a claimed formula is the gradient: at many seeded points, and, where SymPy can, by a proof.

At a given point the points lie around it, on its own branch of the functions; without one, anywhere in the domain.
"""

from collections.abc import Iterator, Mapping
from itertools import product
from math import exp
from random import Random

from bpcli.check.findings import Counterexample, Equality, Outcome
from bpcli.check.finite import is_settled
from bpcli.check.nearness import AS_TYPED, Tolerance, same, tight, tolerance, within
from bpcli.check.oracles import Oracles
from bpcli.check.point import LADDER, Point
from bpcli.check.symbolic import WholeExpression, expression_of_graph, is_within_budget
from bpcli.check.targets import Item
from bpcli.graph.node import Graph, Node
from bpcli.language.claims import Claim
from bpcli.numbers.balls import UNDEFINED, Ball, exactly, precision
from bpcli.numbers.evaluate import evaluate
from bpcli.numbers.exact import exact
from bpcli.numbers.symbols import is_zero, real_symbol
from bpcli.numbers.translation import REFUSALS

POINTS = 40
ENOUGH = 5
MOST_DRAWS = 600
FARTHEST_BORDER = 1000
MOST_BORDERS = 8
NEARBY = 1e-3  # relative, around a given point
SHORT_LITERAL = 1024.0  # times a literal that is what was typed, as 0.5 is and 0.1 is not, is whole
MOST_KEPT = 20_000  # values of nodes, at all points together
LARGEST_PROOF = 60  # operations in the difference that SymPy is asked to simplify


class Truths:
    """What an item comes to at points, each found once, however many formulas are compared with it."""

    def __init__(self, graph: Graph, item: Item) -> None:
        self.graph = graph
        self.item = item
        self.whole = WholeExpression(graph)
        self._points: dict[tuple[tuple[str, float], ...], Point] = {}
        self._found: dict[Point, Ball | None] = {}

    def point(self, at: Mapping[str, float]) -> Point:
        """The point with these numbers, and with what was found there."""
        key = tuple(at.items())
        if key not in self._points:
            if self._points and len(self._points) * len(self.graph.nodes) >= MOST_KEPT:
                self._found.pop(self._points.pop(next(iter(self._points))), None)
            self._points[key] = Point(self.graph, at)
        return self._points[key]

    def at(self, point: Point) -> Ball | None:
        """The item there, or None where it cannot be told."""
        if point not in self._found:
            self._found[point] = self._at(point)
        return self._found[point]

    def _at(self, point: Point) -> Ball | None:
        if exactly(point.values()[self.graph.output]).middle is None:
            return None
        oracles = Oracles(point, self.whole)
        kind, node, source = self.item
        if kind == "value":
            value = exactly(point.values()[node])
            return None if value.middle is None else value
        gradient = None if kind == "local" else oracles.slopes(node).derivative
        if source is None:
            return gradient
        local = oracles.local_slopes(node, source).derivative
        if kind == "local" or gradient is None or local is None:
            return local if kind == "local" else None
        with precision(LADDER[0].bits):
            return gradient * local


class Comparison:
    """A claimed formula against the item that it is claimed to be, at any point."""

    def __init__(self, truths: Truths, formula: Graph, names: Mapping[str, Node], near: Tolerance = AS_TYPED) -> None:
        self.truths = truths
        self.graph = graph = truths.graph
        self.item = truths.item
        self.formula = formula
        self.names = names
        self.near = near
        constants = [constant.value for constant in (*graph.constants, *formula.constants) if not constant.symbol]
        self._has_short_literals = all((value * SHORT_LITERAL).is_integer() for value in constants)

    def outcome(self, claim: Claim, at: Mapping[str, float] | None) -> Equality:
        """Agreement at 40 points, then a proof if there is one; or the first counterexample."""
        agreed: list[Mapping[str, float]] = []
        here = None if at is None else Point(self.graph, at)
        for drawn in _points(self.graph, self.formula, at):
            point = self.truths.point(drawn)
            if here is not None and not here.shares_branch(point):
                continue
            counterexample = self._disagreement(point, claim)
            if counterexample is not None and counterexample.claimed == counterexample.claimed:
                return Equality(Outcome.DIFFERS, tuple(agreed), counterexample)
            if counterexample is None:
                agreed.append(drawn)
            if len(agreed) == POINTS:
                break
        if len(agreed) < ENOUGH:
            return Equality(Outcome.UNKNOWN, tuple(agreed))
        return Equality(Outcome.PROVED if self._is_proved() else Outcome.AGREES, tuple(agreed))

    def _disagreement(self, point: Point, claim: Claim) -> Counterexample | None:
        """None where the formula is right at a point; with NaN where that cannot be told there."""
        unknown = Counterexample(point.at, float("nan"), float("nan"))
        truth = self.truths.at(point)
        if truth is None:
            return unknown
        claimed = self.claimed(point)
        if claimed.middle is None:
            return unknown
        if self.near.is_as_typed and claim.number is None:
            verdict = within(claimed, truth, tight(truth, is_exact=self._has_short_literals))
        else:
            verdict = within(claimed, truth, tolerance(truth, claim, self.near))
        if verdict is None:
            return unknown
        return None if verdict else Counterexample(point.at, float(claimed), float(truth))

    def varies(self) -> bool:
        """Whether what the formula is claimed to be is another number at another point."""
        found: list[Ball] = []
        for drawn in _points(self.graph, self.formula, None):
            truth = self.truths.at(self.truths.point(drawn))
            if truth is not None:
                found.append(truth)
            if len(found) == ENOUGH:
                break
        return not all(same(found[0], other) for other in found)

    def claimed(self, point: Point) -> Ball:
        """The formula's value at a point."""
        found = UNDEFINED
        for rung in LADDER:
            values = point.values(rung.bits)
            with precision(rung.bits):
                at = {
                    name: values[self.names[name]] if name in self.names else exactly(point.at[name])
                    for name in [variable.name for variable in self.formula.variables]
                }
                found = exactly(evaluate(self.formula, at, exact)[self.formula.output])
            if found.middle is None or is_settled(found):
                break
        return found

    def _is_proved(self) -> bool:
        """Whether SymPy finds that the two formulas are one; only asked of a gradient, within a budget of nodes."""
        if self.item.kind != "gradient" or not self.truths.whole.is_possible or not is_within_budget(self.formula):
            return False
        derivative = self.truths.whole.derivative(self.item.node)
        if derivative is None:
            return False
        symbols = self.truths.whole.names(self.item.node)
        try:
            inner = (
                {symbols[self.item.node]: self._expression(self.item.node, symbols)} if self.item.node.inputs else {}
            )
            named = {
                variable: self._expression(self.names.get(variable.name, variable), symbols)
                for variable in self.formula.variables
            }
            gap = derivative.expression.xreplace(inner) - expression_of_graph(self.formula, named)
            return is_zero(gap, LARGEST_PROOF)
        except REFUSALS:
            return False

    def _expression(self, node: Node, symbols: Mapping[Node, object]) -> object:
        if not node.inputs:
            return symbols[node] if node in symbols else real_symbol(f"t_{node.name}")
        inside = Graph(node, self.graph.nodes, self.graph.variables, self.graph.constants)
        return expression_of_graph(
            inside, {leaf: name for leaf, name in symbols.items() if leaf is not self.item.node or not leaf.inputs}
        )


def _points(graph: Graph, formula: Graph, at: Mapping[str, float] | None) -> Iterator[Mapping[str, float]]:
    """The given point and points around it; or points anywhere, as a fixed seed draws them.

    A name that only the formula has keeps its value.
    """
    random = Random(20260101)  # noqa: S311 - the same points every time
    names = [variable.name for variable in graph.variables]
    if at is not None:
        yield at
        for _ in range(MOST_DRAWS):
            yield {name: _nearby(value, random) if name in names else value for name, value in at.items()}
        return
    literals = [constant.value for constant in (*graph.constants, *formula.constants) if not constant.symbol]
    borders = list(
        dict.fromkeys([value * sign for value in literals for sign in (1, -1) if 0 < value <= FARTHEST_BORDER])
    )
    for name, border in list(product(names, borders))[:MOST_BORDERS]:  # a literal may be where a piece ends
        for side in (-1, 1):
            yield {other: _anywhere(random) for other in names} | {name: border + side * random.random()}
    for _ in range(MOST_DRAWS):
        yield {name: _anywhere(random) for name in names}


def _nearby(value: float, random: Random) -> float:
    shift = random.uniform(-NEARBY, NEARBY)
    return value * (1 + shift) if value else shift


def _anywhere(random: Random) -> float:
    """A number that may suit any domain: of either sign, within one, positive, or far from 1."""
    kind = random.randrange(7)
    if kind == 0:
        return random.uniform(-3, 3)
    if kind == 1:
        return random.uniform(-0.95, 0.95)
    if kind in (2, 3):
        return random.uniform(0.1, 3)
    if kind == 4:  # noqa: PLR2004 - one in seven
        return random.uniform(-12, 12)
    return exp(random.uniform(-4, 4)) * random.choice((1, 1, -1))
