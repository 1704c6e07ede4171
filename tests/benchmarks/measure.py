"""What the benchmarks share: child processes with their time and memory, interleaved, and the table that is printed.

A process is never measured alone. A round runs every command once, one after another, so that a slow moment of the
machine meets them all; what is reported is the median over the rounds, and a ratio is the median of the ratios within a
round.

The system counts a child's peak memory from that of the process that started it. So a benchmark itself imports the
standard library only and keeps no large text: what is heavy happens in its children.
"""

import os
import pty
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

MEBIBYTE = 1 << 20
PEAK_UNIT = 1 if sys.platform == "darwin" else 1024  # bytes that ru_maxrss counts in
TERMINAL_SIZE = (24, 100)


class Run(NamedTuple):
    """One child from its start to its end: seconds on the clock, of the processor, peak bytes, code and output."""

    wall: float
    cpu: float
    peak: int
    code: int
    output: bytes


Runs = dict[str, list[Run]]


def python(*arguments: str) -> list[str]:
    """A command of the Python that runs the benchmark."""
    return [sys.executable, *arguments]


def bpcli(*arguments: str) -> list[str]:
    """A bpcli command: the script that is installed beside this Python, else the module."""
    script = Path(sys.executable).with_name("bpcli")
    return [str(script), *arguments] if script.exists() else python("-m", "bpcli", *arguments)


def environment() -> dict[str, str]:
    """The environment of every child: compiled modules may be kept, and NumPy starts no threads.

    Those threads wait in a loop for work that never comes, which the clock of a small or busy machine shows.
    """
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


def piped(command: Sequence[str]) -> Run:
    """Run a command whose output is read through a pipe."""
    return _run(command, *os.pipe())


def on_a_terminal(command: Sequence[str]) -> Run:
    """Run a command that writes to a terminal of its own."""
    master, slave = pty.openpty()
    termios.tcsetwinsize(slave, TERMINAL_SIZE)
    return _run(command, master, slave)


def to_nowhere(command: Sequence[str]) -> Run:
    """Run a command whose output is thrown away."""
    return _run(command, os.open(os.devnull, os.O_RDONLY), os.open(os.devnull, os.O_WRONLY))


def _run(command: Sequence[str], reader: int, writer: int) -> Run:
    started = time.perf_counter()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=writer, env=environment())
    os.close(writer)
    output = _read(reader)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    cpu = usage.ru_utime + usage.ru_stime
    return Run(wall, cpu, usage.ru_maxrss * PEAK_UNIT, process.returncode, output)


def _read(reader: int) -> bytes:
    chunks = []
    with open(reader, "rb", buffering=0) as stream:
        try:
            while chunk := stream.read(1 << 16):
                chunks.append(chunk)
        except OSError:  # a terminal ends so where its last writer has gone
            pass
    return b"".join(chunks)


def interleaved(
    commands: Mapping[str, Callable[[], Run]], rounds: int, *, warm_up: bool = True, may_fail: bool = False
) -> Runs:
    """The runs of each command, one a round; a round before them, not counted, warms the caches.

    A command that fails ends the benchmark; where it may fail, it has no runs and is not run again.
    """
    runs: Runs = {name: [] for name in commands}
    failed = set()
    for number in range(-1 if warm_up else 0, rounds):
        for name, start in commands.items():
            run = None if name in failed else start()
            if run and run.code:
                if not may_fail:
                    message = f"{name} ended with exit code {run.code}"
                    raise SystemExit(message)
                failed.add(name)
                runs[name].clear()
            elif run and number >= 0:
                runs[name].append(run)
    return runs


def middle(runs: Sequence[Run], of: Callable[[Run], float]) -> float:
    """The median of one figure over the runs."""
    return median(map(of, runs))


def ratio(runs: Sequence[Run], base: Sequence[Run], of: Callable[[Run], float]) -> float:
    """The median, over the rounds, of a figure divided by that of the base in the same round."""
    return median(of(one) / of(other) for one, other in zip(runs, base, strict=True))


def say_ratios(runs: Runs, base: str, targets: Mapping[str, float]) -> None:
    """Print the medians of each command, and its time as a part of the base's."""
    heads = ("command", "wall ms", "cpu ms", "wall ratio", "cpu ratio", "target")
    rows = [
        (
            name,
            f"{middle(own, lambda run: run.wall) * 1e3:.1f}",
            f"{middle(own, lambda run: run.cpu) * 1e3:.1f}",
            f"{ratio(own, runs[base], lambda run: run.wall):.2f}",
            f"{ratio(own, runs[base], lambda run: run.cpu):.2f}",
            f"{targets[name]:.2f}" if name in targets else "",
        )
        for name, own in runs.items()
    ]
    say_table(heads, rows)


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def say_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table: the first column to the left, figures to the right."""
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    for first, *figures in (heads, *rows):
        cells = [figure.rjust(width) for figure, width in zip(figures, widths[1:], strict=True)]
        say("  ".join([first.ljust(widths[0]), *cells]).rstrip())
