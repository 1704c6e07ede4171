"""What a picture of a training shows: its loss, and each metric that it is measured by."""

from collections.abc import Sequence

from bpcli.report.pictures import Chart, Curve
from bpcli.report.training.curve import scale_of
from bpcli.report.training.outcome import Outcome

SHOWN = ("accuracy", "rmse", "mae", "r2")


def training_charts(outcome: Outcome) -> list[Chart]:
    """A chart of the loss, and one of each metric that is shown."""
    history = outcome.history
    epochs = range(1, len(history) + 1)
    training = [record["loss"] for record in history]
    validation = [record.get("validation_loss") for record in history]
    charts = [_chart("Loss", epochs, training, validation)]
    for name in SHOWN:
        measured = [record.get("metrics", {}).get(name) for record in history]
        watched = [record.get("validation_metrics", {}).get(name) for record in history]
        if any(one is not None for one in (*measured, *watched)):
            charts.append(
                _chart(name.upper() if name in ("rmse", "mae") else name.capitalize(), epochs, measured, watched)
            )
    return charts


def _chart(
    title: str, epochs: Sequence[int], training: Sequence[float | None], validation: Sequence[float | None]
) -> Chart:
    curves = [Curve("training", epochs, training)]
    if any(one is not None for one in validation):
        curves.append(Curve("validation", epochs, validation, "dashed"))
    heights = [one for one in (*training, *validation) if one is not None]
    return Chart(title, "epoch", title, curves, is_log=bool(heights) and scale_of(heights).is_log)
