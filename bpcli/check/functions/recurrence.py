"""A pass over time taken apart into steps; and the plain recurrent layer, recognised by its values.

h_t = a(x_t·wx + h_{t-1}·wh + b), with a tanh, relu or sigmoid, the matrices as they are or transposed, the first state an
input or 0. What arrives at the states is the upstream where they are the output; else it is solved for from the gradients
of all inputs, which are linear in it.
"""

from collections.abc import Callable, Iterator
from itertools import permutations
from typing import NamedTuple

import numpy as np

from bpcli.check.functions.case import Array, Case

MATRIX = 2
CUBE = 3
MOST_UNKNOWN = 100  # numbers that are solved for
MOST_STEPS = 64


class Steps(NamedTuple):
    """A pass over time, taken apart: where the steps are, and each step's inputs and what its output depends on.

    `by_state` and `by_input` have a Jacobian for each step, with respect to the state before it and to the input whose
    gradient is asked. `arrived` is the upstream gradient of each step's output, flat.
    """

    data: str
    state: str
    axis: int
    by_state: list[Array]
    by_input: list[Array]
    arrived: list[Array]
    states: list[Array]


class Layer(NamedTuple):
    """A recurrent layer: names of its inputs, data as (T, N, D), matrices as they are used, states from the first."""

    data: str
    axis: int
    wx: str
    wh: str
    b: str
    start: str
    is_turned: bool
    x: Array
    matrices: tuple[Array, Array]
    states: Array
    slopes: Array


ACTIVATIONS: tuple[tuple[Callable[[Array], Array], Callable[[Array], Array]], ...] = (
    (np.tanh, lambda h: 1 - h * h),
    (lambda z: np.maximum(z, 0), lambda h: 1.0 * (h > 0)),
    (lambda z: 1 / (1 + np.exp(-z)), lambda h: h * (1 - h)),
)


def modelled(case: Case) -> Steps | None:
    """The steps of a recurrent layer whose values are those of the pass; None where there is none."""
    for layer in _layers(case):
        arrived = _arrived(case, layer)
        if arrived is not None:
            count = len(layer.x)
            by_state = [_by(layer, layer.start, step) for step in range(count)]
            by_input = [_by(layer, case.name, step) for step in range(count)]
            return Steps(layer.data, layer.start, layer.axis, by_state, by_input, arrived, list(layer.states[1:]))
    return None


def _layers(case: Case) -> Iterator[Layer]:
    """Every layer that the shapes allow."""
    arrays = {name: np.asarray(case.inputs[name], np.float64) for name in [case.name, *case.floats]}
    for data, value in arrays.items():
        for axis in {CUBE: (1, 0), MATRIX: (0,)}.get(value.ndim, ()):
            x = np.moveaxis(value, axis, 0)
            x = x[:, None] if value.ndim == MATRIX else x
            if not 1 < len(x) <= MOST_STEPS:
                continue
            tables = [name for name, one in arrays.items() if one.ndim == MATRIX and name != data]
            for wx, wh in permutations(tables, MATRIX):
                for is_turned in (False, True):
                    pair = tuple(arrays[one].T if is_turned else arrays[one] for one in (wx, wh))
                    width = len(pair[1])
                    if pair[0].shape != (x.shape[2], width) or pair[1].shape != (width, width):
                        continue
                    biases = [name for name, one in arrays.items() if one.shape == (width,) and name not in {data}]
                    shape = (*np.delete(value.shape[:-1], axis), width)
                    starts = [name for name, one in arrays.items() if one.shape == shape and name not in {data, wx, wh}]
                    yield from _run(arrays, (data, axis, wx, wh), (biases, starts), (is_turned, x, pair))


def _run(arrays: dict[str, Array], names: tuple, free: tuple, found: tuple) -> Iterator[Layer]:  # type: ignore[type-arg]
    biases, starts = free
    is_turned, x, (wx, wh) = found
    width = len(wh)
    for b in [*biases, ""]:
        for start in [*[one for one in starts if one != b], ""]:
            for act, slope in ACTIVATIONS:
                shift = arrays[b] if b else np.zeros(width)
                states = [arrays[start].reshape(-1, width) if start else np.zeros((x.shape[1], width))]
                for row in x:
                    states.append(act(row @ wx + states[-1] @ wh + shift))
                every = np.stack(states)
                yield Layer(*names, b, start, is_turned, x, (wx, wh), every, slope(every))


def _by(layer: Layer, name: str, step: int) -> Array:
    """The Jacobian of a state with respect to what the step has of an input; of the state before, by its name or none."""
    slope, (wx, wh) = layer.slopes[step + 1], layer.matrices
    samples, width = slope.shape
    one = np.eye(samples)
    order = "kd" if layer.is_turned else "dk"
    if name == layer.start:
        found = np.einsum("nj,ij,nm->njmi", slope, wh, one)
    elif name == layer.data:
        found = np.einsum("nj,dj,nm->njmd", slope, wx, one)
    elif name == layer.wx:
        found = np.einsum(f"nj,nd,jk->nj{order}", slope, layer.x[step], np.eye(width))
    elif name == layer.wh:
        found = np.einsum(f"nj,nd,jk->nj{order}", slope, layer.states[step], np.eye(width))
    else:
        found = np.einsum("nj,jk->njk", slope, np.eye(width))
    return found.reshape(samples * width, -1)


def _arrived(case: Case, layer: Layer) -> list[Array] | None:
    """What arrives at each state, if the layer gives the gradients of its inputs."""
    if case.name not in {layer.data, layer.wx, layer.wh, layer.b, layer.start} - {""}:
        return None
    after = layer.states[1:]
    every = np.moveaxis(after, 0, layer.axis) if layer.axis else after
    for values, is_whole in ((every, True), (every[:, 0], True), (after[-1], False), (after[-1][0], False)):
        if values.shape == case.out.shape and np.allclose(values, case.out, rtol=1e-9, atol=1e-12):
            up = case.arrived[0]
            if not is_whole:
                return [np.zeros(up.size)] * (len(after) - 1) + [up.reshape(-1)]
            turned = np.moveaxis(up, layer.axis, 0) if up.ndim == CUBE else up
            return [one.reshape(-1) for one in turned]
    return _solved(case, layer) if case.out.size < after[-1].size else None


def _solved(case: Case, layer: Layer) -> list[Array] | None:
    """The same of a loss of the last state, or of all of them, from the true gradients."""
    count, size = len(layer.x), layer.states[0].size
    truths = {case.name: case.truth, **case.others}
    known = [name for name in (layer.data, layer.wx, layer.wh, layer.b, layer.start) if name in truths]
    if count * size > MOST_UNKNOWN:
        return None
    onward = [_by(layer, layer.start, step) for step in range(count)]
    each = {name: [_by(layer, name, step) for step in range(count)] for name in known}
    rows = []
    for place in range(count * size):
        step, parts = place // size, {}
        carried = np.zeros(size)
        for back in range(count - 1, -1, -1):
            total = carried + (np.arange(size) == place % size) * (back == step)
            for name in known:
                parts.setdefault(name, []).append(total @ each[name][back])
            carried = total @ onward[back]
        rows.append(np.concatenate([_joined(layer, name, parts[name], truths[name].shape) for name in known]))
    wanted = np.concatenate([truths[name].reshape(-1) for name in known])
    for first in ((count - 1) * size, 0):
        matrix = np.array(rows[first:]).T
        solved = np.linalg.lstsq(matrix, wanted, rcond=None)[0]
        if np.abs(matrix @ solved - wanted).max() <= 10 * case.round_off * np.abs(wanted).max():
            return list(np.concatenate([np.zeros(first), solved]).reshape(count, size))
    return None


def _joined(layer: Layer, name: str, parts: list[Array], shape: tuple[int, ...]) -> Array:
    """The gradient of an input from what the steps add to it, the last step first."""
    if name == layer.start:
        return parts[-1]
    if name != layer.data:
        return np.sum(parts, 0)
    rows = np.stack([part.reshape(layer.x.shape[1:]) for part in parts[::-1]])
    return (np.moveaxis(rows, 0, layer.axis) if len(shape) == CUBE else rows[:, 0]).reshape(-1)
