"""Workers by themselves: every question gets one reply, in order, whether they are late, lost, or many."""

import multiprocessing
import os
import signal
from collections.abc import Generator, Iterable, Iterator
from itertools import count
from threading import Event

import pytest
from command import PATIENCE, has_signals

from bpcli.bulk.workers import AHEAD, Reply, replies


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


def test_each_question_may_have_a_time_of_its_own() -> None:
    """One that may take half a second is excused; those that may take as long as they want are answered."""
    found = list(
        replies(echo, ["one", "late", "two"], excuse, seconds=lambda question: 0.5 if question == "late" else None)
    )

    assert [(reply.code, reply.out) for reply in found] == [(3, "one"), (-1, "late"), (3, "two")]


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
