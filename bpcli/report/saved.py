"""Arrays as files: one as `.npy`; many under their names as `.npz`, `.safetensors` or JSON."""

import os
from collections.abc import Callable, Mapping
from typing import Any

from bpcli.errors import UsageError
from bpcli.report.documents import json_text, json_values

Save = Callable[[Mapping[str, Any]], bytes]

NPY_MAGIC = b"\x93NUMPY\x01\x00"  # and version 1.0 of the format
NPY_ALIGNMENT = 64


def npy_bytes(array: Any) -> bytes:
    """An array as a file of NumPy's, format 1.0 (NEP 1): magic, length of the header, header, entries by rows."""
    header = repr({"descr": array.dtype.str, "fortran_order": False, "shape": array.shape}).encode("latin-1")
    before = len(NPY_MAGIC) + 2
    header += b" " * (-(before + len(header) + 1) % NPY_ALIGNMENT) + b"\n"
    rows: bytes = array.tobytes()
    return NPY_MAGIC + len(header).to_bytes(2, "little") + header + rows


def saving_for(target: str) -> Save:
    """What turns values by name into the content of a file, by the ending of its name.

    Raises UsageError for an unknown ending, or where the library for it is not installed.
    """
    ending = os.path.splitext(target)[1].lower()  # noqa: PTH122 - pathlib is slow to load
    if ending == ".safetensors":
        return _safetensors_saving(target)
    if ending not in (".npz", ".json"):
        message = f"the ending of {target} says no form"
        raise UsageError(message, hint="end it in .npz, .safetensors or .json")
    return _npz if ending == ".npz" else _json


def _json(values: Mapping[str, Any]) -> bytes:
    return f"{json_text(json_values(values))}\n".encode()


def _npz(values: Mapping[str, Any]) -> bytes:
    """The archive of `numpy.savez`, which does not depend on the time."""
    from io import BytesIO  # noqa: PLC0415 - loaded for archives only
    from zipfile import ZipFile, ZipInfo  # noqa: PLC0415 - the same

    content = BytesIO()
    with ZipFile(content, "w") as archive:
        for name, array in _arrays(values).items():
            archive.writestr(ZipInfo(f"{name}.npy"), npy_bytes(array))
    return content.getvalue()


def _safetensors_saving(target: str) -> Save:
    try:
        from safetensors.numpy import save  # noqa: PLC0415 - an optional extra
    except ImportError as error:
        from bpcli.language.weights import without_library  # noqa: PLC0415 - the same

        raise without_library(target, "write") from error
    return lambda values: bytes(save(_arrays(values)))


def _arrays(values: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers and arrays as arrays, in rows."""
    from bpcli.numbers.arrays import arrays  # noqa: PLC0415 - this brings NumPy

    return {name: arrays.lifted(value).ravel().reshape(getattr(value, "shape", ())) for name, value in values.items()}
