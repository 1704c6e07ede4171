"""Convolutions by loops, with strides, padding and channels."""

import numpy as np

from function_corpus.subjects import Array, Slip, Subject, drawn


def conv2d(x: Array, w: Array, b: Array, stride: int, pad: int) -> tuple[Array, Array]:
    """Cross-correlation of (N, C, H, W) with (F, C, k, k)."""
    n, _, height, width = x.shape
    filters, _, kh, kw = w.shape
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    rows, columns = (height + 2 * pad - kh) // stride + 1, (width + 2 * pad - kw) // stride + 1
    out = np.zeros((n, filters, rows, columns))
    for i in range(rows):
        for j in range(columns):
            part = padded[:, :, i * stride : i * stride + kh, j * stride : j * stride + kw]
            out[:, :, i, j] = np.tensordot(part, w, ((1, 2, 3), (1, 2, 3))) + b
    return out, (x, w, padded, stride, pad)


def conv2d_backward(dout: Array, cache: Array) -> tuple[Array, Array, Array]:
    """Its gradients."""
    x, w, padded, stride, pad = cache
    _, _, kh, kw = w.shape
    dpadded, dw = np.zeros_like(padded), np.zeros_like(w)
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            rows, columns = slice(i * stride, i * stride + kh), slice(j * stride, j * stride + kw)
            up = dout[:, :, i, j]
            dw += np.tensordot(up, padded[:, :, rows, columns], (0, 0))
            dpadded[:, :, rows, columns] += np.tensordot(up, w, (1, 0))
    dx = dpadded[:, :, pad : pad + x.shape[2], pad : pad + x.shape[3]]
    return dx, dw, dout.sum(axis=(0, 2, 3))


def conv2d_plain(x: Array, w: Array) -> tuple[Array, Array]:
    """A valid cross-correlation of two matrices."""
    return correlated(x, w), (x, w)


def conv2d_plain_backward(dout: Array, cache: Array) -> tuple[Array, Array]:
    """Its gradients: a full convolution, and a valid correlation."""
    x, w = cache
    edge = (w.shape[0] - 1, w.shape[0] - 1), (w.shape[1] - 1, w.shape[1] - 1)
    dx = correlated(np.pad(dout, edge), w[::-1, ::-1])
    dw = correlated(x, dout)
    return dx, dw


def correlated(x: Array, w: Array) -> Array:
    """The valid cross-correlation of two matrices."""
    rows, columns = x.shape[0] - w.shape[0] + 1, x.shape[1] - w.shape[1] + 1
    return np.array(
        [[(x[i : i + w.shape[0], j : j + w.shape[1]] * w).sum() for j in range(columns)] for i in range(rows)]
    )


def conv1d(x: Array, w: Array) -> Array:
    """A valid convolution of two rows of numbers, the kernel turned."""
    return np.convolve(x, w, "valid")


def conv1d_backward(dout: Array, x: Array, w: Array) -> tuple[Array, Array]:
    """Its gradients."""
    dx = np.convolve(dout, w[::-1], "full")
    dw = np.convolve(x[::-1], dout, "valid")
    return dx, dw


def conv1d_channels(x: Array, w: Array, b: Array) -> tuple[Array, Array]:
    """Cross-correlation of (N, C, L) with (F, C, k)."""
    k = w.shape[2]
    steps = x.shape[2] - k + 1
    out = np.stack([np.tensordot(x[:, :, t : t + k], w, ((1, 2), (1, 2))) + b for t in range(steps)], axis=2)
    return out, (x, w)


def conv1d_channels_backward(dout: Array, cache: Array) -> tuple[Array, Array, Array]:
    """Its gradients."""
    x, w = cache
    k = w.shape[2]
    dx, dw, db = np.zeros_like(x), np.zeros_like(w), np.zeros(len(w))
    for t in range(dout.shape[2]):
        dx[:, :, t : t + k] += np.tensordot(dout[:, :, t], w, (1, 0))
        dw += np.tensordot(dout[:, :, t], x[:, :, t : t + k], (0, 0))
        db += dout[:, :, t].sum(0)
    return dx, dw, db


def transposed_conv1d(x: Array, w: Array, stride: int) -> tuple[Array, Array]:
    """Each entry sends its kernel to the output."""
    out = np.zeros(stride * (len(x) - 1) + len(w))
    for i in range(len(x)):
        out[i * stride : i * stride + len(w)] += x[i] * w
    return out, (x, w, stride)


def transposed_conv1d_backward(dout: Array, cache: Array) -> tuple[Array, Array]:
    """Its gradients."""
    x, w, stride = cache
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    for i in range(len(x)):
        part = dout[i * stride : i * stride + len(w)]
        dx[i] = part @ w
        dw += x[i] * part
    return dx, dw


ROTATED = "kernel not rotated"
VALID = "`valid` for `full`"

SUBJECTS = (
    Subject(
        conv2d,
        conv2d_backward,
        {"x": drawn(101, 2, 2, 4, 5), "w": drawn(102, 3, 2, 3, 3), "b": drawn(103, 3), "stride": 1, "pad": 1},
        (
            Slip("overwritten instead of accumulated", "dw +=", "dw[:] ="),
            Slip(
                "overwritten instead of accumulated",
                "dpadded[:, :, rows, columns] +=",
                "dpadded[:, :, rows, columns] =",
            ),
            Slip(ROTATED, "tensordot(up, w,", "tensordot(up, w[:, :, ::-1, ::-1],"),
            Slip("border", "dpadded[:, :, pad : pad + x.shape[2], pad : pad + x.shape[3]]", "dpadded"),
            Slip(
                "one row off",
                "dpadded[:, :, pad : pad + x.shape[2], pad : pad + x.shape[3]]",
                "dpadded[:, :, : x.shape[2], : x.shape[3]]",
            ),
            Slip("one row off", "range(dout.shape[2])", "range(dout.shape[2] - 1)"),
            Slip("broadcast gradient not summed", "dout.sum(axis=(0, 2, 3))", "dout.sum(axis=(2, 3))"),
            Slip("mean instead of sum", "dout.sum(axis=(0, 2, 3))", "dout.mean(axis=(0, 2, 3))"),
            Slip("mean instead of sum", "return dx, dw,", "return dx, dw / len(x),"),
            Slip(ROTATED, "return dx, dw,", "return dx, dw[:, :, ::-1, ::-1],"),
        ),
    ),
    Subject(
        conv2d_plain,
        conv2d_plain_backward,
        {"x": drawn(104, 6, 7), "w": drawn(105, 3, 3)},
        (
            Slip(ROTATED, "w[::-1, ::-1]", "w"),
            Slip(VALID, "correlated(np.pad(dout, edge), w[::-1, ::-1])", "correlated(dout, w[::-1, ::-1])"),
            Slip(
                VALID,
                "dx = correlated(np.pad(dout, edge), w[::-1, ::-1])",
                "dx = np.zeros_like(x)\n    dx[2:-2, 2:-2] = correlated(dout, w[::-1, ::-1])",
            ),
            Slip(ROTATED, "dw = correlated(x, dout)", "dw = correlated(x, dout[::-1, ::-1])"),
            Slip(ROTATED, "return dx, dw", "return dx, dw[::-1, ::-1]"),
            Slip("transposed", "w[::-1, ::-1]", "w[::-1, ::-1].T"),
            Slip(ROTATED, "w[::-1, ::-1]", "w[:, ::-1]"),
        ),
    ),
    Subject(
        conv1d,
        conv1d_backward,
        {"x": drawn(106, 7), "w": drawn(107, 3)},
        (
            Slip(ROTATED, "w[::-1]", "w"),
            Slip(VALID, '"full"', '"valid"'),
            Slip(VALID, '"full"', '"same"'),
            Slip(ROTATED, "x[::-1]", "x"),
            Slip("a sign lost", "dw = ", "dw = -"),
        ),
    ),
    Subject(
        conv1d_channels,
        conv1d_channels_backward,
        {"x": drawn(108, 2, 2, 6), "w": drawn(109, 2, 2, 3), "b": drawn(110, 2)},
        (
            Slip("overwritten instead of accumulated", "dx[:, :, t : t + k] +=", "dx[:, :, t : t + k] ="),
            Slip("overwritten instead of accumulated", "dw +=", "dw ="),
            Slip("overwritten instead of accumulated", "db +=", "db ="),
            Slip("one time step short", "range(dout.shape[2])", "range(dout.shape[2] - 1)"),
            Slip(ROTATED, "tensordot(dout[:, :, t], w,", "tensordot(dout[:, :, t], w[:, :, ::-1],"),
            Slip("transposed", "t], w, (1, 0))", "t], w, (1, 1))"),
        ),
    ),
    Subject(
        transposed_conv1d,
        transposed_conv1d_backward,
        {"x": drawn(111, 5), "w": drawn(112, 3), "stride": 2},
        (
            Slip(ROTATED, "part @ w", "part @ w[::-1]"),
            Slip("overwritten instead of accumulated", "dw +=", "dw ="),
            Slip("one entry off", "range(len(x))", "range(len(x) - 1)"),
            Slip("one entry off", "return dx, dw", "return np.roll(dx, 1), dw"),
        ),
    ),
)
