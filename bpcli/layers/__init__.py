"""Layers and losses with PyTorch's names, arguments, defaults and meaning: plain compositions of ops, without rules.

Importing this package fills the book of layers.
"""

from bpcli.layers import activations, attention, linear, losses, recurrent
from bpcli.layers.definition import FUNCTIONALS, LAYERS, Definition

FAMILIES = (linear, activations, recurrent, attention, losses)

__all__ = ["FAMILIES", "FUNCTIONALS", "LAYERS", "Definition"]
