"""Losses over samples, with weights and a regularisation or without."""

import numpy as np

from function_corpus.subjects import Array, Slip, Subject, drawn

LABELS = np.array([2, 0, 1, 2, 1])


def softmax_loss(scores: Array, y: Array) -> tuple[float, Array]:
    """The mean cross-entropy of scores, and its gradient beside it."""
    n = len(y)
    shifted = scores - scores.max(axis=1, keepdims=True)
    probabilities = np.exp(shifted) / np.exp(shifted).sum(axis=1, keepdims=True)
    loss = -np.log(probabilities[np.arange(n), y]).mean()
    dscores = probabilities.copy()
    dscores[np.arange(n), y] -= 1
    dscores /= n
    return loss, dscores


def softmax_of_linear(w: Array, x: Array, y: Array, reg: float) -> tuple[float, Array]:
    """CS231n's softmax loss with its regularisation, and the gradient of w."""
    n = len(y)
    scores = x @ w
    shifted = scores - scores.max(axis=1, keepdims=True)
    probabilities = np.exp(shifted) / np.exp(shifted).sum(axis=1, keepdims=True)
    loss = -np.log(probabilities[np.arange(n), y]).mean() + reg * (w**2).sum()
    dscores = probabilities.copy()
    dscores[np.arange(n), y] -= 1
    dscores /= n
    dw = x.T @ dscores
    return loss, dw + 2 * reg * w


def cross_entropy_of_rows(scores: Array, t: Array) -> tuple[float, Array]:
    """The mean cross-entropy of scores and targets that are rows."""
    shifted = scores - scores.max(axis=1, keepdims=True)
    probabilities = np.exp(shifted) / np.exp(shifted).sum(axis=1, keepdims=True)
    return -(t * np.log(probabilities)).sum() / len(t), (probabilities, t)


def cross_entropy_of_rows_backward(dout: Array, cache: Array) -> Array:
    """The gradient of the scores."""
    probabilities, t = cache
    return dout * (probabilities - t) / len(t)


def svm_loss(w: Array, x: Array, y: Array, reg: float) -> tuple[float, Array]:
    """CS231n's hinge loss over classes, sample by sample."""
    dw = np.zeros_like(w)
    n = len(y)
    loss = 0.0
    for i in range(n):
        scores = x[i] @ w
        for j in range(w.shape[1]):
            margin = scores[j] - scores[y[i]] + 1
            if j != y[i] and margin > 0:
                loss += margin
                dw[:, j] += x[i]
                dw[:, y[i]] -= x[i]
    return loss / n + reg * (w**2).sum(), dw / n + 2 * reg * w


def mean_squared_error(x: Array, t: Array) -> float:
    """The mean of squares over all entries."""
    return float(((x - t) ** 2).mean())


def mean_squared_error_backward(dout: Array, x: Array, t: Array) -> tuple[Array, Array]:
    """Its gradients."""
    dx = dout * 2 * (x - t) / x.size
    return dx, -dx


def sum_of_squares(x: Array, t: Array) -> float:
    """Half the sum of squares."""
    return float(0.5 * ((x - t) ** 2).sum())


def sum_of_squares_backward(dout: Array, x: Array, t: Array) -> tuple[Array, Array]:
    """Its gradients."""
    return dout * (x - t), dout * (t - x)


def ridge(w: Array, x: Array, y: Array, lam: float) -> tuple[float, Array]:
    """Linear regression with a penalty."""
    n = len(y)
    off = x @ w - y
    loss = (off**2).sum() / (2 * n) + 0.5 * lam * (w @ w)
    return loss, x.T @ off / n + lam * w


def logistic_regression(w: Array, b: float, x: Array, y: Array) -> tuple[float, Array]:
    """The mean log loss of labels 0 and 1."""
    p = 1 / (1 + np.exp(-(x @ w + b)))
    loss = -(y * np.log(p) + (1 - y) * np.log(1 - p)).mean()
    return loss, (x, y, p)


def logistic_regression_backward(dout: Array, cache: Array) -> tuple[Array, float]:
    """The gradients of w and b."""
    x, y, p = cache
    dz = dout * (p - y) / len(y)
    dw = x.T @ dz
    return dw, dz.sum()


def two_layers(w1: Array, b1: Array, w2: Array, b2: Array, x: Array, y: Array, reg: float) -> tuple[float, Array]:  # noqa: PLR0913, PLR0917 - a network has so many
    """A network with relu and softmax, and its gradients by name."""
    n = len(y)
    z = x @ w1 + b1
    h = np.maximum(z, 0)
    scores = h @ w2 + b2
    shifted = scores - scores.max(axis=1, keepdims=True)
    p = np.exp(shifted) / np.exp(shifted).sum(axis=1, keepdims=True)
    loss = -np.log(p[np.arange(n), y]).mean() + reg * ((w1**2).sum() + (w2**2).sum())
    p[np.arange(n), y] -= 1
    ds = p / n
    dh = ds @ w2.T
    dz = dh * (z > 0)
    gradients = {
        "w1": x.T @ dz + 2 * reg * w1,
        "b1": dz.sum(0),
        "w2": h.T @ ds + 2 * reg * w2,
        "b2": ds.sum(0),
    }
    return loss, gradients


ROWS = np.eye(3)[LABELS]
CLASSES = {"w": drawn(52, 4, 3), "x": drawn(53, 5, 4), "y": LABELS, "reg": 0.3}
SHARED = (
    Slip("softmax without the one-hot", "dscores[np.arange(n), y] -= 1", "pass"),
    Slip("sum instead of mean", "dscores /= n", "pass"),
    Slip("one entry off", "dscores[np.arange(n), y] -= 1", "dscores[np.arange(n), (y + 1) % 3] -= 1"),
    Slip("a sign lost", "dscores /= n", "dscores /= -n"),
)
PENALTY = (
    Slip("regularisation term left out", "+ 2 * reg * w", "+ 0 * reg * w"),
    Slip("regularisation term doubled", "+ 2 * reg * w", "+ 4 * reg * w"),
    Slip("regularisation term halved", "+ 2 * reg * w", "+ reg * w"),
)

SUBJECTS = (
    Subject(softmax_loss, None, {"scores": drawn(51, 5, 3), "y": LABELS}, SHARED),
    Subject(
        softmax_of_linear,
        None,
        CLASSES,
        (
            *SHARED[:3],
            *PENALTY,
            Slip("overwritten instead of accumulated", "x.T @ dscores", "np.outer(x[-1], dscores[-1])"),
            Slip("transposed", "return loss, dw + 2 * reg * w", "return loss, (dw + 2 * reg * w).T"),
        ),
    ),
    Subject(
        cross_entropy_of_rows,
        cross_entropy_of_rows_backward,
        {"scores": drawn(54, 5, 3), "t": ROWS},
        (
            Slip("softmax without the one-hot", "(probabilities - t)", "probabilities"),
            Slip("sum instead of mean", " / len(t)", ""),
            Slip("mean instead of sum", "len(t)", "t.size"),
            Slip("upstream gradient left out", "dout * ", ""),
            Slip("a sign lost", "probabilities - t", "t - probabilities"),
        ),
    ),
    Subject(
        svm_loss,
        None,
        CLASSES,
        (
            Slip("the right class", "dw[:, y[i]] -= x[i]", "pass"),
            Slip("sum instead of mean", "dw / n", "dw"),
            Slip("overwritten instead of accumulated", "dw[:, j] += x[i]", "dw[:, j] = x[i]"),
            *PENALTY[:2],
            Slip("a sign lost", "dw / n + 2 * reg * w", "-dw / n - 2 * reg * w"),
        ),
    ),
    Subject(
        mean_squared_error,
        mean_squared_error_backward,
        {"x": drawn(55, 4, 3), "t": drawn(56, 4, 3)},
        (
            Slip("sum instead of mean", " / x.size", ""),
            Slip("sum instead of mean", "x.size", "len(x)"),
            Slip("factor 2", "* 2 ", ""),
            Slip("path", "(x - t)", "x"),
            Slip("a sign lost", "return dx, -dx", "return dx, dx"),
        ),
    ),
    Subject(
        sum_of_squares,
        sum_of_squares_backward,
        {"x": drawn(57, 4, 3), "t": drawn(58, 4, 3)},
        (
            Slip("factor 2", "dout * (x - t)", "2 * dout * (x - t)"),
            Slip("mean instead of sum", "dout * (x - t)", "dout * (x - t) / x.size"),
            Slip("path", "dout * (x - t)", "dout * x"),
            Slip("upstream gradient left out", "dout * (t - x)", "t - x"),
        ),
    ),
    Subject(
        ridge,
        None,
        {"w": drawn(59, 4), "x": drawn(60, 6, 4), "y": drawn(61, 6), "lam": 0.7},
        (
            Slip("sum instead of mean", "off / n", "off"),
            Slip("regularisation term left out", " + lam * w", ""),
            Slip("regularisation term doubled", "+ lam * w", "+ 2 * lam * w"),
            Slip("path", "x.T @ off", "x.T @ (x @ w)"),
            Slip("overwritten instead of accumulated", "x.T @ off", "x[-1] * off[-1]"),
            Slip("factor 2", "return loss, x.T @ off / n + lam * w", "return loss, 2 * (x.T @ off / n + lam * w)"),
        ),
    ),
    Subject(
        logistic_regression,
        logistic_regression_backward,
        {"w": drawn(62, 4), "b": 0.4, "x": drawn(63, 6, 4), "y": np.array([0, 1, 1, 0, 1, 0])},
        (
            Slip("sum instead of mean", " / len(y)", ""),
            Slip("path", "(p - y)", "p"),
            Slip("a sign lost", "(p - y)", "(y - p)"),
            Slip("overwritten instead of accumulated", "x.T @ dz", "x[-1] * dz[-1]"),
            Slip("broadcast gradient not summed", "dz.sum()", "dz"),
            Slip("mean instead of sum", "dz.sum()", "dz.mean()"),
        ),
    ),
    Subject(
        two_layers,
        None,
        {
            "w1": drawn(64, 4, 6),
            "b1": drawn(65, 6),
            "w2": drawn(66, 6, 3),
            "b2": drawn(67, 3),
            "x": drawn(68, 5, 4),
            "y": LABELS,
            "reg": 0.2,
        },
        (
            Slip("softmax without the one-hot", "p[np.arange(n), y] -= 1", "pass"),
            Slip("sum instead of mean", "ds = p / n", "ds = p"),
            Slip("regularisation term left out", " + 2 * reg * w1", ""),
            Slip("regularisation term halved", " + 2 * reg * w2", " + reg * w2"),
            Slip("mask taken from the gradient", "z > 0", "dh > 0"),
            Slip("mask left out", "dh * (z > 0)", "dh"),
            Slip("broadcast gradient not summed", "dz.sum(0)", "dz"),
            Slip("overwritten instead of accumulated", "ds.sum(0)", "ds[-1]"),
            Slip("transposed", "h.T @ ds + 2 * reg * w2", "(h.T @ ds + 2 * reg * w2).T"),
        ),
    ),
)
