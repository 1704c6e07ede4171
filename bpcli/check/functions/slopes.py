"""The slopes of a function that is known by calling it alone: differences for every entry of every input.

Outputs are subtracted one by one before they are weighed with the upstream gradient, so that those which an entry does
not reach add no noise. A first look takes two steps to each side; where they disagree, or noise hides digits, a ladder
of steps is climbed, and where that fails for an entry that is small among others, one in steps of its own size.
Nothing here looks at a backward pass.
"""

from collections.abc import Collection, Iterator
from math import prod
from time import monotonic
from typing import NamedTuple

import numpy as np

from bpcli.check.functions.callee import Array, FaultKind, MisbehaviourError
from bpcli.check.functions.far import AWAY, BESIDE, FARTHEST, is_flat, slopes_away
from bpcli.check.functions.noise import At, Noise, moved_value, root_of_squares
from bpcli.check.measured import ERRORS, HIDES, UNSEEN
from bpcli.numbers.quotients import (
    EPSILON,
    FIRST_STEP,
    LEVELS,
    NOISES,
    SECOND_PART,
    Estimate,
    climbed,
    first_look,
    first_steps,
    ladder_steps,
    mended,
    scales,
)

MOST_NUMBERS = 500_000  # outputs of moved points that are held at once
MOST_IN_JACOBIAN = 4_000_000
LOOSE = 1e-6  # a relative error above it is worth a ladder
LOOSE_IN_SINGLE = 1000.0  # times the precision
FLAT = 1e-4  # of the outputs: what entries change where all is nearly saturated, or nothing is used
DOUBTED = 1e-6  # of a slope: more that outputs may hide which stand still is looked for
FAR = 2.0  # times the largest entry
ROUNDINGS = 4.0  # gaps between numbers, which a gradient of next to nothing may be off by
ALL_BUT_ROUNDING = 1e-6
LOOSE_OF_ALL = 0.01  # so much of that, relative to the natural size, is not
LOOSE_OF_SMALL = 1e-4  # unless a slope that is seen not to be 0 is known worse than to so much of itself
WIDER = 1e-3  # relative: what one-sided quotients of all outputs together may be off
CLEAR = 4.0  # times what both slopes beside a kink may be off: by less they do not differ clearly
FINEST, FALLS = 4, 0.2  # levels of a ladder, and what is at most left after as many of what is no noise: 1/16
SEEN = 10.0  # times its error: such a slope
LASTING: frozenset[FaultKind] = frozenset({"late", "lost"})  # faults after which a pass gives nothing more
SLICE = 0.2  # of the time that is left, for what is computed at a time


class Measured(NamedTuple):
    """The slopes with respect to every entry of an input, in its shape, and their natural size.

    The natural size is what moving an entry by its own size would change at most, over all inputs, by the size of this
    entry. `rounding` is what a right gradient may be off by where the slope is next to nothing: so little changes an
    output less than its rounding. Entries for which there was no time are NaN, their errors too.
    """

    slopes: Estimate
    natural: Array
    rounding: Array


def slopes_of(at: At, names: Collection[str], noise: Noise, deadline: float | None = None) -> dict[str, Measured]:
    """The derivative of the weighed sum of the outputs, for every entry of the inputs of these names.

    `deadline` is a time of the monotonic clock: what is not reached by then is left out. Raises MisbehaviourError where
    the pass gives nothing any more.
    """
    rays = {name: _Ray(at, name, noise, deadline) for name in names}
    with np.errstate(all="ignore"):
        for ray in rays.values():
            ray.look()
        natural = max([ray.largest for ray in rays.values()], default=0.0)
        for ray in rays.values():
            ray.look_far()
            ray.look_closely(natural)
            ray.look_at_plateaus(natural)
    return {name: ray.measured(natural) for name, ray in rays.items()}


def jacobian_of(at: At, name: str, noise: Noise) -> Array | None:
    """The derivative of every output with respect to every entry of an input, (outputs' size, entries).

    None where it would have too many numbers. Raises MisbehaviourError where an entry cannot be moved.
    """
    ray = _Ray(at, name, noise, None)
    if ray.scale.size * at.base.size > MOST_IN_JACOBIAN:
        return None
    with np.errstate(all="ignore"):
        steps = first_steps(ray.scale, ray.first)
        every = np.arange(ray.scale.size)
        sides = [(ray.rows(every, step) - at.base) / ray.real(every, step)[:, None] for step in steps]
        one, two = (sides[0] + sides[2]) / 2, (sides[1] + sides[3]) / 2
        jacobian: Array = np.transpose(two + (two - one) * SECOND_PART**2 / (1 - SECOND_PART**2))
    return jacobian


class _Ray:
    """One input of a pass, whose entries are moved."""

    def __init__(self, at: At, name: str, noise: Noise, deadline: float | None) -> None:
        self.at, self.name, self.noise, self.deadline = at, name, noise, deadline
        self.value = at.inputs[name]
        self.flat = np.ravel(np.asarray(self.value))
        self.scale = scales(self.flat.astype(float))
        self.base, self.weights = at.base, at.weights
        self.first = FIRST_STEP
        if noise.is_float32:
            self.first = 2.0 ** round(np.log2(noise.epsilon) / 3)
        self.loose = LOOSE
        if noise.is_float32:
            self.loose = LOOSE_IN_SINGLE * noise.epsilon
        self.seconds = 0.0  # that one moved point takes
        self.found = Estimate(*[np.full(self.flat.size, np.nan) for _ in range(4)])
        self.is_off = np.zeros(self.flat.size, dtype=bool)
        self.reach = np.zeros(self.flat.size)
        self.away = np.zeros(self.flat.size)

    @property
    def largest(self) -> float:
        """The largest change of the output as an entry moves by its own size."""
        return float(
            np.max(np.where(np.isfinite(self.found.value), np.abs(self.found.value) * self.scale, 0), initial=0)
        )

    @property
    def slopes(self) -> Estimate:
        """What was found, in the shape of the input."""
        return Estimate(*[self.shaped(part) for part in self.found])

    def measured(self, largest: float) -> Measured:
        """What was found; `largest` is the largest change of the output as any entry moves by its own size."""
        return Measured(
            self.slopes, self.shaped(self._natural(largest)), self.shaped(ROUNDINGS * EPSILON * self.reach / self.scale)
        )

    def _natural(self, largest: float) -> Array:
        return np.maximum(np.maximum(largest, ALL_BUT_ROUNDING * self.reach) / self.scale, self.away)

    def shaped(self, flat: Array) -> Array:
        """Numbers for each entry, in the shape of the input."""
        return flat.reshape(np.shape(self.value))

    def look(self) -> None:
        """Two steps to each side, for every entry."""
        for entries in self._parts(np.arange(self.flat.size), 4):
            steps = first_steps(self.scale[entries], self.first)
            changes, noises = self._changes(entries, steps)
            found, self.is_off[entries] = first_look(changes, steps, noises)
            self._take(found, entries)

    def look_closely(self, natural: float) -> None:
        """The ladder, where the first look tells too little."""
        self._climb(self._loose(natural), self.scale, ~self.is_off)
        own = scales_alone(self.flat.astype(float))
        apart = self._loose(natural) & (own < self.scale) & self.is_off
        self._climb(apart, own, np.ones_like(self.is_off))
        self._widen_corners()

    def look_far(self) -> None:
        """How far outputs change as entries move a lot, where they change next to nothing, or may seem to.

        An output that stands still at the first steps, and moves farther away, may hide as much of a slope as it is
        rounded by. Where that is seen, a ladder is climbed.
        """
        levels = self.noise.levels * np.abs(self.weights)
        step = self.first * SECOND_PART * self.scale
        is_little = self.largest <= FLAT * float(np.sum(np.abs(self.base * self.weights)))
        enough = DOUBTED * np.abs(self.found.value) * step
        is_doubted = ~(float(root_of_squares(levels, 0)) <= enough)
        far = FAR * float(np.max(self.scale, initial=0.0))
        for entries in self._parts(np.flatnonzero(self._reached & (is_doubted | is_little)), 3):
            is_still = self.rows(entries, step[entries]) == self.base
            for away in (-far, far):
                apart = np.abs(self.rows(entries, np.full(entries.size, away)) - self.base)
                total = apart @ np.abs(self.weights)
                self.reach[entries] = np.maximum(self.reach[entries], np.where(np.isfinite(total), total, 0.0))
                hidden = root_of_squares(np.where(is_still & (apart > 0), levels, 0.0), -1)
                self.is_off[entries] |= hidden > enough[entries]

    def look_at_plateaus(self, largest: float) -> None:
        """Where noise hides a slope: what slopes lead away from here, or how large contributions are that cancel."""
        size = float(np.max(self.scale, initial=0.0))
        for entries in self._parts(self._hidden(largest), 2 * len(AWAY)):
            self.away[entries] = slopes_away(self.rows, self.at, self.noise, entries, size)
        for entries in self._parts(self._hidden(largest), 2 * len(FARTHEST) * len(BESIDE)):
            flat = entries[is_flat(self.rows, self.at, self.noise, entries, size)]
            self.away[flat] = self.found.error[flat] / self.noise.epsilon

    def _hidden(self, largest: float) -> Array:
        """The entries whose slope may be off by more than has no weight."""
        value, error = np.abs(self.found.value), self.found.error
        weightless = UNSEEN * np.maximum(self._natural(largest), np.max(value, where=np.isfinite(value), initial=0.0))
        return np.flatnonzero(np.isfinite(error) & ~(ERRORS * error <= np.maximum(HIDES * value, weightless)))

    def _widen_corners(self) -> None:
        """Where several outputs have a kink, a gradient may take either side in each: the slopes as far apart as so."""
        left, right = self.found.left, self.found.right
        corners = np.flatnonzero(np.isfinite(left) & np.isfinite(right) & (left != right))
        for entries in self._parts(corners, 2):
            step = 2.0 ** round(np.log2(self.noise.epsilon) / 2) * self.scale[entries]  # best for one-sided quotients
            sides = [
                (self.rows(entries, one) - self.base) / self.real(entries, one)[:, None] * self.weights
                for one in (-step, step)
            ]
            apart = np.abs(sides[1] - sides[0])
            hidden = NOISES * self.noise.levels * np.abs(self.weights) / step[:, None]
            spread = np.sum(np.where(apart > hidden, apart, 0.0), axis=1)
            now = np.abs(right - left)[entries]
            more = np.where(spread > (1 + WIDER) * now, (1 + WIDER) * spread - now, 0.0) / 2
            outward = np.where(right > left, 1.0, -1.0)[entries] * more
            left[entries] -= outward
            right[entries] += outward
            self.found.error[entries] += more

    def _loose(self, natural: float) -> Array:
        """Where the steps disagree, or the error is more than has no weight; not what was left out."""
        value, error = np.abs(self.found.value), self.found.error
        largest = np.max(np.where(np.isfinite(value), value, 0.0), initial=0.0)
        of_all = LOOSE_OF_ALL * self.loose * np.maximum(largest, natural / self.scale)
        is_nothing = value <= SEEN * error
        of_all = np.where(is_nothing, of_all, np.minimum(of_all, LOOSE_OF_SMALL * value))
        enough = np.maximum(self.loose * value, of_all)
        return self._reached & (self.is_off | ~(error <= enough))

    @property
    def _reached(self) -> Array:
        return self.is_off | ~(np.isnan(self.found.value) & np.isnan(self.found.error))

    def _climb(self, chosen: Array, scale: Array, is_rival: Array) -> None:
        """Climb a ladder at the chosen entries, and take what it finds; where it is a rival, only if it errs less."""
        for entries in self._parts(np.flatnonzero(chosen), 2 * LEVELS):
            coarse = np.where(self.is_off[entries], scale[entries], np.maximum(scale[entries], 1.0))
            steps = ladder_steps(coarse)
            changes, noises = self._changes(entries, np.concatenate([steps, -steps]))
            noises = np.fmax(noises[:LEVELS], noises[LEVELS:])  # one side may have no value
            noises = np.fmax(noises, scatter(changes[:LEVELS] - changes[LEVELS:], steps))
            better = climbed(changes[:LEVELS], changes[LEVELS:], steps, noises)
            before = Estimate(*[part[entries] for part in self.found])
            better = self._without_small_corners(better)
            self._take(mended(before, better, np.arange(entries.size), is_rival[entries]), entries)

    def _without_small_corners(self, found: Estimate) -> Estimate:
        """Two slopes that differ by no more than is looked for, or than they may be off, are one, known less well."""
        between = np.abs(found.right - found.left)
        size = np.maximum(np.abs(found.left), np.abs(found.right))
        is_one = between <= np.maximum(self.loose * size, CLEAR * (found.error - between / 2))
        left, right = (np.where(is_one, found.value, side) for side in (found.left, found.right))
        return Estimate(found.value, found.error, left, right)

    def _take(self, found: Estimate, entries: Array) -> None:
        for whole, part in zip(self.found, found, strict=True):
            whole[entries] = part

    def _parts(self, entries: Array, each: int) -> Iterator[Array]:
        """The entries in parts that fit memory and time, spread evenly; `each` of them takes so many points."""
        rest = entries
        while rest.size:
            count = max(1, MOST_NUMBERS // max(1, each * self.base.size))
            if self.deadline is not None:
                left = self.deadline - monotonic()
                if left <= 0:
                    return
                of_time = left * SLICE / (each * self.seconds) if self.seconds else 1
                count = max(1, min(count, int(of_time)))
            stride = -(-rest.size // count)
            part = rest[::stride]
            yield part
            rest = np.delete(rest, np.s_[::stride])

    def real(self, entries: Array, steps: Array) -> Array:
        """By how much the entries truly move, as their dtype has it."""
        old = self.flat[entries].astype(float)
        return self._moved_to(entries, steps) - old

    def _moved_to(self, entries: Array, steps: Array) -> Array:
        moved: Array = np.asarray(moved_value(self.flat, 0.0)[entries] + steps).astype(self.flat.dtype)
        return moved.astype(float)

    def _changes(self, entries: Array, steps: Array) -> tuple[Array, Array]:
        """The change of the weighed sum at each step, (k, n), as if the step were exact, and the noise of each."""
        count = steps.shape[0]
        real = np.stack([self.real(entries, step) for step in steps])
        began = monotonic()
        rows = self.rows(np.tile(entries, count), np.ravel(steps)).reshape(count, entries.size, -1)
        self.seconds = (monotonic() - began) / max(1, count * entries.size)
        apart = rows - self.base
        noises = self.noise.of_changes(rows, np.any(apart != 0, axis=0), self.weights)
        changes = apart @ self.weights
        # A step that the dtype does not have is none: it shows nothing, and may be anything.
        stretch = np.where(real != 0, steps / np.where(real != 0, real, 1.0), 0.0)
        return changes * stretch, np.where(real != 0, noises * np.abs(stretch), np.inf)

    def rows(self, entries: Array, steps: Array) -> Array:
        """The outputs at moved points, (n, m); NaN where there is none, or one of another shape."""
        values = self._moved_to(entries, steps)
        try:
            found = np.asarray(self.at.callee.moved(self.at.inputs, self.name, entries, values), dtype=float)
        except MisbehaviourError as error:
            if error.fault.kind in LASTING:
                raise
        else:
            if found.shape == (entries.size, self.base.size):
                return found
        if entries.size == 1:
            return np.full((1, self.base.size), np.nan)
        return np.concatenate([self.rows(one, step) for one, step in zip(*_halves(entries, steps), strict=True)])


def _halves(entries: Array, steps: Array) -> tuple[list[Array], list[Array]]:
    middle = prod(entries.shape) // 2
    return [entries[:middle], entries[middle:]], [steps[:middle], steps[middle:]]


def scatter(changes: Array, steps: Array) -> Array:
    """The noise of changes to both sides, (levels, n), as the finest levels show it; 0 where they show none.

    What quotients of neighbouring levels differ by, times the step, falls with the step h: as h³ where the function
    is smooth, as h at a kink, as √h at a root. Noise does not. Moves of few digits may all meet the same rounding,
    that of a mean for one, so that it does not show near the point; far finer steps show it here.
    """
    apart = np.abs(np.diff(changes / (2 * steps), axis=0)) * steps[1:]
    finest, before = np.max(apart[-FINEST:], axis=0), np.max(apart[-2 * FINEST : -FINEST], axis=0)
    return np.where(finest > FALLS * before, finest, 0.0)


def scales_alone(x: Array) -> Array:
    """For each entry a power of two of its own size; infinite for 0, which has none."""
    size = np.abs(x)
    return np.where(size > 0, np.ldexp(1.0, np.frexp(size)[1] - 1), np.inf)
