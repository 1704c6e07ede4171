"""Interruptions that wait until what is being done is whole: Ctrl-C, and the signal that asks a program to end."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any


@contextmanager
def interruptions() -> Iterator[Callable[[], bool]]:
    """What says whether the program has been asked to end; a second Ctrl-C ends it at once."""
    asked: list[int] = []

    def note(number: int, frame: Any) -> None:
        del frame
        if number in asked:
            raise KeyboardInterrupt
        asked.append(number)

    before: dict[signal.Signals, Any] = {}
    with suppress(ValueError):  # only the main thread hears signals
        for number in (signal.SIGINT, signal.SIGTERM):
            before[number] = signal.signal(number, note)
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
