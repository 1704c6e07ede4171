"""Verdicts: no right gradient is called wrong, no wrong one right, and what cannot be known is said to be so.

The truths are closed forms, written down here by hand and computed by mpmath at 120 digits; bpcli has no part in them.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from typing import Any, NamedTuple

import pytest
from mpmath import mp, mpf  # type: ignore[import-untyped]  # mpmath ships no types

from bpcli import check_expression as check
from bpcli import parse
from bpcli.check.checking import Check
from bpcli.check.findings import EXIT_CODES, Finding, Outcome, Verdict
from bpcli.errors import MissingValueError, UnknownNameError, UsageError
from bpcli.ops import REGISTRY

DIGITS = 120  # of the truths; the worst cancellation here takes 35 of them
FACTORS = (1 + 1e-6, 1 - 1e-4, -1.0, 0.0)  # the first is the smallest error that the issue asks to be seen
WRONG_ZEROS = (1e-12, -1e-6, 1.0)  # claims where 0 is right: no factor makes a 0 wrong
JUST_BEYOND = 1e-6  # relative to the gap between the slopes of a kink
POINTS_OF_FORMULAS = 40  # the issue: "agrees at 40 points"
SELU = 1.0507009873554805  # Klambauer et al. 2017
SELU_LEFT = SELU * 1.6732632423543772

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


def only(found: Check) -> Finding:
    """The one finding that there is."""
    (finding,) = found.findings
    return finding


# Numbers -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", ALL)
def test_no_right_gradient_is_called_wrong(case: Case) -> None:
    """The closed form, rounded to float64, agrees for every variable: no false alarm, none undecided."""
    found = check(case.text, case.at, {name: case.truth(name) for name in case.slopes})

    assert found.verdict is Verdict.AGREE
    assert set(verdicts(found)) == {Verdict.AGREE}


def wrong_numbers(truth: float) -> list[float]:
    """Numbers that are not the truth, the nearest first."""
    return [truth * factor for factor in FACTORS] if truth else list(WRONG_ZEROS)


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


# Kinks ---------------------------------------------------------------------------------------------------------------


class Corner(NamedTuple):
    """A kink: the slopes to the left and right of it, by hand, and the slope of the convention."""

    text: str
    at: dict[str, float]
    name: str
    left: float
    right: float
    convention: float
    op: str

    @property
    def label(self) -> str:
        """What pytest calls it."""
        return f"{self.text} at {self.at[self.name]:g}, ∂/∂{self.name}"


TIE = {"x": 2.0, "y": 2.0}
CORNERS = [
    Corner("relu(x)", {"x": 0}, "x", 0, 1, 0, "relu"),
    Corner("relu(x)", {"x": -0.0}, "x", 0, 1, 0, "relu"),
    Corner("abs(x)", {"x": 0}, "x", -1, 1, 0, "abs"),
    Corner("leaky_relu(x)", {"x": 0}, "x", 0.01, 1, 0.01, "leaky_relu"),
    Corner("leaky_relu(x, 0.3)", {"x": 0}, "x", 0.3, 1, 0.3, "leaky_relu"),
    Corner("elu(x, 1.7)", {"x": 0}, "x", 1.7, 1, 1.7, "elu"),
    Corner("selu(x)", {"x": 0}, "x", SELU_LEFT, SELU, SELU_LEFT, "selu"),
    Corner("hardtanh(x)", {"x": -1}, "x", 0, 1, 0, "hardtanh"),
    Corner("hardtanh(x)", {"x": 1}, "x", 1, 0, 0, "hardtanh"),
    Corner("relu6(x)", {"x": 0}, "x", 0, 1, 0, "relu6"),
    Corner("relu6(x)", {"x": 6}, "x", 1, 0, 0, "relu6"),
    Corner("hardsigmoid(x)", {"x": -3}, "x", 0, 1 / 6, 0, "hardsigmoid"),
    Corner("hardsigmoid(x)", {"x": 3}, "x", 1 / 6, 0, 0, "hardsigmoid"),
    Corner("hardswish(x)", {"x": -3}, "x", 0, -0.5, 0, "hardswish"),
    Corner("hardswish(x)", {"x": 3}, "x", 1.5, 1, 1, "hardswish"),
    Corner("clip(x, -1, 2)", {"x": -1}, "x", 0, 1, 1, "clip"),
    Corner("clip(x, -1, 2)", {"x": 2}, "x", 1, 0, 1, "clip"),
    Corner("clip(x, low, 3)", {"x": 1, "low": 1}, "low", 0, 1, 0, "clip"),
    Corner("max(x, y)", TIE, "x", 0, 1, 0.5, "max"),
    Corner("maximum(x, y)", TIE, "y", 0, 1, 0.5, "max"),
    Corner("maximum(x, y, 2)", TIE, "x", 0, 1, 1 / 3, "max"),
    Corner("min(x, y)", TIE, "x", 1, 0, 0.5, "min"),
    Corner("max(x, 2)", {"x": 2}, "x", 0, 1, 0.5, "max"),
    Corner("hypot(x, y)", {"x": 0, "y": 0}, "x", -1, 1, 0, "hypot"),
    Corner("where(x > 0, 3*x, y*x)", {"x": 0, "y": 5}, "x", 5, 3, 5, "where"),
    Corner("3*relu(x)", {"x": 0}, "x", 0, 3, 0, "relu"),
    Corner("exp(abs(x))*1e8", {"x": 0}, "x", -1e8, 1e8, 0, "abs"),
    Corner("1e-8*relu(x - 7)", {"x": 7}, "x", 0, 1e-8, 0, "relu"),
    Corner("x*sign(x)", {"x": 0}, "x", -1, 1, 0, "sign"),
    Corner("A = x*y; relu(A)", {"x": 0, "y": -2}, "x", -2, 0, 0, "relu"),
]
corners = pytest.mark.parametrize("corner", CORNERS, ids=lambda corner: corner.label)


@corners
def test_the_convention_is_accepted_at_a_kink(corner: Corner) -> None:
    """What PyTorch and bpcli say is a right answer, the report names the op and both slopes, and the exit code is 0."""
    found = check(corner.text, corner.at, {corner.name: corner.convention})
    finding = only(found)

    assert (found.verdict, finding.accepted_as) == (Verdict.KINK, "convention")
    assert EXIT_CODES[found.verdict] == 0
    assert finding.kink
    assert finding.kink.node.op.written == corner.op
    assert (finding.kink.left, finding.kink.right) == pytest.approx((corner.left, corner.right), rel=1e-12, abs=0)


@corners
@pytest.mark.parametrize("part", [0.0, 0.11, 0.37, 0.83, 1.0])
def test_a_slope_between_those_of_the_sides_is_accepted(corner: Corner, part: float) -> None:
    """Any number between the one-sided slopes, and both of these, are right answers."""
    claimed = corner.left + part * (corner.right - corner.left)
    finding = only(check(corner.text, corner.at, {corner.name: claimed}))

    assert finding.verdict is Verdict.KINK
    assert finding.accepted_as == ("convention" if claimed == corner.convention else "between")


@corners
@pytest.mark.parametrize("beyond", [JUST_BEYOND, 0.01, 1.0, 1e6])
def test_a_slope_outside_those_of_the_sides_is_refused(corner: Corner, beyond: float) -> None:
    """Beyond either side a number is wrong, however little."""
    gap = beyond * (corner.right - corner.left)
    found = [check(corner.text, corner.at, {corner.name: c}) for c in (corner.left - gap, corner.right + gap)]

    assert [one.verdict for one in found] == [Verdict.DIFFER] * 2


@corners
def test_gradients_of_bpcli_itself_are_accepted_at_a_kink(corner: Corner) -> None:
    """At a kink SymPy is not asked; what backpropagation says is accepted as the convention."""
    found = check(corner.text, corner.at, with_respect_to=corner.name)
    finding = only(found)

    assert (found.verdict, finding.accepted_as, finding.symbolic) == (Verdict.KINK, "convention", None)


@pytest.mark.parametrize(
    ("text", "derivative", "convention", "op"),
    [
        ("relu(x) - relu(-x)", 1, 0, "relu"),
        ("relu(x) + min(x, 0)", 1, 0.5, "relu"),
        ("abs(x) - 2*relu(x)", -1, 0, "abs"),
        ("2*abs(x) - abs(2*x) + 3*x", 3, 3, None),
        ("leaky_relu(x, 0.25) - 0.75*relu(x)", 0.25, 0.25, None),
    ],
)
def test_a_derivative_that_the_chain_rule_misses_is_accepted(
    text: str, derivative: float, convention: float, op: str | None
) -> None:
    """Kinks that cancel leave a derivative: it is right, so is the convention, what lies between them is not."""
    accepted = [only(check(text, {"x": 0}, {"x": claimed})) for claimed in (derivative, convention)]
    refused = [check(text, {"x": 0}, {"x": derivative + part}).verdict for part in (0.25, -0.25, 1e-6)]

    expected = ["derivative", "convention"] if op else [None, None]
    assert [finding.accepted_as for finding in accepted] == expected
    assert {finding.verdict for finding in accepted} == {Verdict.KINK if op else Verdict.AGREE}
    assert refused == [Verdict.DIFFER] * 3


def test_a_derivative_that_the_chain_rule_misses_names_the_op_and_both_slopes() -> None:
    """The report says what the kink is also where the derivative is what is accepted."""
    finding = only(check("relu(x) - relu(-x)", {"x": 0}, {"x": 1}))

    assert finding.accepted_as == "derivative"
    assert finding.kink
    assert finding.kink.node.op.written == "relu"
    assert (finding.kink.left, finding.kink.right) == (1.0, 1.0)


ORIGIN = {"x": 0.0, "y": 0.0}
THREE = {"x": 1.0, "y": 1.0, "z": 1.0}


@pytest.mark.parametrize(
    ("text", "at", "claims"),
    [
        ("max(x, y)", TIE, (0.5, 0.5)),
        ("max(x, y)", TIE, (1, 0)),
        ("max(x, y)", TIE, (0, 1)),
        ("max(x, y)", TIE, (0.3, 0.7)),
        ("min(x, y)", TIE, (0.25, 0.75)),
        ("max(x, y, z)", THREE, (1 / 3, 1 / 3, 1 / 3)),
        ("max(x, y, z)", THREE, (0.2, 0.3, 0.5)),
        ("max(x, y, z)", THREE, (0, 1, 0)),
        ("abs(x - y)", TIE, (0.5, -0.5)),
        ("abs(x - y)", TIE, (-1, 1)),
        ("relu(x + y)", ORIGIN, (1, 1)),
        ("relu(x + y)", ORIGIN, (0.25, 0.25)),
        ("relu(x) + relu(y)", ORIGIN, (1, 0.5)),
        ("hypot(x, y)", ORIGIN, (0.6, 0.8)),
        ("hypot(x, y)", ORIGIN, (0.5, -0.5)),
        ("hypot(x, y)", ORIGIN, (1, 0)),
    ],
)
def test_claims_that_fit_together_at_a_tie_are_accepted(text: str, at: At, claims: tuple[float, ...]) -> None:
    """A gradient that is one of a kink's generalised gradients is right."""
    found = check(text, at, dict(zip(at, claims, strict=True)))

    assert found.verdict is Verdict.KINK


@pytest.mark.parametrize(
    ("text", "at", "claims"),
    [
        ("max(x, y)", TIE, (1, 1)),
        ("max(x, y)", TIE, (0, 0)),
        ("max(x, y)", TIE, (0.5, 1)),
        ("max(x, y)", TIE, (0.3, 0.6)),
        ("min(x, y)", TIE, (1, 1)),
        ("min(x, y)", TIE, (0, 0.5)),
        ("max(x, y, z)", THREE, (0.5, 0.5, 0.5)),
        ("max(x, y, z)", THREE, (0, 0, 0)),
        ("max(x, y, z)", THREE, (1, 1, 1)),
        ("abs(x - y)", TIE, (0.5, 0.5)),
        ("abs(x - y)", TIE, (1, 1)),
        ("relu(x + y)", ORIGIN, (1, 0)),
        ("clip(x, low, 3)", {"x": 1.0, "low": 1.0}, (1, 1)),
        ("hypot(x, y)", ORIGIN, (1, 1)),
        ("hypot(x, y)", ORIGIN, (1, 0.4)),
        ("hypot(x, y)", ORIGIN, (-0.9, 0.5)),
    ],
)
def test_claims_that_pass_each_coordinate_and_not_together_are_refused(
    text: str, at: At, claims: tuple[float, ...]
) -> None:
    """Each number is between its one-sided slopes, and along some direction they are wrong: the reason says so."""
    found = check(text, at, dict(zip(at, claims, strict=True)))
    alone = [check(text, at, {name: claim}).verdict for name, claim in zip(at, claims, strict=True)]

    assert set(alone) == {Verdict.KINK}
    blamed = [finding for finding in found.findings if finding.verdict is Verdict.DIFFER]
    assert len(blamed) >= 2
    assert all("jointly wrong" in (finding.reason or "") for finding in blamed)


def test_claims_that_are_jointly_wrong_do_not_follow_from_one_another() -> None:
    """Of two variables side by side neither is computed from the other."""
    found = check("max(x, y)", TIE, {"x": 0.5, "y": 1})

    assert [(finding.own_mistake, finding.follows) for finding in found.findings] == [(True, None)] * 2


def test_a_tie_of_many_is_judged_jointly_too() -> None:
    """Thirteen inputs that tie cannot each take the whole gradient."""
    names = [f"x{number}" for number in range(13)]
    found = check(f"max({', '.join(names)})", dict.fromkeys(names, 1.0), dict.fromkeys(names, 1.0))

    assert found.verdict is Verdict.DIFFER


def test_the_tolerance_holds_for_joint_claims() -> None:
    """0.3 and 0.700001 are a whole to within a part in a thousand, if that is asked for."""
    claims = {"x": 0.3, "y": 0.700001}

    assert check("max(x, y)", TIE, claims).verdict is Verdict.DIFFER
    assert check("max(x, y)", TIE, claims, relative_tolerance=1e-3).verdict is Verdict.KINK


# What cannot be known ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "at", "words"),
    [
        ("sqrt(x)", {"x": -1}, ("sqrt(x)", "x = -1", "x >= 0")),
        ("log(x)", {"x": 0}, ("log(x)", "x = 0", "x > 0")),
        ("log(x - 2)", {"x": 1}, ("log", "-1")),
        ("1/x", {"x": 0}, ("1/x", "x = 0", "division by zero")),
        ("sin(x)/x", {"x": 0}, ("x = 0", "division by zero")),
        ("(x**2 - 1)/(x - 1)", {"x": 1}, ("division by zero",)),
        ("asin(x)", {"x": 1.5}, ("asin(x)", "x = 1.5")),
        ("x**0.5", {"x": -4}, ("x = -4",)),
        ("x*log(x)", {"x": 0}, ("log(x)", "x = 0")),
        ("sqrt(x)", {"x": 0}, ("infinite", "sqrt", "x = 0")),
        ("cbrt(x)", {"x": 0}, ("infinite", "cbrt", "x = 0")),
        ("x**0.5", {"x": 0}, ("infinite", "x = 0")),
        ("asin(x)", {"x": 1}, ("infinite", "asin", "x = 1")),
        ("floor(x)", {"x": 2}, ("jumps", "floor", "x = 2")),
        ("ceil(x)*x", {"x": 1}, ("jumps", "ceil", "x = 1")),
        ("round(x)", {"x": 0.5}, ("jumps", "round", "x = 0.5")),
        ("sign(x)", {"x": 0}, ("jumps", "sign", "x = 0")),
        ("where(x > 0, x + 1, x)", {"x": 0}, ("jumps", "where", "x = 0")),
        ("atan2(y, x)", {"y": 0, "x": -1}, ("jumps", "atan2")),
        ("acot(x)", {"x": 0}, ("jumps", "acot", "x = 0")),
        ("relu(floor(x))", {"x": 1}, ("jumps",)),
        ("floor(cos(x))", {"x": 0}, ("jumps", "floor")),
        ("where(x == 2, 1, 1/x)", {"x": 2}, ("jumps", "where", "x = 2")),
        ("A = x - 3; F = sqrt(A)*y", {"x": 1, "y": 2}, ("sqrt(A)", "A = -2")),
    ],
)
def test_where_there_is_no_slope_no_claim_is_judged(text: str, at: At, words: tuple[str, ...]) -> None:
    """A hole, a jump, an infinite slope or the end of a domain is unevaluable, with where and why; the code is 3."""
    first = next(iter(at))
    found = [check(text, at, {first: claim}) for claim in (0.0, 1.0, -7.5)]

    assert {one.verdict for one in found} == {Verdict.UNEVALUABLE}
    assert EXIT_CODES[found[0].verdict] == 3
    assert [word for word in words if word not in (only(found[0]).reason or "")] == []


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("relu(sqrt(x)**2 - 2)", {"x": 2}),
        ("abs(sqrt(x)**2 - 2)", {"x": 2}),
        ("max(exp(log(x)), 3)", {"x": 3}),
        ("where(sqrt(x)**2 > 2, 3*x, x + 4)", {"x": 2}),
    ],
)
def test_a_sign_that_no_digits_resolve_is_undecided(text: str, at: At) -> None:
    """√2² - 2 is noise at any precision: on which side of the kink the point is cannot be known; the code is 4."""
    found = check(text, at, {"x": 1})
    finding = only(found)

    assert found.verdict is Verdict.UNDECIDED
    assert EXIT_CODES[found.verdict] == 4
    assert "digits" in (finding.reason or "")


def test_undecided_says_the_smallest_error_that_would_have_been_seen() -> None:
    """Where a kink's side is open, an error that is larger than the gap of its slopes would still be seen."""
    finding = only(check("relu(sqrt(x)**2 - 2)", {"x": 2}, {"x": 1}))

    assert finding.smallest_visible is not None
    assert 0 < finding.smallest_visible <= 1


def test_a_slope_that_is_reached_slowly_is_not_called_wrong() -> None:
    """x/log|x| has slope 0 at 0, though no step is small enough to show it: what is not known is not refused."""
    found = check("where(x == 0, 0, x/log(abs(x)))", {"x": 0}, {"x": 0})

    assert found.verdict in (Verdict.AGREE, Verdict.KINK, Verdict.UNDECIDED)


def test_noise_that_no_slope_depends_on_is_decided() -> None:
    """relu(√x² - x) is 0 whichever side its noise is on."""
    right, wrong = (check("relu(sqrt(x)**2 - x)", {"x": 2}, {"x": claim}).verdict for claim in (0, 1))

    assert (right, wrong) == (Verdict.AGREE, Verdict.DIFFER)


@pytest.mark.parametrize(
    ("text", "at", "claims", "verdict"),
    [
        ("x*y", {"x": 2, "y": 3}, {"x": 3, "y": 2}, Verdict.AGREE),
        ("x*y", {"x": 2, "y": 3}, {"x": 3, "y": 3}, Verdict.DIFFER),
        ("relu(x)*y", {"x": 0, "y": 3}, {"x": 0, "y": 0}, Verdict.KINK),
        ("relu(x)*y", {"x": 0, "y": 3}, {"x": 0, "y": 1}, Verdict.DIFFER),
        ("relu(sqrt(x)**2 - 2) + y", {"x": 2, "y": 3}, {"x": 0, "y": 1}, Verdict.UNDECIDED),
        ("relu(sqrt(x)**2 - 2) + y", {"x": 2, "y": 3}, {"x": 0, "y": 2}, Verdict.DIFFER),
        ("sqrt(x) + y", {"x": 0, "y": 3}, {"x": 0, "y": 1}, Verdict.UNEVALUABLE),
        ("sqrt(x) + y", {"x": 0, "y": 3}, {"x": 0, "y": 2}, Verdict.UNEVALUABLE),
    ],
)
def test_the_worst_verdict_is_that_of_all(text: str, at: At, claims: dict[str, float], verdict: Verdict) -> None:
    """In the order of the exit codes: unevaluable, differ, undecided, kink, agree."""
    found = check(text, at, claims)

    assert found.verdict is verdict


def test_the_exit_codes_are_those_of_the_design() -> None:
    """0 agree, or accepted at a kink; 1 a gradient differs; 3 cannot be evaluated; 4 undecided."""
    codes = {verdict.value: code for verdict, code in EXIT_CODES.items()}

    assert codes == {"agree": 0, "kink": 0, "differ": 1, "unevaluable": 3, "undecided": 4}


# Intermediates -------------------------------------------------------------------------------------------------------

STEPS = "A = x*y; B = sin(A); F = A*z + B"
AT_STEPS = {"x": 0.5, "y": -2.0, "z": 3.0}
COS_A = math.cos(-1.0)
SIN_A = math.sin(-1.0)
ITEMS = {
    "value(A)": -1.0,
    "value(B)": SIN_A,
    "value(F)": -3 + SIN_A,
    "value(x)": 0.5,
    "F": 1.0,
    "B": 1.0,
    "A": 3 + COS_A,
    "dF/dA": 3 + COS_A,
    "∂F/∂A": 3 + COS_A,
    "upstream(A)": 3 + COS_A,
    "gradient(A)": 3 + COS_A,
    "x": -2 * (3 + COS_A),
    "dF/dx": -2 * (3 + COS_A),
    "z": -1.0,
    "local(A, x)": -2.0,
    "local(A, y)": 0.5,
    "local(B, A)": COS_A,
    "contribution(B, A)": COS_A,
    "contribution(A, x)": -2 * (3 + COS_A),
    "contribution(A, y)": 0.5 * (3 + COS_A),
    "v1": 1.0,
    "value(v1)": -3.0,
    "local(v1, A)": 3.0,
    "contribution(v1, A)": 3.0,
    "local(F, B)": 1.0,
}


@pytest.mark.parametrize("item", ITEMS)
def test_a_claim_may_be_about_any_step(item: str) -> None:
    """Values, gradients of intermediates, local derivatives and contributions, by the names that the steps show."""
    right = check(STEPS, AT_STEPS, {item: ITEMS[item]})
    wrong = [check(STEPS, AT_STEPS, {item: number}).verdict for number in wrong_numbers(ITEMS[item])]

    assert right.verdict is Verdict.AGREE
    assert wrong == [Verdict.DIFFER] * len(FACTORS)


@pytest.mark.parametrize(
    ("text", "at", "claims"),
    [
        (
            "A = x*y; F = A",
            {"x": 3, "y": 4},
            {"dF/dx": 4, "dA/dy": 3, "value(F)": 12, "value(A)": 12, "dF/dA": 1, "F": 1},
        ),
        ("F = x", {"x": 3}, {"x": 1, "value(F)": 3}),
        ("x", {"x": 3}, {"x": 1}),
        ("c = x*2; c = c*c", {"x": 3}, {"x": 24, "c_2": 1, "value(c_2)": 36}),
        ("A = 2*3; F = A*4", {}, {"A": 4, "value(A)": 6, "value(F)": 24}),
        ("k = 2; F = k*x", {"x": 5}, {"x": 2, "value(F)": 10}),
        ("x*x", {"x": 3}, {"local(f, x)": 6, "contribution(f, x)": 6, "x": 6}),
        ("A = x*x*x; F = 2*A", {"x": 3}, {"value(A)": 27, "A": 2, "x": 54}),
        ("unused = x*5; x*y", {"x": 3, "y": 4}, {"x": 4, "y": 3}),
    ],
)
def test_names_mean_what_they_stand_for(text: str, at: At, claims: dict[str, float]) -> None:
    """A statement that is another name, a name given twice, a variable that is the output, an input used twice."""
    found = check(text, at, claims)

    assert found.verdict is Verdict.AGREE


@pytest.mark.parametrize("claim", [0.0, 1.0, 2.0])
def test_a_local_derivative_at_a_kink_is_judged_as_one(claim: float) -> None:
    """The local derivative of relu is from 0 to 1 at 0, whatever its upstream."""
    finding = only(check("A = relu(x); F = 3*A", {"x": 0}, {"local(A, x)": claim}))

    assert finding.verdict is (Verdict.KINK if claim <= 1 else Verdict.DIFFER)


@pytest.mark.parametrize(
    ("text", "claims"),
    [
        ("A = relu(x); F = 3*A", {0.0: True, 1.0: True, 2.0: True, 3.0: True, 3.1: False, -0.1: False}),
        ("A = relu(x); F = 0.5*A", {0.0: True, 0.25: True, 0.5: True, 0.9: False}),
        ("A = 2*x; F = relu(A)", {0.0: True, 1.0: True, 2.0: True, 2.1: False, -1.0: False}),
        ("A = relu(x); F = -A", {0.0: True, -0.5: True, -1.0: True, 0.5: False}),
    ],
)
def test_a_contribution_at_a_kink_is_judged_as_the_product(text: str, claims: dict[float, bool]) -> None:
    """What flows back along an edge is upstream · local: between its slopes it is accepted, the convention too."""
    found = {claim: check(text, {"x": 0}, {"contribution(A, x)": claim}).verdict for claim in claims}

    assert found == {claim: Verdict.KINK if right else Verdict.DIFFER for claim, right in claims.items()}


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"value(A)": -1}, Verdict.AGREE),
        ({"value(A)": 1}, Verdict.DIFFER),
        ({"value(F)": 0}, Verdict.UNEVALUABLE),
        ({"x": 1}, Verdict.UNEVALUABLE),
    ],
)
def test_values_before_a_hole_are_still_judged(claims: dict[str, float], expected: Verdict) -> None:
    """log(-1) has no value, and its input has."""
    found = check("A = x - 1; F = log(A)", {"x": 0}, claims)

    assert found.verdict is expected


# Formulas ------------------------------------------------------------------------------------------------------------

SAME = [
    ("sin(x)**2", "x", "2*sin(x)*cos(x)"),
    ("sin(x)**2", "x", "sin(2*x)"),
    ("x**3", "x", "3*x²"),
    ("x**y", "x", "y*x**(y - 1)"),
    ("x**y", "y", "x**y*ln(x)"),
    ("tanh(x)", "x", "1 - tanh(x)**2"),
    ("sigmoid(x)", "x", "σ(x)*(1 - σ(x))"),
    ("erf(x)", "x", "2/sqrt(pi)*exp(-x**2)"),
    ("log(x**2)", "x", "2/x"),
    ("x/y", "y", "-x/y**2"),
    ("a*x**2 + b*x + c", "x", "2*a*x + b"),
    ("gamma(x)", "x", "gamma(x)*digamma(x)"),
    ("u = x*x; u = u + x; F = u*2", "x", "4*x + 2"),
    ("A = x*y; F = sin(A)", "x", "y*cos(A)"),
    ("A = x*y; F = sin(A)", "A", "cos(x*y)"),
    ("A = x*y; F = sin(A)", "dF/dA", "cos(A)"),
    ("A = x*y; F = A", "dF/dx", "F/x"),
]
ALIKE = [
    ("abs(x)", "x", "sign(x)"),
    ("abs(x)", "x", "x/abs(x)"),
    ("sqrt(x**2)", "x", "x/sqrt(x**2)"),
    ("log(abs(x))", "x", "1/x"),
    ("relu(x)**2", "x", "2*relu(x)"),
    ("floor(x)*x", "x", "floor(x)"),
    ("max(x, y)", "x", "where(x > y, 1, 0)"),
    ("asec(x)", "x", "1/(abs(x)*sqrt(x**2 - 1))"),
    ("A = x*y; F = sin(A)", "value(F)", "sin(x*y)"),
    ("A = x*y; F = sin(A)", "local(A, x)", "y"),
    ("A = x*y; F = sin(A)", "contribution(A, x)", "y*cos(A)"),
    ("A = x*y; F = sin(A)", "local(F, A)", "cos(A)"),
    ("acosh(x) + log(1000 - x)", "x", "1/sqrt(x**2 - 1) - 1/(1000 - x)"),
]
DIFFERENT = [
    ("sin(x)**2", "x", "2*sin(x)"),
    ("sin(x)**2", "x", "-sin(2*x)"),
    ("x**3", "x", "3*x**3"),
    ("x**3", "x", "2*x**2"),
    ("x**3", "x", "3.000003*x**2"),
    ("x**y", "x", "y*x**(y + 1)"),
    ("x**y", "y", "x**y*log2(x)"),
    ("tanh(x)", "x", "1 - tanh(x)"),
    ("log(x)", "x", "1/(x*log(10))"),
    ("max(x, y)", "x", "where(x > y, 0, 1)"),
    ("x/y", "y", "x/y**2"),
    ("sin(x)*cos(y)", "y", "sin(x)*sin(y)"),
    ("1/(1 + exp(-x))", "x", "exp(-x)/(1 + exp(-x))"),
    ("A = x*y; F = sin(A)", "x", "x*cos(A)"),
    ("A = x*y; F = sin(A)", "A", "-cos(A)"),
    ("A = x*y; F = sin(A)", "value(F)", "cos(A)"),
    ("A = x*y; F = sin(A)", "local(A, x)", "x"),
    ("A = x*y; F = sin(A)", "contribution(A, x)", "cos(A)"),
]
WRONG_ON_ONE_SIDE = [
    ("sqrt(x**2)", "x/x"),
    ("abs(x)", "x/x"),
    ("asec(x)", "1/(x*sqrt(x**2 - 1))"),
    ("relu(x)", "x/x"),
    ("where(x > 0, x**2, -x)", "2*x"),
]
SOMEWHERE = {"x": 1.375, "y": 0.8125, "a": 2.0, "b": -3.0, "c": 0.5}  # in the domain of every expression above
with_and_without_a_point = pytest.mark.parametrize("is_anywhere", [True, False], ids=["anywhere", "at a point"])


def point_of(text: str, *, is_anywhere: bool) -> At:
    """Values for the variables of an expression, or none."""
    return {} if is_anywhere else {one.name: SOMEWHERE[one.name] for one in parse(text).variables}


@with_and_without_a_point
@pytest.mark.parametrize(("text", "item", "formula"), SAME)
def test_a_formula_that_is_the_gradient_is_proved(text: str, item: str, formula: str, *, is_anywhere: bool) -> None:
    """With or without a point, SymPy finds the formulas equal."""
    finding = only(check(text, point_of(text, is_anywhere=is_anywhere), [f"{item}={formula}"]))

    assert finding.verdict is Verdict.AGREE
    assert finding.equality
    assert finding.equality.outcome is Outcome.PROVED


@with_and_without_a_point
@pytest.mark.parametrize(("text", "item", "formula"), ALIKE)
def test_a_formula_without_a_proof_agrees_at_forty_points(
    text: str, item: str, formula: str, *, is_anywhere: bool
) -> None:
    """Where SymPy has no proof, forty different points agree, and the report has them."""
    finding = only(check(text, point_of(text, is_anywhere=is_anywhere), [f"{item}={formula}"]))

    assert finding.verdict is Verdict.AGREE
    assert finding.equality
    assert finding.equality.outcome in (Outcome.AGREES, Outcome.PROVED)
    assert len({tuple(point.items()) for point in finding.equality.points}) == POINTS_OF_FORMULAS


@with_and_without_a_point
@pytest.mark.parametrize(("text", "item", "formula"), DIFFERENT)
def test_a_wrong_formula_has_a_counterexample(text: str, item: str, formula: str, *, is_anywhere: bool) -> None:
    """A factor, a sign, an exponent or a function that is wrong is found, at a point at which both have values."""
    found = check(text, point_of(text, is_anywhere=is_anywhere), [f"{item}={formula}"])
    finding = only(found)

    assert found.verdict is Verdict.DIFFER
    assert finding.equality
    assert finding.equality.outcome is Outcome.DIFFERS
    assert finding.equality.counterexample
    assert finding.equality.counterexample.claimed != finding.equality.counterexample.truth
    again = check(text, finding.equality.counterexample.at, {item: finding.equality.counterexample.truth})
    assert again.verdict is Verdict.AGREE


@pytest.mark.parametrize(
    ("text", "formula"),
    [
        ("hardswish(x)", "where(x < 3, x/3 + 1/2, 1)"),
        ("hardswish(x)", "where(x <= -3, 0, x/3 + 1/2)"),
        ("hardsigmoid(x)", "where(x < 3, 1/6, 0)"),
        ("hardsigmoid(x)", "where(x <= -3, 0, 1/6)"),
        ("clip(x, -5, 5)", "where(x < 5, 1, 0)"),
        ("relu6(x)", "where(x > 0, 1, 0)"),
        ("min(x, -4)", "0*x"),
    ],
)
def test_a_formula_is_tried_on_every_piece(text: str, formula: str) -> None:
    """Points are drawn far enough, on both sides of 0, to tell a formula that leaves a piece of the function out."""
    found = check(text, {}, [f"x={formula}"])

    assert found.verdict is Verdict.DIFFER


@pytest.mark.parametrize(("text", "formula"), WRONG_ON_ONE_SIDE)
def test_a_formula_is_judged_on_the_branch_of_the_point(text: str, formula: str) -> None:
    """What is right for positive numbers alone is right at one, wrong at a negative one, and wrong in general."""
    found = [check(text, at, [f"x={formula}"]).verdict for at in ({"x": 2.0}, {"x": -2.0}, {})]

    assert found == [Verdict.AGREE, Verdict.DIFFER, Verdict.DIFFER]


@pytest.mark.parametrize(
    ("text", "at", "claim", "verdict"),
    [
        ("x + y", {}, "y=1", Verdict.AGREE),
        ("x + y", {}, "y=2", Verdict.DIFFER),
        ("x*y", {"x": 2, "y": 6}, "x=12/2", Verdict.AGREE),
        ("e*x", {}, "x=e", Verdict.AGREE),
        ("e*x", {"x": 1}, "x=e", Verdict.AGREE),
        ("e*x", {"x": 1, "e": 2}, "x=e", Verdict.AGREE),
        ("e*x", {"x": 1, "e": 2}, "x=2.718", Verdict.DIFFER),
        ("sin(x)", {"x": "pi"}, "x=cos(pi)", Verdict.AGREE),
        ("pi*x", {"x": 1}, "x=2*acos(0)", Verdict.AGREE),
    ],
)
def test_a_formula_without_variables_is_a_number(text: str, at: At, claim: str, verdict: Verdict) -> None:
    """A number is a gradient that does not change; a name that is bound is a variable, whatever it is called."""
    found = check(text, at, [claim])

    assert found.verdict is verdict


def test_a_number_for_a_gradient_that_changes_needs_a_point() -> None:
    """Without values nobody knows at which point 6 is claimed."""
    with pytest.raises(MissingValueError, match="no value for x, y"):
        check("x*y", {}, ["x=6"])


@pytest.mark.parametrize(
    ("formula", "verdict"), [("3*b/b", Verdict.AGREE), ("3 + 0*b", Verdict.AGREE), ("4*b/b", Verdict.DIFFER)]
)
def test_a_formula_may_have_names_that_only_the_point_binds(formula: str, verdict: Verdict) -> None:
    """A claim may have a name that the expression has not, if it is given a value; else it is an error."""
    found = check("3*x", {"x": 2, "b": 5}, [f"x={formula}"])

    assert found.verdict is verdict
    with pytest.raises(UnknownNameError, match="'b'"):
        check("3*x", {"x": 2}, [f"x={formula}"])


def test_a_name_that_neither_has_is_refused() -> None:
    """A value for a name that is in no expression and no claim is a mistake, said with a suggestion."""
    with pytest.raises(UnknownNameError, match="'xx'"):
        check("3*x", {"x": 2, "xx": 5}, ["x=3"])


@pytest.mark.parametrize(
    ("text", "at", "formula"),
    [
        ("x", {}, "log(-1 - x**2)"),
        ("x", {"x": 1.0}, "log(-1 - x**2)"),
        ("acosh(x) + asin(x)", {}, "1"),
    ],
)
def test_formulas_that_meet_at_no_point_are_undecided(text: str, at: At, formula: str) -> None:
    """Where a formula or the expression has no values, nothing is known, and the reason says how many points were."""
    found = check(text, at, [f"x={formula}"])

    assert found.verdict is Verdict.UNDECIDED
    assert "only 0 points" in (only(found).reason or "")


def test_a_formula_where_the_expression_has_no_value_is_unevaluable() -> None:
    """log(x) has no slope at -1, though 1/x has a value there."""
    found = check("log(x)", {"x": -1}, ["x=1/x"])

    assert found.verdict is Verdict.UNEVALUABLE
    assert "x > 0" in (only(found).reason or "")


@pytest.mark.parametrize(
    ("text", "formula", "verdicts_expected"),
    [
        ("relu(x)", "where(x > 0, 1, 0)", {Verdict.AGREE, Verdict.KINK}),
        ("relu(x)", "where(x >= 0, 1, 0)", {Verdict.AGREE, Verdict.KINK}),
        ("abs(x)", "sign(x)", {Verdict.AGREE, Verdict.KINK}),
        ("relu(x)", "where(x > 0, 1, 5)", {Verdict.DIFFER}),
        ("relu(x)", "where(x > 0, 1, where(x == 0, 7, 0))", {Verdict.DIFFER}),
    ],
)
def test_a_formula_at_a_kink_is_right_around_it_and_on_it(
    text: str, formula: str, verdicts_expected: set[Verdict]
) -> None:
    """Beside the kink it must be the slope, on it a number that the kink accepts."""
    found = check(text, {"x": 0}, [f"x={formula}"])

    assert found.verdict in verdicts_expected


def test_the_tolerance_holds_for_formulas() -> None:
    """A formula that is off by a part in ten million differs, and agrees where a part in 10⁵ is allowed."""
    claim = ["x=3.0000003*x**2"]
    found = [check("x**3", {}, claim, relative_tolerance=relative).verdict for relative in (None, 1e-5)]

    assert found == [Verdict.DIFFER, Verdict.AGREE]


def test_the_points_of_formulas_are_the_same_every_time() -> None:
    """What is drawn is drawn from a fixed seed, so results repeat."""
    first, second = (only(check("abs(x)", {}, ["x=x/abs(x)"])).equality for _ in range(2))

    assert first == second


@pytest.mark.parametrize("relative", [-1e-9, 1.0, 2.0, math.nan, math.inf])
def test_a_tolerance_must_be_one(relative: float) -> None:
    """A relative tolerance is from 0 to below 1."""
    with pytest.raises(UsageError, match="from 0 to 1"):
        check("x", {"x": 1}, {"x": 1}, relative_tolerance=relative)


@pytest.mark.parametrize(
    ("text", "at", "claims", "verdict"),
    [
        ("x**0.9", {"x": 0}, {"x": 0}, Verdict.UNEVALUABLE),
        ("x**0.9 + 3*x", {"x": 0}, {"x": 3}, Verdict.UNEVALUABLE),
        ("where(x > 1, x**2, x)", {"x": 1.0004}, {"x": "2*x"}, Verdict.AGREE),
        ("relu(x - 1)*y", {"x": 1.0003, "y": 2}, {"x": "y"}, Verdict.AGREE),
        ("A = exp(-x); F = 1 + A", {"x": 1e9}, {"A": 1}, Verdict.AGREE),
        ("sin(x)*y + abs(x)*0", {"x": 0, "y": 3}, {"x": 6}, Verdict.DIFFER),
    ],
)
def test_what_a_reviewer_found(text: str, at: At, claims: dict[str, object], verdict: Verdict) -> None:
    """Steep roots, formulas beside a kink, values that are almost nothing, a tie that has no part in a slope."""
    assert check(text, at, claims).verdict is verdict


def test_a_tie_excuses_no_wrong_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    """The convention at a kink is asked of the op that has the kink, not of what else is on the way."""
    monkeypatch.setattr(REGISTRY["sin"], "partials", lambda m, out, x: (2 * m.cos(x),))

    assert check("sin(x) + 0*relu(x)", {"x": 0}).verdict is Verdict.DIFFER
