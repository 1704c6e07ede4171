"""The Euclidean norm of an array, also where its squares would leave the range of float64."""

from math import isfinite
from typing import Any

FAR = 1e100


def norm_of(value: Any) -> float:
    """The Euclidean norm of an array or a number; squares that would leave the range of float64 are scaled."""
    if not getattr(value, "shape", ()):
        return abs(float(value))
    if not value.size:
        return 0.0
    largest = float(abs(value).max())
    scale = largest if largest > FAR or 0 < largest < 1 / FAR else 1.0
    return scale * float(((value.astype(float) / scale) ** 2).sum()) ** 0.5 if isfinite(largest) else largest
