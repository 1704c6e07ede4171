"""The values of a network: parameters as they are given by their names in a `state_dict`, or drawn from a seed."""

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bpcli.errors import BindingError, MissingValueError, ShapeError, UnknownNameError
from bpcli.graph.network import Parameter
from bpcli.graph.node import Graph
from bpcli.graph.op import Shape
from bpcli.graph.shapes import shape_text
from bpcli.language.complaints import suggestion
from bpcli.language.limits import Limits
from bpcli.language.networks import unfolded
from bpcli.language.values import shape_of, value_from
from bpcli.layers.initial import by_scheme, is_weight
from bpcli.layers.module import Module, Stage

if TYPE_CHECKING:
    from bpcli.language.arrays import Dtype
    from bpcli.language.build import Setup

COUNTER = "num_batches_tracked"  # of batch normalisation: changes no value but running means without a momentum
MOST_NAMED = 10


def network_at(graph: Graph, at: Mapping[str, Any], limits: Limits, setup: "Setup") -> tuple[Graph, dict[str, Any]]:
    """The graph with its stages as nodes, and the values of its variables and parameters.

    Parameters are taken from `at` by their names, or all drawn where it has none of them; where the setup
    `draws_the_rest`, those that it has not are drawn. Raises BindingError where a name is missing or unknown,
    ShapeError where a parameter has another shape than its layer.
    """
    dtype: Dtype = "float32" if setup.single_precision else "float64"
    names = [variable.name for variable in graph.variables]
    missing = tuple([name for name in names if name not in at])
    if missing:
        hint = f"give a value for each of: {', '.join(missing)}"
        raise MissingValueError(missing, hint, _beside(graph, missing))
    values = {name: value_from(name, at[name], limits, dtype) for name in names}
    shapes = {name: shape_of(value) for name, value in values.items()}
    given = {name: at[name] for name in at if name not in values}
    is_numbered = not given or any("." in name for name in given)
    trains = not setup.evaluation_mode
    whole = unfolded(graph, shapes, limits, trains=trains, numbers_lone_layer=is_numbered)
    if whole.network:
        parameters = {parameter.variable.name: parameter for parameter in whole.network.parameters}
        _require_known_names(given, parameters, names)
        if not setup.draws_the_rest:
            _require_whole(given, parameters)
            if not trains:
                _require_statistics(given, parameters)
        found = {name: value_from(name, given[name], limits, dtype) for name in parameters if name in given}
        _require_fitting_shapes(found, parameters)
        drawn = _drawn_beside(found, parameters, setup)
        values |= found | drawn
        values |= _rows(parameters, values)
        whole.network = whole.network._replace(
            drawn=frozenset(drawn),
            random_seed=setup.random_seed,
            initial_weights=setup.initial_weights,
            initial_scale=setup.initial_scale,
        )
    return whole, values


def _beside(graph: Graph, missing: Collection[str]) -> str:
    """What else to know where values are missing: what takes a target, and that parameters need none."""
    known = "parameters may be left out, and are then drawn from --random-seed"
    for stage in graph.nodes:
        module = stage.module if isinstance(stage, Stage) else None
        if isinstance(module, Module) and module.is_loss and stage.inputs[1].name in missing:
            return f"{stage.inputs[1].name} is the target that {module.definition.name} takes; {known}"
    return known


def _require_known_names(given: Collection[str], parameters: Mapping[str, Parameter], own: Collection[str]) -> None:
    """Raise BindingError where a name is no parameter."""
    saved = [name for name, parameter in parameters.items() if parameter.is_saved]
    extra = [name for name in given if name not in parameters and name.rpartition(".")[2] != COUNTER]
    if extra:
        known = [*own, *saved]
        hint = _renaming(extra, saved) or suggestion(extra[0], known, f"the network has {_listed(known)}")
        message = f"value for {_listed(extra, quoted=True)}, which is no parameter and no input of the network"
        raise UnknownNameError(message, extra[0], hint)


def _require_whole(given: Collection[str], parameters: Mapping[str, Parameter]) -> None:
    """Raise BindingError where some parameters are given and others are not."""
    needed = [name for name, one in parameters.items() if one.is_saved and one.kind == "parameter"]
    missing = [name for name in needed if name not in given]
    if missing and len(missing) < len(needed):
        message = f"no value for the parameter{'s' if len(missing) > 1 else ''} {_listed(missing)}"
        hint = "give all parameters, or none, which are then drawn from --random-seed"
        raise BindingError(message, hint=hint)


def _require_statistics(given: Collection[str], parameters: Mapping[str, Parameter]) -> None:
    """Raise BindingError where parameters are given and the running statistics that evaluation needs are not."""
    buffers = [name for name, parameter in parameters.items() if parameter.kind == "buffer"]
    missing = [name for name in buffers if name not in given and name.rpartition(".")[2] != COUNTER]
    if missing and any(parameters[name].kind == "parameter" for name in given if name in parameters):
        message = f"no value for the running statistics {_listed(missing)}, which evaluation mode uses"
        raise BindingError(message, hint="they stand in PyTorch's state_dict beside the parameters")


def _renaming(extra: Sequence[str], saved: Sequence[str]) -> str | None:
    """What to do where unknown names are those of the network but for what they begin with; None where they are not.

    Names begin with `model.` or `module.` where a module of one's own held the network, and with `0.` where a pipeline
    has other stages beside it.
    """
    own, first = set(saved), extra[0]
    for name in saved:
        start = first.removesuffix(f".{name}") + "."
        if len(start) <= len(first) and all(one.removeprefix(start) in own for one in extra if one.startswith(start)):
            return f"the network calls it '{name}': take '{start}' off the names"
        start = name.removesuffix(f".{first}") + "."
        if "." in first and len(start) <= len(name) and all(start + one in own for one in extra):
            return (
                f"the network calls it '{name}', as it is one stage of several: put all layers into one nn.Sequential"
            )
    return None


def _listed(names: Collection[str], *, quoted: bool = False) -> str:
    shown = [f"'{name}'" if quoted else name for name in list(names)[:MOST_NAMED]]
    return ", ".join(shown) + (", …" if len(names) > MOST_NAMED else "")


def _require_fitting_shapes(found: Mapping[str, Any], parameters: Mapping[str, Parameter]) -> None:
    """Raise ShapeError where given parameters have other shapes than their layers take; it names them all."""
    unfit = [
        f"{name} {_shape_in_words(shape_of(value))}, not {_shape_in_words(parameters[name].variable.shape)}"
        for name, value in found.items()
        if shape_of(value) != parameters[name].variable.shape
    ]
    if unfit:
        many = "parameters have other shapes than their layers take"
        message = many if len(unfit) > 1 else "a parameter has another shape than its layer takes"
        message += ": " + "; ".join(unfit[:MOST_NAMED]) + ("; …" if len(unfit) > MOST_NAMED else "")
        raise ShapeError(message, hint="shapes are those of PyTorch's state_dict")


def _shape_in_words(shape: Shape) -> str:
    return shape_text(shape) if shape else "a single number"


def _drawn_beside(found: Collection[str], parameters: Mapping[str, Parameter], setup: "Setup") -> dict[str, Any]:
    """The values of the parameters that were not given, each drawn from the seed and its own name."""
    from bpcli.numbers.drawing import drawn  # noqa: PLC0415 - NumPy is loaded for arrays only

    dtype: Dtype = "float32" if setup.single_precision else "float64"
    values: dict[str, Any] = {}
    for name, parameter in parameters.items():
        if name not in found and parameter.row_of is None:
            draw, shape = parameter.draw, parameter.variable.shape
            array = drawn(by_scheme(setup.initial_weights, draw, shape), shape, setup.random_seed, name)
            if is_weight(draw, shape):
                array *= setup.initial_scale
            values[name] = array.astype(dtype) if array.shape else float(array)
    return values


def _rows(parameters: Mapping[str, Parameter], values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of those that are rows of others."""
    rows = {name: (one.row_of.name, int(one.draw.first)) for name, one in parameters.items() if one.row_of}
    return {name: values[table][row : row + 1] for name, (table, row) in rows.items()}
