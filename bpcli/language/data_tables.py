"""CSV files of data: a row of names above rows of samples, read a chunk of rows at a time. Lines are counted from 1."""

import csv
import math
from array import array
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import NamedTuple

import numpy as np

from bpcli.errors import LimitError, UsageError
from bpcli.language.arrays import Array, Room
from bpcli.language.complaints import named, shortened, suggestion
from bpcli.language.limits import DEFAULT_LIMITS, Limits
from bpcli.language.values import lines_from

SEPARATORS = (",", ";", "\t")  # of two that give a header as many names, the first
MISSING = frozenset({"", "na", "n/a", "nan", "?"})  # in small letters
ROWS_AT_ONCE = 50_000
NO_UTF8 = "it is not UTF-8 text"
NO_TEXT = ("\ufffd", "\0")  # what bytes that are no UTF-8 become, and what UTF-16 is full of


class Columns(NamedTuple):
    """Rows of a table: `numbers` is (rows, columns), in the order asked for; `words` are other columns, as typed.

    `lines` are those of the file that the rows begin in, counted from 1.
    """

    numbers: Array
    words: Mapping[str, list[str]]
    lines: Sequence[int]


class DataTable:
    """A CSV file, or standard input for `-`, whose header is read and whose rows are to come.

    The separator is a comma, a semicolon or a tab, whichever the header has most of. Raises UsageError where the file
    cannot be read, or has no row of names or one name twice.
    """

    def __init__(self, source: str, limits: Limits = DEFAULT_LIMITS) -> None:
        self.source = source
        self._room = Room(limits)
        lines = lines_from(source, limits.bytes)
        self._skipped = 0
        head = ""
        for head in lines:
            if head.strip():
                break
            self._skipped += 1
        separator = max(SEPARATORS, key=head.count)
        self._advice: dict[str, str] = {}
        self._has_underscore = False
        self._reader = csv.reader(chain([head], self._watched(lines)), delimiter=separator, strict=True)
        with self._told():
            self.names = tuple([name.strip() for name in next(self._reader, [])])
        fault = self._fault_of(head)
        if fault:
            raise self._unusable(fault, "save it as UTF-8") if fault == NO_UTF8 else self._unusable(fault)

    def _watched(self, lines: Iterator[str]) -> Iterator[str]:
        """The lines; it is noted where one has an underscore, which Python, not CSV, allows within a number."""
        for line in lines:
            if "_" in line:
                self._has_underscore = True
            yield line

    def _fault_of(self, head: str) -> str | None:
        """Why a first row does not give each column a name of its own; None where it does."""
        if any(sign in head for sign in NO_TEXT):
            return NO_UTF8
        if not head.strip():
            return "it is empty"
        if "" in self.names:
            return f"column {self.names.index('') + 1} has no name"
        if all(_number(name) is not None for name in self.names):
            return "its first row must name the columns"
        places: dict[str, int] = {}
        for place, name in enumerate(self.names):
            if places.setdefault(name, place) < place:
                return f"two columns have the name {named(name)}: {places[name] + 1} and {place + 1}"
        return None

    def advise(self, columns: Collection[str], hint: str) -> None:
        """Let this be said where one of these columns, which is to hold numbers, holds a word."""
        self._advice |= dict.fromkeys(columns, hint)

    def require(self, columns: Collection[str], wanted_by: str) -> None:
        """Raise UsageError, with a suggestion, for the first of these columns that the table has not."""
        for column in columns:
            if column not in self.names:
                listed = ", ".join([shortened(name) for name in self.names[:10]])
                otherwise = f"its columns are {listed}{', …' if len(self.names) > 10 else ''}"  # noqa: PLR2004 - shown
                message = f"{self.source} has no column {named(column)}, which {wanted_by}"
                raise UsageError(
                    message, hint=suggestion(column, [name for name in self.names if name not in columns], otherwise)
                )

    def whole(self, numbers: Sequence[str], words: Collection[str] = ()) -> Columns:
        """All rows of these columns. Raises what `chunks` raises."""
        read = list(self.chunks(numbers, words))
        joined = {name: [word for part in read for word in part.words[name]] for name in words}
        lines = array("q", chain.from_iterable([part.lines for part in read]))
        return Columns(np.concatenate([part.numbers for part in read]), joined, lines)

    def chunks(
        self, numbers: Sequence[str], words: Collection[str] = (), rows: int = ROWS_AT_ONCE
    ) -> Iterator[Columns]:
        """The rows of these columns, so many at a time; other columns are not looked at.

        Raises UsageError, with the line and the column, where a row is ragged, a value is missing or no finite number,
        or a quote is not closed; LimitError where all numbers together are too many.
        """
        typed = {name: self.names.index(name) for name in words}
        places = [self.names.index(name) for name in numbers]
        taken = 0
        while True:
            chunk = _Chunk(places, {name: [] for name in typed}, array("d"), array("q"))
            with self._told():
                self._fill(chunk, typed, rows)
            if not chunk.lines:
                break
            taken += len(chunk.lines)
            self._room.taken = 0
            self._room.take(f"the table of {self.source}", (taken, max(len(self.names), 1)))
            yield Columns(self._finite(chunk), chunk.words, chunk.lines)
        if not taken:
            reason = "it has a row of names and no row of samples"
            raise self._unusable(reason)

    def _fill(self, chunk: "_Chunk", typed: Mapping[str, int], rows: int) -> None:
        """Read so many rows, or those that are left."""
        width, places = len(self.names), chunk.places
        is_all = places == list(range(width))
        reader, lines = self._reader, chunk.lines
        begins = reader.line_num + 1
        for row in reader:
            if len(row) == width or "".join(row).strip():  # else the line is blank
                line = begins + self._skipped
                self._require_width(row, line)
                for name, place in typed.items():
                    chunk.words[name].append(self._word(row[place], name, line))
                cells = row if is_all else [row[place] for place in places]
                try:
                    chunk.numbers.extend(map(_number_of, cells) if self._has_underscore else map(float, cells))
                except ValueError:
                    del chunk.numbers[len(lines) * len(places) :]
                    chunk.numbers.extend([self._cell(row[place], place, line) for place in places])
                self._has_underscore = False
                lines.append(line)
                if len(lines) == rows:
                    return
            begins = reader.line_num + 1

    def _require_width(self, row: Sequence[str], line: int) -> None:
        """Raise UsageError where a row is longer or shorter than the header."""
        if len(row) != len(self.names):
            values = "1 value" if len(row) == 1 else f"{len(row)} values"
            reason = f"row {line} has {values}, the header has {len(self.names)}"
            raise self._unusable(reason, "put values with separators in quotes; a missing value cannot be left out")

    def _finite(self, chunk: "_Chunk") -> Array:
        """The numbers of a chunk. Raises UsageError at the first that is not finite."""
        found = np.frombuffer(chunk.numbers, np.float64) if chunk.numbers else np.zeros(0)
        table: Array = found.reshape(len(chunk.lines), len(chunk.places))
        finite = np.isfinite(table)
        if not finite.all():
            row, column = divmod(int(finite.argmin()), len(chunk.places))
            value, where = float(table[row, column]), self._where(chunk.lines[row], chunk.places[column])
            raise self._missing(where) if math.isnan(value) else self._unusable(f"the value in {where} is not finite")
        return table

    def _word(self, cell: str, name: str, line: int) -> str:
        word = cell.strip()
        if word.lower() in MISSING:
            raise self._missing(self._where(line, self.names.index(name)))
        return word

    def _cell(self, cell: str, place: int, line: int) -> float:
        """The number in a cell. Raises UsageError where it is none."""
        number = _number(cell)
        if number is not None:
            return number
        where, typed = self._where(line, place), cell.strip()
        if typed.lower() in MISSING:
            raise self._missing(where)
        otherwise = "only a target may hold words; give others as numbers, a column for each word with 0 and 1"
        hint = self._advice.get(self.names[place], otherwise)
        if _number(typed.replace(",", ".")) is not None:
            hint = "write numbers with a point, 2.5"
        reason = f"the value in {where} is no number: {named(typed)}"
        raise self._unusable(reason, hint)

    def _where(self, line: int, place: int) -> str:
        return f"row {line}, column {named(self.names[place])}"

    def _missing(self, where: str) -> UsageError:
        return self._unusable(f"the value in {where} is missing", "leave out rows with missing values, or fill them in")

    def _unusable(self, reason: str, hint: str = "give rows of numbers under one row of names") -> UsageError:
        return UsageError(f"cannot use {self.source} as data: {reason}", hint=hint)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """A block in which what the CSV reader complains of is told with its line."""
        try:
            yield
        except csv.Error as error:
            line = self._reader.line_num + self._skipped
            if "field larger" in str(error):
                message = f"cannot use {self.source} as data: row {line} has a value of more than 131072 characters"
                raise LimitError(message, hint="a quote that is not closed takes all that follows") from error
            if "new-line" in str(error):
                reason = f"row {line} has a carriage return that ends no line"
                raise self._unusable(reason, "end each line by a line feed, \\n, or by \\r\\n") from error
            reason = f"row {line}: {error}"
            raise self._unusable(reason) from error


class _Chunk(NamedTuple):
    """Rows on their way: where their numbers stand, other columns, the numbers row by row, the line of each row."""

    places: list[int]
    words: dict[str, list[str]]
    numbers: "array[float]"
    lines: "array[int]"


def _number(cell: str) -> float | None:
    try:
        return _number_of(cell)
    except ValueError:
        return None


def _number_of(cell: str) -> float:
    """The number in a cell, a typographic minus being a minus. Raises ValueError where it is none."""
    return float(cell.replace("−", "-").replace("_", "?"))


def numbers_in(words: Sequence[str]) -> Array | None:
    """The numbers that words are, (rows,), or None where one is none, or not finite."""
    try:
        numbers = np.array([_number_of(word) for word in words])
    except ValueError:
        return None
    return numbers if np.isfinite(numbers).all() else None
