"""How numbers and signs are written: short for the eye, in full for a pipe, aligned at the decimal point."""

import math
from typing import NamedTuple

from bpcli.graph.notation import number_text

INFINITE = {math.inf: "Infinity", -math.inf: "-Infinity"}


def full(value: float) -> str:
    """Every digit that tells this binary64 value from its neighbours."""
    if not math.isfinite(value):
        return INFINITE.get(value, "NaN")
    return number_text(float(value)).removesuffix(".0")


def short(value: float) -> str:
    """Four significant digits, whole digits never rounded away; whole numbers as they are, and 0 without a sign."""
    if not value:
        return "0"
    if not math.isfinite(value) or (float(value).is_integer() and abs(value) < 1e15):  # noqa: PLR2004 - reads well
        return full(value)
    size = abs(value)
    if 1000 <= size < 1e9:  # noqa: PLR2004 - four digits stand before the point
        return f"{value:.1f}".removesuffix(".0")
    return f"{value:.4g}"


def aligned(texts: list[str]) -> list[str]:
    """The texts padded on both sides so that their decimal points, or where these would be, stand in one column."""
    heads = [len(before_point(text)) for text in texts]
    tails = [len(text) - head for text, head in zip(texts, heads, strict=True)]
    widest_head, widest_tail = max(heads, default=0), max(tails, default=0)
    return [
        " " * (widest_head - head) + text + " " * (widest_tail - tail) if text else " " * (widest_head + widest_tail)
        for text, head, tail in zip(texts, heads, tails, strict=True)
    ]


def before_point(text: str) -> str:
    """What stands before the decimal point, or where it would be."""
    return text.split(".", maxsplit=1)[0] if "." in text else text.split("e", maxsplit=1)[0]


class Signs(NamedTuple):
    """The mathematical signs of a report; `ASCII` where the terminal or the file has no others."""

    partial: str = "∂"
    arrow: str = "→"
    times: str = "×"
    first: str = "┐"
    middle: str = "├"
    last: str = "┘"
    ellipsis: str = "…"
    plus_minus: str = "±"
    transposed: str = "ᵀ"
    norm: str = "‖"
    dot: str = "·"
    block: str = "█"
    theta: str = "θ"

    def written(self, text: str) -> str:
        """The text with these signs for those of mathematics."""
        for mathematical, own in zip(UNICODE, self, strict=True):
            text = text.replace(mathematical, own)
        return text


UNICODE = Signs()
ASCII = Signs("d", "->", "*", "\\", "|", "/", "...", "+-", ".T", "|", "/", "#", "theta")


def signs_for(encoding: str | None) -> Signs:
    """The signs that an encoding can write."""
    try:
        "".join(UNICODE).encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return ASCII
    return UNICODE
