"""`bpcli train`: the loop of loss, backpropagation and update, on data from a file."""

from typing import Any

import click

from bpcli.cli.arguments import ExpressionCommand
from bpcli.cli.initialising import takes_initialisation
from bpcli.cli.inputs import (
    LIMIT,
    Number,
    WholeNumber,
    limits_from,
    question_from,
    takes_limits,
    takes_parameters,
    takes_values,
    taking,
    with_flags,
    with_option,
)
from bpcli.cli.optimizing import require_own_names, takes_optimizer, takes_schedule
from bpcli.cli.output import chosen_format
from bpcli.errors import MissingValueError, UnknownNameError, UsageError

HELP = """Train EXPR on the samples of a CSV or .npz file, by gradient descent.

EXPR is a network that ends in a loss, or an expression whose value is one number. A network learns its parameters, an
expression the variables that are given a first value, as by --w 0. A column named like a variable is this variable; all
others but the target are the one that is left.

\b
Examples:
  bpcli train "x -> Linear(16) -> Tanh -> Linear(3) -> CrossEntropyLoss(label)" --data-file iris.csv
      --target-column species --optimizer-name adam --learning-rate 0.05 --epochs-count 200
  bpcli train "mean((w*x + b - y)**2)" --data-file line.csv --w 0 --b 0 --learning-rate 0.1
  bpcli train --resume-from run.safetensors --data-file iris.csv --epochs-count 400
"""
KEPT = (  # of the options, those that a run depends on
    "names", "target_columns", "left_out", "validation_share", "standardize_inputs", "epochs_count", "batch_size",
    "early_stopping", "least_gain", "check_every", "random_seed", "initial_weights", "initial_scale",
    "optimizer_name", "learning_rate", "momentum_factor", "weight_decay", "nesterov_momentum", "optimizer_options",
    "clip_norm", "clip_value", "schedule_name", "schedule_options", "warmup_epochs",
)  # fmt: skip


def _takes_data(command: Any) -> Any:
    """The options of the data: where they are, and which part is not trained on."""
    return taking(
        command,
        click.option("--data-file", type=click.Path(), metavar="FILE", help="The samples: .csv with names, or .npz."),
        click.option(
            "--target-column",
            "target_columns",
            multiple=True,
            metavar="NAME",
            help="The column that the target of the loss is; may be repeated.",
        ),
        click.option(
            "--ignore-column",
            "left_out",
            multiple=True,
            metavar="NAME",
            help="A column that is no input, such as a name; may be repeated.",
        ),
        click.option(
            "--validation-share",
            type=click.FloatRange(min=0, max=1, max_open=True),
            default=0.0,
            show_default=True,
            help="The share of the samples, drawn from the seed, to validate on.",
        ),
        click.option("--validation-file", type=click.Path(), metavar="FILE", help="Other samples to validate on."),
        click.option(
            "--standardize-inputs", is_flag=True, help="Inputs less their mean, over their standard deviation."
        ),
        click.option(
            "--with-respect-to", "names", multiple=True, metavar="NAMES", help="Learn only these, such as w,b."
        ),
    )


def _takes_loop(command: Any) -> Any:
    """The options of the loop: how long, and in which parts."""
    return taking(
        command,
        click.option("--epochs-count", type=LIMIT, default=100, show_default=True, help="Times through the data."),
        click.option(
            "--batch-size", type=WholeNumber(min=0), default=32, show_default=True, help="Samples a step; 0: all."
        ),
        click.option(
            "--early-stopping",
            type=LIMIT,
            metavar="PATIENCE",
            help="Stop after so many epochs without a better loss, of validation if there is one; keep the best.",
        ),
        click.option(
            "--least-gain",
            type=Number(min=0),
            default=0.0,
            show_default=True,
            help="By how much a better loss is lower.",
        ),
        click.option("--check-every", type=LIMIT, metavar="N", help="Check the live gradient every N steps."),
    )


def _takes_files(command: Any) -> Any:
    """The options of what is written, and of what a run goes on from."""
    return taking(
        command,
        click.option(
            "--save-checkpoint", type=click.Path(), metavar="FILE", help="Keep the run in FILE, .safetensors."
        ),
        click.option("--checkpoint-every", type=LIMIT, metavar="STEPS", help="Save it every so many steps too."),
        click.option("--resume-from", type=click.Path(), metavar="FILE", help="Go on from a checkpoint."),
        click.option("--history-file", type=click.Path(), metavar="FILE", help="A line of JSON for each epoch."),
        click.option(
            "--plot-file", type=click.Path(), metavar="FILE", help="Draw losses and metrics, .png or .svg (extra plot)."
        ),
    )


@click.command("train", cls=ExpressionCommand, help=HELP, short_help="Train a network on data.")
@click.argument("expression", metavar="EXPR", required=False)
@_takes_data
@_takes_loop
@takes_optimizer
@takes_schedule
@takes_initialisation
@_takes_files
@takes_values
@takes_parameters
@click.option("--json", "-j", "as_json", is_flag=True, help="The same as --output-format json.")
@click.option("--output-format", type=click.Choice(["table", "plain", "json"]), help="The form of the result.")
@click.option("-q", "is_quiet", is_flag=True, help="Print nothing but errors.")
@takes_limits
@click.pass_context
def command(ctx: click.Context, /, expression: str | None, **options: Any) -> int:
    """Train, and tell what it came to."""
    typed: dict[str, str] = ctx.obj
    try:
        return _trained(ctx, expression, typed, options)
    except MissingValueError as error:
        raise with_flags(error) from error
    except UnknownNameError as error:
        raise with_option(error, typed, ctx.command) from error


def _trained(ctx: click.Context, expression: str | None, typed: dict[str, str], options: dict[str, Any]) -> int:
    _require_files(options)
    output_format = chosen_format(options["output_format"], json=options["as_json"])
    from bpcli.cli.training import answer  # noqa: PLC0415 - this brings NumPy, which options do not need

    checkpoint = None
    if options["resume_from"] is not None:
        from bpcli.cli.resuming import options_of_run  # noqa: PLC0415 - most runs begin anew
        from bpcli.train.checkpoints import read_checkpoint  # noqa: PLC0415 - the same

        source = options["resume_from"]
        checkpoint = read_checkpoint(source, limits_from(options))
        options = options_of_run(ctx, options, checkpoint.document["options"], KEPT, source)
        expression = checkpoint.document["expression"] if expression is None else expression
    limits = limits_from(options)
    text, at = question_from(expression, typed, options, limits, "train")
    require_own_names(typed, text, ctx.command)
    return answer(text, at, options, KEPT, checkpoint, output_format=output_format)


def _require_files(options: dict[str, Any]) -> None:
    """Raise UsageError where a file that is needed is not named, or one that has no use is."""
    if options["data_file"] is None:
        message = "there are no data to train on"
        raise UsageError(message, hint="name a file of samples, as in --data-file iris.csv")
    if options["validation_file"] is not None and options["validation_share"]:
        message = "--validation-file and --validation-share contradict each other"
        raise UsageError(message, hint="leave out one of them")
    if options["data_file"] == options["validation_file"] == "-":
        message = "standard input can be read once, for --data-file or for --validation-file"
        raise UsageError(message, hint="put one of them in a file")
    if options["checkpoint_every"] is not None and options["save_checkpoint"] is None:
        message = "--checkpoint-every needs a file to write to"
        raise UsageError(message, hint="add --save-checkpoint FILE.safetensors")
    if options["plot_file"] is not None:
        from bpcli.report.pictures import form_of  # noqa: PLC0415 - loaded for pictures only

        form_of(options["plot_file"])
