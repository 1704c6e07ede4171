"""What an op is, and the book in which every op stands once.

The definitions themselves live in `ops/`; they enter themselves here when they are made, so that nodes, number
systems and printers can find an op by its name without importing the definitions.
"""

import math
import operator
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

Rule = Callable[..., tuple[Any, ...]]
AttributeValue = float | str
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


class Attribute(NamedTuple):
    """A static argument of an op: its default (`None`: it must be given) and what it may be."""

    default: AttributeValue | None
    allowed: str
    accepts: Callable[[Any], bool]


def real_number(default: float) -> Attribute:
    """An attribute that may be any finite number."""
    return Attribute(default, "a finite number", lambda value: isinstance(value, float) and math.isfinite(value))


def order_of_derivative(default: float | None, most: int) -> Attribute:
    """An attribute that counts derivatives, up to where float64 still shows digits of them."""
    return Attribute(
        default,
        f"a whole number from 0 to {most}",
        lambda value: isinstance(value, float) and value.is_integer() and 0 <= value <= most,
    )


class Op:
    """One op: what it is called, how it is written, its rule, its meaning, its domain and its kinks.

    `inputs` names the inputs as the rule does; a name that begins with `*` stands for two or more.
    `partials(m, out, *inputs, **attributes)` gives, for each input, the local derivative over the algebra `m`, or
    `None` where no gradient flows. `meaning(m, *inputs, **attributes)` is the op as a composition of simpler ones.
    `written` is what a call is printed as; `signature` is the order in which it takes inputs and attributes. `latex` is
    a command, or a template in which `@0` stands for the first input. Ops are equal only to themselves.
    """

    __slots__ = (
        "aliases",
        "attributes",
        "domain",
        "infix",
        "inputs",
        "is_condition",
        "kinks",
        "latex",
        "meaning",
        "name",
        "partials",
        "signature",
        "written",
    )

    def __init__(  # noqa: PLR0913 - the fields of a definition, each with its default
        self,
        name: str,
        partials: Rule,
        *,
        inputs: tuple[str, ...] = ("x",),
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
    ) -> None:
        self.name = name
        self.partials = partials
        self.inputs = inputs
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

    @property
    def is_variadic(self) -> bool:
        """Whether the op takes two or more inputs, as `max` does."""
        return self.inputs[-1].startswith("*")


REGISTRY: dict[str, Op] = {}


def elementwise(name: str, partials: Rule, **definition: Any) -> Op:
    """Define an op that works entry by entry by its local derivatives, and enter it in the registry."""
    REGISTRY[name] = Op(name, partials, **definition)
    return REGISTRY[name]
