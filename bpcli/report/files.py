"""Results in files: written beside their place first, so that no half of one is ever found there."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bpcli.errors import UsageError


def write_whole(target: str, content: bytes) -> None:
    """Put the content into a file, in place of what was there, at once or not at all.

    Raises UsageError where that is not possible.
    """
    place = Path(target).resolve()  # what a link points to is replaced, not the link
    beside = place.with_name(f".{place.name}.{os.getpid()}.part")
    try:
        if place.exists() and not place.is_file():
            message = f"cannot write {target}: it is no file"
            raise UsageError(message, hint="name a file")
        beside.write_bytes(content)
        beside.replace(place)
    except OSError as error:
        raise _unwritable(target, error) from error
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)


@contextmanager
def appending(target: str, start: bytes) -> Iterator[Callable[[bytes], None]]:
    """What adds to a file that begins anew with this content; each addition is there when it returns.

    Raises UsageError where the file cannot be written.
    """
    write_whole(target, start)
    try:
        file = Path(target).open("ab")  # noqa: SIM115 - closed below, where what fails has been told
    except OSError as error:
        raise _unwritable(target, error) from error

    def add(content: bytes) -> None:
        try:
            file.write(content)
            file.flush()
        except OSError as error:
            raise _unwritable(target, error) from error

    try:
        yield add
    finally:
        with suppress(OSError):
            file.close()


def _unwritable(target: str, error: OSError) -> UsageError:
    message = f"cannot write {target}: {os.strerror(error.errno or 0).lower()}"
    return UsageError(message, hint="name a file in a folder that is there and that you may write to")
