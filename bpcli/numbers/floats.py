"""`floats`: one point, scalars, Python's `math`. The fast start: nothing here imports NumPy.

Python raises where IEEE 754 has an answer (`1/0`, `exp(1000)`, `log(0)`). The forward pass lets it raise and then
asks `ieee` for that one step, which is NumPy's real-valued answer.
"""

import math
import operator
from collections.abc import Callable
from functools import partial
from typing import Any

from bpcli.graph.op import COMPARISONS, Op
from bpcli.numbers import special
from bpcli.numbers.stable import STABLE
from bpcli.numbers.system import NumberSystem

UNANSWERED = (ArithmeticError, ValueError)  # what `math` raises where IEEE 754 has an answer


def _sign(x: float) -> float:
    return float((x > 0) - (x < 0)) if x == x else x  # noqa: PLR0124 - only NaN differs from itself


def _passing_nan(choose: Callable[..., float]) -> Callable[..., float]:
    """`max` or `min`, but NaN if any value is NaN, as in NumPy."""
    return lambda *values: math.nan if any(map(math.isnan, values)) else choose(values)


_maximum, _minimum = _passing_nan(max), _passing_nan(min)


def _clip(x: float, low: float, high: float) -> float:
    return _minimum(_maximum(x, low), high)


def _where(condition: bool, chosen: float, other: float) -> float:  # noqa: FBT001 - the op's first input
    return chosen if condition else other


def _rounded(function: Callable[[float], int]) -> Callable[[float], float]:
    """A rounding of `math` that returns a float and leaves NaN and the infinities as they are."""
    return lambda x: math.copysign(function(x), x) if math.isfinite(x) else x


EXCEPTIONS: dict[str, Callable[..., Any]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "neg": operator.neg,
    "constant_pow": math.pow,  # never complex, unlike `**`
    "abs": math.fabs,
    "sign": _sign,
    "floor": _rounded(math.floor),
    "ceil": _rounded(math.ceil),
    "round": _rounded(round),
    "maximum": _maximum,
    "minimum": _minimum,
    "clip": _clip,
    "where": _where,
    **COMPARISONS,
    "digamma": special.digamma,
    "polygamma": special.polygamma,
    "sinc": special.sinc,
}

floats = NumberSystem("floats", math, EXCEPTIONS)
EXCEPTIONS.update({name: partial(form, floats) for name, form in STABLE.items()})


def ieee(op: Op, inputs: list[float], attributes: dict[str, Any]) -> float:
    """One op by IEEE 754 arithmetic, where Python's own raised: infinities and NaN instead of an exception."""
    from bpcli.numbers.arrays import arrays, quiet  # noqa: PLC0415 - NumPy is only loaded when a step needs it

    return float(quiet(arrays.function_of(op), inputs, attributes))


def ieee_rule(op: Op, out: float, inputs: list[float], attributes: dict[str, Any]) -> tuple[Any, ...]:
    """An op's local derivatives by IEEE 754 arithmetic, where Python's own raised."""
    from bpcli.numbers.arrays import arrays, quiet  # noqa: PLC0415 - the same

    locals_ = quiet(partial(op.partials, arrays), [out, *inputs], attributes)
    return tuple(None if local is None else float(local) for local in locals_)


floats.value_beyond = ieee
floats.locals_beyond = ieee_rule
