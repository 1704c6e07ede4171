"""Arithmetic: the operators, powers, and what is one step of them.

A power whose exponent holds no variable is an op of its own, `constant_pow`: its rule never takes `log(x)`, so `x**2`
has its gradient at -2.
"""

from math import inf

from bpcli.graph.op import Domain, Infix, elementwise
from bpcli.ops.domains import NOT_ZERO


def _has_real_power(x: float, exponent: float) -> bool:
    return x > 0 or (x == 0 and exponent >= 0) or (x < 0 and exponent == exponent // 1)


add = elementwise(
    "add",
    inputs=("x", "y"),
    infix=Infix("+", 10, 11),
    partials=lambda m, out, x, y: (1, 1),
)
sub = elementwise(
    "sub",
    inputs=("x", "y"),
    infix=Infix("-", 10, 11),
    partials=lambda m, out, x, y: (1, -1),
)
mul = elementwise(
    "mul",
    inputs=("x", "y"),
    infix=Infix("*", 20, 21),
    partials=lambda m, out, x, y: (y, x),
)
div = elementwise(
    "div",
    inputs=("x", "y"),
    infix=Infix("/", 20, 21),
    domain=Domain("y != 0", lambda x, y: y != 0, ((-3.0, 3.0), (0.2, 3.0))),
    partials=lambda m, out, x, y: (1 / y, -(x / y) / y),
)
neg = elementwise(
    "neg",
    infix=Infix("-", inf, 30),
    partials=lambda m, out, x: (-1,),
)
pow_ = elementwise(
    "pow",
    inputs=("x", "y"),
    infix=Infix("**", 41, 40),
    aliases=("power",),
    domain=Domain("x > 0, or x = 0 with y >= 0, or y whole", _has_real_power, ((0.1, 3.0), (-3.0, 3.0))),
    # At x = 0 the limit of y*x**(y - 1) and of out*log(x) is taken, where there is one (PyTorch does the same).
    partials=lambda m, out, x, y: (
        m.where(m.equal(y, 0), 0, y * m.pow(x, y - 1)),
        m.where(m.equal(x, 0), m.where(m.greater_equal(y, 0), 0, -m.pow(x, y)), out * m.log(x)),
    ),
)
constant_pow = elementwise(
    "constant_pow",
    inputs=("x", "n"),
    written="pow",
    infix=Infix("**", 41, 40),
    domain=Domain("x > 0, or x = 0 with n >= 0, or n whole", _has_real_power, ((0.1, 3.0), (2.0, 3.0))),
    partials=lambda m, out, x, n: (m.where(m.equal(n, 0), 0, n * m.constant_pow(x, n - 1)), None),
)
square = elementwise(
    "square",
    meaning=lambda m, x: x * x,
    partials=lambda m, out, x: (2 * x,),
)
reciprocal = elementwise(
    "reciprocal",
    latex=r"\frac{1}{@0}",
    domain=NOT_ZERO,
    meaning=lambda m, x: 1 / x,
    partials=lambda m, out, x: (-(out**2),),
)
