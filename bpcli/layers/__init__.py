"""Layers and losses with PyTorch's names, arguments, defaults and meaning: plain compositions of ops, without rules.

Importing this package fills the book of layers.
"""

from bpcli.layers import activations, dropout, embedding, linear, losses, normalisation, shaping
from bpcli.layers.definition import LAYERS, Definition

FAMILIES = (linear, shaping, embedding, activations, normalisation, dropout, losses)

__all__ = ["FAMILIES", "LAYERS", "Definition"]
