"""Losses: each ends a network in one number, or with reduction 'none' in one for each entry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bpcli.layers.definition import loss

if TYPE_CHECKING:
    from bpcli.graph.node import Node
    from bpcli.layers.scope import Scope


def reduced(m: Scope, entries: Node, reduction: str) -> Node:
    """The mean or the sum of all entries, or the entries as they are. Raises UsageError for another word."""
    return m.mean(entries) if reduction == "mean" else m.sum(entries) if reduction == "sum" else entries


@loss("MSELoss")
def mse_loss(m: Scope, x: Node, target: Node, reduction: str = "mean") -> Node:
    """The mean of (x - target)². Source: torch.nn.MSELoss."""
    return reduced(m, m.square(x - target), reduction)
