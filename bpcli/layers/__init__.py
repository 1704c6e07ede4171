"""Layers and losses with PyTorch's names, arguments, defaults and meaning: plain compositions of ops, without rules.

Importing this package fills the book of layers.
"""

from bpcli.layers import (  # noqa: F401 - each family enters its layers in the book
    activations,
    attention,
    classification_losses,
    convolution,
    dropout,
    embedding,
    linear,
    losses,
    normalisation,
    pooling,
    recurrent,
    shaping,
    transposed,
    upsampling,
)
from bpcli.layers.definition import FUNCTIONALS, LAYERS

__all__ = ["FUNCTIONALS", "LAYERS"]
