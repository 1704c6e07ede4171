"""`bpcli flow`: how gradients flow through the depth of a network, and through time, and what is wrong with them."""

from typing import Any

import click

from bpcli.cli.arguments import ExpressionCommand
from bpcli.cli.inputs import (
    LIMIT,
    limits_from,
    network_from,
    question_from,
    takes_limits,
    takes_network,
    takes_values,
    with_flags,
    with_option,
)
from bpcli.cli.output import (
    chosen_format,
    page_for,
    say_drawn,
    say_unused,
    say_warnings,
    write,
    write_json,
    write_lines,
)
from bpcli.errors import OUTSIDE_DOMAIN_EXIT, MissingValueError, UnknownNameError
from bpcli.flow.results import Flow
from bpcli.language.build import grad

HELP = """Show how the gradient flows back through EXPR, layer by layer and step by step in time, and what is wrong.

EXPR is a network that ends in a loss, or an expression whose value is one number; all of its variables need a value. A
row for each layer and time step has the norm of its value, of the gradient that reaches it, the ratio of that to the
last layer's, and the largest and smallest singular value of the local Jacobian.

\b
Examples:
  bpcli flow "x -> Linear(8) -> Sigmoid -> Linear(8) -> Sigmoid -> Linear(1) -> MSELoss(t)" --at batch.npz
  bpcli flow "x -> RNN(8) -> Linear(1) -> MSELoss(t)" --at series.npz --plot-file flow.png
"""


@click.command("flow", cls=ExpressionCommand, help=HELP, short_help="Gradients through depth and time, diagnosed.")
@click.argument("expression", metavar="EXPR", required=False)
@takes_values
@click.option(
    "--upstream-seed",
    "seed",
    metavar="VALUE",
    help="The upstream gradient of an output that is an array, [1, 0] or @FILE.",
)
@click.option("--json", "-j", "as_json", is_flag=True, help="The same as --output-format json.")
@click.option(
    "--output-format",
    type=click.Choice(["table", "plain", "json", "csv"]),
    help="The form of the result; a table on a terminal, plain elsewhere.",
)
@click.option("--max-rows", type=LIMIT, help="Rows of a table: 50 on a terminal, 10000 elsewhere.")
@click.option(
    "--plot-file", type=click.Path(), metavar="FILE", help="Draw it into FILE, .png or .svg (extra plot: Matplotlib)."
)
@click.option(
    "--threshold-of",
    "thresholds",
    multiple=True,
    metavar="NAME=VALUE",
    help="Where a diagnosis begins, such as vanishing=1e-6.",
)
@takes_network
@takes_limits
@click.pass_context
def command(ctx: click.Context, /, expression: str | None, **options: Any) -> int:
    """Look at the flow of one expression, or sweep over values of one quantity."""
    typed: dict[str, str] = ctx.obj
    try:
        return _answer(expression, typed, options)
    except MissingValueError as error:
        raise with_flags(error) from error
    except UnknownNameError as error:
        raise with_option(error, typed, ctx.command) from error


def _answer(expression: str | None, typed: dict[str, str], options: dict[str, Any]) -> int:
    from bpcli.flow.looking import flow_of  # noqa: PLC0415 - this brings NumPy

    output_format = chosen_format(options["output_format"], json=options["as_json"])
    limits = limits_from(options)
    text, at = question_from(expression, typed, options, limits, "flow")
    result = grad(text, at, seed=options["seed"], limits=limits, **network_from(options))
    flow = flow_of(result)
    _show(flow, output_format, options)
    return 0 if flow.is_finite else OUTSIDE_DOMAIN_EXIT


def _show(flow: Flow, output_format: str, options: dict[str, Any]) -> None:
    if output_format == "json":
        from bpcli.report.flow.documents import flow_document  # noqa: PLC0415 - loaded where it is used

        write_json(flow_document(flow, {}))
        return
    if output_format == "csv":
        from bpcli.report.flow.spreadsheet import flow_csv  # noqa: PLC0415 - the same

        write(flow_csv(flow))
    else:
        from bpcli.report.flow.screen import flow_lines  # noqa: PLC0415 - the same

        write_lines(flow_lines(flow, page_for(output_format, options["max_rows"]), {}, []), output_format)
    say_warnings(flow.result)
    if output_format == "csv":
        say_drawn(flow.result.graph)
    say_unused(flow.result.graph)
