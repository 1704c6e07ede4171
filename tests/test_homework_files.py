"""Homework files and answer files: what they may say, and what is told of those that cannot be used."""

import json
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bpcli.check.homework.answers import answers_from
from bpcli.check.homework.documents import Typed, document_from
from bpcli.check.homework.grading import Grader
from bpcli.check.homework.problems import TIME_LIMIT, Homework
from bpcli.check.homework.reading import homework_file, homework_from, tolerance_of
from bpcli.check.homework.tolerances import PRESETS
from bpcli.check.homework.written import Misnamed
from bpcli.errors import BpcliError, ParseError, UsageError

PRODUCT: Mapping[str, Any] = {
    "name": "product",
    "expression": "A = x*y; F = A*z",
    "at": {"x": 6, "y": -2, "z": -3},
    "asked": ["value(A)", "A", "x", "y"],
}
TOML = """
title = "Backpropagation by hand"
tolerance = "cs231n"
carry_forward = true
time_limit = 5

[[problems]]
name = "product"
title = "A product of three"
text = "Find the gradients."
expression = "A = x*y; F = A*z"
at = { x = 6, y = -2, z = -3 }
points = 4
asked = ["value(A)", { item = "A", form = "number", tolerance = { digits = 3 } }, { item = "x", points = 2 }]

[[problems]]
name = "sine"
expression = "sin(x)*y"
asked = [{ item = "x", form = "formula" }]
tolerance = "exact"
carry_forward = false
time_limit = 1.5
"""


def one(**changes: Any) -> Homework:
    """A homework of the problem `product`, with some keys changed; None leaves a key out."""
    return homework_from({"problems": [{k: v for k, v in {**PRODUCT, **changes}.items() if v is not None}]})


def refused(**changes: Any) -> BpcliError:
    """What is said of such a homework."""
    with pytest.raises(BpcliError) as caught:
        one(**changes)
    return caught.value


def test_a_homework_says_problems_points_and_rules(tmp_path: Path) -> None:
    """What stands at the top holds for problems that say nothing else; points are shared."""
    path = tmp_path / "homework.toml"
    path.write_text(TOML, "utf-8")

    homework = homework_file(str(path))

    product, sine = homework.problems
    assert (homework.title, homework.points) == ("Backpropagation by hand", 5.0)
    assert [(asked.key, asked.points) for asked in product.asked] == [("value(A)", 1.0), ("A", 1.0), ("x", 2.0)]
    assert (product.title, product.text, product.at) == (
        "A product of three",
        "Find the gradients.",
        {"x": 6, "y": -2, "z": -3},
    )
    assert (product.carry_forward, product.time_limit, sine.carry_forward, sine.time_limit) == (True, 5.0, False, 1.5)
    assert [tolerance_of(product, asked) == PRESETS["cs231n"] for asked in product.asked] == [True, False, True]
    assert tolerance_of(product, product.asked[1]).digits == 3
    assert tolerance_of(sine, sine.asked[0]) == PRESETS["exact"]
    assert [asked.form for asked in product.asked] == ["any", "number", "any"]


def test_json_says_the_same(tmp_path: Path) -> None:
    """By the end of the name."""
    path = tmp_path / "homework.json"
    path.write_text(json.dumps({"$schema": "homework.json", "problems": [PRODUCT]}), "utf-8")

    assert homework_file(str(path)) == one()


def test_what_nobody_says_has_a_default() -> None:
    """One point an item, ten seconds, nothing is carried forward."""
    (problem,) = one().problems

    assert problem.points == 4.0
    assert (problem.carry_forward, problem.time_limit, problem.tolerance) == (False, TIME_LIMIT, None)


def test_points_are_shared_evenly() -> None:
    """Thirds add up to the whole."""
    (problem,) = one(points=10, asked=["A", "x", {"item": "y", "points": 1}, "z", "value(A)", "value(F)", "F"]).problems

    assert problem.points == 10.0
    assert {asked.points for asked in problem.asked} == {1.0, 1.5}


FAULTS: list[tuple[str, dict[str, Any], str, str]] = [
    ("a key that nothing reads", {"expresion": "x"}, "problem 'product': nothing reads 'expresion'", "'expression'"),
    ("no name", {"name": None}, "problem 1: 'name' is missing", 'name = "…"'),
    ("a name of other signs", {"name": "a b"}, "problem 1: the name 'a b' is not made of", "product"),
    ("no expression", {"expression": None}, "problem 'product': 'expression' is missing", "expression"),
    ("an empty expression", {"expression": " "}, "problem 'product': 'expression' is empty", ""),
    ("an expression that is none", {"expression": 3}, "'expression' must be a text, not 3", "quotes"),
    ("an unknown item", {"asked": ["x", "q"]}, "problem 'product', asked 2: an item asks for 'q'", "its names are"),
    ("a near item", {"asked": ["value(AA)"]}, "asked 1: an item asks for 'AA'", "did you mean 'A'?"),
    ("no such step", {"asked": ["local(F, x)"]}, "asked 1: x is no input of F", "its inputs are A, z"),
    ("an item that is none", {"asked": ["x +"]}, "asked 1: an item cannot be about 'x +'", "ask for x"),
    ("an entry of a number", {"asked": ["x[0]"]}, "asked 1: x[0]: x is a single number", ""),
    ("an item twice", {"asked": ["x", "dF/dx"]}, "asked 2: 'dF/dx' is asked for twice, first as 'x'", "once"),
    ("a node twice", {"asked": ["A", "dF/dA"]}, "asked 2: 'dF/dA' is asked for twice", "once"),
    (
        "an entry twice",
        {"expression": "sum(x)", "at": {"x": [1, 2]}, "asked": ["x[1]", "x[-1]"]},
        "problem 'product', asked 2: 'x[-1]' is asked for twice",
        "'x[1]' is the same",
    ),
    ("nothing asked", {"asked": []}, "'asked' is empty", "asked = ["),
    ("asked as a text", {"asked": "x"}, "'asked' must be a list, not a text", "asked = ["),
    ("an item as a number", {"asked": [3]}, "asked 1: an item is a text or a table", "item ="),
    ("an unknown key of an item", {"asked": [{"itm": "x"}]}, "asked 1: nothing reads 'itm'", "'item'"),
    ("an unknown form", {"asked": [{"item": "x", "form": "num"}]}, "asked 1: unknown form 'num'", "number"),
    ("no points", {"asked": [{"item": "x", "points": 0}]}, "asked 1: 'points' must be above 0, not 0", ""),
    ("points below 0", {"points": -1}, "'points' must be above 0, not -1", ""),
    ("endless points", {"points": float("inf")}, "'points' must be a finite number", ""),
    ("points as a text", {"points": "4"}, "'points' must be a number, not a text", ""),
    ("points as a truth value", {"points": True}, "'points' must be a number, not true or false", ""),
    ("no points left", {"points": 1, "asked": [{"item": "x", "points": 1}, "y"]}, "nothing is left", "raise 'points'"),
    ("points that differ", {"points": 3, "asked": [{"item": "x", "points": 1}]}, "'points' is 3, and", "leave"),
    ("a missing value", {"at": {"x": 1, "y": 2}}, "problem 'product': no value for z", "give a value"),
    ("an unknown value", {"at": {"x": 1, "y": 2, "z": 3, "w": 4}}, "value for 'w'", "its variables"),
    ("a value that is none", {"at": {"x": "six", "y": 1, "z": 1}}, "at: the value of x is no number", "give a number"),
    ("at as a list", {"at": [1, 2]}, "'at' must be a table", "at = {"),
    ("no such generator", {"at": {"x": "norml(2)", "y": 1, "z": 1}}, "unknown generator 'norml'", "'normal'"),
    ("no such file", {"at": {"x": "@x.npy", "y": 1, "z": 1}}, "at: cannot read", ""),
    ("standard input", {"at": {"x": "@-", "y": 1, "z": 1}}, "the value of x names no file", "beside"),
    ("an unknown preset", {"tolerance": "cs231"}, "tolerance: unknown tolerance 'cs231'", "'cs231n'"),
    ("no time", {"time_limit": 0}, "'time_limit' must be above 0", ""),
    ("carrying as a number", {"carry_forward": 1}, "'carry_forward' must be true or false, not 1", ""),
    ("a seed below 0", {"random_seed": -1}, "'random_seed' must be a whole number", ""),
    ("a number at no point", {"at": None, "asked": [{"item": "x", "form": "number"}]}, "'at' is left out", "x, y, z"),
    ("arrays at no point", {"at": None, "expression": "sum(x)", "asked": ["x"]}, "needs a point", "x"),
    ("no seed for an array", {"at": {"x": [1, 2]}, "expression": "2*x", "asked": ["x"]}, "(2,)", "upstream_seed ="),
]


@pytest.mark.parametrize(("changes", "said", "hint"), [one[1:] for one in FAULTS], ids=[one[0] for one in FAULTS])
def test_a_slip_of_the_teacher_is_found_at_once(changes: dict[str, Any], said: str, hint: str) -> None:
    """With the problem, the key, and what to do now."""
    error = refused(**changes)

    assert said in error.message
    assert hint in (error.hint or "")
    assert error.exit_code == 2
    assert "problem 'product'" in error.message or "problem 1" in error.message


def test_an_expression_that_cannot_be_read_keeps_its_caret() -> None:
    """The text and the place, below the name of the problem."""
    error = refused(expression="x*sine(y)")

    assert isinstance(error, ParseError)
    assert error.message == "problem 'product': unknown function 'sine'"
    assert (error.text, error.spans[0].start, error.hint) == ("x*sine(y)", 2, "did you mean 'sin'?")


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({}, "'problems' is missing"),
        ({"problems": []}, "'problems' is empty"),
        ({"problems": {}}, "'problems' must be a list, not a table"),
        ({"problems": [3]}, "problem 1 is no table"),
        ({"problems": [PRODUCT, PRODUCT]}, "two problems have the name 'product'"),
        ({"problms": [PRODUCT]}, "nothing reads 'problms'"),
        ({"title": 3, "problems": [PRODUCT]}, "'title' must be a text, not 3"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_what_is_no_homework_is_refused(document: Mapping[str, Any], said: str) -> None:
    """At the top."""
    with pytest.raises(UsageError, match=said):
        homework_from(document)


def test_files_are_looked_for_beside_the_homework(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever bpcli runs; the numbers are kept, so that nobody needs the file again."""
    np.save(tmp_path / "x.npy", np.array([1.0, 2.0]))
    path = tmp_path / "homework.toml"
    path.write_text(
        '[[problems]]\nname = "p"\nexpression = "sum(x**2)"\nat = { x = "@x.npy" }\nasked = ["x"]\n', "utf-8"
    )
    monkeypatch.chdir("/")

    (problem,) = homework_file(str(path)).problems

    assert problem.at == {"x": [1.0, 2.0]}


def test_values_are_drawn_by_generators() -> None:
    """From the seed of the problem, and the same again."""
    drawn = {"expression": "sum(W @ x)", "at": {"W": "normal(2,3)", "x": "uniform(1,2,3)"}, "asked": ["W", "x[2]"]}

    first, again, other = (one(**drawn, random_seed=seed).problems[0].at for seed in (1, 1, 2))

    assert first == again != other
    assert np.shape(first["W"]) == (2, 3)
    assert all(1 <= entry < 2 for entry in first["x"])


@pytest.mark.parametrize("expression", ["x*y*z", "log(x) + sqrt(y)", "arcsin(x)*y", "max(x, y)", "log(x - 4)*y"])
def test_a_point_is_drawn_where_a_seed_is_given(expression: str) -> None:
    """Small numbers of distinct sizes within the domain, at no kink, none of them 0, 1 or 2 in size."""
    problem = {"expression": expression, "at": None, "asked": ["x", "y"]}

    points = [one(**problem, random_seed=seed).problems[0].at for seed in (1, 2, 3)]

    assert one(**problem, random_seed=1).problems[0].at == points[0]
    for at in points:
        sizes = [abs(number) for number in at.values()]
        assert len(set(sizes)) == len(sizes)
        assert not {0.0, 1.0, 2.0}.intersection(sizes)
        assert max(sizes) < 10


def test_no_point_is_drawn_at_a_kink() -> None:
    """The kink is at 3, which is one of the numbers to draw."""
    drawn = [
        one(expression="abs(x - 3)*y + x", at=None, asked=["x"], random_seed=seed).problems[0].at["x"]
        for seed in range(60)
    ]

    assert len(set(drawn)) > 10
    assert 3.0 not in drawn


def test_no_point_is_drawn_where_nothing_has_a_value() -> None:
    """The teacher is told."""
    error = refused(expression="log(-1 - x**2)", at=None, random_seed=1, asked=["x"])

    assert "no point of small numbers is within the domain" in error.message


def test_a_network_may_be_asked_about() -> None:
    """Parameters by their names, also where TOML takes a dotted name for tables."""
    text = """
    [[problems]]
    name = "net"
    expression = "x -> Linear(2) -> ReLU -> Linear(1) -> MSELoss(t)"
    random_seed = 3
    asked = ["0.weight", "2.bias[0]", "x"]
    at.x = [[1, 2, 3]]
    at.t = [[1]]
    at.0.weight = [[1, 2, 3], [4, 5, 6]]
    at.0.bias = [1, 2]
    at.2.weight = [[1, 2]]
    at.2.bias = [1]
    """
    (problem,) = homework_from(document_from(text, "net.toml")).problems

    assert problem.at["0.bias"] == [1.0, 2.0]


@pytest.mark.parametrize("name", ["homework.yaml", "homework.YML"])
def test_yaml_is_refused_with_a_reason(name: str) -> None:
    """Before the file is read."""
    with pytest.raises(UsageError) as caught:
        homework_file(name)

    assert "bpcli reads no YAML" in caught.value.message
    assert "TOML" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.toml", "[[problems]]\nname = \n", "a.toml as TOML: invalid value (at line 2, column 8)"),
        ("a.json", '{"problems":\n [}', "a.json as JSON: expecting value (at line 2, column 3)"),
        ("a.json", "[1]", "a.json as JSON: it is no object"),
        ("a.json", '{"a": 1, "a": 2}', "a name stands twice in it"),
        ("a.json", "[" * 200_000, "it is nested too deeply"),
        ("a.toml", "x = 1\n" + ".".join("a" * 500_000) + " = 1", "a name has more than 64 parts (at line 2)"),
        ("a.toml", "[" + " . ".join(["'a b'"] * 65) + "]", "a name has more than 64 parts (at line 1)"),
    ],
    ids=["toml", "json", "a list", "a name twice", "nested", "a name without end", "a table without end"],
)
def test_a_broken_file_is_told_with_line_and_column(name: str, text: str, said: str) -> None:
    """The first place that cannot be read."""
    with pytest.raises(UsageError) as caught:
        document_from(text, name)

    assert said in caught.value.message


SLIPS = {
    "x = 2*y\n": (6, "in quotes"),
    "x = sin(y)": (5, "in quotes"),
    "[product]\nvalue(A) = 3": (6, "brackets or other signs stands in quotes"),
    "at = { x = 1 y = 2 }\n": (14, "a comma may be missing"),
    "x = [1 2]": (8, "a comma may be missing"),
    "[p]\nx = [1, 2\ny = 3\n": (10, "a comma may be missing"),
    '[p]\n"value(s)" =\n': (13, 'nothing stands behind =; what is left out is written x = ""'),
    '"value(s)" = ': (13, "nothing stands behind ="),
    "x = .5": (5, "digits on both sides"),
    "x = 01": (6, "no 0 before others"),
    "x = 1,5": (6, "a decimal has a point: 1.5"),
    "x = “2*y”": (5, "quotes are straight"),
    "x 6\n": (3, "a line is a name, =, and what it is"),
    "∂x = 6": (1, "other signs stands in quotes"),
    "[p": (3, "in brackets on a line of its own"),
    "[p]\nx = 1\n[p]\ny = 2": (3, "a table stands once"),
    'x = "a\\q"': (9, "single quotes"),
    'x = "2*y\ny = 3': (9, "ends on its line"),
    "x = 1\nx = 2\n\n": (6, "stands once"),
    "x = 1\nx = 2": (6, "stands once"),
}


@pytest.mark.parametrize(("text", "column", "hint"), [(text, *said) for text, said in SLIPS.items()])
def test_a_slip_in_toml_has_a_caret_and_says_what_to_write(text: str, column: int | None, hint: str) -> None:
    """The place in its line; the hint is about this slip."""
    with pytest.raises(UsageError) as caught:
        document_from(text, "a.toml")

    assert [span.start + 1 for span in caught.value.spans] == ([] if column is None else [column])
    assert hint in (caught.value.hint or "")
    assert column is None or caught.value.text in text.split("\n")


@pytest.mark.parametrize(
    "text", ["x = 6\n", 'student = "Bo"\n[product]\nx = 3\n', ""], ids=["values", "answers", "empty"]
)
def test_another_file_than_a_homework_is_told_as_such(text: str, tmp_path: Path) -> None:
    """Values, answers, or nothing at all: not by the first of its keys."""
    (tmp_path / "other.toml").write_text(text, "utf-8")

    with pytest.raises(UsageError, match=r"other.toml is no homework: it has no problems") as caught:
        homework_file(str(tmp_path / "other.toml"))

    assert "--answers-from" in (caught.value.hint or "")


# Answers -----------------------------------------------------------------------------------------------------------


def test_answers_are_found_by_problem_and_item() -> None:
    """However an item is written: dF/dx is x."""
    answers = answers_from('student = "Alice"\n[product]\n"value(A)" = -12\n"dF/dx" = 6\ny = "2*x"', "a.toml", one())

    assert answers.student == "Alice"
    assert answers.by_problem == {"product": {"value(A)": -12, "x": 6, "y": "2*x"}}
    assert (answers.unreadable, answers.notes) == (None, ())


def test_json_answers_say_the_same() -> None:
    """By its first sign, where the name does not tell."""
    answers = answers_from('{"student": 123, "product": {"x": 6.0}}', "answers", one())

    assert (answers.student, answers.by_problem) == ("123", {"product": {"x": 6.0}})


def test_a_file_without_a_name_in_it_is_that_of_its_stem() -> None:
    """Folder and ending do not count."""
    assert answers_from("", "somewhere/bob.smith.toml", one()).student == "bob.smith"


def test_what_is_not_asked_for_is_a_note() -> None:
    """With what was probably meant; the other answers count."""
    text = "[prodct]\nx = 1\n[product]\nvalue = 3\nx = 6\n[other]\n"
    note = "problem 'product': 'value' is not asked for; did you mean 'value(A)'?"

    answers = answers_from(text, "a.toml", one())

    assert answers.by_problem == {"product": {"x": 6, "value(A)": Misnamed(3, note)}}
    assert answers.notes == (
        note,
        "no problem is called 'prodct'; did you mean 'product'?",
        "no problem is called 'other'",
    )


def marks_and_notes(text: str) -> tuple[dict[str, str], tuple[str, ...]]:
    """The mark of each item of the homework of one problem, and what is noted about the answers."""
    answers = answers_from(text, "a.toml", one())
    (found,) = [Grader(one()).marked(0, answers.by_problem.get("product", {}))]
    return {item.asked.key: item.mark.value for item in found.items}, answers.notes


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ('[prodcut]\n"value(A)" = -12\nx = 6\n', {"value(A)": "unreadable", "x": "unreadable"}),
        ('[prodcut]\n"vlaue(A)" = -12\nx = ""\n', {"value(A)": "unreadable", "x": "blank"}),
        ('[product]\n"vlaue(A)" = -12\nx = 6\n', {"value(A)": "unreadable", "x": "right"}),
        ('[product]\n"vlaue(A)" = 1\n"value(A)" = -12\n', {"value(A)": "right"}),
        ('[product]\n"vlaue(A)" = -12\n"valeu(A)" = -12\n', {"value(A)": "blank"}),
        ("[prodcut]\nx = 6\n[porduct]\nx = 6\n", {"x": "blank"}),
        ("[prodcut]\nx = 6\n[product]\ny = -18\n", {"x": "blank"}),
        ("[elsewhere]\nx = 6\n", {"x": "blank"}),
        ("product = 6", {"value(A)": "unreadable", "x": "unreadable"}),
    ],
    ids=[
        *["a problem", "both, and a blank", "an item", "answered as well", "which of two"],
        *["which of two problems", "a problem answered as well", "near to nothing", "no table"],
    ],
)
def test_what_stands_under_a_mistyped_name_is_a_typo(text: str, marked: dict[str, str]) -> None:
    """Where nothing stands under the right one, and it is clear which was meant; it is noted in any case."""
    found, notes = marks_and_notes(text)

    assert {key: found[key] for key in marked} == marked
    assert notes


def test_an_item_that_is_answered_twice_counts_once() -> None:
    """The first answer, with a note."""
    answers = answers_from('[product]\nx = 6\n"dF/dx" = 7\n', "a.toml", one())

    assert answers.by_problem == {"product": {"x": 6}}
    assert "answered twice" in answers.notes[0]


def test_a_problem_that_is_no_table_is_a_note() -> None:
    """Nobody's fault but the student's."""
    answers = answers_from("product = 6", "a.toml", one())

    assert set(answers.by_problem) == {"product"}
    assert answers.notes == ("problem 'product' is no table of answers; write [product] above them",)


def test_notes_are_few() -> None:
    """However many slips a file has."""
    answers = answers_from("\n".join(f"[p{n}]" for n in range(1000)), "a.toml", one())

    assert len(answers.notes) == 21
    assert answers.notes[-1] == "and 980 more such notes"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[product]\nvalue(A) = 3\n", "at line 2, column 6"),
        ("student: Alice", "at line 1, column 8"),
        ("{", "line 1, column 2"),
        ("[product\n", "at line 1, column 9"),
    ],
)
def test_a_file_that_is_no_toml_is_unreadable_with_its_place(text: str, said: str) -> None:
    """And grades nothing."""
    answers = answers_from(text, "bob", one())

    assert (answers.student, answers.by_problem) == ("bob", {})
    assert said in (answers.unreadable or "")


def test_yaml_answers_are_unreadable() -> None:
    """There is no guess at them."""
    assert "no YAML" in (answers_from("x: 1", "bob.yaml", one()).unreadable or "")


def test_numbers_of_toml_know_how_they_were_typed() -> None:
    """Also after they travel between processes."""
    answers = answers_from("[product]\nx = 6.50\n", "a.toml", one())

    number = answers.by_problem["product"]["x"]
    there = pickle.loads(pickle.dumps(number))  # noqa: S301 - its own bytes
    assert isinstance(there, Typed)
    assert (there, there.typed, repr(there)) == (6.5, "6.50", "6.50")
