"""Convolutions and pools: a kernel that is not rotated, `valid` for `full`, windows that overlap."""

from collections.abc import Iterator
from itertools import product

import numpy as np

from bpcli.check.findings import Cause
from bpcli.check.functions.mistakes.case import Array, Case
from bpcli.check.functions.mistakes.mistake import ACCUMULATION, CONVOLUTION, MASK, Mistake
from bpcli.check.functions.mistakes.scale import factor_of
from bpcli.check.functions.mistakes.shape import windows

MATRIX = 2
KERNEL = "kernel not rotated"
TWICE = "kernel not rotated, or rotated twice"
LONGEST_WINDOW = 5
FEWEST = 3  # entries that are not 0


def of_convolution(case: Case) -> Iterator[Mistake]:
    """The kernel turned by 180° where it must not be, or not turned where it must be."""
    for axes in ((-2, -1), (-1,), (-2,)):
        count = -axes[0]
        if case.x.ndim < count:
            continue
        yield from _of_own(case, axes)
        for name, value in case.floats.items():
            if value.ndim < count or all(value.shape[axis] == 1 for axis in axes):
                continue
            values = case.claimed_at({**case.inputs, name: np.flip(value, axes).copy()})
            if values is not None:
                text = f"{TWICE}: {name} turned by 180° in this gradient"
                yield Mistake(Cause(KERNEL, CONVOLUTION, text), values)
            if len(axes) == MATRIX:
                yield from _channels(case, name, value)


def _of_own(case: Case, axes: tuple[int, ...]) -> Iterator[Mistake]:
    """The gradient of the kernel turned, or made from an upstream that is turned."""
    text = f"{TWICE}: this gradient turned by 180°"
    yield Mistake(Cause(KERNEL, CONVOLUTION, text), np.flip(case.truth, axes))
    if all(len(shape) >= -axes[0] for shape in case.shapes):
        turned = np.concatenate([np.flip(one, axes).reshape(-1) for one in case.arrived])
        values = (turned @ case.jacobian).reshape(case.x.shape)
        text = f"{TWICE}: the upstream gradient turned by 180°"
        yield Mistake(Cause(KERNEL, CONVOLUTION, text), values)
        yield Mistake(Cause(KERNEL, CONVOLUTION, text), np.flip(values, axes))


def _channels(case: Case, name: str, value: Array) -> Iterator[Mistake]:
    if value.ndim > MATRIX and value.shape[0] == value.shape[1] > 1:
        values = case.claimed_at({**case.inputs, name: np.swapaxes(value, 0, 1).copy()})
        if values is not None:
            text = f"transposed: the channels of {name} in the wrong order"
            yield Mistake(Cause("transposed", CONVOLUTION, text), values)


def of_windows(case: Case) -> Iterator[Mistake]:
    """The edges left at 0; and pooling windows that overwrite each other."""
    yield from _edges(case)
    yield from _overlapping(case)


def _edges(case: Case) -> Iterator[Mistake]:
    """A part of the gradient with 0 around it, in its place or not: a `valid` convolution where a `full` one is due."""
    inside = np.argwhere(case.claimed)
    if case.truth.ndim == 0 or not len(inside):
        return
    low, high = inside.min(0), inside.max(0) + 1
    box = tuple(slice(int(start), int(end)) for start, end in zip(low, high, strict=True))
    edges = [room for length, one in zip(case.truth.shape, box, strict=True) if (room := length - one.stop + one.start)]
    if not edges or max(edges) <= 1 or case.truth[box].size < FEWEST:
        return  # one row that is 0 has another name
    for part in windows(case.truth, case.claimed[box].shape):
        found = np.zeros(case.truth.shape)
        found[box] = part
        yield Mistake(
            Cause("valid for full", CONVOLUTION, "`valid` for `full`: a part of it, and 0 along the edges"), found
        )


def _overlapping(case: Case) -> Iterator[Mistake]:
    """Windows of a pool that are written one after the other, zeros and all."""
    if len(case.shapes) > 1 or case.x.ndim < MATRIX or case.out.ndim != case.x.ndim or factor_of(case) is not None:
        return
    lengths = list(zip(case.x.shape[-MATRIX:], case.out.shape[-MATRIX:], strict=True))
    for size, stride in product(range(2, LONGEST_WINDOW + 1), range(1, LONGEST_WINDOW)):
        if stride >= size or any((long - size) // stride + 1 != short for long, short in lengths):
            continue
        for reverse in (False, True):
            text = "overwritten instead of accumulated, `=` for `+=`: of windows that overlap one is kept"
            cause = Cause("overwritten", ACCUMULATION, text, bare="overwritten instead of accumulated")
            yield Mistake(cause, _written(case, size, stride, reverse=reverse))


def of_pools(case: Case) -> Iterator[Mistake]:
    """The mask of a pool, which entry was the largest, left out or inverted; or the mean over its windows."""
    if len(case.shapes) > 1 or case.x.ndim < MATRIX or case.out.shape[:-MATRIX] != case.x.shape[:-MATRIX]:
        return
    if case.out.ndim != case.x.ndim:
        return
    lengths = list(zip(case.x.shape[-MATRIX:], case.out.shape[-MATRIX:], strict=True))
    for size, stride in product(range(2, LONGEST_WINDOW + 1), range(1, LONGEST_WINDOW + 1)):
        if stride > size or any((long - size) // stride + 1 != short for long, short in lengths):
            continue
        whole = np.zeros(case.x.shape)
        for row, column in product(*(range(short) for _, short in lengths)):
            rows, columns = slice(row * stride, row * stride + size), slice(column * stride, column * stride + size)
            whole[..., rows, columns] += case.arrived[0][..., row, column][..., None, None]
        yield Mistake(Cause("mask left out", MASK, "mask left out: every entry of a window passes"), whole)
        text = "mask inverted: every entry of a window passes but the largest"
        yield Mistake(Cause("mask inverted", MASK, text), whole - case.truth)
        text = "mask left out: the upstream gradient shared by all entries of a window"
        yield Mistake(Cause("mask left out", MASK, text), whole / size**MATRIX)


def _written(case: Case, size: int, stride: int, *, reverse: bool) -> Array:
    parts = case.contributions[0]
    rest = parts.shape[: -MATRIX - 1]
    entries = parts.reshape(*parts.shape[:-1], *case.x.shape)
    found = np.zeros(case.x.shape)
    places = list(product(*(range(length) for length in parts.shape[-MATRIX - 1 : -1])))
    for row, column in reversed(places) if reverse else places:
        one = entries[(slice(None),) * len(rest) + (row, column)].sum(tuple(range(len(rest))))
        rows, columns = slice(row * stride, row * stride + size), slice(column * stride, column * stride + size)
        found[..., rows, columns] = one[..., rows, columns]
    return found
