"""NumPy's .npy files, read from their bytes: nothing is unpickled, and a header is no promise.

A header is looked at by a pattern, not by Python's parser. What it says is held against the limits before any memory
is taken, and no more is read than it says.
"""

import math
import re
import struct
from typing import IO, Any, NamedTuple

import numpy as np

from bpcli.errors import BindingError
from bpcli.language.arrays import NOT_REAL, Array, Room, not_real

MAGIC = b"\x93NUMPY"
LENGTHS = {1: "<H", 2: "<I", 3: "<I"}  # how the length of the header is written, by the version of the file
LONGEST_HEADER = 10_000  # NumPy's
CHUNK = 1 << 20
REAL = "fiub"
BROKEN_HEADER = "its header is broken"
PICKLE = b"\x80"
FIELD = re.compile(r"""["'](descr|fortran_order|shape)["']\s*:\s*(["'][^"']*["']|True|False|\([0-9L,\s]*\))""")
RECORDS = re.compile(r"""["']descr["']\s*:\s*\[""")
PLAIN = re.compile(r"[<>|=]?([a-zA-Z])[0-9]{0,9}(?:\[.*\])?")


class Header(NamedTuple):
    """What an .npy file says about its array."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    by_columns: bool


def npy_array(name: str, room: Room, file: IO[bytes]) -> Array:
    """The array of an .npy file. Raises ValueError where it is broken, BindingError where it has no real numbers."""
    header = _header(name, file)
    room.take(name, header.shape)
    array = np.empty(math.prod(header.shape), header.dtype)
    left = memoryview(array.view(np.uint8).data)
    while left:
        chunk = file.read(min(len(left), CHUNK))
        if not chunk:
            message = f"it ends {len(left)} bytes before its array does"
            raise ValueError(message)
        left[: len(chunk)] = chunk
        left = left[len(chunk) :]
    if file.read(1):
        message = "it goes on after the end of its array"
        raise ValueError(message)
    return array.reshape(header.shape, order="F" if header.by_columns else "C")


def _header(name: str, file: IO[bytes]) -> Header:
    begin = file.read(len(MAGIC) + 2)
    if not begin.startswith(MAGIC):
        if begin.startswith(PICKLE):
            raise _pickled(name)
        raise ValueError("it does not begin like one" if begin else "it is empty")
    form = LENGTHS.get(begin[len(MAGIC)]) if len(begin) > len(MAGIC) else None
    if form is None:
        raise ValueError(BROKEN_HEADER)
    size = file.read(struct.calcsize(form))
    if len(size) < struct.calcsize(form):
        raise ValueError(BROKEN_HEADER)
    (length,) = struct.unpack(form, size)
    text = file.read(min(length, LONGEST_HEADER)).decode("latin-1")
    if RECORDS.search(text):
        raise not_real(name, "V", "a list of fields")
    fields = dict(FIELD.findall(text))
    if len(text) < length or len(fields) < len(Header._fields) or re.sub(r"[\s,]", "", FIELD.sub("", text)) != "{}":
        raise ValueError(BROKEN_HEADER)
    shape = tuple(int(size) for size in re.findall("[0-9]+", fields["shape"]))
    return Header(_dtype(name, fields["descr"]), shape, fields["fortran_order"] == "True")


def _dtype(name: str, quoted: str) -> np.dtype[Any]:
    """The type of the entries. Raises BindingError where they are no real numbers, ValueError where there is none."""
    found = PLAIN.fullmatch(quoted[1:-1])
    if found is None:
        raise ValueError(BROKEN_HEADER)
    if found[1] == "O":
        raise _pickled(name)
    if found[1] in NOT_REAL:
        raise not_real(name, found[1], quoted[1:-1])
    if found[1] not in REAL:
        raise ValueError(BROKEN_HEADER)
    try:
        return np.dtype(quoted[1:-1])
    except TypeError:
        raise ValueError(BROKEN_HEADER) from None


def _pickled(name: str) -> BindingError:
    message = f"the value of {name} is pickled, and a pickle can run any program"
    return BindingError(message, hint="save it as numbers: numpy.save(path, array.astype(float))")
