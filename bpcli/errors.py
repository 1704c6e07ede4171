"""What can go wrong, told in the user's words.

The tree, with the exit code that each branch owns::

    BpcliError
    ├── UsageError        2   an option, a file or a request that cannot be used
    │   ├── ParseError    2   the expression is not in the language
    │   ├── BindingError  2   a value is unknown, given twice, or no number
    │   │   ├── MissingValueError   a variable has none
    │   │   ├── UnknownNameError    a name is no variable of the expression
    │   │   └── NotFiniteError      it is infinite, or NaN
    │   ├── ShapeError    2   arrays do not fit together
    │   └── LimitError    2   larger than the limits allow
    ├── TimeLimitError  124   an answer took longer than it was given
    └── InternalError     5   bpcli's own fault

An error says what is wrong (`message`), where (`text` and `spans`) and what to do now (`hint`). It knows
nothing of terminals: `report` draws the carets, `cli` exits.
"""

from collections.abc import Collection
from typing import ClassVar, NamedTuple

DIFFERS_EXIT = 1
OUTSIDE_DOMAIN_EXIT = 3
UNDECIDED_EXIT = 4
TIME_LIMIT_EXIT = 124
INTERRUPTED_EXIT = 130
CLOSED_PIPE_EXIT = 141
WORST_FIRST = (5, 2, OUTSIDE_DOMAIN_EXIT, DIFFERS_EXIT, UNDECIDED_EXIT, 0)


def worst_exit(codes: Collection[int]) -> int:
    """The exit code of many items: the worst of theirs."""
    return next((code for code in WORST_FIRST if code in codes), 0)


class Span(NamedTuple):
    """Characters `start` up to, not including, `end` of the text they belong to."""

    start: int
    end: int


class BpcliError(Exception):
    """The root of every error that bpcli raises on purpose."""

    exit_code: ClassVar[int] = 5
    kind: ClassVar[str] = "internal"

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        text: str | None = None,
        spans: tuple[Span, ...] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.text = text
        self.spans = spans


class UsageError(BpcliError):
    """An option, a file or a request that cannot be used as it is."""

    exit_code = 2
    kind = "usage"


class ParseError(UsageError):
    """The text is not an expression of the language; `spans` says where."""

    kind = "parse"


class BindingError(UsageError):
    """A variable's value is missing, unknown, given twice, or no number."""

    kind = "binding"


class MissingValueError(BindingError):
    """Some variables of the expression have a value and others, `names`, have none.

    `beside` is what is good to know, however values are given; it follows the hint.
    """

    def __init__(self, names: tuple[str, ...], hint: str, beside: str = "") -> None:
        listed = ", ".join(names)
        super().__init__(f"no value for {listed}")
        self.names = names
        self.beside = beside
        self.advise(hint)

    def advise(self, hint: str) -> None:
        """Let this be the hint, followed by what is good to know beside it."""
        self.hint = f"{hint}; {self.beside}" if self.beside else hint


class UnknownNameError(BindingError):
    """A value or a gradient is asked for `name`, which is no variable of the expression."""

    def __init__(self, message: str, name: str, hint: str) -> None:
        super().__init__(message, hint=hint)
        self.name = name


class NotFiniteError(BindingError):
    """A number that must be finite is not."""


class ShapeError(UsageError):
    """Arrays whose shapes do not fit together, or an axis that an array has not; both shapes are in the message.

    The shape of an op raises it with `{0}` in place of the first input, which `about` fills in.
    """

    kind = "shape"

    def about(self, inputs: Collection[str]) -> "ShapeError":
        """The error with its inputs in words."""
        return ShapeError(self.message.format(*inputs), hint=self.hint, text=self.text, spans=self.spans)


class LimitError(UsageError):
    """The input is larger than a limit, which the hint says how to raise."""

    kind = "limit"


class TimeLimitError(BpcliError):
    """An answer took longer than it was given."""

    exit_code = TIME_LIMIT_EXIT
    kind = "time limit"


class InternalError(BpcliError):
    """A fault of bpcli itself, such as a rule with the wrong number of entries."""


def own_fault(fault: Exception) -> InternalError:
    """An exception that nobody expected, in words."""
    message = f"bpcli itself failed: {type(fault).__name__}: {fault}"
    return InternalError(message, hint="please report it, with the command that you ran")
