"""Normalisation over some axes: what depends on the mean and the variance, forgotten or wrong.

Of y = γ·x̂ + β, x̂ = (x - μ)/σ, with g = γ·upstream the gradient is (g - mean(g) - x̂·mean(g·x̂))/σ (Ioffe & Szegedy 2015);
without a mean that is taken away, x̂ = x/σ, the middle term is missing (Zhang & Sennrich 2019). The axes, γ and ε are
found by trying which give the true gradient.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from bpcli.check.findings import Cause
from bpcli.check.functions.mistakes.case import Array, Case
from bpcli.check.functions.mistakes.mistake import ARITHMETIC, AXES, CHAIN, MASK, STATISTICS, Mistake

USUAL_EPSILONS = (0.0, 1e-5, 1e-8, 1e-6, 1e-3, 1e-7, 1e-12, 1e-4)
LARGEST_EPSILON = 0.1
ALL = slice(None)


class Normal(NamedTuple):
    """What was found: g, x̂ and σ, in a shape whose last axis is normalised, and how to come back."""

    g: Array
    hat: Array
    deviation: Array
    is_centred: bool
    gamma: Array


def of_normalisation(case: Case) -> Iterator[Mistake]:
    """The gradient with some of its three terms, or with one of them wrong."""
    if case.x.ndim == 0 or case.out.shape != case.x.shape or case.x.size < 4 or case.is_elementwise:  # noqa: PLR2004 - two rows of two
        return
    arrived = case.arrived[0]
    passes = case.out > 0
    is_behind = not case.out.min(initial=0.0) < 0 and not passes.all()  # a relu follows
    for axes, shape in _layouts(case):
        normal = _recognised(case, axes, shape, arrived * passes if is_behind else arrived)
        if normal is None:
            continue
        for cause, values in _variants(normal, axes):
            yield Mistake(cause, values.reshape(case.x.shape))
        if is_behind:
            for mask, cause in _masks(arrived, passes):
                masked = normal._replace(g=(arrived * mask).reshape(shape) * normal.gamma)
                yield Mistake(cause, _gradient(masked, axes).reshape(case.x.shape))
        return


def _masks(arrived: Array, passes: Array) -> Iterator[tuple[Array, Cause]]:
    """What a relu behind the normalisation may let pass by mistake."""
    text = "mask taken from the gradient, not the input"
    yield arrived > 0, Cause("mask from the gradient", MASK, text)
    yield np.ones_like(arrived), Cause("mask left out", MASK, "mask left out: every entry passes")
    yield ~passes, Cause("mask inverted", MASK, "mask inverted: what should pass is stopped")


def _layouts(case: Case) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:
    """The axes that may be normalised, in a shape of the input, which groups of channels lengthen by an axis."""
    shape = case.x.shape
    count = len(shape)
    for axes in (
        (count - 1,),
        (0,),
        tuple(range(count)),
        tuple(range(1, count)),
        (0, *range(2, count)),
        tuple(range(2, count)),
    ):
        if axes:
            yield axes, shape
    if count > 1:
        for groups in range(2, shape[1]):
            if shape[1] % groups == 0:
                yield tuple(range(2, count + 1)), (shape[0], groups, shape[1] // groups, *shape[2:])


def _recognised(case: Case, axes: tuple[int, ...], shape: tuple[int, ...], arrived: Array) -> Normal | None:
    x = case.x.reshape(shape)
    for is_centred in (True, False):
        moved = x - x.mean(axes, keepdims=True) if is_centred else x
        square = (moved * moved).mean(axes, keepdims=True)
        for gamma in [*_gammas(case), np.full((), (square.size / x.size) ** 0.5)]:  # the last: divided by the norm
            g = (arrived * gamma).reshape(shape)
            for epsilon in dict.fromkeys([*_epsilons(case.inputs), *USUAL_EPSILONS]):
                deviation = np.sqrt(square + epsilon)
                found = Normal(
                    g, moved / deviation, deviation, is_centred, np.broadcast_to(gamma, case.x.shape).reshape(shape)
                )
                values = _gradient(found, axes).reshape(case.x.shape)
                scale = float(np.abs(case.truth).max(initial=0.0))
                if scale and (np.abs(values - case.truth) <= case.errors + case.round_off * scale).all():
                    return found
    return None


def _gammas(case: Case) -> Iterator[Array]:
    yield np.ones(())
    for value in case.floats.values():
        shapes = [value.shape, (*value.shape, *(1,) * (case.x.ndim - 2))] if value.ndim == 1 else [value.shape]
        for shape in shapes:
            try:
                if np.broadcast_shapes(shape, case.x.shape) == case.x.shape:
                    yield value.reshape(shape)
            except ValueError:
                continue


def _epsilons(inputs: Mapping[str, object]) -> Iterator[float]:
    for value in inputs.values():
        if isinstance(value, dict):
            yield from _epsilons(value)
        elif isinstance(value, float) and 0 < value < LARGEST_EPSILON:
            yield value


def _gradient(normal: Normal, axes: tuple[int, ...], means: float = 1.0, hats: float = 1.0) -> Array:
    middle, last = _terms(normal, axes)
    return (normal.g - means * middle - hats * last) / normal.deviation


def _terms(normal: Normal, axes: tuple[int, ...]) -> tuple[Array, Array]:
    """What depends on the mean, and what depends on the variance."""
    g, hat = normal.g, normal.hat
    middle = g.mean(axes, keepdims=True) if normal.is_centred else np.zeros(())
    return middle, hat * (g * hat).mean(axes, keepdims=True)


def _variants(normal: Normal, axes: tuple[int, ...]) -> Iterator[Mistake]:
    yield from _of_missing_terms(normal, axes)
    g, hat, deviation, is_centred, gamma = normal
    whole = _gradient(normal, axes)
    yield _mistake("chain rule factor forgotten", CHAIN, "a chain rule factor forgotten: 1/σ", whole * deviation)
    yield _mistake("chain rule factor too many", CHAIN, "a chain rule factor too many: 1/σ", whole / deviation)
    without = normal._replace(g=np.where(gamma, g / gamma, 0.0))
    yield _mistake("chain rule factor forgotten", CHAIN, "a chain rule factor forgotten: γ", _gradient(without, axes))
    again = normal._replace(g=g * gamma)
    yield _mistake("chain rule factor too many", CHAIN, "a chain rule factor too many: γ twice", _gradient(again, axes))
    middle = g.mean(axes, keepdims=True) if is_centred else 0.0
    for power, text in ((1, "x - μ for x̂ in the last term"), (-1, "1/σ too many in the last term")):
        last = hat * deviation**power * (g * hat).mean(axes, keepdims=True)
        kind = "chain rule factor forgotten" if power > 0 else "chain rule factor too many"
        yield _mistake(kind, CHAIN, f"{kind}: {text}", (g - middle - last) / deviation)
        last = hat * deviation ** (2 * power) * (g * hat).mean(axes, keepdims=True)
        yield _mistake(kind, CHAIN, f"{kind}: {text}, twice", (g - middle - last) / deviation)
    count = g.size / deviation.size
    for means, hats in ((count, count), (count, 1), (1, count)):
        text = "sum instead of mean: in what depends on the mean and the variance"
        yield _mistake("sum instead of mean", ARITHMETIC, text, _gradient(normal, axes, means, hats))
    for other in _other_axes(g.ndim, axes):
        whole_middle, whole_last = _terms(normal, axes)
        other_middle, other_last = _terms(normal, other)
        for terms, which in (
            (other_middle + other_last, "means"),
            (other_middle + whole_last, "the mean of the gradient"),
            (whole_middle + other_last, "the mean of the gradient times x̂"),
        ):
            text = f"the wrong axis: {which} over {other} for {axes}"
            yield _mistake("wrong axis", AXES, text, (g - terms) / deviation)
    text = "mean instead of sum: in what depends on the norm"
    yield _mistake("mean instead of sum", ARITHMETIC, text, _gradient(normal, axes, 1, 1 / count))


def _of_missing_terms(normal: Normal, axes: tuple[int, ...]) -> Iterator[Mistake]:
    kind, size = "statistics taken for constants", "the variance" if normal.is_centred else "the norm"
    if normal.is_centred:
        yield _mistake(kind, STATISTICS, f"{kind}: the mean and the variance", _gradient(normal, axes, 0, 0))
        yield _mistake(kind, STATISTICS, f"{kind}: the mean, a path left out", _gradient(normal, axes, 0, 1))
        yield _mistake("sign", ARITHMETIC, "a sign lost: of what depends on the mean", _gradient(normal, axes, -1, 1))
    yield _mistake(kind, STATISTICS, f"{kind}: {size}, a path left out", _gradient(normal, axes, 1, 0))
    yield _mistake("sign", ARITHMETIC, f"a sign lost: of what depends on {size}", _gradient(normal, axes, 1, -1))
    yield _mistake(
        "factor 2", ARITHMETIC, f"a factor 2 too many: in what depends on {size}", _gradient(normal, axes, 1, 2)
    )
    text = f"a factor 2 left out: in what depends on {size}"
    yield _mistake("factor 1/2", ARITHMETIC, text, _gradient(normal, axes, 1, 0.5))


def _other_axes(count: int, axes: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    for other in ((0,), (count - 1,), tuple(range(1, count)), (0, *range(2, count))):
        if other and other != axes:
            yield other


def _mistake(kind: str, family: str, text: str, values: Array) -> Mistake:
    return Mistake(Cause(kind, family, text), values)
