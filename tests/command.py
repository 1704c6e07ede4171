"""The command as a user runs it: `run` in a process of its own, `call` in this one, `on_terminal` under a terminal."""

import os
import re
import select
import subprocess
import sys
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from io import BytesIO, TextIOWrapper
from multiprocessing import get_all_start_methods
from typing import NamedTuple
from unittest import mock

import pytest

from bpcli.cli.main import main

PATIENCE = 60  # seconds; only a command that hangs ever takes them
SETTINGS = ("COLUMNS", "FORCE_COLOR", "NO_COLOR", "PYTHONIOENCODING", "PYTHONUNBUFFERED")
ASCII = {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}  # the environment of an ASCII stream
ESCAPE = "\x1b[31m"
STYLE = re.compile(r"\x1b\[[0-9;]*m")
# Each term is an expression of its own to both oracles; checking all of them takes many times the limits of the tests.
SLOW = " + ".join(f"sin(cos(tan({number}.5*x)))" for number in range(1, 5001))

patches_reach_workers = pytest.mark.skipif(
    "fork" not in get_all_start_methods() or sys.platform == "darwin",
    reason="a worker that is no copy of this process has none of its patches",
)
has_terminals = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
has_signals = pytest.mark.skipif(sys.platform == "win32", reason="Windows has other pipes and no such signals")


class Done(NamedTuple):
    """What a command came to."""

    code: int
    out: str
    err: str


def call(*arguments: str, stdin: str | bytes = b"") -> Done:
    """Run the command in this process, over streams that are files in UTF-8."""
    given = TextIOWrapper(BytesIO(_bytes(stdin)), encoding="utf-8")
    out, err = (TextIOWrapper(BytesIO(), encoding="utf-8", newline="\n", write_through=True) for _ in range(2))
    with redirect_stdout(out), redirect_stderr(err), mock.patch.object(sys, "stdin", given):
        code = main(arguments)
    return Done(code, _content(out), _content(err))


def run(*arguments: str, stdin: str | bytes | None = None, env: Mapping[str, str] | None = None) -> Done:
    """Run `python -m bpcli` in a process of its own, in UTF-8 unless `env` says otherwise."""
    done = subprocess.run(
        [sys.executable, "-m", "bpcli", *arguments],
        input=_bytes(stdin or b""),
        capture_output=True,
        env=environment(env),
        timeout=PATIENCE,
        check=False,
    )
    return Done(done.returncode, _text(done.stdout), _text(done.stderr))


def on_terminal(*words: str, columns: int = 100, env: Mapping[str, str] | None = None) -> Done:
    """Run Python with these words, its standard output on a terminal so many columns wide, its errors in a pipe."""
    import pty  # noqa: PLC0415 - there is none on Windows, where the tests that need one are skipped
    import termios  # noqa: PLC0415 - the same

    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, columns))
    process = subprocess.Popen(
        [sys.executable, *words],
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=subprocess.PIPE,
        env=environment({"TERM": "xterm-256color", **(env or {})}),
    )
    os.close(theirs)
    try:
        shown = _shown_on(ours)
        _, errors = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
        os.close(ours)
    return Done(process.returncode, _text(shown), _text(errors))


def shown(*arguments: str, columns: int = 100, env: Mapping[str, str] | None = None) -> Done:
    """What `bpcli` shows on a terminal, without colours and styles."""
    done = on_terminal("-m", "bpcli", *arguments, columns=columns, env=env)
    return done._replace(out=STYLE.sub("", done.out))


def environment(changes: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a child: this one in UTF-8, without what would change how a terminal is written to."""
    kept = {name: value for name, value in os.environ.items() if name not in SETTINGS}
    return kept | {"PYTHONUTF8": "1"} | dict(changes or {})


def _shown_on(terminal: int) -> bytes:
    """Everything written to a terminal until its last writer has gone, for which Linux raises and macOS returns b""."""
    shown = b""
    while select.select([terminal], [], [], PATIENCE)[0]:
        try:
            chunk = os.read(terminal, 65536)
        except OSError:
            return shown
        if not chunk:
            return shown
        shown += chunk
    message = "the command did not end"
    raise TimeoutError(message)


def _bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text


def _text(written: bytes) -> str:
    return written.decode().replace("\r\n", "\n")


def _content(stream: TextIOWrapper) -> str:
    binary = stream.buffer
    assert isinstance(binary, BytesIO)
    return binary.getvalue().decode()
