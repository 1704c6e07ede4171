"""Activations as modules: ops of the graph under PyTorch's names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bpcli.layers.definition import layer

if TYPE_CHECKING:
    from bpcli.graph.node import Node
    from bpcli.layers.scope import Scope


@layer("ReLU")
def relu(m: Scope, x: Node, inplace: bool = False) -> Node:
    """max(x, 0)."""
    del inplace
    return m.relu(x)


@layer("Tanh")
def tanh(m: Scope, x: Node) -> Node:
    """The hyperbolic tangent."""
    return m.tanh(x)
