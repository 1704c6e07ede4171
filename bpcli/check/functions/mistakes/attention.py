"""Attention, softmax(q·kᵀ/s)·v: its backward pass, with one thing wrong.

The three matrices and s are found by trying which give the output. Then dp = dout·vᵀ,
ds = p·(dp - Σ dp·p)/s, dq = ds·k, dk = dsᵀ·q, dv = pᵀ·dout (Vaswani et al. 2017).
"""

from collections.abc import Iterator
from itertools import permutations
from typing import NamedTuple

import numpy as np

from bpcli.check.findings import Cause
from bpcli.check.functions.mistakes.case import Array, Case
from bpcli.check.functions.mistakes.mistake import ARITHMETIC, AXES, CHAIN, PATH, Mistake

MATRICES = 3  # queries, keys, values
LEAST_AXES = 2


class Parts(NamedTuple):
    """What was found: the place of the wrong gradient, 0 for q, 1 for k, 2 for v; the matrices, p and s."""

    place: int
    q: Array
    k: Array
    v: Array
    p: Array
    scale: float


def of_attention(case: Case) -> Iterator[Mistake]:
    """The softmax taken for its own entries alone, or left out; matrices transposed; the scale."""
    parts = _recognised(case)
    if parts is None:
        return
    v, p, scale = parts.v, parts.p, parts.scale
    dout = case.arrived[0]
    dp = dout @ turned(v)
    right = p * (dp - (dp * p).sum(-1, keepdims=True))
    for ds, cause in (
        (p * dp, Cause("path left out", PATH, "a path left out: through the sum of the softmax")),
        (p * (1 - p) * dp, Cause("path left out", PATH, "a path left out: the diagonal of the softmax alone")),
        (dp, Cause("derivative left out", CHAIN, "a chain rule factor forgotten: the derivative of the softmax")),
        (
            dp - (dp * p).sum(-1, keepdims=True),
            Cause("chain rule factor forgotten", CHAIN, "a chain rule factor forgotten: p itself"),
        ),
        (
            p * (dp - (dp * p).mean(-1, keepdims=True)),
            Cause("mean instead of sum", ARITHMETIC, "mean instead of sum: in the softmax"),
        ),
        (_along_columns(dp, p), Cause("wrong axis", AXES, "the wrong axis: the sum of the softmax over the queries")),
        (
            right * scale * scale,
            Cause("chain rule factor", CHAIN, "a chain rule factor wrong: times the scale, not over it"),
        ),
    ):
        yield from _sent_on(parts, ds / scale, cause)
    transposed = Cause("transposed", AXES, "transposed: the scores or the weights of the attention for their transpose")
    if p.shape[-1] == p.shape[-2]:
        yield from _sent_on(parts, turned(right) / scale, transposed)
        if parts.place == MATRICES - 1:
            yield Mistake(transposed, p @ dout)


def turned(matrix: Array) -> Array:
    """The transpose, of each of a batch."""
    return np.swapaxes(matrix, -1, -2)


def _along_columns(dp: Array, p: Array) -> Array:
    return p * (dp - (dp * p).sum(-2, keepdims=True))


def _sent_on(parts: Parts, ds: Array, cause: Cause) -> Iterator[Mistake]:
    if parts.place == 0:
        yield Mistake(cause, ds @ parts.k)
    elif parts.place == 1:
        yield Mistake(cause, turned(ds) @ parts.q)


def _recognised(case: Case) -> Parts | None:
    arrays = {name: np.asarray(case.inputs[name], np.float64) for name in [case.name, *case.floats]}
    names = [name for name, value in arrays.items() if value.ndim == case.out.ndim >= LEAST_AXES]
    if len(names) < MATRICES or case.name not in names:
        return None
    for chosen in permutations(names, MATRICES):
        q, k, v = (arrays[name] for name in chosen)
        fits = q.shape[-1] == k.shape[-1] and k.shape[:-1] == v.shape[:-1]
        if case.name not in chosen or not fits or case.out.shape != (*q.shape[:-1], v.shape[-1]):
            continue
        for scale in (q.shape[-1] ** 0.5, 1.0):
            scores = q @ turned(k) / scale
            powers = np.exp(scores - scores.max(-1, keepdims=True))
            p = powers / powers.sum(-1, keepdims=True)
            if np.allclose(p @ v, case.out, rtol=1e-6, atol=1e-9):
                return Parts(chosen.index(case.name), q, k, v, p, scale)
    return None
