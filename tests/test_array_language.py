"""The language of arrays: lists, indices, `.T`, `@`, keywords in NumPy's and PyTorch's words, and what is refused."""

import re
import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from told import marked

from bpcli import grad, parse, render
from bpcli.errors import LimitError, ParseError, ShapeError, UsageError
from bpcli.graph.keys import Slice, indices_of, key_from, key_text, shape_of_key
from bpcli.graph.node import Variable, applied
from bpcli.language.limits import Limits
from bpcli.language.shapes import with_shapes
from bpcli.ops import REGISTRY, structural_ops

M = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
V = [1.0, 2.0, 3.0]
NAMES = """sum mean prod max min amax argmax norm var std logsumexp softmax log_softmax cumsum dot outer matmul
transpose permute reshape flatten squeeze unsqueeze concatenate stack broadcast_to trace det inv solve
cholesky diag tril triu einsum where clip maximum minimum conv1d conv2d max_pool avg_pool pad one_hot embedding"""
DEEP = 100_000


def value(text: str, **at: Any) -> Any:
    """The value of an expression, as lists."""
    graph = with_shapes(parse(text, at), {name: np.shape(x) for name, x in at.items()})
    found = grad(text, at, seed=np.ones(graph.output.shape)).value
    return np.asarray(found).tolist()


@pytest.mark.parametrize("name", NAMES.split())
def test_every_promised_function_is_there(name: str) -> None:
    """Under the name that NumPy or PyTorch gives it, and with their words for its axes."""
    with pytest.raises(ParseError, match=r"takes|must stand"):
        parse(f"{name}()")


READ = [
    ("[1, 2, 3]", [1, 2, 3]),
    ("[[1, 2], [3, 4]]", [[1, 2], [3, 4]]),
    ("[[1, 2],\n [3, 4],\n]", [[1, 2], [3, 4]]),
    ("[-1, +2, 1/4]", [-1, 2, 0.25]),
    ("[[[7]]]", [[[7]]]),
    ("[]", []),
    ("[x, 2*x]", [V, [2, 4, 6]]),
    ("2*[1, 2] + [1, 1]", [3, 5]),
    ("-[1, 2]**2", [-1, -4]),
    ("x[0]", 1),
    ("x[-1]**2", 9),
    ("-x[0]", -1),
    ("x[1:]", [2, 3]),
    ("x[:1]", [1]),
    ("x[::-1]", [3, 2, 1]),
    ("x[ 0 : 3 : 2 ]", [1, 3]),
    ("x[-2:]", [2, 3]),
    ("x[:]", V),
    ("x[0,]", 1),
    ("x[[0, 0]]", [1, 1]),
    ("x[None, 0:1]", [[1]]),
    ("x[..., 0]", 1),
    ("x[1 + 1]", 3),
    ("A[1]", [4, 5, 6]),
    ("A[1][2]", 6),
    ("A[:, 1]", [2, 5]),
    ("A[0, ::2]", [1, 3]),
    ("A[[0, 1], [2, 0]]", [3, 4]),
    ("A[..., None].T", np.array(M)[..., None].T.tolist()),
    ("A.T[2]", [3, 6]),
    ("A.T @ A", (np.array(M).T @ np.array(M)).tolist()),
    ("(A)ᵀ @ A", (np.array(M).T @ np.array(M)).tolist()),
    ("A @ x", [14, 32]),
    ("A @ x * 2", [28, 64]),
    ("2*A @ x", [28, 64]),
    ("A @ x - A @ x", [0, 0]),
    ("-A @ x", [-14, -32]),
    ("A @ x**2", [36, 78]),
    ("x.T", V),
    ("(x + 1)[0]", 2),
    ("sum(A[0])", 6),
    ("sum(x)[None]", [6]),
    ("sin(x)[0] - sin(x[0])", 0),
    ("sum(A, axis=0)", [5, 7, 9]),
    ("sum(A, 0)", [5, 7, 9]),
    ("sum(A, dim=0)", [5, 7, 9]),
    ("sum(A, axis=-1, keepdims=True)", [[6], [15]]),
    ("sum(A, dim=-1, keepdim=True)", [[6], [15]]),
    ("sum(A, axis=(0, 1))", 21),
    ("sum(A, dim=[0, 1])", 21),
    ("sum(A, axis=())", M),
    ("sum(A, axis=None)", 21),
    ("max(A, axis=0)", [4, 5, 6]),
    ("max(A)", 6),
    ("max(x, 2)", [2, 2, 3]),
    ("max(x, A[1], 5)", [5, 5, 6]),
    ("maximum(A, 3)", [[3, 3, 3], [4, 5, 6]]),
    ("min(A, dim=1)", [1, 4]),
    ("clip(A, 2, 5)", [[2, 2, 3], [4, 5, 5]]),
    ("clip(A, x, 5)", [[1, 2, 3], [4, 5, 5]]),
    ("where(A > 3, A, 0)", [[0, 0, 0], [4, 5, 6]]),
    ("where(A > x, 1, 0)", [[0, 0, 0], [1, 1, 1]]),
    ("var(A, correction=1, dim=0)", [4.5, 4.5, 4.5]),
    ("norm([3, 4], p=1)", 7),
    ("norm([3, 4], ord=inf)", 4),
    ("reshape(x, -1)", V),
    ("reshape(x, (3, 1))", [[1], [2], [3]]),
    ("reshape(x, [3, 1])", [[1], [2], [3]]),
    ("reshape(sum(x), ())", 6),
    ("permute(A, dims=(1, 0))", np.array(M).T.tolist()),
    ("transpose(A)", np.array(M).T.tolist()),
    ("transpose(A, 0, 1)", np.array(M).T.tolist()),
    ("concatenate([x, [9]])", [1, 2, 3, 9]),
    ("concatenate([A, A], dim=1)[0]", [1, 2, 3, 1, 2, 3]),
    ("stack([x, x], axis=1)[0]", [1, 1]),
    ("tril(A, diagonal=-1)", [[0, 0, 0], [4, 0, 0]]),
    ("einsum('ij,j->i', A, x)", [14, 32]),
    ("einsum('ij , j', A, x)", [14, 32]),
    ("y = A @ x; L = y @ y; L", 14**2 + 32**2),
    ("embedding([1, 0], A)", [M[1], M[0]]),
    ("i = [1, 0]; take(A, i)", [M[1], M[0]]),
    ("one_hot([1], 3)", [[0, 1, 0]]),
    ("[x, x].T[0]", [1, 1]),
    ("x @ x", 14),
    ("√[1, 4]", [1, 2]),
    ("[1, 2]²", [1, 4]),
]


@pytest.mark.parametrize(("text", "expected"), READ, ids=[text for text, _ in READ])
def test_what_is_typed_means_what_numpy_means(text: str, expected: Any) -> None:
    """Where x is [1, 2, 3] and A is [[1, 2, 3], [4, 5, 6]]."""
    at = {name: values for name, values in (("x", V), ("A", M)) if re.search(rf"\b{name}\b", text)}

    assert value(text, **at) == expected


def test_a_variable_may_be_an_index() -> None:
    """Alone between the brackets, also with an array of places, of which some may be named twice."""
    result = grad("sum(E[i])", {"E": M, "i": [1, 1]})

    assert result.value == 30
    assert result.gradients["E"].tolist() == [[0, 0, 0], [2, 2, 2]]
    assert result.gradients["i"].tolist() == [0, 0]


WRITTEN = """x[0] | x[0, 1:3] | x[::-1] | x[..., None, 0] | x[[2, 0], :] | x[[[0], [1]]] | x.T | A @ x.T[0]
[x, [1, 2]] | (x + y)[0] | (A @ B).T | (-x)[0] | -x[0] | x[0]**2 | (x**2)[0] | reshape(x, ())
A @ B @ C | A @ (B @ C) | A*B @ C | A*(B @ C) | norm(x, ord=inf) | einsum('ij->i', x) | concatenate([x, y], axis=1)
x[[], 0] | sum(x, axis=(0, 1), keepdims=True) | max(x, axis=0) | max(x, y) | scatter(x, '0, 1:3', (2, 5))
(x + y) @ z | -x @ y"""


@pytest.mark.parametrize("text", re.split(r" \| |\n", WRITTEN))
def test_what_is_written_is_what_was_typed(text: str) -> None:
    """The printer and the parser have one notation for arrays."""
    assert render(parse(text).output) == text


PARTS = st.one_of(
    st.integers(-3, 2),
    st.builds(Slice, *[st.none() | st.integers(-5, 5)] * 2, st.none() | st.sampled_from([-3, -2, -1, 1, 2])),
    st.none(),
    st.just(...),
    st.lists(st.integers(-3, 2), max_size=3).map(tuple),
    st.lists(st.lists(st.integers(-3, 2), min_size=2, max_size=2).map(tuple), min_size=1, max_size=2).map(tuple),
)


@given(shape=st.lists(st.integers(0, 4), max_size=4).map(tuple), key=st.lists(PARTS, max_size=5).map(tuple))
@settings(max_examples=400)
def test_the_shape_of_an_index_is_numpys(shape: tuple[int, ...], key: tuple[Any, ...]) -> None:
    """For whole numbers, slices, new axes, ellipses and arrays, together or apart; what NumPy refuses is refused."""
    x = np.arange(int(np.prod(shape, dtype=int))).reshape(shape)
    try:
        expected = x[tuple(np.array(one, int) if type(one) is list else one for one in indices_of(key))].shape
    except (IndexError, ValueError):
        with pytest.raises(ShapeError):
            shape_of_key(shape, key)
        return

    assert shape_of_key(shape, key) == expected
    assert not key or key_from(key_text(key)) == key


def test_a_slice_is_not_the_array_of_its_bounds() -> None:
    """`0:1:2` chooses one row and `[0, 1, 2]` three, in whichever order they are asked for."""
    x = np.arange(12.0).reshape(3, 4)
    for text, expected in (("sum(x[0:1:2, [1]])", 1), ("sum(x[[0, 1, 2], [1]])", 15), ("sum(x[0:1:2, [1]])", 1)):
        assert grad(text, {"x": x}).value == expected
    assert Slice(0, 1, 2) != (0, 1, 2)


@pytest.mark.parametrize("text", ["", "1,,2", "a", "1:2:3:4", "[1", "1]", "1.5", "0x1", "[a]", "--1", "1:b"])
def test_what_is_no_key_is_refused(text: str) -> None:
    """As the text of an attribute."""
    with pytest.raises(ParseError, match="must be an index"):
        parse(f"scatter(x, '{text}', (3,))")


REFUSED = [
    ("A @ A", "cannot multiply A (2, 3) by A (2, 3): inner sizes 3 and 2 differ", "A @ A"),
    ("1 + A @ [1, 2]", "cannot multiply A (2, 3) by [1, 2] (2,): inner sizes 3 and 2 differ", "A @ [1, 2]"),
    ("A @ 2", "cannot multiply A (2, 3) by 2 (a single number) with @, which takes vectors and matrices", "A @ 2"),
    ("A + [1, 2]", "the shapes of A (2, 3) and [1, 2] (2,) do not fit together", "A + [1, 2]"),
    ("y = A + 1; y + [1, 2]", "the shapes of y (2, 3) and [1, 2] (2,) do not fit together", "y + [1, 2]"),
    ("where(A > 0, x, [1, 2])", "the shapes of A > 0 (2, 3) and [1, 2] (2,) do not fit together", None),
    (
        "[[1, 2], [3]]",
        "the entries of a list must have one shape, and [1, 2] (2,) and [3] (1,) differ",
        "[[1, 2], [3]]",
    ),
    ("[x, 1]", "the entries of a list must have one shape, and x (3,) and 1 (a single number) differ", "[x, 1]"),
    ("sum(x, axis=1)", "there is no axis 1 in x (3,), which has 1 axis", "sum(x, axis=1)"),
    ("sum(A, axis=(0, -2))", "an axis stands twice in axis=(0, -2) for A (2, 3)", None),
    ("softmax(2)", "there is no axis -1 in 2 (a single number), which has no axes", None),
    ("unsqueeze(x, 3)", "an axis cannot be added to x (3,) at 3, only from -2 to 1", None),
    ("stack([x, x], axis=4)", "an axis cannot be added to x (3,) at 4, only from -2 to 1", None),
    ("x[3]", "index 3 is beyond axis 0 of x (3,), whose length is 3", "x[3]"),
    ("A[0, [0, 7]]", "index 7 is beyond axis 1 of A (2, 3), whose length is 3", "A[0, [0, 7]]"),
    ("x[0, 0]", "x (3,) has 1 axis, and 2 indices were given", None),
    ("2[0]", "2 (a single number) has no axes, and 1 index was given", None),
    ("x[::0]", "the step of a slice cannot be 0", None),
    ("x[..., ...]", "an index can have one '...' only", None),
    ("x[[[0], [1, 2]]]", "an index of x (3,) is ragged", None),
    ("A[[0, 1], [0, 1, 2]]", "the index arrays have shapes that do not fit: (2,), (3,)", None),
    ("reshape(A, (4, -1))", "cannot reshape A (2, 3), which has 6 entries, to (4, -1)", None),
    ("permute(A, (0, 0))", "an axis stands twice in axis=(0, 0) for A (2, 3)", None),
    (
        "transpose(A, (0, 1), 1)",
        "transpose takes an order of all axes, or two that change places, not (0, 1) and 1",
        None,
    ),
    ("permute(A, (0,))", "the axes (0,) are not those of A (2, 3), each once", None),
    ("flatten(A, 1, 0)", "cannot flatten A (2, 3) from axis 1 to axis 0", None),
    ("flatten(2, 1)", "there is no axis 1 in 2 (a single number), which has no axes", None),
    ("broadcast_to(A, (3, 2))", "cannot broadcast A (2, 3) to (3, 2)", None),
    ("concatenate([A, x])", "cannot concatenate A (2, 3) and x (3,) along axis 0: the other axes must be equal", None),
    ("dot(A, x)", "dot takes two vectors, and got A (2, 3) and x (3,)", None),
    ("dot(x, [1])", "cannot multiply x (3,) by [1] (1,): their lengths 3 and 1 differ", None),
    ("outer(A, x)", "outer takes two vectors, and got A (2, 3) and x (3,)", None),
    ("det(A)", "A (2, 3) is no square matrix", None),
    ("inv(x)", "x (3,) is no square matrix", None),
    ("trace(x)", "x (3,) is no matrix", None),
    ("solve(A @ A.T, x)", "cannot solve A @ A.T (2, 2) @ result = x (3,): 2 rows and 3 differ", None),
    ("einsum('i,i->', x)", "'i,i->' is about 2 arrays, and 1 were given", None),
    ("einsum('ij->', x)", "'ij' names 2 axes, and x (3,) has 1", None),
    ("einsum('ij,i->', A, x)", "the index i of 'ij,i->' has lengths 2 and 3", None),
    ("conv2d(A, x)", "cannot convolve A (2, 3) with x (3,): their axes do not fit", None),
    ("conv2d(A, A.T)", "the window (3, 2) is larger than A (2, 3), padding included", None),
    ("conv1d(x, [])", "the window (0,) is empty", None),
    ("conv1d(x, [1], stride=(1, 1))", "(1, 1) must have one entry for each axis of space, 1", None),
    ("conv1d([[1, 2]], [[[1]], [[1]], [[1]]], groups=2)", None, None),
    ("max_pool(x, (2, 2))", "x (3,) has fewer axes than the 2 that a pool goes over", None),
    ("max_pool(x, 4)", "the window (4,) is larger than x (3,), padding included", None),
    ("max_pool(A, 2, padding=2)", "the padding (2, 2) is more than half of the window (2, 2)", None),
    ("pad(x, ((1, 1), (1, 1)))", "x (3,) has fewer axes than the 2 that pad is to widen", None),
    ("pad(x, (1, 2, 3))", "pad takes one width, a pair (before, after), or a pair for each axis, not (1, 2, 3)", None),
    ("max([])", "[] (0,) has no entries of which one could be the largest or the smallest", "max([])"),
    ("argmax(x[3:])", "x[3:] (0,) has no entries of which one could be the largest or the smallest", None),
    ("norm([], ord=inf)", "[] (0,) has no entries of which one could be the largest or the smallest", None),
    ("conv_input(x, [1], (9,))", "x (3,) has not the shape of a convolution of (9,) with (1,)", None),
    ("fold(x, (3,), (1,), (1,))", "x (3,) has not the shape of the windows of an array (3,)", None),
    ("put_largest(x, x, 2)", "x (3,) has not one entry for each window of x (3,)", None),
    ("scatter(x, '0:2', (5,))", "x (3,) has not the shape of what the index chooses of an array (5,)", None),
]


@pytest.mark.parametrize(("text", "message", "place"), REFUSED, ids=[text for text, _, _ in REFUSED])
def test_shapes_that_do_not_fit_are_told_in_words(text: str, message: str | None, place: str | None) -> None:
    """With the names, or what was typed, both shapes, and a caret; placeholders are always filled."""
    at = {name: values for name, values in (("x", V), ("A", M)) if re.search(rf"\b{name}\b", text)}
    with pytest.raises(ShapeError) as caught:
        grad(text, at)

    error = caught.value
    assert message is None or error.message == message
    assert "{" not in error.message
    assert marked(error) == [place] if place else len(error.spans) == 1


MISTYPED = [
    ("[1, 2", "this '[' is never closed", ["[", ""]),
    ("[[1, 2], [3, 4]", "this '[' is never closed", ["[", ""]),
    ("x[0", "this '[' is never closed", ["[", ""]),
    ("[1, 2)", "'[' is closed by ']', not by ')'", ["[", ")"]),
    ("(1, 2]", "'(' is closed by ')', not by ']'", ["(", "]"]),
    ("sum(x]", "'(' is closed by ')', not by ']'", ["(", "]"]),
    ("x[(0])", "'(' is closed by ')', not by ']'", ["(", "]"]),
    ("x]", "this ']' closes nothing", ["]"]),
    ("x[]", "an index must stand between the brackets", ["[]"]),
    ("x[1.5]", "an index is a whole number, a slice such as 1:3, or a list of whole numbers", ["1.5"]),
    ("x[[0, 0.5]]", "an index is a whole number, a slice such as 1:3, or a list of whole numbers", ["[0, 0.5]"]),
    ("x['a']", "an index is a whole number, a slice such as 1:3, or a list of whole numbers", ["'a'"]),
    ("x[y:2]", "an index is a whole number, a slice such as 1:3, or a list of whole numbers", ["y"]),
    ("x[y, 0]", "an index is a whole number, a slice such as 1:3, or a list of whole numbers", ["y"]),
    ("x[1e300]", "an index is a whole number, a slice such as 1:3, or a list of whole numbers", ["1e300"]),
    ("x[0:1:2:3]", "':' cannot stand here", [":"]),
    ("1:2", "':' cannot stand here", [":"]),
    ("[1:2]", "':' cannot stand here", [":"]),
    ("[, 1]", "a number, a name or '(' must stand after '[', not ','", [","]),
    ("[1,, 2]", "a number, a name or '(' must stand after ',', not ','", [","]),
    ("[1 2]", "there is no operator between '1' and '2'", ["1 2"]),
    ("x.S", "'.' is not part of the language", ["."]),
    ("x @", "a number, a name or '(' must stand after '@', not the end", [""]),
    ("@ x", "a number, a name or '(' must stand here, not '@'", ["@"]),
    ("sum(x, axis=0.5)", "'axis' of sum must be an axis, or several such as (0, 1)", ["axis=0.5"]),
    ("sum(x, axis=y)", "'axis' of sum must be an axis, or several such as (0, 1)", ["axis=y"]),
    ("sum(x, keepdims=1)", "'keepdims' of sum must be True or False", ["keepdims=1"]),
    ("sum(x, axes=1)", "sum has no argument 'axes'", ["axes=1"]),
    ("sum(x, axis=0, dim=1)", "sum is given twice the argument 'dim'", ["dim=1"]),
    ("cumsum(x)", "cumsum takes 2 arguments, got 1; 'axis' is missing", ["cumsum(x)"]),
    ("reshape(x, (2.5,))", "'shape' of reshape must be whole numbers such as (2, 3)", ["(2.5,)"]),
    ("reshape(x, 1e300)", "'shape' of reshape must be whole numbers such as (2, 3)", ["1e300"]),
    ("broadcast_to(x, (-1, 3))", "'shape' of broadcast_to must be lengths such as (2, 3)", ["(-1, 3)"]),
    ("concatenate(x, y)", "concatenate takes its arrays as a list", ["x"]),
    ("norm(x, ord=0.5)", "'ord' of norm must be a number from 1 on, or inf", ["ord=0.5"]),
    ("conv1d(x, y, stride=0)", None, ["stride=0"]),
    ("max_pool(x, ())", None, ["()"]),
    ("pad(x, -1)", None, ["-1"]),
    ("one_hot(x, -1)", "'num_classes' of one_hot must be a whole number from 0 on", ["-1"]),
    ("var(x, ddof=-1)", "'ddof' of var must be a whole number from 0 on", ["ddof=-1"]),
    ("einsum('ii->i', x)", None, ["'ii->i'"]),
    ("einsum('ij->k', x)", None, ["'ij->k'"]),
    ("'a' + 1", "a word in quotes is no number", ["'a'"]),
    ("x + (1, 2)", "(1, 2) is no number", ["(1, 2)"]),
    ("x + True", "True is no number", ["True"]),
    ("x*inf", "inf is no number", ["inf"]),
    ("-inf", "inf is no number", ["inf"]),
    ("-True", "True is no number", ["True"]),
    ("(x, y)", "several values in parentheses are a shape or axes, and hold whole numbers only", ["(x, y)"]),
    ("x + ()", None, [")"]),
]


@pytest.mark.parametrize(("text", "message", "places"), MISTYPED, ids=[text for text, _, _ in MISTYPED])
def test_what_is_mistyped_is_told_in_its_place(text: str, message: str | None, places: list[str]) -> None:
    """What, where, and what now."""
    with pytest.raises(ParseError) as caught:
        parse(text)

    assert message is None or caught.value.message == message
    assert marked(caught.value) == places


@pytest.mark.parametrize(
    ("text", "at", "message", "place"),
    [
        ("1 + sum(E[i])", {"i": [0, 2]}, "an index must be a whole number from -2 to 1, not 2", "E[i]"),
        ("sum(E[i])", {"i": 0.5}, "an index must be a whole number from -2 to 1, not 0.5", "E[i]"),
        ("sum(E[i])", {"i": -3}, "an index must be a whole number from -2 to 1, not -3", "E[i]"),
        ("sum(embedding([9], E))", {}, "an index must be a whole number from 0 to 1, not 9", "embedding([9], E)"),
        ("sum(one_hot(i, 3)*E[:3])", {"i": -1}, "an index must be a whole number from 0 to 2, not -1", "one_hot(i, 3)"),
        ("sum(one_hot([3], 3)) + sum(E)", {}, "an index must be a whole number from 0 to 2, not 3", "one_hot([3], 3)"),
    ],
)
def test_an_index_that_is_none_is_told_in_its_place(text: str, at: dict[str, Any], message: str, place: str) -> None:
    """Indices that are values are known only when they are computed."""
    with pytest.raises(UsageError) as caught:
        grad(text, {"E": M, **at})

    assert caught.value.message == message
    assert marked(caught.value) == [place]


def test_a_shape_error_of_a_node_is_in_words_too() -> None:
    """Where a graph is built by hand there are no names, and still no placeholders."""
    with pytest.raises(ShapeError, match=r"there is no axis 3 in an array \(2,\), which has 1 axis"):
        applied("sum", Variable("x", shape=(2,)), axis=3)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("broadcast_to(x, (100000, 100000, 3))", "an array of shape (100000, 100000, 3), 240 GB, brings the values"),
        ("one_hot(x, 1e12)", "an array of shape (3, 1000000000000), 24 TB"),
        (f"broadcast_to(sum(x), {(10**15,) * 30})", f"an array of shape {(10**15,) * 30}, over 1000 EB"),
        ("[" * 70 + "x" + "]" * 70, "an array has at most 64 axes"),
        ("x[" + "None, " * 70 + "0]", "an array has at most 64 axes"),
    ],
)
def test_what_would_be_too_large_is_refused_before_it_is_computed(text: str, message: str) -> None:
    """With its size."""
    with pytest.raises(LimitError) as caught:
        grad(text, {"x": V})

    assert caught.value.message.startswith(message)


def test_brackets_nest_deeply() -> None:
    """Without recursion; what has so many axes is refused when shapes are known, and quickly."""
    limits = Limits(nesting=DEEP + 1)
    graph = parse("[" * DEEP + "x" + "]" * DEEP, limits=limits)
    indexed = parse("x" + "[0]" * DEEP)

    assert len(graph.nodes) == len(indexed.nodes) == DEEP
    assert len(render(graph.output)) == 2 * DEEP + 1
    with pytest.raises(LimitError):
        with_shapes(graph, {"x": ()})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x[" + "[" * DEEP + "0" + "]" * DEEP + "]", "an index is a whole number"),
        ("pad(x, " + "(1, " * 1000 + "1" + ")" * 1000 + ")", "several values in parentheses"),
        ("pad(x, " + "[" * DEEP + "1" + "]" * DEEP + ")", "'widths' of pad must be"),
    ],
    ids=["index", "tuple", "attribute"],
)
def test_what_no_array_has_axes_for_is_no_attribute(text: str, message: str) -> None:
    """Rows of numbers that are nested deeper than arrays are refused, without recursion."""
    with pytest.raises(ParseError, match=message):
        parse(text)


def seconds(count: int) -> float:
    """How long it takes to read and add up a list of so many entries."""
    text = "sum([" + ", ".join(["x"] * count) + "])"
    start = time.perf_counter()
    assert grad(text, {"x": 1.0}).value == count
    return time.perf_counter() - start


def test_a_long_list_is_read_in_linear_time() -> None:
    """A hundred thousand entries take little more than ten times as long as ten thousand."""
    short = min(seconds(10_000) for _ in range(3))

    assert seconds(100_000) < 30 * short + 0.5


def test_a_list_of_numbers_has_its_values() -> None:
    """A hundred thousand literals."""
    assert grad(f"sum([{', '.join(map(str, range(DEEP)))}])", {}).value == DEEP * (DEEP - 1) / 2


def test_every_structural_op_can_be_called() -> None:
    """By its own name, so that gradients can be typed."""
    for op in structural_ops():
        assert op is REGISTRY[op.name]
        with pytest.raises(ParseError):
            parse(f"{op.name}(x=1, no_such_argument=1)")
