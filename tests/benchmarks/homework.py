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


def right_answers(homework: Path, folder: Path) -> dict[str, dict[str, Any]]:
    """What staff are told is right, by problem and item: an empty submission shows all of it."""
    empty = folder / "empty.json"
    empty.write_text("{}", "utf-8")
    done = piped(bpcli("check", str(homework), "--answers-from", str(empty), "--json"))
    (student,) = json.loads(done.output)["students"]
    return {
        problem["problem"]: {item["item"]: _value(item["right"]) for item in problem["items"]}
        for problem in student["problems"]
    }


def _value(text: str) -> Any:
    try:
        return json.loads(text.replace("−", "-"))
    except ValueError:
        return text


def answered(right: dict[str, Any], draw: Random) -> Iterator[tuple[str, Any]]:
    """One student's answers to a problem: each is right, or made wrong in some way, or left out."""
    for item, value in right.items():
        (way,) = draw.choices(list(SHARES), list(SHARES.values()))
        if way == "typo":
            yield item, draw.choice(TYPOS)
        elif way != "blank":
            yield item, _mistaken(value, way, list(right.values()), draw)


def _mistaken(value: Any, way: str, values: list[Any], draw: Random) -> Any:
    """A right value after a mistake of this kind: formulas by signs around them, arrays entry by entry."""
    if way == "other":
        return draw.choice(values)
    if isinstance(value, list):
        return [_mistaken(entry, way, [entry], draw) for entry in value]
    if isinstance(value, str):
        forms = {
            "negated": "-({})",
            "doubled": "2*({})",
            "squared": "({})**2",
            "off": "({}) + 0.1",
            "summed": "({}) + 1",
        }
        return forms.get(way, "{}").format(value)
    results = {"negated": -value, "doubled": 2 * value, "squared": value**2, "off": value * 1.1, "summed": value + 1}
    return results.get(way, value)


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
        right = right_answers(options.homework, folder)
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
