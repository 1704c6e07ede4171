"""A class: what each student handed in, graded problem by problem on several processes, in the order of the names.

The unit of work is one problem of one submission, so that one that hangs costs its time limit and fails alone.
"""

import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict
from functools import partial
from hashlib import sha256
from typing import Any, NamedTuple

from bpcli.bulk.workers import Reply, replies
from bpcli.check.homework.grades import Grade, ProblemGrade
from bpcli.check.homework.problems import Answers, Homework
from bpcli.check.homework.records import Record, grade_from, grade_record
from bpcli.errors import UNDECIDED_EXIT, InternalError, UsageError, own_fault, worst_exit
from bpcli.language.folders import HandedIn
from bpcli.language.values import text_from

LARGEST = 1 << 20  # bytes of one submission
LOST = "the process that graded this has been lost"
NOT_YET = "it is not graded yet"
Read = Callable[[str, str, Homework], Answers]


class Grading(NamedTuple):
    """How a submission is read, graded and excused; functions of modules, as they travel to other processes.

    `read` makes answers from a text and what its file is called; `grade` judges the problem at this place; `excuse` is
    the grade of a problem that cannot be decided, for a reason.
    """

    read: Read
    grade: Callable[[int, Answers], ProblemGrade]
    excuse: Callable[[int, str], ProblemGrade]


class Graded(NamedTuple):
    """The grade of a submission, and whether to count on it: 0, 4 where a worker was lost, 5 where bpcli failed."""

    grade: Grade
    code: int = 0


class Submission(NamedTuple):
    """What one student handed in: text and name of the file, the answers in it, and the hash of all that counts.

    The `student` has a name that no other submission of the run has.
    """

    student: str
    source: str
    text: str
    called: str
    answers: Answers
    inputs: str


def submissions_in(found: Iterable[HandedIn], homework: Homework, read: Read, basis: str) -> Iterator[Submission]:
    """The submissions, one at a time; one that cannot be read has answers that say why.

    `basis` is what else grades rest on, such as the version of bpcli: it is part of the hash.
    """
    before = sha256(f"{basis}\n{canonical(homework)}\n".encode()).hexdigest()
    taken: set[str] = set()
    for one in found:
        form = (one.path or "").rpartition(".")[2].lower()
        called = f"{one.name}.{form}"
        text, complaint = _content(one)
        answers = Answers(one.name, {}, complaint) if complaint else read(text, called, homework)
        inputs = sha256("\n".join([before, form, complaint or "", text]).encode("utf-8", "surrogatepass"))
        student = _distinct(answers.student.strip() or one.name, one.place, taken)
        yield Submission(student, one.place, text, called, answers, inputs.hexdigest())


def graded(  # noqa: PLR0913 - what is graded, how, by how many, and what is known already
    homework: Homework,
    submissions: Iterable[Submission],
    grading: Grading,
    *,
    jobs: int = 1,
    kept: Mapping[str, Record] | None = None,
    partly: Callable[[Grade], None] | None = None,
) -> Iterator[Graded]:
    """The grade of each submission, in their order.

    `kept` are records of grades from another run, by the hash of what they rest on: they are not made again. `partly`
    is handed the grade of a submission as far as its problems are graded, after each of them but the last.
    """
    kept = kept or {}
    waiting: deque[Submission] = deque()
    done: list[Reply] = []
    for reply in replies(
        _GradingWorker(homework, grading),
        _questions(homework, submissions, waiting, kept),
        partial(_excused, homework, grading),
        jobs=jobs,
        seconds=lambda question: homework.problems[_place(question)].time_limit,
    ):
        yield from _kept_grades(waiting, kept)
        done.append(reply)
        if len(done) == len(homework.problems):
            yield _whole(waiting.popleft(), done)
            done = []
        elif partly is not None:
            missing = [_excuse(grading, place, NOT_YET) for place in range(len(done), len(homework.problems))]
            partly(_whole(waiting[0], [*done, *missing]).grade)
    yield from _kept_grades(waiting, kept)


def canonical(homework: Homework) -> str:
    """Everything that a homework says, as one text: equal for equal homework, whatever its file looks like."""
    return json.dumps(asdict(homework), sort_keys=True, default=_fingerprint)


def _fingerprint(value: Any) -> Any:
    """What stands for an array, or for anything else that is no JSON."""
    if hasattr(value, "tobytes"):
        return [str(value.dtype), list(value.shape), sha256(value.tobytes()).hexdigest()]
    return dict(value) if isinstance(value, Mapping) else repr(value)


def _content(found: HandedIn) -> tuple[str, str | None]:
    """The text of a submission, or why there is none."""
    if found.path is None:
        return "", found.complaint
    try:
        return text_from(found.path, LARGEST), None
    except UsageError as error:
        return "", error.message.replace(found.path, found.place)


def _distinct(name: str, place: str, taken: set[str]) -> str:
    """The name of a student, with the place of the file where another one has it."""
    candidates = [name, f"{name} ({place})"]
    chosen = next((one for one in candidates if one not in taken), None)
    number = 2
    while chosen is None or chosen in taken:
        chosen = f"{name} ({place}, {number})"
        number += 1
    taken.add(chosen)
    return chosen


def _questions(
    homework: Homework, submissions: Iterable[Submission], waiting: deque[Submission], kept: Mapping[str, Record]
) -> Iterator[str]:
    """A question for each problem of each submission that has to be graded; all of them wait in their order."""
    for one in submissions:
        waiting.append(one)
        if one.inputs not in kept:
            handed = json.dumps([one.text, one.called, one.answers.unreadable])
            yield from [f"{number}\n{handed}" for number in range(len(homework.problems))]


def _kept_grades(waiting: deque[Submission], kept: Mapping[str, Record]) -> Iterator[Graded]:
    """The grades that are next in order and known already."""
    while waiting and waiting[0].inputs in kept:
        one = waiting.popleft()
        yield Graded(grade_from(kept[one.inputs])._replace(student=one.student, source=one.source))


def _whole(one: Submission, done: Iterable[Reply]) -> Graded:
    """The grade of a submission, from the replies about its problems."""
    problems = tuple([_unpacked(reply.out) for reply in done])
    unreadable, notes = one.answers.unreadable, tuple(one.answers.notes)
    grade = Grade(one.student, one.source, problems, one.inputs, unreadable, notes)
    return Graded(grade, worst_exit([reply.code for reply in done]))


def _place(question: str) -> int:
    """The place of the problem that is asked about."""
    return int(question.partition("\n")[0])


class _GradingWorker:
    """What grades one problem of one submission after the other, in a worker; it remembers the answers it read last."""

    def __init__(self, homework: Homework, grading: Grading) -> None:
        self._homework = homework
        self._grading = grading
        self._handed = ""
        self._answers = Answers("", {})

    def __call__(self, question: str) -> Reply:
        """The grade of a problem; a fault of bpcli's own fails that problem alone."""
        place = _place(question)
        try:
            return Reply(0, _packed(self._grading.grade(place, self._read(question.partition("\n")[2]))))
        except Exception as fault:  # noqa: BLE001 - one problem must not end the run, also where the fault is bpcli's own
            return _excuse(self._grading, place, own_fault(fault).message, InternalError.exit_code)

    def _read(self, handed: str) -> Answers:
        if handed != self._handed:
            text, called, unreadable = json.loads(handed)
            unread = Answers(called, {}, unreadable)
            self._answers = unread if unreadable else self._grading.read(text, called, self._homework)
            self._handed = handed
        return self._answers


def _excused(homework: Homework, grading: Grading, question: str, /, *, is_late: bool) -> Reply:
    """The grade of a problem whose worker was late, or lost."""
    place = _place(question)
    reason = f"time limit of {homework.problems[place].time_limit:g} seconds" if is_late else LOST
    return _excuse(grading, place, reason, 0 if is_late else UNDECIDED_EXIT)


def _excuse(grading: Grading, place: int, reason: str, code: int = 0) -> Reply:
    """What is replied about a problem that has no verdict, for this reason."""
    return Reply(code, _packed(grading.excuse(place, reason)))


def _packed(problem: ProblemGrade) -> str:
    """The grade of one problem as text, on its way from a worker."""
    return json.dumps(grade_record(Grade("", "", (problem,))))


def _unpacked(text: str) -> ProblemGrade:
    return grade_from(json.loads(text)).problems[0]
