"""Functions of one array, with matrices, labels and numbers of their own that no input shows."""

import numpy as np

from function_corpus.subjects import Array, Slip, Subject, drawn

W, V, C = drawn(301, 4, 4), drawn(302, 4, 3), drawn(303, 4)
DATA, TARGET, KERNEL = drawn(304, 6, 4), drawn(305, 6), drawn(306, 3, 3)
LABELS = np.array([2, 0, 1, 2, 1, 0])
LAM = 0.3


def squashed_map(x: Array) -> Array:
    """tanh(W x)."""
    return np.tanh(W @ x)


def squashed_map_backward(dout: Array, x: Array) -> Array:
    """Its gradient."""
    h = np.tanh(W @ x)
    return W.T @ (dout * (1 - h**2))


def hidden_ridge(w: Array) -> float:
    """The mean of squares of a linear model, with a penalty."""
    off = DATA @ w - TARGET
    return float((off**2).mean() + LAM * (w @ w))


def hidden_ridge_gradient(w: Array) -> Array:
    """Its gradient."""
    off = DATA @ w - TARGET
    return 2 * DATA.T @ off / len(off) + 2 * LAM * w


def hidden_classifier(w: Array) -> float:
    """The mean cross-entropy of a linear classifier."""
    scores = DATA @ w
    top = scores.max(axis=1, keepdims=True)
    losses = np.log(np.exp(scores - top).sum(axis=1)) + top[:, 0] - scores[np.arange(6), LABELS]
    return float(losses.mean())


def hidden_classifier_gradient(w: Array) -> Array:
    """Its gradient."""
    scores = DATA @ w
    p = np.exp(scores - scores.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    p[np.arange(6), LABELS] -= 1
    return DATA.T @ p / 6


def hidden_convolution(x: Array) -> Array:
    """A valid cross-correlation with a kernel of its own."""
    rows, columns = x.shape[0] - 2, x.shape[1] - 2
    return np.array([[(x[i : i + 3, j : j + 3] * KERNEL).sum() for j in range(columns)] for i in range(rows)])


def hidden_convolution_backward(dout: Array, x: Array) -> Array:
    """Its gradient."""
    dx = np.zeros_like(x)
    for i in range(dout.shape[0]):
        for j in range(dout.shape[1]):
            dx[i : i + 3, j : j + 3] += dout[i, j] * KERNEL
    return dx


def hidden_recurrence(x: Array) -> Array:
    """The states of a recurrent layer over (T, D)."""
    h, states = np.zeros(4), []
    for row in x:
        h = np.tanh(row @ W + h @ W.T / 2)
        states.append(h)
    return np.array(states)


def hidden_recurrence_backward(dout: Array, x: Array) -> Array:
    """Its gradient."""
    states = hidden_recurrence(x)
    dx, dh = np.zeros_like(x), np.zeros(4)
    for t in range(len(x) - 1, -1, -1):
        dz = (dout[t] + dh) * (1 - states[t] ** 2)
        dx[t] = dz @ W.T
        dh = dz @ W / 2
    return dx


def log_sum_exp(x: Array) -> float:
    """Of all entries."""
    top = x.max()
    return float(np.log(np.exp(x - top).sum()) + top)


def log_sum_exp_gradient(x: Array) -> Array:
    """Its gradient."""
    powers = np.exp(x - x.max())
    return powers / powers.sum()


def standardised(x: Array) -> Array:
    """To mean 0 and deviation 1."""
    return (x - x.mean()) / x.std()


def standardised_backward(dout: Array, x: Array) -> Array:
    """Its gradient."""
    hat = (x - x.mean()) / x.std()
    return (dout - dout.mean() - hat * (dout * hat).mean()) / x.std()


def unit(x: Array) -> Array:
    """X over its length."""
    return x / np.linalg.norm(x)


def unit_backward(dout: Array, x: Array) -> Array:
    """Its gradient."""
    size = np.linalg.norm(x)
    y = x / size
    return (dout - y * (dout @ y)) / size


def entropy(x: Array) -> float:
    """Of weights, not normalised."""
    return float(-(x * np.log(x)).sum())


def entropy_gradient(x: Array) -> Array:
    """Its gradient."""
    return -np.log(x) - 1


def mean_of_squares(x: Array) -> float:
    """Over all entries."""
    return float((x**2).mean())


def mean_of_squares_gradient(x: Array) -> Array:
    """Its gradient."""
    return 2 * x / x.size


def pairwise(x: Array) -> float:
    """Half the sum of squared distances of all pairs."""
    gaps = x[:, None] - x[None]
    return float(0.25 * (gaps**2).sum())


def pairwise_gradient(x: Array) -> Array:
    """Its gradient."""
    return len(x) * x - x.sum(axis=0)


def swish_network(x: Array) -> Array:
    """Two layers with a sigmoid between."""
    return (1 / (1 + np.exp(-(x @ W + C)))) @ V


def swish_network_backward(dout: Array, x: Array) -> Array:
    """Its gradient."""
    z = x @ W + C
    a = 1 / (1 + np.exp(-z))
    return (dout @ V.T * a * (1 - a)) @ W.T


X = {"x": drawn(310, 4)}
TABLE = {"x": drawn(311, 5, 6)}

SUBJECTS = (
    Subject(
        squashed_map,
        squashed_map_backward,
        X,
        (
            Slip("transposed", "W.T @", "W @"),
            Slip("derivative at the pre-activation", "h**2", "(W @ x) ** 2"),
            Slip("derivative", " * (1 - h**2)", ""),
            Slip("upstream gradient left out", "(dout * ", "("),
            Slip("a sign lost", "return ", "return -"),
        ),
    ),
    Subject(
        hidden_ridge,
        hidden_ridge_gradient,
        {"w": drawn(312, 4)},
        (
            Slip("regularisation term left out", " + 2 * LAM * w", ""),
            Slip("regularisation term", "2 * LAM * w", "LAM * w"),
            Slip("regularisation term doubled", "2 * LAM * w", "4 * LAM * w"),
            Slip(
                "factor 2",
                "return 2 * DATA.T @ off / len(off) + 2 * LAM * w",
                "return DATA.T @ off / len(off) + LAM * w",
            ),
        ),
    ),
    Subject(
        hidden_classifier,
        hidden_classifier_gradient,
        {"w": drawn(313, 4, 3)},
        (
            Slip("sum instead of mean", " / 6", ""),
            Slip("transposed", "DATA.T @ p / 6", "(DATA.T @ p / 6).T"),
            Slip("a sign lost", "return ", "return -"),
            Slip("factor 2", "return ", "return 2 * "),
        ),
    ),
    Subject(
        hidden_convolution,
        hidden_convolution_backward,
        TABLE,
        (
            Slip("overwritten instead of accumulated", "3] +=", "3] ="),
            Slip("kernel not rotated", "* KERNEL", "* KERNEL[::-1, ::-1]"),
            Slip("transposed", "* KERNEL", "* KERNEL.T"),
            Slip("`valid` for `full`", "return dx", "return dx[2:-2, 2:-2]"),
            Slip("one row off", "range(dout.shape[0])", "range(dout.shape[0] - 1)"),
            Slip("upstream gradient left out", "dout[i, j] *", "1.0 *"),
        ),
    ),
    Subject(
        hidden_recurrence,
        hidden_recurrence_backward,
        {"x": drawn(314, 4, 4)},
        (
            Slip("one time step short", "len(x) - 1, -1, -1", "len(x) - 1, 0, -1"),
            Slip("one time step short", "len(x) - 1, -1, -1", "len(x) - 2, -1, -1"),
            Slip("path left out", "(dout[t] + dh)", "dout[t]"),
            Slip("transposed", "dz @ W.T", "dz @ W"),
            Slip("derivative", " * (1 - states[t] ** 2)", ""),
        ),
    ),
    Subject(
        log_sum_exp,
        log_sum_exp_gradient,
        TABLE,
        (
            Slip("chain rule factor", " / powers.sum()", ""),
            Slip("chain rule factor", "powers.sum()", "powers.sum(axis=1, keepdims=True)"),
            Slip("mean instead of sum", "/ powers.sum()", "/ powers.sum() / x.size"),
        ),
    ),
    Subject(
        standardised,
        standardised_backward,
        X,
        (
            Slip("statistics taken for constants", " - dout.mean() - hat * (dout * hat).mean()", ""),
            Slip("statistics taken for constants", " - hat * (dout * hat).mean()", ""),
            Slip("statistics taken for constants", " - dout.mean()", ""),
            Slip("chain rule factor", "(dout * hat).mean()) / x.std()", "(dout * hat).mean())"),
        ),
    ),
    Subject(
        unit,
        unit_backward,
        X,
        (
            Slip("path", " - y * (dout @ y)", ""),
            Slip("a sign lost", "dout - y", "dout + y"),
            Slip("chain rule factor", "y)) / size", "y))"),
        ),
    ),
    Subject(
        entropy,
        entropy_gradient,
        {"x": np.exp(drawn(315, 5))},
        (
            Slip("path left out", " - 1", ""),
            Slip("a sign lost", "-np.log(x) - 1", "np.log(x) + 1"),
            Slip("path", "-np.log(x) - 1", "-np.log(x) + 1"),
        ),
    ),
    Subject(
        mean_of_squares,
        mean_of_squares_gradient,
        TABLE,
        (
            Slip("sum instead of mean", " / x.size", ""),
            Slip("sum instead of mean", "x.size", "len(x)"),
            Slip("factor 2", "2 * x /", "x /"),
        ),
    ),
    Subject(
        pairwise,
        pairwise_gradient,
        TABLE,
        (
            Slip("path", " - x.sum(axis=0)", ""),
            Slip("factor 2", "return len(x) * x - x.sum(axis=0)", "return 2 * (len(x) * x - x.sum(axis=0))"),
            Slip("path", "x.sum(axis=0)", "x.mean(axis=0)"),
        ),
    ),
    Subject(
        swish_network,
        swish_network_backward,
        {"x": drawn(316, 5, 4)},
        (
            Slip("upstream gradient left out", "dout @ V.T", "np.ones_like(dout) @ V.T"),
            Slip("one row off", "return (", "dout = np.roll(dout, 1, axis=0)\n    return ("),
            Slip("derivative at the pre-activation", "a * (1 - a)", "z * (1 - z)"),
        ),
    ),
)
