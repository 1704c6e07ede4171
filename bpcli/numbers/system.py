"""What a number system is: a library that computes ops by their name, and a table of exceptions.

A number system is also an algebra `m`: `m.cos(x)` computes, where the graph's own algebra builds a node.
"""

import math
import operator
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from bpcli.graph.op import REGISTRY, Op, Shape


class Sums:
    """Gradients as far as they are summed up; `add` does the same as `before + contribution` does."""

    def __init__(self, gradients: dict[Any, Any]) -> None:
        self.gradients = gradients

    def add(self, node: Any, contribution: Any) -> None:
        """Add what flows back to a node along one edge."""
        before = self.gradients.get(node)
        self.gradients[node] = contribution if before is None else before + contribution


class NumberSystem:
    """Computes an op by its own table first, then by the library's function of that name, then by its meaning."""

    value_beyond: Callable[..., Any] | None = None  # what an op comes to where this system's function raised
    locals_beyond: Callable[..., tuple[Any, ...]] | None = None  # the same for its rule

    def __init__(self, name: str, library: Any, exceptions: Mapping[str, Callable[..., Any]]) -> None:
        self.name = name
        self._library = library
        self._exceptions = exceptions

    times = staticmethod(operator.mul)  # upstream · local
    sums: type[Sums] = Sums

    @property
    def in_sweep(self) -> "NumberSystem":
        """The algebra that rules run over where what they hand back is added up at once."""
        return self

    def at_work(self) -> AbstractContextManager[object]:
        """What must hold while values are computed; nothing here."""
        return nullcontext()

    def is_finite(self, value: Any) -> bool:
        """Whether a value is a finite number."""
        return math.isfinite(value)

    def zeros(self, shape: Shape) -> Any:
        """0, which is all there is of a single number."""
        del shape
        return 0.0

    def value(self, value: Any) -> Any:
        """A value that a user gave."""
        return value

    def handed_out(self, value: Any) -> Any:
        """A result as a user takes it: a float."""
        return float(value)

    def shape(self, x: Any) -> Shape:
        """The shape of a value: `()`, as these are single numbers."""
        del x
        return ()

    def number(self, value: float) -> Any:
        """A literal of an expression, which is exact in binary64, as a number of this system."""
        return value

    @property
    def pi(self) -> Any:
        """π."""
        return self._library.pi

    @property
    def e(self) -> Any:
        """e, the base of the natural logarithm."""
        return self._library.e

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """Compute the op called `name`; what was found is kept, so that this runs once an op."""
        try:
            op = REGISTRY[name]
        except KeyError:
            raise AttributeError(name) from None
        function = self.function_of(op)
        setattr(self, name, function)
        return function

    def function_of(self, op: Op) -> Callable[..., Any]:
        """The function that computes an op on this system's numbers."""
        found: Callable[..., Any] | None = self._exceptions.get(op.name) or getattr(self._library, op.name, None)
        if found is not None:
            return found
        meaning = op.meaning
        if meaning is None:
            raise AttributeError(op.name)
        return lambda *inputs, **attributes: meaning(self, *inputs, **attributes)


class Functions(dict[Op, Callable[..., Any]]):
    """The functions of a number system by op, looked up when an op is first met."""

    def __init__(self, system: NumberSystem) -> None:
        super().__init__()
        self._system = system

    def __missing__(self, op: Op) -> Callable[..., Any]:
        function: Callable[..., Any] = getattr(self._system, op.name)
        self[op] = function
        return function
