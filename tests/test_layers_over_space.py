"""Convolution, pooling and upsampling: what is refused, how parameters are drawn, and what a bare layer leaves out."""

from math import sqrt
from typing import Any

import numpy as np
import pytest

from bpcli import grad
from bpcli.errors import LimitError, UsageError
from bpcli.graph.network import Draw, Network
from bpcli.language.expressions import parse
from bpcli.language.networks import unfolded

IMAGE = np.arange(9.0).reshape(1, 3, 3)
SEQUENCE = np.array([[[1.0, 2], [3, 4]]])


def network(pipeline: str, *shape: int) -> Network:
    """The layers of a pipeline on an input `x` of this shape."""
    made = unfolded(parse(f"x -> {pipeline}"), {"x": shape}, trains=True).network
    assert made is not None
    return made


TWO_RESULTS = "hands on one array; with return_indices=True it would be two, the second of which has no gradient"
REFUSED: list[tuple[str, Any, str]] = [
    ("Conv2d(2, 2) -> nn.Conv2d(3, 1, 1)", IMAGE, "Conv2d(3, 1, 1) expects 3 channels, Conv2d gives 2"),
    ("Conv2d(1, 2)", 2.0, "Conv2d(1, 2) expects an array of 3 or 4 axes, (N, C, H, W) or (C, H, W); x gives 0"),
    ("nn.Conv1d(1, 1, 2)", [1, 2], "Conv1d(1, 1, 2) expects an array of 2 or 3 axes, (N, C, L) or (C, L); x gives 1"),
    ("Conv2d(0, 2)", IMAGE, "'out_channels' of Conv2d must be a whole number from 1 on"),
    ("nn.Conv2d(0, 1, 2)", IMAGE, "'in_channels' must be 1 or more, not 0"),
    ("Conv2d(1, 0)", IMAGE, "'kernel_size' must be 1 or more, not 0"),
    ("Conv2d(1, (2, 2, 2))", IMAGE, "'kernel_size' must have one entry for each axis of space, 2, not 3"),
    ("Conv2d(1, 2, stride=(1, 0))", IMAGE, "'stride' must be 1 or more, not 0"),
    ("Conv2d(1, 2, dilation=-1)", IMAGE, "'dilation' must be 1 or more, not -1"),
    ("Conv2d(1, 2, groups=0)", IMAGE, "'groups' of Conv2d must be a whole number from 1 on"),
    ("Conv2d(2, 2, groups=2)", IMAGE, "'in_channels', 1, must be a multiple of 'groups', 2"),
    ("nn.Conv2d(2, 3, 2, groups=2)", IMAGE, "'out_channels', 3, must be a multiple of 'groups', 2"),
    ("Conv2d(1, 2, padding=-1)", IMAGE, "'padding' must be 0 or more, not -1"),
    (
        "Conv2d(1, 2, padding='some')",
        IMAGE,
        "'padding' of Conv2d must be a whole number, or several such as (2, 3) or 'same' or 'valid'",
    ),
    (
        "Conv2d(1, 2, 2, 'same')",
        IMAGE,
        "'padding' must be numbers where the stride is not 1: only with 1 does 'same' keep the size",
    ),
    (
        "Conv2d(1, 2, padding_mode='mirror')",
        IMAGE,
        "'padding_mode' of Conv2d must be 'zeros', 'reflect', 'replicate' or 'circular'",
    ),
    (
        "Conv2d(1, 2, padding=3, padding_mode='reflect')",
        IMAGE,
        "Conv2d(1, 2, padding=3, padding_mode='reflect') cannot fill 3 entries by 'reflect' from an axis of length 3",
    ),
    (
        "Conv2d(1, 2, padding=4, padding_mode='circular')",
        IMAGE,
        "Conv2d(1, 2, padding=4, padding_mode='circular') cannot fill 4 entries by 'circular' from an axis of length 3",
    ),
    (
        "Conv1d(1, 1, 1, 1, padding_mode='replicate')",
        np.zeros((1, 2, 0)),
        "Conv1d(1, 1, 1, 1, padding_mode='replicate') cannot fill 1 entries by 'replicate' from an axis of length 0",
    ),
    (
        "Conv2d(1, 5)",
        IMAGE,
        "Conv2d(1, 5) cannot take x, (1, 3, 3): the window (5, 5) is larger than an array (1, 3, 3), padding included",
    ),
    ("nn.ConvTranspose2d(2, 1, 2)", IMAGE, "ConvTranspose2d(2, 1, 2) expects 2 channels, x gives 1"),
    (
        "ConvTranspose2d(1, 2, padding_mode='reflect')",
        IMAGE,
        "'padding_mode' of a transposed convolution must be 'zeros', as in PyTorch",
    ),
    (
        "ConvTranspose2d(1, 2, 2, output_padding=2, dilation=2)",
        IMAGE,
        "'output_padding' must be smaller than the stride or the dilation",
    ),
    ("ConvTranspose2d(1, 2, output_padding=-1)", IMAGE, "'output_padding' must be 0 or more, not -1"),
    ("ConvTranspose2d(1, 2, padding=-1)", IMAGE, "'padding' must be 0 or more, not -1"),
    (
        "ConvTranspose2d(1, 1, padding=2)",
        IMAGE,
        "ConvTranspose2d(1, 1, padding=2) has no output: its axes of space would have the lengths (-1, -1)",
    ),
    (
        "MaxPool2d(2, return_indices=True)",
        IMAGE,
        f"MaxPool2d {TWO_RESULTS}",
    ),
    (
        "AdaptiveMaxPool1d(2, True)",
        SEQUENCE,
        f"AdaptiveMaxPool1d {TWO_RESULTS}",
    ),
    ("MaxPool1d(2)", [1, 2], "MaxPool1d(2) expects an array of 2 or 3 axes, (N, C, L) or (C, L); x gives 1"),
    ("MaxPool2d(2, dilation=0)", IMAGE, "'dilation' must be 1 or more, not 0"),
    (
        "MaxPool2d(2, padding=2)",
        IMAGE,
        "MaxPool2d(2, padding=2) cannot take x, (1, 3, 3): the padding (2, 2) is more than half of the window (2, 2)",
    ),
    ("AvgPool2d(2, 0)", IMAGE, "'stride' must be 1 or more, not 0"),
    ("AvgPool2d(2, divisor_override=0)", IMAGE, "'divisor_override' must not be 0"),
    (
        "AvgPool2d(1, padding=1, count_include_pad=False)",
        IMAGE,
        (
            "AvgPool2d(1, padding=1, count_include_pad=False) cannot take x, (1, 3, 3): "
            "the padding (1, 1) is more than half of the window (1, 1)"
        ),
    ),
    ("AdaptiveAvgPool2d((1, 2, 3))", IMAGE, "'output_size' must have one entry for each axis of space, 2, not 3"),
    ("AdaptiveAvgPool2d(0)", IMAGE, "'output_size' must be 1 or more, not 0"),
    (
        "AdaptiveAvgPool1d(2)",
        np.zeros((1, 2, 0)),
        "AdaptiveAvgPool1d(2) cannot divide axes of space of the lengths (0,)",
    ),
    (
        "Upsample(2)",
        [[1, 2]],
        "Upsample(2) expects an array of 3 or 4 axes, the batch and the channels first; x gives 2",
    ),
    (
        "Upsample(2, mode='bilinear')",
        SEQUENCE,
        "Upsample(2, mode='bilinear') expects an array of 4 axes, the batch and the channels first; x gives 3",
    ),
    (
        "Upsample(2, mode='bicubic')",
        SEQUENCE,
        "'mode' must be 'nearest', 'linear' or 'bilinear': 'bicubic' is one of PyTorch's that bpcli does not have yet",
    ),
    ("Upsample(2, mode='near')", SEQUENCE, "'mode' must be 'nearest', 'linear' or 'bilinear', not 'near'"),
    ("Upsample(2, align_corners=True)", SEQUENCE, "'align_corners' is for the modes 'linear' and 'bilinear' only"),
    (
        "Upsample(2, 2)",
        SEQUENCE,
        "'size' says it all: 'scale_factor' and 'recompute_scale_factor' cannot stand beside it",
    ),
    (
        "Upsample(2, recompute_scale_factor=True)",
        SEQUENCE,
        "'size' says it all: 'scale_factor' and 'recompute_scale_factor' cannot stand beside it",
    ),
    ("Upsample()", SEQUENCE, "Upsample has no value for 'size' or 'scale_factor'"),
    ("Upsample((2, 2))", SEQUENCE, "'size' must have one entry above 0 for each axis of space, 1"),
    ("Upsample(scale_factor=-1)", SEQUENCE, "'scale_factor' must have one entry above 0 for each axis of space, 1"),
    (
        "Upsample(scale_factor=0.1)",
        SEQUENCE,
        "Upsample(scale_factor=0.1) cannot make an axis of length 0 of one of length 2",
    ),
]


@pytest.mark.parametrize(("pipeline", "x", "message"), REFUSED, ids=[pipeline for pipeline, _, _ in REFUSED])
def test_what_does_not_fit_is_told_in_words(pipeline: str, x: Any, message: str) -> None:
    """What PyTorch refuses is refused, with the layer and what came before it, before anything is computed."""
    with pytest.raises(UsageError) as refused:
        grad(f"x -> {pipeline} -> sum", {"x": np.array(x, float)})

    assert refused.value.message == message
    assert refused.value.spans
    assert refused.value.kind in {"shape", "usage", "parse"}


@pytest.mark.parametrize(
    "pipeline",
    [
        "Upsample(10000000000)",
        "Upsample(scale_factor=1e308)",
        "Upsample(10000000001, mode='linear')",
        "AdaptiveAvgPool1d(10000000000)",
        "AdaptiveMaxPool1d(10000000001)",
        "Conv1d(1, 1, padding=10000000000, padding_mode='replicate')",
        "AvgPool1d(10000000000, ceil_mode=True)",
        "ConvTranspose1d(1, 2, 10000000000)",
    ],
)
def test_what_would_be_too_large_is_never_made(pipeline: str) -> None:
    """A limit is told before the memory is taken."""
    with pytest.raises(LimitError):
        grad(f"x -> {pipeline} -> sum", {"x": SEQUENCE})


@pytest.mark.parametrize(
    ("layer", "shape", "fan_in"),
    [  # fan_in: the entries of weight[0], as `kaiming_uniform_` counts them
        ("Conv1d(3, 2)", (4, 5), 8),
        ("Conv2d(6, (2, 3), groups=2)", (2, 4, 5, 5), 12),
        ("ConvTranspose1d(3, 2)", (4, 5), 6),
        ("ConvTranspose2d(6, (2, 3), groups=2)", (2, 4, 5, 5), 18),
    ],
)
def test_parameters_are_drawn_as_in_pytorch(layer: str, shape: tuple[int, ...], fan_in: int) -> None:
    """Weight and bias are uniform within ±1/√fan_in; of a transposed convolution that counts its outputs."""
    drawn = Draw("uniform", -1 / sqrt(fan_in), 1 / sqrt(fan_in))
    (made,) = network(layer, *shape).layers

    assert [parameter.variable.name.rsplit(".")[-1] for parameter in made.parameters] == ["weight", "bias"]
    assert [parameter.draw for parameter in made.parameters] == [pytest.approx(drawn), pytest.approx(drawn)]


@pytest.mark.parametrize(
    ("layer", "shape", "weight", "output"),
    [
        ("Conv1d(3, 2)", (4, 5), (3, 4, 2), (3, 4)),
        ("Conv2d(3, 2, 2, padding=1)", (1, 4, 5, 6), (3, 4, 2, 2), (1, 3, 3, 4)),
        ("ConvTranspose1d(3, 2)", (1, 4, 5), (4, 3, 2), (1, 3, 6)),
        ("ConvTranspose2d(3, 2, 2, groups=1)", (4, 5, 6), (4, 3, 2, 2), (3, 10, 12)),
    ],
)
def test_a_bare_layer_reads_its_channels_from_the_input(
    layer: str, shape: tuple[int, ...], weight: tuple[int, ...], output: tuple[int, ...]
) -> None:
    """`Conv2d(out, kernel)` leaves in_channels out."""
    (made,) = network(layer, *shape).layers

    assert made.parameters[0].variable.shape == weight
    assert made.output.shape == output


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        ("AdaptiveAvgPool2d(1)", (64, 224, 224)),
        ("AdaptiveAvgPool2d(7)", (64, 224, 224)),
        ("AdaptiveMaxPool2d(1)", (64, 224, 224)),
        ("Upsample(scale_factor=2)", (1, 3, 224, 224)),
        ("Conv2d(4, 3, padding=1, padding_mode='reflect')", (3, 224, 224)),
    ],
)
def test_large_images_take_few_steps(layer: str, shape: tuple[int, ...]) -> None:
    """The steps do not grow with the image."""
    (made,) = network(layer, *shape).layers

    assert sum(block.stop - block.start for block in made.blocks) <= 12


def test_the_first_of_equal_entries_has_the_gradient() -> None:
    """Max-pooling gives it in the order of the rows, adaptive or not; what surrounds the image never has it."""
    image = np.array([[[0.0, -1, 0], [0, 0, -1], [0, -1, -1]]])

    for layer in ("AdaptiveMaxPool2d(1)", "MaxPool2d(3)", "MaxPool2d(4, padding=2, ceil_mode=True, stride=9)"):
        result = grad(f"x -> {layer} -> sum", {"x": image})

        assert result.value == 0
        assert np.argwhere(result.gradients["x"]).tolist() == [[0, 0, 0]]


@pytest.mark.parametrize(
    ("entry", "shape", "place"),
    [  # the place along the last axis that PyTorch 2.13 takes
        ("(x -> Upsample(22))[0, 0, 11]", (1, 1, 30), 15),  # 11·(30/22) is a little less in float64
        ("(x -> Upsample((1, 74)))[0, 0, 0, 37]", (1, 1, 1, 6), 2),  # 37·(6/74) with a step of float32 is less than 3
        ("(x -> Upsample((60, 74)))[0, 0, 0, 37]", (1, 1, 1, 6), 3),  # height and width beyond 128: one of float64
        ("(x -> Upsample(scale_factor=2.2))[0, 0, 2]", (1, 1, 3), 0),
        ("(x -> Upsample(scale_factor=(1, 2.2)))[0, 0, 0, 2]", (1, 1, 1, 3), 1),  # a length that doubles
        ("(x -> Upsample(scale_factor=(200, 2.2)))[0, 0, 0, 2]", (1, 1, 1, 3), 0),
    ],
)
def test_upsampling_rounds_places_as_pytorch_does(entry: str, shape: tuple[int, ...], place: int) -> None:
    """In float32, and for small images with other steps than for large ones."""
    result = grad(entry, {"x": np.broadcast_to(np.arange(float(shape[-1])), shape)})

    assert result.value == place
    assert np.argmax(result.gradients["x"]) == place
