"""The loop: loss, backpropagation, update, over the batches of each epoch; what happens is told as events.

Everything that a run depends on is the plan, the data and the state, and after each event the state is whole: a run
that is cut there and goes on ends with the same bits. Chance has no state of its own: the order of an epoch and the
masks of a step follow from the seed, and from the number of the epoch or the step.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

from bpcli.numbers.arrays import arrays
from bpcli.train.batches import CHUNK, Values, count_of, order_of, parts, taken
from bpcli.train.live_checks import Checked, live_check
from bpcli.train.model import Model
from bpcli.train.plan import Plan
from bpcli.train.state import State
from bpcli.train.stepping import StepDone, Stepping
from bpcli.train.stopping import Stopped, has_waited_enough, watched


class EpochDone(NamedTuple):
    """An epoch is over: its number, from 1 on, updates so far, rate, and losses.

    `loss` is the mean over the samples as they were trained, each batch with the weights of its time, `validation_loss`
    that of the validation data in evaluation mode, None where there are none. `is_best` says whether the loss that is
    watched is the best so far.
    """

    epoch: int
    step: int
    rate: float
    loss: float
    metrics: Mapping[str, float]
    validation_loss: float | None
    validation_metrics: Mapping[str, float]
    is_best: bool


Event: TypeAlias = StepDone | EpochDone | Checked | Stopped


def trained(plan: Plan, model: Model, data: Values, state: State, validation: Values | None = None) -> Iterator[Event]:
    """Train until the plan is fulfilled, and tell what happens; the last event is Stopped.

    The state changes in place, and is whole whenever an event comes. It is that of a new run, or of one that was cut.
    """
    count = count_of(data)
    size = plan.batch_size or count
    stepping = Stepping(plan, model, state)
    while state.epoch < plan.epochs and not has_waited_enough(state, plan.patience):
        order: Any = order_of(count, plan.random_seed, state.epoch) if size < count else None
        for places in list(parts(count, size))[state.batch :]:
            chosen = places if order is None else order[places]
            batch = taken(data, chosen)
            if plan.check_every and (state.step + 1) % plan.check_every == 0:
                checked = live_check(model, state, batch)
                yield checked
                if checked.is_wrong:
                    yield Stopped("differ", state.epoch + 1, state.step + 1, state.batch + 1, checked.text)
                    return
            done = stepping.step(batch, chosen, count)
            yield done
            if isinstance(done, Stopped):
                return
        yield _epoch_done(plan, model, data, state, validation)
    reason = "finished" if state.epoch >= plan.epochs else "patience"
    yield Stopped(reason, state.epoch, state.step, 0)


def _epoch_done(plan: Plan, model: Model, data: Values, state: State, validation: Values | None) -> EpochDone:
    """Measure the epoch, keep its weights if they are the best, and begin the next."""
    count = count_of(data)
    loss = state.loss if model.adds_up else state.loss / count
    metrics = measured(plan, state.predictions, data)
    validation_loss, validation_metrics = None, dict[str, float]()
    if validation is not None:
        validation_loss, predictions = evaluated(model, state.weights, state.buffers, validation)
        validation_metrics = measured(plan, predictions, validation)
    rate = plan.rate(state.epoch)
    state.epoch += 1
    is_best = watched(state, loss if validation_loss is None else validation_loss, plan)
    state.batch, state.loss, state.predictions = 0, 0.0, None
    done = EpochDone(state.epoch, state.step, rate, loss, metrics, validation_loss, validation_metrics, is_best)
    state.history.append(record_of(done))
    return done


def record_of(done: EpochDone) -> dict[str, Any]:
    """An epoch as JSON has it; no times, so that a run that was cut has the same history."""
    record: dict[str, Any] = {"epoch": done.epoch, "step": done.step, "rate": done.rate, "loss": done.loss}
    record |= {"metrics": dict(done.metrics)} if done.metrics else {}
    if done.validation_loss is not None:
        record["validation_loss"] = done.validation_loss
        record |= {"validation_metrics": dict(done.validation_metrics)} if done.validation_metrics else {}
    return record


def measured(plan: Plan, predictions: Any, data: Values) -> dict[str, float]:
    """The metrics of predictions; none where there are no predictions."""
    return {} if plan.metrics is None or predictions is None else dict(plan.metrics(predictions, data))


def evaluated(model: Model, weights: Any, buffers: Values, data: Values, chunk: int = CHUNK) -> tuple[float, Any]:
    """The loss over all samples and the predictions, in evaluation mode, a chunk of samples at a time."""
    count, total, predictions = count_of(data), 0.0, None
    for places in parts(count, chunk):
        with arrays.at_work():
            found = model.forward(weights, buffers, taken(data, places))
        total += found.loss * (1 if model.adds_up else places.stop - places.start)
        predictions = model.gathered(predictions, found.prediction, places, places.stop - places.start, count)
    return total if model.adds_up else total / count, predictions
