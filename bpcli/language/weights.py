"""Tensors of .safetensors files, by the safetensors library, an optional extra."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

from bpcli.errors import BindingError, UsageError
from bpcli.language.arrays import Array, Reader, Room
from bpcli.language.values import opened

KNOWN = {"F64", "F32", "F16", "I64", "I32", "I16", "I8", "U64", "U32", "U16", "U8", "BOOL"}  # NumPy has these


@contextmanager
def safetensors_arrays(source: str) -> Iterator[Mapping[str, Reader]]:
    """A reader for each tensor of the file, by name.

    The library has read no tensor yet, and has held the header against the length of the file. Raises ValueError where
    the file is broken, UsageError where the library is not installed.
    """
    try:
        from safetensors import SafetensorError, safe_open  # noqa: PLC0415 - an optional extra
    except ImportError as error:
        message = f"cannot read {source}: the safetensors library is not installed"
        raise UsageError(message, hint="install it: pip install '.[weights]' in the checkout of bpcli") from error
    with opened(source):
        pass  # a file that cannot be opened is told as everywhere
    try:
        with safe_open(source, framework="np") as file:
            yield {name: partial(_tensor, file, name) for name in file.keys()}  # noqa: SIM118 - it is no dict
    except SafetensorError as error:
        raise ValueError(error) from error


def _tensor(file: Any, key: str, name: str, room: Room) -> Array:
    header = file.get_slice(key)
    if header.get_dtype() not in KNOWN:
        what = "which is neither integer nor float16, float32 or float64"
        message = f"the value of {name} is of type {header.get_dtype()}, {what}"
        raise BindingError(message, hint="save it as float32 or float64")
    room.take(name, tuple(header.get_shape()))
    array: Array = file.get_tensor(key)
    return array
