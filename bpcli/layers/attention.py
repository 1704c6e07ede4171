"""Attention: weights from how well each query goes with each key, and the sum of the values that they weigh."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

from bpcli.errors import ShapeError, UsageError
from bpcli.graph.node import Constant
from bpcli.graph.shapes import common_shape, shape_text
from bpcli.layers.definition import function, layer
from bpcli.layers.fitting import SEQUENCE_AXES, last_axis, require_sequence
from bpcli.layers.initial import ZEROS, by_fan_in, kept, xavier, xavier_normal
from bpcli.layers.linear import affine

if TYPE_CHECKING:
    from bpcli.graph.node import Node
    from bpcli.graph.op import Shape
    from bpcli.layers.definition import Mask
    from bpcli.layers.kinds import Count, Fraction
    from bpcli.layers.scope import Scope


@function("scaled_dot_product_attention")
def scaled_dot_product_attention(
    m: Scope,
    query: Node,
    key: Node,
    value: Node,
    attn_mask: Mask | None = None,
    dropout_p: Fraction = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Node:
    """softmax(query keyᵀ·scale + mask) value, for (…, L, E), (…, S, E) and (…, S, Ev); `scale` is 1/√E if left out.

    A mask that is a comparison, such as `mask > 0`, says what takes part, and one that is an array is added to the
    scores; each fits (…, L, S). `is_causal` lets query i see the keys 0 to i. As in PyTorch, `dropout_p` always drops.
    Raises ShapeError where the three do not fit, UsageError for arguments that exclude each other.
    Source: Vaswani et al. 2017; torch.nn.functional.scaled_dot_product_attention.
    """
    _require_heads_fit(query, key, value)
    if enable_gqa:
        message = "'enable_gqa' is not here yet: give query, key and value the same number of heads"
        raise UsageError(message)
    if is_causal and attn_mask is not None:
        message = "'attn_mask' and 'is_causal' exclude each other: give one of them"
        raise UsageError(message)
    if scale is None:
        scale = 1 / sqrt(query.shape[-1]) if query.shape[-1] else 1.0
    allowed, added = None, attn_mask
    if attn_mask is not None and attn_mask.op.is_condition:
        allowed, added = m.where(attn_mask, 1, 0), None
    if is_causal:
        allowed = _past(m, query.shape[-2], key.shape[-2])
    return m.matmul(_weights(m, query * scale, key, dropout_p, allowed=allowed, added=added), value)


def _require_heads_fit(query: Node, key: Node, value: Node) -> None:
    shapes = query.shape, key.shape, value.shape
    fits = (
        min(map(len, shapes)) >= SEQUENCE_AXES and query.shape[-1] == key.shape[-1] and key.shape[-2] == value.shape[-2]
    )
    if not fits or common_shape([shape[:-2] for shape in shapes]) is None:
        given = ", ".join([shape_text(shape) for shape in shapes])
        message = f"{{0}} expects query (…, L, E), key (…, S, E) and value (…, S, Ev), got {given}"
        raise ShapeError(message, hint="query and key have the same features, key and value as many rows")


def _weights(
    m: Scope, query: Node, key: Node, dropout: Fraction, *, allowed: Node | None = None, added: Node | None = None
) -> Node:
    """softmax(query keyᵀ + added) over the keys for which `allowed` is 1, and not 0."""
    scores = m.matmul(query, m.matrix_transpose(key))
    for mask in filter(None, (allowed, added)):
        _require_mask_fits(mask.shape, scores.shape)
    if added is not None:
        scores += added
    if allowed is not None:
        weights = m.masked_softmax(scores, m.broadcast_to(allowed, shape=scores.shape), axis=-1)
    else:
        weights = m.softmax(scores, axis=-1)
    return weights * m.drawn("dropout", weights.shape, kept(dropout)) if dropout else weights


def _require_mask_fits(mask: Shape, scores: Shape) -> None:
    if common_shape([mask, scores]) != scores:
        message = f"the attn_mask of {{0}} has shape {shape_text(mask)}, the scores have {shape_text(scores)}"
        raise ShapeError(message)


def _past(m: Scope, queries: int, keys: int, beside: int = 0) -> Node:
    """The causal mask: query i takes part with the keys 0 to i, a lower triangle, and with the last ones, `beside`."""
    mask = m.tril(m.broadcast_to(1.0, shape=(queries, keys - beside)))
    return m.concatenate(mask, m.broadcast_to(1.0, shape=(queries, beside)), axis=-1) if beside else mask


# Of many heads ------------------------------------------------------------------------------------------------


@layer("MultiheadAttention", embed_dim=last_axis)
def multihead_attention(
    m: Scope,
    x: Node,
    embed_dim: int,
    num_heads: Count,
    dropout: Fraction = 0.0,
    bias: bool = True,
    add_bias_kv: bool = False,
    add_zero_attn: bool = False,
    kdim: int | None = None,
    vdim: int | None = None,
    batch_first: bool = False,
    is_causal: bool = False,
) -> Node:
    """Self-attention: `x` gives queries, keys and values, one part of the features for each head.

    `x` is (L, embed_dim), (L, N, embed_dim) or, with `batch_first`, (N, L, embed_dim), like the output;
    `attn_output_weights`, (N, L, S), the mean over heads, can be asked for. `is_causal`, which PyTorch's `forward`
    takes, lets no step see a later one. Raises ShapeError for another input, UsageError for arguments out of range.
    Source: Vaswani et al. 2017; torch.nn.MultiheadAttention.
    """
    _require_heads(embed_dim, num_heads, kdim, vdim)
    require_sequence(x, embed_dim)
    is_batch_first = batch_first or len(x.shape) == SEQUENCE_AXES
    query, key, value = _projected(m, x, num_heads, bias=bias, is_batch_first=is_batch_first)
    if add_bias_kv:
        key = _with_row(m, key, _learned_row(m, "bias_k", key))
        value = _with_row(m, value, _learned_row(m, "bias_v", value))
    if add_zero_attn:
        key, value = [_with_row(m, rows, Constant(0.0)) for rows in (key, value)]
    allowed = _past(m, query.shape[-2], key.shape[-2], add_bias_kv + add_zero_attn) if is_causal else None
    scaled = query * (1 / sqrt(embed_dim // num_heads))
    weights = _weights(m, scaled, key, dropout if m.is_training else 0.0, allowed=allowed)
    m.also(attn_output_weights=m.mean(weights, axis=-3))
    joined = m.permute(m.matmul(weights, value), axes=_order(x, is_batch_first=is_batch_first))
    y = affine(
        m,
        m.reshape(joined, shape=x.shape),
        m.parameter("out_proj.weight", (embed_dim, embed_dim), by_fan_in(embed_dim)),
    )
    return y + m.parameter("out_proj.bias", (embed_dim,), ZEROS) if bias else y


def _require_heads(embed_dim: int, num_heads: int, kdim: int | None, vdim: int | None) -> None:
    if embed_dim < 1 or embed_dim % num_heads:
        message = f"'embed_dim', {embed_dim}, must be a multiple of 'num_heads', {num_heads}"
        raise UsageError(message)
    for name, size in (("kdim", kdim), ("vdim", vdim)):
        if size not in {None, embed_dim}:
            message = f"'{name}' must be {embed_dim}, like 'embed_dim': in a pipeline attention is self-attention"
            raise UsageError(message, hint="leave it out")


def _projected(m: Scope, x: Node, num_heads: int, *, bias: bool, is_batch_first: bool) -> tuple[Node, Node, Node]:
    """Queries, keys and values of the heads, each (N, heads, time, features of a head)."""
    size = x.shape[-1]
    draw = xavier(size, 3 * size)._replace(blocks=3)  # of queries, keys and values
    projected = affine(m, x, m.parameter("in_proj_weight", (3 * size, size), draw))
    if bias:
        projected += m.parameter("in_proj_bias", (3 * size,), ZEROS)
    parts = m.reshape(projected, shape=(*x.shape[:-1], 3, num_heads, size // num_heads))
    batch = len(x.shape) - SEQUENCE_AXES
    order = (*range(batch), -2, batch) if is_batch_first else (1, -2, 0)
    heads = m.permute(parts, axes=(-3, *order, -1))
    return m.getitem(heads, key=(0,)), m.getitem(heads, key=(1,)), m.getitem(heads, key=(2,))


def _order(x: Node, *, is_batch_first: bool) -> tuple[int, ...]:
    """The axes of (N, heads, time, features of a head) in the order of the input, heads beside their features."""
    batch = range(len(x.shape) - SEQUENCE_AXES)
    return (*batch, -2, -3, -1) if is_batch_first else (-2, *batch, -3, -1)


def _learned_row(m: Scope, name: str, rows: Node) -> Node:
    """A parameter of one row, cut into heads."""
    heads, _, size = rows.shape[-3:]
    row = m.parameter(name, (1, 1, heads * size), xavier_normal(heads * size, heads * size))
    return m.reshape(row, shape=(heads, 1, size))


def _with_row(m: Scope, rows: Node, row: Node) -> Node:
    """The keys or values with one more behind the last, the same in each batch."""
    repeated = m.broadcast_to(row, shape=(*rows.shape[:-2], 1, rows.shape[-1]))
    return m.concatenate(rows, repeated, axis=-2)
