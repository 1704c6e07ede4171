"""Terminals and pipes: what a terminal shows at each width, in which signs and colours, and who may stop listening."""

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from command import ASCII, PATIENCE, STYLE, call, environment, on_terminal, shown

import bpcli
from bpcli.report.figures import UNICODE, short

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals, and other pipes")

NEURON = ("f = sigmoid(w0*x0 + w1*x1 + w2)", "--w0=2", "--x0=-1", "--w1=-3", "--x1=-2", "--w2=-3")
CHAIN = ("A = x*y; F = A*z", "--x=6", "--y=-2", "--z=-3")
LONG_NUMBERS = ("x*y/3 + x", "--x=123456.789", "--y=-0.000123456789")
MEETING = ("x*x + 3*x", "--x=2")
COLOUR = re.compile(r"\x1b\[(?:\d+;)*[349][0-7](?:;\d+)*m")


# Widths --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("columns", [100, 60, 40])
@pytest.mark.parametrize("arguments", [NEURON, CHAIN, LONG_NUMBERS, MEETING], ids=lambda words: words[0])
def test_no_number_is_cut_at_any_width(arguments: Sequence[str], columns: int) -> None:
    """Every value, upstream, local and contribution is there with its four digits; nothing becomes an ellipsis."""
    expression, *bindings = arguments
    result = bpcli.grad(expression, dict(binding.removeprefix("--").split("=") for binding in bindings))
    expected = {short(number) for step in result.steps() for number in (step.upstream, step.local, step.contribution)}
    expected |= {short(result.values[node]) for node in result.graph.nodes}

    done = shown("grad", *arguments, columns=columns)

    assert (done.code, done.err) == (0, "")
    assert "…" not in done.out
    assert expected - set(re.findall(r"-?\d[\d.]*(?:e-?\d+)?", done.out)) == set()


@pytest.mark.parametrize(
    ("columns", "arguments"),
    [(100, NEURON), (100, LONG_NUMBERS), (60, NEURON), (60, LONG_NUMBERS), (60, MEETING), (40, CHAIN), (40, MEETING)],
    ids=lambda part: part if isinstance(part, int) else part[0],
)
def test_no_line_is_wider_than_the_terminal(columns: int, arguments: Sequence[str]) -> None:
    """Where the parts of a line fit they are set within the width, blanks included: a terminal would wrap them."""
    done = shown("grad", *arguments, columns=columns)

    assert [line for line in done.out.split("\n") if len(line) > columns] == []


def test_the_variable_columns_goes_before_the_size_of_the_window() -> None:
    """COLUMNS says how wide a table may be, whatever the terminal says of itself."""
    narrow, told = shown("grad", *CHAIN, columns=60), shown("grad", *CHAIN, env={"COLUMNS": "60"})

    assert told == narrow
    assert "\n       ∂A/∂x = y = -2\n" in told.out


def test_a_line_ends_where_its_text_ends() -> None:
    """Lines copied from a terminal bring no blanks along."""
    done = shown("grad", *CHAIN)

    assert [line for line in done.out.split("\n") if line != line.rstrip()] == []


def test_a_row_too_wide_to_fit_is_not_cut() -> None:
    """What is wider than the terminal runs on."""
    name = "a_name_of_forty_letters_and_some_more_yet"
    done = shown("grad", f"{name}*2", f"--{name}=0.123456789", columns=20)

    assert f"∂f/∂{name} = 2\n" in done.out
    assert "0.1235" in done.out


# Signs and colours ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ("grad", *NEURON),
        ("grad", *CHAIN),
        ("grad", *MEETING),
        ("grad", *MEETING, "--max-rows=1"),
        ("grad", "*".join(["x"] * 14), "--x=1"),
        ("grad", "x*y"),
        ("ops",),
        ("ops", "gamma"),
    ],
    ids=lambda words: " ".join(words)[:30],
)
def test_an_ascii_locale_gets_ascii_signs(arguments: Sequence[str]) -> None:
    """A terminal without mathematical signs is written to in others, not in escapes."""
    done = shown(*arguments, env=ASCII)

    assert (done.code, done.out.isascii(), done.err.isascii()) == (0, True, True)
    assert [sign for sign in "".join(UNICODE) if ascii(sign)[1:-1] in done.out] == []


def test_a_name_that_an_ascii_locale_lacks_is_escaped() -> None:
    """A Greek variable is written as an escape there; it is no fault."""
    done = shown("grad", "α*x", "--α=2", "--x=3", env=ASCII)

    assert (done.code, done.err) == (0, "")
    assert "\\u03b1 = x = 3\n" in done.out


@pytest.mark.parametrize(
    ("env", "coloured"),
    [
        ({}, True),
        ({"NO_COLOR": "1"}, False),
        ({"NO_COLOR": "0"}, False),
        ({"NO_COLOR": ""}, True),
        ({"TERM": "dumb"}, False),
        (ASCII, True),
    ],
    ids=str,
)
def test_colours_only_where_they_are_wanted(env: dict[str, str], *, coloured: bool) -> None:
    """A terminal is written to in colour unless NO_COLOR is set to something or the terminal is a dumb one."""
    done = on_terminal("-m", "bpcli", "grad", *CHAIN, env=env)

    assert bool(COLOUR.search(done.out)) == coloured
    assert "6 * -2 = " in STYLE.sub("", done.out)


@pytest.mark.parametrize(
    "arguments",
    [
        ("grad", *CHAIN, "--output-format=plain"),
        ("grad", *CHAIN, "--output-format=csv"),
        ("grad", *CHAIN, "--json"),
        ("ops", "tanh", "--json"),
        ("--version",),
        ("-h",),
        ("schema", "grad"),
    ],
    ids=lambda words: " ".join(words)[-20:],
)
def test_what_is_no_table_is_the_same_in_a_pipe(arguments: Sequence[str]) -> None:
    """Only tables know of the terminal: every other form is written as into a file."""
    done = on_terminal("-m", "bpcli", *arguments)

    assert done == call(*arguments)


def test_a_table_on_a_terminal_is_the_default() -> None:
    """A terminal gets four digits of a number that a pipe gets in full."""
    terminal, pipe = shown("grad", *NEURON), call("grad", *NEURON)

    assert "0.7311" in terminal.out
    assert "0.7310585786300049" not in terminal.out
    assert "0.7310585786300049" in pipe.out


# Pipes ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [["--max-rows=3000"], ["--json"], ["--output-format=csv"]], ids=str)
def test_a_reader_that_leaves_early_is_no_error(options: list[str]) -> None:
    """After the first character of more than a pipe holds it is closed: code 141, and not a word."""
    terms = " + ".join(f"x{number}" for number in range(3000))
    bindings = [f"--x{number}=1.2345678901234567" for number in range(3000)]
    ours, theirs = os.pipe()
    process = started("grad", terms, *bindings, *options, stdout=theirs, stderr=subprocess.PIPE)
    os.close(theirs)
    first = os.read(ours, 1)
    os.close(ours)
    _, errors = process.communicate(timeout=PATIENCE)

    assert (len(first), process.returncode, errors) == (1, 141, b"")


@pytest.mark.parametrize(
    ("arguments", "closed", "codes"),
    [
        (("grad", "x*y"), "stdout", {141}),
        (("grad", "x*y"), "stderr", {0, 141}),
        (("grad", "1/x", "--x=0"), "stderr", {3, 141}),
        (("grad", "x*"), "stderr", {2, 141}),
        (("grad", "x*", "--json"), "stdout", {141}),
        (("--version",), "stdout", {141}),
        (("grad", "-h"), "stdout", {141}),
    ],
    ids=str,
)
def test_a_pipe_that_nobody_reads_is_no_error(arguments: tuple[str, ...], closed: str, codes: set[int]) -> None:
    """Where the result cannot be written the code is 141; no traceback is shown, and no code means something else."""
    ours, theirs = os.pipe()
    os.close(ours)
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, closed: theirs}
    process = started(*arguments, **streams)
    os.close(theirs)
    heard = b"".join(filter(None, process.communicate(timeout=PATIENCE)))

    assert process.returncode in codes
    assert b"Traceback" not in heard


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
@pytest.mark.parametrize("arguments", [("grad", "x*y"), ("grad", "x*", "--json"), ("--version",)], ids=" ".join)
def test_a_full_disk_is_told_in_a_line(arguments: tuple[str, ...]) -> None:
    """A result that cannot be written ends in an error, not in a traceback, and never in the codes of an answer."""
    with Path("/dev/full").open("w") as full:
        process = started(*arguments, stdout=full.fileno(), stderr=subprocess.PIPE)
        _, errors = process.communicate(timeout=PATIENCE)

    assert process.returncode in {2, 5}
    assert errors.startswith(b"error: ")
    assert b"Traceback" not in errors


def started(*arguments: str, stdout: int, stderr: int) -> subprocess.Popen[bytes]:
    """The command, started with these streams."""
    words = [sys.executable, "-m", "bpcli", *arguments]
    return subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, env=environment())
