"""Divergences and likelihoods."""

import numpy as np

from function_corpus.subjects import Array, Slip, Subject, drawn


def divergence(p: Array, q: Array) -> float:
    """The divergence of Kullback and Leibler, of two tables of weights."""
    return float((p * np.log(p / q)).sum())


def divergence_backward(dout: Array, p: Array, q: Array) -> tuple[Array, Array]:
    """Its gradients."""
    return dout * (np.log(p / q) + 1), dout * (-p / q)


def gaussian(x: Array, mu: Array, sigma: Array) -> float:
    """Minus the log-likelihood of samples, with a mean and a deviation for each column."""
    return float((np.log(sigma) + 0.5 * ((x - mu) / sigma) ** 2).sum())


def gaussian_backward(dout: Array, x: Array, mu: Array, sigma: Array) -> tuple[Array, Array, Array]:
    """Its gradients."""
    z = (x - mu) / sigma
    dx = dout * z / sigma
    dmu = -dx.sum(0)
    dsigma = dout * (1 / sigma - z**2 / sigma).sum(0)
    return dx, dmu, dsigma


SUBJECTS = (
    Subject(
        divergence,
        divergence_backward,
        {"p": np.exp(drawn(69, 3, 4)), "q": np.exp(drawn(70, 3, 4))},
        (
            Slip("path left out", "(np.log(p / q) + 1)", "np.log(p / q)"),
            Slip("a sign lost", "(-p / q)", "(p / q)"),
            Slip("chain rule factor", "-p / q", "-1 / q"),
            Slip(
                " for d",
                "return dout * (np.log(p / q) + 1), dout * (-p / q)",
                "return dout * (-p / q), dout * (np.log(p / q) + 1)",
            ),
        ),
    ),
    Subject(
        gaussian,
        gaussian_backward,
        {"x": drawn(71, 5, 3), "mu": drawn(72, 3), "sigma": np.exp(drawn(73, 3))},
        (
            Slip("chain rule factor", "dout * z / sigma", "dout * z"),
            Slip("path left out", "1 / sigma - z**2 / sigma", "-z**2 / sigma"),
            Slip("broadcast gradient not summed", "-dx.sum(0)", "-dx"),
            Slip("a sign lost", "-dx.sum(0)", "dx.sum(0)"),
            Slip("mean instead of sum", "-dx.sum(0)", "-dx.mean(0)"),
        ),
    ),
)
