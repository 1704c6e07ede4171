"""What `bpcli check --release-to student` tells: where to look, as much as was asked for, and no right value."""

import re

import pytest
from checks import CHAIN, LOST_SIGN
from command import Done, call
from right_values import EXERCISES, Exercise, found_in

pytestmark = pytest.mark.usefixtures("oracles_loaded")


def asked(exercise: Exercise, *options: str) -> Done:
    """What `bpcli check` says of an exercise."""
    bound = [f"--{name}={value}" for name, value in exercise.at.items()]
    return call("check", exercise.expression, *bound, *[f"--claim={claim}" for claim in exercise.claims], *options)


IN_FULL = (
    "ratio",
    "SymPy",
    "differences",
    '"sympy"',
    '"backpropagation"',
    '"gradients"',
    '"value"',
    '"true"',
    '"text"',
)


@pytest.mark.parametrize("form", ["--every-step", "--json"])
@pytest.mark.parametrize("level", ["where", "kind", "cause"])
def test_no_student_sees_a_right_value(form: str, level: str) -> None:
    """Neither a table nor JSON has four digits of any number that the exercise asks for, nor a ratio, at any level."""
    leaks = []
    for exercise in EXERCISES:
        done = asked(exercise, form, "--release-to=student", f"--hint-level={level}")
        leaks += [(exercise.expression, f"{number}") for number in found_in(done.out + done.err, exercise)]
        leaks += [(exercise.expression, word) for word in IN_FULL if word in done.out + done.err]
        assert done.code == 1

    assert leaks == []


@pytest.mark.parametrize("form", [[], ["--json"]], ids=["words", "json"])
def test_the_search_for_right_values_finds_them(form: list[str]) -> None:
    """Released to staff the same reports have the numbers that a student must not see."""
    blind = [exercise.expression for exercise in EXERCISES if not found_in(asked(exercise, *form).out, exercise)]

    assert blind == []


@pytest.mark.parametrize("form", [[], ["--json"]], ids=["words", "json"])
@pytest.mark.parametrize(
    "arguments",
    [
        ("A = x*y; F = log(A)", "--x=6.37", "--y=-2.61"),
        ("A = x*y; F = log(A)", "--x=6.37", "--y=-2.61", "--claim=x=1"),
        ("A = x*y; F = log(A)", "--x=6.37", "--y=-2.61", "--claim=x=y/A"),
        ("A = x*y; F = floor(A + 0.3743)", "--x=6.37", "--y=-2.61", "--claim=x=1"),
        ("A = x*y; F = sqrt(A + 16.6257)", "--x=6.37", "--y=-2.61", "--claim=x=1"),
        ("A = x*y; F = relu(A + 16.6257)", "--x=6.37", "--y=-2.61", "--claim=x=9", "--claim=y=1.5"),
        ("A = x*y; F = (A + 16.6257)**2 / (A + 16.6257)", "--x=6.37", "--y=-2.61", "--claim=x=9"),
        ("A = x*y; F = A**2", "--x=6.37", "--y=-2.61", "--claim=x=A"),
        ("A = x*y; F = A**2", "--x=6.37", "--y=-2.61", "--claim=x=2*A*y + 1"),
    ],
    ids=" ".join,
)
def test_no_reason_tells_a_student_a_right_value(arguments: tuple[str, ...], form: list[str]) -> None:
    """Where there is no gradient, and where a claim is a formula, no value of an intermediate is given away."""
    done = call("check", *arguments, "--release-to=student", "--hint-level=cause", *form)

    assert done.code in (0, 1, 3, 4)
    assert [number for number in ("16.625", "16.2514", "86.7") if number in done.out.replace("16.6257)", "")] == []


@pytest.mark.parametrize("form", [[], ["--json"]], ids=["words", "json"])
@pytest.mark.parametrize("claim", ["x=-6", "x=12", "x=3", "x=2", "x=-2"])
def test_where_and_kind_name_neither_a_sign_nor_a_factor(claim: str, form: list[str]) -> None:
    """From a sign or a factor the answer would follow; only the level `cause` says it."""
    said = {
        level: call("check", *CHAIN, "--claim", claim, "--release-to=student", f"--hint-level={level}", *form).out
        for level in ("where", "kind", "cause")
    }

    assert not re.search(r"sign|factor|twice|half", said["where"] + said["kind"])
    assert re.search(r'Look for: |"family"', said["kind"])
    assert '"kind"' not in said["kind"]
    assert re.search(r"sign|factor|left out|upstream", said["cause"])
    assert len(said["where"]) < len(said["kind"])


def test_a_student_sees_where_alone_unless_told_more() -> None:
    """Without `--hint-level` a student is told where to look, and staff everything."""
    student, staff = (call("check", *LOST_SIGN, *more) for more in (["--release-to=student"], []))
    levels = [call("check", *LOST_SIGN, f"--release-to={to}", f"--hint-level={level}") for to, level in LEVELS]

    assert [student, staff] == levels


LEVELS = [("student", "where"), ("staff", "cause")]


def test_staff_may_ask_for_less() -> None:
    """`--hint-level` without a release leaves hints out, and keeps the numbers."""
    done = call("check", *LOST_SIGN, "--hint-level=where")

    assert "claimed 18, true -18" in done.out
    assert "Consistent with" not in done.out


def test_right_claims_of_a_student_are_only_agreed_with() -> None:
    """No digit more than was claimed."""
    done = call("check", *CHAIN, "--claim=x=6", "--claim=y=-18", "--release-to=student")

    assert done.out == ("         claimed   verdict\n  ∂F/∂x        6   agree\n  ∂F/∂y      -18   agree\n")
