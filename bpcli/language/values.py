"""Values: the numbers that people type for variables, and the files that hold them."""

import errno
import math
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from itertools import islice
from numbers import Real
from typing import IO, TYPE_CHECKING, Any

from bpcli.errors import BindingError, BpcliError, LimitError, NotFiniteError, UsageError
from bpcli.graph.op import Shape
from bpcli.language.complaints import closest, shortened
from bpcli.language.expressions import parse
from bpcli.language.limits import DEFAULT_LIMITS, Limits
from bpcli.language.tokens import is_name, is_number
from bpcli.numbers.evaluate import evaluate

if TYPE_CHECKING:
    from bpcli.language.arrays import Dtype, Value  # this brings NumPy, which no number needs

MOST_BESIDE = 1_000  # names beside a file that is missing
PICKLED = ("pt", "pth", "ckpt", "bin", "pkl", "pickle")
ENTRY = "every entry is one finite real number"
KINDS = {"list": "a list", "dict": "an object", "bool": "a truth value", "NoneType": "null"}


def value_from(
    name: str, value: object, limits: Limits = DEFAULT_LIMITS, dtype: "Dtype" = "float64", *, may_read: bool = True
) -> "Value":
    """The value of a variable: a number, or an array from nested lists, NumPy, PyTorch, or the file of `@file.npy`.

    An array without axes is its number. With `may_read=False` no text names a file, for values from somebody else.
    Raises BindingError, UsageError, LimitError.
    """
    if isinstance(value, str) and value.lstrip().startswith("@") and may_read:
        from bpcli.language.files import array_from_file  # noqa: PLC0415 - only tensors need NumPy

        array = array_from_file(name, value.strip()[1:], limits, dtype)
    elif isinstance(value, list | tuple) or (hasattr(value, "__array__") and not isinstance(value, Real)):
        from bpcli.language.arrays import array_from  # noqa: PLC0415 - the same

        array = array_from(name, value, limits, dtype)
    elif isinstance(value, str) and "[" in value:
        from bpcli.language.literals import array_from_text  # noqa: PLC0415 - the same

        array = array_from_text(name, value, limits, dtype)
    else:
        return number_from(name, value)
    return array if array.ndim else array.item()


def may_be_array(value: object) -> bool:
    """Whether a value may turn out to be an array: it is no number, and no text that can only be one."""
    if isinstance(value, str):
        return "[" in value or value.lstrip().startswith("@")
    return isinstance(value, list | tuple) or (hasattr(value, "__array__") and not isinstance(value, Real))


def number_from_text(name: str, typed: str, place: str = "") -> float:
    """The value that was typed for a variable: a number, or an expression of numbers such as `pi/2`.

    Raises BindingError where it is neither, or not finite; `place` says at which entry of a list it stands.
    """
    text = typed.strip()
    if is_number(text[1:] if text[:1] in ("-", "+", "−") else text):
        return _finite(name, float(text.replace("−", "-")), typed, place)
    try:
        graph = parse(text)
    except BpcliError as error:
        raise _no_number(name, typed, place) from error
    if graph.variables or any(node.op.is_structural for node in graph.nodes):
        raise _no_number(name, typed, place)
    return _finite(name, evaluate(graph, {})[graph.output], typed, place)


def _no_number(name: str, typed: str, place: str) -> BindingError:
    message = f"the value of {name} is no number{place}: '{shortened(typed)}'"
    return BindingError(message, hint=ENTRY if place else _meant(name, typed.strip()))


def _meant(name: str, typed: str) -> str:
    """What was probably meant by a text that is no number: a file, several numbers, or one."""
    if typed.endswith((".npy", ".npz", ".csv", ".json", ".safetensors")):
        return f"a file is named with @: {option_for(name)}@{shortened(typed)}"
    if "," in typed:
        return f'a list stands in brackets: {option_for(name)}"[1, 2.5]"'
    return f"give a number, such as {option_for(name, '=')}2.5"


def option_for(name: str, between: str = " ") -> str:
    """How the command line binds a name, up to its value; that of a parameter in a `state_dict` is no option."""
    return f"--{name}{between}" if is_name(name) else f"--set {name}="


def shape_of(value: Any) -> Shape:
    """The shape of a value: `()` for a number."""
    return tuple(getattr(value, "shape", ()))


def number_from(name: str, value: object, place: str = "") -> float:
    """The value of a variable from JSON, TOML or Python; `place` says at which entry of a list it stands.

    Raises BindingError where it is no finite real number.
    """
    if isinstance(value, str):
        return number_from_text(name, value, place)
    if isinstance(value, bool) or not (isinstance(value, Real) or type(value).__name__ == "Decimal"):
        kind = KINDS.get(type(value).__name__)
        message = f"the value of {name} is {f'{kind}{place}, not a number' if kind else f'no number{place}'}"
        raise BindingError(message, hint=ENTRY if place else "every variable takes one real number")
    try:
        return _finite(name, float(value), value, place)  # type: ignore[arg-type] # Real and Decimal turn into float
    except (OverflowError, TypeError, ValueError):
        message = f"the value of {name} is beyond float64{place}: its largest number is 1.8e308"
        raise BindingError(message) from None


def _finite(name: str, value: float, typed: object, place: str) -> float:
    if not math.isfinite(value):
        message = f"the value of {name} is not finite{place}: {shortened(str(typed))}"
        raise NotFiniteError(message, hint="gradients are taken at finite points, up to 1.8e308")
    return value


def text_from(source: str, most: int = DEFAULT_LIMITS.bytes) -> str:
    """The text of a file, or of standard input for `-`, of `most` bytes.

    Raises UsageError where it cannot be read as UTF-8, LimitError where it is longer.
    """
    try:
        with opened(source) as file:
            content = file.read(most + 1)
        if len(content) > most:
            message = f"{source} is larger than {most} bytes"
            raise LimitError(message, hint="raise the limit with --max-characters")
        return content.decode("utf-8-sig")
    except OSError as error:
        raise unreadable(source, error) from error
    except ValueError as error:
        message = f"cannot read {source}: it is not UTF-8 text"
        raise UsageError(message) from error


def opened(source: str) -> AbstractContextManager[IO[bytes]]:
    """The bytes of a file, or of standard input for `-`. Raises OSError where there are none."""
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
        with opened(source) as file:
            encoding = "utf-8-sig"
            while line := file.readline(most + 1):
                yield line.decode(encoding, "replace")
                encoding = "utf-8"
                while len(line) > most and not line.endswith(b"\n"):
                    line = file.readline(most + 1)
    except OSError as error:
        raise unreadable(source, error) from error


def unreadable(source: str, error: OSError) -> UsageError:
    """What to say about a file that cannot be opened or read."""
    hint = f"a variable with the name of an option is bound by --set, as in --set at={source}"
    message = f"cannot read {source or 'a file without a name'}: {os.strerror(error.errno or 0).lower()}"
    near = file_near(source) if error.errno == errno.ENOENT else None
    return UsageError(message, hint=hint if is_number(source) else f"did you mean {near}?" if near else None)


def file_near(path: str) -> str | None:
    """The file or folder beside a path that is missing, whose name is nearest to it, if one is near enough."""
    folder, name = os.path.split(path)
    try:
        with os.scandir(folder or ".") as entries:
            names = [entry.name for entry in islice(entries, MOST_BESIDE) if not entry.name.startswith(".")]
    except OSError:
        return None
    near = closest(name, sorted(names))
    return near and shortened(os.path.join(folder, near))  # noqa: PTH118 - pathlib is slow to load


def values_from_file(source: str, limits: Limits = DEFAULT_LIMITS, dtype: "Dtype" = "float64") -> dict[str, Any]:
    """The values that a file binds, by name; `-` is standard input, its form found by looking.

    JSON and TOML hold numbers and nested lists, CSV a row of names above one row of numbers or above columns; every
    array of an .npz or .safetensors file is bound. Raises UsageError where the form is broken, LimitError.
    """
    form = os.path.splitext(source)[1].lower().lstrip(".")  # noqa: PTH122 - pathlib is slow to load
    if form in PICKLED:
        message = f"cannot read {source}: such a file holds a program, which bpcli does not run"
        raise UsageError(message, hint="save the state_dict by safetensors.torch.save_file, or by numpy.savez")
    if form in ("npy", "npz", "safetensors"):
        from bpcli.language.files import arrays_in  # noqa: PLC0415 - only tensors need NumPy

        return arrays_in(source, limits, dtype)
    text = text_from(source, limits.bytes)
    if form not in ("json", "toml", "csv"):
        form = "json" if text.lstrip().startswith(("{", "[")) else "toml" if "=" in text else "csv"
    try:
        if form == "csv":
            return _from_csv(text, limits)
        return dict(_from_json(text) if form == "json" else _from_toml(text))
    except (ValueError, RecursionError) as error:
        message = f"cannot use {source} as {form.upper()}: {reason_of(error)}"
        raise UsageError(message, hint="give a .json, .toml or .csv file of names and numbers") from error


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


def _from_csv(text: str, limits: Limits) -> dict[str, Any]:
    import csv  # noqa: PLC0415 - loaded where it is used
    from io import StringIO  # noqa: PLC0415 - the same

    try:
        rows = list(islice((row for row in csv.reader(StringIO(text), strict=True) if row), 3))
    except csv.Error as error:
        raise ValueError(error) from error
    if len(rows) > 2:  # noqa: PLR2004 - names and numbers
        from bpcli.language.spreadsheets import columns_in  # noqa: PLC0415 - only tensors need NumPy

        return columns_in(text, limits)
    if len(rows) < 2 or len(rows[0]) != len(rows[1]):  # noqa: PLR2004 - the same
        message = f"it must have a row of names and one row of numbers of the same length, got {len(rows)} rows"
        raise ValueError(message)
    names = [name.strip() for name in rows[0]]
    if len(set(names)) < len(names):
        message = "a name stands twice in its first row"
        raise ValueError(message)
    return dict(zip(names, rows[1], strict=True))
