"""Losses of numbers against numbers: each ends a network in one number, or with reduction 'none' in one for each entry.

A target has the shape of what it is compared with. PyTorch warns and repeats the smaller one, which makes (4, 1) and
(4,) a table of 16 differences and is a well-known mistake; here it is an error.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from bpcli.errors import ShapeError
from bpcli.graph.shapes import shape_text
from bpcli.layers.definition import loss

if TYPE_CHECKING:
    from bpcli.graph.node import Node
    from bpcli.layers.kinds import NotNegative, Positive, Reduction
    from bpcli.layers.scope import Scope


def reduced(m: Scope, entries: Node, reduction: Reduction) -> Node:
    """The mean or the sum of all entries, or the entries as they are."""
    return m.mean(entries) if reduction == "mean" else m.sum(entries) if reduction == "sum" else entries


def require_same_shape(x: Node, target: Node) -> None:
    """Raise ShapeError where a target has not the shape of what it is compared with."""
    if x.shape != target.shape:
        own = shape_text(x.shape)
        message = f"{{0}} compares arrays of one shape: the target has {shape_text(target.shape)}, {{1}} gives {own}"
        fits = prod(x.shape) == prod(target.shape)
        hint = (
            f"write reshape(target, {own})" if fits and x.shape else "nothing is repeated to fit; reshape one of them"
        )
        raise ShapeError(message, hint=hint)


@loss("MSELoss", size_average=0, reduce=1)
def mse_loss(m: Scope, x: Node, target: Node, reduction: Reduction = "mean") -> Node:
    """(x - target)². Raises ShapeError for unlike shapes. Source: torch.nn.MSELoss."""
    require_same_shape(x, target)
    return reduced(m, m.square(x - target), reduction)


@loss("L1Loss", size_average=0, reduce=1)
def l1_loss(m: Scope, x: Node, target: Node, reduction: Reduction = "mean") -> Node:
    """|x - target|, whose slope at 0 is 0. Raises ShapeError for unlike shapes. Source: torch.nn.L1Loss."""
    require_same_shape(x, target)
    return reduced(m, m.abs(x - target), reduction)


@loss("SmoothL1Loss", size_average=0, reduce=1)
def smooth_l1_loss(m: Scope, x: Node, target: Node, reduction: Reduction = "mean", beta: NotNegative = 1.0) -> Node:
    """d²/(2β) where |d| = |x - target| < β, else |d| - β/2; with β = 0 it is L1Loss.

    Raises ShapeError for unlike shapes. Source: torch.nn.SmoothL1Loss.
    """
    if beta == 0:
        return l1_loss(m, x, target, reduction)
    require_same_shape(x, target)
    difference = x - target
    size = m.abs(difference)
    return reduced(m, m.where(m.less(size, beta), m.square(difference) / (2 * beta), size - beta / 2), reduction)


@loss("HuberLoss")
def huber_loss(m: Scope, x: Node, target: Node, reduction: Reduction = "mean", delta: Positive = 1.0) -> Node:
    """d²/2 where |d| = |x - target| < δ, else δ(|d| - δ/2). Raises ShapeError for unlike shapes.

    Source: torch.nn.HuberLoss; Huber 1964, Robust estimation of a location parameter.
    """
    require_same_shape(x, target)
    difference = x - target
    size = m.abs(difference)
    return reduced(m, m.where(m.less(size, delta), m.square(difference) / 2, delta * (size - delta / 2)), reduction)


@loss("PoissonNLLLoss", size_average=2, reduce=4)
def poisson_nll_loss(
    m: Scope,
    x: Node,
    target: Node,
    log_input: bool = True,
    full: bool = False,
    eps: Positive = 1e-8,
    reduction: Reduction = "mean",
) -> Node:
    """eˣ - t·x for counts t and logarithms x of their rates, or x - t·log(x + eps) for rates x.

    `full` adds Stirling's t·log t - t + log(2πt)/2 where t is above 1. Raises ShapeError for unlike shapes. Source:
    torch.nn.PoissonNLLLoss.
    """
    require_same_shape(x, target)
    losses = m.exp(x) - target * x if log_input else x - target * m.log(x + eps)
    if full:
        is_many = m.greater(target, 1)
        count = m.where(is_many, target, 1)
        losses = losses + m.where(is_many, count * m.log(count) - count + m.log(2 * m.pi * count) / 2, 0)
    return reduced(m, losses, reduction)


@loss("SoftMarginLoss", size_average=0, reduce=1)
def soft_margin_loss(m: Scope, x: Node, target: Node, reduction: Reduction = "mean") -> Node:
    """log(1 + exp(-t·x)) for targets 1 and -1; it does not overflow. Raises ShapeError for unlike shapes.

    Source: torch.nn.SoftMarginLoss.
    """
    require_same_shape(x, target)
    return reduced(m, m.softplus(-target * x), reduction)


@loss("HingeEmbeddingLoss", size_average=1, reduce=2)
def hinge_embedding_loss(m: Scope, x: Node, target: Node, margin: float = 1.0, reduction: Reduction = "mean") -> Node:
    """The distance x where the target is 1, max(0, margin - x) where it is -1; the slope at x = margin is -1.

    Raises ShapeError for unlike shapes. Source: torch.nn.HingeEmbeddingLoss.
    """
    require_same_shape(x, target)
    missing = margin - x
    near = m.where(m.greater_equal(missing, 0), missing, 0)
    entries = m.where(m.equal(target, 1), 0, near) + m.where(m.equal(target, -1), 0, x)
    return reduced(m, entries, reduction)
