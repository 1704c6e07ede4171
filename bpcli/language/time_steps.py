"""The time axis of what recurrent layers read: which variables have one, and sequences cut to their first steps."""

from collections.abc import Mapping
from typing import Any

from bpcli.errors import ShapeError, UsageError
from bpcli.graph.node import Graph, Node, Variable
from bpcli.graph.op import Shape
from bpcli.language.limits import DEFAULT_LIMITS, Limits
from bpcli.language.networks import unfolded
from bpcli.language.values import shape_of, value_from
from bpcli.layers.fitting import SEQUENCE_AXES
from bpcli.layers.module import Module, Stage

RECURRENT = frozenset({"RNN", "LSTM", "GRU"})
TABLE = "Embedding"  # whose output has one axis more than its input
KEEPING = RECURRENT | frozenset(
    {TABLE, "Linear", "LayerNorm", "Dropout", "Identity", "Tanh", "Sigmoid", "ReLU", "LeakyReLU", "ELU", "GELU", "SiLU"}
)  # layers that leave the axes in front as they are


def time_axes(graph: Graph, shapes: Mapping[str, Shape]) -> dict[str, int]:
    """The variables that recurrent layers read, each with its axis of time, which `batch_first` decides.

    `graph` is as `parse` gives it, with its layers as stages; `shapes` are those of its variables. Between a variable
    and the layer may stand an Embedding, and layers and functions that leave the axes in front as they are.
    """
    axes: dict[str, int] = {}
    for stage in graph.nodes:
        layer, inner = _recurrent_in(stage)
        if layer is not None:
            variable, outer = _variable_before(stage.inputs[0])
            if variable is not None:
                count = len(shapes[variable.name]) + inner + outer
                is_second = layer.arguments.get("batch_first", False) and count > SEQUENCE_AXES
                axes.setdefault(variable.name, int(is_second))
    return axes


def cut_in_time(graph: Graph, at: Mapping[str, Any], steps: int, limits: Limits = DEFAULT_LIMITS) -> dict[str, Any]:
    """The values with the sequences that recurrent layers read cut to their first `steps`.

    Targets of losses are cut with them, along the same axis, where the net gives one output for each step. Raises
    UsageError where no recurrent layer reads a variable, or one has fewer steps; BindingError for a value that is none.
    """
    names = [variable.name for variable in graph.variables if variable.name in at]
    values = {name: value_from(name, at[name], limits) for name in names}
    shapes = {name: shape_of(value) for name, value in values.items()}
    axes = time_axes(graph, shapes) if len(names) == len(graph.variables) else {}
    if not axes:
        message = "no recurrent layer reads a variable that has a value, so there is no time to cut"
        raise UsageError(message, hint="put an RNN, LSTM or GRU behind it: x -> RNN(8) -> …")
    for name, axis in axes.items():
        length = shapes[name][axis] if len(shapes[name]) > axis else 0
        if not 0 < steps <= length:
            message = f"{name} has {length} time steps, and cannot be cut to {steps}"
            raise UsageError(message, hint=f"take from 1 to {length}")
    axes |= _targets_in_time(graph, shapes, axes, limits)
    return dict(at) | {name: _first(values[name], axis, steps) for name, axis in axes.items()}


def _first(value: Any, axis: int, steps: int) -> Any:
    """The first so many entries along an axis."""
    return value[(*[slice(None)] * axis, slice(steps))]


def _targets_in_time(
    graph: Graph, shapes: Mapping[str, Shape], axes: Mapping[str, int], limits: Limits
) -> dict[str, int]:
    """The targets that have an axis of time too: without it, sequences of another length would not fit them.

    Tried with one step more, not fewer: a single step could be broadcast.
    """
    longer = dict(shapes) | {name: _with_one_more(shapes[name], axis) for name, axis in axes.items()}
    if _fits(graph, longer, limits):
        return {}
    (axis, length) = next((axis, shapes[name][axis]) for name, axis in axes.items())
    losses = [node for node in graph.nodes if isinstance(node, Stage) and node.module.is_loss]
    targets = {loss.inputs[1].name: axis for loss in losses if isinstance(loss.inputs[1], Variable)}
    return {
        name: axis
        for name in targets
        if name is not None and name not in axes and shapes[name][axis : axis + 1] == (length,)
    }


def _with_one_more(shape: Shape, axis: int) -> Shape:
    return (*shape[:axis], shape[axis] + 1, *shape[axis + 1 :])


def _fits(graph: Graph, shapes: Mapping[str, Shape], limits: Limits) -> bool:
    """Whether the network can be built for inputs of these shapes."""
    try:
        unfolded(graph, shapes, limits, trains=True)
    except ShapeError:
        return False
    return True


def _recurrent_in(node: Node) -> tuple[Module | None, int]:
    """The first recurrent layer of a stage, and the axes that come in before it; None where it has none."""
    added = 0
    if isinstance(node, Stage) and isinstance(node.module, Module):
        for _, module in node.module.leaves(""):
            if module.definition.name in RECURRENT:
                return module, added
            if module.definition.name not in KEEPING:
                break
            added += module.definition.name == TABLE
    return None, 0


def _variable_before(node: Node) -> tuple[Variable | None, int]:
    """The variable that a stage reads through layers that keep its axes, and the axes that come in between."""
    added = 0
    while not isinstance(node, Variable):
        if isinstance(node, Stage) and isinstance(node.module, Module):
            kinds = [module.definition.name for _, module in node.module.leaves("")]
            if not KEEPING.issuperset(kinds):
                return None, 0
            added += kinds.count(TABLE)
        elif node.op.shape is not None or len(node.inputs) != 1:
            return None, 0
        node = node.inputs[0]
    return node, added
