"""The JSON Schema of homework files and the reader of homework files say the same."""

import copy
import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from shown import ROOT

from bpcli.check.findings import Verdict
from bpcli.check.homework.reading import homework_file, homework_from
from bpcli.check.homework.self_check import self_checked
from bpcli.errors import BpcliError
from bpcli.report.documents import schema_text

SCHEMA = Draft202012Validator(json.loads(schema_text("homework-file")))
EXAMPLES = [
    path for path in sorted((ROOT / "examples" / "homework").glob("*.toml")) if "[[problems]]" in path.read_text()
]

WHOLE: dict[str, Any] = {
    "title": "A homework",
    "tolerance": "cs231n",
    "carry_forward": True,
    "time_limit": 10,
    "problems": [
        {
            "name": "product",
            "title": "A product",
            "text": "What is asked.",
            "expression": "A = x*y; F = A*z",
            "at": {"x": 6, "y": -2.5, "z": "1/3"},
            "points": 4,
            "tolerance": {"relative": 1e-6, "absolute": 0.0, "digits": 3},
            "carry_forward": False,
            "time_limit": 0.5,
            "asked": ["value(A)", {"item": "x", "points": 2, "form": "formula", "tolerance": "exact"}, "y"],
        },
        {
            "name": "net-1",
            "expression": "x -> Linear(2) -> Dropout(0.5) -> MSELoss(t)",
            "at": {"x": [[1, 2]], "t": [[0, "1"]]},
            "random_seed": 3,
            "evaluation_mode": True,
            "asked": ["0.weight"],
        },
        {"name": "formulas", "expression": "sin(x)", "asked": ["x"]},
        {
            "name": "seeded",
            "expression": "W @ x",
            "at": {"W": [[1, 2], [3, 4]], "x": [1, 2]},
            "upstream_seed": [1, 0],
            "asked": ["x"],
        },
    ],
}


def changed(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    """The whole homework with one change."""
    homework = copy.deepcopy(WHOLE)
    change(homework)
    return homework


def first(homework: dict[str, Any]) -> dict[str, Any]:
    """Its first problem."""
    problem: dict[str, Any] = homework["problems"][0]
    return problem


def put(**entries: Any) -> Callable[[dict[str, Any]], object]:
    """A change of entries at the top."""
    return lambda homework: homework.update(entries)


def in_first(**entries: Any) -> Callable[[dict[str, Any]], object]:
    """A change of entries in the first problem."""
    return lambda homework: first(homework).update(entries)


def without(name: str) -> Callable[[dict[str, Any]], object]:
    """An entry of the first problem left out."""
    return lambda homework: first(homework).pop(name)


BROKEN = {
    "no problems": put(problems=[]),
    "a problem that is a text": put(problems=["product"]),
    "a title that is a number": put(title=3),
    "an unknown entry": put(pionts=3),
    "an unknown preset": put(tolerance="cs224n"),
    "a tolerance of nothing": put(tolerance={}),
    "an unknown figure": put(tolerance={"relativ": 1e-3}),
    "a negative tolerance": put(tolerance={"relative": -1e-3}),
    "digits that are none": put(tolerance={"digits": 0}),
    "digits that are no whole number": put(tolerance={"digits": 2.5}),
    "a truth value that is a text": put(carry_forward="yes"),
    "no time": put(time_limit=0),
    "more time than a day": put(time_limit=1e6),
    "no figure but a floor of nothing": put(tolerance={"absolute": 0}),
    "a table of problems": put(problems={"name": "product"}),
    "a time that is a text": put(time_limit="10s"),
    "no name": without("name"),
    "no expression": without("expression"),
    "nothing asked": without("asked"),
    "an empty list of items": in_first(asked=[]),
    "an item that is a number": in_first(asked=[3]),
    "an item without its name": in_first(asked=[{"points": 2}]),
    "an unknown form": in_first(asked=[{"item": "x", "form": "graph"}]),
    "an unknown entry of an item": in_first(asked=[{"item": "x", "point": 2}]),
    "no points": in_first(asked=[{"item": "x", "points": 0}]),
    "points below 0": in_first(asked=[{"item": "x", "points": -1}]),
    "points that are a text": in_first(points="4"),
    "a name with a space": in_first(name="a product"),
    "a name that is empty": in_first(name=""),
    "a name that is too long": in_first(name="a" * 101),
    "an expression that is empty": in_first(expression=" "),
    "an item that is empty": in_first(asked=[""]),
    "an expression that is a number": in_first(expression=3),
    "a point that is a list": in_first(at=[1, 2]),
    "a value that is a truth value": in_first(at={"x": True, "y": 1, "z": 1}),
    "a seed below 0": in_first(random_seed=-1),
    "a seed that is no whole number": in_first(random_seed=1.5),
    "a mode that is a text": in_first(evaluation_mode="yes"),
    "an unknown entry of a problem": in_first(poinst=4),
}


def test_there_are_examples() -> None:
    """Which the next test is about."""
    assert {path.name for path in EXAMPLES} >= {"backpropagation.toml", "quickstart.toml"}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_every_example_is_valid(path: Path) -> None:
    """For the schema, and for the reader."""
    SCHEMA.validate(tomllib.loads(path.read_text("utf-8")))

    assert homework_file(str(path)).problems


def test_the_homework_of_ten_problems_has_no_coincidence() -> None:
    """An example of how it should be; that of the lecture has one, as everybody knows."""
    clear, lecture = [self_checked(homework_file(str(path))) for path in EXAMPLES[:2]]

    assert clear.verdict is lecture.verdict is Verdict.AGREE
    assert [problem.coincidences for problem in clear.problems] == [()] * 10
    assert [one.method for one in lecture.problems[0].coincidences] == ["the value of x"]


def test_a_homework_that_has_everything_is_valid() -> None:
    """For the schema, which is one, and for the reader."""
    Draft202012Validator.check_schema(SCHEMA.schema)
    SCHEMA.validate(WHOLE)

    assert len(homework_from(WHOLE).problems) == len(WHOLE["problems"])


VALID = {
    "a point left out": without("at"),
    "a point that is drawn": in_first(at={}, random_seed=3),
    "a schema named for editors": put(**{"$schema": "homework-file.json"}),
    "no title": lambda homework: homework.pop("title"),
    "a tolerance of digits": put(tolerance={"digits": 4}),
    "points in parts": in_first(points=0.5, asked=["x", "y"]),
    "a name in parts": lambda homework: homework["problems"][1]["at"].update(
        {"0": {"weight": [[1, 2], [0, 1]], "bias": [0.5, -1]}}
    ),
    "a value as a text": in_first(at={"x": "pi/2", "y": "[1, 2]", "z": 1}, asked=["x"], expression="sum(x*y*z)"),
}


@pytest.mark.parametrize("name", VALID)
def test_what_the_reader_takes_the_schema_takes(name: str) -> None:
    """Small changes that leave a homework whole."""
    homework = changed(VALID[name])
    SCHEMA.validate(homework)

    assert homework_from(homework).problems


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_refused(name: str) -> None:
    """By the schema, and by the reader with a message in the words of the user."""
    homework = changed(BROKEN[name])

    assert not SCHEMA.is_valid(homework)
    with pytest.raises(BpcliError) as refused:
        homework_from(homework)
    assert refused.value.exit_code == 2
