"""`arrays`: NumPy, for many numbers at once, and for one number where Python's `math` raises and IEEE 754 does not.

What NumPy lacks (`erf`, `lgamma`, `digamma`, `polygamma`) is the function of `floats`, entry by entry.
"""

import math
from collections.abc import Callable, Sequence
from functools import partial, reduce
from typing import Any

import numpy as np

from bpcli.numbers import special
from bpcli.numbers.stable import STABLE
from bpcli.numbers.system import NumberSystem


def _entrywise(function: Callable[..., float], at_pole: float) -> Callable[..., Any]:
    """A function of one float, applied to every entry; `at_pole` where it raises."""

    def one(x: float, **attributes: Any) -> float:
        try:
            return function(x, **attributes)
        except OverflowError:
            return math.inf
        except (ValueError, ZeroDivisionError):
            return at_pole

    def every(x: Any, **attributes: Any) -> Any:
        return np.asarray(np.frompyfunc(partial(one, **attributes), 1, 1)(x), dtype=float)[()]

    return every


EXCEPTIONS: dict[str, Callable[..., Any]] = {
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "neg": np.negative,
    "constant_pow": np.power,
    "maximum": lambda *values: reduce(np.maximum, values),
    "minimum": lambda *values: reduce(np.minimum, values),
    "erf": _entrywise(math.erf, math.nan),
    "erfc": _entrywise(math.erfc, math.nan),
    "gamma": _entrywise(math.gamma, math.nan),
    "lgamma": _entrywise(math.lgamma, math.inf),
    "digamma": _entrywise(special.digamma, math.nan),
    "polygamma": _entrywise(special.polygamma, math.nan),
    "sinc": _entrywise(special.sinc, math.nan),
}

arrays = NumberSystem("arrays", np, EXCEPTIONS)
EXCEPTIONS.update({name: partial(form, arrays) for name, form in STABLE.items()})


def quiet(function: Callable[..., Any], inputs: Sequence[Any], attributes: dict[str, Any]) -> Any:
    """The function's IEEE 754 answer for single numbers, without NumPy's warnings."""
    with np.errstate(all="ignore"):
        return function(*[np.float64(value) for value in inputs], **attributes)
