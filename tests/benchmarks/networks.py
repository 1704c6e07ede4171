"""How long the gradients of a network take, forward and backward, beside PyTorch (eager); and a whole cold process.

Both have the same arrays, of float64, in one process on one thread, and come to the value and to the gradient of the
input and of every parameter. bpcli reads its text once and then sweeps through the graph, as often as it is asked;
PyTorch builds its tape anew each time, as it always does. They take turns, and what is compared is the processor's time
of one turn with that of the next.
"""

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any, NamedTuple

from measure import Run, bpcli, interleaved, piped, python, say, say_ratios, say_table

SECONDS, FEWEST = 4.0, 9  # a child goes on for so long, and both take so many turns at least
CLASSES = 10
Answer = Callable[[], tuple[float, Mapping[str, Any]]]


class Case(NamedTuple):
    """A network and its loss: bpcli's text over `x` and `target`, the same by PyTorch, and the shape of `x`.

    `model` has the parameters, `loss` is the number that is derived, of the model, `x` and `target`.
    """

    text: str
    model: Callable[[Any], Any]
    loss: Callable[[Any, Any, Any, Any], Any]
    shape: tuple[int, ...]
    labels: int = 0
    target: float = 1.2


def cross_entropy(torch: Any, model: Any, x: Any, target: Any) -> Any:
    """The loss of a model that tells classes apart."""
    return torch.nn.functional.cross_entropy(model(x), target)


def half_of_squares(_: Any, model: Any, x: Any, _target: Any) -> Any:
    """Half the sum of the squares of the output."""
    out = model(x)
    return (out * out).sum() / 2


def sum_of_output(_: Any, model: Any, x: Any, _target: Any) -> Any:
    """The sum of the outputs of a recurrent layer."""
    return model(x)[0].sum()


def sum_of_attention(_: Any, model: Any, x: Any, _target: Any) -> Any:
    """The same of self-attention, without the weights, which would cost PyTorch its fused form."""
    return model(x, x, x, need_weights=False)[0].sum()


CASES = {
    "MLP 784-256-10, batch 64": Case(
        "x -> nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 10)) -> nn.CrossEntropyLoss()",
        lambda nn: nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 10)),
        cross_entropy,
        (64, 784),
        labels=64,
    ),
    "Conv2d 8x3x32x32 -> 16, 3x3": Case(
        "out = (x -> nn.Conv2d(3, 16, 3, padding=1)); sum(out*out)/2",
        lambda nn: nn.Conv2d(3, 16, 3, padding=1),
        half_of_squares,
        (8, 3, 32, 32),
    ),
    "RNN T=100, batch 64, H=128": Case(
        "sum(x -> nn.RNN(128, 128))", lambda nn: nn.RNN(128, 128), sum_of_output, (100, 64, 128)
    ),
    "LSTM, the same": Case("sum(x -> nn.LSTM(128, 128))", lambda nn: nn.LSTM(128, 128), sum_of_output, (100, 64, 128)),
    "GRU, the same": Case("sum(x -> nn.GRU(128, 128))", lambda nn: nn.GRU(128, 128), sum_of_output, (100, 64, 128)),
    "attention T=128, d=64, batch 64": Case(
        "sum(x -> nn.MultiheadAttention(64, 1, batch_first=True))",
        lambda nn: nn.MultiheadAttention(64, 1, batch_first=True),
        sum_of_attention,
        (64, 128, 64),
        target=1.0,
    ),
}


# In a child ------------------------------------------------------------------------------------------------------


def values_of(case: Case) -> dict[str, Any]:
    """The input and the target, as a fixed seed draws them."""
    random = import_module("numpy.random").default_rng(0)
    drawn = {"x": random.standard_normal(case.shape)}
    return drawn | ({"target": random.integers(0, CLASSES, case.labels).astype(float)} if case.labels else {})


def with_bpcli(case: Case, values: Mapping[str, Any]) -> tuple[Answer, Mapping[str, Any]]:
    """How it answers, and the parameters, which it has drawn. Text and shapes are read before the clock starts."""
    build = import_module("bpcli.language.build")
    gradients_of = import_module("bpcli.backprop.gradients").gradients_of
    graph, at = build.question_from(case.text, values)
    graph, point, system = build.at_point(graph, at)
    wanted = [variable.name for variable in graph.variables if variable.name != "target"]

    def answer() -> tuple[float, Mapping[str, Any]]:
        found = gradients_of(graph, point, wanted, system=system)
        return found.value, found.gradients

    return answer, {name: at[name] for name in wanted if name != "x"}


def with_torch(case: Case, values: Mapping[str, Any], parameters: Mapping[str, Any]) -> Answer:
    """PyTorch, eager, on one thread, with the same parameters; a model of one layer has them without a number."""
    torch = import_module("torch")
    torch.set_num_threads(1)
    model = case.model(torch.nn).double()
    names = {name: name if name in parameters else f"0.{name}" for name in dict(model.named_parameters())}
    model.load_state_dict({name: torch.from_numpy(parameters[known]) for name, known in names.items()})
    x = torch.from_numpy(values["x"]).requires_grad_()
    target = torch.from_numpy(values["target"]).long() if case.labels else None

    def answer() -> tuple[float, Mapping[str, Any]]:
        model.zero_grad()
        x.grad = None
        output = case.loss(torch, model, x, target)
        output.backward()
        own = {names[name]: parameter.grad.numpy() for name, parameter in model.named_parameters()}
        return output.item(), {"x": x.grad.numpy(), **own}

    return answer


def require_agreement(one: tuple[float, Mapping[str, Any]], other: tuple[float, Mapping[str, Any]]) -> None:
    """End the benchmark where the two do not come to the same value and gradients."""
    numpy = import_module("numpy")
    (value, gradients), (other_value, others) = one, other
    agree = numpy.isclose(value, other_value, rtol=1e-9) and gradients.keys() == others.keys()
    for name in gradients:
        scale = abs(others[name]).max() if agree else 0
        agree = agree and abs(gradients[name] - others[name]).max() <= 1e-9 * scale
    if not agree:
        message = "bpcli and PyTorch differ"
        raise SystemExit(message)


def seconds_of(answer: Answer) -> float:
    """The processor's time of one answer."""
    started = process_time()
    answer()
    return process_time() - started


def answer_in_child(name: str) -> None:
    """Let both answer a case in turn, and print the medians of their times, and of bpcli's as a part of PyTorch's."""
    case = CASES[name]
    values = values_of(case)
    own, parameters = with_bpcli(case, values)
    other = with_torch(case, values, parameters)
    require_agreement(own(), other())
    turns: list[tuple[float, float]] = []
    while sum(map(sum, turns)) < SECONDS or len(turns) < FEWEST:
        turns.append((seconds_of(own), seconds_of(other)))
    found = [median(column) for column in zip(*turns, strict=True)]
    say(json.dumps([*found, median(one / two for one, two in turns)]))


# In the parent ---------------------------------------------------------------------------------------------------


def row(name: str, rounds: int) -> list[str]:
    """Milliseconds of both, the ratio, and the target."""
    runs = interleaved({name: partial(piped, python(__file__, "--child", name))}, rounds, warm_up=False)
    own, other, ratio = (median(column) for column in zip(*[json.loads(run.output) for run in runs[name]], strict=True))
    return [name, f"{own * 1e3:.2f}", f"{other * 1e3:.2f}", f"{ratio:.2f}", f"{CASES[name].target:.2f}"]


SMALL = "nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))"
BATCH = """
import numpy, sys
random = numpy.random.default_rng(0)
drawn = {"0.weight": (4, 3), "0.bias": 4, "2.weight": (2, 4), "2.bias": 2, "input": (5, 3)}
drawn = {name: random.standard_normal(shape) for name, shape in drawn.items()}
numpy.savez(sys.argv[1], target=numpy.arange(5.0) % 2, **drawn)
"""
BY_TORCH = f"""
import json, sys, numpy, torch
from torch import nn
batch = {{name: torch.from_numpy(value) for name, value in numpy.load(sys.argv[1]).items()}}
x, target = batch.pop("input").requires_grad_(), batch.pop("target").long()
model = {SMALL}.double()
model.load_state_dict(batch)
loss = nn.CrossEntropyLoss()(model(x), target)
loss.backward()
gradients = {{"input": x.grad.tolist(), **{{name: one.grad.tolist() for name, one in model.named_parameters()}}}}
print(json.dumps({{"value": loss.item(), "gradients": gradients}}))
"""
BY_TORCH_NAME = "import torch, and the same"


def cold_runs(rounds: int) -> dict[str, list[Run]]:
    """Whole processes from the text of a small network to its gradients in JSON."""
    with TemporaryDirectory() as folder:
        batch = str(Path(folder, "batch.npz"))
        piped(python("-c", BATCH, batch))
        spec = f"{SMALL} -> nn.CrossEntropyLoss()"
        commands = {
            BY_TORCH_NAME: partial(piped, python("-c", BY_TORCH, batch)),
            "bpcli grad --json": partial(piped, bpcli("grad", spec, "--at", batch, "--json")),
        }
        return interleaved(commands, rounds)


def main() -> None:
    """Run and report; or, in a child, answer one case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--rounds", type=int, default=3, help="children of each case (3); cold processes are 5 times more"
    )
    parser.add_argument("--case", action="append", choices=CASES, help="only this case; may be repeated")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        answer_in_child(options.child)
        return
    if find_spec("torch") is None:
        sys.exit("networks are compared with PyTorch, which is not installed")
    say(f"milliseconds of the processor, medians of {options.rounds} children in which both take turns")
    rows = [row(name, options.rounds) for name in options.case or CASES]
    say_table(["forward and backward", "bpcli ms", "torch ms", "of torch", "target"], rows)
    if not options.case:
        say("")
        say_ratios(cold_runs(5 * options.rounds), BY_TORCH_NAME, {"bpcli grad --json": 0.25})


if __name__ == "__main__":
    main()
