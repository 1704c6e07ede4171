"""What `bpcli check` refuses, and how: the words, the hint, the place, and nothing that steers a terminal."""

import json

import pytest
from checks import CHAIN
from command import ESCAPE, Done, call

pytestmark = pytest.mark.usefixtures("oracles_loaded")

WAYS = "write a claim as x=6, dF/dA=-3, value(A)=-12"
MISTAKES = [
    (("x", "--jsno"), "--jsno", "did you mean '--json'?"),
    (("x", "--clam-x", "x=1"), "unknown option '--clam-x'", "did you mean '--claim'?"),
    (("x", "--x=1", "--clam", "x=1"), "'clam'", "did you mean the option '--claim'?"),
    (("x", "--hint-levle", "kind"), "unknown option '--hint-levle'", "did you mean '--hint-level'?"),
    (("x", "--every-stpe"), "unknown option '--every-stpe'", "did you mean '--every-step'?"),
    (("x", "--no-such-thing"), "unknown option '--no-such-thing'", "'bpcli check --help' lists the options"),
    (("x", "--x=1", "--hint-level"), "--hint-level has no value", "'bpcli check --help' says what it takes"),
    (("x", "--x=1", "--claim"), "--claim has no value", "'bpcli check --help' says what it takes"),
    (("x", "--x=1", "--hint-level=all"), "'all'", "'bpcli check --help' says what it takes"),
    (("x", "--x=1", "--release-to=teacher"), "'teacher'", "'bpcli check --help' says what it takes"),
    (("x", "--x=1", "--output-format=csv"), "'csv'", "'bpcli check --help' says what it takes"),
    (("x", "--x=1", "--max-rows=0"), "--max-rows", "'bpcli check --help' says what it takes"),
    (("x", "--x=1", "--parallel-jobs=0"), "--parallel-jobs", "'bpcli check --help' says what it takes"),
    (("x", "--x=1", "--time-limit=0"), "--time-limit", "'bpcli check --help' says what it takes"),
    (("x", "--x=1", "--time-limit=-1"), "--time-limit", "'bpcli check --help' says what it takes"),
    (("x", "--x=1", "--time-limit=nan"), "--time-limit", ""),
    (("x", "--x=1", "--time-limit=soon"), "'soon'", "'bpcli check --help' says what it takes"),
    (("x", "--x=1", "--relative-tolerance=little"), "'little'", "'bpcli check --help' says what it takes"),
    (("x", "--x=1", "--every-step=yes"), "--every-step takes no value", "write --every-step alone"),
    ((), "there is no expression", 'bpcli check "x*y"'),
    (("--claim", "x=1"), "there is no expression", 'bpcli check "x*y"'),
    (("--x", "x*y"), "--x took 'x*y' as its value", 'bpcli check "x*y"'),
    (("x", "y", "--x=1"), "one expression at a time: got 'x' and 'y'", "quotes"),
    (("x", "--requests", "-"), "--requests takes expressions", "leave out EXPR"),
    (("--requests", "-", "--claim", "x=1"), "--requests takes expressions", "--claim"),
    (("--requests", "-", "--x", "1"), "--requests takes expressions", "variables"),
    (("-", "--at", "-"), "standard input can be read once", "file"),
    (("x*y",), "no value for x, y", "add --x VALUE --y VALUE"),
    (("x*y", "--x=1"), "no value for y", "add --y VALUE"),
    (("x*y*set", "--x=1", "--claim=x=1"), "no value for y, set", "add --y VALUE --set set=VALUE"),
    (("rate", "--raet", "1"), "'raet', which is no variable", "did you mean 'rate'?"),
    (("x", "--x=1", "--qq=2"), "'qq', which is no variable", "its variables are x"),
    (("ab", "--ab=1", "--with-respect-to=abc"), "gradient with respect to 'abc'", "did you mean 'ab'?"),
    (("x", "--x=1", "--x=2"), "x is bound twice, to 1 and to 2", "one value"),
    (("x", "--x=six"), "the value of x is no number: 'six'", "give a number"),
    (("x", "--x=nan"), "x is no number", "give a number"),
    (("x", "--x=1e999"), "x is not finite: 1e999", "1.8e308"),
    (("x*sine(y)", "--x=1"), "unknown function 'sine'", "did you mean 'sin'?"),
    (("rate", "--rate=1", "--claim=raet=1"), "a claim about 'raet'", "did you mean 'rate'?"),
    (("x", "--x=1", "--claim=qq=1"), "a claim about 'qq'", "its names are x"),
    ((*CHAIN, "--claim=value(B)=1"), "a claim about 'B'", "its names are"),
    ((*CHAIN, "--claim=local(F, x)=1"), "x is no input of F", "its inputs are A, z"),
    ((*CHAIN, "--claim=dA/dx=1"), "'A' is not the output, which is F", "write dF/dx"),
    ((*CHAIN, "--claim=loca(A, x)=1"), "a claim cannot be about 'loca(A, x)'", WAYS),
    ((*CHAIN, "--claim=x + y=1"), "a claim cannot be about 'x + y'", WAYS),
    ((*CHAIN, "--claim=6"), "--claim takes WHAT=VALUE, not '6'", WAYS),
    ((*CHAIN, "--claim=x"), "--claim takes WHAT=VALUE, not 'x'", WAYS),
    ((*CHAIN, "--claim=x="), "--claim takes WHAT=VALUE, not 'x='", WAYS),
    ((*CHAIN, "--claim=x==6"), "--claim takes WHAT=VALUE, not 'x==6'", WAYS),
    ((*CHAIN, "--claim=x=6", "--claim=x=7"), "two claims are about", "claim each thing once"),
    ((*CHAIN, "--claim=A=6", "--claim=dF/dA=7"), "two claims are about", "claim each thing once"),
    ((*CHAIN, "--claim=x=1e999"), "x is not finite: 1e999", "1.8e308"),
    ((*CHAIN, "--claim=x=sine(y)"), "unknown function 'sine'", "did you mean 'sin'?"),
    ((*CHAIN, "--claim=x=2y"), "no operator between '2' and 'y'", "2*y"),
    ((*CHAIN, "--claim=x=y*"), "must stand after '*'", "missing"),
    ((*CHAIN, "--claim=x=1.2.3"), "1.2", ""),
    ((*CHAIN, "--claim=x=yy*z"), "the claim 'yy*z' has the name 'yy'", "did you mean 'y'?"),
    (("sin(x)**2", "--claim=x=sin(2*t)"), "has the name 't'", "its names are"),
    ((*CHAIN, "--relative-tolerance=2"), "the relative tolerance must be from 0 to 1, not 2", "1e-9 is usual"),
    (("x*y*z*w", "--max-operators=1"), "more than 1", "--max-operators"),
    (("x*y", "--max-characters=2"), "has 3 characters, more than 2", "--max-characters"),
]


@pytest.mark.parametrize(
    ("arguments", "message", "hint"), MISTAKES, ids=lambda part: " ".join(part) if isinstance(part, tuple) else ""
)
def test_what_cannot_be_used_is_refused_with_a_hint(arguments: tuple[str, ...], message: str, hint: str) -> None:
    """A wrong word ends in code 2; standard error, or a document, says what is wrong and what to do now."""
    done = call("check", *arguments)
    as_json = call("check", "--json", *arguments)
    error = json.loads(as_json.out).get("error", {})

    assert (done.code, done.out, as_json.code, as_json.err) == (2, "", 2, "")
    assert message in done.err.splitlines()[0]
    assert hint in done.err.splitlines()[-1]
    assert (done.err.splitlines()[0], done.err.splitlines()[-1]) == (
        f"error: {error['message']}",
        f"hint: {error['hint']}",
    )


def test_an_error_points_at_its_place() -> None:
    """The caret stands under what is wrong, in the expression and in a claim."""
    inside = call("check", "x * sine(y)", "--x=1")
    claimed = call("check", *CHAIN, "--claim=x=y*sine(z)")

    assert inside == Done(
        2, "", "error: unknown function 'sine'\n  x * sine(y)\n      ^^^^\nhint: did you mean 'sin'?\n"
    )
    assert claimed == Done(2, "", "error: unknown function 'sine'\n  y*sine(z)\n    ^^^^\nhint: did you mean 'sin'?\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ("x", "--x=1", "--claim", f"[bold]{ESCAPE}"),
        ("x", "--x=1", "--claim", f"x=[bold]{ESCAPE}"),
        ("x", "--x=1", "--claim", f"[bold]{ESCAPE}=1"),
        ("x", "--x=1", "--claim", f"value([bold]{ESCAPE})=1"),
        ("x", "--x", f"[bold]{ESCAPE}"),
        ("x", "--with-respect-to", f"[bold]{ESCAPE}", "--x=1"),
        ("x", "--hint-level", f"[bold]{ESCAPE}"),
        ("x", "--time-limit", f"[bold]{ESCAPE}"),
        ("x", "--relative-tolerance", f"[bold]{ESCAPE}"),
        (f"x*[bold]{ESCAPE}", "--x=1"),
        ("--requests", f"[bold]{ESCAPE}"),
    ],
    ids=lambda part: " ".join(part).replace(ESCAPE, ""),
)
@pytest.mark.parametrize("form", [[], ["--json"]], ids=["words", "json"])
def test_user_text_is_neither_markup_nor_an_escape(arguments: tuple[str, ...], form: list[str]) -> None:
    """What users type reaches the terminal as they typed it, and no control character does."""
    done = call("check", *arguments, *form)
    written = done.out + done.err

    assert done.code == 2
    assert "[bold]" in written
    assert all(sign.isprintable() or sign == "\n" for sign in written)
