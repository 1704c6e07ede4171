"""Schemes by which weights are drawn that nobody gave, against what their papers and torch.nn.init say of them."""

from math import sqrt
from typing import Any

import numpy as np
import pytest
from command import call

from bpcli.graph.network import Network
from bpcli.language.build import Setup, question_from
from bpcli.layers.initial import SCHEMES
from bpcli.report.drawn import drawn_words

# text, shape of x, weight, its shape, fan-in and fan-out as torch.nn.init._calculate_fan_in_and_fan_out gives them for
# it; for gates, for one of them.
WEIGHTS: dict[str, tuple[str, tuple[int, ...], str, tuple[int, ...], int, int]] = {
    "Linear": ("x -> Linear(150)", (2, 100), "0.weight", (150, 100), 100, 150),
    "Conv2d": ("x -> Conv2d(40, 3)", (1, 30, 5, 5), "0.weight", (40, 30, 3, 3), 270, 360),
    "groups": ("x -> Conv1d(100, 3, groups=2)", (1, 100, 5), "0.weight", (100, 50, 3), 150, 300),
    "transposed": ("x -> ConvTranspose1d(80, 2)", (1, 120, 4), "0.weight", (120, 80, 2), 160, 240),
    "RNN": ("x -> RNN(100)", (2, 100), "0.weight_hh_l0", (100, 100), 100, 100),
    "LSTM": ("x -> LSTM(100)", (2, 50), "0.weight_ih_l0", (400, 50), 50, 100),
    "GRU": ("x -> GRU(100)", (2, 50), "0.weight_hh_l0", (300, 100), 100, 100),
    "attention": ("x -> MultiheadAttention(2)", (3, 100), "0.in_proj_weight", (300, 100), 100, 100),
}
GATES = {"LSTM": 4, "GRU": 3, "attention": 3}


def drawn_for(text: str, shape: tuple[int, ...], **setup: Any) -> tuple[dict[str, Any], Network]:
    """The values of a network's parameters, by name, and the network."""
    graph, values = question_from(text, {"x": np.ones(shape)}, setup=Setup(**setup))
    assert graph.network
    return {name: value for name, value in values.items() if name != "x"}, graph.network


@pytest.mark.parametrize("case", WEIGHTS)
def test_he_keeps_the_variance_behind_relu(case: str) -> None:
    """Normal with the standard deviation √(2/fan_in): He et al. 2015, kaiming_normal_; the sample's to 4 sigma."""
    text, shape, name, weight_shape, fan_in, _ = WEIGHTS[case]
    weight = drawn_for(text, shape, initial_weights="he")[0][name]

    assert weight.shape == weight_shape
    assert weight.std() * sqrt(fan_in / 2) == pytest.approx(1, abs=4 / sqrt(2 * weight.size))
    assert abs(weight.mean()) < 4 * sqrt(2 / fan_in / weight.size)
    assert np.abs(weight).max() > 3 * sqrt(2 / fan_in)  # as no uniform distribution has


@pytest.mark.parametrize("case", WEIGHTS)
def test_xavier_is_uniform_within_its_bound(case: str) -> None:
    """±√(6/(fan_in + fan_out)): Glorot & Bengio 2010, xavier_uniform_."""
    text, shape, name, _, fan_in, fan_out = WEIGHTS[case]
    weight = drawn_for(text, shape, initial_weights="xavier")[0][name]
    bound = sqrt(6 / (fan_in + fan_out))

    assert 0.99 * bound < np.abs(weight).max() <= bound
    assert weight.std() == pytest.approx(bound / sqrt(3), rel=0.05)


@pytest.mark.parametrize("case", WEIGHTS)
def test_orthogonal_weights_keep_lengths(case: str) -> None:
    """W Wᵀ = 1, or WᵀW = 1 where there are more rows: Saxe et al. 2014, orthogonal_; each gate apart."""
    text, shape, name, weight_shape, *_ = WEIGHTS[case]
    weight = drawn_for(text, shape, initial_weights="orthogonal")[0][name]

    assert weight.shape == weight_shape
    gates = np.split(weight.reshape(len(weight), -1), GATES.get(case, 1))
    for gate in gates:
        short = gate if gate.shape[0] <= gate.shape[1] else gate.T
        np.testing.assert_allclose(short @ short.T, np.eye(len(short)), atol=1e-13)
    assert not np.array_equal(gates[0], gates[-1]) or len(gates) == 1


def test_orthogonal_matrices_have_no_preferred_sign() -> None:
    """Without the sign of R's diagonal, the first entry of Q would always be negative (Mezzadri 2007)."""
    first = [
        drawn_for("x -> Linear(3)", (1, 3), initial_weights="orthogonal", random_seed=seed)[0]["0.weight"][0, 0]
        for seed in range(12)
    ]

    assert min(first) < 0 < max(first)


@pytest.mark.parametrize("scheme", SCHEMES[1:])
def test_biases_begin_at_zero_and_other_parameters_as_ever(scheme: str) -> None:
    """A normalisation, the slope of PReLU and a table of embeddings are no weights of a linear map."""
    text = "x -> Embedding(9, 4) -> LSTM(4) -> Linear(3) -> LayerNorm -> PReLU"
    values = drawn_for(text, (5, 2), initial_weights=scheme, initial_scale=3.0)[0]
    default = drawn_for(text, (5, 2))[0]

    assert {name for name, value in values.items() if not np.any(value)} == {
        "1.bias_ih_l0",
        "1.bias_hh_l0",
        "2.bias",
        "3.bias",
    }
    for name in ("0.weight", "3.weight", "4.weight"):
        np.testing.assert_array_equal(values[name], default[name])
    assert not np.array_equal(values["2.weight"], default["2.weight"])


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_scale_multiplies_weights(scheme: str) -> None:
    """The same draws, twice as large; biases and what no layer draws by its fans are not touched."""
    text = "x -> GRU(4) -> Linear(3) -> LayerNorm"
    plain = drawn_for(text, (5, 2, 4), initial_weights=scheme)[0]
    scaled = drawn_for(text, (5, 2, 4), initial_weights=scheme, initial_scale=2.0)[0]

    for name, value in plain.items():
        is_weight = name in {"0.weight_ih_l0", "0.weight_hh_l0", "1.weight"}
        np.testing.assert_array_equal(scaled[name], value * (2 if is_weight else 1), err_msg=name)


def test_given_parameters_are_neither_drawn_nor_scaled() -> None:
    """What somebody gives is taken as it is."""
    at = {"x": [[1.0, 2.0]], "0.weight": [[3.0, 4.0]], "0.bias": [5.0]}
    _, values = question_from("x -> Linear(1)", at, setup=Setup(initial_weights="he", initial_scale=9.0))

    np.testing.assert_array_equal(values["0.weight"], [[3.0, 4.0]])
    np.testing.assert_array_equal(values["0.bias"], [5.0])


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("text", ["x -> nn.Linear(0, 3)", "x -> nn.Linear(0, 0)", "x -> nn.LSTM(0, 2)"])
def test_weights_without_entries_are_drawn_too(scheme: str, text: str) -> None:
    """No fan divides by zero."""
    values, _ = drawn_for(text, (2, 0), initial_weights=scheme)

    assert all(np.all(np.isfinite(value)) for value in values.values())


def test_single_precision_holds_for_all_schemes() -> None:
    """The draws are those of float64, rounded."""
    single, double = (
        drawn_for("x -> Linear(3)", (1, 4), initial_weights="orthogonal", single_precision=is_single)[0]["0.weight"]
        for is_single in (True, False)
    )

    assert single.dtype == np.float32
    np.testing.assert_array_equal(single, double.astype(np.float32))


@pytest.mark.parametrize(
    ("setup", "words"),
    [
        ({}, "parameters drawn from --random-seed 0"),
        ({"random_seed": 7}, "parameters drawn from --random-seed 7"),
        ({"initial_weights": "he"}, "parameters drawn from --random-seed 0, weights by --initial-weights he"),
        ({"initial_scale": 0.5}, "parameters drawn from --random-seed 0, weights times --initial-scale 0.5"),
        (
            {"initial_weights": "orthogonal", "initial_scale": 2.0},
            "parameters drawn from --random-seed 0, weights by --initial-weights orthogonal times --initial-scale 2",
        ),
    ],
    ids=["default", "seed", "scheme", "scale", "both"],
)
def test_a_report_says_how_weights_were_drawn(setup: dict[str, Any], words: str) -> None:
    """With the seed, so that whoever reads it can draw them again."""
    assert drawn_words(drawn_for("x -> Linear(3)", (1, 4), **setup)[1]) == words


MODEL = ("flow", "x -> Linear(8) -> ReLU -> Linear(1) -> sum", "--x", "normal(4,3)", "--output-format", "table")


def test_the_command_takes_a_scheme_and_a_scale() -> None:
    """The report names both beside the seed."""
    done = call(*MODEL, "--initial-weights", "he", "--initial-scale", "0.5", "--random-seed", "3")

    assert done.code == 0
    assert "drawn from --random-seed 3, weights by --initial-weights he times --initial-scale 0.5" in done.out


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--initial-weights", "lecun", "'lecun' is not one of 'default', 'he', 'xavier', 'orthogonal'"),
        ("--initial-scale", "0", "--initial-scale takes a number above 0, not '0'"),
        ("--initial-scale", "-1", "--initial-scale takes a number above 0, not '-1'"),
        ("--initial-scale", "nan", "--initial-scale takes a number above 0, not 'nan'"),
        ("--initial-scale", "inf", "--initial-scale takes a number above 0, not 'inf'"),
        ("--initial-scale", "twice", "--initial-scale takes a number above 0, not 'twice'"),
    ],
    ids=["scheme", "zero", "negative", "nan", "infinite", "word"],
)
def test_what_is_no_scheme_and_no_scale_is_refused(option: str, value: str, message: str) -> None:
    """Before anything is drawn."""
    done = call(*MODEL, option, value)

    assert (done.code, done.out) == (2, "")
    assert message in done.err
