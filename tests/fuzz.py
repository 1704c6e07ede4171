"""Throw anything at the whole command: `python tests/fuzz.py --inputs 200000 --seed 1`.

Each input is a list of arguments, run in this process; a check is answered by a copy of it, and may be given requests
that follow from its arguments. An exit code 5, an escaped exception or a broken promise about
what is written is a failure, and is shown with its input; so are the number of inputs for
each exit code and the slowest one.
"""

import argparse
import io
import json
import re
import sys
import warnings
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack, chdir, redirect_stderr, redirect_stdout
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import NamedTuple, NoReturn
from unittest.mock import patch

from strategies import command_line, request_lines
from training_lines import lay_out, write_damaged

import bpcli.check.checking  # noqa: F401 - once, for the worker of every check
from bpcli.cli.main import main

ENCODINGS = ("utf-8", "ascii", "cp1252")
EXPECTED = {"check": (0, 1, 2, 3, 4, 124)}
EXPECTED_ELSEWHERE = (0, 2, 3)
STATUS = {0: "ok", 1: "ok", 2: "error", 3: "nonfinite", 4: "ok", 124: "error"}
MOST_SHOWN = 3
REWRITTEN = "\r\x1b[K"  # how progress on a terminal is written anew
ANSWERING = ("grad", "check", "jacobian", "hessian", "explain", "flow", "step", "train", "predict")


class Stream(io.TextIOWrapper):
    """Standard output or error in memory, strict about its encoding, a terminal or not."""

    def __init__(self, encoding: str, *, is_terminal: bool) -> None:
        super().__init__(io.BytesIO(), encoding=encoding, newline="")
        self.is_terminal = is_terminal

    def isatty(self) -> bool:
        """Whether it says that it is a terminal."""
        return self.is_terminal

    @property
    def text(self) -> str:
        """What was written."""
        self.flush()
        self.seek(0)
        return self.read()


class Outcome(NamedTuple):
    """What a run came to: its exit code and what it wrote to standard output and standard error."""

    code: int
    written: str
    said: str
    is_terminal: bool = False


def outcome(
    words: Sequence[str], encoding: str = "utf-8", *, is_terminal: bool = False, lines: Sequence[str] = ()
) -> Outcome:
    """Run the command in this process; every warning of Python is an error, and standard input has these lines."""
    given = Stream("utf-8", is_terminal=False)
    given.write("".join([f"{line}\n" for line in lines]))
    given.seek(0)
    written, said = Stream(encoding, is_terminal=is_terminal), Stream(encoding, is_terminal=is_terminal)
    with ExitStack() as stack:
        stack.enter_context(redirect_stdout(written))
        stack.enter_context(redirect_stderr(said))
        stack.enter_context(patch("sys.stdin", given))
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("error")
        code = main(words)
    return Outcome(code, written.text, said.text, is_terminal)


def broken_promise(words: Sequence[str], found: Outcome, lines: Sequence[str] = ()) -> str | None:
    """What an outcome must never be, in words; None if it is as promised."""
    if found.code not in EXPECTED.get(words[0], EXPECTED_ELSEWHERE):
        fault = re.search(r"bpcli itself failed: (\w+)", found.said or found.written)
        return f"exit code {found.code}{f', {fault[1]}' if fault else ''}"
    said = found.said.replace(REWRITTEN, "") if found.is_terminal else found.said
    texts = [said] if found.is_terminal or found.written.startswith("{") else [said, found.written]
    if any(not (sign.isprintable() or sign == "\n") for text in texts for sign in text):
        return "a control character was written"
    may_be_silent = "--help" in words or "--version" in words or "-q" in words
    if lines_asked(words):
        return _broken_answers(found, lines, may_be_silent=may_be_silent)
    if found.written.startswith("{") and words[0] in ANSWERING:
        return _broken_document(found)
    is_error = STATUS[found.code] == "error"
    if is_error and (found.written or not found.said.startswith("error: ")):
        return "an error was not told on standard error alone"
    return None if is_error or found.written or may_be_silent else "nothing was written"


def lines_asked(words: Sequence[str]) -> bool:
    """Whether the words ask for answers to the requests on standard input."""
    return list(words[:3]) == ["check", "--requests", "-"]


def _broken_answers(found: Outcome, lines: Sequence[str], *, may_be_silent: bool) -> str | None:
    if (found.code == 2 and found.said.startswith("error: ")) or (may_be_silent and not found.written):
        return None  # an option was wrong, or nothing is to be said
    answers = found.written.split("\n")[:-1]
    try:
        statuses = {json.loads(answer, parse_constant=_no_constant)["status"] for answer in answers}
    except ValueError:
        return "what was written is no strict JSON"
    if len(answers) != sum(1 for line in lines if line.strip()):
        is_refused = found.code == 2 and len(answers) == 1
        return None if is_refused else f"{len(answers)} answers to {len(lines)} lines"
    return None if ("error" in statuses) == (found.code == 2) else f"statuses {statuses} with code {found.code}"


def _broken_document(found: Outcome) -> str | None:
    try:
        document = json.loads(found.written, parse_constant=_no_constant)
    except ValueError:
        return "what was written is no strict JSON"
    return None if document["status"] == STATUS[found.code] else f"status {document['status']} with code {found.code}"


def _no_constant(word: str) -> NoReturn:
    raise ValueError(word)


@cache
def folder() -> TemporaryDirectory[str]:
    """Where commands run: a folder with data and checkpoints, which goes when the process ends."""
    made = TemporaryDirectory()
    with chdir(made.name):
        lay_out(Path(made.name))
    return made


def complaint(words: Sequence[str], number: int = 0) -> tuple[int | None, str | None]:
    """The exit code of a run and what is wrong with it; encodings and terminals take turns by `number`."""
    lines = request_lines(Random(" ".join(words))) if lines_asked(words) else []  # noqa: S311 - the same every time
    try:
        with chdir(folder().name):
            write_damaged(words)
            found = outcome(words, ENCODINGS[number % len(ENCODINGS)], is_terminal=number % 5 == 0, lines=lines)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - whatever escapes is what is looked for
        return None, f"{type(error).__name__} escaped: {error}"
    problem = broken_promise(words, found, lines)
    return found.code, problem


def run(inputs: int, seed: int) -> bool:
    """Run that many inputs and report; whether every one kept the promises."""
    random = Random(seed)  # noqa: S311 - inputs that can be drawn again, not secrets
    codes: Counter[int | None] = Counter()
    problems: Counter[str] = Counter()
    slowest: tuple[float, list[str]] = (0.0, [])
    for number in range(inputs):
        words = command_line(random)
        start = perf_counter()
        code, problem = complaint(words, number)
        slowest = max(slowest, (perf_counter() - start, words))
        codes[code] += 1
        if problem:
            problems[problem] += 1
            if problems[problem] <= MOST_SHOWN:
                print(f"input {number} failed, {problem}: {words}")
    for code, count in sorted(codes.items(), key=str):
        print(f"exit code {code}: {count}")
    print(f"slowest: {slowest[0]:.3f} s for {str(slowest[1])[:1000]}")
    for problem, count in problems.most_common():
        print(f"failed {count} times: {problem}")
    return not problems


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    sys.exit(0 if run(chosen.inputs, chosen.seed) else 1)
