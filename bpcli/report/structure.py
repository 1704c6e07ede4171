"""The structure of a matrix in words."""

from typing import Any


def structure_of(matrix: Any) -> str:
    """Nothing yet."""
    del matrix
    return ""
