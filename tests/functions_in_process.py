"""A forward and a backward pass that are called as they are, to try the engine of differences alone."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from bpcli.check.functions.callee import Fault, Inputs, MisbehaviourError, Passed
from bpcli.check.functions.noise import joined, moved_value
from bpcli.check.functions.passes.signatures import ANYTHING

Array = Any


class Called:
    """`forward(*inputs)` gives an output or a tuple of them, `backward(upstream, *inputs)` gradients by name."""

    forward_name = "forward"
    backward_name = "backward"
    parameters = backward_parameters = ANYTHING

    def __init__(
        self,
        forward: Callable[..., Any],
        backward: Callable[..., Mapping[str, Any]] = lambda *_, **__: {},
        *,
        has_upstream: bool = True,
    ) -> None:
        self._forward, self._backward, self._has_upstream = forward, backward, has_upstream
        self.calls = 0

    def outputs(self, inputs: Inputs) -> tuple[Array, ...]:
        """What the function gives."""
        self.calls += 1
        try:
            found = self._forward(*inputs.values())
        except ValueError as error:
            raise MisbehaviourError(Fault("raises", "forward", str(error))) from error
        return found if isinstance(found, tuple) else (found,)

    def passed(self, inputs: Inputs, upstream: Sequence[Array] | None) -> Passed:
        """Both passes."""
        outputs = self.outputs(inputs)
        first = upstream[0] if upstream is not None and len(upstream) == 1 else upstream
        return Passed(outputs, self._backward(first, *inputs.values()))

    def takes_upstream(self, inputs: Inputs) -> bool:
        """As it was made."""
        del inputs
        return self._has_upstream

    def moved(self, inputs: Inputs, name: str, entries: Array, values: Array) -> Array:
        """The outputs with one entry changed at a time."""
        rows = []
        for entry, number in zip(entries, values, strict=True):
            whole = np.array(inputs[name])
            whole.reshape(-1)[entry] = number
            rows.append(joined(self.outputs({**inputs, name: moved_value(inputs[name], whole - inputs[name])})))
        return np.array(rows)

    def close(self) -> None:
        """Nothing is open."""
