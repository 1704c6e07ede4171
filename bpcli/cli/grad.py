"""`bpcli grad`: the gradient of an expression, step by step."""

from typing import Any

import click

from bpcli.backprop.gradients import Gradients
from bpcli.cli.arguments import FROZEN, ExpressionCommand, bind, options_of
from bpcli.cli.output import chosen_format, page_for, say, say_unused, say_warnings, write, write_json, write_lines
from bpcli.errors import OUTSIDE_DOMAIN_EXIT, BindingError, BpcliError, MissingValueError, UnknownNameError, UsageError
from bpcli.graph.node import Graph
from bpcli.language.build import grad, wanted_of
from bpcli.language.complaints import closest
from bpcli.language.expressions import parse
from bpcli.language.functions import FUNCTIONS
from bpcli.language.limits import DEFAULT_LIMITS, Limits
from bpcli.language.tokens import is_name
from bpcli.language.values import lines_from, text_from, values_from_file
from bpcli.report.documents import MOST_STEPS, error_document, formula_document, grad_document

EXIT_CODES_WORST_FIRST = (5, 2, 3, 1, 4, 0)
MOST_FLAGS = 20

HELP = """Differentiate EXPR by backpropagation and show every step.

EXPR is one or more statements split by ';', such as "q = x + y; f = q*z"; @FILE reads it from a file, - from standard
input. Bind each variable by --NAME VALUE, before or after EXPR. Without values the gradient formulas are shown.

\b
Examples:
  bpcli grad "x*y*z" --x 6 --y -2 --z -3
  bpcli grad "A = x*y; F = A*z" --x 6 --y -2 --z -3 --json
  bpcli grad "sigmoid(w*x + b)" --at point.toml --with-respect-to w,b
"""
LIMIT = click.IntRange(min=1)


@click.command("grad", cls=ExpressionCommand, help=HELP, short_help="Differentiate an expression, step by step.")
@click.argument("expression", metavar="EXPR", required=False)
@click.option("--set", "assignments", multiple=True, metavar="NAME=VALUE", help="Bind a variable, whatever its name.")
@click.option(
    "--at",
    "at_files",
    multiple=True,
    type=click.Path(),
    metavar="FILE|-",
    help="Bind variables from a JSON, TOML or one-row CSV file.",
)
@click.option("--with-respect-to", "names", multiple=True, metavar="NAMES", help="Only these gradients, such as x,y.")
@click.option("--json", "-j", "as_json", is_flag=True, help="The same as --output-format json.")
@click.option(
    "--output-format",
    type=click.Choice(["table", "plain", "json", "csv"]),
    help="The form of the result; a table on a terminal, plain elsewhere.",
)
@click.option("--max-rows", type=LIMIT, help="Rows of a table: 50 on a terminal, 10000 elsewhere.")
@click.option(
    "--requests",
    type=click.Path(),
    metavar="FILE|-",
    help="Answer JSON Lines of {id, expression, at, with_respect_to}.",
)
@click.option("--with-steps", is_flag=True, help="With --requests: put the steps into each answer.")
@click.option("--all-steps", is_flag=True, help=f"In JSON: every step, not the first {MOST_STEPS} only.")
@click.option("--max-characters", type=LIMIT, default=DEFAULT_LIMITS.characters, help="Longest text that is read.")
@click.option("--max-operators", type=LIMIT, default=DEFAULT_LIMITS.operators, help="Most operators in it.")
@click.option("--max-nesting", type=LIMIT, default=DEFAULT_LIMITS.nesting, help="Deepest nesting in it.")
@click.option("--max-literal-digits", type=LIMIT, default=DEFAULT_LIMITS.literal_digits, help="Longest number in it.")
@click.pass_context
def command(ctx: click.Context, /, expression: str | None, **options: Any) -> int:
    """Answer one expression, or the requests of a file."""
    limits = Limits(
        characters=options["max_characters"],
        operators=options["max_operators"],
        nesting=options["max_nesting"],
        literal_digits=options["max_literal_digits"],
    )
    bindings: dict[str, str] = ctx.obj
    if options["requests"] is not None:
        beside = [options[name] for name in ("assignments", "at_files", "names")]
        if expression is not None or bindings or any(beside) or options["output_format"] not in (None, "json"):
            message = "--requests takes expressions, values and names from its file, and answers in JSON"
            raise UsageError(message, hint="leave out EXPR, its variables and --output-format")
        return _answer_all(options["requests"], limits, options)
    try:
        return _answer_one(expression, bindings, limits, options)
    except UnknownNameError as error:
        meant = closest(f"--{error.name}", [option for option in options_of(ctx.command) if option.startswith("--")])
        if error.name in bindings and meant:
            error.hint = f"did you mean the option '{meant}'?"
        raise


def _answer_one(expression: str | None, typed: dict[str, str], limits: Limits, options: dict[str, Any]) -> int:
    text = _expression_text(expression, typed, options["at_files"], limits.bytes)
    at = _bindings(typed, options["assignments"], options["at_files"])
    names = [name.strip() for group in options["names"] for name in group.split(",")] or None
    graph = parse(text, at, limits)
    if not at and graph.variables:
        return _show_formulas(graph, names, options)
    try:
        result = grad(graph, at, names)
    except MissingValueError as error:
        error.hint = f"add {_flags(error.names)}"
        called = [name for name in error.names if name in FUNCTIONS]
        if called:
            error.hint = f"'{called[0]}' is a function where it is called, {called[0]}(…); as a variable {error.hint}"
        raise
    return _show(result, options)


def _show(result: Gradients, options: dict[str, Any]) -> int:
    output_format = chosen_format(options["output_format"], json=options["as_json"])
    if output_format == "json":
        write_json(grad_document(result, most_steps=_most_steps(options)))
        return _exit_code(result)
    if output_format == "csv":
        from bpcli.report.spreadsheet import csv_text  # noqa: PLC0415 - loaded for CSV only

        write(csv_text(result))
    else:
        from bpcli.report.walkthrough import walkthrough  # noqa: PLC0415 - JSON needs no lines

        write_lines(walkthrough(result, page_for(output_format, options["max_rows"])), output_format)
    say_warnings(result)
    say_unused(result.graph)
    return _exit_code(result)


def _show_formulas(graph: Graph, names: list[str] | None, options: dict[str, Any]) -> int:
    output_format = chosen_format(options["output_format"], json=options["as_json"])
    wanted = wanted_of(graph, names)
    variables = [variable for variable in graph.variables if wanted is None or variable.name in wanted]
    missing = tuple([variable.name for variable in graph.variables])
    if output_format == "csv":
        raise MissingValueError(missing, f"add {_flags(missing)}")
    if output_format == "json":
        write_json(formula_document(graph, variables, most_steps=_most_steps(options)))
        return 0
    from bpcli.report.plain import note_text  # noqa: PLC0415 - JSON needs no lines
    from bpcli.report.walkthrough import formula_walkthrough  # noqa: PLC0415 - the same

    write_lines(formula_walkthrough(graph, variables, page_for(output_format, options["max_rows"])), output_format)
    say(note_text(f"no values given; for numbers add {_flags(missing)}"))
    return 0


def _expression_text(expression: str | None, typed: dict[str, str], at_files: tuple[str, ...], most: int) -> str:
    if expression is None:
        taken = [f"--{name} took '{value}' as its value" for name, value in typed.items()]
        message = "; ".join(["there is no expression", *taken[:1]])
        raise UsageError(message, hint='write it in quotes: bpcli grad "x*y" --x 2 --y 3')
    if [expression, *at_files].count("-") > 1:
        message = "standard input can be read once, as EXPR or for one --at"
        raise UsageError(message, hint="put one of them in a file")
    if expression == "-":
        return text_from("-", most)
    return text_from(expression[1:], most) if expression.startswith("@") else expression


def _bindings(typed: dict[str, str], assignments: tuple[str, ...], at_files: tuple[str, ...]) -> dict[str, Any]:
    bindings: dict[str, Any] = dict(typed)
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not equals or not is_name(name.strip()):
            message = f"--set takes NAME=VALUE, not '{assignment}'"
            raise BindingError(message, hint="write it as --set x=2")
        bind(bindings, name.strip(), value)
    for at_file in at_files:
        for name, value in values_from_file(at_file).items():
            bind(bindings, name, value)
    return bindings


def _flags(names: tuple[str, ...]) -> str:
    shown = [f"--set {name}=VALUE" if f"--{name}" in FROZEN else f"--{name} VALUE" for name in names[:MOST_FLAGS]]
    return " ".join(shown) + (" …" if len(names) > MOST_FLAGS else "")


def _answer_all(source: str, limits: Limits, options: dict[str, Any]) -> int:
    from bpcli.bulk.requests import answers  # noqa: PLC0415 - loaded for --requests only

    codes = {0}
    for answer in answers(lines_from(source, limits.bytes), limits):
        if isinstance(answer.outcome, BpcliError):
            codes.add(answer.outcome.exit_code)
            document = error_document(answer.outcome, head=answer.head, expression=answer.expression)
        else:
            codes.add(_exit_code(answer.outcome))
            document = grad_document(
                answer.outcome,
                with_steps=options["with_steps"],
                most_steps=_most_steps(options),
                head=answer.head,
            )
        write_json(document)
    return next(code for code in EXIT_CODES_WORST_FIRST if code in codes)


def _most_steps(options: dict[str, Any]) -> int | None:
    return None if options["all_steps"] else MOST_STEPS


def _exit_code(result: Gradients) -> int:
    return 0 if result.is_finite else OUTSIDE_DOMAIN_EXIT
