"""What is checked, as it was given: two functions, a class with two methods or an object of it."""

import copy
import inspect
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from bpcli.check.functions.callee import Fault, MisbehaviourError
from bpcli.check.functions.passes.assigning import names_of_gradient
from bpcli.check.functions.passes.autograd import is_autograd, taken_by_autograd
from bpcli.check.functions.passes.signatures import Function, Parameters, arguments, parameters_of

MOST_HELD = 1000  # so much of an object tells whether a pass left anything in it


class Subject(NamedTuple):
    """A forward and a backward pass: two functions, or two methods of one object, which is made anew for each run.

    `forward_takes` and `backward_takes` are without `self`; `made_from` is what the constructor takes. Other inputs are
    attributes of the object, such as weights that its constructor draws, and are set before the forward pass.
    """

    forward: Any
    backward: Any = None
    owner: Any = None
    made_from: Parameters = Parameters(())
    forward_takes: Parameters = Parameters(())
    backward_takes: Parameters = Parameters(())

    @property
    def takes(self) -> Parameters:
        """What inputs there may be: those of the forward pass first, then those of the constructor."""
        found = self.forward_takes.beside(self.made_from)
        return found if self.owner is None or self.is_torch else found._replace(keywords="attributes")

    @property
    def is_torch(self) -> bool:
        """Whether it is called by `apply`, and its backward pass by PyTorch."""
        return is_autograd(self.owner)

    @property
    def last(self) -> Any:
        """The function that returns the gradients."""
        name = self.forward if self.backward is None else self.backward
        return name if self.owner is None else getattr(self.owner, name, None)

    def made(self, inputs: Mapping[str, Any]) -> Any:
        """A new object of the class, or a copy of the object, with the attributes that are inputs; None for functions.

        Raises MisbehaviourError where there is no such attribute, and whatever the constructor raises.
        """
        if self.is_torch or self.owner is None:
            return self.owner
        if inspect.isclass(self.owner):
            own = {name: value for name, value in inputs.items() if name in self.made_from.names}
            places, names = arguments(self.made_from, own)
            found = self.owner(*places, **names)
        else:
            found = copy.deepcopy(self.owner)
        known = {*self.made_from.names, *self.forward_takes.names, *self.backward_takes.names}
        if not self.forward_takes.takes_any:
            _set_attributes(found, {name: value for name, value in inputs.items() if name not in known})
        return found

    def call(self, made: Any, inputs: Mapping[str, Any]) -> Any:
        """What the forward pass returns."""
        own = inputs
        if self.made_from.listed:
            others = set(self.made_from.names) - set(self.forward_takes.names)
            own = {name: value for name, value in inputs.items() if name not in others}
        places, names = arguments(self.forward_takes, own)
        return self._bound(self.forward, made)(*places, **names)

    def call_back(self, made: Any, places: Sequence[Any], names: Mapping[str, Any]) -> Any:
        """What the backward pass returns."""
        return self._bound(self.backward, made)(*places, **names)

    def _bound(self, function: Any, made: Any) -> Function:
        bound: Function = function if made is None else getattr(made, function)
        return bound


def _set_attributes(made: Any, inputs: Mapping[str, Any]) -> None:
    """Let attributes of an object, or what it holds by their names in `self.params`, be these inputs."""
    held = getattr(made, "params", None)
    for name, value in inputs.items():
        if hasattr(made, name):
            setattr(made, name, value)
        elif isinstance(held, dict) and name in held:
            _put(held, name, value)
        else:
            own = type(made).__name__
            known = ", ".join(name for name in vars(made) if not name.startswith("_")) or "none"
            text = f"'{own}' has neither a parameter nor an attribute '{name}'"
            raise MisbehaviourError(Fault("cannot be called", own, text, f"its attributes are {known}"))


def _put(held: dict[str, Any], name: str, value: Any) -> None:
    """Let an entry be this value; an array like it is written over, as layers of the object may hold it as well."""
    own = held[name]
    if isinstance(own, np.ndarray) and (own.shape, own.dtype) == (np.shape(value), getattr(value, "dtype", None)):
        own[...] = value
    else:
        held[name] = value


def held_by(made: Any) -> list[Any]:
    """What an object holds: its attributes, and what is in those that are lists, mappings or objects, as layers are."""
    found: list[Any] = []
    left, seen = [made], set()
    while left and len(found) < MOST_HELD:
        one = left.pop()
        if id(one) in seen or isinstance(one, type | ModuleType):
            continue
        seen.add(id(one))
        if isinstance(one, list | tuple):
            inner = list(one)
        else:
            inner = list((one if isinstance(one, dict) else getattr(one, "__dict__", {})).values())
        found += inner
        left += inner
    return found


def output_left(made: Any) -> Any:
    """What a forward pass without a result left in its object: `self.output` or `self.out`."""
    return next((getattr(made, name) for name in ("output", "out") if hasattr(made, name)), None)


Methods = tuple[str, str | None]


def subject_of(forward: Any, backward: Any = None, methods: Methods = ("forward", "backward")) -> Subject:
    """What is checked, from a forward and a backward pass as they were given.

    A class, or an object with these two methods, has both, and one with the first alone gives its gradients with its
    output; with a backward pass of its own given it is a function, as
    any object is that can be called. Raises MisbehaviourError where there is nothing to call.
    """
    if is_autograd(forward):
        return Subject("apply", None, forward, forward_takes=taken_by_autograd(forward))
    has_both = all(method is None or callable(getattr(forward, method, None)) for method in methods)
    if has_both and (backward is None or backward is forward):
        takes = [Parameters(()) if method is None else _taken_by_method(forward, method) for method in methods]
        made_from = _taken_by_constructor(forward) if inspect.isclass(forward) else Parameters(())
        return Subject(*methods, forward, made_from, *takes)
    for function in (forward, *([] if backward is None else [backward])):
        if not callable(function) or inspect.isclass(function):
            raise MisbehaviourError(_no_function(function, methods))
    takes = [parameters_of(forward), Parameters(()) if backward is None else parameters_of(backward)]
    return Subject(forward, backward, None, Parameters(()), *takes)


def _no_function(given: Any, methods: Methods) -> Fault:
    name = getattr(given, "__name__", type(given).__name__)
    if inspect.isclass(given):
        text = f"the class '{name}' has no methods '{methods[0]}' and '{methods[1]}'"
        return Fault("cannot be called", name, text, "give them these names, or say which methods to call")
    return Fault("cannot be called", name, f"'{name}' is no function", "give a function, or a class with two methods")


def _taken_by_method(owner: Any, method: str) -> Parameters:
    """What a method takes beside the object, or the class, that it belongs to."""
    is_free = isinstance(inspect.getattr_static(owner, method), staticmethod | classmethod)
    has_self = inspect.isclass(owner) and not is_free
    return parameters_of(getattr(owner, method), skipped=int(has_self))


def _taken_by_constructor(owner: type) -> Parameters:
    """What a constructor takes by name; `*args` and `**kwargs` of it are left empty."""
    return parameters_of(owner)._replace(rest=None, keywords=None)


def gradients_left(made: Any, names: Sequence[str]) -> dict[str, Any]:
    """The gradients that a backward pass left in its object: `self.dW`, `self.grad_W`, or in `self.grads`.

    `self.grads` is a mapping by name, or a list in the order of `self.params`, which holds the inputs by their names or
    in their order.
    """
    state = {**getattr(made, "__dict__", {})}
    found = {}
    for name in names:
        forms = [form for form in names_of_gradient(name) if form in state]
        if forms:
            found[name] = state[forms[0]]
    for together in (state.get("grads"), state.get("gradients")):
        if isinstance(together, Mapping):
            keys = {name: (name, *names_of_gradient(name)) for name in names}
            chosen = {name: next((key for key in forms if key in together), None) for name, forms in keys.items()}
            found.update({name: together[key] for name, key in chosen.items() if key is not None})
        elif isinstance(together, list | tuple):
            found.update(zip(_in_order(state.get("params"), state, names, len(together)), together, strict=False))
    return {name: value for name, value in found.items() if value is not None and not callable(value)}


def _in_order(params: Any, state: Mapping[str, Any], names: Sequence[str], count: int) -> Sequence[str]:
    """The inputs in the order of `self.params`, recognised as the attributes that they are; else in their own order."""
    if isinstance(params, Mapping):
        return [str(key) for key in params]
    if isinstance(params, list | tuple):
        by_value = {id(value): name for name, value in state.items()}
        known = [by_value.get(id(value), "") for value in params]
        if all(name in names for name in known):
            return known
    return names[-count:]
