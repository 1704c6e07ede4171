"""How long the gradient of a layer takes, forward and backward, beside PyTorch (eager) and HIPS autograd.

Everybody has the same arrays, of float64, and comes to the value and to the gradient of every one of them, on one
thread. bpcli reads its text once and then sweeps through the graph with the values that it is given, as often as it is
asked; PyTorch and autograd build their tape anew each time, as they always do. Every child answers one case again and
again, once before the clock starts; its figure is the median of its answers.
"""

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from itertools import pairwise
from math import isclose
from statistics import median
from time import perf_counter
from typing import Any, NamedTuple

from measure import Run, interleaved, piped, python, say, say_table

TARGETS = {"torch": 1.2, "autograd": 1.0}
SECONDS, FEWEST = 1.0, 7  # a child goes on for so long, and at least so often
CLASSES = 10
Shapes = Mapping[str, tuple[int, ...]]
Numbers = Mapping[str, Any]
Answer = Callable[[], tuple[float, list[Any]]]


class Case(NamedTuple):
    """One layer and its loss: bpcli's text, the shapes of its variables, and the same by PyTorch and by autograd."""

    text: str
    shapes: Shapes
    torch: Callable[[Any, Any, Numbers], Any]
    autograd: Callable[[Any, Numbers], Any]
    labels: int = 0  # how many whole numbers y there are besides


# The cases -------------------------------------------------------------------------------------------------------


def torch_perceptron(torch: Any, functional: Any, v: Numbers) -> Any:
    """PyTorch's own fused loss."""
    return functional.cross_entropy(torch.relu(v["x"] @ v["W1"] + v["b1"]) @ v["W2"] + v["b2"], v["y"])


def autograd_perceptron(numpy: Any, v: Numbers) -> Any:
    """The loss as logarithm of a sum of exponentials less the chosen entry."""
    z = numpy.dot(numpy.maximum(numpy.dot(v["x"], v["W1"]) + v["b1"], 0), v["W2"]) + v["b2"]
    chosen = numpy.sum(z * numpy.eye(CLASSES)[v["y"]], axis=1)
    return numpy.mean(numpy.log(numpy.sum(numpy.exp(z), axis=1)) - chosen)


def torch_convolution(_: Any, functional: Any, v: Numbers) -> Any:
    """The images padded by 1."""
    out = functional.conv2d(v["x"], v["W"], v["b"], padding=1)
    return (out * out).sum()


def autograd_convolution(numpy: Any, v: Numbers) -> Any:
    """HIPS autograd has a convolution of SciPy's, which turns the kernel."""
    convolve = import_module("autograd.scipy.signal").convolve
    around = numpy.pad(v["x"], ((0, 0), (0, 0), (1, 1), (1, 1)), "constant")
    turned = v["W"][:, :, ::-1, ::-1]
    out = convolve(around, turned, axes=([2, 3], [2, 3]), dot_axes=([1], [1]), mode="valid")
    return numpy.sum((out + v["b"][None, :, None, None]) ** 2)


def torch_attention(_: Any, functional: Any, v: Numbers) -> Any:
    """PyTorch's own fused attention."""
    mixed = functional.scaled_dot_product_attention(*(v["x"] @ v[name] for name in ("Wq", "Wk", "Wv")))
    return (mixed @ v["Wo"]).sum()


def autograd_attention(numpy: Any, v: Numbers) -> Any:
    """The softmax in steps."""
    q, k, values = (numpy.matmul(v["x"], v[name]) for name in ("Wq", "Wk", "Wv"))
    weights = numpy.exp(numpy.matmul(q, numpy.swapaxes(k, -1, -2)) * 0.125)
    mixed = numpy.matmul(weights / numpy.sum(weights, axis=-1, keepdims=True), values)
    return numpy.sum(numpy.matmul(mixed, v["Wo"]))


ATTENTION = "q = x@Wq; k = x@Wk; v = x@Wv; a = softmax(q@{turned}*0.125); sum(a@v@Wo)"
WEIGHTS = dict.fromkeys(("Wq", "Wk", "Wv", "Wo"), (64, 64))
PERCEPTRON = {"x": (64, 784), "W1": (784, 256), "b1": (256,), "W2": (256, CLASSES), "b2": (CLASSES,)}
HIDDEN = "z = relu(x@W1 + b1)@W2 + b2; "
CASES = {
    "MLP 784-256-10, batch 64": Case(
        HIDDEN + "mean(logsumexp(z, axis=1) - sum(z*one_hot(y, 10), axis=1))",
        PERCEPTRON,
        torch_perceptron,
        autograd_perceptron,
        labels=64,
    ),
    "the same, by log_softmax": Case(
        HIDDEN + "-sum(log_softmax(z)*one_hot(y, 10))/64",
        PERCEPTRON,
        torch_perceptron,
        autograd_perceptron,
        labels=64,
    ),
    "conv 8x3x32x32 -> 16, 3x3": Case(
        "out = conv2d(x, W, padding=1) + reshape(b, (16, 1, 1)); sum(out*out)",
        {"x": (8, 3, 32, 32), "W": (16, 3, 3, 3), "b": (16,)},
        torch_convolution,
        autograd_convolution,
    ),
    "attention T=128, d=64": Case(
        ATTENTION.format(turned="k.T"), {"x": (128, 64), **WEIGHTS}, torch_attention, autograd_attention
    ),
    "attention, batch 64": Case(
        ATTENTION.format(turned="transpose(k, -1, -2)"),
        {"x": (64, 128, 64), **WEIGHTS},
        torch_attention,
        autograd_attention,
    ),
}


# In a child ------------------------------------------------------------------------------------------------------


def arrays_of(case: Case) -> dict[str, Any]:
    """The values, as a fixed seed draws them: normal, divided by the root of the length of their first axis."""
    numpy = import_module("numpy")
    random = numpy.random.default_rng(0)
    drawn = {name: random.standard_normal(shape) / numpy.sqrt(shape[0]) for name, shape in case.shapes.items()}
    return drawn | ({"y": random.integers(0, CLASSES, case.labels)} if case.labels else {})


def with_bpcli(case: Case, values: Numbers) -> Answer:
    """Text and shapes are read before the clock starts."""
    parse = import_module("bpcli.language.expressions").parse
    with_shapes = import_module("bpcli.language.shapes").with_shapes
    gradients_of = import_module("bpcli.backprop.gradients").gradients_of
    arrays = import_module("bpcli.numbers.arrays").arrays
    graph = with_shapes(parse(case.text, values), {name: value.shape for name, value in values.items()})
    point = {name: value.astype(float) for name, value in values.items()}

    def answer() -> tuple[float, list[Any]]:
        found = gradients_of(graph, point, tuple(case.shapes), system=arrays)
        return found.value, [found.gradients[name] for name in case.shapes]

    return answer


def with_torch(case: Case, values: Numbers) -> Answer:
    """PyTorch, eager, on one thread."""
    torch, functional = import_module("torch"), import_module("torch.nn.functional")
    torch.set_num_threads(1)
    tensors = {name: torch.from_numpy(value).requires_grad_(name != "y") for name, value in values.items()}

    def answer() -> tuple[float, list[Any]]:
        for tensor in tensors.values():
            tensor.grad = None
        output = case.torch(torch, functional, tensors)
        output.backward()
        return output.item(), [tensors[name].grad.numpy() for name in case.shapes]

    return answer


def with_autograd(case: Case, values: Numbers) -> Answer:
    """HIPS autograd, over NumPy."""
    numpy, value_and_grad = import_module("autograd.numpy"), import_module("autograd").value_and_grad
    both = value_and_grad(
        lambda floats: case.autograd(numpy, {**values, **dict(zip(case.shapes, floats, strict=True))})
    )
    floats = tuple(values[name] for name in case.shapes)

    def answer() -> tuple[float, list[Any]]:
        value, gradients = both(floats)
        return float(value), list(gradients)

    return answer


PEERS = {"bpcli": with_bpcli, "torch": with_torch, "autograd": with_autograd}


def answer_in_child(peer: str, name: str) -> None:
    """Answer a case again and again, and print the seconds, the value and the size of each gradient."""
    case = CASES[name]
    answer = PEERS[peer](case, arrays_of(case))
    value, gradients = answer()
    seconds: list[float] = []
    while sum(seconds) < SECONDS or len(seconds) < FEWEST:
        started = perf_counter()
        value, gradients = answer()
        seconds.append(perf_counter() - started)
    sizes = [float((abs(gradient) ** 2).sum()) for gradient in gradients]
    say(json.dumps({"seconds": median(seconds), "found": [value, *sizes]}))


# In the parent ---------------------------------------------------------------------------------------------------


def child(peer: str, name: str) -> Run:
    """Run one case in a process of its own."""
    return piped(python(__file__, "--child", peer, name))


def require_agreement(case: str, answers: Sequence[Sequence[float]]) -> None:
    """End the benchmark where two peers do not come to the same value and gradients."""
    for one, other in pairwise(answers):
        if not all(isclose(*pair, rel_tol=1e-8) for pair in zip(one, other, strict=True)):
            message = f"{case}: the peers differ, {one} and {other}"
            raise SystemExit(message)


def row(name: str, peers: Sequence[str], rounds: int) -> list[str]:
    """Milliseconds by peer, and bpcli's time as a part of the peer's in the same round."""
    runs = interleaved({peer: partial(child, peer, name) for peer in peers}, rounds, warm_up=False)
    found = {peer: [json.loads(run.output) for run in own] for peer, own in runs.items()}
    require_agreement(name, [answers[0]["found"] for answers in found.values()])
    seconds = {peer: [answer["seconds"] for answer in answers] for peer, answers in found.items()}
    ratios = [
        median(own / other for own, other in zip(seconds["bpcli"], seconds[peer], strict=True))
        for peer in peers
        if peer != "bpcli"
    ]
    return [*(f"{median(seconds[peer]) * 1e3:.2f}" for peer in peers), *(f"{ratio:.2f}" for ratio in ratios)]


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
    parser.add_argument("--case", action="append", choices=CASES, help="only this case; may be repeated")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        answer_in_child(*options.child)
        return
    peers = installed_peers()
    others = peers[1:]
    targets = " and ".join(f"{TARGETS[peer]} of {peer}'s" for peer in others)
    say(f"milliseconds, medians of {options.rounds} interleaved children" + (f"; target: {targets}" * bool(others)))
    rows = [[name, *row(name, peers, options.rounds)] for name in options.case or CASES]
    say_table(["forward and backward", *(f"{peer} ms" for peer in peers), *(f"of {peer}" for peer in others)], rows)


if __name__ == "__main__":
    main()
