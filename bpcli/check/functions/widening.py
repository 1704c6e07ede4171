"""A function that is given float32, looked at in float64, where its differences tell a thousand times more."""

from typing import Any

import numpy as np

from bpcli.check.functions.callee import MisbehaviourError
from bpcli.check.functions.noise import At, epsilon_of, joined
from bpcli.numbers.quotients import EPSILON

SAME = 1024  # times the precision, of the largest output: what the coarser numbers may have lost


def widened(at: At) -> At:
    """The pass at the same point in float64; as it is, where its outputs are not in float64, or others."""
    coarse = {name: value for name, value in at.inputs.items() if _is_coarse(value)}
    if not coarse:
        return at
    inputs = {**at.inputs, **{name: value.astype(float) for name, value in coarse.items()}}
    try:
        outputs = at.callee.outputs(inputs)
    except MisbehaviourError:
        return at
    if [np.shape(one) for one in outputs] != [np.shape(one) for one in at.outputs] or epsilon_of(outputs) > EPSILON:
        return at
    allowed = SAME * epsilon_of(list(coarse.values())) * np.max(np.abs(at.base), initial=0.0)
    is_same = np.all(np.abs(joined(outputs) - at.base) <= allowed)
    return at._replace(inputs=inputs, outputs=outputs) if is_same else at


def _is_coarse(value: Any) -> bool:
    """Whether it is an array of floats with fewer digits than float64."""
    return isinstance(value, np.ndarray) and value.dtype.kind == "f" and value.dtype.itemsize < 8  # noqa: PLR2004 - bytes
