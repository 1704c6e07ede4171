"""What is asked of a check of arrays: which entries of which node, and the numbers that are claimed for them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from bpcli.check.nearness import AS_TYPED, Tolerance
from bpcli.check.targets import Item, Names
from bpcli.errors import BindingError, BpcliError, NotFiniteError, ShapeError, UsageError
from bpcli.graph.node import Graph
from bpcli.graph.op import Shape
from bpcli.graph.shapes import shape_text
from bpcli.language.claims import Claim, Target, half_units
from bpcli.language.limits import Limits
from bpcli.language.shapes import with_shapes
from bpcli.language.values import shape_of, value_from
from bpcli.numbers.apart import numbers_in, part_of, place_text, places

AT_THIS_POINT = "a claimed formula, compared at this point"
Evaluated = Callable[[Graph], Any]  # a formula with shapes, as the numbers that it comes to


class Question(NamedTuple):
    """Some entries of one node, and what is claimed about them: a claim for each, or none for bpcli's own.

    `within` is the place that the entries have in the whole array, where a claim names one; `near` is how near the
    claims have to be.
    """

    item: Item
    key: str
    title: str
    within: tuple[int, ...]
    shape: Shape
    claim: Claim | None = None
    claims: Sequence[Claim] = ()
    notes: tuple[str, ...] = ()
    near: Tolerance = AS_TYPED

    @property
    def places(self) -> list[tuple[int, ...]]:
        """The index of each entry that is asked about, in the whole array."""
        return [(*self.within, *place) for place in places(self.shape)]

    @property
    def titles(self) -> list[str]:
        """What each of these entries is called: `∂L/∂W[0,1]`."""
        bare = self.title.removesuffix(place_text(self.within)) if self.within else self.title
        return [bare + place_text(place) for place in self.places]

    def part(self, whole: Any) -> Any:
        """The entries that are asked about, of an array like the node's."""
        return part_of(whole, self.within)

    def near_over(self, truths: Sequence[float]) -> Tolerance:
        """How near each of these entries has to be, among all of them."""
        return self.near.over(truths, [claim.number or 0.0 for claim in self.claims])


def own_question(item: Item, names: Names) -> Question:
    """The gradient of a variable, as bpcli has it."""
    return Question(item, names.labels[item.node], names.title(item), (), item.node.shape)


class Asking:
    """Claims as questions about one graph over arrays."""

    def __init__(
        self,
        names: Names,
        beside: Mapping[str, Any],
        limits: Limits,
        evaluated: Evaluated,
    ) -> None:
        self._names = names
        self._beside = beside
        self._limits = limits
        self._evaluated = evaluated

    def question(self, claim: Claim, formula: Graph | None, near: Tolerance = AS_TYPED) -> Question:
        """A claim with the number of each entry. Raises ShapeError where it has another shape than its target."""
        item, index, title = placed(self._names, claim.target)
        shape = item.node.shape[len(index) :]
        value = self._value(claim, formula)
        if shape_of(value) != shape:
            raise _misfit(title, shape_of(value), shape)
        numbers = numbers_in(value)
        if any(one - one != 0 for one in numbers):
            message = f"the claim about {title} has an entry that is no finite number"
            raise NotFiniteError(message, hint="claim finite numbers, up to 1.8e308")
        notes = (AT_THIS_POINT,) if formula is not None and formula.variables else ()
        return Question(item, _key(claim, index), title, index, shape, claim, _each(claim, numbers), notes, near)

    def _value(self, claim: Claim, formula: Graph | None) -> Any:
        """The number or the array that is claimed."""
        if claim.number is not None:
            return claim.number
        if formula is None:
            what = claim.typed if claim.names_file else claim.value
            try:
                return value_from(claim.target.node, what, self._limits)
            except BpcliError as error:
                error.message = error.message.replace("the value of", "the claim about", 1)
                raise
        shapes = {one.name: self._shape(one.name) for one in formula.variables}
        return self._evaluated(with_shapes(formula, shapes, self._limits))

    def _shape(self, name: str) -> Shape:
        node = self._names.nodes.get(name)
        return shape_of(self._beside[name]) if node is None else node.shape


def placed(names: Names, target: Target) -> tuple[Item, tuple[int, ...], str]:
    """What a claim about arrays is about, the entry that it names, and its title.

    Raises UsageError where it is a step, BindingError where there is no such node or entry.
    """
    item = names.item(target)
    if item.source is not None:
        message = f"{target.kind}({target.node}, {target.source}) is no claim about arrays"
        raise UsageError(message, hint="claim the gradient of a node, as in upstream(y)=[1, 0], or a value")
    index = _counted(item.node.shape, target.place, target.node)
    return item, index, names.title(item) + place_text(index)


def _counted(shape: Shape, index: tuple[int, ...], name: str) -> tuple[int, ...]:
    """The index counted from the front. Raises BindingError where the array has no such entry."""
    if len(index) > len(shape):
        what = f"an array of shape {shape_text(shape)}" if shape else "a single number"
        message = f"{name}{place_text(index)}: {name} is {what}"
        raise BindingError(message, hint="an index has at most one number for each axis")
    for axis, (one, length) in enumerate(zip(index, shape, strict=False)):
        if not -length <= one < length:
            message = f"{name}{place_text(index)}: index {one} is beyond axis {axis} of {name} {shape_text(shape)}"
            raise BindingError(message, hint=f"its indices are 0 to {length - 1}" if length else "it has no entries")
    return tuple([one % length for one, length in zip(index, shape, strict=False)])


def _misfit(title: str, claimed: Shape, own: Shape) -> ShapeError:
    is_number = "a single number" if not claimed else f"shape {shape_text(claimed)}"
    whole = f"{title} has shape {shape_text(own)}" if own else f"{title} is a single number"
    message = f"the claim about {title} {'has' if claimed else 'is'} {is_number}, {whole}"
    turned = len(own) > 1 and claimed == own[::-1]
    hint = "the claim may be transposed" if turned else "a gradient has the shape of what it is taken with respect to"
    return ShapeError(message, hint=hint)


def _key(claim: Claim, index: tuple[int, ...]) -> str:
    """What the claim is called: `W`, `W[0,1]`, `value(y)`, `value(y[0])`."""
    name = f"{claim.target.node}{place_text(index)}"
    return name if claim.target.kind == "gradient" else f"{claim.target.kind}({name})"


def _each(claim: Claim, numbers: Sequence[float]) -> list[Claim]:
    """A claim for each entry, as precise as it was typed."""
    if claim.number is not None:
        return [claim]
    halves = half_units(claim.typed)
    if len(halves) != len(numbers):
        halves = [None] * len(numbers)
    return [Claim(claim.target, str(one), one, half) for one, half in zip(numbers, halves, strict=True)]
