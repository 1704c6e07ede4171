"""The command line: where bindings may stand, what is refused and how, what goes where, and with which exit code."""

import json
from pathlib import Path
from typing import Any

import pytest
from command import ESCAPE, Done, call, run

import bpcli
from bpcli.cli.arguments import FROZEN
from bpcli.cli.main import COMMANDS


def document(*arguments: str, stdin: str | bytes = b"") -> dict[str, Any]:
    """The JSON answer of `bpcli grad`, which succeeds and says nothing else."""
    done = call("grad", "--json", *arguments, stdin=stdin)
    assert (done.code, done.err) == (0, ""), done
    answer: dict[str, Any] = json.loads(done.out)
    return answer


def gradients(*arguments: str, stdin: str | bytes = b"") -> dict[str, float]:
    """The gradients of that answer."""
    found: dict[str, float] = document(*arguments, stdin=stdin)["gradients"]
    return found


# Bindings and expressions --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ("x*y", "--x", "6", "--y", "-2"),
        ("--x", "6", "--y", "-2", "x*y"),
        ("--x", "6", "x*y", "--y", "-2"),
        ("--x=6", "x*y", "--y=-2"),
        ("--x", "6", "--y", "-2", "--", "x*y"),
        ("--set", "x=6", "x*y", "--set=y = -2"),
        ("x*y", "--x", "2*3", "--y", "-sqrt(4)"),
        ("x*y", "--x", "+6e0", "--y", "−2"),
    ],
    ids=" ".join,
)
def test_a_binding_stands_before_or_after_the_expression(arguments: tuple[str, ...]) -> None:
    """Every way to say x = 6 and y = -2 binds the same point."""
    found = document(*arguments)

    assert found["inputs"] == {"x": 6.0, "y": -2.0}
    assert found["gradients"] == {"x": -2.0, "y": 6.0}


@pytest.mark.parametrize(
    ("arguments", "gradient"),
    [(("-x**2", "--x", "3"), -6.0), (("-x", "--x", "3"), -1.0), (("--x", "3", "--", "-x"), -1.0)],
    ids=["power", "name", "after --"],
)
def test_an_expression_may_begin_with_a_minus(arguments: tuple[str, ...], gradient: float) -> None:
    """One dash before what reads as an expression makes no option of it."""
    found = gradients(*arguments)

    assert found == {"x": gradient}


@pytest.mark.parametrize("name", sorted(option.removeprefix("--") for option in FROZEN))
def test_a_variable_called_like_an_option_is_bound_by_set(name: str) -> None:
    """The options without a hyphen take no name away from variables."""
    found = gradients(f"{name}*x", "--set", f"{name}=3", "--x", "5")

    assert found == {name: 5.0, "x": 3.0}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("point.json", '{"x": 6, "y": -2.0}'),
        ("point.toml", "x = 6\ny = -2.0"),
        ("point.csv", "x,y\n6,-2\n"),
        ("POINT.CSV", '"x", y\r\n6,-2\r\n\r\n'),
        ("bom.json", '\ufeff{"x": "12/2", "y": -2}'),
        ("-", '{"x": 6, "y": -2}'),
        ("-", "x = 6\ny = -2"),
        ("-", "x,y\n6,-2"),
    ],
)
def test_a_file_binds_many(name: str, content: str, tmp_path: Path) -> None:
    """JSON, TOML and one row of CSV bind by name, from a file or from standard input."""
    source = tmp_path / name
    source.write_bytes(content.encode())

    found = document("x*y", "--at", name if name == "-" else str(source), stdin=content)

    assert found["inputs"] == {"x": 6.0, "y": -2.0}


def test_the_arrays_of_a_file_are_bounded(tmp_path: Path) -> None:
    """`--max-entries` is the limit that the hint names."""
    (tmp_path / "rows.csv").write_text("x\n1\n2\n3\n", "utf-8")
    done = call("grad", "x", "--at", str(tmp_path / "rows.csv"), "--max-entries", "2")

    assert (done.code, done.out) == (2, "")
    assert done.err.endswith("would take 24 bytes\nhint: raise the limit of 2 entries with --max-entries\n")


@pytest.mark.parametrize("text", ["q = x*y;\nq + 1\n", "q = x*y\r\nq + 1\r\n", "\ufeffx*y + 1"])
def test_an_expression_is_read_from_a_file_or_from_standard_input(text: str, tmp_path: Path) -> None:
    """`@FILE` and `-` read the same statements, whatever the line ends and with a byte order mark or without."""
    (tmp_path / "loss.txt").write_bytes(text.encode())

    found = [
        gradients(f"@{tmp_path / 'loss.txt'}", "--x", "2", "--y", "3"),
        gradients("-", "--x=2", "--y=3", stdin=text),
    ]

    assert found == [{"x": 3.0, "y": 2.0}] * 2


@pytest.mark.parametrize(("typed", "value"), [("pi/2", 1.5707963267948966), ("2e", 0), ("e", 2.718281828459045)])
def test_a_value_may_be_an_expression_of_numbers(typed: str, value: float) -> None:
    """Constants and functions of constants are values; what the language does not read is refused."""
    done = call("grad", "x", "--x", typed, "--json")

    assert json.loads(done.out).get("inputs") == ({"x": value} if value else None)
    assert done.code == (0 if value else 2)


@pytest.mark.parametrize(
    "options",
    [("--with-respect-to", "z,x"), ("--with-respect-to=x, z",), ("--with-respect-to", "z", "--with-respect-to", "x")],
)
def test_only_the_wanted_gradients_are_shown(options: tuple[str, ...]) -> None:
    """`--with-respect-to` takes names once or often, and the answer keeps the order of the text."""
    found = gradients("x*y*z", "--x", "6", "--y", "-2", "--z", "-3", *options)

    assert list(found.items()) == [("x", 6.0), ("z", -12.0)]


def test_without_values_the_formulas_are_shown() -> None:
    """No value at all is a question about formulas; the note says what to add for numbers."""
    done = call("grad", "x*y + set")

    assert done.code == 0
    assert "∂f/∂x   = y\n" in done.out
    assert done.err == "note: no values given; for numbers add --x VALUE --y VALUE --set set=VALUE\n"


# What is refused -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (("x", "--jsno"), "--jsno", "did you mean '--json'?"),
        (("x", "--jsno=1", "--x", "1"), "'jsno'", "did you mean the option '--json'?"),
        (("x", "--with-repsect-to", "x"), "unknown option '--with-repsect-to'", "did you mean '--with-respect-to'?"),
        (("x", "--no-such-thing"), "unknown option '--no-such-thing'", "'bpcli grad --help' lists the options"),
        (("x", "--x", "1", "-q"), "unknown option '-q'", "'bpcli grad --help' lists the options"),
        (("width", "--widht", "1"), "'widht', which is no variable", "did you mean 'width'?"),
        (("x", "--x", "1", "--qq", "2"), "'qq', which is no variable", "its variables are x"),
        (("2", "--qq", "2"), "'qq', which is no variable", "it has no variables"),
        (("ab", "--ab", "1", "--with-respect-to", "abc"), "gradient with respect to 'abc'", "did you mean 'ab'?"),
        (("x", "--x", "1", "--x", "2"), "x is bound twice, to 1 and to 2", "one value"),
        (("x", "--x", "1", "--set", "x=2"), "x is bound twice, to 1 and to 2", "one value"),
        (("x", "--x"), "--x has no value", "--x=2"),
        (("x*y", "--x", "--y", "3"), "--x has no value", "--x=2"),
        (("x", "--x", "six"), "the value of x is no number: 'six'", "give a number"),
        (("x", "--x", ""), "the value of x is no number: ''", "--x=2.5"),
        (("x", "--x", "2 3"), "the value of x is no number: '2 3'", "--x=2.5"),
        (("x", "--x", "nan"), "x is no number", "give a number"),
        (("x", "--x=-inf"), "x is no number", "give a number"),
        (("x", "--x", "1e999"), "x is not finite: 1e999", "1.8e308"),
        (("x", "--x", "log(-1)"), "x is not finite: log(-1)", "finite"),
        (("x*y*set", "--x", "1"), "no value for y, set", "add --y VALUE --set set=VALUE"),
        (("x*y", "--output-format", "csv"), "no value for x, y", "add --x VALUE --y VALUE"),
        (("x", "y"), "one expression at a time: got 'x' and 'y'", "quotes"),
        (("x", "-y", "--x", "1"), "one expression at a time: got 'x' and '-y'", "quotes"),
        (("--", "x", "y"), "one expression at a time", "quotes"),
        (("--set", "x", "x"), "--set takes NAME=VALUE, not 'x'", "--set x=2"),
        (("x", "--max-rows", "0"), "--max-rows", "'bpcli grad --help' says what it takes"),
        (("x", "--output-format", "xml"), "'xml'", "'bpcli grad --help' says what it takes"),
        (("x", "--json=yes"), "--json takes no value", "write --json alone"),
        ((), "there is no expression", 'bpcli grad "x*y"'),
        (("--x", "x*y"), "--x took 'x*y' as its value", 'bpcli grad "x*y"'),
        (("",), "there is no expression here", "x*y + z"),
        ((" ;; \n",), "there is no expression here", "x*y + z"),
        (("-", "--at", "-"), "standard input can be read once", "file"),
        (("x", "--requests", "-"), "--requests takes expressions", "EXPR"),
    ],
    ids=lambda part: " ".join(part) if isinstance(part, tuple) else "",
)
def test_what_cannot_be_used_is_refused_with_a_hint(arguments: tuple[str, ...], message: str, hint: str) -> None:
    """A wrong word ends in code 2, and standard error says what is wrong and what to do now."""
    done = call("grad", *arguments)

    assert (done.code, done.out) == (2, "")
    assert message in done.err.splitlines()[0]
    assert hint in done.err.splitlines()[-1]
    assert done.err.splitlines()[-1].startswith("hint: ")


@pytest.mark.parametrize(
    "option", ["--set", "--at", "--max-rows", "--with-respect-to", "--output-format", "--requests"]
)
def test_an_option_at_the_end_has_no_value(option: str) -> None:
    """An option whose value was forgotten is named, and nothing else is taken for its value."""
    done = call("grad", "x", option)

    assert (done.code, done.out) == (2, "")
    assert option in done.err.splitlines()[0]
    assert "'--'" not in done.err
    assert "cannot read" not in done.err


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (("grda",), ("unknown command 'grda'", "did you mean 'grad'?")),
        (
            ("frobnicate",),
            (
                "unknown command 'frobnicate'",
                "grad, jacobian, hessian, explain, check, flow, step, train, predict, ops",
            ),
        ),
        (("x*y",), ("unknown command 'x*y'", 'bpcli grad "x*y"')),
        (("--vresion",), ("--vresion", "--version")),
        (("schema", "nope"), ("there is no schema 'nope'", "grad")),
        (("schema",), ("missing argument", "'bpcli schema --help'")),
        (("ops", "tnah"), ("unknown function 'tnah'", "did you mean 'tanh'?")),
        (("ops", "--jsno"), ("--jsno", "--json")),
    ],
    ids=" ".join,
)
def test_an_unknown_word_gets_a_suggestion(arguments: tuple[str, ...], parts: tuple[str, str]) -> None:
    """Commands, functions and schemas are suggested like variables and options."""
    done = call(*arguments)

    assert (done.code, done.out) == (2, "")
    assert all(part in done.err for part in parts)


def test_an_error_points_at_its_place() -> None:
    """The caret stands under what is wrong, and no traceback is shown."""
    done = call("grad", "x * sine(y)", "--x", "1")

    assert done == Done(2, "", "error: unknown function 'sine'\n  x * sine(y)\n      ^^^^\nhint: did you mean 'sin'?\n")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("missing.json", None, "cannot read {}: no such file or directory"),
        ("folder", "folder", "cannot read {}: is a directory"),
        ("latin.csv", b"\xe9,x\n1,2", "cannot read {}: it is not UTF-8 text"),
        ("half.json", b'{"x": 1', "cannot use {} as JSON: "),
        ("list.json", b"[1, 2]", "cannot use {} as JSON: it must be an object of names and numbers"),
        ("deep.json", b"[" * 100_000, "cannot use {} as JSON: "),
        ("broken.toml", b"x = ", "cannot use {} as TOML: "),
        ("twice.toml", b"x = 1\nx = 2", "cannot use {} as TOML: "),
        ("twice.json", b'{"x": 1, "x": 2}', "twice"),
        ("row.csv", b"x\n", "cannot use {} as CSV: it must have a row of names and one row of numbers"),
        ("wide.csv", b"x\n1,2\n", "cannot use {} as CSV: it must have a row of names and one row of numbers"),
        ("rows.csv", b"x\n1\n2,3\n", "cannot use {} as CSV: it is ragged: row 3 has 2 entries, row 1 has 1"),
        ("ragged.csv", b"x,y\n1\n", "cannot use {} as CSV: "),
        ("twice.csv", b"x,x\n1,2\n", "cannot use {} as CSV: a name stands twice"),
        ("empty.csv", b"", "cannot use {} as CSV: "),
        ("word.json", b'{"x": "six"}', "the value of x is no number: 'six'"),
        ("null.json", b'{"x": null}', "the value of x is null, not a number"),
        ("truth.toml", b"x = true", "the value of x is a truth value, not a number"),
        ("table.toml", b"[x]\na = 1", "the value of x is an object, not a number"),
        ("nan.json", b'{"x": NaN}', "the value of x is not finite: nan"),
        ("inf.toml", b"x = -inf", "the value of x is not finite: -inf"),
        ("huge.json", b'{"x": 1' + b"0" * 400 + b"}", "the value of x is beyond float64"),
    ],
    ids=lambda part: part if isinstance(part, str) and "." in part and " " not in part else "",
)
def test_a_broken_file_is_named(name: str, content: bytes | str | None, message: str, tmp_path: Path) -> None:
    """What is wrong with a file of values is said with the file's name or the variable's."""
    source = tmp_path / name
    if isinstance(content, bytes):
        source.write_bytes(content)
    elif content:
        source.mkdir()

    done = call("grad", "x", "--at", str(source))

    assert (done.code, done.out) == (2, "")
    assert message.format(source) in done.err.splitlines()[0]


@pytest.mark.parametrize(
    "arguments",
    [
        ("grad", "x", "--x", f"[bold]{ESCAPE}"),
        ("grad", "x", "--set", f"[bold]{ESCAPE}=1"),
        ("grad", f"x*[bold]{ESCAPE}", "--x", "1"),
        ("grad", f"@[bold]{ESCAPE}"),
        ("grad", "x", "--at", f"[bold]{ESCAPE}"),
        ("grad", "x", "--with-respect-to", f"[bold]{ESCAPE}"),
        ("grad", "x", "--output-format", f"[bold]{ESCAPE}"),
        ("grad", "x", f"--[bold]{ESCAPE}", "1"),
        ("ops", f"[bold]{ESCAPE}"),
        ("schema", f"[bold]{ESCAPE}"),
        (f"[bold]{ESCAPE}",),
    ],
    ids=lambda part: " ".join(part).replace(ESCAPE, ""),
)
@pytest.mark.parametrize("form", ["words", "json"])
def test_user_text_is_neither_markup_nor_an_escape(arguments: tuple[str, ...], form: str) -> None:
    """What users type reaches the terminal as they typed it, and no control character does."""
    done = call(*arguments, *["--json"] * (form == "json" and arguments[0] == "grad"))
    written = done.out + done.err

    assert done.code == 2
    assert "[bold]" in written
    assert all(sign.isprintable() or sign == "\n" for sign in written)


# What goes where -----------------------------------------------------------------------------------------------------


def test_the_result_goes_to_standard_output_and_the_rest_to_standard_error() -> None:
    """A value at a pole is a result with code 3; the warning that names the step stands beside it."""
    done = call("grad", "1/x", "--x", "0")

    assert done.code == 3
    assert done.out.endswith("∂f/∂x = -1/x**2 = -Infinity\n")
    assert done.err.startswith("warning: forward step 1: f = 1/x = 1/0 is infinite; division by zero\n  1/x\n  ^^^\n")
    assert "warning" not in done.out


@pytest.mark.parametrize("form", ["plain", "table", None])
def test_a_file_gets_no_colour_and_a_pipe_every_digit(form: str | None) -> None:
    """Elsewhere than on a terminal nothing is coloured, and plain text has the shortest exact decimals."""
    done = call("grad", "x/3", "--x", "1", *(["--output-format", form] if form else []))

    assert "\x1b" not in done.out
    assert ("= 0.3333333333333333\n" in done.out) == (form != "table")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command: str) -> None:
    """`-h` and `--help` say the same, and show how the command is typed."""
    short, long = call(command, "-h"), call(command, "--help")

    assert (short, short.code, short.err) == (long, 0, "")
    assert f"  bpcli {command} " in long.out.replace(f"Usage: bpcli {command} [", "")


@pytest.mark.parametrize("arguments", [(), ("-h",), ("--help",)])
def test_the_front_page_names_every_command(arguments: tuple[str, ...]) -> None:
    """`bpcli` alone shows what it can do."""
    done = call(*arguments)

    assert all(f"\n  {command} " in done.out for command in COMMANDS)
    assert done.err == ""


def test_the_version_is_the_packages() -> None:
    """`bpcli --version` says what `bpcli.__version__` says, in one line."""
    done = run("--version")

    assert done == Done(0, f"bpcli {bpcli.__version__}\n", "")


# Exit codes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [[], ["--json"]], ids=["words", "json"])
def test_a_fault_of_bpcli_shows_no_traceback(options: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception that nobody expected is told in a line, with code 5."""

    def fail(*_: object) -> None:
        raise RuntimeError(ESCAPE)

    monkeypatch.setattr("bpcli.cli.grad.parse", fail)
    done = call("grad", "x", *options)

    assert done.code == 5
    assert "bpcli itself failed: RuntimeError" in done.out + done.err
    assert "Traceback" not in done.err
    assert (done.err == "", json.loads(done.out or "{}").get("status")) == (
        (True, "error") if options else (False, None)
    )


def test_an_interrupt_ends_with_130(monkeypatch: pytest.MonkeyPatch) -> None:
    """Control-C is no error: no message, no traceback."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("bpcli.cli.grad.parse", interrupt)
    done = call("grad", "x")

    assert (done.code, done.out, done.err.strip()) == (130, "", "")
