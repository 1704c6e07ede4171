"""Requests: JSON Lines in, as many answers out, in order, whatever a line holds."""

import json
import subprocess
import sys
from functools import partial
from pathlib import Path
from threading import Timer

import pytest
from answers import GOOD, UNUSABLE, answered_by, documents
from command import PATIENCE, Done, call, environment, run
from hypothesis import given
from hypothesis import strategies as st

DIVIDES_BY_ZERO = '{"id": 2, "expression": "1/x", "at": {"x": 0}}'
WRONG = '{"id": 3, "expression": "1/", "at": {}}'
answered = partial(answered_by, "grad")


def test_one_answer_a_line_in_order() -> None:
    """Requests are answered by value and gradients, in their order; blank lines are no requests."""
    lines = [f'{{"id": {number}, "expression": "x**2", "at": {{"x": {number}}}}}' for number in range(1, 40)]
    done = answered(["", *lines, "  "])

    assert (done.code, done.err) == (0, "")
    assert [(answer["id"], answer["gradients"]) for answer in documents(done)] == [
        (number, {"x": 2.0 * number}) for number in range(1, 40)
    ]


def test_an_answer_without_steps_is_short() -> None:
    """Without `--with-steps` an answer has neither steps nor formulas."""
    done = answered([GOOD])

    assert done.out == (
        '{"id": 1, "schema": "bpcli.grad/1", "version": "0.1.0", "status": "ok", "expression": "x*y", '
        '"inputs": {"x": 2.0, "y": 3.0}, "value": 6.0, "gradients": {"x": 3.0, "y": 2.0}, "warnings": []}\n'
    )


@pytest.mark.parametrize("options", [["--json"], ["-j"], ["--output-format=json"], []], ids=str)
def test_with_steps_an_answer_is_that_of_one_expression(options: list[str]) -> None:
    """`--with-steps` answers each line as `bpcli grad --json` answers its expression, with the id before it."""
    one = call("grad", "x*y", "--x=2", "--y=3", "--json")
    done = answered([GOOD], "--with-steps", *options)

    assert done == Done(0, one.out.replace("{", '{"id": 1, ', 1), "")


@pytest.mark.parametrize(
    "identity",
    [0, -1.5, "", "a b", "日本", True, False, None, [], [1, [None]], {"a": {"b": 1}}, 10**30, "\u2028", "\x1b[31m"],
    ids=ascii,
)
@pytest.mark.parametrize("rest", [{"expression": "x", "at": {"x": 2}}, {"expression": "x +"}, {}], ids=str)
def test_an_id_of_any_type_is_kept(identity: object, rest: dict[str, object]) -> None:
    """An answer or an error has the id of its request, as it was given."""
    done = answered([json.dumps({"id": identity, **rest}, ensure_ascii=False)])

    assert documents(done)[0]["id"] == identity
    assert "\x1b" not in done.out


def test_a_request_without_an_id_gets_none() -> None:
    """No id is made up."""
    done = answered(['{"expression": "x", "at": {"x": 2}}', '{"expression": "x +"}'])

    assert [answer.get("id", "none") for answer in documents(done)] == ["none", "none"]


def test_unknown_keys_are_ignored() -> None:
    """A request may carry what others need."""
    done = answered(['{"expression": "x*y", "at": {"x": 2, "y": 3}, "student": "Ada", "with_respect_to": ["y"]}'])

    assert documents(done)[0]["gradients"] == {"y": 2.0}


def test_values_may_be_text_as_on_the_command_line() -> None:
    """A value is a number or an expression of numbers."""
    done = answered(['{"expression": "2*x", "at": {"x": "1/4"}}'])

    assert documents(done)[0]["inputs"] == {"x": 0.25}


@pytest.mark.parametrize(
    ("line", "kind", "message", "hint"),
    [
        *UNUSABLE,
        ('{"expression": "x"', "usage", "the request is not JSON", "every request is a JSON object"),
        ("null", "usage", "the request is not a JSON object", "every request is a JSON object"),
        ('{"expression": 3}', "usage", "no 'expression', or it is no text", "every request is a JSON object"),
        ('{"expression": "x", "at": null}', "usage", "'at' of the request is no object", "every request is"),
        (
            '{"expression": "x", "at": {"x": 1}, "with_respect_to": "x"}',
            "usage",
            "'with_respect_to' of the request is no list of names",
            '"with_respect_to": ["x", "y"]',
        ),
        ('{"expression": "x", "at": {"x": 1}, "with_respect_to": [1]}', "usage", "no list of names", "with_respect_to"),
        ('{"expression": "x", "at": {"x": [1]}}', "shape", "x is an array of shape (1,)", "bpcli jacobian"),
        ('{"expression": "x", "at": {"x": "@x.npy"}}', "usage", "x in a request names a file", "nested lists"),
        ('{"expression": "x", "at": {"x": true}}', "binding", "the value of x is a truth value", "one real number"),
    ],
    ids=lambda part: part[:60] if part.startswith(("{", "[", "n")) else "",
)
def test_a_bad_line_is_answered_and_the_run_goes_on(line: str, kind: str, message: str, hint: str) -> None:
    """What cannot be used is answered by an error on its line; the next request is answered as ever."""
    done = answered([line, GOOD])
    error, answer = documents(done)

    assert (error["status"], error["error"]["kind"]) == ("error", kind)
    assert message in error["error"]["message"]
    assert hint in error["error"]["hint"]
    assert (answer["id"], done.code, done.err) == (1, 2, "")


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", '"NaN"', '"inf"', '"1/0"'])
def test_a_value_that_is_not_finite_is_an_error(number: str) -> None:
    """Gradients are taken at finite points, however a number that is none was written."""
    done = answered([f'{{"id": 7, "expression": "x", "at": {{"x": {number}}}}}', GOOD])

    assert [answer["status"] for answer in documents(done)] == ["error", "ok"]
    assert documents(done)[0]["error"]["kind"] in ("binding", "usage")
    assert done.code == 2


@given(st.lists(st.text(st.characters(exclude_characters="\n\r")) | st.sampled_from([GOOD, WRONG]), max_size=5))
def test_any_text_gets_an_answer_a_line(lines: list[str]) -> None:
    """Whatever stands on a line that is not blank, an answer comes for it."""
    done = answered(lines)

    assert done.out.count("\n") == sum(1 for line in lines if line.strip())
    assert done.code in (0, 2)


@pytest.mark.parametrize("identity", ["NaN", "1e999", "[" * 900 + "]" * 900, r'"\ud800"'], ids=lambda text: text[:6])
def test_an_id_that_json_cannot_write_ends_no_run(identity: str) -> None:
    """NaN, infinity, deep nesting and half a character are accepted by Python's reader: they must not end the run."""
    done = answered([f'{{"id": {identity}, "expression": "x", "at": {{"x": 2}}}}', GOOD])

    assert done.out.count("\n") == 2
    assert documents(done)[1]["id"] == 1


@pytest.mark.parametrize("fault", [AttributeError, AssertionError, RuntimeError, ValueError, MemoryError])
def test_a_fault_of_bpcli_ends_no_run(fault: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    """A line on which bpcli itself fails is answered by an internal error, and the code of the run is 5."""

    def fail(*_: object, **__: object) -> None:
        raise fault

    monkeypatch.setattr("bpcli.bulk.requests.grad", fail)
    done = answered([GOOD, WRONG])

    assert done.code == 5
    assert [answer["error"]["kind"] for answer in documents(done)] == ["internal", "internal"]


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([], 0),
        ([GOOD], 0),
        ([GOOD, DIVIDES_BY_ZERO, GOOD], 3),
        ([WRONG, DIVIDES_BY_ZERO], 2),
        ([DIVIDES_BY_ZERO, WRONG, GOOD], 2),
    ],
)
def test_the_worst_line_decides_the_code(lines: list[str], code: int) -> None:
    """Of many codes the run has the worst: 5, 2, 3, 1, 4, 0."""
    done = answered(lines)

    assert done.code == code


def test_a_number_that_is_not_finite_is_a_string() -> None:
    """A pole is an answer, with its warning beside it."""
    done = answered([DIVIDES_BY_ZERO])
    answer = documents(done)[0]

    assert (answer["status"], answer["value"], answer["gradients"]) == ("nonfinite", "Infinity", {"x": "-Infinity"})
    assert answer["warnings"][0]["span"] == [0, 3]


@pytest.mark.parametrize("first", [GOOD, "\ufeff" + GOOD, GOOD.replace("1", '"\u2028\x85"', 1)], ids=ascii)
def test_a_file_and_standard_input_are_read_alike(first: str, tmp_path: Path) -> None:
    """Lines end at a newline alone: JSON text may hold every other separator; a byte order mark is no request."""
    content = f"{first}\r\n{WRONG}\n{GOOD}"
    source = tmp_path / "requests.jsonl"
    source.write_bytes(content.encode())

    from_file, from_input = call("grad", "--requests", str(source)), call("grad", "--requests", "-", stdin=content)

    assert from_file == from_input
    assert [answer["status"] for answer in documents(from_file)] == ["ok", "error", "ok"]


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1"])
def test_requests_are_utf8_in_every_locale(encoding: str) -> None:
    """JSON is UTF-8 by its definition, whatever the locale says; a line that is not ends no run."""
    lines = '{"id": "é", "expression": "é*2", "at": {"é": 3}}\n'.encode() + b'"\xff"\n' + GOOD.encode()
    done = run("grad", "--requests", "-", stdin=lines, env={"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"})
    first, second, third = documents(done)

    assert (first["id"], first["gradients"]) == ("é", {"é": 2.0})
    assert second["status"] == "error"
    assert (third["id"], done.code) == (1, 2)


def test_a_missing_file_is_one_error() -> None:
    """Where there are no requests there is no answer either."""
    done = call("grad", "--requests", "nowhere.jsonl")

    assert done == Done(2, "", "error: cannot read nowhere.jsonl: no such file or directory\n")


def test_an_answer_comes_before_the_next_request() -> None:
    """Answers are flushed line by line, so that a program can talk to bpcli over two pipes."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bpcli", "grad", "--requests", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        env=environment(),
    )
    watchdog = Timer(PATIENCE, process.kill)
    watchdog.start()
    assert process.stdin
    assert process.stdout
    heard = []
    with process:
        for line in (GOOD, WRONG, GOOD):
            process.stdin.write(f"{line}\n")
            process.stdin.flush()
            heard.append(json.loads(process.stdout.readline())["id"])
        process.stdin.close()
    watchdog.cancel()

    assert (heard, process.returncode) == ([1, 3, 1], 2)
