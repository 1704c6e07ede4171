"""The spectrum of a symmetric matrix: its smallest and its largest eigenvalue."""

from typing import Any

import numpy as np

MOST_ROWS = 1000  # a second of work, at most


def ends_of_spectrum(matrix: Any) -> tuple[float, float] | None:
    """The smallest and the largest eigenvalue of the symmetric part of a matrix, by LAPACK's `syevd`.

    One that differs from 0 by no more than rounding, n · ε · the largest in size, is 0. None for a matrix that is
    empty, has an entry that is not finite, or has more than `MOST_ROWS` rows.
    """
    if not 0 < len(matrix) <= MOST_ROWS or not np.isfinite(matrix).all():
        return None
    scale = float(abs(matrix).max())
    if scale == 0:
        return 0.0, 0.0
    scaled = matrix / scale  # entries near 1e308 would overflow on the way
    found = np.linalg.eigvalsh((scaled + scaled.T) / 2)
    noise = len(matrix) * float(np.finfo(found.dtype).eps) * float(abs(found).max())
    smallest, largest = (0.0 if abs(end) <= noise else float(end) * scale for end in (found[0], found[-1]))
    return smallest, largest
