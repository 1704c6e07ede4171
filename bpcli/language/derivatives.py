"""From text and values to a matrix of derivatives: `jacobian` and `hessian`, beside `grad`."""

from collections.abc import Collection, Mapping, Sequence
from math import prod
from typing import Any

from bpcli.backprop.jacobian import Hessian, Jacobian, hessian_of, jacobian_of
from bpcli.errors import LimitError
from bpcli.graph.labels import labels_of
from bpcli.graph.node import Graph, Node, Variable
from bpcli.graph.shapes import shape_text, size_text
from bpcli.language.build import Setup, array_system, question_from, values_for, wanted_of
from bpcli.language.expressions import paused_collector
from bpcli.language.limits import DEFAULT_LIMITS, Limits
from bpcli.language.shapes import with_shapes
from bpcli.language.values import shape_of

MOST_NAMED = 5  # variables in the message of an error


def jacobian(  # noqa: PLR0913 - a question, and how it is to be answered
    expression: str | Graph | Node,
    at: Mapping[str, object] | None = None,
    with_respect_to: Collection[str] | str | None = None,
    *,
    single_precision: bool = False,
    random_seed: int = 0,
    evaluation_mode: bool = False,
    limits: Limits = DEFAULT_LIMITS,
) -> Jacobian:
    """The Jacobian of an expression at a point: every entry of the output by every entry of the variables.

    The arguments are those of `grad`. `blocks["x"]` has the shape of the output followed by that of `x`;
    `matrix()` has a row for each entry of the output and a column for each entry of the variables. Of an output that is
    one number it is the gradient. Derivatives at kinks are those of PyTorch. Raises ParseError, BindingError,
    ShapeError, and LimitError for more entries than `limits.entries`, before their memory is taken.

    >>> jacobian("x**2", {"x": [1, 2]}).blocks["x"].tolist()
    [[2.0, 0.0], [0.0, 4.0]]
    """
    with paused_collector():
        setup = Setup(random_seed, evaluation_mode, single_precision)
        graph, point, wanted = _at_point(expression, at, with_respect_to, limits, setup)
        _require_room(graph, "Jacobian", graph.output.shape, _chosen(graph, wanted), limits)
        return jacobian_of(graph, point, wanted, array_system(single_precision=single_precision))


def hessian(  # noqa: PLR0913 - the same
    expression: str | Graph | Node,
    at: Mapping[str, object] | None = None,
    with_respect_to: Collection[str] | str | None = None,
    *,
    single_precision: bool = False,
    random_seed: int = 0,
    evaluation_mode: bool = False,
    limits: Limits = DEFAULT_LIMITS,
) -> Hessian:
    """The Hessian of an expression at a point: the second derivatives of its output, which is one number.

    The arguments are those of `grad`. `blocks["x"]["y"]` is ∂(∂f/∂x)/∂y, in the shape of `x` followed by
    that of `y`; `matrix()` has a row and a column for each entry of the variables. The entries are as computed, so the
    matrix is symmetric but for rounding. Raises ParseError, BindingError, ShapeError for an output that is an array,
    and LimitError for more entries than `limits.entries`, before their memory is taken.

    >>> hessian("x**2*y", {"x": 2, "y": 3}).matrix().tolist()
    [[6.0, 4.0], [4.0, 0.0]]
    """
    with paused_collector():
        setup = Setup(random_seed, evaluation_mode, single_precision)
        graph, point, wanted = _at_point(expression, at, with_respect_to, limits, setup)
        variables = _chosen(graph, wanted)
        _require_room(graph, "Hessian", (sum(prod(variable.shape) for variable in variables),), variables, limits)
        return hessian_of(graph, point, wanted, array_system(single_precision=single_precision))


def _at_point(
    expression: str | Graph | Node,
    at: Mapping[str, object] | None,
    with_respect_to: Collection[str] | str | None,
    limits: Limits,
    setup: Setup,
) -> tuple[Graph, dict[str, Any], set[str] | None]:
    """The graph with shapes, the value of each variable, and the names that are wanted, None for all."""
    graph, at = question_from(expression, at or {}, limits, setup)
    wanted = wanted_of(graph, with_respect_to)
    point = values_for(graph, at, limits, single_precision=setup.single_precision)
    return with_shapes(graph, {name: shape_of(value) for name, value in point.items()}, limits), point, wanted


def _chosen(graph: Graph, wanted: set[str] | None) -> list[Variable]:
    return [variable for variable in graph.variables if wanted is None or variable.name in wanted]


def _require_room(graph: Graph, name: str, rows: Sequence[int], variables: Sequence[Variable], limits: Limits) -> None:
    """Raise LimitError where a matrix would have more entries than the limit."""
    entries = prod(rows) * sum(prod(variable.shape) for variable in variables)
    if entries <= limits.entries:
        return
    label = labels_of(graph).get(graph.output, "f")
    names = [f"{variable.name} {shape_text(variable.shape)}" for variable in variables[:MOST_NAMED]]
    named = ", ".join(names) + (", …" if len(variables) > MOST_NAMED else "")
    output = f"{label} {shape_text(graph.output.shape)}" if graph.output.shape else label
    message = f"the {name} of {output} with respect to {named} has {entries} entries, {size_text(entries)}"
    hint = f"raise the limit of {limits.entries} entries with --max-entries, or ask for fewer by --with-respect-to"
    raise LimitError(message, hint=hint, text=graph.text or None)
