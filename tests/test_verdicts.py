"""Verdicts on gradients: no right one is called wrong, and no wrong one right.

The truths are closed forms, written down here by hand and computed by mpmath at 120 digits; bpcli has no part in them.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from typing import Any, NamedTuple

import pytest
from checks import only, wrong_numbers
from mpmath import mp, mpf  # type: ignore[import-untyped]  # mpmath ships no types

from bpcli import check_expression as check
from bpcli.check.findings import Verdict
from bpcli.check.results import Check
from bpcli.errors import UsageError

DIGITS = 120  # of the truths; the worst cancellation here takes 35 of them

Slope = Callable[..., Any]
At = Mapping[str, float]


class Function(NamedTuple):
    """An expression, its derivatives in closed form, as functions of all its variables in order, and points."""

    text: str
    slopes: Mapping[str, Slope]
    points: tuple[tuple[float, ...], ...]


class Case(NamedTuple):
    """An expression at a point, and its derivatives there."""

    text: str
    at: dict[str, float]
    slopes: Mapping[str, Slope]

    def truth(self, name: str) -> float:
        """A derivative, rounded once."""
        with mp.workdps(DIGITS):
            return float(self.slopes[name](*map(mpf, self.at.values())))

    @property
    def label(self) -> str:
        """What pytest calls it."""
        return " ".join([self.text, *[f"{name}={value!r}" for name, value in self.at.items()]])


def sigmoid(x: Any) -> Any:
    """1/(1 + exp(-x))."""
    return 1 / (1 + mp.exp(-x))


def squared(x: Any) -> Any:
    """sech(x)**2, which is the derivative of tanh."""
    return mp.sech(x) ** 2


def density(x: Any) -> Any:
    """The normal distribution's density."""
    return mp.exp(-(x**2) / 2) / mp.sqrt(2 * mp.pi)


def mish_slope(x: Any) -> Any:
    """The derivative of x·tanh(log(1 + exp(x)))."""
    inner = mp.log1p(mp.exp(x))
    return mp.tanh(inner) + x * squared(inner) * sigmoid(x)


def zero(*_: Any) -> Any:
    """The derivative of what does not change."""
    return mpf(0)


def one(*_: Any) -> Any:
    """The derivative of what grows as its variable does."""
    return mpf(1)


SMOOTH = [
    Function(
        "x*y*z",
        {"x": lambda x, y, z: y * z, "y": lambda x, y, z: x * z, "z": lambda x, y, z: x * y},
        ((6, -2, -3), (0.5, 4, -1.25)),
    ),
    Function(
        "a = x*y; b = a + x; b*a",
        {"x": lambda x, y: 2 * x * y**2 + 2 * x * y, "y": lambda x, y: 2 * x**2 * y + x**2},
        ((1.5, -0.25), (3, 7)),
    ),
    Function("sin(x)**2", {"x": lambda x: 2 * mp.sin(x) * mp.cos(x)}, ((0.3,), (-2.5,), (100.0,))),
    Function("exp(-x**2/2)", {"x": lambda x: -x * mp.exp(-(x**2) / 2)}, ((0.7,), (-3,))),
    Function("x/y", {"x": lambda x, y: 1 / y, "y": lambda x, y: -x / y**2}, ((1.5, 0.5), (-7, 3))),
    Function("log(x)*y", {"x": lambda x, y: y / x, "y": lambda x, y: mp.log(x)}, ((2, 5), (0.3, -4))),
    Function(
        "sqrt(x**2 + y**2)",
        {"x": lambda x, y: x / mp.hypot(x, y), "y": lambda x, y: y / mp.hypot(x, y)},
        ((3, 4), (1e-3, -2)),
    ),
    Function(
        "tanh(w*x + b)",
        {
            "w": lambda w, x, b: x * squared(w * x + b),
            "x": lambda w, x, b: w * squared(w * x + b),
            "b": lambda w, x, b: squared(w * x + b),
        },
        ((0.5, -1.5, 0.25),),
    ),
    Function("(a + b)*(b + 1)", {"a": lambda a, b: b + 1, "b": lambda a, b: a + 2 * b + 1}, ((2, 1),)),
    Function("x**y", {"x": lambda x, y: y * x ** (y - 1), "y": lambda x, y: x**y * mp.log(x)}, ((2, 3), (1.5, -2.25))),
    Function("2**x", {"x": lambda x: 2**x * mp.log(2)}, ((3,), (-0.5,))),
    Function(
        "atan2(y, x)",
        {"y": lambda y, x: x / (x**2 + y**2), "x": lambda y, x: -y / (x**2 + y**2)},
        ((1, 2), (-3, -1), (0.5, -2)),
    ),
    Function(
        "asin(x) + acos(y)",
        {"x": lambda x, y: 1 / mp.sqrt(1 - x**2), "y": lambda x, y: -1 / mp.sqrt(1 - y**2)},
        ((0.3, -0.6),),
    ),
    Function(
        "sinh(x)*cosh(y)",
        {"x": lambda x, y: mp.cosh(x) * mp.cosh(y), "y": lambda x, y: mp.sinh(x) * mp.sinh(y)},
        ((0.7, -1.2),),
    ),
    Function("erf(x)", {"x": lambda x: 2 / mp.sqrt(mp.pi) * mp.exp(-(x**2))}, ((0.4,), (-1.2,))),
    Function("gamma(x)", {"x": lambda x: mp.gamma(x) * mp.digamma(x)}, ((3.5,), (-1.5,))),
    Function("lgamma(x)", {"x": mp.digamma}, ((2.25,), (-0.5,))),
    Function(
        "log2(x) + log10(y)",
        {"x": lambda x, y: 1 / (x * mp.log(2)), "y": lambda x, y: 1 / (y * mp.log(10))},
        ((3, 7),),
    ),
    Function("cbrt(x)", {"x": lambda x: 1 / (3 * mp.cbrt(abs(x)) ** 2)}, ((8,), (-27,))),
    Function("softplus(x)", {"x": sigmoid}, ((0.3,), (-2,))),
    Function("silu(x)", {"x": lambda x: sigmoid(x) * (1 + x * sigmoid(-x))}, ((0.3,), (-2,))),
    Function("gelu(x)", {"x": lambda x: mp.ncdf(x) + x * density(x)}, ((0.3,), (-2,))),
    Function("mish(x)", {"x": mish_slope}, ((0.3,), (-2,))),
    Function("softsign(x)", {"x": lambda x: 1 / (1 + abs(x)) ** 2}, ((0.3,), (-2,))),
    Function(
        "logaddexp(x, y)", {"x": lambda x, y: sigmoid(x - y), "y": lambda x, y: sigmoid(y - x)}, ((0.5, 2), (3, -1))
    ),
    Function(
        "a*x**2 + b*x + c",
        {
            "a": lambda a, x, b, c: x**2,
            "x": lambda a, x, b, c: 2 * a * x + b,
            "b": lambda a, x, b, c: x,
            "c": one,
        },
        ((2, -1.5, 3, 4),),
    ),
    Function(
        "log(x1) + x1*x2 - sin(x2)",
        {"x1": lambda x1, x2: 1 / x1 + x2, "x2": lambda x1, x2: x1 - mp.cos(x2)},
        ((2, 5),),
    ),
    Function(
        "exp(a)/(exp(a) + exp(b) + exp(c))",
        {
            "a": lambda a, b, c: softmax(a, b, c) * (1 - softmax(a, b, c)),
            "b": lambda a, b, c: -softmax(a, b, c) * softmax(b, c, a),
            "c": lambda a, b, c: -softmax(a, b, c) * softmax(c, a, b),
        },
        ((0.5, -1, 2),),
    ),
    Function(
        "(x - y)**2/(x + y)",
        {
            "x": lambda x, y: (x - y) * (x + 3 * y) / (x + y) ** 2,
            "y": lambda x, y: (y - x) * (y + 3 * x) / (x + y) ** 2,
        },
        ((3, 1), (-2, 0.5)),
    ),
    Function("tan(x)*sec(x)", {"x": lambda x: mp.sec(x) ** 3 + mp.tan(x) ** 2 * mp.sec(x)}, ((0.6,), (2.5,))),
    Function("asinh(x) - acoth(x)", {"x": lambda x: 1 / mp.sqrt(1 + x**2) - 1 / (1 - x**2)}, ((1.5,), (-3,))),
    Function("sinc(x)", {"x": lambda x: mp.cos(mp.pi * x) / x - mp.sin(mp.pi * x) / (mp.pi * x**2)}, ((0.3,), (2.7,))),
    Function("where(x > 0, x**2, -x)", {"x": lambda x: 2 * x if x > 0 else mpf(-1)}, ((2,), (-3,))),
    Function("abs(x - y)", {"x": lambda x, y: mp.sign(x - y), "y": lambda x, y: mp.sign(y - x)}, ((1, 4), (4.5, 1))),
    Function("clip(x, -1, 1)*x", {"x": lambda x: 2 * x if abs(x) < 1 else mp.sign(x)}, ((0.5,), (3,), (-2,))),
]
SCALED = [
    Function("x*y", {"x": lambda x, y: y, "y": lambda x, y: x}, ((1e-8, 1e8), (1e8, -1e8), (1e-8, 1e-8))),
    Function("a*x**2", {"a": lambda a, x: x**2, "x": lambda a, x: 2 * a * x}, ((1e8, 1e-8), (1e-8, 1e8))),
    Function("x**3", {"x": lambda x: 3 * x**2}, ((1e-8,), (1e8,))),
    Function("x/y", {"x": lambda x, y: 1 / y, "y": lambda x, y: -x / y**2}, ((1e-8, 1e8), (1e8, 1e-8))),
    Function("x**10", {"x": lambda x: 10 * x**9}, ((1e-8,), (1e8,))),
    Function(
        "hypot(x, y)",
        {"x": lambda x, y: x / mp.hypot(x, y), "y": lambda x, y: y / mp.hypot(x, y)},
        ((1e8, 1e-8), (-1e-8, 1e-8)),
    ),
    Function("1/x", {"x": lambda x: -1 / x**2}, ((1e-8,), (-1e8,))),
    Function("log(x)", {"x": lambda x: 1 / x}, ((1e-8,), (1e8,))),
    Function("log1p(x)", {"x": lambda x: 1 / (1 + x)}, ((1e-8,), (1e8,))),
    Function("1e8*sin(1e-8*x)", {"x": lambda x: mp.cos(mpf(1e-8) * x) * mpf(1e8) * mpf(1e-8)}, ((1,), (1e8,))),
    Function(
        "k*m*n/r**2",
        {
            "k": lambda k, m, n, r: m * n / r**2,
            "m": lambda k, m, n, r: k * n / r**2,
            "n": lambda k, m, n, r: k * m / r**2,
            "r": lambda k, m, n, r: -2 * k * m * n / r**3,
        },
        ((6.674e-11, 70, 5.972e24, 6.371e6),),
    ),
    Function("(1 + x)**1e8", {"x": lambda x: mpf(1e8) * (1 + x) ** (mpf(1e8) - 1)}, ((1e-8,),)),
    Function("sqrt(x)", {"x": lambda x: 1 / (2 * mp.sqrt(x))}, ((1e-8,), (1e8,))),
    Function("x*x*y", {"x": lambda x, y: 2 * x * y, "y": lambda x, y: x * x}, ((1e-100, 1e-100), (1e100, 1e-100))),
    Function("x + y", {"x": one, "y": one}, ((1e8, 1e-8),)),
]
CANCELLING = [
    Function("(1 - cos(x))/x**2", {"x": lambda x: mp.sin(x) / x**2 - 2 * (1 - mp.cos(x)) / x**3}, ((1e-6,), (1e-3,))),
    Function("exp(x) - 1 - x", {"x": lambda x: mp.exp(x) - 1}, ((1e-7,), (-1e-10,))),
    Function("x - sin(x)", {"x": lambda x: 1 - mp.cos(x)}, ((1e-4,), (1e-8,))),
    Function(
        "sqrt(x + 1) - sqrt(x)", {"x": lambda x: 1 / (2 * mp.sqrt(x + 1)) - 1 / (2 * mp.sqrt(x))}, ((1e8,), (1e12,))
    ),
    Function("(x + 1)**3 - x**3 - 3*x**2 - 3*x", {"x": zero}, ((7.5,), (-1e5,))),
    Function("log(x + 1) - log(x)", {"x": lambda x: -1 / (x * (x + 1))}, ((1e8,),)),
    Function("(x**2 - 1)/(x - 1)", {"x": one}, ((1.0000001,), (1.000000000001,))),
    Function("x**2 - y**2", {"x": lambda x, y: 2 * x, "y": lambda x, y: -2 * y}, ((1.0000001, 1),)),
    Function("tan(x) - sin(x)", {"x": lambda x: mp.sec(x) ** 2 - mp.cos(x)}, ((1e-5,),)),
    Function("(x - y)**2", {"x": lambda x, y: 2 * (x - y), "y": lambda x, y: 2 * (y - x)}, ((1e8 + 1, 1e8),)),
    Function("cosh(x)**2 - sinh(x)**2", {"x": zero}, ((20,),)),
    Function("sin(x)**2 + cos(x)**2", {"x": zero}, ((0.7,), (1e8,))),
    Function("sigmoid(x)*(1 + exp(-x))", {"x": zero}, ((3,), (-40,))),
    Function(
        "log(exp(x) + exp(y)) - x", {"x": lambda x, y: -sigmoid(y - x), "y": lambda x, y: sigmoid(y - x)}, ((40, 0),)
    ),
    Function("x/(x + y) + y/(x + y)", {"x": zero, "y": zero}, ((0.1, 0.7),)),
    Function("1e16 + x - 1e16", {"x": one}, ((0.3,),)),
    Function("sinc(1)*x", {"x": zero}, ((2,),)),
    Function("x - x + sinc(0*x) + y", {"x": zero, "y": one}, ((0.3, 5),)),
]
SATURATED = [
    Function("sigmoid(x)", {"x": lambda x: sigmoid(x) * sigmoid(-x)}, ((40,), (-40,))),
    Function("1/(1 + exp(-x))", {"x": lambda x: sigmoid(x) * sigmoid(-x)}, ((40,), (-40,))),
    Function("1 - sigmoid(x)", {"x": lambda x: -sigmoid(x) * sigmoid(-x)}, ((40,), (200,))),
    Function("tanh(x)", {"x": squared}, ((40,), (-40,))),
    Function("1 - tanh(x)", {"x": lambda x: -squared(x)}, ((40,),)),
    Function("softplus(x)", {"x": sigmoid}, ((40,), (-40,))),
    Function("log(1 + exp(x))", {"x": sigmoid}, ((40,), (-40,))),
    Function("logsigmoid(x)", {"x": lambda x: sigmoid(-x)}, ((40,), (-40,))),
    Function("erf(x)", {"x": lambda x: 2 / mp.sqrt(mp.pi) * mp.exp(-(x**2))}, ((6,),)),
    Function("erfc(x)", {"x": lambda x: -2 / mp.sqrt(mp.pi) * mp.exp(-(x**2))}, ((10,),)),
    Function("silu(x)", {"x": lambda x: sigmoid(x) * (1 + x * sigmoid(-x))}, ((-40,), (40,))),
    Function("gelu(x)", {"x": lambda x: mp.erfc(-x / mp.sqrt(2)) / 2 + x * density(x)}, ((-20,), (20,))),
    Function("mish(x)", {"x": mish_slope}, ((-40,),)),
    Function("elu(x)", {"x": mp.exp}, ((-40,),)),
    Function(
        "exp(a)/(exp(a) + exp(b))",
        {"a": lambda a, b: sigmoid(a - b) * sigmoid(b - a), "b": lambda a, b: -sigmoid(a - b) * sigmoid(b - a)},
        ((40, -40),),
    ),
    Function("exp(-x**2)", {"x": lambda x: -2 * x * mp.exp(-(x**2))}, ((20,),)),
    Function("atan(x)", {"x": lambda x: 1 / (1 + x**2)}, ((1e8,),)),
]
CURVED = [
    Function("sin(1000*x)", {"x": lambda x: 1000 * mp.cos(1000 * x)}, ((0.7,),)),
    Function("exp(50*x)", {"x": lambda x: 50 * mp.exp(50 * x)}, ((1,),)),
    Function("1/(x - 1)", {"x": lambda x: -1 / (x - 1) ** 2}, ((1.0001,), (0.999999,))),
    Function("tan(x)", {"x": lambda x: mp.sec(x) ** 2}, ((1.5707,), (1.5707963267948966,))),
    Function(
        "exp(-1e6*(x - 0.5)**2)",
        {"x": lambda x: -mpf(2e6) * (x - 0.5) * mp.exp(-mpf(1e6) * (x - 0.5) ** 2)},
        ((0.5005,),),
    ),
    Function("atan(1e4*x)", {"x": lambda x: 10000 / (1 + (10000 * x) ** 2)}, ((1e-4,),)),
    Function("lgamma(x)", {"x": mp.digamma}, ((1e-6,),)),
    Function("1/(1 + 25*x**2)", {"x": lambda x: -50 * x / (1 + 25 * x**2) ** 2}, ((0.2,),)),
    Function("x**50", {"x": lambda x: 50 * x**49}, ((1.1,), (-0.9,))),
    Function("sin(1/x)", {"x": lambda x: -mp.cos(1 / x) / x**2}, ((0.01,), (1e-6,))),
    Function("cos(exp(x))", {"x": lambda x: -mp.exp(x) * mp.sin(mp.exp(x))}, ((5,), (12,))),
    Function("tanh(1000*(x - 1))", {"x": lambda x: 1000 * squared(1000 * (x - 1))}, ((1.001,),)),
    Function("log(sin(x))", {"x": mp.cot}, ((1e-5,),)),
    Function("x**x", {"x": lambda x: x**x * (mp.log(x) + 1)}, ((0.01,), (3,))),
    Function("sqrt(1 - x**2)", {"x": lambda x: -x / mp.sqrt(1 - x**2)}, ((0.999999,),)),
]
NEAR_KINKS = [
    Function("relu(x)", {"x": lambda x: mpf(x > 0)}, ((1e-12,), (-1e-12,))),
    Function("abs(x)", {"x": mp.sign}, ((-1e-9,), (1e-300,))),
    Function(
        "max(x, y)", {"x": lambda x, y: mpf(x > y), "y": lambda x, y: mpf(y > x)}, ((1, 1 + 1e-12), (1 + 1e-12, 1))
    ),
    Function("leaky_relu(x)", {"x": lambda x: mpf(1) if x > 0 else mpf(0.01)}, ((-1e-300,), (1e-15,))),
    Function("where(x > 1, x**2, x)", {"x": lambda x: 2 * x if x > 1 else mpf(1)}, ((1 + 1e-10,), (1 - 1e-10,))),
    Function("clip(x, 0, 1)", {"x": lambda x: mpf(x < 1)}, ((1 - 1e-12,), (1 + 1e-12,))),
    Function("floor(x)*x", {"x": mp.floor}, ((1.999999999,), (2.000000001,))),
    Function("sqrt(x**2)", {"x": mp.sign}, ((-1e-8,), (1e-8,))),
    Function("hardswish(x)", {"x": lambda x: (2 * x + 3) / 6}, ((2.9999999999,), (-2.9999999999,))),
    Function("relu6(x)", {"x": lambda x: mpf(x < 6)}, ((5.9999999,), (6.0000001,))),
    Function("abs(sin(x))", {"x": lambda x: mp.sign(mp.sin(x)) * mp.cos(x)}, ((3.14159265,), (3.14159266,))),
    Function("round(x)*x", {"x": mp.nint}, ((0.4999999,), (1.4999999,))),
    Function("elu(x, 2)", {"x": lambda x: 2 * mp.exp(x) if x < 0 else mpf(1)}, ((-1e-10,), (1e-10,))),
    Function("acot(x)", {"x": lambda x: -1 / (1 + x**2)}, ((-1e-8,), (1e-8,))),
    Function(
        "min(x, y, z)",
        {"x": lambda x, y, z: mpf(x < y), "y": lambda x, y, z: mpf(y < x), "z": zero},
        ((2, 2 + 1e-14, 3), (2 + 1e-14, 2, 3)),
    ),
    Function("relu(x - y)*x", {"x": lambda x, y: 2 * x - y, "y": lambda x, y: -x}, ((1e8 + 1e-6, 1e8),)),
]
# Here the chain rule is at a kink or at the end of a domain, and the slope exists.
SMOOTH_AT_KINKS = [
    Function("x*abs(x)", {"x": zero}, ((0,),)),
    Function("relu(x)**2", {"x": zero}, ((0,),)),
    Function("where(x >= 0, x**2, 0)", {"x": zero}, ((0,),)),
    Function("abs(x)**3 + x", {"x": one}, ((0,),)),
    Function("elu(x)", {"x": one}, ((0,),)),
    Function("softsign(x)", {"x": one}, ((0,),)),
    Function("max(x, x)", {"x": one}, ((0.7,),)),
    Function("cos(abs(x))", {"x": zero}, ((0,),)),
    Function("abs(x)**1.2", {"x": zero}, ((0,),)),
    Function("max(x, y) + min(x, y)", {"x": one, "y": one}, ((2, 2),)),
    Function("where(x > 0, log(x), x)", {"x": one}, ((-1,),)),
]
EDGES = [
    Function("sqrt(x)", {"x": lambda x: 1 / (2 * mp.sqrt(x))}, ((1e-300,),)),
    Function("log(x)", {"x": lambda x: 1 / x}, ((1e-300,),)),
    Function("x*log(x)", {"x": lambda x: mp.log(x) + 1}, ((1e-300,),)),
    Function("asin(x)", {"x": lambda x: 1 / mp.sqrt(1 - x**2)}, ((1 - 1e-12,), (-1 + 1e-15,))),
    Function("acos(x)", {"x": lambda x: -1 / mp.sqrt(1 - x**2)}, ((-1 + 1e-12,),)),
    Function("acosh(x)", {"x": lambda x: 1 / mp.sqrt(x**2 - 1)}, ((1 + 1e-10,),)),
    Function("atanh(x)", {"x": lambda x: 1 / (1 - x**2)}, ((1 - 1e-10,), (-1 + 1e-15,))),
    Function("asech(x)", {"x": lambda x: -1 / (x * mp.sqrt(1 - x**2))}, ((1 - 1e-10,), (1e-8,))),
    Function("asec(x)", {"x": lambda x: 1 / (abs(x) * mp.sqrt(x**2 - 1))}, ((1 + 1e-10,), (-1 - 1e-10,))),
    Function("acoth(x)", {"x": lambda x: 1 / (1 - x**2)}, ((1 + 1e-10,),)),
    Function("log1p(x)", {"x": lambda x: 1 / (1 + x)}, ((-1 + 1e-12,),)),
    Function("log(1 - x)", {"x": lambda x: -1 / (1 - x)}, ((1 - 1e-15,),)),
    Function("x**1.5", {"x": lambda x: 1.5 * mp.sqrt(x)}, ((0,), (1e-12,))),
    Function("x**1.25", {"x": lambda x: 1.25 * x**0.25}, ((0,),)),
    Function("x**1.1", {"x": lambda x: mpf(1.1) * x ** (mpf(1.1) - 1)}, ((0,), (1e-12,))),
    Function("x**2.5 + x", {"x": lambda x: 2.5 * x**1.5 + 1}, ((0,),)),
    Function("(1 - x)**1.5", {"x": lambda x: -1.5 * mp.sqrt(1 - x)}, ((1,), (1 - 1e-12,))),
    Function(
        "x**y", {"x": lambda x, y: y * x ** (y - 1), "y": lambda x, y: x**y * mp.log(x) if x else mpf(0)}, ((0, 2),)
    ),
]
# Here the slope exists while the rules multiply 0 by infinity.
BEYOND_THE_RULES = [
    Function("sqrt(x)*x", {"x": zero}, ((0,),)),
    Function("sqrt(x)**3", {"x": zero}, ((0,),)),
    Function("sqrt(x**4)", {"x": zero}, ((0,),)),
    Function("x*cbrt(x)", {"x": zero}, ((0,),)),
    Function("cbrt(x)**4", {"x": zero}, ((0,),)),
]


def softmax(this: Any, *others: Any) -> Any:
    """The first of softmax's outputs."""
    return mp.exp(this) / (mp.exp(this) + sum(mp.exp(other) for other in others))


def cases(*groups: list[Function]) -> Iterator[Any]:
    """Every expression at every point of its."""
    for function in chain(*groups):
        for point in function.points:
            values = [float(value) for value in point]
            case = Case(function.text, dict(zip(function.slopes, values, strict=True)), function.slopes)
            yield pytest.param(case, id=case.label)


BY_THE_RULES = list(cases(SMOOTH, SCALED, CANCELLING, SATURATED, CURVED, NEAR_KINKS, SMOOTH_AT_KINKS, EDGES))
ALL = [*BY_THE_RULES, *cases(BEYOND_THE_RULES)]


def verdicts(found: Check) -> list[Verdict]:
    """The verdict of each finding."""
    return [finding.verdict for finding in found.findings]


# Numbers -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", ALL)
def test_no_right_gradient_is_called_wrong(case: Case) -> None:
    """The closed form, rounded to float64, agrees for every variable: no false alarm, none undecided."""
    found = check(case.text, case.at, {name: case.truth(name) for name in case.slopes})

    assert found.verdict is Verdict.AGREE
    assert set(verdicts(found)) == {Verdict.AGREE}


@pytest.mark.parametrize("case", ALL)
def test_no_wrong_gradient_is_let_through(case: Case) -> None:
    """Errors from a part in a million to a lost sign differ, in every variable, whatever the others are."""
    right = {name: case.truth(name) for name in case.slopes}
    missed = [
        (name, wrong)
        for name, truth in right.items()
        for wrong in wrong_numbers(truth)
        if check(case.text, case.at, {name: wrong}).verdict is not Verdict.DIFFER
    ]

    assert missed == []


def test_the_table_is_as_broad_as_it_should_be() -> None:
    """At least 150 right claims and 300 wrong ones."""
    truths = [param.values[0].truth(name) for param in ALL for name in param.values[0].slopes]

    assert len(truths) >= 150
    assert sum(len(wrong_numbers(truth)) for truth in truths) >= 300


@pytest.mark.parametrize("case", BY_THE_RULES)
def test_gradients_of_bpcli_itself_agree(case: Case) -> None:
    """Backpropagation, SymPy and differences agree wherever the rules have an answer, also where float64 loses it."""
    found = check(case.text, case.at)

    assert found.verdict is Verdict.AGREE
    assert [finding.item.node.name for finding in found.findings] == list(case.at)


@pytest.mark.parametrize("case", list(cases(BEYOND_THE_RULES)))
def test_a_slope_that_the_rules_cannot_give_is_no_wrong_rule(case: Case) -> None:
    """0 times infinity is said to be the reason; the rule is not called wrong."""
    finding = only(check(case.text, case.at))

    assert finding.verdict is Verdict.UNEVALUABLE
    assert "multiply 0 by infinity" in (finding.reason or "")


def test_a_kink_that_the_rules_cannot_give_is_no_wrong_rule() -> None:
    """`sqrt(x**2)` is |x|: backpropagation says NaN at 0, and no number that it said is wrong."""
    finding = only(check("sqrt(x**2)", {"x": 0}))

    assert finding.verdict is Verdict.UNEVALUABLE
    assert finding.reason


def test_what_float64_loses_is_a_note() -> None:
    """(x² - 1)/(x - 1) at 1.0000001 gives 1.0008 for 1: the rules are right, and the note names the step."""
    found = check("(x**2-1)/(x-1)", {"x": 1.0000001})
    finding = only(found)

    assert (found.verdict, finding.suspects) == (Verdict.AGREE, ())
    assert finding.own == pytest.approx(1.0008, abs=1e-4)
    assert float(finding.truth or 0) == 1.0
    assert [note.split(",")[0] for note in found.notes] == ["float64 round-off"]
    assert "step" in found.notes[0]


@pytest.mark.parametrize(("text", "x"), [("x*x", 3.0), ("sin(x)**2", 0.3), ("(x - 1)*(x + 1)", 1.0000001)])
def test_what_float64_keeps_needs_no_note(text: str, x: float) -> None:
    """A gradient that float64 has to nine digits is not talked about."""
    found = check(text, {"x": x})

    assert found.notes == ()


@pytest.mark.parametrize("relative", [1e-9, 1e-12, 0.0])
def test_truths_come_with_their_uncertainty(relative: float) -> None:
    """Beside the verdict stand the truth, SymPy's answer and bpcli's own, and how they relate to the claim."""
    finding = only(check("x**3", {"x": 2}, {"x": 24.0}, relative_tolerance=relative))

    assert (float(finding.truth or 0), float(finding.symbolic or 0), finding.own) == (12.0, 12.0, 12.0)
    assert (finding.claimed, finding.ratio, finding.relative_difference) == (24.0, 2.0, 0.0)


@pytest.mark.parametrize("relative", [-1e-9, 1.0, 2.0, math.nan, math.inf])
def test_a_tolerance_must_be_one(relative: float) -> None:
    """A relative tolerance is from 0 to below 1."""
    with pytest.raises(UsageError, match="from 0 to 1"):
        check("x", {"x": 1}, {"x": 1}, relative_tolerance=relative)
