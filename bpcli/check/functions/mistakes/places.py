"""The right numbers at the wrong places: transposed, shifted, of another input; and single entries that are off."""

from collections.abc import Iterator

import numpy as np

from bpcli.check.findings import Cause
from bpcli.check.functions.mistakes.case import Array, Case
from bpcli.check.functions.mistakes.mistake import AXES, CHAIN, PLACES, Mistake
from bpcli.check.functions.mistakes.shape import of_other_inputs, turns

FARTHEST_SHIFT = 3
MATRIX = 2
FEWEST = 3  # entries that a pattern among them takes
CLEAR = 1000.0  # times what is lost to rounding: what such an entry is at least


def of_places(case: Case) -> Iterator[Mistake]:
    """The whole gradient moved: transposed, rolled, reversed, in other blocks, or another input's."""
    yield from _transposed(case)
    yield from of_other_inputs(case)
    yield from _rolled(case)
    for axis in range(case.truth.ndim):
        if case.truth.shape[axis] > 1:
            text = f"reversed along axis {axis}"
            yield Mistake(Cause("reversed", AXES, text), np.flip(case.truth, axis))
    yield from _blocks_swapped(case)


def _transposed(case: Case) -> Iterator[Mistake]:
    for turned in turns(case.truth):
        if turned.shape == case.claimed.shape:
            yield Mistake(Cause("transposed", AXES, "the gradient transposed"), turned)
        if turned.size > max(turned.shape):
            text = "the gradient transposed: in the order of the transpose, and laid out in the shape of the input"
            yield Mistake(Cause("transposed", AXES, text), turned.reshape(case.truth.shape))
    size = case.x.size
    if case.jacobian.shape == (size, size):
        text = "transposed: the linear map of the forward pass applied again, not its transpose"
        yield Mistake(Cause("transposed", AXES, text), (case.jacobian @ case.weights).reshape(case.x.shape))
    for name, value in case.floats.items():
        if value.ndim > 1 and value.shape[-1] == value.shape[-2] > 1:
            turned = np.ascontiguousarray(np.swapaxes(value, -1, -2))
            values = case.claimed_at({**case.inputs, name: turned})
            if values is not None:
                yield Mistake(
                    Cause("transposed", AXES, f"{name} transposed, or not transposed where it must be"), values
                )


def of_square_upstreams(case: Case) -> Iterator[Mistake]:
    """A square upstream gradient transposed, or the identity in its place."""
    if case.upstream is None or len(case.shapes) > 1 or len(case.shapes[0]) != MATRIX or len(set(case.shapes[0])) > 1:
        return
    (arrived,), shape = case.arrived, case.x.shape
    text = "the upstream gradient transposed, or not transposed where it must be"
    yield Mistake(Cause("transposed", AXES, text), (arrived.T.reshape(-1) @ case.jacobian).reshape(shape))
    values = (np.eye(len(arrived)).reshape(-1) @ case.jacobian).reshape(shape)
    yield Mistake(Cause("upstream left out", CHAIN, "the upstream gradient left out of a matrix product"), values)


def _rolled(case: Case) -> Iterator[Mistake]:
    """Shifted along an axis, around the end or with entries of any kind where nothing is shifted to."""
    truth, claimed = case.truth, case.claimed
    for axis in range(truth.ndim):
        word = "entry" if truth.ndim == 1 else "row"
        for step in (1, -1):
            text = f"one {word} off: shifted by one along axis {axis}"
            cause = Cause(f"one {word} off", PLACES, text, bare=f"one {word} off: shifted along an axis")
            if truth.shape[axis] > 1:
                yield Mistake(cause, np.roll(truth, step, axis))
    for axes in [*[(axis,) for axis in range(truth.ndim)], *([(-2, -1)] if truth.ndim > 1 else [])]:
        for step in [sign * size for size in range(1, FARTHEST_SHIFT + 1) for sign in (1, -1)]:
            kept, shifted = _overlap(truth, claimed, axes, step)
            clear = np.abs(kept) > CLEAR * case.round_off * np.abs(claimed).max(initial=0.0)
            if kept.size >= max(FEWEST, truth.size // 3) and np.count_nonzero(clear) >= FEWEST:
                values = claimed.copy()
                values[tuple(_part(claimed, axes, step))] = kept
                word = "entry" if truth.ndim == 1 else "row"
                text = f"one {word} off: shifted along axis {', '.join(str(axis % truth.ndim) for axis in axes)}"
                if np.ptp(shifted) > 0:
                    yield Mistake(Cause(f"one {word} off", PLACES, text), values)


def _overlap(truth: Array, claimed: Array, axes: tuple[int, ...], step: int) -> tuple[Array, Array]:
    """The part of the truth that a shift leaves inside, and the part of the claim where it comes to lie."""
    return truth[tuple(_part(truth, axes, -step))], claimed[tuple(_part(claimed, axes, step))]


def _part(whole: Array, axes: tuple[int, ...], step: int) -> list[slice]:
    part = [slice(None)] * whole.ndim
    for axis in axes:
        part[axis] = slice(step, None) if step > 0 else slice(None, step)
    return part


def _blocks_swapped(case: Case) -> Iterator[Mistake]:
    """The blocks of gates, or of queries, keys and values, in another order."""
    length = case.truth.shape[-1] if case.truth.ndim else 1
    for count in (2, 3, 4):
        if length % count or length <= count:
            continue
        blocks = np.split(case.truth, count, axis=-1)
        for first in range(count):
            for second in range(first + 1, count):
                order = list(range(count))
                order[first], order[second] = second, first
                text = f"blocks {first} and {second} of {count} along the last axis swapped"
                yield Mistake(Cause("blocks swapped", PLACES, text), np.concatenate([blocks[one] for one in order], -1))


def of_single_places(case: Case) -> Iterator[Mistake]:
    """All right but for one entry, one row, or the edges."""
    wrong = _wrong(case)
    if case.truth.size < FEWEST or not wrong.any() or wrong.all():
        return
    places = np.argwhere(wrong)
    if len(places) == 1:
        place = ", ".join(str(index) for index in places[0])
        is_zero = not case.claimed[tuple(places[0])]
        text = f"one entry off: all but [{place}] are right" + (", which is 0" if is_zero else "")
        yield Mistake(Cause("one entry off", PLACES, text), case.claimed)
        return
    for axis in range(case.truth.ndim):
        rows = np.unique(places[:, axis])
        length = case.truth.shape[axis]
        if len(rows) == 1 and length > 1:
            is_zero = not np.take(case.claimed, rows[0], axis).any()
            word = "one row off"
            if is_zero and rows[0] in {0, length - 1} and axis < MATRIX:
                word = "one row off, or one time step short"
            text = f"{word}: all is right but at {rows[0]} along axis {axis}" + (", which is 0" if is_zero else "")
            yield Mistake(Cause("one row off", PLACES, text), case.claimed)
    yield from _cells(case, places)


def _cells(case: Case, places: Array) -> Iterator[Mistake]:
    """One entry wrong in every row, or one block along the last axis."""
    if case.truth.ndim > 1 and len(places) <= case.truth.shape[0] and len(np.unique(places[:, 0])) == len(places):
        yield Mistake(Cause("one entry off", PLACES, "one entry off in each row along axis 0"), case.claimed)
    rows = np.unique(places[:, -1])
    for count in (4, 3, 2):
        length = case.truth.shape[-1]
        if length % count == 0 and length > count and len({row * count // length for row in rows}) == 1:
            which = rows[0] * count // length
            text = f"block {which} of {count} along the last axis is off, the others are right"
            yield Mistake(Cause("one block off", PLACES, text), case.claimed)
            return


def _wrong(case: Case) -> Array:
    allowed = case.errors + case.round_off * float(np.abs(case.truth).max(initial=0.0))
    return np.abs(case.claimed - case.truth) > allowed
