"""`bpcli check homework.toml`: a homework file that checks itself, its template, and the grades of answers to it."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple

import click
from click.core import ParameterSource

from bpcli import __version__
from bpcli.bulk.submissions import Graded, Grading, graded, submissions_in
from bpcli.bulk.workers import Reply, replies
from bpcli.check.findings import EXIT_CODES
from bpcli.check.homework.answers import answers_from
from bpcli.check.homework.grades import ClassGrades, Grade, Mark, ProblemGrade
from bpcli.check.homework.grading import Grader
from bpcli.check.homework.problems import Answers, Homework
from bpcli.check.homework.reading import homework_file
from bpcli.check.homework.records import Record
from bpcli.cli.output import document_text, lines_text, page_for, say, told, write
from bpcli.errors import (
    DIFFERS_EXIT,
    UNDECIDED_EXIT,
    BpcliError,
    InternalError,
    TimeLimitError,
    UsageError,
    own_fault,
    worst_exit,
)
from bpcli.language.complaints import shortened
from bpcli.language.folders import Found, handed_in
from bpcli.language.limits import Limits
from bpcli.report.explanations import Release
from bpcli.report.grade_words import problem_grade
from bpcli.report.grades.formats import text_of
from bpcli.report.grades.screens import grade_lines
from bpcli.report.journal import ENDING, journal, kept_in
from bpcli.report.page import Page
from bpcli.report.plain import note_text
from bpcli.report.running import STUDENT, Rendered, RunningReport

if TYPE_CHECKING:
    from bpcli.check.homework.self_check import SelfCheck  # which a worker loads

ANYWHERE = {"expression", "output_format", "as_json", "is_quiet", "max_rows", "time_limit", "release_to", "hint_level"}
ANYWHERE |= {"max_characters", "max_operators", "max_nesting", "max_literal_digits", "max_entries"}
OF_ANSWERS = {"answers_from", "report_format", "report_file", "resume_run", "parallel_jobs"}
OF_THE_FILE = {"random_seed", "evaluation_mode", "upstream_seed", "relative_tolerance", "assignments", "at_files"}
CALLED = "bpcli check homework.toml --answers-from answers.toml"
FORMAT_OF = {
    ".json": "json", ".jsonl": "jsonl", ".csv": "csv", ".xml": "junit", ".md": "github-summary", ".txt": "plain",
}  # fmt: skip
ON_SCREEN = ("table", "plain")
CLEARED = "\r\x1b[K"  # the line of the progress
EXITS = {Mark.RIGHT: 0, Mark.UNREADABLE: UsageError.exit_code, Mark.UNDECIDED: UNDECIDED_EXIT}


def homework_checked(
    ctx: click.Context, expression: str | None, typed: dict[str, str], options: dict[str, Any], release: Release
) -> int:
    """Check a homework file, print its template, or grade answers to it; the exit code."""
    _refuse_others(ctx, expression, typed, options)
    if options["template_for"] is not None:
        return _print_template(options["template_for"], options)
    path = _homework_path(expression)
    homework = _with_limit(homework_file(path, options["limits"]), ctx, options)
    if options["answers_from"] is None:
        return _check_itself(homework, options)
    return _grade(homework, ctx, options, release)


# What goes together ---------------------------------------------------------------------------------------------------


def _refuse_others(ctx: click.Context, expression: str | None, typed: dict[str, str], options: dict[str, Any]) -> None:
    """Raise UsageError where an option says nothing beside the others."""
    for name in typed:
        message = f"--{name} binds a variable, but a homework file has the points of its problems in it"
        raise UsageError(message, hint=f"write at = {{ {name} = … }} in the homework file")
    is_template, is_graded = options["template_for"] is not None, options["answers_from"] is not None
    if is_template and expression is not None:
        message = f"--template-for names the homework file itself, so {shortened(expression)} is one too many"
        raise UsageError(message, hint=f"bpcli check --template-for {shortened(options['template_for'])}")
    allowed = ANYWHERE | ({"template_for"} if is_template else OF_ANSWERS if is_graded else set())
    for parameter in ctx.command.params:
        if ctx.get_parameter_source(parameter.name or "") is not ParameterSource.COMMANDLINE:
            continue
        if parameter.name not in allowed:
            raise _out_of_place(parameter.opts[0], parameter.name or "")
    if options["resume_run"] and not _is_class(options):
        message = "--resume-run is for a class: the answers of one student are graded at once"
        raise UsageError(message, hint="leave it out")
    if options["resume_run"] and options["report_file"] is None:
        message = "--resume-run goes on with the run of a --report-file, and none is named"
        raise UsageError(message, hint="add --report-file with the name that the earlier run had")


def _out_of_place(option: str, name: str) -> UsageError:
    if name in OF_ANSWERS:
        beside = "" if name == "answers_from" else f" {option} …"
        return UsageError(f"{option} is about answers to a homework file", hint=f"as in: {CALLED}{beside}")
    if name in OF_THE_FILE:
        return UsageError(
            f"{option} is no option for homework", hint="it is said in the homework file, for each problem"
        )
    return UsageError(f"{option} is no option for homework", hint=f"answers stand in a file: {CALLED}")


def _homework_path(expression: str | None) -> str:
    """The homework file. Raises UsageError where none is named, or one in YAML."""
    if expression is None or not expression.lower().endswith((".toml", ".json", ".yaml", ".yml")):
        what = "no homework file is named" if expression is None else f"{shortened(expression)} is no homework file"
        raise UsageError(what, hint=f"name a .toml or .json file, as in: {CALLED}")
    if expression.lower().endswith((".yaml", ".yml")):
        message = f"cannot read {expression}: homework is TOML or JSON, not YAML"
        raise UsageError(message, hint="write it as homework.toml; examples/homework has some")
    return expression


def _with_limit(homework: Homework, ctx: click.Context, options: dict[str, Any]) -> Homework:
    """The homework with the time limit of the command line, if that has one."""
    if ctx.get_parameter_source("time_limit") is not ParameterSource.COMMANDLINE:
        return homework
    limited = [replace(problem, time_limit=options["time_limit"]) for problem in homework.problems]
    return replace(homework, problems=tuple(limited))


def _report_format(ctx: click.Context, options: dict[str, Any]) -> str:
    """The format that is asked for, or else told by the name of the report file, or else that of standard output."""
    wanted, shown = options["report_format"], str(options["output_format"])
    sources = [ctx.get_parameter_source(name) for name in ("output_format", "as_json")]
    if ParameterSource.COMMANDLINE in sources:
        if wanted not in (None, shown):
            message = f"--report-format {wanted} contradicts --output-format {shown}"
            raise UsageError(message, hint="leave out one of them")
        return shown
    if wanted is None and options["report_file"] is not None:
        ending = os.path.splitext(options["report_file"])[1].lower()  # noqa: PTH122 - pathlib is slow to load
        if ending not in FORMAT_OF:
            message = f"the name {options['report_file']} does not tell the format of the report"
            raise UsageError(message, hint=f"add --report-format, or let the name end in {', '.join(FORMAT_OF)}")
        return FORMAT_OF[ending]
    return str(wanted or shown)


# The homework by itself -----------------------------------------------------------------------------------------------


def _print_template(path: str, options: dict[str, Any]) -> int:
    """Write the form that a student fills in to standard output."""
    from bpcli.report.template import template_text  # noqa: PLC0415 - grades need no form

    write(template_text(homework_file(_homework_path(path), options["limits"]), options["limits"]))
    return 0


def _check_itself(homework: Homework, options: dict[str, Any]) -> int:
    """Write what a homework's check of itself finds; a worker does it, within the time limit for each problem."""
    seconds = options["time_limit"] * len(homework.problems)
    (reply,) = replies(
        partial(_self_check, homework, options), [homework.title], partial(_no_self_check, options), seconds=seconds
    )
    write(reply.out)
    say(reply.err)
    return reply.code


def _self_check(homework: Homework, options: dict[str, Any], _title: str) -> Reply:
    """The check of a homework in a worker."""
    from bpcli.check.homework.self_check import self_checked  # noqa: PLC0415 - loaded in the worker, where it is used

    try:
        result = self_checked(homework, options["limits"])
        return Reply(EXIT_CODES[result.verdict], "" if options["is_quiet"] else _self_check_text(result, options))
    except BpcliError as error:
        return _refusal(error, options)
    except Exception as fault:  # noqa: BLE001 - the border: no traceback reaches a user, and the code is 5
        return _refusal(own_fault(fault), options)


def _self_check_text(result: "SelfCheck", options: dict[str, Any]) -> str:
    from bpcli.report.self_check import self_check_document, self_check_report  # noqa: PLC0415 - grades need no such

    form = options["output_format"]
    if form == "json":
        return document_text(self_check_document(result))
    return lines_text(self_check_report(result, page_for(form, options["max_rows"])), form)


def _no_self_check(options: dict[str, Any], _title: str, *, is_late: bool) -> Reply:
    """What is said where the worker was stopped, or lost."""
    if is_late:
        message = f"the time limit of {options['time_limit']:g} seconds for each problem has passed"
        return _refusal(TimeLimitError(message, hint="raise it with --time-limit"), options)
    message = "the process that checked the homework has been lost"
    return _refusal(InternalError(message, hint="it may have run out of memory"), options)


def _refusal(error: BpcliError, options: dict[str, Any]) -> Reply:
    as_json = options["output_format"] == "json" and not options["is_quiet"]
    return Reply(error.exit_code, *told(error, as_json=as_json, schema="homework"))


# Grading --------------------------------------------------------------------------------------------------------------


def _grade(homework: Homework, ctx: click.Context, options: dict[str, Any], release: Release) -> int:
    """Grade what was handed in; the exit code."""
    folder = handed_in(options["answers_from"])
    is_class = _is_class(options)
    form = _report_format(ctx, options)
    page = page_for(form, options["max_rows"]) if form in ON_SCREEN and options["report_file"] is None else None
    whole = ClassGrades(homework.title, homework.points, [])
    rendered = partial(_rendered, form, release, page)
    if not options["is_quiet"]:
        say("".join(map(note_text, [*homework.notes, *folder.notes])))
    with _recording(whole, rendered, folder.found, options, is_class=is_class) as record:
        submissions = submissions_in(folder.found, homework, answers_from, __version__)
        grading = grading_of(homework, options["limits"])
        graded_ones = graded(
            homework, submissions, grading, jobs=options["parallel_jobs"], kept=record.kept, partly=record.partly
        )
        found = [record.added(one) for one in graded_ones]
    grades = whole._replace(grades=[one.grade for one in found])
    if not options["is_quiet"]:
        if options["report_file"] is not None:
            write(_summary(grades, options["report_file"]))
        elif page is not None:
            write(lines_text(grade_lines(grades, release, page), form))
        else:
            write(rendered(grades))
    codes = [one.code for one in found if one.code == InternalError.exit_code]
    return worst_exit(codes if is_class else [*codes, *_codes(grades.grades[0])])


def _is_class(options: dict[str, Any]) -> bool:
    """Whether answers come from a folder, that is of many students."""
    return os.path.isdir(options["answers_from"])  # noqa: PTH112 - pathlib is slow to load


def _rendered(form: str, release: Release, page: Page | None, grades: ClassGrades) -> str:
    return text_of(form, grades, release, page)


class Recording(NamedTuple):
    """What is kept of an earlier run, and what takes grades to the report, the journal and the progress."""

    kept: Mapping[str, Record]
    added: Callable[[Graded], Graded]
    partly: Callable[[Grade], None] | None


@contextmanager
def _recording(
    whole: ClassGrades, rendered: Rendered, found: Sequence[Found], options: dict[str, Any], *, is_class: bool
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
    mean = sum(grade.points for grade in found) / len(found)
    unreadable = sum(grade.unreadable is not None for grade in found)
    aside = f", {unreadable} of them unreadable" if unreadable else ""
    points = f"{mean:.6g} of {grades.out_of:g} points"
    if len(found) == 1:
        return f"{shortened(found[0].student)}: {points}; the report is in {target}\n"
    return f"{len(found)} submissions graded{aside}: {points} on average; the report is in {target}\n"
