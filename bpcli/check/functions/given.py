"""The inputs of a check as they are given: what they are at each point, which get a gradient, and what is to be noted.

Whole numbers are sizes, indices and labels, and have no gradient. Where all inputs that could have one were typed
without a point, as in `--x 2`, they are taken as floats, and a note says so.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from bpcli.check.functions.assigning import is_differentiable
from bpcli.check.functions.callee import Inputs
from bpcli.errors import UsageError
from bpcli.graph.op import MOST_AXES
from bpcli.graph.shapes import shape_text
from bpcli.language.complaints import suggestion
from bpcli.language.generators import axis_lengths, generators_in, inputs_from, is_drawn
from bpcli.language.limits import DEFAULT_LIMITS, Limits

FLOATS = "give an array of floats, or a number such as 2.0"
WIDEST = 2**53  # whole numbers up to it are floats, too
MATRIX = 2  # axes


class Drawn(NamedTuple):
    """The inputs at each point, with the seed of what was drawn there, and what is good to know about them."""

    points: Sequence[tuple[Inputs, int | None]]
    notes: tuple[str, ...] = ()


def points_of(given: Mapping[str, Any], random_seed: int, count: int, limits: Limits = DEFAULT_LIMITS) -> Drawn:
    """The inputs at each point; at one point, without a seed, where nothing is drawn.

    Raises ParseError, BindingError, LimitError, UsageError.
    """
    if count < 1:
        message = f"a function is checked at 1 point or more, not {count}"
        raise UsageError(message, hint="3 is usual")
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
