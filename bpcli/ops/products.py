"""Products of vectors and matrices.

A vector on the left of `@` is a row, on the right a column; axes before the last two are a batch.
"""

from math import prod
from typing import Any

from bpcli.errors import ShapeError
from bpcli.graph.op import REQUIRED, Attribute, ByInput, Infix, Sample, Shape, structural
from bpcli.graph.shapes import common_shape

MATRIX = 2  # axes


def product_shape(x: Shape, y: Shape) -> Shape:
    """The shape of `x @ y`. Raises ShapeError where the two do not fit."""
    if not x or not y:
        message = "cannot multiply {0} by {1} with @, which takes vectors and matrices"
        raise ShapeError(message, hint="write * for a product with a number")
    left = x if len(x) > 1 else (1, *x)
    right = y if len(y) > 1 else (*y, 1)
    if left[-1] != right[-2]:
        message = f"cannot multiply {{0}} by {{1}}: inner sizes {left[-1]} and {right[-2]} differ"
        raise ShapeError(message)
    lead = common_shape([left[:-2], right[:-2]])
    if lead is None:
        message = "cannot multiply {0} by {1}: the axes before the last two do not fit"
        raise ShapeError(message)
    rows = left[-2:-1] if len(x) > 1 else ()
    columns = right[-1:] if len(y) > 1 else ()
    return (*lead, *rows, *columns)


def turned(m: Any, x: Any) -> Any:
    """The matrix, or each matrix of a batch, with rows for columns."""
    return m.transpose(x) if len(m.shape(x)) == MATRIX else m.matrix_transpose(x)


def summed(m: Any, x: Any, shape: Shape) -> Any:
    """What was repeated to a larger shape, added up again."""
    return x if m.shape(x) == shape else m.sum_to(x, shape=shape)


def row(m: Any, x: Any) -> Any:
    """A vector, or each one of a batch, as a matrix of one row."""
    return m.unsqueeze(x, axis=-2)


def column(m: Any, x: Any) -> Any:
    """A vector, or each one of a batch, as a matrix of one column."""
    return m.unsqueeze(x, axis=-1)


def _to_left(m: Any, upstream: Any, _out: Any, x: Any, y: Any) -> Any:
    """∂(x @ y)/∂x: upstream @ yᵀ."""
    shape, other = m.shape(x), m.shape(y)
    if len(shape) == len(other) == 1:
        return m.broadcast_to(upstream, shape=shape) * y
    if len(shape) == MATRIX and len(other) == 1:
        return m.outer(upstream, y)
    if len(other) == 1:
        return m.matmul(column(m, upstream), row(m, y))
    if len(shape) == 1 and len(other) > MATRIX:  # a row in front of a batch of matrices
        each = m.squeeze(m.matmul(y, column(m, upstream)), axis=-1)
        return m.sum(each, axis=tuple(range(len(other) - MATRIX)))
    if len(shape) == 1:
        return m.matmul(y, upstream)
    return summed(m, m.matmul(upstream, turned(m, y)), shape)


def _to_right(m: Any, upstream: Any, _out: Any, x: Any, y: Any) -> Any:
    """∂(x @ y)/∂y: xᵀ @ upstream; where x is a batch and y is not, as one large product over the whole batch."""
    other, shape = m.shape(x), m.shape(y)
    if len(shape) == len(other) == 1:
        return m.broadcast_to(upstream, shape=shape) * x
    if len(other) == 1 and len(shape) == MATRIX:
        return m.outer(x, upstream)
    if len(other) == 1:
        return m.matmul(column(m, x), row(m, upstream))
    if len(other) > MATRIX and len(shape) <= MATRIX:
        rows = m.reshape(x, shape=(prod(other[:-1]), other[-1]))
        flat = m.reshape(upstream, shape=(prod(other[:-1]), *shape[1:]))
        return m.matmul(m.transpose(rows), flat)
    if len(shape) == 1:
        return m.matmul(turned(m, x), upstream)
    return summed(m, m.matmul(turned(m, x), upstream), shape)


matmul = structural(
    "matmul",
    ByInput(_to_left, _to_right),
    product_shape,
    inputs=("x", "y"),
    infix=Infix("@", 20, 21),
    aliases=("mm", "bmm", "mv"),
    samples=(
        Sample((2, 3), (3, 4)),
        Sample((2, 3), (3,)),
        Sample((3,), (3, 2)),
        Sample((3,), (3,)),
        Sample((2, 3, 4), (4, 2)),
        Sample((2, 3, 4), (4,)),
        Sample((3,), (2, 3, 2)),
        Sample((2, 3, 2), (2, 2, 3)),
        Sample((1, 3, 2), (4, 2, 1)),
    ),
)


def _dot_shape(x: Shape, y: Shape) -> Shape:
    if len(x) != 1 or len(y) != 1:
        message = "dot takes two vectors, and got {0} and {1}"
        raise ShapeError(message, hint="write @ for matrices, sum(x*y) for other arrays")
    if x != y:
        message = f"cannot multiply {{0}} by {{1}}: their lengths {x[0]} and {y[0]} differ"
        raise ShapeError(message)
    return ()


def _outer_shape(x: Shape, y: Shape) -> Shape:
    if len(x) != 1 or len(y) != 1:
        message = "outer takes two vectors, and got {0} and {1}"
        raise ShapeError(message)
    return (*x, *y)


dot = structural(
    "dot",
    lambda m, upstream, out, x, y: (
        m.broadcast_to(upstream, shape=m.shape(x)) * y,
        m.broadcast_to(upstream, shape=m.shape(y)) * x,
    ),
    _dot_shape,
    inputs=("x", "y"),
    aliases=("inner", "vdot"),
    meaning=lambda m, x, y: m.sum(x * y),
    samples=(Sample((3,), (3,)),),
)
outer = structural(
    "outer",
    lambda m, upstream, out, x, y: (m.matmul(upstream, y), m.matmul(x, upstream)),
    _outer_shape,
    inputs=("x", "y"),
    samples=(Sample((2,), (3,)),),
)


def _terms(subscripts: str) -> tuple[list[str], str]:
    """The indices of each operand and those of the result; without an arrow those that stand once, sorted."""
    left, arrow, result = subscripts.replace(" ", "").partition("->")
    letters = left.replace(",", "")
    if not arrow:
        result = "".join(sorted(letter for letter in set(letters) if letters.count(letter) == 1))
    return left.split(","), result


def _einsum_shape(*shapes: Shape, subscripts: str) -> Shape:
    terms, result = _terms(subscripts)
    if len(terms) != len(shapes):
        message = f"'{subscripts}' is about {len(terms)} arrays, and {len(shapes)} were given"
        raise ShapeError(message)
    lengths: dict[str, int] = {}
    for place, (term, shape) in enumerate(zip(terms, shapes, strict=True)):
        if len(term) != len(shape):
            message = f"'{term}' names {len(term)} axes, and {{{place}}} has {len(shape)}"
            raise ShapeError(message)
        for letter, length in zip(term, shape, strict=True):
            if lengths.setdefault(letter, length) != length:
                message = f"the index {letter} of '{subscripts}' has lengths {lengths[letter]} and {length}"
                raise ShapeError(message)
    return tuple([lengths[letter] for letter in result])


def _einsum_back(m: Any, upstream: Any, out: Any, *x: Any, subscripts: str) -> tuple[Any, ...]:
    """For each operand the upstream times the others, added up over the indices that it has not."""
    terms, result = _terms(subscripts)
    found = []
    for place, term in enumerate(terms):
        others = [(terms[other], x[other]) for other in range(len(x)) if other != place]
        known = set(result).union(*[other for other, _ in others])
        kept = "".join([letter for letter in term if letter in known])
        operands = [(result, upstream), *others]
        text = f"{','.join([one for one, _ in operands])}->{kept}"
        part = m.einsum(*[value for _, value in operands], subscripts=text)
        if kept != term:  # an index that was only added up: what flows back is repeated along it
            shape = m.shape(x[place])
            thin = tuple([length if letter in known else 1 for letter, length in zip(term, shape, strict=True)])
            part = m.broadcast_to(m.reshape(part, shape=thin), shape=shape)
        found.append(part)
    return tuple(found)


def _is_einsum(value: Any) -> bool:
    """Letters, commas and one arrow; no index twice in one operand, for which there are diag and trace."""
    if not isinstance(value, str):
        return False
    terms, result = _terms(value)
    is_plain = all(term.isalpha() or not term for term in (*terms, result))
    is_single = all(len(set(term)) == len(term) for term in (*terms, result))
    return is_plain and value.isascii() and is_single and set(result) <= set("".join(terms))


def _explicit(value: str) -> str:
    terms, result = _terms(value)
    return f"{','.join(terms)}->{result}"


einsum = structural(
    "einsum",
    _einsum_back,
    _einsum_shape,
    inputs=("*x",),
    fewest=1,
    attributes={
        "subscripts": Attribute(
            REQUIRED, "indices such as 'ij,jk->ik', none of them twice in one operand", _is_einsum, _explicit
        )
    },
    signature=("subscripts", "*x"),
    samples=(
        Sample((2, 3), (3, 4), subscripts="ij,jk->ik"),
        Sample((2, 3), subscripts="ij->j"),
        Sample((2, 3), (3,), (2,), subscripts="ij,j,i->"),
    ),
)
