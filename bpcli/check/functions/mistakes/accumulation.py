"""Contributions that are overwritten, left out, or counted once: what the Jacobian and the upstream tell."""

from collections.abc import Iterator, Sequence
from itertools import chain, combinations
from math import prod

import numpy as np

from bpcli.check.findings import Cause
from bpcli.check.functions.mistakes.case import Array, Case
from bpcli.check.functions.mistakes.mistake import ACCUMULATION, AXES, CHAIN, PATH, PLACES, TIME, Mistake

NEGLIGIBLE = 1e-9  # of the largest contribution: what no path leads through
MOST_AXES = 5
STEPS = 3  # axes of an output over time: samples, steps, features


def of_accumulation(case: Case) -> Iterator[Mistake]:
    """The last or the first of several contributions kept, where all should be added: `=` for `+=`."""
    whole = sum(part.reshape(-1, case.x.size).sum(0) for part in case.contributions)
    for place, part in enumerate(case.contributions):
        beside = whole - part.reshape(-1, case.x.size).sum(0)
        axes = range(min(part.ndim - 1, MOST_AXES))
        for chosen in chain.from_iterable(combinations(axes, size) for size in range(1, len(axes) + 1)):
            for values, which in _kept(part, chosen):
                text = f"overwritten instead of accumulated, `=` for `+=`: only the {which} contribution kept"
                where = f"along axis {', '.join(map(str, chosen))} of {_output(case, place)}"
                cause = Cause("overwritten", ACCUMULATION, f"{text} {where}", bare="overwritten instead of accumulated")
                kept = (values + beside).reshape(case.x.shape)
                yield Mistake(cause, kept)
                if _is_repeated(case.x.shape, part.shape[:-1], chosen):
                    text = f"broadcast gradient not summed: only the {which} part of it kept {where}"
                    yield Mistake(Cause("not summed", AXES, text, bare="broadcast gradient not summed"), kept)


def _is_repeated(shape: Sequence[int], to: Sequence[int], axes: Sequence[int]) -> bool:
    """Whether broadcasting the one shape to the other repeats it along these axes."""
    whole = [1] * (len(to) - len(shape)) + list(shape)
    fits = len(whole) == len(to) and all(own in {1, length} for own, length in zip(whole, to, strict=True))
    return fits and all(whole[axis] == 1 < to[axis] for axis in axes)


def _output(case: Case, place: int) -> str:
    return "the output" if len(case.outputs) == 1 else f"output {place}"


def _kept(part: Array, axes: tuple[int, ...]) -> Iterator[tuple[Array, str]]:
    """What is left where a loop over some axes of the output overwrites: by entry, and as a whole."""
    others = tuple(axis for axis in range(part.ndim - 1) if axis not in axes)
    groups = part.sum(others).reshape(prod(part.shape[axis] for axis in axes), -1)
    if len(groups) <= 1:
        return
    reached = np.abs(part).max(others) if others else np.abs(part)
    reached = reached.reshape(groups.shape) > NEGLIGIBLE * np.abs(part).max(initial=0.0)
    entries = np.arange(groups.shape[1])
    last = len(groups) - 1 - reached[::-1].argmax(0)
    yield groups[last, entries], "last"
    yield groups[reached.argmax(0), entries], "first"
    yield groups[-1], "last"
    yield groups[0], "first"


def of_outputs(case: Case) -> Iterator[Mistake]:
    """The upstream left out, taken twice, or its first or last slice not reached; the Jacobian's diagonal alone."""
    shape, jacobian = case.x.shape, case.jacobian
    if case.upstream is not None:
        text = "the upstream gradient left out"
        yield Mistake(Cause("upstream left out", CHAIN, text), jacobian.sum(0).reshape(shape))
        text = "the upstream gradient taken twice"
        yield Mistake(Cause("upstream twice", CHAIN, text), (case.weights**2 @ jacobian).reshape(shape))
    if jacobian.shape == (case.x.size, case.x.size):
        diagonal = (np.diag(jacobian) * case.weights).reshape(shape)
        text = "a path left out: only what each entry does to its own output kept, the diagonal of the Jacobian"
        yield Mistake(Cause("path left out", PATH, text), diagonal)
        text = "a path left out: the diagonal of the Jacobian, where each entry acts on its own output"
        yield Mistake(Cause("path left out", PATH, text), case.truth - diagonal)
    yield from _whole_outputs(case)
    yield from _own_rows(case)
    yield from _shifted_upstream(case)
    for place, part in enumerate(case.contributions):
        yield from _slices_left_out(case, part, place)


def of_broadcasting(case: Case) -> Iterator[Mistake]:
    """What was broadcast going forward is summed along the wrong axes coming back."""
    for part in case.contributions:
        within = part.sum(-1)
        for axes in chain.from_iterable(combinations(range(within.ndim), size) for size in range(within.ndim)):
            kept = within.sum(axes)
            if kept.shape == case.claimed.shape:
                text = f"broadcast gradient not summed over the right axes, but over {axes or 'none'}"
                yield Mistake(Cause("not summed", AXES, text), kept)


def _shifted_upstream(case: Case) -> Iterator[Mistake]:
    """Each row of the output with the upstream of the next, or of the one before."""
    if len(case.arrived) > 1:
        return
    (arrived,) = case.arrived
    for axis, length in enumerate(arrived.shape):
        for step in (1, -1) if length > 1 else ():
            values = np.roll(arrived, step, axis).reshape(-1) @ case.jacobian
            text = f"one row off: the upstream gradient shifted along axis {axis}"
            yield Mistake(Cause("one row off", PLACES, text), values.reshape(case.x.shape))


def _own_rows(case: Case) -> Iterator[Mistake]:
    """Only what each row does to the same row of the output: nothing carried over time, no other row attended to."""
    if len(case.contributions) > 1 or not case.x.ndim:
        return
    (part,) = case.contributions
    entries = part.reshape((*part.shape[:-1], *case.x.shape))
    for axis, length in enumerate(part.shape[:-1]):
        for own in [one for one, other in enumerate(case.x.shape) if other == length > 1]:
            kept = np.moveaxis(np.diagonal(entries, 0, axis, part.ndim - 1 + own), -1, 0)
            summed = kept.reshape(length, -1, *np.delete(case.x.shape, own)).sum(1)
            text = f"a path left out: only what each of {length} along axis {own} does to its own output kept"
            yield Mistake(Cause("path left out", PATH, text), np.moveaxis(summed, 0, own))


def _whole_outputs(case: Case) -> Iterator[Mistake]:
    """The upstream of one of several outputs left out."""
    if len(case.contributions) < 2:  # noqa: PLR2004 - of one output nothing is left
        return
    for place, part in enumerate(case.contributions):
        alone = part.reshape(-1, case.x.size).sum(0).reshape(case.x.shape)
        text = f"a path left out: the upstream gradient of output {place}"
        yield Mistake(Cause("path left out", PATH, text), case.truth - alone)
        text = f"a path left out: only that of output {place} kept, overwritten instead of accumulated"
        yield Mistake(Cause("path kept alone", PATH, text), alone)


def _slices_left_out(case: Case, part: Array, place: int) -> Iterator[Mistake]:
    shape = case.shapes[place]
    for axis, length in enumerate(shape):
        if length <= 1:
            continue
        for index, which in ((-1, "last"), (0, "first")):
            off = np.take(part, index, axis).reshape(-1, case.x.size).sum(0).reshape(case.x.shape)
            where = f"the {which} of {length} along axis {axis} of {_output(case, place)} left out"
            if len(shape) <= STEPS:
                text = f"one time step short, or one row off: {where}"
                yield Mistake(Cause("one time step short", TIME, text), case.truth - off)
            else:
                yield Mistake(Cause("one row off", PLACES, f"one row off: {where}"), case.truth - off)
