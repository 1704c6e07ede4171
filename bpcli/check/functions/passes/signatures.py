"""What a function takes: its parameters, and how inputs by name become the arguments of a call."""

import ast
import inspect
from collections.abc import Callable, Mapping
from math import isfinite
from textwrap import dedent
from typing import Any, NamedTuple

Function = Callable[..., Any]


class Parameter(NamedTuple):
    """A parameter: whether it needs a value, and whether it takes one by its name, by its place, or both.

    `default` is the number that it is left at, if that is a float.
    """

    name: str
    is_required: bool = True
    by_name: bool = True
    by_place: bool = True
    default: float | None = None


class Parameters(NamedTuple):
    """What a function takes: its parameters in order, and what `*args` and `**kwargs` are called, if it has them."""

    listed: tuple[Parameter, ...]
    rest: str | None = None
    keywords: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the parameters, in order."""
        return tuple(parameter.name for parameter in self.listed)

    @property
    def takes_any(self) -> bool:
        """Whether inputs of any name are taken."""
        return self.rest is not None or self.keywords is not None

    def beside(self, others: "Parameters") -> "Parameters":
        """These parameters, and those of another function that these do not name."""
        more = tuple(parameter for parameter in others.listed if parameter.name not in self.names)
        return Parameters((*self.listed, *more), self.rest or others.rest, self.keywords or others.keywords)


ANYTHING = Parameters((), "args")


def parameters_of(function: Function, *, skipped: int = 0) -> Parameters:
    """The parameters of a function, of a class's constructor, or of whatever can be called, without the first ones."""
    try:
        found = list(inspect.signature(function).parameters.values())[skipped:]
    except (TypeError, ValueError):  # written in C, and says nothing of its parameters
        return ANYTHING
    fixed = [one for one in found if one.kind not in {one.VAR_POSITIONAL, one.VAR_KEYWORD}]
    listed = tuple(
        Parameter(
            one.name,
            one.default is one.empty,
            one.kind != one.POSITIONAL_ONLY,
            one.kind != one.KEYWORD_ONLY,
            one.default if type(one.default) is float and isfinite(one.default) else None,
        )
        for one in fixed
    )
    rest = next((one.name for one in found if one.kind == one.VAR_POSITIONAL), None)
    return Parameters(listed, rest, next((one.name for one in found if one.kind == one.VAR_KEYWORD), None))


def returned_names(function: Function) -> tuple[str, ...]:
    """What a function calls its results in its last `return`, `dx` and `dw`; a result without a name has none.

    Nothing where its source is not to be had.
    """
    try:
        tree = ast.parse(dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError, ValueError):
        return ()
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Return)]
    last = max(found, key=lambda node: node.lineno).value if found else None
    return tuple([getattr(one, "id", "") for one in (last.elts if isinstance(last, ast.Tuple) else [last])])


def arguments(parameters: Parameters, inputs: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """The arguments of a call, by place and by name; inputs that are no parameters go to `*args`, else to `**kwargs`.

    Those by place end at the first parameter without a value, as those after it keep their defaults or go by name.
    """
    places: list[Any] = []
    names: dict[str, Any] = {}
    is_open = True
    for parameter in parameters.listed:
        is_open = is_open and parameter.by_place and parameter.name in inputs
        if is_open:
            places.append(inputs[parameter.name])
        elif parameter.name in inputs:
            names[parameter.name] = inputs[parameter.name]
    if not parameters.takes_any:
        return places, names
    others = {name: value for name, value in inputs.items() if name not in parameters.names}
    if parameters.rest is not None:
        places += others.values()
    else:
        names |= others
    return places, names
