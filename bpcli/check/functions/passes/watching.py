"""How a user's function is called: nothing that it prints, warns of, draws or raises reaches the outside."""

import copy
import io
import random
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from bpcli.check.functions.callee import Fault, MisbehaviourError

MOST_SHOWN = 200
MOST_OF_A_MESSAGE = 500
HERE = Path(__file__).parents[1]
PYTHON = str(Path(io.__file__).parent)  # its own library, and what is installed in it
SEED = 0
IMMUTABLE = (float, int, str, bool, type(None))


class Printed(io.TextIOBase):
    """A standard stream that keeps the first characters, and counts the others."""

    def __init__(self) -> None:
        self.kept = ""
        self.count = 0

    def write(self, text: str, /) -> int:
        """Take a text."""
        room = MOST_SHOWN - len(self.kept)
        self.kept += str(text[:room]) if room > 0 else ""
        self.count += len(text)
        return len(text)

    def writable(self) -> bool:
        """It is there to be written to."""
        return True

    def note(self, where: str) -> tuple[Fault, ...]:
        """What was printed since the last note, if anything was."""
        kept, count = self.kept, self.count
        self.kept, self.count = "", 0
        if not count:
            return ()
        more = f" … ({count} characters)" if count > len(kept) else ""
        return (Fault("prints", where, f"'{where}' prints '{readable(kept, MOST_SHOWN)}'{more}", is_fatal=False),)


@contextmanager
def calm() -> Iterator[Printed]:
    """A time in which prints are kept, warnings are not heard, and which leaves the random numbers as they were."""
    states = np.random.get_state(), random.getstate()  # noqa: NPY002 - the state that users' functions draw from
    printed = Printed()
    try:
        with (
            redirect_stdout(printed),
            redirect_stderr(printed),
            warnings.catch_warnings(),
            np.errstate(all="ignore"),
        ):
            warnings.simplefilter("ignore")
            yield printed
    finally:
        np.random.set_state(states[0])  # noqa: NPY002 - the same
        random.setstate(states[1])


def seeded() -> None:
    """Let what is drawn next be what was drawn at every call before."""
    np.random.seed(SEED)  # noqa: NPY002 - the state that users' functions draw from
    random.seed(SEED)


def copies(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs anew, that a function may change them."""
    return {name: _copied(value) for name, value in inputs.items()}


def _copied(value: Any) -> Any:
    if type(value) is np.ndarray:
        return value.copy()
    return value if isinstance(value, IMMUTABLE) else copy.deepcopy(value)


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of the arrays that are not what they were."""
    return tuple(
        name
        for name, value in before.items()
        if isinstance(value, np.ndarray) and isinstance(after.get(name), np.ndarray) and not _same(value, after[name])
    )


def _same(one: Any, other: Any) -> bool:
    return np.array_equal(one, other, equal_nan=one.dtype.kind == "f")


def result(function: Callable[[], Any], where: str, called: str | None = None, *, is_alone: bool) -> Any:
    """What a user's function returns. Raises MisbehaviourError where it raises, also where it asks to end Python.

    An interrupt comes from whoever runs bpcli, unless the function is alone in a process.
    """
    seeded()
    try:
        return function()
    except MisbehaviourError:
        raise
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt) and not is_alone:
            raise
        hint = None if called is None else f"it was called as {where}({called})"
        raise MisbehaviourError(raised(error, where, hint)) from None


def raised(error: BaseException, where: str, hint: str | None = None) -> Fault:
    """What a user's code raised, and on which line."""
    try:
        message = readable(str(error), MOST_OF_A_MESSAGE)
    except Exception:  # noqa: BLE001 - whatever an error of the user's own does when it is asked
        message = ""
    at = _line(error.__traceback__)
    colon = ": " if message else ""
    return Fault("raises", where, f"'{where}' raises {type(error).__name__}{at}{colon}{message}", hint)


def readable(text: str, most: int) -> str:
    """A user's text as one line, with nothing that a terminal would obey."""
    line = " ".join(text[:most].split())
    return "".join(sign if sign.isprintable() else f"\\u{ord(sign):04x}" for sign in line)


def _line(trace: TracebackType | None) -> str:
    """Where an error came from: the innermost line of the user's own files, ` at layers.py:12`."""
    found = ""
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        is_installed = "site-packages" in file or "dist-packages" in file or file.startswith(("<frozen", PYTHON))
        if not (is_installed or HERE in Path(file).parents):
            found = f" at {Path(file).name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return found
