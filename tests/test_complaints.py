"""What is said about text that is not in the language: the message, the marked characters, the hint, the carets."""

from unicodedata import combining

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import mutated_texts

from bpcli import grad, parse
from bpcli.errors import BindingError, BpcliError, LimitError, ParseError, Span
from bpcli.language.limits import Limits
from bpcli.report.plain import error_text, notice_text

# text, part of the message, the marked texts, part of the hint
Complaint = tuple[str, str, list[str], str]
FUNCTIONS: list[Complaint] = [
    ("x * sine(y)", "unknown function 'sine'", ["sine"], "did you mean 'sin'?"),
    ("Sigmoid(x)", "unknown function 'Sigmoid'", ["Sigmoid"], "did you mean 'sigmoid'?"),
    ("leaky_rely(x)", "unknown function 'leaky_rely'", ["leaky_rely"], "did you mean 'leaky_relu'?"),
    ("qqq (x)", "unknown function 'qqq'", ["qqq"], "for a product write qqq*(…)"),
    ("f(x) = x**2", "unknown function 'f'", ["f"], "for a product write f*(…)"),
    ("x = 2; x(3)", "'x' is a variable here, not a function", ["x"], "for a product write x*(…)"),
    ("sin = 2; sin(x)", "'sin' is a variable here", ["sin"], "sin*(…)"),
    ("sin(y)", "'sin' is a variable here", ["sin"], "sin*(…)"),
    ("cos x", "the argument of cos must stand in parentheses", ["cos x"], "write cos(x)"),
    ("1 + cos 2", "the argument of cos must stand in parentheses", ["cos 2"], "write cos(2)"),
]
ARGUMENTS: list[Complaint] = [
    ("1 + cos()", "cos takes 1 argument, got 0", ["cos()"], "write cos(x)"),
    ("cos(x, y + 1)", "cos takes 1 argument, got 2", ["y + 1"], "write cos(x)"),
    ("atan2(x)", "atan2 takes 2 arguments, got 1", ["atan2(x)"], "write atan2(y, x)"),
    (
        "where(x > 0, 1)",
        "where takes 3 arguments, got 2; 'y' is missing",
        ["where(x > 0, 1)"],
        "where(condition, x, y)",
    ),
    ("max()", "max takes 2 or more arguments, got 0", ["max()"], "write max(x, y)"),
    ("amin()", "amin takes 1 to 3 arguments, got 0; 'x' is missing", ["amin()"], "write amin(x, axis=None"),
    ("elu(x, 1, y, 3)", "elu takes 1 to 2 arguments, got 4", ["y, 3"], "write elu(x, alpha=1)"),
    ("polygamma(x=y)", "'n' is missing", ["polygamma(x=y)"], "write polygamma(n, x)"),
    ("max(x, )", "must stand after ',', not ')'", [")"], ""),
    ("cos(x y)", "there is no operator between 'x' and 'y'", ["x y"], "for a product write x*y"),
    ("elu(x, alpha=0.1, alpha=0.2)", "the argument 'alpha' is given twice", ["alpha=0.2"], ""),
    ("elu(x, 0.1, alpha=0.2)", "given twice the argument 'alpha'", ["alpha=0.2"], "write elu(x, alpha=1)"),
    ("elu(alpha=0.1, y)", "an argument without a name cannot follow one with a name", ["y"], ""),
    ("elu(x, beta=0.1)", "elu has no argument 'beta'", ["beta=0.1"], "write elu(x, alpha=1)"),
    ("elu(x, alpha=y)", "'alpha' of elu must be a finite number", ["alpha=y"], ""),
    ("softplus(x, beta=-1)", "'beta' of softplus must be a positive number", ["beta=-1"], ""),
    ("polygamma(0.5, x)", "'n' of polygamma must be a whole number from 0 to 100", ["0.5"], ""),
    ("gelu(x, approximate='erf')", "'approximate' of gelu must be 'none' or 'tanh'", ["approximate='erf'"], ""),
    ("gelu(x, approximate=tanh)", "'approximate' of gelu must be 'none' or 'tanh'", ["approximate=tanh"], ""),
    ("elu(x, alpha='a')", "'alpha' of elu must be a finite number", ["alpha='a'"], ""),
    ("cos(x='a')", "a word in quotes is no number", ["x='a'"], ""),
    ("gelu(x, 'tan')", "'approximate' of gelu must be 'none' or 'tanh'", ["'tan'"], "approximate='none'"),
    ("'x' + 1", "a word in quotes is no number", ["'x'"], "a word in quotes is an argument"),
]
BRACKETS: list[Complaint] = [
    ("(x + 1", "this '(' is never closed", ["(", ""], "add ')' where it should end"),
    ("2*cos(x + (y)", "this '(' is never closed", ["(", ""], "add ')' where it should end"),
    ("max(x, ", "this '(' is never closed", ["(", ""], "add ')' where it should end"),
    ("(x\n + y", "this '(' is never closed", ["(", ""], "add ')' where it should end"),
    ("x + 1)", "this ')' closes nothing", [")"], "remove it, or add the '(' that it closes"),
    ("(x))*2", "this ')' closes nothing", [")"], "remove it"),
    ("1 + ()", "must stand after '(', not ')'", [")"], "put something between the parentheses"),
    ("(x; y)", "this '(' is never closed", ["(", ""], ""),
    ("(x, y)", "several values in parentheses are a shape or axes", ["(x, y)"], "write a vector as [x, y]"),
    ("x, y", "',' cannot stand here", [","], "split statements with ';'"),
]
OPERATORS: list[Complaint] = [
    ("2x", "there is no operator between '2' and 'x'", ["2x"], "for a product write 2*x"),
    ("1 + 2pi", "there is no operator between '2' and 'pi'", ["2pi"], "for a product write 2*pi"),
    ("2(x)", "there is no operator between '2' and '('", ["2("], "for a product write 2*(…)"),
    ("x y", "there is no operator between 'x' and 'y'", ["x y"], "for a product write x*y"),
    ("x  cos(y)", "there is no operator between 'x' and 'cos('", ["x  cos("], "for a product write x*cos(…)"),
    ("(x + y)(z)", "there is no operator between", ["(x + y)("], "for a product write (x + y)*(…)"),
    ("x²y", "there is no operator between", ["x²y"], "for a product write x²*y"),
    ("1..2", "'1..2' is not a number", ["1..2"], ""),
    ("x + 1.2.3", "'1.2.3' is not a number", ["1.2.3"], ""),
    ("1e999", "larger than float64 can hold", ["1e999"], ""),
    ("x +", "must stand after '+', not the end", [""], ""),
    ("x + \ny", "must stand after '+', not the end of the line", ["\n"], ""),
    ("x + * y", "must stand after '+', not '*'", ["*"], ""),
    ("x** ", "must stand after '**', not the end", [""], ""),
    ("*x", "must stand here, not '*'", ["*"], ""),
    ("x <> y", "must stand after '<', not '>'", [">"], ""),
    ("x $ y", "'$' is not part of the language", ["$"], ""),
    ("x % y", "'%' is not part of the language", ["%"], ""),
    ("!x", "'!' is not part of the language", ["!"], ""),
    ("x; \x00", r"'\u0000' is not part of the language", ["\x00"], ""),
    ("x + \u202ey", r"'\u202e' is not part of the language", ["\u202e"], ""),
    ("٣ + x", "is not part of the language", ["٣"], ""),
    ("x => y", "must stand after '=', not '>'", [">"], ""),
]
STATEMENTS: list[Complaint] = [
    ("", "there is no expression here", [], "write one, such as"),
    (" \n ; \t", "there is no expression here", [], "write one, such as"),
    ("x = ", "must stand after '=', not the end", [""], ""),
    ("= x", "must stand here, not '='", ["="], "a statement name = formula"),
    ("cos(x) = 2", "'=' cannot stand here", ["="], "a comparison is written =="),
    ("2 = x", "'=' cannot stand here", ["="], "a comparison is written =="),
    ("x + y = z", "'=' cannot stand here", ["="], "a statement is name = formula"),
    ("(x = y)", "'=' cannot stand here", ["="], "a comparison is written =="),
    ("x = y = z", "'=' cannot stand here", ["="], "a statement is name = formula"),
]
CONDITIONS: list[Complaint] = [
    ("x > 0", "a comparison is true or false; it has no gradient", ["x > 0"], "where(x > 0, 1, 0)"),
    ("(x == y)", "a comparison is true or false; it has no gradient", ["x == y"], "where"),
    ("(x > 0) + 1", "a comparison is true or false, not a number", ["x > 0"], "where"),
    ("cos(x > 0)", "a comparison is true or false, not a number", ["x > 0"], "where"),
    ("k = x > 0; k*2", "a comparison is true or false, not a number", ["x > 0"], "where"),
    ("where(x > 0, y > 0, 1)", "a comparison is true or false, not a number", ["y > 0"], "where"),
    ("where(x, 1, 0)", "the first argument of where must be a comparison", ["x"], "where(x > 0, x, 0)"),
    ("where(1, 1, 0)", "the first argument of where must be a comparison", ["1"], "where(x > 0, x, 0)"),
    ("where(a < b < c, 1, 0)", "comparisons cannot be chained", ["a < b"], "where(b < c, 1, 0)"),
    ("where(a < (b < c), 1, 0)", "comparisons cannot be chained", ["b < c"], "where(b < c, 1, 0)"),
]
BOUND = {"sin(y)": ["sin", "y"]}
DEEP = 100_000


@pytest.mark.parametrize(
    ("text", "message", "marked", "hint"), FUNCTIONS + ARGUMENTS + BRACKETS + OPERATORS + STATEMENTS + CONDITIONS
)
def test_a_complaint_says_what_where_and_what_now(text: str, message: str, marked: list[str], hint: str) -> None:
    """The message names the problem, the spans select exactly the characters it is about, the hint helps."""
    with pytest.raises(ParseError) as caught:
        parse(text, BOUND.get(text, ()))
    error = caught.value

    assert message in error.message
    assert [text[start:end] for start, end in error.spans] == marked
    assert hint in (error.hint or "")
    assert error.exit_code == 2


@pytest.mark.parametrize(
    ("text", "places"), [("2*cos(x + (y)", [5, 13]), ("((x", [1, 3]), ("x + 1)", [5]), ("max(x,", [3, 6])]
)
def test_unbalanced_parentheses_are_marked_where_they_are(text: str, places: list[int]) -> None:
    """Of several signs that look alike the right one is marked, and the place where the other is missing."""
    with pytest.raises(ParseError) as caught:
        parse(text)

    assert [span.start for span in caught.value.spans] == places


@pytest.mark.parametrize(
    ("at", "message", "hint"),
    [
        ({"xx": 1.0, "y": 2.0}, "value for 'xx', which is no variable of the expression", "did you mean"),
        ({"x": 1.0, "y": 2.0, "temperature": 3.0}, "value for 'temperature'", "its variables are x, y"),
        ({"x": 1.0}, "no value for y", "give a value for each of: y"),
        ({}, "no value for x, y", "x, y"),
        ({"x": "2y", "y": 1}, "the value of x is no number: '2y'", "--x=2.5"),
        ({"x": "z", "y": 1}, "the value of x is no number: 'z'", "give a number"),
        ({"x": [1, [2]], "y": 1}, "x is ragged", "the same number of entries"),
        ({"x": float("inf"), "y": 1}, "the value of x is not finite: inf", "finite points"),
        ({"x": True, "y": 1}, "the value of x is a truth value", ""),
        ({"x": 1 + 2j, "y": 1}, "the value of x is no", ""),
        ({"x": 10**400, "y": 1}, "the value of x is beyond float64", ""),
    ],
)
def test_values_must_fit_the_variables(at: dict[str, object], message: str, hint: str) -> None:
    """An unknown, missing or unusable value is refused in the user's words."""
    with pytest.raises(BindingError) as caught:
        grad("x*y", at)

    assert message in caught.value.message
    assert hint in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("x * sine(y)", "  x * sine(y)\n      ^^^^\n"),
        ("x +", "  x +\n     ^\n"),
        ("a = 2\nb = sine(a)\nb", "  b = sine(a)\n      ^^^^\n"),
        ("x +\ny", "  x +\n     ^\n"),
        ("2*cos(\n x + (y)", "  2*cos(\n       ^\n   x + (y)\n          ^\n"),
        ("z*(x + (y", "  z*(x + (y\n         ^ ^\n"),
        ("変数*sine(x)", "  変数*sine(x)\n       ^^^^\n"),
        ("変数 y", "  変数 y\n  ^^^^^^\n"),
        ("x\x1b[31m", "  x�[31m\n   ^\n"),
        ("\tx\x07y", "  �x�y\n    ^\n"),
        ("\u3000", "  �\n  ^\n"),
        ("", ""),
    ],
)
def test_carets_stand_under_the_marked_characters(text: str, shown: str) -> None:
    """The line of the mistake is shown with carets; signs that take two columns have two carets."""
    with pytest.raises(ParseError) as caught:
        parse(text)
    first, *rest = error_text(caught.value).splitlines(keepends=True)

    assert first.startswith("error: ")
    assert "".join(line for line in rest if not line.startswith("hint: ")) == shown


def test_a_marked_sign_without_a_width_has_a_caret() -> None:
    """A combining mark takes no column of its own; the caret stands under what it belongs to."""
    with pytest.raises(ParseError) as caught:
        parse("x + e\u0301")

    assert "^" in error_text(caught.value)


def test_of_a_long_line_only_a_window_is_shown() -> None:
    """What is around the mistake is shown, what is cut is marked, and the carets stay where they belong."""
    text = "a + " * 100 + "sine(x)" + " + b" * 100
    with pytest.raises(ParseError) as caught:
        parse(text)
    _, line, carets, _ = error_text(caught.value).splitlines()

    assert line.startswith("  …")
    assert line.endswith("…")
    assert len(line) <= 80
    assert line[carets.index("^") : carets.rindex("^") + 1] == "sine"


@pytest.mark.parametrize("text", ["q" * 10_000 + "(x)", "x " + "q" * 10_000, "9" * 2_000, "x)" + "\n" * 10_000])
def test_a_complaint_stays_short(text: str) -> None:
    """However long a word is, what is said about it fits on a screen."""
    with pytest.raises(BpcliError) as caught:
        parse(text)

    assert len(error_text(caught.value)) < 400


@settings(max_examples=300)
@given(mutated_texts())
def test_no_text_gets_raw_to_the_terminal(text: str) -> None:
    """Whatever is typed, it is read or refused; a refusal has spans within the text and prints no control character."""
    error = refusal(text)
    shown = error_text(error) if error else ""
    spans = error.spans if error else ()

    assert all(sign.isprintable() or sign == "\n" for sign in shown), shown
    assert all(0 <= start <= end <= len(text) for start, end in spans)
    assert not spans or "^" in shown or any(map(combining, text))


@given(st.text(max_size=20), st.integers(0, 20), st.integers(0, 20))
def test_a_notice_can_have_any_place(text: str, start: int, length: int) -> None:
    """Also a warning's text and place are printed without a control character, wherever the place is."""
    shown = notice_text(text, text, Span(min(start, len(text)), min(start + length, len(text))))

    assert shown.startswith("warning: ")
    assert all(sign.isprintable() or sign == "\n" for sign in shown)


@pytest.mark.parametrize(
    ("text", "limits", "option"),
    [
        ("x + 10", Limits(characters=5), "--max-characters"),
        ("x+x+x", Limits(operators=1), "--max-operators"),
        ("x**x**x**x", Limits(operators=2), "--max-operators"),
        ("cos(cos(cos(x)))", Limits(operators=2), "--max-operators"),
        ("((((x))))", Limits(nesting=3), "--max-nesting"),
        ("cos(cos(cos(cos(x)))) + y", Limits(nesting=3), "--max-nesting"),
        ("1234567", Limits(literal_digits=6), "--max-literal-digits"),
        ("x²³⁴", Limits(literal_digits=2), "--max-literal-digits"),
    ],
)
def test_a_limit_names_the_option_that_raises_it(text: str, limits: Limits, option: str) -> None:
    """A text beyond a limit is refused, and read where the limit is higher."""
    with pytest.raises(LimitError) as caught:
        parse(text, (), limits)

    assert option in (caught.value.hint or "")
    assert parse(text).output


def test_depth_and_length_are_ordinary_input() -> None:
    """A text 100,000 parentheses deep and 200,000 operators long has its gradient."""
    text = "(" * DEEP + "x" + "*y)" * DEEP + " + x" * DEEP

    assert grad(text, {"x": 2, "y": 1}).gradients == {"x": DEEP + 1, "y": 2 * DEEP}


def refusal(text: str) -> BpcliError | None:
    """The error that reading the text raises, if it raises one."""
    try:
        parse(text)
    except BpcliError as error:
        return error
    return None
