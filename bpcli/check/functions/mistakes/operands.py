"""Operands mixed up: in the gradient of x·w the input itself stands where the other factor must stand."""

from collections.abc import Iterator, Mapping

import numpy as np

from bpcli.check.findings import Cause
from bpcli.check.functions.mistakes.case import Array, Case
from bpcli.check.functions.mistakes.mistake import MIXED_UP, Mistake


def of_operands(case: Case) -> Iterator[Mistake]:
    """The upstream times one input, where times another is right, summed along what was broadcast."""
    if len(case.shapes) > 1 or not case.floats:
        return
    parts = {name: part for name, value in _arrays(case).items() if (part := _part(case, value)) is not None}
    allowed = case.errors + case.round_off * np.abs(case.truth).max(initial=0.0)
    for right in case.floats:
        if right not in parts or not (np.abs(parts[right] - case.truth) <= allowed).all():
            continue
        for wrong, values in parts.items():
            if wrong != right and np.ptp([*values.reshape(-1), *case.truth.reshape(-1)]) > 0:
                yield Mistake(_mixed_up(wrong, right), values)


def of_replaced_inputs(case: Case) -> Iterator[Mistake]:
    """The gradient as if one input were another of its shape, or the input in question itself."""
    arrays = {name: value for name, value in _arrays(case).items() if value.size > 1}
    for right in case.floats:
        for wrong, value in arrays.items():
            if right in arrays and wrong != right and value.shape == arrays[right].shape:
                kind = np.asarray(case.inputs[right]).dtype
                values = case.claimed_at({**case.inputs, right: value.astype(kind)})
                if values is not None:
                    yield Mistake(_mixed_up(wrong, right), values)


def _arrays(case: Case) -> Mapping[str, Array]:
    return {**case.floats, case.name: case.x, "the output": case.out}


def _part(case: Case, value: Array) -> Array | None:
    """The upstream times an array, summed to the shape of the input; None where the shapes do not fit."""
    arrived, shape = case.arrived[0], case.x.shape
    whole = (1,) * (arrived.ndim - len(shape)) + shape
    try:
        product = arrived * value
        if product.shape != arrived.shape or np.broadcast_shapes(whole, arrived.shape) != arrived.shape:
            return None
    except ValueError:
        return None
    axes = tuple(axis for axis, length in enumerate(whole) if length == 1 < arrived.shape[axis])
    return np.asarray(product.sum(axes, keepdims=True)).reshape(shape)


def _mixed_up(wrong: str, right: str) -> Cause:
    return Cause("operands swapped", MIXED_UP, f"operands swapped: {wrong} in place of {right}")
