"""Hyperbolic functions and their inverses."""

from bpcli.graph.op import Domain, elementwise
from bpcli.ops.domains import BEYOND_ONE, NOT_ZERO, WITHIN_ONE

sinh = elementwise(
    "sinh",
    latex=r"\sinh",
    aliases=("sh",),
    partials=lambda m, out, x: (m.cosh(x),),
)
cosh = elementwise(
    "cosh",
    latex=r"\cosh",
    aliases=("ch",),
    partials=lambda m, out, x: (m.sinh(x),),
)
tanh = elementwise(
    "tanh",
    latex=r"\tanh",
    aliases=("th",),
    partials=lambda m, out, x: (1 - out**2,),
)
sech = elementwise(
    "sech",
    meaning=lambda m, x: 1 / m.cosh(x),
    partials=lambda m, out, x: (-out * m.tanh(x),),
)
csch = elementwise(
    "csch",
    aliases=("cosech",),
    domain=NOT_ZERO,
    meaning=lambda m, x: 1 / m.sinh(x),
    partials=lambda m, out, x: (-out * m.coth(x),),
)
coth = elementwise(
    "coth",
    latex=r"\coth",
    aliases=("cth",),
    domain=NOT_ZERO,
    meaning=lambda m, x: 1 / m.tanh(x),
    partials=lambda m, out, x: (-(m.csch(x) ** 2),),
)
asinh = elementwise(
    "asinh",
    aliases=("arcsinh", "arsinh"),
    partials=lambda m, out, x: (1 / m.hypot(x, 1),),
)
acosh = elementwise(
    "acosh",
    aliases=("arccosh", "arcosh"),
    domain=Domain("x >= 1", lambda x: x >= 1, ((1.05, 4.0),)),
    kinks=("x = 1: the slope is infinite",),
    partials=lambda m, out, x: (1 / (m.sqrt(x - 1) * m.sqrt(x + 1)),),
)
atanh = elementwise(
    "atanh",
    aliases=("arctanh", "artanh"),
    domain=WITHIN_ONE,
    partials=lambda m, out, x: (1 / ((1 - x) * (1 + x)),),
)
asech = elementwise(
    "asech",
    aliases=("arcsech", "arsech"),
    domain=Domain("0 < x <= 1", lambda x: 0 < x <= 1, ((0.05, 0.95),)),
    kinks=("x = 1: the slope is infinite",),
    meaning=lambda m, x: m.acosh(1 / x),
    partials=lambda m, out, x: (-1 / (x * m.sqrt((1 - x) * (1 + x))),),
)
acsch = elementwise(
    "acsch",
    aliases=("arccsch", "arcsch"),
    domain=NOT_ZERO,
    meaning=lambda m, x: m.asinh(1 / x),
    partials=lambda m, out, x: (-1 / (m.abs(x) * m.hypot(x, 1)),),
)
acoth = elementwise(
    "acoth",
    aliases=("arccoth", "arcoth"),
    domain=BEYOND_ONE,
    meaning=lambda m, x: m.atanh(1 / x),
    partials=lambda m, out, x: (1 / ((1 - x) * (1 + x)),),
)
