"""Convolution, its adjoints, windows and pooling, against naive loops, literal values and each other.

The loops are written from the definition, y[r] = Σ kernel[k] · x[r·stride + k·dilation − padding], product by product.
"""

from fractions import Fraction
from itertools import product
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from bpcli.graph.sliding import window_counts
from bpcli.numbers import convolution as module
from bpcli.numbers.convolution import convolution, convolution_input, convolution_kernel
from bpcli.numbers.windows import first_of_largest, fold, largest, pad, windows

PLAIN = SimpleNamespace(batch=0)
BATCHED = SimpleNamespace(batch=1)
RANDOM = np.random.default_rng(4)

ROUNDING = 1e-12  # sums of at most some hundred products of numbers of size 1

ONE_AXIS = [((size,), (length,), *((value,) for value in rest))
            for size, length, *rest in product((5, 8), (1, 2, 3), (1, 2, 3), (0, 1, 2), (1, 2))]  # fmt: skip
TWO_AXES = [
    ((5, 4), (3, 3), (1, 1), (1, 1), (1, 1)),
    ((5, 4), (3, 2), (1, 1), (0, 0), (1, 1)),
    ((5, 4), (5, 4), (1, 1), (0, 0), (1, 1)),  # the kernel is as large as the input
    ((6, 7), (2, 3), (2, 3), (1, 2), (1, 1)),
    ((6, 7), (3, 2), (1, 2), (2, 0), (2, 3)),
    ((5, 5), (3, 3), (1, 1), (2, 2), (2, 2)),
    ((5, 4), (3, 1), (1, 1), (1, 0), (1, 1)),
    ((3, 2), (1, 1), (1, 1), (0, 0), (1, 1)),
    ((2, 2), (1, 1), (1, 1), (3, 3), (1, 1)),  # some windows lie in the padding altogether
    ((4, 4), (2, 2), (3, 3), (0, 0), (1, 1)),  # the last row and column meet no window
    ((2, 3), (5, 5), (1, 1), (2, 2), (1, 1)),  # some positions of the kernel lie in the padding in every window
]
THREE_AXES = [
    ((3, 4, 3), (2, 3, 1), (1, 2, 1), (1, 1, 0), (1, 1, 2)),
    ((2, 3, 2), (1, 3, 3), (1, 1, 1), (0, 1, 1), (1,) * 3),
]
SLIDES = [slide for slide in [*ONE_AXIS, *TWO_AXES, *THREE_AXES] if min(window_counts(*slide)) > 0]
GROUPED = [*((slide, 1) for slide in SLIDES), *((slide, groups) for slide in TWO_AXES for groups in (2, 4))]

every_slide = pytest.mark.parametrize(("slide", "groups"), GROUPED, ids=str)


class Term:
    """An entry that shows what was done with it, and knows + and * alone."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __add__(self, other: Any) -> "Term":
        return Term(f"{self.text} + {other}")

    def __radd__(self, other: Any) -> "Term":
        return Term(f"{other} + {self.text}")

    def __mul__(self, other: Any) -> "Term":
        return Term(f"{self.text}{other}")

    def __rmul__(self, other: Any) -> "Term":
        return Term(f"{other}{self.text}")

    def __str__(self) -> str:
        return self.text


def letters(text: str, *shape: int) -> Any:
    """An array of terms."""
    return np.array([Term(letter) for letter in text], object).reshape(shape)


def fractions(values: Any) -> Any:
    """The same numbers, exactly."""
    return np.frompyfunc(Fraction, 1, 1)(values)


def wholes(*shape: int) -> Any:
    """Random whole numbers as float64, whose small sums of products are exact."""
    return RANDOM.integers(-9, 10, shape).astype(float)


def naive(x: Any, kernel: Any, attributes: Any) -> Any:
    """The convolution by the definition, and the products that it adds: the indices of y, x and kernel."""
    stride, padding, dilation, groups = attributes
    (images, _, *sizes), (filters, per_group, *size) = x.shape, kernel.shape
    counts = [
        (s + 2 * p - d * (k - 1) - 1) // t + 1
        for s, k, t, p, d in zip(sizes, size, stride, padding, dilation, strict=True)
    ]
    y = np.zeros((images, filters, *counts))
    products = []
    for n, o, c in product(range(images), range(filters), range(per_group)):
        channel = o // (filters // groups) * per_group + c
        for r, k in product(np.ndindex(*counts), np.ndindex(*size)):
            at = [i * t + j * d - p for i, t, j, d, p in zip(r, stride, k, dilation, padding, strict=True)]
            if all(0 <= i < s for i, s in zip(at, sizes, strict=True)):
                y[(n, o, *r)] += kernel[(o, c, *k)] * x[(n, channel, *at)]
                products.append(((n, o, *r), (n, channel, *at), (o, c, *k)))
    return y, products


def example(slide: Any, groups: int) -> tuple[Any, Any, Any]:
    """Images, a kernel, and the attributes of a convolution."""
    sizes, size, *attributes = slide
    return wholes(2, 4, *sizes), wholes(4, 4 // groups, *size), (*attributes, groups)


@every_slide
def test_convolution_and_its_adjoints_are_their_definitions(
    slide: Any, groups: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All three, entry by entry; and, by the other way of computing, in exact fractions and as if too large."""
    x, kernel, attributes = example(slide, groups)
    y, products = naive(x, kernel, attributes)
    upstream = wholes(*y.shape)
    back, to_kernel = np.zeros(x.shape), np.zeros(kernel.shape)
    for r, s, k in products:
        back[s] += kernel[k] * upstream[r]
        to_kernel[k] += upstream[r] * x[s]

    for kind, most in (np.asarray, module.MOST_OF_AN_IMAGE), (fractions, module.MOST_OF_AN_IMAGE), (np.asarray, 0):
        monkeypatch.setattr(module, "MOST_OF_AN_IMAGE", most)
        one, two, three = (kind(array) for array in (x, kernel, upstream))
        np.testing.assert_array_equal(convolution(PLAIN, one, two, *attributes), y)
        np.testing.assert_array_equal(convolution_input(PLAIN, three, two, x.shape, *attributes), back)
        np.testing.assert_array_equal(convolution_kernel(PLAIN, one, three, kernel.shape, *attributes), to_kernel)


@every_slide
def test_adjoints_keep_the_inner_product(slide: Any, groups: int) -> None:
    """⟨conv(x, k), u⟩ = ⟨x, conv_input(u, k)⟩ = ⟨k, conv_kernel(x, u)⟩."""
    x, kernel, attributes = example(slide, groups)
    x, kernel = RANDOM.standard_normal(x.shape), RANDOM.standard_normal(kernel.shape)
    y = convolution(PLAIN, x, kernel, *attributes)
    upstream = RANDOM.standard_normal(y.shape)

    expected = pytest.approx(np.vdot(y, upstream), rel=ROUNDING, abs=ROUNDING)

    assert np.vdot(x, convolution_input(PLAIN, upstream, kernel, x.shape, *attributes)) == expected
    assert np.vdot(kernel, convolution_kernel(PLAIN, x, upstream, kernel.shape, *attributes)) == expected


@pytest.fixture(params=[1, 500, module.MOST_GATHERED])
def most_gathered(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Few images at a time, or all."""
    monkeypatch.setattr(module, "MOST_GATHERED", request.param)


@pytest.mark.usefixtures("most_gathered")
@pytest.mark.parametrize("kind", [np.asarray, fractions])
@pytest.mark.parametrize("sides", [(3, 3), (3, 1), (1, 3), (1, 1), (0, 1)], ids=str)
@pytest.mark.parametrize("slide", [TWO_AXES[0], TWO_AXES[3]], ids=str)
def test_a_batch_is_a_loop(slide: Any, sides: Any, kind: Any) -> None:
    """Batch axes broadcast, whichever side has them, however many images are gathered at a time."""
    sizes, size, *rest = slide
    attributes: Any = (*rest, 2)
    left, right = sides
    common = left if right == 1 else right
    x, kernel = kind(wholes(left, 2, 4, *sizes)), kind(wholes(right, 4, 2, *size))
    upstreams = {many: kind(wholes(many, 2, 4, *window_counts(*slide))) for many in {left, right, common}}

    def members(*arrays: Any) -> Any:
        return zip(*(np.broadcast_to(array, (common, *array.shape[1:])) for array in arrays), strict=True)

    def same(found: Any, expected: list[Any]) -> None:
        assert found.shape[0] == common
        np.testing.assert_array_equal(found, np.array(expected).reshape(found.shape))

    upstream = upstreams[left]
    same(
        convolution(BATCHED, x, kernel, *attributes),
        [convolution(PLAIN, one, k, *attributes) for one, k in members(x, kernel)],
    )
    same(
        convolution_input(BATCHED, upstream, kernel, x.shape[1:], *attributes),
        [convolution_input(PLAIN, u, k, x.shape[1:], *attributes) for u, k in members(upstream, kernel)],
    )
    upstream = upstreams[right]
    same(
        convolution_kernel(BATCHED, x, upstream, kernel.shape[1:], *attributes),
        [convolution_kernel(PLAIN, one, u, kernel.shape[1:], *attributes) for one, u in members(x, upstream)],
    )


def test_two_batch_axes_broadcast() -> None:
    """As many leading axes as there are: here the images have one, and the kernel the other."""
    x, kernel, attributes = wholes(2, 1, 3, 2, 5), wholes(1, 4, 2, 2, 3), ((1,), (1,), (1,), 1)

    y = convolution(SimpleNamespace(batch=2), x, kernel, *attributes)

    assert y.shape == (2, 4, 3, 2, 5)
    np.testing.assert_array_equal(y[1, 2], convolution(PLAIN, x[1, 0], kernel[0, 2], *attributes))


@pytest.mark.parametrize("kind", [np.asarray, fractions])
def test_pytorch_in_one_dimension(kind: Any) -> None:
    """What PyTorch 2.13 gives for conv1d with stride, padding, dilation and groups, and its gradients."""
    x, kernel = kind(np.arange(1.0, 17).reshape(1, 2, 8)), kind(np.array([[[1.0, 2, -1]], [[0, 3, 1]]]))
    upstream, attributes = kind(np.array([[[1.0, 2, 3], [4, 5, 6]]])), ((2,), (1,), (2,), 2)

    assert convolution(PLAIN, x, kernel, *attributes).tolist() == [[[0, 4, 8], [42, 50, 58]]]
    assert convolution_input(PLAIN, upstream, kernel, x.shape, *attributes).tolist() == [
        [[0, 4, 0, 6, 0, 4, 0, -3], [0, 12, 0, 19, 0, 23, 0, 6]]
    ]
    assert convolution_kernel(PLAIN, x, upstream, kernel.shape, *attributes).tolist() == [
        [[16, 28, 40]],
        [[122, 184, 214]],
    ]


def test_pytorch_in_two_dimensions() -> None:
    """What PyTorch 2.13 gives for conv2d where the axes differ, and the gradients of its sum of squares."""
    x, kernel, attributes = np.arange(1.0, 10).reshape(1, 1, 3, 3), np.array([[[[1.0, 2], [3, 4]]]]), ((1, 2), (1, 0))

    y = convolution(PLAIN, x, kernel, *attributes, (1, 1), 1)

    assert y.tolist() == [[[[11], [37], [67], [23]]]]
    assert convolution_input(PLAIN, 2 * y, kernel, x.shape, *attributes, (1, 1), 1).tolist() == [
        [[[140, 236, 0], [356, 564, 0], [448, 628, 0]]]
    ]
    assert convolution_kernel(PLAIN, x, 2 * y, kernel.shape, *attributes, (1, 1), 1).tolist() == [
        [[[932, 1186], [1256, 1486]]]
    ]


def test_fan_out_of_each_pixel() -> None:
    """A 3×3 image under a 2×2 kernel: a corner feeds one output, an edge two, the centre four."""
    ones = np.ones((1, 1, 2, 2))

    fan_out = convolution_input(PLAIN, ones, ones, (1, 1, 3, 3), (1, 1), (0, 0), (1, 1), 1)

    assert fan_out[0, 0].tolist() == [[1, 2, 1], [2, 4, 2], [1, 2, 1]]


def test_terms_are_those_that_meet() -> None:
    """Entries of dtype object: no zero of the padding is multiplied, no sum begins with 0, and an empty sum is 0."""
    x, kernel, attributes = letters("abc", 1, 1, 3), letters("uvw", 1, 1, 3), ((1,), (2,), (1,), 1)

    y = convolution(PLAIN, x, kernel, *attributes)

    assert list(map(str, y.flat)) == ["wa", "va + wb", "ua + vb + wc", "ub + vc", "uc"]
    back = convolution_input(PLAIN, letters("pqrst", 1, 1, 5), kernel, (1, 1, 3), *attributes)
    assert list(map(str, back.flat)) == ["ur + vq + wp", "us + vr + wq", "ut + vs + wr"]
    to_kernel = convolution_kernel(PLAIN, x, letters("pqrst", 1, 1, 5), (1, 1, 3), *attributes)
    assert list(map(str, to_kernel.flat)) == ["ra + sb + tc", "qa + rb + sc", "pa + qb + rc"]

    square, upstream = letters("abcd", 1, 1, 2, 2), letters("pqrs", 1, 1, 2, 2)
    pixels = convolution_input(PLAIN, upstream, square, (1, 1, 3, 3), (1, 1), (0, 0), (1, 1), 1)
    assert (str(pixels[0, 0, 0, 0]), str(pixels[0, 0, 1, 1])) == ("ap", "as + br + cq + dp")

    lonely = convolution(PLAIN, letters("a", 1, 1, 1), letters("u", 1, 1, 1), (1,), (1,), (1,), 1)
    assert [entry if isinstance(entry, int) else str(entry) for entry in lonely.flat] == [0, "ua", 0]


@pytest.mark.parametrize("dtype", [np.float64, np.float32, object])
def test_dtype_stays(dtype: Any) -> None:
    """Single precision stays single, objects stay objects."""
    x, kernel = wholes(1, 2, 4).astype(dtype), wholes(2, 2, 3).astype(dtype)
    attributes = ((1,), (1,), (1,), 1)

    y = convolution(PLAIN, x, kernel, *attributes)

    assert y.dtype == dtype
    assert convolution_input(PLAIN, y, kernel, x.shape, *attributes).dtype == dtype
    assert convolution_kernel(PLAIN, x, y, kernel.shape, *attributes).dtype == dtype
    assert pad(PLAIN, x, [(1, 0)]).dtype == dtype
    assert fold(PLAIN, x, (5,), (1,), (1,)).dtype == dtype


@pytest.mark.parametrize("dtype", [float, object])
def test_no_images(dtype: Any) -> None:
    """An empty batch convolves to an empty batch, and its kernel gradient is 0."""
    x, kernel, attributes = np.zeros((0, 2, 4), dtype), np.ones((3, 2, 3), dtype), ((1,), (1,), (1,), 1)

    y = convolution(PLAIN, x, kernel, *attributes)

    assert y.shape == (0, 3, 4)
    assert convolution_input(PLAIN, y, kernel, x.shape, *attributes).shape == x.shape
    assert convolution_kernel(PLAIN, x, y, kernel.shape, *attributes).tolist() == np.zeros((3, 2, 3)).tolist()


def test_an_upstream_that_is_broadcast() -> None:
    """The gradient of a sum is one number, seen everywhere: no memory that BLAS could read as a matrix."""
    x, kernel, attributes = wholes(2, 3, 5, 5), wholes(4, 3, 3, 3), ((1, 1), (1, 1), (1, 1), 1)
    seen, copied = np.broadcast_to(2.0, (2, 4, 5, 5)), np.full((2, 4, 5, 5), 2.0)

    for found, expected in zip(
        *(
            (
                convolution_input(PLAIN, upstream, kernel, x.shape, *attributes),
                convolution_kernel(PLAIN, x, upstream, kernel.shape, *attributes),
            )
            for upstream in (seen, copied)
        ),
        strict=True,
    ):
        np.testing.assert_array_equal(found, expected)


def test_padding_takes_no_memory_where_it_is_much() -> None:
    """Two of the three windows lie in 160 GB of padding."""
    x, kernel, attributes = np.array([[[2.0, 3.0]]]), np.array([[[5.0]]]), ((10**10,), (10**10,), (1,), 1)

    y = convolution(PLAIN, x, kernel, *attributes)

    assert y.tolist() == [[[0, 10, 0]]]
    assert convolution_input(PLAIN, y, kernel, x.shape, *attributes).tolist() == [[[50, 0]]]
    assert convolution_kernel(PLAIN, x, y, kernel.shape, *attributes).tolist() == [[[20]]]


@pytest.mark.parametrize("slide", [slide for slide in SLIDES if not any(slide[3])], ids=str)
@pytest.mark.parametrize("kind", [np.asarray, fractions])
def test_windows_and_fold(slide: Any, kind: Any) -> None:
    """Every window is the part of the input that it should be, and ⟨windows(x), w⟩ = ⟨x, fold(w)⟩."""
    sizes, size, stride, _, dilation = slide
    x = kind(wholes(2, 3, *sizes))

    view = windows(PLAIN, x, size, stride, dilation)

    counts = window_counts(*slide)
    assert view.shape == (2, 3, *counts, *size)
    assert np.shares_memory(view, x)
    for r, k in product(np.ndindex(*counts), np.ndindex(*size)):
        at = tuple(i * t + j * d for i, t, j, d in zip(r, stride, k, dilation, strict=True))
        np.testing.assert_array_equal(view[(..., *r, *k)], x[(..., *at)])
    w = kind(wholes(*view.shape))
    for shape in x.shape, sizes:
        folded = fold(PLAIN, w, shape, stride, dilation)
        assert folded.shape == x.shape
        assert (folded * x).sum() == (view * w).sum()


def test_pad() -> None:
    """The last axes are padded, on each side by its own width, with a value of the array's own kind."""
    x = np.array([[1.0, 2]])

    assert pad(PLAIN, x, [(1, 2)]).tolist() == [[0, 1, 2, 0, 0]]
    assert pad(PLAIN, x, [(1, 0), (0, 1)], -np.inf).tolist() == [[-np.inf] * 3, [1, 2, -np.inf]]
    assert pad(PLAIN, x, [(0, 0), (0, 0)]) is x
    assert pad(PLAIN, fractions(x), [(0, 1)], Fraction(1, 3)).tolist() == [[1, 2, Fraction(1, 3)]]
    assert isinstance(pad(PLAIN, fractions(x), [(0, 1)])[0, 2], int)


@pytest.mark.parametrize(
    ("entries", "mark"),
    [
        ([[1, 4], [2, 3]], [[0, 1], [0, 0]]),
        ([[3, 3], [3, 3]], [[1, 0], [0, 0]]),
        ([[1, 2], [2, 0]], [[0, 1], [0, 0]]),
        ([[-np.inf, -np.inf], [-np.inf, -np.inf]], [[1, 0], [0, 0]]),
        ([[5, np.nan], [np.inf, 2]], [[0, 1], [0, 0]]),
        ([[1, np.nan], [np.nan, 2]], [[0, 0], [1, 0]]),  # PyTorch takes the last
        ([[-np.inf, np.nan], [5, np.nan]], [[0, 0], [0, 1]]),
    ],
)
def test_first_of_largest(entries: Any, mark: Any) -> None:
    """Where PyTorch's max_pool2d sends its gradient: to the first of equal ones, and to NaN."""
    w = np.array([entries, [[0, 0], [0, 1]]], np.float32)

    marks = first_of_largest(PLAIN, w, 2)

    assert marks.dtype == np.float32
    np.testing.assert_array_equal(largest(PLAIN, w, 2), w.max((1, 2)))
    assert marks.tolist() == [mark, [[0, 0], [0, 1]]]


@pytest.mark.parametrize(
    ("sizes", "floor", "ceil"),
    [  # size, kernel, stride, padding, dilation; then PyTorch's max_pool1d without and with ceil_mode
        ((4, 2, 2, 0, 1), 2, 2),
        ((5, 2, 2, 0, 1), 2, 3),
        ((4, 2, 3, 0, 1), 1, 2),
        ((4, 2, 3, 1, 1), 2, 2),  # a third window would begin behind the input
        ((4, 2, 2, 1, 1), 3, 3),
        ((4, 3, 2, 0, 1), 1, 2),
        ((4, 3, 2, 1, 1), 2, 3),
        ((4, 3, 3, 1, 2), 1, 2),
        ((5, 3, 3, 1, 2), 1, 2),
        ((7, 2, 3, 0, 2), 2, 3),
        ((7, 3, 2, 1, 2), 3, 3),
        ((4, 3, 1, 0, 2), 0, 0),  # a window does not fit
    ],
)
def test_window_counts(sizes: tuple[int, ...], floor: int, ceil: int) -> None:
    """The counts that PyTorch 2.13 has."""
    attributes = [(value,) for value in sizes]

    assert window_counts(*attributes) == (floor,)
    assert window_counts(*attributes, ceil_mode=True) == (ceil,)
