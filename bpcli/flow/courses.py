"""Recurrences, and the course of the gradient along each: products of local Jacobians from the last step back."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from math import ceil, exp, inf, isfinite, log, log10, nan
from typing import NamedTuple

from bpcli.flow.jacobians import BATCHED, Local, local_of, singular_of_matrices
from bpcli.flow.results import Course, Singular
from bpcli.flow.rows import TIME_STEP
from bpcli.graph.network import Layer
from bpcli.graph.node import Graph, Node, Variable, applied
from bpcli.graph.order import ancestors_first
from bpcli.numbers.arrays import arrays
from bpcli.numbers.evaluate import Values, compute
from bpcli.numbers.singular import Product, spectral_radius

NUMBERED = re.compile(r"(.*?)(\d+)")
FEWEST_NUMBERED = 3  # statements h1, h2, h3 are a recurrence
WORK_OF_SAMPLES = 1 << 29  # of all steps and samples together, beyond the first sample
MOST_WORK = 1 << 34  # of all steps of one sample
LOW, HIGH = 1e-6, 1e6
FARTHEST = 1_000_000  # steps that a line is followed


class Moment(NamedTuple):
    """One step of a recurrence: what it is called, its states, and the op nodes that lead to them."""

    part: str
    states: tuple[Node, ...]
    nodes: Sequence[Node]


class Recurrence(NamedTuple):
    """A chain of states, each made of the ones before, in the order of computation."""

    name: str
    layer: Layer | None
    moments: tuple[Moment, ...]
    weight: Variable | None = None

    @property
    def label(self) -> str:
        """What the recurrence is called: its layer, and which layer and direction of that."""
        return " · ".join(filter(None, [self.layer.title if self.layer else "", self.name]))


class Followed(NamedTuple):
    """What is found along a recurrence: its course, None where it cannot be followed, and the steps, by their part.

    It `is_too_large` where a product of its Jacobians would take too long, or does not fit memory.
    """

    course: Course | None
    steps: Mapping[str, Singular]
    is_too_large: bool = False


def recurrences_of(graph: Graph) -> list[Recurrence]:
    """The recurrences of a graph, in order: one for each layer and direction of a recurrent layer.

    Of a text without layers those are statements that are numbered, such as h1, h2, h3, each made of the one before.
    """
    if graph.network is None:
        return list(_numbered(graph))
    return [recurrence for layer in graph.network.layers for recurrence in _of_layer(layer, graph)]


def _of_layer(layer: Layer, graph: Graph) -> Iterator[Recurrence]:
    moments: dict[str, list[Moment]] = {}
    for block in layer.blocks:
        found = TIME_STEP.fullmatch(block.part)
        if found:
            moment = Moment(found[2], block.outputs, graph.nodes[block.start : block.stop])
            moments.setdefault(found[1] or "", []).append(moment)
    for name, steps in moments.items():
        number = re.search(r"layer (\d+)", name)
        ending = f"weight_hh_l{number[1] if number else 0}{'_reverse' * name.endswith('reverse')}"
        weights = [one.variable for one in layer.parameters if one.variable.name.endswith(ending)]
        square = [one for one in weights if one.shape[0] == one.shape[1]]
        yield Recurrence(name, layer, tuple(steps), square[0] if square else None)


def _numbered(graph: Graph) -> Iterator[Recurrence]:
    chains: dict[str, dict[int, Node]] = {}
    for node in (*graph.variables, *graph.nodes):
        found = NUMBERED.fullmatch(node.name or "")
        if found:
            chains.setdefault(found[1], {})[int(found[2])] = node
    for stem, chain in chains.items():
        moments: list[Moment] = []
        for number, node in sorted(chain.items()):
            before = chain.get(number - 1)
            ops = [
                one for one in ancestors_first([node], {before} if before else ()) if one.inputs and one is not before
            ]
            is_made_of_it = before is not None and any(before in one.inputs for one in ops)
            if moments and not (is_made_of_it and before is moments[-1].states[0]):
                if len(moments) >= FEWEST_NUMBERED:
                    break
                moments.clear()
            moments.append(Moment(f"{stem}{number}", (node,), ops))
        if len(moments) >= FEWEST_NUMBERED:
            yield Recurrence(stem, None, tuple(moments))


def followed(recurrence: Recurrence, values: Values) -> Followed:
    """The course of the gradient along a recurrence, and the singular values of each of its steps.

    `values` have a batch axis of length 1; what is computed beside them is added. Where no derivative reaches from one
    step to the next there is neither; where products would take too long, or do not fit memory, there is no course.
    """
    pairs = zip(recurrence.moments, recurrence.moments[1:], strict=False)
    found = [_step(before, after, values) for before, after in pairs]
    locals_ = [local for local in found if local]
    if not locals_ or len(locals_) < len(found):
        return Followed(None, {})
    apart = tuple([axis for axis in locals_[0].apart if all(axis in local.apart for local in locals_)])
    locals_ = [local.keeping(apart) for local in locals_]
    work = sum([local.work for local in locals_])
    if work > MOST_WORK or not all(local.is_small for local in locals_):
        alone = [local.largest_alone() for local in locals_]
        return Followed(None, _by_part(recurrence, alone), is_too_large=True)
    samples = max(1, min(locals_[0].batch, WORK_OF_SAMPLES // max(1, work)))
    batch = locals_[0].batch
    ends, norms, logs = [], [1.0], [0.0]
    product = Product()
    for moment, local in zip(recurrence.moments[:0:-1], reversed(locals_), strict=True):
        matrices = local.of_samples(samples).matrices(samples)
        if not all(arrays.is_finite(values[state]) for state in moment.states):
            matrices = matrices * nan  # the derivative of what has no value
        ends.append(singular_of_matrices(matrices, batch))
        norm, log10_norm = product.times(matrices)
        norms.append(norm)
        logs.append(log10_norm)
    course = _course(recurrence, norms, logs, [one.largest if one else nan for one in ends])
    if recurrence.weight is not None:
        course = course._replace(radius=spectral_radius(values[recurrence.weight][0]))
    return Followed(course._replace(samples=samples, batch=batch), _by_part(recurrence, ends[::-1]))


def _by_part(recurrence: Recurrence, found: Sequence[Singular | None]) -> dict[str, Singular]:
    """What was found of each step but the first, by its part."""
    return {moment.part: ends for moment, ends in zip(recurrence.moments[1:], found, strict=True) if ends is not None}


def _course(recurrence: Recurrence, norms: list[float], logs: list[float], one_step: list[float]) -> Course:
    line = fitted_line(logs)
    return Course(
        name=recurrence.label,
        layer=recurrence.layer,
        parts=tuple([moment.part for moment in reversed(recurrence.moments)]),
        norms=tuple(norms),
        log10_norms=tuple(logs),
        one_step=tuple(one_step),
        factor=geometric_mean(one_step),
        fitted=power_of_ten(line.slope) if line else None,
        scale=power_of_ten(line.start) if line else None,
        radius=None,
        falls_below=first_beyond(logs, line, log10(LOW)),
        rises_above=first_beyond(logs, line, log10(HIGH)),
    )


def _step(before: Moment, after: Moment, values: Values) -> Local | None:
    """The Jacobian of the states of one step with respect to those before."""
    states = after.states
    joint, nodes = states[0], after.nodes
    if len(states) > 1:
        joint = applied("concatenate", *states, axis=-1)
        nodes = [*nodes, joint]
        compute([joint], values, BATCHED)
    local = local_of(joint, nodes, before.states, values)
    return local and local.keeping(tuple([axis for axis in local.apart if axis < len(joint.shape) - 1]))


# What is told of the norms ------------------------------------------------------------------------------------------


class Line(NamedTuple):
    """A straight line: where it starts, at 0, and its slope."""

    start: float
    slope: float


def fitted_line(logs: Sequence[float]) -> Line | None:
    """The least-squares line through logarithms at 0, 1, 2, …; None for fewer than two, or where one is not finite."""
    count = len(logs)
    if count < 2 or not all(map(isfinite, logs)):  # noqa: PLR2004 - a line needs two points
        return None
    middle, mean = (count - 1) / 2, sum(logs) / count
    spread = sum([(place - middle) ** 2 for place in range(count)])
    slope = sum([(place - middle) * (one - mean) for place, one in enumerate(logs)]) / spread
    return Line(mean - slope * middle, slope)


def power_of_ten(exponent: float) -> float:
    """10 to a power, infinite where that is too large."""
    try:
        return math.pow(10.0, exponent)
    except OverflowError:
        return inf


def first_beyond(logs: Sequence[float], line: Line | None, limit: float) -> int | None:
    """The first step whose logarithm is beyond a limit, on the other side than 0, as measured, or else on the line."""
    sign = 1 if limit > 0 else -1
    for place, one in enumerate(logs):
        if sign * one > sign * limit:
            return place
    if line is None or sign * line.slope <= 0:
        return None
    steps = (limit - line.start) / line.slope
    return max(len(logs), ceil(steps)) if steps < FARTHEST else None


def geometric_mean(factors: Sequence[float]) -> float | None:
    """The geometric mean; None where a factor is not finite."""
    if not all(map(isfinite, factors)):
        return None
    return exp(sum(map(log, factors)) / len(factors)) if all(factors) else 0.0
