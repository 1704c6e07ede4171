"""`arrays`: NumPy, for many numbers at once, and for one number where Python's `math` raises and IEEE 754 does not.

What NumPy lacks (`erf`, `lgamma`, `digamma`, `polygamma`) is the function of `floats`, entry by entry.
"""

import math
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import cache, partial, reduce
from typing import Any

import numpy as np

from bpcli.graph.op import Op, Shape
from bpcli.numbers import special
from bpcli.numbers.stable import STABLE
from bpcli.numbers.structure import axes_in
from bpcli.numbers.system import NumberSystem
from bpcli.numbers.tensors import STRUCTURAL, Tensors


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


def _chosen(condition: Any, x: Any, y: Any) -> Any:
    """NumPy's `where`; 1 and 0 as numbers of float64, which the rules of piecewise ops choose between."""
    if np.ndim(condition) == 0:  # as in the rule of a power, whose exponent is one number
        chosen, other = (x, y) if condition else (y, x)
        if np.ndim(chosen) and np.shape(other) in {(), np.shape(chosen)}:
            return chosen
    if type(x) is int and type(y) is int:
        if (x, y) == (1, 0):
            return np.asarray(condition, float)[()]  # the same, in half the time
        x, y = float(x), float(y)
    return np.where(condition, x, y)[()]


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
    "relu": lambda x: np.maximum(x, 0),
    "where": _chosen,
}


def _shifted(m: Any, x: Any, axis: Any) -> tuple[Any, Any]:
    """The array less its largest entry, so that exp does not overflow; and that entry, 0 where it is infinite."""
    largest = np.maximum.reduce(x, axis=axes_in(m, x, axis), keepdims=True, initial=-math.inf)
    largest = np.where(np.isfinite(largest), largest, 0)
    return x - largest, largest


def _softmax(m: Any, x: Any, axis: int = -1) -> Any:
    weights, _ = _shifted(m, x, axis)
    np.exp(weights, out=weights)
    weights /= m.sum(weights, axis=axis, keepdims=True)
    return weights


def _masked_softmax(m: Any, x: Any, mask: Any, axis: int = -1) -> Any:
    weights, _ = _shifted(m, np.where(mask > 0, x, -math.inf), axis)
    np.exp(weights, out=weights)
    total = m.sum(weights, axis=axis, keepdims=True)
    weights /= np.where(total == 0, 1, total)
    return weights


def _logsumexp(m: Any, x: Any, axis: Any = None, keepdims: bool = False) -> Any:  # noqa: FBT001, FBT002 - as NumPy has it
    weights, largest = _shifted(m, x, axis)
    total = np.log(m.sum(np.exp(weights), axis=axis, keepdims=True)) + largest
    return total if keepdims else np.squeeze(total, axes_in(m, x, axis))


def _log_softmax(m: Any, x: Any, axis: int = -1) -> Any:
    shifted, _ = _shifted(m, x, axis)
    return shifted - np.log(m.sum(np.exp(shifted), axis=axis, keepdims=True))


STABLY: dict[str, Callable[..., Any]] = {
    "softmax": _softmax,
    "masked_softmax": _masked_softmax,
    "logsumexp": _logsumexp,
    "log_softmax": _log_softmax,
}


class Arrays(Tensors):
    """Arrays of binary64, or, with `dtype` float32, of binary32: NumPy's functions, IEEE 754 arithmetic."""

    def __init__(self, dtype: type[np.floating[Any]] = np.float64, batch: int = 0) -> None:
        NumberSystem.__init__(self, "arrays", np, EXCEPTIONS)
        self.batch = batch
        self.dtype = dtype

    @property
    def pi(self) -> float:
        """π; a plain number, which takes the dtype of what it meets."""
        return math.pi

    @property
    def e(self) -> float:
        """e, in the same way."""
        return math.e

    def number(self, value: float) -> Any:
        """A literal, as a number of NumPy's, which never raises; the same for the whole batch."""
        return np.full((1,) * self.batch, value, self.dtype) if self.batch else self.dtype(value)

    def value(self, value: Any) -> Any:
        """A value that a user gave, in this dtype."""
        return np.asarray(value, self.dtype)[()]

    def handed_out(self, value: Any) -> Any:
        """A result as a user takes it: a float, or an array of its own, no view of another."""
        return np.array(value) if np.ndim(value) else float(value)

    def at_work(self) -> AbstractContextManager[object]:
        """Infinities and NaN are answers, of which the steps that they come from are told."""
        keep_freed_memory()
        return np.errstate(all="ignore")

    def is_finite(self, value: Any) -> bool:
        """Whether every entry is finite."""
        return bool(np.isfinite(value).all())

    def zeros(self, shape: Shape) -> Any:
        """0 for each entry."""
        return np.zeros(shape, self.dtype)[()]

    def batched(self) -> "Arrays":
        """The same numbers with one more axis in front: many upstream gradients, or many points, at once."""
        return Arrays(self.dtype, self.batch + 1)

    @staticmethod
    def lifted(value: Any) -> Any:
        """A value with a batch axis of length 1, the same for the whole batch."""
        return np.asarray(value)[None]

    def function_of(self, op: Op) -> Callable[..., Any]:
        """NumPy's function of that name, a stable form, or the op's meaning; never of another dtype."""
        function = self._found(op)
        if self.dtype is np.float64 or op.is_condition:
            return function
        return lambda *inputs, **attributes: np.asarray(function(*inputs, **attributes), self.dtype)[()]

    def _found(self, op: Op) -> Callable[..., Any]:
        if op.is_structural:
            function = STABLY.get(op.name) or STRUCTURAL.get(op.name)
            return partial(function, self) if function else super().function_of(op)
        if op.name in STABLE and op.name not in EXCEPTIONS:
            return partial(STABLE[op.name], self)
        return NumberSystem.function_of(self, op)


@cache
def keep_freed_memory() -> None:
    """Let the C library keep what large arrays leave behind: one array of 30 MiB is asked for, never used, and dropped.

    glibc hands large arrays back to the system when they are freed, and takes new pages for the next, which costs more
    than most of what is computed on them (some 2 µs a page of 4 kB, twice the time of a convolution). When an array is
    freed it learns its size, up to 32 MiB, and from then on keeps arrays of that size, and twice as much at the end of
    its heap (mallopt(3), M_MMAP_THRESHOLD and M_TRIM_THRESHOLD). Other C libraries lose a few microseconds, once.
    """
    np.empty(30 << 20, np.uint8)


arrays = Arrays()
single = Arrays(np.float32)


def quiet(function: Callable[..., Any], inputs: Sequence[Any], attributes: dict[str, Any]) -> Any:
    """The function's IEEE 754 answer for single numbers, without NumPy's warnings."""
    with np.errstate(all="ignore"):
        return function(*[np.float64(value) for value in inputs], **attributes)
