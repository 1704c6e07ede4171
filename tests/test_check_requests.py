"""`bpcli check --requests`: JSON Lines in, as many verdicts out, in order, by workers that may be late or get lost."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from itertools import count
from pathlib import Path
from threading import Event, Timer
from typing import Any, NoReturn

import pytest
from answers import GOOD, UNUSABLE, answered_by, documents
from command import ESCAPE, PATIENCE, SLOW, Done, call, environment, patches_reach_workers, run

import bpcli
from bpcli.bulk.workers import AHEAD, Reply, replies

RIGHT = '{"id": 2, "expression": "x*y", "at": {"x": 2, "y": 3}, "claim": {"x": 3, "y": "2.0"}}'
WRONG = '{"id": 3, "expression": "x*y", "at": {"x": 2, "y": 3}, "claim": {"x": 3, "y": -2}}'
POLE = '{"id": 4, "expression": "1/x", "at": {"x": 0}}'
OPEN = '{"id": 5, "expression": "relu(sqrt(x)**2 - 2)", "at": {"x": 2}}'
BROKEN = '{"id": 6, "expression": "x*", "at": {}}'
KINK = '{"id": 7, "expression": "relu(x)", "at": {"x": 0}, "claim": {"x": 0.25}}'
FORMULA = '{"id": 8, "expression": "sin(x)**2", "claim": {"x": "sin(2*x)"}}'
LATE = json.dumps({"id": "slow", "expression": SLOW, "at": {"x": 0.3}})

HANGS = 10  # seconds; only a command that waits for what never comes takes them

pytestmark = pytest.mark.usefixtures("oracles_loaded")
has_signals = pytest.mark.skipif(sys.platform == "win32", reason="Windows has other pipes and no such signals")
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
        ('{"expression": "x", "at": {"x": 1}, "claim": {"x": [1]}}', "binding", "a list", ""),
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


# Streams -------------------------------------------------------------------------------------------------------------


def test_a_file_and_standard_input_are_read_alike(tmp_path: Path) -> None:
    """Lines end at a newline alone; a byte order mark is no request."""
    content = "\ufeff" + GOOD.replace("1", '"\u2028\x85"', 1) + f"\r\n{BROKEN}\n{WRONG}"
    source = tmp_path / "requests.jsonl"
    source.write_bytes(content.encode())

    from_file, from_input = call("check", "--requests", str(source)), call("check", "--requests", "-", stdin=content)

    assert from_file == from_input
    assert [answer["status"] for answer in documents(from_file)] == ["ok", "error", "ok"]


def test_a_missing_file_is_one_error() -> None:
    """Where there are no requests there is no answer either."""
    done = call("check", "--requests", "nowhere.jsonl")

    assert done == Done(2, "", "error: cannot read nowhere.jsonl: no such file or directory\n")


def test_requests_are_utf8_in_every_locale() -> None:
    """JSON is UTF-8 by its definition, whatever the locale says; a line that is not ends no run."""
    lines = '{"id": "é", "expression": "é*2", "at": {"é": 3}}\n'.encode() + b'"\xff"\n' + GOOD.encode()
    done = run("check", "--requests", "-", stdin=lines, env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
    first, second, third = documents(done)

    assert (first["id"], list(first["claims"])) == ("é", ["é"])
    assert second["status"] == "error"
    assert (third["id"], done.code, done.err) == (1, 2, "")


def talk(process: "subprocess.Popen[str]", line: str) -> dict[str, Any]:
    """Ask a running command, and wait for its answer."""
    assert process.stdin
    assert process.stdout
    process.stdin.write(f"{line}\n")
    process.stdin.flush()
    answer: dict[str, Any] = json.loads(process.stdout.readline())
    return answer


@contextmanager
def started(*options: str) -> Iterator["subprocess.Popen[str]"]:
    """`bpcli check --requests -` in a session of its own, with pipes; what hangs is ended, with its workers."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bpcli", "check", "--requests", "-", *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=environment(),
        start_new_session=True,
    )
    watchdog = Timer(HANGS, end_group, (process.pid,))
    watchdog.start()
    try:
        yield process
    finally:
        watchdog.cancel()
        end_group(process.pid)
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            with suppress(OSError):
                pipe.close() if pipe else None


def end_group(group: int) -> None:
    """End every process of a group that is left."""
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


@has_signals
def test_an_answer_comes_before_the_next_request() -> None:
    """Answers are flushed line by line, so that a program can talk to bpcli over two pipes."""
    with started() as process:
        heard = [talk(process, line)["id"] for line in (GOOD, WRONG, BROKEN)]
        process.communicate()

    assert (heard, process.returncode) == ([1, 3, 6], 2)


@has_signals
def test_a_closed_pipe_ends_the_run_silently() -> None:
    """Nobody listens any more: code 141, no message, however many requests are still to come."""
    with started() as process:
        answer = talk(process, GOOD)
        assert process.stdin
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        process.stdin.write(f"{GOOD}\n" * 3)
        process.stdin.close()
        said = process.stderr.read()
        code = process.wait()

    assert (answer["id"], code, said) == (1, 141, "")


@has_signals
def test_an_interrupt_ends_the_run_and_its_workers() -> None:
    """Control-C reaches all processes of a terminal: code 130, no message, and nobody works on."""
    with started() as process:
        answer = talk(process, GOOD)
        assert process.stdin
        process.stdin.write(f"{LATE}\n")
        process.stdin.flush()
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate()

    assert answer["id"] == 1
    assert (process.returncode, out, err) == (130, "", "")


@has_signals
def test_no_worker_outlives_a_run_that_is_killed() -> None:
    """A worker whose command has been killed ends too: it must hold no pipe open, and no processor."""
    with started() as process:
        answer = talk(process, GOOD)
        process.kill()
        out, err = process.communicate(timeout=HANGS / 2)

    assert (answer["id"], out, err) == (1, "", "")


BUSY = """
import sys
from bpcli.bulk.workers import replies

def work(question):
    sys.stdout.write(question)
    sys.stdout.flush()
    while True:
        pass

next(replies(work, ["begun"], None))
"""


@patches_reach_workers
def test_no_worker_works_on_for_a_run_that_is_killed() -> None:
    """Who kills a run, as `subprocess.run` does after its timeout, ends its work too: nobody keeps the time now."""
    process = subprocess.Popen([sys.executable, "-c", BUSY], stdout=subprocess.PIPE, start_new_session=True)
    assert process.stdout
    begun = process.stdout.read(5)
    process.kill()
    try:
        rest, _ = process.communicate(timeout=HANGS / 2)
    finally:
        end_group(process.pid)
        process.wait()
        process.stdout.close()

    assert (begun, rest) == (b"begun", b"")


# The workers by themselves -------------------------------------------------------------------------------------------


def echo(question: str) -> Reply:
    """Answer with the question; some questions never get an answer, or end the process."""
    if question == "late":
        Event().wait()
    if question == "lost":
        os._exit(0)
    if question == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if question == "raised":
        raise RuntimeError(question)
    if question == "ended":
        raise SystemExit
    return Reply(len(question), question, str(os.getpid()))


def excuse(question: str, /, *, is_late: bool) -> Reply:
    """What is answered for a worker that gave none."""
    return Reply(-1, question, "late" if is_late else "lost")


def asked(questions: Iterable[str], jobs: int = 1, seconds: float | None = None) -> list[Reply]:
    """All the replies to some questions."""
    return list(replies(echo, questions, excuse, jobs=jobs, seconds=seconds))


@pytest.mark.parametrize("jobs", [1, 2, 5])
@pytest.mark.parametrize("amount", [0, 1, 4, 60])
def test_every_question_is_answered_in_order(jobs: int, amount: int) -> None:
    """Fewer questions than workers, none at all, or many more: one reply each, in their order."""
    questions = [f"question {number}" for number in range(amount)]
    found = asked(questions, jobs)

    assert [reply.out for reply in found] == questions
    assert [reply.code for reply in found] == list(map(len, questions))
    assert multiprocessing.active_children() == []


def test_no_more_workers_are_started_than_needed() -> None:
    """One worker answers many questions, and none of them is this process."""
    alone, two = ({reply.err for reply in asked(["x"] * 30, jobs)} for jobs in (1, 2))

    assert len(alone) == 1
    assert 1 <= len(two) <= 2
    assert str(os.getpid()) not in alone | two


@pytest.mark.parametrize("text", ["", "日本\n", "\ud800", "x" * 1_000_000], ids=["empty", "letters", "half", "long"])
def test_any_text_goes_there_and_back(text: str) -> None:
    """Also half a character, and more than a pipe holds."""
    (reply,) = asked([text])

    assert (reply.code, reply.out) == (len(text), text)


@pytest.mark.parametrize("jobs", [1, 3])
def test_a_late_worker_is_stopped_and_replaced(jobs: int) -> None:
    """A question that takes too long is excused; those around it get their answers from others."""
    found = asked(["one", "late", "two", "three"], jobs, seconds=1)

    assert [(reply.code, reply.out) for reply in found] == [(3, "one"), (-1, "late"), (3, "two"), (5, "three")]
    assert found[1].err == "late"
    assert multiprocessing.active_children() == []


@has_signals
@pytest.mark.parametrize("end", ["lost", "killed", "ended", "raised"])
@pytest.mark.parametrize("jobs", [1, 3])
def test_a_lost_worker_is_replaced(end: str, jobs: int, capfd: pytest.CaptureFixture[str]) -> None:
    """A process that ends, however it does, costs the question that it had, and prints nothing."""
    found = asked(["one", end, "two", end, "three"], jobs, seconds=PATIENCE)

    assert [reply.code for reply in found] == [3, -1, 3, -1, 5]
    assert [reply.err for reply in found if reply.code < 0] == ["lost", "lost"]
    assert multiprocessing.active_children() == []
    assert capfd.readouterr() == ("", "")


def test_a_worker_that_is_lost_between_two_questions_costs_nothing() -> None:
    """Where an idle process has been killed another takes the next question."""
    running = replies(echo, ["one", "two", "three"], excuse)
    first = next(running)
    for child in multiprocessing.active_children():
        child.kill()
        child.join()
    rest = list(running)

    assert [reply.out for reply in (first, *rest)] == ["one", "two", "three"]


def test_no_question_is_asked_far_ahead() -> None:
    """While one question takes long the others do not pile up: a stream of any length may come."""
    taken: list[int] = []

    def questions() -> Iterator[str]:
        for number in count():
            taken.append(number)
            yield "late" if number == 0 else "x"

    running = replies(echo, questions(), excuse, jobs=2, seconds=0.5)
    first = next(running)
    assert isinstance(running, Generator)
    running.close()

    assert (first.code, first.err) == (-1, "late")
    assert 2 <= len(taken) <= 2 * AHEAD + 2
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize("jobs", [1, 3])
def test_workers_end_when_nobody_asks_any_more(jobs: int) -> None:
    """A consumer that stops early, or a source that fails, leaves no process behind."""

    def broken() -> Iterator[str]:
        yield from ["one", "two"]
        raise KeyboardInterrupt

    running = replies(echo, ["one", "late"], excuse, jobs=jobs)
    next(running)
    assert isinstance(running, Generator)
    running.close()
    with pytest.raises(KeyboardInterrupt):
        list(replies(echo, broken(), excuse, jobs=jobs))

    assert multiprocessing.active_children() == []


@pytest.mark.parametrize("seconds", [float("inf"), 1e9, 1e300])
def test_a_limit_may_be_as_long_as_anyone_likes(seconds: float) -> None:
    """No limit is too large for the clock."""
    found = asked(["one", "two"], 2, seconds)

    assert [reply.out for reply in found] == ["one", "two"]
