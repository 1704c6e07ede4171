"""CSV files of data: what is read, what is refused and where, and that no bytes get any further than a message."""

import random
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from bpcli.errors import BpcliError, LimitError, UsageError
from bpcli.language.data_tables import Columns, DataTable
from bpcli.language.limits import Limits


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a table stands."""
    return tmp_path / "data.csv"


def read(file: Path, text: str | bytes, *words: str) -> Columns:
    """Every column of a table, those in `words` as they are typed."""
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    table = DataTable(str(file))
    return table.whole([name for name in table.names if name not in words], words)


READABLE = {
    "plain": b"a,b,kind\n1,2.5,yes\n-3,4e2,no\n",
    "a byte order mark and CRLF": b"\xef\xbb\xbfa,b,kind\r\n1,2.5,yes\r\n-3,4e2,no\r\n",
    "semicolons": b"a;b;kind\n1;2.5;yes\n-3;4e2;no\n",
    "tabs": b"a\tb\tkind\n1\t2.5\tyes\n-3\t4e2\tno\n",
    "quotes and blanks": b'"a", b ,"kind"\n"1", 2.5,"yes"\n\xe2\x88\x923,"4e2", no \n',
    "blank lines": b"\n  \na,b,kind\n\n1,2.5,yes\n   \n-3,4e2,no\n\n",
    "no newline at the end": b"a,b,kind\n1,2.5,yes\n-3,4e2,no",
}


@pytest.mark.parametrize("form", READABLE)
def test_the_same_table_in_every_form(file: Path, form: str) -> None:
    """Separators, quotes, line ends and blank lines change nothing."""
    found = read(file, READABLE[form], "kind")

    assert_array_equal(found.numbers, [[1, 2.5], [-3, 400]])
    assert found.words == {"kind": ["yes", "no"]}


def test_a_quoted_cell_holds_separators_and_lines_and_rows_keep_their_line(file: Path) -> None:
    """A row's line is the one it begins in."""
    found = read(file, 'kind,a\n"one,\ntwo",1\nthree,2\n', "kind")

    assert found.words == {"kind": ["one,\ntwo", "three"]}
    assert list(found.lines) == [2, 4]


def test_columns_come_in_the_order_that_is_asked_for_and_others_are_not_looked_at(file: Path) -> None:
    """A column of words that nobody asks for does not matter."""
    file.write_text("a,name,b\n1,Ann,2\n3,,4\n")

    assert_array_equal(DataTable(str(file)).whole(["b", "a"]).numbers, [[2, 1], [4, 3]])


def test_chunks_together_are_the_whole(file: Path) -> None:
    """A table that is read in parts has the same rows, and the same lines."""
    file.write_text("a,k\n" + "".join(f"{place},w{place}\n" for place in range(10)))
    parts = list(DataTable(str(file)).chunks(["a"], ["k"], rows=4))

    assert [len(part.numbers) for part in parts] == [4, 4, 2]
    assert_array_equal(np.concatenate([part.numbers for part in parts])[:, 0], range(10))
    assert [line for part in parts for line in part.lines] == list(range(2, 12))


REFUSED: dict[str, tuple[str | bytes, str]] = {
    "a missing value": ("a,b\n1,2\n3,\n", "the value in row 3, column 'b' is missing"),
    "NA": ("a,b\n1,NA\n", "the value in row 2, column 'b' is missing"),
    "NaN": ("a,b\n1,2\n\nnan,2\n", "the value in row 4, column 'a' is missing"),
    "a question mark": ("a,b\n1,?\n", "the value in row 2, column 'b' is missing"),
    "a missing class": ("a,kind\n1,x\n2, \n", "the value in row 3, column 'kind' is missing"),
    "an infinite number": ("a,b\n1,2\n3,-inf\n", "the value in row 3, column 'b' is not finite"),
    "a number beyond float64": ("a,b\n1,1e999\n", "the value in row 2, column 'b' is not finite"),
    "a word": ("a,b\n1,red\n", "the value in row 2, column 'b' is no number: 'red'"),
    "a decimal comma": ("a;b\n1;2,5\n", "the value in row 2, column 'b' is no number: '2,5'"),
    "an underscore": ("a,b\n1,1_000\n", "the value in row 2, column 'b' is no number: '1_000'"),
    "a short row": ("a,b\n1,2\n3\n", "row 3 has 1 value, the header has 2"),
    "a long row": ("a,b\n1,2,3\n", "row 2 has 3 values, the header has 2"),
    "a name twice": ("a,b,a\n1,2,3\n", "two columns have the name 'a': 1 and 3"),
    "no name": ("a,,c\n1,2,3\n", "column 2 has no name"),
    "no header": ("1,2\n3,4\n", "its first row must name the columns"),
    "a header alone": ("a,b\n", "it has a row of names and no row of samples"),
    "nothing": ("", "it is empty"),
    "blanks alone": (" \n\n", "it is empty"),
    "an open quote": ('a,b\n1,"2\n', "row 2: unexpected end of data"),
    "something behind a quote": ('a,b\n1,"2"3\n', "row 2: ',' expected after '\"'"),
    "lines of old Macs": ("a,b\r1,2\r", "row 1 has a carriage return that ends no line"),
    "UTF-16": ("a,b\n1,2\n".encode("utf-16"), "it is not UTF-8 text"),
    "a value after lines in quotes": ('kind,b\n"x\ny",1\nz,\n', "the value in row 4, column 'b' is missing"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_is_told_with_its_place(file: Path, case: str) -> None:
    """Rows are counted as an editor counts lines, columns have their names."""
    text, message = REFUSED[case]
    with pytest.raises(UsageError) as caught:
        read(file, text, *(["kind"] if "kind" in str(text) else []))

    assert caught.value.message == f"cannot use {file} as data: {message}"
    assert caught.value.hint


def test_a_decimal_comma_has_a_hint_of_its_own(file: Path) -> None:
    """Numbers are written with a point."""
    with pytest.raises(UsageError) as caught:
        read(file, "a;b\n1;2,5\n")

    assert caught.value.hint == "write numbers with a point, 2.5"


def test_another_encoding_has_a_hint_of_its_own(file: Path) -> None:
    """The file is saved again, not its numbers written anew."""
    with pytest.raises(UsageError) as caught:
        read(file, "é,b\n1,2\n".encode("latin-1"))

    assert caught.value.hint == "save it as UTF-8"


def test_an_unknown_column_is_told_with_the_one_that_was_meant(file: Path) -> None:
    """A name that is nearly right is enough for a suggestion."""
    file.write_text("length,species\n1,a\n")
    with pytest.raises(UsageError) as caught:
        DataTable(str(file)).require(["specis"], "--target-column names")

    assert caught.value.message == f"{file} has no column 'specis', which --target-column names"
    assert caught.value.hint == "did you mean 'species'?"


def test_more_numbers_than_the_limit_are_refused_while_they_are_read(file: Path) -> None:
    """The limit of entries holds for all rows together."""
    file.write_text("a,b\n" + "1,2\n" * 60)
    table = DataTable(str(file), Limits(entries=100))
    chunks = table.chunks(["a", "b"], rows=30)

    assert len(next(chunks).numbers) == 30
    with pytest.raises(LimitError, match="would take"):
        next(chunks)


def test_a_cell_longer_than_any_number_is_refused(file: Path) -> None:
    """An open quote takes the rest of a file into one cell, which is bounded."""
    with pytest.raises(LimitError, match="row 2 has a value of more than 131072 characters"):
        read(file, 'a,b\n1,"' + "2" * 200_000)


PIECES = [b"a", b"b", b",", b";", b"\n", b"\r", b"\r\n", b'"', b"1", b"-", b"e9", b"nan", b"_", b" ", b"\t", b"?", b"x"]
ODD = [b"\x00", b"\xff", b"\xef\xbb\xbf", "−".encode(), b"=1+1", b"\x1b[31m", b"'", b"inf", b"0x1", b"1" * 400]


@pytest.mark.parametrize("seed", range(5))
def test_no_bytes_raise_anything_but_an_error_of_ours(file: Path, seed: int) -> None:
    """Whatever stands in a file, it is read or refused."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    read_whole = 0
    for _ in range(300):
        body = b"".join(chance.choices(PIECES, k=chance.randrange(40)) + chance.choices(ODD, k=chance.randrange(2)))
        file.write_bytes(chance.choice([b"", b"a,b\n", b"a;b\n1;2\n", b"a\n"]) + body)
        try:
            table = DataTable(str(file))
            found = table.whole(table.names[:-1], table.names[-1:])
        except BpcliError:
            continue
        else:
            read_whole += 1
            assert np.isfinite(found.numbers).all()
            assert len(found.numbers) == len(found.lines) == len(found.words[table.names[-1]])

    assert read_whole > 5
