"""How values are written: numbers, small arrays entry by entry, large ones by shape, norm, least and most."""

from collections.abc import Callable
from typing import Any

from bpcli.graph.shapes import shape_text
from bpcli.numbers.norms import norm_of


def value_text(value: Any, number: Callable[[float], str], most: int) -> str:
    """A number, an array of at most `most` entries as nested lists, or what sums a larger one up."""
    shape = getattr(value, "shape", ())
    if not shape:
        return number(float(value)) if not isinstance(value, bool) else str(value).lower()
    return nested_text(value.tolist(), number) if value.size <= most else summary_text(value, number)


def nested_text(entries: Any, number: Callable[[float], str]) -> str:
    """Nested lists as they are typed: `[[1, 2], [3, 4]]`."""
    if isinstance(entries, list):
        return f"[{', '.join([nested_text(entry, number) for entry in entries])}]"
    return str(entries).lower() if isinstance(entries, bool) else number(float(entries))


def summary_text(value: Any, number: Callable[[float], str]) -> str:
    """The shape of an array, its Euclidean norm, and its smallest and largest entry."""
    if value.dtype == bool:
        return f"{shape_text(value.shape)} with {int(value.sum())} of {value.size} true"
    least, most = float(value.min()), float(value.max())
    return f"{norm_text(value, number)}, {number(least)} to {number(most)}"


def norm_text(value: Any, number: Callable[[float], str]) -> str:
    """The shape of an array, and its Euclidean norm."""
    return f"{shape_text(value.shape)} norm {number(norm_of(value))}"
