"""What a training came to, on the screen: the data, the way, its epochs, and the curve of its loss."""

from collections.abc import Mapping, Sequence
from math import inf, prod
from typing import Any

from bpcli.report.layout import Column, Line, Piece, Row, table, text_of
from bpcli.report.page import TITLE, Page
from bpcli.report.plain import one_line
from bpcli.report.training.curve import loss_curve
from bpcli.report.training.outcome import Outcome

MOST_NAMED = 6  # columns or classes
ENDS = {
    "finished": "all epochs are done",
    "patience": "stopped early: the loss did not improve any more",
    "nonfinite": "stopped: {reason}",
    "differ": "stopped: {reason}",
}
SHORT_NAMES = {"macro_precision": "", "macro_recall": "", "macro_f1": "", "cross_entropy": ""}  # JSON has them


def training_screen(outcome: Outcome, page: Page) -> list[Line]:
    """Sections: what was trained on what, the epochs that count, the curve."""
    sections = [_about(outcome, page), _epochs(outcome, page), _curve(outcome, page)]
    return [line for section in sections if section for line in (*section, [])][:-1]


def _about(outcome: Outcome, page: Page) -> list[Line]:
    words: list[tuple[str, str]] = [("data", _samples(outcome))]
    words += [(name, _columns(columns)) for name, columns in outcome.inputs.items() if columns and columns != (name,)]
    if outcome.target is not None and (outcome.classes or outcome.target_columns not in ((), (outcome.target,))):
        classes = f": {_listed(outcome.classes)}" if outcome.classes else ""
        words.append((outcome.target, f"{_listed(outcome.target_columns or (outcome.target,))}{classes}"))
    size = sum(map(prod, outcome.parameters.values()))
    drawn = f", drawn from seed {outcome.random_seed}" if outcome.drawn else ""
    words.append(("parameters", f"{size} in {_counted(len(outcome.parameters), 'array')}{drawn}"))
    words.append(
        ("optimizer", f"{outcome.optimizer}: {_options(outcome.options, page)}, batches of {outcome.batch_size}")
    )
    words.append(("end", _end(outcome)))
    words += [(what, _file(what, target, outcome)) for what, target in outcome.files.items()]
    rows = [Row((one_line(name), one_line(text))) for name, text in words]
    columns = (Column("left", "heading"), Column("left"))
    set_in = table(columns, rows, float("inf"))
    wide = max(len(name) for name, _ in words) + 4
    lines = [part for line in set_in for part in _wrapped(line, page, wide)]
    return [*_title(one_line(" ".join(outcome.expression.split())), page), *lines]


def _title(text: str, page: Page) -> list[Line]:
    """The name of the section and the text, on lines of its own where it is long."""
    if len(text) + TITLE <= page.line:
        return page.title("TRAINING", text)
    return [[Piece("TRAINING", "title")], *[[Piece(part, "note")] for part in page.wrapped(text, 2, 5)]]


def _wrapped(line: Line, page: Page, below: int) -> list[Line]:
    """A row on as many lines as the page asks for."""
    head, *rest = line[:2]
    text = "".join([piece.text for piece in line[2:]]).strip()
    return [
        [head, *rest, Piece("  "), Piece(part.strip())] if number == 0 else [Piece(" " * below), Piece(part.strip())]
        for number, part in enumerate(page._replace(width=page.width - below).wrapped(text) or [""])
    ]


def _samples(outcome: Outcome) -> str:
    told = f"{_counted(outcome.samples, 'sample')} to train on"
    return told + (f", {outcome.validation} to validate on" if outcome.validation else "")


def _columns(columns: Sequence[str]) -> str:
    return f"{_listed(columns)}, {len(columns)} columns" if len(columns) > MOST_NAMED else _listed(columns)


def _listed(names: Sequence[str]) -> str:
    if len(names) <= MOST_NAMED:
        return ", ".join(names)
    return f"{', '.join(names[: MOST_NAMED - 2])}, …, {names[-1]}"


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _options(options: Mapping[str, Any], page: Page) -> str:
    """The options that do something: of a truth value or a number, those that are not false or 0."""
    return ", ".join([f"{name} {_option(value, page)}" for name, value in options.items() if value])


def _option(value: Any, page: Page) -> str:
    if isinstance(value, tuple | list):
        return "(" + ", ".join([_option(part, page) for part in value]) + ")"
    return page.number(value) if isinstance(value, int | float) and value is not True else str(value).lower()


def _end(outcome: Outcome) -> str:
    told = ENDS[outcome.status].format(reason=outcome.reason)
    told += f", {_counted(len(outcome.history), 'epoch')}, {_counted(outcome.step, 'step')}"
    return told


def _file(what: str, target: str, outcome: Outcome) -> str:
    if what != "checkpoint" or outcome.best is None:
        return target
    return f"{target}: the weights of epoch {outcome.best}, the best, and what it takes to go on"


def _epochs(outcome: Outcome, page: Page) -> list[Line]:
    """The first, the best and the last epoch, with losses and metrics."""
    if not outcome.history:
        return []
    best = outcome.best if outcome.best is not None else _best(outcome.history)
    chosen = {1: "first", best: "best", len(outcome.history): "last"}
    first = outcome.history[0]
    metrics = [name for name in first.get("metrics", {}) if name not in SHORT_NAMES]
    watched = [name for name in first.get("validation_metrics", {}) if name not in SHORT_NAMES]
    heading = ("", "epoch", "rate", "loss", *metrics)
    heading += ("validation loss",) if "validation_loss" in first else ()
    heading += tuple([f"validation {name}" for name in watched])
    rows = []
    for epoch, word in sorted(chosen.items()):
        record = outcome.history[epoch - 1]
        numbers = [record["rate"], record["loss"], *[record.get("metrics", {}).get(name) for name in metrics]]
        numbers += [record.get("validation_loss")] if "validation_loss" in first else []
        numbers += [record.get("validation_metrics", {}).get(name) for name in watched]
        rows.append(Row((word, str(epoch), *["" if one is None else page.number(one) for one in numbers])))
    columns = [
        Column("left", "name"),
        Column("right"),
        *[Column("point", "value", caption=name) for name in heading[2:]],
    ]
    lines = table(columns, rows, inf, tuple(heading), needs_heading=True)
    if max(map(len, map(text_of, lines))) > page.width:
        lines = _side_by_side([tuple(heading), *[row.cells for row in rows]], page)
    return [*page.title("EPOCHS"), *lines]


def _side_by_side(cells: Sequence[Sequence[str]], page: Page) -> list[Line]:
    """A column for each epoch, where a row for each is too long."""
    heading, *rows = [Row(texts) for texts in zip(*cells, strict=True)]
    columns = [Column("left", "heading"), *[Column("point", "value", caption=word) for word in heading.cells[1:]]]
    return table(columns, rows, page.width, heading.cells, needs_heading=True)


def _best(history: Sequence[Mapping[str, Any]]) -> int:
    """The epoch with the least loss, of validation where there is one; the first of them."""
    losses = [record.get("validation_loss", record["loss"]) for record in history]
    return losses.index(min(losses)) + 1


def _curve(outcome: Outcome, page: Page) -> list[Line]:
    history = outcome.history
    return loss_curve(
        [record["loss"] for record in history],
        [record.get("validation_loss") for record in history] if "validation_loss" in (history or [{}])[0] else [],
        page,
    )
