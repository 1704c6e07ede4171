"""Pools, with windows that overlap and without; rows of a table by their numbers."""

import numpy as np

from function_corpus.subjects import Array, Slip, Subject, drawn


def max_pool(x: Array, size: int, stride: int) -> tuple[Array, Array]:
    """The largest of each window of (N, C, H, W)."""
    rows, columns = (x.shape[2] - size) // stride + 1, (x.shape[3] - size) // stride + 1
    out = np.zeros((*x.shape[:2], rows, columns))
    for i in range(rows):
        for j in range(columns):
            out[:, :, i, j] = x[:, :, i * stride : i * stride + size, j * stride : j * stride + size].max(axis=(2, 3))
    return out, (x, out, size, stride)


def max_pool_backward(dout: Array, cache: Array) -> Array:
    """Its gradient."""
    x, out, size, stride = cache
    dx = np.zeros_like(x)
    for i in range(out.shape[2]):
        for j in range(out.shape[3]):
            rows, columns = slice(i * stride, i * stride + size), slice(j * stride, j * stride + size)
            mask = x[:, :, rows, columns] == out[:, :, i, j][:, :, None, None]
            dx[:, :, rows, columns] += mask * dout[:, :, i, j][:, :, None, None]
    return dx


def average_pool(x: Array, size: int) -> tuple[Array, Array]:
    """The mean of each window that begins at an entry of a matrix."""
    rows, columns = x.shape[0] - size + 1, x.shape[1] - size + 1
    out = np.array([[x[i : i + size, j : j + size].mean() for j in range(columns)] for i in range(rows)])
    return out, (x, size)


def average_pool_backward(dout: Array, cache: Array) -> Array:
    """Its gradient."""
    x, size = cache
    dx = np.zeros_like(x)
    for i in range(dout.shape[0]):
        for j in range(dout.shape[1]):
            dx[i : i + size, j : j + size] += dout[i, j] / size**2
    return dx


def global_average(x: Array) -> tuple[Array, Array]:
    """The mean of each channel."""
    return x.mean(axis=(2, 3)), x


def global_average_backward(dout: Array, cache: Array) -> Array:
    """Its gradient."""
    x = cache
    return np.ones_like(x) * dout[:, :, None, None] / (x.shape[2] * x.shape[3])


def embedding(table: Array, numbers: Array) -> tuple[Array, Array]:
    """Rows of a table."""
    return table[numbers], (table, numbers)


def embedding_backward(dout: Array, cache: Array) -> Array:
    """Its gradient."""
    table, numbers = cache
    dtable = np.zeros_like(table)
    np.add.at(dtable, numbers, dout)
    return dtable


def gather_loss(table: Array, numbers: Array) -> float:
    """The sum of squares of rows of a table."""
    return float(0.5 * (table[numbers] ** 2).sum())


def gather_loss_backward(dout: Array, table: Array, numbers: Array) -> Array:
    """Its gradient."""
    dtable = np.zeros_like(table)
    for number in numbers:
        dtable[number] += dout * table[number]
    return dtable


OVERWRITTEN = "overwritten instead of accumulated"

SUBJECTS = (
    Subject(
        max_pool,
        max_pool_backward,
        {"x": drawn(121, 2, 2, 5, 5), "size": 3, "stride": 1},
        (
            Slip(OVERWRITTEN, "columns] += mask", "columns] = mask"),
            Slip("upstream gradient left out", "mask * dout[:, :, i, j][:, :, None, None]", "mask * 1.0"),
            Slip("one row off", "range(out.shape[2])", "range(1, out.shape[2])"),
            Slip("mean instead of sum", "return dx", "return dx / size**2"),
            Slip("a sign lost", "return dx", "return -dx"),
        ),
    ),
    Subject(
        average_pool,
        average_pool_backward,
        {"x": drawn(122, 5, 4), "size": 2},
        (
            Slip(OVERWRITTEN, "size] +=", "size] ="),
            Slip("sum instead of mean", " / size**2", ""),
            Slip("upstream gradient left out", "dout[i, j] /", "1.0 /"),
            Slip("one time step short", "range(dout.shape[1])", "range(dout.shape[1] - 1)"),
        ),
    ),
    Subject(
        global_average,
        global_average_backward,
        {"x": drawn(123, 2, 3, 3, 4)},
        (
            Slip("sum instead of mean", " / (x.shape[2] * x.shape[3])", ""),
            Slip("sum instead of mean", "(x.shape[2] * x.shape[3])", "x.shape[2]"),
            Slip("upstream gradient left out", "* dout[:, :, None, None] ", ""),
        ),
    ),
    Subject(
        embedding,
        embedding_backward,
        {"table": drawn(124, 5, 3), "numbers": np.array([[1, 3, 1], [0, 1, 3]])},
        (
            Slip(OVERWRITTEN, "np.add.at(dtable, numbers, dout)", "dtable[numbers] = dout"),
            Slip(OVERWRITTEN, "np.add.at(dtable, numbers, dout)", "dtable[numbers] += dout"),
            Slip("one row off", "dtable, numbers, dout", "dtable, numbers + 1, dout"),
            Slip("upstream gradient left out", "numbers, dout", "numbers, np.ones_like(dout)"),
        ),
    ),
    Subject(
        gather_loss,
        gather_loss_backward,
        {"table": drawn(125, 5, 3), "numbers": np.array([1, 3, 1, 0, 1])},
        (
            Slip(OVERWRITTEN, "dtable[number] +=", "dtable[number] ="),
            Slip("factor 2", "dout * table", "2 * dout * table"),
            Slip("upstream gradient left out", "dout * table", "table"),
            Slip("one row off", "in numbers", "in numbers[1:]"),
        ),
    ),
)
