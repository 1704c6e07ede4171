"""The language of claims: what they may be about, what stands on their right side, and how precisely a number is meant.

Precision is tried on `c*x` at x = 1: its gradient with respect to x is c, any number that one likes.
"""

import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpcli import check_expression as check
from bpcli.check.findings import Verdict
from bpcli.errors import BindingError, BpcliError, LimitError, ParseError, ShapeError, UnknownNameError, UsageError
from bpcli.language.claims import Claim, Target, claim_from, claim_from_text, claims_from, target_of

FORMS = "write a claim as x=6, dF/dA=-3, value(A)=-12, upstream(A)=-3, local(A, x)=-2 or contribution(A, x)=6"
STEPS = "A = x*y; F = A*z"
AT = {"x": 6.0, "y": -2.0, "z": -3.0}


def gradient(node: str, of: str | None = None) -> Target:
    """What a bare name is about."""
    return Target("gradient", node, of=of)


def verdict(claimed: object, truth: float, **options: Any) -> Verdict:
    """What a claimed gradient comes to where the true one is `truth`."""
    return check("c*x", {"c": truth, "x": 1}, {"x": claimed}, **options).verdict


# What a claim is about -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "target"),
    [
        ("x", gradient("x")),
        ("  x ", gradient("x")),
        ("x_1", gradient("x_1")),
        ("β", gradient("β")),
        ("x₁", gradient("x₁")),
        ("変数", gradient("変数")),
        ("value", gradient("value")),
        ("local", gradient("local")),
        ("d", gradient("d")),
        ("dx", gradient("dx")),
        ("dF/dA", gradient("A", "F")),
        ("∂F/∂A", gradient("A", "F")),
        ("dF/∂A", gradient("A", "F")),
        (" d F / d A ", gradient("A", "F")),
        ("∂ F/∂ A", gradient("A", "F")),
        ("∂loss/∂x₁", gradient("x₁", "loss")),
        ("ddata/ddepth", gradient("depth", "data")),
        ("value(A)", Target("value", "A")),
        (" value ( A ) ", Target("value", "A")),
        ("upstream(A)", gradient("A")),
        ("gradient(A)", gradient("A")),
        ("local(A, x)", Target("local", "A", "x")),
        ("local(A,x)", Target("local", "A", "x")),
        ("local ( A , x )", Target("local", "A", "x")),
        ("contribution(A, x)", Target("contribution", "A", "x")),
        ("contribution(v1, β)", Target("contribution", "v1", "β")),
    ],
)
def test_the_left_side_names_what_is_claimed(left: str, target: Target) -> None:
    """A bare name is a gradient, dF/dA too; the rest is written out. Spaces do not matter."""
    assert target_of(left) == target
    assert claim_from_text(f"{left}=2").target == target


@pytest.mark.parametrize(
    "left",
    [
        "2",
        "x y",
        "x + y",
        "sin(x)",
        "value()",
        "value(2)",
        "value(A, x)",
        "local(A)",
        "local(A, x, y)",
        "local(A; x)",
        "contribution()",
        "upstream(A, x)",
        "dF/dx/dy",
        "d/dx",
        "dF/dx + 1",
        "F/x",
        "-x",
        "'x'",
        "value(value(A))",
        "x[0]+1",
        "x[y]",
        "x[0][1]",
    ],
)
def test_any_other_left_side_is_refused(left: str) -> None:
    """The error repeats what cannot be claimed, and the hint has every form."""
    with pytest.raises(UsageError, match="cannot be about") as caught:
        claim_from_text(f"{left}=3")

    assert left in caught.value.message or left == "'x'"
    assert caught.value.hint == FORMS


@pytest.mark.parametrize("text", ["", " ", "x", "6", "x=", "x= ", "=", "x==6", "value(A)", "x:6"])
def test_a_claim_has_two_sides(text: str) -> None:
    """What has no single equals sign, or nothing behind it, is refused with the form that it should have."""
    with pytest.raises(UsageError, match="WHAT=VALUE") as caught:
        claim_from_text(text)

    assert f"'{text}'" in caught.value.message
    assert caught.value.hint == FORMS


def test_a_claim_about_nothing_says_what_is_missing() -> None:
    """An empty left side is not called the end of something."""
    with pytest.raises(UsageError) as caught:
        claim_from_text("=6")

    assert "the end" not in caught.value.message
    assert caught.value.hint == FORMS


@pytest.mark.parametrize(
    ("claims", "error", "words", "hint"),
    [
        (["q=3"], UnknownNameError, "'q'", "its names are "),
        (["xx=3"], UnknownNameError, "'xx'", "did you mean 'x'?"),
        (["value(AA)=3"], UnknownNameError, "'AA'", "did you mean 'A'?"),
        (["local(F, q)=3"], UnknownNameError, "'q'", "its names are "),
        (["v1=3"], UnknownNameError, "'v1'", "its names are "),
        (["d2F/dx=3"], BindingError, "'2F' is not the output, which is F", "write dF/dx"),
        (["dG/dx=3"], BindingError, "'G' is not the output, which is F", "write dF/dx"),
        (["dA/dx=3"], BindingError, "'A' is not the output, which is F", "write dF/dx"),
        (["local(F, x)=3"], BindingError, "x is no input of F", "its inputs are A, z"),
        (["contribution(A, z)=3"], BindingError, "z is no input of A", "its inputs are x, y"),
        (["local(x, y)=3"], BindingError, "y is no input of x", None),
        (["x=6", "x=7"], BindingError, "x", "claim each thing once"),
        (["A=6", "dF/dA=6"], BindingError, "A", "claim each thing once"),
        (["A=6", "upstream(A)=6"], BindingError, "A", "claim each thing once"),
        (["local(A, x)=1", "local(A,x)=2"], BindingError, "local", "claim each thing once"),
        (["x=2y"], ParseError, "'2' and 'y'", "2*y"),
        (["x=[1]"], ShapeError, "has shape (1,), ∂F/∂x is a single number", "has the shape of"),
        (["x=sine(y)"], ParseError, "unknown function 'sine'", "did you mean 'sin'?"),
        (["x=6=6"], ParseError, "'='", "=="),
        (["x=qq"], UnknownNameError, "'qq'", "its names are "),
        (["x=y*zz"], UnknownNameError, "'zz'", "did you mean 'z'?"),
        (["x=nan"], BindingError, "not finite: nan", "claim a finite number"),
        (["x=1e999"], BindingError, "not finite: 1e999", ""),
        (["x=1/0"], BindingError, "not finite: 1/0", ""),
        (["x=log(-1)"], BindingError, "not finite", ""),
    ],
)
def test_a_mistake_in_a_claim_is_told(claims: list[str], error: type[BpcliError], words: str, hint: str | None) -> None:
    """Unknown names, steps that are none, twice the same thing, formulas that are none: what it is and what now."""
    with pytest.raises(error) as caught:
        check(STEPS, AT, claims)

    assert words in caught.value.message
    assert caught.value.hint is None if hint is None else hint in (caught.value.hint or "")
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("claim", ["qq=1", "value(qq)=1", "x=qq", "x=1 + qq"])
def test_names_are_listed_once(claim: str) -> None:
    """The hint of an unknown name has each name that is known, not some of them twice."""
    with pytest.raises(UnknownNameError) as caught:
        check(STEPS, AT, [claim])
    names = (caught.value.hint or "").removeprefix("its names are ").split(", ")

    assert sorted(names) == ["A", "F", "x", "y", "z"]


@pytest.mark.parametrize("right", ["6; y=-18", "y=-18", "a = 2; a*3"])
def test_a_claim_is_no_statement(right: str) -> None:
    """`x=6; y=-18` is two claims in one: it is not silently read as x=-18."""
    with pytest.raises(UsageError):
        check(STEPS, AT, [f"x={right}"])


def test_the_output_has_the_name_that_is_shown() -> None:
    """An output without a name is f, and a claim may call it so, or by the name of its statement."""
    unnamed = check("x*y", {"x": 2, "y": 3}, ["df/dx=3", "∂f/∂y=2", "f=1", "value(f)=6"])
    alias = check("A = x*y; F = A", {"x": 2, "y": 3}, ["dF/dx=3", "dA/dy=2"])

    assert (unnamed.verdict, alias.verdict) == (Verdict.AGREE, Verdict.AGREE)
    assert [finding.title for finding in unnamed.findings] == ["∂f/∂x", "∂f/∂y", "∂f/∂f", "f"]


@pytest.mark.parametrize(
    "claims",
    [
        ["x=6", "value(A)=-12"],
        ("x=6", "value(A)=-12"),
        {"x": 6, "value(A)": -12},
        {"x": "6", "value(A)": "-12"},
        [claim_from_text("x=6"), claim_from("value(A)", -12)],
    ],
    ids=["list", "tuple", "numbers", "texts", "claims"],
)
def test_claims_come_in_several_forms(claims: Any) -> None:
    """Texts, a mapping of targets to numbers or texts, or claims that were read before."""
    found = check(STEPS, AT, claims)

    assert [finding.title for finding in found.findings] == ["∂F/∂x", "A"]
    assert found.verdict is Verdict.AGREE
    assert found.has_claims


# What stands on the right side ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "number", "half_unit"),
    [
        ("6", 6.0, None),
        ("-6", -6.0, None),
        ("−6", -6.0, None),
        ("+6", 6.0, None),
        ("  6 ", 6.0, None),
        ("0", 0.0, None),
        ("-0", -0.0, None),
        ("0.0", 0.0, None),
        ("0.000", 0.0, None),
        ("120", 120.0, None),
        ("0.5", 0.5, None),
        (".5", 0.5, None),
        ("0.05", 0.05, None),
        ("5e-3", 0.005, None),
        ("1e8", 1e8, None),
        ("0.105", 0.105, 0.0005),
        ("-0.105", -0.105, 0.0005),
        ("−0.105", -0.105, 0.0005),
        ("+0.105", 0.105, 0.0005),
        (".50", 0.5, 0.005),
        ("5.0", 5.0, 0.05),
        ("0.050", 0.05, 0.0005),
        ("12.5", 12.5, 0.05),
        ("120.0", 120.0, 0.05),
        ("1.5e3", 1500.0, 50.0),
        ("1.5E3", 1500.0, 50.0),
        ("1.5e+3", 1500.0, 50.0),
        ("1.50e-3", 0.0015, 5e-6),
        ("15e-4", 0.0015, 5e-5),
        ("0.1234567890123456789", 0.12345678901234568, 5e-20),
        ("1.0e-320", 1.0e-320, 5e-322),
        ("1.5e-400", 0.0, 0.0),
    ],
)
def test_a_number_means_what_was_typed(typed: str, number: float, half_unit: float | None) -> None:
    """Two or more significant digits with a point, or an exponent, have half a unit of their last place."""
    claim = claim_from_text(f"x={typed}")

    assert claim.number == number
    assert math.copysign(1, claim.number) == math.copysign(1, number)
    assert claim.half_unit == (None if half_unit is None else pytest.approx(half_unit, rel=1e-12, abs=1e-323))
    assert claim.typed == typed.strip()


@pytest.mark.parametrize("typed", ["- 0.105", "− 0.105", "-  0.105"])
def test_a_space_behind_the_sign_changes_nothing(typed: str) -> None:
    """`- 0.105` is as precise as `-0.105`."""
    assert verdict(typed, -0.1054) is Verdict.AGREE
    assert verdict(typed, -0.1056) is Verdict.DIFFER


def test_an_exponent_may_have_the_sign_of_mathematics() -> None:
    """`1.5e−3` is a number as `−1.5` is."""
    claim = claim_from_text("x=1.5e−3")

    assert claim.number == 0.0015
    assert claim.half_unit == pytest.approx(5e-5)


def test_an_exponent_of_thousands_of_digits_is_no_crash() -> None:
    """A number of 1.5e-000…1 is read, or refused as too long; it is no fault of bpcli's own."""
    text = "x=1.5e-" + "0" * 5000 + "1"
    try:
        number = claim_from_text(text).number
    except (LimitError, UsageError):
        return

    assert number == 0.15


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (6, 6.0),
        (0.105, 0.105),
        (-1e-300, -1e-300),
        (Fraction(1, 4), 0.25),
        (Decimal("0.105"), 0.105),
        (np.float64(0.105), 0.105),
        (np.int64(7), 7.0),
    ],
    ids=repr,
)
def test_a_number_of_a_file_has_no_last_place(value: object, number: float) -> None:
    """Numbers from JSON, TOML and Python are what they are, to nine digits."""
    claim = claim_from("x", value)

    assert (claim.number, claim.half_unit) == (number, None)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (True, "truth value"),
        (None, "null"),
        ({"a": 1}, "an object"),
        (1j, "no number"),
        (10**400, "beyond float64"),
        (math.nan, "not finite: nan"),
        (math.inf, "not finite: inf"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_value_that_is_no_number_is_refused(value: object, words: str) -> None:
    """The error says what it is instead."""
    with pytest.raises(BindingError, match=words):
        claim_from("x", value)


@pytest.mark.parametrize("text", ["", "  "])
def test_an_empty_text_of_a_file_is_no_formula(text: str) -> None:
    """A claim without a right side is refused in a mapping as on the command line."""
    with pytest.raises(UsageError):
        check(STEPS, AT, {"x": text})


@pytest.mark.parametrize("texts", [[], {}, None, 6, "x=6", [["x", 6]]], ids=repr)
def test_the_claims_of_a_request_are_an_object(texts: object) -> None:
    """Anything else is refused, with an example."""
    with pytest.raises(UsageError, match="no object") as caught:
        claims_from(texts)

    assert caught.value.hint == 'write it as "claim": {"x": 6}'


def test_the_claims_of_a_request_are_read_in_order() -> None:
    """Numbers stay numbers, texts are read as if they were typed."""
    found = claims_from({"x": 6, "value(A)": "-12.5", "z": "x*y"})

    assert found == [
        Claim(gradient("x"), "6", 6.0),
        Claim(Target("value", "A"), "-12.5", -12.5, 0.05),
        Claim(gradient("z"), "x*y"),
    ]


@pytest.mark.parametrize(
    "formula", ["y*z", "2*3", "pi", "-x", "(6)", "6 + 0", "1/3", "√2", "x", "--6", "where(x > 0, 6, 0)", "6.0*1"]
)
def test_anything_else_is_a_formula(formula: str) -> None:
    """What is more than a number with a sign is kept as it was typed."""
    claim = claim_from_text(f"x={formula}")

    assert (claim.typed, claim.number, claim.half_unit) == (formula, None, None)


def test_a_formula_may_compare() -> None:
    """Only the first equals sign divides a claim; `==` stands in conditions of its formula."""
    claim = claim_from_text("x=where(y == 2, 1, 0)")

    assert (claim.target, claim.typed) == (gradient("x"), "where(y == 2, 1, 0)")


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_float_is_claimed_as_itself(number: float) -> None:
    """Whatever Python writes for a number is read back as that number."""
    claims = [claim_from_text(f"x={number!r}"), claim_from("x", number), claim_from("x", repr(number))]

    assert [claim.number for claim in claims] == [number] * 3


@given(st.text(max_size=20))
def test_no_text_breaks_the_reader(text: str) -> None:
    """A text is a claim or a mistake of the user's; nothing else comes out."""
    with suppress(UsageError):
        assert claim_from_text(text).target.node


# How precise a claim is ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "inside", "outside"),
    [
        ("0.105", 0.1054999, 0.1055001),
        ("0.105", 0.1045001, 0.1044999),
        ("-0.105", -0.1054999, -0.1055001),
        ("−0.105", -0.1054999, -0.1055001),
        ("12.34", 12.3449999, 12.3450001),
        ("1.234e5", 123449.99, 123450.01),
        ("1.234e-5", 1.2344999e-5, 1.2345001e-5),
        ("99.5", 99.5499, 99.5501),
        ("0.99", 0.994999, 0.995001),
        ("0.0105", 0.01054999, 0.01055001),
        ("0.1050", 0.10504999, 0.10505001),
        (".105", 0.1054999, 0.1055001),
    ],
)
def test_a_decimal_means_half_a_unit_of_its_last_place(typed: str, inside: float, outside: float) -> None:
    """A decimal typed with two or more significant digits is right for every number that rounds to it."""
    assert (verdict(typed, inside), verdict(typed, outside)) == (Verdict.AGREE, Verdict.DIFFER)


@pytest.mark.parametrize(
    ("typed", "inside", "outside"),
    [
        ("0.11", 0.11111, 0.11112),
        ("0.11", 0.108911, 0.108909),
        ("-0.11", -0.11111, -0.11112),
        ("1.0", 1.0101, 1.0102),
        ("1.0", 0.990100, 0.990098),
        ("1.0e8", 1.0101e8, 1.0102e8),
        ("5.0", 4.9505, 4.9504),
        ("10e-3", 0.010101, 0.010102),
    ],
)
def test_half_a_unit_is_at_most_one_percent_of_the_truth(typed: str, inside: float, outside: float) -> None:
    """Two digits mean up to 5% by their last place; 1% is what is allowed."""
    assert (verdict(typed, inside), verdict(typed, outside)) == (Verdict.AGREE, Verdict.DIFFER)


@pytest.mark.parametrize(
    "claimed", ["6", "-6", "120", "0.5", ".5", "0.05", "5e-3", "1e8", "6e-9", 0.105, 6, -12.34, 1e-300, 123456789.5]
)
@pytest.mark.parametrize("sign", [1, -1])
def test_other_numbers_mean_a_relative_1e_9(claimed: object, sign: int) -> None:
    """Whole numbers, decimals of one digit, and numbers from files: not rounded, so wrong by more than a billionth."""
    number = float(claimed)  # type: ignore[arg-type] # texts and numbers

    assert verdict(claimed, number / (1 + sign * 0.999e-9)) is Verdict.AGREE
    assert verdict(claimed, number / (1 + sign * 1.001e-9)) is Verdict.DIFFER


@pytest.mark.parametrize("typed", ["0", "-0", "0.0", "0.00", "0e0", 0, 0.0, -0.0])
@pytest.mark.parametrize("truth", [1e-300, -1e-12, 1e-3])
def test_zero_means_zero(typed: object, truth: float) -> None:
    """A zero is no small number, however many places were typed."""
    assert verdict(typed, 0.0) is Verdict.AGREE
    assert verdict(typed, truth) is Verdict.DIFFER


@pytest.mark.parametrize("claimed", ["1e-12", "0.0010", "1.5e-300", 1e-12, "-0.10"])
def test_no_number_is_near_zero(claimed: object) -> None:
    """Where the truth is 0 a part of it is 0 too, so nothing else is right."""
    assert verdict(claimed, 0.0) is Verdict.DIFFER


@pytest.mark.parametrize("truth", [1.0, 1.5, 3.0, -0.1, 1e8, 1.7e-200, 123456.789])
@pytest.mark.parametrize("sign", [1, -1])
def test_nothing_is_judged_tighter_than_four_ulp(truth: float, sign: int) -> None:
    """A tolerance of 0, or a claim of twenty digits, still allows what float64 cannot say."""
    near, far = (truth + sign * count * math.ulp(truth) for count in (4, 5))

    assert verdict(near, truth, relative_tolerance=0.0) is Verdict.AGREE
    assert verdict(far, truth, relative_tolerance=0.0) is Verdict.DIFFER


def test_twenty_digits_are_judged_to_four_ulp() -> None:
    """More digits than float64 has make no claim wrong."""
    assert verdict("0.10000000000000000000", 0.1) is Verdict.AGREE
    assert verdict("0.10000000000000000000", 0.1 + 4 * math.ulp(0.1)) is Verdict.AGREE
    assert verdict("0.10000000000000000000", 0.1 + 6 * math.ulp(0.1)) is Verdict.DIFFER


def test_the_smallest_numbers_are_judged_to_four_ulp() -> None:
    """Below the normal range a unit in the last place is 5e-324."""
    assert verdict(5e-324, 1e-323, relative_tolerance=0.0) is Verdict.AGREE
    assert verdict(3e-323, 5e-324, relative_tolerance=0.0) is Verdict.DIFFER


@pytest.mark.parametrize("claimed", ["0.105", 0.105, "0.1050000", "0.11"])
@pytest.mark.parametrize("relative", [1e-12, 1e-6, 1e-3, 0.1])
def test_a_relative_tolerance_overrides_the_typed_precision(claimed: object, relative: float) -> None:
    """With a tolerance all numbers are judged alike, however they were given: more strictly or less."""
    number = float(claimed)  # type: ignore[arg-type] # texts and numbers

    assert verdict(claimed, number / (1 + 0.99 * relative), relative_tolerance=relative) is Verdict.AGREE
    assert verdict(claimed, number / (1 + 1.01 * relative), relative_tolerance=relative) is Verdict.DIFFER


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"x": "0.33"}, Verdict.AGREE),
        ({"x": 0.33}, Verdict.DIFFER),
        ({"value(A)": "0.67"}, Verdict.AGREE),
        ({"value(A)": 0.67}, Verdict.DIFFER),
        ({"local(F, A)": "0.50"}, Verdict.AGREE),
        ({"contribution(A, x)": "0.333"}, Verdict.AGREE),
        ({"contribution(A, x)": "0.332"}, Verdict.DIFFER),
        ({"x": "1/3"}, Verdict.AGREE),
        ({"x": "0.333*1"}, Verdict.DIFFER),
    ],
)
def test_every_kind_of_claim_is_as_precise_as_it_was_typed(claims: Mapping[str, object], expected: Verdict) -> None:
    """Values, local derivatives and contributions are judged as gradients are; a formula is exact."""
    found = check("A = x/1.5; F = A/2", {"x": 1}, claims)

    assert found.verdict is expected


@given(
    st.floats(1e-200, 1e200).flatmap(lambda size: st.sampled_from([size, -size])),
    st.integers(2, 12),
    st.sampled_from(["e", "f"]),
)
def test_a_right_number_rounded_to_any_length_is_right(truth: float, digits: int, form: str) -> None:
    """Whoever rounds the right number to two or more digits and types it with its point or exponent is right."""
    typed = f"{truth:.{digits - 1}e}" if form == "e" or not 1e-5 < abs(truth) < 1e5 else f"{truth:.{digits}f}"
    rounded = float(typed)
    if abs(rounded - truth) > 0.0099 * abs(truth):  # beyond 1% the design asks for another digit
        return

    assert verdict(typed, truth) is Verdict.AGREE


@pytest.mark.parametrize(
    "reader", [lambda: claim_from_text("x=0.105"), lambda: claim_from("x", "0.105")], ids=["typed", "of a file"]
)
def test_text_is_text_wherever_it_comes_from(reader: Callable[[], Claim]) -> None:
    """A text in JSON is judged as one that was typed, since whoever wrote it there typed its digits."""
    claim = reader()

    assert claim.number == 0.105
    assert claim.half_unit == pytest.approx(0.0005)
