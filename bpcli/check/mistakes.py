"""Mistakes that people make, and the number that each of them gives.

A mistake in one step changes its local derivative l to l'. The gradient with respect to v then changes by
upstream · (l' - l) · ∂input/∂v, so every mistake in every step is tried at the price of one pass back and one forward.
"""

from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from bpcli.backprop.sweep import gradients_at, local_numbers
from bpcli.check.findings import Cause
from bpcli.check.judge import Judge
from bpcli.check.point import LADDER, Point
from bpcli.check.slips import ARITHMETIC, CHAIN, LOGARITHMS, PATH, RULE, TRIGONOMETRIC, slips_of
from bpcli.check.targets import Item
from bpcli.graph.node import Node, Variable
from bpcli.graph.notation import number_text
from bpcli.numbers.balls import Ball, exactly
from bpcli.numbers.evaluate import compute
from bpcli.numbers.exact import exact

MOST_STEPS = 400
MOST_NODES = 100  # of a graph that is computed anew for each sign in it
SIGN_INSIDE = "sign inside"
MOST_VARIABLES = 8
STEPS_OF_DIFFERENCES = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8)


class Mistake(NamedTuple):
    """A cause together with the number that it gives."""

    cause: Cause
    value: Ball


class Edge(NamedTuple):
    """A step on the way to a variable: upstream, local derivative, and ∂input/∂variable."""

    node: Node
    position: int
    upstream: Ball
    local: Ball
    onward: Ball


def mistakes(judge: Judge, item: Item, *, with_quotients: bool = True) -> Iterator[Mistake]:
    """Every mistake that is known for an item, with the number that it gives; quotients of differences on request."""
    if item.source is not None:
        yield from of_step(judge, item)
    elif item.kind == "value":
        yield from of_value(judge, item)
    else:
        yield from OfGradient(judge, item.node).all(with_quotients=with_quotients)


class OfGradient:
    """The numbers that known mistakes give for one gradient."""

    def __init__(self, judge: Judge, leaf: Node) -> None:
        self.judge = judge
        self.leaf = leaf
        self.graph = judge.point.graph
        self.values = judge.point.values()
        self.upstreams = judge.own.gradients(LADDER[0].bits)
        self.truth = self.upstreams.get(leaf, exactly(0))

    def all(self, *, with_quotients: bool = True) -> Iterator[Mistake]:
        """Every mistake: in the whole, between variables, and in single steps."""
        yield from self._of_the_whole()
        yield from self._between_variables()
        yield from self._of_signs_inside()
        if len(self.edges) <= MOST_STEPS:
            yield from self._in_steps()
            yield from self._swapped_halves()
        if with_quotients:
            yield from self._of_differences()

    @cached_property
    def edges(self) -> list[Edge]:
        """The steps on the way from the output to the leaf."""
        onward: dict[Node, Ball] = {self.leaf: exactly(1)}
        found = []
        for node in self.judge.point.downstream([self.leaf]):
            if node.op.is_condition or node not in self.upstreams:
                continue
            locals_ = local_numbers(node, self.values.__getitem__, exact)
            total = exactly(0)
            for position, source in enumerate(node.inputs):
                if source in onward and locals_[position] is not None:
                    local = exactly(locals_[position])
                    found.append(Edge(node, position, self.upstreams[node], local, onward[source]))
                    total = total + local * onward[source]
            onward[node] = total
        return found[::-1]

    def _step(self, edge: Edge) -> str:
        labels, inputs = self.judge.names.labels, edge.node.inputs
        side = (" (left)", " (right)")[edge.position] if len(inputs) == 2 and inputs[0] is inputs[1] else ""  # noqa: PLR2004 - x*x
        return f"{labels.get(edge.node, 'f')} → {labels.get(inputs[edge.position], '')}{side}"

    def _of_the_whole(self) -> Iterator[Mistake]:
        truth = self.truth
        yield Mistake(Cause("sign", ARITHMETIC, f"a sign lost{self._in_last_step()}", bare="a sign lost"), -truth)
        yield Mistake(Cause("factor 2", ARITHMETIC, "a factor 2 too many"), truth * 2)
        yield Mistake(Cause("factor 1/2", ARITHMETIC, "a factor 1/2 too many"), truth / 2)
        yield Mistake(Cause("left out", PATH, "the gradient left out: no path led back here"), exactly(0))
        yield Mistake(Cause("reciprocal", ARITHMETIC, "the reciprocal taken"), 1 / truth)
        output = exactly(self.values[self.graph.output])
        yield Mistake(Cause("value for gradient", RULE, "the value of the output given for a gradient"), output)
        for n in self._counts():
            yield Mistake(Cause("factor n", ARITHMETIC, f"a factor {n} too many"), truth * n)
            yield Mistake(Cause("factor 1/n", ARITHMETIC, f"a factor 1/{n} too many"), truth / n)

    def _counts(self) -> list[int]:
        """The whole numbers that the problem itself has: its number of variables, and its literals."""
        literals = [constant.value for constant in self.graph.constants if not constant.symbol]
        whole = {int(value) for value in literals if 2 < abs(value) <= 100 and float(value).is_integer()}  # noqa: PLR2004 - 2 has a name of its own
        return sorted(whole | ({len(self.graph.variables)} if len(self.graph.variables) > 2 else set()))  # noqa: PLR2004 - the same

    def _in_last_step(self) -> str:
        last = [edge for edge in self.edges if edge.node.inputs[edge.position] is self.leaf]
        if len(last) != 1:
            return ""
        return f" in {_short(last[0].upstream)} * {_short(last[0].local)}"

    def _between_variables(self) -> Iterator[Mistake]:
        variables = self.graph.variables
        if len(variables) > MOST_VARIABLES or not isinstance(self.leaf, Variable):
            return
        name = self.judge.names.labels[self.leaf]
        for other in variables:
            if other is not self.leaf:
                text = f"the gradient of {other.name} given for that of {name}"
                yield Mistake(
                    Cause("gradients swapped", "two variables mixed up", text), self.upstreams.get(other, exactly(0))
                )
        for i, one in enumerate(variables):
            for other in variables[i + 1 :]:
                swapped = self.judge.swapped(one.name, other.name).get(self.leaf, exactly(0))
                text = f"the values of {one.name} and {other.name} swapped"
                yield Mistake(Cause("values swapped", "two variables mixed up", text), swapped)

    def _in_steps(self) -> Iterator[Mistake]:
        for edge in self.edges:
            inputs = [self.values[source] for source in edge.node.inputs]
            for kind, family, text, local in slips_of(
                edge.node, edge.position, edge.local, self.values[edge.node], inputs
            ):
                step = self._step(edge)
                shown = text.format(step=step, numbers=f" ({_short(edge.upstream)} * {_short(edge.local)})")
                bare = text.format(step=step, numbers="")
                yield Mistake(Cause(kind, family, shown, (step,), bare), self._with(edge, local))
            passed = edge.local * edge.onward
            alone = edge.upstream * passed
            step = self._step(edge)
            if abs(float(edge.upstream)) != 1:  # else it is a sign, or nothing
                text = f"the upstream gradient left out at {step}"
                yield Mistake(Cause("upstream left out", CHAIN, text, (step,)), self.truth - alone + passed)
            if len(self.edges) > 1:
                text = f"only the path through {step} kept: contributions overwritten, not added"
                yield Mistake(Cause("path kept alone", PATH, text, (step,)), alone)

    def _of_signs_inside(self) -> Iterator[Mistake]:
        """exp(y) for exp(-y): a sign lost within a function, and with it or not the sign of its derivative."""
        within = [node for node in self.graph.nodes if node.op.name == "neg" and node is not self.graph.output]
        for node in within if len(self.graph.nodes) <= MOST_NODES else []:
            consumers = [one for one in self.graph.nodes if node in one.inputs]
            if all(one.op.infix for one in consumers):
                continue
            after = {**self.values, node: -exactly(self.values[node])}
            compute(self.judge.point.downstream([node]), after, exact)
            found = gradients_at(self.graph, after, exact).get(self.leaf, exactly(0))
            label = self.judge.names.labels.get(consumers[0], "f")
            for value in (found, -found):
                yield Mistake(Cause(SIGN_INSIDE, ARITHMETIC, f"a sign lost inside {label}"), exactly(value))

    def _swapped_halves(self) -> Iterator[Mistake]:
        """The product rule with its halves swapped: u·u' + v·v' for u·v."""
        by_node: dict[Node, list[Edge]] = {}
        for edge in self.edges:
            if edge.node.op.name == "mul":
                by_node.setdefault(edge.node, []).append(edge)
        for node, edges in by_node.items():
            if len(edges) > 1:
                value = self.truth
                for edge in edges:
                    value = value + _change(edge, self.values[node.inputs[edge.position]])
                label = self.judge.names.labels.get(node, "f")
                text = f"the halves of the product rule swapped at {label}"
                yield Mistake(Cause("product rule swapped", RULE, text, (self._step(edges[0]),)), value)

    def _with(self, edge: Edge, local: Ball) -> Ball:
        """The gradient if one step had another local derivative."""
        return self.truth + _change(edge, local)

    def _of_differences(self) -> Iterator[Mistake]:
        """Quotients of float64 differences, which err by their step."""
        if not isinstance(self.leaf, Variable):
            return
        name, at = self.judge.names.labels[self.leaf], self.judge.point.at
        for step in STEPS_OF_DIFFERENCES:
            above, below = self._moved(name, at[name] + step), self._moved(name, at[name] - step)
            up, down = exactly(at[name] + step) - at[name], exactly(at[name]) - (at[name] - step)
            here = exactly(self.values[self.graph.output])
            kind, family = "difference quotient", "a difference quotient"
            text = f"a difference quotient with step {step:g}"
            yield Mistake(Cause(kind, family, f"{text} on both sides"), (above - below) / (up + down))
            yield Mistake(Cause(kind, family, f"{text} on one side"), (above - here) / up)

    def _moved(self, name: str, value: float) -> Ball:
        moved = Point(self.graph, {**self.judge.point.at, name: value})
        return exactly(moved.values()[self.graph.output])


def _change(edge: Edge, local: Ball) -> Ball:
    """By how much the gradient changes if one step has another local derivative."""
    return edge.upstream * (local - edge.local) * edge.onward


def of_step(judge: Judge, item: Item) -> Iterator[Mistake]:
    """The numbers that known mistakes give for a local derivative, or for what it contributes."""
    node, source = item.node, item.source
    if source is None or node.inputs.count(source) != 1:
        return
    position = node.inputs.index(source)
    inputs = [judge.point.values()[one] for one in node.inputs]
    local = judge.own.local(node, source)
    upstream = judge.own.gradient(node) if item.kind == "contribution" else exactly(1)
    step = f"{judge.names.labels.get(node, 'f')} → {judge.names.labels.get(source, '')}"
    for kind, family, text, slipped in slips_of(node, position, local, judge.point.values()[node], inputs):
        shown = text.format(step=step, numbers="")
        yield Mistake(Cause(kind, family, shown, (step,)), upstream * slipped)
    for name, factor in (("2", exactly(2)), ("1/2", exactly(1) / 2)):
        yield Mistake(Cause(f"factor {name}", ARITHMETIC, f"a factor {name} too many"), upstream * local * factor)
    if item.kind == "contribution":
        yield Mistake(Cause("upstream left out", CHAIN, f"the upstream gradient left out at {step}", (step,)), local)


def of_value(judge: Judge, item: Item) -> Iterator[Mistake]:
    """The numbers that known mistakes give for a value."""
    node, value = item.node, exactly(judge.point.values()[item.node])
    inputs = [judge.point.values()[one] for one in node.inputs]
    yield Mistake(Cause("sign", ARITHMETIC, "a sign lost"), -value)
    yield Mistake(Cause("reciprocal", ARITHMETIC, "the reciprocal taken"), 1 / value)
    if node.op.name in TRIGONOMETRIC:
        angle = inputs[0] * exact.pi / 180
        yield Mistake(Cause("degrees", RULE, "the angle taken in degrees"), getattr(exact, node.op.name)(angle))
    for base in LOGARITHMS.get(node.op.name, ()):
        name = "e" if base is None else f"{base:g}"
        logarithm = exact.log(inputs[0]) / (1 if base is None else exact.log(base))
        yield Mistake(Cause("base of the logarithm", RULE, f"the logarithm taken to base {name}"), logarithm)


def _short(ball: Ball) -> str:
    return number_text(float(f"{float(ball):.4g}")).removesuffix(".0")
