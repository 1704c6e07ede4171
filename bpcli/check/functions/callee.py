"""What is checked: a forward and a backward pass, wherever they run, as arrays by name in and arrays out.

A pass runs in this process, where it was given as a Python function, or in a child process, where it came as a file.
Both look the same from here: they hand arrays back, or raise `MisbehaviourError`.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, Protocol

from bpcli.check.functions.passes.signatures import Parameters

Array = Any
Inputs = Mapping[str, Any]  # arrays and numbers, and whatever else a parameter takes: truth values, texts, mappings


FaultKind = Literal[
    "raises", "late", "lost", "not found", "cannot be called", "no numbers", "not finite", "another shape",
    "no gradient", "too many gradients", "changes its inputs", "prints", "not checked", "not deterministic",
    "wrong value",
]  # fmt: skip


class Fault(NamedTuple):
    """What a pass did that it must not do, or that must be known: `kind` names it, `where` is the function's name.

    A fault that `is_fatal` leaves no answer; any other is a note beside it.
    """

    kind: FaultKind
    where: str
    text: str
    hint: str | None = None
    is_fatal: bool = True


class MisbehaviourError(Exception):
    """A pass gave no answer."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.text)
        self.fault = fault


class Passed(NamedTuple):
    """One run of both passes: the outputs, the gradient of each input that got one, and what must be known.

    Outputs are as the forward pass gave them (their dtype tells float32), gradients as the backward pass gave them, of
    whatever shape. `parts` are arrays that mappings or an object hold, which got a gradient by name and were no inputs:
    as inputs by these names they are checked, too.
    """

    outputs: tuple[Array, ...]
    gradients: Mapping[str, Array]
    faults: tuple[Fault, ...] = ()
    parts: Mapping[str, Array] = MappingProxyType({})
    called: str = ""  # how, `out, cache = f(x); dx = g(dout, cache)`


class Callee(Protocol):
    """A forward and a backward pass."""

    forward_name: str
    backward_name: str

    @property
    def parameters(self) -> Parameters:
        """What the inputs may be: the forward pass's, then the constructor's where there is one."""
        ...

    @property
    def backward_parameters(self) -> Parameters:
        """What the backward pass takes."""
        ...

    def outputs(self, inputs: Inputs) -> tuple[Array, ...]:
        """What the forward pass gives, without a cache or a gradient. Raises MisbehaviourError."""
        ...

    def passed(self, inputs: Inputs, upstream: Sequence[Array] | None) -> Passed:
        """Both passes; `upstream` has the shapes of the outputs, and is None for a pass that takes none.

        Raises MisbehaviourError.
        """
        ...

    def takes_upstream(self, inputs: Inputs) -> bool:
        """Whether the backward pass takes an upstream gradient; else the output counts with weight 1."""
        ...

    def moved(self, inputs: Inputs, name: str, entries: Array, values: Array) -> Array:
        """The outputs where one entry of one input is another: (n, outputs' size) for n entries, counted in order.

        All outputs are joined, flat, in float64. Raises MisbehaviourError.
        """
        ...

    def close(self) -> None:
        """End what belongs to it."""
        ...
