"""Losses over samples with labels: the one-hot left out, labels off by one, one sample kept alone or left out."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from bpcli.check.findings import Cause
from bpcli.check.functions.callee import MisbehaviourError
from bpcli.check.functions.mistakes.case import Array, Case
from bpcli.check.functions.mistakes.mistake import ACCUMULATION, LABELS, PLACES, Mistake

ONE_HOT = "softmax without the one-hot"
MATRIX = 2
MOST_SAMPLES = 64
MOST_NAMED = 200


def of_labels(case: Case) -> Iterator[Mistake]:
    """What the label of each sample takes away from its class, left out; and labels off by one."""
    for name, labels in case.integers.items():
        if labels.min(initial=0) >= 0:
            yield from _at_labels(case, labels)
            yield from _of_classes(case, name, labels)
            yield from _through_classes(case, labels)
            yield from _off_by_one(case, name, labels)
    yield from _one_hot_given(case)


def _difference(case: Case) -> Array:
    return case.claimed - case.truth


def _at_labels(case: Case, labels: Array) -> Iterator[Mistake]:
    """Right everywhere but at one entry for each label: a constant, or the upstream, is missing there."""
    shape = case.truth.shape
    if shape[:-1] != labels.shape or labels.max(initial=0) >= shape[-1]:
        return
    at = np.expand_dims(labels, -1)
    missing = np.take_along_axis(_difference(case), at, -1)
    found = case.truth.copy()
    np.put_along_axis(found, at, np.take_along_axis(case.claimed, at, -1), -1)
    weights = case.arrived[0].reshape(missing.shape) if case.arrived[0].size == missing.size else np.ones(missing.shape)
    shares = missing / weights
    if np.ptp(shares) <= case.round_off * np.abs(shares).max():
        yield Mistake(Cause(ONE_HOT, LABELS, _text(float(shares.mean()))), found)
    else:
        text = "the term of the right class left out, or wrong: all is right but at the labels"
        yield Mistake(Cause("term of the label", LABELS, text), found)


def _text(share: float) -> str:
    return (
        f"{ONE_HOT}: the labels' entries lack the -1" if share > 0 else f"{ONE_HOT}: too much taken away at the labels"
    )


def _of_classes(case: Case, name: str, labels: Array) -> Iterator[Mistake]:
    """Weights of the last layer: what is meant for a class, where no sample has that class for its label.

    The gradient of the log of the sum does not depend on labels, and a score enters the loss elsewhere only as a label.
    """
    count = int(labels.max(initial=0)) + 1
    for axis in {0, case.truth.ndim - 1} if case.truth.ndim else ():
        classes = case.truth.shape[axis]
        if classes < max(count, MATRIX):
            continue
        places = np.indices(case.truth.shape)[axis].reshape(-1)
        found = np.zeros(case.truth.size)
        for one in range(classes):
            entries = np.flatnonzero(places == one)
            other = np.where(labels == one, (one + 1) % classes, labels).astype(labels.dtype)
            found[entries] = case.weights @ case.jacobian_at({**case.inputs, name: other}, entries=entries)
            allowed = np.max(case.errors, initial=0.0) + case.round_off * np.abs(case.claimed).max()
            if (np.abs(found - case.claimed.reshape(-1))[entries] > allowed).any():
                break
        else:
            yield Mistake(Cause(ONE_HOT, LABELS, _text(1.0)), found.reshape(case.truth.shape))


def _through_classes(case: Case, labels: Array) -> Iterator[Mistake]:
    """What the label takes away, on its way through the weights to the data, or through the data to the weights."""
    if labels.ndim != 1 or case.truth.ndim != MATRIX:
        return
    off = _difference(case)
    for value in case.floats.values():
        for matrix in (value, value.T) if value.ndim == MATRIX else ():
            if labels.max(initial=0) < matrix.shape[0] and off.shape == (labels.size, matrix.shape[1]):
                part = matrix[labels]
                yield from _in_proportion(case, part)
            for turned in (False, True):
                seen = off.T if turned else off
                if (
                    matrix.shape[0] == labels.size
                    and seen.shape[0] == matrix.shape[1] > 1
                    and labels.max() < seen.shape[1]
                ):
                    yield from _by_samples(case, matrix, labels, turned=turned)


def _in_proportion(case: Case, part: Array) -> Iterator[Mistake]:
    size = float(np.vdot(part, part))
    if size:
        share = float(np.vdot(part, _difference(case))) / size
        yield Mistake(Cause(ONE_HOT, LABELS, _text(1.0)), case.truth + share * part)


def _by_samples(case: Case, data: Array, labels: Array, *, turned: bool) -> Iterator[Mistake]:
    """The difference of each class is made of the samples that have it for their label."""
    off = _difference(case).T if turned else _difference(case)
    found, shares, free = np.zeros(off.shape), [], 0
    for one in range(off.shape[1]):
        rows = data[labels == one].T
        if rows.size:
            solved = np.linalg.lstsq(rows, off[:, one], rcond=None)[0]
            found[:, one] = rows @ solved
            shares.extend(solved)
        free += max(0, off.shape[0] - rows.shape[1])
    if free < MATRIX or not shares:
        return
    values = case.truth + (found.T if turned else found)
    if np.ptp(shares) <= 1e3 * case.round_off * np.abs(shares).max():
        yield Mistake(Cause(ONE_HOT, LABELS, _text(float(np.mean(shares)))), values)
    else:
        yield Mistake(Cause("term of the label", LABELS, "the term of the right class left out, or wrong"), values)


def _off_by_one(case: Case, name: str, labels: Array) -> Iterator[Mistake]:
    count = int(labels.max(initial=0)) + 1
    for step in (1, -1):
        for classes in dict.fromkeys([count, *[length for length in case.truth.shape if length >= count]]):
            values = case.claimed_at({**case.inputs, name: ((labels + step) % classes).astype(labels.dtype)})
            if values is not None:
                text = f"one entry off: {name} taken one too {'large' if step > 0 else 'small'}"
                yield Mistake(Cause("one entry off", PLACES, text, bare=f"one entry off: in {name}"), values)
        values = case.claimed_at({**case.inputs, name: np.roll(labels, step, axis=0)})
        if values is not None:
            text = f"one row off: {name} taken from the row {'before' if step > 0 else 'after'}"
            yield Mistake(Cause("one row off", PLACES, text, bare=f"one row off: in {name}"), values)


def _one_hot_given(case: Case) -> Iterator[Mistake]:
    """Targets given as rows that sum to 1, left out, on their way to scores, weights, biases or data."""
    off = _difference(case)
    for target in case.floats.values():
        if target.ndim != MATRIX or not np.allclose(target.sum(-1), 1) or target.min() < 0:
            continue
        parts = [target, target.sum(0)]
        parts += [
            value.T @ target for value in case.floats.values() if value.ndim == MATRIX and len(value) == len(target)
        ]
        for value in case.floats.values():
            parts += [
                target @ one for one in (value, value.T) if value.ndim == MATRIX and one.shape[0] == target.shape[1]
            ]
        for part in parts:
            if part.shape == off.shape and part is not case.x:
                yield from _in_proportion(case, part)


def of_indices(case: Case) -> Iterator[Mistake]:
    """Rows of a table that are named more than once: each time overwritten, where all should be added.

    The table whose rows are those that are named, in order, numbered from 0, gives the part of every naming.
    """
    for name, numbers in case.integers.items():
        named = numbers.reshape(-1)
        if case.x.ndim == 0 or named.size > MOST_NAMED or np.unique(named).size == named.size:
            continue
        if named.min(initial=0) < -len(case.x) or named.max(initial=0) >= len(case.x):
            continue
        apart = {
            **case.inputs,
            case.name: np.asarray(case.inputs[case.name])[named],
            name: np.arange(named.size).reshape(numbers.shape),
        }
        try:
            parts = case.gradient_at(apart)
        except (MisbehaviourError, ValueError):  # it is no table of which rows are named
            continue
        for order, which in ((range(named.size), "last"), (range(named.size)[::-1], "first")):
            found = np.zeros(case.x.shape)
            for place in order:
                found[named[place]] = parts[place]
            text = f"overwritten instead of accumulated: of what {name} names more than once the {which} kept"
            yield Mistake(Cause("overwritten", ACCUMULATION, text), found)


def of_samples(case: Case) -> Iterator[Mistake]:
    """One sample kept alone, or left out, of those that a loss is summed or averaged over."""
    if sum(np.size(one) for one in case.outputs) != 1:
        return
    rest = replace(case, claimed=case.truth - case.claimed, truth=case.truth)
    for count in _counts(case):
        for index, which in ((count - 1, "last"), (0, "first")):
            alone = {
                name: value[index : index + 1]
                if np.ndim(value) and len(value) == count and name != case.name
                else value
                for name, value in case.inputs.items()
            }
            for factor in (1 / count, 1.0):
                values = case.claimed_at(alone, factor=factor)
                if values is not None:
                    text = f"overwritten instead of accumulated, `=` for `+=`: only the {which} sample kept"
                    yield Mistake(Cause("overwritten", ACCUMULATION, text), values)
                values = rest.claimed_at(alone, factor=factor)
                if values is not None:
                    text = f"one row off: the {which} of {count} samples left out"
                    yield Mistake(Cause("one row off", PLACES, text), case.truth - values)


def _counts(case: Case) -> list[int]:
    """How many samples there may be: the length of the labels, or one that two of the other inputs share."""
    arrays = [np.shape(value) for name, value in case.inputs.items() if name != case.name and np.ndim(value)]
    lengths = [shape[0] for shape in arrays]
    labels = [value.shape[0] for value in case.integers.values()]
    shared = [length for length in lengths if lengths.count(length) > 1]
    return [count for count in dict.fromkeys([*labels, *shared]) if 1 < count <= MOST_SAMPLES]
