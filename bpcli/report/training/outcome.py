"""What a training came to, as the screen and the documents tell it."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from bpcli.train.runs import Run
from bpcli.train.stopping import Stopped


class Outcome(NamedTuple):
    """A training that is over.

    `status` is `finished`, `patience`, `nonfinite`, `differ` or `interrupted`, `reason` says more of the last three.
    `history` has a record for each epoch; `best` is the number of the best epoch of early stopping. `options` are those
    of the optimiser and of its schedule, by name; `files` are what was written, by what it holds. `warnings` are what
    to know about the text, and about how the training went.
    """

    expression: str
    status: str
    reason: str
    step: int
    history: Sequence[dict[str, Any]]
    best: int | None
    parameters: Mapping[str, tuple[int, ...]]
    samples: int
    validation: int
    inputs: Mapping[str, Sequence[str]]
    target: str | None
    target_columns: Sequence[str]
    classes: Sequence[str]
    optimizer: str
    options: Mapping[str, Any]
    batch_size: int
    random_seed: int
    drawn: bool
    files: Mapping[str, str]
    warnings: Sequence[str] = ()


def outcome_of(run: Run, stopped: Stopped, files: Mapping[str, str], warnings: Sequence[str] = ()) -> Outcome:
    """What a run came to that stopped, and wrote these files."""
    plan, state, roles = run.plan, run.state, run.data.roles
    schedule = {} if plan.schedule.name == "constant" else {"schedule": plan.schedule.name, **plan.schedule.options}
    warmup = {"warmup_epochs": plan.schedule.warmup} if plan.schedule.warmup else {}
    clipping = {f"clip_{name}": most for name, most in plan.clipping._asdict().items() if most is not None}
    return Outcome(
        expression=run.model.text.text,
        status=stopped.reason,
        reason=stopped.text and f"step {stopped.step}: {stopped.text}",
        step=state.step,
        history=state.history,
        best=state.best.epoch if state.best else None,
        parameters={name: tuple(view.shape) for name, view in state.weights.views.items()},
        samples=run.data.size,
        validation=run.validation.size if run.validation else 0,
        inputs=roles.inputs,
        target=roles.target,
        target_columns=roles.target_columns,
        classes=roles.classes,
        optimizer=plan.optimiser.name,
        options={**plan.optimiser.options, **schedule, **warmup, **clipping},
        batch_size=min(plan.batch_size or run.data.size, run.data.size),
        random_seed=plan.random_seed,
        drawn=run.is_drawn,
        files=files,
        warnings=warnings,
    )
