"""Softmax and its kin: each has a meaning in simpler ops, and is computed in a form that does not overflow."""

from typing import Any

from bpcli.errors import ShapeError
from bpcli.graph.op import Sample, Shape, structural
from bpcli.graph.shapes import having_axes
from bpcli.ops.attributes import one_axis
from bpcli.ops.reductions import reduction, repeated


def _weights(m: Any, x: Any, out: Any, **where: Any) -> Any:
    """The softmax of x, from its logsumexp."""
    return m.exp(x - repeated(m, out, m.shape(x), **where))


logsumexp = reduction(
    "logsumexp",
    lambda m, upstream, out, x, **where: (repeated(m, upstream, m.shape(x), **where) * _weights(m, x, out, **where),),
    meaning=lambda m, x, **where: m.log(m.sum(m.exp(x), **where)),
    samples=(Sample((2, 3)), Sample((2, 3), axis=1), Sample((2, 3), axis=0, keepdims=True)),
)
ALONG = {"axis": one_axis(-1)}
softmax = structural(
    "softmax",
    lambda m, upstream, out, x, axis=-1: (
        out * (upstream - repeated(m, m.sum(upstream * out, axis=axis), m.shape(x), axis)),
    ),
    lambda shape, *, axis=-1: having_axes(shape, axis),
    meaning=lambda m, x, axis=-1: m.exp(x) / repeated(m, m.sum(m.exp(x), axis=axis), m.shape(x), axis),
    attributes=ALONG,
    samples=(Sample((2, 3)), Sample((2, 3), axis=0)),
)


def _taking_part(m: Any, x: Any, mask: Any, axis: int = -1) -> Any:
    """The softmax of the entries whose mask is positive, 0 elsewhere; where no entry takes part, all are 0."""
    is_in = m.where(m.greater(mask, 0), 1, 0)
    weights = is_in * m.exp(x)
    total = m.sum(weights, axis=axis) + m.where(m.greater(m.sum(is_in, axis=axis), 0), 0, 1)
    return weights / repeated(m, total, m.shape(x), axis)


def _masked_shape(shape: Shape, mask: Shape, *, axis: int = -1) -> Shape:
    if mask != shape:
        message = "{0} and its mask {1} must have one shape"
        raise ShapeError(message)
    return having_axes(shape, axis)


masked_softmax = structural(
    "masked_softmax",
    lambda m, upstream, out, x, mask, axis=-1: (
        out * (upstream - repeated(m, m.sum(upstream * out, axis=axis), m.shape(x), axis)),
        None,
    ),
    _masked_shape,
    inputs=("x", "mask"),
    meaning=_taking_part,
    attributes=ALONG,
    samples=(Sample((2, 4), (2, 4)), Sample((5, 2), (5, 2), axis=0)),
)
log_softmax = structural(
    "log_softmax",
    lambda m, upstream, out, x, axis=-1: (
        upstream - m.exp(out) * repeated(m, m.sum(upstream, axis=axis), m.shape(x), axis),
    ),
    lambda shape, *, axis=-1: having_axes(shape, axis),
    meaning=lambda m, x, axis=-1: x - repeated(m, m.logsumexp(x, axis=axis), m.shape(x), axis),
    attributes=ALONG,
    samples=(Sample((2, 3)), Sample((2, 3), axis=0)),
)
