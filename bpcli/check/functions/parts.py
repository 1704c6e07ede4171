"""Inputs that are no parameters: the arrays that a mapping or an object holds, whose gradients come by their names.

forward(X, Y, parameters) -> cost, cache       backward(X, Y, cache) -> {"dW1": …, "db1": …}
Net(4, 5, 3).loss(X, y) -> loss, {"W1": …}     where the constructor draws self.params["W1"]
"""

from collections.abc import Mapping
from typing import Any

from bpcli.check.functions.assigning import is_differentiable, names_of_gradient
from bpcli.check.functions.callee import Array, Inputs
from bpcli.check.functions.signatures import Parameters


def gathered(inputs: dict[str, Any], takes: Parameters) -> dict[str, Any]:
    """The inputs of a call, with those that are entries of a mapping among them put into it, which changes it.

    A pass that takes any name takes these as well, and nothing is put anywhere.
    """
    known = takes.names
    if takes.takes_any or all(name in known for name in inputs):
        return inputs
    mappings = [value for value in inputs.values() if isinstance(value, dict)]
    found = dict(inputs)
    for name in [name for name in inputs if name not in known]:
        holder = next((one for one in mappings if name in one), None)
        if holder is not None:
            holder[name] = found.pop(name)
    return found


def parts_claimed(returned: object, made: Any, inputs: Inputs, begun: Any) -> dict[str, Array]:
    """The arrays of floats within mappings, or in an object as it was `begun`, that a backward pass gave gradients for.

    They were returned by name, or left in the object that was `made`, by name. What is an input by itself is no part.
    """
    held: dict[str, Any] = {}
    for one in [*inputs.values(), getattr(begun, "params", None), getattr(begun, "__dict__", None)]:
        held |= {key: value for key, value in one.items() if _is_name(key)} if isinstance(one, Mapping) else {}
    given = (
        {str(key) for key, value in returned.items() if value is not None} if isinstance(returned, Mapping) else set()
    )
    left = getattr(made, "__dict__", {})
    together = left.get("grads", left.get("gradients"))
    given |= {str(key) for key in together} if isinstance(together, Mapping) else set()
    return {
        name: value
        for name, value in held.items()
        if name not in inputs
        and is_differentiable(value)
        and (
            name in given or any(form in given or is_differentiable(left.get(form)) for form in names_of_gradient(name))
        )
    }


def _is_name(key: object) -> bool:
    """Whether it is a name, `W1`, or some with dots, `layer1.weight`."""
    return isinstance(key, str) and all(part.isidentifier() for part in key.split("."))
