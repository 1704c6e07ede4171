"""Clipping: a gradient that is too large is cut, entry by entry or as a whole, before the optimiser sees it."""

from math import sqrt
from typing import Any, NamedTuple

from bpcli.numbers.arrays import arrays

BESIDE_NORM = 1e-6  # PyTorch's, against a norm of 0


class Clipping(NamedTuple):
    """The largest norm of all gradients together, and the largest size of an entry; None does not clip.

    With both, entries are clipped first, so that both bounds hold.
    """

    norm: float | None = None
    value: float | None = None

    def clip(self, gradient: Any) -> float:
        """Clip a flat array of all gradients in place; the norm that it had before.

        By norm: g·min(1, max/(‖g‖ + 1e-6)), torch.nn.utils.clip_grad_norm_; by value: each entry between -max and max,
        clip_grad_value_. A norm that is not finite gives what PyTorch gives, entries of 0 and NaN.
        """
        with arrays.at_work():
            before = norm_of(gradient)
            if self.value is not None:
                gradient.clip(-self.value, self.value, out=gradient)
            if self.norm is not None:
                gradient *= factor_for(before if self.value is None else norm_of(gradient), self.norm)
        return before


def norm_of(gradient: Any) -> float:
    """The root of the sum of squares of a flat array."""
    return sqrt(gradient @ gradient)


def factor_for(norm: float, most: float) -> float:
    """What a gradient of this norm is multiplied by, at most 1; NaN of a norm that is NaN."""
    return 1.0 if norm + BESIDE_NORM < most else most / (norm + BESIDE_NORM)
