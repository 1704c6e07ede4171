"""Softmax and its kin: each has a meaning in simpler ops, and is computed in a form that does not overflow."""

from typing import Any

from bpcli.graph.op import Sample, structural
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
