"""How long a check takes: cold, on large graphs, on a thousand physics formulas, and where it must be stopped.

Every case is a whole `bpcli check`, worker and report included. Targets are of the clock, as a user waits for it; what
an operator costs is counted in the processor's time, which other work on the machine disturbs little.
"""

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import NamedTuple

from measure import MEBIBYTE, Run, bpcli, interleaved, middle, piped, python, say, say_ratios, say_table, to_nowhere

BASE = "import click, rich, sympy"
EXAMPLE = ("check", "x*y*z", "--x", "6", "--y", "-2", "--z", "-3")
COLD: dict[str, Callable[[], Run]] = {
    BASE: partial(piped, python("-c", "import click, rich.table, sympy")),
    "bpcli check": partial(piped, bpcli(*EXAMPLE)),
    "bpcli check --claim": partial(piped, bpcli(*EXAMPLE, "--claim", "x=6", "--claim", "y=-18")),
}
TARGET_COLD = 1.25

SIZES = (1_000, 10_000, 100_000)
VARIABLES = {f"x{number}": 0.5 + number / 100 for number in range(10)}
TARGET_GRAPH = 30

REQUESTS = 1_000
TARGET_REQUESTS = 60
SAMPLE = 100

LIMIT = 3
TARGET_OVERRUN = 2
TIME_LIMIT_CODE = 124
TERMS = 50_000


# Large graphs ----------------------------------------------------------------------------------------------------


class Chain(NamedTuple):
    """Steps that each take up the last, in turn, and the operators of one turn."""

    steps: tuple[str, ...]
    operators: int

    def text(self, operators: int) -> str:
        """Statements of about so many operators, over ten variables in turn."""
        count = operators * len(self.steps) // self.operators
        return "; ".join(
            ["v = x0", *(self.steps[at % len(self.steps)].format(x=f"x{at % len(VARIABLES)}") for at in range(count))]
        )


# The values stay between -2 and 3, where none of the functions leaves its domain.
CHAINS = {
    "products and sums": Chain(("v = v*{x} + 0.25",), 2),
    "sin, tanh, exp, log, sqrt": Chain(
        ("v = sin(v) + {x}", "v = tanh(v)*{x}", "v = exp(v - 1)*{x}", "v = log(v + 2) + {x}", "v = sqrt(v + 3) - {x}"),
        13,
    ),
}


def checked(path: Path, most_seconds: float) -> Run:
    """Check the expression of a file at the ten variables."""
    bound = [f"--{name}={value}" for name, value in VARIABLES.items()]
    return piped(bpcli("check", f"@{path}", *bound, "--json", "--time-limit", str(most_seconds)))


def report_graphs(folder: Path, most: int, rounds: int) -> None:
    """Print seconds, and microseconds an operator, of each chain at each size."""
    rows = []
    for name, chain in CHAINS.items():
        for size in SIZES:
            if size > most:
                continue
            path = folder / "chain.txt"
            path.write_text(chain.text(size), "utf-8")
            own = interleaved({name: partial(checked, path, 10 * TARGET_GRAPH)}, rounds, warm_up=False)[name]
            require(name, own[0], ["agree"] * len(VARIABLES))
            wall, cpu = middle(own, lambda run: run.wall), middle(own, lambda run: run.cpu)
            peak = middle(own, lambda run: run.peak) / MEBIBYTE
            figures = (f"{size}", f"{wall:.2f}", f"{cpu:.2f}", f"{cpu / size * 1e6:.0f}", f"{peak:.0f}")
            rows.append((name, *figures, f"{TARGET_GRAPH}" if size == max(SIZES) else ""))
    say("\ngraphs of ten variables, every gradient checked; the target in seconds, and linear")
    say_table(("graph", "operators", "wall s", "cpu s", "us an operator", "peak MiB", "target"), rows)


def require(name: str, run: Run, verdicts: Sequence[str]) -> None:
    """End the benchmark where an answer is not the one that is expected."""
    found = [entry["verdict"] for entry in json.loads(run.output)["claims"].values()]
    if found != list(verdicts):
        message = f"{name}: expected {verdicts}, found {found}"
        raise SystemExit(message)


# Requests --------------------------------------------------------------------------------------------------------

Ranges = dict[str, tuple[float, float]]


def drawn(names: str, least: float, most: float) -> Ranges:
    """Variables that are drawn from one range."""
    return dict.fromkeys(names.split(), (least, most))


# Formulas of physics, as they stand in textbooks, with the range that each variable is drawn from.
PHYSICS: dict[str, Ranges] = {
    "exp(-theta**2/2)/sqrt(2*pi)": drawn("theta", 1, 3),
    "exp(-((theta - theta1)/sigma)**2/2)/(sqrt(2*pi)*sigma)": drawn("theta theta1 sigma", 1, 3),
    "sqrt((x2 - x1)**2 + (y2 - y1)**2)": drawn("x1 y1", 1, 2) | drawn("x2 y2", 3, 5),
    "G*m1*m2/((x2 - x1)**2 + (y2 - y1)**2 + (z2 - z1)**2)": drawn("G m1 m2 x2 y2 z2", 1, 2) | drawn("x1 y1 z1", 3, 4),
    "m0/sqrt(1 - v**2/c**2)": drawn("m0", 1, 5) | drawn("v", 1, 2) | drawn("c", 3, 10),
    "x1*y1 + x2*y2 + x3*y3": drawn("x1 y1 x2 y2 x3 y3", 1, 5),
    "mu*Nn": drawn("mu Nn", 1, 5),
    "q1*q2*r/(4*pi*epsilon*r**3)": drawn("q1 q2 r epsilon", 1, 5),
    "q*(Ef + B*v*sin(theta))": drawn("q Ef B v theta", 1, 5),
    "1/2*m*(v**2 + u**2 + w**2)": drawn("m v u w", 1, 5),
    "G*m1*m2*(1/r2 - 1/r1)": drawn("G m1 m2", 1, 5) | drawn("r1", 1, 2) | drawn("r2", 3, 5),
    "(x - u*t)/sqrt(1 - u**2/c**2)": drawn("x", 5, 10) | drawn("u t", 1, 2) | drawn("c", 3, 20),
    "(u + v)/(1 + u*v/c**2)": drawn("u v c", 1, 5),
    "r*F*sin(theta)": drawn("r F theta", 1, 5),
    "asin(n*sin(theta2))": drawn("n", 0.1, 0.9) | drawn("theta2", 1, 5),
    "1/(1/d1 + n/d2)": drawn("d1 d2 n", 1, 5),
    "sqrt(x1**2 + x2**2 - 2*x1*x2*cos(theta1 - theta2))": drawn("x1 theta1 theta2", 1, 5) | drawn("x2", 6, 9),
    "I0*sin(n*theta/2)**2/sin(theta/2)**2": drawn("I0 n theta", 1, 5),
    "n*kb*T*log(V2/V1)": drawn("n kb T V1 V2", 1, 5),
    "h*omega**3/(pi**2*c**2*(exp(h*omega/(kb*T)) - 1))": drawn("h omega c kb T", 1, 5),
    "n0/(exp(mom*B/(kb*T)) + exp(-mom*B/(kb*T)))": drawn("n0 mom B kb T", 1, 3),
    "x1*(cos(omega*t) + alpha*cos(omega*t)**2)": drawn("x1 omega t alpha", 1, 3),
}


def requests() -> Iterator[str]:
    """Lines without end: the formulas in turn, each time at another point, as a fixed seed draws them."""
    random, number = Random(1), 0  # noqa: S311 - the same points every time
    while True:
        for expression, ranges in PHYSICS.items():
            at = {name: round(random.uniform(*ends), 3) for name, ends in ranges.items()}
            yield json.dumps({"id": number, "expression": expression, "at": at}) + "\n"
            number += 1


def write_requests(path: Path, count: int) -> None:
    """Write that many requests, one a line."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(islice(requests(), count))


def require_agreement(folder: Path) -> None:
    """Make sure, on some requests, that what is measured are verdicts, and that all of them agree."""
    path = folder / "sample.jsonl"
    write_requests(path, SAMPLE)
    answers = [json.loads(line) for line in piped(bpcli("check", "--requests", str(path))).output.splitlines()]
    found = [(answer["id"], answer.get("verdict")) for answer in answers]
    if found != [(number, "agree") for number in range(SAMPLE)]:
        message = f"not every request agreed: {[one for one in found if one[1] != 'agree']}"
        raise SystemExit(message)


def report_requests(folder: Path, count: int, rounds: int) -> None:
    """Print how long the requests take with one job and with two."""
    require_agreement(folder)
    path = folder / "requests.jsonl"
    write_requests(path, count)
    commands = {
        f"{jobs}": partial(to_nowhere, bpcli("check", "--requests", str(path), "--parallel-jobs", str(jobs)))
        for jobs in (1, 2)
    }
    rows = [
        (
            jobs,
            f"{count}",
            f"{middle(own, lambda run: run.wall):.2f}",
            f"{middle(own, lambda run: run.cpu):.2f}",
            f"{middle(own, lambda run: run.peak) / MEBIBYTE:.0f}",
            f"{TARGET_REQUESTS * count / REQUESTS:g}" if jobs == "1" else "",
        )
        for jobs, own in interleaved(commands, rounds, warm_up=False).items()
    ]
    say(f"\n{len(PHYSICS)} formulas of physics in turn, start included; the target in seconds, on one core")
    say_table(("jobs", "requests", "wall s", "cpu s", "peak MiB", "target"), rows)


# Time limits -----------------------------------------------------------------------------------------------------

SLOW = {
    "many functions": " + ".join(f"sin(cos(tan({number}.5*x)))" for number in range(1, TERMS + 1)),
    "a long chain of functions": "v = x" + "; v = sin(cos(tan(v)))*exp(-v*v) + x" * (TERMS // 5),
    "many products": "v = x" + "; v = v*x + 0.25" * (10 * TERMS),
}


def report_limits(folder: Path, rounds: int) -> None:
    """Print by how much the time limit is overrun on expressions that take much longer."""
    rows = []
    for name, text in SLOW.items():
        path = folder / "slow.txt"
        path.write_text(text, "utf-8")
        runs = [
            piped(bpcli("check", f"@{path}", "--x", "0.3", "--json", "--time-limit", f"{LIMIT}")) for _ in range(rounds)
        ]
        if any(run.code != TIME_LIMIT_CODE for run in runs):
            message = f"{name}: ended with {[run.code for run in runs]} before the time limit"
            raise SystemExit(message)
        overruns = [run.wall - LIMIT for run in runs]
        rows.append((name, f"{LIMIT}", f"{max(overruns):.2f}", f"{TARGET_OVERRUN}"))
    say("\nexpressions that are stopped; by how many seconds the limit is overrun, at worst")
    say_table(("expression", "limit s", "overrun s", "target"), rows)


# All of it -------------------------------------------------------------------------------------------------------


def report_cold(rounds: int) -> None:
    """Print the medians of the cold commands, and their time as a part of the base's."""
    runs = interleaved(COLD, rounds)
    say(f"cold processes, medians of {rounds} interleaved rounds; ratios to '{BASE}' in the same round")
    say_ratios(runs, BASE, {"bpcli check": TARGET_COLD})


PARTS = ("cold", "graphs", "requests", "limits")


def main() -> None:
    """Run and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="runs of each cold command (15); of the others, a fifth")
    parser.add_argument("--most", type=int, default=max(SIZES), help="operators of the largest graph (100000)")
    parser.add_argument("--count", type=int, default=REQUESTS, help="requests in the file (1000)")
    parser.add_argument("--part", action="append", choices=PARTS, help="only this part; may be repeated")
    options = parser.parse_args()
    parts, fewer = options.part or PARTS, max(1, options.rounds // 5)
    with TemporaryDirectory() as name:
        folder = Path(name)
        if "cold" in parts:
            report_cold(options.rounds)
        if "graphs" in parts:
            report_graphs(folder, options.most, fewer)
        if "requests" in parts:
            report_requests(folder, options.count, fewer)
        if "limits" in parts:
            report_limits(folder, fewer)


if __name__ == "__main__":
    main()
