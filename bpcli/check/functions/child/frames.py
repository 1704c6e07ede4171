"""What goes over the pipe to a child process and back: frames of a JSON header and of arrays as .npy, never pickled.

A frame is a prefix (four letters, the header's length, the length of all arrays), the header, and the arrays one after
the other; the header's `sizes` says how long each is. Every length is held against a limit before memory is taken.
"""

import io
import json
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from bpcli.check.functions.callee import Array

PREFIX = struct.Struct("<4sIQ")
MAGIC = b"bpf1"
MOST_OF_A_HEADER = 1 << 20
MOST_ARRAYS = 4096
DEEPEST = 32

Read = Callable[[int], bytes]  # exactly so many bytes; EOFError where there are no more


class BrokenFrameError(Exception):
    """What was received is no frame."""


class Frame(NamedTuple):
    """A header, and arrays as the bytes of .npy files."""

    header: Mapping[str, Any]
    files: tuple[bytes, ...]


def frame_bytes(header: Mapping[str, Any], files: Sequence[bytes]) -> bytes:
    """A frame as it is sent."""
    text = json.dumps({**header, "sizes": [len(file) for file in files]}).encode()
    return b"".join([PREFIX.pack(MAGIC, len(text), sum(map(len, files))), text, *files])


def frame_from(read: Read, most: int) -> Frame:
    """The next frame, of at most so many bytes of arrays. Raises BrokenFrameError; EOFError at the end of the pipe."""
    magic, length, total = PREFIX.unpack(read(PREFIX.size))
    if magic != MAGIC or length > MOST_OF_A_HEADER or total > most:
        message = "it does not begin like one" if magic != MAGIC else f"it has {length + total} bytes"
        raise BrokenFrameError(message)
    try:
        header = json.loads(read(length))
        sizes = header["sizes"]
        fits = (
            isinstance(sizes, list)
            and len(sizes) <= MOST_ARRAYS
            and all(type(size) is int and size >= 0 for size in sizes)
        )
    except (ValueError, TypeError, KeyError, RecursionError):
        fits, sizes, header = False, [], {}
    if not fits or sum(sizes) != total:
        message = "its header is broken"
        raise BrokenFrameError(message)
    return Frame(header, tuple(read(size) for size in sizes))


def npy_of(array: Array) -> bytes:
    """An array as an .npy file. Raises ValueError where only a pickle could hold it."""
    file = io.BytesIO()
    np.lib.format.write_array(file, np.asarray(array), allow_pickle=False)
    return file.getvalue()


def array_of(file: bytes) -> Array:
    """The array of an .npy file that this program wrote; what comes from a child is read by `language.npy`."""
    return np.lib.format.read_array(io.BytesIO(file), allow_pickle=False)


def packed(value: Any, files: list[bytes], depth: int = 0) -> Any:
    """A value as JSON, its arrays put among the files. Raises ValueError for anything else."""
    if isinstance(value, np.ndarray):
        files.append(npy_of(value))
        return {"array": len(files) - 1}
    if isinstance(value, np.generic):
        files.append(npy_of(value))
        return {"number": len(files) - 1}
    if value is None or type(value) in {bool, int, float, str}:
        return value
    if depth < DEEPEST and isinstance(value, Mapping) and all(type(key) is str for key in value):
        return {"mapping": {key: packed(one, files, depth + 1) for key, one in value.items()}}
    if depth < DEEPEST and isinstance(value, list | tuple):
        kind = "list" if isinstance(value, list) else "tuple"
        return {kind: [packed(one, files, depth + 1) for one in value]}
    message = f"a {type(value).__name__} cannot be sent to another process"
    raise ValueError(message)


def unpacked(value: Any, arrays: Sequence[Array]) -> Any:
    """The value that was packed."""
    if not isinstance(value, dict):
        return value
    ((kind, held),) = value.items()
    if kind == "array":
        return arrays[held]
    if kind == "number":
        return arrays[held][()]
    if kind == "mapping":
        return {key: unpacked(one, arrays) for key, one in held.items()}
    several = [unpacked(one, arrays) for one in held]
    return several if kind == "list" else tuple(several)
