"""Recurrent layers unrolled in time: what each step adds to shared weights, and what flows back through the steps."""

from collections.abc import Iterator
from math import sqrt
from typing import Any

import numpy as np
import pytest

from bpcli import Gradients, LimitError, Limits, Node, UsageError, grad
from bpcli.graph.network import Draw, Network
from bpcli.layers.scope import Scope

RANDOM = np.random.default_rng(5)
T, HIDDEN, FEATURES = 4, 3, 2
X = RANDOM.normal(size=(T, FEATURES))
WEIGHTS = {
    "0.weight_ih_l0": RANDOM.normal(size=(HIDDEN, FEATURES)),
    "0.weight_hh_l0": RANDOM.normal(size=(HIDDEN, HIDDEN)),
    "0.bias_ih_l0": RANDOM.normal(size=HIDDEN),
    "0.bias_hh_l0": RANDOM.normal(size=HIDDEN),
}


def network_of(result: Gradients) -> Network:
    """The network of what was asked."""
    network = result.graph.network
    assert network is not None
    return network


def parts_of(result: Gradients) -> dict[str, list[Node]]:
    """The nodes of the first layer by the names of its parts."""
    return {
        block.part: list(result.graph.nodes[block.start : block.stop])
        for block in network_of(result).layers[0].blocks
        if block.part
    }


def contributions(result: Gradients, parameter: str) -> Iterator[tuple[str, Any]]:
    """What flows back to a parameter, by the part that it comes from."""
    part_of = {node: part for part, nodes in parts_of(result).items() for node in nodes}
    for step in result.steps():
        if getattr(step.input, "name", None) == parameter:
            yield part_of[step.node], step.contribution


# The smallest network with a memory: h_t = w·h_{t-1} + u·x_t, so h_T = wᵀ⁻¹·u·x_1 for an impulse x = (1, 0, 0, …), and
# ∂h_T/∂x_1 = wᵀ⁻¹ grows or fades with T (Bengio, Simard & Frasconi 1994; Pascanu, Mikolov & Bengio 2013).
@pytest.mark.parametrize(("w", "value", "through_time", "of_w"), [(2.0, 8.0, 8.0, 12.0), (0.5, 0.125, 0.125, 0.75)])
def test_the_gradient_through_time_is_a_power(w: float, value: float, through_time: float, of_w: float) -> None:
    """After four steps the impulse is w³, and its slope 3w² is made of w² from each of the steps 2, 3 and 4."""
    result = grad(
        "x -> nn.RNN(1, 1, nonlinearity='relu', bias=False) -> h_n -> sum",
        {"x": [[1], [0], [0], [0]], "0.weight_ih_l0": [[1]], "0.weight_hh_l0": [[w]]},
    )

    assert result.value == value
    assert result.gradients["x"][0, 0] == through_time
    assert result.gradients["0.weight_hh_l0"] == [[of_w]]
    assert [(part, part_of_w.item()) for part, part_of_w in contributions(result, "0.weight_hh_l0")] == [
        ("t=4", w * w),
        ("t=3", w * w),
        ("t=2", w * w),
        ("t=1", 0.0),
    ]


@pytest.mark.parametrize("layer", ["RNN", "LSTM", "GRU"])
@pytest.mark.parametrize("weight", ["weight_hh_l0", "weight_ih_l0"])
def test_a_shared_weight_gets_a_part_from_every_step(layer: str, weight: str) -> None:
    """The parts by time add up to the gradient, last step first; the first state is 0, so W_hh gets 0 there."""
    result = grad(f"x -> {layer}({HIDDEN}) -> square -> sum", {"x": X})
    found = list(contributions(result, f"0.{weight}"))

    assert [part for part, _ in found] == [f"t={t}" for t in range(T, 0, -1)]
    assert sum(part for _, part in found) == pytest.approx(result.gradients[f"0.{weight}"], rel=1e-13)
    assert (not found[-1][1].any()) == (weight == "weight_hh_l0")


def test_the_upstream_at_step_1_is_a_product_of_jacobians() -> None:
    """∂h_T/∂h_1 = J_T ⋯ J_2 with J_t = diag(1 - h_t²)·W_hh, found here with NumPy alone."""
    seed = RANDOM.normal(size=(1, HIDDEN))
    result = grad(f"x -> RNN({HIDDEN}) -> h_n", {"x": X, **WEIGHTS}, seed=seed)
    expected, h = seed[0], np.zeros(HIDDEN)
    jacobians = []
    for x_t in X:
        w_ih, w_hh, *biases = WEIGHTS.values()
        h = np.tanh(w_ih @ x_t + w_hh @ h + sum(biases))
        jacobians.append((1 - h**2)[:, None] * w_hh)
    for jacobian in reversed(jacobians[1:]):
        expected = expected @ jacobian
    first = [node for node in parts_of(result)["t=1"] if node.op.name == "tanh"]

    assert result.value == pytest.approx(h[None], rel=1e-14)
    assert result.upstreams[first[0]] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        ("", ["t=1", "t=2"]),
        (", num_layers=2", ["layer 0", "layer 0 · t=1", "layer 0 · t=2", "layer 1", "layer 1 · t=1", "layer 1 · t=2"]),
        (", bidirectional=True", ["t=1", "t=2", "reverse", "reverse · t=2", "reverse · t=1"]),
    ],
)
def test_parts_are_named(arguments: str, parts: list[str]) -> None:
    """By their time step, counted from 1, and by layer and direction where there are several."""
    result = grad(f"x -> RNN(1{arguments}) -> sum", {"x": X[:2]})

    assert list(parts_of(result)) == parts


def test_a_bare_layer_leaves_its_input_size_out() -> None:
    """`LSTM(3)` is `nn.LSTM(2, 3)` where two features come in; the same seed draws the same parameters."""
    bare, whole = grad("x -> LSTM(3) -> sum", {"x": X}), grad("x -> nn.LSTM(2, 3) -> sum", {"x": X})

    assert bare.value == whole.value
    assert bare.gradients["0.weight_ih_l0"].shape == (12, 2)


@pytest.mark.parametrize("layer", ["RNN", "LSTM", "GRU"])
def test_all_parameters_are_drawn_by_the_hidden_size(layer: str) -> None:
    """Uniformly within ±1/√hidden_size, biases as well: torch.nn.RNNBase.reset_parameters."""
    result = grad(f"x -> {layer}(5, num_layers=2) -> sum", {"x": X})

    assert len(network_of(result).parameters) == 8
    assert {one.draw._replace(blocks=1) for one in network_of(result).parameters} == {
        Draw("uniform", -1 / sqrt(5), 1 / sqrt(5))
    }


def test_dropout_stands_between_layers_in_training() -> None:
    """With weights that copy their input, what arrives is 0 or twice as much; in evaluation mode it is as it was."""
    copies = {f"0.weight_ih_l{layer}": np.eye(2) for layer in (0, 1)}
    copies |= {f"0.weight_hh_l{layer}": np.zeros((2, 2)) for layer in (0, 1)}
    text = "x -> nn.RNN(2, 2, 2, 'relu', bias=False, dropout=0.5)"
    given, seed = {"x": np.ones((20, 2)), **copies}, np.ones((20, 2))
    trained, evaluated = grad(text, given, seed=seed), grad(text, given, seed=seed, evaluation_mode=True)

    assert set(np.unique(trained.value)) == {0.0, 2.0}
    assert trained.gradients["x"] == pytest.approx(trained.value)
    assert (evaluated.value == 1).all()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x -> nn.RNN(3, 2)", "RNN(3, 2) expects 3 features, x gives 2"),
        ("x[0] -> RNN(2)", "RNN(2) expects an array of 2 or 3 axes, such as (time, batch, features); x[0] gives 1"),
        ("x[:0] -> RNN(2)", "RNN(2) expects one time step or more, x[:0] gives none"),
        ("x -> RNN(0)", "'hidden_size' of RNN must be a whole number from 1 on"),
        ("x -> LSTM(2, num_layers=0)", "'num_layers' of LSTM must be a whole number from 1 on"),
        ("x -> GRU(2, dropout=1.5)", "'dropout' of GRU must be a number from 0 to 1"),
        ("x -> RNN(2, nonlinearity='gelu')", "'nonlinearity' of RNN must be 'tanh' or 'relu'"),
        ("x -> LSTM(2, proj_size=2)", "'proj_size' must be from 0 to less than 'hidden_size', 2, not 2"),
        ("x -> GRU(2, proj_size=1)", "GRU has no argument 'proj_size'"),
        ("x -> GRU(2) -> c_n", "GRU has no result 'c_n' beside its output"),
        ("x -> nn.LSTMCell(2, 2)", "nn.LSTMCell is a layer of PyTorch that bpcli does not have yet"),
    ],
)
def test_what_a_layer_cannot_take_is_told(text: str, message: str) -> None:
    """In words, with the layer and what came before it."""
    with pytest.raises(UsageError) as caught:
        grad(text, {"x": X})

    assert caught.value.message == message


def test_a_long_sequence_ends_at_the_limit_of_operators() -> None:
    """Before the steps are computed."""
    with pytest.raises(LimitError) as caught:
        grad("x -> RNN(1) -> sum", {"x": np.ones((1000, 1))}, limits=Limits(operators=100))

    assert caught.value.hint == "raise the limit with --max-operators, or shorten the sequence"


@pytest.mark.parametrize(
    ("text", "steps"), [("nn.LSTM(1, 1)", 10_000_000), ("nn.RNN(1, 1, num_layers=1000000000)", 2), ("GRU(1)", 200_000)]
)
def test_what_cannot_fit_is_known_before_a_step_is_made(monkeypatch: pytest.MonkeyPatch, text: str, steps: int) -> None:
    """No step has fewer nodes than are counted for it."""
    monkeypatch.setattr(Scope, "getitem", None, raising=False)
    with pytest.raises(LimitError):
        grad(f"x -> {text} -> sum", {"x": np.zeros((steps, 1))})
