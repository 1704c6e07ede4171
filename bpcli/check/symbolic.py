"""SymPy's derivatives: of the whole expression where it is small, else op by op, each derived once.

A derivative becomes a graph again and is evaluated in `exact`. Budgets count nodes, so that results repeat: SymPy keeps
trees, so a graph's size is that of its tree. At kinks SymPy is not asked. Nothing here looks at a rule.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import sympy

from bpcli.graph.node import Constant, Graph, Node, Variable
from bpcli.graph.op import NO_ATTRIBUTES, Attributes, Op
from bpcli.graph.order import graph_of
from bpcli.numbers.balls import Ball, exactly
from bpcli.numbers.evaluate import Values, compute, constant_in, evaluate
from bpcli.numbers.exact import exact
from bpcli.numbers.symbols import real_symbols, symbols
from bpcli.numbers.translation import UntranslatableError, node_of

LARGEST_TREE = 250
DEEPEST_TREE = 60
# What SymPy may raise on an expression that it cannot take: a complex comparison, a division by zero, its own limits.
REFUSALS = (
    TypeError,
    ValueError,
    ArithmeticError,
    AttributeError,
    NotImplementedError,
    RecursionError,
    UntranslatableError,
)


class Formula(NamedTuple):
    """A derivative that SymPy found: its own form, and the graph of it over variables that stand for the inputs."""

    expression: Any
    graph: Graph
    leaves: tuple[Variable, ...]

    def value(self, inputs: Mapping[Variable, Ball]) -> Ball:
        """Its value where the leaves have these values, at the precision at work."""
        output = self.graph.output
        if not output.inputs:  # a constant slope, or one of the inputs
            return exactly(output.value) if isinstance(output, Constant) and not output.symbol else inputs[output]
        at = {variable.name: inputs[variable] for variable in self.graph.variables}
        return exactly(evaluate(self.graph, at, exact)[self.graph.output])


def is_within_budget(graph: Graph) -> bool:
    """Whether SymPy may be given the expression as a whole: small as a tree, not deep, and with no kinks."""
    size: dict[Node, int] = {}
    depth: dict[Node, int] = {}
    for node in graph.nodes:
        if node.op.kinks and not _is_smooth_inside(node.op):
            return False
        size[node] = 1 + sum([size.get(source, 0) for source in node.inputs])
        depth[node] = 1 + max([depth.get(source, 0) for source in node.inputs])
        if size[node] > LARGEST_TREE or depth[node] > DEEPEST_TREE:
            return False
    return True


def _is_smooth_inside(op: Op) -> bool:
    return op.name in ("sqrt", "cbrt", "hypot", "acosh", "asech", "atan2", "acot")


def expression_of_graph(graph: Graph, leaves: Mapping[Node, Any]) -> Any:
    """The output as a SymPy expression; `leaves` says which symbol each variable is, and may name inner nodes too."""
    values: Values = dict(leaves)
    for constant in graph.constants:
        values.setdefault(constant, constant_in(symbols, constant))
    compute([node for node in graph.nodes if node not in leaves], values, symbols)
    return symbols_only(values[graph.output])


def symbols_only(value: Any) -> Any:
    return value if isinstance(value, sympy.Basic) else sympy.Rational(*value.as_integer_ratio())


class WholeExpression:
    """SymPy's derivatives of the output with respect to any node, or none where the expression is beyond the budget."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.is_possible = is_within_budget(graph)
        self._formulas: dict[Node, Formula | None] = {}

    def derivative(self, leaf: Node) -> Formula | None:
        """The derivative with respect to a variable, or to an inner node taken as a variable."""
        if not self.is_possible:
            return None
        if leaf not in self._formulas:
            self._formulas[leaf] = self._found(leaf)
        return self._formulas[leaf]

    def _found(self, leaf: Node) -> Formula | None:
        nodes = list(dict.fromkeys([*self.graph.variables, leaf]))
        names = real_symbols(len(nodes))
        try:
            expression = expression_of_graph(self.graph, dict(zip(nodes, names, strict=True)))
            derivative = sympy.diff(expression, names[nodes.index(leaf)])
            return formula(derivative, names)
        except REFUSALS:
            return None

    def value(self, leaf: Node, values: Values) -> Ball | None:
        """The derivative's number, where SymPy found one and the nodes have these values."""
        found = self.derivative(leaf)
        if found is None:
            return None
        nodes = list(dict.fromkeys([*self.graph.variables, leaf]))
        return found.value(dict(zip(found.leaves, [values[node] for node in nodes], strict=True)))


def formula(derivative: Any, names: list[Any]) -> Formula:
    """A SymPy expression over these symbols as a formula. Raises UntranslatableError."""
    leaves = tuple([Variable(str(name)) for name in names])
    return Formula(derivative, graph_of(node_of(derivative, dict(zip(names, leaves, strict=True)))), leaves)


class LocalDerivatives:
    """SymPy's derivative of each op with respect to each input, derived when it is first asked for."""

    def __init__(self) -> None:
        self._formulas: dict[tuple[object, ...], Formula | None] = {}

    def formula(self, node: Node, position: int) -> Formula | None:
        """The derivative of the node's op, or None where SymPy has none."""
        exponent = node.inputs[1] if node.op.name == "constant_pow" else None
        fixed = exponent.value if isinstance(exponent, Constant) and not exponent.symbol else None
        key = (node.op, tuple(sorted(node.attributes.items())), len(node.inputs), position, fixed)
        if key not in self._formulas:
            self._formulas[key] = _local(node.op, node.attributes, len(node.inputs), position, fixed)
        return self._formulas[key]

    def value(self, node: Node, position: int, values: Values) -> Ball | None:
        """∂node/∂input in exact numbers."""
        found = self.formula(node, position)
        if found is None:
            return None
        inputs = [values[source] for source in node.inputs]
        return found.value({leaf: inputs[int(leaf.name[1:])] for leaf in found.leaves})


def _local(op: Op, attributes: Attributes, count: int, position: int, exponent: float | None) -> Formula | None:
    names = real_symbols(count)
    inputs: list[Any] = list(names)
    if exponent is not None:
        inputs[1] = symbols.number(exponent)
    if op.name == "where":
        inputs[0] = sympy.Ne(names[0], 0)
    try:
        derivative = sympy.diff(symbolic_form(op, inputs, attributes), names[position])
        return formula(derivative, names)
    except REFUSALS:
        return None


def symbolic_form(op: Op, inputs: list[Any], attributes: Attributes = NO_ATTRIBUTES) -> Any:
    """The op on SymPy's expressions: what SymPy has under its name, or its meaning."""
    return symbols_only(getattr(symbols, op.name)(*inputs, **attributes))
