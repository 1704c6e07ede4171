"""Functions at awkward points: entries of many sizes, saturated, at kinks, centred far from 0, of any layout."""

import numpy as np

from function_corpus.subjects import Array, Slip, Subject, drawn


def cubes_about_the_mean(x: Array, k: float) -> tuple[Array, Array]:
    """A large factor of the cubes of what is centred: the mean is rounded."""
    return np.sum((x - x.mean()) ** 3) * k, (x, k)


def cubes_about_the_mean_backward(dout: Array, cache: Array) -> tuple[Array, Array]:
    """Its gradients."""
    x, k = cache
    centred = x - x.mean()
    squares = 3 * centred**2
    return dout * k * (squares - squares.mean()), dout * np.sum(centred**3)


def residual_tanh(x: Array, w: Array) -> tuple[Array, Array]:
    """A layer with tanh, and what it is given added to it."""
    h = np.tanh(x @ w)
    return x + h, (x, w, h)


def residual_tanh_backward(dout: Array, cache: Array) -> tuple[Array, Array]:
    """Its gradients."""
    x, w, h = cache
    da = dout * (1 - h**2)
    dx = dout + da @ w.T
    dw = x.T @ da
    return dx, dw


def sample_variance(x: Array) -> Array:
    """The variance of each column, of a sample."""
    return x.var(axis=0, ddof=1)


def sample_variance_backward(dout: Array, x: Array) -> Array:
    """Its gradient."""
    n = len(x)
    return dout * 2 * (x - x.mean(axis=0)) / (n - 1)


def inverse(a: Array) -> tuple[Array, Array]:
    """The inverse of a matrix."""
    out = np.linalg.inv(a)
    return out, out


def inverse_backward(dout: Array, cache: Array) -> Array:
    """Its gradient."""
    out = cache
    return -out.T @ dout @ out.T


def factor_and_summand(x: Array, scale: Array, shift: Array) -> tuple[Array, Array]:
    """A factor for each row, a summand for each column."""
    return x * scale + shift, (x, scale)


def factor_and_summand_backward(dout: Array, cache: Array) -> tuple[Array, Array, Array]:
    """Its gradients."""
    x, scale = cache
    dscale = (dout * x).sum(axis=1, keepdims=True)
    dshift = dout.sum(axis=0)
    return dout * scale, dscale, dshift


def sure_cross_entropy(scores: Array, y: Array) -> tuple[Array, Array]:
    """The mean cross-entropy of scores that are saturated."""
    rest = scores - scores.max(axis=1, keepdims=True)
    logs = rest - np.log(np.exp(rest).sum(axis=1, keepdims=True))
    return -logs[np.arange(len(y)), y].mean(), (logs, y)


def sure_cross_entropy_backward(dout: Array, cache: Array) -> Array:
    """Its gradient."""
    logs, y = cache
    p = np.exp(logs)
    p[np.arange(len(y)), y] -= 1
    return dout * p / len(y)


def squares_of_a_map(x: Array, w: Array) -> tuple[Array, Array]:
    """The squares of a linear map, of whole numbers."""
    return (x @ w) ** 2, (x, w)


def squares_of_a_map_backward(dout: Array, cache: Array) -> tuple[Array, Array]:
    """Its gradients."""
    x, w = cache
    d = 2 * (x @ w) * dout
    return d @ w.T, x.T @ d


def linear_map(x: Array, a: Array) -> Array:
    """A matrix times a vector."""
    return a @ x


def linear_map_jacobian(_x: Array, a: Array) -> Array:
    """Its Jacobian with respect to the vector."""
    return a


def softmax_of_hundreds(x: Array) -> tuple[Array, Array]:
    """The softmax of a vector, all of it at one entry."""
    e = np.exp(x - x.max())
    return e / e.sum(), e / e.sum()


def softmax_of_hundreds_backward(dout: Array, cache: Array) -> Array:
    """Its gradient."""
    p = cache
    return p * (dout - (dout * p).sum())


SUBJECTS = (
    Subject(
        cubes_about_the_mean,
        cubes_about_the_mean_backward,
        {"x": 5 + drawn(107, 7, scale=1e-3), "k": 1e6},
        (
            Slip("upstream gradient left out", "dout * k", "k"),
            Slip("path left out", "(squares - squares.mean())", "squares"),
        ),
    ),
    Subject(
        residual_tanh,
        residual_tanh_backward,
        {"x": drawn(80, 3, 4)[:, ::-1], "w": drawn(81, 4, 4)},
        (
            Slip("derivative at the pre-activation instead of the activation", "(1 - h**2)", "(1 - (x @ w) ** 2)"),
            Slip("derivative at the activation instead of the pre-activation", "(1 - h**2)", "(1 - np.tanh(h) ** 2)"),
            Slip("transposed", "x.T @ da", "da.T @ x"),
            Slip("path left out", "dout + da @ w.T", "dout"),
        ),
    ),
    Subject(
        sample_variance,
        sample_variance_backward,
        {"x": drawn(85, 6, 2, scale=1e6)},
        (
            Slip("mean over another length", "/ (n - 1)", "/ n"),
            Slip("sum instead of mean", "/ (n - 1)", "+ 0 * n"),
            Slip("path left out", "(x - x.mean(axis=0))", "x"),
        ),
    ),
    Subject(
        inverse,
        inverse_backward,
        {"a": drawn(70, 3, 3) + 3 * np.eye(3)},
        (
            Slip("transposed", "@ dout @", "@ dout.T @"),
            Slip("upstream gradient left out", "@ dout @", "@"),
            Slip("transposed", "-out.T @ dout @ out.T", "-out @ dout @ out"),
        ),
    ),
    Subject(
        factor_and_summand,
        factor_and_summand_backward,
        {"x": np.asfortranarray(drawn(77, 3, 4)), "scale": drawn(78, 3, 1), "shift": drawn(79, 4)},
        (
            Slip("broadcast gradient not summed", "dout.sum(axis=0)", "dout[0]"),
            Slip("broadcast gradient not summed", "(dout * x).sum(axis=1, keepdims=True)", "(dout * x)[:, -1:]"),
            Slip("mean instead of sum", "dout.sum(axis=0)", "dout.mean(axis=0)"),
        ),
    ),
    Subject(
        sure_cross_entropy,
        sure_cross_entropy_backward,
        {"scores": drawn(3, 5, 3, scale=30.0), "y": np.array([0, 1, 2, 1, 0])},
        (
            Slip("one row off", "np.arange(len(y)), y", "np.arange(len(y)), np.roll(y, 1)"),
            Slip("one-hot", "p[np.arange(len(y)), y] -= 1", "p = p + 0 * len(y)"),
        ),
    ),
    Subject(
        squares_of_a_map,
        squares_of_a_map_backward,
        {"x": np.arange(6.0).reshape(2, 3), "w": np.arange(-3.0, 3.0).reshape(3, 2)},
        (
            Slip("transposed", "d @ w.T", "(w @ d.T).reshape(2, 3)"),
            Slip("a factor 2 left out", "2 * (x @ w)", "(x @ w)"),
        ),
    ),
    Subject(
        linear_map,
        linear_map_jacobian,
        {"x": drawn(101, 3), "a": drawn(102, 4, 3)},
        (Slip("transposed", "return a", "return a.T"), Slip("a sign lost", "return a", "return -a")),
    ),
    Subject(
        softmax_of_hundreds,
        softmax_of_hundreds_backward,
        {"x": drawn(63, 5, scale=100.0)},
        (),
    ),
)
