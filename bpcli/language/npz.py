"""NumPy's .npz files: zip archives of .npy files, of which a member is unpacked only as far as its own header says."""

import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from io import FileIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from bpcli.errors import LimitError
from bpcli.language.arrays import Array, Reader, Room
from bpcli.language.limits import Limits
from bpcli.language.npy import npy_array

# A RuntimeError is about a password, or a method of packing that is not known.
BROKEN = (BadZipFile, RuntimeError, zlib.error)


@contextmanager
def npz_arrays(source: str, limits: Limits) -> Iterator[Mapping[str, Reader]]:
    """A reader for each array of an .npz file, by name. Raises ValueError where the archive is broken."""
    try:
        with _Bounded(source, limits.bytes) as file, ZipFile(file) as archive:
            members = [member for member in archive.infolist() if member.filename.endswith(".npy")]
            readers = {member.filename.removesuffix(".npy"): partial(_member, archive, member) for member in members}
            if len(readers) < len(members):
                message = "a name stands twice in it"
                raise ValueError(message)
            yield readers
    except BROKEN as error:
        raise ValueError(error) from error


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
