"""How many small requests a second one process answers: `bpcli grad --requests FILE`, its output thrown away."""

import argparse
import json
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from measure import MEBIBYTE, bpcli, interleaved, middle, piped, say_table, to_nowhere

TARGET = 4000
SAMPLE = 100
EXPRESSIONS = (
    "x*y*z",
    "(x + y)*z",
    "q = x + y; q*z - x/y",
    "sigmoid(x*y + z)",
    "exp(-x**2) * sin(y*z) + log(x)",
)


def request(number: int) -> str:
    """The line of one request: the expressions in turn, each time at another point."""
    point = {"x": 0.5 + number % 97 / 100, "y": 1.5 + number % 89 / 100, "z": -2.0 + number % 83 / 100}
    line = {"id": number, "expression": EXPRESSIONS[number % len(EXPRESSIONS)], "at": point}
    return json.dumps(line) + "\n"


def write_requests(path: Path, count: int) -> None:
    """Write that many requests, one a line."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(map(request, range(count)))


def require_answers(folder: Path) -> None:
    """Make sure, on a few requests, that what is measured are answers and no errors."""
    sample = folder / "sample.jsonl"
    write_requests(sample, SAMPLE)
    lines = piped(bpcli("grad", "--requests", str(sample))).output.splitlines()
    answers = [json.loads(line) for line in lines]
    if [(answer["id"], answer["status"]) for answer in answers] != [(number, "ok") for number in range(SAMPLE)]:
        message = "bpcli did not answer every request"
        raise SystemExit(message)


def report(path: Path, count: int, rounds: int) -> None:
    """Time the file that many times and print the medians."""
    runs = interleaved({"requests": partial(to_nowhere, bpcli("grad", "--requests", str(path)))}, rounds, warm_up=False)
    own = runs["requests"]
    wall = middle(own, lambda run: run.wall)
    figures = (
        f"{count}",
        f"{wall:.2f}",
        f"{middle(own, lambda run: run.cpu):.2f}",
        f"{middle(own, lambda run: run.peak) / MEBIBYTE:.0f}",
        f"{count / wall:.0f}",
        f"{TARGET}",
    )
    say_table(("requests", "wall s", "cpu s", "peak MiB", "requests/s", "target"), [figures])


def main() -> None:
    """Run and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000, help="requests in the file (100000)")
    parser.add_argument("--rounds", type=int, default=3, help="runs of the file (3)")
    options = parser.parse_args()
    with TemporaryDirectory() as name:
        folder = Path(name)
        require_answers(folder)
        path = folder / "requests.jsonl"
        write_requests(path, options.count)
        report(path, options.count, options.rounds)


if __name__ == "__main__":
    main()
