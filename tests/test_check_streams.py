"""`bpcli check --requests` between other programs: what it reads, who talks to it, who stops listening or kills it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Timer
from typing import Any

import pytest
from answers import GOOD, documents
from checks import BROKEN, LATE, WRONG
from command import Done, call, environment, has_signals, patches_reach_workers, run

HANGS = 10  # seconds; only a command that waits for what never comes takes them

pytestmark = pytest.mark.usefixtures("oracles_loaded")


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
