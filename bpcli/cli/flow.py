"""`bpcli flow`: how gradients flow through the depth of a network, and through time, and what is wrong with them."""

from typing import TYPE_CHECKING, Any

import click

from bpcli.cli.arguments import ExpressionCommand
from bpcli.cli.initialising import setup_from, takes_initialisation
from bpcli.cli.inputs import (
    LIMIT,
    F,
    limits_from,
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
    page_for,
    say,
    say_drawn,
    say_unused,
    say_warnings,
    write,
    write_json,
    write_lines,
)
from bpcli.errors import OUTSIDE_DOMAIN_EXIT, MissingValueError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bpcli.flow.quantities import Quantity
    from bpcli.flow.questions import Question
    from bpcli.flow.results import Flow
    from bpcli.flow.sweeps import Point, Sweep
    from bpcli.report.pictures import Chart

HELP = """Show how the gradient flows back through EXPR, layer by layer and step by step in time, and what is wrong.

EXPR is a network that ends in a loss, or an expression whose value is one number; each of its variables needs a value,
typed, from a file, or drawn: --x "normal(64, 3)". A row for each layer and time step has the norms of its value and of
the gradient that reaches it, the ratio of that to the last layer's, and the largest and the smallest singular value of
its local Jacobian.

\b
Examples:
  bpcli flow "x -> Repeat(8, Linear(16), Sigmoid) -> Linear(1) -> MSELoss(t)"
    --x "normal(64,3)" --t "normal(64,1)"
  bpcli flow "x -> RNN(8) -> Linear(1) -> MSELoss(t)" --at series.npz --plot-file flow.png
  bpcli flow "x -> Repeat(depth, Linear(16), ReLU) -> Linear(1) -> MSELoss(t)" --at batch.npz
    --initial-weights he --sweep-over depth=1:40:10
"""


def _thresholds_shown(context: click.Context, option: click.Option, value: bool) -> None:  # noqa: FBT001 - Click calls it
    """Print the thresholds and end, where that is asked for."""
    del option
    if value and not context.resilient_parsing:
        from bpcli.flow.diagnoses import KNOWN  # noqa: PLC0415 - loaded where it is used
        from bpcli.report.flow.findings import known_lines  # noqa: PLC0415 - the same

        form = chosen_format(None, json=False)
        write_lines(known_lines(KNOWN, page_for(form, None)), form)
        context.exit()


def _takes_looks(command: F) -> F:
    """The options of how the flow is looked at, and what is shown of it."""
    return taking(
        command,
        click.option(
            "--sweep-over",
            metavar="NAME=LOW:HIGH:COUNT",
            help="Look at so many values of scale (of drawn weights), time (steps), a number, or a name in EXPR that "
            "stands for a size; evenly spaced, or geometrically with :log behind.",
        ),
        click.option(
            "--threshold-of",
            "thresholds",
            multiple=True,
            metavar="NAME=VALUE",
            help="Where a diagnosis begins, such as vanishing=1e-6.",
        ),
        click.option(
            "--list-thresholds",
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_thresholds_shown,
            help="Show the names of thresholds, what they are, and what they mean.",
        ),
        click.option(
            "--upstream-seed",
            "seed",
            metavar="VALUE",
            help="The upstream gradient of an output that is an array, [1, 0] or @FILE.",
        ),
        click.option("--json", "-j", "as_json", is_flag=True, help="The same as --output-format json."),
        click.option(
            "--output-format",
            type=click.Choice(["table", "plain", "json", "csv"]),
            help="The form of the result; a table on a terminal, plain elsewhere.",
        ),
        click.option("--max-rows", type=LIMIT, help="Rows of a table: 50 on a terminal, 10000 elsewhere."),
        click.option(
            "--plot-file",
            type=click.Path(),
            metavar="FILE",
            help="Draw a picture into FILE, .png or .svg; by Matplotlib, the extra plot.",
        ),
    )


@click.command("flow", cls=ExpressionCommand, help=HELP, short_help="Gradients through depth and time, diagnosed.")
@click.argument("expression", metavar="EXPR", required=False)
@takes_values
@_takes_looks
@takes_network
@takes_initialisation
@takes_limits
@click.pass_context
def command(ctx: click.Context, /, expression: str | None, **options: Any) -> int:
    """Look at the flow of one expression, or at that for each value of a sweep."""
    typed: dict[str, str] = ctx.obj
    try:
        return _answer(expression, typed, options)
    except MissingValueError as error:
        raise with_flags(error) from error
    except UnknownNameError as error:
        raise with_option(error, typed, ctx.command) from error


def _answer(expression: str | None, typed: dict[str, str], options: dict[str, Any]) -> int:
    from bpcli.flow.diagnoses import thresholds_from  # noqa: PLC0415 - Click's help needs no mathematics
    from bpcli.flow.questions import Question, flow_for  # noqa: PLC0415 - the same

    form = chosen_format(options["output_format"], json=options["as_json"])
    draw = _drawing(options["plot_file"])
    thresholds = thresholds_from(options["thresholds"])
    limits = limits_from(options)
    loss = options["loss_function"] if options["sweep_over"] is not None else None
    plain = options if loss is None else options | {"loss_function": None}
    text, at = question_from(expression, typed, plain, limits, "flow")
    if loss is not None:  # the text is read once the sweep has put numbers in place of its names
        text = text.rstrip("; \t\r\n") + f" -> {loss.strip()}"
    question = Question(text, at, setup_from(options), options["seed"], limits)
    if options["sweep_over"] is not None:
        return _sweep(question, options, thresholds, form, draw)
    flow = flow_for(question, thresholds)
    _show(flow, thresholds, form, options)
    if draw is not None:
        from bpcli.report.flow.charts import flow_charts  # noqa: PLC0415 - the same

        draw(flow_charts(flow))
    return 0 if flow.is_finite else OUTSIDE_DOMAIN_EXIT


def _drawing(target: str | None) -> "Callable[[Sequence[Chart]], None] | None":
    """What draws charts into a file, if one is named. Raises UsageError before anything is computed."""
    if target is None:
        return None
    from bpcli.report.files import write_whole  # noqa: PLC0415 - loaded where it is used
    from bpcli.report.pictures import form_of, picture_bytes  # noqa: PLC0415 - the same
    from bpcli.report.plain import note_text  # noqa: PLC0415 - the same

    form = form_of(target)

    def draw(charts: "Sequence[Chart]") -> None:
        write_whole(target, picture_bytes(charts, form))
        say(note_text(f"wrote {target}"))

    return draw


def _show(flow: "Flow", thresholds: "Mapping[str, float]", form: str, options: dict[str, Any]) -> None:
    graph = flow.result.graph
    if form == "json":
        from bpcli.report.flow.documents import flow_document  # noqa: PLC0415 - loaded where it is used

        write_json(flow_document(flow, thresholds))
        return
    if form == "csv":
        from bpcli.report.flow.spreadsheet import flow_csv  # noqa: PLC0415 - the same

        write(flow_csv(flow))
        say_drawn(graph)
    else:
        from bpcli.flow.diagnoses import KINDS  # noqa: PLC0415 - the same
        from bpcli.report.flow.screen import flow_lines  # noqa: PLC0415 - the same

        write_lines(flow_lines(flow, page_for(form, options["max_rows"]), KINDS), form)
    say_warnings(flow.result)
    say_unused(graph)


def _sweep(
    question: "Question",
    options: dict[str, Any],
    thresholds: "Mapping[str, float]",
    form: str,
    draw: "Callable[[Sequence[Chart]], None] | None",
) -> int:
    from bpcli.flow.quantities import quantity_of  # noqa: PLC0415 - loaded where it is used
    from bpcli.flow.sweeps import points, resolved, sweep_from  # noqa: PLC0415 - the same

    asked = sweep_from(options["sweep_over"])
    quantity = quantity_of(asked.name, question)
    sweep = resolved(asked, quantity)
    found = list(points(sweep, quantity, question, thresholds))
    if form == "json":
        from bpcli.report.flow.documents import sweep_document  # noqa: PLC0415 - the same

        write_json(sweep_document(question, sweep, found, thresholds))
    elif form == "csv":
        from bpcli.report.flow.spreadsheet import sweep_csv  # noqa: PLC0415 - the same

        write(sweep_csv(sweep, found))
    else:
        from bpcli.report.flow.sweep import sweep_lines  # noqa: PLC0415 - the same

        write_lines(sweep_lines(sweep, found, page_for(form, options["max_rows"])), form)
    _say_of_chance(question, sweep, quantity, found, form)
    if draw is not None:
        from bpcli.report.flow.charts import sweep_charts  # noqa: PLC0415 - the same

        draw(sweep_charts(sweep, found))
    return 0 if all(point.is_finite for point in found) else OUTSIDE_DOMAIN_EXIT


def _say_of_chance(
    question: "Question", sweep: "Sweep", quantity: "Quantity", points: "Sequence[Point]", form: str
) -> None:
    """Say which seed weights come from, or that none is drawn where what is drawn should be scaled."""
    from bpcli.report.plain import note_text  # noqa: PLC0415 - loaded where it is used

    if any(point.by_chance for point in points):
        if form != "json":
            say(note_text(f"parameters drawn from --random-seed {question.setup.random_seed}"))
    elif quantity.is_positive:
        say(note_text(f"no weight is drawn here, so that {sweep.name} changes nothing"))
