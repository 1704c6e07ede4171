"""From text and values to the answer: `grad` is the library's front door."""

from collections.abc import Collection, Mapping

from bpcli.backprop.gradients import Gradients, gradients_of
from bpcli.errors import MissingValueError, UnknownNameError
from bpcli.graph.node import Graph, Node
from bpcli.graph.order import graph_of
from bpcli.language.complaints import suggestion
from bpcli.language.expressions import parse, paused_collector
from bpcli.language.limits import DEFAULT_LIMITS, Limits
from bpcli.language.values import number_from


def grad(
    expression: str | Graph | Node,
    at: Mapping[str, object] | None = None,
    with_respect_to: Collection[str] | str | None = None,
    *,
    limits: Limits = DEFAULT_LIMITS,
) -> Gradients:
    """The value and the gradient of an expression at a point, by backpropagation.

    `at` gives every variable a finite real number; `with_respect_to` names the variables whose gradient is wanted, as a
    list or as `"x,y"`; all by default. Derivatives at kinks are those of PyTorch. Raises ParseError, BindingError,
    LimitError.

    >>> grad("x*y*z", {"x": 6, "y": -2, "z": -3}).gradients
    {'x': 6.0, 'y': -18.0, 'z': -12.0}
    """
    at = at or {}
    with paused_collector():
        if isinstance(expression, Node):
            expression = graph_of(expression)
        graph = parse(expression, at, limits) if isinstance(expression, str) else expression
        return gradients_of(graph, point_for(graph, at), wanted_of(graph, with_respect_to))


def point_for(graph: Graph, at: Mapping[str, object]) -> dict[str, float]:
    """The value of each variable, in the order of the text. Raises BindingError for an unknown or a missing name."""
    names = [variable.name for variable in graph.variables]
    require_known(at, names, "value for")
    missing = tuple(name for name in names if name not in at)
    if missing:
        raise MissingValueError(missing, hint=f"give a value for each of: {', '.join(missing)}")
    return {name: number_from(name, at[name]) for name in names}


def wanted_of(graph: Graph, with_respect_to: Collection[str] | str | None) -> set[str] | None:
    """The names in `with_respect_to`, or None for every variable. Raises BindingError for an unknown name."""
    if with_respect_to is None:
        return None
    if isinstance(with_respect_to, str):
        with_respect_to = [name.strip() for name in with_respect_to.split(",")]
    require_known(with_respect_to, [variable.name for variable in graph.variables], "gradient with respect to")
    return set(with_respect_to)


def require_known(given: Collection[str], names: list[str], what: str) -> None:
    """Raise BindingError, with a suggestion, for the first given name that is no variable of the expression."""
    known = set(names)
    for name in given:
        if name not in known:
            have = f"its variables are {', '.join(names[:10])}" if names else "it has no variables"
            message = f"{what} '{name}', which is no variable of the expression"
            raise UnknownNameError(message, name, suggestion(name, names, have))
