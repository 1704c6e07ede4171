"""NumPy's own files, .npy and .npz, read from their bytes: nothing is unpickled, and a header is no promise.

A header is looked at by a pattern, not by Python's parser. What it says is held against the limits before any memory
is taken, and no more is read than it says.
"""

import math
import re
import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from io import FileIO
from typing import IO, Any, NamedTuple, TypeAlias
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import numpy as np

from bpcli.errors import BindingError, LimitError
from bpcli.language.arrays import NOT_REAL, Array, Room, not_real
from bpcli.language.limits import Limits

Reader: TypeAlias = Callable[[str, Room], Array]

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
    (length,) = struct.unpack(form, file.read(struct.calcsize(form)))
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


@contextmanager
def npz_arrays(source: str, limits: Limits) -> Iterator[Mapping[str, Reader]]:
    """A reader for each array of an .npz file, by name. Raises ValueError where the archive is broken."""
    with _Bounded(source, limits.bytes) as file, ZipFile(file) as archive:
        members = [member for member in archive.infolist() if member.filename.endswith(".npy")]
        readers = {member.filename.removesuffix(".npy"): partial(_member, archive, member) for member in members}
        if len(readers) < len(members):
            message = "a name stands twice in it"
            raise ValueError(message)
        yield readers


def _member(archive: ZipFile, member: ZipInfo, name: str, room: Room) -> Array:
    if member.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        message = "it is packed in another way than NumPy's"
        raise ValueError(message)
    with archive.open(member) as file:
        return npy_array(name, room, file)


class _Bounded(FileIO):
    """A file of which at most so many bytes are read at once: the list of members, too, is of a size that it says."""

    def __init__(self, source: str, most: int) -> None:
        super().__init__(source)
        self.most = most

    def read(self, size: int | None = -1, /) -> bytes:
        """As many bytes, or those that are left. Raises LimitError for too many."""
        if size is not None and size > self.most:
            message = f"the list of arrays in it is larger than {self.most} bytes"
            raise LimitError(message, hint="raise the limit with --max-characters")
        return super().read(-1 if size is None else size) or b""
