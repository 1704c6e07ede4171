"""`symbols`: SymPy, for derivatives and proofs. Built op by op from the graph; SymPy's own parser never sees a text.

Symbols are real and have generated names. Piecewise ops are SymPy's own, so their derivatives hold off their kinks.
"""

import operator
from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

import sympy  # type: ignore[import-untyped]  # SymPy ships no types

from bpcli.graph.op import Op
from bpcli.numbers.balls import Ball, exactly
from bpcli.numbers.system import NumberSystem

NO_NUMBERS = (sympy.nan, sympy.zoo, sympy.oo)
HIGHEST_EXPANDED = 12  # a sum of six terms to this power has six thousand
GROWING = frozenset({"exp2", "gamma", "lgamma", "digamma", "polygamma"})
LARGEST_EXPONENT = 64  # a power of two numbers is worked out up to here, and stays a power beyond

NAMED = (
    *("exp", "log", "sqrt", "erf", "erfc", "gamma", "sign", "floor"),
    *("sin", "cos", "tan", "sec", "csc", "cot", "asin", "acos", "atan", "asec", "acsc", "acot", "atan2"),
    *("sinh", "cosh", "tanh", "sech", "csch", "coth", "asinh", "acosh", "atanh", "asech", "acsch", "acoth"),
)


def _power(base: Any, exponent: Any) -> Any:
    """A power; of numbers, only where it stays small."""
    both_numbers = base.is_Number and exponent.is_Number
    return sympy.Pow(base, exponent, evaluate=not both_numbers or abs(exponent) <= LARGEST_EXPONENT)


def _sinc(x: Any, derivative: float = 0) -> Any:
    t = sympy.Dummy(real=True)
    return sympy.diff(sympy.sin(sympy.pi * t) / (sympy.pi * t), t, int(derivative)).xreplace({t: x})


def _chosen(condition: Any, x: Any, y: Any) -> Any:
    return sympy.Piecewise((x, condition), (y, True))


def expression_of(value: Any) -> Any:
    """The value itself if it is SymPy's, or a number as the fraction that it is in binary64."""
    if isinstance(value, sympy.Basic):
        return value
    return sympy.S(value) if isinstance(value, bool) else sympy.Rational(*value.as_integer_ratio())


FORMS: dict[str, Callable[..., Any]] = {
    **{name: getattr(sympy, name) for name in NAMED},
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

    def function_of(self, op: Op) -> Callable[..., Any]:
        """The form of an op, or its meaning, in which the numbers of a definition are fractions too."""
        function = super().function_of(op)

        def of_expressions(*inputs: Any, **attributes: Any) -> Any:
            given = [*map(expression_of, inputs)]
            if op.name in GROWING and given[0].is_Number and abs(given[0]) > LARGEST_EXPONENT:
                raise OverflowError(op.name)  # as in gamma(x - x + 1e6), which SymPy would write out
            fractions = {name: expression_of(x) if isinstance(x, float) else x for name, x in attributes.items()}
            return _without_floats(function(*given, **fractions))

        return of_expressions


def _without_floats(expression: Any) -> Any:
    """SymPy's floats are those of binary64, and its arithmetic would round them."""
    if not isinstance(expression, sympy.Basic):
        return expression
    return expression.xreplace({number: sympy.Rational(number) for number in expression.atoms(sympy.Float)})


symbols = Symbols("symbols", None, FORMS)


def derivative_of(expression: Any, symbol: Any) -> Any:
    """SymPy's derivative. Raises ValueError where the expression, or the derivative, has no number."""
    derivative = sympy.diff(expression, symbol)
    if expression.has(*NO_NUMBERS) or derivative.has(*NO_NUMBERS):
        raise ValueError(derivative)
    return derivative


def is_zero(expression: Any, most_operations: int) -> bool:
    """Whether SymPy proves that an expression is 0.

    It expands and simplifies only what has few operations, and no power that would become very many terms.
    """
    if expression == 0:
        return True
    powers = [power.exp for power in expression.atoms(sympy.Pow) if power.exp.is_Number]
    if sympy.count_ops(expression) > most_operations or any(abs(power) > HIGHEST_EXPANDED for power in powers):
        return False
    return bool(sympy.expand(expression) == 0 or sympy.simplify(expression) == 0)


def value_of(expression: Any, known: Mapping[Any, float], digits: int) -> Ball | bool | None:
    """SymPy's own evaluation of an expression, or of a condition; None where it has no real value."""
    if isinstance(expression, sympy.core.relational.Relational):
        return bool(expression.subs({symbol: expression_of(value) for symbol, value in known.items()}))
    # Not fractions: of a whole number SymPy would multiply out gamma. A condition has been chosen by already.
    numbers = {symbol: sympy.Float(value, digits) for symbol, value in known.items() if not isinstance(value, bool)}
    value = expression.evalf(digits, subs=numbers)
    if expression.has(sympy.loggamma):  # which is complex left of 0
        value = sympy.re(value)
    if value.is_Integer:
        return exactly(int(value))
    known_bits = getattr(value, "_prec", 0)  # of a value that cancels, SymPy gives what digits it has
    return Ball(value._mpf_) if value.is_Float and known_bits >= digits else None


def condition(symbol: Any) -> Any:
    """A symbol as the condition of a choice: that it is not 0."""
    return sympy.Ne(symbol, 0)


def real_symbol(name: str) -> Any:
    """A real symbol."""
    return sympy.Symbol(name, real=True)


def real_symbols(count: int) -> list[Any]:
    """So many real symbols, each with a name of its own."""
    return [real_symbol(f"s{number}") for number in range(count)]
