"""What the sums of a backward pass in float32 lose: how its gradients move in float64, and as its inputs are rounded.

A gradient may be next to nothing where its terms cancel, as that of a bias before a batch normalisation, and then has
no right digit in float32.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from bpcli.check.functions.callee import Array, Inputs, MisbehaviourError
from bpcli.check.functions.noise import At
from bpcli.numbers.quotients import EPSILON

SHAKES = 3
MARGIN = 8  # times the largest move that was seen
SIGNS = (-1.0, 0.0, 1.0)


def lost_in_sums(
    near: At, inputs: Inputs, upstream: Sequence[Array] | None, gradients: Mapping[str, Array], epsilon: float
) -> dict[str, float]:
    """What every entry of each gradient may be off by; nothing in float64, whose sums lose less than is ever judged.

    `near` is the pass as it was widened, where a mistake is as large, and what is lost is not.
    """
    kinds = [one.dtype for one in gradients.values() if one.dtype.kind == "f"]
    epsilon = max([epsilon, *[float(np.finfo(kind).eps) for kind in kinds]])
    moves = dict.fromkeys(gradients, 0.0)
    if epsilon <= EPSILON:
        return moves
    chances = [np.random.default_rng(shake) for shake in range(SHAKES)]
    each = [{name: _shaken(value, epsilon, chance) for name, value in inputs.items()} for chance in chances]
    for shaken in (near.inputs, *each):
        try:
            found = near.callee.passed(shaken, upstream).gradients
        except MisbehaviourError:  # it does not run there
            continue
        for name, one in gradients.items():
            if name in found and np.shape(found[name]) == one.shape:
                apart = np.abs(np.asarray(found[name], float) - one)
                moves[name] = max(moves[name], MARGIN * float(np.max(apart, where=np.isfinite(apart), initial=0.0)))
    return moves


def _shaken(value: object, epsilon: float, chance: np.random.Generator) -> object:
    """An array of floats whose entries moved by their rounding, or stayed."""
    if not isinstance(value, np.ndarray) or value.dtype.kind != "f":
        return value
    return (value * (1 + epsilon * chance.choice(SIGNS, value.shape))).astype(value.dtype)
