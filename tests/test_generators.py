"""Inputs of functions: what is drawn, what is typed, and what is refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bpcli.errors import BindingError, BpcliError, LimitError, ParseError
from bpcli.language.generators import axis_lengths, generator_from, inputs_from, is_generator
from bpcli.language.limits import Limits
from bpcli.language.typed_inputs import input_typed
from bpcli.report.plain import error_text


def drawn(text: str, **at: Any) -> Any:
    """What a generator gives for the input x."""
    return inputs_from({"x": text}, **at)["x"]


@pytest.mark.parametrize(
    ("text", "shape", "low", "high"),
    [
        ("normal(20,30)", (20, 30), -6.0, 6.0),
        ("uniform(2, 3.5, 500)", (500,), 2.0, 3.5),
        (" uniform( −1, -.5 , 5e2) ".replace("5e2", "500"), (500,), -1.0, -0.5),
        ("distinct(4,5)", (4, 5), -2.0, 2.0),
        ("distinct(3,1000)", (3, 1000), -2.01, 2.01),
        ("normal(2,)", (2,), -6.0, 6.0),
    ],
)
def test_real_numbers_have_the_shape_and_the_range_that_are_typed(
    text: str, shape: tuple[int, ...], low: float, high: float
) -> None:
    """The entries are float64, and are not all alike."""
    values = drawn(text)

    assert (values.shape, values.dtype) == (shape, np.float64)
    assert low <= values.min() < values.max() <= high


def test_integers_are_whole_and_leave_the_second_bound_out() -> None:
    """As NumPy's; labels are drawn below the number of classes, whatever length that axis gets."""
    values = drawn("integers(-2,3,1000)")
    found = inputs_from({"scores": "normal(N,C)", "y": "integers(0,C,N)"})

    assert values.dtype == np.int64
    assert set(values.tolist()) == {-2, -1, 0, 1, 2}
    assert found["y"].shape == (2,)
    assert found["y"].max() < found["scores"].shape[1]


def test_without_a_shape_a_number_is_drawn() -> None:
    """It is a number of Python's."""
    assert type(drawn("normal()")) is type(drawn("away_from(0,1)")) is float
    assert type(drawn("integers(0,9)")) is int


@pytest.mark.parametrize("size", [2, 20, 41, 3000])
def test_distinct_entries_are_well_apart(size: int) -> None:
    """By half a step or more, where the steps share 4, or are a tenth."""
    gaps = np.diff(np.sort(drawn(f"distinct({size})")))

    assert gaps.min() >= 0.5 * min(0.1, 4 / size) * (1 - 1e-9)
    assert len(set(gaps.round(14))) == len(gaps)


@pytest.mark.parametrize(
    "text", ["away_from(0, 0.5, 400)", "away_from(0, 0.5, uniform(-1,1,400))", "away_from(0, .5, distinct(20,20))"]
)
def test_nothing_is_nearer_than_the_distance(text: str) -> None:
    """Entries stay on their own side, and those far enough away stay where they are."""
    values = drawn(text).ravel()

    assert np.abs(values).min() >= 0.5
    assert values.min() < 0 < values.max()


def test_two_points_can_be_avoided() -> None:
    """One generator stands in another."""
    values = drawn("away_from(1, 0.01, away_from(-1, 0.01, uniform(-2,2,1000)))")

    assert np.abs(values - 1).min() >= 0.01 * (1 - 1e-12)
    assert np.abs(values + 1).min() >= 0.01 * (1 - 1e-12)


def test_named_axes_have_unequal_lengths_that_change_places() -> None:
    """The same name is the same length; no length is one that is typed, and each point has others."""
    given = {"x": "normal(N,D)", "w": "normal(D,M)", "b": "normal(M)", "c": "normal(3)"}
    shapes = [[value.shape for value in inputs_from(given, point=point).values()] for point in range(3)]

    assert shapes[0] == [(2, 4), (4, 5), (5,), (3,)]
    assert shapes[1] == [(4, 5), (5, 2), (2,), (3,)]
    assert [axis_lengths(["normal(N)"], turn)["N"] for turn in range(3)] == [2, 3, 4]


def test_a_seed_and_a_name_give_the_same() -> None:
    """What is drawn for one input does not depend on the others; seeds, names and points differ."""
    alone, beside = drawn("normal(3)"), inputs_from({"w": "normal(4)", "x": "normal(3)"})

    np.testing.assert_array_equal(alone, beside["x"])
    np.testing.assert_array_equal(drawn("normal(N)", point=1), drawn("normal(N)", seed=1))
    assert not np.array_equal(alone, drawn("normal(3)", seed=1))
    assert not np.array_equal(alone, inputs_from({"y": "normal(3)"})["y"])


def test_generators_are_drawn_within_mappings_and_lists() -> None:
    """The parameters of a layer keep what else they hold; lists of numbers in them stay lists."""
    given = {
        "x": "normal(N,D)",
        "param": {"mode": "train", "mean": "normal(D)", "stride": [1, 2]},
        "both": ["normal(2)", 1],
    }
    found = inputs_from(given)

    assert found["param"]["mean"].shape == found["x"].shape[1:] == (4,)
    assert (found["param"]["mode"], found["param"]["stride"]) == ("train", [1, 2])
    assert found["both"][0].shape == (2,)
    assert given["param"]["mean"] == "normal(D)"  # type: ignore[index] # the mapping above


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("3", 3),
        ("-4", -4),
        ("3.0", 3.0),
        ("1e3", 1000.0),
        ("sqrt(4)", 2.0),
        ("true", True),
        ("none", None),
        ("'train'", "train"),
        ('"3"', "3"),
        ('{"stride": 1, "pad": [1, 2]}', {"stride": 1, "pad": [1, 2]}),
        ('["relu", "tanh"]', ["relu", "tanh"]),
    ],
)
def test_typed_values_are_those_of_python(typed: str, expected: object) -> None:
    """A whole number is an int and another a float; words of Python and JSON, texts in quotes, mappings."""
    found = inputs_from({"x": input_typed("x", typed)})["x"]

    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("[0, 2, 1]", np.array([0, 2, 1])),
        ("[0, 2.0]", np.array([0.0, 2.0])),
        ("[[1, 2], [3, 4]]", np.array([[1, 2], [3, 4]])),
        ("[sqrt(4), 1]", np.array([2.0, 1.0])),
        ("[99999999999999999999]", np.array([1e20])),
    ],
)
def test_typed_lists_are_arrays(typed: str, expected: Any) -> None:
    """Of whole numbers where all are whole as typed, as labels are."""
    found = inputs_from({"x": input_typed("x", typed)})["x"]

    np.testing.assert_array_equal(found, expected)
    assert found.dtype == expected.dtype


@pytest.mark.parametrize("kind", ["float32", "int64", ">i4", "bool", "float64"])
def test_a_file_keeps_its_type(kind: str, tmp_path: Path) -> None:
    """Labels stay whole, and float32 is not widened."""
    path = tmp_path / "x.npy"
    np.save(path, np.array([[0, 1], [1, 0]], kind))
    found = input_typed("x", f"@{path}")

    assert found.dtype == np.dtype(kind).newbyteorder("=")
    assert found.tolist() == [[0, 1], [1, 0]]


REFUSED = {
    "norml(2,3)": "error: unknown generator 'norml'\n  norml(2,3)\n  ^^^^^\nhint: did you mean 'normal'?\n",
    "blah(2)": "hint: the generators are normal, uniform, integers, distinct, away_from\n",
    "normal(2": "error: ',' must stand here, not the end\n  normal(2\n          ^\nhint: write it as normal(2,3)\n",
    "normal(0)": "error: the length of an axis is a whole number from 1, or a name, not '0'\n",
    "normal(-1)": "not '-1'\n",
    "normal(2.5)": "not '2.5'\n",
    "normal(2)(3)": "error: '(' stands behind the generator\n",
    "uniform(nan,1,3)": "error: uniform takes two numbers first, not 'nan'\n",
    "uniform(1)": "error: ',' must stand here, not ')'\n",
    "uniform(1,0,3)": "error: the bounds of x are not in order: 1 and 0\n",
    "integers(0.5,3)": "error: integers takes whole numbers up to 2**53, not '0.5'\n",
    "integers(0,1e300)": "not '1e300'\n",
    "away_from(0,0,3)": "error: away_from takes a distance above 0",
    "away_from(0,1,integers(0,3))": "error: away_from moves real numbers, not integers\n",
    "away_from(0,1," * 9 + "normal(2)" + ")" * 9: "error: generators are nested deeper than 8\n",
    "normal(" + "9" * 2000 + ")": "error: a generator of 2008 characters is too long\n",
    "train": "hint: a text stands in quotes, --x '\"train\"'",
    "flase": "hint: did you mean 'False'?\n",
    "[[1,2],[3]]": "error: x is ragged: row 1 has 1 entry, row 0 has 2\n",
    '{"a": 1, "a": 2}': "error: the value of x is no JSON object: a name stands twice in it\n",
    "{'stride': 1}": 'hint: write it as --x \'{"stride": 1, "pad": 1}\'\n',
    '{"a": NaN}': "error: the value of x is no JSON object: NaN is no number of JSON\n",
    "nan": "error: the value of x is no number: 'nan'\n",
}


@pytest.mark.parametrize("typed", REFUSED, ids=range(len(REFUSED)))
def test_what_is_refused_is_told(typed: str) -> None:
    """What, where and what now."""
    with pytest.raises((ParseError, BindingError, LimitError)) as caught:
        inputs_from({"x": input_typed("x", typed)})

    assert REFUSED[typed] in error_text(caught.value)


def test_memory_is_asked_for_before_it_is_taken() -> None:
    """All that is drawn together stays within the limit."""
    limits = Limits(entries=100)

    assert inputs_from({"x": "normal(50)", "y": "normal(50)"}, limits=limits)["y"].shape == (50,)
    with pytest.raises(LimitError, match="would take 408 bytes, 101 entries with those before it"):
        inputs_from({"x": "normal(50)", "y": "normal(51)"}, limits=limits)
    with pytest.raises(LimitError, match="would take"):
        drawn("normal(999999999999, 999999999999)")


def test_other_texts_are_no_generators() -> None:
    """A text from a file or from Python is one only where it is written as one."""
    assert is_generator("normal(")
    assert not any(map(is_generator, ["normal", "train", "norml(2)", "", 3, None, "x normal(2)"]))
    assert inputs_from({"mode": "norml(2)"}) == {"mode": "norml(2)"}


@pytest.mark.parametrize("text", ["normal", "normal((", "away_from(0,1,normal(2)", "uniform(0 1)", "integers(a b)"])
def test_broken_texts_raise_nothing_else(text: str) -> None:
    """Every refusal is one of the project's."""
    with pytest.raises(BpcliError):
        generator_from(text)


def test_lists_within_mappings_are_arrays_where_they_hold_real_numbers() -> None:
    """Running means are arrays, sizes are none; a mask of truth values is an array of them."""
    param = '{"mode": "test", "running_mean": [0.5, 1], "W": [[0.5], [2]], "pad": [1, 2], "on": [true, 0.5]}'

    found = inputs_from({"bn_param": input_typed("bn_param", param)})["bn_param"]
    mask = inputs_from({"mask": input_typed("mask", "[[true, false], [false, true]]")})["mask"]

    assert found["running_mean"].tolist() == [0.5, 1.0]
    assert found["W"].shape == (2, 1)
    assert (found["pad"], found["on"]) == ([1, 2], [True, 0.5])
    assert (mask.dtype.kind, mask.tolist()) == ("b", [[True, False], [False, True]])
