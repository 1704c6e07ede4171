"""Optimisers: one file each, each stated once over an algebra `m`, under PyTorch's names, defaults and meaning."""

from bpcli.errors import UsageError
from bpcli.language.complaints import named, suggestion
from bpcli.train.optimisers.adagrad import Adagrad
from bpcli.train.optimisers.adam import Adam, AdamW
from bpcli.train.optimisers.optimiser import Optimiser, OptimiserState
from bpcli.train.optimisers.options import Given
from bpcli.train.optimisers.rmsprop import RMSprop
from bpcli.train.optimisers.sgd import SGD

OPTIMISERS: dict[str, type[Optimiser]] = {kind.name: kind for kind in (SGD, Adam, AdamW, RMSprop, Adagrad)}

__all__ = ["OPTIMISERS", "Optimiser", "OptimiserState", "optimiser_from"]


def optimiser_from(name: str, options: Given) -> Optimiser:
    """The optimiser of that name with options as text or as numbers; those not given have PyTorch's defaults.

    Raises UsageError for an unknown name or option, and for values that PyTorch refuses.
    """
    if name not in OPTIMISERS:
        message = f"there is no optimiser {named(name)}"
        raise UsageError(message, hint=suggestion(name, list(OPTIMISERS), f"there are {', '.join(OPTIMISERS)}"))
    return OPTIMISERS[name](options)
