"""Layers and losses with PyTorch's names, arguments, defaults and meaning: plain compositions of ops, without rules.

Importing this package fills the book of layers.
"""

from bpcli.layers import (
    activations,
    attention,
    dropout,
    embedding,
    linear,
    losses,
    normalisation,
    recurrent,
    shaping,
)
from bpcli.layers.definition import FUNCTIONALS, LAYERS, Definition

FAMILIES = (
    activations,
    attention,
    dropout,
    embedding,
    linear,
    losses,
    normalisation,
    recurrent,
    shaping,
)

__all__ = ["FAMILIES", "FUNCTIONALS", "LAYERS", "Definition"]
