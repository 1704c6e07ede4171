"""Difference quotients of float64 functions: two steps where they agree, a ladder of steps where they do not.

The central quotient D(h) = (f(x + h) - f(x - h))/2h errs by a multiple of h² and by the rounding noise of f over h, so
h = ε^(1/3) is near its best (Press et al., Numerical Recipes, 5.7). Two steps whose quotients agree bound the first
error by their difference; the gap between the quotients to the right and to the left, f''·h, must shrink with the step,
or there is a kink. Where either does not hold, steps from 2⁻³ to 2⁻⁴³ are tried and extrapolated to 0 (Ridders 1982),
and an answer counts only if every finer step agrees with it within its own noise. What noise hides at fine steps is
taken to be smooth: waves that are lower than the noise and shorter than all steps above it are not seen.

Steps are few bits long and not finer than the numbers they are added to, so that x + h - x is h but for rounding.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from bpcli.numbers.drawing import permutation

Array = Any
FIRST_STEP, SECOND_PART = (
    2.0**-17,
    0.625,
)  # 7.6e-6 and five eighths of it: of no simple ratio, as rounding repeats there
LEVELS, COARSEST, RATIO = 21, 2.0**-3, 4.0
MOST_EXTRAPOLATED = 4
LEAST = 2.0**-960  # a size: less is taken for 0
LEAST_SCALE = 0.1  # of the largest entry of the variable
TOLERANCE = 1e-7  # relative; two steps that differ by more are looked at closely
NOISY = 1e-4  # an error of this part of a variable's largest slope is looked at closely, too
NOISES = 8.0  # times the noise of a quotient, which two of them may differ by
EPSILON = float(np.finfo(float).eps)


class Estimate(NamedTuple):
    """A derivative, or its one-sided slopes, for each entry, with an estimated absolute error."""

    value: Array
    error: Array
    left: Array
    right: Array


def slopes(
    changes: Callable[[Array, Array], Array],
    x: Array,
    noise: float,
    most: int | None = None,
    chance: tuple[int, str] | None = None,
) -> tuple[Estimate, int]:
    """The derivative of a function with respect to each entry of x, and for how many of them a ladder was climbed.

    Of more than `most` entries so many are looked at, spread evenly, or drawn from a seed and a name; the others have
    no answer, NaN.

    `changes(entries, steps)` gives, for steps (k, n), f(x with an entry larger by the step) - f(x); `noise` is the
    error that such a difference has from rounding.
    """
    size = np.size(x)
    every = np.arange(size) if most is None or most >= size else _some(size, most, chance)
    scale = scales(x)[every]
    steps = first_steps(scale)
    found, is_off = first_look(changes(every, steps), steps, noise)
    # Where noise hides the digits of the largest slope, longer steps may show them.
    is_noisy = ~is_off & ~(found.error <= NOISY * np.max(np.abs(found.value), initial=0.0))
    closely = np.flatnonzero(is_off | is_noisy)
    if closely.size:
        coarse = np.where(is_noisy, np.maximum(scale, 1.0), scale)[closely]
        steps = ladder_steps(coarse)
        both = changes(every[closely], np.concatenate([steps, -steps]))
        better = climbed(both[:LEVELS], both[LEVELS:], steps, noise)
        found = mended(found, better, closely, is_noisy)
    return Estimate(*[_placed(part, every, x) for part in found]), closely.size


def _some(size: int, most: int, chance: tuple[int, str] | None) -> Array:
    """So many of the entries, in order."""
    if chance is None:
        return np.linspace(0, size - 1, most).astype(np.int64)
    return np.sort(permutation(size, *chance)[:most])


def _placed(part: Array, every: Array, x: Array) -> Array:
    """The numbers at their entries, in the shape of x."""
    whole = np.full(np.size(x), np.nan)
    whole[every] = part
    return whole.reshape(np.shape(x))


def mended(found: Estimate, better: Estimate, closely: Array, is_noisy: Array) -> Estimate:
    """The first look, with what the ladder found at some entries; where there is only noise, if its error is less."""
    is_taken = ~is_noisy[closely] | (better.error < found.error[closely])
    parts = Estimate(*[np.array(part) for part in found])
    for part, other in zip(parts, better, strict=True):
        part[closely[is_taken]] = other[is_taken]
    return parts


def scales(x: Array) -> Array:
    """For each entry a power of two by which steps are measured: its size, or a tenth of the largest one's; 1 for 0.

    So it is for what is next to 0, where finer steps are no numbers any more.
    """
    size = np.abs(np.ravel(x))
    size = np.where(size < LEAST, 0.0, size)
    size = np.maximum(size, LEAST_SCALE * np.max(size, initial=0.0))
    return np.ldexp(1.0, np.frexp(np.where(size > 0, size, 1.0))[1] - (size == 0))


def first_steps(scale: Array, first: float = FIRST_STEP) -> Array:
    """The steps of the first look, (4, n): two to the right, and the same two to the left."""
    one, two = first * scale, first * SECOND_PART * scale
    return np.stack([one, two, -one, -two])


def first_look(changes: Array, steps: Array, noise: float | Array) -> tuple[Estimate, Array]:
    """The central quotient at the smaller step, and whether the two disagree; `changes` are f(x + step) - f(x).

    `noise` is one number, or one for each change.
    """
    sides = changes / steps
    right, left = sides[:2], sides[2:]
    central, gap = (right + left) / 2, right - left
    floor = np.max(noise, axis=0) / steps[1]
    # D(h) = D + c·h², so D(ρh) is off by ρ²/(1 - ρ²) of the difference; twice that, for what h⁴ adds.
    shrunk = SECOND_PART**2
    apart = np.abs(central[0] - central[1])
    error = 2 * shrunk / (1 - shrunk) * apart + 2 * floor + 4 * EPSILON * np.abs(central[1])
    allowed = NOISES * floor + TOLERANCE * np.abs(central[1])
    is_off = ~((apart <= allowed) & (np.abs(gap[1] - SECOND_PART * gap[0]) <= allowed))
    return Estimate(central[1], error, central[1], central[1]), is_off


def ladder_steps(scale: Array) -> Array:
    """The steps of the ladder, (levels, n), coarse ones first."""
    return COARSEST * RATIO ** -np.arange(LEVELS)[:, None] * scale


def climbed(rightward: Array, leftward: Array, steps: Array, noise: float | Array) -> Estimate:
    """The derivative from a ladder; slopes to the left and right where the gap between them does not close.

    `rightward` and `leftward` are f(x + step) - f(x) and f(x - step) - f(x), (levels, n); `noise` is one number, or one
    for each step.
    """
    right, left = rightward / steps, -leftward / steps
    floor = noise / steps
    gap = np.abs(right - left)
    stays = ~(gap[1:] <= np.maximum(0.5 * gap[:-1], NOISES * floor[1:])) & ~(gap[1:] <= NOISES * floor[1:])
    stays |= ~np.isfinite(gap[1:])
    first = np.where(stays.any(axis=0), LEVELS - np.argmax(stays[::-1], axis=0), 0)
    central, error = extrapolated((right + left) / 2, floor, first, RATIO**2)
    zero = np.zeros_like(first)
    (on_left, left_error), (on_right, right_error) = (extrapolated(side, floor, zero, RATIO) for side in (left, right))
    between = np.abs(on_right - on_left)
    is_kink = stays.any(axis=0) & ~(error <= between / 4)
    is_whole = np.isfinite(on_left) & np.isfinite(on_right)
    middle = np.where(is_whole, (on_left + on_right) / 2, np.where(np.isfinite(on_left), on_left, on_right))
    around = np.where(
        is_whole, between / 2 + left_error + right_error, np.where(np.isfinite(on_left), left_error, right_error)
    )
    return Estimate(
        np.where(is_kink, middle, central),
        np.where(is_kink, around, error),
        np.where(is_kink, on_left, central),
        np.where(is_kink, on_right, central),
    )


def extrapolated(quotients: Array, floor: Array, first: Array, ratio: float) -> tuple[Array, Array]:
    """The limit of quotients as the step goes to 0, and its error; NaN and infinite where none is found.

    The error of quotients falls by `ratio`, its powers in turn, from a level to the next (Ridders' tableau); levels
    before `first` are left out. What is taken has the smallest error among those with which all finer levels agree.
    """
    count = quotients.shape[1]
    best, error = np.full(count, np.nan), np.full(count, np.inf)
    above: list[Array] = []
    for level, quotient in enumerate(quotients):
        row = [quotient]
        for order in range(1, min(level, MOST_EXTRAPOLATED) + 1):
            row.append(row[-1] + (row[-1] - above[order - 1]) / (ratio**order - 1))
            spread = np.maximum(np.abs(row[-1] - row[-2]), np.abs(row[-1] - above[order - 1]))
            likely = 2 * spread + 2 * floor[level] + 4 * EPSILON * np.abs(row[-1])
            finer = np.abs(row[-1] - quotients[level + 1 :]) <= 2 * likely + NOISES * floor[level + 1 :]
            is_better = (likely < error) & (level - order >= first) & np.all(finer, axis=0)
            best, error = np.where(is_better, row[-1], best), np.where(is_better, likely, error)
        above = row
    return np.where(_is_endless(quotients, floor), np.nan, best), np.where(_is_endless(quotients, floor), np.inf, error)


def _is_endless(quotients: Array, floor: Array) -> Array:
    """Whether quotients have no limit, as at a root: the finest differ by more than noise, and no less than before."""
    last, before = np.abs(quotients[-1] - quotients[-2]), np.abs(quotients[-2] - quotients[-3])
    return (last > NOISES * floor[-1]) & (last > 0.75 * before)
