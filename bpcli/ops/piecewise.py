"""Piecewise functions: absolute value, rounding, the largest and smallest, choices, and comparisons.

At a kink bpcli differentiates as PyTorch does: abs and sign have 0 at 0, ties of `max` and `min` are shared evenly,
`clip` passes the gradient at its edges.
"""

from collections.abc import Callable
from typing import Any

from bpcli.graph.op import Infix, Op, elementwise


def _shares_of(comparison: str) -> Callable[..., tuple[Any, ...]]:
    """The rule of `max` and `min`: the input that wins takes the gradient, inputs that tie share it evenly."""

    def shares(m: Any, out: Any, *inputs: Any) -> tuple[Any, ...]:
        wins = getattr(m, comparison)
        if len(inputs) == 2:  # noqa: PLR2004 - the case that people know by heart
            x, y = inputs
            tie = m.where(m.equal(x, y), m.div(1, 2), 0)
            return m.where(wins(x, y), 1, tie), m.where(wins(y, x), 1, tie)
        winners = [m.where(m.equal(x, out), 1, 0) for x in inputs]
        ties = winners[0]
        for winner in winners[1:]:
            ties = ties + winner
        return tuple([winner / ties for winner in winners])

    return shares


def _comparison(name: str, symbol: str) -> Op:
    """A condition; no gradient flows through it."""
    return elementwise(
        name,
        inputs=("x", "y"),
        infix=Infix(symbol, 5, 6),
        is_condition=True,
        partials=lambda m, out, x, y: (None, None),
    )


greater = _comparison("greater", ">")
less = _comparison("less", "<")
greater_equal = _comparison("greater_equal", ">=")
less_equal = _comparison("less_equal", "<=")
equal = _comparison("equal", "==")
not_equal = _comparison("not_equal", "!=")

where = elementwise(
    "where",
    inputs=("condition", "x", "y"),
    latex=r"\begin{cases} @1 & \text{if } @0 \\ @2 & \text{otherwise} \end{cases}",
    kinks=("the border of the condition: a jump, or a corner",),
    partials=lambda m, out, condition, x, y: (None, m.where(condition, 1, 0), m.where(condition, 0, 1)),
)
abs_ = elementwise(
    "abs",
    latex=r"\left|@0\right|",
    aliases=("fabs", "Abs", "absolute"),
    kinks=("x = 0: slopes -1 and 1, taken as 0",),
    partials=lambda m, out, x: (m.sign(x),),
)
sign = elementwise(
    "sign",
    aliases=("sgn",),
    kinks=("x = 0: a jump, the slope is taken as 0",),
    partials=lambda m, out, x: (0,),
)
floor = elementwise(
    "floor",
    latex=r"\left\lfloor @0\right\rfloor",
    kinks=("x whole: a jump, the slope is taken as 0",),
    partials=lambda m, out, x: (0,),
)
ceil = elementwise(
    "ceil",
    latex=r"\left\lceil @0\right\rceil",
    kinks=("x whole: a jump, the slope is taken as 0",),
    partials=lambda m, out, x: (0,),
)
round_ = elementwise(
    "round",
    aliases=("rint",),
    kinks=("x halfway between whole numbers: a jump, the slope is taken as 0",),
    partials=lambda m, out, x: (0,),
)
maximum = elementwise(
    "maximum",
    inputs=("*x",),
    written="max",
    latex=r"\max",
    aliases=("maximum",),
    kinks=("a tie: the inputs that tie share the gradient evenly",),
    partials=_shares_of("greater"),
)
minimum = elementwise(
    "minimum",
    inputs=("*x",),
    written="min",
    latex=r"\min",
    aliases=("minimum",),
    kinks=("a tie: the inputs that tie share the gradient evenly",),
    partials=_shares_of("less"),
)
clip = elementwise(
    "clip",
    inputs=("x", "min", "max"),
    aliases=("clamp",),
    kinks=("x = min: slopes 0 and 1, taken as 1", "x = max: slopes 1 and 0, taken as 1"),
    partials=lambda m, out, x, low, high: (
        m.where(m.less(x, low), 0, m.where(m.greater(x, high), 0, 1)),
        m.where(m.less(x, low), m.where(m.less(low, high), 1, 0), 0),
        m.where(m.greater(m.maximum(x, low), high), 1, 0),
    ),
)
