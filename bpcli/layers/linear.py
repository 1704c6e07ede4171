"""Linear maps over the last axis."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bpcli.layers.definition import layer
from bpcli.layers.fitting import last_axis, require_length
from bpcli.layers.initial import by_fan_in

if TYPE_CHECKING:
    from bpcli.graph.node import Node
    from bpcli.layers.scope import Scope


@layer("Linear", in_features=last_axis)
def linear(m: Scope, x: Node, in_features: int, out_features: int, bias: bool = True) -> Node:
    """Apply y = x Wᵀ + b over the last axis; W is (out_features, in_features), b (out_features,).

    Both are drawn uniformly within ±1/√in_features. Source: torch.nn.Linear.
    """
    require_length(x, -1, in_features, "features")
    weight = m.parameter("weight", (out_features, in_features), by_fan_in(in_features))
    y = affine(m, x, weight)
    return y + m.parameter("bias", (out_features,), by_fan_in(in_features)) if bias else y


def affine(m: Scope, x: Node, weight: Node) -> Node:
    """The product x Wᵀ over the last axis of x."""
    return m.matmul(x, m.transpose(weight))


@layer("Identity")
def identity(_m: Scope, x: Node) -> Node:
    """Hand the input on as it is."""
    return x
