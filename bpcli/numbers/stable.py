"""Forms of ops that float64 computes without losing digits, written once over any number system `m`.

Each equals the op's `meaning`; a test holds the two together. Where the meaning would overflow, cancel, or round an
argument next to a branch point (`acosh(1/x)` at 1), the form here does not.
"""

from collections.abc import Callable, Mapping
from typing import Any


def _leg(m: Any, x: Any) -> Any:
    """sqrt(x² - 1), the leg of a right triangle with hypotenuse |x| and other leg 1, without x² or its rounding."""
    return m.sqrt(m.abs(x) - 1) * m.sqrt(m.abs(x) + 1)


STABLE: Mapping[str, Callable[..., Any]] = {
    # 1/x is rounded before acosh, asin, acos and atanh, which are infinitely steep at 1.
    "asech": lambda m, x: 2 * m.asinh(m.sqrt((1 - x) / 2) / m.sqrt(x)),
    "asec": lambda m, x: m.atan2(_leg(m, x), m.sign(x)),
    "acsc": lambda m, x: m.atan2(m.sign(x), _leg(m, x)),
    "acoth": lambda m, x: m.sign(x) * m.log1p(2 / (m.abs(x) - 1)) / 2,
    # exp of a large argument overflows; exp of minus its size never does.
    "sigmoid": lambda m, x: m.exp(m.minimum(x, 0)) / (1 + m.exp(-m.abs(x))),
    "softplus": lambda m, x, beta=1: m.maximum(x, 0) + m.log1p(m.exp(-m.abs(beta * x))) / beta,
    "logsigmoid": lambda m, x: m.minimum(x, 0) - m.log1p(m.exp(-m.abs(x))),
    "logaddexp": lambda m, x, y: m.where(m.equal(x, y), x + m.log(2), m.maximum(x, y) + m.log1p(m.exp(-m.abs(x - y)))),
    # 1 - x rounds where x is small; log1p(-x) does not.
    "log_loss": lambda m, x, y: -(y * m.maximum(m.log(x), -100) + (1 - y) * m.maximum(m.log1p(-x), -100)),
    "elu": lambda m, x, alpha=1: m.maximum(x, 0) + alpha * m.expm1(m.minimum(x, 0)),
    # 1 + erf(x) cancels for negative x; erfc does not.
    "gelu": lambda m, x, approximate="none": (
        x * (m.erfc(-x / m.sqrt(2)) / 2)
        if approximate == "none"
        else x * m.sigmoid(2 * m.sqrt(2 / m.pi) * (x + 0.044715 * x * x * x))
    ),
}
