"""`bpcli step`: one update of the parameters, in full."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from bpcli.cli.arguments import ExpressionCommand
from bpcli.cli.initialising import setup_from, takes_initialisation
from bpcli.cli.inputs import (
    LIMIT,
    limits_from,
    names_from,
    question_from,
    takes_limits,
    takes_network,
    takes_values,
    with_flags,
    with_option,
)
from bpcli.cli.optimizing import clipping_from, optimizer_from, require_own_names, takes_optimizer
from bpcli.cli.output import chosen_format, network_note, page_for, say, write_json, write_lines
from bpcli.errors import OUTSIDE_DOMAIN_EXIT, MissingValueError, UnknownNameError, UsageError
from bpcli.language.limits import Limits

if TYPE_CHECKING:
    from bpcli.train.model import Model
    from bpcli.train.updates import Update

MOST_STEPS = 1000
HELP = """Show one update of the parameters in full: loss, backpropagation, optimiser.

Of each parameter: its value, its gradient, the state of the optimiser before and after, the formulas of the update,
and the new value. A network learns its parameters; an expression without layers every variable, or those of
--with-respect-to. Optimisers, their defaults and the order of operations are PyTorch's.

\b
Examples:
  bpcli step "(w*x - y)**2" --w 1 --x 2 --y 3 --with-respect-to w --learning-rate 0.1
  bpcli step "(w*x - y)**2" --w 1 --x 2 --y 3 --with-respect-to w --optimizer-name adam --steps-count 3
  bpcli step "x -> Linear(4) -> Tanh -> Linear(1) -> MSELoss(t)" --at batch.npz --momentum-factor 0.9 --json
  bpcli step "x -> Linear(2) -> Tanh -> Linear(1) -> MSELoss(t)" --x "normal(4,3)" --t "normal(4,1)"
"""


@click.command("step", cls=ExpressionCommand, help=HELP, short_help="Show one update of the parameters in full.")
@click.argument("expression", metavar="EXPR", required=False)
@takes_values
@click.option("--with-respect-to", "names", multiple=True, metavar="NAMES", help="Update only these, such as w,b.")
@takes_optimizer
@click.option(
    "--steps-count", type=LIMIT, default=1, show_default=True, help="So many updates, on the same values of the rest."
)
@click.option(
    "--save-parameters",
    type=click.Path(),
    metavar="FILE",
    help="Write the new values under their names to FILE, .npz, .safetensors or .json.",
)
@click.option("--json", "-j", "as_json", is_flag=True, help="The same as --output-format json.")
@click.option(
    "--output-format",
    type=click.Choice(["table", "plain", "json"]),
    help="The form of the result; a table on a terminal, plain elsewhere.",
)
@click.option("--max-rows", type=LIMIT, help="Parameters of a table: 50 on a terminal, 10000 elsewhere.")
@takes_network
@takes_initialisation
@takes_limits
@click.pass_context
def command(ctx: click.Context, /, expression: str | None, **options: Any) -> int:
    """Take the steps and show them."""
    limits, typed = limits_from(options), ctx.obj
    output_format = chosen_format(options["output_format"], json=options["as_json"])
    if options["steps_count"] > MOST_STEPS:
        message = f"--steps-count takes at most {MOST_STEPS}, as every step is shown"
        raise UsageError(message, hint="'bpcli train' takes many steps")
    optimiser, clipping = optimizer_from(options), clipping_from(options)
    text, at = question_from(expression, typed, options, limits, "step")
    require_own_names(typed, text, ctx.command)
    try:
        model = _model(text, at, names_from(options["names"]), options, limits)
    except MissingValueError as error:
        raise with_flags(error) from error
    except UnknownNameError as error:
        raise with_option(error, typed, ctx.command) from error
    save = _saving(options["save_parameters"])
    from bpcli.train.updates import updates  # noqa: PLC0415 - this brings NumPy

    done = list(updates(model, optimiser, clipping, options["steps_count"], evaluation_mode=options["evaluation_mode"]))
    if output_format == "json":
        from bpcli.report.step.documents import step_document  # noqa: PLC0415 - loaded for JSON only

        write_json(step_document(done, optimiser, model, text))
    else:
        from bpcli.report.step.screen import step_lines  # noqa: PLC0415 - JSON needs no lines

        write_lines(step_lines(done, optimiser, page_for(output_format, options["max_rows"])), output_format)
        say("" if model.network is None else network_note(model.network))
    return _finished(done, save)


def _model(text: str, at: dict[str, Any], names: list[str] | None, options: dict[str, Any], limits: Limits) -> "Model":
    """What learns. Raises what the text and the values are refused for, UsageError where nothing is learned."""
    from bpcli.language.build import require_known  # noqa: PLC0415 - after the options have been read
    from bpcli.language.drawn_values import with_drawn  # noqa: PLC0415 - the same
    from bpcli.train.model import Model  # noqa: PLC0415 - this brings NumPy

    at = with_drawn(at, options["random_seed"], limits)
    model = Model(text, {}, at, setup=setup_from(options), limits=limits)
    if names is None:
        return model
    require_known(names, [*model.start, *model.fixed], "update of")
    return Model(text, {}, at, names, setup=setup_from(options), limits=limits)


def _saving(target: str | None) -> Callable[["Update"], None] | None:
    """What writes the new values, if a file is named. Raises UsageError, before anything is computed."""
    if target is None:
        return None
    from bpcli.report.files import write_whole  # noqa: PLC0415 - loaded where it is used
    from bpcli.report.plain import note_text  # noqa: PLC0415 - the same
    from bpcli.report.saved import saving_for  # noqa: PLC0415 - the same

    content_of = saving_for(target)

    def save(last: "Update") -> None:
        values = {change.name: change.computed["θ_new"] for change in last.changes}
        write_whole(target, content_of({**values, **last.statistics}))
        say(note_text(f"wrote {target}: {len(values)} {'parameter' if len(values) == 1 else 'parameters'}"))

    return save


def _finished(done: Sequence["Update"], save: Callable[["Update"], None] | None) -> int:
    """Say what must be known, save the new values, and the exit code."""
    last = done[-1]
    if save is not None and last.is_finite:
        save(last)
    if last.is_finite:
        return 0
    from bpcli.report.plain import notice_text  # noqa: PLC0415 - most results have no warning

    notices = [notice_text(notice.message, last.graph.text, notice.span) for notice in last.warnings]
    say("".join(notices) or notice_text(f"{last.beyond} is not finite", "", None))
    return OUTSIDE_DOMAIN_EXIT
