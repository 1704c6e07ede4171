"""Inputs that are no parameters: the arrays that a mapping or an object holds, whose gradients come by their names.

forward(X, Y, parameters) -> cost, cache       backward(X, Y, cache) -> {"dW1": …, "db1": …}
Net(4, 5, 3).loss(X, y) -> loss, {"W1": …}     where the constructor draws self.params["W1"]
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from bpcli.check.functions.callee import Array, Fault, Inputs
from bpcli.check.functions.passes.assigning import is_differentiable, keyed, names_of_gradient
from bpcli.check.functions.passes.signatures import Parameters
from bpcli.check.functions.passes.watching import readable

DEEPEST = 4
MOST_OF_A_LIST = 200


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
    given = {key for key, value in (keyed(returned) or {}).items() if value is not None}
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


def never_checked(made: Any, inputs: Inputs, begun: Any, parts: Mapping[str, Any], where: str) -> tuple[Fault, ...]:
    """A note on the arrays of floats within inputs, or in an object, that no gradient was found of.

    What a pass replaces on its way is no parameter, and neither is what is an input under another name.
    """
    given = [value for value in [*inputs.values(), *parts.values()] if isinstance(value, np.ndarray)]
    after = dict(_arrays_in(made, ""))
    held = [*_arrays_in({name: one for name, one in inputs.items() if isinstance(one, Mapping)}, "")]
    held += [(name, one) for name, one in _arrays_in(begun, "") if name in after and np.array_equal(one, after[name])]
    known = {*inputs, *parts}
    shapes = {form for name, _ in held for form in names_of_gradient(name)}
    silent = [
        name
        for name, one in held
        if name not in shapes
        and name.rpartition(".")[2] not in known
        and not any(np.array_equal(one, other) for other in given)
    ]
    if not silent:
        return ()
    text = f"Without a check: {readable(', '.join(silent), MOST_OF_A_LIST)}; no gradient of them was found"
    return (Fault("not checked", where, text, "let the passes take them as parameters", is_fatal=False),)


def _arrays_in(holder: Any, name: str, depth: int = 0) -> Iterator[tuple[str, Array]]:
    """The arrays of floats that a mapping, a list or an object holds, with their names, but for gradients."""
    if isinstance(holder, np.ndarray):
        yield from [(name, holder)] if is_differentiable(holder) else []
        return
    if isinstance(holder, list | tuple):
        each = [(f"{name}[{place}]", one) for place, one in enumerate(holder)]
    else:
        own = holder if isinstance(holder, Mapping) else {} if callable(holder) else getattr(holder, "__dict__", {})
        forms = {form for key in own for form in names_of_gradient(str(key))} | {"grads", "gradients"}
        each = [(f"{name}.{key}" if name else str(key), one) for key, one in own.items() if str(key) not in forms]
    for title, one in each if depth < DEEPEST else ():
        yield from _arrays_in(one, title, depth + 1)


def _is_name(key: object) -> bool:
    """Whether it is a name, `W1`, or some with dots, `layer1.weight`."""
    return isinstance(key, str) and all(part.isidentifier() for part in key.split("."))
