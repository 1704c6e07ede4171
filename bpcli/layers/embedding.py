"""Embedding: rows of a table that indices name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bpcli.errors import UsageError
from bpcli.graph.keys import Slice
from bpcli.layers.definition import layer
from bpcli.layers.initial import STANDARD_NORMAL

if TYPE_CHECKING:
    from bpcli.graph.node import Node, Variable
    from bpcli.layers.scope import Scope


@layer("Embedding")
def embedding(
    m: Scope,
    x: Node,
    num_embeddings: int,
    embedding_dim: int,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Node:
    """The rows of the weight, (num_embeddings, embedding_dim), that x names; x is whole numbers from 0 on.

    The weight is drawn from the standard normal law. The row padding_idx is drawn as zeros and has no gradient, so
    that it stays as it is. `sparse` says how PyTorch keeps the gradient, and changes no number; `norm_type` belongs to
    `max_norm`. Raises UsageError for a padding_idx outside the table, and for what is not here: rows shortened to
    max_norm before they are taken, and gradients divided by how often a row is taken. Source: torch.nn.Embedding.
    """
    del norm_type, sparse
    if max_norm is not None:
        message = "'max_norm' changes the rows of the table that are taken, which bpcli does not do"
        raise UsageError(message, hint="leave it out, or shorten the rows beforehand")
    if scale_grad_by_freq:
        message = "'scale_grad_by_freq' divides the gradient by how often a row is taken, which bpcli does not do"
        raise UsageError(message, hint="leave it out")
    shape = (num_embeddings, embedding_dim)
    if padding_idx is None:
        return m.embedding(m.index(x), m.parameter("weight", shape, STANDARD_NORMAL))
    if not -num_embeddings <= padding_idx < num_embeddings:
        message = f"'padding_idx' must be a row of the table, which has {num_embeddings}, not {padding_idx}"
        raise UsageError(message)
    padding = padding_idx % num_embeddings
    weight = m.parameter("weight", shape, STANDARD_NORMAL._replace(zero_row=padding))
    return m.embedding(m.index(x), _holding(m, weight, padding))


def _holding(m: Scope, weight: Variable, row: int) -> Node:
    """The table with a row that is held fast, so that no gradient of the weight comes from it."""
    before, after = [m.getitem(weight, key=(Slice(*bounds),)) for bounds in ((None, row), (row + 1, None))]
    parts = [before, m.held_row("padding", weight, row), after]
    return m.concatenate(*[part for part in parts if part.shape[0]])
