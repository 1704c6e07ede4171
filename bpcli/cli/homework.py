"""`bpcli check homework.toml`: a homework file that checks itself, its template, and the grades of answers to it."""

import os
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from bpcli.bulk.workers import Reply, replies
from bpcli.check.findings import EXIT_CODES
from bpcli.check.homework.problems import Homework
from bpcli.check.homework.reading import homework_file
from bpcli.cli.output import document_text, lines_text, page_for, say, told, write
from bpcli.errors import BpcliError, InternalError, TimeLimitError, UsageError, own_fault
from bpcli.language.complaints import shortened
from bpcli.language.values import file_near
from bpcli.report.explanations import Release

if TYPE_CHECKING:
    from bpcli.check.homework.self_check import SelfCheck  # which a worker loads

LIMITS = {"expression", "max_characters", "max_operators", "max_nesting", "max_literal_digits", "max_entries"}
OF_ITSELF = LIMITS | {"output_format", "as_json", "is_quiet", "max_rows", "time_limit"}
OF_ANSWERS = {"answers_from", "report_format", "report_file", "resume_run", "parallel_jobs", "release_to", "hint_level"}
OF_THE_FILE = {"random_seed", "evaluation_mode", "upstream_seed", "relative_tolerance", "assignments", "at_files"}
CALLED = "bpcli check homework.toml --answers-from answers.toml"
FORMAT_OF = {
    ".json": "json", ".jsonl": "jsonl", ".csv": "csv", ".xml": "junit", ".md": "github-summary", ".txt": "plain",
}  # fmt: skip


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
    from bpcli.cli.submissions import submissions_graded  # noqa: PLC0415 - a homework by itself has none

    return submissions_graded(homework, _report_format(ctx, options), options, release)


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
    allowed = LIMITS | {"template_for"} if is_template else OF_ITSELF | (OF_ANSWERS if is_graded else set())
    for parameter in ctx.command.params:
        if ctx.get_parameter_source(parameter.name or "") is not ParameterSource.COMMANDLINE:
            continue
        if parameter.name not in allowed:
            raise _out_of_place(parameter.opts[0], parameter.name or "", is_template=is_template)
    if options["resume_run"] and not os.path.isdir(options["answers_from"]):  # noqa: PTH112 - pathlib is slow to load
        message = "--resume-run is for a class: the answers of one student are graded at once"
        raise UsageError(message, hint="leave it out")
    if options["resume_run"] and options["report_file"] is None:
        message = "--resume-run goes on with the run of a --report-file, and none is named"
        raise UsageError(message, hint="add --report-file with the name that the earlier run had")
    if options["report_file"] is not None:
        _refuse_overwriting(options["report_file"], options["answers_from"], expression)


def _refuse_overwriting(report: str, answers: str, homework: str | None) -> None:
    """Raise UsageError where a report would take the place of what is graded, or be graded by the next run."""
    place = os.path.realpath(report)
    for path in (answers, homework or ""):
        if place == os.path.realpath(path):
            message = f"--report-file {report} would take the place of {path}, which is read"
            raise UsageError(message, hint="give the report another name")
    if os.path.dirname(place) == os.path.realpath(answers):  # noqa: PTH120 - pathlib is slow to load
        message = f"--report-file {report} stands among the submissions, and would be taken for one"
        raise UsageError(message, hint="write the report to another folder")


def _out_of_place(option: str, name: str, *, is_template: bool) -> UsageError:
    if is_template:
        message = f"{option} says nothing beside --template-for"
        return UsageError(message, hint="leave it out; the form is written as TOML to standard output")
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
        near = None if expression is None or os.path.exists(expression) else file_near(expression)  # noqa: PTH110 - pathlib is slow to load
        meant = f"did you mean {near}? " if near else ""
        raise UsageError(what, hint=f"{meant}name a .toml or .json file, as in: {CALLED}")
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
