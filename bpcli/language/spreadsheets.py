"""CSV files as arrays: a matrix of numbers, or columns with names. Rows are counted from 1, as editors do."""

import csv
import math
from array import array
from collections.abc import Iterator
from io import StringIO
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bpcli.language.arrays import Array, Room, has
from bpcli.language.complaints import shortened
from bpcli.language.limits import Limits

if TYPE_CHECKING:
    from _csv import Reader


class Table(NamedTuple):
    """The numbers of a CSV file, and the names of its columns if its first row has names."""

    names: list[str] | None
    numbers: Array


def columns_in(text: str, limits: Limits) -> dict[str, Array]:
    """The columns of a CSV file as vectors, by name. Raises ValueError where it has no names or a broken row."""
    table = table_in(text, "the table", Room(limits))
    if table.names is None:
        message = "its first row must name the columns"
        raise ValueError(message)
    if "" in table.names:
        message = f"column {table.names.index('') + 1} has no name"
        raise ValueError(message)
    return dict(zip(table.names, np.ascontiguousarray(table.numbers.T), strict=True))


def table_in(text: str, name: str, room: Room) -> Table:
    """The numbers of a CSV file, read row by row into 8 bytes each.

    Raises ValueError where a row is ragged or an entry no finite number, LimitError where they are too many.
    """
    try:
        return _table(csv.reader(StringIO(text), strict=True), name, room)
    except csv.Error as error:
        raise ValueError(error) from error


def _table(reader: "Reader", name: str, room: Room) -> Table:
    rows = ((reader.line_num, row) for row in reader if row)
    first, head = next(rows, (0, []))
    if not head:
        message = "it is empty"
        raise ValueError(message)
    names = None if all(_reads_as_number(cell) for cell in head) else [cell.strip() for cell in head]
    if names and len(set(names)) < len(names):
        message = "a name stands twice in its first row"
        raise ValueError(message)
    numbers = array("d") if names else array("d", _numbers(head, None, first))
    for line, row in rows:
        if len(row) != len(head):
            message = f"it is ragged: row {line} {has(len(row))}, row {first} has {len(head)}"
            raise ValueError(message)
        numbers.extend(_numbers(row, names, line))
        if len(numbers) > room.most:
            room.take(name, (len(numbers) // len(head) + sum(1 for _ in rows), len(head)))
    if not numbers:
        message = "it has a row of names and no row of numbers"
        raise ValueError(message)
    room.take(name, (len(numbers) // len(head), len(head)))
    return Table(names, np.frombuffer(numbers, np.float64).reshape(-1, len(head)))


def _reads_as_number(cell: str) -> bool:
    """Whether a cell of the first row is no name; a missing number is none either."""
    return not cell.strip() or _number(cell) is not None


def _number(cell: str) -> float | None:
    try:
        return float(cell.replace("−", "-")) if "_" not in cell else None
    except ValueError:
        return None


def _numbers(row: list[str], names: list[str] | None, line: int) -> Iterator[float]:
    for position, cell in enumerate(row):
        number = _number(cell)
        if number is None or not math.isfinite(number):
            column = f"'{shortened(names[position])}'" if names and names[position] else position + 1
            typed = shortened(cell.strip())
            what = "missing" if not typed else f"no number: '{typed}'" if number is None else f"not finite: {typed}"
            message = f"the value in row {line}, column {column} is {what}"
            raise ValueError(message)
        yield number
