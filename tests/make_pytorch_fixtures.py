"""Write `fixtures/pytorch_*.json`: what PyTorch 2.13 says about values and gradients, in float64.

`python tests/make_pytorch_fixtures.py`, with torch 2.13.0 installed; the tests need the file alone. Points are ordinary
ones, kinks, edges of domains, and far out. `softplus` is kept at beta*x <= 20, above which PyTorch turns it into x.
`pytorch_arrays.py` holds the questions about arrays.
"""

import json
import math
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import torch  # type: ignore[import-not-found]  # PyTorch is needed only where this script is run
from pytorch_arrays import CASES as ARRAY_CASES
from torch.nn import functional as layers  # type: ignore[import-not-found]  # the same

FIXTURES = Path(__file__).parent / "fixtures"
VERSION = "2.13"

Points = list[tuple[float, ...]]


def line(*xs: float) -> Points:
    """Points of a function of one variable."""
    return [(x,) for x in xs]


ORDINARY = line(-2.5, -1.0, -0.3, 0.4, 1.0, 3.2)
WITH_ZERO = ORDINARY + line(0.0, -0.0)
POSITIVE = line(0.05, 0.4, 1.0, 3.2, 40.0)
SATURATED = WITH_ZERO + line(-1000.0, -40.0, 40.0, 1000.0)
HALVES = line(-2.5, -2.0, -1.5, -0.5, 0.0, 0.25, 0.5, 1.5, 2.5, 3.0)
EDGES = SATURATED + line(-3.0, -2.0, 0.5, 3.0, 6.0, 6.5)
INSIDE_ONE = line(-1.0, -0.999, -0.3, 0.0, 0.4, 0.999, 1.0)
GAMMA = line(-2.7, -0.5, 0.05, 0.5, 1.0, 2.0, 3.7, 25.0)
PLANE: Points = list(product((-1.5, 0.0, 2.0), (-1.5, 0.0, 2.0, 3.5)))
POWERS: Points = [
    (0.5, -1.5),
    (2.0, 3.0),
    (3.2, 0.0),
    (0.0, 2.0),
    (0.0, 1.0),
    (0.0, 0.0),
    (0.0, 0.5),
    (0.0, -1.0),
    (-2.0, 3.0),
]
NEAR_AND_FAR: Points = [(0.3, -0.7), (1.0, 1.0), (30.0, -30.0), (1000.0, 1000.0), (-1000.0, 999.0)]
SHARES: Points = list(product((0.0, 1e-13, 0.3, 0.9, 1.0), (0.0, 0.4, 1.0)))
SPACE: Points = [*product((1.0, 2.0), repeat=3), (0.0, -1.0, 2.0), (3.0, -1.0, 2.0), (0.5, -1.0, 2.0)]
BOUNDED: Points = [
    (x, low, high) for x in (-2.0, -1.0, 0.3, 2.0, 2.5) for low, high in ((-1.0, 2.0), (2.0, -1.0), (0.3, 0.3))
]

CASES: list[tuple[str, Callable[..., Any], Points]] = [
    ("x + y", torch.add, PLANE),
    ("x - y", torch.sub, PLANE),
    ("x*y", torch.mul, PLANE),
    ("x/y", torch.div, PLANE),
    ("-x", torch.neg, WITH_ZERO),
    ("square(x)", torch.square, [*WITH_ZERO, (1e200,)]),
    ("reciprocal(x)", torch.reciprocal, WITH_ZERO),
    ("x**y", torch.pow, [*POWERS, (-8.0, 1 / 3), (10.0, 400.0)]),
    *[(f"x**{n:g}", lambda x, n=n: x**n, WITH_ZERO) for n in (2.0, 3.0, 1.0, 0.0, -1.0, 0.5, -1.5)],
    ("2**x", lambda x: 2.0**x, WITH_ZERO),
    ("0**x", lambda x: 0.0**x, line(0.0, 0.5, 2.0)),
    ("exp(x)", torch.exp, SATURATED),
    ("exp2(x)", torch.exp2, WITH_ZERO),
    ("expm1(x)", torch.expm1, SATURATED + line(1e-12)),
    ("log(x)", torch.log, POSITIVE + line(0.0, -1.0)),
    ("log2(x)", torch.log2, POSITIVE + line(0.0, -1.0)),
    ("log10(x)", torch.log10, POSITIVE + line(0.0, -1.0)),
    ("log1p(x)", torch.log1p, POSITIVE + line(-1.0, -0.4, 0.0, 1e-12)),
    ("logaddexp(x, y)", torch.logaddexp, NEAR_AND_FAR),
    ("log_loss(x, y)", lambda x, y: layers.binary_cross_entropy(x, y, reduction="none"), SHARES),
    ("sqrt(x)", torch.sqrt, POSITIVE + line(0.0, -1.0)),
    ("hypot(x, y)", torch.hypot, PLANE),
    ("sin(x)", torch.sin, WITH_ZERO),
    ("cos(x)", torch.cos, WITH_ZERO),
    ("tan(x)", torch.tan, WITH_ZERO),
    ("asin(x)", torch.asin, INSIDE_ONE),
    ("acos(x)", torch.acos, INSIDE_ONE),
    ("atan(x)", torch.atan, SATURATED),
    ("atan2(x, y)", torch.atan2, PLANE),
    ("sinc(x)", torch.sinc, WITH_ZERO + line(0.5, 2.5, 7.3)),
    ("sinh(x)", torch.sinh, SATURATED),
    ("cosh(x)", torch.cosh, SATURATED),
    ("tanh(x)", torch.tanh, SATURATED),
    ("asinh(x)", torch.asinh, SATURATED),
    ("acosh(x)", torch.acosh, line(1.0, 1.001, 2.5, 40.0)),
    ("atanh(x)", torch.atanh, INSIDE_ONE),
    ("erf(x)", torch.erf, SATURATED),
    ("erfc(x)", torch.erfc, SATURATED + line(10.0)),
    ("lgamma(x)", torch.lgamma, GAMMA + line(1e10, 1e20)),
    ("digamma(x)", torch.digamma, GAMMA + line(1e10, 1e20)),
    *[(f"polygamma({n}, x)", lambda x, n=n: torch.polygamma(n, x), [p for p in GAMMA if p[0] > 0]) for n in (1, 2, 3)],
    ("abs(x)", torch.abs, WITH_ZERO),
    ("sign(x)", torch.sign, WITH_ZERO),
    ("floor(x)", torch.floor, HALVES),
    ("ceil(x)", torch.ceil, HALVES),
    ("round(x)", torch.round, HALVES),
    ("max(x, y)", torch.maximum, PLANE),
    ("min(x, y)", torch.minimum, PLANE),
    ("max(x, y, z)", lambda *inputs: torch.amax(torch.stack(inputs), 0), SPACE),
    ("min(x, y, z)", lambda *inputs: torch.amin(torch.stack(inputs), 0), SPACE),
    ("clip(x, -1, 2)", lambda x: torch.clamp(x, -1.0, 2.0), EDGES),
    ("clip(x, y, z)", torch.clamp, BOUNDED),
    ("where(x > 0, 3*x, x*y)", lambda x, y: torch.where(x > 0, 3 * x, x * y), PLANE),
    ("relu(x)", layers.relu, SATURATED),
    ("relu6(x)", layers.relu6, EDGES),
    ("leaky_relu(x)", layers.leaky_relu, SATURATED),
    ("leaky_relu(x, 0.2)", lambda x: layers.leaky_relu(x, 0.2), SATURATED),
    ("elu(x)", layers.elu, SATURATED),
    ("elu(x, 1.7)", lambda x: layers.elu(x, 1.7), SATURATED),
    ("selu(x)", layers.selu, SATURATED),
    ("sigmoid(x)", torch.sigmoid, SATURATED),
    ("logsigmoid(x)", layers.logsigmoid, SATURATED),
    ("softplus(x)", layers.softplus, WITH_ZERO + line(-1000.0, -40.0, 15.0, 20.0)),
    ("softplus(x, 2.5)", lambda x: layers.softplus(x, 2.5), WITH_ZERO + line(-1000.0, -40.0, 8.0)),
    ("softsign(x)", layers.softsign, SATURATED),
    ("gelu(x)", layers.gelu, SATURATED + line(-10.0)),
    ("gelu(x, approximate='tanh')", lambda x: layers.gelu(x, approximate="tanh"), SATURATED),
    ("silu(x)", layers.silu, SATURATED),
    ("mish(x)", layers.mish, SATURATED),
    ("hardtanh(x)", layers.hardtanh, EDGES),
    ("hardtanh(x, -2, 0.5)", lambda x: layers.hardtanh(x, -2.0, 0.5), EDGES),
    ("hardsigmoid(x)", layers.hardsigmoid, EDGES),
    ("hardswish(x)", layers.hardswish, EDGES),
]


def number(value: float) -> float | str:
    """A number as strict JSON has it."""
    return value if math.isfinite(value) else "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def case(expression: str, function: Callable[..., Any], point: tuple[float, ...]) -> dict[str, Any]:
    """The value and the gradients of one expression at one point; variables are called x, y, z."""
    inputs = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in point]
    out = function(*inputs)
    out.backward()
    names = "xyz"[: len(point)]
    return {
        "expression": expression,
        "at": dict(zip(names, point, strict=True)),
        "value": number(out.item()),
        "gradients": {name: number(x.grad.item()) for name, x in zip(names, inputs, strict=True)},
    }


def numbers(values: Any) -> Any:
    """The same for lists of numbers."""
    return list(map(numbers, values)) if isinstance(values, list) else number(values)


def upstream_of(shape: tuple[int, ...]) -> Any:
    """The upstream gradient of a value: numbers that differ, none of them 1."""
    return torch.arange(2, 2 + math.prod(shape), dtype=torch.float64).reshape(shape) / 4 * (-1) ** len(shape)


def array_case(expression: str, function: Callable[..., Any], at: dict[str, Any]) -> dict[str, Any]:
    """The value of one expression over arrays and its gradients for an upstream gradient; 0 where PyTorch has none."""
    inputs = {name: torch.tensor(x, dtype=torch.float64, requires_grad=True) for name, x in at.items()}
    out = function(*inputs.values()).double()
    upstream = upstream_of(tuple(out.shape))
    if out.requires_grad:
        out.backward(upstream)
    gradients = {name: torch.zeros_like(x) if x.grad is None else x.grad for name, x in inputs.items()}
    return {
        "expression": expression,
        "at": at,
        "shapes": {name: list(x.shape) for name, x in inputs.items()},
        "shape": list(out.shape),
        "upstream": upstream.tolist(),
        "value": numbers(out.tolist()),
        "gradients": {name: numbers(gradient.tolist()) for name, gradient in gradients.items()},
    }


def written(name: str, cases: list[dict[str, Any]]) -> None:
    """Write cases to a file, one a line."""
    rows = [json.dumps(one, allow_nan=False) for one in cases]
    (FIXTURES / name).write_text("[\n" + ",\n".join(rows) + "\n]\n", "utf-8")


def main() -> None:
    """Write every case."""
    if not torch.__version__.startswith(VERSION):
        message = f"the fixture is PyTorch {VERSION}'s, this is {torch.__version__}"
        raise SystemExit(message)
    written(
        "pytorch_scalars.json", [case(text, function, point) for text, function, points in CASES for point in points]
    )
    written("pytorch_arrays.json", [array_case(*question) for question in ARRAY_CASES])


if __name__ == "__main__":
    main()
