"""More layers: with strides, over space, with several heads, over time with cells."""

import numpy as np

from function_corpus.subjects import Array, Slip, Subject, drawn


def strided_conv(x: Array, w: Array, conv_param: dict[str, int]) -> tuple[Array, Array]:
    """Cross-correlation of (C, H, W) with (F, C, k, k), with a stride."""
    stride, k = conv_param["stride"], w.shape[2]
    rows, columns = (x.shape[1] - k) // stride + 1, (x.shape[2] - k) // stride + 1
    out = np.zeros((len(w), rows, columns))
    for f in range(len(w)):
        for i in range(rows):
            for j in range(columns):
                out[f, i, j] = (x[:, i * stride : i * stride + k, j * stride : j * stride + k] * w[f]).sum()
    return out, (x, w, conv_param)


def strided_conv_backward(dout: Array, cache: Array) -> tuple[Array, Array]:
    """Its gradients."""
    x, w, conv_param = cache
    stride, k = conv_param["stride"], w.shape[2]
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    for f in range(len(w)):
        for i in range(dout.shape[1]):
            for j in range(dout.shape[2]):
                rows, columns = slice(i * stride, i * stride + k), slice(j * stride, j * stride + k)
                dx[:, rows, columns] += dout[f, i, j] * w[f]
                dw[f] += dout[f, i, j] * x[:, rows, columns]
    return dx, dw


def spatial_batch_norm(x: Array, gamma: Array, beta: Array) -> tuple[Array, Array]:
    """Each channel of (N, C, H, W) to mean 0 and variance 1."""
    deviation = np.sqrt(x.var(axis=(0, 2, 3), keepdims=True) + 1e-5)
    hat = (x - x.mean(axis=(0, 2, 3), keepdims=True)) / deviation
    return gamma[:, None, None] * hat + beta[:, None, None], (hat, gamma, deviation)


def spatial_batch_norm_backward(dout: Array, cache: Array) -> tuple[Array, Array, Array]:
    """Its gradients."""
    hat, gamma, deviation = cache
    axes = (0, 2, 3)
    count = hat.size / hat.shape[1]
    dgamma = (dout * hat).sum(axis=axes)
    dbeta = dout.sum(axis=axes)
    inner = count * dout - dbeta[:, None, None] - hat * dgamma[:, None, None]
    dx = gamma[:, None, None] * inner / (count * deviation)
    return dx, dgamma, dbeta


def two_by_two_pool(x: Array) -> tuple[Array, Array]:
    """The largest of each two by two of (N, H, W)."""
    n, h, w = x.shape
    apart = x.reshape(n, h // 2, 2, w // 2, 2)
    out = apart.max(axis=(2, 4))
    return out, (apart, out)


def two_by_two_pool_backward(dout: Array, cache: Array) -> Array:
    """Its gradient."""
    apart, out = cache
    mask = apart == out[:, :, None, :, None]
    n, h, _, w, _ = apart.shape
    return (mask * dout[:, :, None, :, None]).reshape(n, 2 * h, 2 * w)


def heads(q: Array, k: Array, v: Array) -> tuple[Array, Array]:
    """Attention of several heads, (heads, T, d)."""
    scores = q @ k.swapaxes(1, 2) / np.sqrt(q.shape[-1])
    powers = np.exp(scores - scores.max(-1, keepdims=True))
    p = powers / powers.sum(-1, keepdims=True)
    return p @ v, (q, k, v, p)


def heads_backward(dout: Array, cache: Array) -> tuple[Array, Array, Array]:
    """Its gradients."""
    q, k, v, p = cache
    dp = dout @ v.swapaxes(1, 2)
    ds = p * (dp - (dp * p).sum(-1, keepdims=True)) / np.sqrt(q.shape[-1])
    return ds @ k, ds.swapaxes(1, 2) @ q, p.swapaxes(1, 2) @ dout


def sum_of_states(x: Array, wx: Array, wh: Array) -> float:
    """A recurrent layer over (T, D) that begins at 0, and the sum of its last state."""
    h = np.zeros(len(wh))
    for row in x:
        h = np.tanh(row @ wx + h @ wh)
    return float(h.sum())


def sum_of_states_backward(dout: Array, x: Array, wx: Array, wh: Array) -> tuple[Array, Array, Array]:
    """Its gradients."""
    states = [np.zeros(len(wh))]
    for row in x:
        states.append(np.tanh(row @ wx + states[-1] @ wh))
    dx, dwx, dwh = np.zeros_like(x), np.zeros_like(wx), np.zeros_like(wh)
    dh = dout * np.ones(len(wh))
    for t in range(len(x) - 1, -1, -1):
        dz = dh * (1 - states[t + 1] ** 2)
        dx[t] = dz @ wx.T
        dwx += np.outer(x[t], dz)
        dwh += np.outer(states[t], dz)
        dh = dz @ wh.T
    return dx, dwx, dwh


def prelu(x: Array, slope: Array) -> tuple[Array, Array]:
    """X, or below 0 a slope times it, one for each column."""
    return np.where(x > 0, x, slope * x), (x, slope)


def prelu_backward(dout: Array, cache: Array) -> tuple[Array, Array]:
    """Its gradients."""
    x, slope = cache
    dx = dout * np.where(x > 0, 1.0, slope)
    dslope = (dout * np.minimum(x, 0)).sum(0)
    return dx, dslope


def norm_then_relu(x: Array, gamma: Array) -> tuple[Array, Array]:
    """Rows to mean 0 and variance 1, scaled, and what is above 0."""
    deviation = np.sqrt(x.var(axis=1, keepdims=True) + 1e-5)
    hat = (x - x.mean(axis=1, keepdims=True)) / deviation
    z = gamma * hat
    return np.maximum(z, 0), (z, hat, gamma, deviation)


def norm_then_relu_backward(dout: Array, cache: Array) -> tuple[Array, Array]:
    """Its gradients."""
    z, hat, gamma, deviation = cache
    dz = dout * (z > 0)
    g = dz * gamma
    dx = (g - g.mean(axis=1, keepdims=True) - hat * (g * hat).mean(axis=1, keepdims=True)) / deviation
    return dx, (dz * hat).sum(0)


def embedded_mean(table: Array, numbers: Array) -> tuple[Array, Array]:
    """The mean of some rows of a table, for each row of numbers."""
    return table[numbers].mean(axis=1), (table, numbers)


def embedded_mean_backward(dout: Array, cache: Array) -> Array:
    """Its gradient."""
    table, numbers = cache
    dtable = np.zeros_like(table)
    for i in range(len(numbers)):
        for number in numbers[i]:
            dtable[number] += dout[i] / numbers.shape[1]
    return dtable


OVERWRITTEN, CONSTANT = "overwritten instead of accumulated", "statistics taken for constants"

SUBJECTS = (
    Subject(
        strided_conv,
        strided_conv_backward,
        {"x": drawn(201, 2, 5, 7), "w": drawn(202, 3, 2, 3, 3), "conv_param": {"stride": 2}},
        (
            Slip(OVERWRITTEN, "columns] +=", "columns] ="),
            Slip(OVERWRITTEN, "dw[f] +=", "dw[f] ="),
            Slip("kernel not rotated", "* w[f]", "* w[f][:, ::-1, ::-1]"),
            Slip("one row off", "range(dout.shape[1])", "range(dout.shape[1] - 1)"),
            Slip("upstream gradient left out", "dw[f] += dout[f, i, j] *", "dw[f] += 1.0 *"),
            Slip("transposed", "* w[f]", "* w[f].swapaxes(1, 2)"),
        ),
    ),
    Subject(
        spatial_batch_norm,
        spatial_batch_norm_backward,
        {"x": drawn(203, 2, 3, 2, 3), "gamma": drawn(204, 3), "beta": drawn(205, 3)},
        (
            Slip(CONSTANT, " - hat * dgamma[:, None, None]", ""),
            Slip(CONSTANT, " - dbeta[:, None, None] - hat", " - hat"),
            Slip(
                OVERWRITTEN,
                "dbeta = dout.sum(axis=axes)",
                "dbeta = dout.sum(axis=0)[:, :1, :1][:, 0, 0]",
            ),
            Slip("mean instead of sum", "return dx, dgamma", "return dx, dgamma / count"),
            Slip("chain rule factor", "dx = gamma[:, None, None] * ", "dx = "),
        ),
    ),
    Subject(
        two_by_two_pool,
        two_by_two_pool_backward,
        {"x": drawn(206, 2, 4, 6)},
        (
            Slip(
                "upstream gradient left out",
                "mask * dout[:, :, None, :, None]",
                "mask * np.ones_like(dout)[:, :, None, :, None]",
            ),
            Slip("mask left out", "(mask * dout", "(np.ones_like(mask) * dout"),
            Slip("mask inverted", "apart == out", "apart != out"),
            Slip("mean instead of sum", "return (mask", "return 0.25 * (mask"),
        ),
    ),
    Subject(
        heads,
        heads_backward,
        {"q": drawn(207, 2, 3, 4), "k": drawn(208, 2, 3, 4), "v": drawn(209, 2, 3, 4)},
        (
            Slip("transposed", "p.swapaxes(1, 2) @ dout", "p @ dout"),
            Slip("transposed", "ds.swapaxes(1, 2) @ q", "ds @ q"),
            Slip("path left out", "dp - (dp * p).sum(-1, keepdims=True)", "dp"),
            Slip(" for d", "return ds @ k, ds.swapaxes(1, 2) @ q", "return ds.swapaxes(1, 2) @ q, ds @ k"),
            Slip("chain rule factor", " / np.sqrt(q.shape[-1])\n    return", "\n    return"),
        ),
    ),
    Subject(
        sum_of_states,
        sum_of_states_backward,
        {"x": drawn(210, 4, 3), "wx": drawn(211, 3, 3), "wh": drawn(212, 3, 3, scale=0.6)},
        (
            Slip("one time step short", "len(x) - 1, -1, -1", "len(x) - 1, 0, -1"),
            Slip(OVERWRITTEN, "dwx +=", "dwx ="),
            Slip(OVERWRITTEN, "dwh +=", "dwh ="),
            Slip("derivative", "states[t + 1] ** 2", "np.arctanh(states[t + 1]) ** 2"),
            Slip("transposed", "dz @ wh.T", "dz @ wh"),
        ),
    ),
    Subject(
        prelu,
        prelu_backward,
        {"x": drawn(213, 5, 3), "slope": np.array([0.1, 0.25, 0.4])},
        (
            Slip("mask taken from the gradient", "np.where(x > 0", "np.where(dout > 0"),
            Slip("broadcast gradient not summed", "(dout * np.minimum(x, 0)).sum(0)", "dout * np.minimum(x, 0)"),
            Slip("mean instead of sum", ".sum(0)", ".mean(0)"),
            Slip("mask left out", "np.where(x > 0, 1.0, slope)", "1.0"),
            Slip("chain rule factor", "np.minimum(x, 0)", "x"),
        ),
    ),
    Subject(
        norm_then_relu,
        norm_then_relu_backward,
        {"x": drawn(214, 4, 6), "gamma": drawn(215, 6)},
        (
            Slip(CONSTANT, " - hat * (g * hat).mean(axis=1, keepdims=True)", ""),
            Slip(CONSTANT, " - g.mean(axis=1, keepdims=True) - hat * (g * hat).mean(axis=1, keepdims=True)", ""),
            Slip("mask taken from the gradient", "z > 0", "dout > 0"),
            Slip("mask left out", " * (z > 0)", ""),
        ),
    ),
    Subject(
        embedded_mean,
        embedded_mean_backward,
        {"table": drawn(216, 5, 2), "numbers": np.array([[1, 3, 1], [0, 1, 4], [3, 3, 0]])},
        (
            Slip(OVERWRITTEN, "dtable[number] +=", "dtable[number] ="),
            Slip("sum instead of mean", " / numbers.shape[1]", ""),
            Slip("one row off", "range(len(numbers))", "range(1, len(numbers))"),
            Slip("one row off", "dtable[number]", "dtable[number - 1]"),
        ),
    ),
)
