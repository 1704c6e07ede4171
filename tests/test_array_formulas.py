"""Ops over arrays as formulas: against SymPy, as graphs of single numbers, differentiated twice, and as text."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import sympy  # type: ignore[import-untyped]  # SymPy ships no types
from array_cases import CASES, ArrayCase, of_every_array_case, weighed

from bpcli import parse, render_statements
from bpcli.backprop.formulas import gradient_formulas
from bpcli.errors import UsageError
from bpcli.graph.comparison import same_structure
from bpcli.graph.node import Graph, Node, Variable
from bpcli.graph.order import graph_of
from bpcli.language.shapes import with_shapes
from bpcli.numbers.arrays import arrays
from bpcli.numbers.evaluate import evaluate
from bpcli.numbers.floats import floats
from bpcli.numbers.symbols import symbols
from bpcli.numbers.tensors import Tensors
from bpcli.ops.algebra import nodes

of_symbols = Tensors(symbols)
of_nodes = Tensors(nodes)
STEP = 2.0**-14
NEAR = 1e-6  # differences of gradients err by step² times a fourth derivative


def named_entries(case: ArrayCase, make: Any) -> tuple[list[Any], dict[Any, float]]:
    """Arrays of entries made by their names, and the value of each; whole numbers stay as they are."""
    point: list[Any] = []
    values = {}
    for position, x in enumerate(case.point()):
        if case.is_whole(position):
            point.append(x)
            continue
        entries = np.empty(np.shape(x), object)
        for place in np.ndindex(entries.shape):
            entries[place] = make("_".join(map(str, ("x", position, *place))))
            values[entries[place]] = float(np.asarray(x)[place])
        point.append(entries[()])
    return point, values


def sign_at(x: Any) -> Any:
    """SymPy's Heaviside function away from 0, which is what Max and Min are differentiated to."""
    return (np.sign(x) + 1) / 2


def numbers_of(formulas: Any, values: Mapping[Any, float]) -> Any:
    """The numbers that an array of SymPy's formulas comes to."""
    flat = [sympy.sympify(one) for one in np.ravel(np.asarray(formulas, object))]
    known = list(values)
    function = sympy.lambdify(known, flat, [{"Heaviside": lambda x, *_: sign_at(x)}, "numpy"], cse=True)
    return np.array(function(*values.values()), float).reshape(np.shape(formulas))


@of_every_array_case
def test_a_rule_agrees_with_sympy(case: ArrayCase) -> None:
    """Each entry of the value as a formula of SymPy's, derived by SymPy, is what the rule gives."""
    point, values = named_entries(case, lambda name: sympy.Symbol(name, real=True))
    try:
        value = case.value(point, of_symbols)
    except UsageError:
        assert case.op.name in {"argmax", "put_largest", "take_largest"}  # which depend on what is largest
        return
    upstream = case.upstream()
    total = sympy.sympify(weighed(value, np.asarray(upstream, object)))

    assert numbers_of(value, values) == pytest.approx(np.asarray(case.value(case.point())), rel=1e-11, abs=1e-11)
    for position, part in enumerate(case.parts(case.point(), upstream)):
        if part is not None:
            slopes = np.frompyfunc(lambda entry: sympy.diff(total, entry), 1, 1)(point[position])
            assert numbers_of(slopes, values) == pytest.approx(np.asarray(part), rel=1e-10, abs=1e-10)


def values_of_graphs(formulas: Any, values: Mapping[Node, float]) -> Any:
    """The numbers that an array of graphs of single numbers comes to."""
    known = {node: value for node, value in values.items() if isinstance(node, Variable)}
    at = {variable.name: value for variable, value in known.items()}

    def number(node: Any) -> float:
        return float(evaluate(graph_of(node), at, floats)[node]) if node in known or node.inputs else node.value

    def one(node: Any) -> float:
        if not isinstance(node, Node):
            return float(node)
        return at[node.name] if isinstance(node, Variable) else number(node)

    return np.asarray(np.frompyfunc(one, 1, 1)(formulas), float)


@of_every_array_case
def test_a_graph_of_single_numbers_comes_to_the_same(case: ArrayCase) -> None:
    """An op over an array of nodes unfolds to graphs, one an entry, whose values are those of the array."""
    point, values = named_entries(case, Variable)
    try:
        value = case.value(point, of_nodes)
    except UsageError:
        assert case.op.name in {"argmax", "put_largest", "take_largest"}
        return

    assert values_of_graphs(value, values) == pytest.approx(np.asarray(case.value(case.point())), rel=1e-11, abs=1e-11)
    if case.op.name.startswith("max_pool"):
        return  # its rule depends on what is largest
    upstream = case.upstream()
    parts = case.parts(point, np.asarray(upstream, object), of_nodes)
    for part, other in zip(parts, case.parts(case.point(), upstream), strict=True):
        assert (part is None) == (other is None)
        if part is not None:
            assert values_of_graphs(part, values) == pytest.approx(np.asarray(other), rel=1e-10, abs=1e-10)


def weighed_node(node: Node, weight: Node) -> Node:
    """⟨node, weight⟩ as a formula."""
    return nodes.sum(node * weight) if node.shape else node * weight


class Derived:
    """⟨op(x), u⟩ with its gradients as formulas, and the point at which they are taken."""

    def __init__(self, case: ArrayCase) -> None:
        self.variables = case.variables
        node = case.node_of(self.variables)
        weight = Variable("u", shape=node.shape)
        self.at = dict(zip([variable.name for variable in self.variables], case.point(), strict=True))
        self.at["u"] = case.upstream()
        self.output = weighed_node(node, weight)
        self.gradients = gradient_formulas(self.output, self.variables)

    def value(self, node: Node, changed: Mapping[str, Any] | None = None) -> Any:
        """The value of a formula."""
        with arrays.at_work():
            return evaluate(graph_of(node), {**self.at, **(changed or {})}, arrays)[node]


@of_every_array_case
def test_a_gradient_as_a_formula_has_the_numbers_of_the_rule(case: ArrayCase) -> None:
    """The graph that is built and the numbers that are swept back are one rule."""
    derived = Derived(case)

    for variable, part in zip(derived.variables, case.parts(case.point(), case.upstream()), strict=True):
        value = derived.value(derived.gradients[variable])
        assert derived.gradients[variable].shape == np.shape(value) == variable.shape
        expected = np.zeros(variable.shape) if part is None else np.asarray(part)
        assert value == pytest.approx(expected, rel=1e-12, abs=1e-12)


def second(derived: Derived, first: Variable, direction: Any) -> dict[Variable, Any]:
    """The derivatives of ⟨gradient in `first`, direction⟩, by formulas of formulas."""
    weight = Variable("v", shape=first.shape)
    formulas = gradient_formulas(weighed_node(derived.gradients[first], weight), derived.variables)
    return {variable: derived.value(formulas[variable], {"v": direction}) for variable in derived.variables}


@of_every_array_case
def test_second_derivatives_are_differences_of_first_ones(case: ArrayCase) -> None:
    """Along a direction in every input; so the op set is closed under differentiation, twice."""
    derived = Derived(case)
    whole = [variable for place, variable in enumerate(derived.variables) if case.is_whole(place)]
    random = np.random.default_rng(7)

    for first in derived.variables:
        direction = random.normal(size=first.shape)
        for other, found in second(derived, first, direction).items():
            assert np.shape(found) == other.shape
            if other in whole:
                continue
            step = random.normal(size=other.shape)
            x = derived.at[other.name]
            above, below = (
                weighed(derived.value(derived.gradients[first], {other.name: x + sign * STEP * step}), direction)
                for sign in (1, -1)
            )
            expected = (above - below) / (2 * STEP)
            assert weighed(found, step) == pytest.approx(expected, rel=NEAR, abs=NEAR)


@of_every_array_case
def test_second_derivatives_commute(case: ArrayCase) -> None:
    """⟨a, H·b⟩ = ⟨b, H·a⟩ for each pair of inputs: the Hessian is symmetric."""
    derived = Derived(case)
    random = np.random.default_rng(8)
    directions = {variable: random.normal(size=variable.shape) for variable in derived.variables}
    found = {first: second(derived, first, directions[first]) for first in derived.variables}

    for first in derived.variables:
        for other in derived.variables:
            one = weighed(found[first][other], directions[other])
            assert one == pytest.approx(weighed(found[other][first], directions[first]), rel=1e-10, abs=1e-10)


def shapes_of(graph: Graph) -> dict[str, tuple[int, ...]]:
    """The shapes of the variables."""
    return {variable.name: variable.shape for variable in graph.variables}


def check_written(node: Node) -> None:
    """Assert that a graph is read back from its text, with the same shapes."""
    graph = graph_of(node)
    text = render_statements(graph)
    read = parse(text, shapes_of(graph))
    shaped = with_shapes(read, shapes_of(graph))

    assert same_structure(read.output, node), text
    assert same_structure(shaped.output, node), text
    assert shaped.output.shape == node.shape


@of_every_array_case
def test_what_is_written_is_read_back(case: ArrayCase) -> None:
    """`parse(render_statements(g))` is g, for the op, its gradients and their gradients; shapes change nothing more."""
    derived = Derived(case)
    check_written(derived.output)
    for first in derived.variables:
        check_written(derived.gradients[first])
        weight = Variable("v", shape=first.shape)
        for formula in gradient_formulas(weighed_node(derived.gradients[first], weight), derived.variables).values():
            check_written(formula)


def test_shaping_is_idempotent() -> None:
    """A graph that has its broadcasting as nodes gets no more of them."""
    graph = parse("W @ x + b - mean(b)")
    once = with_shapes(graph, {"W": (2, 3), "x": (3, 4), "b": (4,)})
    twice = with_shapes(once, shapes_of(once))

    assert same_structure(once.output, twice.output)
    assert [node.shape for node in once.nodes] == [node.shape for node in twice.nodes]
    assert len(CASES) > len({case.op for case in CASES})
