"""Arrays that are typed: `[[1, -2], [0.5, 3]]`, whose entries may be formulas of numbers, `[pi/2, sqrt(2)]`."""

from bpcli.errors import BindingError, BpcliError
from bpcli.graph.node import Constant, Node
from bpcli.graph.notation import is_list
from bpcli.graph.op import MOST_AXES
from bpcli.graph.order import graph_of
from bpcli.language.arrays import Array, Dtype, array_from
from bpcli.language.complaints import shortened
from bpcli.language.expressions import parse
from bpcli.language.limits import DEFAULT_LIMITS, Limits
from bpcli.language.tokens import is_bound_name
from bpcli.language.values import option_for
from bpcli.numbers.evaluate import evaluate


def array_from_text(name: str, typed: str, limits: Limits = DEFAULT_LIMITS, dtype: Dtype = "float64") -> Array:
    """The array that was typed for a variable. Raises BindingError where it is no list of numbers, LimitError."""
    try:
        graph = parse(typed, limits=limits)
    except BpcliError as error:
        raise _no_list(name, typed, error.message) from error
    if graph.variables or graph.names:
        raise _no_list(name, typed, f"'{graph.variables[0].name}' is no number" if graph.variables else "")
    return array_from(name, _entries(name, typed, graph.output, MOST_AXES), limits, dtype)


def _entries(name: str, typed: str, node: Node, depth: int) -> object:
    if is_list(node) and depth:
        return [_entries(name, typed, entry, depth - 1) for entry in node.inputs]
    if isinstance(node, Constant):
        return node.value
    if node.op.is_structural:
        raise _no_list(name, typed, "its entries must be numbers")
    return evaluate(graph_of(node), {})[node]


def _no_list(name: str, typed: str, reason: str) -> BindingError:
    message = f"the value of {name} is no list of numbers: '{shortened(typed)}'" + (f"; {reason}" if reason else "")
    option = option_for(name) if is_bound_name(name) else "--upstream-seed "
    return BindingError(message, hint=f'give a list, such as {option}"[1, 2.5]" or {option}"[[1, 2], [3, 4]]"')
