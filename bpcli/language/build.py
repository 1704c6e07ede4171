"""From text and values to the answer: `grad` is the library's front door."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from bpcli.backprop.gradients import Gradients, gradients_of
from bpcli.errors import MissingValueError, ShapeError, UnknownNameError
from bpcli.graph.node import Graph, Node
from bpcli.graph.op import Shape
from bpcli.graph.order import graph_of
from bpcli.language.complaints import suggestion
from bpcli.language.expressions import parse, paused_collector
from bpcli.language.limits import DEFAULT_LIMITS, Limits
from bpcli.language.values import number_from, shape_of, value_from
from bpcli.numbers.floats import floats
from bpcli.numbers.system import NumberSystem

if TYPE_CHECKING:
    from bpcli.graph.network import Network
    from bpcli.language.arrays import Dtype
    from bpcli.numbers.arrays import Arrays

NO_SHAPES: Mapping[str, Shape] = {}


def grad(  # noqa: PLR0913 - a question, and how it is to be answered
    expression: str | Graph | Node,
    at: Mapping[str, object] | None = None,
    with_respect_to: Collection[str] | str | None = None,
    *,
    seed: object = None,
    single_precision: bool = False,
    random_seed: int = 0,
    evaluation_mode: bool = False,
    limits: Limits = DEFAULT_LIMITS,
) -> Gradients:
    """The value and the gradient of an expression at a point, by backpropagation.

    `at` gives every variable a finite real number, or an array of them; `with_respect_to` names the variables whose
    gradient is wanted, as a list or as `"x,y"`; all by default. `seed` is the upstream gradient of an output that is an
    array, in its shape. Arrays are of float64, or of float32 in `single_precision`. Parameters of layers that `at` does
    not give, and masks of dropout, are drawn from `random_seed`; `evaluation_mode` is PyTorch's `model.eval()`.
    Derivatives at kinks are those of PyTorch. Raises ParseError, BindingError, ShapeError, LimitError.

    >>> grad("x*y*z", {"x": 6, "y": -2, "z": -3}).gradients
    {'x': 6.0, 'y': -18.0, 'z': -12.0}
    """
    at = at or {}
    with paused_collector():
        setup = Setup(random_seed, evaluation_mode, single_precision)
        graph, at = question_from(expression, at, limits, setup)
        wanted = wanted_of(graph, with_respect_to)
        shaped, point, system = at_point(graph, at, limits, single_precision=single_precision)
        if system is floats:
            number = None if seed is None else number_from("the upstream seed", seed)
            return gradients_of(graph, point, wanted, seed=number)
        return gradients_of(shaped, point, wanted, system=system, seed=None if seed is None else seed_for(shaped, seed))


class Setup(NamedTuple):
    """How a network is set up beside its text and its values.

    `random_seed` is where parameters that nobody gave, and the masks of dropout, come from; in `evaluation_mode`
    dropout does nothing and batch normalisation uses its running statistics, as after PyTorch's `model.eval()`.
    `initial_weights` is one of the `SCHEMES` of layers/initial by which drawn weights are drawn, and `initial_scale`
    multiplies them. Parameters are given all or none, but where the setup `draws_the_rest`: then some may be.
    """

    random_seed: int = 0
    evaluation_mode: bool = False
    single_precision: bool = False
    initial_weights: str = "default"
    initial_scale: float = 1.0
    draws_the_rest: bool = False


TRAINING = Setup()


def question_from(
    expression: str | Graph | Node,
    at: Mapping[str, object],
    limits: Limits = DEFAULT_LIMITS,
    setup: Setup = TRAINING,
) -> tuple[Graph, Mapping[str, object]]:
    """The graph of an expression, a network as the nodes of its layers, and the values, those of parameters among them.

    Raises ParseError, LimitError; for a network also BindingError and ShapeError.
    """
    graph = graph_from(expression, at, limits)
    if not has_layers(graph):
        return graph, at
    from bpcli.language.parameters import network_at  # noqa: PLC0415 - most graphs have no layers

    return network_at(graph, at, limits, setup)


def has_layers(graph: Graph) -> bool:
    """Whether a graph has layers that have not become nodes yet."""
    return any(op.name == "stage" for op in {node.op for node in graph.nodes})


def graph_from(expression: str | Graph | Node, bound: Collection[str], limits: Limits = DEFAULT_LIMITS) -> Graph:
    """The graph of an expression as text, as its output node, or as it is; names in `bound` are variables.

    Raises ParseError, LimitError.
    """
    if isinstance(expression, str):
        return parse(expression, bound, limits)
    return graph_of(expression) if isinstance(expression, Node) else expression


def at_point(
    graph: Graph, at: Mapping[str, object], limits: Limits = DEFAULT_LIMITS, *, single_precision: bool = False
) -> tuple[Graph, dict[str, Any], NumberSystem]:
    """The graph with the shapes that it has at these values, the values, and the number system for them.

    Raises BindingError, ShapeError, LimitError.
    """
    point = values_for(graph, at, limits, single_precision=single_precision)
    shapes = {name: shape_of(value) for name, value in point.items()}
    if not single_precision and not has_arrays(graph, shapes):
        return graph, point, floats
    from bpcli.language.shapes import with_shapes  # noqa: PLC0415 - single numbers have no shapes

    return with_shapes(graph, shapes, limits), point, array_system(single_precision=single_precision)


def has_arrays(graph: Graph, shapes: Mapping[str, Shape] = NO_SHAPES) -> bool:
    """Whether any value is an array, or any op moves or joins entries."""
    return any(shapes.values()) or any(op.is_structural for op in {node.op for node in graph.nodes})


def array_system(*, single_precision: bool = False) -> "Arrays":
    """The number system of arrays: binary64, or binary32."""
    from bpcli.numbers.arrays import arrays, single  # noqa: PLC0415 - NumPy is loaded for arrays only

    return single if single_precision else arrays


def seed_for(graph: Graph, seed: object) -> Any:
    """The upstream gradient of the output. Raises ShapeError where it has not the shape of the output."""
    value = value_from("the upstream seed", seed)
    if shape_of(value) != graph.output.shape:
        message = f"the seed has shape {shape_of(value)}, the output {graph.output.shape}"
        raise ShapeError(message, hint="give one number for each entry of the output")
    return value


def values_for(
    graph: Graph, at: Mapping[str, object], limits: Limits = DEFAULT_LIMITS, *, single_precision: bool = False
) -> dict[str, Any]:
    """The value of each variable, a number or an array, in the order of the text.

    Raises BindingError for an unknown or a missing name.
    """
    dtype: Dtype = "float32" if single_precision else "float64"
    return {name: value_from(name, at[name], limits, dtype) for name in _bound_names(graph, at)}


def point_for(graph: Graph, at: Mapping[str, object]) -> dict[str, float]:
    """The number of each variable, in the order of the text. Raises BindingError for an unknown or a missing name."""
    return {name: number_from(name, at[name]) for name in _bound_names(graph, at)}


def _bound_names(graph: Graph, at: Mapping[str, object]) -> list[str]:
    names = [variable.name for variable in graph.variables]
    require_known(at, names, "value for")
    missing = tuple(name for name in names if name not in at)
    if missing:
        raise MissingValueError(missing, hint=f"give a value for each of: {', '.join(missing)}")
    return names


def wanted_of(graph: Graph, with_respect_to: Collection[str] | str | None) -> set[str] | None:
    """The names in `with_respect_to`, or None for every variable; of a network, its parameters and its inputs.

    Raises BindingError for an unknown name.
    """
    if with_respect_to is None:
        return None if graph.network is None else _learned_and_read(graph, graph.network)
    if isinstance(with_respect_to, str):
        with_respect_to = [name.strip() for name in with_respect_to.split(",")]
    require_known(with_respect_to, [variable.name for variable in graph.variables], "gradient with respect to")
    return set(with_respect_to)


def _learned_and_read(graph: Graph, network: "Network") -> set[str]:
    """What a network's gradients are about: parameters and inputs, not targets, indices, or states of layers."""
    return {variable.name for variable in graph.variables if variable.varies and variable.name not in network.fixed}


def require_known(given: Collection[str], names: list[str], what: str) -> None:
    """Raise BindingError, with a suggestion, for the first given name that is no variable of the expression."""
    known = set(names)
    for name in given:
        if name not in known:
            have = f"its variables are {', '.join(names[:10])}" if names else "it has no variables"
            message = f"{what} '{name}', which is no variable of the expression"
            raise UnknownNameError(message, name, suggestion(name, names, have))
