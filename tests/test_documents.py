"""Documents: strict JSON in one envelope, valid against the schema that ships; and CSV that reads back."""

import csv
import math
import struct
from functools import partial
from io import StringIO

import pytest
from answers import strict, valid_for
from command import Done, call, run
from hypothesis import given
from hypothesis import strategies as st

import bpcli
from bpcli.ops import REGISTRY
from bpcli.report.documents import grad_document, json_text, schema_text

HEAD = ["schema", "version", "status"]
SHORT = [*HEAD, "expression", "inputs", "value", "gradients", "warnings"]
LONG = [*SHORT[:-1], "output", "formulas", "forward", "steps", "warnings"]
ERROR = [*HEAD, "error"]
ERROR_IN_TEXT = [*HEAD, "expression", "error"]
STEP = ["node", "input", "position", "upstream", "local", "local_formula", "contribution"]

MOST_STEPS = 10_000

finite = st.floats(allow_nan=False, allow_infinity=False)
valid = partial(valid_for, "grad")


# The envelope --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code", "status", "keys"),
    [
        (("A = x*y; F = A*z", "--x=6", "--y=-2", "--z=-3"), 0, "ok", LONG),
        (("x", "--x=1"), 0, "ok", LONG),
        (("2 + 3",), 0, "ok", LONG),
        (("7",), 0, "ok", LONG),
        (("x*y", "--x=6", "--y=-2", "--with-respect-to=y"), 0, "ok", LONG),
        (("1/x", "--x=0"), 3, "nonfinite", LONG),
        (("x/y", "--x=0", "--y=0"), 3, "nonfinite", LONG),
        (("sqrt(x)", "--x=0"), 3, "nonfinite", LONG),
        (("exp(x)", "--x=1000"), 3, "nonfinite", LONG),
        (("x*y",), 0, "ok", [key for key in LONG if key != "steps"]),
        (("x * sine(y)",), 2, "error", ERROR_IN_TEXT),
        (("x*y", "--x=1"), 2, "error", ERROR),
        (("x", "--x=nan"), 2, "error", ERROR),
        (("x", "--jsno"), 2, "error", ERROR),
        (("x", "--output-format=xml"), 2, "error", ERROR),
        (("x*y*z*w", "--max-operators=1"), 2, "error", ERROR_IN_TEXT),
        (("12345", "--max-literal-digits=4"), 2, "error", ERROR_IN_TEXT),
        (("x*y", "--max-characters=2"), 2, "error", ERROR),
        ((), 2, "error", ERROR),
    ],
    ids=lambda part: " ".join(part)[:40] if isinstance(part, tuple) else "",
)
def test_every_answer_is_one_envelope(arguments: tuple[str, ...], code: int, status: str, keys: list[str]) -> None:
    """Answers and errors are strict JSON on one line, valid, with these keys in this order, and the same exit code."""
    done = call("grad", *arguments, "--json")
    words = call("grad", *arguments)
    found = valid(done.out)

    assert (done.code, done.err, words.code) == (code, "", code)
    assert (found["schema"], found["version"], found["status"]) == ("bpcli.grad/1", bpcli.__version__, status)
    assert list(found) == keys


@pytest.mark.parametrize("option", [["-j"], ["--output-format", "json"], ["--output-format=json"]], ids=str)
@pytest.mark.parametrize("expression", ["x", "x*"])
def test_every_way_to_ask_for_json_gives_the_same(option: list[str], expression: str) -> None:
    """`--json`, `-j` and `--output-format json` are one option, for answers and for errors."""
    done = call("grad", expression, "--x=1", *option)

    assert done == call("grad", expression, "--x=1", "--json")
    assert valid(done.out)


def test_the_answer_of_the_lecture() -> None:
    """The whole document of `A = x*y; F = A*z`."""
    done = call("grad", "A = x*y; F = A*z", "--x", "6", "--y", "-2", "--z", "-3", "--json")

    assert valid(done.out) == {
        "schema": "bpcli.grad/1",
        "version": bpcli.__version__,
        "status": "ok",
        "expression": "A = x*y; F = A*z",
        "inputs": {"x": 6.0, "y": -2.0, "z": -3.0},
        "value": 36.0,
        "gradients": {"x": 6.0, "y": -18.0, "z": -12.0},
        "output": "F",
        "formulas": {"x": "y*z", "y": "x*z", "z": "x*y"},
        "forward": [
            {"node": "A", "formula": "x*y", "value": -12.0},
            {"node": "F", "formula": "A*z", "value": 36.0},
        ],
        "steps": [
            dict(zip(STEP, row, strict=True))
            for row in (
                ("F", "A", 0, 1.0, -3.0, "z", -3.0),
                ("F", "z", 1, 1.0, -12.0, "A", -12.0),
                ("A", "x", 0, -3.0, -2.0, "y", 6.0),
                ("A", "y", 1, -3.0, 6.0, "x", -18.0),
            )
        ],
        "warnings": [],
    }


def test_a_number_that_json_lacks_is_a_string() -> None:
    """NaN and the infinities are strings, on which arithmetic fails loudly; the warning says where they arose."""
    found = valid(call("grad", "q = x/y; -q + 1/y", "--x=0", "--y=0", "--json").out)

    assert (found["value"], found["gradients"]) == ("NaN", {"x": "-Infinity", "y": "NaN"})
    assert found["warnings"][0] == {
        "message": "forward step 1: q = x/y = 0/0 is not a number; division by zero",
        "span": [4, 7],
    }


def test_an_error_says_what_and_where() -> None:
    """The span counts characters of the expression, from 0 up to, not including, the second."""
    found = valid(call("grad", "x * sine(y)", "--json").out)

    assert (found["expression"], found["error"]) == (
        "x * sine(y)",
        {"kind": "parse", "message": "unknown function 'sine'", "hint": "did you mean 'sin'?", "span": [4, 8]},
    )


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [
        ("usage", ("x", "--no-such-option")),
        ("parse", ("x*",)),
        ("binding", ("x*y", "--x=1")),
        ("limit", ("x*y", "--max-characters=2")),
    ],
)
def test_an_error_is_of_a_kind(kind: str, arguments: tuple[str, ...]) -> None:
    """Programs tell errors apart by their kind."""
    found = valid(call("grad", *arguments, "--json").out)

    assert found["error"]["kind"] == kind


def test_answers_to_requests_keep_to_the_schema() -> None:
    """Each line is a document with the id of its request first; with steps it has the keys of one answer."""
    lines = [
        '{"id": 1, "expression": "x*y", "at": {"x": 2, "y": 3}}',
        '{"id": [null], "expression": "1/x", "at": {"x": 0}}',
        '{"id": "a", "expression": "x*", "at": {}}',
        '{"id": "b", "expression": "x", "at": {"x": NaN}}',
        "nonsense",
    ]
    short, long = (
        [valid(f"{line}\n") for line in call("grad", "--requests", "-", *more, stdin="\n".join(lines)).out.splitlines()]
        for more in ([], ["--with-steps"])
    )

    assert [list(answer) for answer in short] == [
        ["id", *SHORT],
        ["id", *SHORT],
        ["id", *ERROR_IN_TEXT],
        ["id", *ERROR_IN_TEXT],
        ERROR,
    ]
    assert [list(answer) for answer in long[:2]] == [["id", *LONG], ["id", *LONG]]


# Long answers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bound", [True, False], ids=["values", "formulas"])
def test_long_answers_are_cut_and_say_so(*, bound: bool) -> None:
    """After 10,000 steps an answer says how many are left out; `--all-steps` leaves none out."""
    arguments = ("grad", "x" + "+1" * (MOST_STEPS + 3), *["--x=1"] * bound, "--json")
    cut, whole = valid(call(*arguments).out), valid(call(*arguments, "--all-steps").out)
    lists = ["forward", "steps"] if bound else ["forward"]

    assert [len(cut[key]) for key in lists] == [MOST_STEPS] * len(lists)
    assert [cut.get(f"{key}_left_out") for key in lists] == [3] * len(lists)
    assert [len(whole[key]) for key in lists] == [MOST_STEPS + 3] * len(lists)
    assert "left_out" not in " ".join(whole)


def test_an_answer_of_exactly_the_limit_is_whole() -> None:
    """Nothing is left out of 10,000 steps."""
    found = valid(call("grad", "x" + "+1" * MOST_STEPS, "--x=1", "--json").out)

    assert len(found["steps"]) == MOST_STEPS
    assert list(found) == LONG


# Numbers and characters ----------------------------------------------------------------------------------------------


@given(finite)
def test_a_number_comes_back_to_the_bit(value: float) -> None:
    """Floats are the shortest decimals that read back as the same binary64 number."""
    found = valid(json_text(grad_document(bpcli.grad("-x", {"x": value}))) + "\n")

    assert bits(found["inputs"]["x"]) == bits(value)
    assert bits(found["value"]) == bits(-value)
    assert json_text({"value": value}) == f'{{"value": {value!r}}}'


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_no_document_has_a_number_that_json_lacks(value: float) -> None:
    """A number that was forgotten fails to be written, rather than being written as what is no JSON."""
    with pytest.raises(ValueError, match="not JSON compliant"):
        json_text({"value": value})


def bits(value: float) -> bytes:
    """A number as it is stored, so that -0.0 is not 0.0."""
    return struct.pack(">d", value)


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1", "cp1252"])
@pytest.mark.parametrize("name", ["é", "α", "变量", "𝑥"])
def test_json_is_utf8_in_every_locale(encoding: str, name: str) -> None:
    """What a program reads is UTF-8 and JSON, whatever the locale can write."""
    done = run("grad", f"{name}*2", f"--set={name}=3", "--json", env={"PYTHONIOENCODING": encoding})

    assert (done.code, done.err) == (0, "")
    assert list(valid(done.out)["gradients"].values()) == [2.0]


def test_other_documents_are_strict_too() -> None:
    """`bpcli ops --json` lists every op once; `bpcli schema grad` prints the schema that ships."""
    ops = strict(call("ops", "--json").out)
    schema = call("schema", "grad")

    assert sorted(op["name"] for op in ops["ops"]) == sorted(
        op.written for op in REGISTRY.values() if op.inputs != ("",)
    )
    assert schema == Done(0, schema_text("grad"), "")


# CSV -----------------------------------------------------------------------------------------------------------------


def test_csv_has_a_row_a_variable() -> None:
    """A spreadsheet gets the output and every wanted variable, in full digits."""
    done = call("grad", "q = x*y/3; q", "--x=1", "--y=-1", "--output-format=csv")

    assert done == Done(
        0,
        "name,value,gradient\nq,-0.3333333333333333,1\nx,1,-0.3333333333333333\ny,-1,0.3333333333333333\n",
        "",
    )


@given(finite, finite)
def test_csv_reads_back(x: float, y: float) -> None:
    """Names and numbers come back as they were, the infinities and NaN among them."""
    result = bpcli.grad("x/y", {"x": x, "y": y})
    done = call("grad", "x/y", f"--x={x!r}", f"--y={y!r}", "--output-format=csv")
    header, *rows = csv.reader(StringIO(done.out))

    assert header == ["name", "value", "gradient"]
    assert [row[0] for row in rows] == ["f", "x", "y"]
    assert all(same(float(row[1]), value) for row, value in zip(rows, [result.value, x, y], strict=True))
    assert all(same(float(row[2]), value) for row, value in zip(rows[1:], result.gradients.values(), strict=True))


def same(found: float, expected: float) -> bool:
    """Whether two numbers are equal, or both NaN."""
    return found == expected or (math.isnan(found) and math.isnan(expected))
