"""Sweeps: what may stand in a range, which quantity a name is, and what `bpcli flow --sweep-over` shows of it."""

import csv
import io
import re
from math import isclose

import pytest
from answers import valid_for
from command import call, has_terminals, shown

from bpcli.errors import BpcliError
from bpcli.flow.quantities import quantity_of
from bpcli.flow.questions import Question
from bpcli.flow.sweeps import points, resolved, sweep_from

NET = "x -> Repeat(depth, Linear(width), Tanh) -> Linear(1) -> MSELoss(t)"
SHAPED = {"x": "normal(8,3)", "t": "normal(8,1)"}
VALUES = ("--x=normal(8,3)", "--t=normal(8,1)")
RNN = ("x -> RNN(4) -> Linear(1) -> MSELoss(t)", "--x=normal(12,2)", "--t=normal(12,1)")


@pytest.mark.parametrize(
    ("typed", "values"),
    [
        ("a=1:3:3", (1, 2, 3)),
        ("a = 0.5 : 2 : 4", (0.5, 1, 1.5, 2)),
        ("a=1:100:3:log", (1, 10, 100)),
        ("a=3:1:2", (3, 1)),
        ("a=2:2:1", (2,)),
        ("a=-1:1:2", (-1, 1)),
    ],
)
def test_a_range_is_spaced_evenly_or_geometrically(typed: str, values: tuple[float, ...]) -> None:
    """Both ends are values, exactly."""
    sweep = sweep_from(typed)

    assert sweep.name == "a"
    assert (sweep.values[0], sweep.values[-1]) == (values[0], values[-1])
    assert all(map(isclose, sweep.values, values))
    assert len(sweep.values) == len(values)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("scale", "takes a range"),
        ("scale=1:2", "takes a range"),
        ("scale=1:2:3:4", "takes a range"),
        ("scale=1:2:3:log:log", "takes a range"),
        ("=1:2:3", "takes a range"),
        ("scale=1:x:3", "takes a range"),
        ("scale=1:inf:3", "takes a range"),
        ("scale=nan:2:3", "takes a range"),
        ("scale=1:2:0", "takes a range"),
        ("scale=1:2:2.5", "takes a range"),
        ("scale=1:2:1000000000000", "is too long"),
        ("scale=0:2:3:log", "cannot be spaced geometrically"),
        ("scale=-1e308:1e308:3", "further than float64 reaches"),
        ("scale=1e-300:1e300:3:log", "further than float64 reaches"),
        ("scale=-1:2:3", "scale cannot be -1"),
        ("weight=1:2:3", "there is no 'weight' to sweep over"),
        ("x=1:2:3", "x"),
        ("time=1:2:2", "no recurrent layer reads a variable"),
        ("depth=-1:2:2", "at depth = -1: "),
    ],
)
def test_what_is_no_sweep_is_told(typed: str, said: str) -> None:
    """What is wrong, in words, with exit code 2; nothing has been written."""
    net = NET.replace("width", "4") if "depth" in typed else NET.replace("width", "4").replace("depth", "2")
    done = call("flow", net, *VALUES, "--sweep-over", typed)

    assert (done.code, done.out) == (2, "")
    assert said in done.err


def test_a_name_in_the_text_stands_for_whole_numbers() -> None:
    """Rounded, each once; depth and width are names of the text, T one of a generator."""
    deep = Question(NET.replace("width", "4"), SHAPED)
    sweep = resolved(sweep_from("depth=1:3:5"), quantity_of("depth", deep))
    generated = Question("x -> RNN(4) -> MSELoss(t)", {"x": "normal(T,2)", "t": "normal(T,4)"})
    drawn = quantity_of("T", generated).changed(generated, 7)

    assert sweep.values == (1, 2, 3)
    assert [call("flow", NET.replace("depth", "2"), *VALUES, "--sweep-over=width=2:4:2").code] == [0]
    assert drawn.at == {"x": "normal(7,2)", "t": "normal(7,4)"}


def test_a_variable_takes_the_values_as_they_are() -> None:
    """With or without a value of its own; h(t) = w·h(t-1) is w times smaller a step."""
    text = "h1 = w*h0; h2 = w*h1; h3 = w*h2"
    for at in ({"h0": 1}, {"h0": 1, "w": 9}):
        question = Question(text, at)
        quantity = quantity_of("w", question)
        found = list(points(resolved(sweep_from("w=0.25:0.5:2"), quantity), quantity, question))

        assert [point.value for point in found] == [0.25, 0.5]
        assert all(isclose(point.factor or 0, point.value) for point in found)
        assert all(isclose(point.in_time or 0, point.value**3) for point in found)


def test_a_variable_called_scale_is_that_variable() -> None:
    """What a text names goes before what sweeps know."""
    question = Question("y = scale*x; y**2", {"x": 2})

    assert quantity_of("scale", question).changed(question, 3).at == {"x": 2, "scale": 3}


def test_a_scale_multiplies_drawn_weights() -> None:
    """A linear net of three layers: the ratio of the gradients goes by the weights between."""
    question = Question("x -> Linear(3) -> Linear(3) -> Linear(1) -> MSELoss(t)", SHAPED)
    quantity = quantity_of("scale", question)
    one, two = points(resolved(sweep_from("scale=1:2:2"), quantity), quantity, question)

    assert one.ratio is not None
    assert two.ratio is not None
    assert isclose(two.ratio / one.ratio, 4)


def test_time_cuts_the_sequences() -> None:
    """As many products as steps."""
    question = Question(RNN[0], {"x": "normal(12,2)", "t": "normal(12,1)"})
    quantity = quantity_of("time", question)
    found = list(points(resolved(sweep_from("time=2:12:3"), quantity), quantity, question))

    assert [point.value for point in found] == [2, 7, 12]
    assert [point.in_time or 0 for point in found] == sorted([point.in_time or 0 for point in found], reverse=True)


def test_an_error_at_a_value_says_which() -> None:
    """The network fits at some depths only."""
    question = Question("x -> RNN(4) -> MSELoss(t)", {"x": "normal(3,2)", "t": "normal(3,4)"})
    quantity = quantity_of("time", question)

    with pytest.raises(BpcliError) as refused:
        list(points(sweep_from("time=3:4:2"), quantity, question))
    assert refused.value.message.startswith("at time = 4: x has 3 time steps")


@has_terminals
@pytest.mark.parametrize("columns", [60, 100])
def test_a_screen_has_a_row_for_each_value(columns: int) -> None:
    """With bars and diagnoses, within the terminal."""
    done = shown("flow", *RNN, "--sweep-over=scale=0.25:4:5:log", columns=columns)
    values = re.findall(r"^ +([\d.]+) +\d.*", done.out, re.MULTILINE)

    assert values == ["0.25", "0.5", "1", "2", "4"]
    assert "SWEEP over scale" in done.out
    assert "vanishing" in done.out
    assert ("█" in done.out) == (columns == 100)
    assert [line for line in done.out.split("\n") if len(line) > columns] == []
    assert done.err == "note: parameters drawn from --random-seed 0\n"


def test_documents_of_a_sweep() -> None:
    """JSON keeps to the schema, and CSV has the same figures."""
    document = valid_for("flow", call("flow", *RNN, "--sweep-over=time=2:12:3", "--json").out)
    rows = list(csv.DictReader(io.StringIO(call("flow", *RNN, "--sweep-over=time=2:12:3", "--output-format=csv").out)))
    found = document["sweep"]["points"]

    assert (document["sweep"]["name"], document["sweep"]["spacing"]) == ("time", "even")
    assert [float(row["time"]) for row in rows] == [point["value"] for point in found] == [2, 7, 12]
    assert [float(row["factor"]) for row in rows] == [point["fitted_factors"]["0 RNN"] for point in found]


def test_a_loss_may_be_added_behind_a_name() -> None:
    """The text is read when its names have numbers."""
    net = ("x -> Repeat(depth, Linear(3), Tanh)", "--x=normal(8,3)", "--target=normal(8,3)")
    done = call("flow", *net, "--loss-function=nn.MSELoss()", "--sweep-over=depth=1:3:2", "--json")

    assert [point["value"] for point in valid_for("flow", done.out)["sweep"]["points"]] == [1, 3]


def test_a_sweep_that_is_not_finite_says_so() -> None:
    """Exit code 3, and the row says it."""
    done = call("flow", "y = exp(w*x); y*y", "--x=1", "--sweep-over=w=1:1001:2")

    assert done.code == 3
    assert re.search(r"^ +1001 .*not finite", done.out, re.MULTILINE)


def test_a_scale_without_drawn_weights_changes_nothing_and_says_so() -> None:
    """Who gives every weight hears that the sweep has nothing to scale."""
    done = call("flow", "w*x", "--w=2", "--x=3", "--sweep-over", "scale=1:2:2")

    assert (done.code, done.err) == (0, "note: no weight is drawn here, so that scale changes nothing\n")
