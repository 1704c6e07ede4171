"""What is said about backward passes by hand: the layers of the examples, and functions that misbehave."""

import json
from typing import Any

import numpy as np
import pytest
from jsonschema import Draft202012Validator
from layer_pairs import PAIRS, passes

from bpcli import assert_gradients, check_function
from bpcli.check.findings import Verdict
from bpcli.check.functions.results import FunctionCheck
from bpcli.errors import BpcliError, MissingValueError
from bpcli.report.documents import json_text, schema_text
from bpcli.report.explanations import Release
from bpcli.report.figures import short
from bpcli.report.function_documents import function_document
from bpcli.report.function_verdicts import function_report
from bpcli.report.page import Page
from bpcli.report.plain import plain_text

SCHEMA = Draft202012Validator(json.loads(schema_text("check")))
STUDENT = Release("student", "cause")


def told(result: FunctionCheck, release: Release | None = None, most_rows: int = 50) -> str:
    """The report as a terminal shows it."""
    page = Page(width=100, number=short, most_rows=most_rows)
    return plain_text(function_report(result, page, release or Release()))


def document(result: FunctionCheck, release: Release | None = None) -> Any:
    """The JSON, held against its schema."""
    found = json.loads(json_text(function_document(result, release or Release())))
    assert not [error.message for error in SCHEMA.iter_errors(found)]
    return found


def affine(x: Any, w: Any, b: Any) -> Any:
    """A forward pass with a cache."""
    return x @ w + b, (x, w)


def affine_back(dout: Any, cache: Any) -> Any:
    """Its backward pass; the bias gets the mean."""
    x, w = cache
    return dout @ w.T, x.T @ dout, dout.mean(axis=0)


AFFINE = {"x": "normal(N,D)", "w": "normal(D,M)", "b": "normal(M)"}


@pytest.mark.parametrize("name", PAIRS)
def test_the_right_layers_agree(name: str) -> None:
    """With no option beyond the inputs, at three points; nothing else is to be said."""
    pair = PAIRS[name]
    result = check_function(*passes("layers", pair), pair.inputs)

    assert result.verdict is Verdict.AGREE
    assert (len(result.points), result.faults, result.unclaimed) == (3, (), ())
    assert "agree at 3 points" in told(result)
    assert document(result)["verdict"] == "agree"


@pytest.mark.parametrize("name", PAIRS)
def test_the_wrong_layers_differ(name: str) -> None:
    """In exactly the gradients that the mistake reaches; students are shown no right value."""
    pair = PAIRS[name]
    result = check_function(*passes("layers_wrong", pair), pair.inputs, points_count=1)
    wrong = tuple(group.key for group in result.worst_groups if group.verdict is Verdict.DIFFER)

    assert wrong == pair.wrong
    assert max(map(len, told(result).splitlines())) <= 100
    for_students = told(result, STUDENT) + json.dumps(document(result, STUDENT))
    truths = {short(float(one.truth)) for one in result.findings if one.verdict is Verdict.DIFFER and one.truth}
    claimed = {short(one.claimed) for one in result.findings if one.claimed is not None}
    told_words = set(for_students.replace(",", " ").replace("]", " ").replace("[", " ").split())
    assert not {word for word in truths - claimed if len(word) > 4} & told_words


def test_the_report_of_a_wrong_gradient() -> None:
    """A row for each input over all points, then the worst entries of the worst point, and how it was found."""
    result = check_function(affine, affine_back, AFFINE)
    lines = told(result, most_rows=2).splitlines()

    assert lines[:3] == [
        f"  d{name} {shape}   {text}"
        for name, shape, text in [
            ("x", "(2, 3), (3, 4), (4, 2)", lines[0].split("   ")[1]),
            ("w", "(3, 4), (4, 2), (2, 3)", lines[1].split("   ")[1]),
            ("b", "(4,), (2,), (3,)      ", "9 entries DIFFER at 3 points"),
        ]
    ]
    assert lines[0] == "  dx (2, 3), (3, 4), (4, 2)   26 entries agree at 3 points, to within 1e-9"
    assert lines[4] == "ENTRIES                             at seed 0, the worst first"
    assert lines[5].split() == ["claimed", "differences", "verdict"]
    assert [line.split()[3:] for line in lines[6:8]] == [["DIFFER", "ratio", "0.5"]] * 2
    assert lines[8] == "  … 2 more rows: --max-rows 4 shows them, --json has them"
    assert lines[-1] == "3 points, drawn from seeds 0 to 2, with an upstream gradient."


def test_the_json_of_a_wrong_gradient() -> None:
    """Points with what was drawn, and claims by input with the entries of arrays."""
    found = document(check_function(affine, affine_back, AFFINE))
    claim = found["claims"]["b"]

    assert found["function"] == {
        "file": None,
        "forward": "affine",
        "backward": "affine_back",
        "called": "out, cache = affine(x, w, b); dx, dw, db = affine_back(dout, cache)",
    }
    assert [point["seed"] for point in found["points"]] == [0, 1, 2]
    assert [np.shape(point["inputs"]["x"]) for point in found["points"]] == [(2, 3), (3, 4), (4, 2)]
    assert np.shape(found["points"][0]["upstream"][0]) == np.shape(found["points"][0]["outputs"][0]) == (2, 4)
    assert (claim["verdict"], claim["shape"], claim["counts"], claim["point"]) == ("differ", [4], {"differ": 4}, 0)
    assert claim["differences"] == pytest.approx([2 * number for number in claim["claimed"]])
    assert claim["worst"]["ratio"] == pytest.approx(0.5)
    assert "sympy" not in claim
    assert "backpropagation" not in claim["worst"]


def test_several_wrong_gradients_share_the_rows() -> None:
    """Each has its part of the table, and the number of rows that is told shows all."""
    pair = PAIRS["rnn"]
    result = check_function(*passes("layers_wrong", pair), pair.inputs, points_count=1)
    report = told(result, most_rows=10)
    shown = [line.split("[")[0].strip() for line in report.splitlines() if "DIFFER  " in line]
    most = int(report.partition("--max-rows ")[2].split()[0])

    assert shown == ["dx", "dx", "dh0", "dh0", "dWx", "dWx", "dWh", "dWh", "db", "db"]
    assert "more row" not in told(result, most_rows=most)
    assert "dWx, dWh, db: consistent with: a path left out: no gradient is carried back from step to step." in report


def test_a_cause_holds_at_every_point() -> None:
    """Where an axis has length 2, a sum for a mean is a factor 2 too; at other points it is not."""
    pair = PAIRS["softmax"]
    alone = check_function(*passes("layers_wrong", pair), pair.inputs, points_count=1)
    result = check_function(*passes("layers_wrong", pair), pair.inputs)
    kinds = [one["kind"] for one in document(alone)["claims"]["x"]["causes"]]

    assert "sum instead of mean" in kinds
    assert len(kinds) > 1
    assert [one["kind"] for one in document(result)["claims"]["x"]["causes"]] == ["sum instead of mean"]


def test_a_gradient_of_another_shape_has_causes_too() -> None:
    """They are told behind its name, though none of its entries could be judged."""
    x, w = np.arange(6.0).reshape(2, 3), np.arange(12.0).reshape(3, 4) - 5
    result = check_function(lambda x, w: x @ w, lambda dout, x, w: (dout @ w.T, dout.T @ x), {"x": x, "w": w})

    assert "dw: consistent with: the gradient transposed." in told(result)


def test_a_hint_that_names_a_cause_is_told_where_causes_are() -> None:
    """A gradient of another shape may be transposed."""
    result = check_function(lambda x: (2 * x).sum(), lambda x: np.full(x.shape[::-1], 2.0), "normal(2,3)")

    for level, is_told in (("where", False), ("kind", False), ("cause", True)):
        release = Release("student", level)
        assert ("transposed" in told(result, release)) is is_told
        assert ("transposed" in json.dumps(document(result, release))) is is_told
    assert "hint: it may be transposed" in told(result)


def test_inputs_that_are_given_are_one_point() -> None:
    """Nothing is drawn but the upstream gradient: there is no seed."""
    inputs = {"x": np.eye(2, 3), "w": np.ones((3, 2)), "b": np.zeros(2)}
    result = check_function(affine, affine_back, inputs)

    assert [point.seed for point in result.points] == [None]
    assert told(result).splitlines()[-1] == "1 point, with an upstream gradient."
    assert "  dx (2, 3)   6 entries agree, to within 1e-" in told(result)


def square(x: Any) -> Any:
    """A forward pass."""
    return x**2


def raising(x: Any) -> Any:
    """A backward pass that raises, with a message of two lines."""
    message = f"no\nway {x.shape}"
    raise ValueError(message)


def printing(x: Any) -> Any:
    """A backward pass that prints."""
    print("here")
    return 2 * x


def short_of_one(x: Any) -> Any:
    """A gradient of another shape."""
    return 2 * x[:-1]


def not_finite(x: Any) -> Any:
    """A gradient that is nowhere finite."""
    return np.nan * x


def test_an_error_is_told_on_one_line() -> None:
    """With its kind, its place and how it was called; there is no row."""
    result = check_function(square, raising, {"x": "normal(3)"})
    line, hint = told(result).splitlines()

    assert line.startswith("'raising' raises ValueError at test_function_reports.py:")
    assert line.endswith(": no way (3,).")
    assert hint == "  hint: it was called as raising(x)"
    (fault,) = document(result)["faults"]
    assert (fault["kind"], fault["where"], fault["is_fatal"]) == ("raises", "raising", True)


def test_a_note_stands_below() -> None:
    """A print is no mistake."""
    result = check_function(square, printing, {"x": "normal(3)"})

    assert result.verdict is Verdict.AGREE
    assert "\n'printing' prints 'here'.\n" in told(result)


def test_another_shape_has_no_entries() -> None:
    """It is told once for all points, with both shapes."""
    report = told(check_function(square, short_of_one, {"x": "normal(N)"}))

    assert report.count("has shape") == 2
    assert "  dx (2,), (3,), (4,)   DIFFERS at 3 points: another shape\n" in report
    assert "ENTRIES" not in report


def test_a_number_between_the_slopes_of_a_kink_is_accepted() -> None:
    """Staff read both slopes; students that it is accepted."""
    result = check_function(lambda x: np.maximum(x, 0), lambda x: (x > 0) * 1.0, {"x": [0.0, 1.0, -1.0]})

    assert "  dx (3,)   of 3 entries 1 at a kink, 2 agree\n" in told(result)
    assert "dx[0]: at a kink with slopes 0 and 1; accepted as a number between the slopes.\n" in told(result)
    assert "dx[0]: accepted as a number between the slopes.\n" in told(result, STUDENT)


def test_what_is_measured_has_the_digits_that_its_error_leaves() -> None:
    """Also where numbers are written in full; how near those are that agree is told to staff alone."""
    result = check_function(np.sin, np.exp, {"x": [0.5]})
    right = check_function(np.sin, np.cos, {"x": [0.5]})
    (line,) = [line for line in plain_text(function_report(result, Page())).split("\n") if "true" in line]
    measured, error = line.split("true ")[1].split(",")[0].split(" ± ")

    assert abs(float(measured) - np.cos(0.5)) < float(error) < 1e-7
    assert len(measured) <= 2 - np.log10(float(error))
    assert "1 entry agrees, to within 1e-9" in told(right)
    assert "to within" not in told(right, STUDENT)


def test_a_gradient_that_is_not_finite_has_no_ratio() -> None:
    """Each entry differs."""
    report = told(check_function(square, not_finite, {"x": "normal(3)"}))

    assert "9 entries DIFFER at 3 points" in report
    assert "ratio" not in report


def test_values_of_a_reference_are_kept_from_students() -> None:
    """Staff read both numbers; students that the values are others."""
    result = check_function(square, printing, {"x": [2.0, 3.0]}, reference=lambda x: x**2 + 0.125)

    assert "4.125" in told(result)
    assert "4.125" not in told(result, STUDENT) + json.dumps(document(result, STUDENT))
    assert "The values of square are not those of the reference." in told(result, STUDENT)


def test_an_assertion_passes_or_says_everything() -> None:
    """The message is the report; what has no value is no pass either."""
    assert_gradients(square, lambda x: 2 * x, {"x": "normal(N)"})
    with pytest.raises(AssertionError, match=r"(?s)affine_back: differ.*db.*DIFFER.*ratio 0\.5.*seeds 0 to 2"):
        assert_gradients(affine, affine_back, AFFINE)
    with pytest.raises(AssertionError, match="unevaluable"):
        assert_gradients(np.log, lambda x: 1 / x, [np.array([-1.0])])
    with pytest.raises(MissingValueError):
        assert_gradients(affine, affine_back, {"x": "normal(2,3)"})
    with pytest.raises(BpcliError):
        assert_gradients(square, printing, {"x": "norml(3"})
