"""A pass over time taken apart into steps; and the plain recurrent layer, recognised by its values.

h_t = a(x_t·wx + h_{t-1}·wh + b), with a tanh, relu or sigmoid, the matrices as they are or transposed, the first state
an input or 0. What arrives at the states is the upstream where they are the output; else it is solved for from the
gradients of all inputs, which are linear in it.
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import permutations
from typing import NamedTuple

import numpy as np

from bpcli.check.functions.mistakes.case import Array, Case

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


class Guess(NamedTuple):
    """Which inputs may be what in a recurrent layer: names, "" for what is not there; the axis of time in the data."""

    data: str
    axis: int
    wx: str
    wh: str
    is_turned: bool
    b: str = ""
    start: str = ""


class Layer(NamedTuple):
    """A recurrent layer as it was guessed: data as (T, N, D), matrices as they are used, states from the first."""

    guess: Guess
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
    found = recognised(case)
    if found is None:
        return None
    layer, arrived = found
    count = len(layer.x)
    by_state = [_by(layer, layer.guess.start, step) for step in range(count)]
    by_input = [_by(layer, case.name, step) for step in range(count)]
    data, axis, start = layer.guess.data, layer.guess.axis, layer.guess.start
    return Steps(data, start, axis, by_state, by_input, arrived, list(layer.states[1:]))


def recognised(case: Case) -> tuple[Layer, list[Array]] | None:
    """A recurrent layer whose values are those of the pass, and what arrives at each state, flat; or None."""
    found = ((layer, _arrived(case, layer)) for layer in _layers(case))
    return next(((layer, arrived) for layer, arrived in found if arrived is not None), None)


def _layers(case: Case) -> Iterator[Layer]:
    """Every layer that the shapes allow."""
    arrays = {name: np.asarray(case.inputs[name], np.float64) for name in [case.name, *case.floats]}
    for guess in _guesses(arrays):
        x = _steps_first(arrays[guess.data], guess.axis)
        wx, wh = (arrays[name].T if guess.is_turned else arrays[name] for name in (guess.wx, guess.wh))
        width = len(wh)
        if not 1 < len(x) <= MOST_STEPS or wx.shape != (x.shape[2], width) or wh.shape != (width, width):
            continue
        others = [name for name in arrays if name not in guess]
        shape = (*np.delete(arrays[guess.data].shape[:-1], guess.axis), width)
        for b in [*[name for name in others if arrays[name].shape == (width,)], ""]:
            for start in [*[name for name in others if arrays[name].shape == shape and name != b], ""]:
                shift = arrays[b] if b else np.zeros(width)
                first = arrays[start].reshape(-1, width) if start else np.zeros((x.shape[1], width))
                for act, slope in ACTIVATIONS:
                    states = [first]
                    for row in x:
                        states.append(act(row @ wx + states[-1] @ wh + shift))
                    every = np.stack(states)
                    yield Layer(guess._replace(b=b, start=start), x, (wx, wh), every, slope(every))


def _guesses(arrays: Mapping[str, Array]) -> Iterator[Guess]:
    tables = [name for name, value in arrays.items() if value.ndim == MATRIX]
    for data, value in arrays.items():
        for axis in {CUBE: (1, 0), MATRIX: (0,)}.get(value.ndim, ()):
            for wx, wh in permutations([name for name in tables if name != data], MATRIX):
                for is_turned in (False, True):
                    yield Guess(data, axis, wx, wh, is_turned)


def _steps_first(data: Array, axis: int) -> Array:
    """Data as (T, N, D); without an axis of samples, of one."""
    return np.moveaxis(data, axis, 0) if data.ndim == CUBE else data[:, None]


def _by(layer: Layer, name: str, step: int) -> Array:
    """The Jacobian of a state with respect to what the step has of an input, or to the state before."""
    slope, (wx, wh) = layer.slopes[step + 1], layer.matrices
    samples, width = slope.shape
    one = np.eye(samples)
    order = "kd" if layer.guess.is_turned else "dk"
    if name == layer.guess.start:
        found = np.einsum("nj,ij,nm->njmi", slope, wh, one)
    elif name == layer.guess.data:
        found = np.einsum("nj,dj,nm->njmd", slope, wx, one)
    elif name == layer.guess.wx:
        found = np.einsum(f"nj,nd,jk->nj{order}", slope, layer.x[step], np.eye(width))
    elif name == layer.guess.wh:
        found = np.einsum(f"nj,nd,jk->nj{order}", slope, layer.states[step], np.eye(width))
    else:
        found = np.einsum("nj,jk->njk", slope, np.eye(width))
    return found.reshape(samples * width, -1)


def _arrived(case: Case, layer: Layer) -> list[Array] | None:
    """What arrives at each state, if the layer gives the gradients of its inputs."""
    if case.name not in {layer.guess.data, layer.guess.wx, layer.guess.wh, layer.guess.b, layer.guess.start} - {""}:
        return None
    after = layer.states[1:]
    every = np.moveaxis(after, 0, layer.guess.axis) if layer.guess.axis else after
    for values, is_whole in ((every, True), (every[:, 0], True), (after[-1], False), (after[-1][0], False)):
        if values.shape == case.out.shape and np.allclose(values, case.out, rtol=1e-9, atol=1e-12):
            up = case.arrived[0]
            if not is_whole:
                return [np.zeros(up.size)] * (len(after) - 1) + [up.reshape(-1)]
            turned = np.moveaxis(up, layer.guess.axis, 0) if up.ndim == CUBE else up
            return [one.reshape(-1) for one in turned]
    return _solved(case, layer) if case.out.size < after[-1].size else None


def _solved(case: Case, layer: Layer) -> list[Array] | None:
    """The same of a loss of the last state, or of all of them, from the true gradients."""
    count, size = len(layer.x), layer.states[0].size
    truths = {case.name: case.truth, **case.others}
    known = [
        name
        for name in (layer.guess.data, layer.guess.wx, layer.guess.wh, layer.guess.b, layer.guess.start)
        if name in truths
    ]
    if count * size > MOST_UNKNOWN:
        return None
    onward = [_by(layer, layer.guess.start, step) for step in range(count)]
    each = {name: [_by(layer, name, step) for step in range(count)] for name in known}
    rows = []
    for place in range(count * size):
        step = place // size
        parts: dict[str, list[Array]] = {}
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
        if matrix.shape[0] <= matrix.shape[1]:
            continue  # there is always an answer
        solved = np.linalg.lstsq(matrix, wanted, rcond=None)[0]
        if np.abs(matrix @ solved - wanted).max() <= 10 * case.round_off * np.abs(wanted).max():
            return list(np.concatenate([np.zeros(first), solved]).reshape(count, size))
    return None


def _joined(layer: Layer, name: str, parts: list[Array], shape: tuple[int, ...]) -> Array:
    """The gradient of an input from what the steps add to it, the last step first."""
    if name == layer.guess.start:
        return parts[-1]
    if name != layer.guess.data:
        return np.sum(parts, 0)
    rows = np.stack([part.reshape(layer.x.shape[1:]) for part in parts[::-1]])
    return (np.moveaxis(rows, 0, layer.guess.axis) if len(shape) == CUBE else rows[:, 0]).reshape(-1)
