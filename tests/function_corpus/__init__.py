"""Functions over arrays with a right backward pass each, and the slips of the pen that make it wrong."""

from function_corpus import (
    attention,
    closures,
    convolution,
    elementwise,
    linear,
    losses,
    more_layers,
    more_losses,
    normalisation,
    pooling,
    probability,
    recurrent,
    reductions,
    scaled,
)
from function_corpus.subjects import Subject

FAMILIES = (
    elementwise,
    linear,
    reductions,
    scaled,
    losses,
    normalisation,
    convolution,
    pooling,
    probability,
    recurrent,
    attention,
    more_layers,
    more_losses,
    closures,
)
SUBJECTS: tuple[Subject, ...] = tuple(subject for family in FAMILIES for subject in family.SUBJECTS)

__all__ = ["SUBJECTS"]
