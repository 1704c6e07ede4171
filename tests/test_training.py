"""The loop: it learns, goes on to the bit where it was cut, stops early, and stops where numbers end."""

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, cast

import numpy as np
import pytest

from bpcli.check.findings import Verdict
from bpcli.errors import UsageError
from bpcli.graph.op import REGISTRY, ByInput
from bpcli.language.build import Setup, grad
from bpcli.train.batches import order_of
from bpcli.train.clipping import Clipping
from bpcli.train.model import Model
from bpcli.train.optimisers import optimiser_from
from bpcli.train.plan import Plan
from bpcli.train.schedules import schedule_from
from bpcli.train.state import State, restored, state_of
from bpcli.train.stepping import StepDone
from bpcli.train.stopping import Stopped
from bpcli.train.training import EpochDone, Event, evaluated, trained

COUNT = 22
CHANCE = np.random.default_rng(0)
POINTS = CHANCE.standard_normal((COUNT, 4))
LABELS = (POINTS.sum(axis=1) > 0).astype(float)
DATA = {"x": POINTS, "t": LABELS}
LINE = np.linspace(0.0, 1.0, 16)
WITH_EVERYTHING = "x -> Linear(6) -> BatchNorm1d -> Tanh -> Dropout(0.3) -> Linear(2) -> CrossEntropyLoss(t)"


def accuracy(predictions: Any, data: Mapping[str, Any]) -> dict[str, float]:
    """The share of the samples whose class is known."""
    return {"accuracy": float((predictions.argmax(axis=1) == data["t"]).mean())}


def careful(epochs: int) -> Plan:
    """A plan with all that has a state: Adam, a cosine, clipping, early stopping, metrics of each epoch."""
    return Plan(
        optimiser_from("adam", {"lr": 0.05}),
        epochs,
        batch_size=8,
        schedule=schedule_from("cosine", {"T_max": 10}),
        clipping=Clipping(norm=1.0),
        random_seed=3,
        patience=4,
        metrics=accuracy,
    )


def run(text: str, data: Mapping[str, Any], plan: Plan, **given: Any) -> tuple[State, list[Event]]:
    """A whole training; where it ended, and what happened."""
    model = Model(text, data, **given)
    state = state_of(model, plan.optimiser)
    return state, list(trained(plan, model, data, state))


def plain(epochs: int, rate: float = 0.1, **options: Any) -> Plan:
    """Gradient descent."""
    return Plan(optimiser_from("sgd", {"lr": rate}), epochs, **options)


def through_files(state: State) -> tuple[dict[str, Any], dict[str, Any]]:
    """The state as a checkpoint keeps it: JSON text, and copies of the arrays."""
    numbers: dict[str, Any] = json.loads(json.dumps(state.numbers(), allow_nan=False))
    return numbers, {name: np.array(value) for name, value in state.arrays().items()}


def bits_of(state: State) -> tuple[str, dict[str, bytes]]:
    """All of a state, to the bit."""
    return json.dumps(state.numbers()), {name: np.asarray(value).tobytes() for name, value in state.arrays().items()}


@pytest.mark.parametrize("cut", [3, 4, 13, 14, 15, 31], ids=lambda cut: f"after-{cut}-events")
def test_a_run_that_was_cut_ends_with_the_same_bits(cut: int) -> None:
    """Between epochs, and within one: weights, optimiser, running statistics, best weights, history."""
    model, plan = Model(WITH_EVERYTHING, DATA), careful(10)
    whole = state_of(model, plan.optimiser)
    last = list(trained(plan, model, DATA, whole, DATA))[-1]

    cut_one = state_of(model, plan.optimiser)
    before = list(islice(trained(plan, model, DATA, cut_one, DATA), cut))
    again = Model(WITH_EVERYTHING, DATA)
    resumed = restored(again, plan.optimiser, *through_files(cut_one))
    after = list(trained(plan, again, DATA, resumed, DATA))

    assert len(before) == cut
    assert isinstance(last, Stopped)
    assert after[-1] == last
    assert bits_of(resumed) == bits_of(whole)


def test_an_epoch_is_told_as_it_was() -> None:
    """Losses are means over samples, also where the last batch is smaller; the norm is that before clipping."""
    plan = plain(1, 0.0, batch_size=8)
    model = Model("x -> Linear(2) -> CrossEntropyLoss(t)", DATA)
    state = state_of(model, plan.optimiser)
    *steps, done, last = trained(plan, model, DATA, state, DATA)
    whole = grad("x -> Linear(2) -> CrossEntropyLoss(t)", DATA)

    assert [one.batch for one in steps if isinstance(one, StepDone)] == [1, 2, 3]
    assert isinstance(done, EpochDone)
    assert done.loss == pytest.approx(whole.value, rel=1e-13)
    assert done.validation_loss == pytest.approx(whole.value, rel=1e-13)
    assert (done.epoch, done.step) == (1, 3)
    assert last == Stopped("finished", 1, 3, 0)
    assert state.history == [
        {"epoch": 1, "step": 3, "rate": 0.0, "loss": done.loss, "validation_loss": done.validation_loss}
    ]


def test_a_step_is_gradient_descent() -> None:
    """Over all samples at once: w - lr·g, with the gradient that `bpcli grad` shows."""
    text = "x -> Linear(3) -> Tanh -> Linear(2) -> CrossEntropyLoss(t)"
    before = grad(text, DATA)
    state, events = run(text, DATA, plain(1, 0.5))
    (step,) = [one for one in events if isinstance(one, StepDone)]

    norm = sum(float((before.gradients[name] ** 2).sum()) for name in state.weights.views) ** 0.5
    assert step.gradient_norm == pytest.approx(norm, rel=1e-12)
    for name, value in state.weights.views.items():
        expected = before.at[name] - 0.5 * before.gradients[name]
        np.testing.assert_allclose(value, expected, rtol=1e-13, atol=1e-15)


def test_an_expression_learns_what_is_given_a_value() -> None:
    """Least squares, whose answer is known; what is named as not learned stays."""
    data = {"x": LINE, "y": 3 * LINE + 1}
    state, _ = run("mean((w*x + b - y)**2)", data, plain(400, 0.5), given={"w": 0, "b": 0})
    kept, _ = run("mean((w*x + b - y)**2)", data, plain(5), given={"w": 2, "b": 0}, learned=["b"])

    assert float(state.weights.views["w"]) == pytest.approx(3, abs=1e-6)
    assert float(state.weights.views["b"]) == pytest.approx(1, abs=1e-6)
    assert list(kept.weights.views) == ["b"]
    with pytest.raises(UsageError, match="nothing to learn"):
        Model("mean((x - y)**2)", data)
    with pytest.raises(UsageError, match="is an array"):
        run("w*x - y", data, plain(1), given={"w": 0})


def test_a_sum_over_samples_adds_up() -> None:
    """The loss of an epoch is the sum where the loss is a sum, whatever the batches."""
    data = {"x": LINE, "y": 2 * LINE}
    for text in ("sum((w*x - y)**2)", "sum((w*x - y)**2)/2"):
        at_once, _ = run(text, data, plain(1, 0.0), given={"w": 0})
        in_parts, _ = run(text, data, plain(1, 0.0, batch_size=5), given={"w": 0})
        assert in_parts.history[0]["loss"] == pytest.approx(at_once.history[0]["loss"], rel=1e-13)
        assert Model(text, data, {"w": 0}).adds_up
    from_0 = {"x": LINE, "y": np.where(LINE < 0.5, 0.0, LINE)}  # of the first samples the first loss is 0
    assert Model("sum((w*x - y)**2)", from_0, {"w": 0}).adds_up
    assert not Model("mean((w*x - y)**2)", from_0, {"w": 0}).adds_up


@pytest.mark.filterwarnings("error")
def test_validation_beyond_float64_is_told_in_numbers() -> None:
    """Its loss is infinite, and nothing but that is said."""
    model = Model("mean((w*x - y)**2)", {"x": LINE, "y": LINE}, {"w": 1})
    loss, _ = evaluated(model, model.weights(), {}, {"x": LINE * 1e200, "y": LINE})

    assert loss == float("inf")


def test_masks_and_orders_are_drawn_anew() -> None:
    """Each epoch has an order of its own, each step a mask of its own; a seed gives the same again."""
    text = "x -> Dropout(0.5) -> Linear(2) -> CrossEntropyLoss(t)"
    orders = [order_of(COUNT, 0, epoch).tolist() for epoch in range(2)]
    _, still = run(text, DATA, plain(2, 0.0))
    _, again = run(text, DATA, plain(2, 0.0))
    _, other = run(text, DATA, plain(2, 0.0), setup=Setup(random_seed=1))

    assert sorted(orders[0]) == sorted(orders[1]) == list(range(COUNT))
    assert orders[0] != orders[1]
    losses = [one.loss for one in still if isinstance(one, StepDone)]
    assert losses[0] != losses[1]
    assert still == again
    assert still != other


def test_validation_is_in_evaluation_mode_and_in_chunks() -> None:
    """As `bpcli grad --evaluation-mode` has it, however many samples go at once."""
    model = Model(WITH_EVERYTHING, DATA)
    weights = model.weights()
    whole = grad(WITH_EVERYTHING, {**DATA, **weights.views, **model.buffers}, evaluation_mode=True)
    for chunk in (COUNT, 5):
        loss, predictions = evaluated(model, weights, model.buffers, DATA, chunk)
        assert loss == pytest.approx(whole.value, rel=1e-13)
        assert predictions.shape == (COUNT, 2)


def test_running_statistics_follow() -> None:
    """One step with the whole batch: a tenth of the batch's mean, as PyTorch's momentum has it."""
    state, _ = run("x -> BatchNorm1d -> Linear(2) -> CrossEntropyLoss(t)", DATA, plain(1))

    np.testing.assert_allclose(state.buffers["0.running_mean"], 0.1 * POINTS.mean(axis=0), rtol=1e-12)


def test_early_stopping_keeps_the_best() -> None:
    """A rate at which the loss rises at once: the first epoch stays the best, and after two more the run ends."""
    data = {"x": LINE, "y": 2 * LINE}
    plan = plain(50, 10.0, patience=2)
    state, events = run("mean((w*x - y)**2)", data, plan, given={"w": 0})
    best = state.best

    assert events[-1] == Stopped("patience", 3, 3, 0)
    assert [one.is_best for one in events if isinstance(one, EpochDone)] == [True, False, False]
    assert best is not None
    assert best.epoch == 1
    assert best.loss == state.history[0]["loss"]
    assert not np.array_equal(best.weights, state.weights.flat)
    small, _ = run("mean((w*x - y)**2)", data, plain(50, 1e-3, patience=2, least_gain=1.0), given={"w": 0})
    assert small.epoch == 3


def test_epochs_waited_in_vain_are_remembered() -> None:
    """A run that was cut while it waited waits no longer than one that was not; between epochs it keeps no more."""
    data = {"x": LINE, "y": 2 * LINE}
    model, plan = Model("mean((w*x - y)**2)", data, {"w": 0}), plain(50, 10.0, patience=2)
    state = state_of(model, plan.optimiser)
    assert len(list(islice(trained(plan, model, data, state), 4))) == 4
    again = restored(model, plan.optimiser, *through_files(state))

    assert (state.epoch, state.waited) == (2, 1)
    assert set(state.arrays()) == {"w", "best/w"}
    assert list(trained(plan, model, data, again))[-1] == Stopped("patience", 3, 3, 0)


def test_the_rate_of_an_epoch_is_that_of_its_steps() -> None:
    """A schedule ticks behind each epoch."""
    schedule = schedule_from("step", {"step_size": 1, "gamma": 0.5})
    state, events = run("x -> Linear(2) -> CrossEntropyLoss(t)", DATA, plain(3, 0.25, schedule=schedule))

    assert [record["rate"] for record in state.history] == [0.25, 0.125, 0.0625]
    assert [one.rate for one in events if isinstance(one, StepDone)] == [0.25, 0.125, 0.0625]
    assert "predictions" not in state.arrays()


def test_the_best_statistics_are_those_of_the_best_epoch() -> None:
    """They go on moving, as the weights do; a training that ended there has the same."""
    text = "x -> BatchNorm1d -> Linear(2) -> CrossEntropyLoss(t)"
    state, _ = run(text, DATA, plain(6, 50.0, patience=9))
    best = state.best

    assert best is not None
    assert best.epoch < state.epoch
    ended, _ = run(text, DATA, plain(best.epoch, 50.0))
    np.testing.assert_array_equal(best.weights, ended.weights.flat)
    for name, value in ended.buffers.items():
        np.testing.assert_array_equal(best.buffers[name], value)
        assert not np.array_equal(best.buffers[name], state.buffers[name])


def test_a_number_that_is_not_finite_stops_before_the_step() -> None:
    """The logarithm of a negative number, in the third batch: epoch, step, batch and the first bad step are told."""
    data = {"x": np.arange(1.0, 5.0)}
    data["x"][order_of(4, 0, 0)[2]] = -1.0
    plan = plain(3, 0.25, batch_size=1)
    model = Model("mean(w*log(x))", data, {"w": 1})
    state = state_of(model, plan.optimiser)
    *_, done, last = trained(plan, model, data, state)

    assert isinstance(done, StepDone)
    assert isinstance(last, Stopped)
    assert (last.reason, last.epoch, last.step, last.batch) == ("nonfinite", 1, 3, 3)
    assert "log" in last.text
    assert np.isfinite(state.weights.flat).all()
    assert state.step == done.step == 2


def test_a_gradient_that_is_not_finite_stops_too() -> None:
    """√w at 0 has a value and no slope."""
    _, events = run("mean(sqrt(w)*x)", {"x": LINE}, plain(1), given={"w": 0})
    last = cast("Stopped", events[-1])

    assert last.reason == "nonfinite"
    assert "its slope does not" in last.text


def test_an_update_that_is_not_finite_is_taken_back() -> None:
    """Adam without eps divides 0 by 0 where no gradient comes: weights, averages and statistics stay as they were."""
    text = "x -> Linear(3) -> BatchNorm1d -> ReLU -> Linear(2) -> CrossEntropyLoss(t)"
    model, plan = Model(text, DATA), Plan(optimiser_from("adam", {"eps": 0.0}), 1, batch_size=11)
    model.start["3.weight"] = np.zeros((2, 3))  # so that nothing flows back to the layers before
    state = state_of(model, plan.optimiser)
    before = bits_of(state)
    (last,) = trained(plan, model, DATA, state)

    assert isinstance(last, Stopped)
    assert (last.reason, last.step, last.batch) == ("nonfinite", 1, 1)
    assert last.text == "the update, at a rate of 0.001, leaves 0.weight not finite"
    assert bits_of(state) == before


def test_statistics_that_are_not_finite_stop_too() -> None:
    """A variance beyond float64, by which everything is divided: the loss is a number, and would stay one."""
    data = {"x": POINTS * 1e200, "t": LABELS}
    state, (last,) = run("x -> BatchNorm1d -> Linear(2) -> CrossEntropyLoss(t)", data, plain(1))

    assert isinstance(last, Stopped)
    assert last.text == "the update, at a rate of 0.1, leaves 0.running_var not finite"
    assert np.isfinite(state.buffers["0.running_var"]).all()


def test_a_rate_beyond_float64_is_infinite() -> None:
    """PyTorch's recursion multiplies on, and stays at 0."""
    schedule = schedule_from("step", {"step_size": 1, "gamma": 1e200})

    assert [schedule.rate(1e-3, tick) for tick in (1, 2)] == [1e197, float("inf")]
    assert schedule.rate(0.0, 2) == 0


def checked(events: list[Event]) -> Iterator[Any]:
    """The checks among events."""
    return (one for one in events if type(one).__name__ == "Checked")


def test_live_checks_agree() -> None:
    """Every second step; each entry where there are few, some of them where there are many."""
    _, events = run(WITH_EVERYTHING, DATA, careful(2)._replace(check_every=2))
    found = list(checked(events))

    assert [one.step for one in found] == [2, 4, 6]
    assert {one.verdict for one in found} == {Verdict.AGREE}
    assert all(one.entries == one.of for one in found)


def test_a_live_check_of_many_says_how_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond its budget chance draws the entries, others at each step."""
    monkeypatch.setattr("bpcli.check.differences.FEWEST_ENTRIES", 3)
    monkeypatch.setattr("bpcli.train.live_checks.live_check.__defaults__", (10.0,))
    _, events = run("x -> Linear(9) -> Tanh -> Linear(2) -> CrossEntropyLoss(t)", DATA, plain(1, check_every=1))
    (found,) = checked(events)

    assert found.entries == 11  # 3 of each, and 2 of the last bias
    assert found.of == 4 * 9 + 9 + 9 * 2 + 2
    assert found.verdict is Verdict.AGREE


def test_a_live_check_sees_a_wrong_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule that is a hundredth off ends the run before the step, with the entry named."""
    right = REGISTRY["matmul"].pullback
    assert isinstance(right, ByInput)
    to_left, to_right = right.rules
    monkeypatch.setattr(REGISTRY["matmul"], "pullback", ByInput(to_left, lambda *inputs: 1.01 * to_right(*inputs)))
    state, events = run("x -> Linear(2) -> CrossEntropyLoss(t)", DATA, plain(2, check_every=1))
    (found,), last = checked(events), events[-1]

    assert found.verdict is Verdict.DIFFER
    assert "0.weight[" in found.text
    assert isinstance(last, Stopped)
    assert last.reason == "differ"
    assert state.step == 0


def test_nothing_is_computed_for_the_data(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rule of a product is not asked for the side of the data."""
    asked: list[str] = []
    right = REGISTRY["matmul"].pullback
    assert isinstance(right, ByInput)
    to_left, to_right = right.rules

    def watched(*inputs: Any) -> Any:
        asked.append("left")
        return to_left(*inputs)

    monkeypatch.setattr(REGISTRY["matmul"], "pullback", ByInput(watched, to_right))
    run("x -> Linear(3) -> Tanh -> Linear(2) -> CrossEntropyLoss(t)", DATA, plain(1))

    assert asked == ["left"]  # by the second layer
