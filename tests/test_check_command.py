"""`bpcli check` as users type it: exit codes, options, expressions and values."""

import json
import os
import re
from pathlib import Path
from typing import NoReturn

import pytest
from checks import CHAIN, CORNER, HALF_ANGLE, LOST_SIGN, OPEN, POLE, PRODUCT, ROUND_OFF, document, verdicts
from command import ESCAPE, SLOW, Done, call, patches_reach_workers

from bpcli.ops import REGISTRY

pytestmark = pytest.mark.usefixtures("oracles_loaded")


# Exit codes ----------------------------------------------------------------------------------------------------------

CODES = [
    (PRODUCT, 0),
    (("2 + 3",), 0),
    ((*CHAIN, "--claim=x=6"), 0),
    ((*HALF_ANGLE, "--claim=x=sin(2*x)"), 0),
    (CORNER, 0),
    ((*CORNER, "--claim=x=0.3"), 0),
    (("relu(x) - relu(-x)", "--x=0", "--claim=x=1"), 0),
    (ROUND_OFF, 0),
    (LOST_SIGN, 1),
    ((*CORNER, "--claim=x=3"), 1),
    ((*HALF_ANGLE, "--claim=x=sin(x)"), 1),
    (("max(x, y)", "--x=1", "--y=1", "--claim=x=1", "--claim=y=1"), 1),
    (POLE, 3),
    ((*POLE, "--claim=x=1"), 3),
    (("floor(x)", "--x=3"), 3),
    (("log(x)", "--x=-1", "--claim=x=-1"), 3),
    (OPEN, 4),
    (("log(-x**2)", "--claim=x=2/x"), 4),
]
FORMS = [("--json",), ("--output-format=table", "--every-step"), ("--release-to=student",)]


@pytest.mark.parametrize(
    ("arguments", "code"), CODES, ids=lambda part: " ".join(part) if isinstance(part, tuple) else ""
)
def test_the_exit_code_is_that_of_the_verdict(arguments: tuple[str, ...], code: int) -> None:
    """0 agree, or accepted at a kink; 1 differ; 3 unevaluable; 4 undecided: in every form, and without a word."""
    quiet = call("check", *arguments, "-q")
    others = [call("check", *arguments, *form) for form in FORMS]

    assert quiet == Done(code, "", "")
    assert [done.code for done in others] == [code] * len(FORMS)
    assert all(done.out for done in others)


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        (("x=0.3", "y=2"), 1),
        (("x=0.3", "y=1"), 4),
        (("y=1",), 0),
    ],
)
def test_the_worst_claim_decides_the_code(claims: tuple[str, ...], code: int) -> None:
    """A claim that differs goes before one that is undecided, and that before one that agrees."""
    done = call("check", "relu(sqrt(x)**2 - 2) + y", "--x=2", "--y=3", *[f"--claim={claim}" for claim in claims])

    assert (done.code, done.err) == (code, "")


@pytest.mark.parametrize("options", [[], ["--json"]], ids=["words", "json"])
def test_a_check_that_takes_too_long_ends_with_124(options: list[str]) -> None:
    """The time limit stops the work wherever it is, and says how to raise it."""
    done = call("check", "-", "--x=0.3", "--time-limit=0.5", *options, stdin=SLOW)

    message = "the time limit of 0.5 seconds has passed"
    hint = "raise it with --time-limit, or check a smaller expression"
    assert done.code == 124
    if options:
        assert done.err == ""
        assert json.loads(done.out)["error"] == {"kind": "time limit", "message": message, "hint": hint, "span": None}
    else:
        assert done[1:] == ("", f"error: {message}\nhint: {hint}\n")


@pytest.mark.parametrize("limit", ["inf", "1e300", "1e9"])
def test_a_time_limit_may_be_as_long_as_anyone_likes(limit: str) -> None:
    """No limit is too large for the clock."""
    done = call("check", *PRODUCT, "--time-limit", limit, "-q")

    assert done == Done(0, "", "")


@patches_reach_workers
@pytest.mark.parametrize("fault", [AttributeError, AssertionError, RuntimeError, MemoryError, RecursionError])
@pytest.mark.parametrize("options", [[], ["--json"]], ids=["words", "json"])
def test_a_fault_of_bpcli_shows_no_traceback(
    fault: type[Exception], options: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An exception that nobody expected is told in a line, with code 5, as one of `bpcli grad` is."""

    def fail(*_: object, **__: object) -> NoReturn:
        raise fault(ESCAPE)

    monkeypatch.setattr("bpcli.check.checking.check_expression", fail)
    done = call("check", *PRODUCT, *options)

    assert (done.code, done.err == "") == (5, bool(options))
    assert f"bpcli itself failed: {fault.__name__}" in done.out + done.err
    assert "Traceback" not in done.err
    assert ESCAPE not in done.out + done.err


@patches_reach_workers
@pytest.mark.parametrize("options", [[], ["--json"]], ids=["words", "json"])
def test_a_lost_worker_is_a_fault_of_bpcli(options: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the process that checks is killed, as for want of memory, that is said, with code 5."""
    monkeypatch.setattr("bpcli.check.checking.check_expression", lambda *_, **__: os._exit(0))
    done = call("check", *PRODUCT, *options)

    assert done.code == 5
    assert "the process that checked this has been lost" in done.out + done.err
    assert (done.out == "", done.err == "") == (not options, bool(options))


def test_an_interrupt_ends_with_130(monkeypatch: pytest.MonkeyPatch) -> None:
    """Control-C is no error: no message, no traceback."""

    def interrupt(*_: object, **__: object) -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr("bpcli.cli.check.replies", interrupt)
    done = call("check", *PRODUCT)

    assert done == Done(130, "", "")


# Options -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("option", [["-j"], ["--output-format", "json"], ["--output-format=json"]], ids=str)
@pytest.mark.parametrize(
    "arguments", [LOST_SIGN, ("x*", "--x=1"), (*PRODUCT, "--claim=w=1")], ids=lambda words: words[0]
)
def test_every_way_to_ask_for_json_gives_the_same(option: list[str], arguments: tuple[str, ...]) -> None:
    """`--json`, `-j` and `--output-format json` are one option, for answers and for errors."""
    done = call("check", *arguments, *option)

    assert done == call("check", *arguments, "--json")
    assert json.loads(done.out)["schema"] == "bpcli.check/1"


def test_json_on_one_line_and_nothing_else() -> None:
    """Standard output has one document; what would be a note is a warning in it."""
    done = call("check", *ROUND_OFF, "--json")

    assert (done.code, done.err, done.out.count("\n")) == (0, "", 1)
    assert "float64 round-off" in json.loads(done.out)["warnings"][0]["message"]


def test_two_forms_at_once_contradict_each_other() -> None:
    """`--json` with another form is refused, in JSON."""
    done = call("check", *PRODUCT, "--json", "--output-format=plain")

    assert (done.code, done.err) == (2, "")
    assert "--json and --output-format plain contradict each other" in json.loads(done.out)["error"]["message"]


@pytest.mark.parametrize("arguments", [LOST_SIGN, ROUND_OFF, POLE], ids=lambda words: words[0])
@pytest.mark.parametrize("options", [["--json"], ["--every-step"], ["--output-format=table"]], ids=str)
def test_quiet_goes_before_every_form(arguments: tuple[str, ...], options: list[str]) -> None:
    """`-q` prints nothing: the exit code speaks."""
    done = call("check", *arguments, "-q", *options)

    assert done == Done(call("check", *arguments, *options).code, "", "")


@pytest.mark.parametrize("options", [[], ["--json"]], ids=["words", "json"])
def test_quiet_tells_an_error_on_standard_error_at_most(options: list[str]) -> None:
    """With `-q` nothing stands on standard output, whatever happens; what cannot be used is still refused."""
    done = call("check", "x*", "--x=1", "-q", *options)

    assert (done.code, done.out) == (2, "")


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_a_table_has_so_many_rows(rows: int) -> None:
    """`--max-rows` cuts the table and says how many are left out; the code is that of all."""
    done = call("check", *LOST_SIGN, "--max-rows", str(rows))

    assert done.code == 1
    assert sum(line.startswith("  ∂F/∂") for line in done.out.splitlines()) == rows
    assert ("more row" in done.out) == (rows < 3)


def test_no_mistake_is_cut_away() -> None:
    """A table that is cut says of a claim that differs, wherever it stands: an exit code 1 is never unexplained."""
    done = call("check", *LOST_SIGN, "--max-rows=1")

    assert done.code == 1
    assert re.search("∂F/∂y.*(DIFFER|differ|claimed 18)", done.out)


@pytest.mark.parametrize(
    "options",
    [("--with-respect-to", "z,x"), ("--with-respect-to=x, z",), ("--with-respect-to", "z", "--with-respect-to", "x")],
)
def test_only_the_wanted_gradients_are_checked(options: tuple[str, ...]) -> None:
    """`--with-respect-to` takes names once or often, and the answer keeps the order of the text."""
    found = verdicts(*PRODUCT, *options)

    assert list(found.items()) == [("x", "agree"), ("z", "agree")]


@pytest.mark.parametrize("names", ["q", "y"])
def test_a_wanted_gradient_is_not_passed_over_in_silence(names: str) -> None:
    """Beside claims `--with-respect-to` is refused, or it is obeyed: an unknown name, or one not claimed, is told."""
    done = call("check", *PRODUCT, "--claim=x=6", "--with-respect-to", names)

    assert done.code == 2 or "∂f/∂y" in done.out


def test_every_step_is_checked_on_request() -> None:
    """Each local derivative in three ways, in the order of the backward pass, and nobody is suspected."""
    found = document(*CHAIN, "--every-step")["checked_steps"]

    assert [(step["node"], step["input"], step["rule"], step["sympy"], step["differences"]) for step in found] == [
        ("F", "A", -3.0, -3.0, -3.0),
        ("F", "z", -12.0, -12.0, -12.0),
        ("A", "x", -2.0, -2.0, -2.0),
        ("A", "y", 6.0, 6.0, 6.0),
    ]
    assert {step["suspect"] for step in found} == {None}
    assert "checked_steps" not in document(*CHAIN)


@patches_reach_workers
def test_a_wrong_rule_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where both oracles agree with each other and not with the rule, the rule is the suspect, and the code is 1."""
    monkeypatch.setattr(REGISTRY["sin"], "partials", lambda m, _out, x: (-m.cos(x),))
    done = call("check", "x*sin(y)", "--x=2", "--y=0.5")
    steps = document("x*sin(y)", "--x=2", "--y=0.5", "--every-step", code=1)["checked_steps"]

    assert done.code == 1
    assert "∂f/∂y: suspected is the rule of sin.\n" in done.out
    assert [step["suspect"] for step in steps] == [None, None, "the rule of sin"]


@pytest.mark.parametrize(("tolerance", "code"), [("0.3", 0), ("0.25", 0), ("0.2", 1), ("0", 1), ("1e-12", 1)])
def test_a_tolerance_overrides_what_was_typed(tolerance: str, code: int) -> None:
    """A claim of 1.5 for 2 is off by a quarter of it, however many digits it was typed with."""
    done = call("check", "x*y", "--x=1", "--y=2", "--claim=x=1.5", "--relative-tolerance", tolerance)

    assert (done.code, done.err) == (code, "")


@pytest.mark.parametrize("tolerance", ["1", "2", "-0.1", "nan", "inf", "-inf"])
def test_a_tolerance_is_a_part_of_the_truth(tolerance: str) -> None:
    """With a tolerance of all of it zero would be right for everything; the error repeats what was given."""
    done = call("check", "x*y", "--x=1", "--y=2", "--claim=x=1.5", f"--relative-tolerance={tolerance}")

    assert (done.code, done.out) == (2, "")
    assert done.err == (f"error: the relative tolerance must be from 0 to 1, not {tolerance}\nhint: 1e-9 is usual\n")


@pytest.mark.parametrize("jobs", ["1", "3"])
def test_parallel_jobs_change_no_answer(jobs: str) -> None:
    """One expression is one job."""
    done = call("check", *LOST_SIGN, "--parallel-jobs", jobs)

    assert done == call("check", *LOST_SIGN)


def test_the_schema_of_the_documents_is_printed() -> None:
    """`bpcli schema check` prints what `--json` keeps to."""
    done = call("schema", "check")

    assert (done.code, done.err) == (0, "")
    assert json.loads(done.out)["properties"]["schema"] == {"const": "bpcli.check/1"}


# Expressions and values ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ("x*y", "--x", "6", "--y", "-2", "--claim", "x=-2"),
        ("--claim", "x=-2", "--x", "6", "x*y", "--y", "-2"),
        ("--x=6", "--y=-2", "--claim=x=-2", "x*y"),
        ("--claim", "x=-2", "--x", "6", "--y", "-2", "--", "x*y"),
        ("--set", "x=6", "x*y", "--set=y = -2", "--claim", " x = -2 "),
        ("x*y", "--x", "2*3", "--y", "-sqrt(4)", "--claim", "x=−2"),
        ("x*y", "--at", "-", "--claim", "x=-2"),
        ("x*y", "--at=-", "--claim=x = -2"),
    ],
    ids=" ".join,
)
def test_claims_and_values_stand_before_or_after_the_expression(arguments: tuple[str, ...]) -> None:
    """Every way to say x = 6, y = -2 and to claim -2 for x is the same question."""
    found = document(*arguments, stdin='{"x": 6, "y": -2}')

    assert found["inputs"] == {"x": 6.0, "y": -2.0}
    assert (found["claims"]["x"]["claimed"], found["verdict"]) == (-2.0, "agree")


@pytest.mark.parametrize(
    ("name", "content"),
    [("point.json", '{"x": 6, "y": -2.0}'), ("point.toml", "x = 6\ny = -2.0"), ("point.csv", "x,y\n6,-2\n")],
)
def test_values_and_the_expression_come_from_files(name: str, content: str, tmp_path: Path) -> None:
    """`--at FILE` binds many; `@FILE` and `-` read the expression."""
    (tmp_path / name).write_text(content, "utf-8")
    (tmp_path / "loss.txt").write_text("q = x*y;\nq + 1\n", "utf-8")
    at = f"--at={tmp_path / name}"

    found = [
        verdicts(f"@{tmp_path / 'loss.txt'}", at, "--claim=q=1", "--claim=x=-2"),
        verdicts("-", at, "--claim=q=1", "--claim=x=-2", stdin="q = x*y\r\nq + 1"),
    ]

    assert found == [{"q": "agree", "x": "agree"}] * 2


@pytest.mark.parametrize("name", ["set", "at", "claim", "requests", "json", "q", "e", "pi"])
def test_a_variable_may_be_called_like_an_option(name: str) -> None:
    """`--set` binds any name, and a claim may be about it."""
    found = verdicts(f"{name}*x", "--set", f"{name}=3", "--x=5", "--claim", f"{name}=5", "--claim=x=3")

    assert found == {name: "agree", "x": "agree"}


def test_an_expression_may_begin_with_a_minus() -> None:
    """One dash before what reads as an expression makes no option of it."""
    found = verdicts("-x**2", "--x=3", "--claim=x=-6")

    assert found == {"x": "agree"}


@pytest.mark.parametrize("expression", ["2 + 3", "pi", "7"])
def test_without_variables_there_is_nothing_to_check(expression: str) -> None:
    """That is said, and is no failure; a claim about its value is judged all the same."""
    done = call("check", expression)

    assert done == Done(0, "  nothing to check: the expression has no variables\n", "")
    assert call("check", expression, f"--claim=f={1}", "-q").code in (0, 2)
