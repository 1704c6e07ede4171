"""Tensors of .safetensors files, by the safetensors library, an optional extra."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

from bpcli.errors import BindingError, UsageError
from bpcli.graph.op import Shape
from bpcli.language.arrays import Array, Reader, Room, from_bfloat16
from bpcli.language.values import opened

CHECKPOINT_KEY = "bpcli"  # in the metadata of a checkpoint's header
KNOWN = {"F64", "F32", "F16", "I64", "I32", "I16", "I8", "U64", "U32", "U16", "U8", "BOOL"}  # NumPy has these


@contextmanager
def safetensors_arrays(source: str) -> Iterator[Mapping[str, Reader]]:
    """A reader for each tensor of the file, by name; of a checkpoint of `bpcli train` for its weights alone.

    The library has read no tensor yet, and has held the header against the length of the file. Raises ValueError where
    the file is broken, UsageError where the library is not installed.
    """
    try:
        from safetensors import SafetensorError, safe_open  # noqa: PLC0415 - an optional extra
    except ImportError as error:
        raise without_library(source) from error
    with opened(source):
        pass  # a file that cannot be opened is told as everywhere
    try:
        with safe_open(source, framework="np") as file:
            yield {name: partial(_tensor, source, file, name) for name in _names_in(file)}
    except SafetensorError as error:
        raise ValueError(error) from error


def without_library(place: str, doing: str = "read") -> UsageError:
    """What to say where a file is to be read or written, and the library is not installed."""
    message = f"cannot {doing} {place}: the safetensors library is not installed"
    return UsageError(message, hint="install it: pip install '.[weights]' in the checkout of bpcli")


def _names_in(file: Any) -> list[str]:
    """The tensors that are values: in a checkpoint, what the optimiser keeps stands under names with a stroke."""
    names: list[str] = file.keys()
    is_checkpoint = CHECKPOINT_KEY in (file.metadata() or {})
    return [name for name in names if not (is_checkpoint and "/" in name)]


def _tensor(source: str, file: Any, key: str, name: str, room: Room) -> Array:
    header = file.get_slice(key)
    kind, shape = header.get_dtype(), tuple(header.get_shape())
    if kind not in KNOWN and kind != "BF16":
        what = "which is neither integer nor float16, bfloat16, float32 or float64"
        message = f"the value of {name} is of type {kind}, {what}"
        raise BindingError(message, hint="save it as float32 or float64")
    room.take(name, shape)
    array: Array = _bfloat16(source, key, shape) if kind == "BF16" else file.get_tensor(key)
    return array


def _bfloat16(source: str, key: str, shape: Shape) -> Array:
    """A tensor of a type that neither NumPy nor the library has.

    The library has found the header to be sound: its length, its text, and where each tensor stands behind it.
    """
    with opened(source) as file:
        length = int.from_bytes(file.read(8), "little")
        start, end = json.loads(file.read(length))[key]["data_offsets"]
        file.seek(8 + length + start)
        return from_bfloat16(file.read(end - start), shape)
