"""The inputs of a check as they are given: their names, what they are at each point, and which get a gradient.

Whole numbers are sizes, indices and labels, and have no gradient. Where all inputs that could have one were typed
without a point, as in `--x 2`, they are taken as floats, and a note says so.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from bpcli.check.functions.callee import Callee, Inputs
from bpcli.check.functions.passes.assigning import is_differentiable
from bpcli.check.functions.passes.signatures import Parameters
from bpcli.errors import BindingError, LimitError, MissingValueError, UnknownNameError, UsageError
from bpcli.graph.op import MOST_AXES
from bpcli.graph.shapes import shape_text
from bpcli.language.complaints import closest, suggestion
from bpcli.language.generators import (
    BOUNDS,
    axis_lengths,
    generators_in,
    inputs_from,
    is_drawn,
    is_generator,
    looks_called,
    unknown_generator,
)
from bpcli.language.limits import DEFAULT_LIMITS, Limits

FLOATS = "give an array of floats, or a number such as 2.0"
MOST_ENTRIES = 1_000_000  # at all points: each of them has a verdict of its own
LONE = "normal(N,D)"  # what a lone parameter gets where nothing is given
WIDEST = 2**53  # whole numbers up to it are floats, too
MATRIX = 2  # axes


class Drawn(NamedTuple):
    """The inputs at each point, with the seed of what was drawn there, and what is good to know about them."""

    points: Sequence[tuple[Inputs, int | None]]
    notes: tuple[str, ...] = ()


def named(parameters: Parameters, values: Sequence[Any]) -> dict[str, Any]:
    """Inputs that were given in order, by the names of the parameters. Raises BindingError where there are more."""
    names = list(parameters.names)
    if parameters.rest is not None:
        names += [f"{parameters.rest}{place}" for place in range(1, len(values) - len(names) + 1)]
    if len(values) > len(names):
        message = f"{len(values)} inputs for {len(names)} parameter{'' if len(names) == 1 else 's'}"
        raise BindingError(message, hint=f"the parameters are {', '.join(names) or 'none'}")
    return dict(zip(names, values, strict=False))


def check_names(callee: Callee, given: Inputs) -> None:
    """Hold the names of the inputs against the parameters of both passes.

    Raises MissingValueError for a parameter of the forward pass that needs a value, UnknownNameError for an input that
    neither pass takes.
    """
    function, forward = callee.forward_name, callee.parameters
    taken = f"'{function}' takes {', '.join(forward.names) or 'no inputs'}"
    missing = tuple(one.name for one in forward.listed if one.is_required and one.name not in given)
    if missing:
        small = {name.lower(): name for name in given if name not in forward.names}
        meant = [
            f"'{small[name.lower()]}' is given, and '{name}' is meant?" for name in missing if name.lower() in small
        ]
        raise MissingValueError(missing, taken, "; ".join(meant))
    known = [*forward.names, *callee.backward_parameters.names]
    unknown = next((name for name in given if name not in known), None)
    if unknown is not None and not forward.takes_any:
        message = f"'{function}' has no parameter '{unknown}'"
        raise UnknownNameError(message, unknown, suggestion(unknown, list(forward.names), taken))


def complete(callee: Callee, given: Inputs) -> Inputs:
    """The inputs, those of a lone parameter drawn where nothing is given.

    Raises what `check_names` does, and ParseError for a text that is nearly a generator.
    """
    lone = [one.name for one in callee.parameters.listed if one.is_required]
    if not given and len(lone) == 1:
        return {lone[0]: LONE}
    check_names(callee, given)
    for value in given.values():
        is_call = isinstance(value, str) and looks_called(value) and not is_generator(value)
        if is_call and closest(value.partition("(")[0], list(BOUNDS)):
            raise unknown_generator(value)
    return given


def points_of(given: Mapping[str, Any], random_seed: int, count: int, limits: Limits = DEFAULT_LIMITS) -> Drawn:
    """The inputs at each point; at one point, without a seed, where nothing is drawn.

    Raises ParseError, BindingError, LimitError, UsageError.
    """
    if count < 1:
        message = f"a function is checked at 1 point or more, not {count}"
        raise UsageError(message, hint="3 is usual")
    if random_seed < 0:
        message = f"a random seed is a whole number from 0, not {random_seed}"
        raise UsageError(message, hint="0 is usual")
    has_seed = is_drawn(given)
    first = inputs_from(given, random_seed, 0, limits)
    whole = [] if differentiable(first) else [name for name, value in given.items() if _is_whole(value)]
    if whole:
        given = {name: _as_floats(value) if name in whole else value for name, value in given.items()}
        first = inputs_from(given, random_seed, 0, limits)
    others = [inputs_from(given, random_seed, point, limits) for point in range(1, count)] if has_seed else []
    points = [(inputs, random_seed + point if has_seed else None) for point, inputs in enumerate([first, *others])]
    return Drawn(points, tuple(_notes(given, first, whole)))


def _is_whole(value: object, depth: int = MOST_AXES) -> bool:
    """Whether a value is a whole number as Python has it, or nested lists of nothing else."""
    if isinstance(value, list) and depth:
        return bool(value) and all(_is_whole(part, depth - 1) for part in value)
    return type(value) is int and abs(value) <= WIDEST


def _as_floats(value: Any) -> Any:
    return [_as_floats(part) for part in value] if isinstance(value, list) else float(value)


def _notes(given: Mapping[str, Any], inputs: Inputs, whole: Sequence[str]) -> Iterator[str]:
    if whole:
        what = "a whole number, taken as a float" if len(whole) == 1 else "whole numbers, taken as floats"
        yield f"{', '.join(whole)}: {what}, as there is nothing else to differentiate"
    for name, value in inputs.items():
        shape = np.shape(value) if is_differentiable(value) else ()
        is_chosen = any(True for _ in axis_lengths(generators_in(given[name])))
        if len(shape) == MATRIX and shape[0] == shape[1] > 1 and not is_chosen:
            shown = f"{name} is square, {shape_text(shape)}"
            yield f"{shown}: a gradient that is transposed fits there; unequal axes tell more"


def differentiable(inputs: Inputs) -> list[str]:
    """The names of the inputs that have a gradient: arrays of floats, and floats."""
    return [name for name, value in inputs.items() if is_differentiable(value)]


def wanted_of(inputs: Inputs, wanted: Collection[str] | None) -> list[str]:
    """The inputs whose gradient is checked: those that are wanted, or all. Raises UsageError where one has none."""
    names = differentiable(inputs)
    for name in wanted or ():
        if name not in names:
            what = f"'{name}' is no number or array of floats" if name in inputs else f"there is no input '{name}'"
            message = f"no gradient with respect to {name}: {what}"
            floats = f"inputs of floats are {', '.join(names)}" if names else FLOATS
            raise UsageError(message, hint=suggestion(name, names, floats))
    if not names:
        message = "there is no input to differentiate"
        raise UsageError(message, hint=FLOATS)
    return [name for name in names if wanted is None or name in wanted]


def require_few(points: Sequence[tuple[Inputs, int | None]], wanted: Collection[str] | None) -> None:
    """Raise LimitError where the inputs whose gradient is checked have more entries than can be told one by one."""
    count = sum(
        np.size(inputs[name])
        for inputs, _ in points
        for name in differentiable(inputs)
        if wanted is None or name in wanted
    )
    if count > MOST_ENTRIES:
        message = f"the inputs have {count} entries at all points, and {MOST_ENTRIES} at most are checked one by one"
        raise LimitError(message, hint="give them shorter axes, which show the same mistakes, or take fewer points")
