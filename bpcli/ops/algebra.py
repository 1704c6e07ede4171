"""The graph's own algebra `m`: `m.cos(x)` builds a node. A rule that runs over it yields a formula."""

import operator
from collections.abc import Callable
from functools import partial

from bpcli.graph.node import SYMBOLS, Constant, Node, applied
from bpcli.graph.op import Shape
from bpcli.numbers.system import Sums


class NodeAlgebra:
    """Builds nodes where a number system computes numbers."""

    times = staticmethod(operator.mul)  # upstream · local, as it is: `1*y`
    sums = Sums

    @property
    def in_sweep(self) -> "NodeAlgebra":
        """The same: a formula is written as it is."""
        return self

    def shape(self, x: Node | float) -> Shape:
        """The shape of a node's value."""
        return x.shape if isinstance(x, Node) else ()

    @property
    def pi(self) -> Node:
        """The constant π, exact in every number system."""
        return Constant(SYMBOLS["pi"], symbol="pi")

    @property
    def e(self) -> Node:
        """The constant e, exact in every number system."""
        return Constant(SYMBOLS["e"], symbol="e")

    def __getattr__(self, name: str) -> Callable[..., Node]:
        """The op called `name`, as a function of nodes and numbers."""
        if name.startswith("__"):
            raise AttributeError(name)
        return partial(applied, name)


nodes = NodeAlgebra()
