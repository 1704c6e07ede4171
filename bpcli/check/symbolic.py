"""SymPy's derivatives: of the whole expression where it is small, else op by op, each derived once.

A derivative becomes a graph again and is evaluated in `exact`. Budgets count nodes, so that results repeat: SymPy keeps
trees, so a graph's size is that of its tree. At kinks SymPy is not asked. Nothing here looks at a rule.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from bpcli.graph.node import Constant, Graph, Node, Variable
from bpcli.graph.op import NO_ATTRIBUTES, Attributes, Op
from bpcli.graph.order import graph_of
from bpcli.numbers.balls import Ball, exactly
from bpcli.numbers.evaluate import Values, compute, constant_in, evaluate
from bpcli.numbers.exact import exact
from bpcli.numbers.symbols import condition, derivative_of, expression_of, real_symbols, symbols, value_of
from bpcli.numbers.translation import REFUSALS, node_of

LARGEST_TREE = 250
DEEPEST_TREE = 60
HIGHEST_POWER = 64
EVALUATED_DIGITS = 40
LONGEST_CONSTANT = 64  # bits before or after the point
SUMMED = frozenset({"gamma", "lgamma", "digamma", "polygamma"})  # of a whole number, SymPy adds up, or multiplies
ONE_FORMULA = frozenset({"sqrt", "cbrt", "hypot", "acosh", "asech", "atan2", "acot"})  # with a kink, and one form


class Formula(NamedTuple):
    """A derivative that SymPy found: its own form, and the graph of it over variables that stand for the inputs."""

    expression: Any
    graph: Graph
    leaves: tuple[Variable, ...]

    def value(self, inputs: Mapping[Variable, Ball]) -> Ball:
        """Its value where the leaves have these values, at the precision at work."""
        output = self.graph.output
        if isinstance(output, Variable):
            return inputs[output]
        if isinstance(output, Constant):
            return exactly(constant_in(exact, output))
        at = {variable.name: inputs[variable] for variable in self.graph.variables}
        return exactly(evaluate(self.graph, at, exact)[self.graph.output])


def is_within_budget(graph: Graph) -> bool:
    """Whether SymPy may be given the expression as a whole: small as a tree, not deep, and with no kinks."""
    size: dict[Node, int] = {}
    depth: dict[Node, int] = {}
    for node in graph.nodes:
        if node.op.kinks and node.op.name not in ONE_FORMULA:
            return False
        size[node] = 1 + sum([size.get(source, 0) for source in node.inputs])
        depth[node] = 1 + max([depth.get(source, 0) for source in node.inputs])
        if size[node] > LARGEST_TREE or depth[node] > DEEPEST_TREE:
            return False
    return True


def awkward_exponent(node: Node) -> Constant | None:
    """The exponent of a power that SymPy is better not given as a number: a large one, or not in quarters."""
    exponent = node.inputs[1] if node.op.name == "constant_pow" else None
    if not isinstance(exponent, Constant) or exponent.symbol:
        return None
    is_plain = abs(exponent.value) <= HIGHEST_POWER and (4 * exponent.value).is_integer()
    return None if is_plain else exponent


def wild_constants(graph: Graph) -> list[Node]:
    """The constants, worked out or not, that SymPy is not given, since working with them may take for ever.

    They are very large, very small, or come from such a one, or from the gamma family: 10**308, digamma(1e16); and
    exponents that would be multiplied out.
    """
    values: Values = {}
    wild: list[Node] = []
    for constant in graph.constants:
        values[constant] = constant_in(exact, constant)
    for node in (*graph.constants, *[node for node in graph.nodes if not node.varies]):
        if node.inputs:
            compute([node], values, exact)
        if node.op.is_condition:
            continue
        known = exactly(values[node])
        is_tame = known.is_zero or (known.middle is not None and abs(known.magnitude) <= LONGEST_CONSTANT)
        if not is_tame or node.op.name in SUMMED or not set(wild).isdisjoint(node.inputs):
            wild.append(node)
    exponents = [exponent for node in graph.nodes if (exponent := awkward_exponent(node)) is not None]
    return list(dict.fromkeys([*wild, *exponents]))


def expression_of_graph(graph: Graph, leaves: Mapping[Any, Any]) -> Any:
    """The output as a SymPy expression; `leaves` says which symbol each variable is, and may name inner nodes too."""
    values: Values = dict(leaves)
    for constant in graph.constants:
        values.setdefault(constant, constant_in(symbols, constant))
    compute([node for node in graph.nodes if node not in leaves], values, symbols)
    return expression_of(values[graph.output])


class WholeExpression:
    """SymPy's derivatives of the output with respect to any node, or none where the expression is beyond the budget."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.is_possible = is_within_budget(graph)
        self._fixed = [*graph.variables, *(wild_constants(graph) if self.is_possible else ())]
        self._formulas: dict[Node, Formula | None] = {}

    def derivative(self, leaf: Node) -> Formula | None:
        """The derivative with respect to a variable, or to an inner node taken as a variable."""
        if not self.is_possible:
            return None
        if leaf not in self._formulas:
            self._formulas[leaf] = self._found(leaf)
        return self._formulas[leaf]

    def _found(self, leaf: Node) -> Formula | None:
        names = self.names(leaf)
        try:
            expression = expression_of_graph(self.graph, names)
            return formula(derivative_of(expression, names[leaf]), list(names.values()))
        except REFUSALS:
            return None

    def names(self, leaf: Node) -> dict[Node, Any]:
        """The symbol of each variable, of each constant that SymPy is not given, and of the leaf."""
        nodes = list(dict.fromkeys([*self._fixed, leaf]))
        return dict(zip(nodes, real_symbols(len(nodes)), strict=True))

    def value(self, leaf: Node, values: Values) -> Ball | None:
        """The derivative's number, where SymPy found one and the nodes have these values."""
        found = self.derivative(leaf)
        if found is None:
            return None
        return found.value(dict(zip(found.leaves, [values[node] for node in self.names(leaf)], strict=True)))


def symbolic_value(graph: Graph, node: Node, at: Mapping[str, float]) -> Ball | None:
    """SymPy's own evaluation of a node, where its expression is within the budget."""
    inside = graph_of(node)
    if not is_within_budget(inside) or not node.inputs:
        return None
    names = dict(zip(inside.variables, real_symbols(len(inside.variables)), strict=True))
    known = {name: at[variable.name] for variable, name in names.items()}
    try:
        value = value_of(expression_of_graph(inside, names), known, EVALUATED_DIGITS)
    except REFUSALS:
        return None
    return value if isinstance(value, Ball) and not wild_constants(graph) else None


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
        exponent = node.inputs[1] if node.op.name == "constant_pow" and not awkward_exponent(node) else None
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
        inputs[0] = condition(names[0])
    try:
        derivative = derivative_of(symbolic_form(op, inputs, attributes), names[position])
        return formula(derivative, names)
    except REFUSALS:
        return None


def symbolic_form(op: Op, inputs: list[Any], attributes: Attributes = NO_ATTRIBUTES) -> Any:
    """The op on SymPy's expressions: what SymPy has under its name, or its meaning."""
    return expression_of(getattr(symbols, op.name)(*inputs, **attributes))
