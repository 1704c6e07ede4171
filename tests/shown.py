"""The commands and outputs that documents show: read them, run them, and write what they print now.

In a document a fence marked `console` holds commands after `$ ` and, below each, what it prints on standard output and
standard error. An example is a script beside a file of the same name that ends in `.out`. `python shown.py FILE …`
writes what is printed now into the documents and the examples below the folders named.
"""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
FENCE = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SECONDS = 60


class Shown(NamedTuple):
    """A command, what a document says that it prints, and the exit code of the command before it."""

    command: str
    output: str


def sessions(document: Path) -> list[list[Shown]]:
    """The commands of each `console` fence of a document."""
    return [_commands(fence) for fence in FENCE.findall(document.read_text("utf-8"))]


def _commands(fence: str) -> list[Shown]:
    parts = re.split(r"^\$ ", fence, flags=re.MULTILINE)[1:]
    return [Shown(*part.split("\n", 1)) for part in parts]


def printed(session: list[Shown], folder: Path = ROOT) -> list[str]:
    """What each command of a session prints now; `$?` is the exit code of the one before."""
    outputs, code = [], 0
    for shown in session:
        output, code = run(f"(exit {code}); {shown.command}", folder)
        outputs.append(output)
    return outputs


def run(script: str, folder: Path) -> tuple[str, int]:
    """What a shell prints, errors included, and its exit code."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONUTF8": "1", "LC_ALL": "C.UTF-8", "COLUMNS": "100"}
    done = subprocess.run(
        ["sh", "-c", script],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=SECONDS,
        check=False,
    )
    return done.stdout.decode(), done.returncode


def examples(folder: Path = ROOT / "examples") -> list[Path]:
    """Every script below a folder that has its expected output beside it, or should have; no module of functions."""
    scripts = [path for path in folder.rglob("*") if path.suffix in (".sh", ".py")]
    return sorted(path for path in scripts if path.suffix == ".sh" or "print(" in path.read_text("utf-8"))


def output_of(example: Path) -> str:
    """What an example prints now."""
    interpreter = "python" if example.suffix == ".py" else "sh"
    return run(f"{interpreter} {example.name}", example.parent)[0]


def refreshed(document: Path) -> str:
    """The text of a document with what its commands print now."""

    def fence(match: re.Match[str]) -> str:
        session = _commands(match[1])
        pairs = zip(session, printed(session), strict=True)
        return "```console\n" + "".join([f"$ {shown.command}\n{output}" for shown, output in pairs]) + "```"

    return FENCE.sub(fence, document.read_text("utf-8"))


def main() -> None:
    """Write what is printed now."""
    for name in sys.argv[1:]:
        path = Path(name)
        if path.is_dir():
            for example in examples(path.resolve()):
                example.with_suffix(".out").write_text(output_of(example), "utf-8")
        else:
            path.write_text(refreshed(path), "utf-8")


if __name__ == "__main__":
    main()
