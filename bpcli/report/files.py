"""Results in files: written beside their place first, so that no half of one is ever found there."""

import os
from contextlib import suppress
from pathlib import Path

from bpcli.errors import UsageError


def write_whole(target: str, content: bytes) -> None:
    """Put the content into a file, in place of what was there, at once or not at all.

    Raises UsageError where that is not possible.
    """
    place = Path(target).resolve()  # what a link points to is replaced, not the link
    if place.exists() and not place.is_file():
        message = f"cannot write {target}: it is no file"
        raise UsageError(message, hint="name a file")
    beside = place.with_name(f".{place.name}.{os.getpid()}.part")
    try:
        beside.write_bytes(content)
        beside.replace(place)
    except OSError as error:
        message = f"cannot write {target}: {os.strerror(error.errno or 0).lower()}"
        raise UsageError(message) from error
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
