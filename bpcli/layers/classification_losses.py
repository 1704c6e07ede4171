"""Losses of classes and of probabilities: cross-entropy and its kin.

The classes stand along axis 1 of the input, (N, C) or (N, C, d1, …), or along its only axis, (C). A target of classes
has the shape of the input without that axis.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bpcli.errors import ShapeError, UsageError
from bpcli.graph.shapes import common_shape, shape_text
from bpcli.layers.definition import loss
from bpcli.layers.losses import reduced, require_same_shape

if TYPE_CHECKING:
    from bpcli.graph.node import Node
    from bpcli.layers.kinds import BatchReduction, Entries, Fraction, Reduction
    from bpcli.layers.scope import Scope


@loss("CrossEntropyLoss", size_average=1, reduce=3)
def cross_entropy_loss(
    m: Scope,
    x: Node,
    target: Node,
    weight: Entries | None = None,
    ignore_index: int = -100,
    reduction: Reduction = "mean",
    label_smoothing: Fraction = 0.0,
) -> Node:
    """-Σ wᶜ qᶜ log softmax(x)ᶜ over the classes c; q is 1 at the target's class, or the target's probabilities.

    A target with the shape of the input holds probabilities, any other holds classes. Smoothing by ε makes q
    (1 - ε)q + ε/C. The mean over classes divides by the weights of the targets that count, that over probabilities by
    how many there are. Raises ShapeError where the target or the weight does not fit, UsageError where an index is to
    be ignored among probabilities. Source: torch.nn.CrossEntropyLoss.
    """
    axis = _class_axis(x)
    logarithms = m.log_softmax(x, axis=axis)
    if x.shape != target.shape:
        return _of_classes(m, logarithms, target, weight, ignore_index, reduction, label_smoothing)
    if ignore_index >= 0:
        message = "'ignore_index' is for a target of classes; this one has the shape of the input: probabilities"
        raise UsageError(message, hint="leave it out")
    if label_smoothing:
        target = (1 - label_smoothing) * target + label_smoothing / max(x.shape[axis], 1)
    weighted = _weighted(m, target * logarithms, weight, axis)
    return reduced(m, -m.sum(weighted, axis=axis), reduction)


@loss("NLLLoss", size_average=1, reduce=3)
def nll_loss(
    m: Scope,
    x: Node,
    target: Node,
    weight: Entries | None = None,
    ignore_index: int = -100,
    reduction: Reduction = "mean",
) -> Node:
    """-wᶜ xᶜ for the target's class c, of logarithms x of probabilities.

    The mean divides by the weights of the targets that count. Raises ShapeError where the target or the weight does
    not fit. Source: torch.nn.NLLLoss.
    """
    return _of_classes(m, x, target, weight, ignore_index, reduction, 0.0)


def _of_classes(
    m: Scope,
    logarithms: Node,
    target: Node,
    weight: Entries | None,
    ignore_index: int,
    reduction: Reduction,
    smoothing: float,
) -> Node:
    """The loss of logarithms of probabilities for a target of classes, smoothed by ε.

    A target that is ignored has a row of zeros for its class, and so the weight 0.
    """
    axis = _class_axis(logarithms)
    count = logarithms.shape[axis]
    _require_classes(logarithms, target, axis)
    rows = m.one_hot(m.index(target), num_classes=count, ignore_index=ignore_index)
    if len(logarithms.shape) > 2:  # noqa: PLR2004 - classes stand before the axes of space
        rows = m.permute(rows, axes=(0, len(target.shape), *range(1, len(target.shape))))
    chosen = _weighted(m, m.where(m.equal(rows, 1), logarithms, 0), weight, axis)  # no product: 0·log 0 is no number
    over = axis if reduction == "none" else None
    losses = -m.sum(chosen, axis=over)
    if smoothing:
        is_counted = m.equal(m.sum(rows, axis=axis, keepdims=True), 1)
        every = m.where(is_counted, _weighted(m, logarithms, weight, axis), 0)
        losses = (1 - smoothing) * losses - smoothing / max(count, 1) * m.sum(every, axis=over)
    return losses / m.sum(_weighted(m, rows, weight, axis)) if reduction == "mean" else losses


def _class_axis(x: Node) -> int:
    """The axis along which classes stand. Raises ShapeError for a single number."""
    if not x.shape:
        message = "{0} expects an array with a value for each class, {1} gives a single number"
        raise ShapeError(message)
    return min(1, len(x.shape) - 1)


def _require_classes(x: Node, target: Node, axis: int) -> None:
    """Raise ShapeError where a target is not one class for each row of classes of the input."""
    expected = x.shape[:axis] + x.shape[axis + 1 :]
    if target.shape != expected:
        message = (
            f"{{0}} expects a target of classes of shape {shape_text(expected)}"
            f" for {{1}} of shape {shape_text(x.shape)}, the target has {shape_text(target.shape)}"
        )
        raise ShapeError(message, hint=f"the classes stand along axis {axis} of the input: {x.shape[axis]} of them")


def _weighted(m: Scope, entries: Node, weight: Entries | None, axis: int) -> Node:
    """Entries times the weight of their class, which stands along the axis. Raises ShapeError where it does not fit."""
    if weight is None:
        return entries
    shape = (entries.shape[axis],)
    own = m.constant(weight)
    if own.shape != shape:
        message = f"the weight of {{0}} has shape {shape_text(own.shape)}, the classes of {{1}} are {shape[0]}"
        raise ShapeError(message)
    beyond = len(entries.shape) - axis - 1
    return entries * (m.reshape(own, shape=(*shape, *[1] * beyond)) if beyond else own)


@loss("BCELoss", size_average=1, reduce=2)
def bce_loss(m: Scope, x: Node, target: Node, weight: Entries | None = None, reduction: Reduction = "mean") -> Node:
    """-w(t·log x + (1 - t)·log(1 - x)) for probabilities x and targets t, both logarithms -100 at least.

    The slope is (x - t)/max(x(1 - x), 1e-12), as PyTorch has it. `weight` is repeated to the shape of the input. Raises
    ShapeError where it or the target does not fit. Source: torch.nn.BCELoss.
    """
    require_same_shape(x, target)
    return reduced(m, _scaled(m, m.log_loss(x, target), weight, "weight"), reduction)


@loss("BCEWithLogitsLoss", size_average=1, reduce=2)
def bce_with_logits_loss(
    m: Scope,
    x: Node,
    target: Node,
    weight: Entries | None = None,
    reduction: Reduction = "mean",
    pos_weight: Entries | None = None,
) -> Node:
    """w(p·t·softplus(-x) + (1 - t)·softplus(x)) for logits x and targets t.

    -log σ(x) is softplus(-x) and -log(1 - σ(x)) is softplus(x), which neither overflow nor cancel. `weight` and
    `pos_weight`, p, are repeated to the shape of the input. Raises ShapeError where they or the target do not fit.
    Source: torch.nn.BCEWithLogitsLoss.
    """
    return reduced(m, _scaled(m, _of_logits(m, x, target, pos_weight), weight, "weight"), reduction)


def _of_logits(m: Scope, x: Node, target: Node, pos_weight: Entries | None = None) -> Node:
    """The loss of each logit."""
    require_same_shape(x, target)
    is_one = _scaled(m, target * m.softplus(-x), pos_weight, "pos_weight")
    return is_one + (1 - target) * m.softplus(x)


@loss("MultiLabelSoftMarginLoss", size_average=1, reduce=2)
def multi_label_soft_margin_loss(
    m: Scope, x: Node, target: Node, weight: Entries | None = None, reduction: Reduction = "mean"
) -> Node:
    """The mean over the classes, along the last axis, of the loss of logits that BCEWithLogitsLoss has.

    `weight` is repeated to the shape of the input. Raises ShapeError where it or the target does not fit, or for a
    single number. Source: torch.nn.MultiLabelSoftMarginLoss.
    """
    _class_axis(x)
    losses = _scaled(m, _of_logits(m, x, target), weight, "weight")
    return reduced(m, m.mean(losses, axis=-1), reduction)


def _scaled(m: Scope, losses: Node, entries: Entries | None, name: str) -> Node:
    """Losses times numbers, which are repeated to their shape. Raises ShapeError where they cannot be."""
    if entries is None:
        return losses
    own = m.constant(entries)
    if common_shape([own.shape, losses.shape]) != losses.shape:
        shapes = f"shape {shape_text(own.shape)}, which does not go with {shape_text(losses.shape)}"
        message = f"the {name} of {{0}} has {shapes}"
        raise ShapeError(message)
    return own * losses


@loss("KLDivLoss", size_average=0, reduce=1)
def kl_div_loss(m: Scope, x: Node, target: Node, reduction: BatchReduction = "mean", log_target: bool = False) -> Node:
    """t(log t - x) for logarithms x of probabilities and probabilities t, 0·log 0 being 0; or eᵗ(t - x).

    The mean is over all entries; 'batchmean', which is the divergence, divides the sum by the length of the first axis.
    Raises ShapeError for unlike shapes. Source: torch.nn.KLDivLoss; Kullback & Leibler 1951.
    """
    require_same_shape(x, target)
    if log_target:
        losses = m.exp(target) * (target - x)
    else:
        losses = target * (m.log(m.where(m.equal(target, 0), 1, target)) - x)
    if reduction != "batchmean":
        return reduced(m, losses, reduction)
    if not x.shape:
        message = "{0} with reduction='batchmean' expects a batch, {1} gives a single number"
        raise ShapeError(message)
    return m.sum(losses) / x.shape[0]
