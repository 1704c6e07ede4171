"""`bpcli grad`: the gradient of an expression, step by step."""

from collections.abc import Callable
from typing import Any

import click

from bpcli.backprop.gradients import Gradients
from bpcli.cli.arguments import ExpressionCommand
from bpcli.cli.inputs import (
    LIMIT,
    OF_ONE_NETWORK,
    flags,
    limits_from,
    names_from,
    network_from,
    question_from,
    takes_limits,
    takes_network,
    takes_values,
    with_flags,
    with_option,
)
from bpcli.cli.output import chosen_format, page_for, say, say_unused, say_warnings, write, write_json, write_lines
from bpcli.errors import OUTSIDE_DOMAIN_EXIT, BpcliError, MissingValueError, UnknownNameError, UsageError, worst_exit
from bpcli.graph.node import Graph
from bpcli.language.build import grad, has_arrays, has_layers, wanted_of
from bpcli.language.expressions import parse
from bpcli.language.limits import Limits
from bpcli.language.values import lines_from
from bpcli.report.documents import MOST_STEPS, error_document, formula_document, grad_document

HELP = """Differentiate EXPR by backpropagation and show every step.

EXPR is one or more statements split by ';', such as "q = x + y; f = q*z"; @FILE reads it from a file, - from standard
input. Bind each variable by --NAME VALUE, before or after EXPR. Without values the gradient formulas are shown.

EXPR may be a network: a pipeline, x -> Linear(4) -> Tanh -> MSELoss(t), or the text of a PyTorch model,
nn.Sequential(...) typed or as print(model) shows it. 'bpcli ops' lists the layers.

\b
Examples:
  bpcli grad "x*y*z" --x 6 --y -2 --z -3
  bpcli grad "A = x*y; F = A*z" --x 6 --y -2 --z -3 --json
  bpcli grad "y = W @ x; sum(y**2)" --W "[[1, -2], [0.5, 3]]" --x "[2, -1]"
  bpcli grad "sigmoid(w*x + b)" --at point.toml --with-respect-to w,b
  bpcli grad "x -> Linear(4) -> Tanh -> Linear(1) -> MSELoss(t)" --at batch.npz
"""


@click.command("grad", cls=ExpressionCommand, help=HELP, short_help="Differentiate an expression, step by step.")
@click.argument("expression", metavar="EXPR", required=False)
@takes_values
@click.option("--with-respect-to", "names", multiple=True, metavar="NAMES", help="Only these gradients, such as x,y.")
@click.option(
    "--upstream-seed",
    "seed",
    metavar="VALUE",
    help="The upstream gradient of an output that is an array, [1, 0] or @FILE.",
)
@click.option("--single-precision", is_flag=True, help="Arrays of float32; float64 is the default.")
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
@click.option(
    "--expand-layer",
    "expanded",
    multiple=True,
    metavar="NAME",
    help='Show every step of a long layer: 0, "0 LSTM", "0 LSTM · t=3", or all.',
)
@click.option("--with-steps", is_flag=True, help="With --requests: put the steps into each answer.")
@click.option(
    "--all-steps", is_flag=True, help=f"In JSON: every step, not the first {MOST_STEPS}, or million numbers, only."
)
@click.option(
    "--save-gradients",
    type=click.Path(),
    metavar="FILE",
    help="Write the gradients under their names to FILE, .npz, .safetensors or .json.",
)
@takes_network
@takes_limits
@click.pass_context
def command(ctx: click.Context, /, expression: str | None, **options: Any) -> int:
    """Answer one expression, or the requests of a file."""
    limits = limits_from(options)
    bindings: dict[str, str] = ctx.obj
    if options["requests"] is not None:
        given = (
            "assignments",
            "at_files",
            "names",
            "seed",
            "single_precision",
            "save_gradients",
            "expanded",
            *OF_ONE_NETWORK,
        )
        beside = [options[name] for name in given]
        if expression is not None or bindings or any(beside) or options["output_format"] not in (None, "json"):
            message = "--requests takes expressions, values and names from its file, and answers in JSON"
            raise UsageError(message, hint="leave out EXPR, its variables, its seed and --output-format")
        return _answer_all(options["requests"], limits, options)
    try:
        return _answer_one(expression, bindings, limits, options)
    except UnknownNameError as error:
        raise with_option(error, bindings, ctx.command) from error


def _answer_one(expression: str | None, typed: dict[str, str], limits: Limits, options: dict[str, Any]) -> int:
    text, at = question_from(expression, typed, options, limits, "grad")
    names = names_from(options["names"])
    save = _saving(options["save_gradients"])
    graph = parse(text, at, limits)
    if not at and graph.variables and not has_layers(graph):
        return _show_formulas(graph, names, options)
    try:
        result = grad(
            graph,
            at,
            names,
            seed=options["seed"],
            single_precision=options["single_precision"],
            limits=limits,
            **network_from(options),
        )
    except MissingValueError as error:
        raise with_flags(error) from error
    if save is not None:
        save(result)
    return _show(result, options)


def _saving(target: str | None) -> Callable[[Gradients], None] | None:
    """What writes the gradients into a file, if one is named. Raises UsageError, before anything is computed."""
    if target is None:
        return None
    from bpcli.report.files import write_whole  # noqa: PLC0415 - loaded where it is used
    from bpcli.report.plain import note_text  # noqa: PLC0415 - the same
    from bpcli.report.saved import saving_for  # noqa: PLC0415 - the same

    content_of = saving_for(target)

    def save(result: Gradients) -> None:
        write_whole(target, content_of(result.gradients))
        count = len(result.gradients)
        say(note_text(f"wrote {target}: {count} {'gradient' if count == 1 else 'gradients'}"))

    return save


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

        page = page_for(output_format, options["max_rows"])
        write_lines(walkthrough(result, page, options["expanded"]), output_format)
    say_warnings(result)
    say_unused(result.graph)
    return _exit_code(result)


def _show_formulas(graph: Graph, names: list[str] | None, options: dict[str, Any]) -> int:
    output_format = chosen_format(options["output_format"], json=options["as_json"])
    wanted = wanted_of(graph, names)
    variables = [variable for variable in graph.variables if wanted is None or variable.name in wanted]
    missing = tuple([variable.name for variable in graph.variables])
    is_about_numbers = output_format == "csv" or options["save_gradients"] is not None
    if is_about_numbers or has_arrays(graph):  # whose formulas depend on shapes
        raise MissingValueError(missing, f"add {flags(missing)}")
    if output_format == "json":
        write_json(formula_document(graph, variables, most_steps=_most_steps(options)))
        return 0
    from bpcli.report.plain import note_text  # noqa: PLC0415 - JSON needs no lines
    from bpcli.report.walkthrough import formula_walkthrough  # noqa: PLC0415 - the same

    write_lines(formula_walkthrough(graph, variables, page_for(output_format, options["max_rows"])), output_format)
    say(note_text(f"no values given; for numbers add {flags(missing)}"))
    return 0


def _answer_all(source: str, limits: Limits, options: dict[str, Any]) -> int:
    from bpcli.bulk.requests import answers  # noqa: PLC0415 - loaded for --requests only

    codes = {0}
    for answer in answers(lines_from(source, limits.bytes), limits, **network_from(options)):
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
    return worst_exit(codes)


def _most_steps(options: dict[str, Any]) -> int | None:
    return None if options["all_steps"] else MOST_STEPS


def _exit_code(result: Gradients) -> int:
    return 0 if result.is_finite else OUTSIDE_DOMAIN_EXIT
