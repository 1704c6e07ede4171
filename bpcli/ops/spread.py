"""How large entries are and how far apart: variance, standard deviation, norms."""

from math import inf
from typing import Any

from bpcli.graph.op import Attribute, Sample, Shape
from bpcli.ops.attributes import AXES, SWITCH, whole_number
from bpcli.ops.reductions import Axis, extreme_back, joined_count, reduced, reduction, repeated, require_entries


def _free(shape: Shape, axis: Axis, ddof: float) -> float:
    """The degrees of freedom; 0 and not less where more is taken off than there is, as in NumPy and PyTorch."""
    return max(joined_count(shape, axis) - ddof, 0)


def _variance(m: Any, x: Any, axis: Axis = None, ddof: float = 0, keepdims: bool = False) -> Any:
    centred = _centred(m, x, axis)
    return m.sum(centred * centred, axis=axis, keepdims=keepdims) / _free(m.shape(x), axis, ddof)


def _centred(m: Any, x: Any, axis: Axis) -> Any:
    return x - repeated(m, m.mean(x, axis=axis), m.shape(x), axis)


def _variance_back(
    m: Any, upstream: Any, out: Any, x: Any, axis: Axis = None, ddof: float = 0, keepdims: bool = False
) -> tuple[Any, ...]:
    shape = m.shape(x)
    free = _free(shape, axis, ddof)
    return (repeated(m, upstream, shape, axis, keepdims) * (2 * _centred(m, x, axis) / free),)


def _deviation_back(
    m: Any, upstream: Any, out: Any, x: Any, axis: Axis = None, ddof: float = 0, keepdims: bool = False
) -> tuple[Any, ...]:
    scaled = m.where(m.equal(out, 0), 0, upstream / out)
    free = _free(m.shape(x), axis, ddof)
    return (repeated(m, scaled, m.shape(x), axis, keepdims) * (_centred(m, x, axis) / free),)


# NumPy divides by n, PyTorch by n - 1 where nothing else is said: NumPy's default, and both their words.
DDOF = {"axis": AXES, "ddof": whole_number(0, least=0), "keepdims": SWITCH}
var = reduction(
    "var",
    _variance_back,
    meaning=_variance,
    attributes=DDOF,
    samples=(Sample((2, 3)), Sample((2, 3), axis=1, ddof=1), Sample((2, 3), axis=0, keepdims=True)),
)
std = reduction(
    "std",
    _deviation_back,
    meaning=lambda m, x, **where: m.sqrt(m.var(x, **where)),
    attributes=DDOF,
    kinks=("all entries equal: the gradient is taken as 0",),
    samples=(Sample((2, 3)), Sample((2, 3), axis=1, ddof=1), Sample((3, 2), axis=0, keepdims=True)),
)


def _norm_shape(shape: Shape, *, ord: float = 2, axis: Axis = None, keepdims: bool = False) -> Shape:  # noqa: A002 - NumPy's name
    left = reduced(shape, axis=axis, keepdims=keepdims)
    if ord == inf:
        require_entries(shape, axis, left)
    return left


def _norm(m: Any, x: Any, ord: float = 2, **where: Any) -> Any:  # noqa: A002 - NumPy's name
    if ord == inf:
        return m.amax(m.abs(x), **where)
    if ord == 1:
        return m.sum(m.abs(x), **where)
    if ord == 2:  # noqa: PLR2004 - the Euclidean norm
        return m.sqrt(m.sum(x * x, **where))
    return m.constant_pow(m.sum(m.constant_pow(m.abs(x), ord), **where), m.div(1, ord))


def _norm_back(m: Any, upstream: Any, out: Any, x: Any, ord: float = 2, **where: Any) -> tuple[Any, ...]:  # noqa: A002 - the same
    shape = m.shape(x)
    if ord == inf:
        (shared,) = extreme_back(m, upstream, out, m.abs(x), **where)
        return (shared * m.sign(x),)
    if ord == 1:
        return (repeated(m, upstream, shape, **where) * m.sign(x),)
    if ord == 2:  # noqa: PLR2004 - the same
        scaled = m.where(m.equal(out, 0), 0, upstream / out)
        return (repeated(m, scaled, shape, **where) * x,)
    scaled = m.where(m.equal(out, 0), 0, upstream * m.constant_pow(out, 1 - ord))
    size = m.abs(x)
    steep = m.where(m.equal(x, 0), 0, m.constant_pow(size, ord - 1))
    return (repeated(m, scaled, shape, **where) * (m.sign(x) * steep),)


norm = reduction(
    "norm",
    _norm_back,
    shape=_norm_shape,
    meaning=_norm,
    attributes={
        "ord": Attribute(2.0, "a number from 1 on, or inf", lambda v: isinstance(v, float) and v >= 1),
        "axis": AXES,
        "keepdims": SWITCH,
    },
    kinks=("the norm is 0: the gradient is taken as 0",),
    samples=(
        Sample((2, 3)),
        Sample((2, 3), axis=1),
        Sample((2, 3), ord=1.0, axis=0),
        Sample((4,), ord=3.0),
        Sample((2, 3), ord=inf, axis=1, keepdims=True),
    ),
)
