"""Softmax, its log, the log of the sum, and the cross entropy of labels: their backward passes, with one thing wrong.

Of p = softmax(s), g the upstream, the gradient is p·(g - Σ g·p); of log p it is g - p·Σ g; of log Σ exp s it is g·p;
of the cross entropy of labels it is p less 1 at the label. They are taken of an input, or of its product with another.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

import numpy as np

from bpcli.check.findings import Cause
from bpcli.check.functions.mistakes.case import Array, Case
from bpcli.check.functions.mistakes.mistake import ARITHMETIC, AXES, CHAIN, PATH, Mistake

MATRIX = 2
DIAGONAL = "a path left out: the diagonal of the softmax alone"


class Scores(NamedTuple):
    """What a softmax may be taken of, and the way from its gradient to that of the input."""

    s: Array
    back: Callable[[Array], Array]


def of_softmax(case: Case) -> Iterator[Mistake]:
    """The sum over the wrong axis, its mean, none; the normalisation left out; the sign of the sum."""
    if len(case.shapes) > 1 or case.x.ndim == 0:
        return
    for s, back in _scores(case):
        for axis in range(s.ndim):
            for values, cause in _of_axis(case, s, axis):
                yield Mistake(cause, back(values))
        for values, cause in _of_labels(case, s, back):
            yield Mistake(cause, back(values))


def softmax(s: Array, axes: int | tuple[int, ...]) -> Array:
    """Over one axis, or some together."""
    powers = np.exp(s - s.max(axes, keepdims=True))
    return powers / powers.sum(axes, keepdims=True)


def _scores(case: Case) -> Iterator[Scores]:
    yield Scores(case.x, lambda one: one)
    if case.x.ndim != MATRIX:
        return
    for value in [one for one in case.floats.values() if one.ndim == MATRIX]:
        if value.shape[1] == len(case.x):
            yield Scores(value @ case.x, partial(np.matmul, value.T))
        if case.x.shape[1] == len(value):
            yield Scores(case.x @ value, partial(_times, value.T))


def _times(right: Array, left: Array) -> Array:
    return left @ right


def _of_axis(case: Case, s: Array, axis: int) -> Iterator[tuple[Array, Cause]]:
    p, out, g = softmax(s, axis), case.out, case.arrived[0]
    if _is(out, p):
        yield from _of_softmax(p, g, axis)
    elif _is(out, np.log(p)):
        sign = Cause("sign", ARITHMETIC, "a sign lost: of the sum in the softmax")
        yield g, _path("through the sum of the softmax")
        yield g + p * g.sum(axis, keepdims=True), sign
        yield g - p * g, Cause("path left out", PATH, DIAGONAL)
        yield g - g.sum(axis, keepdims=True), _factor("p, in what depends on the sum")
        for other, cause in _other_axes(s.ndim, axis):
            yield g - p * g.sum(other, keepdims=True), cause
    else:
        total = np.log(np.exp(s - s.max()).sum(axis, keepdims=True)) + s.max()
        for kept in (total, total.squeeze(axis)):
            if _is(out, kept):
                yield from _of_sums(s, g.reshape(total.shape), axis)
                return


def _of_softmax(p: Array, g: Array, axis: int) -> Iterator[tuple[Array, Cause]]:
    inner = (g * p).sum(axis, keepdims=True)
    yield p * g, _path("through the sum of the softmax")
    yield p * (1 - p) * g, Cause("path left out", PATH, DIAGONAL)
    yield p * (1 - p), Cause("path left out", PATH, f"{DIAGONAL}, and the upstream gradient")
    yield p * (g + inner), Cause("sign", ARITHMETIC, "a sign lost: of the sum in the softmax")
    yield g - inner, _factor("p in front")
    yield p * (g - inner / p.shape[axis]), _mean("in the softmax")
    yield p * (g - g.sum(axis, keepdims=True)), _factor("p in the sum of the softmax")
    yield p * (g - g.mean(axis, keepdims=True)), _mean("in the softmax, without p")
    for other, cause in _other_axes(p.ndim, axis):
        yield p * (g - (g * p).sum(other, keepdims=True)), cause


def _of_sums(s: Array, g: Array, axis: int) -> Iterator[tuple[Array, Cause]]:
    p, least = softmax(s, axis), s - s.max(axis, keepdims=True)
    for powers in (np.exp(s), np.exp(least), np.exp(s - s.max())):
        yield g * powers, _factor("1 over the sum of exp")
    yield g * p * (1 - p), Cause("chain rule factor too many", CHAIN, "a chain rule factor too many: 1 - p")
    yield g * p / s.shape[axis], _mean("of exp")
    yield np.broadcast_to(g / np.exp(s).sum(axis, keepdims=True), s.shape), _factor("exp, over its sum")
    for other, cause in _other_axes(s.ndim, axis):
        yield g * softmax(s, other), cause
        yield g * np.exp(least) / np.exp(least).sum(other, keepdims=True), cause


def _of_labels(case: Case, s: Array, back: Callable[[Array], Array]) -> Iterator[tuple[Array, Cause]]:
    """The cross entropy of labels, of any factor: the gradient that is right is c·(p - one-hot)."""
    for labels in case.integers.values():
        if labels.shape != s.shape[:-1] or labels.min(initial=0) < 0 or labels.max(initial=0) >= s.shape[-1]:
            continue
        hot = 1.0 * (labels[..., None] == np.arange(s.shape[-1]))
        p = softmax(s, -1)
        right = back(p - hot)
        size = float(np.vdot(right, right))
        factor = float(np.vdot(right, case.truth)) / size if size else 0.0
        if not factor or np.abs(factor * right - case.truth).max() > 10 * case.round_off * np.abs(case.truth).max():
            continue
        least = s - s.max(-1, keepdims=True)
        for powers in (np.exp(s), np.exp(least), np.exp(s - s.max())):
            yield factor * (powers - hot), _factor("1 over the sum of exp, in the softmax")
            for other, cause in _other_axes(s.ndim, s.ndim - 1):
                yield factor * (powers / powers.sum(other, keepdims=True) - hot), cause
        for count in dict.fromkeys(s.shape):
            yield factor * (p / count - hot), _mean("in the softmax, before the labels")
        yield factor * (p + hot), Cause("sign", ARITHMETIC, "a sign lost: of the labels, p + 1 for p - 1")
        yield factor * (s - hot), _factor("the softmax: the scores for p")
        yield factor * (np.log(p) - hot), _factor("the softmax: its log for p")
        text = "a chain rule factor too many: p(1 - p), the derivative of the softmax once more"
        yield factor * (p - hot) * p * (1 - p), Cause("chain rule factor too many", CHAIN, text)
        text = "a chain rule factor too many: the derivative of the softmax once more"
        again = p * ((p - hot) - ((p - hot) * p).sum(-1, keepdims=True))
        yield factor * again, Cause("chain rule factor too many", CHAIN, text)


def _other_axes(count: int, axis: int) -> Iterator[tuple[tuple[int, ...], Cause]]:
    others = [(other,) for other in range(count) if other != axis]
    for other in [*others, *([tuple(range(count))] if count > 1 else [])]:
        where = f"over {'all' if len(other) > 1 else f'axis {other[0]}'} for axis {axis}"
        yield other, Cause("wrong axis", AXES, f"the wrong axis: the sum of the softmax {where}")


def _path(what: str) -> Cause:
    return Cause("path left out", PATH, f"a path left out: {what}")


def _factor(what: str) -> Cause:
    return Cause("chain rule factor forgotten", CHAIN, f"a chain rule factor forgotten: {what}")


def _mean(where: str) -> Cause:
    return Cause("mean instead of sum", ARITHMETIC, f"mean instead of sum: {where}", bare="mean instead of sum")


def _is(one: Array, other: Array) -> bool:
    return one.shape == other.shape and bool(np.allclose(one, other, rtol=1e-6, atol=1e-12))
