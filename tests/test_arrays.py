"""The values of tensor variables from Python and JSON: nested lists, NumPy arrays, and what turns into one."""

import subprocess
import sys
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command import PATIENCE, environment
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from bpcli.errors import BindingError, LimitError
from bpcli.graph.shapes import size_text
from bpcli.language.arrays import Dtype, array_from
from bpcli.language.limits import Limits
from bpcli.language.values import value_from


def nested(levels: int) -> Any:
    """A number inside so many lists."""
    value: Any = 1.0
    for _ in range(levels):
        value = [value]
    return value


VALUES_OF_A_TENTH: list[object] = [[0.1], np.array([0.1]), np.array([0.1], ">f8")]


class Tensor:
    """What PyTorch's tensors offer to NumPy: `__array__`, which fails while they keep a history, and `detach`."""

    def __init__(self, numbers: Any, *, history: bool = False) -> None:
        self.numbers = np.asarray(numbers)
        self.history = history

    def __repr__(self) -> str:
        return f"Tensor({self.numbers.tolist()})"

    def detach(self) -> "Tensor":
        """The same numbers without their history."""
        return Tensor(self.numbers)

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        if self.history:
            message = "call detach first"
            raise RuntimeError(message)
        return np.array(self.numbers, dtype, copy=copy)


class OnAnotherDevice:
    """A tensor whose numbers are out of reach."""

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        message = "can't convert cuda:0 device type tensor to numpy"
        raise TypeError(message)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([1, 2.5], np.array([1.0, 2.5])),
        ([[1, -2], (0.5, 3)], np.array([[1.0, -2.0], [0.5, 3.0]])),
        ([], np.zeros(0)),
        ([[], []], np.zeros((2, 0))),
        ([["pi/2", "1e3"], [Decimal("0.5"), Fraction(1, 4)]], np.array([[np.pi / 2, 1000.0], [0.5, 0.25]])),
        (np.arange(3), np.array([0.0, 1.0, 2.0])),
        (np.array([[1, 2]], ">i2"), np.array([[1.0, 2.0]])),
        (np.array([0.5], np.float16), np.array([0.5])),
        (np.array([1, Fraction(1, 2)], object), np.array([1.0, 0.5])),
        (np.zeros((0, 3), object), np.zeros((0, 3))),
        (np.asfortranarray([[1.0, 2.0], [3.0, 4.0]]), np.array([[1.0, 2.0], [3.0, 4.0]])),
        ([np.array([1, 2]), np.array([3, 4])], np.array([[1.0, 2.0], [3.0, 4.0]])),
        ([np.float32(0.5), np.int8(2)], np.array([0.5, 2.0])),
        (Tensor([1, 2]), np.array([1.0, 2.0])),
        (Tensor([[1.5]], history=True), np.array([[1.5]])),
        ([Tensor(1.0, history=True), Tensor(2.0)], np.array([1.0, 2.0])),
    ],
    ids=str,
)
def test_an_array_is_read(value: object, expected: np.ndarray[Any, Any]) -> None:
    """Lists, tuples and arrays of real numbers become float64, in rows, of the shape that they have."""
    found = array_from("W", value)

    assert (found.dtype.str, found.shape, found.tolist()) == (expected.dtype.str, expected.shape, expected.tolist())
    assert found.flags.c_contiguous
    assert type(found) is np.ndarray


@given(arrays(np.float64, array_shapes(max_dims=4, min_side=0), elements=st.floats(-1e300, 1e300)))
def test_lists_say_the_same_as_the_array(array: np.ndarray[Any, Any]) -> None:
    """The array, its lists and its texts are one value. Lists do not say how wide no row is."""
    texts = np.array([repr(number) for number in array.ravel().tolist()], object).reshape(array.shape)
    values: list[object] = [array, texts, *[array.tolist()] * (array.size > 0)]
    found = [array_from("W", value) for value in values]

    assert [(part.shape, part.tobytes()) for part in found] == [(array.shape, array.tobytes())] * len(values)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_precision_is_as_asked(dtype: Dtype) -> None:
    """Single precision rounds what is read."""
    found = [array_from("W", value, dtype=dtype) for value in VALUES_OF_A_TENTH]

    assert [part.dtype for part in found] == [np.dtype(dtype)] * 3
    assert found[0][0] == np.dtype(dtype).type(0.1)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (3, 3.0),
        ("pi/2", np.pi / 2),
        (np.float32(0.5), 0.5),
        (np.array(2), 2.0),
        (Tensor(2.5, history=True), 2.5),
        (np.array(Fraction(1, 2), object), 0.5),
    ],
)
def test_a_value_without_axes_is_a_number(value: object, number: float) -> None:
    """Numbers, texts of numbers and arrays without axes are floats."""
    found = value_from("x", value)

    assert (type(found), found) == (float, number)


def test_a_value_with_axes_is_an_array() -> None:
    """Lists and arrays are arrays, whatever their size."""
    values: list[object] = [[1], (1,), np.ones(1), [[]]]
    found = [value_from("x", value) for value in values]

    assert [np.shape(part) for part in found] == [(1,), (1,), (1,), (1, 0)]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([[1, 2, 3], [1, 2]], "W is ragged: row 1 has 2 entries, row 0 has 3"),
        ([[1, 2], [1]], "W is ragged: row 1 has 1 entry, row 0 has 2"),
        ([[], [1]], "W is ragged: row 1 has 1 entry, row 0 has 0"),
        ([[1], 2], "W is ragged: row 1 is a single entry, row 0 has 1 entry"),
        ([1, [2, 3]], "W is ragged: row 1 has 2 entries, row 0 is a single entry"),
        ([[[1, 2], [3]]], "W is ragged: [0, 1] has 1 entry, [0, 0] has 2"),
        ([[[1]], [[2]], [3]], "W is ragged: [2, 0] is a single entry, [0, 0] has 1 entry"),
        ([np.ones(2), np.ones(3)], "W is ragged: row 1 has 3 entries, row 0 has 2"),
        ([[0, 0, 0], [0, 0, float("nan")]], "the value of W is not finite at [1, 2]: nan"),
        ([0, "1/0"], "the value of W is not finite at [1]: 1/0"),
        (np.array([[1.0, 2.0], [-np.inf, np.nan]]), "the value of W is not finite at [1, 0]: -inf"),
        ([1, None], "the value of W is null at [1], not a number"),
        ([[True]], "the value of W is a truth value at [0, 0], not a number"),
        ([{}], "the value of W is an object at [0], not a number"),
        ([1, "six"], "the value of W is no number at [1]: 'six'"),
        ([1, "@w.npy"], "the value of W is no number at [1]: '@w.npy'"),
        ([1j], "the value of W is no number at [0]"),
        ([0, 10**400], "the value of W is beyond float64 at [1]: its largest number is 1.8e308"),
        (np.array([True]), "the value of W holds truth values, not numbers"),
        (np.array([1j]), "the value of W holds complex numbers, not real numbers: its dtype is complex128"),
        (np.array(["1"]), "the value of W holds text, not real numbers: its dtype is <U1"),
        (np.array(["2020"], "M8[Y]"), "the value of W holds dates, not real numbers: its dtype is datetime64[Y]"),
        (np.zeros(1, [("a", "f8")]), "the value of W holds records, not real numbers: its dtype is [('a', '<f8')]"),
        (np.array([1, None], object), "the value of W is null at [1], not a number"),
        (np.array([{}, [1]], object), "the value of W is an object at [0], not a number"),
        (np.ma.masked_array([1, 2], [False, True]), "the value of W has masked entries"),
        (OnAnotherDevice(), "the value of W gives no array: can't convert cuda:0 device type tensor to numpy"),
        (nested(65), "the value of W is nested deeper than 64 lists"),
        ({"a": 1}, "the value of W is an object, not a number"),
        (range(3), "the value of W is no number"),
        (np.array(True), "the value of W is a truth value, not a number"),  # noqa: FBT003 - a truth value is the case
        (np.array(1j), "the value of W is no number"),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_what_is_no_array_is_refused(value: object, message: str) -> None:
    """The message says which variable, what is wrong, and at which index, counted from 0."""
    with pytest.raises(BindingError) as caught:
        value_from("W", value)

    assert caught.value.message == message
    assert caught.value.hint or "float64" in message


def test_a_list_that_holds_itself_is_refused() -> None:
    """A cycle is nested deeper than any array."""
    value: list[Any] = []
    value.append(value)

    with pytest.raises(BindingError, match="nested deeper"):
        array_from("W", value)


def test_a_number_beyond_single_precision_is_refused() -> None:
    """What float64 holds and float32 does not is told as such, not as infinity."""
    with pytest.raises(BindingError, match=r"the value of W is beyond float32 at \[1\]: 1e\+300"):
        array_from("W", [1, 1e300], dtype="float32")


def test_sixty_four_axes_are_read() -> None:
    """NumPy has so many."""
    assert array_from("W", nested(64)).ndim == 64


@pytest.mark.parametrize(
    ("value", "dtype", "message"),
    [
        ([[1] * 6] * 2, "float64", "W (2, 6) would take 96 bytes"),
        ([[1] * 6] * 2, "float32", "W (2, 6) would take 48 bytes"),
        ([[[[1] * 1000] * 1000] * 1000] * 1000, "float64", "W (1000, 1000, 1000, 1000) would take 8 TB"),
        (np.broadcast_to(0.0, (100_000, 100_000)), "float64", "W (100000, 100000) would take 80 GB"),
        (np.zeros((0, 11)), "float64", "W (0, 11) would take 88 bytes"),
        ([[]] * 11, "float64", "W (11, 0) would take 88 bytes"),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_an_array_beyond_the_limit_is_refused(value: object, dtype: Dtype, message: str) -> None:
    """Before its memory is taken: lists may share their rows, arrays their entries."""
    with pytest.raises(LimitError) as caught:
        array_from("W", value, Limits(entries=10), dtype)

    assert caught.value.message == message
    assert caught.value.hint == "raise the limit of 10 entries with --max-entries"


def test_an_array_of_the_limit_is_read() -> None:
    """The limit is the most that is allowed."""
    assert array_from("W", [[1] * 5] * 2, Limits(entries=10)).size == 10


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1 kB"),
        (999_999, "1000 kB"),
        (12_345_678, "12.3 MB"),
        (8 * 10**10, "80 GB"),
        (10**21, "1000 EB"),
        (10**400, "over 1000 EB"),
    ],
)
def test_sizes_are_told_in_three_digits(size: int, words: str) -> None:
    """The unit is the largest that is smaller than the size."""
    assert size_text(size, 1) == words


def test_numbers_need_no_numpy(tmp_path: Path) -> None:
    """A number from JSON, TOML, one row of CSV or Python is read where there is no NumPy at all."""
    files = {"at.json": '{"x": 2}', "at.toml": "x = 0.5", "at.csv": "x\n3/4\n"}
    for name, text in files.items():
        (tmp_path / name).write_text(text, "utf-8")
    code = (
        "import sys; sys.modules['numpy'] = None\n"
        "from bpcli.language.values import value_from, values_from_file\n"
        "print(value_from('x', -1), *[value_from('x', values_from_file(name)['x']) for name in sys.argv[1:]])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *[str(tmp_path / name) for name in files]],
        capture_output=True,
        text=True,
        env=environment(),
        timeout=PATIENCE,
        check=False,
    )

    assert (done.stdout, done.stderr) == ("-1.0 2.0 0.5 0.75\n", "")
