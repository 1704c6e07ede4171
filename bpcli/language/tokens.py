"""Tokens that tile the text: every character belongs to one, so a position is the sum of the lengths before it.

A name that is called is one token with its parenthesis (`sin(`), a name that is assigned or used as a keyword one with
its sign (`q =`), so that the parser never needs to look ahead. A comment, from `#` to the end of its line, is a token.
"""

import re
from collections.abc import Iterator

from bpcli.errors import LimitError, Span

SUPERSCRIPTS = {sign: str(digit) for digit, sign in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")}
_RAISED = "⁰¹²³⁴-⁹"
_NAME = rf"[^\W\d{_RAISED}ᵀ][^\W{_RAISED}ᵀ]*"
_STRING = r"'[^'\n]{0,64}'|\"[^\"\n]{0,64}\""
_NUMBER = r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_CALLED_OR_ASSIGNED = rf"[ \t]*(?:\(|=(?!=)(?:[ \t]*(?:{_STRING}))?)"
# `nn.Linear(`, `torch.float64`; but `nn.T` is the transpose of a variable.
_PACKAGED = rf"(?:torch\.nn\.|torch\.|nn\.|collections\.)(?!m?T(?![^\W{_RAISED}ᵀ]|\()){_NAME}(?:[ \t]*\()?"
_COMMENT = r"#[^\n]*"
_CHILD = r"\([\w-]{1,64}\):(?=[ \t]*[^\W\d])"  # `(0):`, before a child of a printed model
_SPACE = r"[ \t\r]{1,64}"
_POSTFIX = r"\.m?T\b|ᵀ"
TOKEN = re.compile(
    rf"{_PACKAGED}|{_CHILD}|{_NAME}(?:{_CALLED_OR_ASSIGNED})?|{_NUMBER}|\*\*|[<>=!]=|->|{_POSTFIX}|\.\.\.|{_STRING}|{_SPACE}|[{_RAISED}]+|{_COMMENT}|.",
    re.DOTALL,
)
# What a gradient may be taken of: a name, or that of a parameter in a `state_dict`.
_PARAMETER = r"(?:[\w-]+\.)+[^\W\d]\w*"
BOUND_NAME = rf"{_PARAMETER}|\w+"
BATCH = 1 << 16
LONGEST = BATCH  # characters of one token
# The end of a batch may cut a token, and a cut word in quotes can fall into as many parts as it has characters.
UNSURE = 72


def batches(text: str) -> Iterator[list[str]]:
    """The tokens of the text in lists, so that those of a long text are never all in memory.

    Raises LimitError for a token that is longer than `LONGEST`.
    """
    at, size = 0, BATCH
    while at < len(text):
        tokens: list[str] = TOKEN.findall(text, at, at + size)
        if len(tokens[0]) > LONGEST:
            message = f"a word, number or comment here is longer than {LONGEST} characters"
            raise LimitError(message, hint="shorten it", text=text, spans=(Span(at, at + 1),))
        if at + size < len(text):
            _drop_unsure(tokens)
            if not tokens:
                size *= 2
                continue
        yield tokens
        at += sum(map(len, tokens))
        size = BATCH


def _drop_unsure(tokens: list[str]) -> None:
    """Drop the last tokens, spaces not counted."""
    dropped = 0
    while tokens and dropped < UNSURE:
        dropped += not tokens.pop().isspace()


def is_name(word: str) -> bool:
    """Whether a word is a name and nothing else."""
    return word[:1] != "" and (word[0] == "_" or word[0].isalpha()) and word[-1] not in "(='\"" and _is_token(word)


def is_bound_name(word: str) -> bool:
    """Whether a value can be bound to a word: a name, or that of a parameter in a `state_dict`, `0.weight`."""
    return is_name(word) or (re.fullmatch(_PARAMETER, word) is not None and not is_number(word))


def is_number(word: str) -> bool:
    """Whether a word is a number without a sign, and nothing else."""
    return word[:1] != "" and (word[0] in "0123456789" or word[0] == "." != word) and _is_token(word)


def _is_token(word: str) -> bool:
    return TOKEN.fullmatch(word) is not None
