"""The form that students fill in: TOML with an empty text for every item, and no right value in it."""

import re
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from shown import ROOT

from bpcli.check.homework.answers import answers_from
from bpcli.check.homework.grades import Mark
from bpcli.check.homework.grading import Grader
from bpcli.check.homework.problems import Asked, Homework, Problem
from bpcli.check.homework.reading import homework_file
from bpcli.check.homework.tolerances import PRESETS
from bpcli.check.nearness import Tolerance
from bpcli.report.template import template_text
from bpcli.report.toml_texts import comment, toml_key, toml_value

PRODUCT = Problem(
    "product",
    "A = x*y; F = A*z",
    {"x": 6, "y": -2, "z": -3},
    (Asked("value(A)", 2), Asked("x", 1, "number"), Asked("y", 1.5, "formula")),
    title="A product of three",
    text="Compute the values,\nthen the gradients.",
)
MATRIX = Problem(
    "matrix-1", "y = W @ x; L = sum(y)", {"W": [[1, 2], [3, 4]], "x": [5, 6]}, (Asked("W", 1), Asked("W[0,1]", 1))
)
NETWORK = Problem("net", "x -> Linear(1) -> MSELoss(t)", {"x": [[1]], "t": [[2]]}, (Asked("0.weight", 1),))
FORMULAS = Problem("formulas", "sin(x)*y", {}, (Asked("x", 1), Asked("y", 1)))


def form(*problems: Problem, title: str = "Backpropagation") -> str:
    """The form of these problems."""
    return template_text(Homework(title, problems))


def test_the_form_of_a_problem() -> None:
    """What is asked and the point are comments, each item is a key, what it is worth stands behind it."""
    text = form(PRODUCT)

    assert text.startswith("# Backpropagation\n")
    assert text.endswith(
        "\n"
        "# A product of three\n"
        "# Compute the values,\n"
        "# then the gradients.\n"
        "# A = x*y; F = A*z\n"
        "# x = 6\n"
        "# y = -2\n"
        "# z = -3\n"
        "[product]\n"
        '"value(A)" = ""  # 2 points\n'
        'x = ""           # a number, 1 point\n'
        'y = ""           # a formula, 1.5 points\n'
    )


def test_the_form_says_how_precise_an_answer_must_be() -> None:
    """Once for all problems where it holds for all; an item has its own behind it."""
    rounded = "# Round to two digits or more"
    exact = replace(PRODUCT, tolerance=PRESETS["cs231n"], carry_forward=True)
    digits = replace(FORMULAS, tolerance=Tolerance(digits=3), asked=(Asked("x", 1, "any", Tolerance(relative=0.01)),))

    plain, mixed = form(PRODUCT, MATRIX), form(PRODUCT, exact, digits)

    assert plain.count(rounded) == mixed.count(rounded) == 1
    assert plain.index(rounded) < plain.index("student = ")
    assert mixed.count("# Give all digits: an answer may be off by 1e-07 of it.\n") == 1
    assert mixed.count("# What follows rightly from a mistake before it keeps its points.\n") == 1
    assert mixed.count("# Give 3 significant digits or more: they count.\n") == 1
    assert 'x = ""  # 1 point; give all digits: an answer may be off by 0.01 of it\n' in mixed
    assert "What follows" not in plain


def test_the_form_is_toml_with_an_empty_text_for_each_item() -> None:
    """So it reads back, and nothing in it is an answer yet."""
    read = tomllib.loads(form(PRODUCT, MATRIX, NETWORK, FORMULAS))

    assert read == {
        "student": "",
        "product": {"value(A)": "", "x": "", "y": ""},
        "matrix-1": {"W": "", "W[0,1]": ""},
        "net": {"0.weight": ""},
        "formulas": {"x": "", "y": ""},
    }


def test_shapes_are_told_of_arrays() -> None:
    """An array cannot be written without its shape; an entry is a number."""
    text = form(MATRIX)

    assert 'W = ""         # an array (2, 2), 1 point\n' in text
    assert '"W[0,1]" = ""  # 1 point\n' in text


def test_what_was_drawn_is_given() -> None:
    """Nobody can compute with parameters that are not told."""
    assert re.search(r"^# 0\.weight = \[\[-?0\.\d+\]\]$", form(NETWORK), re.MULTILINE)


def test_a_large_array_is_told_by_its_shape() -> None:
    """A form is for reading."""
    large = Problem("large", "sum(x)", {"x": [1.5] * 200}, (Asked("x", 1),))

    assert "# x is an array (200,)\n" in form(large)
    assert "1.5" not in form(large)


def test_no_right_value_is_in_the_form() -> None:
    """-12, 6 and -18 are the answers; 6 is x as well, and stands there once."""
    text = form(PRODUCT)

    assert "-12" not in text
    assert "-18" not in text
    assert re.findall(r"\b6\b", text) == ["6"]


@pytest.mark.parametrize(
    "path",
    [ROOT / "examples" / "homework" / f"{name}.toml" for name in ("quickstart", "backpropagation")],
    ids=lambda path: path.stem,
)
def test_a_form_that_nobody_filled_in_is_graded_as_blank(path: Path) -> None:
    """Every item of it, without a word about names that nobody knows."""
    homework = homework_file(str(path))
    answers = answers_from(template_text(homework), "sam.toml", homework)
    grader = Grader(homework)
    marked = [
        item
        for place, problem in enumerate(homework.problems)
        for item in grader.marked(place, answers.by_problem[problem.name]).items
    ]

    assert (answers.student, answers.notes, answers.unreadable) == ("sam", (), None)
    assert {item.mark for item in marked} == {Mark.BLANK}
    assert len(marked) == sum(len(problem.asked) for problem in homework.problems)


@pytest.mark.parametrize(
    "text",
    ['a "quoted" \\ text', "two\nlines\r\nand\ta tab", "\x00\x07\x1b[31m\x7f\u202e", "[x]\n[[y]]", "ω = 2·x 😀", "'''"],
    ids=["quotes", "lines", "controls", "tables", "signs", "apostrophes"],
)
def test_no_text_of_a_teacher_breaks_the_form(text: str) -> None:
    """Titles and texts are comments, whatever is in them."""
    problem = Problem("product", PRODUCT.expression, PRODUCT.at, PRODUCT.asked, title=text, text=text)
    read = tomllib.loads(form(problem, title=text))

    assert set(read) == {"student", "product"}
    assert tomllib.loads("\n".join(comment(text))) == {}


@pytest.mark.parametrize(
    "value",
    ['a "b" \\ \n\t\x7f\x01 ω 😀', 1, -2.5, 1e-9, True, [1, [2.5, "x"]], {"0.weight": [1], "b c": {"d": 2}}, {}],
    ids=["text", "whole", "decimal", "small", "truth", "list", "table", "empty"],
)
def test_values_read_back_from_toml(value: Any) -> None:
    """As the same."""
    assert tomllib.loads(f"{toml_key('a key')} = {toml_value(value)}") == {"a key": value}
