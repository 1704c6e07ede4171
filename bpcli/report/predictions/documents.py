"""Predictions for programs: JSON, and CSV a part at a time."""

import csv
from collections.abc import Iterator
from io import StringIO
from typing import Any

from bpcli.report.documents import NO_HEAD, Document, envelope, json_number, json_value
from bpcli.report.figures import full
from bpcli.report.grades.spreadsheet import as_text
from bpcli.report.predictions.metrics import metrics_entry
from bpcli.report.predictions.samples import Sample, samples_of, target_names
from bpcli.train.predicting import Predictions
from bpcli.train.roles import Roles


def predict_document(predictions: Predictions) -> Document:
    """The answer of `predict`: every sample, in the order of the file, and the metrics where targets are known."""
    roles = predictions.roles
    entries = [_entry(sample, roles) for part in predictions for sample in samples_of(part, roles)]
    found = predictions.metrics
    return envelope("ok" if predictions.is_finite else "nonfinite", NO_HEAD, "predict") | {
        "expression": predictions.text,
        "target": list(target_names(roles)),
        "classes": list(roles.classes) or None,
        "predictions": entries,
        "metrics": None if found is None else metrics_entry(found),
        "ignored": list(predictions.ignored),
    }


def _entry(sample: Sample, roles: Roles) -> Document:
    if not roles.classes:
        known = {} if sample.target is None else {"target": json_value(sample.target)}
        return {"row": sample.place, "values": json_value(sample.predicted), **known}
    known = {} if sample.target is None else {"target": roles.classes[sample.target]}
    probabilities = list(map(json_number, sample.probabilities))
    return {"row": sample.place, "class": roles.classes[sample.predicted], "probabilities": probabilities, **known}


def predict_csv(predictions: Predictions) -> Iterator[str]:
    """CSV, the header and then the rows of each part: `row,predicted,probability`, the target, each probability.

    Of values `row`, then a column for each entry that is predicted, and for each of the target. A text that a
    spreadsheet would take for a formula has an apostrophe before it.
    """
    roles, has_targets = predictions.roles, predictions.has_targets
    is_first = True
    for part in predictions:
        samples = list(samples_of(part, roles))
        if is_first:
            yield _row(_header(samples[0], roles, has_targets=has_targets))
            is_first = False
        yield "".join([_row(_cells(sample, roles)) for sample in samples])


def _header(sample: Sample, roles: Roles, *, has_targets: bool) -> list[str]:
    names = target_names(roles)
    if roles.classes:
        is_known = [f"{names[0]}"] if has_targets else []
        return ["row", "predicted", "probability", *is_known, *[f"probability of {name}" for name in roles.classes]]
    count = sample.predicted.size
    names = names if len(names) == count else tuple([f"{names[0]}[{place}]" for place in range(count)])
    return ["row", *[f"{name} predicted" for name in names], *(names if has_targets else ())]


def _cells(sample: Sample, roles: Roles) -> list[str]:
    if not roles.classes:
        known = () if sample.target is None else sample.target.ravel().tolist()
        return [str(sample.place), *map(full, sample.predicted.ravel().tolist()), *map(full, known)]
    known = [] if sample.target is None else [roles.classes[sample.target]]
    likeliest = full(sample.probabilities[sample.predicted])
    return [str(sample.place), roles.classes[sample.predicted], likeliest, *known, *map(full, sample.probabilities)]


def _row(cells: list[Any]) -> str:
    written = StringIO()
    csv.writer(written, lineterminator="\n").writerow([_safe(cell) for cell in cells])
    return written.getvalue()


def _safe(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula; a number, with its sign, is none."""
    try:
        float(cell)
    except ValueError:
        return as_text(cell)
    return cell
