"""What an op is, and the book in which every op stands once.

The definitions themselves live in `ops/`; they enter themselves here when they are made, so that nodes, number
systems and printers can find an op by its name without importing the definitions.
"""

import math
import operator
from collections.abc import Callable, Mapping
from types import EllipsisType, MappingProxyType
from typing import Any, NamedTuple

from bpcli.errors import InternalError

Rule = Callable[..., tuple[Any, ...]]
Shape = tuple[int, ...]  # the length of an array along each axis, () for a single number
MOST_AXES = 64  # of an array, as in NumPy
# Whole numbers and truth values are numbers, too; an ellipsis stands in the key of an index.
AttributeValue = float | str | tuple[Any, ...] | EllipsisType | None
Attributes = Mapping[str, AttributeValue]

NO_ATTRIBUTES: Attributes = MappingProxyType({})


# What each comparison says of two numbers of Python's own.
COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "greater": operator.gt,
    "less": operator.lt,
    "greater_equal": operator.ge,
    "less_equal": operator.le,
    "equal": operator.eq,
    "not_equal": operator.ne,
}


class Infix(NamedTuple):
    """A symbol between two inputs, or before one, with the power by which it binds on each side.

    The parser and the printer read the same two numbers (Pratt 1973), so what is printed is what is read.
    """

    symbol: str
    left: float
    right: float


class Domain(NamedTuple):
    """Where an op has a real value: in words over its inputs' names, as a test, and as intervals to draw from."""

    text: str
    contains: Callable[..., bool]
    sample: tuple[tuple[float, float], ...]


EVERYWHERE = Domain("", lambda *_: True, ((-3.0, 3.0),))
REQUIRED: Any = object()  # stands where an attribute has no default


def _itself(value: Any) -> AttributeValue:
    kept: AttributeValue = value
    return kept


class Attribute(NamedTuple):
    """A static argument of an op: its default (`REQUIRED`: it must be given), what it may be, and how it is kept.

    `accepts` is asked of what was typed, where every number is a float; `kept` makes of it what the rules take.
    """

    default: AttributeValue
    allowed: str
    accepts: Callable[[Any], bool]
    kept: Callable[[Any], AttributeValue] = _itself

    @property
    def is_required(self) -> bool:
        """Whether it has no default."""
        return self.default is REQUIRED


def real_number(default: float) -> Attribute:
    """An attribute that may be any finite number."""
    return Attribute(default, "a finite number", lambda value: isinstance(value, float) and math.isfinite(value))


def order_of_derivative(default: Any, most: int) -> Attribute:
    """An attribute that counts derivatives, up to where float64 still shows digits of them."""
    return Attribute(
        default,
        f"a whole number from 0 to {most}",
        lambda value: isinstance(value, float) and value.is_integer() and 0 <= value <= most,
    )


class Sample:
    """Shapes of inputs, and attributes, that an op takes: one of the cases by which it is shown and tested."""

    __slots__ = ("attributes", "shapes")

    def __init__(self, *shapes: Shape, **attributes: AttributeValue) -> None:
        self.shapes = shapes
        self.attributes: Attributes = attributes or NO_ATTRIBUTES


class Op:
    """One op: what it is called, how it is written, its rule, its meaning, its domain and its kinks.

    `inputs` names the inputs as the rule does; a name that begins with `*` stands for `fewest` or more.
    An op that works entry by entry has `partials(m, out, *inputs, **attributes)`, which gives, for each input, the
    local derivative over the algebra `m`, or `None` where no gradient flows. Any other op is structural: it has
    `pullback(m, upstream, out, *inputs, **attributes)`, which gives what flows back to each input, and
    `shape(*shapes, **attributes)`, the shape of its value, which raises ShapeError where the inputs do not fit.
    `meaning(m, *inputs, **attributes)` is the op as a composition of simpler ones. `written` is what a call is printed
    as; `signature` is the order in which it takes inputs and attributes; `takes_list` says that inputs are typed as one
    list, `concatenate([x, y])`; `samples` are cases of a structural op. `latex` is a command, or a template in which
    `@0` stands for the first input. Ops are equal only to themselves.
    """

    __slots__ = (
        "aliases",
        "attributes",
        "domain",
        "fewest",
        "infix",
        "inputs",
        "is_condition",
        "kinks",
        "latex",
        "meaning",
        "name",
        "partials",
        "pullback",
        "samples",
        "shape",
        "signature",
        "takes_list",
        "written",
    )

    def __init__(  # noqa: PLR0913 - the fields of a definition, each with its default
        self,
        name: str,
        partials: Rule | None = None,
        *,
        pullback: Rule | None = None,
        shape: Callable[..., Shape] | None = None,
        inputs: tuple[str, ...] = ("x",),
        fewest: int = 2,
        meaning: Callable[..., Any] | None = None,
        domain: Domain = EVERYWHERE,
        kinks: tuple[str, ...] = (),
        infix: Infix | None = None,
        written: str | None = None,
        latex: str | None = None,
        aliases: tuple[str, ...] = (),
        attributes: Mapping[str, Attribute] | None = None,
        signature: tuple[str, ...] | None = None,
        is_condition: bool = False,
        takes_list: bool = False,
        samples: tuple[Sample, ...] = (),
    ) -> None:
        self.name = name
        self.partials: Rule = partials or _no_rule
        self.pullback = pullback
        self.shape = shape
        self.inputs = inputs
        self.fewest = fewest
        self.meaning = meaning
        self.domain = domain
        self.kinks = kinks
        self.infix = infix
        self.written = written or name
        self.latex = latex
        self.aliases = aliases
        self.attributes: Mapping[str, Attribute] = attributes or {}
        self.signature = signature or (*inputs, *self.attributes)
        self.is_condition = is_condition
        self.takes_list = takes_list
        self.samples = samples

    @property
    def is_variadic(self) -> bool:
        """Whether the op takes any number of inputs from `fewest` on, as `max` does."""
        return self.inputs[-1].startswith("*")

    @property
    def is_structural(self) -> bool:
        """Whether the op moves or joins entries, where others work entry by entry."""
        return self.shape is not None


class ByInput:
    """A pullback as a rule for each input, of which a sweep runs those only whose contribution somebody wants.

    Each rule is `(m, upstream, out, *inputs, **attributes)`, and gives what flows back to its own input.
    """

    __slots__ = ("rules",)

    def __init__(self, *rules: Callable[..., Any]) -> None:
        self.rules = rules

    def __call__(self, m: Any, upstream: Any, out: Any, *inputs: Any, **attributes: Any) -> tuple[Any, ...]:
        """What flows back to every input."""
        return tuple([rule(m, upstream, out, *inputs, **attributes) for rule in self.rules])


def _no_rule(*_: Any, **__: Any) -> tuple[Any, ...]:
    """Stand for the local derivatives of an op that has a pullback."""
    message = "a structural op has a pullback, not local derivatives"
    raise InternalError(message)


class Registry(dict[str, Op]):
    """Ops by name. Those over arrays are defined when one of them is first asked for, as single numbers need none."""

    define_rest: Callable[[], object] | None = None

    def __missing__(self, name: str) -> Op:
        define, self.define_rest = self.define_rest, None
        if define is None:
            raise KeyError(name)
        define()
        return self[name]


REGISTRY = Registry()


def structural(name: str, pullback: Rule, shape: Callable[..., Shape], **definition: Any) -> Op:
    """Define an op that moves or joins entries by what it hands back, and enter it in the registry."""
    REGISTRY[name] = Op(name, pullback=pullback, shape=shape, **definition)
    return REGISTRY[name]


def elementwise(name: str, partials: Rule, **definition: Any) -> Op:
    """Define an op that works entry by entry by its local derivatives, and enter it in the registry."""
    REGISTRY[name] = Op(name, partials, **definition)
    return REGISTRY[name]
