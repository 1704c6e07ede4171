"""Parameters of networks: given under their names in a `state_dict`, or drawn; what does not fit is named."""

from typing import Any

import numpy as np
import pytest

from bpcli import grad
from bpcli.errors import BindingError, BpcliError, ShapeError, UnknownNameError

X = np.array([[1.0, -2.0, 3.0], [0.5, 0.0, -1.0]])
MODEL = "nn.Sequential(nn.Linear(3, 2), nn.Tanh(), nn.Linear(2, 1)) -> sum"
WEIGHTS: dict[str, Any] = {
    "0.weight": np.array([[1.0, 2.0, 3.0], [-1.0, 0.0, 1.0]]) / 4,
    "0.bias": np.array([0.5, -0.5]),
    "2.weight": np.array([[2.0, -1.0]]),
    "2.bias": np.array([0.25]),
}


def refused(text: str, at: dict[str, Any]) -> BpcliError:
    """The error that a text at these values ends in."""
    with pytest.raises(BpcliError) as caught:
        grad(text, at)
    return caught.value


def test_given_parameters_are_used() -> None:
    """The value is that of the formula, and every parameter has a gradient."""
    found = grad(MODEL, {"input": X} | WEIGHTS)
    hidden = np.tanh(X @ WEIGHTS["0.weight"].T + WEIGHTS["0.bias"])

    assert found.value == pytest.approx(float(np.sum(hidden @ WEIGHTS["2.weight"].T + 0.25)), rel=1e-14)
    assert found.gradients["2.weight"] == pytest.approx(hidden.sum(axis=0)[None], rel=1e-14)
    assert [*found.gradients] == ["input", *WEIGHTS]


@pytest.mark.parametrize("kind", ["float32", "int64", "int8"])
def test_other_types_are_taken_as_numbers(kind: str) -> None:
    """A file of float32, or of whole numbers, holds exact binary64 values."""
    given = {name: np.round(value * 4).astype(kind) for name, value in WEIGHTS.items()}
    same = {name: np.round(value * 4) for name, value in WEIGHTS.items()}

    assert grad(MODEL, {"input": X} | given).value == grad(MODEL, {"input": X} | same).value


def test_parameters_may_be_lists() -> None:
    """As JSON gives them."""
    lists = {name: value.tolist() for name, value in WEIGHTS.items()}

    assert grad(MODEL, {"input": X} | lists).value == grad(MODEL, {"input": X} | WEIGHTS).value


def test_without_any_they_are_drawn_from_the_seed() -> None:
    """The same seed draws the same, whatever else the network holds; within PyTorch's ranges."""
    first, again, other = [grad(MODEL, {"input": X}, random_seed=seed) for seed in (0, 0, 1)]

    assert first.value == again.value
    assert first.value != other.value


def test_missing_parameters_are_all_named() -> None:
    """Some given and others not is a mistake."""
    error = refused(MODEL, {"input": X, "0.weight": WEIGHTS["0.weight"]})

    assert isinstance(error, BindingError)
    assert error.message == "no value for the parameters 0.bias, 2.weight, 2.bias"
    assert error.hint == "give all parameters, or none, which are then drawn from --random-seed"


def test_extra_parameters_are_all_named() -> None:
    """With a suggestion for the first."""
    error = refused(MODEL, {"input": X, "0.wieght": 1, "3.bias": 2} | WEIGHTS)

    assert isinstance(error, UnknownNameError)
    assert error.message == "value for '0.wieght', '3.bias', which is no parameter and no input of the network"
    assert error.hint == "did you mean '0.weight'?"


@pytest.mark.parametrize("start", ["model.", "module.", "module.net.0."])
def test_names_with_a_beginning_too_many_are_told(start: str) -> None:
    """As a module of one's own saves those of the network in it; what belongs to other modules does not matter."""
    error = refused(MODEL, {"input": X, "0.bias": 1} | {start + name: value for name, value in WEIGHTS.items()})
    others = refused(MODEL, {"input": X, "model.0.weight": 1, "embedding.weight": 2})

    assert error.hint == f"the network calls it '0.weight': take '{start}' off the names"
    assert others.hint == "the network calls it '0.weight': take 'model.' off the names"


def test_names_of_one_stage_of_several_are_told() -> None:
    """A pipeline counts its stages, a Sequential alone does not."""
    error = refused(MODEL.replace(" ->", " -> Sigmoid ->"), {"input": X} | WEIGHTS)
    hint = "the network calls it '0.0.weight', as it is one stage of several: put all layers into one nn.Sequential"

    assert error.hint == hint


def test_misshapen_parameters_are_all_named() -> None:
    """Each with its shape and the one that its layer takes."""
    error = refused(MODEL, {"input": X} | WEIGHTS | {"0.weight": WEIGHTS["0.weight"].T, "2.bias": 3.0})

    assert isinstance(error, ShapeError)
    assert error.message == (
        "parameters have other shapes than their layers take: 0.weight (3, 2), not (2, 3); "
        "2.bias a single number, not (1,)"
    )
    assert error.hint == "shapes are those of PyTorch's state_dict"


def test_long_lists_of_names_are_cut() -> None:
    """Ten are enough to see what is wrong."""
    model = f"nn.Sequential({', '.join(['nn.Linear(3, 3)'] * 20)}) -> sum"
    error = refused(model, {"input": X, "0.weight": np.ones((3, 3))})

    assert error.message.endswith("4.weight, 4.bias, 5.weight, …")


# A module alone ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["nn.Linear(3, 2) -> sum", "input -> Linear(2) -> sum", "input -> Linear(2) -> tanh -> sum"]
)
def test_the_state_dict_of_a_lone_layer_has_no_numbers(text: str) -> None:
    """`weight` and `bias` are taken where nothing called `0.…` is given; the names of the gradients are the same."""
    at = {"input": X, "weight": WEIGHTS["0.weight"], "bias": WEIGHTS["0.bias"]}
    numbered = grad("nn.Sequential(nn.Linear(3, 2)) -> sum", {"input": X} | dict([*WEIGHTS.items()][:2]))
    found = grad("nn.Linear(3, 2) -> sum", at)

    assert [*grad(text, at).gradients] == ["input", "weight", "bias"]
    assert [*grad(text, {"input": X}).gradients] == ["input", "0.weight", "0.bias"]
    assert found.value == numbered.value


def test_both_namings_at_once_are_refused() -> None:
    """With the number, as the other stands there too."""
    error = refused("nn.Linear(3, 2) -> sum", {"input": X, "weight": np.ones((2, 3)), "0.bias": np.ones(2)})

    assert "value for 'weight'" in error.message
    assert error.hint == "did you mean '0.weight'?"


def test_names_without_numbers_need_a_lone_layer() -> None:
    """Two layers have two weights."""
    error = refused("input -> Linear(2) -> Linear(1) -> sum", {"input": X, "weight": np.ones((2, 3))})

    assert "value for 'weight', which is no parameter" in error.message


# Buffers -----------------------------------------------------------------------------------------------------------

NORM = "nn.Sequential(nn.BatchNorm1d(3)) -> sum"


def test_training_needs_no_running_statistics_and_the_counter_is_ignored() -> None:
    """A state_dict may leave them out, as they change no gradient; what PyTorch counts changes no value."""
    given = {"input": X, "0.weight": np.array([1.0, 2.0, 3.0]), "0.bias": np.array([0.5, 0.0, 0.0])}
    found = grad(NORM, given | {"0.num_batches_tracked": np.array(7)})

    assert found.value == pytest.approx(0.5 * len(X), rel=1e-12)
    assert [*found.gradients] == ["input", "0.weight", "0.bias"]


def test_given_buffers_are_used() -> None:
    """Running statistics are the mean and the variance in evaluation mode."""
    given = {"input": X, "0.weight": np.ones(3), "0.bias": np.zeros(3)}
    given |= {"0.running_mean": X.mean(axis=0), "0.running_var": np.ones(3)}

    assert grad(NORM, given, evaluation_mode=True).value == pytest.approx(0.0, abs=1e-12)


def test_evaluation_asks_for_the_running_statistics_of_given_parameters() -> None:
    """As PyTorch's `load_state_dict` does; drawn parameters go with those that a new layer has."""
    model, given = "x -> BatchNorm1d() -> sum", {"x": X, "0.weight": [1, 2, 3], "0.bias": [0, 0, 0]}

    with pytest.raises(BindingError, match=r"running statistics 0\.running_mean, 0\.running_var"):
        grad(model, given, evaluation_mode=True)
    assert grad(model, {"x": X}, evaluation_mode=True).value == pytest.approx(X.sum(), rel=1e-4)


def test_the_graph_of_a_network_is_used_again_at_the_same_shapes_only() -> None:
    """Its nodes hold shapes: at others they would give numbers that are not the network's."""
    found = grad(MODEL, {"input": X} | WEIGHTS)
    again = grad(found.graph, {**found.at, "input": 2 * X})

    assert again.value == grad(MODEL, {"input": 2 * X} | WEIGHTS).value
    with pytest.raises(ShapeError, match=r"made for input \(2, 3\), not \(1, 3\)"):
        grad(found.graph, {**found.at, "input": X[:1]})
