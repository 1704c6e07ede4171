"""Each fault of a flow: a net that has it is diagnosed, with the evidence, and one that has it not is left alone."""

from typing import Any

import numpy as np
import pytest
from diagnosed import (
    diagnoses,
    he,
    kinds,
    layers,
    moved,
    one_of,
    recurrent,
    regression,
    sequences,
    xavier,
)

from bpcli import UsageError, grad
from bpcli.flow.diagnoses import DEFAULTS, KINDS, KNOWN, thresholds_from

RNN = "x -> RNN(16) -> Linear(2) -> MSELoss(t)"
ORTHOGONAL = np.linalg.qr(np.random.default_rng(3).normal(size=(16, 16)))[0]
BARE = "x -> RNN(2, bias=False, nonlinearity='relu') -> MSELoss(t)"
GIVEN = {"x": np.full((30, 1, 2), 0.01), "t": np.zeros((30, 1, 2)), "0.weight_ih_l0": np.eye(2)}


# Vanishing and exploding ----------------------------------------------------------------------------------------


def test_sigmoids_vanish_and_the_slope_is_the_reason() -> None:
    """Ten sigmoids leave less than a millionth; the slope of each is at most 1/4."""
    found = one_of("vanishing", diagnoses(layers("Sigmoid", 10), regression()))

    assert found.where == "through depth, 20 Linear to 0 Linear"
    assert "Sigmoid gives ×0.24" in found.evidence
    assert "at most 1/4" in found.evidence
    assert (found.threshold, found.limit) == ("vanishing", 1e-4)


def test_the_default_weights_vanish_at_depth_20_and_he_initialisation_does_not() -> None:
    """Weights within ±1/√fan_in have 1/√6 = 0.408 of the size that ReLU asks for: 0.408^20 = 1.6e-8."""
    text = layers("ReLU", 20, 64)
    found = one_of("vanishing", diagnoses(text, regression()))

    assert "the weights are 0.41 times as large as those of He initialisation" in found.evidence
    assert "--initial-weights he" in found.remedy
    assert diagnoses(text, regression(), he(1)) == ()


def test_a_few_default_layers_are_no_fault() -> None:
    """0.408^5 = 0.011 is small, and far from vanishing."""
    assert diagnoses(layers("ReLU", 5, 64), regression()) == ()


@pytest.mark.parametrize(("scale", "kind"), [(0.5, "vanishing"), (1.0, None), (1.5, "exploding")])
def test_a_recurrence_is_diagnosed_by_its_products(scale: float, kind: str | None) -> None:
    """An orthogonal recurrent weight times 0.5 vanishes over 50 steps, times 1.5 it explodes, alone neither.

    The inputs are small, so that tanh has the slope 1.
    """
    at = sequences(50)
    found = diagnoses(RNN, {**at, "x": at["x"] / 1e12}, recurrent(scale * ORTHOGONAL))

    assert kinds(found) - {"input scale"} == ({kind} if kind else set())
    if kind:
        assert f"k = {scale}" in one_of(kind, found).evidence
        assert "through time" in one_of(kind, found).where


def test_the_spectrum_counts_and_not_the_elements() -> None:
    """[[0.9, 0.9], [0.9, 0.9]] explodes with 1.8^t, [[0, 5], [0, 0]] vanishes: its square is 0."""
    grows = one_of("exploding", diagnoses(BARE, {**GIVEN, "0.weight_hh_l0": [[0.9, 0.9], [0.9, 0.9]]}))
    fades = one_of("vanishing", diagnoses(BARE, {**GIVEN, "0.weight_hh_l0": [[0.0, 5.0], [0.0, 0.0]]}))

    assert "k = 1.8" in grows.evidence
    assert "is 1.8, above 1 although no element is beyond 0.9" in grows.evidence
    assert "= 0 after 29 steps" in fades.evidence
    assert "is 0, below 1 although an element is 5" in fades.evidence


@pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])
def test_slopes_that_shrink_a_large_recurrence_are_the_reason(nonlinearity: str) -> None:
    """An orthogonal weight times 30 has the radius 30: what fades is flattened, and more of the same is no remedy."""
    text = f"x -> RNN(1, nonlinearity='{nonlinearity}') -> Linear(2) -> MSELoss(t)"
    found = one_of("vanishing", diagnoses(text, sequences(30), recurrent([[-30.0]])))

    assert "is 30, so that it is the slopes of the activation that shrink it, which are 0." in found.evidence
    assert "a smaller --initial-scale" in found.remedy
    assert "orthogonal" not in found.remedy


def test_a_matrix_that_was_typed_is_not_drawn() -> None:
    """Without a network there is neither --initial-weights nor an LSTM."""
    text = "; ".join([f"h{t} = W @ h{t - 1}" for t in range(1, 4)] + ["sum(h3)"])
    found = one_of("vanishing", diagnoses(text, {"W": [[0.0, 5.0], [0.0, 0.0]], "h0": [1.0, 1.0]}))

    assert found.evidence.startswith("‖∂h3/∂h0‖ = 0 after 3 steps")
    assert found.remedy == "a recurrent weight of spectral radius about 1"


@pytest.mark.parametrize(
    ("text", "at", "remedy"),
    [
        ("x -> BCELoss(t)", {"x": [2.0], "t": [1.0]}, "a Sigmoid in front of BCELoss, or BCEWithLogitsLoss"),
        ("y = log(x)*w", {"x": 0.0, "w": 1.0}, "above 0, as in log(x + 1e-12)"),
        ("y = w/x", {"x": 0.0, "w": 1.0}, "keep the divisor away from 0"),
        ("y = w*exp(x)", {"x": 1e3, "w": 1.0}, "a stable form, softmax"),
        ("y = w*x", {"x": 1e200, "w": 1e200}, "smaller: standardise inputs"),
        ("y = where(x > 0, sqrt(x), 2*x)*w", {"x": -1.0, "w": 1.0}, "mask what goes into the step as well"),
    ],
    ids=["log_loss", "log", "div", "exp", "overflow", "masked"],
)
def test_the_remedy_is_that_of_the_op_that_broke(text: str, at: dict[str, Any], remedy: str) -> None:
    """A logarithm, a division and an overflow are mended in different ways."""
    found = [one for one in diagnoses(text, at) if one.kind == "not finite" and one.where.startswith("forward")]

    assert [remedy in one.remedy for one in found] == [True]


def test_what_clipping_gives_is_computed() -> None:
    """By norm the direction is kept; by value the entries beyond are cut, and the cosine says how far it turns."""
    text = "x -> " + " -> ".join(["Linear(8)"] * 6) + " -> Linear(4) -> MSELoss(t)"
    found = one_of("exploding", diagnoses(text, regression(), lambda _, value: 50 * value))

    assert found.threshold == "exploding"
    assert "becomes 1, its direction kept" in found.remedy
    assert "cuts 100% of its entries" in found.remedy or "cuts over 99%" in found.remedy
    assert "direction turned (cosine 0." in found.remedy


def test_numbered_statements_are_a_recurrence() -> None:
    """A scalar h(t) = w·h(t-1) fades with w^t."""
    text = "; ".join([f"h{t} = w*h{t - 1}" for t in range(1, 31)])

    found = next(one for one in diagnoses(text, {"w": 0.5, "h0": 1.0}) if "k = 0.5" in one.evidence)

    assert found.where == "through time, h"
    assert "‖∂h30/∂h0‖ = 9.31e-10 after 30 steps" in found.evidence
    assert "--initial-weights" not in found.remedy
    assert diagnoses(text, {"w": 1.0, "h0": 1.0}) == ()


# Units --------------------------------------------------------------------------------------------------------


def test_saturated_tanh_is_found_where_it_is() -> None:
    """Weights ten times too large saturate about half; Xavier's do not."""
    found = diagnoses(layers("Tanh", 3), regression(), lambda _, value: 10 * value)
    saturated = [one for one in found if one.kind == "saturated"]

    assert {one.where for one in saturated} == {"1 Tanh", "3 Tanh", "5 Tanh"}
    assert all("of 1024 entries have |local| < 0.001" in one.evidence for one in saturated)
    assert diagnoses(layers("Tanh", 3), regression(), xavier(0)) == ()


def test_a_saturated_gate_is_named() -> None:
    """The rows of an LSTM's biases are those of the gates i, f, g and o: the last quarter closes the output."""
    text, at = "x -> LSTM(4) -> Linear(2) -> MSELoss(t)", sequences(5)

    def closed(name: str, value: Any) -> Any:
        return np.where(np.arange(16) >= 12, -20.0, value) if name == "0.bias_ih_l0" else value

    assert [one.where for one in diagnoses(text, at, closed) if one.kind == "saturated"] == ["0 LSTM, gate o"]
    assert diagnoses(text, at) == ()


def test_a_confident_probability_is_not_saturated() -> None:
    """What a BCELoss takes is meant to be near 0 and 1; the same sigmoid before an MSELoss is not."""
    at: dict[str, Any] = {"x": np.full((9, 1), 10.0), "t": np.zeros((9, 1)), "0.weight": [[2.0]], "0.bias": [0.0]}

    assert kinds(diagnoses("x -> Linear(1) -> Sigmoid -> BCELoss(t)", at)) == set()
    assert kinds(diagnoses("x -> Linear(1) -> Sigmoid -> MSELoss(t)", at)) == {"saturated"}


@pytest.mark.parametrize(("by", "kind", "says"), [(-10, "dead relu", "are 0"), (10, "relu always on", "are above 0")])
def test_relus_on_one_side_are_found(by: float, kind: str, says: str) -> None:
    """A bias of ∓10 leaves a layer off, or on, for every sample; the layers behind are no finding of their own."""
    found = [one for one in diagnoses(layers("ReLU", 3), regression(), moved("0.bias", by)) if one.kind == kind]

    assert [one.where for one in found] == ["1 ReLU"]
    assert f"all 32 units {says} for each of 32 samples" in found[0].evidence


def test_some_dead_units_are_numbered() -> None:
    """Four biases of -10 among 32."""

    def change(name: str, value: Any) -> Any:
        return np.where(np.isin(np.arange(32), [3, 7, 8, 30]), -10, value) if name == "0.bias" else value

    found = one_of("dead relu", diagnoses(layers("ReLU", 2), regression(), change))

    assert "4 of 32 units (units 3, 7, 8, 30) are 0" in found.evidence


def test_dead_units_are_told_from_chance_by_their_number() -> None:
    """Weights below 0 and inputs above: none is far below 0, but 32 of 32 units off have a chance of 2^-32."""
    at = regression()
    text = layers("ReLU", 1)
    found = one_of("dead relu", diagnoses(text, {**at, "x": abs(at["x"])}, lambda _, value: -abs(value)))

    assert found.threshold == "dead-chance"
    assert "a probability below 2.33e-10" in found.evidence
    assert "dead relu" not in kinds(diagnoses(layers("ReLU", 1, 16), at, lambda _, value: -abs(value)))


ACROSS = "x -> Linear(32) -> ReLU -> Linear(4) -> MSELoss(t)"


def test_dead_units_are_told_from_chance_by_random_signs() -> None:
    """Samples that point into many directions leave hardly a unit off by chance: 13 of 32 are too many."""
    at = regression(64)
    at["x"] += 1

    def change(name: str, value: Any) -> Any:
        return np.where(np.arange(32)[:, None] < 12, -abs(value), value) if name == "0.weight" else value

    found = one_of("dead relu", diagnoses(ACROSS, at, change))

    assert "13 of 32 units (units 0, 1, 2, 3, 4, …) are 0 for each of 64 samples" in found.evidence
    assert "with random signs of the weights less than 2% of units are" in found.evidence
    assert found.threshold == "dead-chance"
    assert "learning rate" in found.remedy  # the weights were given, so training made them


def test_dead_units_are_told_from_chance_by_the_sum_of_their_inputs() -> None:
    """All samples point into one direction, where any unit is off with 1/2: together the inputs are too far below 0."""
    at = {**regression(64), "x": np.ones((64, 16))}

    def change(name: str, value: Any) -> Any:
        rows = np.where(np.arange(32) < 3, 0.1, -0.5)[:, None]
        return value * 0 + rows if name == "0.weight" else value * (value.ndim > 1)

    found = one_of("dead relu", diagnoses(ACROSS, at, change))

    assert "29 of 32 units" in found.evidence
    assert "random signs of the weights bring the mean inputs so far out" in found.evidence


def test_small_inputs_are_the_cause_that_is_named() -> None:
    """Beside inputs of 1e-4 biases decide which units are off; behind a bottleneck that is off as well."""
    point = regression(64)

    assert [one.kind for one in diagnoses(ACROSS, {**point, "x": point["x"] / 1e4})] == ["input scale"]
    narrow = "x -> Linear(3) -> ReLU -> Linear(64) -> ReLU -> Linear(4) -> MSELoss(t)"
    shut = diagnoses(narrow, point, lambda name, value: value - 10 if name == "0.bias" else value)
    assert [one.where for one in shut if one.kind in {"dead relu", "relu always on"}] == ["1 ReLU"]


def test_a_dead_channel_is_a_unit_of_a_convolution() -> None:
    """A channel is dead if it is 0 for all samples and places."""
    text = "x -> Conv2d(4, 3) -> ReLU -> Flatten -> Linear(4) -> MSELoss(t)"
    at = {**regression(8), "x": np.random.default_rng(0).normal(size=(8, 1, 5, 5))}

    def change(name: str, value: Any) -> Any:
        return value - 10 * (np.arange(4) == 2) if name == "0.bias" else value

    assert "1 of 4 units (unit 2) are 0 at each of 72" in one_of("dead relu", diagnoses(text, at, change)).evidence
    assert diagnoses(text, at) == ()


def test_a_few_samples_prove_nothing_of_a_relu() -> None:
    """With fewer samples than `dead-samples` nothing is said, and a leaky slope is never dead."""
    at = regression(4)

    assert "dead relu" not in kinds(diagnoses(layers("ReLU", 2), at, moved("0.bias", -10)))
    assert "dead relu" not in kinds(diagnoses(layers("LeakyReLU", 2), regression(), moved("0.bias", -10)))
    fewer = thresholds_from(["dead-samples=4"])
    assert "dead relu" in kinds(diagnoses(layers("ReLU", 2), at, moved("0.bias", -10), fewer))


# Paths that break, and scales ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "where", "why"),
    [
        ("h = x -> Linear(4); mean((round(h) - t)**2)", "round(h)", "the slope of round is 0 everywhere"),
        (
            "h = x -> Linear(4); i = argmax(h, axis=1); mean(i*t[:, 0])",
            "argmax(h, axis=1)",
            "the place of the largest entry",
        ),
        ("h = x -> Linear(4); y = x -> Linear(4); mean((y - t)**2)", "0.weight", "the output does not use them"),
        ("h = x -> Linear(4); mean(clip(h, 100, 101)*t)", "clip(h, 100, 101)", "all 128 entries lie beyond the edges"),
        ("h = x -> Linear(4); mean(where(h < 100, t, h))", "where(h < 100, t, h)", "takes the other branch"),
        ("h = x -> Linear(4); mean(h*0 + t)", "h*0", "it is multiplied by 0, which is 0 everywhere"),
        ("h = x[:0] -> Linear(4) -> Tanh; sum(h*t[:0])", "sum", "there are no entries, as of a batch without samples"),
    ],
    ids=["round", "argmax", "unused", "clip", "where", "zero", "empty"],
)
def test_the_place_where_a_path_breaks_is_named(text: str, where: str, why: str) -> None:
    """The parameters behind it are named, and why."""
    one = one_of("unreached", diagnoses(text, regression()))

    assert where in one.where
    assert why in one.evidence
    assert "0.weight, 0.bias" in one.evidence


@pytest.mark.parametrize(
    ("text", "a", "last", "why"),
    [
        ("z = a*x; sum(mask*relu(z))", -1, -3, "it is 0 at every entry that a gradient arrives at"),
        ("z = a*x; sum(mask*clip(z, -5, 0))", 1, -3, "all 2 entries that a gradient arrives at lie beyond the edges"),
        ("z = a*x; sum(mask*maximum(z, [3, 3, 0]))", 1, 9, "another input is larger wherever a gradient arrives"),
        (
            "z = a*x; sum(mask*where(z > 4, z, x))",
            1,
            9,
            "takes the other branch for every entry that a gradient arrives at",
        ),
    ],
    ids=["relu", "clip", "maximum", "where"],
)
def test_a_path_that_breaks_only_where_a_gradient_arrives_is_told_so(
    text: str, a: float, last: float, why: str
) -> None:
    """A mask takes the gradient from the last entry, so that nothing is said of the function there."""
    point = {"a": a, "x": [1.0, 2.0, last], "mask": [1.0, 1.0, 0.0]}

    assert why in one_of("unreached", diagnoses(text, point)).evidence


def test_a_least_square_is_no_broken_path() -> None:
    """At the minimum of a loss every gradient is 0, and nothing is wrong."""
    assert diagnoses("mean((w*x - t)**2)", {"x": [1.0, 2.0], "w": 2.0, "t": [2.0, 4.0]}) == ()


def test_a_dead_layer_is_the_reason_for_what_is_behind_and_before_it() -> None:
    """No gradient reaches the weights before it, and those behind it get what they multiply, which is 0."""
    (found,) = diagnoses(layers("ReLU", 1), regression(), moved("0.bias", -10))

    assert (found.kind, found.where) == ("dead relu", "1 ReLU")
    assert "all 32 units are 0" in found.evidence
    assert found.evidence.endswith("No gradient reaches 0.weight, 0.bias, 2.weight")


def test_the_clipped_delta_is_found() -> None:
    """An error that is clipped before it is squared hands nothing back where it is large; Huber's loss does."""
    found = one_of("clipped", diagnoses("q = x -> Linear(4); d = clip(q - t, -1, 1); mean(d**2)", regression()))

    assert "of 128 entries" in found.evidence
    assert "HuberLoss" in found.remedy
    assert diagnoses("x -> Linear(4) -> HuberLoss(t)", regression()) == ()
    assert diagnoses("q = x -> Linear(4); d = clip(q - t, -9, 9); mean(d**2)", regression()) == ()


@pytest.mark.parametrize(
    ("twice", "once", "says"),
    [
        ("Softmax -> CrossEntropyLoss(k)", "CrossEntropyLoss(k)", "no class of 4 gets a probability above 48%"),
        ("LogSoftmax -> CrossEntropyLoss(k)", "LogSoftmax -> NLLLoss(k)", "idle, not wrong"),
        ("Sigmoid -> BCEWithLogitsLoss(b)", "Sigmoid -> BCELoss(b)", "each probability is between 50% and 73%"),
    ],
    ids=["softmax", "log_softmax", "sigmoid"],
)
def test_a_softmax_that_the_loss_takes_itself_is_found(twice: str, once: str, says: str) -> None:
    """With the gradient of the scores beside that without it, which is that of the right net."""
    at = {**regression(), "k": np.arange(32) % 4, "b": np.arange(128.0).reshape(32, 4) % 2}
    at = {name: value for name, value in at.items() if name == "x" or f"({name})" in once}
    found = one_of("double softmax", diagnoses(f"x -> Linear(4) -> {twice}", at))
    right = grad(f"x -> Linear(4) -> {once.replace('Sigmoid -> BCELoss', 'BCEWithLogitsLoss')}", at)
    assert right.graph.network
    scores = right.graph.network.layers[0].output

    assert says in found.evidence
    assert "without it" not in found.evidence or found.evidence.endswith(
        f"without it {np.linalg.norm(right.upstreams[scores]):.3g}"
    )
    assert diagnoses(f"x -> Linear(4) -> {once}", at) == ()


def test_weights_of_the_wrong_scale_are_told_before_gradients_vanish() -> None:
    """Eight default layers shrink the gradient to 0.408^8 = 8e-4; normalisation between them keeps it."""
    found = one_of("wrong scale", diagnoses(layers("ReLU", 8, 64), regression()))

    assert "is 0.579, and 1.41 fits ReLU" in found.evidence
    assert diagnoses(layers("LayerNorm -> ReLU", 8, 64), regression()) == ()


def test_inputs_that_are_not_standardised_are_found() -> None:
    """A thousand times too large; normalisation before the first weights sees to it."""
    at = regression()
    large = {**at, "x": at["x"] * 1000}

    assert one_of("input scale", diagnoses(layers("ReLU", 2), large)).where == "x, into 0 Linear"
    assert diagnoses("x -> BatchNorm1d -> Linear(4) -> MSELoss(t)", large) == ()


# Numbers that are not finite ----------------------------------------------------------------------------------


def test_the_first_step_that_is_not_finite_is_named() -> None:
    """Forward: log(-1). Backward: sqrt at 0, which where() masks: 0·∞."""
    forward = one_of("not finite", diagnoses("y = log(x); y*w", {"x": -1.0, "w": 1.0}))
    masked = one_of("not finite", diagnoses("y = where(x > 0, sqrt(x), 0); mean(y*w)", {"x": [0.0, 4.0], "w": 1.0}))

    assert forward.where == "forward, y = log(x)"
    assert "log is defined for x > 0" in forward.evidence
    assert masked.where == "backward, v1 = sqrt(x)"
    assert "0 for 50% of its entries, which where() masks" in masked.evidence
    assert diagnoses("y = where(x > 0, sqrt(x), 0); mean(y*w)", {"x": [1.0, 4.0], "w": 1.0}) == ()


# Thresholds ---------------------------------------------------------------------------------------------------


def test_thresholds_are_set_by_name() -> None:
    """A threshold that is set decides; the others stay."""
    text, at = layers("ReLU", 5, 64), regression()

    assert kinds(diagnoses(text, at, None, thresholds_from(["vanishing=0.1"]))) == {"vanishing"}
    assert thresholds_from([]) == DEFAULTS == {one.name: one.default for one in KNOWN}
    assert thresholds_from(["Saturated_Share = 0.5"])["saturated-share"] == 0.5


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("vanish=1", "there is no threshold 'vanish'", "did you mean 'vanishing'?"),
        ("vanishing", "is set by NAME=VALUE", "write vanishing=1e-4"),
        ("vanishing=x", "a finite number above 0, not 'x'", "0.0001 is the default"),
        ("vanishing=inf", "a finite number above 0, not 'inf'", "is the default"),
        ("saturated-share=2", "a share, above 0 and at most 1, not '2'", "0.25 is the default"),
    ],
    ids=["unknown", "no value", "no number", "infinite", "no share"],
)
def test_a_threshold_that_cannot_be_is_refused(text: str, message: str, hint: str) -> None:
    """With what it could be."""
    with pytest.raises(UsageError) as caught:
        thresholds_from([text])

    assert message in caught.value.message
    assert hint in (caught.value.hint or "")


# No false diagnosis -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(8))
def test_he_initialised_relu_nets_are_healthy(seed: int) -> None:
    """Up to depth 20, narrow and wide: there near half of the deep units are off for the whole batch, by chance."""
    depth, width = [(20, 16), (20, 64), (12, 16), (3, 128)][seed % 4]
    at = regression(16 if seed % 2 else 64, seed=seed)
    loss = "CrossEntropyLoss" if seed > 3 else "MSELoss"
    at["t"] = at["t"] if loss == "MSELoss" else np.arange(len(at["x"])) % 4

    assert diagnoses(layers("ReLU", depth, width, loss), at, he(seed)) == ()


RESIDUAL = "; ".join(
    ["h0 = x -> Linear(16)"]
    + [f"h{k + 1} = (h{k} + (h{k} -> Linear(16) -> ReLU -> Linear(16))) -> ReLU" for k in range(8)]
    + ["h8 -> Linear(4) -> MSELoss(t)"]
)
CONVOLUTIONAL = (
    "x -> Conv2d(4, 3) -> ReLU -> MaxPool2d(2) -> Conv2d(8, 3) -> BatchNorm2d -> ReLU -> Flatten -> Linear(16) -> ReLU "
    "-> Linear(4) -> MSELoss(t)"
)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        (RESIDUAL, regression()),
        (CONVOLUTIONAL, {**regression(8), "x": np.random.default_rng(1).normal(size=(8, 1, 10, 10))}),
        ("x -> LSTM(8) -> Linear(2) -> MSELoss(t)", sequences(15)),
        ("x -> GRU(8) -> Linear(2) -> MSELoss(t)", sequences(15)),
        ("x -> RNN(8) -> Linear(2) -> MSELoss(t)", sequences(8)),
        ("x -> RNN(8) -> Linear(2) -> MSELoss(t)", sequences(1)),
        ("A = x*y; F = A*z", {"x": 6, "y": -2, "z": -3}),
    ],
    ids=["residual", "convolutional", "LSTM", "GRU", "RNN", "one step", "expression"],
)
def test_healthy_nets_are_left_alone(text: str, at: dict[str, Any]) -> None:
    """With PyTorch's own initialisation."""
    assert diagnoses(text, at) == ()


def test_xavier_initialised_tanh_nets_are_healthy() -> None:
    """Twenty layers deep."""
    assert diagnoses(layers("Tanh", 20, 32), regression(), xavier(2)) == ()


def test_every_kind_is_tested_here() -> None:
    """A new fault needs a net that has it."""
    assert set(KINDS) == {
        "not finite", "unreached", "exploding", "vanishing", "dead relu", "saturated", "clipped", "wrong scale",
        "input scale", "relu always on", "double softmax",
    }  # fmt: skip
