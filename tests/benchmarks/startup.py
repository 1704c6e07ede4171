"""How long a user waits for a first answer: whole cold processes, beside the imports that any such tool pays for."""

import argparse
from collections.abc import Callable
from functools import partial

from measure import Run, Runs, bpcli, interleaved, middle, on_a_terminal, piped, python, ratio, say, say_table

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


def report(runs: Runs) -> None:
    """Print the medians of each command, and its time as a part of the base's."""
    heads = ("command", "wall ms", "cpu ms", "wall ratio", "cpu ratio", "target")
    rows = [
        (
            name,
            f"{middle(own, lambda run: run.wall) * 1e3:.1f}",
            f"{middle(own, lambda run: run.cpu) * 1e3:.1f}",
            f"{ratio(own, runs[BASE], lambda run: run.wall):.2f}",
            f"{ratio(own, runs[BASE], lambda run: run.cpu):.2f}",
            f"{TARGETS[name]:.2f}" if name in TARGETS else "",
        )
        for name, own in runs.items()
    ]
    say_table(heads, rows)


def main() -> None:
    """Run and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=31, help="runs of each command (31)")
    rounds = parser.parse_args().rounds
    say(f"cold processes, medians of {rounds} interleaved rounds; ratios to '{BASE}' in the same round")
    report(interleaved(COMMANDS, rounds))


if __name__ == "__main__":
    main()
