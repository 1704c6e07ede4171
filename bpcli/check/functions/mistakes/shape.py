"""Gradients of another shape than their input: transposed, not summed, cropped, or those of another input."""

from collections.abc import Iterator
from itertools import chain, combinations, permutations
from math import prod

import numpy as np

from bpcli.check.findings import Cause
from bpcli.check.functions.mistakes.case import Array, Case
from bpcli.check.functions.mistakes.mistake import AXES, CONVOLUTION, MIXED_UP, Mistake

MOST_AXES = 5  # of arrays whose axes are permuted or summed in every way


def of_shape(case: Case) -> Iterator[Mistake]:
    """What gives an array of the claim's shape."""
    yield from _transposed(case)
    yield from _not_summed(case)
    yield from of_other_inputs(case)
    yield from _cropped(case)
    yield from _summed(case)
    if case.claimed.size == case.truth.size:
        text = f"the right numbers in another shape, {case.claimed.shape} for {case.truth.shape}"
        yield Mistake(Cause("another shape", AXES, text), case.truth.reshape(case.claimed.shape))


def _transposed(case: Case) -> Iterator[Mistake]:
    for turned in turns(case.truth):
        if turned.shape == case.claimed.shape:
            yield Mistake(Cause("transposed", AXES, "the gradient transposed"), turned)
    if case.claimed.shape == (*case.x.shape, *case.shapes[0]):
        text = "the Jacobian transposed: the axes of the input first"
        yield Mistake(Cause("transposed", AXES, text), case.jacobian.T.reshape(case.claimed.shape))


def turns(whole: Array) -> Iterator[Array]:
    """An array with its axes in every other order."""
    if 1 < whole.ndim <= MOST_AXES:
        for order in permutations(range(whole.ndim)):
            if list(order) != sorted(order):
                yield whole.transpose(order)


def _not_summed(case: Case) -> Iterator[Mistake]:
    """What was broadcast going forward is not summed coming back, or along the wrong axes, or averaged."""
    cause = Cause("not summed", AXES, "broadcast gradient not summed: it has the shape of what it was repeated to")
    claimed = case.claimed
    for axes in _choices(claimed.ndim):
        kept = claimed.sum(axes)
        if kept.size == case.truth.size and _is(case, kept.reshape(case.truth.shape)):
            yield Mistake(cause, claimed)
    for apart in case.contributions:
        within = apart.sum(-1)  # what each entry of the output sends back
        for axes in [(), *_choices(within.ndim)]:
            kept = within.sum(axes)
            if kept.size == claimed.size:
                text = f"broadcast gradient not summed over the right axes, but over {axes or 'none'}"
                yield Mistake(Cause("not summed", AXES, text), kept.reshape(claimed.shape))
        if within.shape == claimed.shape:
            yield Mistake(cause, np.zeros(within.shape) + within)
    spread = _broadcast(case.truth, claimed.shape)
    if spread is not None:
        yield Mistake(Cause("repeated", AXES, "the gradient broadcast to another shape"), spread)


def _choices(axes_count: int) -> Iterator[tuple[int, ...]]:
    axes = range(min(axes_count, MOST_AXES))
    return chain.from_iterable(combinations(axes, size) for size in range(1, len(axes) + 1))


def _is(case: Case, values: Array) -> bool:
    scale = float(np.abs(case.truth).max(initial=0.0))
    return bool((np.abs(values - case.truth) <= case.errors + case.round_off * scale).all())


def _broadcast(whole: Array, shape: tuple[int, ...]) -> Array | None:
    try:
        return np.broadcast_to(whole, shape).copy() if prod(shape) > whole.size else None
    except ValueError:
        return None


def _summed(case: Case) -> Iterator[Mistake]:
    """Summed over an axis of the input that was not repeated."""
    for axes in _choices(case.truth.ndim):
        kept, averaged = case.truth.sum(axes), case.truth.mean(axes)
        where = f"axis {axes[0]}" if len(axes) == 1 else f"axes {axes}"
        for values, word in ((kept, "summed"), (averaged, "averaged")):
            if values.size == case.claimed.size:
                text = f"{word} over {where} of the gradient, along which nothing was repeated"
                yield Mistake(Cause("summed too far", AXES, text), values.reshape(case.claimed.shape))


def of_other_inputs(case: Case) -> Iterator[Mistake]:
    """The gradient of another input, or that one transposed."""
    for name, gradient in case.others.items():
        other = np.asarray(gradient, np.float64)
        cause = Cause(
            "gradients swapped",
            MIXED_UP,
            f"d{name} for d{case.name}: the gradient of {name} given for that of {case.name}",
        )
        if other.shape == case.claimed.shape:
            yield Mistake(cause, other)
        for turned in turns(other):
            if turned.shape == case.claimed.shape:
                yield Mistake(cause._replace(text=f"{cause.text}, transposed"), turned)


def _cropped(case: Case) -> Iterator[Mistake]:
    """A part of the gradient, or the gradient with a border around it."""
    claimed, truth = case.claimed, case.truth
    if claimed.ndim != truth.ndim or not claimed.size or not truth.size:
        return
    differ = [axis for axis in range(truth.ndim) if truth.shape[axis] != claimed.shape[axis]]
    if all(claimed.shape[axis] < truth.shape[axis] for axis in differ):
        text = "`valid` for `full`: a part of the gradient, cropped at the edges"
        for part in windows(truth, claimed.shape):
            yield Mistake(Cause("valid for full", CONVOLUTION, text), part)
    elif all(claimed.shape[axis] > truth.shape[axis] for axis in differ):
        text = "`full` for `valid`, or the padding not cut off: the gradient with a border around it"
        for part in windows(claimed, truth.shape):
            if _is(case, part):
                yield Mistake(Cause("full for valid", CONVOLUTION, text), claimed)


def windows(whole: Array, shape: tuple[int, ...]) -> Iterator[Array]:
    """Every part of an array that has a shape."""
    rooms = [length - part + 1 for length, part in zip(whole.shape, shape, strict=True)]
    if prod(rooms) > 1000:  # noqa: PLR2004 - enough for borders
        return
    for corner in np.ndindex(*rooms):
        yield whole[tuple(slice(start, start + part) for start, part in zip(corner, shape, strict=True))]
