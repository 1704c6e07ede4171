"""How long one step of training takes, loss, backpropagation and update, beside PyTorch (eager).

Both begin with the same weights and take the same batches in the same order, in float64, in one process on one thread.
After 20 steps their weights must agree to 1e-9, or the benchmark stops. Then they take turns, an epoch each, and what
is compared is the processor's time of a step in one turn with that in the next.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from statistics import median
from time import process_time
from typing import Any, NamedTuple

from measure import interleaved, piped, python, say, say_table

SECONDS, FEWEST = 4.0, 5  # a child goes on for so long, and both take so many turns at least
BATCH, BATCHES, AGREEING, CLASSES = 64, 20, 20, 10
TARGET = 1.3


class Case(NamedTuple):
    """A network as PyTorch's text, which is bpcli's too, the shape of a sample, and the optimiser."""

    text: str
    shape: tuple[int, ...]
    optimiser: str
    options: Mapping[str, float]


MLP = "nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 10))"
CONVOLUTIONS = (
    "nn.Sequential(nn.Conv2d(1, 16, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 32, 3), nn.ReLU(),"
    " nn.Flatten(), nn.Linear(32, 10))"
)
MOMENTUM, ADAM = {"lr": 0.05, "momentum": 0.9}, {"lr": 1e-3}
CASES = {
    "MLP 784-256-10, SGD with momentum": Case(MLP, (784,), "sgd", MOMENTUM),
    "MLP 784-256-10, Adam": Case(MLP, (784,), "adam", ADAM),
    "two convolutions 8x8, SGD with momentum": Case(CONVOLUTIONS, (1, 8, 8), "sgd", MOMENTUM),
    "two convolutions 8x8, Adam": Case(CONVOLUTIONS, (1, 8, 8), "adam", ADAM),
}
Epoch = Callable[[], Mapping[str, Any]]  # takes a step for each batch; the weights behind them


# In a child ------------------------------------------------------------------------------------------------------


def data_of(case: Case) -> dict[str, Any]:
    """Samples and their classes, as a fixed seed draws them."""
    random = import_module("numpy.random").default_rng(0)
    count = BATCH * BATCHES
    return {
        "x": random.standard_normal((count, *case.shape)),
        "target": random.integers(0, CLASSES, count).astype(float),
    }


def with_bpcli(case: Case, data: Mapping[str, Any]) -> tuple[Epoch, Mapping[str, Any], Iterator[Any]]:
    """How it takes an epoch, its weights, and the orders of its epochs."""
    module = {name: import_module(f"bpcli.train.{name}") for name in ("model", "optimisers", "plan", "state")}
    trained = import_module("bpcli.train.training").trained
    order_of = import_module("bpcli.train.batches").order_of
    optimiser = module["optimisers"].optimiser_from(case.optimiser, case.options)
    model = module["model"].Model(f"x -> {case.text} -> nn.CrossEntropyLoss()", data)
    plan = module["plan"].Plan(optimiser, epochs=10**9, batch_size=BATCH)
    state = module["state"].state_of(model, optimiser)
    events = trained(plan, model, data, state)

    def epoch() -> Mapping[str, Any]:
        for event in events:
            if type(event).__name__ == "EpochDone":
                break
        weights: Mapping[str, Any] = state.weights.views
        return weights

    orders = (order_of(BATCH * BATCHES, plan.random_seed, number) for number in range(plan.epochs))
    return epoch, state.weights.views, orders


def with_torch(case: Case, data: Mapping[str, Any], start: Mapping[str, Any], orders: Iterator[Any]) -> Epoch:
    """The same by PyTorch, eager, on one thread, as its tutorials write it."""
    torch = import_module("torch")
    torch.set_num_threads(1)
    model = _model(torch, case.text).double()
    model.load_state_dict({name: torch.from_numpy(value.copy()) for name, value in start.items()})
    kinds = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}
    optimiser = kinds[case.optimiser](model.parameters(), **case.options)
    criterion = torch.nn.CrossEntropyLoss()
    x, target = torch.from_numpy(data["x"]), torch.from_numpy(data["target"]).long()

    def epoch() -> Mapping[str, Any]:
        order = torch.from_numpy(next(orders))
        total = 0.0
        for places in order.split(BATCH):
            optimiser.zero_grad()
            loss = criterion(model(x[places]), target[places])
            loss.backward()
            optimiser.step()
            total += loss.item()
        return {name: value.detach().numpy() for name, value in model.named_parameters()}

    return epoch


def _model(torch: Any, text: str) -> Any:
    """The modules that a text of `nn.Name(numbers)` within nn.Sequential lists."""
    inside = text.removeprefix("nn.Sequential(").removesuffix(")")
    made = []
    for part in inside.split("nn.")[1:]:
        name, _, arguments = part.strip().rstrip(",").removesuffix(")").partition("(")
        made.append(getattr(torch.nn, name)(*[int(one) for one in arguments.split(",") if one]))
    return torch.nn.Sequential(*made)


def require_agreement(one: Mapping[str, Any], other: Mapping[str, Any]) -> None:
    """End the benchmark where the two have not come to the same weights."""
    off = max(abs(one[name] - other[name]).max() for name in one)
    if not off <= 1e-9 or one.keys() != other.keys():
        message = f"the weights of bpcli and PyTorch differ by {off:.1e} after {AGREEING} steps"
        raise SystemExit(message)


def seconds_of(epoch: Epoch) -> float:
    """The processor's time of one step, from those of an epoch."""
    started = process_time()
    epoch()
    return (process_time() - started) / BATCHES


def train_in_child(name: str) -> None:
    """Let both train in turn, and print the medians of their times, and of bpcli's as a part of PyTorch's."""
    case = CASES[name]
    data = data_of(case)
    own, start, orders = with_bpcli(case, data)
    other = with_torch(case, data, start, orders)
    require_agreement(own(), other())
    turns: list[tuple[float, float]] = []
    while BATCHES * sum(map(sum, turns)) < SECONDS or len(turns) < FEWEST:
        turns.append((seconds_of(own), seconds_of(other)))
    found = [median(column) for column in zip(*turns, strict=True)]
    say(json.dumps([*found, median(one / two for one, two in turns)]))


# In the parent ---------------------------------------------------------------------------------------------------


def row(name: str, rounds: int) -> list[str]:
    """Milliseconds of both, the ratio, and the target."""
    runs = interleaved({name: partial(piped, python(__file__, "--child", name))}, rounds, warm_up=False)
    own, other, ratio = (median(column) for column in zip(*[json.loads(run.output) for run in runs[name]], strict=True))
    return [name, f"{own * 1e3:.3f}", f"{other * 1e3:.3f}", f"{ratio:.2f}", f"{TARGET:.2f}"]


def main() -> None:
    """Run and report; or, in a child, train on one case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="children of each case (3)")
    parser.add_argument("--case", action="append", choices=CASES, help="only this case; may be repeated")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        train_in_child(options.child)
        return
    if find_spec("torch") is None:
        sys.exit("training is compared with PyTorch, which is not installed")
    say(f"milliseconds of the processor, medians of {options.rounds} children in which both take turns")
    rows = [row(name, options.rounds) for name in options.case or CASES]
    say_table(["one step of 64 samples", "bpcli ms", "torch ms", "of torch", "target"], rows)


if __name__ == "__main__":
    main()
