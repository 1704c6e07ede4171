"""Trigonometric functions and their inverses, angles in radians.

The derivatives of the inverses are written with `(1 - x)*(1 + x)`, which keeps the digits that `1 - x**2` loses next to
1. The reciprocal ones follow the principal values `asec(x) = acos(1/x)`, `acot(x) = atan(1/x)` (DLMF 4.23).
"""

from typing import Any

from bpcli.graph.op import Domain, elementwise, order_of_derivative
from bpcli.ops.domains import FROM_ONE, NOT_ZERO, UP_TO_ONE


def _share(m: Any, side: Any, x: Any, y: Any) -> Any:
    """side/(x² + y²), 0 at the origin as in PyTorch; by hypot, since x² may leave the range of float64."""
    share = side / m.hypot(x, y) / m.hypot(x, y)
    return m.where(m.equal(x, 0), m.where(m.equal(y, 0), 0, share), share)


sin = elementwise(
    "sin",
    latex=r"\sin",
    partials=lambda m, out, x: (m.cos(x),),
)
cos = elementwise(
    "cos",
    latex=r"\cos",
    partials=lambda m, out, x: (-m.sin(x),),
)
tan = elementwise(
    "tan",
    latex=r"\tan",
    aliases=("tg",),
    partials=lambda m, out, x: (1 + out**2,),
)
sec = elementwise(
    "sec",
    latex=r"\sec",
    meaning=lambda m, x: 1 / m.cos(x),
    partials=lambda m, out, x: (out * m.tan(x),),
)
csc = elementwise(
    "csc",
    latex=r"\csc",
    aliases=("cosec",),
    domain=NOT_ZERO,
    meaning=lambda m, x: 1 / m.sin(x),
    partials=lambda m, out, x: (-out * m.cot(x),),
)
cot = elementwise(
    "cot",
    latex=r"\cot",
    aliases=("ctg", "cotan"),
    domain=NOT_ZERO,
    meaning=lambda m, x: m.cos(x) / m.sin(x),
    partials=lambda m, out, x: (-(m.csc(x) ** 2),),
)
asin = elementwise(
    "asin",
    latex=r"\arcsin",
    aliases=("arcsin",),
    domain=UP_TO_ONE,
    partials=lambda m, out, x: (1 / m.sqrt((1 - x) * (1 + x)),),
)
acos = elementwise(
    "acos",
    latex=r"\arccos",
    aliases=("arccos",),
    domain=UP_TO_ONE,
    partials=lambda m, out, x: (-1 / m.sqrt((1 - x) * (1 + x)),),
)
atan = elementwise(
    "atan",
    latex=r"\arctan",
    aliases=("arctan", "arctg"),
    partials=lambda m, out, x: (1 / (1 + x**2),),
)
asec = elementwise(
    "asec",
    aliases=("arcsec",),
    domain=FROM_ONE,
    meaning=lambda m, x: m.acos(1 / x),
    partials=lambda m, out, x: (1 / (m.abs(x) * m.sqrt((m.abs(x) - 1) * (m.abs(x) + 1))),),
)
acsc = elementwise(
    "acsc",
    aliases=("arccsc", "acosec", "arccosec"),
    domain=FROM_ONE,
    meaning=lambda m, x: m.asin(1 / x),
    partials=lambda m, out, x: (-1 / (m.abs(x) * m.sqrt((m.abs(x) - 1) * (m.abs(x) + 1))),),
)
acot = elementwise(
    "acot",
    aliases=("arccot", "arcctg"),
    domain=Domain("", lambda _: True, ((0.1, 3.0),)),
    kinks=("x = 0: a jump from -pi/2 to pi/2",),
    meaning=lambda m, x: m.atan(1 / x),
    partials=lambda m, out, x: (-1 / (1 + x**2),),
)
atan2 = elementwise(
    "atan2",
    inputs=("y", "x"),
    aliases=("arctan2",),
    kinks=("y = 0 with x < 0: a jump from -pi to pi", "x = y = 0: the gradient is taken as 0"),
    partials=lambda m, out, y, x: (_share(m, x, x, y), _share(m, -y, x, y)),
)
sinc = elementwise(
    "sinc",
    attributes={"derivative": order_of_derivative(0.0, most=8)},
    # sinc and its derivatives are one family: (cos(pi*x) - sinc(x))/x would lose every digit next to 0.
    partials=lambda m, out, x, derivative=0.0: (m.sinc(x, derivative=derivative + 1),),
)
