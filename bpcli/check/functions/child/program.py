"""The program of the child process that runs a user's passes. It is told nothing of what is right.

It answers questions that come over a pipe, one frame each way. Its standard streams lead nowhere; the pipe is known to
it alone by descriptors of its own. What a user's code does, it may do to this process only as far as the limits let it:
they guard against mistakes, not against attacks.
"""

import json
import os
import select
import signal
import sys
from collections.abc import Callable, Mapping
from threading import Thread
from typing import Any

FORBIDDEN = ("os.fork", "os.forkpty", "os.exec", "os.posix_spawn", "os.spawn", "os.system", "subprocess.Popen", "pty.")
SIGNALS = ("os.kill", "os.killpg")


def _with_paths(home: str, paths: list[str]) -> None:
    """Let NumPy, and whatever is installed beside it, be found; this process is started without any path of a user.

    It is the bpcli that asks whose code runs here, whichever is installed.
    """
    sys.path.insert(0, home)
    import bpcli.errors  # noqa: F401, PLC0415 - it is found now, and its modules by it

    del sys.path[0]
    sys.path += [path for path in paths if path not in sys.path]


def _limit(limits: Mapping[str, int]) -> None:
    """Take the limits of this process, for good. Systems that have none go without."""
    try:
        import resource  # noqa: PLC0415 - only some systems have it
    except ImportError:
        return
    for name, value in limits.items():
        kind = getattr(resource, f"RLIMIT_{name}", None)
        if kind is None:
            continue
        hard = resource.getrlimit(kind)[1]
        most = value if hard == resource.RLIM_INFINITY else min(value, hard)
        try:
            resource.setrlimit(kind, (most, most))
        except (ValueError, OSError):  # a system that knows the limit and does not let it be set
            continue


def _forbid(event: str, _: tuple[Any, ...]) -> None:
    """Let no process be started, and no other be ended: the limits of this one would not hold for them."""
    if event.startswith(FORBIDDEN):
        message = "a checked function may not start processes"
        raise PermissionError(message)
    if event in SIGNALS:
        message = "a checked function may not send signals"
        raise PermissionError(message)


def _end_with_parent(pipe: int, folder: str) -> None:
    """End this process, and remove its folder, when nobody is left to answer."""
    from bpcli.check.functions.child.folders import remove  # noqa: PLC0415 - before a user's file could stand in its way

    waiting = select.poll()
    waiting.register(pipe, 0)  # of a pipe that was closed at its other end one is always told
    while not any(event & (select.POLLHUP | select.POLLERR | select.POLLNVAL) for _, event in waiting.poll()):
        continue
    remove(folder)
    signal.raise_signal(signal.SIGKILL)


def _private_pipe() -> tuple[int, int]:
    """The two ends of the pipe under other descriptors; standard input, output and error lead nowhere."""
    ends = os.dup(0), os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nowhere, stream)
    os.close(nowhere)
    return ends


def _reader(pipe: int) -> Callable[[int], bytes]:
    """Reads exactly so many bytes."""

    def read(count: int) -> bytes:
        parts = []
        while count:
            part = os.read(pipe, min(count, 1 << 20))
            if not part:
                raise EOFError
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    return read


def _serve(read: Callable[[int], bytes], write: int) -> None:
    """Answer one question after the other until the pipe is closed."""
    from bpcli.check.functions.child.answering import Answers  # noqa: PLC0415 - the paths must be known before
    from bpcli.check.functions.child.frames import frame_from  # noqa: PLC0415 - the same

    answers = Answers()
    while True:
        try:
            asked = frame_from(read, sys.maxsize)
        except EOFError:
            return
        left = memoryview(answers.answer(asked))
        while left:
            left = left[os.write(write, left) :]


def main() -> None:
    """Run until the pipe is closed."""
    told = json.loads(sys.argv[1])
    sys.argv[1:] = []
    _with_paths(told["home"], told["paths"])
    read, write = _private_pipe()
    ending = Thread(target=_end_with_parent, args=(read, told["folder"]), daemon=True)
    if hasattr(select, "poll"):
        ending.start()
    import numpy as np  # noqa: F401, PLC0415 - before the limits, which its libraries might not like

    _limit(told["limits"])
    sys.addaudithook(_forbid)
    _serve(_reader(read), write)
    if ending.is_alive():
        ending.join()  # it has a folder to remove


if __name__ == "__main__":
    main()
