"""Predictions as a table, cut at the rows of a page, with the metrics below it."""

from collections.abc import Sequence
from itertools import chain, islice

from bpcli.report.layout import Column, Line, Row, table
from bpcli.report.page import Page
from bpcli.report.plain import one_line
from bpcli.report.predictions.metrics import metrics_lines
from bpcli.report.predictions.samples import Sample, samples_of, target_names
from bpcli.train.predicting import Predictions
from bpcli.train.roles import Roles

MOST_VALUES = 8  # columns of values; more are shown as one array
NUMBER = Column("right", "note")
NAME = Column("left", "name")
VALUE = Column("point", "value")


def prediction_lines(predictions: Predictions, page: Page) -> list[Line]:
    """The predictions of every sample, which are made here, as lines."""
    roles = predictions.roles
    samples = chain.from_iterable(samples_of(part, roles) for part in predictions)
    shown = list(islice(samples, page.most_rows))
    count = len(shown) + sum(1 for _ in samples)
    about = "1 sample" if count == 1 else f"{count} samples"
    lines = page.title("PREDICTIONS", about)
    lines += _classes(shown, predictions, page) if roles.classes else _values(shown, predictions, page)
    lines += page.left_out(count)
    found = predictions.metrics
    return [*lines, [], *metrics_lines(found, page)] if found else lines


def _classes(samples: Sequence[Sample], predictions: Predictions, page: Page) -> list[Line]:
    roles, (target,) = predictions.roles, target_names(predictions.roles)
    columns, heading = [NUMBER, NAME, VALUE], ["row", f"{one_line(target)} predicted", "probability"]
    rows = []
    for sample in samples:
        cells = [
            str(sample.place),
            _class(roles, sample.predicted),
            page.number(sample.probabilities[sample.predicted]),
        ]
        if predictions.has_targets:
            cells.append(_class(roles, sample.target))
        rows.append(Row(tuple(cells), ("mistaken",) if sample.is_mistaken else ()))
    if predictions.has_targets:
        columns, heading = [*columns, NAME], [*heading, "target"]
    return table(columns, rows, page.width, tuple(heading))


def _class(roles: Roles, number: int) -> str:
    return one_line(roles.classes[number])


def _values(samples: Sequence[Sample], predictions: Predictions, page: Page) -> list[Line]:
    names = [one_line(name) for name in target_names(predictions.roles)]
    is_split = (
        all(getattr(sample.predicted, "size", 1) == len(names) for sample in samples) and len(names) <= MOST_VALUES
    )
    names = names if is_split else [", ".join(names[:MOST_VALUES])]
    heads = [
        "row",
        *[f"{name} predicted" for name in names],
        *[f"{name} target" for name in names if predictions.has_targets],
    ]
    rows = []
    for sample in samples:
        known = [sample.target] if predictions.has_targets else []
        cells = [cell for value in (sample.predicted, *known) for cell in _cells(value, page, is_split=is_split)]
        rows.append(Row((str(sample.place), *cells)))
    return table([NUMBER, *[VALUE] * (len(heads) - 1)], rows, page.width, tuple(heads))


def _cells(value: object, page: Page, *, is_split: bool) -> list[str]:
    """A cell for each entry of a value, or one for all."""
    return [page.number(entry) for entry in value.ravel().tolist()] if is_split else [page.value(value)]  # type: ignore[attr-defined] # an array
