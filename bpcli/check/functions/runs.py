"""What is wrong with outputs of a forward pass: no numbers, not finite, not those of another run or a reference."""

from collections.abc import Iterator, Sequence

import numpy as np

from bpcli.check.functions.callee import Array, Callee, Fault, Inputs, MisbehaviourError
from bpcli.check.functions.noise import EPSILON, epsilon_of, joined
from bpcli.graph.shapes import shape_text
from bpcli.numbers.apart import place_text

ROUNDED = 16.0  # times the precision: what two runs may differ by, of the largest output
REFERENCE = 1e-9  # relative, of two computations of the same values in float64
IN_PRECISION = 4096  # times the precision: what sums of entries as large as the largest may lose


def finite_outputs(callee: Callee, inputs: Inputs) -> tuple[Array, ...]:
    """What the forward pass gives. Raises MisbehaviourError where that is not finite real numbers."""
    outputs = callee.outputs(inputs)
    name = callee.forward_name
    for which, output in _named(outputs):
        array = np.asarray(output)
        if array.dtype.kind not in "fiub":
            text = f"{which} of {name} is {array.dtype}, no real numbers"
            raise MisbehaviourError(Fault("no numbers", name, text, "return arrays of floats"))
        bad = np.argwhere(~np.isfinite(array))
        if len(bad):
            at = tuple(bad[0].tolist())
            text = f"{which}{place_text(at)} of {name} is {array[at]}, at the given inputs"
            raise MisbehaviourError(Fault("not finite", name, text, "a gradient is taken where there is a value"))
    return outputs


def require_repeatable(name: str, first: Sequence[Array], second: Sequence[Array]) -> None:
    """Another run gives the same outputs. Raises MisbehaviourError where it does not."""
    shapes, again = ([np.shape(one) for one in outputs] for outputs in (first, second))
    if shapes != again:
        text = f"{name} gives outputs of shape {shapes_text(shapes)}, and {shapes_text(again)} when it runs again"
        raise MisbehaviourError(Fault("another shape", name, text))
    allowed = ROUNDED * epsilon_of(first) * np.max(np.abs(joined(first)), initial=0.0)
    if np.any(~(np.abs(joined(first) - joined(second)) <= allowed)):
        text = f"{name} gives other values when it runs again with the same inputs"
        hint = "draw random numbers from a seed that is fixed, or give them as an input"
        raise MisbehaviourError(Fault("not deterministic", name, text, hint))


def wrong_values(name: str, outputs: Sequence[Array], right: Sequence[Array], epsilon: float) -> Iterator[Fault]:
    """Where the outputs are not those of a reference, which may give fewer: the worst entry of each.

    `epsilon` is the precision that they were computed in.
    """
    if len(outputs) < len(right):
        yield _wrong(name, f"{name} gives {_count(outputs)}, the reference {_count(right)}")
        return
    round_off = IN_PRECISION * max(epsilon, epsilon_of(right))
    relative = max(REFERENCE, round_off if epsilon > EPSILON else 0.0)
    for (which, output), other in zip(_named(outputs), right, strict=False):
        if np.shape(output) != np.shape(other):
            shapes = f"has shape {shape_text(np.shape(output))}, that of the reference {shape_text(np.shape(other))}"
            yield _wrong(name, f"{which} of {name} {shapes}")
            continue
        own, true = (np.asarray(one, dtype=float) for one in (output, other))
        gap, size = np.abs(own - true), np.abs(true)
        is_off = ~(gap <= relative * size + round_off * np.max(size, initial=0.0))
        count = int(np.count_nonzero(is_off))
        if count:
            worst = np.unravel_index(int(np.argmax(np.where(is_off, gap, -1.0))), gap.shape)
            at = tuple([int(one) for one in worst])
            others = f"; {count - 1} more entr{'y differs' if count == 2 else 'ies differ'}" if count > 1 else ""  # noqa: PLR2004 - one more
            yield _wrong(
                name,
                f"{which}{place_text(at)} of {name} is {own[at]:.10g}, the reference gives {true[at]:.10g}{others}",
            )


def _wrong(name: str, text: str) -> Fault:
    return Fault("wrong value", name, text, f"the value of {name} is wrong: mend the forward pass first")


def _named(outputs: Sequence[Array]) -> list[tuple[str, Array]]:
    """The outputs, and what each is called."""
    if len(outputs) == 1:
        return [("the output", outputs[0])]
    return [(f"output {place}", one) for place, one in enumerate(outputs, 1)]


def _count(outputs: Sequence[Array]) -> str:
    return f"{len(outputs)} output{'' if len(outputs) == 1 else 's'}"


def shapes_text(shapes: Sequence[Sequence[int]]) -> str:
    """The shapes of several arrays."""
    return ", ".join(map(shape_text, shapes)) or "none"
