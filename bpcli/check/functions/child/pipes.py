"""A child process and the pipe to it: questions are asked within a time limit, and nothing of it is left behind."""

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple
from weakref import finalize

import numpy as np

from bpcli.check.functions.child.folders import remove
from bpcli.check.functions.child.frames import BrokenFrameError, Frame, frame_bytes, frame_from

PROGRAM = Path(__file__).with_name("program.py")
HOME = str(Path(__file__).parents[4])
CHUNK = 1 << 20
PATIENCE = 2.0  # seconds for a process to end that has closed its pipe
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


class ChildLimits(NamedTuple):
    """What a child process may take: seconds for one call and for all of them, and bytes of memory, files and answers.

    It may start no processes or threads. Systems without such limits hold the seconds and the answers alone, and
    those where a pipe cannot be waited for (Windows) the answers.
    """

    seconds_per_call: float = 10.0
    seconds: float = 300.0
    memory: int = 4 << 30
    file_size: int = 16 << 20
    open_files: int = 64
    answer: int = 1 << 30

    @property
    def resources(self) -> Mapping[str, int]:
        """The limits as the system names them."""
        return {
            "AS": self.memory,
            "CPU": int(self.seconds) + 1,
            "FSIZE": self.file_size,
            "NOFILE": self.open_files,
            "NPROC": 0,
            "CORE": 0,
        }


class LateError(Exception):
    """There was no answer in time."""


class LostError(Exception):
    """There will be no answer; the text says what became of the process."""


class ChildProcess:
    """A child process in a folder of its own, with nothing of this process's environment or open files."""

    def __init__(self, limits: ChildLimits) -> None:
        self.limits = limits
        self.seconds_left = limits.seconds
        self.folder = folder = tempfile.mkdtemp(prefix="bpcli-")
        told = json.dumps({"home": HOME, "paths": _paths(), "folder": folder, "limits": limits.resources})
        self.process = subprocess.Popen(  # noqa: S603 - this Python, and a file of this package
            [sys.executable, "-I", "-B", "-X", "utf8", str(PROGRAM), told],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env=_environment(folder),
            bufsize=0,
            start_new_session=True,
        )
        self.end = finalize(self, _end, self.process, folder)
        self.question, self.answer = (stream.fileno() for stream in (self.process.stdin, self.process.stdout) if stream)
        if os.name == "posix":
            os.set_blocking(self.question, False)
            os.set_blocking(self.answer, False)

    @property
    def seconds_for_call(self) -> float:
        """How long the next call may take."""
        return min(self.limits.seconds_per_call, self.seconds_left)

    @property
    def time_text(self) -> str:
        """Within what time there was no answer: that of a call, or what other calls have left of the time for all."""
        if self.limits.seconds_per_call <= self.seconds_left:
            return f"within {self.limits.seconds_per_call:g} seconds"
        return f"before the {self.limits.seconds:g} seconds for all calls were over"

    def ask(self, header: Mapping[str, Any], files: Sequence[bytes], seconds: float | None = None) -> Frame:
        """The answer to a question, within the seconds of a call or within others, which do not count.

        Raises LateError or LostError, after which the process has ended.
        """
        began = monotonic()
        deadline = began + (self.seconds_for_call if seconds is None else seconds)
        if not self.end.alive:
            message = "it has ended"
            raise LostError(message)
        try:
            self._write(frame_bytes(header, files), deadline)
            answer = frame_from(lambda count: self._read(count, deadline), self.limits.answer)
        except BrokenFrameError as error:
            self.end()
            message = f"it answered with what is no answer: {error}"
            raise LostError(message) from None
        except (EOFError, OSError):
            raise self._lost() from None
        except BaseException:
            self.end()
            raise
        if seconds is None:
            self.seconds_left = max(0.0, self.seconds_left - (monotonic() - began))
        return answer

    def _write(self, data: bytes, deadline: float) -> None:
        left = memoryview(data)
        while left:
            _wait(self.question, select.POLLOUT if os.name == "posix" else 0, deadline)
            left = left[os.write(self.question, left[:CHUNK]) :]

    def _read(self, count: int, deadline: float) -> bytes:
        """Exactly so many bytes, whose memory is taken as they come."""
        found = bytearray()
        while len(found) < count:
            _wait(self.answer, select.POLLIN if os.name == "posix" else 0, deadline)
            part = os.read(self.answer, min(count - len(found), CHUNK))
            if not part:
                raise EOFError
            found += part
        return bytes(found)

    def _lost(self) -> Exception:
        """What became of a process that has closed its pipe."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(PATIENCE)
        code = self.process.returncode
        self.end()
        if code is None:
            return LostError("it closed its pipe")
        if code >= 0:
            return LostError(f"it ended with exit status {code}")
        if -code == getattr(signal, "SIGXCPU", None):
            return LateError()
        try:
            return LostError(f"it was ended by the signal {signal.Signals(-code).name}")
        except ValueError:
            return LostError(f"it was ended by the signal {-code}")


def _wait(pipe: int, event: int, deadline: float) -> None:
    """Wait until a pipe is ready, where the system can. Raises LateError."""
    if os.name != "posix":
        return
    waiting = select.poll()
    waiting.register(pipe, event)
    if not waiting.poll(max(0.0, deadline - monotonic()) * 1000):
        raise LateError


def _paths() -> list[str]:
    """Where NumPy, and what is installed beside it, is found."""
    installed = [path for path in sys.path if path.rstrip("/\\").endswith(("site-packages", "dist-packages"))]
    return list(dict.fromkeys([str(Path(np.__file__).parents[1]), *installed]))


def _environment(folder: str) -> dict[str, str]:
    """Nothing of this process's environment: where programs are, a home, and one thread for each library."""
    kept = {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}
    places = dict.fromkeys(("HOME", "TMPDIR", "TEMP", "TMP"), folder)
    threads = dict.fromkeys(ONE_THREAD, "1")
    return {"PATH": os.defpath, "PYTHONDONTWRITEBYTECODE": "1", **places, **threads, **kept}


def _end(process: "subprocess.Popen[bytes]", folder: str) -> None:
    """End a process and all that it started, and remove its folder."""
    with suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream:
            stream.close()
    remove(folder)
