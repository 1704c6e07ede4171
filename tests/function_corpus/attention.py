"""Attention, distances, interpolation: functions of several arrays with several paths."""

import numpy as np

from function_corpus.subjects import Array, Slip, Subject, drawn


def attention(q: Array, k: Array, v: Array) -> tuple[Array, Array]:
    """softmax(q kᵀ / √d) v."""
    scale = np.sqrt(q.shape[1])
    scores = q @ k.T / scale
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    p = weights / weights.sum(axis=1, keepdims=True)
    return p @ v, (q, k, v, p, scale)


def attention_backward(dout: Array, cache: Array) -> tuple[Array, Array, Array]:
    """Its gradients."""
    q, k, v, p, scale = cache
    dp = dout @ v.T
    ds = p * (dp - (dp * p).sum(axis=1, keepdims=True)) / scale
    dq = ds @ k
    dk = ds.T @ q
    dv = p.T @ dout
    return dq, dk, dv


def squared_distances(a: Array, b: Array) -> tuple[Array, Array]:
    """Those of each row of a to each row of b."""
    gaps = a[:, None, :] - b[None, :, :]
    return (gaps**2).sum(-1), gaps


def squared_distances_backward(dout: Array, cache: Array) -> tuple[Array, Array]:
    """Its gradients."""
    gaps = cache
    sent = 2 * dout[:, :, None] * gaps
    da = sent.sum(1)
    db = -sent.sum(0)
    return da, db


def gated(x: Array, w: Array, v: Array) -> tuple[Array, Array]:
    """A gated linear unit, (x w)·sigmoid(x v)."""
    a, gate = x @ w, 1 / (1 + np.exp(-(x @ v)))
    return a * gate, (x, w, v, a, gate)


def gated_backward(dout: Array, cache: Array) -> tuple[Array, Array, Array]:
    """Its gradients."""
    x, w, v, a, gate = cache
    da = dout * gate
    dg = dout * a * gate * (1 - gate)
    dx = da @ w.T + dg @ v.T
    return dx, x.T @ da, x.T @ dg


SUBJECTS = (
    Subject(
        attention,
        attention_backward,
        {"q": drawn(161, 4, 3), "k": drawn(162, 4, 3), "v": drawn(163, 4, 3)},
        (
            Slip("transposed", "p.T @ dout", "p @ dout"),
            Slip("transposed", "ds.T @ q", "ds @ q"),
            Slip("chain rule factor", " / scale", ""),
            Slip(" for d", "return dq, dk, dv", "return dk, dq, dv"),
            Slip("path left out", "dp - (dp * p).sum(axis=1, keepdims=True)", "dp"),
            Slip("upstream gradient left out", "p.T @ dout", "p.T @ np.ones_like(dout)"),
        ),
    ),
    Subject(
        squared_distances,
        squared_distances_backward,
        {"a": drawn(164, 4, 3), "b": drawn(165, 5, 3)},
        (
            Slip("factor 2", "2 * ", ""),
            Slip("a sign lost", "-sent.sum(0)", "sent.sum(0)"),
            Slip("broadcast gradient not summed", "da = sent.sum(1)", "da = sent"),
            Slip("overwritten instead of accumulated", "da = sent.sum(1)", "da = sent[:, -1]"),
            Slip("mean instead of sum", "-sent.sum(0)", "-sent.mean(0)"),
            Slip("upstream gradient left out", "dout[:, :, None] *", ""),
            Slip(" for d", "return da, db", "return db, da"),
        ),
    ),
    Subject(
        gated,
        gated_backward,
        {"x": drawn(166, 5, 3), "w": drawn(167, 3, 4), "v": drawn(168, 3, 4)},
        (
            Slip("path", "da @ w.T + dg @ v.T", "da @ w.T"),
            Slip("path", "da @ w.T + dg @ v.T", "dg @ v.T"),
            Slip(" for d", "return dx, x.T @ da, x.T @ dg", "return dx, x.T @ dg, x.T @ da"),
            Slip("overwritten instead of accumulated", "x.T @ da", "np.outer(x[-1], da[-1])"),
        ),
    ),
)
