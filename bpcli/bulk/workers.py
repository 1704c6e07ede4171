"""Workers: processes that answer questions in order, each answer within a time limit.

A worker that takes too long is killed, whatever it is doing, and another takes its place; what it had to answer is
answered by an `Excuse`. On systems that can fork a worker begins as a copy of this process, without starting Python
anew.
"""

import json
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from multiprocessing import get_all_start_methods, get_context, parent_process
from multiprocessing.connection import Connection, wait
from threading import Thread
from time import monotonic
from typing import Any, NamedTuple, Protocol

AHEAD = 8  # questions for each worker that may be asked beyond the first that is not answered
LONGEST_WAIT = 3600.0  # seconds, after which a wait begins anew: the system takes no longer ones


class Reply(NamedTuple):
    """What a command comes to: its exit code, and what goes to standard output and standard error."""

    code: int
    out: str = ""
    err: str = ""


Work = Callable[[str], Reply]
Seconds = float | None | Callable[[str], float | None]  # for every question the same, or for each its own


class Excuse(Protocol):
    """What is answered where a worker was stopped because it was late, or was lost."""

    def __call__(self, question: str, /, *, is_late: bool) -> Reply:
        """The answer to that question."""
        ...


class Task(NamedTuple):
    """A question that a worker has been given: its place in the order, and when the answer is late."""

    number: int
    question: str
    deadline: float


class Worker:
    """A process with a pipe to it."""

    def __init__(self, work: Work, others: Iterable["Worker"]) -> None:
        method = "fork" if "fork" in get_all_start_methods() and sys.platform != "darwin" else None
        context: Any = get_context(method)
        self.pipe, end = context.Pipe()
        inherited = [*[other.pipe for other in others], self.pipe] if method == "fork" else []
        self.process = context.Process(target=_serve, args=(work, end, inherited), daemon=True)
        self.process.start()
        end.close()
        self.task: Task | None = None

    def ask(self, number: int, question: str, seconds: float | None) -> None:
        """Give the worker a question."""
        self.task = Task(number, question, float("inf") if seconds is None else monotonic() + seconds)
        self.pipe.send_bytes(question.encode("utf-8", "surrogatepass"))

    def stop(self) -> None:
        """End the process, whatever it is doing."""
        self.process.kill()
        self.process.join()
        self.pipe.close()


def _serve(work: Work, pipe: Connection, inherited: Iterable[Connection]) -> None:
    """Answer one question after the other until the pipe is closed; end without a word where an answer fails."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent is interrupted too, and ends its workers
    Thread(target=_end_with_parent, daemon=True).start()
    for other in inherited:  # a copy that stays open would keep a worker waiting after the parent has gone
        other.close()
    try:
        while True:
            question = pipe.recv_bytes().decode("utf-8", "surrogatepass")
            pipe.send_bytes(json.dumps(work(question)).encode())
    except BaseException:  # noqa: BLE001 - whatever it is, the process ends, and the parent finds that it is lost
        return


def _end_with_parent() -> None:
    """End this process, whatever it is doing, when the one that keeps its time has gone."""
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os.kill(os.getpid(), signal.SIGTERM)


def replies(
    work: Work, questions: Iterable[str], excuse: Excuse, *, jobs: int = 1, seconds: Seconds = None
) -> Iterator[Reply]:
    """The answers in the order of the questions; `excuse` answers for a worker that took too long or was lost.

    `seconds` is the time for a question, or a function that says how long a given question may take.
    """
    crew = Crew(work, jobs, seconds)
    waiting = enumerate(questions)
    answered: dict[int, Reply] = {}
    told, asked, more = 0, 0, True
    try:
        while more or told < asked:
            while told in answered:
                yield answered.pop(told)
                told += 1
            while more and crew.has_room and asked - told < AHEAD * jobs:
                question = next(waiting, None)
                more = question is not None
                if question is not None:
                    crew.ask(*question)
                    asked += 1
            for worker, task in crew.finished():
                answered[task.number] = crew.answer(worker, task, excuse)
    finally:
        crew.stop()


class Crew:
    """The workers at one piece of work."""

    def __init__(self, work: Work, jobs: int, seconds: Seconds) -> None:
        self._work = work
        self._jobs = jobs
        self._seconds = seconds if callable(seconds) else lambda _: seconds
        self._workers: list[Worker] = []

    @property
    def has_room(self) -> bool:
        """Whether another question may be asked."""
        return sum(worker.task is not None for worker in self._workers) < self._jobs

    def ask(self, number: int, question: str) -> None:
        """Give a question to an idle worker, or to a new one."""
        seconds = self._seconds(question)
        for idle in [worker for worker in self._workers if worker.task is None]:
            try:
                idle.ask(number, question, seconds)
            except OSError:  # it has been lost since its last answer
                self._dismiss(idle)
            else:
                return
        self._workers.append(Worker(self._work, self._workers))
        self._workers[-1].ask(number, question, seconds)

    def finished(self) -> list[tuple[Worker, Task]]:
        """The workers that have answered, or are late; waits until there is one, if any is busy."""
        tasks = [(worker, worker.task) for worker in self._workers if worker.task]
        deadline = min([task.deadline for _, task in tasks], default=0.0)
        patience = min(max(0.0, deadline - monotonic()), LONGEST_WAIT)
        ready = wait([worker.pipe for worker, _ in tasks], patience) if tasks else []
        now = monotonic()
        return [(worker, task) for worker, task in tasks if worker.pipe in ready or task.deadline <= now]

    def answer(self, worker: Worker, task: Task, excuse: Excuse) -> Reply:
        """The worker's answer; one that is late, or whose process has died, leaves the crew."""
        try:
            if worker.pipe.poll():
                reply = Reply(*json.loads(worker.pipe.recv_bytes()))
                worker.task = None
                return reply
        except (EOFError, OSError):
            pass
        is_late = worker.process.is_alive() and task.deadline <= monotonic()
        self._dismiss(worker)
        return excuse(task.question, is_late=is_late)

    def _dismiss(self, worker: Worker) -> None:
        self._workers.remove(worker)
        worker.stop()

    def stop(self) -> None:
        """End every worker."""
        for worker in self._workers:
            worker.stop()
