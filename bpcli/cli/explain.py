"""`bpcli explain`: one entry of a gradient written out path by path; or the fan-out map of convolutions."""

from typing import Any

import click

from bpcli.backprop.entries import MOST_EDGES
from bpcli.backprop.explanation import MOST_PATHS
from bpcli.backprop.fan_out import FanOuts
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
from bpcli.cli.output import chosen_format, page_for, say_drawn, say_unused, say_warnings, write_json, write_lines
from bpcli.errors import OUTSIDE_DOMAIN_EXIT, MissingValueError, UnknownNameError, UsageError
from bpcli.graph.labels import entry_label
from bpcli.language.explain import explain, fan_out
from bpcli.language.limits import Limits

MOST_ELSEWHERE = 100
HELP = """Write one entry of a gradient out as the chain rule has it: over what uses the entry, and path by path.

EXPR and its values are those of 'bpcli grad'. An entry is named x, X[1,1], W[0,-1], v1[0], or as a whole derivative,
dL/dX[1,1]. Without an entry, the fan-out map of each convolution is shown: how many outputs each pixel feeds.

\b
Examples:
  bpcli explain "x*x + 3*x" --x 2 --gradient-of x
  bpcli explain "y = W @ x; L = sum(y**2)" --W "[[1, -2], [0.5, 3]]" --x "[2, -1]" --gradient-of "x[0]"
  bpcli explain "sum(conv2d(X, K))" --X "[[1,2,3],[4,5,6],[7,8,9]]" --K "[[1,2],[3,4]]"
"""


@click.command("explain", cls=ExpressionCommand, help=HELP, short_help="Write one gradient entry out, path by path.")
@click.argument("expression", metavar="EXPR", required=False)
@takes_values
@click.option("--gradient-of", metavar="ENTRY", help="The entry, such as x, X[1,1] or dL/dX[1,1].")
@click.option("--json", "-j", "as_json", is_flag=True, help="The same as --output-format json.")
@click.option(
    "--output-format",
    type=click.Choice(["table", "plain", "json"]),
    help="The form of the result; a table on a terminal, plain elsewhere.",
)
@click.option(
    "--max-paths",
    type=LIMIT,
    help=f"Paths that are written out: {MOST_PATHS} on a terminal, {MOST_ELSEWHERE} elsewhere.",
)
@click.option(
    "--max-edges", type=LIMIT, default=MOST_EDGES, show_default=True, help="Most edges between entries on the paths."
)
@takes_network
@takes_limits
@click.pass_context
def command(ctx: click.Context, /, expression: str | None, **options: Any) -> int:
    """Explain an entry, or map the convolutions."""
    typed: dict[str, str] = ctx.obj
    limits = limits_from(options)
    try:
        text, at = question_from(expression, typed, options, limits, "explain")
        if options["gradient_of"] is None:
            return _show_fan_out(text, at, limits, options)
        return _show_paths(text, at, limits, options)
    except MissingValueError as error:
        raise with_flags(error) from error
    except UnknownNameError as error:
        raise with_option(error, typed, ctx.command) from error


def _show_paths(text: str, at: dict[str, Any], limits: Limits, options: dict[str, Any]) -> int:
    output_format = chosen_format(options["output_format"], json=options["as_json"])
    most = options["max_paths"] or (MOST_PATHS if output_format == "table" else MOST_ELSEWHERE)
    result = explain(
        text,
        at,
        options["gradient_of"],
        most_paths=most,
        most_edges=options["max_edges"],
        limits=limits,
        **network_from(options),
    )
    code = 0 if result.is_finite else OUTSIDE_DOMAIN_EXIT
    if output_format == "json":
        from bpcli.report.path_documents import explain_document  # noqa: PLC0415 - loaded for JSON only

        write_json(explain_document(result, most))
        return code
    from bpcli.report.paths import explained  # noqa: PLC0415 - a map has no paths

    write_lines(explained(result, page_for(output_format, None), most), output_format)
    say_warnings(result.result)
    say_drawn(result.result.graph)
    say_unused(result.result.graph)
    return code


def _show_fan_out(text: str, at: dict[str, Any], limits: Limits, options: dict[str, Any]) -> int:
    output_format = chosen_format(options["output_format"], json=options["as_json"])
    found = fan_out(text, at, limits=limits, **network_from(options))
    if not found.convolutions:
        names = ", ".join([variable.name for variable in found.graph.variables[:10]])
        message = "there is no convolution to map, and no entry is named"
        raise UsageError(message, hint=f'name an entry of {names or "a variable"}: --gradient-of "{_example(found)}"')
    if output_format == "json":
        from bpcli.report.path_documents import fan_out_document  # noqa: PLC0415 - loaded for JSON only

        write_json(fan_out_document(found))
        return 0
    from bpcli.report.fan_out import fan_out_report  # noqa: PLC0415 - paths need no map

    write_lines(fan_out_report(found, page_for(output_format, None)), output_format)
    say_drawn(found.graph)
    say_unused(found.graph)
    return 0


def _example(found: FanOuts) -> str:
    """An entry that could be named."""
    if not found.graph.variables:
        return "x"
    first = found.graph.variables[0]
    return entry_label(first.name, (0,) * len(first.shape))
