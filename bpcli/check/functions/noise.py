"""The noise of a function: what its outputs are off by at random, which repeating the same computation never shows.

At equally spaced points, very near, the differences of a smooth function vanish as they are taken again and again, and
what stays is noise: the k-th differences of noise σ have the mean square (2k)!/(k!)²·σ² (ECnoise, Moré & Wild,
Estimating computational noise, SIAM J. Sci. Comput. 33, 2011). That is done for every output at once. Outputs that
stand still so near move in stairs, as float32 does: they are met at uneven places farther apart, about a cubic.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import comb
from typing import Any, NamedTuple

import numpy as np

from bpcli.check.functions.callee import Array, Callee, Inputs, MisbehaviourError

POINTS = 7
EVEN = tuple(range(POINTS))
UNEVEN = (0.0, 0.625, 1.875, 2.375, 3.875, 5.125, 6.0)  # stairs are not met evenly, which would hide them
# Places of points, in parts of an entry's size: farther apart where outputs stand still, or move in steps.
PLACES = tuple(
    spacing * np.array(places)
    for spacing, places in ((2.0**-33, EVEN), (2.0**-17, UNEVEN), (2.0**-9, UNEVEN), (2.0**-5, UNEVEN))
)
AGAIN = (0.875 * 2.0**-29, 0.625 * 2.0**-25, 0.75 * 2.0**-19)  # other spacings, as rounding may be even at one, or slow
WAVES = 2.0**-10  # of the values: what differs more at these spacings is no noise, but waves that are shorter
FEWEST_BITS = 20  # of numbers of float32; fewer are what cancellation left
LOW = 0.03  # of an output: higher steps are no rounding
ALIKE = 12  # times a ratio of changes is whole, where all are few of the same steps
LEAST = 2.0**-1074  # the gap between numbers next to 0
SAFE = 2.0**-400, 2.0**400  # sizes whose squares are numbers, and their sums
SMOOTH = 4  # terms of the polynomial about which noise is measured at uneven places
QUIETER = 0.25  # so much less noise than is usual an output may have
LIKE = 4.0  # estimates that differ by no more have settled
ROUNDING = 0.5  # of the gap beside a number: what the last operation alone loses
EPSILON = float(np.finfo(float).eps)
SINGLE = float(np.finfo(np.float32).eps)
AS_SINGLE = (2.0**-27, 2.0**-21)  # relative: noise that float64 does not have, and float32 does


@dataclass(frozen=True, eq=False)
class Noise:
    """The noise of each output, all outputs joined; `epsilon` is the precision that they are computed in.

    `together` is how much more noise their weighed sum has than if each had its own; 1 where they are independent.
    """

    levels: Array
    epsilon: float
    together: float = 1.0

    @property
    def is_float32(self) -> bool:
        """Whether the function computes in float32, or coarser."""
        return self.epsilon > EPSILON

    def of_changes(self, rows: Array, changed: Array, weights: Array) -> Array:
        """The noise of the weighed sum of what changes, (k, n), from the outputs (k, n, m) at moved points.

        `changed` (n, m) tells which outputs an entry reaches at all. Where nothing changes, the change is as much as
        all of them may hide.
        """
        reached = changed | ~changed.any(axis=1, keepdims=True)
        if not reached.size:
            return np.zeros(rows.shape[:-1])
        entry, output = np.nonzero(reached)  # few of all, where an input has rows as a batch has
        found = ROUNDING * self.epsilon * np.abs(rows[:, entry, output])
        each = np.maximum(self.levels[output], found) * np.abs(weights[output])
        unit = _unit(each)
        starts = np.searchsorted(entry, np.arange(len(reached)))
        return self.together * np.sqrt(np.add.reduceat((each / unit) ** 2, starts, axis=1)) * unit


class At(NamedTuple):
    """A pass at one point: what it gives there, and the upstream gradient, of ones where the pass takes none."""

    callee: Callee
    inputs: Inputs
    outputs: tuple[Array, ...]
    upstream: tuple[Array, ...]

    @property
    def base(self) -> Array:
        """All outputs, flat, in float64."""
        return joined(self.outputs)

    @property
    def weights(self) -> Array:
        """The upstream gradient, flat, in float64."""
        return joined(self.upstream)


def joined(outputs: Sequence[Array]) -> Array:
    """Arrays one after the other, flat, in float64."""
    return np.concatenate([np.ravel(np.asarray(one)).astype(float) for one in outputs]) if outputs else np.zeros(0)


def root_of_squares(numbers: Array, axis: int) -> Array:
    """The square root of the sum of squares, which neither overflow nor vanish."""
    unit = _unit(numbers)
    return np.sqrt(np.sum((numbers / unit) ** 2, axis=axis)) * unit


def _unit(numbers: Array) -> float:
    """A power of two by which the largest of these is divided, where its square is no number or vanishes; else 1."""
    largest = float(np.max(numbers, where=np.isfinite(numbers), initial=0.0))
    if largest == 0 or SAFE[0] < largest < SAFE[1]:
        return 1.0
    return 2.0 ** int(np.clip(np.frexp(largest)[1], -1000, 1000))


def noise_of(at: At, names: Collection[str], seed: int = 0) -> Noise:
    """The noise of the outputs near a point, as the inputs of these names move in a direction that `seed` draws."""
    base, weights = at.base, at.weights
    directions = _directions(at.inputs, names, seed)
    declared = epsilon_of(at.outputs)
    levels = np.zeros(base.size)
    is_open = np.ones(base.size, dtype=bool)  # whether nothing is known of an output yet
    together, is_single = 1.0, False
    for places in PLACES:
        table = _table(at, directions, places, base)
        if table is None:
            continue
        moves = np.count_nonzero(np.diff(table, axis=0), axis=0) > (POINTS - 1) // 2
        fresh = is_open & moves
        if places is PLACES[-1]:
            fresh = is_open & _is_in_steps(table - base, np.abs(base))
        estimated = settled_levels if places is PLACES[0] else partial(scattered_levels, places=places)
        levels[fresh] = np.maximum(estimated(table[:, fresh]), ROUNDING * declared * np.abs(base[fresh]))
        is_open &= ~moves
        is_single |= _only_single(table[1:, fresh])
        alone = float(root_of_squares(np.abs(levels * weights)[fresh], 0))
        if np.count_nonzero(fresh) > 1 and alone:
            weighed = np.sum(((table - base) * weights)[:, fresh], axis=1, keepdims=True)
            together = max(together, float(estimated(weighed)[0]) / alone)
        if places is PLACES[0]:
            levels[fresh] = np.maximum(levels[fresh], _seen_again(at, directions, base, fresh))
        if not is_open.any():
            break
    is_single |= _is_like_single(levels, base, ~is_open)
    epsilon = max(declared, SINGLE) if is_single else declared
    return Noise(np.maximum(levels, np.maximum(ROUNDING * epsilon * np.abs(base), LEAST)), epsilon, together)


def _seen_again(at: At, directions: Mapping[str, Array], base: Array, chosen: Array) -> Array:
    """The most noise that is told from what is smooth at other spacings, of the chosen outputs; 0 where none is."""
    levels = np.zeros(np.count_nonzero(chosen))
    for spacing in AGAIN if chosen.any() else ():
        table = _table(at, directions, spacing * np.array(EVEN), base)
        if table is not None:
            found = settled_levels(table[:, chosen], only_settled=True)
            size = np.max(np.abs(table[:, chosen]), axis=0)
            levels = np.maximum(levels, np.where(found <= WAVES * size, found, 0.0))
    return levels


def epsilon_of(outputs: Sequence[Array]) -> float:
    """The coarsest precision that outputs are declared to have."""
    kinds = [np.asarray(one).dtype for one in outputs]
    return max([float(np.finfo(kind).eps) for kind in kinds if kind.kind == "f"] + [EPSILON])


def _directions(inputs: Inputs, names: Collection[str], seed: int) -> Mapping[str, Array]:
    """For each entry its size, or half of it, with a random sign: a power of two, so that moving rounds nothing.

    An entry that is 0 stays, as a kink or the end of a domain may be there.
    """
    chance = np.random.default_rng(seed)
    found = {}
    for name in names:
        size = np.abs(np.asarray(inputs[name], dtype=float))
        exponents = np.frexp(np.where(size > 0, size, 1.0))[1] - 1 - chance.integers(0, 2, np.shape(size))
        signs = chance.choice([-1.0, 1.0], np.shape(size))
        found[name] = np.where(size > 0, signs * np.ldexp(1.0, exponents), 0.0)
    return found


def _table(at: At, directions: Mapping[str, Array], places: Array, base: Array) -> Array | None:
    """The outputs at points on a line, (points, m); None where one has no value."""
    rows = [base]
    for place in places[1:]:
        moved = dict(at.inputs)
        for name, direction in directions.items():
            moved[name] = moved_value(at.inputs[name], place * direction)
        try:
            rows.append(joined(at.callee.outputs(moved)))
        except MisbehaviourError:
            return None
    if any(row.shape != base.shape or not np.all(np.isfinite(row)) for row in rows):
        return None
    return np.stack(rows)


def moved_value(value: Any, change: Array) -> Any:
    """The value and a change, as an input of the same kind: an array of its dtype, or a number."""
    moved = np.asarray(value) + change
    return moved.astype(value.dtype) if isinstance(value, np.ndarray) else type(value)(moved)


def settled_levels(table: Array, *, only_settled: bool = False) -> Array:
    """The noise of each column of equally spaced values.

    It is that of the first order of differences whose sign changes and from which on three estimates are alike. Where
    there is none, it is 0 if only such noise counts, else the larger of the last two, in which the least is left of
    what is smooth.
    """
    estimates, turns = [], []
    for order in range(1, POINTS):
        table = np.diff(table, axis=0)
        estimates.append(root_of_squares(np.abs(table), 0) / np.sqrt(len(table) * comb(2 * order, order)))
        turns.append((np.min(table, axis=0) < 0) & (np.max(table, axis=0) > 0))
    level = np.zeros(table.shape[1]) if only_settled else np.maximum(estimates[-1], estimates[-2])
    for order in range(POINTS - 4, -1, -1):
        three = np.stack(estimates[order : order + 3])
        is_settled = turns[order] & (np.max(three, axis=0) <= LIKE * np.min(three, axis=0))
        level = np.where(is_settled, estimates[order], level)
    return level


def scattered_levels(table: Array, places: Array) -> Array:
    """The noise of each column of values at uneven places: what a cubic that fits them best leaves.

    Stairs that are met evenly all the same leave nothing, so that no column has much less than is usual for its size.
    """
    basis, _ = np.linalg.qr(np.vander(places / places[-1], SMOOTH))
    left = table - table[0]
    left = left - basis @ (basis.T @ left)
    level: Array = root_of_squares(np.abs(left), 0) / np.sqrt(POINTS - SMOOTH)
    size = np.abs(table[0])
    is_some = size > 0
    usual = float(np.median(level[is_some] / size[is_some])) if is_some.any() else 0.0
    return np.maximum(level, QUIETER * usual * size)


def _only_single(values: Array) -> bool:
    """Whether values that vary all are numbers of float32, and not all of fewer bits than those have."""
    if not values.size:
        return False
    with np.errstate(over="ignore"):
        if np.any(values.astype(np.float32) != values):
            return False
    bits = np.ldexp(np.frexp(values)[0], FEWEST_BITS)
    return bool(np.any(bits != np.rint(bits)))


def _is_in_steps(changes: Array, base: Array) -> Array:
    """Whether the changes of each column are small and in simple ratios, as those of stairs are."""
    size = np.abs(changes)
    least = np.min(np.where(size > 0, size, np.inf), axis=0)
    counts = size / least * ALIKE
    is_whole = np.all(np.abs(counts - np.rint(counts)) <= WAVES, axis=0)
    found: Array = is_whole & (np.max(size, axis=0) > least) & (least <= LOW * base)
    return found


def _is_like_single(levels: Array, base: Array, known: Array) -> bool:
    """Whether most outputs have noise as of float32."""
    seen = known & (base != 0)
    least, most = AS_SINGLE
    return bool(seen.any()) and bool(least <= np.median(levels[seen] / np.abs(base[seen])) <= most)
