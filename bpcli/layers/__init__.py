"""Layers and losses with PyTorch's names, arguments, defaults and meaning: plain compositions of ops, without rules.

Importing this package fills the book of layers.
"""

from bpcli.layers import activations, classification_losses, linear, losses
from bpcli.layers.definition import LAYERS, Definition

FAMILIES = (linear, activations, losses, classification_losses)

__all__ = ["FAMILIES", "LAYERS", "Definition"]
