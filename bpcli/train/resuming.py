"""What a checkpoint keeps of a run, and the run that goes on from it."""

from collections.abc import Mapping
from typing import Any

from bpcli.errors import ShapeError, UsageError
from bpcli.graph.op import Shape
from bpcli.graph.shapes import shape_text
from bpcli.language.values import shape_of
from bpcli.numbers.arrays import arrays
from bpcli.train.batches import taken
from bpcli.train.checkpoints import Checkpoint
from bpcli.train.data import Data
from bpcli.train.forms import strict, unstrict
from bpcli.train.runs import Run, fingerprint
from bpcli.train.state import restored

BEST, LAST = "best/", "last/"  # of weights: those of the best epoch, and those that training goes on from
FIXED = "fixed/"  # values that are given and not learned
PREDICTIONS = "predictions"  # of the epoch that has begun
BEGUN_OTHERWISE = "give what the run began with, or leave out --resume-from to begin anew"


def document_of(run: Run, options: Mapping[str, Any], version: str) -> dict[str, Any]:
    """What a checkpoint says of a run beside its arrays; `options` are those of the command, as they are typed."""
    return {
        "version": version,
        "expression": run.model.text.text,
        "options": dict(options),
        "roles": run.data.roles.document(),
        "standardisation": run.standardisation and run.standardisation.document(),
        "data": {
            "samples": run.data.size,
            "validation": run.validation.size if run.validation else 0,
            "fingerprint": _of_data(run),
            "given": run.begun_with,
        },
        "progress": strict(run.state.numbers()),
    }


def tensors_of(run: Run) -> dict[str, Any]:
    """The arrays of a checkpoint. With early stopping its weights are the best so far."""
    found = {name: arrays.value(value) for name, value in run.state.arrays().items()}
    if PREDICTIONS in found:
        found[f"epoch/{PREDICTIONS}"] = found.pop(PREDICTIONS)
    if run.state.best is not None:
        for name in _own(run):
            found[LAST + name], found[name] = found[name], found.pop(BEST + name)
    return found | {FIXED + name: arrays.value(value) for name, value in run.model.fixed.items()}


def resumed(run: Run, checkpoint: Checkpoint, source: str) -> Run:
    """The run where the checkpoint left it.

    Raises UsageError where the data are others, where the checkpoint is further than the plan, or where its arrays are
    not those of the model.
    """
    told, progress = checkpoint.document["data"], unstrict(checkpoint.document["progress"])
    _require_data(run, told, source)
    if progress["epoch"] > run.plan.epochs:
        message = f"{source} has {progress['epoch']} epochs behind it, more than {run.plan.epochs}"
        raise UsageError(message, hint=f"give --epochs-count a number from {progress['epoch']} on")
    if not _tells_of_each_epoch(progress):
        message = f"{source} says that {progress['epoch']} epochs are done, and does not tell of each of them"
        raise UsageError(message, hint=BEGUN_OTHERWISE)
    tensors = _as_in_state(checkpoint.tensors)
    _require_fitting(run, tensors, source, has_best=progress["best"] is not None)
    return run._replace(state=restored(run.model, run.plan.optimiser, progress, tensors))


def _tells_of_each_epoch(progress: Mapping[str, Any]) -> bool:
    """Whether the history is that of the epochs that are done, among which the best one is."""
    history, count, best = progress["history"], progress["epoch"], progress["best"]
    is_whole = len(history) == count and all(one["epoch"] == at for at, one in enumerate(history, 1))
    return is_whole and (best is None or 1 <= best["epoch"] <= count)


def _as_in_state(tensors: Mapping[str, Any]) -> dict[str, Any]:
    """The arrays under the names that `State.arrays` gives them."""
    found = dict(tensors)
    for name in [name for name in found if name.startswith(LAST)]:
        own = name.removeprefix(LAST)
        found[BEST + own], found[own] = found.get(own), found.pop(name)
    if f"epoch/{PREDICTIONS}" in found:
        found[PREDICTIONS] = found.pop(f"epoch/{PREDICTIONS}")
    return found


def _require_data(run: Run, told: Mapping[str, Any], source: str) -> None:
    if told["fingerprint"] == _of_data(run):
        return
    sizes = [run.data.size, run.validation.size if run.validation else 0]
    message = f"the data are not those of {source}"
    if sizes != [told["samples"], told["validation"]]:
        message += f": it was trained on {told['samples']} samples and validated on {told['validation']}, "
        message += f"and these are {sizes[0]} and {sizes[1]}"
    raise UsageError(message, hint=BEGUN_OTHERWISE)


def _of_data(run: Run) -> str:
    return fingerprint({**run.data.values, **_beside(run.validation)})


def _beside(validation: Data | None) -> dict[str, Any]:
    return {} if validation is None else {f"validation {name}": one for name, one in validation.values.items()}


def _own(run: Run) -> tuple[str, ...]:
    return (*run.model.learned, *run.model.buffers)


def _require_fitting(run: Run, tensors: Mapping[str, Any], source: str, *, has_best: bool) -> None:
    """Raise UsageError or ShapeError where an array that the run needs is missing, or has another shape."""
    needed: dict[str, Shape] = {name: shape_of(value) for name, value in run.state.arrays().items()}
    if has_best:
        needed |= {BEST + name: needed[name] for name in _own(run)}
    if PREDICTIONS in tensors:
        needed[PREDICTIONS] = _shape_of_predictions(run)
    for name, shape in needed.items():
        if tensors.get(name) is None:
            message = f"{source} has no array {name}, which this run needs"
            raise UsageError(message, hint=BEGUN_OTHERWISE)
        if shape_of(tensors[name]) != shape:
            message = f"{name} in {source} has shape {shape_text(shape_of(tensors[name]))}, not {shape_text(shape)}"
            raise ShapeError(message, hint=BEGUN_OTHERWISE)


def _shape_of_predictions(run: Run) -> Shape:
    """The shape that the predictions for all samples have."""
    few = run.model.forward(run.state.weights, run.state.buffers, taken(run.data.values, slice(0, 1))).prediction
    return (run.data.size, *shape_of(few)[1:])
