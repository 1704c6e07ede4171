"""Reductions: what joins the entries along axes. Without `axis` all entries are joined; `dim` and `keepdim` are heard.

What flows back is repeated along the axes that were joined. Ties of the largest share evenly, as over single numbers.
"""

from math import prod as product_of
from typing import Any

from bpcli.errors import ShapeError
from bpcli.graph.op import Op, Sample, Shape, structural
from bpcli.graph.shapes import axes_of, axis_of, having_axes
from bpcli.ops.attributes import AXES, SWITCH, one_axis

Axis = int | tuple[int, ...] | None
REDUCED = {"axis": AXES, "keepdims": SWITCH}


def reduced(shape: Shape, *, axis: Axis = None, keepdims: bool = False, **_: Any) -> Shape:
    """The shape that is left of an array when axes are joined."""
    joined = axes_of(axis, shape)
    if keepdims:
        return tuple([1 if place in joined else length for place, length in enumerate(shape)])
    return tuple([length for place, length in enumerate(shape) if place not in joined])


def joined_count(shape: Shape, axis: Axis) -> int:
    """How many entries are joined to one."""
    return product_of([shape[place] for place in axes_of(axis, shape)])


def repeated(m: Any, x: Any, shape: Shape, axis: Axis = None, keepdims: bool = False) -> Any:
    """What was reduced over axes, repeated along them."""
    joined = axes_of(axis, shape)
    is_in_front = joined == tuple(range(len(joined)))  # axes in front are added by broadcasting
    if not keepdims and not is_in_front:
        x = m.reshape(x, shape=reduced(shape, axis=axis, keepdims=True))
    return x if m.shape(x) == shape else m.broadcast_to(x, shape=shape)


def reduction(name: str, pullback: Any, **definition: Any) -> Op:
    """Define an op that joins entries along axes."""
    return structural(name, pullback, **{"shape": reduced, "attributes": REDUCED, **definition})


def _chosen_shape(shape: Shape, *, axis: Axis = None, keepdims: bool = False) -> Shape:
    """The same for the largest or the smallest. Raises ShapeError where there is nothing to choose from."""
    left = reduced(shape, axis=axis, keepdims=keepdims)
    require_entries(shape, axis, left)
    return left


def require_entries(shape: Shape, axis: Axis, left: Shape) -> None:
    """Raise ShapeError where no entry stands along the axes, but something is asked of it."""
    if not joined_count(shape, axis) and all(left):
        message = "{0} has no entries of which one could be the largest or the smallest"
        raise ShapeError(message)


def _sum_back(m: Any, upstream: Any, out: Any, x: Any, **where: Any) -> tuple[Any, ...]:
    return (repeated(m, upstream, m.shape(x), **where),)


def _mean_back(m: Any, upstream: Any, out: Any, x: Any, axis: Axis = None, **where: Any) -> tuple[Any, ...]:
    return (repeated(m, upstream, m.shape(x), axis, **where) / joined_count(m.shape(x), axis),)


def extreme_back(m: Any, upstream: Any, out: Any, x: Any, **where: Any) -> tuple[Any, ...]:
    """What flows back through the largest or the smallest: an even share for each entry that ties for it."""
    shape = m.shape(x)
    winners = m.where(m.equal(x, repeated(m, out, shape, **where)), 1, 0)
    ties = repeated(m, m.sum(winners, **where), shape, **where)
    return (repeated(m, upstream, shape, **where) * winners / ties,)


sum_ = reduction(
    "sum",
    _sum_back,
    samples=(
        Sample((2, 3)),
        Sample((2, 3), axis=0),
        Sample((2, 3), axis=-1, keepdims=True),
        Sample((2, 3, 4), axis=(0, -1)),
    ),
)
mean = reduction(
    "mean",
    _mean_back,
    meaning=lambda m, x, axis=None, **where: m.div(m.sum(x, axis=axis, **where), joined_count(m.shape(x), axis)),
    samples=(Sample((2, 3)), Sample((2, 3), axis=1), Sample((2, 3), axis=(0,), keepdims=True)),
)
amax = reduction(
    "amax",
    extreme_back,
    shape=_chosen_shape,
    written="max",
    kinks=("a tie: the entries that tie share the gradient evenly",),
    samples=(Sample((2, 3)), Sample((2, 3), axis=0), Sample((2, 3), axis=-1, keepdims=True)),
)
amin = reduction(
    "amin",
    extreme_back,
    shape=_chosen_shape,
    written="min",
    kinks=("a tie: the entries that tie share the gradient evenly",),
    samples=(Sample((2, 3)), Sample((2, 3), axis=1)),
)


def _product_back(
    m: Any, upstream: Any, out: Any, x: Any, axis: Axis = None, keepdims: bool = False
) -> tuple[Any, ...]:
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


prod = reduction(
    "prod",
    _product_back,
    samples=(Sample((2, 3)), Sample((2, 3), axis=0), Sample((2, 3, 2), axis=(0, 2), keepdims=True)),
)
products_of_others = structural(
    "products_of_others",
    _others_back,
    lambda shape, *, axis: having_axes(shape, axis),
    attributes={"axis": one_axis()},
    samples=(Sample((2, 3), axis=1), Sample((3, 2), axis=0)),
)


def _flipped_sum(m: Any, upstream: Any, out: Any, x: Any, axis: int) -> tuple[Any, ...]:
    return (m.flip(m.cumsum(m.flip(upstream, axis=axis), axis=axis), axis=axis),)


cumsum = structural(
    "cumsum",
    _flipped_sum,
    lambda shape, *, axis: having_axes(shape, axis),
    attributes={"axis": one_axis()},
    samples=(Sample((2, 3), axis=1), Sample((3, 2), axis=0)),
)
argmax = structural(
    "argmax",
    lambda m, upstream, out, x, **_: (None,),
    _chosen_shape,
    attributes={"axis": one_axis(None), "keepdims": SWITCH},
    samples=(Sample((2, 3)), Sample((2, 3), axis=1)),
)
