"""Steps of recurrent layers, and such layers over time."""

import numpy as np

from function_corpus.subjects import Array, Slip, Subject, drawn


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x))."""
    return 1 / (1 + np.exp(-x))


def rnn_step(x: Array, h: Array, wx: Array, wh: Array, b: Array) -> tuple[Array, Array]:
    """tanh(x wx + h wh + b)."""
    z = x @ wx + h @ wh + b
    out = np.tanh(z)
    return out, (x, h, wx, wh, z, out)


def rnn_step_backward(dout: Array, cache: Array) -> tuple[Array, Array, Array, Array, Array]:
    """Its gradients."""
    x, h, wx, wh, z, out = cache
    assert z is not None
    dz = dout * (1 - out**2)
    return dz @ wx.T, dz @ wh.T, x.T @ dz, h.T @ dz, dz.sum(0)


def rnn(x: Array, h0: Array, wx: Array, wh: Array, b: Array) -> tuple[Array, Array]:
    """All states of a layer over (N, T, D)."""
    h, states = h0, []
    for t in range(x.shape[1]):
        h = np.tanh(x[:, t] @ wx + h @ wh + b)
        states.append(h)
    out = np.stack(states, axis=1)
    return out, (x, h0, wx, wh, out)


def rnn_backward(dout: Array, cache: Array) -> tuple[Array, Array, Array, Array, Array]:
    """Its gradients."""
    x, h0, wx, wh, out = cache
    steps = x.shape[1]
    dx, dh = np.zeros_like(x), np.zeros_like(h0)
    dwx, dwh, db = np.zeros_like(wx), np.zeros_like(wh), np.zeros(wh.shape[1])
    for t in range(steps - 1, -1, -1):
        before = out[:, t - 1] if t > 0 else h0
        dz = (dout[:, t] + dh) * (1 - out[:, t] ** 2)
        dx[:, t] = dz @ wx.T
        dwx += x[:, t].T @ dz
        dwh += before.T @ dz
        db += dz.sum(0)
        dh = dz @ wh.T
    return dx, dh, dwx, dwh, db


def rnn_last(x: Array, h0: Array, wx: Array, wh: Array) -> tuple[Array, Array]:
    """The last state of a layer over (T, D)."""
    states = [h0]
    for row in x:
        states.append(np.tanh(row @ wx + states[-1] @ wh))
    return states[-1], (x, wx, wh, states)


def rnn_last_backward(dout: Array, cache: Array) -> tuple[Array, Array, Array, Array]:
    """Its gradients."""
    x, wx, wh, states = cache
    dx, dwx, dwh, dh = np.zeros_like(x), np.zeros_like(wx), np.zeros_like(wh), dout
    for t in reversed(range(len(x))):
        dz = dh * (1 - states[t + 1] ** 2)
        dx[t] = wx @ dz
        dwx += np.outer(x[t], dz)
        dwh += np.outer(states[t], dz)
        dh = wh @ dz
    return dx, dh, dwx, dwh


def lstm_step(x: Array, h: Array, c: Array, wx: Array, wh: Array, b: Array) -> tuple[Array, Array, Array]:  # noqa: PLR0913, PLR0917 - CS231n's
    """The next state and cell, gates in the order i, f, o, g."""
    i, f, o, g = np.split(x @ wx + h @ wh + b, 4, axis=1)
    i, f, o, g = sigmoid(i), sigmoid(f), sigmoid(o), np.tanh(g)
    after = f * c + i * g
    top = np.tanh(after)
    return o * top, after, (x, h, c, wx, wh, i, f, o, g, after, top)


def lstm_step_backward(dnext_h: Array, dnext_c: Array, cache: Array) -> tuple[Array, Array, Array, Array, Array, Array]:
    """Its gradients."""
    x, h, c, wx, wh, i, f, o, g, after, top = cache
    assert after is not None
    dc = dnext_c + dnext_h * o * (1 - top**2)
    di, df, do, dg = dc * g * i * (1 - i), dc * c * f * (1 - f), dnext_h * top * o * (1 - o), dc * i * (1 - g**2)
    da = np.concatenate([di, df, do, dg], axis=1)
    return da @ wx.T, da @ wh.T, dc * f, x.T @ da, h.T @ da, da.sum(0)


def gru_step(x: Array, h: Array, w: Array, u: Array) -> tuple[Array, Array]:
    """The next state: gates z and r, then the candidate."""
    size = h.shape[1]
    xz, xr, xn = np.split(x @ w, 3, axis=1)
    hz, hr = np.split(h @ u[:, : 2 * size], 2, axis=1)
    z, r = sigmoid(xz + hz), sigmoid(xr + hr)
    n = np.tanh(xn + (r * h) @ u[:, 2 * size :])
    return (1 - z) * n + z * h, (x, h, w, u, z, r, n)


def gru_step_backward(dout: Array, cache: Array) -> tuple[Array, Array, Array, Array]:
    """Its gradients."""
    x, h, w, u, z, r, n = cache
    size = h.shape[1]
    uz, ur, un = u[:, :size], u[:, size : 2 * size], u[:, 2 * size :]
    dz = dout * (h - n) * z * (1 - z)
    dn = dout * (1 - z) * (1 - n**2)
    drh = dn @ un.T
    dr = drh * h * r * (1 - r)
    dh = dout * z + drh * r + dz @ uz.T + dr @ ur.T
    da = np.concatenate([dz, dr, dn], axis=1)
    du = np.concatenate([h.T @ dz, h.T @ dr, (r * h).T @ dn], axis=1)
    return da @ w.T, dh, x.T @ da, du


STEP = {
    "x": drawn(131, 4, 3),
    "h": drawn(132, 4, 5),
    "wx": drawn(133, 3, 5),
    "wh": drawn(134, 5, 5, scale=0.5),
    "b": drawn(135, 5),
}
LAYER = {
    "x": drawn(136, 2, 4, 3),
    "h0": drawn(137, 2, 3),
    "wx": drawn(138, 3, 3),
    "wh": drawn(139, 3, 3, scale=0.5),
    "b": drawn(140, 3),
}
LSTM = {
    "x": drawn(141, 2, 3),
    "h": drawn(142, 2, 3),
    "c": drawn(143, 2, 3),
    "wx": drawn(144, 3, 12),
    "wh": drawn(145, 3, 12),
    "b": drawn(146, 12),
}
SHORT, OVERWRITTEN, PRE = (
    "one time step short",
    "overwritten instead of accumulated",
    "derivative at the pre-activation",
)

SUBJECTS = (
    Subject(
        rnn_step,
        rnn_step_backward,
        STEP,
        (
            Slip(PRE, "out**2", "z**2"),
            Slip("derivative of the activation left out", " * (1 - out**2)", ""),
            Slip("transposed", "dz @ wh.T", "dz @ wh"),
            Slip("broadcast gradient not summed", "dz.sum(0)", "dz"),
            Slip("transposed", "x.T @ dz", "dz.T @ x"),
            Slip("upstream gradient left out", "dout *", "1.0 *"),
        ),
    ),
    Subject(
        rnn,
        rnn_backward,
        LAYER,
        (
            Slip(SHORT, "steps - 1, -1, -1", "steps - 1, 0, -1"),
            Slip(SHORT, "steps - 1, -1, -1", "steps - 2, -1, -1"),
            Slip(OVERWRITTEN, "dwx +=", "dwx ="),
            Slip(OVERWRITTEN, "db +=", "db ="),
            Slip(OVERWRITTEN, "dwh +=", "dwh ="),
            Slip("path left out", "(dout[:, t] + dh)", "dout[:, t]"),
            Slip("derivative", "1 - out[:, t] ** 2", "1 - np.arctanh(out[:, t]) ** 2"),
            Slip("derivative of the activation left out", " * (1 - out[:, t] ** 2)", ""),
            Slip("transposed", "dz @ wh.T", "dz @ wh"),
            Slip("a sign lost", "return dx", "return -dx"),
        ),
    ),
    Subject(
        rnn_last,
        rnn_last_backward,
        {"x": drawn(147, 4, 2), "h0": drawn(148, 3), "wx": drawn(149, 2, 3), "wh": drawn(150, 3, 3, scale=0.6)},
        (
            Slip(SHORT, "reversed(range(len(x)))", "reversed(range(1, len(x)))"),
            Slip(OVERWRITTEN, "dwx +=", "dwx ="),
            Slip(OVERWRITTEN, "dwh +=", "dwh ="),
            Slip("transposed", "dh = wh @ dz", "dh = wh.T @ dz"),
            Slip("derivative of the activation left out", " * (1 - states[t + 1] ** 2)", ""),
        ),
    ),
    Subject(
        lstm_step,
        lstm_step_backward,
        LSTM,
        (
            Slip("path left out", "dnext_c + dnext_h * o * (1 - top**2)", "dnext_h * o * (1 - top**2)"),
            Slip("path left out", "dnext_c + dnext_h * o * (1 - top**2)", "dnext_c"),
            Slip(PRE, "1 - top**2", "1 - after**2"),
            Slip("derivative of tanh(c) left out", "o * (1 - top**2)", "o"),
            Slip("swapped", "[di, df, do, dg]", "[df, di, do, dg]"),
            Slip("chain rule factor", "di, df, do, dg = dc * g * i * (1 - i)", "di, df, do, dg = dc * g * (1 - i)"),
            Slip(PRE, "dc * i * (1 - g**2)", "dc * i * (1 - np.arctanh(g) ** 2)"),
            Slip(PRE, "dc * c * f * (1 - f)", "dc * c * np.log(f / (1 - f)) * (1 - np.log(f / (1 - f)))"),
            Slip("chain rule factor", "dc * f, x.T", "dc, x.T"),
            Slip("broadcast gradient not summed", "da.sum(0)", "da"),
        ),
    ),
    Subject(
        gru_step,
        gru_step_backward,
        {"x": drawn(151, 3, 2), "h": drawn(152, 3, 4), "w": drawn(153, 2, 12), "u": drawn(154, 4, 12, scale=0.5)},
        (
            Slip("path left out", "dout * z + drh", "drh"),
            Slip("block 0 of 3", "h.T @ dz,", "-h.T @ dz,"),
            Slip("block 2 of 3", "(r * h).T @ dn", "h.T @ dn"),
            Slip("swapped", "[dz, dr, dn]", "[dr, dz, dn]"),
            Slip("a sign lost", "return da @ w.T", "return -da @ w.T"),
        ),
    ),
)
