"""Layers that give the entries other axes and keep their order."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from bpcli.errors import ShapeError
from bpcli.graph.shapes import shape_text
from bpcli.layers.definition import layer
from bpcli.layers.fitting import axis_within

if TYPE_CHECKING:
    from bpcli.graph.node import Node
    from bpcli.layers.kinds import Sizes
    from bpcli.layers.scope import Scope


@layer("Flatten")
def flatten(m: Scope, x: Node, start_dim: int = 1, end_dim: int = -1) -> Node:
    """Make the axes from start_dim to end_dim one. Raises ShapeError where x has them not, or in another order."""
    return m.flatten(x, start_dim=start_dim, end_dim=end_dim)


@layer("Unflatten")
def unflatten(m: Scope, x: Node, dim: int, unflattened_size: Sizes) -> Node:
    """Make an axis several of these lengths, of which one may be -1, for what is left. Raises ShapeError."""
    axis = axis_within(x, dim)
    length = x.shape[axis]
    sizes = (unflattened_size,) if isinstance(unflattened_size, int) else unflattened_size
    known = prod([size for size in sizes if size != -1])
    filled = tuple([length // known if size == -1 and known > 0 else size for size in sizes])
    if min(filled) < 0 or sizes.count(-1) > 1 or prod(filled) != length:
        message = f"{{0}} makes an axis into {shape_text(sizes)}, {{1}} gives {length} along axis {dim}"
        raise ShapeError(message)
    return m.reshape(x, shape=(*x.shape[:axis], *filled, *x.shape[axis + 1 :]))
