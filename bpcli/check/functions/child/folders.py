"""How a folder is removed that a user's code has filled as it liked."""

import os
from contextlib import suppress
from pathlib import Path
from secrets import token_hex


def remove(folder: str) -> None:
    """Remove a folder and all in it, however deep, as far as the system lets it; what links lead to is left alone.

    Folders in folders are first moved to the top, so that no path grows too long and nothing recurs.
    """
    top = Path(folder)
    with suppress(OSError):
        top.chmod(0o700)
        while found := list(os.scandir(top)):
            if not sum(_is_gone(entry, top) for entry in found):
                return
        top.rmdir()


def _is_gone(entry: "os.DirEntry[str]", top: Path) -> bool:
    """Remove a file, or an empty folder; the folders of any other folder are moved to the top. Whether it could be."""
    with suppress(OSError):
        if not entry.is_dir(follow_symlinks=False):
            Path(entry.path).unlink()
            return True
        Path(entry.path).chmod(0o700)
        for inner in list(os.scandir(entry.path)):
            if inner.is_dir(follow_symlinks=False):
                Path(inner.path).chmod(0o700)  # or it could not be moved
                Path(inner.path).rename(top / token_hex(8))
            else:
                Path(inner.path).unlink()
        Path(entry.path).rmdir()
        return True
    return False
