"""Arrays from files: what stands after `@`, such as `weights.npz:W1`, and the archives that bind many."""

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from errno import EINVAL

from bpcli.errors import UsageError
from bpcli.language.arrays import Array, Dtype, Reader, Room, Value, array_from, real
from bpcli.language.complaints import shortened, suggestion
from bpcli.language.limits import DEFAULT_LIMITS, Limits
from bpcli.language.npy import npy_array
from bpcli.language.spreadsheets import table_in
from bpcli.language.values import opened, reason_of, text_from, unreadable, without_repeats

FORMS = ("npy", "npz", "csv", "json", "safetensors")
WITH_KEY = re.compile(rf"(.*?\.(?:{'|'.join(FORMS)})):(.*)", re.DOTALL | re.IGNORECASE)
MOST_NAMES = 10
MOST_COMPARED = 1000
BROKEN = (ValueError, EOFError, OverflowError)  # what the readers raise for a broken file


def array_from_file(name: str, source: str, limits: Limits = DEFAULT_LIMITS, dtype: Dtype = "float64") -> Array:
    """The array of a variable from a file; `source` is its path, and a key after a colon where it holds many.

    Raises UsageError where the file cannot be read or lacks the key, BindingError where an entry is no finite real
    number, LimitError.
    """
    path, key = path_and_key(source)
    form = _form_of(path)
    room = Room(limits, dtype)
    if form == "npy":
        return real(name, _from_npy(path, key, name, room), dtype)
    if form == "json":
        return array_from(name, _from_json(path, key, limits), limits, dtype)
    if form == "csv":
        return real(name, _from_csv(path, key, name, room, limits), dtype)
    if form in ("npz", "safetensors"):
        with _readable(path), _archive(path, limits) as arrays:
            array = arrays[_chosen(path, key, list(arrays), "arrays")](name, room)
        return real(name, array, dtype)
    message = f"cannot read {path} as an array: its name ends in none of .{', .'.join(FORMS)}"
    raise UsageError(message if path else "there is no file name after '@'", hint="name the file after its form")


def arrays_in(source: str, limits: Limits, dtype: Dtype = "float64") -> dict[str, Value]:
    """Every array of an .npz or .safetensors file, by name; one without axes is its number. Errors as above."""
    if _form_of(source) == "npy":
        message = f"cannot bind the array in {source}: a .npy file has no names"
        raise UsageError(message, hint=f"give it to a variable, as in --W @{source}")
    room = Room(limits, dtype)
    with _readable(source), _archive(source, limits) as arrays:
        read = {name: reader(name, room) for name, reader in arrays.items()}
    values = {name: real(name, array, dtype) for name, array in read.items()}
    return {name: array if array.ndim else array.item() for name, array in values.items()}


def path_and_key(source: str) -> tuple[str, str | None]:
    """The path and the key of `path:key`. A path may hold colons itself: the longest one that exists is meant."""
    colons = [found.start() for found in re.finditer(":", source)]
    if os.path.exists(source):  # noqa: PTH110 - pathlib is slow to load
        return source, None
    for at in reversed(colons):
        if os.path.exists(source[:at]):  # noqa: PTH110 - the same
            return source[:at], source[at + 1 :]
    found = WITH_KEY.fullmatch(source)
    return (found[1], found[2]) if found else (source, None)


def _form_of(path: str) -> str:
    return os.path.splitext(path)[1].lower().lstrip(".")  # noqa: PTH122 - the same


def _archive(path: str, limits: Limits) -> AbstractContextManager[Mapping[str, Reader]]:
    if _form_of(path) == "npz":
        from bpcli.language.npz import npz_arrays  # noqa: PLC0415 - only archives need zipfile

        return npz_arrays(path, limits)
    from bpcli.language.weights import safetensors_arrays  # noqa: PLC0415 - an optional extra

    return safetensors_arrays(path)


@contextmanager
def _readable(path: str) -> Iterator[None]:
    """Tell what breaks while a file is read in the user's words."""
    try:
        yield
    except (OSError, *BROKEN) as error:
        if isinstance(error, OSError) and error.errno not in (None, EINVAL):
            raise unreadable(path, error) from error
        reason = "it points outside itself" if isinstance(error, OSError) else reason_of(error)
        message = f"cannot use {path} as .{_form_of(path)}: {reason or 'it is broken'}"
        raise UsageError(message, hint="write the file again; it may have been cut or damaged") from error


def _from_npy(path: str, key: str | None, name: str, room: Room) -> Array:
    with _readable(path), opened(path) as file:
        if key is not None:
            message = f"{path} has no '{shortened(key)}': a .npy file holds one array without a name"
            raise UsageError(message, hint=f"write @{path}")
        return npy_array(name, room, file)


def _from_json(path: str, key: str | None, limits: Limits) -> object:
    text = text_from(path, limits.bytes)
    try:
        value = json.loads(text, object_pairs_hook=without_repeats)
    except (ValueError, RecursionError) as error:
        message = f"cannot use {path} as JSON: {reason_of(error)}"
        raise UsageError(message, hint="give nested lists, or an object of them") from error
    if isinstance(value, dict):
        return value[_chosen(path, key, list(value), "values")]
    if key is not None:
        message = f"{path} has no '{shortened(key)}': it is no object with names"
        raise UsageError(message, hint=f"write @{path}")
    return value


def _from_csv(path: str, key: str | None, name: str, room: Room, limits: Limits) -> Array:
    """The column with a name, a lone column, or the matrix of a file without names."""
    text = text_from(path, limits.bytes)
    try:
        table = table_in(text, name, room)
    except ValueError as error:
        message = f"cannot use {path} as CSV: {error}"
        raise UsageError(message, hint="give numbers, separated by commas, under at most one row of names") from error
    if table.names is not None:
        return table.numbers[:, table.names.index(_chosen(path, key, table.names, "columns"))]
    if key is not None:
        message = f"{path} has no column '{shortened(key)}': its first row has no names"
        raise UsageError(message, hint=f"write @{path} for all of it")
    return table.numbers[:, 0] if table.numbers.shape[1] == 1 else table.numbers


def _chosen(path: str, key: str | None, names: Sequence[str], what: str) -> str:
    """The name that is asked for; a lone one need not be. `what` says what the names stand for."""
    if key is not None and key in names:
        return key
    if key is None and len(names) == 1:
        return names[0]
    listed = ", ".join([shortened(name) for name in names[:MOST_NAMES]]) + (", …" if len(names) > MOST_NAMES else "")
    if key is not None:
        message = f"{path} has no '{shortened(key)}'; it has {listed or f'no {what}'}"
        raise UsageError(message, hint=suggestion(key, list(names[:MOST_COMPARED])) or None)
    message = f"{path} holds {len(names)} {what}: {listed}" if names else f"{path} holds no {what}"
    raise UsageError(message, hint=f"name one, as in @{path}:{names[0]}" if names else None)
