"""What an operator costs where there are many: microseconds and bytes, from text to gradients, as the graph grows.

bpcli reads each text and answers it; a peer, which reads no text, builds the same graph by its overloaded operators and
sweeps back through it. Every case is a fresh child on one thread. Time is the processor's, which other work on the
machine disturbs little; memory is the growth of the child's peak over that of a child that only imports and answers one
small graph.
"""

import argparse
import gc
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import partial, reduce
from importlib import import_module
from importlib.util import find_spec
from itertools import pairwise
from math import isclose
from statistics import median
from time import process_time
from typing import Any, NamedTuple

from measure import Run, interleaved, middle, piped, python, say, say_table

SIZES = (1_000, 10_000, 100_000, 1_000_000)
DEPTHS = (100_000,)
WARM_UP = 200  # operators of the graph that is answered before the clock starts
REPEATED = 20_000  # a small graph is answered again, until about so many operators are done
TARGET_MICROSECONDS = 4
TARGET_BYTES = 600
Build = Callable[[Any, Sequence[Any], int], Any]


class Shape(NamedTuple):
    """One kind of graph by its number of operators: as a text, and by overloaded operators from its leaves."""

    text: Callable[[int], str]
    build: Build
    point: dict[str, float]
    sizes: tuple[int, ...]
    needs_functions: bool = False


def sum_text(operators: int) -> str:
    """A sum of products of the hundred variables in turn."""
    products = [f"x{number % 100}*x{(number + 1) % 100}" for number in range(operators // 2)]
    return " + ".join([*products, "x0"])


def build_sum(_: Any, leaves: Sequence[Any], operators: int) -> Any:
    """The same sum."""
    total = leaves[0] * leaves[1]
    for number in range(1, operators // 2):
        total = total + leaves[number % 100] * leaves[(number + 1) % 100]
    return total + leaves[0]


def chain_text(operators: int) -> str:
    """Statements of which each takes up the last."""
    return "v = x0*x1 + 0.25" + "; v = v*x1 + 0.25" * (operators // 2 - 1)


def build_chain(_: Any, leaves: Sequence[Any], operators: int) -> Any:
    """The same chain."""
    return reduce(lambda value, _: value * leaves[1] + 0.25, range(operators // 2), leaves[0])


def brackets_text(operators: int) -> str:
    """A product in brackets in brackets."""
    return "(" * operators + "x0" + "*x1)" * operators


def build_product(_: Any, leaves: Sequence[Any], operators: int) -> Any:
    """The same product."""
    return reduce(lambda value, _: value * leaves[1], range(operators), leaves[0])


def calls_text(operators: int) -> str:
    """Calls in calls."""
    return "sin(" * operators + "x0" + ")" * operators


def build_calls(library: Any, leaves: Sequence[Any], operators: int) -> Any:
    """The same calls."""
    return reduce(lambda value, _: library.sin(value), range(operators), leaves[0])


def powers_text(operators: int) -> str:
    """A tower of powers, which binds to the right."""
    return "x0" + "**x0" * operators


def build_powers(_: Any, leaves: Sequence[Any], operators: int) -> Any:
    """The same tower."""
    return reduce(lambda value, _: leaves[0] ** value, range(operators), leaves[0])


# At these points no value and no gradient leaves the range in which floats are exact to their last digits.
CHAINED = {"x0": 0.5, "x1": 0.99999}
SHAPES = {
    "sum of products": Shape(sum_text, build_sum, {f"x{n}": 0.1 + 0.008 * n for n in range(100)}, SIZES),
    "chained statements": Shape(chain_text, build_chain, CHAINED, SIZES),
    "nested brackets": Shape(brackets_text, build_product, CHAINED, DEPTHS),
    "nested calls": Shape(calls_text, build_calls, {"x0": 0.5}, DEPTHS, needs_functions=True),
    "nested powers": Shape(powers_text, build_powers, {"x0": 0.9}, DEPTHS, needs_functions=True),
}


# In a child ------------------------------------------------------------------------------------------------------

Answer = Callable[[], tuple[float, list[float]]]


def with_bpcli(shape: Shape, operators: int) -> Answer:
    """The task of bpcli: the text is given, the graph is not."""
    bpcli, text = import_module("bpcli"), shape.text(operators)

    def answer() -> tuple[float, list[float]]:
        result = bpcli.grad(text, shape.point)
        return result.value, list(result.gradients.values())

    return answer


def with_torch(shape: Shape, operators: int) -> Answer:
    """The task of PyTorch, eager, on one thread, in float64."""
    torch = import_module("torch")
    torch.set_num_threads(1)

    def answer() -> tuple[float, list[float]]:
        leaves = [torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in shape.point.values()]
        output = shape.build(torch, leaves, operators)
        output.backward()
        return output.item(), [leaf.grad.item() for leaf in leaves]

    return answer


def with_micrograd(shape: Shape, operators: int) -> Answer:
    """The task of micrograd, which recurses once an operator."""
    engine = import_module("micrograd.engine")
    sys.setrecursionlimit(10_000_000)

    def answer() -> tuple[float, list[float]]:
        leaves = [engine.Value(value) for value in shape.point.values()]
        output = shape.build(engine, leaves, operators)
        output.backward()
        return output.data, [leaf.grad for leaf in leaves]

    return answer


PEERS = {"bpcli": with_bpcli, "torch": with_torch, "micrograd": with_micrograd}
WITHOUT_FUNCTIONS = {"micrograd"}


def answer_in_child(peer: str, name: str, operators: int) -> None:
    """Answer a small graph, then the graph of that size if it has one, and print the seconds and the answer."""
    shape = SHAPES[name]
    value, gradients = PEERS[peer](shape, WARM_UP)()
    seconds = []
    if operators:
        answer = PEERS[peer](shape, operators)
        for _ in range(max(1, REPEATED // operators)):
            gc.collect()
            started = process_time()
            value, gradients = answer()
            seconds.append(process_time() - started)
    say(json.dumps({"seconds": median(seconds or [0.0]), "value": value, "gradient": gradients[0]}))


# In the parent ---------------------------------------------------------------------------------------------------


def child(peer: str, name: str, operators: int) -> Run:
    """Run one case in a process of its own."""
    return piped(python(__file__, "--child", peer, name, str(operators)))


def require_agreement(case: str, answers: Iterable[dict[str, float]]) -> None:
    """End the benchmark where two peers do not come to the same value and gradient."""
    for one, other in pairwise(answers):
        for key in ("value", "gradient"):
            if not isclose(one[key], other[key], rel_tol=1e-8):
                message = f"{case}: the peers differ in the {key}, {one[key]} and {other[key]}"
                raise SystemExit(message)


def row(name: str, operators: int, peers: Sequence[str], rounds: int) -> list[str]:
    """Operators, microseconds by peer and bytes by peer, for one shape at one size."""
    commands = {f"{peer} {size}": partial(child, peer, name, size) for peer in peers for size in (0, operators)}
    runs = interleaved(commands, rounds, warm_up=False, may_fail=True)
    times, sizes, answers = [], [], []
    for peer in peers:
        own, base = runs[f"{peer} {operators}"], runs[f"{peer} 0"]
        found = [json.loads(run.output) for run in own]
        answers += found[:1]
        times.append(f"{median(answer['seconds'] for answer in found) / operators * 1e6:.2f}" if own else "failed")
        growth = middle(own, lambda run: run.peak) - middle(base, lambda run: run.peak) if own else 0
        sizes.append(f"{growth / operators:.0f}" if own else "failed")
    require_agreement(name, answers)
    return [f"{operators}", *times, *sizes]


def report(names: Sequence[str], installed: Sequence[str], most: int, rounds: int) -> None:
    """Print a table for each shape, as soon as it is measured."""
    for name in names:
        shape = SHAPES[name]
        peers = [peer for peer in installed if not (shape.needs_functions and peer in WITHOUT_FUNCTIONS)]
        rows = [row(name, size, peers, rounds) for size in shape.sizes if size <= most]
        say(f"\n{name}")
        say_table(["operators", *(f"{peer} us" for peer in peers), *(f"{peer} bytes" for peer in peers)], rows)


def installed_peers() -> list[str]:
    """The peers that can be imported; which are missing is said."""
    missing = [peer for peer in PEERS if find_spec(peer) is None]
    if missing:
        say(f"not installed, left out: {', '.join(missing)}")
    return [peer for peer in PEERS if peer not in missing]


def main() -> None:
    """Run and report; or, in a child, answer one case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="children of each case (5)")
    parser.add_argument("--most", type=int, default=max(SIZES), help="operators of the largest graph (1000000)")
    parser.add_argument("--shape", action="append", choices=SHAPES, help="only this shape; may be repeated")
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        peer, name, operators = options.child
        answer_in_child(peer, name, int(operators))
        return
    say("microseconds of the processor and bytes, an operator; medians of interleaved children")
    say(f"targets for bpcli: {TARGET_MICROSECONDS} us and {TARGET_BYTES} bytes")
    report(options.shape or list(SHAPES), installed_peers(), options.most, options.rounds)


if __name__ == "__main__":
    main()
