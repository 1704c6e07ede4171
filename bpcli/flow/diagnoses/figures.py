"""How evidence is written: figures with three digits, shares in percent, the first few of many names."""

from collections.abc import Sequence

MOST_NAMED = 5


def figure(value: float) -> str:
    """A figure of evidence: three significant digits."""
    return f"{value:.3g}"


def percent(share: float) -> str:
    """A share in percent: none and all are said only where it is so."""
    rounded = f"{100 * share:.0f}"
    if (rounded == "100" and share < 1) or (rounded == "0" and share > 0):
        rounded = f"{100 * share:.2g}" if share < 0.5 else "over 99"  # noqa: PLR2004 - half
    return f"{rounded}%"


def plural(count: int, noun: str) -> str:
    """`1 sample`, `32 samples`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def listed(names: Sequence[object], most: int = MOST_NAMED) -> str:
    """The first few names."""
    return ", ".join(map(str, names[:most])) + (", …" if len(names) > most else "")
