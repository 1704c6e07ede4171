"""Reductions: what joins the entries along axes. Without `axis` all entries are joined; `dim` and `keepdim` are heard.

What flows back is repeated along the axes that were joined. Ties of the largest share evenly, as over single numbers.
"""

from math import inf, prod as product_of
from typing import Any

from bpcli.graph.op import Attribute, Op, Sample, Shape, structural
from bpcli.graph.shapes import axes_of, axis_of
from bpcli.ops.attributes import AXES, KEEPDIMS, one_axis, whole_number

Axis = int | tuple[int, ...] | None
REDUCED = {"axis": AXES, "keepdims": KEEPDIMS}


def reduced(shape: Shape, *, axis: Axis = None, keepdims: bool = False, **_: Any) -> Shape:
    """The shape that is left of an array when axes are joined."""
    joined = axes_of(axis, shape)
    if keepdims:
        return tuple([1 if place in joined else length for place, length in enumerate(shape)])
    return tuple([length for place, length in enumerate(shape) if place not in joined])


def joined_count(shape: Shape, axis: Axis) -> int:
    """How many entries are joined to one."""
    return product_of([shape[place] for place in axes_of(axis, shape)])


def repeated(m: Any, x: Any, shape: Shape, axis: Axis = None, keepdims: bool = False) -> Any:  # noqa: FBT001, FBT002 - as NumPy has it
    """What was reduced over axes, repeated along them."""
    joined = axes_of(axis, shape)
    is_in_front = joined == tuple(range(len(joined)))  # axes in front are added by broadcasting
    if not keepdims and not is_in_front:
        x = m.reshape(x, shape=reduced(shape, axis=axis, keepdims=True))
    return x if m.shape(x) == shape else m.broadcast_to(x, shape=shape)


def _reduction(name: str, pullback: Any, **definition: Any) -> Op:
    return structural(name, pullback, reduced, **{"attributes": REDUCED, **definition})


def _sum_back(m: Any, upstream: Any, out: Any, x: Any, **where: Any) -> tuple[Any, ...]:
    return (repeated(m, upstream, m.shape(x), **where),)


def _mean_back(m: Any, upstream: Any, out: Any, x: Any, axis: Axis = None, **where: Any) -> tuple[Any, ...]:
    return (repeated(m, upstream, m.shape(x), axis, **where) / joined_count(m.shape(x), axis),)


def _extreme_back(m: Any, upstream: Any, out: Any, x: Any, **where: Any) -> tuple[Any, ...]:
    shape = m.shape(x)
    winners = m.where(m.equal(x, repeated(m, out, shape, **where)), 1, 0)
    ties = repeated(m, m.sum(winners, **where), shape, **where)
    return (repeated(m, upstream, shape, **where) * winners / ties,)


sum_ = _reduction(
    "sum",
    _sum_back,
    samples=(
        Sample((2, 3)),
        Sample((2, 3), axis=0),
        Sample((2, 3), axis=-1, keepdims=True),
        Sample((2, 3, 4), axis=(0, -1)),
    ),
)
mean = _reduction(
    "mean",
    _mean_back,
    meaning=lambda m, x, axis=None, **where: m.sum(x, axis=axis, **where) / joined_count(m.shape(x), axis),
    samples=(
        Sample((2, 3)),
        Sample((2, 3), axis=1),
        Sample((2, 3), axis=(0,), keepdims=True),
    ),
)
amax = _reduction(
    "amax",
    _extreme_back,
    written="max",
    kinks=("a tie: the entries that tie share the gradient evenly",),
    samples=(
        Sample((2, 3)),
        Sample((2, 3), axis=0),
        Sample((2, 3), axis=-1, keepdims=True),
    ),
)
amin = _reduction(
    "amin",
    _extreme_back,
    written="min",
    kinks=("a tie: the entries that tie share the gradient evenly",),
    samples=(
        Sample((2, 3)),
        Sample((2, 3), axis=1),
    ),
)


def _product_back(
    m: Any, upstream: Any, out: Any, x: Any, axis: Axis = None, keepdims: bool = False
) -> tuple[Any, ...]:  # noqa: FBT001, FBT002 - the same
    shape = m.shape(x)
    return (repeated(m, upstream, shape, axis, keepdims) * _others(m, x, axis),)


def _others(m: Any, x: Any, axis: Axis) -> Any:
    """For each entry the product of all others that are joined with it; no division, so that a 0 among them is fine."""
    shape = m.shape(x)
    joined = axes_of(axis, shape)
    if len(joined) == 1:
        return m.products_of_others(x, axis=joined[0])
    # Several axes are made one, at the end.
    kept = [place for place in range(len(shape)) if place not in joined]
    order = (*kept, *joined)
    row = m.reshape(m.permute(x, axes=order), shape=(*[shape[place] for place in kept], joined_count(shape, axis)))
    others = m.reshape(m.products_of_others(row, axis=-1), shape=tuple([shape[place] for place in order]))
    return m.permute(others, axes=tuple([order.index(place) for place in range(len(shape))]))


def _others_back(m: Any, upstream: Any, out: Any, x: Any, axis: int) -> tuple[Any, ...]:
    """∂(∏ₖ≠ᵢ xₖ)/∂xⱼ = ∏ₖ≠ᵢ,ⱼ xₖ: the products of others of a table whose row i has 1 in place of xᵢ and, there, 0."""
    shape = m.shape(x)
    at = axis_of(axis, shape)
    order = (*[place for place in range(len(shape)) if place != at], at)
    back = tuple([order.index(place) for place in range(len(shape))])
    rows, weights = m.permute(x, axes=order), m.permute(upstream, axes=order)
    length = shape[at]
    table = (*[shape[place] for place in order], length)
    identity = m.broadcast_to(m.diag(m.broadcast_to(1.0, shape=(length,))), shape=table)
    entries = m.broadcast_to(m.reshape(rows, shape=(*table[:-2], 1, length)), shape=table)
    without = entries * (1 - identity) + identity
    weighted = m.broadcast_to(m.reshape(weights, shape=(*table[:-1], 1)), shape=table)
    flowing = weighted * (1 - identity) * m.products_of_others(without, axis=-1)
    return (m.permute(m.sum(flowing, axis=-2), axes=back),)


prod = _reduction(
    "prod",
    _product_back,
    samples=(
        Sample((2, 3)),
        Sample((2, 3), axis=0),
        Sample((2, 3, 2), axis=(0, 2), keepdims=True),
    ),
)
products_of_others = structural(
    "products_of_others",
    _others_back,
    lambda shape, *, axis: (axis_of(axis, shape), shape)[1],
    attributes={"axis": one_axis()},
    samples=(
        Sample((2, 3), axis=1),
        Sample((3, 2), axis=0),
    ),
)


def _variance(m: Any, x: Any, axis: Axis = None, ddof: float = 0, keepdims: bool = False) -> Any:  # noqa: FBT001, FBT002 - the same
    centred = _centred(m, x, axis)
    return m.sum(centred * centred, axis=axis, keepdims=keepdims) / (joined_count(m.shape(x), axis) - ddof)


def _centred(m: Any, x: Any, axis: Axis) -> Any:
    return x - repeated(m, m.mean(x, axis=axis), m.shape(x), axis)


def _variance_back(
    m: Any, upstream: Any, out: Any, x: Any, axis: Axis = None, ddof: float = 0, keepdims: bool = False
) -> tuple[Any, ...]:  # noqa: FBT001, FBT002 - the same
    shape = m.shape(x)
    free = joined_count(shape, axis) - ddof
    return (repeated(m, upstream, shape, axis, keepdims) * (2 * _centred(m, x, axis) / free),)


def _deviation_back(
    m: Any, upstream: Any, out: Any, x: Any, axis: Axis = None, ddof: float = 0, keepdims: bool = False
) -> tuple[Any, ...]:  # noqa: FBT001, FBT002 - the same
    scaled = m.where(m.equal(out, 0), 0, upstream / out)
    free = joined_count(m.shape(x), axis) - ddof
    return (repeated(m, scaled, m.shape(x), axis, keepdims) * (_centred(m, x, axis) / free),)


# NumPy divides by n, PyTorch by n - 1 where nothing else is said: NumPy's default, and both their words.
DDOF = {"axis": AXES, "ddof": whole_number(0, least=0), "keepdims": KEEPDIMS}
var = _reduction(
    "var",
    _variance_back,
    meaning=_variance,
    attributes=DDOF,
    samples=(
        Sample((2, 3)),
        Sample((2, 3), axis=1, ddof=1),
        Sample((2, 3), axis=0, keepdims=True),
    ),
)
std = _reduction(
    "std",
    _deviation_back,
    meaning=lambda m, x, **where: m.sqrt(m.var(x, **where)),
    attributes=DDOF,
    kinks=("all entries equal: the gradient is taken as 0",),
    samples=(
        Sample((2, 3)),
        Sample((2, 3), axis=1, ddof=1),
        Sample((3, 2), axis=0, keepdims=True),
    ),
)


def _norm(m: Any, x: Any, ord: float = 2, **where: Any) -> Any:  # noqa: A002 - NumPy's name
    if ord == inf:
        return m.amax(m.abs(x), **where)
    if ord == 1:
        return m.sum(m.abs(x), **where)
    if ord == 2:  # noqa: PLR2004 - the Euclidean norm
        return m.sqrt(m.sum(x * x, **where))
    return m.constant_pow(m.sum(m.constant_pow(m.abs(x), ord), **where), 1 / ord)


def _norm_back(m: Any, upstream: Any, out: Any, x: Any, ord: float = 2, **where: Any) -> tuple[Any, ...]:  # noqa: A002 - the same
    shape = m.shape(x)
    if ord == inf:
        (shared,) = _extreme_back(m, upstream, out, m.abs(x), **where)
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


norm = _reduction(
    "norm",
    _norm_back,
    meaning=_norm,
    attributes={
        "ord": Attribute(2.0, "a number from 1 on, or inf", lambda v: isinstance(v, float) and v >= 1),
        "axis": AXES,
        "keepdims": KEEPDIMS,
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


def _flipped_sum(m: Any, upstream: Any, out: Any, x: Any, axis: int) -> tuple[Any, ...]:
    return (m.flip(m.cumsum(m.flip(upstream, axis=axis), axis=axis), axis=axis),)


cumsum = structural(
    "cumsum",
    _flipped_sum,
    lambda shape, *, axis: (axis_of(axis, shape), shape)[1],
    attributes={"axis": one_axis()},
    samples=(
        Sample((2, 3), axis=1),
        Sample((3, 2), axis=0),
    ),
)
argmax = structural(
    "argmax",
    lambda m, upstream, out, x, **_: (None,),
    reduced,
    attributes={"axis": one_axis(None), "keepdims": KEEPDIMS},
    samples=(
        Sample((2, 3)),
        Sample((2, 3), axis=1),
    ),
)


def _weights(m: Any, x: Any, out: Any, **where: Any) -> Any:
    """The softmax of x, from its logsumexp."""
    return m.exp(x - repeated(m, out, m.shape(x), **where))


logsumexp = _reduction(
    "logsumexp",
    lambda m, upstream, out, x, **where: (repeated(m, upstream, m.shape(x), **where) * _weights(m, x, out, **where),),
    meaning=lambda m, x, **where: m.log(m.sum(m.exp(x), **where)),
    samples=(
        Sample((2, 3)),
        Sample((2, 3), axis=1),
        Sample((2, 3), axis=0, keepdims=True),
    ),
)
ALONG = {"axis": one_axis(-1)}
softmax = structural(
    "softmax",
    lambda m, upstream, out, x, axis=-1: (
        out * (upstream - repeated(m, m.sum(upstream * out, axis=axis), m.shape(x), axis)),
    ),
    lambda shape, *, axis=-1: (axis_of(axis, shape), shape)[1],
    meaning=lambda m, x, axis=-1: m.exp(x) / repeated(m, m.sum(m.exp(x), axis=axis), m.shape(x), axis),
    attributes=ALONG,
    samples=(
        Sample((2, 3)),
        Sample((2, 3), axis=0),
    ),
)
log_softmax = structural(
    "log_softmax",
    lambda m, upstream, out, x, axis=-1: (
        upstream - m.exp(out) * repeated(m, m.sum(upstream, axis=axis), m.shape(x), axis),
    ),
    lambda shape, *, axis=-1: (axis_of(axis, shape), shape)[1],
    meaning=lambda m, x, axis=-1: x - repeated(m, m.logsumexp(x, axis=axis), m.shape(x), axis),
    attributes=ALONG,
    samples=(
        Sample((2, 3)),
        Sample((2, 3), axis=0),
    ),
)
