"""What a sweep puts into a text and its values: numbers for names, generators for arrays, fewer time steps."""

from typing import Any

import numpy as np
import pytest

from bpcli import grad, parse
from bpcli.errors import BindingError, LimitError, ParseError, UsageError
from bpcli.language.drawn_values import with_drawn
from bpcli.language.limits import Limits
from bpcli.language.substitution import names_in, with_numbers
from bpcli.language.time_steps import cut_in_time, time_axes


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("x -> Repeat(depth, Linear(width), Tanh) -> tanh -> MSELoss(t)", {"x", "depth", "width", "t"}),
        ("x -> Linear(out_features=n, bias=True)  # depth", {"x", "n"}),
        ("depth = 3; x*depth*other", {"x", "other"}),
        ("softmax(x, axis=axis)", {"x", "axis"}),
        ("normal(T, 8, 1)", {"T"}),
        ("x.T @ y.mT + pi*e", {"x", "y"}),
        ("conv2d(x, w, padding='same')", {"x", "w"}),
        ("", set()),
    ],
    ids=["pipeline", "keywords", "assigned", "like a keyword", "generator", "transposes", "words", "empty"],
)
def test_names_that_may_be_numbers(text: str, names: set[str]) -> None:
    """No calls, keywords, constants, layers, or what the text gives a value itself."""
    assert names_in(text) == names


@pytest.mark.parametrize(
    ("text", "replaced"),
    [
        ("x -> Repeat(n, Linear(n), Tanh)", "x -> Repeat(7, Linear(7), Tanh)"),
        ("nn.Linear(n, n)+n_1*in(n)-n2 # n", "nn.Linear(7, 7)+n_1*in(7)-n2 # n"),
        ("Linear(n=n, k='n')", "Linear(n=7, k='n')"),
        ("x[n:] @ n.T + (n)", "x[7:] @ 7.T + (7)"),
        ("normal(n,3)", "normal(7,3)"),
    ],
    ids=["pipeline", "within names", "keyword", "beside signs", "generator"],
)
def test_a_name_is_replaced_and_nothing_else(text: str, replaced: str) -> None:
    """Token by token: spaces stay, and so do keywords, comments, words in quotes, and longer names."""
    assert with_numbers(text, {"n": 7}) == replaced


def test_a_text_with_numbers_is_the_text_written_so() -> None:
    """A sweep over depth and width."""
    text = with_numbers("x -> Repeat(depth, Linear(width), Tanh) -> sum", {"depth": 2, "width": 3})

    result = grad(text, {"x": [[1.0, 2.0]]})
    assert [name for name in result.gradients if "weight" in name] == ["0.weight", "2.weight"]
    assert result.gradients["2.weight"].shape == (3, 3)


def test_values_are_drawn_where_a_text_says_from_what() -> None:
    """Numbers, lists and texts of numbers stay as they are; axes of one name have one length."""
    given = {"x": "normal(N, 3)", "t": "integers(0, 4, N)", "a": 3, "b": "[1, 2]", "c": "sqrt(2)", "u": "uniform(2,3)"}
    at = with_drawn(given, seed=5)

    assert at["x"].shape == (len(at["t"]), 3)
    assert at["x"].dtype == np.float64
    assert set(at["t"]) <= {0, 1, 2, 3}
    assert 2 <= at["u"] <= 3
    assert {name: at[name] for name in "abc"} == {name: given[name] for name in "abc"}
    assert list(at) == list(given)
    assert grad("x -> Linear(4) -> CrossEntropyLoss(t)", {name: at[name] for name in "xt"}).value > 0


def test_values_are_drawn_from_the_seed_and_their_name() -> None:
    """Whatever else is drawn."""
    alone, beside = with_drawn({"x": "normal(3)"}, 1), with_drawn({"w": "normal(3)", "x": "normal(3)"}, 1)

    np.testing.assert_array_equal(alone["x"], beside["x"])
    assert not np.array_equal(alone["x"], beside["w"])
    assert not np.array_equal(alone["x"], with_drawn({"x": "normal(3)"}, 2)["x"])


@pytest.mark.parametrize(
    ("text", "kind", "message", "hint"),
    [
        ("norml(2,3)", ParseError, "unknown generator 'norml'", "did you mean 'normal'?"),
        ("normal(2.5)", ParseError, "the length of an axis is a whole number", "normal(2,3)"),
        ("normal(2", ParseError, "must stand here", "normal(2,3)"),
        ("uniform(3,2,4)", BindingError, "bounds of x are not in order", "uniform(0,1,5)"),
        ("normal(100000,100000)", LimitError, "", ""),
    ],
    ids=["slip", "length", "open", "bounds", "too large"],
)
def test_a_wrong_generator_is_told(text: str, kind: type[Exception], message: str, hint: str) -> None:
    """Before memory is taken."""
    with pytest.raises(kind) as caught:
        with_drawn({"x": text}, limits=Limits(entries=1000))

    assert message in str(caught.value)
    assert hint in (getattr(caught.value, "hint", None) or "")


# text, generators, axes of time, shapes when cut to two steps
SEQUENCES: dict[str, tuple[str, dict[str, str], dict[str, int], dict[str, tuple[int, ...]]]] = {
    "an output a step": (
        "x -> RNN(3) -> Linear(1) -> MSELoss(t)",
        {"x": "normal(6,4,1)", "t": "normal(6,4,1)"},
        {"x": 0},
        {"x": (2, 4, 1), "t": (2, 4, 1)},
    ),
    "batch first": (
        "x -> LSTM(3, batch_first=True) -> Linear(1) -> MSELoss(t)",
        {"x": "normal(4,6,1)", "t": "normal(4,6,1)"},
        {"x": 1},
        {"x": (4, 2, 1), "t": (4, 2, 1)},
    ),
    "no batch": (
        "x -> GRU(3, batch_first=True) -> MSELoss(t)",
        {"x": "normal(6,1)", "t": "normal(6,3)"},
        {"x": 0},
        {"x": (2, 1), "t": (2, 3)},
    ),
    "as many samples as steps": (
        "h = x -> RNN(3); h[-1] -> Linear(1) -> MSELoss(t)",
        {"x": "normal(6,6,1)", "t": "normal(6,1)"},
        {"x": 0},
        {"x": (2, 6, 1), "t": (6, 1)},
    ),
    "indices": (
        "x -> Embedding(5, 3) -> LSTM(3, batch_first=True) -> h_n -> MSELoss(t)",
        {"x": "integers(0,5,4,6)", "t": "normal(1,4,3)"},
        {"x": 1},
        {"x": (4, 2), "t": (1, 4, 3)},
    ),
    "a Sequential": (
        "x -> nn.Sequential(nn.Linear(1, 3), nn.GRU(3, 3)) -> MSELoss(t)",
        {"x": "normal(6,2,1)", "t": "normal(6,2,3)"},
        {"x": 0},
        {"x": (2, 2, 1), "t": (2, 2, 3)},
    ),
    "two layers, a function between": (
        "tanh(x) -> RNN(3) -> Repeat(2, RNN(2), Dropout(0.5)) -> sum",
        {"x": "normal(6,2,1)"},
        {"x": 0},
        {"x": (2, 2, 1)},
    ),
    "two inputs": (
        "concatenate([x -> RNN(3), y -> RNN(3)]) -> sum",
        {"x": "normal(6,2,1)", "y": "normal(5,2,4)"},
        {"x": 0, "y": 0},
        {"x": (2, 2, 1), "y": (2, 2, 4)},
    ),
}


@pytest.mark.parametrize("case", SEQUENCES)
def test_sequences_are_cut_to_their_first_steps(case: str) -> None:
    """Along the axis of time, targets with them where there is one for each step; the network then still computes."""
    text, given, axes, shapes = SEQUENCES[case]
    at = with_drawn(given)
    graph = parse(text)
    cut = cut_in_time(graph, at, 2)

    assert time_axes(graph, {name: value.shape for name, value in at.items()}) == axes
    assert {name: value.shape for name, value in cut.items()} == shapes
    for name, value in cut.items():
        np.testing.assert_array_equal(value, at[name][tuple(map(slice, shapes[name]))])
    assert np.isfinite(grad(text, cut).value)


def test_a_lone_step_is_left_of_the_target_too() -> None:
    """Of two steps."""
    at = {"x": np.ones((2, 3, 1)), "t": np.ones((2, 3, 4))}

    assert cut_in_time(parse("x -> RNN(4) -> MSELoss(t)"), at, 1)["t"].shape == (1, 3, 4)


def test_values_may_be_lists_and_others_are_left_alone() -> None:
    """Parameters that are given stay as they are."""
    at: dict[str, Any] = {"x": [[1.0], [2.0], [3.0]], "0.weight": "[[1]]"}
    cut = cut_in_time(parse("x -> RNN(1) -> sum"), at, 1)

    assert cut["x"].tolist() == [[1.0]]
    assert cut["0.weight"] == "[[1]]"


@pytest.mark.parametrize(
    ("text", "steps", "message", "hint"),
    [
        ("x -> Linear(3) -> sum", 2, "no recurrent layer reads a variable", "x -> RNN(8)"),
        ("x.T -> RNN(3) -> sum", 2, "no recurrent layer reads a variable", "x -> RNN(8)"),
        ("x -> RNN(3) -> sum", 7, "x has 6 time steps, and cannot be cut to 7", "from 1 to 6"),
        ("x -> RNN(3) -> sum", 0, "x has 6 time steps, and cannot be cut to 0", "from 1 to 6"),
    ],
    ids=["no recurrence", "another axis", "too many", "none"],
)
def test_what_cannot_be_cut_is_told(text: str, steps: int, message: str, hint: str) -> None:
    """With what can be."""
    with pytest.raises(UsageError, match=message) as caught:
        cut_in_time(parse(text), {"x": np.ones((6, 2))}, steps)

    assert hint in (caught.value.hint or "")
