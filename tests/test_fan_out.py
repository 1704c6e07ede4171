"""Convolutions without an entry: the fan-out map, and what the page says of the two gradients, word for word."""

from typing import Any

import numpy as np
import pytest
from command import call
from numpy.lib.stride_tricks import sliding_window_view

import bpcli
from bpcli.backprop.fan_out import FanOut

RNG = np.random.default_rng(5)
Array = Any
CASES = [
    ((3, 3), (2, 2), {}),
    ((4, 5), (2, 3), {"stride": 2}),
    ((6, 6), (2, 2), {"stride": 3}),
    ((4, 4), (3, 3), {"padding": 1}),
    ((6, 5), (2, 2), {"dilation": 2}),
    ((6, 7), (2, 3), {"stride": (2, 1), "padding": (1, 2), "dilation": (2, 1)}),
    ((5, 5), (3, 2), {"stride": 2, "padding": 1, "dilation": 2}),
]


def mapped(image: Array, kernel: Array, **where: Any) -> FanOut:
    """The one convolution of an expression, whose output is a sum of squares."""
    words = "".join([f", {name}={value}" for name, value in where.items()])
    found = bpcli.fan_out(f"Y = conv2d(X, K{words}); L = sum(Y**2)", {"X": image, "K": kernel})
    return found.convolutions[0]


def slid(image: Array, kernel: Array) -> Array:
    """What a kernel gives that slides over an image by one."""
    return (sliding_window_view(image, kernel.shape) * kernel).sum(axis=(-2, -1))


def spaced(array: Array, steps: Any) -> Array:
    """The array with steps - 1 zeros between its entries."""
    whole = np.zeros([(length - 1) * step + 1 for length, step in zip(array.shape, steps, strict=True)])
    whole[tuple([slice(None, None, step) for step in steps])] = array
    return whole


def test_the_article_has_its_map() -> None:
    """3×3 and 2×2 at stride 1: 1 2 1 / 2 4 2 / 1 2 1."""
    one = mapped(np.ones((3, 3)), np.ones((2, 2)))

    assert (one.windows, one.filters) == ([[1, 2, 1], [2, 4, 2], [1, 2, 1]], 1)


@pytest.mark.parametrize(("size", "length", "where"), CASES)
def test_the_map_counts_the_uses_of_each_entry(
    size: tuple[int, int], length: tuple[int, int], where: dict[str, Any]
) -> None:
    """As many windows as `explain` has terms."""
    image, kernel = RNG.normal(size=size), RNG.normal(size=length)
    one = mapped(image, kernel, **where)
    words = "".join([f", {name}={value}" for name, value in where.items()])
    for index in np.ndindex(size):
        result = bpcli.explain(f"sum(conv2d(X, K{words}))", {"X": image, "K": kernel}, f"X{list(index)}")

        assert one.windows[index[0]][index[1]] == len(result.uses)


@pytest.mark.parametrize(("size", "length", "where"), CASES)
def test_what_is_said_of_the_input_is_so(size: tuple[int, int], length: tuple[int, int], where: dict[str, Any]) -> None:
    """The upstream dilated, the kernel dilated and rotated, slid with zeros around; then the padding is cut off."""
    image, kernel = RNG.normal(size=size), RNG.normal(size=length)
    one = mapped(image, kernel, **where)
    sliding = one.sliding
    upstream, spread = spaced(one.upstream, sliding.stride), spaced(kernel, sliding.dilation)
    around = [(side - 1, side - 1) for side in spread.shape]
    whole = slid(np.pad(upstream, around), spread[::-1, ::-1])
    padded = np.zeros([side + 2 * width for side, width in zip(size, sliding.padding, strict=True)])
    padded[: whole.shape[0], : whole.shape[1]] = whole
    cut = padded[tuple([slice(width, width + side) for side, width in zip(size, sliding.padding, strict=True)])]

    assert one.back[0] == pytest.approx(cut)


@pytest.mark.parametrize(("size", "length", "where"), CASES)
def test_what_is_said_of_the_kernel_is_so(
    size: tuple[int, int], length: tuple[int, int], where: dict[str, Any]
) -> None:
    """The padded input under the dilated upstream, without further zeros, at a stride of the dilation."""
    image, kernel = RNG.normal(size=size), RNG.normal(size=length)
    one = mapped(image, kernel, **where)
    sliding = one.sliding
    padded = np.pad(image, [(width, width) for width in sliding.padding])
    whole = slid(padded, spaced(one.upstream, sliding.stride))
    found = whole[:: sliding.dilation[0], :: sliding.dilation[1]][: length[0], : length[1]]

    assert one.back[1] == pytest.approx(found)


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ({}, ["∂L/∂X is the full convolution of ∂L/∂Y with K rotated by 180°. Full", "with 1 zero around it"]),
        ({"stride": 2}, ["∂L/∂Y (dilated first: 1 zero between its entries, as the stride is 2) with"]),
        ({"stride": 2}, ["; 0 where no window reaches.", "; what no window of X reaches is left out."]),
        ({"padding": 1}, [", cut by 1 on each side, where the padding is.", "X (with 1 zero around it) with"]),
        ({"dilation": 2}, ["with K (1 zero between its entries) rotated", "at a stride of 2, the dilation"]),
        ({"stride": (3, 1)}, ["2 by 0 zeros between its entries, as the stride is 3 by 1"]),
    ],
)
def test_the_page_says_when_it_holds(where: dict[str, Any], said: list[str]) -> None:
    """Stride, padding and dilation each add their words."""
    words = "".join([f", {name}={value}" for name, value in where.items()])
    shown = call(
        "explain",
        f"Y = conv2d(X, K{words}); L = sum(Y**2)",
        "--X",
        str(np.ones((4, 3)).tolist()),
        "--K=[[1, 2], [3, 4]]",
    )
    text = " ".join(shown.out.split())

    assert shown.code == 0
    assert [part for part in said if part not in text] == []


def test_channels_filters_and_images_are_named() -> None:
    """A window feeds each filter; sums go over filters, and over images."""
    found = bpcli.fan_out("sum(conv2d(X, K)**2)", {"X": np.ones((2, 3, 4, 4)), "K": np.ones((6, 3, 3, 3))})
    one = found.convolutions[0]
    shown = call(
        "explain",
        "sum(conv2d(X, K)**2)",
        "--X",
        str(np.ones((2, 3, 4, 4)).tolist()),
        "--K",
        str(np.ones((6, 3, 3, 3)).tolist()),
    ).out

    assert (one.windows[1], one.filters) == ([2, 4, 4, 2], 6)
    assert "times 6, as each window feeds so many filters" in shown
    assert "for each channel, summed over the filters" in " ".join(shown.split())


def test_without_a_loss_the_map_and_the_words_remain() -> None:
    """An output that is an array has no one gradient; nothing is computed of it."""
    done = call("explain", "conv1d(x, k)", "--x=[1, 2, 3]", "--k=[1, 1]")

    assert done.code == 0
    assert "1 2 1\n" in done.out
    assert "∂L/∂x is the full convolution of ∂L/∂f" in done.out
    assert "rotated     " not in done.out


def test_a_shared_input_is_said_to_be() -> None:
    """What comes through the convolution is a part of its gradient; a kernel of numbers has none."""
    done = call("explain", "Y = conv1d(x, [1, 2]); sum(Y) + sum(x)", "--x=[1, 2, 3]")

    assert "The part of ∂f/∂x that comes through Y is the full convolution" in done.out
    assert "    1 1       2 1                    1 3 2\n" in done.out
    assert "correlation" not in done.out


def test_a_convolution_of_numbers_alone_has_no_map() -> None:
    """No gradient flows through it."""
    done = call("explain", "x + sum(conv1d([1, 2, 3], [1, 1]))", "--x=1")

    assert done.code == 2
    assert "there is no convolution to map" in done.err


def test_every_convolution_has_its_section() -> None:
    """In the order of computation; one that the output does not need has none."""
    done = call(
        "explain", "A = conv1d(x, k); B = conv1d(A, k); C = conv1d(x, x); sum(B)", "--x=[1, 2, 3]", "--k=[1, 1]"
    )

    assert [line for line in done.out.splitlines() if "no padding" in line] == [
        "  A = conv1d(x, k): stride 1, no padding",
        "  B = conv1d(A, k): stride 1, no padding",
    ]


def test_a_large_map_is_thinned_for_the_eye_alone() -> None:
    """On a terminal's page rows and columns are left out, in a pipe none."""
    arguments = ("explain", "sum(conv1d(x, k))", "--x", str([1] * 40), "--k=[1, 1]")

    assert f"1 {'2 ' * 7}… {'2 ' * 7}1\n" in call(*arguments, "--output-format=table").out
    assert f"1 {'2 ' * 38}1\n" in call(*arguments).out


def test_a_variable_that_is_called_l_is_not_the_output() -> None:
    """Where the output is an array, some number is made of it, by a name that is free."""
    shown = call("explain", "conv2d(X, K)*L", "--X=[[1, 2], [3, 4]]", "--K=[[1]]", "--L=2").out

    assert "∂L_2/∂X" in shown
    assert "∂L/∂X" not in shown
