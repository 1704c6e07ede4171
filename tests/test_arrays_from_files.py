"""Tensors from .npy, .npz, .csv and .json files: `@file` and `@file:key`, and `--at` for many."""

import json
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from saved import npy_bytes, npy_header

from bpcli.errors import BindingError, BpcliError, LimitError, UsageError
from bpcli.language.arrays import Dtype
from bpcli.language.files import array_from_file
from bpcli.language.limits import Limits
from bpcli.language.values import value_from, values_from_file

MATRIX = np.array([[1.0, -2.0, 0.5], [3.0, 4.0, 1e-300]])


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Tests write into a folder of their own, and name files by their last name alone."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refusal(source: str, limits: Limits | None = None) -> tuple[str, str]:
    """The message and the hint with which `--W @source` is refused."""
    with pytest.raises(UsageError) as caught:
        value_from("W", f"@{source}", limits or Limits())
    return caught.value.message, caught.value.hint or ""


def listed(values: dict[str, Any]) -> dict[str, Any]:
    """The values with their arrays as lists."""
    return {name: np.asarray(value).tolist() if not isinstance(value, str) else value for name, value in values.items()}


@pytest.mark.parametrize(
    "array",
    [
        MATRIX,
        np.asfortranarray(MATRIX),
        MATRIX.astype(">f8"),
        MATRIX.astype("f4"),
        np.array([0.5, 1.5], "f2"),
        np.array([0.5], np.longdouble),
        np.array([[1, -2]], "i1"),
        np.array([1, 2], ">i4"),
        np.array([2**53], "u8"),
        np.array([True, False]),
        np.zeros((0, 3)),
        np.arange(24.0).reshape(2, 3, 4).transpose(2, 0, 1),
    ],
    ids=lambda array: f"{array.dtype.str}{array.shape}",
)
@pytest.mark.parametrize("name", ["w.npy", "w.npz", "W.NPY"])
def test_what_numpy_saves_is_read(array: np.ndarray[Any, Any], name: str) -> None:
    """Real numbers of every type and order become float64 in rows."""
    with Path(name).open("wb") as file:
        (np.savez if name.endswith("npz") else np.save)(file, array)

    found = array_from_file("W", name)

    assert (found.dtype.str, found.shape, found.tolist()) == ("<f8", array.shape, array.astype(float).tolist())
    assert found.flags.c_contiguous


def test_an_array_without_axes_is_a_number() -> None:
    """In a file, too."""
    np.save("w.npy", 2.5)
    np.savez("w.npz", b=np.array(3))

    assert value_from("x", "@w.npy") == 2.5
    assert value_from("x", " @w.npz:b ") == 3.0
    assert values_from_file("w.npz") == {"b": 3.0}


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_every_version_of_a_header_is_read(version: tuple[int, int]) -> None:
    """Versions 2 and 3 write the length of the header in four bytes."""
    with Path("w.npy").open("wb") as file:
        np.lib.format.write_array(file, MATRIX, version)

    assert array_from_file("W", "w.npy").tolist() == MATRIX.tolist()


@pytest.mark.parametrize(
    "header",
    [
        '{"shape":(2,),"descr":"<f8","fortran_order":False}',
        "{'descr': '<f8', 'shape': (2L,), 'fortran_order': True}",
        "{ 'descr' : '=f8' , 'fortran_order' : False , 'shape' : (2 , ) }\n\n",
    ],
)
def test_a_header_may_be_written_in_another_way(header: str) -> None:
    """Other programs, and old ones, write the fields in another order or with other quotes."""
    Path("w.npy").write_bytes(npy_bytes(header, np.array([1.0, 2.0]).tobytes()))

    assert array_from_file("W", "w.npy").tolist() == [1.0, 2.0]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", ["w.npy", "w.npz", "w.csv", "w.json"])
def test_single_precision_is_asked_for(name: str, dtype: Dtype) -> None:
    """Every kind of file gives the precision that is asked for."""
    np.save("w.npy", [0.1, 0.2])
    np.savez("w.npz", [0.1, 0.2])
    Path("w.csv").write_text("0.1\n0.2\n", "utf-8")
    Path("w.json").write_text("[0.1, 0.2]", "utf-8")

    found = array_from_file("W", name, dtype=dtype)

    assert (found.dtype.name, found.tolist()) == (dtype, np.array([0.1, 0.2], dtype).tolist())


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.array([1, {}], object), "the value of W is pickled, and a pickle can run any program"),
        (np.array([1j]), "the value of W holds complex numbers, not real numbers: its dtype is <c16"),
        (np.array(["1"]), "the value of W holds text, not real numbers: its dtype is <U1"),
        (np.array([b"1"]), "the value of W holds text, not real numbers: its dtype is |S1"),
        (np.array(["2020-01-01"], "M8[D]"), "the value of W holds dates, not real numbers: its dtype is <M8[D]"),
        (np.array([1], "m8[25s]"), "the value of W holds durations, not real numbers: its dtype is <m8[25s]"),
        (np.zeros(1, "V3"), "the value of W holds records, not real numbers: its dtype is |V3"),
        (np.zeros(1, [("a", "f8")]), "the value of W holds records, not real numbers: its dtype is a list of fields"),
        (np.array([[1, np.nan]]), "the value of W is not finite at [0, 1]: nan"),
        (np.array([[np.inf, 1]], ">f2", order="F"), "the value of W is not finite at [0, 0]: inf"),
        (
            np.array([np.finfo(np.longdouble).max]),
            "the value of W is beyond float64 at [0]: 1.189731495357231765e+4932",
        ),
    ],
    ids=lambda part: part.dtype.str if isinstance(part, np.ndarray) else "",
)
@pytest.mark.parametrize("name", ["w.npy", "w.npz"])
def test_what_is_no_real_number_is_refused(array: np.ndarray[Any, Any], message: str, name: str) -> None:
    """Nothing is unpickled, whatever the file says it holds."""
    if "beyond" in message and np.finfo(np.longdouble).max == np.finfo(np.float64).max:
        pytest.skip("no number here is longer than float64")
    with Path(name).open("wb") as file:
        (np.savez if name.endswith("npz") else np.save)(file, array)

    with pytest.raises(BindingError) as caught:
        array_from_file("W", name)

    assert caught.value.message == message


HALF = "it ends 8 bytes before its array does"
BROKEN = "its header is broken"
DAMAGED = "write the file again; it may have been cut or damaged"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is empty"),
        (b"1 2 3", "it does not begin like one"),
        (b"\x93NUM", "it does not begin like one"),
        (b"\x93NUMPY", BROKEN),
        (b"\x93NUMPY\x01", BROKEN),
        (b"\x93NUMPY\x01\x00\x10", BROKEN),
        (b"\x93NUMPY\x09\x00\x10\x00", BROKEN),
        (npy_bytes(npy_header("(2,)"), bytes(8)), HALF),
        (npy_bytes(npy_header("(2,)"), bytes(17)), "it goes on after the end of its array"),
        (npy_bytes(npy_header("(2,)"))[:-30], BROKEN),
        (npy_bytes(npy_header("(-1,)")), BROKEN),
        (npy_bytes(npy_header("(1.0,)")), BROKEN),
        (npy_bytes(npy_header("1")), BROKEN),
        (npy_bytes(npy_header("(1,)", "<f3")), BROKEN),
        (npy_bytes(npy_header("(1,)", "<q8")), BROKEN),
        (npy_bytes(npy_header("(1,)", "float")), BROKEN),
        (npy_bytes("{'descr': '<f8', 'shape': (1,)}", bytes(8)), BROKEN),
        (npy_bytes(npy_header("(1,)") + "print(1)", bytes(8)), BROKEN),
        (npy_bytes("__import__('os').system('true')"), BROKEN),
        (npy_bytes(npy_header("(1,)") + " " * 20_000, bytes(8), version=2), BROKEN),
        (npy_bytes(npy_header(f"({'1' * 5000},)")), "a whole number in it has too many digits"),
    ],
)
def test_a_broken_npy_file_is_refused(content: bytes, reason: str) -> None:
    """The reason is said; the header is not run."""
    Path("w.npy").write_bytes(content)

    assert refusal("w.npy") == (f"cannot use w.npy as .npy: {reason}", DAMAGED)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_a_pickle_is_refused(protocol: int) -> None:
    """NumPy itself would read one under this name."""
    Path("w.npy").write_bytes(pickle.dumps([1.0], protocol))

    assert refusal("w.npy")[0] == "the value of W is pickled, and a pickle can run any program"


def test_an_archive_gives_the_array_of_a_key() -> None:
    """A lone array needs no key; compressed or not is the same."""
    np.savez("many.npz", W=MATRIX, b=np.arange(2), **{"0.weight": np.ones(1)})  # type: ignore[arg-type] # none of them is called allow_pickle
    np.savez_compressed("lone.npz", MATRIX)

    found = [array_from_file("W", source).tolist() for source in ("many.npz:W", "lone.npz", "lone.npz:arr_0")]

    assert found == [MATRIX.tolist()] * 3
    assert array_from_file("W", "many.npz:0.weight").tolist() == [1.0]
    assert listed(values_from_file("many.npz")) == {"W": MATRIX.tolist(), "b": [0.0, 1.0], "0.weight": [1.0]}


@pytest.mark.parametrize(
    ("source", "message", "hint"),
    [
        ("w.npz", "w.npz holds 2 arrays: W1, b1", "name one, as in @w.npz:W1"),
        ("w.npz:w1", "w.npz has no 'w1'; it has W1, b1", "did you mean 'W1'?"),
        ("w.npz:", "w.npz has no ''; it has W1, b1", ""),
        ("none.npz", "none.npz holds no arrays", ""),
        ("none.npz:W", "none.npz has no 'W'; it has no arrays", ""),
        ("w.npy:W", "w.npy has no 'W': a .npy file holds one array without a name", "write @w.npy"),
        ("w.json", "w.json holds 2 values: W1, b1", "name one, as in @w.json:W1"),
        ("w.json:w1", "w.json has no 'w1'; it has W1, b1", "did you mean 'W1'?"),
        ("list.json:W", "list.json has no 'W': it is no object with names", "write @list.json"),
        ("w.csv", "w.csv holds 2 columns: W1, b1", "name one, as in @w.csv:W1"),
        ("w.csv:w1", "w.csv has no 'w1'; it has W1, b1", "did you mean 'W1'?"),
        ("plain.csv:W", "plain.csv has no column 'W': its first row has no names", "write @plain.csv for all of it"),
        ("wide.npz:x", "wide.npz has no 'x'; it has a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, …", ""),
    ],
)
def test_a_key_that_is_missing_or_unknown(source: str, message: str, hint: str) -> None:
    """The message lists what there is, and suggests the closest."""
    np.save("w.npy", [1.0])
    np.savez("w.npz", W1=[1.0], b1=[2.0])
    np.savez("none.npz")
    np.savez("wide.npz", **{f"a{number}": np.zeros(1) for number in range(12)})  # type: ignore[arg-type] # the same
    Path("w.json").write_text('{"W1": [1], "b1": 2}', "utf-8")
    Path("list.json").write_text("[1]", "utf-8")
    Path("w.csv").write_text("W1,b1\n1,2\n3,4\n", "utf-8")
    Path("plain.csv").write_text("1,2\n3,4\n", "utf-8")

    assert refusal(source) == (message, hint)


def zipped(method: int, *, names: tuple[str, ...] = ("W.npy",), content: bytes | None = None) -> None:
    """Write w.npz by hand."""
    with zipfile.ZipFile("w.npz", "w", method) as archive:
        for name in names:
            archive.writestr(name, npy_bytes(npy_header("(1,)"), bytes(8)) if content is None else content)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_an_archive_packed_in_another_way_is_refused(method: int) -> None:
    """These take memory by the word of the file; NumPy writes neither."""
    zipped(method)

    assert refusal("w.npz")[0] == "cannot use w.npz as .npz: it is packed in another way than NumPy's"


def test_an_archive_with_broken_members_is_refused() -> None:
    """Two arrays of one name, a password, a cut member; what is no .npy file is left alone."""
    with pytest.warns(UserWarning, match="Duplicate name"):
        zipped(zipfile.ZIP_STORED, names=("W.npy", "W.npy"))
    assert refusal("w.npz:W")[0] == "cannot use w.npz as .npz: a name stands twice in it"

    zipped(zipfile.ZIP_STORED, content=npy_bytes(npy_header("(2,)"), bytes(8)))
    assert refusal("w.npz")[0] == f"cannot use w.npz as .npz: {HALF}"

    zipped(zipfile.ZIP_STORED, names=("readme.txt",))
    assert refusal("w.npz")[0] == "w.npz holds no arrays"

    zipped(zipfile.ZIP_STORED)
    content = bytearray(Path("w.npz").read_bytes())
    content[content.rindex(b"PK\x01\x02") + 8] |= 1
    content[content.index(b"PK\x03\x04") + 6] |= 1
    Path("w.npz").write_bytes(content)
    assert "is encrypted, password required" in refusal("w.npz")[0]

    zipped(zipfile.ZIP_STORED)
    content = bytearray(Path("w.npz").read_bytes())
    content[content.index(b"\n" + bytes(8)) + 3] = 1
    Path("w.npz").write_bytes(content)
    assert refusal("w.npz")[0] == "cannot use w.npz as .npz: Bad CRC-32 for file 'W.npy'"


@pytest.mark.parametrize("content", [b"", b"PK", pickle.dumps([1])])
def test_what_is_no_archive_is_refused(content: bytes) -> None:
    """Whatever it is called."""
    Path("w.npz").write_bytes(content)

    assert refusal("w.npz") == ("cannot use w.npz as .npz: File is not a zip file", DAMAGED)


@pytest.mark.parametrize(
    ("text", "key", "expected"),
    [
        ("1,2\n3,4\n", "", [[1.0, 2.0], [3.0, 4.0]]),
        ("1,2\n", "", [[1.0, 2.0]]),
        ("1\n2\n3\n", "", [1.0, 2.0, 3.0]),
        ("\ufeff 1.5 ,−2e-3\r\n\r\n.5,+4\r\n", "", [[1.5, -0.002], [0.5, 4.0]]),
        ("x\n1\n2\n", "", [1.0, 2.0]),
        ("x,y\n1,2\n3,4\n", ":y", [2.0, 4.0]),
        ('"a:b", y \n1,"2"\n', ":a:b", [1.0]),
        ("x,y\n1,2\n", ":y", [2.0]),
        (",y\n1,2\n", ":y", [2.0]),
    ],
)
def test_a_csv_file_is_a_matrix_or_has_columns(text: str, key: str, expected: list[Any]) -> None:
    """Numbers alone are a matrix, one column is a vector, and a row of names makes columns."""
    Path("w.csv").write_bytes(text.encode())

    assert array_from_file("W", f"w.csv{key}").tolist() == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it is empty"),
        ("x,y\n", "it has a row of names and no row of numbers"),
        ("x,x\n1,2\n", "a name stands twice in its first row"),
        ("1,2\n3\n", "it is ragged: row 2 has 1 entry, row 1 has 2"),
        ("x,y\n\n1,2\n3,4,5\n", "it is ragged: row 4 has 3 entries, row 1 has 2"),
        ("1,2\n3,\n", "the value in row 2, column 2 is missing"),
        ("1,,3\n", "the value in row 1, column 2 is missing"),
        ("x,y\n1,2\n , 4\n", "the value in row 3, column 'x' is missing"),
        ("x,y\n1,six\n", "the value in row 2, column 'y' is no number: 'six'"),
        ("1,1_000\n", "the value in row 2, column '1' is no number: 'x'"),
        ("1,nan\n", "the value in row 1, column 2 is not finite: nan"),
        ("x,y\n1,1e400\n", "the value in row 2, column 'y' is not finite: 1e400"),
        ("x,y\n-inf,1\n", "the value in row 2, column 'x' is not finite: -inf"),
        ('"1,2\n', "unexpected end of data"),
    ],
)
def test_a_broken_csv_file_is_refused(text: str, reason: str) -> None:
    """Rows are counted from 1, blank lines too, as an editor shows them."""
    Path("w.csv").write_text(text + "x,2\n" * ("_" in text), "utf-8")

    assert refusal("w.csv:y") == (
        f"cannot use w.csv as CSV: {reason}",
        "give numbers, separated by commas, under at most one row of names",
    )


@pytest.mark.parametrize(
    ("text", "key", "expected"),
    [
        ("[[1, 2], [3, 4]]", "", [[1.0, 2.0], [3.0, 4.0]]),
        ('{"W": [1, "pi"], "b": 2}', ":W", [1.0, np.pi]),
        ('{"a:b": [1]}', ":a:b", [1.0]),
        ('{"W": []}', "", []),
        ("2.5", "", 2.5),
    ],
)
def test_a_json_file_holds_lists_or_an_object_of_them(text: str, key: str, expected: list[Any]) -> None:
    """Its numbers are read as those of `--at`."""
    Path("w.json").write_text(text, "utf-8")

    assert array_from_file("W", f"w.json{key}").tolist() == expected


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"[1,", "cannot use w.json as JSON: Expecting value: line 1 column 4 (char 3)"),
        (b"\xff", "cannot read w.json: it is not UTF-8 text"),
        (b"[" * 100_000, "cannot use w.json as JSON: it is nested too deeply"),
        (b'{"W": 1, "W": 2}', "cannot use w.json as JSON: a name stands twice in it"),
        (b"[1, NaN]", "the value of W is not finite at [1]: nan"),
        (b"[[1], [2, 3]]", "W is ragged: row 1 has 2 entries, row 0 has 1"),
        (b"[true]", "the value of W is a truth value at [0], not a number"),
        (b'"@w.json"', "the value of W is no number: '@w.json'"),
        (b'{"W": {"a": 1}}', "the value of W is an object, not a number"),
    ],
)
def test_a_broken_json_file_is_refused(content: bytes, message: str) -> None:
    """What is wrong with the file names the file, what is wrong with the value the variable."""
    Path("w.json").write_bytes(content)

    assert refusal("w.json")[0] == message


@pytest.mark.parametrize("form", ["npy", "npz", "csv", "json"])
def test_a_file_that_cannot_be_read_is_named(form: str) -> None:
    """It is missing, or a folder, or its name can be no name."""
    Path(f"folder.{form}").mkdir()

    found = [refusal(source)[0] for source in (f"no.{form}", f"no.{form}:W", f"folder.{form}", f"a\0.{form}")]

    assert found[:3] == [f"cannot read no.{form}: no such file or directory"] * 2 + [
        f"cannot read folder.{form}: is a directory"
    ]
    assert found[3].startswith("cannot")


@pytest.mark.parametrize("source", ["w.txt", "w", "w.npy.gz", "w.txt:W"])
def test_a_file_of_another_kind_is_refused(source: str) -> None:
    """The name of a file says its form."""
    assert refusal(source)[0] == (
        f"cannot read {source} as an array: its name ends in none of .npy, .npz, .csv, .json, .safetensors"
    )
    assert refusal("")[0] == "there is no file name after '@'"


def test_a_path_may_hold_colons() -> None:
    """The longest path that exists is meant; what is left is the key."""
    Path("a:b.npz").mkdir()
    np.savez("a:b.npz/w:1.npz", W=[1.0], **{"x:y": [2.0]})  # type: ignore[arg-type] # the same
    np.save("w.npz:W.npy", [3.0])

    found = [array_from_file("W", f"a:b.npz/w:1.npz:{key}").tolist() for key in ("W", "x:y")]

    assert found == [[1.0], [2.0]]
    assert array_from_file("W", "w.npz:W.npy").tolist() == [3.0]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("w.npy", npy_bytes(npy_header("(100000, 100000)")), "W (100000, 100000) would take 80 GB"),
        ("w.npy", npy_bytes(npy_header("(0, 999999999999)")), "W (0, 999999999999) would take 8 TB"),
        ("w.npy", npy_bytes(npy_header(f"({'1000, ' * 60})")), f"W {'(' + '1000, ' * 6}100… would take over 1000 EB"),
        ("w.json", b"[[1, 2, 3, 4], [1, 2, 3, 4]]", "W (2, 4) would take 64 bytes"),
        ("w.csv", b"1,2,3\n" * 3, "W (3, 3) would take 72 bytes"),
        ("w.csv", b"1\n" * 1000, "W (1000, 1) would take 8 kB"),
    ],
)
def test_an_array_beyond_the_limit_is_refused(name: str, content: bytes, message: str) -> None:
    """A header is believed when it says that the array is too large, before any memory is taken."""
    Path(name).write_bytes(content)

    assert refusal(name, Limits(entries=6)) == (message, "raise the limit of 6 entries with --max-entries")


def test_too_many_axes_are_refused() -> None:
    """NumPy has 64."""
    Path("w.npy").write_bytes(npy_bytes(npy_header(f"({'1,' * 65})"), bytes(8)))

    assert refusal("w.npy") == ("W has 65 axes", "an array has at most 64 axes")


def test_an_archive_is_bounded_as_a_whole() -> None:
    """A member of terabytes packs into a few bytes, and many members add up."""
    np.savez_compressed("w.npz", a=np.zeros(5), b=np.zeros((2, 2)), c=np.zeros(3))
    assert set(values_from_file("w.npz", Limits(entries=12))) == {"a", "b", "c"}
    with pytest.raises(LimitError) as caught:
        values_from_file("w.npz", Limits(entries=11))
    assert caught.value.message == "c (3,) would take 24 bytes, 12 entries with those before it"

    zipped(zipfile.ZIP_DEFLATED, content=npy_bytes(npy_header("(1000000000000,)"), bytes(1 << 20)))
    assert refusal("w.npz")[0] == "W (1000000000000,) would take 8 TB"

    zipped(zipfile.ZIP_DEFLATED, content=npy_bytes(npy_header("(1,)"), bytes(1 << 26)))
    assert refusal("w.npz")[0] == "cannot use w.npz as .npz: it goes on after the end of its array"


def test_the_list_of_members_is_bounded() -> None:
    """It stands in memory as a whole."""
    zipped(zipfile.ZIP_STORED, names=tuple(f"W{number}.npy" for number in range(100)))

    message, hint = refusal("w.npz:W1", Limits(characters=1000))

    assert message == "the list of arrays in it is larger than 4000 bytes"
    assert "--max-characters" in hint


@pytest.mark.parametrize(
    ("name", "text", "values"),
    [
        ("at.json", '{"W": [[1, 2], [3, 4]], "b": 2, "c": "pi"}', {"W": [[1, 2], [3, 4]], "b": 2, "c": "pi"}),
        ("at.toml", "W = [[1, 2], [3, 4]]\nb = 2\n", {"W": [[1, 2], [3, 4]], "b": 2}),
        ("at.csv", "x,y\n1,2\n3,4\n5,6\n", {"x": [1.0, 3.0, 5.0], "y": [2.0, 4.0, 6.0]}),
        ("at.csv", "x\n1\n2\n", {"x": [1.0, 2.0]}),
        ("at.csv", "x,y\n1,pi/2\n", {"x": "1", "y": "pi/2"}),
    ],
)
def test_a_file_binds_numbers_and_arrays(name: str, text: str, values: dict[str, Any]) -> None:
    """One row of numbers stays numbers; more rows make vectors."""
    Path(name).write_text(text, "utf-8")
    found = values_from_file(name)

    assert listed(found) == values
    for variable, value in found.items():
        assert np.shape(value_from(variable, value)) == (() if isinstance(value, str | int) else np.shape(value))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("at.csv", b"1,2\n3,4\n5,6\n", "cannot use at.csv as CSV: its first row must name the columns"),
        ("at.csv", b"x,\n3,4\n5,6\n", "cannot use at.csv as CSV: column 2 has no name"),
        (
            "at.csv",
            b"x,y\n3,4\n5,n/a\n",
            "cannot use at.csv as CSV: the value in row 3, column 'y' is no number: 'n/a'",
        ),
        ("at.csv", b"x,y\n3,4\n5\n", "cannot use at.csv as CSV: it is ragged: row 3 has 1 entry, row 1 has 2"),
        ("at.csv", b"x,x\n3,4\n5,6\n", "cannot use at.csv as CSV: a name stands twice in its first row"),
        ("at.csv", b"x,y\n3,4\n5,6\n7,8\n9,9\n", "the table (4, 2) would take 64 bytes"),
        ("at.npy", b"", "cannot bind the array in at.npy: a .npy file has no names"),
        ("at.npz", b"", "cannot use at.npz as .npz: File is not a zip file"),
    ],
)
def test_a_file_that_binds_nothing_is_refused(name: str, content: bytes, message: str) -> None:
    """With the row and the column, or the limit."""
    Path(name).write_bytes(content)

    with pytest.raises(BpcliError) as caught:
        values_from_file(name, Limits(entries=6))

    assert caught.value.message == message


def test_only_typed_text_reads_files() -> None:
    """Text from somebody else names no file, and no text in a file does."""
    Path("w.json").write_text(json.dumps({"W": "@x.csv"}), "utf-8")
    Path("x.csv").write_text("1,2\n", "utf-8")

    with pytest.raises(BindingError, match="the value of W is no number: '@x"):
        value_from("W", "@x.csv", may_read=False)
    with pytest.raises(BindingError, match="the value of W is no number: '@x"):
        value_from("W", "@w.json")
