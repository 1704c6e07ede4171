"""Outputs that are one of several entries, as of a maximum or a pool: which entry the gradient goes to.

Which entries an output is chosen from is found by raising each of them, and lowering it, by far.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from bpcli.check.findings import Cause
from bpcli.check.functions.mistakes.case import Array, Case, TooDearError
from bpcli.check.functions.mistakes.mistake import MASK, PLACES, Mistake

FAR = 2.0  # times the range of the entries
MOST_NUMBERS = 100_000


class Windows(NamedTuple):
    """Which entries each output is chosen from, (windows, entries); which it is, and what arrives at it."""

    members: Array
    chosen: Array
    weights: Array


def of_selections(case: Case) -> Iterator[Mistake]:
    """Every entry of a window passes, or the smallest, or the next; the mask taken from the gradient or from signs."""
    windows = next(_windows(case), None)
    if windows is None:
        return
    members, chosen, weights = windows
    x = case.x.reshape(-1)
    counts = members.sum(1)
    smallest = _at(np.argmin(np.where(members, x, np.inf), axis=1), members)
    every = weights @ members
    for values, kind, text in (
        (every, "mask left out", "mask left out: every entry of a window passes"),
        (weights @ smallest, "mask inverted", "mask inverted: the smallest entry of a window passes, not the largest"),
        (every - weights @ chosen, "mask inverted", "mask inverted: every entry of a window passes but the one chosen"),
        ((weights / counts) @ members, "mask left out", "mask left out: the upstream shared by all of a window"),
        (every * (x > 0), "mask from the signs", "mask taken from the signs of the input: what is above 0 passes"),
        (np.maximum(weights, 0) @ members, "mask from the gradient", "mask taken from the gradient, not the input"),
        ((weights > 0) @ members, "mask from the gradient", "mask taken from the gradient, which is left out"),
    ):
        yield Mistake(Cause(kind, MASK, text), values.reshape(case.x.shape))
    for step in (1, -1):
        text = f"one entry off: the entry {'after' if step > 0 else 'before'} the one chosen passes"
        moved = _at(_next(members, chosen, step), members)
        yield Mistake(Cause("one entry off", PLACES, text), (weights @ moved).reshape(case.x.shape))


def _at(places: Array, like: Array) -> Array:
    """One entry in each window."""
    return np.arange(like.shape[1]) == places[:, None]


def _next(members: Array, chosen: Array, step: int) -> Array:
    """The member after the one that is chosen, around the end."""
    found = []
    for window, one in zip(members, chosen, strict=True):
        entries = np.flatnonzero(window)
        found.append(np.roll(entries, -step)[np.searchsorted(entries, np.argmax(one))])
    return np.array(found)


def _windows(case: Case) -> Iterator[Windows]:
    if case.x.size < 2 or case.x.ndim == 0 or len(case.shapes) > 1:  # noqa: PLR2004 - two to choose from
        return
    if case.weights.size == 1:
        yield from _lines(case)
    chosen = np.abs(case.jacobian - 1) <= case.round_off
    is_one = chosen.sum(1) == 1
    if not is_one.all() or np.abs(np.where(chosen, 0, case.jacobian)).max() > case.round_off:
        return
    members = _reached(case)
    if (members.sum(1) > 1).any() and (members >= chosen).all():
        yield Windows(members, chosen, case.weights)


def _reached(case: Case) -> Array:
    """Which entries an output follows somewhere, (outputs, entries)."""
    size = case.x.size
    case.runs += 2 * size
    if case.weights.size * size > MOST_NUMBERS:
        raise TooDearError
    out, far = case.out.reshape(-1), FAR * (float(np.ptp(case.x)) or 1.0)
    ends = np.concatenate([case.x.reshape(-1) + far, case.x.reshape(-1) - far])
    entries = np.arange(size)
    moved = case.callee.moved(case.inputs, case.name, np.concatenate([entries, entries]), ends)
    is_other = np.abs(moved - out) > case.round_off * far
    return np.asarray((is_other[:size] | is_other[size:]).T)


def _lines(case: Case) -> Iterator[Windows]:
    """A number that one entry of each line along an axis adds to: the largest."""
    places = np.arange(case.x.size).reshape(case.x.shape)
    for axis in range(case.x.ndim):
        lines = np.moveaxis(places, axis, -1).reshape(-1, case.x.shape[axis])
        truth, x = case.truth.reshape(-1)[lines], case.x.reshape(-1)[lines]
        largest = x == x.max(-1, keepdims=True)
        if lines.shape[1] > 1 and (largest.sum(-1) == 1).all() and ((truth != 0) == largest).all():
            members = (lines[:, :, None] == np.arange(case.x.size)).any(1)
            yield Windows(members, members & (case.truth.reshape(-1) != 0), truth[largest])
