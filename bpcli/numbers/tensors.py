"""`Tensors`: arrays of the numbers of another system, or of the nodes of a graph; axes before the own ones are a batch.

Ops that work entry by entry are the other system's, on every entry. Ops that move or join entries are computed in one
place, `structure` and `windows`, on arrays of any dtype. With a `batch` of n every array has n axes before those that
it is about, of a common length or of length 1: many points, perturbations or upstream gradients at once.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from bpcli.graph.op import Op, Shape
from bpcli.numbers.matrices import MATRICES
from bpcli.numbers.sliding import SLIDING
from bpcli.numbers.structure import STRUCTURE
from bpcli.numbers.system import NumberSystem

STRUCTURAL = {**STRUCTURE, **MATRICES, **SLIDING}


class Tensors(NumberSystem):
    """Arrays whose entries belong to the system `entries`."""

    def __init__(self, entries: Any, batch: int = 0) -> None:
        super().__init__(f"arrays of {entries}", None, {})
        self.entries = entries
        self.batch = batch

    def shape(self, x: Any) -> Shape:
        """The shape of a value without its batch axes."""
        shape: Shape = np.shape(x)
        return shape[self.batch :]

    def number(self, value: float) -> Any:
        """A literal as an entry."""
        return self.entries.number(value)

    @property
    def pi(self) -> Any:
        """π."""
        return self.entries.pi

    @property
    def e(self) -> Any:
        """e, the base of the natural logarithm."""
        return self.entries.e

    @staticmethod
    def times(upstream: Any, local: Any) -> Any:
        """Upstream · local; a local derivative that is the number 1 leaves the array as it is."""
        return upstream if type(local) is int and local == 1 else upstream * local

    def function_of(self, op: Op) -> Callable[..., Any]:
        """The function that computes an op on arrays of these entries."""
        if op.name in STRUCTURAL:
            return self._on_arrays(STRUCTURAL[op.name])
        if not op.is_structural:
            return self.entrywise(getattr(self.entries, op.name))
        meaning = op.meaning
        if meaning is None:
            raise AttributeError(op.name)
        return lambda *inputs, **attributes: meaning(self, *inputs, **attributes)

    def _on_arrays(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """A structural function; single numbers go in as arrays of rank 0, and such an array comes out as its entry."""

        def on_entries(*inputs: Any, **attributes: Any) -> Any:
            result = function(self, *map(np.asarray, inputs), **attributes)
            return result[()] if isinstance(result, np.ndarray) else result

        return on_entries

    @staticmethod
    def entrywise(function: Callable[..., Any]) -> Callable[..., Any]:
        """A function of single numbers, applied to every entry."""

        def every(*inputs: Any, **attributes: Any) -> Any:
            return np.frompyfunc(partial(function, **attributes), len(inputs), 1)(*inputs)

        return every
