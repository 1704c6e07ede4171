"""How long it takes to check every entry of the gradient of a network, beside `torch.autograd.gradcheck`.

The network has one hidden layer of tanh and the sum of squares as its loss, on a batch of 8, float64, one thread. Both
compute the gradient by their own backpropagation and hold every entry against finite differences: gradcheck (its slow
mode, which looks at every entry) with one step, bpcli with two steps each and an estimate of the error. bpcli's graph
is read before the clock starts; PyTorch builds its tape with each evaluation, as it always does.
"""

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from statistics import median
from time import perf_counter
from typing import Any, NamedTuple

from measure import Run, interleaved, piped, python, say, say_table

BATCH = 8
SECONDS, FEWEST = 1.0, 3  # a child goes on for so long, and at least so often
TEXT = "z = tanh(x@W1 + b1)@W2 + b2; sum(z**2)/2"
WEIGHTS = ("W1", "b1", "W2", "b2")
RELATIVE, ERRORS = 1e-7, 3.0  # how far a gradient may be off: a part of it, and so many estimated errors
Check = Callable[[], bool]


class Size(NamedTuple):
    """Inputs, hidden units and outputs, and how many times faster than gradcheck the check is to be."""

    inputs: int
    hidden: int
    outputs: int
    target: float | None

    @property
    def parameters(self) -> int:
        """How many entries are checked."""
        return (self.inputs + 1) * self.hidden + (self.hidden + 1) * self.outputs


SIZES = {"1e3": Size(20, 45, 1, 10), "1e4": Size(100, 98, 2, 4), "1e5": Size(300, 330, 2, None)}


def arrays_of(size: Size) -> dict[str, Any]:
    """Inputs and weights, as a fixed seed draws them."""
    numpy = import_module("numpy")
    normal, root = numpy.random.default_rng(0).standard_normal, numpy.sqrt
    return {
        "x": normal((BATCH, size.inputs)),
        "W1": normal((size.inputs, size.hidden)) / root(size.inputs),
        "b1": normal(size.hidden) / 10,
        "W2": normal((size.hidden, size.outputs)) / root(size.hidden),
        "b2": normal(size.outputs) / 10,
    }


def with_bpcli(values: Mapping[str, Any]) -> Check:
    """The gradient, and the differences that it is held against."""
    parse = import_module("bpcli.language.expressions").parse
    with_shapes = import_module("bpcli.language.shapes").with_shapes
    gradients_of = import_module("bpcli.backprop.gradients").gradients_of
    differences = import_module("bpcli.check.differences").differences
    arrays = import_module("bpcli.numbers.arrays").arrays
    graph = with_shapes(parse(TEXT, values), {name: value.shape for name, value in values.items()})

    def check() -> bool:
        gradients = gradients_of(graph, values, WEIGHTS, system=arrays).gradients
        found = differences(graph, values, WEIGHTS)
        return all(
            bool((abs(gradients[name] - one.estimate) <= ERRORS * one.error + RELATIVE * abs(one.estimate)).all())
            for name, one in found.items()
        )

    return check


def with_torch(values: Mapping[str, Any]) -> Check:
    """PyTorch's own check, on one thread."""
    torch = import_module("torch")
    torch.set_num_threads(1)
    x = torch.from_numpy(values["x"])
    weights = [torch.from_numpy(values[name]).requires_grad_() for name in WEIGHTS]

    def loss(w1: Any, b1: Any, w2: Any, b2: Any) -> Any:
        return ((torch.tanh(x @ w1 + b1) @ w2 + b2) ** 2).sum() / 2

    return lambda: bool(torch.autograd.gradcheck(loss, weights))


PEERS = {"bpcli": with_bpcli, "torch": with_torch}


def check_in_child(peer: str, name: str) -> None:
    """Check once before the clock starts, then again and again, and print the median of the seconds."""
    check = PEERS[peer](arrays_of(SIZES[name]))
    seconds: list[float] = []
    is_right = check()
    while sum(seconds) < SECONDS or len(seconds) < FEWEST:
        started = perf_counter()
        is_right &= check()
        seconds.append(perf_counter() - started)
    say(json.dumps({"seconds": median(seconds), "is_right": is_right}))


def child(peer: str, name: str) -> Run:
    """Run one case in a process of its own."""
    return piped(python(__file__, "--child", peer, name))


def row(name: str, peers: Sequence[str], rounds: int) -> list[str]:
    """Parameters, milliseconds by peer, how many times faster bpcli is in the same round, and the target."""
    runs = interleaved({peer: partial(child, peer, name) for peer in peers}, rounds, warm_up=False)
    found = {peer: [json.loads(run.output) for run in own] for peer, own in runs.items()}
    if not all(answer["is_right"] for answers in found.values() for answer in answers):
        message = f"{name}: a gradient does not agree with its differences"
        raise SystemExit(message)
    seconds = {peer: [answer["seconds"] for answer in answers] for peer, answers in found.items()}
    faster = [
        f"{median(other / own for own, other in zip(seconds['bpcli'], seconds[peer], strict=True)):.1f}"
        for peer in peers
        if peer != "bpcli"
    ]
    times = [f"{median(seconds[peer]) * 1e3:.2f}" for peer in peers]
    target = SIZES[name].target
    return [f"{SIZES[name].parameters}", *times, *faster, f"{target:g}" if target and faster else ""]


def main() -> None:
    """Run and report; or, in a child, check one case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="children of each case (5)")
    parser.add_argument("--size", action="append", choices=SIZES, help="only this size; may be repeated")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        check_in_child(*options.child)
        return
    peers = [peer for peer in PEERS if find_spec(peer) is not None]
    if len(peers) < len(PEERS):
        say("not installed, left out: torch")
    say(f"milliseconds for a check of every entry, medians of {options.rounds} interleaved children")
    rows = [[name, *row(name, peers, options.rounds)] for name in options.size or SIZES]
    faster = [f"times faster than {peer}" for peer in peers[1:]]
    say_table(["network", "parameters", *(f"{peer} ms" for peer in peers), *faster, "target"], rows)


if __name__ == "__main__":
    main()
