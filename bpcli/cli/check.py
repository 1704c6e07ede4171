"""`bpcli check`: gradients, bpcli's own or claimed ones, held against SymPy and differences."""

import math
from collections.abc import Mapping
from functools import partial
from typing import Any

import click

from bpcli.bulk.workers import Reply, replies
from bpcli.cli.arguments import ExpressionCommand
from bpcli.cli.inputs import (
    LIMIT,
    OF_ONE_NETWORK,
    limits_from,
    names_from,
    network_from,
    question_from,
    takes_functions,
    takes_homework,
    takes_limits,
    takes_network,
    takes_values,
    with_flags,
    with_option,
)
from bpcli.cli.output import chosen_format, document_text, drawn_note, lines_text, page_for, say, told, write
from bpcli.errors import (
    UNDECIDED_EXIT,
    BpcliError,
    InternalError,
    MissingValueError,
    TimeLimitError,
    UnknownNameError,
    UsageError,
    own_fault,
    worst_exit,
)
from bpcli.language.complaints import closest
from bpcli.language.values import lines_from

TIME_LIMIT = 60.0
OF_HOMEWORK = ("answers_from", "template_for", "report_format", "report_file", "resume_run")
OF_FUNCTIONS = ("forward_function", "backward_function", "reference_file")
HOMEWORK_FILES = (".toml", ".json", ".yaml", ".yml")

HELP = """Check gradients of EXPR: bpcli's own, or those that --claim says are right.

Each is held against SymPy's derivative and against differences of exact values, at 50 digits and more. A claim is a
number or a formula: x=6, "x=2*sin(x)*cos(x)", dF/dA=-3, "value(A)=-12", "local(A, x)=-2", "contribution(A, x)=6". With
formulas alone no values are needed. The exit code is 0 where all agree, 1 where one differs, 3 where there is no
gradient, 4 where it cannot be told.

Of arrays every entry is checked. A claim is then a list, a file, a formula, or about one entry: "W=[[1, 2], [3, 4]]",
x=@grad.npy, "x=2*W.T@(W@x)", "W[0,1]=3", "value(y[0])=4".

A homework file, .toml or .json, in the place of EXPR checks itself; with --answers-from it grades the answers of one
student, or of a folder. One student's exit code is that of a check; a class has 0 when every submission was graded.

A Python file in the place of EXPR has functions of your own, which --forward-function and --backward-function name.
Every gradient that the backward pass gives is held against differences of the forward pass, which runs in a process of
its own. Inputs are given, or drawn: --x "normal(2,3)", uniform(low,high,4), integers(low,high,4), distinct(4,5) without
ties, away_from(0,1e-3,4,5); an axis may have a name, normal(N,D), for which a length is chosen.

\b
Examples:
  bpcli check "x*y*z" --x 6 --y -2 --z -3
  bpcli check "x*y*z" --x 6 --y -2 --z -3 --claim x=6 --claim y=18 --claim z=-12
  bpcli check "sin(x)**2" --claim "x=sin(2*x)"
  bpcli check "sum((W @ x)**2)" --W "[[1, -2], [0.5, 3]]" --x "[2, -1]" --claim "x=[6, 28]"
  bpcli check "x -> LSTM(2) -> Linear(1) -> MSELoss(t)" --at batch.npz
  bpcli check homework.toml
  bpcli check --template-for homework.toml > answers.toml
  bpcli check homework.toml --answers-from alice.toml --release-to student --hint-level kind
  bpcli check homework.toml --answers-from submissions --report-file grades.csv --parallel-jobs 4
  bpcli check layers.py --forward-function affine_forward --backward-function affine_backward \\
      --x "normal(N,D)" --w "normal(D,M)" --b "normal(M)"
"""


@click.command("check", cls=ExpressionCommand, help=HELP, short_help="Check gradients, bpcli's own or claimed ones.")
@click.argument("expression", metavar="EXPR", required=False)
@click.option(
    "--claim", "claims", multiple=True, metavar="WHAT=VALUE", help="A gradient, value or step that is claimed."
)
@takes_values
@click.option("--with-respect-to", "names", multiple=True, metavar="NAMES", help="Only these gradients, such as x,y.")
@click.option(
    "--upstream-seed",
    metavar="VALUE",
    help="The upstream gradient of an output that is an array, [1, 0] or @FILE.",
)
@click.option("--every-step", is_flag=True, help="Check each local derivative as well.")
@click.option("--relative-tolerance", type=float, help="How far a claim may be off; else as precise as it was typed.")
@click.option(
    "--release-to", type=click.Choice(["staff", "student"]), default="staff", help="Students see no right value."
)
@click.option("--hint-level", type=click.Choice(["where", "kind", "cause"]), help="How much a hint tells.")
@click.option("--json", "-j", "as_json", is_flag=True, help="The same as --output-format json.")
@click.option("--output-format", type=click.Choice(["table", "plain", "json"]), help="The form of the result.")
@click.option("-q", "is_quiet", is_flag=True, help="Print nothing: the exit code speaks.")
@click.option("--max-rows", type=LIMIT, help="Rows of a table: 50 on a terminal, 10000 elsewhere.")
@click.option(
    "--requests", type=click.Path(), metavar="FILE|-", help="Answer JSON Lines of {id, expression, at, claim}."
)
@click.option("--parallel-jobs", type=LIMIT, default=1, help="Processes that answer requests, or grade a class.")
@click.option(
    "--time-limit",
    type=click.FloatRange(min=0, min_open=True),
    default=TIME_LIMIT,
    help="Seconds for each expression, each problem of homework, or for functions.",
)
@takes_homework
@takes_functions
@takes_network
@takes_limits
@click.pass_context
def command(ctx: click.Context, /, expression: str | None, **options: Any) -> int:
    """Check one expression, the requests of a file, homework, or functions."""
    typed: dict[str, str] = ctx.obj
    options["output_format"] = chosen_format(options["output_format"], json=options["as_json"])
    options["limits"] = limits_from(options)
    if math.isnan(options["time_limit"]):
        message = "--time-limit takes a number of seconds, not nan"
        raise UsageError(message, hint="60 is usual")
    is_python = (expression or "").endswith(".py")
    if _is_homework(expression) or (not is_python and any(options[name] for name in OF_HOMEWORK)):
        from bpcli.cli.homework import homework_checked  # noqa: PLC0415 - most expressions are no homework

        return homework_checked(ctx, expression, typed, options, _release(options))
    if is_python or any(options[name] for name in OF_FUNCTIONS):
        from bpcli.cli.functions import check_functions  # noqa: PLC0415 - loaded for functions only

        return check_functions(expression, typed, options)
    if options["requests"] is not None:
        given = ("assignments", "at_files", "names", "claims", "upstream_seed", *OF_ONE_NETWORK)
        beside = [options[name] for name in given]
        if expression is not None or typed or any(beside):
            message = "--requests takes expressions, values and claims from its file, and answers in JSON"
            raise UsageError(message, hint="leave out EXPR, its variables and --claim")
        return _answer_all(options)
    text, at = question_from(expression, typed, options, options["limits"], "check")
    (reply,) = replies(
        partial(_reply, typed, at, options), [text], partial(_no_reply, options), seconds=options["time_limit"]
    )
    write(reply.out)
    say(reply.err)
    return reply.code


def _is_homework(expression: str | None) -> bool:
    """Whether what stands in the place of an expression is the name of a homework file."""
    if expression is None or expression[:1] == "@":
        return False
    return expression.lower().endswith(HOMEWORK_FILES) or _is_nearly_homework(expression)


def _is_nearly_homework(expression: str) -> bool:
    """Whether it is the name of a file with nearly such an ending, `homework.tml`, and no formula, such as `x.T`."""
    stem, point, ending = expression.rpartition(".")
    is_name = bool(stem and point) and len(ending) > 2 and ending.isalpha() and not set(expression) & set("()[]*+=;, ")  # noqa: PLR2004 - T, mT
    return is_name and closest(ending, [one[1:] for one in HOMEWORK_FILES]) is not None


def _reply(typed: dict[str, str], at: dict[str, Any], options: dict[str, Any], text: str) -> Reply:
    """The answer to one expression, in a worker."""
    from bpcli.check.checking import check_expression  # noqa: PLC0415 - loaded in the worker, where it is used
    from bpcli.check.findings import EXIT_CODES  # noqa: PLC0415 - the same

    as_json = options["output_format"] == "json" and not options["is_quiet"]
    try:
        result = check_expression(
            text,
            at,
            options["claims"],
            with_respect_to=names_from(options["names"]),
            seed=options["upstream_seed"],
            every_step=options["every_step"],
            relative_tolerance=options["relative_tolerance"],
            limits=options["limits"],
            **network_from(options),
        )
        code = EXIT_CODES[result.verdict]
        return Reply(code) if options["is_quiet"] else Reply(code, *_told_result(result, options))
    except BpcliError as error:
        return _refusal(_in_options(error, typed), as_json=as_json)
    except Exception as fault:  # noqa: BLE001 - the border: no traceback reaches a user, and the code is 5
        return _refusal(own_fault(fault), as_json=as_json)


def _told_result(result: Any, options: dict[str, Any]) -> tuple[str, str]:
    """What a result puts on standard output, and on standard error."""
    release = _release(options)
    if options["output_format"] == "json":
        from bpcli.report.check_documents import check_document  # noqa: PLC0415 - the same

        return document_text(check_document(result, release)), ""
    from bpcli.report.plain import note_text  # noqa: PLC0415 - the same
    from bpcli.report.verdicts import check_report  # noqa: PLC0415 - the same

    page = page_for(options["output_format"], options["max_rows"])
    lines = check_report(result, page, release)
    return lines_text(lines, options["output_format"]), "".join(map(note_text, result.notes)) + drawn_note(result.graph)


def _release(options: dict[str, Any]) -> Any:
    """Who reads the answer, and how much is told: to staff all, to students where to look."""
    from bpcli.report.explanations import Release  # noqa: PLC0415 - the same

    everything = "cause" if options["release_to"] == "staff" else "where"
    return Release(options["release_to"], options["hint_level"] or everything)


def _in_options(error: BpcliError, typed: dict[str, str]) -> BpcliError:
    """The error with a hint that names options."""
    if isinstance(error, MissingValueError):
        return with_flags(error)
    return with_option(error, typed, command) if isinstance(error, UnknownNameError) else error


def _refusal(error: BpcliError, *, as_json: bool) -> Reply:
    return Reply(error.exit_code, *told(error, as_json=as_json, schema="check"))


def _no_reply(options: dict[str, Any], _text: str, *, is_late: bool) -> Reply:
    """What is said where the worker was stopped, or lost."""
    as_json = options["output_format"] == "json" and not options["is_quiet"]
    return _refusal(_stopped(options, is_late=is_late), as_json=as_json)


def _stopped(options: dict[str, Any], *, is_late: bool) -> BpcliError:
    if is_late:
        message = f"the time limit of {options['time_limit']:g} seconds has passed"
        return TimeLimitError(message, hint="raise it with --time-limit, or check a smaller expression")
    return InternalError("the process that checked this has been lost", hint="it may have run out of memory")


def _answer_all(options: dict[str, Any]) -> int:
    import bpcli.check.checking  # noqa: F401, PLC0415 - once, for all workers

    lines = (line for line in lines_from(options["requests"], options["limits"].bytes) if line.strip())
    codes = {0}
    for reply in replies(
        partial(_reply_to_request, options),
        lines,
        partial(_no_reply_to_request, options),
        jobs=options["parallel_jobs"],
        seconds=options["time_limit"],
    ):
        codes.add(reply.code)
        if not options["is_quiet"]:
            write(reply.out)
    return worst_exit(codes)


def _reply_to_request(options: dict[str, Any], line: str) -> Reply:
    """The answer to one request, in a worker; a fault of bpcli's own is answered too."""
    try:
        return _answered_request(options, line)
    except Exception as fault:  # noqa: BLE001 - the border: no traceback reaches a user, and the code is 5
        return _error_to_request(own_fault(fault), options, line)


def _answered_request(options: dict[str, Any], line: str) -> Reply:
    from bpcli.bulk.requests import answer, check_asked  # noqa: PLC0415 - loaded for --requests only
    from bpcli.check.findings import EXIT_CODES  # noqa: PLC0415 - the same
    from bpcli.report.check_documents import check_document  # noqa: PLC0415 - the same

    asked = partial(
        check_asked,
        every_step=options["every_step"],
        relative_tolerance=options["relative_tolerance"],
        **network_from(options),
    )
    head, expression, outcome = answer(line, options["limits"], asked)
    if isinstance(outcome, BpcliError):
        return _refused_request(outcome, head, expression)
    document = check_document(outcome, _release(options), head=head)
    return Reply(EXIT_CODES[outcome.verdict], document_text(document))


def _no_reply_to_request(options: dict[str, Any], line: str, *, is_late: bool) -> Reply:
    from bpcli.bulk.requests import head_of  # noqa: PLC0415 - the same
    from bpcli.report.check_documents import undecided_document  # noqa: PLC0415 - the same

    if not is_late:
        return _error_to_request(_stopped(options, is_late=False), options, line)
    head, expression, _ = head_of(line, options["limits"])
    document = undecided_document(f"time limit of {options['time_limit']:g} seconds", expression, head)
    return Reply(UNDECIDED_EXIT, document_text(document))


def _error_to_request(error: BpcliError, options: dict[str, Any], line: str) -> Reply:
    from bpcli.bulk.requests import head_of  # noqa: PLC0415 - the same

    head, expression, _ = head_of(line, options["limits"])
    return _refused_request(error, head, expression)


def _refused_request(error: BpcliError, head: Mapping[str, object], expression: object) -> Reply:
    from bpcli.report.documents import error_document  # noqa: PLC0415 - the same

    document = error_document(error, head=head, expression=expression, schema="check")
    return Reply(error.exit_code, document_text(document))
