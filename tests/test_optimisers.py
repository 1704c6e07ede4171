"""Optimisers, schedules and clipping: PyTorch's trajectories, formulas against numbers, blocks, what is refused."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import bpcli
from bpcli.backprop.gradients import gradients_of
from bpcli.errors import UsageError
from bpcli.language.build import Setup, at_point, question_from
from bpcli.train.clipping import Clipping
from bpcli.train.optimisers import OPTIMISERS, Optimiser, optimiser_from
from bpcli.train.optimisers import optimiser as blocks
from bpcli.train.schedules import Schedule, schedule_from
from bpcli.train.weights import Weights

FIXTURES = json.loads((Path(__file__).parent / "fixtures" / "optimisers.json").read_text("utf-8"))
TEXTS = {
    "mse": "x -> Linear(4) -> Tanh -> Linear(2) -> MSELoss(t)",
    "cross_entropy": "x -> Linear(4) -> Tanh -> Linear(2) -> CrossEntropyLoss(t)",
}
FORMS = [
    ("sgd", {}),
    ("sgd", {"momentum": 0.9, "dampening": 0.2, "weight_decay": 0.1}),
    ("sgd", {"momentum": 0.9, "nesterov": True, "maximize": True}),
    ("adam", {}),
    ("adam", {"betas": (0.3, 0.5), "weight_decay": 0.1, "amsgrad": True}),
    ("adamw", {"maximize": True}),
    ("rmsprop", {}),
    ("rmsprop", {"centered": True, "momentum": 0.5, "weight_decay": 0.1}),
    ("adagrad", {"lr_decay": 0.1, "initial_accumulator_value": 0.2}),
]
forms = pytest.mark.parametrize(
    ("name", "options"), FORMS, ids=[f"{name}-{place}" for place, (name, _) in enumerate(FORMS)]
)


def id_of(case: dict[str, Any]) -> str:
    """A case in words."""
    beside = [key for key in ("schedule", "clip_norm", "clip_value") if case[key]]
    return "-".join([case["optimiser"], case["loss"], *case["options"], *beside])


@pytest.mark.parametrize("case", FIXTURES["trajectories"], ids=id_of)
def test_trajectories_are_those_of_pytorch(case: dict[str, Any]) -> None:
    """A hundred steps of a small network in float64, with bpcli's own gradients; a schedule ticks every fifth step."""
    batches, at = FIXTURES["batches"], FIXTURES["weights"]
    weights = Weights({name: np.shape(value) for name, value in at.items()})
    weights.fill(at)
    gradient = Weights(weights.shapes)
    optimiser = optimiser_from(case["optimiser"], case["options"])
    state = optimiser.started(weights.flat.size)
    schedule = schedule_from(*case["schedule"]) if case["schedule"] else Schedule()
    points = [dict(zip("xt", pair, strict=True)) for pair in zip(batches["inputs"], batches[case["loss"]], strict=True)]
    prepared = [at_point(*question_from(TEXTS[case["loss"]], point | at, setup=Setup())) for point in points]
    for step in range(1, 101):
        graph, point, system = prepared[step % 3]
        found = gradients_of(graph, point | weights.views, list(at), system=system)
        gradient.fill(found.gradients)
        Clipping(case["clip_norm"], case["clip_value"]).clip(gradient.flat)
        optimiser.step(weights.flat, gradient.flat, state, schedule.rate(optimiser.rate, (step - 1) // 5))
        if str(step) in case["weights"]:
            assert weights.flat == pytest.approx(case["weights"][str(step)], rel=0, abs=1e-9), step


@pytest.mark.parametrize(
    "case", FIXTURES["schedules"], ids=lambda case: "-".join([case["schedule"], *case["options"], str(case["warmup"])])
)
def test_rates_are_those_of_pytorch(case: dict[str, Any]) -> None:
    """Forty ticks, beyond `T_max`, and behind a warm-up as SequentialLR has it."""
    schedule = schedule_from(case["schedule"], case["options"], case["warmup"])

    rates = [schedule.rate(case["base"], tick) for tick in range(len(case["rates"]))]

    assert rates == pytest.approx(case["rates"], rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("case", FIXTURES["clipping"], ids=lambda case: f"{case['norm']}-{case['value']}")
def test_clipping_is_that_of_pytorch(case: dict[str, Any]) -> None:
    """By norm, by value, and by value before norm; the norm before is told."""
    gradient = np.array(case["gradients"])

    before = Clipping(case["norm"], case["value"]).clip(gradient)

    assert before == pytest.approx(169.25**0.5, rel=1e-15)
    assert gradient == pytest.approx(case["clipped"], rel=1e-14)


def test_a_gradient_without_a_finite_norm_stays_visible() -> None:
    """Clipping does not turn NaN into a number."""
    gradient = np.array([np.nan, 1.0])

    assert np.isnan(Clipping(norm=1.0).clip(gradient))
    assert np.isnan(gradient).all()


def evaluated(optimiser: Optimiser, names: dict[str, float], *, is_first: bool) -> dict[str, float]:
    """What each formula gives, by `bpcli grad`, with the values of the formulas before it."""
    known = dict(names)
    for name, text in optimiser.formulas(is_first=is_first).items():
        used = {variable.name for variable in bpcli.parse(text, known).variables}
        known[name] = bpcli.grad(text, {key: value for key, value in known.items() if key in used}).value
    return known


NUMBERS = st.floats(-4, 4, allow_subnormal=False)


@forms
@given(data=st.data())
def test_the_formulas_shown_give_the_numbers(name: str, options: dict[str, Any], data: st.DataObject) -> None:
    """Every name of every formula, at the first step and at a later one, as the language reads it."""
    optimiser = optimiser_from(name, options)
    step = data.draw(st.sampled_from([1, 2, 40]))
    w, g = data.draw(NUMBERS), data.draw(NUMBERS)
    slots = {slot.name: data.draw(st.floats(0.01, 2)) + 4 * (slot.symbol == "v") for slot in optimiser.slots}
    slots |= {"grad_avg": data.draw(st.floats(-0.1, 0.1))} if "grad_avg" in slots else {}
    computed = optimiser.computed(
        np.array([w]), np.array([g]), {key: np.array([value]) for key, value in slots.items()}, step
    )

    names = {
        "θ": w,
        "g": g,
        "t": step,
        **optimiser.numbers,
        **{slot.symbol: slots[slot.name] for slot in optimiser.slots},
    }
    shown = evaluated(optimiser, names, is_first=step == 1)

    assert list(optimiser.formulas(is_first=step == 1)) == list(computed)
    for key, value in computed.items():
        assert value[0] == pytest.approx(shown[key], rel=1e-13, abs=1e-13), key


@forms
@pytest.mark.parametrize("block", [1, 7, 100])
def test_blocks_of_any_size_give_the_same_bits(
    name: str, options: dict[str, Any], block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How the flat array is cut is no part of the answer."""
    optimiser, random = optimiser_from(name, options), np.random.default_rng(3)
    start, gradients = random.normal(size=100), random.normal(size=(3, 100))

    def after(size: int) -> list[bytes]:
        monkeypatch.setattr(blocks, "BLOCK", size)
        weights, state = start.copy(), optimiser.started(100)
        for gradient in gradients:
            optimiser.step(weights, gradient, state)
        assert state.steps == 3
        return [weights.tobytes(), *[slot.tobytes() for slot in state.slots.values()]]

    assert after(block) == after(1000)


@forms
def test_a_step_leaves_the_gradient_as_it_is(name: str, options: dict[str, Any]) -> None:
    """Weight decay and maximizing make a gradient of their own."""
    optimiser, gradient = optimiser_from(name, options), np.array([1.0, -2.0])

    optimiser.step(np.array([3.0, 4.0]), gradient, optimiser.started(2))

    assert gradient.tolist() == [1, -2]


REFUSED: list[tuple[str, dict[str, Any], str, str]] = [
    ("adem", {}, "there is no optimiser 'adem'", "did you mean 'adam'?"),
    ("sgd", {"momentun": 1}, "sgd has no option 'momentun'", "did you mean 'momentum'?"),
    ("adagrad", {"betas": "0,0"}, "adagrad has no option 'betas'", "its options are lr, lr_decay,"),
    ("sgd", {"lr": "-1"}, "lr of sgd is a number from 0 on, not -1", "bounds"),
    ("sgd", {"nesterov": "true"}, "Nesterov momentum needs a momentum above 0", "0.9"),
    ("sgd", {"nesterov": True, "momentum": 0.9, "dampening": 0.1}, "no dampening", "leave out dampening"),
    ("adam", {"betas": "0.9"}, "betas of adam takes 2 numbers, not '0.9'", "0.9,0.999"),
    ("adam", {"betas": "0.9,1"}, "betas of adam is a number from 0 on, below 1, not 1", "bounds"),
    ("adam", {"amsgrad": "maybe"}, "amsgrad of adam is true or false, not 'maybe'", "true or false"),
    ("adam", {"eps": "x"}, "eps of adam takes a finite number, not 'x'", "1e-2"),
    ("rmsprop", {"alpha": "inf"}, "alpha of rmsprop takes a finite number, not 'inf'", "1e-2"),
]


@pytest.mark.parametrize(
    ("name", "options", "message", "hint"), REFUSED, ids=[f"{one[0]}-{'-'.join(one[1])}" for one in REFUSED]
)
def test_what_pytorch_refuses_is_refused_in_words(name: str, options: dict[str, Any], message: str, hint: str) -> None:
    """An error says what, and what now."""
    with pytest.raises(UsageError) as error:
        optimiser_from(name, options)

    assert message in error.value.message
    assert hint in (error.value.hint or "")


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("cosinus", {}, "there is no schedule 'cosinus'"),
        ("step", {}, "the schedule 'step' needs step_size"),
        ("step", {"step_size": "0"}, "step_size of the schedule 'step' is a whole number from 1 on, not 0"),
        ("step", {"step_size": "2.5"}, "a whole number from 1 on, not 2.5"),
        ("constant", {"gamma": "1"}, "the schedule 'constant' has no option 'gamma'"),
    ],
)
def test_schedules_refuse_in_words_too(name: str, options: dict[str, str], message: str) -> None:
    """The same for schedules."""
    with pytest.raises(UsageError, match=message):
        schedule_from(name, options)


def test_options_are_read_from_text() -> None:
    """As they are typed, in the forms of Python's too."""
    options = optimiser_from("adam", {"betas": "(0.8, 0.9)", "amsgrad": "True", "lr": "1e-2"}).options

    assert (options["betas"], options["amsgrad"], options["lr"]) == ((0.8, 0.9), True, 0.01)
    assert set(OPTIMISERS) == {"sgd", "adam", "adamw", "rmsprop", "adagrad"}
