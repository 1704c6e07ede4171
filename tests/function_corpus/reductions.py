"""Functions that join the entries of an array: sums, norms, softmax and its kin."""

import numpy as np

from function_corpus.subjects import Array, Slip, Subject, drawn


def logsumexp(x: Array) -> tuple[Array, Array]:
    """The log of the sum of exponentials of each row."""
    top = x.max(axis=1, keepdims=True)
    out = np.log(np.exp(x - top).sum(axis=1)) + top[:, 0]
    return out, (x, out)


def logsumexp_backward(dout: Array, cache: Array) -> Array:
    """Its gradient."""
    x, out = cache
    return dout[:, None] * np.exp(x - out[:, None])


def log_softmax(x: Array) -> tuple[Array, Array]:
    """The log of the softmax of each row."""
    top = x.max(axis=1, keepdims=True)
    out = x - top - np.log(np.exp(x - top).sum(axis=1, keepdims=True))
    return out, out


def log_softmax_backward(dout: Array, cache: Array) -> Array:
    """Its gradient."""
    out = cache
    return dout - np.exp(out) * dout.sum(axis=1, keepdims=True)


def softmax(x: Array) -> tuple[Array, Array]:
    """The softmax of each row."""
    weights = np.exp(x - x.max(axis=1, keepdims=True))
    out = weights / weights.sum(axis=1, keepdims=True)
    return out, out


def softmax_backward(dout: Array, cache: Array) -> Array:
    """Its gradient."""
    out = cache
    return out * (dout - (dout * out).sum(axis=1, keepdims=True))


def variance(x: Array) -> Array:
    """The variance of each column."""
    return x.var(axis=0)


def variance_backward(dout: Array, x: Array) -> Array:
    """Its gradient."""
    return dout * 2 * (x - x.mean(axis=0)) / len(x)


def norm(x: Array) -> Array:
    """The length of each row."""
    return np.sqrt((x**2).sum(axis=1))


def norm_backward(dout: Array, x: Array) -> Array:
    """Its gradient."""
    return dout[:, None] * x / np.sqrt((x**2).sum(axis=1))[:, None]


def cosine(a: Array, b: Array) -> tuple[Array, Array]:
    """The cosine of each row of a and that of b."""
    na = np.sqrt((a**2).sum(1, keepdims=True))
    nb = np.sqrt((b**2).sum(1, keepdims=True))
    out = (a * b).sum(1, keepdims=True) / (na * nb)
    return out[:, 0], (a, b, na, nb, out)


def cosine_backward(dout: Array, cache: Array) -> tuple[Array, Array]:
    """Its gradients."""
    a, b, na, nb, out = cache
    da = dout[:, None] * (b / (na * nb) - out * a / na**2)
    db = dout[:, None] * (a / (na * nb) - out * b / nb**2)
    return da, db


def cumulative_sum(x: Array) -> Array:
    """The sums up to each entry of a row."""
    return np.cumsum(x, axis=1)


def cumulative_sum_backward(dout: Array, x: Array) -> Array:
    """Its gradient."""
    assert x is not None
    return np.cumsum(dout[:, ::-1], axis=1)[:, ::-1]


def mean_over_samples(x: Array) -> Array:
    """The mean of each column."""
    return x.mean(axis=0)


def mean_over_samples_backward(dout: Array, x: Array) -> Array:
    """Its gradient."""
    return np.ones_like(x) * dout / len(x)


def product(x: Array) -> float:
    """The product of all entries."""
    return float(np.prod(x))


def product_gradient(x: Array) -> Array:
    """Its gradient."""
    return np.prod(x) / x


TABLE = {"x": drawn(81, 4, 5)}
UP = Slip("upstream gradient left out", "dout[:, None] *", "1.0 *")

SUBJECTS = (
    Subject(
        logsumexp,
        logsumexp_backward,
        TABLE,
        (
            UP,
            Slip("a sign lost", "dout[:, None]", "-dout[:, None]"),
            Slip("chain rule factor", "np.exp(x - out[:, None])", "np.exp(x)"),
            Slip("mean instead of sum", "return ", "return 1 / x.shape[1] * "),
        ),
    ),
    Subject(
        log_softmax,
        log_softmax_backward,
        TABLE,
        (
            Slip("path", " * dout.sum(axis=1, keepdims=True)", ""),
            Slip("path", "dout - np.exp", "-np.exp"),
            Slip("path", " - np.exp(out) * dout.sum(axis=1, keepdims=True)", ""),
            Slip("path", "np.exp(out) * dout.sum(axis=1, keepdims=True)", "np.exp(out) * dout"),
        ),
    ),
    Subject(
        softmax,
        softmax_backward,
        TABLE,
        (
            Slip("path left out", "dout - (dout * out).sum(axis=1, keepdims=True)", "dout - dout * out"),
            Slip("path", " - (dout * out).sum(axis=1, keepdims=True)", ""),
            Slip("chain rule factor", "out * (dout", "1.0 * (dout"),
            Slip("a sign lost", "return ", "return -"),
        ),
    ),
    Subject(
        variance,
        variance_backward,
        TABLE,
        (
            Slip("sum instead of mean", " / len(x)", ""),
            Slip("factor 2", "2 * ", ""),
            Slip("path", " - x.mean(axis=0)", ""),
            Slip("mean over another length", "len(x)", "(len(x) - 1)"),
            Slip("upstream gradient left out", "dout *", "1.0 *"),
        ),
    ),
    Subject(
        norm,
        norm_backward,
        TABLE,
        (
            Slip("chain rule factor", " / np.sqrt((x**2).sum(axis=1))[:, None]", ""),
            Slip("chain rule factor", "np.sqrt((x**2).sum(axis=1))[:, None]", "(x**2).sum(axis=1)[:, None]"),
            UP,
            Slip("factor 2", "return ", "return 2 * "),
        ),
    ),
    Subject(
        cosine,
        cosine_backward,
        {"a": drawn(82, 4, 3), "b": drawn(83, 4, 3)},
        (
            Slip("path left out", " - out * a / na**2", ""),
            Slip("path left out", "b / (na * nb) - out * a", "-out * a"),
            Slip(" for d", "return da, db", "return db, da"),
            Slip("a sign lost", "da = dout", "da = -dout"),
            Slip("upstream gradient left out", "db = dout[:, None]", "db = 1.0"),
        ),
    ),
    Subject(
        cumulative_sum,
        cumulative_sum_backward,
        TABLE,
        (
            Slip("transposed", "np.cumsum(dout[:, ::-1], axis=1)[:, ::-1]", "np.cumsum(dout, axis=1)"),
            Slip("path", "np.cumsum(dout[:, ::-1], axis=1)[:, ::-1]", "dout"),
            Slip("upstream gradient left out", "np.cumsum(dout[", "np.cumsum(np.ones_like(dout)["),
            Slip(
                "one row off",
                "return np.cumsum(dout[:, ::-1], axis=1)[:, ::-1]",
                "return np.roll(np.cumsum(dout[:, ::-1], axis=1)[:, ::-1], -1, 1)",
            ),
        ),
    ),
    Subject(
        mean_over_samples,
        mean_over_samples_backward,
        TABLE,
        (
            Slip("sum instead of mean", " / len(x)", ""),
            Slip("length of axis", "len(x)", "x.size"),
            Slip("upstream gradient left out", "* dout", ""),
        ),
    ),
    Subject(
        product,
        product_gradient,
        {"x": drawn(84, 5)},
        (
            Slip("chain rule factor", " / x", " * np.ones_like(x)"),
            Slip("a sign lost", "return ", "return -"),
            Slip("chain rule factor", " / x", " / x**2"),
        ),
    ),
)
