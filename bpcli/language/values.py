"""Values: the numbers that people type for variables, and the files that hold them."""

import errno
import math
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from numbers import Real
from typing import IO, Any

from bpcli.graph.op import Shape
from bpcli.errors import BindingError, BpcliError, LimitError, UsageError
from bpcli.language.complaints import shortened
from bpcli.language.expressions import parse
from bpcli.language.limits import DEFAULT_LIMITS
from bpcli.language.tokens import is_number
from bpcli.numbers.evaluate import evaluate

KINDS = {"list": "a list", "dict": "an object", "bool": "a truth value", "NoneType": "null"}


def number_from_text(name: str, typed: str) -> float:
    """The value that was typed for a variable: a number, or an expression of numbers such as `pi/2`.

    Raises BindingError where it is neither, or not finite.
    """
    text = typed.strip()
    if is_number(text[1:] if text[:1] in ("-", "+", "−") else text):
        return _finite(name, float(text.replace("−", "-")), typed)
    try:
        graph = parse(text)
    except BpcliError as error:
        raise _no_number(name, typed) from error
    if graph.variables:
        raise _no_number(name, typed)
    return _finite(name, evaluate(graph, {})[graph.output], typed)


def _no_number(name: str, typed: str) -> BindingError:
    message = f"the value of {name} is no number: '{shortened(typed)}'"
    return BindingError(message, hint=f"give a number, such as --{name}=2.5")


def value_from(name: str, value: object) -> Any:
    """The value of a variable: a number, or an array from a list. Raises BindingError where it is neither."""
    if isinstance(value, str):
        return value_from_text(name, value)
    if isinstance(value, list | tuple) or hasattr(value, "__array__"):
        from bpcli.numbers.arrays import arrays  # noqa: PLC0415 - NumPy is loaded for arrays only

        return arrays.value(value)
    return number_from(name, value)


def value_from_text(name: str, typed: str) -> Any:
    """The value that was typed for a variable: a number, a list such as `[[1, 2], [3, 4]]`, or a formula of these."""
    if "[" not in typed:
        return number_from_text(name, typed)
    from bpcli.language.shapes import with_shapes  # noqa: PLC0415 - the same
    from bpcli.numbers.arrays import arrays  # noqa: PLC0415 - the same

    graph = parse(typed)
    shaped = with_shapes(graph, {})
    with arrays.at_work():
        return evaluate(shaped, {}, arrays)[shaped.output]


def shape_of(value: Any) -> Shape:
    """The shape of a value: `()` for a number."""
    return tuple(getattr(value, "shape", ()))


def number_from(name: str, value: object) -> float:
    """The value of a variable from JSON, TOML or Python. Raises BindingError where it is no finite real number."""
    if isinstance(value, str):
        return number_from_text(name, value)
    if isinstance(value, bool) or not (isinstance(value, Real) or type(value).__name__ == "Decimal"):
        kind = KINDS.get(type(value).__name__)
        message = f"the value of {name} is {f'{kind}, not a number' if kind else 'no number'}"
        raise BindingError(message, hint="every variable takes one real number")
    try:
        return _finite(name, float(value), value)  # type: ignore[arg-type] # Real and Decimal turn into float
    except (OverflowError, TypeError, ValueError):
        message = f"the value of {name} is beyond float64, whose largest number is 1.8e308"
        raise BindingError(message) from None


def _finite(name: str, value: float, typed: object) -> float:
    if not math.isfinite(value):
        message = f"the value of {name} is not finite: {shortened(str(typed))}"
        raise BindingError(message, hint="gradients are taken at finite points, up to 1.8e308")
    return value


def text_from(source: str, most: int = DEFAULT_LIMITS.bytes) -> str:
    """The text of a file, or of standard input for `-`, of `most` bytes.

    Raises UsageError where it cannot be read as UTF-8, LimitError where it is longer.
    """
    try:
        with _opened(source) as file:
            content = file.read(most + 1)
        if len(content) > most:
            message = f"{source} is larger than {most} bytes"
            raise LimitError(message, hint="raise the limit with --max-characters")
        return content.decode("utf-8-sig")
    except OSError as error:
        raise _unreadable(source, error) from error
    except ValueError as error:
        message = f"cannot read {source}: it is not UTF-8 text"
        raise UsageError(message) from error


def _opened(source: str) -> AbstractContextManager[IO[bytes]]:
    if source != "-":
        return open(source, "rb")  # noqa: PTH123 - pathlib is slow to load; the caller closes it
    if sys.stdin is None:
        raise OSError(errno.EBADF, "closed")
    return nullcontext(sys.stdin.buffer)


def lines_from(source: str, most: int = DEFAULT_LIMITS.bytes) -> Iterator[str]:
    """The lines of a file, or of standard input for `-`, one at a time.

    Bytes that are no UTF-8 are replaced; of a line longer than `most` bytes only the beginning is given. Raises
    UsageError where the file cannot be read.
    """
    try:
        with _opened(source) as file:
            encoding = "utf-8-sig"
            while line := file.readline(most + 1):
                yield line.decode(encoding, "replace")
                encoding = "utf-8"
                while len(line) > most and not line.endswith(b"\n"):
                    line = file.readline(most + 1)
    except OSError as error:
        raise _unreadable(source, error) from error


def _unreadable(source: str, error: OSError) -> UsageError:
    hint = f"a variable with the name of an option is bound by --set, as in --set at={source}"
    message = f"cannot read {source or 'a file without a name'}: {os.strerror(error.errno or 0).lower()}"
    return UsageError(message, hint=hint if is_number(source) else None)


def values_from_file(source: str) -> dict[str, Any]:
    """The values that a JSON, TOML or CSV file binds, by name; `-` is standard input, its form found by looking.

    A CSV file has a row of names and one row of numbers. Raises UsageError where the form is broken.
    """
    text = text_from(source)
    form = os.path.splitext(source)[1].lower().lstrip(".")  # noqa: PTH122 - the same
    if form not in ("json", "toml", "csv"):
        form = "json" if text.lstrip().startswith(("{", "[")) else "toml" if "=" in text else "csv"
    reader = {"json": _from_json, "toml": _from_toml, "csv": _from_csv}[form]
    try:
        values = reader(text)
    except (ValueError, RecursionError) as error:
        message = f"cannot use {source} as {form.upper()}: {reason_of(error)}"
        raise UsageError(message, hint="give a .json, .toml or .csv file of names and numbers") from error
    return dict(values)


def _from_json(text: str) -> Mapping[str, Any]:
    import json  # noqa: PLC0415 - loaded where it is used

    values = json.loads(text, object_pairs_hook=without_repeats)
    if not isinstance(values, dict):
        message = "it must be an object of names and numbers"
        raise ValueError(message)  # noqa: TRY004 - told to the user as a broken form
    return values


def reason_of(error: Exception) -> str:
    """Why a file or a request could not be read, in the user's words."""
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return "a whole number in it has too many digits" if "set_int_max_str_digits" in str(error) else str(error)


def without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The pairs of a JSON object. Raises ValueError where a name stands twice in it."""
    values = dict(pairs)
    if len(values) < len(pairs):
        message = "a name stands twice in it"
        raise ValueError(message)
    return values


def _from_toml(text: str) -> Mapping[str, Any]:
    import tomllib  # noqa: PLC0415 - loaded where it is used

    return tomllib.loads(text)


def _from_csv(text: str) -> Mapping[str, Any]:
    import csv  # noqa: PLC0415 - loaded where it is used
    from io import StringIO  # noqa: PLC0415 - the same

    try:
        rows = [row for row in csv.reader(StringIO(text), strict=True) if row]
    except csv.Error as error:
        raise ValueError(error) from error
    if len(rows) != 2 or len(rows[0]) != len(rows[1]):  # noqa: PLR2004 - names and numbers
        message = f"it must have a row of names and one row of numbers of the same length, got {len(rows)} rows"
        raise ValueError(message)
    names = [name.strip() for name in rows[0]]
    if len(set(names)) < len(names):
        message = "a name stands twice in its first row"
        raise ValueError(message)
    return dict(zip(names, rows[1], strict=True))
