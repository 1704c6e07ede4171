"""The values of a network: parameters as they are given by their names in a `state_dict`, or drawn from a seed."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from bpcli.errors import BindingError, MissingValueError, ShapeError, UnknownNameError
from bpcli.graph.network import Network, Parameter
from bpcli.graph.node import Graph
from bpcli.graph.shapes import shape_text
from bpcli.language.complaints import suggestion
from bpcli.language.limits import Limits
from bpcli.language.networks import unfolded
from bpcli.language.values import shape_of, value_from

if TYPE_CHECKING:
    from bpcli.language.arrays import Dtype
    from bpcli.language.build import Setup

COUNTER = "num_batches_tracked"  # stands in the state_dict of batch normalisation, and changes no value
MOST_NAMED = 10


def network_at(
    graph: Graph,
    at: Mapping[str, Any],
    limits: Limits,
    setup: "Setup",
) -> tuple[Graph, dict[str, Any]]:
    """The graph with its stages as nodes, and the values of its variables and parameters.

    Parameters are taken from `at` by their names, or all drawn where it has none of them. Raises BindingError where a
    name is missing or unknown, ShapeError where a parameter has another shape than its layer.
    """
    dtype: Dtype = "float32" if setup.single_precision else "float64"
    names = [variable.name for variable in graph.variables]
    missing = tuple([name for name in names if name not in at])
    if missing:
        hint = f"give a value for each of: {', '.join(missing)}"
        raise MissingValueError(missing, hint, "parameters may be left out, and are then drawn from --random-seed")
    values = {name: value_from(name, at[name], limits, dtype) for name in names}
    shapes = {name: shape_of(value) for name, value in values.items()}
    whole = unfolded(graph, shapes, limits, trains=not setup.evaluation_mode)
    if whole.network:
        values |= _parameter_values(whole.network, at, names, limits, setup.random_seed, dtype)
        drawn = frozenset([one.variable.name for one in whole.network.parameters if one.variable.name not in at])
        whole.network = whole.network._replace(drawn=drawn, random_seed=setup.random_seed)
    return whole, values


def _parameter_values(  # noqa: PLR0913, PLR0917 - what the values depend on
    network: Network, at: Mapping[str, Any], own: Collection[str], limits: Limits, seed: int, dtype: "Dtype"
) -> dict[str, Any]:
    parameters = {parameter.variable.name: parameter for parameter in network.parameters}
    given = {name: at[name] for name in at if name not in own}
    _require_fitting_names(given, parameters, own)
    return {
        name: _given(name, given[name], parameter, limits, dtype) if name in given else _drawn(parameter, seed, dtype)
        for name, parameter in parameters.items()
    }


def _require_fitting_names(given: Collection[str], parameters: Mapping[str, Parameter], own: Collection[str]) -> None:
    """Raise BindingError where a name is no parameter, or where some parameters are given and others are not."""
    saved = [name for name, parameter in parameters.items() if parameter.is_saved]
    extra = [name for name in given if name not in parameters and name.rpartition(".")[2] != COUNTER]
    if extra:
        known = [*own, *saved]
        hint = suggestion(extra[0], known, f"the network has {_listed(known)}")
        message = f"value for {_listed(extra, quoted=True)}, which is no parameter and no input of the network"
        raise UnknownNameError(message, extra[0], hint)
    needed = [name for name in saved if parameters[name].kind == "parameter"]
    missing = [name for name in needed if name not in given]
    if missing and len(missing) < len(needed):
        message = f"no value for the parameter{'s' if len(missing) > 1 else ''} {_listed(missing)}"
        hint = "give all parameters, or none, which are then drawn from --random-seed"
        raise BindingError(message, hint=hint)


def _listed(names: Collection[str], *, quoted: bool = False) -> str:
    shown = [f"'{name}'" if quoted else name for name in list(names)[:MOST_NAMED]]
    return ", ".join(shown) + (", …" if len(names) > MOST_NAMED else "")


def _given(name: str, value: Any, parameter: Parameter, limits: Limits, dtype: "Dtype") -> Any:
    found = value_from(name, value, limits, dtype)
    wanted = parameter.variable.shape
    if shape_of(found) != wanted:
        message = f"the parameter {name} has shape {shape_text(shape_of(found))}, its layer takes {shape_text(wanted)}"
        raise ShapeError(message, hint="shapes are those of PyTorch's state_dict")
    return found


def _drawn(parameter: Parameter, seed: int, dtype: "Dtype") -> Any:
    from bpcli.numbers.drawing import drawn  # noqa: PLC0415 - NumPy is loaded for arrays only

    shape = parameter.variable.shape
    array = drawn(parameter.draw, shape, seed, parameter.variable.name).astype(dtype)
    return array if shape else float(array)
