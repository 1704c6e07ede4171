"""Files of arrays for the tests, as others write them and as nobody should."""

import json
import struct
from typing import Any


def npy_bytes(header: str, data: bytes = b"", version: int = 1) -> bytes:
    """What a .npy file with this header holds."""
    length = struct.pack("<H" if version == 1 else "<I", len(header))
    return b"\x93NUMPY" + bytes([version, 0]) + length + header.encode() + data


def npy_header(shape: str, descr: str = "<f8") -> str:
    """A header as NumPy writes it."""
    return f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n"


def safetensors_bytes(header: Any, data: bytes = b"") -> bytes:
    """What a .safetensors file with this header holds."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def safetensor(dtype: str, shape: list[int], size: int) -> dict[str, Any]:
    """The entry of a tensor that stands first in its file."""
    return {"dtype": dtype, "shape": shape, "data_offsets": [0, size]}
