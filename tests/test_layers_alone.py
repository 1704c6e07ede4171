"""Norms, embedding, activations and shaping by themselves: bare forms, what print(model) shows, checks, and errors."""

from typing import Any

import numpy as np
import pytest
from checks import verdicts

from bpcli import grad
from bpcli.backprop.statistics import running_statistics
from bpcli.errors import UsageError

X = [[1.0, 2.0, 3.0, 5.0], [4.0, 5.0, 7.0, -2.0], [0.5, -1.0, 2.0, 0.0]]
IMAGE = np.sin(np.arange(2 * 4 * 3 * 2)).reshape(2, 4, 3, 2)
TABLE = [[0.5, -1.0], [1.5, 2.0], [-0.25, 0.75]]


def found(layer: str, x: Any = X, **setup: Any) -> dict[str, Any]:
    """The value behind a layer, whose entries are weighed unequally, and the gradients, as lists."""
    result = grad(f"x -> {layer} -> sin -> sum", {"x": x}, **setup)
    return {"value": result.value} | {name: np.asarray(value).tolist() for name, value in result.gradients.items()}


@pytest.mark.parametrize(
    ("bare", "full", "x"),
    [
        ("BatchNorm1d", "nn.BatchNorm1d(4)", X),
        ("BatchNorm1d(0.1)", "nn.BatchNorm1d(4, eps=0.1)", X),
        ("BatchNorm2d()", "nn.BatchNorm2d(4)", IMAGE),
        ("LayerNorm()", "nn.LayerNorm(4)", X),
        ("LayerNorm(0.1, bias=False)", "nn.LayerNorm((4,), 0.1, True, False)", X),
        ("LayerNorm(normalized_shape=(3, 2))", "nn.LayerNorm([3, 2])", IMAGE),
        ("GroupNorm(2)", "nn.GroupNorm(2, 4)", IMAGE),
        ("RMSNorm", "nn.RMSNorm(4)", X),
        ("InstanceNorm1d", "nn.InstanceNorm1d(3)", X),
        ("InstanceNorm2d", "nn.InstanceNorm2d(4)", IMAGE),
        ("ReLU", "nn.ReLU()", X),
        ("Flatten", "nn.Flatten(1, -1)", IMAGE),
    ],
)
def test_a_bare_layer_takes_its_size_from_the_input(bare: str, full: str, x: Any) -> None:
    """As PyTorch would be told it."""
    assert found(bare, x) == found(full, x)


@pytest.mark.parametrize(
    ("shown", "x"),
    [
        ("BatchNorm1d(4, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)", X),
        ("InstanceNorm1d(3, eps=1e-05, momentum=0.1, affine=False, bias=False, track_running_stats=False)", X),
        ("GroupNorm(2, 4, eps=1e-05, affine=True, bias=True)", IMAGE),
        ("LayerNorm((4,), eps=1e-05, elementwise_affine=True, bias=True)", X),
        ("RMSNorm((3, 2), eps=None, elementwise_affine=True)", IMAGE),
        ("Embedding(7, 3, padding_idx=6)", [0, 6]),
        ("Dropout(p=0.5, inplace=False)", X),
        ("Flatten(start_dim=1, end_dim=-1)", IMAGE),
        ("Unflatten(dim=1, unflattened_size=(2, 2))", X),
        ("Hardtanh(min_val=-1.0, max_val=1.0)", X),
        ("Softplus(beta=1.0, threshold=20.0)", X),
        ("GELU(approximate='none')", X),
        ("PReLU(num_parameters=1)", X),
        ("Threshold(threshold=1, value=2)", X),
        ("RReLU(lower=0.125, upper=0.3333333333333333)", X),
        ("Softmax2d()", IMAGE),
        ("SiLU(inplace=True)", X),
    ],
)
def test_what_print_shows_is_read(shown: str, x: Any) -> None:
    """As a child of a Sequential, the way that PyTorch 2.13 prints it."""
    text = f"Sequential(\n  (0): {shown}\n)"
    result = grad(f"x -> {text} -> sin -> sum", {"x": x})

    assert result.value == found(f"nn.{shown}", x)["value"]


# Layers ------------------------------------------------------------------------------------------------------------


def test_batch_norm_follows_the_batch() -> None:
    """By hand: means 2 and 6, variances 1 and 4 of which twice is unbiased, a tenth of the way from 0 and 1."""
    result = grad("x -> BatchNorm1d -> sin -> sum", {"x": [[1, 4], [3, 8]]})
    statistics = running_statistics(result)

    assert list(statistics) == ["0.running_mean", "0.running_var"]
    assert statistics["0.running_mean"] == pytest.approx([0.2, 0.6], rel=1e-15)
    assert statistics["0.running_var"] == pytest.approx([1.1, 1.7], rel=1e-15)
    assert running_statistics(grad("x*y", {"x": 1, "y": 2})) == {}


def test_batch_norm_takes_buffers_from_a_state_dict() -> None:
    """Its counter of batches is heard and changes nothing."""
    state = {"1.weight": [1], "1.bias": [0], "1.running_mean": [2], "1.running_var": [4], "1.num_batches_tracked": 7}
    text = "nn.Sequential(nn.Identity(), nn.BatchNorm1d(1, eps=0)) -> sum"
    result = grad(text, {"input": [[5.0], [8.0]], **state}, evaluation_mode=True)

    assert result.value == 1.5 + 3
    assert set(result.gradients) == {"input", "1.weight", "1.bias"}


BATCHES = ([[1, 2], [3, 8], [5, -1]], [[0, 4], [2, 2], [10, 3]], [[-1, 1], [0, 0], [4, 5]])


def test_batch_norm_without_a_momentum_takes_the_mean_over_all_batches() -> None:
    """The numbers are PyTorch's after each batch: of the mean, of the variance, and how many batches there were."""
    text = "x -> nn.BatchNorm1d(2, momentum=None) -> sum"
    state: dict[str, Any] = {}
    seen = []
    for batch in BATCHES:
        state |= running_statistics(grad(text, {"x": batch, "0.weight": [1, 1], "0.bias": [0, 0], **state}))
        seen.append([np.asarray(value).tolist() for value in state.values()])

    assert list(state) == ["0.running_mean", "0.running_var", "0.num_batches_tracked"]
    assert seen[0] == [[3, 3], [4, 21], 1]
    assert seen[1] == [[3.5, 3], [16, 11], 2]
    assert seen[2][0] == pytest.approx([2.666666666666667, 2.6666666666666665], rel=1e-15)
    assert seen[2][1:] == [pytest.approx([13.0, 9.666666666666668], rel=1e-15), 3]
    del state["0.num_batches_tracked"]  # evaluation does not need it
    point = {"x": [[1, 2]], "0.weight": [1, 1], "0.bias": [0, 0], **state}
    value = grad(text, point, evaluation_mode=True).value
    assert value == pytest.approx(-0.4622499857326025 - 0.21442239605945168, rel=1e-14)


def test_parameters_of_norms_begin_as_in_pytorch() -> None:
    """Weights are 1, biases and running means 0, running variances 1."""
    at = grad("x -> BatchNorm1d -> sum", {"x": X}).at
    ones, zeros = [1] * 4, [0] * 4

    assert {
        name: np.asarray(at[f"0.{name}"]).tolist() for name in ("weight", "bias", "running_mean", "running_var")
    } == {
        "weight": ones,
        "bias": zeros,
        "running_mean": zeros,
        "running_var": ones,
    }


def test_the_padding_row_is_drawn_as_zeros_and_has_no_gradient() -> None:
    """What is drawn for the other rows does not depend on it; a row that is given keeps its value."""
    padded, plain = [grad(f"x -> Embedding(3, 2{end}) -> sum", {"x": [0, 1, 1]}) for end in (", padding_idx=1", "")]
    given = grad("x -> Embedding(3, 2, padding_idx=1) -> sum", {"x": [0, 1, 1], "0.weight": TABLE})

    assert padded.at["0.weight"][1].tolist() == [0, 0]
    assert np.array_equal(padded.at["0.weight"][::2], plain.at["0.weight"][::2])
    assert padded.gradients["0.weight"].tolist() == [[1, 1], [0, 0], [0, 0]]
    assert plain.gradients["0.weight"].tolist() == [[1, 1], [2, 2], [0, 0]]
    assert given.value == sum(TABLE[0]) + 2 * sum(TABLE[1])
    assert set(given.gradients) == {"0.weight"}


def test_an_embedding_of_its_padding_row_alone() -> None:
    """The weight then has no part in the value."""
    result = grad("x -> Embedding(1, 2, padding_idx=0) -> sum", {"x": [0], "0.weight": [[3, 4]]})

    assert (result.value, result.gradients["0.weight"].tolist()) == (7, [[0, 0]])


@pytest.mark.parametrize("x", [1000.0, -1000.0, 20.5])
def test_activations_far_out_are_finite(x: float) -> None:
    """No layer overflows where PyTorch does not."""
    for layer in (
        "Softplus",
        "Softplus(3, 1)",
        "CELU(0.5)",
        "ELU",
        "SELU",
        "LogSigmoid",
        "Mish",
        "GELU('tanh')",
        "SiLU",
    ):
        assert grad(f"x -> {layer}", {"x": x}).is_finite, layer


@pytest.mark.parametrize(
    ("layer", "x", "verdicts_at_x"),
    [
        ("BatchNorm1d", "[[1, 2], [4, 0.3]]", {"agree"}),
        ("Embedding(3, 2, padding_idx=0)", "[1, 0, 1]", set()),
        ("Softshrink(1)", "[1, 2]", {"kink"}),
        ("PReLU", "[0, 2]", {"kink"}),
        ("CELU(0.5)", "[0, 2]", {"agree"}),
    ],
)
def test_layers_are_checked(layer: str, x: str, verdicts_at_x: set[str]) -> None:
    """Differences and SymPy agree with every rule on the way; corners are PyTorch's, and a held row has no slope."""
    found = verdicts(f"x -> {layer} -> sin -> sum", f"--x={x}")

    assert {verdict for name, verdict in found.items() if name.startswith("x")} - {"agree"} == verdicts_at_x - {"agree"}
    assert {verdict for name, verdict in found.items() if not name.startswith("x")} <= {"agree"}
    assert found


# Errors ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("layer", "x", "message"),
    [
        ("BatchNorm1d", [[1, 2]], "BatchNorm1d expects more than 1 value for each channel, x gives 1, in (1, 2)"),
        ("Linear(4) -> nn.BatchNorm1d(3)", X, "BatchNorm1d(3) expects 3 channels, Linear gives 4"),
        ("BatchNorm1d", 3, "BatchNorm1d expects a batch of channels, x gives an array of shape ()"),
        (
            "BatchNorm2d",
            X,
            "BatchNorm2d expects an array of 4 axes, (batch, channels, height, width); x gives 2",
        ),
        (
            "InstanceNorm1d",
            [[1], [2]],
            "InstanceNorm1d expects more than 1 place for each channel, x gives 1, in (2, 1)",
        ),
        ("nn.InstanceNorm1d(4, affine=True)", X, "InstanceNorm1d(4, affine=True) expects 4 channels, x gives 3"),
        ("GroupNorm(3)", X, "'num_channels', 4, must be a multiple of 'num_groups', 3"),
        ("nn.GroupNorm(2, 6)", X, "GroupNorm(2, 6) expects 6 channels, x gives 4"),
        ("GroupNorm(2)", [[1, 2]], "GroupNorm(2) expects more than 1 value for each group, x gives (1, 2)"),
        ("nn.LayerNorm((2, 4))", X, "LayerNorm((2, 4)) expects the last axes to be (2, 4), x gives (3, 4)"),
        ("nn.RMSNorm(3)", X, "RMSNorm(3) expects the last axes to be (3,), x gives (3, 4)"),
        ("LayerNorm", 3, "LayerNorm expects an array, x gives a single number"),
        ("Embedding(2, 3)", [0, 2], "an index must be a whole number from 0 to 1, not 2"),
        ("Embedding(2, 3)", [0, -1], "an index must be a whole number from 0 to 1, not -1"),
        ("Embedding(2, 3)", [0.5], "an index must be a whole number from 0 to 1, not 0.5"),
        ("Embedding(2, 3, padding_idx=2)", [0], "'padding_idx' must be a row of the table, which has 2, not 2"),
        ("Embedding(2, 3, -3)", [0], "'padding_idx' must be a row of the table, which has 2, not -3"),
        ("Embedding(-1, 3)", [0], "the weight would have shape (-1, 3), and no axis has a length below 0"),
        (
            "Embedding(2, 3, max_norm=1)",
            [0],
            "'max_norm' changes the rows of the table that are taken, which bpcli does not do",
        ),
        (
            "Embedding(2, 3, scale_grad_by_freq=True)",
            [0],
            "'scale_grad_by_freq' divides the gradient by how often a row is taken, which bpcli does not do",
        ),
        (
            "Dropout1d",
            [1, 2],
            "Dropout1d expects an array of 2 or 3 axes, (N, C, L) or (C, L); x gives 1",
        ),
        ("Flatten", [1, 2], "Flatten cannot take x, (2,): there is no axis 1 in an array (2,), which has 1 axis"),
        ("Unflatten(1, (2, 3))", X, "Unflatten(1, (2, 3)) makes an axis into (2, 3), x gives 4 along axis 1"),
        ("Unflatten(0, (-1, -1))", [1], "Unflatten(0, (-1, -1)) makes an axis into (-1, -1), x gives 1 along axis 0"),
        ("Unflatten(1, (0, -1))", X, "Unflatten(1, (0, -1)) makes an axis into (0, -1), x gives 4 along axis 1"),
        ("Unflatten(2, (2, 2))", X, "Unflatten(2, (2, 2)) works along axis 2, x gives an array of 2 axes"),
        ("GLU(0)", X, "GLU(0) halves axis 0, x gives 3 entries along it, an odd number"),
        ("Softmax(2)", [1, 2], "Softmax(2) works along axis 2, x gives an array of 1 axis"),
        ("Softmax2d", X, "Softmax2d expects an array of 3 or 4 axes, (N, C, H, W) or (C, H, W); x gives 2"),
        ("PReLU(2)", X, "PReLU(2) expects 2 channels, x gives 4"),
        ("Hardtanh(1, 1)", X, "'max_val' must be more than 'min_val'"),
        ("RReLU(2, 1)", X, "'upper' must be 'lower' or more"),
    ],
)
def test_what_does_not_fit_is_told(layer: str, x: Any, message: str) -> None:
    """Both layers, or the argument, in words, at the place of the layer."""
    text = f"x -> {layer} -> sum"
    with pytest.raises(UsageError) as caught:
        grad(text, {"x": x})
    (span,) = caught.value.spans

    assert caught.value.message.startswith(message)
    assert text[span.start : span.end] == layer.rsplit(" -> ", maxsplit=1)[-1]


def test_one_value_for_each_channel_is_enough_in_evaluation() -> None:
    """And the hint of the error in training says so."""
    with pytest.raises(UsageError) as caught:
        grad("x -> BatchNorm1d -> sum", {"x": [[1, 2]]})

    assert caught.value.hint == "evaluation mode takes the running statistics instead"
    assert grad("x -> BatchNorm1d(eps=0) -> sum", {"x": [[1, 2]]}, evaluation_mode=True).value == 3
