"""How long a user waits for a first answer: whole cold processes, beside the imports that any such tool pays for."""

import argparse
from collections.abc import Callable
from functools import partial

from measure import Run, bpcli, interleaved, on_a_terminal, piped, python, say, say_ratios

BASE = "import click, numpy, rich"
FLOOR = "python -c pass"
EXAMPLE = ("grad", "x*y*z", "--x", "6", "--y", "-2", "--z", "-3")
COMMANDS: dict[str, Callable[[], Run]] = {
    FLOOR: partial(piped, python("-c", "pass")),
    BASE: partial(piped, python("-c", "import click, numpy, rich.table, rich.console")),
    "bpcli grad --json": partial(piped, bpcli(*EXAMPLE, "--json")),
    "bpcli grad, on a terminal": partial(on_a_terminal, bpcli(*EXAMPLE)),
    "bpcli --version": partial(piped, bpcli("--version")),
}
TARGETS = {"bpcli grad --json": 0.5, "bpcli grad, on a terminal": 0.8, "bpcli --version": 0.45}


def main() -> None:
    """Run and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=31, help="runs of each command (31)")
    rounds = parser.parse_args().rounds
    say(f"cold processes, medians of {rounds} interleaved rounds; ratios to '{BASE}' in the same round")
    say_ratios(interleaved(COMMANDS, rounds), BASE, TARGETS)


if __name__ == "__main__":
    main()
