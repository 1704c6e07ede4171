"""What a student wrote for one item, as a claim; or why it is none: a blank, or a text that cannot be read."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from bpcli.check.asked import formula_of
from bpcli.check.homework.documents import Typed
from bpcli.check.homework.grades import Mark
from bpcli.check.nearness import RELATIVE
from bpcli.check.targets import Names
from bpcli.errors import BpcliError, NotFiniteError, ShapeError
from bpcli.graph.node import Graph
from bpcli.language.build import has_arrays
from bpcli.language.claims import Claim, claim_from
from bpcli.language.limits import Limits
from bpcli.numbers.evaluate import evaluate

LIMITS = Limits(characters=20_000, operators=5_000, nesting=500, entries=1_000_000)  # of one answer
LONGEST_SHOWN = 10_000
NOT_FINITE = "a finite number is asked for"
NO_FILE = "an answer is a number, a list or a formula, and names no file"
INFINITE = ("inf", "infinity", "nan")


class Written(NamedTuple):
    """A claim and, where it is one, its formula; or the mark of what is none, and why."""

    claim: Claim | None = None
    formula: Graph | None = None
    mark: Mark = Mark.UNREADABLE
    complaint: str = ""


class Misnamed(NamedTuple):
    """What was written for an item under a name that is nearly its own, and what is said of that."""

    value: Any
    complaint: str


def shown(value: Any) -> str:
    """What was written, as a report shows it; half a character of JSON, which no file can hold, is a question mark."""
    value = value.value if isinstance(value, Misnamed) else value
    text = value if isinstance(value, str) else "" if value is None else str(value)
    text = text[: LONGEST_SHOWN + 1].encode("utf-8", "replace").decode("utf-8")
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def written(key: str, value: Any, names: Names) -> Written:
    """What was written for an item, over the names of the expression."""
    if _is_blank(value.value if isinstance(value, Misnamed) else value):
        return Written(mark=Mark.BLANK)
    complaint = value.complaint if isinstance(value, Misnamed) else _no_answer(value)
    if complaint:
        return Written(complaint=complaint)
    if _is_infinite(value):
        return Written(mark=Mark.WRONG, complaint=NOT_FINITE)
    try:
        claim = _claim(key, value)
        formula = formula_of(claim, names, {}, LIMITS) if claim.is_formula else None
        if formula is not None and _has_no_value(formula):
            return Written(mark=Mark.WRONG, complaint=NOT_FINITE)
        return Written(claim, formula)
    except BpcliError as error:
        return complaint_of(error)


def _is_blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def complaint_of(error: BpcliError) -> Written:
    """What cannot be read; an array of the wrong shape, or with an entry that is not finite, can, and is wrong."""
    message = _of_answers(error.message)
    if error.spans and error.text is not None:
        message += f", at {_place(error.spans[0].start, error.spans[0].end)}"
    hint = _of_answers(error.hint or "")
    if hint and "--" not in hint and "claim" not in hint:
        message += f"; {hint}"
    return Written(
        mark=Mark.WRONG if isinstance(error, ShapeError | NotFiniteError) else Mark.UNREADABLE, complaint=message
    )


def _of_answers(text: str) -> str:
    """What is said of claims, said of answers."""
    for old, new in (("the claim about", "the answer for"), ("the claim", "the answer"), ("a claim", "an answer")):
        text = text.replace(old, new)
    return text


def _place(start: int, end: int) -> str:
    return f"character {start + 1}" if end - start <= 1 else f"characters {start + 1} to {end}"


def _no_answer(value: Any) -> str | None:
    """Why a value of TOML or JSON is no answer at all."""
    if isinstance(value, bool):
        return "a truth value is no answer"
    if isinstance(value, str):
        return NO_FILE if value.lstrip().startswith("@") else None
    if isinstance(value, list):
        texts = [part for part in _leaves(value) if isinstance(part, str)]
        return NO_FILE if any(text.lstrip().startswith("@") for text in texts) else None
    return None if isinstance(value, int | float) else "an answer is a number, a list or a text"


def _leaves(value: list[Any]) -> Iterator[Any]:
    """What stands in nested lists."""
    pending = [value]
    while pending:
        for part in pending.pop():
            if isinstance(part, list):
                pending.append(part)
            else:
                yield part


def _is_infinite(value: Any) -> bool:
    if isinstance(value, str):
        return value.strip().lstrip("+-−").strip().lower() in INFINITE
    return isinstance(value, float) and value - value != 0


def _has_no_value(formula: Graph) -> bool:
    """Whether a formula of numbers alone comes to none, such as 1/0."""
    if formula.variables or has_arrays(formula):
        return False
    number = evaluate(formula, {})[formula.output]
    return bool(number - number != 0)


def _claim(key: str, value: Any) -> Claim:
    """A claim; decimals are as precise as they were typed, and those of programs as float64 is."""
    if isinstance(value, Typed):
        claim = claim_from(key, value.typed)
        return claim._replace(half_unit=None) if _is_of_program(claim.half_unit, value) else claim
    claim = claim_from(key, value)
    if isinstance(value, list):
        typed = [leaf for leaf in _leaves(value) if isinstance(leaf, Typed)]
        halves = [claim_from(key, leaf.typed).half_unit for leaf in typed]
        if typed and not any(_is_of_program(half, leaf) for half, leaf in zip(halves, typed, strict=True)):
            return claim._replace(typed=str(value))
    return claim


def _is_of_program(half_unit: float | None, number: float) -> bool:
    """Whether so many digits were written that nobody has typed them."""
    return half_unit is not None and half_unit < RELATIVE * abs(number)
