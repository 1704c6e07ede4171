"""Layers and losses with PyTorch's names, arguments, defaults and meaning: plain compositions of ops, without rules.

Importing this package fills the book of layers.
"""

from bpcli.layers import activations, linear, losses, recurrent
from bpcli.layers.definition import LAYERS, Definition

FAMILIES = (linear, activations, recurrent, losses)

__all__ = ["FAMILIES", "LAYERS", "Definition"]
