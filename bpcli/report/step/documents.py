"""Updates for programs: the JSON of `step`."""

from collections.abc import Sequence

from bpcli.report.documents import (
    NO_HEAD,
    Document,
    envelope,
    json_number,
    json_value,
    json_values,
    seed_of,
    warning_entries,
)
from bpcli.train.model import Model
from bpcli.train.optimisers import Optimiser
from bpcli.train.updates import Change, Update


def step_document(done: Sequence[Update], optimiser: Optimiser, model: Model, text: str) -> Document:
    """The answer of `step`: every number of every update."""
    is_finite = all(update.is_finite for update in done)
    return envelope("ok" if is_finite else "nonfinite", NO_HEAD, "step") | {
        "expression": text,
        "inputs": json_values(model.start | model.fixed),
        **seed_of(model.network),
        "optimizer": {"name": optimiser.name, "options": _options(optimiser)},
        "updates": [_update(update, optimiser) for update in done],
        "value": json_number(done[-1].loss_after),
        "warnings": warning_entries([notice for update in done for notice in update.warnings]),
    }


def _options(optimiser: Optimiser) -> Document:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in optimiser.options.items()}


def _update(update: Update, optimiser: Optimiser) -> Document:
    return {
        "step": update.step,
        "loss": json_number(update.loss),
        "loss_after": json_number(update.loss_after),
        "gradient_norm": json_number(update.norm),
        "clipped_norm": json_number(update.clipped_norm),
        "formulas": optimiser.formulas(is_first=update.step == 1),
        "parameters": {change.name: _change(change, optimiser) for change in update.changes},
        **({"running_statistics": json_values(update.statistics)} if update.statistics else {}),
    }


def _change(change: Change, optimiser: Optimiser) -> Document:
    after = {slot.name: change.computed[f"{slot.symbol}_new"] for slot in optimiser.slots}
    return {
        "value": json_value(change.value),
        "gradient": json_value(change.gradient),
        "clipped_gradient": json_value(change.clipped),
        "state": json_values(change.state),
        "state_after": json_values(after),
        "new_value": json_value(change.computed["θ_new"]),
    }
