"""What weighs the outputs of a pass: the upstream gradient that it is given, or ones."""

from collections.abc import Mapping, Sequence
from typing import Any
from zlib import crc32

import numpy as np

from bpcli.check.functions.callee import Inputs
from bpcli.check.functions.runs import shapes_text
from bpcli.errors import UsageError

Array = Any
SIZES = (0.5, 1.5)  # of what is drawn: not near 0, and not alike


def upstream_of(given: Any, outputs: Sequence[Array], seed: int) -> tuple[Array, ...]:
    """The upstream gradient of each output: as it was given, or drawn. Raises UsageError where shapes do not fit."""
    if given is None:
        return tuple([drawn_upstream(np.asarray(one), seed, place) for place, one in enumerate(outputs)])
    each = tuple([np.asarray(one) for one in (given if isinstance(given, tuple) else (given,))])
    if [one.shape for one in each] != [np.shape(one) for one in outputs]:
        own = shapes_text([one.shape for one in each])
        message = (
            f"the upstream gradient has the shape {own}, and the output {shapes_text(list(map(np.shape, outputs)))}"
        )
        raise UsageError(message, hint="it has the shapes of the outputs: an array, or a tuple of arrays")
    return tuple([one if one.dtype.kind == "f" else one.astype(float) for one in each])


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
