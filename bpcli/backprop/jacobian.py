"""Jacobians and Hessians: every entry of the output is swept back at once, as a batch of upstream gradients.

Row k of a Jacobian is the gradient that comes back from the k-th unit vector as upstream gradient (Griewank & Walther
2008, Evaluating Derivatives, §3.2). A batch of unit vectors is one sweep. A Hessian is the Jacobian of the gradient,
which is a graph itself. Derivatives at kinks are those of `gradients_of`. Where a local derivative is infinite, 0 · ∞
in the rows of other outputs is NaN, as it is in PyTorch.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from bpcli.backprop.formulas import gradient_formulas
from bpcli.backprop.gradients import gradients_of
from bpcli.backprop.nonfinite import Notice
from bpcli.backprop.pullback import Pullback
from bpcli.errors import ShapeError
from bpcli.graph.labels import labels_of
from bpcli.graph.node import Constant, Graph, Node, Variable
from bpcli.graph.op import Shape
from bpcli.graph.order import ancestors_first, graph_of
from bpcli.numbers.arrays import Arrays, arrays
from bpcli.numbers.entries import ones_at
from bpcli.numbers.evaluate import Values, evaluate


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Jacobian:
    """The Jacobian of a graph's output at a point.

    `blocks` holds ∂output/∂variable for each wanted variable, an array of shape output.shape + variable.shape: the
    indices of the output come first. `value` is the output at the point `at`; `warnings` says where numbers stop being
    finite.
    """

    graph: Graph
    at: Mapping[str, Any]
    value: Any
    blocks: Mapping[str, Any]
    warnings: tuple[Notice, ...]
    system: Arrays = arrays

    def __repr__(self) -> str:
        return f"Jacobian(value={self.value!r}, blocks={self.blocks!r})"

    @property
    def is_finite(self) -> bool:
        """Whether the value and every entry are finite numbers."""
        return all(map(self.system.is_finite, (self.value, *self.blocks.values())))

    @property
    def wanted(self) -> tuple[Variable, ...]:
        """The variables that it was asked for, in the order of the text."""
        return _wanted(self.graph, self.blocks)

    def matrix(self, names: Collection[str] | None = None) -> Any:
        """The matrix: a row for each entry of the output, a column for each entry of the wanted variables, in order.

        `names` chooses variables among them.
        """
        chosen = [variable for variable in self.wanted if names is None or variable.name in names]
        whole = self.system.zeros((prod(self.graph.output.shape), sum(map(_size, chosen))))
        for variable, start in zip(chosen, _starts(chosen), strict=True):
            block = self.blocks[variable.name]
            whole[:, start : start + _size(variable)] = block.reshape(len(whole), _size(variable))
        return whole


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Hessian:
    """The Hessian of a graph's output, one number, at a point.

    `blocks[a][b]` holds ∂(∂output/∂a)/∂b, an array of shape a.shape + b.shape, and `gradients` holds ∂output/∂a. In
    exact arithmetic it is symmetric where the second derivatives are continuous; the entries are handed out as they
    were computed, and `asymmetry` says how far they are from that.
    """

    graph: Graph
    at: Mapping[str, Any]
    value: Any
    gradients: Mapping[str, Any]
    blocks: Mapping[str, Mapping[str, Any]]
    warnings: tuple[Notice, ...]
    system: Arrays = arrays

    def __repr__(self) -> str:
        return f"Hessian(value={self.value!r}, blocks={self.blocks!r})"

    @property
    def is_finite(self) -> bool:
        """Whether the value, the gradient and every entry are finite numbers."""
        entries = [block for row in self.blocks.values() for block in row.values()]
        return all(map(self.system.is_finite, (self.value, *self.gradients.values(), *entries)))

    @property
    def wanted(self) -> tuple[Variable, ...]:
        """The variables that it was asked for, in the order of the text."""
        return _wanted(self.graph, self.blocks)

    def matrix(self) -> Any:
        """The square matrix: a row and a column for each entry of the wanted variables, in order."""
        chosen = self.wanted
        count = sum(map(_size, chosen))
        whole = self.system.zeros((count, count))
        for one, row in zip(chosen, _starts(chosen), strict=True):
            for other, column in zip(chosen, _starts(chosen), strict=True):
                block = self.blocks[one.name][other.name].reshape(_size(one), _size(other))
                whole[row : row + _size(one), column : column + _size(other)] = block
        return whole

    @property
    def asymmetry(self) -> float:
        """The largest difference between an entry and its mirror image; 0 for a symmetric matrix."""
        matrix = self.matrix()
        with self.system.at_work():
            return float(abs(matrix - matrix.T).max()) if matrix.size else 0.0


def jacobian_of(
    graph: Graph, at: Mapping[str, Any], wanted: Collection[str] | None = None, system: Arrays = arrays
) -> Jacobian:
    """The Jacobian of a graph with shapes; `wanted` names variables, all by default.

    It takes one forward pass, and one sweep back for as many entries of the output as fit in `AT_ONCE` numbers.
    Where the output does not depend on a variable there are zeros.
    """
    m = Arrays(system.dtype, batch=1)
    variables = _wanted(graph, wanted)
    with m.at_work():
        values = _values(graph, at, m)
        blocks = _rows(graph, values, variables, m)
    found = Jacobian(graph, at, _own(values[graph.output], graph.output.shape, m), blocks, (), system)
    if found.is_finite:
        return found
    warnings = _notices(graph, at, wanted, system) or (_not_finite(found.matrix(), "Jacobian", system),)
    return Jacobian(graph, at, found.value, blocks, warnings, system)


def hessian_of(
    graph: Graph, at: Mapping[str, Any], wanted: Collection[str] | None = None, system: Arrays = arrays
) -> Hessian:
    """The Hessian of a graph with shapes whose output is one number; `wanted` names variables, all by default.

    The gradients of all wanted variables are one graph, which is evaluated once. Raises ShapeError for an output that
    is an array.
    """
    if graph.output.shape:
        raise _no_hessian(graph)
    m = Arrays(system.dtype, batch=1)
    variables = _wanted(graph, wanted)
    formulas = gradient_formulas(graph, variables)
    with m.at_work():
        values = _values(_joint(graph, list(formulas.values())), at, m)
        blocks = {one.name: _rows(graph_of(formulas[one]), values, variables, m) for one in variables}
        gradients = {one.name: _own(values[formulas[one]], one.shape, m) for one in variables}
    found = Hessian(graph, at, _own(values[graph.output], (), m), gradients, blocks, (), system)
    if found.is_finite:
        return found
    warnings = _notices(graph, at, wanted, system) or (_not_finite(found.matrix(), "Hessian", system),)
    return Hessian(graph, at, found.value, gradients, blocks, warnings, system)


def _wanted(graph: Graph, names: Collection[str] | None) -> tuple[Variable, ...]:
    return tuple(variable for variable in graph.variables if names is None or variable.name in names)


def _size(variable: Variable) -> int:
    return prod(variable.shape)


def _starts(variables: Sequence[Variable]) -> list[int]:
    """The first column of each variable."""
    return [sum(map(_size, variables[:place])) for place in range(len(variables))]


def _values(graph: Graph, at: Mapping[str, Any], m: Arrays) -> Values:
    """The forward pass with a batch axis of length 1: the point is the same for every upstream gradient."""
    return evaluate(graph, {variable.name: m.value([at[variable.name]]) for variable in graph.variables}, m)


def _own(value: Any, shape: Shape, m: Arrays) -> Any:
    """A value without its batch axis; one that depends on no variable may have none."""
    return m.handed_out(m.value(value).reshape(shape))


def _joint(graph: Graph, roots: Sequence[Node]) -> Graph:
    """One graph that computes the output and the roots."""
    nodes = ancestors_first([graph.output, *roots])
    constants = [node for node in nodes if isinstance(node, Constant)]
    return Graph(graph.output, [node for node in nodes if node.inputs], graph.variables, constants)


def _rows(graph: Graph, values: Values, variables: Sequence[Variable], m: Arrays) -> dict[str, Any]:
    """∂output/∂variable, of shape output.shape + variable.shape, for each variable, by a batch of unit vectors."""
    shape, count = graph.output.shape, prod(graph.output.shape)
    pullback = Pullback(graph.output, graph.nodes, variables, values, m)
    blocks: dict[Node, Any] = {variable: m.zeros((count, *variable.shape)) for variable in variables}
    for start in range(0, count, pullback.at_once):
        places = range(start, min(start + pullback.at_once, count))
        for variable, rows in pullback(ones_at(shape, places, m.dtype)).items():
            blocks[variable][start : start + pullback.at_once] = rows
    # 0 · -4 is -0, which says nothing: 0 is added
    return {variable.name: (blocks[variable] + 0.0).reshape(shape + variable.shape) for variable in variables}


def _notices(graph: Graph, at: Mapping[str, Any], wanted: Collection[str] | None, system: Arrays) -> tuple[Notice, ...]:
    """The steps at which numbers stop being finite, found by a sweep for the sum of the output's entries."""
    with system.at_work():
        return gradients_of(graph, at, wanted, system=system, seed=system.zeros(graph.output.shape) + 1).warnings


def _not_finite(matrix: Any, name: str, system: Arrays) -> Notice:
    """What to say where only single entries are not finite, as 0 · ∞ is not."""
    with system.at_work():
        many = int((matrix - matrix != 0).sum())  # ∞ - ∞ and NaN - NaN are NaN, which differs from 0
    which = f"{many} of the {matrix.size} entries of the {name}" if matrix.size > 1 else f"the {name}"
    return Notice(f"{which} {'is' if many == 1 else 'are'} not finite")


def _no_hessian(graph: Graph) -> ShapeError:
    shape = graph.output.shape
    label = labels_of(graph).get(graph.output, "f")
    message = f"{label} is an array of shape {shape}, not one number: it has no Hessian"
    entry = ", ".join(["0"] * len(shape))
    hint = f"reduce it, as in sum({label}), or take one entry, as in {label}[{entry}]"
    spans = (graph.output.span,) if graph.output.span else ()
    return ShapeError(message, hint=hint, text=graph.text or None, spans=spans)
