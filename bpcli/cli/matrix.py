"""What `jacobian` and `hessian` take and do alike: an expression at a point, a matrix in the form that is wanted."""

import os
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import click

from bpcli.cli.arguments import ExpressionCommand
from bpcli.cli.inputs import (
    LIMIT,
    limits_from,
    names_from,
    network_from,
    question_from,
    takes_limits,
    takes_network,
    takes_values,
    taking,
    with_flags,
    with_option,
)
from bpcli.cli.output import (
    chosen_format,
    document_text,
    is_terminal,
    lines_text,
    page_for,
    say,
    say_drawn,
    say_unused,
    say_warnings,
    write,
    write_raw,
)
from bpcli.errors import OUTSIDE_DOMAIN_EXIT, MissingValueError, UnknownNameError, UsageError
from bpcli.report.documents import Document
from bpcli.report.layout import Line
from bpcli.report.matrix import Matrix
from bpcli.report.page import Page
from bpcli.report.plain import note_text, plain_text

FORMATS = ("table", "plain", "json", "csv", "npy")
BY_ENDING = {".json": "json", ".csv": "csv", ".npy": "npy", ".txt": "plain"}
F = TypeVar("F", bound=Callable[..., Any])


class Kind(NamedTuple):
    """How one command answers: what it derives, and what it makes of the result.

    `corner` heads the names of the rows in CSV.
    """

    derive: Callable[..., Any]
    lines: Callable[[Any, Page], list[Line]]
    document: Callable[[Any], Document]
    matrix: Callable[[Any], Matrix]
    corner: str


def _takes_matrix_options(command: F) -> F:
    """The options of both commands, in the order of their help."""
    command = takes_network(takes_limits(command))
    command = taking(
        command,
        click.option(
            "--with-respect-to", "names", multiple=True, metavar="NAMES", help="Only these variables, such as x,W."
        ),
        click.option("--json", "-j", "as_json", is_flag=True, help="The same as --output-format json."),
        click.option(
            "--output-format",
            type=click.Choice(FORMATS),
            help="The form of the result; a table on a terminal, plain elsewhere.",
        ),
        click.option(
            "--output-file",
            type=click.Path(),
            metavar="FILE",
            help="Write to FILE, whose ending, .npy .csv .json .txt, says the form.",
        ),
        click.option(
            "--max-rows",
            type=LIMIT,
            help="Sum up a matrix with more rows or columns: 50 on a terminal, 10000 elsewhere.",
        ),
        click.option("--single-precision", is_flag=True, help="Compute in float32."),
    )
    return takes_values(command)


def matrix_command(name: str, help_text: str, short_help: str, kind: Kind) -> click.Command:
    """The command that derives a matrix of one expression."""

    @click.command(name, cls=ExpressionCommand, help=help_text, short_help=short_help)
    @click.argument("expression", metavar="EXPR", required=False)
    @_takes_matrix_options
    @click.pass_context
    def command(context: click.Context, /, expression: str | None, **options: Any) -> int:
        return _answer(context, expression, options, kind)

    return command


def _answer(context: click.Context, expression: str | None, options: dict[str, Any], kind: Kind) -> int:
    """Derive a matrix and write it, to standard output or into a file."""
    form = _form(options)
    typed: dict[str, str] = context.obj
    limits = limits_from(options)
    text, at = question_from(expression, typed, options, limits, context.info_name or "")
    try:
        result = kind.derive(
            text,
            at,
            names_from(options["names"]),
            single_precision=options["single_precision"],
            limits=limits,
            **network_from(options),
        )
    except MissingValueError as error:
        raise with_flags(error) from error
    except UnknownNameError as error:
        raise with_option(error, typed, context.command) from error
    _deliver(_content(result, kind, form, options), form, options["output_file"])
    if form != "json":
        say_warnings(result)
        say_drawn(result.graph)
        say_unused(result.graph)
    return 0 if result.is_finite else OUTSIDE_DOMAIN_EXIT


def _form(options: dict[str, Any]) -> str:
    """The form of the result. Raises UsageError where it cannot be written to where it is to go."""
    asked, is_json, target = options["output_format"], options["as_json"], options["output_file"]
    if target is not None:
        return _form_of_file(target, chosen_format(asked, json=is_json) if asked or is_json else None)
    form = chosen_format(asked, json=is_json)
    if form == "npy" and is_terminal():
        message = "an .npy file is bytes, which a terminal cannot show"
        raise UsageError(message, hint="write it into a file: --output-file FILE.npy")
    return form


def _form_of_file(target: str, asked: str | None) -> str:
    """What the options ask for, or the ending of the file says. Raises UsageError where they contradict each other."""
    said = BY_ENDING.get(os.path.splitext(target)[1].lower())  # noqa: PTH122 - pathlib is slow to load
    form = asked or said
    if form is None:
        message = f"the ending of {target} says no form"
        raise UsageError(message, hint=f"end it in {', '.join(BY_ENDING)}, or add --output-format")
    if said not in (None, "plain", form):
        message = f"the ending of {target} says {said}, and the options say {form}"
        raise UsageError(message, hint="leave out the option, or give the file another ending")
    return form


def _content(result: Any, kind: Kind, form: str, options: dict[str, Any]) -> str | bytes:
    if form == "json":
        return document_text(kind.document(result))
    if form == "csv":
        from bpcli.report.matrix_documents import matrix_csv  # noqa: PLC0415 - loaded where it is used

        return matrix_csv(kind.matrix(result), kind.corner)
    if form == "npy":
        from bpcli.report.saved import npy_bytes  # noqa: PLC0415 - the same

        return npy_bytes(kind.matrix(result).entries)
    lines = kind.lines(result, page_for(form, options["max_rows"]))
    return plain_text(lines) if options["output_file"] else lines_text(lines, form)


def _deliver(content: str | bytes, form: str, target: str | None) -> None:
    if target is None:
        write(content) if isinstance(content, str) else write_raw(content)
        return
    from bpcli.report.files import write_whole  # noqa: PLC0415 - loaded where it is used

    whole = content.encode() if isinstance(content, str) else content
    write_whole(target, whole)
    say(note_text(f"wrote {target}: {form}, {len(whole)} bytes"))
