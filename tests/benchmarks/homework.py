"""How long a class takes: a thousand submissions of a homework of ten problems, graded on two processes.

The answers are seeded: right ones, wrong in many ways, typos and blanks. The report of one job must be that of two.
"""

import argparse
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from measure import MEBIBYTE, Run, bpcli, interleaved, middle, piped, say, say_table

HOMEWORK = Path(__file__).parents[2] / "examples" / "homework" / "backpropagation.toml"
COUNT = 1000
TARGET = 60
COMPARED = 100  # submissions that one job grades too
TYPOS = ("2**", "1,5", "x+", "2x", "sine(x)", "?", "1..2")
SHARES = {
    "right": 60,
    "negated": 6,
    "doubled": 4,
    "squared": 2,
    "off": 6,
    "other": 6,
    "summed": 4,
    "typo": 4,
    "blank": 8,
}


def right_answers(homework: Path) -> dict[str, dict[str, Any]]:
    """What is right, by problem and item, as the homework's check of itself has it."""
    checked = json.loads(piped(bpcli("check", str(homework), "--json")).output)
    return {
        problem["name"]: {item["item"]: item["right"] for item in problem["items"]} for problem in checked["problems"]
    }


def answered(right: dict[str, Any], draw: Random) -> Iterator[tuple[str, Any]]:
    """One student's answers to a problem: each is right, or made wrong in some way, or left out."""
    for item, value in right.items():
        (way,) = draw.choices(list(SHARES), list(SHARES.values()))
        if way == "typo":
            yield item, draw.choice(TYPOS)
        elif way != "blank":
            yield item, _mistaken(value, way, list(right.values()), draw)


def _mistaken(value: Any, way: str, values: list[Any], draw: Random) -> Any:
    """A right value after a mistake of this kind; no two are off alike, and right formulas are written in many ways."""
    if way == "other":
        return draw.choice(values)
    if isinstance(value, list):
        return [_mistaken(entry, way, [entry], draw) for entry in value]
    number = round(draw.uniform(0.5, 1.5), 3)
    if isinstance(value, str):
        forms = {"right": "{1}*({0})/{1}", "negated": "-({0})", "doubled": "2*({0})", "squared": "({0})**2"}
        return forms.get(way, "{1} + {0}").format(value, number)
    results = {"right": value, "negated": -value, "doubled": 2 * value, "squared": value**2, "off": value * number}
    return results.get(way, value + number)


def write_class(folder: Path, right: dict[str, dict[str, Any]], count: int) -> None:
    """Write so many submissions, each from a seed of its own."""
    for number in range(count):
        draw = Random(number)  # noqa: S311 - answers, not secrets
        answers = {problem: dict(answered(items, draw)) for problem, items in right.items()}
        (folder / f"student_{number:04}.json").write_text(json.dumps(answers), "utf-8")


def graded(homework: Path, submissions: Path, report: Path, jobs: int) -> Run:
    """Grade a folder into a report."""
    report.unlink(missing_ok=True)
    options = ("--report-file", str(report), "--parallel-jobs", str(jobs))
    return piped(bpcli("check", str(homework), "--answers-from", str(submissions), *options))


def require_equal_reports(homework: Path, submissions: Path, folder: Path) -> None:
    """Make sure that one job and two write the same bytes."""
    one, two = folder / "one.json", folder / "two.json"
    for report, jobs in ((one, 1), (two, 2)):
        graded(homework, submissions, report, jobs)
    if one.read_bytes() != two.read_bytes():
        message = "the reports of one job and of two differ"
        raise SystemExit(message)
    say(f"{COMPARED} submissions: one job and two write the same {len(one.read_bytes())} bytes")


def main() -> None:
    """Run and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=COUNT, help=f"submissions ({COUNT})")
    parser.add_argument("--jobs", type=int, default=2, help="processes that grade (2)")
    parser.add_argument("--rounds", type=int, default=1, help="runs (1)")
    parser.add_argument("--homework", type=Path, default=HOMEWORK, help="the homework that is graded")
    options = parser.parse_args()
    with TemporaryDirectory() as name:
        folder = Path(name)
        right = right_answers(options.homework)
        for inner, count in (("few", COMPARED), ("class", options.count)):
            (folder / inner).mkdir()
            write_class(folder / inner, right, count)
        require_equal_reports(options.homework, folder / "few", folder)
        grade = partial(graded, options.homework, folder / "class", folder / "report.json", options.jobs)
        runs = interleaved({"class": grade}, options.rounds, warm_up=False)["class"]
        wall = middle(runs, lambda run: run.wall)
        figures = (
            f"{options.count}",
            f"{len(right)}",
            f"{options.jobs}",
            f"{wall:.1f}",
            f"{middle(runs, lambda run: run.cpu):.1f}",
            f"{middle(runs, lambda run: run.peak) / MEBIBYTE:.0f}",
            f"{TARGET * options.count / COUNT:.0f}",
        )
        say_table(("submissions", "problems", "jobs", "wall s", "cpu s", "peak MiB", "target s"), [figures])


if __name__ == "__main__":
    main()
