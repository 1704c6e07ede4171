"""From SymPy back to the graph: an expression as a node, so that any number system can evaluate it."""

from collections.abc import Callable, Mapping
from typing import Any

import sympy  # type: ignore[import-untyped]  # SymPy ships no types

from bpcli.graph.node import SYMBOLS, Constant, Node, applied
from bpcli.numbers.symbols import NAMED

OPS = {
    "Abs": "abs",
    "ceiling": "ceil",
    "Max": "maximum",
    "Min": "minimum",
    "StrictGreaterThan": "greater",
    "StrictLessThan": "less",
    "GreaterThan": "greater_equal",
    "LessThan": "less_equal",
    "Equality": "equal",
    "Unequality": "not_equal",
}
SAME_NAME = frozenset(NAMED)
EXACT_IN_FLOAT64 = 2**53


class UntranslatableError(Exception):
    """An expression holds something that no op computes, such as a derivative that SymPy could not take."""


# What SymPy and a translation raise on an expression that they cannot take: complex comparisons, divisions by zero.
REFUSALS = (
    TypeError, ValueError, ArithmeticError, AttributeError, NotImplementedError, RecursionError, UntranslatableError
)  # fmt: skip


def node_of(expression: Any, leaves: Mapping[Any, Node]) -> Node:
    """The expression as a node; `leaves` says what each symbol stands for.

    A sub-expression that occurs twice becomes one node. Raises UntranslatableError.
    """
    return Translation(leaves).node(expression)


class Translation:
    """What has been translated so far."""

    def __init__(self, leaves: Mapping[Any, Node]) -> None:
        self._known: dict[Any, Node] = dict(leaves)

    def node(self, expression: Any) -> Node:
        """The expression as a node."""
        known = self._known.get(expression)
        if known is None:
            known = self._known[expression] = self._new(expression)
        return known

    def _new(self, expression: Any) -> Node:
        if expression.is_Rational:
            return _fraction(expression)
        if expression.is_Float:  # a constant of a rule, times a symbol
            return _fraction(sympy.Rational(expression))
        if expression in (sympy.pi, sympy.E):
            name = "pi" if expression is sympy.pi else "e"
            return Constant(SYMBOLS[name], name)
        kind = kind_of(expression)
        special: Callable[[Any], Node] | None = getattr(self, f"_of_{kind.lower()}", None)
        if special is not None:
            return special(expression)
        op = OPS.get(kind) or (kind if kind in SAME_NAME else None)
        if op is None:
            raise UntranslatableError(kind)
        return applied(op, *map(self.node, expression.args))

    def _folded(self, op: str, parts: Any) -> Node:
        first, *rest = map(self.node, parts)
        for part in rest:
            first = applied(op, first, part)
        return first

    def _of_add(self, expression: Any) -> Node:
        return self._folded("add", expression.args)

    def _of_mul(self, expression: Any) -> Node:
        return self._folded("mul", expression.args)

    def _of_pow(self, expression: Any) -> Node:
        base, exponent = expression.args
        if exponent == -1:
            return applied("div", 1.0, self.node(base))
        if exponent == sympy.Rational(1, 2):
            return applied("sqrt", self.node(base))
        op = "pow" if exponent.free_symbols else "constant_pow"
        return applied(op, self.node(base), self.node(exponent))

    def _of_polygamma(self, expression: Any) -> Node:
        order, argument = expression.args
        if order == 0:
            return applied("digamma", self.node(argument))
        if not order.is_Integer:
            raise UntranslatableError(kind_of(order))
        return applied("polygamma", self.node(argument), n=float(order))

    def _of_heaviside(self, expression: Any) -> Node:
        """The step, which only a tie would ask about: SymPy is not asked there."""
        above = applied("greater", self.node(expression.args[0]), 0.0)
        return applied("where", above, 1.0, 0.0)

    def _of_diracdelta(self, _expression: Any) -> Node:
        """0 off the kink, where SymPy is not asked."""
        return Constant(0.0)

    def _of_derivative(self, expression: Any) -> Node:
        """0 for the slope of a staircase, which SymPy leaves as it is."""
        if type(expression.args[0]).__name__ in ("floor", "ceiling"):
            return Constant(0.0)
        raise UntranslatableError(kind_of(expression))

    def _of_subs(self, expression: Any) -> Node:
        """What SymPy writes for the slope of a staircase of something: the slope is 0 wherever it is."""
        if kind_of(expression.args[0]) != "Derivative":
            raise UntranslatableError(kind_of(expression))
        return self.node(expression.args[0])

    def _of_piecewise(self, expression: Any) -> Node:
        *pieces, (last, condition) = expression.args
        if condition is not sympy.true:
            raise UntranslatableError(kind_of(expression))
        chosen = self.node(last)
        for value, holds in reversed(pieces):
            chosen = applied("where", self.node(holds), self.node(value), chosen)
        return chosen


def kind_of(expression: Any) -> str:
    """What SymPy calls an expression of this kind."""
    return type(expression).__name__


def _fraction(number: Any) -> Node:
    # Whole numbers of any size are exact in `exact`, which is what evaluates a translation.
    above, below = int(number.p), int(number.q)
    return _whole(above) if below == 1 else applied("div", _whole(above), _whole(below))


def _whole(number: int) -> Constant:
    return Constant(float(number) if abs(number) < EXACT_IN_FLOAT64 else number)
