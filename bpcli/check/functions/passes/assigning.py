"""Which input each gradient belongs to that a backward pass gives: by name, by order, or by shape."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

from bpcli.check.functions.callee import Array, Fault, Inputs, MisbehaviourError
from bpcli.check.functions.passes.watching import readable

NUMERIC = "fiub"
MOST_OF_A_NAME = 80
MOST_GRADIENTS = 12  # up to which every way of leaving inputs out is tried


class Slots(NamedTuple):
    """The inputs that may get a gradient, in order, the shapes that it may have, and whether it is asked for."""

    shapes: Mapping[str, tuple[tuple[int, ...], ...]]
    differentiable: frozenset[str]
    inner: frozenset[str] = (
        frozenset()
    )  # what gradients of parts are called: beside them stand those of values on the way
    returned: tuple[str, ...] = ()  # what the results are called where they are returned
    mappings: frozenset[str] = frozenset()  # the inputs that are mappings

    def fits(self, name: str, value: Array | None) -> bool:
        """Whether an array has the shape of an input's gradient; nothing fits anywhere."""
        return value is None or np.shape(value) in self.shapes[name]

    def beside(self, kept: Mapping[str, Any], returned: Any) -> "Slots":
        """The inputs whose gradients were not kept elsewhere, as far as what was returned is not the same again."""
        given = list(returned.values()) if isinstance(returned, Mapping) else returned
        several = given if isinstance(given, list | tuple) else [given]
        left = {
            name: shapes
            for name, shapes in self.shapes.items()
            if name not in kept or any(kept[name] is one for one in several)
        }
        return self._replace(shapes=left) if len(several) <= len(left) and not isinstance(returned, Mapping) else self


def slots_of(inputs: Inputs, order: Sequence[str], outputs: Sequence[Array], parts: Iterable[str] = ()) -> Slots:
    """The inputs in the order of the parameters; a gradient has an input's shape, or is a Jacobian of the output.

    Only arrays of floats and single floats are differentiated.
    """
    names = [*[name for name in order if name in inputs], *[name for name in inputs if name not in order]]
    output = np.shape(outputs[0]) if len(outputs) == 1 else ()
    shapes = {}
    for name in names:
        shape = np.shape(inputs[name]) if is_array_or_number(inputs[name]) else ()
        shapes[name] = (shape, (*output, *shape), *([(1,)] if shape == () else []))
    held = [*parts, *[name for name in inputs if name not in order]]
    inner = frozenset(form for name in held for form in _forms(name))
    differentiable = frozenset(name for name in names if is_differentiable(inputs[name]))
    mappings = frozenset(name for name in names if isinstance(inputs[name], Mapping))
    return Slots(shapes, differentiable, inner, mappings=mappings)


def is_array_or_number(value: object) -> bool:
    """Whether a value is a number or an array of numbers, not a list of them."""
    if isinstance(value, np.ndarray):
        return value.dtype.kind in NUMERIC
    return isinstance(value, float | int | np.generic) or hasattr(value, "__array__")


def is_differentiable(value: object) -> bool:
    """Whether an input gets a gradient: an array of floats or a float."""
    return isinstance(value, float) or (isinstance(value, np.ndarray | np.generic) and value.dtype.kind == "f")


def as_array(value: object, function: str, what: str) -> Array:
    """A copy of what a function gave, as an array of numbers. Raises MisbehaviourError where it is none."""
    try:
        found = np.array(value)
    except Exception as error:  # noqa: BLE001 - whatever the object does when it is read
        raise _no_numbers(function, what, f"what cannot be read as an array: {type(error).__name__}") from None
    if found.dtype.kind not in NUMERIC:
        is_array = isinstance(value, np.ndarray | np.generic)
        given = f"an array of {found.dtype.name}" if is_array else f"a {type(value).__name__}"
        raise _no_numbers(function, what, "None" if value is None else given)
    return found


def _no_numbers(function: str, what: str, given: str) -> MisbehaviourError:
    hint = "does it end with a return?" if given == "None" else "return NumPy arrays of real numbers"
    return MisbehaviourError(Fault("no numbers", function, f"'{function}' gives {given} as {what}", hint))


def gradients_by_name(returned: object, slots: Slots, function: str) -> dict[str, Array]:
    """The gradient of each input, from a tuple or list in order, a mapping by name, or a single array.

    A tuple has all inputs, or the differentiable ones, or fewer, which are told apart by their shapes. Raises
    MisbehaviourError where there are more than inputs, or one belongs to no input.
    """
    named, others = keyed(returned), placed(returned)
    found = {} if named is None else _by_key(named, slots, function)
    if others is not None:
        shapes = {name: shape for name, shape in slots.shapes.items() if named is None or name not in slots.mappings}
        left = slots._replace(shapes={name: shape for name, shape in shapes.items() if name not in found})
        found |= _by_place(_in_order(others, left), left, function)
    return {
        name: as_array(value, function, f"the gradient with respect to {name}")
        for name, value in found.items()
        if value is not None and name in slots.differentiable
    }


def keyed(returned: object) -> dict[str, Any] | None:
    """The gradients that were returned by name: in a mapping, or in those of a tuple; None where there is none."""
    if isinstance(returned, Mapping):
        return {str(key): value for key, value in returned.items()}
    inner = [one for one in returned if isinstance(one, Mapping)] if isinstance(returned, tuple | list) else []
    return {str(key): value for one in inner for key, value in one.items()} if inner else None


def placed(returned: object) -> object:
    """What was returned by place, without mappings of gradients; None where there is nothing else."""
    if isinstance(returned, Mapping):
        return None
    if not isinstance(returned, tuple | list) or not any(isinstance(one, Mapping) for one in returned):
        return returned
    return tuple(one for one in returned if not isinstance(one, Mapping)) or None


def left_unchecked(returned: object, slots: Slots, function: str) -> tuple[Fault, ...]:
    """A note where gradients were given of what is no input, such as dZ of a value on the way."""
    keys = [key for key, value in (keyed(returned) or {}).items() if value is not None]
    known = {form.lower() for name in slots.shapes for form in _forms(name)}
    given = [key for key in keys if key.lower() not in known]
    if not given:
        return ()
    shown = readable(", ".join(given), MOST_OF_A_NAME)
    text = f"'{function}' gives {shown} as well: of no input of floats, and not checked"
    return (Fault("not checked", function, text, is_fatal=False),)


def _forms(name: str) -> tuple[str, ...]:
    return (name, *names_of_gradient(name))


def names_of_gradient(name: str) -> tuple[str, ...]:
    """What the gradient of an input is called, the likeliest first."""
    return (f"d{name}", f"d_{name}", f"grad_{name}", f"{name}_grad", f"grad{name}", f"{name}grad", f"g{name}")


def _by_key(returned: Mapping[Any, Any], slots: Slots, function: str) -> dict[str, Any]:
    left = {str(key): value for key, value in returned.items()}
    found: dict[str, Any] = {}
    for small in (False, True):  # as it is typed, then whatever the capitals
        for name in [name for name in slots.shapes if name not in found]:
            forms = _forms(name)
            keys = {key.lower() if small else key: key for key in left}
            key = next((keys[form] for form in [f.lower() if small else f for f in forms] if form in keys), None)
            if key is not None:
                found[name] = left.pop(key)
    missing = [name for name in slots.differentiable if name not in found]
    others = {key: value for key, value in left.items() if value is not None and key not in slots.inner}
    misnamed = [key for key, value in others.items() if any(slots.fits(name, _flat(value)) for name in missing)]
    extra = next(iter(misnamed if found else others), None)
    if extra is not None and not slots.inner:
        text = f"'{function}' gives a gradient '{readable(extra, MOST_OF_A_NAME)}', which belongs to no input"
        hint = f"name the gradients {', '.join(f'd{name}' for name in slots.shapes)}"
        raise MisbehaviourError(Fault("too many gradients", function, text, hint))
    return found


def _in_order(returned: Any, slots: Slots) -> list[Any]:
    """The gradients one by one; an array has one for each input where all of them are single numbers."""
    if isinstance(returned, tuple):
        return list(returned)
    asked = [slots.shapes[name] for name in slots.shapes if name in slots.differentiable]
    if isinstance(returned, list) and not (len(asked) == 1 and np.shape(_flat(returned)) in asked[0]):
        return returned
    if isinstance(returned, np.ndarray) and len(asked) > 1 and all(() in shapes for shapes in asked):
        return list(returned) if returned.shape == (len(asked),) else [returned]
    return [_flat(returned)]


def _flat(returned: Any) -> Any:
    """A list of numbers, however nested, as an array; anything else as it is."""
    if not isinstance(returned, list):
        return returned
    try:
        return np.array(returned, dtype=float)
    except (TypeError, ValueError):
        return np.array(None)


def _by_place(gradients: Sequence[Any], slots: Slots, function: str) -> dict[str, Any]:
    """Gradients by the places of the inputs: the first way to count them in which all shapes fit, else the first."""
    given = [_flat(gradient) for gradient in gradients]
    names = list(slots.shapes)
    while len(given) > len(names) and given[-1] is None:
        given.pop()
    if len(given) > len(names):
        text = f"'{function}' gives {len(given)} gradients for {_counted(len(names))}"
        hint = f"return one for each of {', '.join(names)}"
        raise MisbehaviourError(Fault("too many gradients", function, text, hint))
    asked = [name for name in names if name in slots.differentiable]
    ways = [way for way in (names, asked) if len(way) == len(given)]
    fitting = next((way for way in ways if _all_fit(way, given, slots)), None)
    chosen = fitting or (ways[0] if ways else _with_some_left_out(given, names, asked, slots))
    return dict(zip(chosen, given, strict=True))


def _counted(inputs: int) -> str:
    return "one input" if inputs == 1 else f"{inputs} inputs"


def _with_some_left_out(
    given: Sequence[Any], names: Sequence[str], asked: Sequence[str], slots: Slots
) -> Sequence[str]:
    """The inputs that are named where the gradients are returned; else the first, in order, whose shapes fit."""
    called = slots.returned[-len(given) :]
    named = [next((name for name in asked if one in names_of_gradient(name)), None) for one in called]
    chosen = [name for name in named if name is not None]
    if len(set(chosen)) == len(given) and _all_fit(chosen, given, slots):
        return chosen
    ways = [
        way
        for among in (asked, names)
        for way in combinations(among[:MOST_GRADIENTS], len(given))
        if all(name in asked or value is None for name, value in zip(way, given, strict=True))  # else it would be lost
    ]
    simply = asked if len(given) < len(asked) else names
    return next((way for way in ways if _all_fit(way, given, slots)), simply[: len(given)])


def _all_fit(way: Sequence[str], given: Sequence[Any], slots: Slots) -> bool:
    return all(slots.fits(name, value) for name, value in zip(way, given, strict=True))
