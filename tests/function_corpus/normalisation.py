"""Normalisation over samples, features and groups; dropout with a mask."""

import numpy as np

from function_corpus.subjects import Array, Slip, Subject, drawn


def batch_norm(x: Array, gamma: Array, beta: Array, eps: float) -> tuple[Array, Array]:
    """Each column to mean 0 and variance 1, then scaled and shifted."""
    deviation = np.sqrt(x.var(axis=0) + eps)
    hat = (x - x.mean(axis=0)) / deviation
    return gamma * hat + beta, (x, hat, gamma, deviation)


def batch_norm_backward(dout: Array, cache: Array) -> tuple[Array, Array, Array]:
    """Its gradients."""
    x, hat, gamma, deviation = cache
    g = dout * gamma
    dx = (g - g.mean(axis=0) - hat * (g * hat).mean(axis=0)) / deviation
    assert x is not None
    dgamma = (dout * hat).sum(axis=0)
    dbeta = dout.sum(axis=0)
    return dx, dgamma, dbeta


def layer_norm(x: Array, gamma: Array, beta: Array) -> tuple[Array, Array]:
    """Each row to mean 0 and variance 1, then scaled and shifted."""
    deviation = np.sqrt(x.var(axis=-1, keepdims=True) + 1e-5)
    hat = (x - x.mean(axis=-1, keepdims=True)) / deviation
    return gamma * hat + beta, (x, hat, gamma, deviation)


def layer_norm_backward(dout: Array, cache: Array) -> tuple[Array, Array, Array]:
    """Its gradients."""
    x, hat, gamma, deviation = cache
    g = dout * gamma
    dx = (g - g.mean(axis=-1, keepdims=True) - hat * (g * hat).mean(axis=-1, keepdims=True)) / deviation
    assert x is not None
    return dx, (dout * hat).sum(0), dout.sum(0)


def rms_norm(x: Array, gamma: Array) -> tuple[Array, Array]:
    """Each row to a mean square of 1, then scaled."""
    size = np.sqrt((x**2).mean(axis=-1, keepdims=True) + 1e-6)
    return gamma * x / size, (x, gamma, size)


def rms_norm_backward(dout: Array, cache: Array) -> tuple[Array, Array]:
    """Its gradients."""
    x, gamma, size = cache
    g = dout * gamma
    dx = g / size - x * (g * x).mean(axis=-1, keepdims=True) / size**3
    return dx, (dout * x / size).sum(0)


def group_norm(x: Array, gamma: Array, beta: Array, groups: int) -> tuple[Array, Array]:
    """Channels in groups, each to mean 0 and variance 1; γ and β have a number for each channel."""
    n, c, h, w = x.shape
    apart = x.reshape(n, groups, c // groups, h, w)
    deviation = np.sqrt(apart.var(axis=(2, 3, 4), keepdims=True) + 1e-5)
    hat = (apart - apart.mean(axis=(2, 3, 4), keepdims=True)) / deviation
    out = gamma[:, None, None] * hat.reshape(x.shape) + beta[:, None, None]
    return out, (hat, gamma, deviation)


def group_norm_backward(dout: Array, cache: Array) -> tuple[Array, Array, Array]:
    """Its gradients."""
    hat, gamma, deviation = cache
    axes = (2, 3, 4)
    g = (dout * gamma[:, None, None]).reshape(hat.shape)
    dx = (g - g.mean(axis=axes, keepdims=True) - hat * (g * hat).mean(axis=axes, keepdims=True)) / deviation
    dgamma = (dout * hat.reshape(dout.shape)).sum(axis=(0, 2, 3))
    dbeta = dout.sum(axis=(0, 2, 3))
    return dx.reshape(dout.shape), dgamma, dbeta


def dropout(x: Array, mask: Array, keep: float) -> tuple[Array, Array]:
    """What the mask keeps, scaled up."""
    return x * mask / keep, (x, mask, keep)


def dropout_backward(dout: Array, cache: Array) -> Array:
    """Its gradient."""
    x, mask, keep = cache
    assert x is not None
    return dout * mask / keep


CONSTANT = "statistics taken for constants"
MASK = np.random.default_rng(97).random((4, 5)) < 0.6
WIDE = {"x": drawn(91, 5, 4), "gamma": drawn(92, 4), "beta": drawn(93, 4)}

SUBJECTS = (
    Subject(
        batch_norm,
        batch_norm_backward,
        {**WIDE, "eps": 1e-3},
        (
            Slip(CONSTANT, "(g - g.mean(axis=0) - hat * (g * hat).mean(axis=0))", "g"),
            Slip(CONSTANT, " - hat * (g * hat).mean(axis=0)", ""),
            Slip(CONSTANT, "g - g.mean(axis=0) - hat", "g - hat"),
            Slip("chain rule factor", "dout * gamma", "dout"),
            Slip("chain rule factor", ".mean(axis=0)) / deviation", ".mean(axis=0))"),
            Slip("chain rule factor", "- hat * (g", "- hat * deviation * (g"),
            Slip(
                "wrong axis",
                "g.mean(axis=0) - hat * (g * hat).mean(axis=0)",
                "g.mean(axis=1, keepdims=True) - hat * (g * hat).mean(axis=1, keepdims=True)",
            ),
            Slip("broadcast gradient not summed", "(dout * hat).sum(axis=0)", "dout * hat"),
            Slip("mean instead of sum", "dbeta = dout.sum", "dbeta = dout.mean"),
            Slip(" for d", "return dx, dgamma, dbeta", "return dx, dbeta, dgamma"),
            Slip("chain rule factor", "(dout * hat).sum(axis=0)", "(dout * x).sum(axis=0)"),
        ),
    ),
    Subject(
        layer_norm,
        layer_norm_backward,
        WIDE,
        (
            Slip(CONSTANT, " - g.mean(axis=-1, keepdims=True) - hat * (g * hat).mean(axis=-1, keepdims=True)", ""),
            Slip(CONSTANT, " - hat * (g * hat).mean(axis=-1, keepdims=True)", ""),
            Slip(CONSTANT, "g - g.mean(axis=-1, keepdims=True)", "g"),
            Slip("sum instead of mean", "(g * hat).mean", "(g * hat).sum"),
            Slip("a sign lost", "- hat *", "+ hat *"),
            Slip("chain rule factor", "dout * gamma", "dout"),
            Slip("upstream gradient left out", "dout * gamma", "np.ones_like(dout) * gamma"),
        ),
    ),
    Subject(
        rms_norm,
        rms_norm_backward,
        {"x": drawn(94, 4, 5), "gamma": drawn(95, 5)},
        (
            Slip(CONSTANT, " - x * (g * x).mean(axis=-1, keepdims=True) / size**3", ""),
            Slip("sum instead of mean", "(g * x).mean", "(g * x).sum"),
            Slip("chain rule factor", "size**3", "size**2"),
            Slip("chain rule factor", "dout * x / size", "dout * x"),
        ),
    ),
    Subject(
        group_norm,
        group_norm_backward,
        {"x": drawn(96, 2, 4, 2, 3), "gamma": drawn(97, 4), "beta": drawn(98, 4), "groups": 2},
        (
            Slip(CONSTANT, " - g.mean(axis=axes, keepdims=True) - hat * (g * hat).mean(axis=axes, keepdims=True)", ""),
            Slip(CONSTANT, " - hat * (g * hat).mean(axis=axes, keepdims=True)", ""),
            Slip("chain rule factor", "keepdims=True)) / deviation", "keepdims=True))"),
            Slip("broadcast gradient not summed", "dout.sum(axis=(0, 2, 3))", "dout.sum(axis=(2, 3))"),
            Slip("overwritten instead of accumulated", "dout.sum(axis=(0, 2, 3))", "dout[-1].sum(axis=(1, 2))"),
        ),
    ),
    Subject(
        dropout,
        dropout_backward,
        {"x": drawn(99, 4, 5), "mask": MASK.astype(int), "keep": 0.6},
        (
            Slip("mask left out", "dout * mask / keep", "dout"),
            Slip("mask left out", "mask / keep", "1.0 / keep"),
            Slip("scale", " / keep", ""),
            Slip("mask taken from the gradient", "dout * mask", "dout * (dout > 0)"),
            Slip("chain rule factor", "mask / keep", "mask * keep"),
        ),
    ),
)
