"""`bpcli predict`: a trained network applied to new rows."""

from typing import Any

import click

from bpcli.cli.inputs import LIMIT, limits_from, takes_limits
from bpcli.cli.output import chosen_format, page_for, say, write, write_json, write_lines
from bpcli.errors import OUTSIDE_DOMAIN_EXIT, UsageError
from bpcli.report.plain import note_text, one_line

HELP = """Apply the network of CHECKPOINT, which 'bpcli train --save-checkpoint' wrote, to the rows of a file.

Columns are found by their names, in any order; those that the network was not trained on are left out, with a note.
Rows are standardised as in training, and dropout does nothing. Classes come with their probability. Where the file has
the target too, what was mistaken is marked, and metrics follow.

\b
Examples:
  bpcli predict iris.safetensors --data-file new.csv
  bpcli predict iris.safetensors --data-file new.csv --output-format csv > predicted.csv
  bpcli predict digits.safetensors --data-file digits.csv --json
"""
MOST_IGNORED = 5  # columns in a note


@click.command("predict", help=HELP, short_help="Apply a trained network to new rows.")
@click.argument("checkpoint", metavar="CHECKPOINT", type=click.Path())
@click.option("--data-file", type=click.Path(), metavar="FILE|-", help="The rows: CSV with a header, or .npz.")
@click.option("--json", "-j", "as_json", is_flag=True, help="The same as --output-format json.")
@click.option(
    "--output-format",
    type=click.Choice(["table", "plain", "json", "csv"]),
    help="The form of the result; a table on a terminal, plain elsewhere.",
)
@click.option("--max-rows", type=LIMIT, help="Rows of a table: 50 on a terminal, 10000 elsewhere.")
@takes_limits
def command(checkpoint: str, **options: Any) -> int:
    """Predict the rows of one file."""
    output_format = chosen_format(options["output_format"], json=options["as_json"])
    if options["data_file"] is None:
        message = "there are no rows to predict"
        raise UsageError(
            message, hint=f"add --data-file new.csv, as in bpcli predict {one_line(checkpoint)} --data-file new.csv"
        )
    from bpcli.train.checkpoints import read_checkpoint  # noqa: PLC0415 - --help needs no arrays
    from bpcli.train.predicting import Predictions, Predictor  # noqa: PLC0415 - the same

    limits = limits_from(options)
    predictor = Predictor(read_checkpoint(checkpoint, limits), limits)
    predictions = Predictions(predictor, options["data_file"], limits)
    _show(predictions, output_format, options["max_rows"])
    if output_format != "json" and predictions.ignored:
        say(note_text(_ignored(predictions.ignored)))
    if not predictions.is_finite:
        say(note_text("some predictions are not finite, so there are no metrics"))
    return 0 if predictions.is_finite else OUTSIDE_DOMAIN_EXIT


def _show(predictions: Any, output_format: str, most_rows: int | None) -> None:
    if output_format == "json":
        from bpcli.report.predictions.documents import predict_document  # noqa: PLC0415 - loaded where it is used

        write_json(predict_document(predictions))
    elif output_format == "csv":
        from bpcli.report.predictions.documents import predict_csv  # noqa: PLC0415 - the same

        for text in predict_csv(predictions):
            write(text)
    else:
        from bpcli.report.predictions.screen import prediction_lines  # noqa: PLC0415 - the same

        write_lines(prediction_lines(predictions, page_for(output_format, most_rows)), output_format)


def _ignored(names: tuple[str, ...]) -> str:
    listed = ", ".join(names[:MOST_IGNORED]) + (", …" if len(names) > MOST_IGNORED else "")
    return f"the network was not trained on {listed}, which {'is' if len(names) == 1 else 'are'} left out"
