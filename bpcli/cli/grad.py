"""`bpcli grad`: the gradient of an expression, step by step."""

import sys
from typing import Any

import click

from bpcli.backprop.gradients import Gradients
from bpcli.bulk.requests import answers
from bpcli.cli.arguments import ExpressionCommand, bind
from bpcli.cli.output import chosen_format, page_for, say, say_warnings, write, write_lines
from bpcli.errors import OUTSIDE_DOMAIN_EXIT, BindingError, BpcliError, MissingValueError, UnknownNameError, UsageError
from bpcli.language.build import grad, wanted_of
from bpcli.language.complaints import closest
from bpcli.language.expressions import parse
from bpcli.language.limits import DEFAULT_LIMITS, Limits
from bpcli.language.values import text_from, values_from_file
from bpcli.report.documents import MOST_STEPS, error_document, formula_document, grad_document, json_text
from bpcli.report.page import DEFAULT_ROWS
from bpcli.report.plain import note_text
from bpcli.report.spreadsheet import csv_text
from bpcli.report.walkthrough import formula_walkthrough, walkthrough

EXIT_CODES_WORST_FIRST = (5, 2, 3, 1, 4, 0)

HELP = """Differentiate EXPR by backpropagation and show every step.

EXPR is one or more statements split by ';', such as "q = x + y; f = q*z"; @FILE reads it from a file, - from standard
input. Bind each variable by --NAME VALUE, before or after EXPR. Without values the gradient formulas are shown.

\b
Examples:
  bpcli grad "x*y*z" --x 6 --y -2 --z -3
  bpcli grad "A = x*y; F = A*z" --x 6 --y -2 --z -3 --json
  bpcli grad "sigmoid(w*x + b)" --at point.toml --with-respect-to w,b
"""


@click.command("grad", cls=ExpressionCommand, help=HELP, short_help="Differentiate an expression, step by step.")
@click.argument("expression", metavar="EXPR", required=False)
@click.option("--set", "assignments", multiple=True, metavar="NAME=VALUE", help="Bind a variable, whatever its name.")
@click.option("--at", "at_file", metavar="FILE|-", help="Bind variables from a JSON, TOML or one-row CSV file.")
@click.option("--with-respect-to", "names", multiple=True, metavar="NAMES", help="Only these gradients, such as x,y.")
@click.option("--json", "-j", "as_json", is_flag=True, help="The same as --output-format json.")
@click.option(
    "--output-format",
    type=click.Choice(["table", "plain", "json", "csv"]),
    help="The form of the result: a table on a terminal, plain elsewhere, by default.",
)
@click.option("--max-rows", type=click.IntRange(min=1), default=DEFAULT_ROWS, show_default=True, help="Rows of a table.")
@click.option("--requests", metavar="FILE|-", help="Answer JSON Lines of {id, expression, at, with_respect_to}.")
@click.option("--with-steps", is_flag=True, help="With --requests: put the steps into each answer.")
@click.option("--all-steps", is_flag=True, help=f"In JSON: every step, not only the first {MOST_STEPS}.")
@click.option("--max-characters", type=click.IntRange(min=1), default=DEFAULT_LIMITS.characters, help="Limit of EXPR.")
@click.option("--max-operators", type=click.IntRange(min=1), default=DEFAULT_LIMITS.operators, help="Limit of EXPR.")
@click.option("--max-nesting", type=click.IntRange(min=1), default=DEFAULT_LIMITS.nesting, help="Limit of EXPR.")
@click.option("--max-literal-digits", type=click.IntRange(min=1), default=DEFAULT_LIMITS.literal_digits, help="Limit.")
@click.pass_context
def command(ctx: click.Context, /, expression: str | None, **options: Any) -> int:  # noqa: ANN401 - Click's values
    """Answer one expression, or the requests of a file."""
    limits = Limits(
        options["max_characters"], options["max_operators"], options["max_nesting"], options["max_literal_digits"]
    )
    if options["requests"] is not None:
        if expression is not None or ctx.obj:
            message = "--requests takes its expressions from the file, not from the command line"
            raise UsageError(message, hint="leave out EXPR and its variables")
        most_steps = None if options["all_steps"] else MOST_STEPS
        return _answer_all(options["requests"], limits, most_steps, with_steps=options["with_steps"])
    typed = dict(ctx.obj)
    try:
        return _answer_one(expression, typed, limits, options)
    except UnknownNameError as error:
        meant = closest(f"--{error.name}", list(ctx.command.takes_value()))  # type: ignore[attr-defined] # it is ours
        if error.name in typed and meant:
            error.hint = f"did you mean the option '{meant}'?"
        raise


def _answer_one(expression: str | None, typed: dict[str, str], limits: Limits, options: dict[str, Any]) -> int:
    text = _expression_text(expression, typed, options["at_file"])
    at = _bindings(typed, options["assignments"], options["at_file"])
    names = [name.strip() for group in options["names"] for name in group.split(",") if name.strip()] or None
    output_format = chosen_format(options["output_format"], json=options["as_json"])
    page = page_for(output_format, options["max_rows"])
    graph = parse(text, at, limits)
    if not at and graph.variables:
        wanted = wanted_of(graph, names)
        variables = [variable for variable in graph.variables if wanted is None or variable.name in wanted]
        if output_format == "json":
            write(json_text(formula_document(graph, variables)) + "\n")
        else:
            write_lines(formula_walkthrough(graph, variables, page), output_format)
            say(note_text(f"no values given; for numbers add {_flags(tuple(v.name for v in graph.variables))}"))
        return 0
    try:
        result = grad(graph, at, names, limits=limits)
    except MissingValueError as error:
        error.hint = f"add {_flags(error.names)}"
        raise
    if output_format == "json":
        most_steps = None if options["all_steps"] else MOST_STEPS
        write(json_text(grad_document(result, most_steps=most_steps)) + "\n")
    else:
        if output_format == "csv":
            write(csv_text(result))
        else:
            write_lines(walkthrough(result, page), output_format)
        say_warnings(result)
    return _exit_code(result)


def _expression_text(expression: str | None, typed: dict[str, str], at_file: str | None) -> str:
    if expression is None:
        swallowed = next((f"--{name} took '{value}' as its value" for name, value in typed.items() if value), None)
        hint = 'write it in quotes: bpcli grad "x*y" --x 2 --y 3'
        raise UsageError("there is no expression" + (f"; {swallowed}" if swallowed else ""), hint=hint)
    if expression == "-" == at_file:
        message = "EXPR and --at cannot both read standard input"
        raise UsageError(message, hint="put one of them in a file")
    if expression == "-":
        return text_from("-")
    return text_from(expression[1:]) if expression.startswith("@") else expression


def _bindings(typed: dict[str, str], assignments: tuple[str, ...], at_file: str | None) -> dict[str, Any]:
    bindings: dict[str, Any] = dict(typed)
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not equals or not name.strip().isidentifier():
            message = f"--set takes NAME=VALUE, not '{assignment}'"
            raise BindingError(message, hint="write it as --set x=2")
        bind(bindings, name.strip(), value)
    for name, value in (values_from_file(at_file) if at_file else {}).items():
        bind(bindings, name, value)
    return bindings


def _flags(names: tuple[str, ...]) -> str:
    frozen = {"help", "version", "json", "set", "at", "claim", "requests"}
    shown = [f"--set {name}=VALUE" if name in frozen else f"--{name} VALUE" for name in names[:20]]
    return " ".join(shown) + (" …" if len(names) > len(shown) else "")


def _answer_all(source: str, limits: Limits, most_steps: int | None, *, with_steps: bool) -> int:
    codes = {0}
    lines = sys.stdin if source == "-" else text_from(source).splitlines()
    for answer in answers(lines, limits):
        if isinstance(answer.outcome, BpcliError):
            codes.add(answer.outcome.exit_code)
            document = error_document(answer.outcome, identity=answer.identity, expression=answer.expression)
        else:
            codes.add(_exit_code(answer.outcome))
            document = grad_document(
                answer.outcome, with_steps=with_steps, most_steps=most_steps, identity=answer.identity
            )
        write(json_text(document) + "\n")
    return next(code for code in EXIT_CODES_WORST_FIRST if code in codes)


def _exit_code(result: Gradients) -> int:
    return 0 if result.is_finite else OUTSIDE_DOMAIN_EXIT
