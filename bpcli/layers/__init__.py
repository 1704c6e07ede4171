"""Layers and losses with PyTorch's names, arguments, defaults and meaning: plain compositions of ops, without rules.

Importing this package fills the book of layers.
"""

from bpcli.layers import activations, convolution, linear, losses, pooling, transposed, upsampling
from bpcli.layers.definition import LAYERS, Definition

FAMILIES = (linear, convolution, transposed, pooling, upsampling, activations, losses)

__all__ = ["FAMILIES", "LAYERS", "Definition"]
