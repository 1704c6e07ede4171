"""`bpcli check --requests`: JSON Lines in, as many verdicts out, in order, by workers that may be late or get lost."""

import json
import os
import subprocess
import sys
from functools import partial
from typing import Any, NoReturn

import pytest
from answers import GOOD, UNUSABLE, answered_by, documents
from checks import BROKEN, LATE, WRONG
from command import ESCAPE, PATIENCE, SLOW, Done, call, environment, patches_reach_workers

import bpcli

RIGHT = '{"id": 2, "expression": "x*y", "at": {"x": 2, "y": 3}, "claim": {"x": 3, "y": "2.0"}}'
POLE = '{"id": 4, "expression": "1/x", "at": {"x": 0}}'
OPEN = '{"id": 5, "expression": "relu(sqrt(x)**2 - 2)", "at": {"x": 2}}'
KINK = '{"id": 7, "expression": "relu(x)", "at": {"x": 0}, "claim": {"x": 0.25}}'
FORMULA = '{"id": 8, "expression": "sin(x)**2", "claim": {"x": "sin(2*x)"}}'

pytestmark = pytest.mark.usefixtures("oracles_loaded")
answered = partial(answered_by, "check")


def only(request: dict[str, Any], *options: str) -> dict[str, Any]:
    """The answer to one request."""
    (answer,) = documents(answered([json.dumps(request)], *options))
    return answer


# Answers -------------------------------------------------------------------------------------------------------------


def test_one_answer_a_line_in_order() -> None:
    """Requests are answered by verdicts, in their order; blank lines are no requests."""
    lines = [
        json.dumps({"id": number, "expression": "x**2", "at": {"x": number}, "claim": {"x": 2 * number}})
        for number in range(1, 20)
    ]
    done = answered(["", *lines, "  "])

    assert (done.code, done.err) == (0, "")
    assert [(answer["id"], answer["verdict"], answer["claims"]["x"]["claimed"]) for answer in documents(done)] == [
        (number, "agree", 2.0 * number) for number in range(1, 20)
    ]


def test_an_answer_is_that_of_one_expression() -> None:
    """Each line is answered as `bpcli check --json` answers its expression, with the id before it."""
    one = call("check", "x*y", "--x=2", "--y=3", "--claim=x=3", "--claim=y=-2", "--json")
    line = '{"id": 3, "expression": "x*y", "at": {"x": 2, "y": 3}, "claim": {"x": "3", "y": "-2"}}'

    assert answered([line]) == Done(1, one.out.replace("{", '{"id": 3, ', 1), "")


@pytest.mark.parametrize(
    ("claim", "verdicts"),
    [
        ({"x": 3}, {"x": "agree"}),
        ({"x": 3.0000001}, {"x": "differ"}),
        ({"x": "3.0"}, {"x": "agree"}),
        ({"x": "3.00001"}, {"x": "differ"}),
        ({"x": "y"}, {"x": "agree"}),
        ({"x": "sqrt(9)"}, {"x": "agree"}),
        ({"x": "x"}, {"x": "differ"}),
        ({"dF/dx": 3, "∂F/∂y": 2}, {"x": "agree", "y": "agree"}),
        ({"value(A)": 6, "value(F)": 6.5}, {"value(A)": "agree", "value(F)": "agree"}),
        ({"A": 1, "upstream(x)": 3}, {"A": "agree", "x": "agree"}),
        ({"local(A, x)": 3, "contribution(A,y)": "2"}, {"local(A, x)": "agree", "contribution(A, y)": "agree"}),
        ({"y": 2, "x": 4}, {"y": "agree", "x": "differ"}),
    ],
    ids=str,
)
def test_a_claim_is_an_object_of_targets_and_values(claim: dict[str, object], verdicts: dict[str, str]) -> None:
    """Numbers, numbers typed as text, and formulas; about gradients, values and steps; answered in their order."""
    answer = only({"expression": "A = x*y; F = A + 0.5", "at": {"x": 2, "y": 3}, "claim": claim})

    assert list(answer["claims"].items()) == [(key, answer["claims"][key]) for key in verdicts]
    assert {key: entry["verdict"] for key, entry in answer["claims"].items()} == verdicts


def test_a_number_has_no_last_place_and_a_text_has() -> None:
    """0.33 as a number is 0.33 to nine digits; as text it is right for a third."""
    number, text = (
        only({"expression": "x/3", "at": {"x": 1}, "claim": {"x": claimed}})["verdict"] for claimed in (0.33, "0.33")
    )

    assert (number, text) == ("differ", "agree")


def test_a_request_may_ask_for_some_gradients() -> None:
    """`with_respect_to` says which; without a claim they are bpcli's own."""
    answer = only({"expression": "x*y*z", "at": {"x": 2, "y": 3, "z": 4}, "with_respect_to": ["z", "x"]})

    assert {key: entry["backpropagation"] for key, entry in answer["claims"].items()} == {"x": 12.0, "z": 6.0}


@pytest.mark.parametrize(
    "identity",
    [0, -1.5, "", "日本", True, None, [], {"a": {"b": 1}}, 10**30, "\u2028", ESCAPE],
    ids=ascii,
)
def test_an_id_of_any_type_is_kept(identity: object) -> None:
    """An answer or an error has the id of its request, as it was given."""
    lines: list[dict[str, object]] = [{"expression": "x", "at": {"x": 2}}, {"expression": "x +"}, {}]
    done = answered([json.dumps({"id": identity, **line}, ensure_ascii=False) for line in lines])

    assert [answer["id"] for answer in documents(done)] == [identity] * 3
    assert ESCAPE not in done.out


@pytest.mark.parametrize(
    ("options", "key", "is_there"),
    [
        (["--every-step"], "checked_steps", True),
        ([], "checked_steps", False),
        (["--release-to=student"], "gradients", False),
        (["--json"], "gradients", True),
        (["--output-format=json"], "gradients", True),
    ],
    ids=str,
)
def test_options_hold_for_every_request(options: list[str], key: str, *, is_there: bool) -> None:
    """What is said of one expression is said of each."""
    found = documents(answered([GOOD, WRONG], *options))

    assert [key in answer for answer in found] == [is_there] * 2


def test_a_tolerance_holds_for_every_request() -> None:
    """4% off is wrong, and right where 5% is allowed."""
    lines = [
        json.dumps({"expression": "x*y", "at": {"x": 2, "y": 3}, "claim": {"x": number}}) for number in (3.12, 2.88)
    ]
    strict, lenient = (answered(lines, *options) for options in ([], ["--relative-tolerance=0.05"]))

    assert (strict.code, lenient.code) == (1, 0)


@pytest.mark.parametrize("level", ["where", "kind", "cause"])
def test_a_student_gets_no_right_value(level: str) -> None:
    """A batch that is released to students has the hints of their level, and none of the true numbers."""
    line = '{"expression": "A = x*y; F = A*z", "at": {"x": 6.37, "y": -2.61, "z": -3.83}, "claim": {"x": -9.9963}}'
    done = answered([line], "--release-to=student", f"--hint-level={level}")
    entry = documents(done)[0]["claims"]["x"]

    assert set(entry) == {"verdict", "claimed", "claim", "look_at"} | ({"causes"} if level != "where" else set())
    assert [digits for digits in ("24.397", "16.625", "63.67") if digits in done.out] == []


def test_quiet_leaves_the_code_alone() -> None:
    """With `-q` nothing is printed."""
    done = answered([GOOD, WRONG, GOOD], "-q")

    assert done == Done(1, "", "")


# Errors --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "kind", "message", "hint"),
    [
        *UNUSABLE,
        ('{"expression": "x*", "at": {"x": 1}}', "parse", "must stand after '*'", "missing"),
        ('{"expression": "x", "at": {"x": 1}, "with_respect_to": "x"}', "usage", "no list of names", "with_respect_to"),
        ('{"expression": "x", "at": {"x": 1}, "claim": 1}', "usage", "'claim' of the request", '"claim": {"x": 6}'),
        ('{"expression": "x", "at": {"x": 1}, "claim": "x=1"}', "usage", "'claim' of the request", '"claim": {"x": 6}'),
        ('{"expression": "x", "at": {"x": 1}, "claim": ["x=1"]}', "usage", "'claim' of the", '"claim": {"x": 6}'),
        ('{"expression": "x", "at": {"x": 1}, "claim": null}', "usage", "'claim' of the request", '"claim": {"x": 6}'),
        ('{"expression": "x", "at": {"x": 1}, "claim": {}}', "usage", "'claim' of the request", '"claim": {"x": 6}'),
        ('{"expression": "x", "at": {"x": 1}, "claims": {"x": 2}}', "usage", "'claims'", '"claim"'),
        ('{"expression": "x", "at": {"x": 1}, "claim": {"x": true}}', "binding", "truth value", ""),
        ('{"expression": "x", "at": {"x": 1}, "claim": {"x": null}}', "binding", "null", ""),
        ('{"expression": "x", "at": {"x": 1}, "claim": {"x": [1]}}', "shape", "has shape (1,)", "the shape of"),
        ('{"expression": "x", "at": {"x": 1}, "claim": {"x": "@a.npy"}}', "usage", "names a file", "nested lists"),
        ('{"expression": "x", "at": {"x": 1}, "claim": {"x": 1e999}}', "binding", "not finite", ""),
        ('{"expression": "x", "at": {"x": 1}, "claim": {"x": ""}}', "parse", "", ""),
        ('{"expression": "x", "at": {"x": 1}, "claim": {"x": "2y"}}', "parse", "'2' and 'y'", "2*y"),
        ('{"expression": "x", "at": {"x": 1}, "claim": {"x": "t"}}', "binding", "'t'", "its names are"),
        ('{"expression": "x", "at": {"x": 1}, "claim": {"t": 1}}', "binding", "'t'", "its names are"),
        ('{"expression": "x", "at": {"x": 1}, "claim": {"x y": 1}}', "usage", "'x y'", "write a claim as"),
        ('{"expression": "x", "at": {"x": 1}, "claim": {"x": 1, "dx/dx": 1}}', "binding", "two claims", "once"),
        ('{"expression": "x", "at": {"x": 1}, "claim": {"x": 1, "x": 2}}', "usage", "twice", "every request"),
    ],
    ids=lambda part: part[:70] if part.startswith(("{", "[", "n")) else "",
)
def test_a_bad_line_is_answered_and_the_run_goes_on(line: str, kind: str, message: str, hint: str) -> None:
    """What cannot be used is answered by an error on its line; the next request is answered as ever."""
    done = answered([line, GOOD])
    error, answer = documents(done)

    assert (error["status"], error.get("error", {}).get("kind")) == ("error", kind)
    assert message in error["error"]["message"]
    assert hint in (error["error"]["hint"] or "")
    assert (answer["id"], answer["verdict"], done.code, done.err) == (1, "agree", 2, "")


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([], 0),
        ([GOOD, RIGHT, KINK, FORMULA], 0),
        ([GOOD, OPEN, GOOD], 4),
        ([OPEN, WRONG, GOOD], 1),
        ([WRONG, POLE, OPEN], 3),
        ([BROKEN, POLE, WRONG], 2),
        ([GOOD, WRONG, BROKEN], 2),
    ],
)
def test_the_worst_line_decides_the_code(lines: list[str], code: int) -> None:
    """Of many codes the run has the worst: 5, 2, 3, 1, 4, 0."""
    done = answered(lines)

    assert done.code == code
    assert done.out.count("\n") == len(lines)


@patches_reach_workers
@pytest.mark.parametrize("fault", [AttributeError, AssertionError, RuntimeError, MemoryError, RecursionError])
@pytest.mark.parametrize("where", ["bpcli.bulk.requests.check_asked", "bpcli.report.check_documents.check_document"])
def test_a_fault_of_bpcli_ends_no_run(where: str, fault: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    """A line on which bpcli itself fails, in a check or in its report, is answered by an error that names the fault."""

    def fail(*_: object, **__: object) -> NoReturn:
        raise fault

    monkeypatch.setattr(where, fail)
    done = answered([GOOD, BROKEN if "document" in where else WRONG])
    first, second = (answer["error"] for answer in documents(done))

    assert (done.code, first["kind"]) == (5, "internal")
    assert fault.__name__ in first["message"]
    assert second["kind"] == ("parse" if "document" in where else "internal")


@patches_reach_workers
def test_a_fault_in_a_report_shows_no_traceback() -> None:
    """Whatever fails in a worker, standard error stays empty: it is told on the line of its request."""
    code = (
        "import sys\nimport bpcli.report.check_documents as documents\nfrom bpcli.cli.main import main\n"
        "documents.check_document = None\nsys.exit(main(['check', '--requests', '-']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=GOOD,
        capture_output=True,
        encoding="utf-8",
        env=environment(),
        timeout=PATIENCE,
        check=False,
    )

    assert (done.returncode, done.stderr) == (5, "")
    assert json.loads(done.stdout)["error"]["kind"] == "internal"


# Workers -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("jobs", [2, 3, 8])
def test_answers_do_not_depend_on_the_number_of_jobs(jobs: int) -> None:
    """However many processes answer, the bytes are the same, in the order of the requests."""
    lines = [GOOD, RIGHT, WRONG, POLE, OPEN, BROKEN, KINK, FORMULA, "nonsense", WRONG.replace("3}", "3.5}"), GOOD] * 2

    assert answered(lines, "--parallel-jobs", str(jobs)) == answered(lines)


@pytest.mark.parametrize("options", [[], ["--parallel-jobs=2"]], ids=["one job", "two jobs"])
def test_a_request_that_takes_too_long_is_undecided(options: list[str]) -> None:
    """The time limit stops one request, which says so; those around it are answered as ever."""
    done = answered([GOOD, LATE, WRONG], "--time-limit=1", *options)
    first, late, last = documents(done)

    assert (first["verdict"], last["verdict"], done.code, done.err) == ("agree", "differ", 1, "")
    assert (late["id"], late["status"], late["verdict"], late["claims"]) == ("slow", "ok", "undecided", {})
    assert "time limit" in late["reason"]
    assert late["expression"] == SLOW


def test_where_all_are_late_the_code_is_4() -> None:
    """In a batch a late request is undecided, not the end."""
    done = answered([LATE], "--time-limit=0.2")

    assert done.code == 4


@patches_reach_workers
@pytest.mark.parametrize("options", [[], ["--parallel-jobs=3"]], ids=["one job", "three jobs"])
def test_a_lost_worker_costs_its_own_request(options: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a process is killed, as for want of memory, its line is an internal error, and another takes its place."""

    def asked(request: dict[str, Any], *_: object, **__: object) -> bpcli.Check:
        if request["id"] == 3:
            os._exit(1)
        return bpcli.check_expression(request["expression"], request["at"])

    monkeypatch.setattr("bpcli.bulk.requests.check_asked", asked)
    done = answered([GOOD, WRONG, POLE, WRONG, GOOD], *options)

    assert [(answer["id"], answer["status"]) for answer in documents(done)] == [
        (1, "ok"),
        (3, "error"),
        (4, "nonfinite"),
        (3, "error"),
        (1, "ok"),
    ]
    assert documents(done)[1]["error"]["kind"] == "internal"
    assert documents(done)[1]["expression"] == "x*y"
    assert (done.code, done.err) == (5, "")
