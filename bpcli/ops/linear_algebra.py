"""Linear algebra: diagonals and triangles of matrices, determinants, and what is solved with matrices.

Source of the rules: Giles 2008, Collected matrix derivative results for forward and reverse mode algorithmic
differentiation. Axes before the last two are a batch.
"""

from typing import Any

from bpcli.errors import ShapeError
from bpcli.graph.op import Sample, Shape, structural
from bpcli.ops.attributes import whole_number
from bpcli.ops.products import MATRIX, column, product_shape, row, summed, turned


def _square(shape: Shape) -> Shape:
    if len(shape) < MATRIX or shape[-1] != shape[-2]:
        message = "{0} is no square matrix"
        raise ShapeError(message)
    return shape


def _matrix(shape: Shape, **_: Any) -> Shape:
    if len(shape) < MATRIX:
        message = "{0} is no matrix"
        raise ShapeError(message)
    return shape


def _each(m: Any, upstream: Any, x: Any) -> Any:
    """A number for each matrix of a batch, repeated over its entries."""
    shape = m.shape(x)
    if len(shape) > MATRIX:
        upstream = m.reshape(upstream, shape=(*shape[:-2], 1, 1))
    return m.broadcast_to(upstream, shape=shape)


def _diag_shape(shape: Shape, *, k: int = 0) -> Shape:
    if len(shape) == 1:
        return (shape[0] + abs(k),) * 2
    if len(shape) != MATRIX:
        message = "diag takes a vector or a matrix, and got {0}"
        raise ShapeError(message)
    return (len(_diagonal(shape, k)[0]),)


def _diagonal(shape: Shape, k: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The rows and the columns of the entries on a diagonal."""
    rows = range(max(-k, 0), max(min(shape[0], shape[1] - k), -k, 0))
    return tuple(rows), tuple([row + k for row in rows])


def _diag_back(m: Any, upstream: Any, out: Any, x: Any, k: int = 0) -> tuple[Any, ...]:
    shape = m.shape(x)
    if len(shape) == 1:
        return (m.diag(upstream, k=k),)
    return (m.scatter(upstream, key=_diagonal(shape, k), shape=shape),)


diag = structural(
    "diag",
    _diag_back,
    _diag_shape,
    attributes={"k": whole_number(0)},
    samples=(Sample((3,)), Sample((2, 3)), Sample((3, 3), k=-1), Sample((2,), k=1)),
)
trace = structural(
    "trace",
    lambda m, upstream, out, x: (
        m.scatter(m.broadcast_to(upstream, shape=(min(m.shape(x)),)), key=_diagonal(m.shape(x), 0), shape=m.shape(x)),
    ),
    lambda shape: _only_matrix(shape)[:-2],
    meaning=lambda m, x: m.sum(m.diag(x)),
    samples=(Sample((3, 3)), Sample((2, 3))),
)
tril = structural(
    "tril",
    lambda m, upstream, out, x, k=0: (m.tril(upstream, k=k),),
    _matrix,
    attributes={"k": whole_number(0)},
    samples=(Sample((3, 3)), Sample((2, 3, 2), k=1)),
)
triu = structural(
    "triu",
    lambda m, upstream, out, x, k=0: (m.triu(upstream, k=k),),
    _matrix,
    attributes={"k": whole_number(0)},
    samples=(Sample((3, 3)), Sample((2, 3, 2), k=-1)),
)


def _only_matrix(shape: Shape) -> Shape:
    if len(shape) != MATRIX:
        message = "{0} is no matrix"
        raise ShapeError(message)
    return shape


det = structural(
    "det",
    lambda m, upstream, out, x: (_each(m, upstream, x) * m.cofactors(x),),
    lambda shape: _square(shape)[:-2],
    samples=(Sample((3, 3)), Sample((2, 2, 2))),
)


def _cofactors_back(m: Any, upstream: Any, out: Any, x: Any) -> tuple[Any, ...]:
    """Of det(x)·x⁻ᵀ, which the cofactors are where there is an inverse: Jacobi's formula and that of the inverse.

    Those of two rows are linear, and their own adjoint.
    """
    if m.shape(x)[-1] == 2:  # noqa: PLR2004 - rows
        return (m.cofactors(upstream),)
    inverse = turned(m, m.inv(x))
    through_det = _each(m, m.sum(upstream * inverse, axis=(-2, -1)), x) * out
    through_inverse = m.matmul(m.matmul(out, turned(m, upstream)), inverse)
    return (through_det - through_inverse,)


cofactors = structural("cofactors", _cofactors_back, _square, samples=(Sample((3, 3)), Sample((2, 2))))
inv = structural(
    "inv",
    lambda m, upstream, out, x: (-m.matmul(m.matmul(turned(m, out), upstream), turned(m, out)),),
    _square,
    aliases=("inverse",),
    samples=(Sample((3, 3)), Sample((2, 2, 2))),
)


def _solution_shape(x: Shape, y: Shape) -> Shape:
    size = _square(x)[-1]
    rows = y[-1:] if len(y) == 1 else y[-2:-1]
    if rows != (size,):
        message = f"cannot solve {{0}} @ result = {{1}}: {size} rows and {rows[0] if rows else 1} differ"
        raise ShapeError(message)
    return product_shape(x, y)


def _solution_back(m: Any, upstream: Any, out: Any, x: Any, y: Any) -> tuple[Any, ...]:
    """With z = x⁻ᵀ·upstream: z to y, and -z·outᵀ to x."""
    if len(m.shape(y)) > 1:
        back = m.solve(turned(m, x), upstream)
        product = m.matmul(back, turned(m, out))
    elif len(m.shape(x)) == MATRIX:
        back = m.solve(turned(m, x), upstream)
        product = m.outer(back, out)
    else:  # one vector for a batch of matrices
        columns = m.solve(turned(m, x), column(m, upstream))
        back = m.squeeze(columns, axis=-1)
        product = m.matmul(columns, row(m, out))
    return (summed(m, -product, m.shape(x)), summed(m, back, m.shape(y)))


solve = structural(
    "solve", _solution_back, _solution_shape, inputs=("x", "y"), samples=(Sample((3, 3), (3,)), Sample((2, 2), (2, 3)))
)


def _factor_back(m: Any, upstream: Any, out: Any, x: Any) -> tuple[Any, ...]:
    """L⁻ᵀ·Φ(Lᵀ·upstream)·L⁻¹, made symmetric, where Φ keeps the lower triangle and half the diagonal."""
    product = m.matmul(turned(m, out), m.tril(upstream))
    halved = m.tril(product) / 2 + m.tril(product, k=-1) / 2
    inverse = m.inv(out)
    inner = m.matmul(m.matmul(turned(m, inverse), halved), inverse)
    return ((inner + turned(m, inner)) / 2,)


cholesky = structural("cholesky", _factor_back, _square, samples=(Sample((3, 3)), Sample((2, 2, 2))))
