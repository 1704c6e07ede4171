"""What is drawn by chance: parameters that nobody gave, masks of dropout, inputs. A seed and a name give the same."""

from math import prod
from typing import Any
from zlib import crc32

import numpy as np

from bpcli.graph.network import Draw
from bpcli.graph.op import Shape


def drawn(draw: Draw, shape: Shape, seed: int, name: str, *counters: int) -> Any:
    """An array of this shape, float64; of integers int64.

    Each name, with its counters, has a stream of its own, so that what is drawn for one parameter does not depend on
    the others, nor what is drawn in one step on those before it. The counter 0 gives what no counter gives.
    """
    if draw.law == "constant":
        return np.full(shape, draw.first)
    chance = np.random.default_rng([seed, crc32(name.encode()), *counters])
    values: Any
    if draw.law == "uniform":
        values = chance.uniform(draw.first, draw.second, shape)
    elif draw.law == "normal":
        values = chance.normal(draw.first, draw.second, shape)
    elif draw.law == "orthogonal":
        values = np.concatenate([_orthogonal(chance, block) for block in _blocks(draw, shape)]).reshape(shape)
        values *= draw.first
    elif draw.law == "integers":
        values = chance.integers(int(draw.first), int(draw.second), shape)
    elif draw.law == "distinct":
        values = _distinct(chance, shape)
    else:
        is_kept = chance.random(shape) >= draw.first
        values = is_kept / (1 - draw.first) if draw.first < 1 else np.zeros(shape)
    if draw.zero_row is not None:
        values[draw.zero_row] = 0.0
    return values


def _blocks(draw: Draw, shape: Shape) -> list[tuple[int, int]]:
    """The rows and columns of each matrix that an array of this shape is made of."""
    rows = shape[0] // draw.blocks
    return [(rows, prod(shape[1:]))] * draw.blocks


def _orthogonal(chance: np.random.Generator, shape: tuple[int, int]) -> Any:
    """A matrix with orthonormal rows, or columns where they are fewer; uniform among all such.

    The sign of each column of Q is that which makes the diagonal of R positive, without which Q is not uniform
    (Mezzadri 2007); as in PyTorch's `orthogonal_`.
    """
    rows, columns = shape
    q, r = np.linalg.qr(chance.normal(size=(max(shape), min(shape))))
    q *= np.where(np.diagonal(r) < 0, -1.0, 1.0)
    return q if rows >= columns else q.T


def permutation(count: int, seed: int, name: str, *counters: int) -> Any:
    """The whole numbers below `count` in a chance order, int64; each name and counters have an order of their own."""
    return np.random.default_rng([seed, crc32(name.encode()), *counters]).permutation(count)


def moved_away(values: Any, point: float, distance: float) -> Any:
    """The values with those nearer to the point than the distance moved by the distance, each to its own side."""
    gaps = np.asarray(values) - point
    moved = np.where(np.abs(gaps) < distance, point + gaps + np.where(gaps < 0, -distance, distance), values)
    return moved if moved.ndim else float(moved)


def _distinct(chance: np.random.Generator, shape: Shape) -> Any:
    """Numbers about 0 in a chance order, any two apart by half a step or more; all lie within 2 of 0.

    They are not evenly spaced, so that no two have the same sum as two others.
    """
    size = prod(shape)
    step = min(0.1, 4 / max(size, 1))
    places = chance.permutation(size) - (size - 1) / 2 + chance.uniform(-0.25, 0.25, size)
    return (step * places).reshape(shape)
