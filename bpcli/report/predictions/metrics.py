"""How good predictions are, as lines and as JSON; of use to training too."""

from collections.abc import Sequence

from bpcli.report.documents import Document, json_number
from bpcli.report.layout import Column, Line, Piece, Row, table
from bpcli.report.page import Page
from bpcli.report.plain import one_line
from bpcli.train.metrics import Classification, ClassScore, Regression

TITLES = {
    "accuracy": "accuracy",
    "cross_entropy": "cross-entropy",
    "macro_precision": "macro precision",
    "macro_recall": "macro recall",
    "macro_f1": "macro F1",
    "rmse": "RMSE",
    "mae": "MAE",
    "r2": "R²",
}
NONE = "-"
GAP = "  "


def metrics_lines(found: Classification | Regression, page: Page) -> list[Line]:
    """The metrics that are one number; of classes also those of each, and what each was taken for."""
    samples = "1 sample" if found.samples == 1 else f"{found.samples} samples"
    rows = [Row((TITLES[name], page.number(value))) for name, value in found.summary.items()]
    lines = [
        *page.title("METRICS", samples),
        *table([Column("left", "name"), Column("point", "value")], rows, page.width),
    ]
    if isinstance(found, Regression):
        return lines
    return [*lines, [], *_scores(found.scores, page), *_confusion(found, page)]


def _scores(scores: Sequence[ClassScore], page: Page) -> list[Line]:
    columns = [Column("left", "name"), *[Column("point", "value")] * 3, Column("right", "value")]
    rows = [
        Row(
            (
                one_line(one.name),
                *[_share(share, page) for share in (one.precision, one.recall, one.f1)],
                str(one.support),
            )
        )
        for one in scores[: page.most_rows]
    ]
    return [
        *table(columns, rows, page.width, ("class", "precision", "recall", "F1", "samples")),
        *page.left_out(len(scores)),
    ]


def _share(share: float | None, page: Page) -> str:
    return NONE if share is None else page.number(share)


def _confusion(found: Classification, page: Page) -> list[Line]:
    """How often each class was taken for each, where that is not too wide for the page."""
    if found.confusion is None or len(found.scores) > page.most_rows:
        return []
    names = [one_line(one.name) for one in found.scores]
    columns = [Column("left", "name"), *[Column("right", "value")] * len(names)]
    rows = [Row((name, *map(str, counts))) for name, counts in zip(names, found.confusion, strict=True)]
    lines = table(columns, rows, float("inf"), (f"target {page.signs.arrow} predicted", *names))
    if max(len("".join([piece.text for piece in line])) for line in lines) > page.width:
        return [[], [Piece(f"{GAP}what each class was taken for is wider than the page; --json has it", "note")]]
    return [[], *lines]


def metrics_entry(found: Classification | Regression) -> Document:
    """The metrics as JSON has them."""
    document: Document = {"samples": found.samples}
    document |= {name: json_number(value) for name, value in found.summary.items()}
    if isinstance(found, Regression):
        return {**document, "r2": None if found.r2 is None else json_number(found.r2)}
    classes = [
        {"class": one.name, "support": one.support, "precision": one.precision, "recall": one.recall, "f1": one.f1}
        for one in found.scores
    ]
    confusion = None if found.confusion is None else [list(row) for row in found.confusion]
    return {**document, "classes": classes, "confusion": confusion}
