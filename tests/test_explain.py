"""`explain`: one gradient entry along its paths, for graphs of numbers and of arrays, and how it is asked for."""

import math
from functools import cache
from time import perf_counter
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from strategies import NUMERIC_OPS, graphs

import bpcli
from bpcli.backprop.columns import edges_of_structural
from bpcli.backprop.entries import Edge, Entry, index_of, place_of
from bpcli.backprop.entry_formulas import EntryFormulas
from bpcli.backprop.explanation import Explanation
from bpcli.backprop.formulas import local_formulas
from bpcli.backprop.paths import largest_paths, path_counts
from bpcli.backprop.sweep import gradients_at
from bpcli.errors import BindingError, LimitError, ShapeError, UnknownNameError, UsageError
from bpcli.graph.labels import labels_of
from bpcli.graph.node import Graph, Node, Variable, applied
from bpcli.graph.notation import render
from bpcli.graph.op import Op, Sample
from bpcli.graph.order import graph_of
from bpcli.numbers.arrays import arrays
from bpcli.numbers.evaluate import evaluate
from bpcli.ops import structural_ops

IMAGE = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
KERNEL = [[1, -1], [2, 0.5]]
CONVOLUTION = "Y = conv2d(X, W); L = sum(Y**2)"
AT: dict[str, object] = {"X": IMAGE, "W": KERNEL}
SAMPLES = [
    pytest.param(op, sample, id=f"{op.name} {number}")
    for op in structural_ops()
    for number, sample in enumerate(op.samples)
]
RNG = np.random.default_rng(4)


def one_step(result: Explanation) -> list[tuple[str, str | None, float]]:
    """For each use of the entry: where, the formula of the local derivative, and its number."""
    formulas = EntryFormulas(result.labels, result.result.values)
    found = []
    for edge in result.uses:
        formula = formulas.of(edge)
        place = f"{result.labels[edge.target.node]}{list(edge.target.at)}"
        found.append((place, render(formula) if formula else None, edge.local))
    return found


def contributions(result: Explanation) -> list[float]:
    """What each path contributes."""
    return [path.contribution for path in result.paths]


# The chain rule, written out -----------------------------------------------------------------------------------------


def test_the_centre_of_the_article_has_four_terms() -> None:
    """∂L/∂x5 = ∂L/∂y1·w4 + ∂L/∂y2·w3 + ∂L/∂y3·w2 + ∂L/∂y4·w1."""
    result = bpcli.explain(CONVOLUTION, AT, "X[1,1]")

    assert one_step(result) == [
        ("Y[0, 0]", "W[1,1]", 0.5),
        ("Y[0, 1]", "W[1,0]", 2.0),
        ("Y[1, 0]", "W[0,1]", -1.0),
        ("Y[1, 1]", "W[0,0]", 1.0),
    ]
    assert (result.gradient, result.path_count, contributions(result)) == (62.5, 4, [48.0, 39.0, -34.0, 9.5])


def test_a_corner_of_the_article_has_one_term() -> None:
    """It lies in one window."""
    result = bpcli.explain(CONVOLUTION, AT, "X[0,0]")

    assert one_step(result) == [("Y[0, 0]", "W[0,0]", 1.0)]
    assert contributions(result) == [19.0]


@pytest.mark.parametrize(
    ("expression", "at", "entry", "expected"),
    [
        ("x*x + 3*x", {"x": 2}, "x", [3.0, 2.0, 2.0]),
        ("f = sigmoid(w*x + b)", {"w": 2, "x": -1, "b": 2}, "w", [-0.25]),
        ("A = x*y; F = A*z", {"x": 6, "y": -2, "z": -3}, "A", [-3.0]),
        ("y = W @ x; sum(y**2)", {"W": [[1, -2], [0.5, 3]], "x": [2, -1]}, "x[0]", [8.0, -2.0]),
        ("x*y", {"x": 0, "y": 0}, "x", [0.0]),
        ("sum(std(x))", {"x": [1, 1]}, "x[0]", []),
        ("norm(x)*2", {"x": [0, 0]}, "x[1]", []),
        ("sum(prod(x))", {"x": [0, 0, 3]}, "x[1]", [0.0]),
        ("max(x, y)", {"x": 1, "y": 1}, "x", [0.5]),
        ("amax(x)", {"x": [1, 3, 3]}, "x[2]", [0.5]),
        ("amax(x)", {"x": [1, 3, 3]}, "x[0]", []),
        ("sum(max_pool(x, 2))", {"x": [[1, 5], [5, 2]]}, "x[0,1]", [1.0]),
        ("sum(x[1:])", {"x": [1, 2]}, "x[0]", []),
        ("x + 0*argmax(z)", {"x": 1, "z": [1, 2]}, "z[0]", []),
        ("x*y + x", {"x": 1, "y": 5}, "f", [1.0]),
    ],
)
def test_the_contributions_of_paths(expression: str, at: dict[str, object], entry: str, expected: list[float]) -> None:
    """Largest first; a path whose product is 0 at this point alone is a path."""
    result = bpcli.explain(expression, at, entry)

    assert contributions(result) == pytest.approx(expected)
    assert result.gradient == pytest.approx(sum(expected))
    assert (result.paths_left_out, result.sum_left_out) == (0, 0.0)


@pytest.mark.parametrize(
    ("expression", "at", "entry", "expected"),
    [
        ("s = softmax(x); s[0]", {"x": [1, 2]}, "x[1]", ["-s[0]*s[1]"]),
        ("sum(relu(x))", {"x": [1, -2]}, "x[1]", ["where(x[1] > 0, 1, 0)"]),
        ("sum(b*x)", {"x": [1, 2], "b": 3}, "x[1]", ["b"]),
        ("[a, b] @ [c, d]", {"a": 1, "b": 2, "c": 3, "d": 4}, "v2[1]", ["b"]),
        ("n = norm(x); n", {"x": [3, 4]}, "x[0]", ["x[0]/n"]),
        ("k = 2; sum(k*x**k)", {"x": [3, 4]}, "x[0]", ["2*x[0]"]),
        ("amax(x)", {"x": [1, 3]}, "x[1]", [None]),
        ("M = [[2, 0], [0, 4]]; sum(M @ x)", {"x": [1, 1]}, "x[1]", ["0", "4"]),
    ],
)
def test_local_derivatives_name_the_entries(
    expression: str, at: dict[str, object], entry: str, expected: list[str | None]
) -> None:
    """Numbers that are constant are written as numbers; a number that is broadcast by its own name."""
    found = one_step(bpcli.explain(expression, at, entry))

    assert [formula for _, formula, _ in found if formula != "0"] == [one for one in expected if one != "0"]


def test_sixty_doublings_are_counted_and_not_walked() -> None:
    """2^60 paths of equal size: the count is exact, three are shown, and the rest is summed up."""
    began = perf_counter()
    result = bpcli.explain("; ".join(["c = x", *["c = c + c"] * 60]), {"x": 1}, "x", most_paths=3)

    assert (result.path_count, contributions(result)) == (2**60, [1.0, 1.0, 1.0])
    assert result.sum_left_out == 2.0**60 - 3
    assert len({path.edges for path in result.paths}) == 3
    assert perf_counter() - began < 5


@pytest.mark.parametrize("factor", ["0.1", "0.3", "1e-200", "1e200"])
def test_many_paths_of_nearly_the_same_size_are_no_trap(factor: str) -> None:
    """Round-off, underflow and overflow do not lead the search astray."""
    result = bpcli.explain("; ".join(["c = x", *[f"c = {factor}*c + c*{factor}"] * 300]), {"x": 1}, "x", most_paths=50)

    assert (result.path_count, len(result.paths)) == (2**300, 50)


@given(graphs(NUMERIC_OPS, most_ops=14), st.data())
@settings(max_examples=200, deadline=None)
def test_paths_are_those_that_can_be_walked(graph: Graph, data: st.DataObject) -> None:
    """Count and contributions are those of walking along every path; their sum is the gradient that `grad` prints."""
    assume(graph.variables)
    variable = data.draw(st.sampled_from(graph.variables))
    at = {one.name: data.draw(st.floats(0.25, 2)) for one in graph.variables}
    counted = _walks(graph.output, variable)
    assume(counted < 300)
    result = bpcli.explain(graph, at, variable.name, most_paths=300)
    expected = bpcli.grad(graph, at).gradients[variable.name]
    assume(math.isfinite(expected))

    assert result.path_count == counted
    assert (result.gradient, len(result.paths)) == (expected, counted)
    sizes = [abs(one) for one in contributions(result)]
    if all(map(math.isfinite, sizes)):
        assert sizes == sorted(sizes, reverse=True)
        assert math.fsum(contributions(result)) == pytest.approx(expected, rel=1e-9, abs=1e-9 * max(sizes, default=0))


def _walks(output: Node, target: Node) -> int:
    """How many paths there are, by walking along each."""

    @cache
    def sources(node: Node) -> tuple[Node, ...]:
        found = zip(node.inputs, local_formulas(node), strict=True) if node.inputs else ()
        return tuple(source for source, local in found if local is not None and source.varies)

    waiting, count = [output], 0
    while waiting and count < 300 and len(waiting) < 10_000:
        node = waiting.pop()
        count += node is target
        waiting += sources(node)
    return count if not waiting else 300


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 6), st.floats(-4, 4)), min_size=1, max_size=14))
def test_the_largest_paths_are_the_largest(drawn: list[tuple[int, int, float]]) -> None:
    """Of any small graph with several edges between the same entries, in order, and no path twice."""
    entries = [Entry(Variable(f"x{number}")) for number in range(7)]
    edges: dict[Entry, list[Edge]] = {entry: [] for entry in entries}
    for number, (source, ahead, local) in enumerate(drawn):
        target = min(6, source + ahead)
        edges[entries[source]].append(Edge(entries[source], entries[target], number, local))
    every = [walk for walk in _all_walks(edges, entries[0]) if walk[-1].target == entries[6]]
    expected = sorted([abs(math.prod([edge.local for edge in walk])) for walk in every], reverse=True)
    most = max(1, len(every) // 2)
    found = largest_paths(edges, entries[0], entries[6], most)

    assert path_counts(edges, entries[6])[entries[0]] == len(every)
    assert len({path.edges for path in found}) == len(found) == min(most, len(every))
    assert [abs(path.contribution) for path in found] == pytest.approx(expected[:most])


def _all_walks(edges: dict[Entry, list[Edge]], start: Entry) -> list[tuple[Edge, ...]]:
    found: list[tuple[Edge, ...]] = []
    waiting: list[tuple[Edge, ...]] = [(edge,) for edge in edges[start]]
    while waiting:
        walk = waiting.pop()
        found.append(walk)
        waiting += [(*walk, edge) for edge in edges[walk[-1].target]]
    return found


def test_a_few_paths_that_are_left_out_are_added_up() -> None:
    """What they come to is not lost in the round-off of the gradient."""
    result = bpcli.explain("x + x*1e-20", {"x": 1}, "x", most_paths=1)

    assert (result.gradient, result.sum_left_out) == (1.0, 1e-20)


def test_contributions_beyond_float64_are_summed_as_ieee_has_it() -> None:
    """Infinity, and no error."""
    result = bpcli.explain("1e308*x + 1e308*x + x", {"x": 1}, "x", most_paths=1)

    assert (result.gradient, result.sum_beyond(0)) == (math.inf, math.inf)


# Arrays --------------------------------------------------------------------------------------------------------------


def _at(op: Op, sample: Sample) -> dict[str, Any]:
    at = {}
    for position, shape in enumerate(sample.shapes):
        name = op.inputs[min(position, len(op.inputs) - 1)]
        value = RNG.integers(0, 2, shape).astype(float) if name == "indices" else RNG.uniform(0.2, 2, shape)
        if (
            len(shape) >= 2
            and shape[-1] == shape[-2]
            and position == 0
            and op.name in ("inv", "det", "solve", "cholesky")
        ):
            value = value @ np.swapaxes(value, -1, -2) + np.eye(shape[-1])
        at[f"x{position}"] = value
    return at


@pytest.mark.parametrize(("op", "sample"), SAMPLES)
def test_edges_are_the_entries_of_the_jacobian(op: Op, sample: Sample) -> None:
    """For every structural op: columns found by the pullback of the pullback equal rows found by the pullback."""
    at = _at(op, sample)
    node = applied(op.name, *[Variable(name, shape=np.shape(value)) for name, value in at.items()], **sample.attributes)
    graph = graph_of(node)
    values = evaluate(graph, at, arrays)
    size = math.prod(node.shape)
    rows = [gradients_at(graph, values, arrays, seed.reshape(node.shape)[()]) for seed in np.eye(size)]
    formulas = EntryFormulas(labels_of(graph), values)
    for variable in graph.variables:
        expected = [np.ravel(row.get(variable, np.zeros(variable.shape))) for row in rows]
        found = np.zeros((size, math.prod(variable.shape)))
        for edge in edges_of_structural(node, {variable: range(found.shape[1])}, values):
            found[edge.target.place, edge.source.place] += edge.local
            _check_formula(formulas.of(edge), edge, values)

        assert found == pytest.approx(np.array(expected), abs=1e-12)


def _check_formula(formula: Node | None, edge: Edge, values: dict[Node, Any]) -> None:
    """A formula, where there is one, has the value of the local derivative."""
    if formula is None:
        return
    graph = graph_of(formula)
    by_name = {label: values[node] for node, label in labels_of(graph_of(edge.target.node)).items()}
    at = {}
    for variable in graph.variables:
        name, _, key = variable.name.partition("[")
        at[variable.name] = by_name[name][tuple(map(int, key[:-1].split(",")))] if key else by_name[name]

    assert evaluate(graph, at, arrays)[formula] == pytest.approx(edge.local, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(
    ("expression", "shapes"),
    [
        ("sum(tanh(x @ W + b)**2)", {"x": (3, 2), "W": (2, 4), "b": (4,)}),
        ("s = softmax(q @ k.T); mean((s @ k)**2)", {"q": (2, 3), "k": (2, 3)}),
        ("sum(relu(conv2d(x, k, padding=1))**2)", {"x": (3, 3), "k": (2, 2)}),
        ("z = x[::-1]*x; z[0] + logsumexp(z)", {"x": (4,)}),
        ("norm(concatenate([x, y]))*var(x)", {"x": (3,), "y": (2,)}),
        ("sum(inv(A) @ x)", {"A": (2, 2), "x": (2,)}),
    ],
)
def test_the_paths_of_every_entry_sum_to_its_gradient(expression: str, shapes: dict[str, tuple[int, ...]]) -> None:
    """What is shown and what is left out is together what `grad` computes; all paths are that by themselves."""
    at = {name: RNG.normal(size=shape) for name, shape in shapes.items()}
    gradients = bpcli.grad(expression, at).gradients
    for name, shape in shapes.items():
        for index in np.ndindex(shape):
            entry = f"{name}{list(index)}"
            every = bpcli.explain(expression, at, entry, most_paths=100_000)
            some = bpcli.explain(expression, at, entry, most_paths=2)

            assert every.gradient == gradients[name][index]
            assert len(every.paths) == every.path_count
            assert math.fsum(contributions(every)) == pytest.approx(every.gradient, rel=1e-9, abs=1e-12)
            assert sum(contributions(some)) + some.sum_left_out == pytest.approx(every.gradient, rel=1e-9, abs=1e-12)
            assert contributions(some) == pytest.approx(contributions(every)[:2])
            terms = [every.upstream_at(edge.target) * edge.local for edge in every.uses]
            assert math.fsum(terms) == pytest.approx(every.gradient, rel=1e-9, abs=1e-12)


def test_an_entry_of_an_output_that_is_an_array() -> None:
    """`∂y[0]/∂x[1]` is an entry of the Jacobian."""
    at: dict[str, object] = {"W": [[1, -2], [0.5, 3]], "x": [2, -1]}
    result = bpcli.explain("y = W @ x", at, "∂y[0]/∂x[1]")

    assert (result.gradient, one_step(result)) == (-2.0, [("y[0]", "W[0,1]", -2.0)])


def test_an_intermediate_may_be_what_the_gradient_is_of() -> None:
    """∂A/∂x in a graph that goes on to F; the nodes keep their names."""
    result = bpcli.explain("A = x*y + x; F = A*z", {"x": 6, "y": -2, "z": -3}, "dA/dx")

    assert (result.gradient, contributions(result)) == (-1.0, [-2.0, 1.0])
    assert sorted(result.labels.values()) == ["A", "F", "v1", "x", "y", "z"]


@given(st.lists(st.integers(1, 4), max_size=4), st.data())
def test_places_and_indices_say_the_same(lengths: list[int], data: st.DataObject) -> None:
    """Row-major order."""
    shape = tuple(lengths)
    place = data.draw(st.integers(0, math.prod(shape) - 1))
    index = index_of(place, shape)

    assert place_of(index, shape) == place
    assert index == tuple(np.unravel_index(place, shape) if shape else ())


# Limits and errors ---------------------------------------------------------------------------------------------------


def test_a_dense_graph_is_refused_soon() -> None:
    """A million edges are not built."""
    began = perf_counter()
    with pytest.raises(LimitError, match="more than 20000 edges between entries") as caught:
        bpcli.explain("y = softmax(x); z = softmax(y); sum(softmax(z)**2)", {"x": np.ones(1000)}, "x[0]")

    assert "--max-edges" in (caught.value.hint or "")
    assert perf_counter() - began < 10


def test_the_limit_is_the_most_that_is_allowed() -> None:
    """Three edges in x*x + 3*x from x, two more to f."""
    assert bpcli.explain("x*x + 3*x", {"x": 2}, "x", most_edges=5).edge_count == 5
    with pytest.raises(LimitError):
        bpcli.explain("x*x + 3*x", {"x": 2}, "x", most_edges=4)


def test_a_deep_graph_is_explained() -> None:
    """Nothing recurses."""
    result = bpcli.explain("; ".join(["c = x", *["c = sin(c)"] * 15_000]), {"x": 1}, "x")

    assert (result.path_count, len(result.paths[0].edges)) == (1, 15_000)


@pytest.mark.parametrize(
    ("entry", "error", "message", "hint"),
    [
        ("X", ShapeError, "X is an array of shape (3, 3): say which entry", "write it as X[0,0]"),
        ("X[1]", ShapeError, "an entry of X, of shape (3, 3), has 2 indices, not 1", "write it as X[0,0]"),
        (
            "X[3,0]",
            ShapeError,
            "index 3 is beyond axis 0 of X, whose shape is (3, 3)",
            "along that axis an index is between -3 and 2",
        ),
        ("X[0,-4]", ShapeError, "index -4 is beyond axis 1 of X", "between -3 and 2"),
        ("a[0]", ShapeError, "a is a single number, and has no entry [0]", "write a alone"),
        ("Z[0,0]", UnknownNameError, "a gradient of 'Z', which is no name in the expression", "names are"),
        ("LL", UnknownNameError, "a gradient of 'LL'", "did you mean 'L'?"),
        ("X[1.5,0]", UsageError, "the index '[1.5,0]' of X is no row of whole numbers", "W[0,-1]"),
        ("X[]", UsageError, "the index '[]' of X is no row of whole numbers", "W[0,-1]"),
        ("X + 1", UsageError, "'X + 1' names no entry", "write it as"),
        ("", UsageError, "no entry is named", "write it as"),
        ("2", UsageError, "'2' is no name", "write it as"),
        ("k", BindingError, "k is a constant, to which no gradient flows", "the variables are a, X"),
        ("b", BindingError, "b is a condition, through which no gradient flows", "name one of the numbers"),
        ("dY/dX[0,0]", ShapeError, "Y is an array of shape (3, 3): say which entry", "write it as Y[0,0]"),
        ("dQ/dX[0,0]", UnknownNameError, "a gradient of 'Q'", "its names are"),
    ],
)
def test_what_names_no_entry_is_refused(entry: str, error: type[UsageError], message: str, hint: str) -> None:
    """With the shape, the range or a name that was probably meant."""
    expression = "k = 2; b = a > 0; Y = X*k; L = sum(Y) + where(b, a, 0)"
    with pytest.raises(error) as caught:
        bpcli.explain(expression, {"X": IMAGE, "a": 1}, entry)

    assert message in caught.value.message
    assert hint in (caught.value.hint or "")


def test_an_array_has_no_gradient_that_is_one_number() -> None:
    """The hint says how to name an entry of it, and how to reduce it."""
    with pytest.raises(ShapeError, match=r"y is an array of shape \(3,\), not one number") as caught:
        bpcli.explain("y = 2*x", {"x": [1, 2, 3]}, "x[-1]")

    assert caught.value.hint == "write it as dy[0]/dx[-1], or reduce it, as in sum(y)"


@pytest.mark.parametrize(
    "entry", ["W[0,-1]", "W[ 0 , 1 ]", "W[-2,-1]", "dL/dW[0,1]", "∂L/∂W[0,1]", " d L / d W[0,−1] "]
)
def test_an_entry_has_many_names(entry: str) -> None:
    """Indices from the end, spaces, and the derivative written out."""
    assert bpcli.explain(CONVOLUTION, AT, entry).gradient == 514.0


def test_numbers_that_are_not_finite_are_shown_as_such() -> None:
    """The infinite slope is the contribution, and the place where it arises is told."""
    result = bpcli.explain("sqrt(x) + x", {"x": 0}, "x")

    assert (contributions(result), result.is_finite) == ([math.inf, 1.0], False)
    assert len(result.result.warnings) == 1
