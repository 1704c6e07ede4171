"""Dropout: in training each entry, or each channel, is set to 0 with probability p, and the others are scaled.

What is kept is multiplied by 1/(1 - p), so that the mean stays as it was, and evaluation changes nothing. Source:
Srivastava et al. 2014, Dropout: a simple way to prevent neural networks from overfitting.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bpcli.layers.definition import layer
from bpcli.layers.fitting import require_axes, require_image
from bpcli.layers.initial import kept

if TYPE_CHECKING:
    from bpcli.graph.node import Node
    from bpcli.graph.op import Shape
    from bpcli.layers.kinds import Fraction
    from bpcli.layers.scope import Scope


def _dropped(m: Scope, x: Node, p: Fraction, shape: Shape) -> Node:
    """Multiply x by a mask of this shape in training; hand on x itself in evaluation."""
    return x * m.drawn("mask", shape, kept(p)) if m.is_training else x


@layer("Dropout")
def dropout(m: Scope, x: Node, p: Fraction = 0.5, inplace: bool = False) -> Node:
    """Drop each entry by itself."""
    del inplace
    return _dropped(m, x, p, x.shape)


@layer("Dropout1d")
def dropout1d(m: Scope, x: Node, p: Fraction = 0.5, inplace: bool = False) -> Node:
    """Drop whole channels of ([batch,] channels, length). Raises ShapeError."""
    del inplace
    require_image(x.shape, 1)
    return _dropped(m, x, p, (*x.shape[:-1], 1))


@layer("Dropout2d")
def dropout2d(m: Scope, x: Node, p: Fraction = 0.5, inplace: bool = False) -> Node:
    """Drop whole channels of (batch, channels, height, width), or of (batch, channels, length). Raises ShapeError."""
    del inplace
    require_axes(x.shape, (3, 4), "(batch, channels, height, width), or (batch, channels, length)")
    return _dropped(m, x, p, (*x.shape[:2], *[1] * (len(x.shape) - 2)))


@layer("Dropout3d")
def dropout3d(m: Scope, x: Node, p: Fraction = 0.5, inplace: bool = False) -> Node:
    """Drop whole channels of ([batch,] channels, depth, height, width). Raises ShapeError."""
    del inplace
    require_image(x.shape, 3)
    return _dropped(m, x, p, (*x.shape[:-3], 1, 1, 1))
