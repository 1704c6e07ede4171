"""`bpcli check homework.toml --answers-from …`: submissions graded, with a report, a journal and the progress."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import count
from typing import Any, NamedTuple

from bpcli import __version__
from bpcli.bulk.submissions import Graded, Grading, graded, submissions_in
from bpcli.check.homework.answers import answers_from
from bpcli.check.homework.grades import ClassGrades, Grade, Mark, ProblemGrade
from bpcli.check.homework.grading import Grader
from bpcli.check.homework.problems import Answers, Homework
from bpcli.check.homework.records import Record
from bpcli.cli.output import lines_text, page_for, say, write
from bpcli.errors import DIFFERS_EXIT, UNDECIDED_EXIT, UsageError, worst_exit
from bpcli.language.folders import HandedIn, handed_in
from bpcli.language.limits import Limits
from bpcli.report.explanations import Release
from bpcli.report.grades.formats import text_of
from bpcli.report.grades.journal import ENDING, journal, kept_in
from bpcli.report.grades.running import STUDENT, Rendered, RunningReport
from bpcli.report.grades.screens import grade_lines
from bpcli.report.grades.telling import class_text, name_of, points_text
from bpcli.report.grades.words import problem_grade
from bpcli.report.page import Page
from bpcli.report.plain import note_text

ON_SCREEN = ("table", "plain")
CLEARED = "\r\x1b[K"  # the line of the progress
EXITS = {Mark.RIGHT: 0, Mark.UNREADABLE: UsageError.exit_code, Mark.UNDECIDED: UNDECIDED_EXIT}


def submissions_graded(homework: Homework, form: str, options: dict[str, Any], release: Release) -> int:
    """Grade what was handed in, and write the report in this form; the exit code."""
    folder = handed_in(options["answers_from"])
    is_class = os.path.isdir(options["answers_from"])  # noqa: PTH112 - pathlib is slow to load
    page = page_for(form, options["max_rows"]) if form in ON_SCREEN and options["report_file"] is None else None
    whole = ClassGrades(homework.title or "Homework", homework.points, [])
    rendered = partial(_rendered, form, release, page)
    if not options["is_quiet"]:
        say("".join(map(note_text, folder.notes)))
    with _recording(whole, rendered, folder.found, options, is_class=is_class) as record:
        basis = f"{__version__} {options['limits']}"
        submissions = submissions_in(folder.found, homework, answers_from, basis)
        grading = grading_of(homework, options["limits"])
        graded_ones = graded(
            homework, submissions, grading, jobs=options["parallel_jobs"], kept=record.kept, partly=record.partly
        )
        if is_class:
            graded_ones = map(partial(_under, options["answers_from"]), graded_ones)
        found = [record.added(one) for one in graded_ones]
    grades = whole._replace(grades=[one.grade for one in found])
    if not options["is_quiet"]:
        if options["report_file"] is not None:
            write(_summary(grades, options["report_file"]))
        elif page is not None:
            write(lines_text(grade_lines(grades, release, page), form))
        else:
            write(rendered(grades))
    codes = [one.code for one in found]
    return worst_exit(codes if is_class else [*codes, *_codes(grades.grades[0])])


def _under(folder: str, one: Graded) -> Graded:
    """A grade whose source is the path of its file with slashes, as annotations of files have it."""
    path = os.path.normpath(os.path.join(folder, one.grade.source))  # noqa: PTH118 - pathlib is slow to load
    return one._replace(grade=one.grade._replace(source=path.replace(os.sep, "/")))


def _rendered(form: str, release: Release, page: Page | None, grades: ClassGrades) -> str:
    return text_of(form, grades, release, page)


class Recording(NamedTuple):
    """What is kept of an earlier run, and what takes grades to the report, the journal and the progress."""

    kept: Mapping[str, Record]
    added: Callable[[Graded], Graded]
    partly: Callable[[Grade], None] | None


@contextmanager
def _recording(
    whole: ClassGrades, rendered: Rendered, found: Sequence[HandedIn], options: dict[str, Any], *, is_class: bool
) -> Iterator[Recording]:
    """A recording for as long as the run takes; at its end, however it comes, the report is written once more."""
    target = options["report_file"]
    with ExitStack() as stack:
        kept: Mapping[str, Record] = {}
        takers = [_progress(len(found))] if not options["is_quiet"] and _has_terminal() else []
        partly = None
        if target is not None and is_class:
            beside = target.replace(STUDENT, "class") + ENDING
            kept = kept_in(beside) if options["resume_run"] else {}
            write_down = stack.enter_context(journal(beside, kept))
            takers.append(lambda one: None if one.code or one.grade.inputs in kept else write_down(one.grade))
        if target is not None:
            report = RunningReport(target, rendered, whole, len(found))
            stack.callback(report.finish)
            takers.append(lambda one: report.add(one.grade))
            partly = None if is_class else report.show

        def added(one: Graded) -> Graded:
            for take in takers:
                take(one)
            return one

        yield Recording(kept, added, partly)


def _progress(total: int) -> Callable[[Graded], None]:
    """What says how many are graded, each time in place of the last."""
    numbers = count(1)

    def say_next(_: Graded) -> None:
        number = next(numbers)
        say(f"\r{number} of {total} graded" if number < total else CLEARED)

    return say_next


def _has_terminal() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()


def grading_of(homework: Homework, limits: Limits) -> Grading:
    """How this homework is graded; its problems are posed at once, for all workers.

    Raises BpcliError where a problem cannot be used.
    """
    grader = Grader(homework, limits)
    for place in range(len(homework.problems)):
        grader.marked(place)
    return Grading(answers_from, partial(_graded_problem, grader), partial(_excused_problem, grader))


def _graded_problem(grader: Grader, place: int, answers: Answers) -> ProblemGrade:
    """The grade of one problem, in words."""
    return problem_grade(grader.marked(place, answers.by_problem.get(grader.homework.problems[place].name, {})))


def _excused_problem(grader: Grader, place: int, reason: str) -> ProblemGrade:
    """The grade of a problem that could not be judged, for a reason."""
    blank = grader.marked(place)
    items = [item._replace(mark=Mark.UNDECIDED, complaint=reason) for item in blank.items]
    return problem_grade(blank._replace(items=tuple(items)))


def _codes(grade: Grade) -> list[int]:
    """The exit code of each item of a submission."""
    unreadable = [UsageError.exit_code] if grade.unreadable is not None else []
    return unreadable + [EXITS.get(item.mark, DIFFERS_EXIT) for item in grade.items]


def _summary(grades: ClassGrades, target: str) -> str:
    """What is said of a report that went to a file."""
    found = grades.grades
    where = f"the {'reports are' if STUDENT in target else 'report is'} in {target}\n"
    if len(found) == 1:
        return f"{name_of(found[0])}: {points_text(found[0].points, grades.out_of)} points; {where}"
    return f"{class_text(grades, 'graded')}; {where}"
