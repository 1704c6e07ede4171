"""More losses and forms: robust, weighted, of distances, of matrices."""

import numpy as np

from function_corpus.subjects import Array, Slip, Subject, drawn


def summed_cross_entropy(x: Array, w: Array, b: Array, y: Array) -> tuple[float, Array]:
    """The cross-entropy of a linear classifier, summed over samples."""
    scores = x @ w + b
    shifted = scores - scores.max(axis=1, keepdims=True)
    p = np.exp(shifted) / np.exp(shifted).sum(axis=1, keepdims=True)
    return -np.log(p[np.arange(len(y)), y]).sum(), (x, w, p, y)


def summed_cross_entropy_backward(dout: Array, cache: Array) -> tuple[Array, Array, Array]:
    """Its gradients."""
    x, w, p, y = cache
    ds = p.copy()
    ds[np.arange(len(y)), y] -= 1
    ds *= dout
    return ds @ w.T, x.T @ ds, ds.sum(axis=0)


def huber(x: Array, t: Array) -> float:
    """Squares near 0, straight beyond 1."""
    r = x - t
    return float(np.where(np.abs(r) < 1, 0.5 * r**2, np.abs(r) - 0.5).sum())


def huber_backward(dout: Array, x: Array, t: Array) -> tuple[Array, Array]:
    """Its gradients."""
    r = x - t
    dr = dout * np.where(np.abs(r) < 1, r, np.sign(r))
    return dr, -dr


def absolute_error(w: Array, x: Array, y: Array, lam: float) -> tuple[float, Array]:
    """Absolute errors of a linear model, with a penalty on |w|."""
    r = x @ w - y
    loss = np.abs(r).mean() + lam * np.abs(w).sum()
    dw = x.T @ np.sign(r) / len(y)
    return loss, dw + lam * np.sign(w)


def network(x: Array, t: Array, w1: Array, b1: Array, w2: Array, b2: Array) -> tuple[float, Array]:  # noqa: PLR0913, PLR0917 - a network has so many
    """Half the squares of a network with tanh between two layers."""
    h = np.tanh(x @ w1 + b1)
    out = h @ w2 + b2
    return 0.5 * ((out - t) ** 2).sum() / len(x), (x, t, w1, b1, w2, h, out)


def network_backward(dout: Array, cache: Array) -> dict[str, Array]:
    """Its gradients."""
    x, t, w1, b1, w2, h, out = cache
    z = x @ w1 + b1
    ds = dout * (out - t) / len(x)
    dh = ds @ w2.T
    dz = dh * (1 - h**2)
    assert z is not None
    return {"w1": x.T @ dz, "b1": dz.sum(0), "w2": h.T @ ds, "b2": ds.sum(0), "x": dz @ w1.T}


def mahalanobis(x: Array, mu: Array, precision: Array) -> float:
    """The sum of squared distances under a matrix that is not symmetric."""
    r = x - mu
    return float(0.5 * (r @ precision * r).sum())


def mahalanobis_backward(dout: Array, x: Array, mu: Array, precision: Array) -> tuple[Array, Array, Array]:
    """Its gradients."""
    r = x - mu
    dx = dout * 0.5 * (r @ precision + r @ precision.T)
    return dx, -dx.sum(0), dout * 0.5 * r.T @ r


def triplet(a: Array, p: Array, n: Array) -> tuple[float, Array]:
    """The hinge of distances to a positive and a negative."""
    gap = ((a - p) ** 2).sum(1) - ((a - n) ** 2).sum(1) + 2.0
    return np.maximum(gap, 0).mean(), (a, p, n, gap)


def triplet_backward(dout: Array, cache: Array) -> tuple[Array, Array, Array]:
    """Its gradients."""
    a, p, n, gap = cache
    on = dout * (gap > 0)[:, None] / len(a)
    return on * 2 * (n - p), on * 2 * (p - a), on * 2 * (a - n)


def log_determinant(m: Array) -> float:
    """The log of |det m|."""
    return float(np.linalg.slogdet(m)[1])


def log_determinant_gradient(m: Array) -> Array:
    """Its gradient."""
    return np.linalg.inv(m).T


def temperature_softmax(x: Array, temperature: float) -> tuple[Array, Array]:
    """The softmax of x over a temperature."""
    powers = np.exp((x - x.max(axis=1, keepdims=True)) / temperature)
    out = powers / powers.sum(axis=1, keepdims=True)
    return out, (x, out, temperature)


def temperature_softmax_backward(dout: Array, cache: Array) -> tuple[Array, float]:
    """Its gradients."""
    x, out, temperature = cache
    dz = out * (dout - (dout * out).sum(axis=1, keepdims=True))
    dx = dz / temperature
    return dx, -(dz * x).sum() / temperature**2


def binary_cross_entropy(z: Array, t: Array) -> float:
    """The mean log loss of logits and targets."""
    return float((np.logaddexp(0, z) - t * z).mean())


def binary_cross_entropy_backward(dout: Array, z: Array, t: Array) -> tuple[Array, Array]:
    """Its gradients."""
    a = 1 / (1 + np.exp(-z))
    return dout * (a - t) / z.size, -dout * z / z.size


def polynomial(x: Array, c: Array) -> Array:
    """C₀ + c₁x + c₂x² + c₃x³."""
    return c[0] + c[1] * x + c[2] * x**2 + c[3] * x**3


def polynomial_backward(dout: Array, x: Array, c: Array) -> tuple[Array, Array]:
    """Its gradients."""
    dx = dout * (c[1] + 2 * c[2] * x + 3 * c[3] * x**2)
    dc = np.array([(dout * x**k).sum() for k in range(4)])
    return dx, dc


def total_variation(x: Array) -> float:
    """Half the squares of the steps between neighbours."""
    return float(0.5 * (np.diff(x) ** 2).sum())


def total_variation_gradient(x: Array) -> Array:
    """Its gradient."""
    dx = np.zeros_like(x)
    step = np.diff(x)
    dx[1:] += step
    dx[:-1] -= step
    return dx


LABELS = np.array([2, 0, 1, 2, 1])
NETWORK = {
    "x": drawn(228, 5, 4),
    "t": drawn(229, 5, 2),
    "w1": drawn(230, 4, 6, scale=0.5),
    "b1": drawn(231, 6),
    "w2": drawn(232, 6, 2),
    "b2": drawn(233, 2),
}
ONE_HOT = "softmax without the one-hot"

SUBJECTS = (
    Subject(
        summed_cross_entropy,
        summed_cross_entropy_backward,
        {"x": drawn(221, 5, 4), "w": drawn(222, 4, 3), "b": drawn(223, 3), "y": LABELS},
        (
            Slip(ONE_HOT, "ds[np.arange(len(y)), y] -= 1", "pass"),
            Slip("mean instead of sum", "ds *= dout", "ds *= dout / len(y)"),
            Slip("transposed", "x.T @ ds", "(x.T @ ds).T"),
            Slip("broadcast gradient not summed", "ds.sum(axis=0)", "ds"),
            Slip("upstream gradient left out", "ds *= dout", "pass"),
            Slip("one row off", "x.T @ ds", "x[1:].T @ ds[1:]"),
            Slip("overwritten instead of accumulated", "ds.sum(axis=0)", "ds[-1]"),
        ),
    ),
    Subject(
        huber,
        huber_backward,
        {"x": drawn(224, 4, 3), "t": drawn(225, 4, 3)},
        (
            Slip("a sign lost", "return dr, -dr", "return dr, dr"),
            Slip("factor 2", "1, r, np", "1, 2 * r, 2 * np"),
            Slip("mean instead of sum", "return dr, -dr", "return dr / r.size, -dr"),
            Slip("path", "np.where(np.abs(r) < 1, r, np.sign(r))", "r"),
        ),
    ),
    Subject(
        absolute_error,
        None,
        {"w": drawn(226, 4), "x": drawn(227, 6, 4), "y": drawn(228, 6), "lam": 0.3},
        (
            Slip("regularisation term left out", " + lam * np.sign(w)", ""),
            Slip("regularisation term doubled", "+ lam * np.sign(w)", "+ 2 * lam * np.sign(w)"),
            Slip("sum instead of mean", "np.sign(r) / len(y)", "np.sign(r)"),
            Slip("one row off", "x.T @ np.sign(r)", "x[:-1].T @ np.sign(r)[:-1]"),
        ),
    ),
    Subject(
        network,
        network_backward,
        NETWORK,
        (
            Slip("derivative at the pre-activation", "h**2", "z**2"),
            Slip("derivative at the activation", "h**2", "np.tanh(h) ** 2"),
            Slip("derivative of the activation", " * (1 - h**2)", ""),
            Slip("sum instead of mean", "(out - t) / len(x)", "(out - t)"),
            Slip("path", "(out - t)", "out"),
            Slip("broadcast gradient not summed", "dz.sum(0)", "dz"),
            Slip("overwritten instead of accumulated", "x.T @ dz", "np.outer(x[-1], dz[-1])"),
            Slip("transposed", "h.T @ ds", "ds.T @ h"),
        ),
    ),
    Subject(
        mahalanobis,
        mahalanobis_backward,
        {"x": drawn(234, 5, 3), "mu": drawn(235, 3), "precision": drawn(236, 3, 3)},
        (
            Slip("path", "0.5 * (r @ precision + r @ precision.T)", "0.5 * (r @ precision)"),
            Slip("path", "0.5 * (r @ precision + r @ precision.T)", "r @ precision"),
            Slip("broadcast gradient not summed", "-dx.sum(0)", "-dx"),
            Slip("factor 2", "dout * 0.5 * r.T", "dout * r.T"),
            Slip("mean instead of sum", "-dx.sum(0)", "-dx.mean(0)"),
        ),
    ),
    Subject(
        triplet,
        triplet_backward,
        {"a": drawn(237, 5, 3), "p": drawn(238, 5, 3), "n": drawn(239, 5, 3)},
        (
            Slip("sum instead of mean", " / len(a)", ""),
            Slip("path", " * (gap > 0)[:, None]", ""),
            Slip(" for d", "on * 2 * (p - a), on * 2 * (a - n)", "on * 2 * (a - n), on * 2 * (p - a)"),
            Slip("a sign lost", "(p - a)", "(a - p)"),
        ),
    ),
    Subject(
        log_determinant,
        log_determinant_gradient,
        {"m": drawn(240, 4, 4)},
        (
            Slip("transposed", ".T", ""),
            Slip("a sign lost", "return ", "return -"),
        ),
    ),
    Subject(
        temperature_softmax,
        temperature_softmax_backward,
        {"x": drawn(241, 4, 3), "temperature": 1.7},
        (
            Slip("chain rule factor", "dx = dz / temperature", "dx = dz"),
            Slip("chain rule factor", "temperature**2", "temperature"),
            Slip("path left out", "dout - (dout * out).sum(axis=1, keepdims=True)", "dout - dout * out"),
            Slip("path", " - (dout * out).sum(axis=1, keepdims=True)", ""),
        ),
    ),
    Subject(
        binary_cross_entropy,
        binary_cross_entropy_backward,
        {"z": drawn(242, 4, 3), "t": np.round(np.abs(drawn(243, 4, 3)) % 1)},
        (
            Slip("sum instead of mean", "(a - t) / z.size", "(a - t)"),
            Slip("sum instead of mean", "(a - t) / z.size", "(a - t) / len(z)"),
            Slip("path", "(a - t)", "a"),
            Slip("a sign lost", "-dout * z", "dout * z"),
            Slip("derivative", "(a - t)", "a * (1 - a) * (a - t)"),
        ),
    ),
    Subject(
        polynomial,
        polynomial_backward,
        {"x": drawn(244, 6), "c": drawn(245, 4)},
        (
            Slip("path left out", "(c[1] + 2", "(2"),
            Slip("path left out", " + 3 * c[3] * x**2", ""),
            Slip("one entry off", "range(4)", "(1, 2, 3, 0)"),
            Slip("overwritten instead of accumulated", "(dout * x**k).sum()", "dout[-1] * x[-1] ** k"),
            Slip("mean instead of sum", "x**k).sum()", "x**k).mean()"),
        ),
    ),
    Subject(
        total_variation,
        total_variation_gradient,
        {"x": drawn(246, 7)},
        (
            Slip("path left out", "dx[:-1] -= step", "pass"),
            Slip("path left out", "dx[1:] += step", "pass"),
            Slip("overwritten instead of accumulated", "dx[:-1] -= step", "dx[:-1] = -step"),
            Slip("a sign lost", "return dx", "return -dx"),
            Slip("one entry off", "return dx", "return np.roll(dx, 1)"),
        ),
    ),
)
