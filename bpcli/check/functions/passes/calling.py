"""How the two passes are called: what each parameter of the backward pass stands for, by its name and by counting.

The conventions are those of courses and libraries::

    f(x) -> y                          df(x) -> dy/dx
    forward(x, w, b) -> out, cache     backward(dout, cache) -> dx, dw, db
    forward(x, w) -> out               backward(dout, x, w), or backward(x, w, dout)
    class with forward and backward    the same, and gradients may be left in self.dW, self.grads
    loss(W, X, y, reg) -> loss, dW     no backward pass

A parameter that is called like an input is that input; `cache`, `ctx` and the like are what the forward pass kept, and
`dout`, `grad_output`, `upstream` and the like the gradient of an output. The rest is counted. The lone argument of a
method is the gradient of the output whatever its name, `backward(self, x)`, where the forward pass left something in
`self`; where it left nothing the method can only be a derivative at x, as `df(x)` is.
"""

import re
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, NamedTuple

import numpy as np

from bpcli.check.functions.callee import Fault, MisbehaviourError
from bpcli.check.functions.passes.assigning import is_array_or_number, is_differentiable
from bpcli.check.functions.passes.signatures import Parameter, Parameters

CACHES = re.compile(
    r"\w*cache[sd]?\w*|ctx|context|state|saved\w*|stored|stash|memo|memory|tape|residuals?|aux|intermediates?"
)
# d, as in dout or dnext_h, but for the words that begin with it
GRADIENTS = re.compile(
    r"d(?!ata|im|epth|type|egree|ropout|evice|ilation|ist|omain|iff|ecay|ict|elay|efault|t$|$)\w*"
    r"|\w*(grad|upstream|adjoint|cotangent|error|top_diff)\w*|delta\w*|g|g_?(out|y|z|h)|go|up|err|ct|\w+_?bar|bar_\w+"
)
MANY_GRADIENTS = {"douts", "grads", "gradients", "grad_outputs", "upstreams", "dys", "output_grads"}
OUTPUTS = {"out", "output", "outputs", "y", "y_hat", "y_pred", "yhat", "result", "value"}


class Role(Enum):
    """What a parameter of the backward pass stands for."""

    INPUT = "input"
    CACHE = "cache"
    UPSTREAM = "upstream"
    UPSTREAMS = "upstreams"  # of all outputs, as a tuple
    OUTPUT = "output"
    UNKNOWN = "unknown"


class Argument(NamedTuple):
    """What a parameter is given: an input by its name, an output or its upstream gradient its place, the cache."""

    parameter: Parameter
    role: Role
    key: Any = None


class Plan(NamedTuple):
    """How the backward pass is called, and how many of the results of the forward pass are outputs."""

    arguments: tuple[Argument, ...]
    outputs: int

    @property
    def takes_upstream(self) -> bool:
        """Whether an upstream gradient is passed."""
        return any(argument.role in {Role.UPSTREAM, Role.UPSTREAMS} for argument in self.arguments)

    @property
    def text(self) -> str:
        """What the backward pass is given, in words."""
        words = [one.key if one.role is Role.INPUT else one.role.value for one in self.arguments]
        return ", ".join(words)

    def called(self, results_count: int, function: str) -> tuple[str, str]:
        """What the forward pass was taken to give, and how the backward pass was called."""
        several = self.outputs > 1
        places = [str(place + 1) if several else "" for place in range(self.outputs)]
        words = {
            Role.UPSTREAMS: f"({', '.join(f'dout{place}' for place in places)})",
            Role.OUTPUT: f"out{places[0]}",
            Role.CACHE: "cache",
        }
        given = [
            one.key if one.role is Role.INPUT else words.get(one.role) or f"dout{places[one.key]}"
            for one in self.arguments
        ]
        kept = ["cache"] if results_count > self.outputs else []
        return ", ".join([*[f"out{place}" for place in places], *kept]), f"{function}({', '.join(given)})"

    def call(
        self, inputs: Mapping[str, Any], results: Sequence[Any], upstream: Sequence[Any]
    ) -> tuple[list[Any], dict[str, Any]]:
        """The arguments of the backward pass, by place and by name."""
        given = [(one.parameter, _value(one, inputs, results, upstream)) for one in self.arguments]
        places = [value for parameter, value in given if parameter.by_place]
        return places, {parameter.name: value for parameter, value in given if not parameter.by_place}


def _value(argument: Argument, inputs: Mapping[str, Any], results: Sequence[Any], upstream: Sequence[Any]) -> Any:
    match argument.role:
        case Role.INPUT:
            return inputs[argument.key]
        case Role.UPSTREAM:
            return upstream[argument.key]
        case Role.UPSTREAMS:
            return tuple(upstream)
        case Role.OUTPUT:
            return results[0]
        case _:
            return results[-1]


def results_of(returned: object) -> tuple[Any, ...]:
    """The results of a call one by one: those of a tuple, or of a list that does not stand for an array."""
    if isinstance(returned, tuple):
        return tuple(returned)
    if isinstance(returned, list) and any(isinstance(one, np.ndarray | tuple | dict) for one in returned):
        return tuple(returned)
    return (returned,)


def plan_of(  # noqa: PLR0913 - what the backward pass takes, what there is to give, and how it was defined
    parameters: Parameters,
    inputs: Sequence[str],
    results: Sequence[Any],
    function: str,
    *,
    is_method: bool = False,
    has_state: bool = False,
    keeps_input: bool = False,
) -> Plan:
    """How to call a backward pass. Raises MisbehaviourError where names and counts do not tell.

    A parameter with a default is left at it, unless its name says what it stands for; so is the upstream gradient of a
    loss, as in `backward(self, dout=1)`, which need not be looked at there. `has_state` says that the forward pass left
    something in the object of the method, `keeps_input` that its last result is an input, which is no output then.
    """
    roles = [(one, _role(one.name, inputs)) for one in parameters.listed]
    if isinstance(results[0], float | np.generic | np.ndarray) and np.ndim(results[0]) == 0:
        left_out = {one.name for one, role in roles if role is Role.UPSTREAM and not one.is_required}
        roles = [(one, Role.UNKNOWN if one.name in left_out else role) for one, role in roles]
    roles = _with_upstream(_given(roles), is_method=is_method, has_state=has_state)
    has_cache = _has_cache([role for _, role in roles], results, keeps_input=keeps_input)
    outputs = len(results) - has_cache
    upstreams = sum(role is Role.UPSTREAM for _, role in roles)
    are_together = upstreams == 1 < outputs and any(one.name in MANY_GRADIENTS for one, _ in roles)
    if are_together:
        roles = [(one, Role.UPSTREAMS if role is Role.UPSTREAM else role) for one, role in roles]
    elif 0 < upstreams < outputs:
        outputs = upstreams  # what the backward pass knows nothing of is no output of it
    given = {one.name for one, role in roles if role is Role.INPUT}
    left = [name for name in inputs if name not in given]
    wanted = _wanted([role for _, role in roles], left, outputs, has_cache=has_cache, is_method=is_method)
    if wanted is None or upstreams > outputs or (not has_cache and any(role is Role.CACHE for _, role in roles)):
        raise MisbehaviourError(_cannot_be_called(function, parameters, inputs, outputs, has_cache=has_cache))
    return Plan(tuple(_filled(roles, wanted, parameters, left)), outputs)


def _role(name: str, inputs: Sequence[str]) -> Role:
    """What a name stands for."""
    small = name.lower()
    if name in inputs:
        return Role.INPUT
    if CACHES.fullmatch(small):
        return Role.CACHE
    if GRADIENTS.fullmatch(small):
        return Role.UPSTREAM
    return Role.OUTPUT if small in OUTPUTS else Role.UNKNOWN


def _given(roles: Sequence[tuple[Parameter, Role]]) -> list[tuple[Parameter, Role]]:
    """The parameters that are given a value; those after one that keeps its default go by name."""
    found: list[tuple[Parameter, Role]] = []
    is_open = True
    for one, role in roles:
        if one.is_required or role not in {Role.UNKNOWN, Role.OUTPUT}:
            found.append((one if is_open else one._replace(by_place=False), role))
        else:
            is_open = False
    return found


def _with_upstream(
    roles: list[tuple[Parameter, Role]], *, is_method: bool, has_state: bool
) -> list[tuple[Parameter, Role]]:
    """The roles where an upstream gradient may bear the name of an input: `backward(g, cache)` where g is a gain.

    Without any upstream gradient no output is passed back either: such a name is unknown.
    """
    kinds = {role for _, role in roles}
    if Role.UPSTREAM in kinds:
        return roles
    if has_state and [role for _, role in roles] == [Role.INPUT]:
        return [(roles[0][0], Role.UPSTREAM)]
    has_memory = Role.CACHE in kinds or is_method
    found = [(one, Role.UNKNOWN if role is Role.OUTPUT else role) for one, role in roles]
    return [
        (one, Role.UPSTREAM if role is Role.INPUT and has_memory and GRADIENTS.fullmatch(one.name.lower()) else role)
        for one, role in found
    ]


def _has_cache(roles: Sequence[Role], results: Sequence[Any], *, keeps_input: bool) -> bool:
    """Whether the last result is a cache: by a name, as it is no array, or as one argument more is wanted for it."""
    if len(results) == 1:
        return False
    if Role.CACHE in roles or not is_array_or_number(results[-1]):
        return True
    upstreams, unknown = roles.count(Role.UPSTREAM), roles.count(Role.UNKNOWN)
    if upstreams:
        return upstreams == len(results) - 1 and unknown == 1
    is_kept = keeps_input or not is_differentiable(results[-1])
    return is_kept and unknown == len(results) and Role.INPUT not in roles


def _wanted(
    roles: Sequence[Role], left: Sequence[str], outputs: int, *, has_cache: bool, is_method: bool
) -> list[tuple[Role, Any]] | None:
    """What the parameters of unknown meaning are given, in order; None where it cannot be told."""
    unknown = roles.count(Role.UNKNOWN)
    upstreams: list[tuple[Role, Any]] = [(Role.UPSTREAM, place) for place in range(outputs)]
    inputs: list[tuple[Role, Any]] = [(Role.INPUT, name) for name in left]
    has_upstream = Role.UPSTREAM in roles or Role.UPSTREAMS in roles
    cache: list[tuple[Role, Any]] = [(Role.CACHE, None)] if has_cache and Role.CACHE not in roles else []
    if has_upstream and is_method:
        ways = [[], cache]  # what else a method takes, such as a learning rate, is no input by another name
    elif has_upstream:
        ways = [[], cache, inputs, cache + inputs]
    elif has_cache:
        ways = [[], cache, upstreams + cache, inputs, upstreams + cache + inputs]
    else:
        ways = [[], *([upstreams] if is_method else []), inputs, upstreams, upstreams + inputs]
    found = next((way for way in ways if len(way) == unknown), None)
    is_part = found is None and has_upstream and not is_method and unknown < len(inputs)
    return inputs[:unknown] if is_part else found


def _filled(
    roles: Sequence[tuple[Parameter, Role]], wanted: Sequence[tuple[Role, Any]], parameters: Parameters, left: list[str]
) -> list[Argument]:
    """Each parameter with what it is given; what is left of the inputs goes to `*args` or `**kwargs`."""
    fillings = iter(wanted)
    places = iter(range(len(roles)))
    found = []
    for one, role in roles:
        if role is Role.UNKNOWN:
            found.append(Argument(one, *next(fillings)))
        elif role is Role.INPUT:
            found.append(Argument(one, role, one.name))
        else:
            found.append(Argument(one, role, next(places) if role is Role.UPSTREAM else None))
    left = [name for name in left if (Role.INPUT, name) not in wanted]
    if parameters.rest is not None:
        found += [Argument(Parameter(name), Role.INPUT, name) for name in left]
    elif parameters.keywords is not None and not roles:
        found += [Argument(Parameter(name, by_place=False), Role.INPUT, name) for name in left]
    return found


def _cannot_be_called(
    function: str, parameters: Parameters, inputs: Sequence[str], outputs: int, *, has_cache: bool
) -> Fault:
    kept = " and a cache" if has_cache else ""
    count = "one output" if outputs == 1 else f"{outputs} outputs"
    names = ", ".join(parameters.names)
    text = f"'{function}({names})' cannot be called: the forward pass gives {count}{kept}, from {', '.join(inputs)}"
    usual = f"dout, {'cache' if has_cache else ', '.join(inputs)}"
    hint = f"name its parameters ({usual}), as what they mean is told by name; others need a default or a value"
    return Fault("cannot be called", function, text, hint)
