"""What to say about text that is not in the language: what, where, and what now."""

import re

from bpcli.errors import ParseError, Span
from bpcli.graph.op import REGISTRY
from bpcli.language.functions import Static, all_functions, function_called

MOST_SHOWN = 40
QUOTES = "a word in quotes is an argument with a name, as in gelu(x, approximate='tanh')"
HINTS = {
    "'": QUOTES,
    '"': QUOTES,
    "%": "the remainder of x/y is x - y*floor(x/y)",
    "&": "nest two conditions: where(x > 0, where(y > 0, 1, 0), 0)",
    "|": "the absolute value is abs(x)",
    "!": "the factorial of x is gamma(x + 1)",
    ":": "a slice stands between brackets, as in x[1:3]",
    "{": "group with parentheses",
    "$": "write the expression without $ signs",
    ".": "a function is called by its name alone: sin(x), not np.sin(x)",
    "\\": "write functions as calls: sqrt(x), not \\sqrt{x}",
    "–": "write - for minus",
    "∗": "write * for times",
    "∛": "the cube root is cbrt(x)",
    "∞": "every number is finite",
    "⁻": "write a negative power as x**-2",
    "“": "write the expression without quotes",
}
WORDS = {
    "and": "nest two conditions: where(x > 0, where(y > 0, 1, 0), 0)",
    "or": "nest two conditions: where(x > 0, 1, where(y > 0, 1, 0))",
    "if": "a choice is where(x > 0, x, 0)",
    "else": "a choice is where(x > 0, x, 0)",
    "mod": "the remainder of x/y is x - y*floor(x/y)",
}
CLOSED = (")", "]", ",", ";", "\n", "")  # what ends an operand
UNSEEN = {"\n": "the end of the line", "": "the end"}


def named(token: str) -> str:
    """A token as a message shows it: quoted, with what cannot be seen escaped."""
    if token in UNSEEN:
        return UNSEEN[token]
    return "'" + "".join([sign if sign.isprintable() else f"\\u{ord(sign):04x}" for sign in shortened(token)]) + "'"


def shortened(typed: str) -> str:
    """What was typed, cut to what a message can show."""
    return typed if len(typed) <= MOST_SHOWN else f"{typed[:MOST_SHOWN]}…"


def closest(word: str, words: list[str]) -> str | None:
    """The word that was probably meant, if one is near enough."""
    import difflib  # noqa: PLC0415 - only an error needs it

    by_small_letters = {known.lower(): known for known in words}
    found = difflib.get_close_matches(word.lower()[:64], list(by_small_letters), n=1)
    return by_small_letters[found[0]] if found else None


def suggestion(word: str, words: list[str], otherwise: str = "") -> str:
    """A hint that names what was probably meant, or what else to say."""
    meant = closest(word, words)
    return f"did you mean '{meant}'?" if meant else otherwise


def unknown_function(text: str, typed: str, span: Span, *, is_variable: bool) -> ParseError:
    """A call of something that is no function here."""
    product = f"for a product write {shortened(typed)}*(…)"
    if is_variable:
        return ParseError(f"{named(typed)} is a variable here, not a function", text=text, spans=(span,), hint=product)
    from bpcli.language.code_complaints import code_called  # noqa: PLC0415 - only an error needs it

    python = code_called(text, typed, span)
    if python:
        return python
    from bpcli.layers import FUNCTIONALS, LAYERS  # noqa: PLC0415 - layers are needed for this error only

    names = [name for name in (*LAYERS, *FUNCTIONALS, *all_functions()) if name.isascii()]
    hint = WORDS.get(typed) or suggestion(typed, names, f"{product}; 'bpcli ops' lists the functions")
    return ParseError(f"unknown function {named(typed)}", text=text, spans=(span,), hint=hint)


def not_an_operand(text: str, token: str, span: Span, before: str) -> ParseError:
    """Something other than a number, a name or a bracket where one of these must stand."""
    if token in CLOSED or token in _operators():
        sign = before if before in _operators() else before[-1:]
        after = f" after {named(sign)}" if before.strip() else ""
        message = f"a number, a name or '(' must stand{after or ' here'}, not {named(token)}"
        return ParseError(message, text=text, spans=(span,), hint=_operand_hint(token, before))
    return _stray(text, token, span)


def _operand_hint(token: str, before: str) -> str | None:
    if token == ")" and before.endswith("("):
        return "put something between the parentheses"
    if token == "=":
        return "a comparison is written ==, a statement name = formula"
    if token == ">" and before.endswith(("=", "-")):
        return "a stage of a pipeline follows '->', as in x -> Linear(4)"
    if before.endswith(","):
        return "remove the comma, or add an argument"
    return "a formula that goes on over lines stands in parentheses" if token == "\n" else "something is missing here"


def _operators() -> set[str]:
    symbols = {op.infix.symbol for op in REGISTRY.values() if op.infix}
    return symbols | {"^", "=", "·", "×", "÷", "@"}


def no_number(text: str, static: Static) -> ParseError:
    """What only an attribute of a function can take, where a number must stand."""
    span = static.span or Span(0, 0)
    hint = {"inf": HINTS["∞"]}.get(text[span.start : span.end], "write it within a call that takes it")
    if static.is_layer:
        message = f"{shortened(text[span.start : span.end])} is a layer, where a number must stand"
        hint = "a layer is applied by '->': x -> Linear(4); parentheses make a number of it: (x -> Linear(4)) + 1"
        return ParseError(message, text=text, spans=(span,), hint=hint)
    if isinstance(static.content, tuple):
        hint = "write a vector as [x, y]"
    if isinstance(static.content, str):
        return ParseError("a word in quotes is no number", text=text, spans=(span,), hint=QUOTES)
    return ParseError(f"{shortened(text[span.start : span.end])} is no number", text=text, spans=(span,), hint=hint)


def not_after_an_operand(text: str, token: str, span: Span, operand: Span) -> ParseError:
    """Something other than an operator after a complete operand: `2x`, `x y`, `1..2`, a stray sign."""
    before = text[operand.start : operand.end]
    both = Span(operand.start, span.end)
    from bpcli.language.code_complaints import code_after  # noqa: PLC0415 - only an error needs it

    python = code_after(text, token, span, operand)
    if python:
        return python
    starts_operand = token[0].isalnum() or token[0] in "_(√" or (token[0] == "." and len(token) > 1)
    if not starts_operand or "=" in token:
        if "=" not in token:
            return _stray(text, token, span)
        sign = span.start + token.index("=")
        return misplaced(text, "=", Span(sign, sign + 1), in_brackets=False)
    joined = before + token
    if (
        before[0] in ".0123456789"
        and operand.end == span.start
        and re.fullmatch(r"[0-9.]+|0[xXbBoO]\w+|[0-9_]+", joined)
    ):
        hint = "write digits with at most one point, such as 1.5 or 1000"
        return ParseError(f"{named(joined)} is not a number", text=text, spans=(both,), hint=hint)
    if function_called(before):
        message = f"the argument of {before} must stand in parentheses"
        hint = f"write {before}({shortened(token)}{'…)' if token[-1] == '(' else ')'}"
        return ParseError(message, text=text, spans=(both,), hint=hint)
    message = f"there is no operator between {named(before)} and {named(token)}"
    hint = f"for a product write {shortened(before)}*{shortened(token)}{'…)' if token[-1] == '(' else ''}"
    if token[-1] == "(" and before[-1] == ")" and token.rpartition(".")[2][0].isupper():
        hint = "layers of a Sequential are separated by commas, stages of a pipeline by '->'"
    return ParseError(message, text=text, spans=(both,), hint=WORDS.get(token, hint))


def misplaced(text: str, sign: str, span: Span, *, in_brackets: bool) -> ParseError:
    """A sign that has a meaning, but not in this place."""
    if sign == "=":
        message = "'=' cannot stand here"
        hint = "a statement is name = formula, a comparison is written =="
    elif sign in (")", "]"):
        opened = "(" if sign == ")" else "["
        message, hint = f"this '{sign}' closes nothing", f"remove it, or add the '{opened}' that it closes"
    elif sign == ":":
        message, hint = "':' cannot stand here", HINTS[":"]
    else:
        message = f"'{sign}' cannot stand here"
        hint = "it separates the arguments of a function" if in_brackets else "split statements with ';'"
    return ParseError(message, text=text, spans=(span,), hint=hint)


def not_closed_by(text: str, sign: str, span: Span, opened: Span) -> ParseError:
    """A bracket that is closed by one of another kind."""
    own = "]" if text[opened.start] == "[" else ")"
    message = f"'{text[opened.start]}' is closed by '{own}', not by '{sign}'"
    return ParseError(message, text=text, spans=(opened, span))


def _stray(text: str, token: str, span: Span) -> ParseError:
    hint = HINTS.get(token[0])
    return ParseError(f"{named(token)} is not part of the language", text=text, spans=(span,), hint=hint)
