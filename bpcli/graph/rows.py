"""Sums and products taken apart: terms with their coefficients, factors above and below the fraction bar."""

import operator
from collections.abc import Callable, Iterable, Mapping

from bpcli.graph.node import Constant, Node

EXACT = 2**53
MOST_PARTS = 1000  # of a sum or product that is taken apart: sixty times `c = c + c` must not make 2^60 terms
FOLDS: Mapping[str, Callable[..., float]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "neg": operator.neg,
}


def number_in(node: Node) -> float | None:
    """The number of a constant that is no symbol."""
    return node.value if isinstance(node, Constant) and node.symbol is None else None


def is_exact(value: float) -> bool:
    """Whether a number is whole, and small enough that float64 has its neighbours too."""
    return value.is_integer() and abs(value) < EXACT


def folded(node: Node) -> float | None:
    """The value of arithmetic that float64 does without rounding."""
    values = [number_in(value) for value in node.inputs]
    numbers = [value for value in values if value is not None and is_exact(value)]
    fold = FOLDS.get(node.op.name)
    if fold is None or None in values:
        return None
    if len(numbers) < len(values):
        return _exact_sum(node.op.name, *[value or 0.0 for value in values])
    result = fold(*numbers)
    return result if is_exact(result) else None


def _exact_sum(name: str, left: float, right: float = 0.0) -> float | None:
    """Left ± right if float64 adds them without rounding (Knuth's TwoSum has no error), so that x**0.5 has x**-0.5."""
    if name not in ("add", "sub"):
        return None
    right = right if name == "add" else -right
    total = left + right
    part = total - left
    return total if (left - (total - part)) + (right - part) == 0 else None


def terms_of(node: Node) -> Iterable[tuple[int, Node | None]]:
    """The sum as whole coefficients and terms; the term of a whole number is None, another number is a term."""
    waiting: list[tuple[int, Node]] = [(1, node)]
    parts = 0
    while waiting:
        sign, term = waiting.pop()
        number = number_in(term)
        parts += 1
        if parts > MOST_PARTS:
            yield sign, term
        elif term.op.name in ("add", "sub"):
            left, right = term.inputs
            waiting += [(sign if term.op.name == "add" else -sign, right), (sign, left)]
        elif term.op.name == "neg":
            waiting.append((-sign, term.inputs[0]))
        elif number is not None and is_exact(number):
            yield sign * int(number), None
        elif term.op.name == "mul" and (factor := number_in(term.inputs[0])) is not None and is_exact(factor):
            yield sign * int(factor), term.inputs[1]
        else:
            yield sign, term


def factors_of(node: Node) -> tuple[int, list[Node], list[Node]]:
    """The product as a sign, the factors above and the factors below the fraction bar."""
    sign = 1
    above: list[Node] = []
    below: list[Node] = []
    waiting: list[tuple[Node, bool]] = [(node, True)]
    parts = 0
    while waiting:
        factor, is_above = waiting.pop()
        parts += 1
        name = factor.op.name if parts <= MOST_PARTS else ""
        if name == "mul":
            waiting += [(factor.inputs[1], is_above), (factor.inputs[0], is_above)]
        elif name == "div":
            waiting += [(factor.inputs[1], not is_above), (factor.inputs[0], is_above)]
        elif name == "neg":
            sign = -sign
            waiting.append((factor.inputs[0], is_above))
        else:
            (above if is_above else below).append(factor)
    return sign, above, below


def coefficient_of(factors: list[Node]) -> tuple[int, list[Node]]:
    """The whole numbers among the factors, multiplied, and the rest."""
    coefficient = 1
    rest = []
    for factor in factors:
        number = number_in(factor)
        if number is not None and is_exact(number):
            coefficient *= int(number)
        else:
            rest.append(factor)
    return coefficient, rest


def base_and_exponent(factor: Node) -> tuple[Node, float]:
    """A factor as a power with a whole exponent; itself to the power of 1 where it is none."""
    if factor.op.name == "constant_pow":
        exponent = number_in(factor.inputs[1])
        if exponent is not None and exponent > 0 and exponent.is_integer():
            return factor.inputs[0], exponent
    return factor, 1.0
