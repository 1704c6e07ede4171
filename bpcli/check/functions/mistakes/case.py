"""A wrong gradient as the search for its cause sees it: the pass, the point, the claim, and what is true."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from time import monotonic
from typing import Any

import numpy as np

from bpcli.check.functions.callee import Callee, Inputs, MisbehaviourError
from bpcli.check.functions.noise import joined

Array = Any
ROUND_OFF = 1e-6  # of an array's largest entry: what two ways to compute one gradient may differ by
STEP, SINGLE_STEP = 1e-5, 3e-3  # of an entry's size
SMALLEST_SIZE = 0.01
DOUBLE = 8  # bytes
AT_A_TIME = 64  # runs between two looks at the clock
MOST_RUNS = 2000  # of the forward pass, for one case
PROBES = 3  # entries at which a hypothesis is tried before the others are computed


class TooDearError(Exception):
    """A hypothesis would take more runs of the forward pass than are left."""


@dataclass(eq=False)
class Case:
    """A wrong gradient of one input.

    `claimed` is as the backward pass gave it, of whatever shape; `truth` has the input's shape, each entry right to
    within `errors`. `upstream` is None where every output counts with weight 1; `others` has the true gradients of the
    other inputs. `known_jacobian`, (outputs' size, entries), saves runs of the forward pass where it is known; none is
    begun after the `deadline`, a time of the monotonic clock. A
    pass that `is_single` computes in float32. `round_off` is what two ways to one array may differ by, of its largest
    entry.
    """

    callee: Callee
    inputs: Inputs
    outputs: tuple[Array, ...]
    upstream: Sequence[Array] | None
    name: str
    claimed: Array
    truth: Array
    errors: Array
    others: Mapping[str, Array]
    known_jacobian: Callable[[], Array] | None = None
    deadline: float | None = None
    is_single: bool = False
    round_off: float = ROUND_OFF
    runs: int = 0

    @cached_property
    def x(self) -> Array:
        """The input, in float64."""
        return np.asarray(self.inputs[self.name], np.float64)

    @cached_property
    def floats(self) -> Mapping[str, Array]:
        """The other inputs that are real numbers or arrays of them, in float64."""
        found = {
            name: np.asarray(value) for name, value in self.inputs.items() if name != self.name and is_numeric(value)
        }
        return {name: np.asarray(value, np.float64) for name, value in found.items() if value.dtype.kind == "f"}

    @cached_property
    def numbers(self) -> Mapping[str, Array]:
        """The other inputs that are numbers of any kind, in float64."""
        found = {name: value for name, value in self.inputs.items() if name != self.name and is_numeric(value)}
        return {name: np.asarray(value, np.float64) for name, value in found.items()}

    @cached_property
    def integers(self) -> Mapping[str, Array]:
        """The inputs that are arrays of whole numbers: labels and indices."""
        found = {name: np.asarray(value) for name, value in self.inputs.items() if is_numeric(value)}
        return {name: value for name, value in found.items() if value.dtype.kind in "iu" and value.ndim}

    @cached_property
    def shapes(self) -> list[tuple[int, ...]]:
        """The shapes of the outputs."""
        return [np.shape(one) for one in self.outputs]

    @cached_property
    def out(self) -> Array:
        """The first output, in float64."""
        return np.asarray(self.outputs[0], np.float64)

    @cached_property
    def arrived(self) -> list[Array]:
        """The upstream gradient of each output, of ones where none is given."""
        if self.upstream is None:
            return [np.ones(shape) for shape in self.shapes]
        return [np.asarray(one, np.float64) for one in self.upstream]

    @cached_property
    def weights(self) -> Array:
        """The upstream gradients, joined and flat."""
        return joined(self.arrived)

    @cached_property
    def jacobian(self) -> Array:
        """The derivatives of all outputs with respect to all entries, (outputs' size, entries)."""
        if self.known_jacobian is not None:
            return np.asarray(self.known_jacobian(), np.float64)
        return self.jacobian_at(self.inputs)

    @cached_property
    def contributions(self) -> list[Array]:
        """For each output, what its every entry adds to the gradient: (shape of the output…, entries)."""
        parts = np.split(self.weights[:, None] * self.jacobian, np.cumsum([prod(shape) for shape in self.shapes])[:-1])
        return [part.reshape(*shape, self.x.size) for part, shape in zip(parts, self.shapes, strict=True)]

    @cached_property
    def is_elementwise(self) -> bool:
        """Whether every entry of the one output depends on the same entry of the input alone."""
        if len(self.shapes) > 1 or self.shapes[0] != self.x.shape or self.x.size < PROBES:
            return False
        beside = self.jacobian - np.diag(np.diag(self.jacobian))
        return bool(np.abs(beside).max(initial=0.0) <= self.round_off * np.abs(self.jacobian).max(initial=0.0))

    def is_given_by(self, values: Array) -> bool:
        """Whether these are what is claimed, every entry of them, and are not the truth."""
        values = np.asarray(values, np.float64)
        if values.shape != self.claimed.shape or not np.isfinite(values).all():
            return False
        allowed = self._allowed(values)
        if not bool((np.abs(self.claimed - values) <= allowed).all()):
            return False
        return values.shape != self.truth.shape or not bool((np.abs(values - self.truth) <= allowed).all())

    def _allowed(self, values: Array) -> Array:
        size = float(np.abs(values).max(initial=0.0))
        scale = float(np.abs(self.truth).max(initial=0.0))
        error = self.errors if np.shape(self.errors) == values.shape else float(np.max(self.errors, initial=0.0))
        return error * max(1.0, size / scale if scale else 1.0) + self.round_off * size

    def gradient_at(self, inputs: Inputs, upstream: Sequence[Array] | None = None, name: str | None = None) -> Array:
        """The gradient at other inputs, by differences; with another upstream where the outputs have other shapes."""
        name = name or self.name
        weights = self.weights if upstream is None else joined(upstream)
        return (weights @ self.jacobian_at(inputs, name)).reshape(np.shape(inputs[name]))

    def jacobian_at(self, inputs: Inputs, name: str | None = None, entries: Array = None) -> Array:
        """The derivatives of all outputs with respect to some entries of an input, by central differences."""
        name = name or self.name
        given = np.asarray(inputs[name])
        kind = given.dtype if given.dtype.kind == "f" else np.dtype(np.float64)
        flat = given.astype(np.float64).reshape(-1)
        entries = np.arange(flat.size) if entries is None else np.asarray(entries)
        self.runs += 2 * entries.size
        if self.runs > MOST_RUNS:
            raise TooDearError
        around, is_single = flat[entries], self.is_single or kind.itemsize < DOUBLE
        steps = np.abs(around) * (SINGLE_STEP if is_single else STEP)
        steps = np.maximum(steps, SINGLE_STEP if is_single else STEP * SMALLEST_SIZE)
        ends = np.concatenate([around + steps, around - steps]).astype(kind).astype(np.float64)
        rows = []
        for start in range(0, ends.size, AT_A_TIME):
            if self.deadline is not None and monotonic() > self.deadline:
                raise TooDearError
            part = slice(start, start + AT_A_TIME)
            rows.append(self.callee.moved(inputs, name, np.concatenate([entries, entries])[part], ends[part]))
        moved = np.concatenate(rows).astype(np.float64) if rows else np.zeros((0, self.weights.size))
        upper, lower = moved[: entries.size], moved[entries.size :]
        return ((upper - lower) / (ends[: entries.size] - ends[entries.size :])[:, None]).T

    def claimed_at(self, inputs: Inputs, upstream: Sequence[Array] | None = None, factor: float = 1.0) -> Array | None:
        """The gradient at other inputs times a factor; None, after a few entries, where it is not what is claimed."""
        weights = self.weights if upstream is None else joined(upstream)
        if np.shape(inputs[self.name]) != self.claimed.shape:
            return None
        claimed, entries = self.claimed.reshape(-1), self._probes
        try:
            found = factor * (weights @ self.jacobian_at(inputs, entries=entries))
        except (MisbehaviourError, ValueError):  # it does not run there, or gives outputs of other shapes
            return None
        scale = max(float(np.abs(claimed).max(initial=0.0)), float(np.abs(found).max(initial=0.0)))
        error = float(np.max(self.errors, initial=0.0)) + self.round_off * scale
        if not np.isfinite(found).all() or (np.abs(found - claimed[entries]) > error).any():
            return None
        return factor * self.gradient_at(inputs, upstream)

    @cached_property
    def _probes(self) -> Array:
        """A few entries of the claim: those that are largest, and those that are furthest off."""
        claimed = self.claimed.reshape(-1)
        off = np.abs(claimed - self.truth.reshape(-1)) if self.truth.size == claimed.size else np.abs(claimed)
        return np.unique([*np.argsort(-off)[:PROBES], *np.argsort(-np.abs(claimed))[:1]])


def is_numeric(value: object) -> bool:
    """Whether a value is a number or an array of numbers; texts, truth values, mappings and None are not."""
    if isinstance(value, bool | str | bytes | dict | None):
        return False
    try:
        return np.asarray(value).dtype.kind in "fiu"
    except (ValueError, TypeError):
        return False
