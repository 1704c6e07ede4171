"""`bpcli jacobian` and `bpcli hessian`: screens, widths, documents, CSV and `.npy`, what is refused, exit codes."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from answers import valid_for
from command import ASCII, ESCAPE, Done, call, has_terminals, on_terminal, run, shown

import bpcli
from bpcli.report.documents import schema_text
from bpcli.report.matrix import hessian_lines
from bpcli.report.matrix_documents import hessian_document
from bpcli.report.page import Page
from bpcli.report.plain import plain_text

PRODUCT = ("y = W @ x", "--W", "[[1, -2], [0.5, 3]]", "--x", "[2, -1]")
ROSENBROCK = ("100*(x[1] - x[0]**2)**2 + (1 - x[0])**2", "--x", "[-1.2, 1]")
WIDE = ("softmax(x)", "--x", str([round(0.37 * k % 1, 2) for k in range(12)]))
LARGE = ("x**2", "--x", str(list(range(60))))
COMMANDS = ("jacobian", "hessian")
HEAD = ["schema", "version", "status"]
QUESTION = [*HEAD, "expression", "inputs", "value", "output"]
JACOBIAN = [*QUESTION, "jacobian", "layout", "structure", "warnings"]
HESSIAN = [
    *QUESTION,
    *["gradients", "hessian", "layout", "structure", "asymmetry", "eigenvalues", "definiteness", "warnings"],
]
ERROR = [*HEAD, "error"]
ERROR_IN_TEXT = [*HEAD, "expression", "error"]

# Whole screens: what is asked, and what is written into a pipe.
SCREENS = {
    "a matrix for each variable, with its structure in words": (
        ("jacobian", *PRODUCT),
        """
VALUE
  y = [4, -2]

JACOBIAN                            rows are outputs, columns are inputs
  ∂y/∂W: 2x4, block diagonal, 2 blocks of 1x2
          W[0,0]  W[0,1]  W[1,0]  W[1,1]
    y[0]       2      -1       0       0
    y[1]       0       0       2      -1

  ∂y/∂x: 2x2
          x[0]  x[1]
    y[0]   1      -2
    y[1]   0.5     3
""",
    ),
    "numbers stand side by side in one matrix": (
        ("jacobian", "[x*y, x + y]", "--x=2", "--y=3"),
        """
VALUE
  f = [6, 5]

JACOBIAN                            rows are outputs, columns are inputs
  ∂f/∂(x, y): 2x2
          x  y
    f[0]  3  2
    f[1]  1  1
""",
    ),
    "a Hessian says what its eigenvalues are": (
        ("hessian", "x**2*y", "--x=2", "--y=3"),
        """
VALUE
  f = 12

HESSIAN                             rows and columns are inputs
  second derivatives of f by (x, y): 2x2, symmetric
       x  y
    x  6  4
    y  4  0
  indefinite: eigenvalues -2 to 8
""",
    ),
    "Rosenbrock's function": (
        ("hessian", *ROSENBROCK, "--output-format=table"),
        """
VALUE
  f = 24.2

HESSIAN                             rows and columns are inputs
  second derivatives of f by x: 2x2, symmetric
          x[0]  x[1]
    x[0]  1330   480
    x[1]   480   200
  positive definite: eigenvalues 23.63 to 1506.4
""",
    ),
    "one number by one number": (
        ("hessian", "L = x**2", "--x=3"),
        """
VALUE
  L = 9

HESSIAN                             rows and columns are inputs
  second derivatives of L by x: 1x1
       x
    x  2
  positive definite: eigenvalue 2
""",
    ),
    "nothing to derive by": (
        ("jacobian", "2 + 3"),
        """
VALUE
  f = 5

JACOBIAN                            rows are outputs, columns are inputs
  none: the expression has no variables
""",
    ),
    "nothing to derive": (
        ("jacobian", "x[0:0]", "--x=[1, 2]"),
        """
VALUE
  f = []

JACOBIAN                            rows are outputs, columns are inputs
  ∂f/∂x: 0x2
    it has no entries
""",
    ),
    "a linear function has no curvature": (
        ("hessian", "3*x", "--x=1"),
        """
VALUE
  f = 3

HESSIAN                             rows and columns are inputs
  second derivatives of f by x: 1x1, zero
       x
    x  0
""",
    ),
    "a Hessian of nothing": (
        ("hessian", "7"),
        """
VALUE
  f = 7

HESSIAN                             rows and columns are inputs
  none: the expression has no variables
""",
    ),
}


def document(command: str, *arguments: str) -> dict[str, Any]:
    """The JSON answer, which keeps to the schema; nothing else is said."""
    done = call(command, *arguments, "--json")
    assert (done.code, done.err) == (0, ""), done
    return valid_for(command, done.out)


# Screens -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("arguments", "screen"), SCREENS.values(), ids=list(SCREENS))
def test_screens(arguments: tuple[str, ...], screen: str) -> None:
    """Letter by letter."""
    assert call(*arguments) == Done(0, screen.removeprefix("\n"), "")


@has_terminals
@pytest.mark.parametrize("columns", [100, 60, 40])
@pytest.mark.parametrize("command", [("jacobian", *WIDE), ("hessian", "sum(softmax(x)**3)", *WIDE[1:])], ids=str)
def test_a_matrix_keeps_within_the_terminal(command: tuple[str, ...], columns: int) -> None:
    """What is too wide is set in blocks of columns, each with its heading; every number is there."""
    done = shown(*command, columns=columns)
    heads = [word for line in done.out.split("\n") for word in line.split() if line.startswith("     ")]

    assert (done.code, done.err) == (0, "")
    assert [line for line in done.out.split("\n") if len(line) > columns or line != line.rstrip()] == []
    assert [word for word in heads if word.startswith("x[")] == [f"x[{place}]" for place in range(12)]
    assert done.out.count("\n    ") >= 13
    assert "…" not in done.out


def test_what_is_said_of_a_matrix_goes_below_its_name_on_a_narrow_page() -> None:
    """And columns go below each other, at least one at a time, however narrow it is."""
    found = bpcli.hessian("x*y*z", {"x": 1, "y": 2, "z": 3})

    said = plain_text(hessian_lines(found, Page(width=12))).partition("HESSIAN\n")[2]

    assert said == (
        "  rows and columns are inputs\n  second derivatives of f by (x, y, z):\n    3x3, symmetric\n"
        "       x  y\n    x  0  3\n    y  3  0\n    z  2  1\n"
        "\n       z\n    x  2\n    y  1\n    z  0\n  indefinite:\n    eigenvalues -3.202 to 4.113\n"
    )


def test_npy_is_refused_before_a_terminal_is_spoilt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the expression is."""
    monkeypatch.setattr("bpcli.cli.matrix.is_terminal", lambda: True)

    assert call("jacobian", "x", "--output-format=npy").err.startswith("error: an .npy file is bytes")


@has_terminals
def test_a_large_matrix_is_summed_up_on_a_terminal() -> None:
    """By its size, structure, norm, least and most; `--max-rows` shows it, in blocks."""
    summed, whole = (shown("jacobian", *LARGE, *options) for options in ((), ("--max-rows=60",)))

    assert (
        "  ∂f/∂x: 60x60, diagonal\n"
        "    (60, 60) norm 529.9, 0 to 118\n"
        "    59 of 3600 entries are not 0\n"
        "    --max-rows 60 shows it, --json has it\n"
    ) in summed.out
    assert "f = (60,) norm" in summed.out
    assert "x[59]" not in summed.out
    assert whole.out.count("    f[59]  ") == whole.out.count("    f[0] ") > 1
    assert "x[59]" in call("jacobian", *LARGE).out


def test_a_matrix_beyond_max_rows_is_summed_up_in_a_pipe_too() -> None:
    """The option counts rows and columns."""
    done = call("jacobian", "sum(x)", "--x", "[1, 2, 3]", "--max-rows", "2")

    assert "(1, 3) norm 1.7320508075688772, 1 to 1\n    3 of 3 entries are not 0\n    --max-rows 3 shows it" in done.out


@has_terminals
@pytest.mark.parametrize("command", [("jacobian", *PRODUCT), ("hessian", *ROSENBROCK)], ids=lambda words: words[0])
def test_colour_only_on_a_terminal_that_wants_it(command: tuple[str, ...]) -> None:
    """NO_COLOR is obeyed, and a pipe gets none; the words are the same."""
    coloured, plain = (on_terminal("-m", "bpcli", *command, env=env) for env in ({}, {"NO_COLOR": "1"}))

    assert ESCAPE in coloured.out
    assert ESCAPE not in plain.out + run(*command).out


@has_terminals
def test_an_ascii_terminal_gets_ascii_signs() -> None:
    """No sign of mathematics is needed."""
    done = shown("jacobian", "x*y", "--x", "[1, 2]", "--y", "3", env=ASCII)

    assert done.out.isascii()
    assert "df/dx: 2x2, diagonal" in done.out


def test_a_hessian_that_is_not_symmetric_says_so() -> None:
    """Its entries stay as they were computed; the eigenvalues are those of the symmetric part."""
    found = bpcli.hessian("x*y", {"x": 2, "y": 1})
    skew = replace(found, blocks={**found.blocks, "y": {**found.blocks["y"], "x": np.float64(3.0)}})
    said = plain_text(hessian_lines(skew, Page()))

    assert "    x  0  1\n    y  3  0\n  indefinite: eigenvalues -2 to 2\n" in said
    assert said.endswith("  not symmetric: entries and their mirror images differ by up to 2\n")
    assert hessian_document(skew)["asymmetry"] == 2.0


# Documents -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code", "keys"),
    [
        (("jacobian", *PRODUCT), 0, JACOBIAN),
        (("jacobian", "2"), 0, JACOBIAN),
        (("jacobian", "1/x", "--x", "[0, 1]"), 3, JACOBIAN),
        (("jacobian", "W @ x", "--W", "[[1, 2]]", "--x", "[1, 2, 3]"), 2, ERROR_IN_TEXT),
        (("jacobian", "x", "--x", "[1, 2]", "--max-entries", "3"), 2, ERROR_IN_TEXT),
        (("jacobian", "x*y"), 2, ERROR),
        (("jacobian", "x*y", "--x", "1", "--y", "[[1], [1, 2]]"), 2, ERROR),
        (("jacobian", "x +"), 2, ERROR_IN_TEXT),
        (("jacobian",), 2, ERROR),
        (("hessian", *ROSENBROCK), 0, HESSIAN),
        (("hessian", "2"), 0, HESSIAN),
        (("hessian", "sqrt(x) + y**2", "--x=0", "--y=1"), 3, HESSIAN),
        (("hessian", "x", "--x", "[1, 2]"), 2, ERROR_IN_TEXT),
        (("hessian", "x*y", "--x=1"), 2, ERROR),
    ],
    ids=lambda part: " ".join(part)[:40] if isinstance(part, tuple) else "",
)
def test_every_answer_is_one_envelope(arguments: tuple[str, ...], code: int, keys: list[str]) -> None:
    """Answers and errors are strict JSON on one line, valid, with these keys in this order, and the same exit code."""
    done, words = call(*arguments, "--json"), call(*arguments)
    found = valid_for(arguments[0], done.out)
    status = "error" if code == 2 else "nonfinite" if code else "ok"

    assert (done.code, done.err, words.code) == (code, "", code)
    assert list(found) == keys
    assert (found["schema"], found["version"], found["status"]) == (
        f"bpcli.{arguments[0]}/1",
        bpcli.__version__,
        status,
    )


def test_the_document_of_a_jacobian() -> None:
    """By variable: the axes of the output, then those of the variable."""
    found = document("jacobian", *PRODUCT)

    assert found | {"version": "", "layout": ""} == {
        "schema": "bpcli.jacobian/1",
        "version": "",
        "status": "ok",
        "expression": "y = W @ x",
        "inputs": {"W": [[1.0, -2.0], [0.5, 3.0]], "x": [2.0, -1.0]},
        "value": [4.0, -2.0],
        "output": "y",
        "jacobian": {
            "W": [[[2.0, -1.0], [0.0, 0.0]], [[0.0, 0.0], [2.0, -1.0]]],
            "x": [[1.0, -2.0], [0.5, 3.0]],
        },
        "layout": "",
        "structure": {"W": "block diagonal, 2 blocks of 1x2", "x": ""},
        "warnings": [],
    }
    assert found["layout"].startswith("rows are outputs, columns are inputs")


def test_the_document_of_a_hessian() -> None:
    """By variable and variable, with the gradient, and what the eigenvalues say."""
    found = document("hessian", "x**2*y", "--x=2", "--y=3")

    assert (found["value"], found["gradients"]) == (12.0, {"x": 12.0, "y": 4.0})
    assert found["hessian"] == {"x": {"x": 6.0, "y": 4.0}, "y": {"x": 4.0, "y": 0.0}}
    assert (found["structure"], found["definiteness"], found["asymmetry"]) == ("symmetric", "indefinite", 0.0)
    assert found["eigenvalues"] == {"smallest": pytest.approx(-2), "largest": pytest.approx(8)}


def test_a_number_that_json_lacks_is_a_string() -> None:
    """In every place of an array; the warning has its place in the text."""
    found = valid_for("jacobian", call("jacobian", "1/x", "--x", "[0, 1]", "--json").out)
    second = valid_for("hessian", call("hessian", "sqrt(x) + y**2", "--x=0", "--y=1", "--json").out)

    assert (found["value"], found["jacobian"]["x"][0][0]) == (["Infinity", 1.0], "-Infinity")
    assert found["warnings"][0]["span"] == [0, 3]
    assert (second["hessian"]["x"]["x"], second["hessian"]["y"]) == ("-Infinity", {"x": 0.0, "y": 2.0})
    assert (second["eigenvalues"], second["definiteness"]) == (None, None)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_schema_that_is_printed_is_the_one_that_ships(command: str) -> None:
    """`bpcli schema jacobian`; it refuses another schema's documents, and one without what the command is about."""
    printed = call("schema", command)
    right = document(command, "x**2", "--x=2")

    assert printed == Done(0, schema_text(command), "")
    assert json.loads(printed.out)["$id"] == f"bpcli.{command}/1"
    for wrong in ({**right, "schema": "bpcli.grad/1"}, {key: right[key] for key in right if key != command}):
        with pytest.raises(Exception, match=r"was expected|is a required property"):
            valid_for(command, json.dumps(wrong) + "\n")


# CSV, .npy and files -------------------------------------------------------------------------------------------------


def test_csv_has_a_row_for_each_output() -> None:
    """A row of names above, a name before each row, every digit; the variables side by side."""
    done = call("jacobian", *PRODUCT, "--output-format=csv")
    second = call("hessian", "x**2*y/3", "--x=2", "--y=1", "--output-format=csv")
    rows = list(csv.reader(io.StringIO(done.out)))

    assert rows[0] == ["output", "W[0,0]", "W[0,1]", "W[1,0]", "W[1,1]", "x[0]", "x[1]"]
    assert rows[1:] == [["y[0]", "2", "-1", "0", "0", "1", "-2"], ["y[1]", "0", "0", "2", "-1", "0.5", "3"]]
    assert second.out.split("\n")[0] == "input,x,y"
    assert second.out.split("\n")[1].startswith("x,0.666666666666666")


def test_csv_of_what_is_not_finite() -> None:
    """The words that JSON has too; the warning goes beside it."""
    done = call("jacobian", "1/x", "--x=0", "--output-format=csv")

    assert (done.code, done.out) == (3, "output,x\nf,-Infinity\n")
    assert "division by zero" in done.err


def test_npy_goes_into_a_pipe(tmp_path: Path) -> None:
    """The bytes of a file that NumPy reads, from a process of its own."""
    import subprocess  # noqa: PLC0415 - `run` reads text
    import sys  # noqa: PLC0415 - the same

    words = [sys.executable, "-m", "bpcli", "jacobian", *PRODUCT, "--output-format=npy"]
    piped = subprocess.run(words, capture_output=True, check=True).stdout
    filed = call("jacobian", *PRODUCT, "--output-file", str(tmp_path / "j.npy"))

    assert filed == Done(0, "", f"note: wrote {tmp_path / 'j.npy'}: npy, {len(piped)} bytes\n")
    assert (tmp_path / "j.npy").read_bytes() == piped
    assert np.load(io.BytesIO(piped), allow_pickle=False).tolist() == [[2, -1, 0, 0, 1, -2], [0, 0, 2, -1, 0.5, 3]]


def test_npy_comes_back_as_a_value(tmp_path: Path) -> None:
    """What one command writes the next one reads, in float32 too."""
    target = str(tmp_path / "h.npy")
    call("hessian", *ROSENBROCK, "--output-file", target, "--single-precision")

    assert np.load(target).dtype == np.float32
    assert document("jacobian", "H @ x", "--H", f"@{target}", "--x=[1, 1]")["jacobian"]["x"] == [
        [pytest.approx(1330), pytest.approx(480)],
        [pytest.approx(480), 200.0],
    ]


@has_terminals
def test_npy_is_not_written_to_a_terminal() -> None:
    """The hint names the option."""
    done = shown("jacobian", "x", "--x=1", "--output-format=npy")

    assert (done.code, done.out) == (2, "")
    assert "--output-file FILE.npy" in done.err


@pytest.mark.parametrize(
    ("name", "options", "begins"),
    [
        ("a.csv", (), "output,x[0],x[1]\n"),
        ("A.CSV", (), "output,x[0],x[1]\n"),
        ("a.json", (), '{"schema": "bpcli.jacobian/1"'),
        ("a.txt", (), "VALUE\n  f = [1, 4]\n"),
        ("a.txt", ("--output-format=table",), "VALUE\n  f = [1, 4]\n"),
        ("a", ("--json",), '{"schema": "bpcli.jacobian/1"'),
        ("a.csv", ("--output-format=csv",), "output,"),
    ],
)
def test_the_ending_of_a_file_says_its_form(name: str, options: tuple[str, ...], begins: str, tmp_path: Path) -> None:
    """Standard output stays empty; what stood in the file before is gone, and nothing is left beside it."""
    (tmp_path / name).write_text("before", "utf-8")
    done = call("jacobian", "x**2", "--x=[1, 2]", "--output-file", str(tmp_path / name), *options)

    assert (done.code, done.out) == (0, "")
    assert (tmp_path / name).read_text("utf-8").startswith(begins)
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("a.xml", (), ("the ending of", "says no form", "--output-format")),
        ("a.npy", ("--json",), ("says npy", "say json")),
        ("a.csv", ("--output-format=npy",), ("says csv", "say npy")),
        ("none/a.csv", (), ("cannot write", "no such file or directory")),
        ("folder.csv", (), ("cannot write", "it is no file")),
    ],
)
def test_a_file_that_cannot_be_written(
    name: str, options: tuple[str, ...], words: tuple[str, ...], tmp_path: Path
) -> None:
    """An error in words, with exit code 2; no file appears."""
    (tmp_path / "folder.csv").mkdir()
    done = call("jacobian", "x**2", "--x=[1, 2]", "--output-file", str(tmp_path / name), *options)

    assert done.code == 2
    assert all(word in done.out + done.err for word in words)
    assert [path.name for path in tmp_path.rglob("*")] == ["folder.csv"]


def test_a_failed_write_keeps_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The new content is complete before it takes the place of the old."""
    (tmp_path / "a.csv").write_text("before", "utf-8")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    done = call("jacobian", "x", "--x=1", "--output-file", str(tmp_path / "a.csv"))

    assert (done.code, "no space left" in done.err) == (2, True)
    assert [path.read_text("utf-8") for path in tmp_path.iterdir()] == ["before"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    """What it points to is replaced."""
    (tmp_path / "real.csv").write_text("before", "utf-8")
    (tmp_path / "link.csv").symlink_to(tmp_path / "real.csv")
    call("jacobian", "x", "--x=1", "--output-file", str(tmp_path / "link.csv"))

    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "real.csv").read_text("utf-8") == "output,x\nx,1\n"


# What is refused -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("x*y", "--x=1"), ("no value for y", "add --y VALUE")),
        (("sum(W @ x)",), ("no value for W, x", "add --W VALUE --x VALUE")),
        (("x", "--x=1", "--z=2"), ("'z'", "no variable", "its variables are x")),
        (("x", "--x=1", "--with-respect-to=z"), ("'z'", "its variables are x")),
        (("x", "--x=1", "--wiht-respect-to", "x"), ("unknown option", "did you mean '--with-respect-to'?")),
        (("x", "--x=1", "--jsno"), ("--jsno has no value", "did you mean '--json'?")),
        (("x", "--x=1", "--output-format=xml"), ("'xml' is not one of",)),
        (("x", "--x=1", "--output-file=x.csv", "--output-format=npy"), ("says csv", "say npy")),
        (("sine(x)", "--x=1"), ("unknown function 'sine'", "'sin'")),
        (("sum(x*y)", "--x=[1, 2]", "--y=[1, 2, 3]"), ("(2,)", "(3,)", "do not fit")),
        (("sum(x**2)", "--x=[1, 2, 3]", "--max-entries=2"), ("would take 24 bytes", "--max-entries")),
        (("x", "--x=1", "--max-rows=0"), ("--max-rows",)),
    ],
    ids=lambda part: " ".join(part)[:40] if isinstance(part, tuple) else "",
)
def test_what_is_refused(command: str, arguments: tuple[str, ...], words: tuple[str, ...]) -> None:
    """On standard error, with what to do now and exit code 2."""
    done = call(command, *arguments)

    assert (done.code, done.out) == (2, "")
    assert [word for word in words if word not in done.err] == []


def test_a_matrix_beyond_the_limit_is_refused_with_its_size() -> None:
    """The input fits the limit, the matrix does not."""
    jacobian = call("jacobian", "2*x", "--x=[1, 2, 3]", "--max-entries=8")
    hessian = call("hessian", "x @ x", "--x=[1, 2, 3]", "--max-entries=8")

    assert jacobian.err.startswith("error: the Jacobian of f (3,) with respect to x (3,) has 9 entries, 72 bytes\n")
    assert hessian.err.startswith("error: the Hessian of f with respect to x (3,) has 9 entries, 72 bytes\n")
    assert call("jacobian", "2*x", "--x=[1, 2, 3]", "--max-entries=9").code == 0


def test_a_hessian_of_an_array_says_what_to_do() -> None:
    """With the place."""
    done = call("hessian", "y = W @ x", *PRODUCT[1:])

    assert done == Done(
        2,
        "",
        "error: y is an array of shape (2,), not one number: it has no Hessian\n"
        "  y = W @ x\n"
        "      ^^^^^\n"
        "hint: reduce it, as in sum(y), or take one entry, as in y[0]\n",
    )


def test_what_is_not_finite_has_its_exit_code_and_warning() -> None:
    """The matrix is on standard output, the reason beside it."""
    done = call("jacobian", "sqrt(x)", "--x", "[0, 4]")

    assert (done.code, "Infinity" in done.out, "0.25" in done.out) == (3, True, True)
    assert done.err.startswith("warning: the step back from f to x is not finite")


# The process ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_has_examples(command: str) -> None:
    """They run as they stand where they need no files; every long option has a hyphen."""
    done = run(command, "--help")

    assert (done.code, done.err) == (0, "")
    assert done.out.count(f"  bpcli {command} ") == 3
    assert all(option in done.out for option in ("--with-respect-to", "--output-file", "--max-entries", "--json"))


def test_values_come_from_files(tmp_path: Path) -> None:
    """`@file.npy` for an array, `--at` for many, the expression from standard input."""
    np.save(tmp_path / "w.npy", np.array([[1.0, -2.0], [0.5, 3.0]]))
    (tmp_path / "point.json").write_text('{"x": [2, -1]}', "utf-8")
    words = ("jacobian", "-", "--W", f"@{tmp_path / 'w.npy'}", "--at", str(tmp_path / "point.json"))

    done = run(*words, "--with-respect-to", "x", stdin="y = W @ x\n")

    assert (done.code, done.err, "∂y/∂W" in done.out) == (0, "", False)
    assert "y[1]   0.5     3\n" in done.out


@pytest.mark.parametrize(("typed", "offered"), [("bpcli jac", "jacobian"), ("bpcli schema hes", "hessian")])
def test_the_commands_complete(typed: str, offered: str) -> None:
    """The shell is offered them by their first letters, and the names of their schemas."""
    place = str(typed.count(" "))
    done = run(env={"_BPCLI_COMPLETE": "bash_complete", "COMP_WORDS": typed, "COMP_CWORD": place})

    assert f"plain,{offered}\n" in done.out
