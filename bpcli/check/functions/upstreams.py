"""What weighs the outputs of a pass: the upstream gradient that it is given, or ones."""

from collections.abc import Mapping, Sequence
from typing import Any
from zlib import crc32

import numpy as np

from bpcli.check.functions.callee import Array, Inputs
from bpcli.errors import UsageError
from bpcli.graph.shapes import shape_text

SIZES = (0.5, 1.5)  # of what is drawn: not near 0, and not alike


def upstream_of(given: Any, outputs: Sequence[Array], seed: int) -> tuple[Array, ...]:
    """The upstream gradient of each output, of its shape: as it was given, or drawn where that is None.

    For several outputs one for each is given, in a tuple, a list or along the first axis of an array. Raises UsageError
    where there are fewer or more, or one has another shape or is not of finite numbers.
    """
    if given is None:
        return tuple([drawn_upstream(np.asarray(one), seed, place) for place, one in enumerate(outputs)])
    several = len(outputs) > 1 or isinstance(given, tuple)
    each = list(given) if several and np.iterable(given) and not isinstance(given, str | Mapping) else [given]
    if len(each) != len(outputs):
        one = "one upstream gradient is" if len(each) == 1 else f"{len(each)} upstream gradients are"
        message = f"{one} given for {len(outputs)} output{'s' if several else ''}"
        raise UsageError(message, hint="give one for each output, in a list: [[1, 2], [3, 4]]")
    return tuple([_fitting(one, np.shape(output)) for one, output in zip(each, outputs, strict=True)])


def _fitting(given: Any, shape: tuple[int, ...]) -> Array:
    """An upstream gradient in floats. Raises UsageError."""
    try:
        found = np.asarray(given)
    except ValueError:  # lists that are not alike
        found = np.asarray(None)
    if found.dtype.kind not in "fiu" or not np.isfinite(found).all():
        message = "the upstream gradient has entries that are no finite numbers"
        raise UsageError(message, hint=f"give numbers in the shape of the output, {shape_text(shape)}")
    if found.shape != shape:
        message = f"the upstream gradient has the shape {shape_text(found.shape)}, and the output {shape_text(shape)}"
        raise UsageError(message, hint="give one number for each entry of the output")
    return found if found.dtype.kind == "f" else found.astype(float)


def drawn_upstream(output: Array, seed: int, place: int) -> Array:
    """An upstream gradient like the output at a place, of its precision where that is a float's."""
    chance = np.random.default_rng([seed, crc32(b"upstream"), place])
    sizes = chance.uniform(*SIZES, output.shape) * chance.choice([-1.0, 1.0], output.shape)
    return np.asarray(sizes, dtype=output.dtype if output.dtype.kind == "f" else float)


def weights_of(
    inputs: Inputs, outputs: Sequence[Array], gradients: Mapping[str, Array], seed: int
) -> tuple[Array, ...]:
    """What weighs the outputs of a pass that takes no upstream gradient: ones, unless all gradients are Jacobians."""
    if gradients and all(_is_jacobian(one, outputs, inputs.get(name)) for name, one in gradients.items()):
        return upstream_of(None, outputs, seed)
    return tuple([np.ones(np.shape(one)) for one in outputs])


def weighed(gradient: Array, weights: Sequence[Array], value: Any) -> Array:
    """The gradient of the weighed sum of the outputs, from one of them or from a Jacobian."""
    if not _is_jacobian(gradient, weights, value):
        return gradient
    return np.tensordot(weights[0], gradient, axes=np.ndim(weights[0]))


def _is_jacobian(gradient: Array, outputs: Sequence[Array], value: Any) -> bool:
    """Whether it has the axes of the one output, and then those of the input."""
    own = np.shape(outputs[0]) if len(outputs) == 1 else ()
    return bool(own) and np.shape(gradient) == (*own, *np.shape(value)) != np.shape(value)
