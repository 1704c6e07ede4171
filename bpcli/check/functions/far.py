"""What a function does far from a point, where near it nothing is seen but noise: leave a plateau, or stay on it.

Where a gradient is hidden by rounding, a mistake has weight or not by the natural size of the slopes. Outputs that
leave a plateau not too far away have the slopes that lead there. Outputs that are flat but for rounding however far an
entry moves, as the sum of a softmax, have contributions that cancel, and they are as large as their rounding tells.
"""

from collections.abc import Callable

import numpy as np

from bpcli.check.functions.callee import Array
from bpcli.check.functions.noise import At, Noise

AWAY = (2.0, 8.0, 32.0, 128.0, 512.0)  # times the largest entry: where a plateau may be left
FARTHEST = (*AWAY, 2.0**14, 2.0**20)  # and where it is, if a large constant only hides a slope
BESIDE = (
    1.0,
    0.9983,
    1.0011,
    0.9971,
    1.0027,
)  # times such a place: what differs as much here as from the point is noise
LEFT = (
    1e-7  # of an output, times the square of how far: what changes so much leaves a plateau, and does not grow slowly
)
NOISES = 16.0  # times the noise is still noise

Rows = Callable[[Array, Array], Array]


def slopes_away(rows: Rows, at: At, noise: Noise, entries: Array, size: float) -> Array:
    """For each entry the largest mean slope that leads from a plateau; 0 where none is left.

    `rows` are the outputs (n, m) as entries move by steps, `size` is that of the largest entry. An output counts with
    no more than its own size, or that of what cancels in it, so that what grows without end does not hide what is near.
    """
    found = np.zeros(entries.size)
    own = np.maximum(np.abs(at.base), noise.levels / noise.epsilon)
    for away in AWAY:
        for step in (-away * size, away * size):
            apart = np.abs(rows(entries, np.full(entries.size, step)) - at.base)
            is_left = np.isfinite(apart) & (apart >= LEFT * away**2 * own)
            total = np.where(is_left, np.minimum(apart, own), 0.0) @ np.abs(at.weights)
            found = np.maximum(found, total / abs(step))
    return found


def is_flat(rows: Rows, at: At, noise: Noise, entries: Array, size: float) -> Array:
    """Whether the weighed sum of the outputs changes by no more than noise, wherever each entry moves.

    Places without a value tell nothing; there must be one that has.
    """
    flat, seen = np.ones(entries.size, dtype=bool), np.zeros(entries.size, dtype=bool)
    for away in FARTHEST:
        sides = np.stack([_spread(rows, at, noise, entries, away * side) for side in (-size, size)])
        level = np.max(sides[:, 1], axis=0, where=np.isfinite(sides[:, 1]), initial=0.0)
        here = np.isfinite(sides[:, 0])
        flat &= np.all(~here | (sides[:, 0] <= NOISES * level), axis=0)
        seen |= here.any(axis=0)
    return flat & seen


def _spread(rows: Rows, at: At, noise: Noise, entries: Array, step: float) -> Array:
    """How far the weighed sum is from here as entries move about so much, and how much it differs there, (2, n)."""
    moved = np.stack([rows(entries, np.full(entries.size, step * near)) for near in BESIDE])
    level = np.max(noise.of_changes(moved, np.any(moved != at.base, axis=0), at.weights), axis=0)
    apart = (moved - at.base) @ at.weights
    return np.stack([np.max(np.abs(apart), axis=0), np.ptp(apart, axis=0) + level])
