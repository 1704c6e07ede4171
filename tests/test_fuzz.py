"""A small run of the fuzzer: whatever stands on the command line, the command answers or refuses in words."""

import pytest
from fuzz import ENCODINGS, Outcome, broken_promise, complaint, outcome
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import NAMES, VARIABLES, command_lines, expression_texts


@settings(max_examples=500)
@given(command_lines(), st.integers(0, 30))
def test_no_command_line_breaks_the_command(words: list[str], number: int) -> None:
    """No input ends in exit code 5 or a traceback, and what is written keeps its promises in every encoding."""
    _, problem = complaint(words, number)

    assert problem is None


@settings(max_examples=200)
@given(expression_texts(), st.sampled_from(("plain", "table", "json")))
def test_every_expression_of_the_language_is_answered(text: str, output_format: str) -> None:
    """A text of the language without values has formulas, or a value if it has no variables; it is never refused."""
    words = ["grad", "--output-format", output_format, "--", text]
    found = outcome(words)

    assert found.code in (0, 3)
    assert broken_promise(words, found) is None


@pytest.mark.parametrize("name", sorted({*NAMES, *VARIABLES}))
@pytest.mark.parametrize("form", ["--{0}|3", "--{0}=3", "--set|{0}=3"])
def test_every_variable_can_be_bound(name: str, form: str) -> None:
    """Whatever the language takes as a variable, the command line takes its value."""
    found = outcome(["grad", f"{name}*2", *form.format(name).split("|"), "--output-format", "csv"])

    assert found.code == 0, found.said
    assert f"{name},3,2\n" in found.written


@pytest.mark.parametrize("number", range(len(ENCODINGS) * 5))
def test_a_working_command_has_no_complaint(number: int) -> None:
    """Every encoding and a terminal can show an answer."""
    code, problem = complaint(["grad", "x*y + σ(z)", "--x", "2", "--y", "3", "--z", "0"], number)

    assert (code, problem) == (0, None)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["grad", "x"], Outcome(5, "", "error: bpcli itself failed: ValueError: x\n")),
        (["grad", "x"], Outcome(1, "", "error: x\n")),
        (["grad", "x"], Outcome(2, "", "Traceback\n")),
        (["grad", "x"], Outcome(2, "half an answer\n", "error: x\n")),
        (["grad", "x"], Outcome(2, "", "error: \x1b[31m\n")),
        (["grad", "x"], Outcome(0, "", "")),
        (["grad", "x"], Outcome(0, '{"status": "error"}\n', "")),
        (["grad", "x"], Outcome(3, '{"status": "nonfinite", "value": NaN}\n', "")),
        (["grad", "x"], Outcome(3, r'{"status": "nonfinite", "expression": "\xb2"}', "")),
    ],
)
def test_the_fuzzer_sees_what_it_looks_for(words: list[str], found: Outcome) -> None:
    """A fault, a wrong exit code, a broken document and a control character are each a broken promise."""
    assert broken_promise(words, found) is not None
