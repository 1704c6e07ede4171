"""Layers and forms that are linear, with an activation behind some of them; broadcasting."""

import numpy as np

from function_corpus.subjects import Array, Slip, Subject, drawn


def affine(x: Array, w: Array, b: Array) -> tuple[Array, Array]:
    """X w + b."""
    return x @ w + b, (x, w, b)


def affine_backward(dout: Array, cache: Array) -> tuple[Array, Array, Array]:
    """The gradients of affine."""
    x, w, _ = cache
    dx = dout @ w.T
    dw = x.T @ dout
    db = dout.sum(axis=0)
    return dx, dw, db


def affine_square(x: Array, w: Array, b: Array) -> tuple[Array, Array]:
    """X w + b, where every axis is as long."""
    return x @ w + b, (x, w, b)


def affine_square_backward(dout: Array, cache: Array) -> tuple[Array, Array, Array]:
    """The gradients of affine_square."""
    x, w, _ = cache
    dx = dout @ w.T
    dw = x.T @ dout
    db = dout.sum(axis=0)
    return dx, dw, db


def affine_tanh(x: Array, w: Array, b: Array) -> tuple[Array, Array]:
    """tanh(x w + b)."""
    z = x @ w + b
    out = np.tanh(z)
    return out, (x, w, z, out)


def affine_tanh_backward(dout: Array, cache: Array) -> tuple[Array, Array, Array]:
    """The gradients of affine_tanh."""
    x, w, z, out = cache
    assert z is not None
    dz = dout * (1 - out**2)
    return dz @ w.T, x.T @ dz, dz.sum(0)


def affine_sigmoid(x: Array, w: Array, b: Array) -> tuple[Array, Array]:
    """sigmoid(x w + b)."""
    z = x @ w + b
    out = 1 / (1 + np.exp(-z))
    return out, (x, w, z, out)


def affine_sigmoid_backward(dout: Array, cache: Array) -> tuple[Array, Array, Array]:
    """The gradients of affine_sigmoid."""
    x, w, z, out = cache
    assert z is not None
    dz = dout * out * (1 - out)
    return dz @ w.T, x.T @ dz, dz.sum(0)


def affine_relu(x: Array, w: Array, b: Array) -> tuple[Array, Array]:
    """max(x w + b, 0)."""
    z = x @ w + b
    return np.maximum(z, 0), (x, w, z)


def affine_relu_backward(dout: Array, cache: Array) -> tuple[Array, Array, Array]:
    """The gradients of affine_relu."""
    x, w, z = cache
    dz = dout * (z > 0)
    return dz @ w.T, x.T @ dz, dz.sum(0)


def matmul(a: Array, b: Array) -> Array:
    """A b."""
    return a @ b


def matmul_backward(dout: Array, a: Array, b: Array) -> tuple[Array, Array]:
    """The gradients of matmul."""
    return dout @ b.T, a.T @ dout


def bilinear(x: Array, m: Array, y: Array) -> float:
    """xᵀ M y."""
    return float(x @ m @ y)


def bilinear_backward(dout: Array, x: Array, m: Array, y: Array) -> tuple[Array, Array, Array]:
    """The gradients of bilinear."""
    return dout * (m @ y), dout * np.outer(x, y), dout * (x @ m)


def quadratic(x: Array, m: Array) -> float:
    """xᵀ M x, of a matrix that is not symmetric."""
    return float(x @ m @ x)


def quadratic_backward(dout: Array, x: Array, m: Array) -> tuple[Array, Array]:
    """The gradients of quadratic."""
    return dout * (m @ x + m.T @ x), dout * np.outer(x, x)


def scale_and_shift(x: Array, gamma: Array, beta: Array) -> tuple[Array, Array]:
    """Gamma x + beta, repeated over the samples."""
    return gamma * x + beta, (x, gamma)


def scale_and_shift_backward(dout: Array, cache: Array) -> tuple[Array, Array, Array]:
    """The gradients of scale_and_shift."""
    x, gamma = cache
    dx = dout * gamma
    dgamma = (dout * x).sum(0)
    dbeta = dout.sum(0)
    return dx, dgamma, dbeta


def outer_sum(column: Array, row: Array) -> tuple[Array, Array]:
    """A column and a row, each broadcast along the other."""
    return column + row, (column, row)


def outer_sum_backward(dout: Array, cache: Array) -> tuple[Array, Array]:
    """The gradients of outer_sum."""
    assert cache is not None
    dcolumn = dout.sum(1, keepdims=True)
    drow = dout.sum(0)
    return dcolumn, drow


def residual(x: Array, w: Array) -> tuple[Array, Array]:
    """X + tanh(x w)."""
    inner = np.tanh(x @ w)
    return x + inner, (x, w, inner)


def residual_backward(dout: Array, cache: Array) -> tuple[Array, Array]:
    """The gradients of residual."""
    x, w, inner = cache
    dz = dout * (1 - inner**2)
    dx = dout + dz @ w.T
    return dx, x.T @ dz


NETWORK = {"x": drawn(21, 4, 3), "w": drawn(22, 3, 5), "b": drawn(23, 5)}
SQUARE = {"x": drawn(24, 4, 4), "w": drawn(25, 4, 4), "b": drawn(26, 4)}
PRE = Slip("derivative at the pre-activation", "out**2", "z**2")

SUBJECTS = (
    Subject(
        affine,
        affine_backward,
        NETWORK,
        (
            Slip("transposed", "x.T @ dout", "dout.T @ x"),
            Slip("broadcast gradient not summed", "dout.sum(axis=0)", "dout"),
            Slip("broadcast gradient not summed", "dout.sum(axis=0)", "dout.sum(axis=1)"),
            Slip("mean instead of sum", "dout.sum(axis=0)", "dout.mean(axis=0)"),
            Slip("mean instead of sum", "x.T @ dout", "x.T @ dout / len(x)"),
            Slip("overwritten instead of accumulated", "x.T @ dout", "np.outer(x[-1], dout[-1])"),
            Slip("upstream gradient left out", "dout @ w.T", "np.ones_like(dout) @ w.T"),
            Slip("one row off", "x.T @ dout", "x[1:].T @ dout[1:]"),
        ),
    ),
    Subject(
        affine_square,
        affine_square_backward,
        SQUARE,
        (
            Slip("transposed", "dout @ w.T", "dout @ w"),
            Slip("transposed", "x.T @ dout", "x @ dout"),
            Slip("transposed", "x.T @ dout", "dout.T @ x"),
            Slip("broadcast gradient not summed", "axis=0", "axis=1"),
            Slip(" for d", "return dx, dw", "return dw, dx"),
            Slip("a sign lost", "dx = ", "dx = -"),
        ),
    ),
    Subject(
        affine_tanh,
        affine_tanh_backward,
        NETWORK,
        (
            PRE,
            Slip("derivative at the activation", "out**2", "np.tanh(out) ** 2"),
            Slip("derivative of the activation left out", " * (1 - out**2)", ""),
            Slip("transposed", "x.T @ dz", "dz.T @ x"),
            Slip("broadcast gradient not summed", "dz.sum(0)", "dz"),
            Slip("mean instead of sum", "dz.sum(0)", "dz.mean(0)"),
        ),
    ),
    Subject(
        affine_sigmoid,
        affine_sigmoid_backward,
        NETWORK,
        (
            Slip("derivative at the pre-activation", "out * (1 - out)", "z * (1 - z)"),
            Slip("derivative of the activation left out", " * out * (1 - out)", ""),
            Slip("chain rule factor", " * out * ", " * "),
            Slip("upstream gradient left out", "dout *", "1.0 *"),
        ),
    ),
    Subject(
        affine_relu,
        affine_relu_backward,
        NETWORK,
        (
            Slip("mask taken from the gradient", "z > 0", "dout > 0"),
            Slip("mask left out", " * (z > 0)", ""),
            Slip("mask inverted", "z > 0", "z < 0"),
            Slip("overwritten instead of accumulated", "dz.sum(0)", "dz[-1]"),
        ),
    ),
    Subject(
        matmul,
        matmul_backward,
        {"a": drawn(31, 3, 3), "b": drawn(32, 3, 3)},
        (
            Slip("transposed", "b.T", "b"),
            Slip("transposed", "a.T", "a"),
            Slip(" for d", "dout @ b.T, a.T @ dout", "a.T @ dout, dout @ b.T"),
            Slip("upstream gradient left out", "a.T @ dout", "a.T @ np.ones_like(dout)"),
        ),
    ),
    Subject(
        bilinear,
        bilinear_backward,
        {"x": drawn(33, 3), "m": drawn(34, 3, 3), "y": drawn(35, 3)},
        (
            Slip("transposed", "m @ y", "m.T @ y"),
            Slip("transposed", "np.outer(x, y)", "np.outer(y, x)"),
            Slip("upstream gradient left out", "dout * (x @ m)", "x @ m"),
            Slip(
                " for d",
                "dout * (m @ y), dout * np.outer(x, y), dout * (x @ m)",
                "dout * (x @ m), dout * np.outer(x, y), dout * (m @ y)",
            ),
        ),
    ),
    Subject(
        quadratic,
        quadratic_backward,
        {"x": drawn(36, 4), "m": drawn(37, 4, 4)},
        (
            Slip("path", "m @ x + m.T @ x", "m @ x"),
            Slip("path", "m @ x + m.T @ x", "m.T @ x"),
            Slip("path", "m @ x + m.T @ x", "2 * m @ x"),
            Slip("upstream gradient left out", "dout * np.outer", "np.outer"),
            Slip("factor 2", "dout * np.outer", "2 * dout * np.outer"),
        ),
    ),
    Subject(
        scale_and_shift,
        scale_and_shift_backward,
        {"x": drawn(38, 5, 4), "gamma": drawn(39, 4), "beta": drawn(40, 4)},
        (
            Slip("broadcast gradient not summed", "(dout * x).sum(0)", "dout * x"),
            Slip("broadcast gradient not summed", "dout.sum(0)", "dout"),
            Slip("chain rule factor", "dx = dout * gamma", "dx = dout"),
            Slip("mean instead of sum", "(dout * x).sum(0)", "(dout * x).mean(0)"),
            Slip(" for d", "return dx, dgamma, dbeta", "return dx, dbeta, dgamma"),
            Slip("overwritten instead of accumulated", "dout.sum(0)", "dout[-1]"),
        ),
    ),
    Subject(
        outer_sum,
        outer_sum_backward,
        {"column": drawn(41, 4, 1), "row": drawn(42, 4)},
        (
            Slip("broadcast gradient not summed", "dout.sum(0)", "dout"),
            Slip("broadcast gradient not summed", "dout.sum(0)", "dout.sum(1)"),
            Slip("broadcast gradient not summed", "dout.sum(1, keepdims=True)", "dout"),
            Slip("mean instead of sum", "dout.sum(1, keepdims=True)", "dout.mean(1, keepdims=True)"),
        ),
    ),
    Subject(
        residual,
        residual_backward,
        {"x": drawn(43, 5, 3), "w": drawn(44, 3, 3)},
        (
            Slip("path left out", "dout + dz @ w.T", "dz @ w.T"),
            Slip("path left out", "dout + dz @ w.T", "dout"),
            Slip("transposed", "w.T", "w"),
            Slip("transposed", "x.T @ dz", "dz.T @ x"),
        ),
    ),
)
