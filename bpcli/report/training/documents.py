"""A training as JSON: a line for each epoch, and a document at the end."""

from collections.abc import Iterable
from typing import Any

from bpcli.report.documents import Document, envelope, json_text
from bpcli.report.training.outcome import Outcome
from bpcli.train.forms import strict

UNFINISHED = frozenset({"nonfinite", "interrupted"})


def history_lines(records: Iterable[dict[str, Any]]) -> bytes:
    """Epochs as JSON Lines, UTF-8."""
    return "".join([f"{json_text(strict(record))}\n" for record in records]).encode()


def train_document(outcome: Outcome) -> Document:
    """The answer of `train`. It holds no time, so that a run that was interrupted and resumed has the same."""
    return {
        **envelope(outcome.status if outcome.status in UNFINISHED else "ok", {}, "train"),
        "expression": outcome.expression,
        "random_seed": outcome.random_seed,
        "data": {
            "samples": outcome.samples,
            "validation_samples": outcome.validation,
            "inputs": {name: [*columns] for name, columns in outcome.inputs.items()},
            "target": outcome.target,
            "target_columns": [*outcome.target_columns],
            "classes": [*outcome.classes],
        },
        "parameters": {name: [*shape] for name, shape in outcome.parameters.items()},
        "optimizer": {"name": outcome.optimizer, **{name: _plain(one) for name, one in outcome.options.items()}},
        "batch_size": outcome.batch_size,
        "stopped": outcome.status,
        "reason": outcome.reason,
        "epochs": len(outcome.history),
        "steps": outcome.step,
        "best_epoch": outcome.best,
        "history": [strict(record) for record in outcome.history],
        "files": dict(outcome.files),
        "warnings": [{"message": text, "span": None} for text in outcome.warnings],
    }


def _plain(value: Any) -> Any:
    return [*value] if isinstance(value, tuple) else value
