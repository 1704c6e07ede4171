"""`symbols`: SymPy, for derivatives and proofs. Built op by op from the graph; SymPy's own parser never sees a text.

Symbols are real and have generated names. Piecewise ops are SymPy's own, so their derivatives hold off their kinks.
"""

import operator
from collections.abc import Callable
from functools import reduce
from typing import Any

import sympy

from bpcli.numbers.system import NumberSystem

LARGEST_EXPONENT = 64  # a power of two numbers is worked out up to here, and stays a power beyond

NAMED = """exp log sqrt sin cos tan sec csc cot asin acos atan asec acsc acot atan2 sinh cosh tanh sech csch coth asinh
acosh atanh asech acsch acoth erf erfc gamma sign floor"""


def _power(base: Any, exponent: Any) -> Any:
    """A power; of numbers, only where it stays small."""
    both_numbers = base.is_Number and exponent.is_Number
    return sympy.Pow(base, exponent, evaluate=not both_numbers or abs(exponent) <= LARGEST_EXPONENT)


def _sinc(x: Any, derivative: float = 0) -> Any:
    t = sympy.Dummy(real=True)
    return sympy.diff(sympy.sin(sympy.pi * t) / (sympy.pi * t), t, int(derivative)).xreplace({t: x})


def _chosen(condition: Any, x: Any, y: Any) -> Any:
    return sympy.Piecewise((x, condition), (y, True))


def _of_expressions(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function on expressions, with Python's own numbers made SymPy's."""
    return lambda *inputs, **attributes: function(*map(expression_of, inputs), **attributes)


def expression_of(value: Any) -> Any:
    """The value itself if it is SymPy's, or a number as the fraction that it is in binary64."""
    if isinstance(value, sympy.Basic):
        return value
    return sympy.Rational(*value.as_integer_ratio())


FORMS: dict[str, Callable[..., Any]] = {
    **{name: getattr(sympy, name) for name in NAMED.split()},
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "neg": operator.neg,
    "pow": _power,
    "constant_pow": _power,
    "exp2": lambda x: 2**x,
    "expm1": lambda x: sympy.exp(x) - 1,
    "log2": lambda x: sympy.log(x) / sympy.log(2),
    "log10": lambda x: sympy.log(x) / sympy.log(10),
    "log1p": lambda x: sympy.log(1 + x),
    "cbrt": lambda x: sympy.sign(x) * sympy.Abs(x) ** sympy.Rational(1, 3),
    "hypot": lambda x, y: sympy.sqrt(x**2 + y**2),
    "lgamma": sympy.loggamma,  # whose real part is the logarithm of |gamma|, with the same slope
    "digamma": lambda x: sympy.polygamma(0, x),
    "polygamma": lambda x, n: sympy.polygamma(int(n), x),
    "sinc": _sinc,
    "abs": sympy.Abs,
    "ceil": sympy.ceiling,
    "round": lambda x: sympy.floor(x + sympy.Rational(1, 2)),
    "maximum": lambda *values: reduce(sympy.Max, values),
    "minimum": lambda *values: reduce(sympy.Min, values),
    "clip": lambda x, low, high: sympy.Min(sympy.Max(x, low), high),
    "where": _chosen,
    "greater": sympy.Gt,
    "less": sympy.Lt,
    "greater_equal": sympy.Ge,
    "less_equal": sympy.Le,
    "equal": sympy.Eq,
    "not_equal": sympy.Ne,
}


class Symbols(NumberSystem):
    """SymPy's expressions."""

    @property
    def pi(self) -> Any:
        """π."""
        return sympy.pi

    @property
    def e(self) -> Any:
        """e, the base of the natural logarithm."""
        return sympy.E

    def number(self, value: float) -> Any:
        """A literal, as the fraction that it is in binary64."""
        return expression_of(value)


symbols = Symbols("symbols", None, {name: _of_expressions(form) for name, form in FORMS.items()})


def real_symbols(count: int) -> list[Any]:
    """So many real symbols, each with a name of its own."""
    return [sympy.Symbol(f"s{number}", real=True) for number in range(count)]
