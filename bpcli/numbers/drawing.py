"""What is drawn by chance: parameters that nobody gave, and the masks of dropout. A seed and a name give the same."""

from typing import Any
from zlib import crc32

import numpy as np

from bpcli.graph.network import Draw
from bpcli.graph.op import Shape


def drawn(draw: Draw, shape: Shape, seed: int, name: str) -> Any:
    """An array of this shape, float64.

    Each name has a stream of its own, so that what is drawn for one parameter does not depend on the others.
    """
    if draw.law == "constant":
        return np.full(shape, draw.first)
    chance = np.random.default_rng([seed, crc32(name.encode())])
    if draw.law == "uniform":
        values = chance.uniform(draw.first, draw.second, shape)
    elif draw.law == "normal":
        values = chance.normal(draw.first, draw.second, shape)
    else:
        is_kept = chance.random(shape) >= draw.first
        values = is_kept / (1 - draw.first) if draw.first < 1 else np.zeros(shape)
    if draw.zero_row is not None:
        values[draw.zero_row] = 0.0
    return values
