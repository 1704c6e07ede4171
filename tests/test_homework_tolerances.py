"""How near answers have to be: each preset at its limit, just inside and just outside; figures; required digits."""

from collections.abc import Mapping
from math import sqrt
from pathlib import Path
from typing import Any

import pytest

from bpcli.check.homework.grades import Mark
from bpcli.check.homework.grading import Grader
from bpcli.check.homework.reading import homework_from
from bpcli.check.homework.tolerances import PRESETS, tolerance_from
from bpcli.check.nearness import AS_TYPED, Tolerance, digits_of, tolerance
from bpcli.errors import UsageError
from bpcli.language.claims import claim_from
from bpcli.numbers.balls import exactly

INSIDE, OUTSIDE = 1 - 1e-3, 1 + 1e-3
VECTOR = {"w": [3.0, -4.0, 12.0], "x": [1.0, 1.0, 1.0]}  # the gradient with respect to x, of norm 13


def mark(answer: object, tolerance: object, *, expression: str = "3*x", at: Mapping[str, Any] | None = None) -> Mark:
    """What an answer for x comes to."""
    problem: dict[str, Any] = {"name": "p", "expression": expression, "at": at or {"x": 1}, "asked": ["x"]}
    if tolerance is not None:
        problem["tolerance"] = tolerance
    (item,) = Grader(homework_from({"problems": [problem]})).marked(0, {"x": answer}).items
    return item.mark


def of_vector(off: list[float], tolerance: object) -> Mark:
    """What an answer comes to that is off by so much in each of three entries."""
    answer = [one + by for one, by in zip(VECTOR["w"], off, strict=True)]
    return mark(answer, tolerance, expression="sum(w*x)", at=VECTOR)


SINGLE = [  # the truth, and how far off the answer may be
    ("exact", 3.0, 3e-12),
    ("cs231n", 3.0, 3e-7 / (1 - 1e-7)),  # of the larger of the two, which is the answer
    ("cs231n", 1e-12, 1e-15),
    ("eecs498", 3.0, 1e-7 * 6 / (1 - 1e-7)),
    ("eecs498", 1e-14, 1e-17),
    ("coursera", 3.0, 2e-7 * 6 / (1 - 2e-7)),
    ("torch", 3.0, 1e-5 + 3e-3),
    ("torch", 0.0, 1e-5),
]


@pytest.mark.parametrize(("preset", "truth", "limit"), SINGLE, ids=[f"{one[0]}-{one[1]:g}" for one in SINGLE])
def test_a_number_is_right_up_to_the_limit_of_its_preset(preset: str, truth: float, limit: float) -> None:
    """The formulas of the sources, on both sides of their limits."""
    expression = f"{truth}*x"

    assert mark(truth + limit * INSIDE, preset, expression=expression) is Mark.RIGHT
    assert mark(truth + limit * OUTSIDE, preset, expression=expression) is Mark.WRONG


@pytest.mark.parametrize("preset", ["exact", "cs231n", "torch"])
def test_each_entry_counts_by_itself_where_the_source_says_so(preset: str) -> None:
    """The large entry does not excuse the small one."""
    limit = PRESETS[preset].absolute + 3 * (PRESETS[preset].relative or 0)

    assert of_vector([limit * INSIDE, 0, 0], preset) is Mark.RIGHT
    assert of_vector([limit * 1.1, 0, 0], preset) is Mark.WRONG


def test_eecs498_measures_by_the_largest_entry() -> None:
    """Max |a - t| ≤ 1e-7·max(|a| + |t|): 24 here, whichever entry is off."""
    limit = 1e-7 * 24

    assert of_vector([limit * INSIDE, 0, 0], "eecs498") is Mark.RIGHT
    assert of_vector([limit * OUTSIDE, 0, 0], "eecs498") is Mark.WRONG
    assert of_vector([limit * INSIDE] * 3, "eecs498") is Mark.RIGHT


def test_coursera_measures_the_norm_of_the_whole_array() -> None:
    """‖a - t‖ ≤ 2e-7·(‖a‖ + ‖t‖), in one entry or spread over all."""
    limit = 2e-7 * 26

    assert of_vector([limit * INSIDE, 0, 0], "coursera") is Mark.RIGHT
    assert of_vector([limit * OUTSIDE, 0, 0], "coursera") is Mark.WRONG
    spread = limit / sqrt(2)
    assert of_vector([spread * INSIDE, -spread * INSIDE, 0], "coursera") is Mark.RIGHT
    assert of_vector([spread * OUTSIDE, -spread * OUTSIDE, 0], "coursera") is Mark.WRONG


def test_an_array_is_right_just_where_all_its_entries_are() -> None:
    """A norm that is too large leaves one entry at least beyond its share."""
    near = Tolerance(relative=1e-3, scope="norm", size="sum")

    shares = near.over([3, -4, 12], [3.02, -4.02, 12.02])

    assert shares.absolute == pytest.approx(1e-3 * (13 + sqrt(3.02**2 + 4.02**2 + 12.02**2)) / sqrt(3))
    assert any(abs(by) > shares.absolute for by in (0.02, 0.02, 0.02))


def test_every_preset_stands_with_its_source_in_the_documents() -> None:
    """A teacher can look it up: a row of the table in README has the name, the test, and where it comes from."""
    readme = (Path(__file__).parent.parent / "README.md").read_text("utf-8")
    rows = [line.split(" | ") for line in readme.splitlines() if line.startswith('| `"')]

    relative = [f"{preset.relative:.0e}".replace("e-0", "e-") for preset in PRESETS.values()]

    assert list(PRESETS) == ["exact", "cs231n", "eecs498", "coursera", "torch"]
    assert [row[0] for row in rows] == [f'| `"{name}"`' for name in PRESETS]
    assert all(figure in row[1] for row, figure in zip(rows, relative, strict=True))
    assert all("](http" in row[2] for row in rows[1:])


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("1.71", Mark.RIGHT),
        ("1.714", Mark.RIGHT),
        ("1.7099", Mark.RIGHT),  # more digits than are asked for: half a unit of the third still counts
        ("1.72", Mark.WRONG),
        ("1.7", Mark.WRONG),  # too few
        ("12/7", Mark.RIGHT),
        (1.71, Mark.RIGHT),
        (2, Mark.WRONG),
    ],
    ids=str,
)
def test_three_digits_are_required_and_count(answer: object, expected: Mark) -> None:
    """Half a unit of the third digit of 12/7, which is 1.714."""
    assert mark(answer, {"digits": 3}, expression="12/7*x") is expected


def test_too_few_digits_are_wrong_however_near() -> None:
    """1.7 is within half a unit of the third digit of 1.7004, and says two."""
    assert mark("1.7", {"digits": 3}, expression="1.7004*x") is Mark.WRONG
    assert mark("1.70", {"digits": 3}, expression="1.7004*x") is Mark.RIGHT
    assert mark("1.7", {"digits": 3, "relative": 0.1}, expression="1.7004*x") is Mark.WRONG


@pytest.mark.parametrize(("size", "allowed"), [("truth", 1.0), ("larger", 2.0), ("sum", 3.0)])
def test_a_size_is_that_of_the_truth_of_the_larger_or_of_both(size: str, allowed: float) -> None:
    """Of a claimed 4 where 2 is right, a half; at least of the floor."""
    near = Tolerance(relative=0.5, size=size)

    assert float(near.allowed(exactly(2.0), exactly(4.0))) == allowed
    assert float(near._replace(floor=10.0).allowed(exactly(2.0), exactly(4.0))) == 5.0
    assert near._replace(scope="largest").over([2.0, -1.0], [-4.0, 0.0]).absolute == allowed


def test_a_short_answer_that_is_right_needs_no_more_digits() -> None:
    """6 is 6.00."""
    assert mark(6, {"digits": 3}, expression="6*x") is Mark.RIGHT
    assert mark("0.50", {"digits": 3}, expression="x/2") is Mark.RIGHT
    assert mark(0, {"digits": 3}, expression="0*x") is Mark.RIGHT


def test_a_half_is_rounded_up_within_the_tolerance() -> None:
    """0.125 to two digits is 0.13, half a unit off."""
    assert mark("0.13", {"digits": 2}, expression="x/8") is Mark.RIGHT
    assert mark("0.12", {"digits": 2}, expression="x/8") is Mark.RIGHT
    assert mark("0.14", {"digits": 2}, expression="x/8") is Mark.WRONG


@pytest.mark.parametrize(("given", "inside", "outside"), [(1e-3, 3.0029, 3.0031), (0.0, 3.0, 3.00000001)], ids=str)
def test_a_relative_figure_is_one_of_the_truth(given: float, inside: float, outside: float) -> None:
    """As --relative-tolerance."""
    assert mark(inside, {"relative": given}) is Mark.RIGHT
    assert mark(outside, {"relative": given}) is Mark.WRONG


def test_an_absolute_figure_adds_to_the_relative_one() -> None:
    """Absolute + relative·|t|."""
    assert mark(3.0129, {"relative": 1e-3, "absolute": 0.01}) is Mark.RIGHT
    assert mark(3.0131, {"relative": 1e-3, "absolute": 0.01}) is Mark.WRONG


def test_without_a_tolerance_an_answer_is_as_precise_as_it_was_typed() -> None:
    """A text with two digits means half a unit of the last, at most 1%; one of a program 1e-9."""
    assert mark("1.71", None, expression="12/7*x") is Mark.RIGHT
    assert mark("1.7", None, expression="12/7*x") is Mark.RIGHT
    assert mark("1.6", None, expression="12/7*x") is Mark.WRONG
    assert mark(1.71, None, expression="12/7*x") is Mark.WRONG
    assert mark(12 / 7 * (1 + 1e-10), None, expression="12/7*x") is Mark.RIGHT


def test_nothing_is_judged_tighter_than_4_ulp() -> None:
    """Whatever the figures are."""
    truth = exactly(1.0)

    assert float(tolerance(truth, None, Tolerance(relative=0.0))) == 4 * 2.0**-52


@pytest.mark.parametrize(
    ("typed", "digits"),
    [("0.0105", 3), ("1.50", 3), ("120", 3), ("7", 1), ("-2.5e-3", 2), ("0", 0), ("x*y", float("inf"))],
)
def test_digits_are_counted_as_typed(typed: str, digits: float) -> None:
    """Leading zeros do not count, zeros at the end do."""
    assert digits_of(claim_from("x", typed)) == digits


@pytest.mark.parametrize(
    ("given", "said", "hint"),
    [
        ("cs231", "unknown tolerance 'cs231'", "did you mean 'cs231n'?"),
        ({}, "a tolerance without a figure", "write a name, or figures"),
        ({"relative": 1}, "'relative' must be below 1", "1e-6 is usual"),
        ({"relative": -1}, "must be a finite number from 0", ""),
        ({"absolute": float("inf")}, "must be a finite number from 0", ""),
        ({"digits": 0}, "'digits' must be a whole number from 1 to 15", ""),
        ({"digits": 3.0}, "'digits' must be a whole number", ""),
        ({"digit": 3}, "nothing reads 'digit'", "did you mean 'digits'?"),
        (3, "a tolerance is a name or a table of figures", "write a name"),
    ],
    ids=str,
)
def test_a_tolerance_that_says_nothing_is_refused(given: object, said: str, hint: str) -> None:
    """With the place where it stands."""
    with pytest.raises(UsageError) as caught:
        tolerance_from(given, "the homework, tolerance")

    assert caught.value.message.startswith("the homework, tolerance")
    assert said in caught.value.message
    assert (caught.value.hint or "").startswith(hint)


def test_no_tolerance_is_as_typed() -> None:
    """The default."""
    assert tolerance_from(None, "") is AS_TYPED
    assert AS_TYPED.is_as_typed
