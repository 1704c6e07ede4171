"""Whether float64 computes something else than rules and values say: each op, and each step back, on its own inputs.

Digits that cancel are lost by every way of computing; what is wrong at the very inputs that float64 has is no loss.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from bpcli.backprop.gradients import Gradients
from bpcli.backprop.sweep import handed_back, local_numbers
from bpcli.check.expansion import CHOOSING
from bpcli.check.own_entries import EXACT_ARRAYS
from bpcli.check.point import LADDER
from bpcli.graph.node import Node
from bpcli.numbers.apart import balls_of, filled, flat, numbers_in
from bpcli.numbers.balls import Ball, exactly, precision

NEAR = 1e-8  # relative to the largest entry: how near a function of float64 comes to the exact one
LAST_BITS = 2.0**-49  # relative, of an input of float64


def float64_suspects(own: Gradients) -> tuple[str, ...]:
    """The values and rules that float64 computes wrongly; none where only digits are lost."""
    with precision(LADDER[0].bits):
        return tuple(dict.fromkeys(_suspects(own)))


def _suspects(own: Gradients) -> Iterator[str]:
    for node in own.graph.nodes:
        if node.op.is_condition or any(source.op.is_condition for source in node.inputs):
            continue
        inputs = [own.values[source] for source in node.inputs]
        points = [_around_inputs(node, inputs, part) for part in (0.0, LAST_BITS)]
        exact = [_in_exact(node, point) for point in points]
        if _is_off([own.values[node]], *[[value] for value in exact]):
            yield f"the value of {node.op.name} in float64"
        upstream = own.upstreams.get(node)
        if upstream is not None and node.varies:
            computed = _back(node, upstream, inputs, own.system, own.values[node])
            rules = [
                _back(node, _around(upstream, part), point, EXACT_ARRAYS, _around(value, part))
                for part, point, value in zip((0.0, LAST_BITS), points, exact, strict=True)
            ]
            if _is_off(computed, *rules):
                yield f"the rule of {node.op.name} in float64"


def _around_inputs(node: Node, inputs: Sequence[Any], part: float) -> list[Any]:
    """The inputs, or balls around them; indices stay what they are."""
    chosen = CHOOSING.get(node.op.name)
    return [_around(value, 0.0 if place == chosen else part) for place, value in enumerate(inputs)]


def _around(value: Any, part: float) -> Any:
    """Numbers of float64 as balls that reach so far, relative to each."""
    shape = getattr(value, "shape", ())
    return filled([ball.widened(ball.size * part) for ball in flat(balls_of(value, shape))], shape)


def _in_exact(node: Node, inputs: Sequence[Any]) -> Any:
    return balls_of(getattr(EXACT_ARRAYS, node.op.name)(*inputs, **node.attributes), node.shape)


def _back(node: Node, upstream: Any, inputs: Sequence[Any], system: Any, value: Any) -> list[Any]:
    """What a step hands back to the inputs that vary, in one number system."""
    values = {node: value} | dict(zip(node.inputs, inputs, strict=True))
    with system.at_work():
        if node.op.pullback is not None:
            parts = handed_back(node, upstream, values.__getitem__, system)
        else:
            locals_ = local_numbers(node, values.__getitem__, system)
            parts = tuple([None if local is None else system.times(upstream, local) for local in locals_])
    return [part for part, source in zip(parts, node.inputs, strict=True) if part is not None and source.varies]


def _is_off(computed: Sequence[Any], exact: Sequence[Any], around: Sequence[Any]) -> bool:
    """Whether numbers of float64 are further from the exact ones than the last bits of their inputs explain.

    Where these bits decide whether there is a number at all, they explain everything.
    """
    for numbers, truths, others in zip(computed, exact, around, strict=True):
        shape = getattr(numbers, "shape", ())
        pairs = zip(numbers_in(numbers), flat(balls_of(truths, shape)), flat(balls_of(others, shape)), strict=True)
        known = [
            (number, truth, other)
            for number, truth, other in pairs
            if truth.middle and other.middle and number - number == 0
        ]
        scale = max([abs(float(truth)) for _, truth, _ in known], default=0.0)
        if any(_gap(number, truth) > NEAR * scale + 4 * float(other.error) for number, truth, other in known):
            return True
    return False


def _gap(number: float, truth: Ball) -> float:
    return abs(float(truth - exactly(number)))
