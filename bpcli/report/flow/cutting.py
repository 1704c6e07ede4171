"""Long tables cut in the middle: the first and the last rows stay, and a mark says how many are between them."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple, TypeVar

from bpcli.flow.results import Row

T = TypeVar("T")
FEWEST = 2  # of the steps of a layer: the first and the last


class Cut(NamedTuple):
    """So many rows that are not shown."""

    rows: int


def cut(items: Sequence[T], most: int) -> list[T | Cut]:
    """At most `most` items, and at least two: the first half of these, a cut, and the last half."""
    most = max(most, FEWEST)
    if len(items) <= most:
        return list(items)
    first = (most + 1) // 2
    return [*items[:first], Cut(len(items) - most), *items[len(items) - (most - first) :]]


def cut_rows(rows: Sequence[Row], most: int) -> list[Row | Cut]:
    """The rows of a flow, about `most`: the time steps of each layer are cut, or all rows where layers are too many."""
    runs = list(_runs(rows))
    layers = sum(len(run) for run, is_of_steps in runs if not is_of_steps)
    if len(rows) <= most or layers > most:
        return cut(rows, most)
    share = (most - layers) // max(sum(is_of_steps for _, is_of_steps in runs), 1)
    return [row for run, is_of_steps in runs for row in (cut(run, share) if is_of_steps else run)]


def _runs(rows: Sequence[Row]) -> Iterator[tuple[list[Row], bool]]:
    """Rows of layers, and the time steps of one layer, as they follow each other."""
    for (_, is_of_steps), run in groupby(rows, lambda row: (id(row.layer) if row.part else 0, bool(row.part))):
        yield list(run), is_of_steps
