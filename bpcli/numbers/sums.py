"""Sums of arrays that grow in place, and arrays of which most is 0: what flows back along many edges to one node."""

from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from bpcli.graph.keys import view_at
from bpcli.graph.op import Shape
from bpcli.numbers.structure import leading, scatter
from bpcli.numbers.system import Sums

Array = Any


class Placed(NDArrayOperatorsMixin):
    """What `scatter` gives, not written out yet: an array that is 0 but at the places that a key chooses.

    Added to a sum it costs no more than its own entries; for whatever else is done with it, its zeros are written.
    """

    def __init__(self, m: Any, entries: Array, key: tuple[Any, ...], shape: Shape) -> None:
        self.shape = leading(m, entries) + tuple(shape)
        self._arguments = m, entries, key, shape

    def __array__(self, dtype: Any = None, copy: Any = None) -> Array:
        del copy  # it is a new one each time
        whole = scatter(*self._arguments)
        return whole if dtype is None else whole.astype(dtype)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        written = [np.asarray(one) if isinstance(one, Placed) else one for one in inputs]
        return getattr(ufunc, method)(*written, **options)

    def __getitem__(self, places: Any) -> Any:
        return np.asarray(self)[places]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # which NumPy asks for before it asks for the array
            raise AttributeError(name)
        return getattr(np.asarray(self), name)

    def add_to(self, whole: Array) -> None:
        """Add the entries to an array of this shape, in place."""
        m, entries, key, _ = self._arguments
        whole[view_at(m.batch, key)] += entries


class SumsInPlace(Sums):
    """Gradients as far as they are summed up. A sum that is made here is no other node's, and grows in place.

    A contribution is left as it is: it may be a view, or the upstream gradient, which other nodes have too.
    """

    def __init__(self, gradients: dict[Any, Any]) -> None:
        super().__init__(gradients)
        self._own: set[Any] = set()

    def add(self, node: Any, contribution: Any) -> None:
        """Add what flows back to a node along one edge."""
        before = self.gradients.get(node)
        is_placed = type(contribution) is Placed
        if before is None:
            self.gradients[node] = np.asarray(contribution) if is_placed else contribution
            if is_placed:
                self._own.add(node)
        elif node not in self._own or np.shape(before) != contribution.shape:
            self.gradients[node] = before + contribution
            self._own.add(node)
        elif is_placed:
            contribution.add_to(before)
        else:
            before += contribution
            self.gradients[node] = before  # a single number does not grow in place
