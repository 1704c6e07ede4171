"""Linear layers inside a pass: what arrives at them is found from the gradient of their weights, sample by sample.

Of z = x·w a sample adds xᵢᵀ·dzᵢ to the gradient of w, so dzᵢ = xᵢ·dwᵢ/|xᵢ|². With it each path back to x, and what an
activation behind z does, can be told apart.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from bpcli.check.findings import Cause
from bpcli.check.functions.callee import MisbehaviourError
from bpcli.check.functions.mistakes.activations import AT_INPUT, AT_OUTPUT
from bpcli.check.functions.mistakes.case import Array, Case
from bpcli.check.functions.mistakes.mistake import ACTIVATION, CHAIN, MASK, PATH, Mistake

MATRIX = 2
MOST_SAMPLES = 32


class Layer(NamedTuple):
    """A linear layer on an input of the pass: the names of both, the input, the weights, and what arrives, dz."""

    data: str
    weights: str
    x: Array
    w: Array
    arrived: Array


def of_layers(case: Case) -> Iterator[Mistake]:
    """A path through one layer missing, alone or transposed; the activation between two layers."""
    found = []
    for layer in _layers(case):
        found.append(layer)
        yield from _paths(case, layer)
        for then in _layers_behind(case, layer):
            yield from _between(case, layer, then)
    for layer in found:
        yield from _gates(case, layer, [one for one in found if _is_added(one, layer)])


def _layers(case: Case) -> Iterator[Layer]:
    """Each linear layer that a wrong gradient may belong to."""
    arrays = {name: np.asarray(case.inputs[name], np.float64) for name in [case.name, *case.floats]}
    for data, x in arrays.items():
        for weights, w in arrays.items():
            fits = w.ndim == MATRIX and x.ndim in (1, MATRIX) and data != weights and x.shape[-1] == len(w)
            if fits and (case.name == data or x.ndim == MATRIX):
                arrived = _arrived(case, data, weights)
                if arrived is not None:
                    yield Layer(data, weights, x, w, arrived)


def _arrived(case: Case, data: str, weights: str) -> Array | None:
    """What arrives at z = x·w, in its shape; None where the gradient of w is not made this way."""
    x = np.asarray(case.inputs[data], np.float64)
    rows = x.reshape(-1, x.shape[-1])
    if len(rows) > MOST_SAMPLES:
        return None
    parts = _by_sample(case, weights, len(rows))
    if parts is None:
        return None
    square = (rows * rows).sum(1)
    found = np.einsum("nd,ndh->nh", rows, parts) / square[:, None]
    again = rows[:, :, None] * found[:, None, :]
    if not np.abs(parts).max() or np.abs(again - parts).max() > 10 * case.round_off * np.abs(parts).max():
        return None
    return found.reshape(*x.shape[:-1], -1)


def _by_sample(case: Case, weights: str, count: int) -> Array | None:
    """What each sample adds to the gradient of the weights, (samples, shape of the weights)."""
    shape = np.shape(case.inputs[weights])
    if count == 1:
        return case.gradient_at(case.inputs, name=weights)[None]
    if all(out and out[0] == count for out in case.shapes):
        jacobian = case.jacobian if weights == case.name else case.jacobian_at(case.inputs, weights)
        parts = (case.weights[:, None] * jacobian).reshape(-1, *shape)
        sizes = [int(np.prod(out)) for out in case.shapes]
        samples = np.concatenate([np.repeat(np.arange(count), size // count) for size in sizes])
        return np.stack([parts[samples == sample].sum(0) for sample in range(count)])
    if case.weights.size == 1:
        return _by_slices(case, weights, count)
    return None


def _by_slices(case: Case, weights: str, count: int) -> Array | None:
    """The same of a loss: of each sample alone, in the proportion that gives the gradient of all."""
    parts = []
    for sample in range(count):
        alone = {
            name: value[sample : sample + 1] if name != weights and np.ndim(value) and len(value) == count else value
            for name, value in case.inputs.items()
        }
        try:
            parts.append(case.gradient_at(alone, name=weights))
        except (MisbehaviourError, ValueError):  # a length that is not that of the samples
            return None
    whole = case.truth if weights == case.name else case.gradient_at(case.inputs, name=weights)
    total = np.sum(parts, 0)
    if not total.any():
        return None
    share = float(np.vdot(total, whole)) / float(np.vdot(total, total))
    is_sum = np.abs(share * total - whole).max() <= 10 * case.round_off * np.abs(whole).max()
    return share * np.stack(parts) if is_sum else None


def _paths(case: Case, layer: Layer) -> Iterator[Mistake]:
    if case.name != layer.data:
        return
    path = layer.arrived @ layer.w.T
    where = f"through {layer.weights}"
    yield Mistake(Cause("path left out", PATH, f"a path left out: that {where}"), case.truth - path)
    yield Mistake(
        Cause("path kept alone", PATH, f"a path left out: only that {where} kept, overwritten instead of accumulated"),
        path,
    )
    if layer.w.shape[0] == layer.w.shape[1]:
        text = f"transposed: {layer.weights} for its transpose"
        yield Mistake(Cause("transposed", PATH, text), case.truth - path + layer.arrived @ layer.w)


def _is_added(one: Layer, other: Layer) -> bool:
    """Whether the outputs of two layers are added: the same arrives at both."""
    return one.arrived.shape == other.arrived.shape and np.allclose(one.arrived, other.arrived, rtol=1e-4, atol=1e-9)


def _gates(case: Case, layer: Layer, added: Sequence[Layer]) -> Iterator[Mistake]:
    """Activations of blocks of what layers add up to, as the gates of a cell: a derivative taken elsewhere."""
    width = layer.arrived.shape[-1]
    shifts = [value for value in (*case.floats.values(), case.x) if value.shape == (width,)] or [np.zeros(width)]
    z = sum([one.x @ one.w for one in added], shifts[0])
    out, tanh = 1 / (1 + np.exp(-z)), np.tanh(z)
    again = 1 / (1 + np.exp(-out))
    part = Cause("chain rule factor forgotten", CHAIN, "a chain rule factor forgotten in the activation")
    left_out = Cause("derivative left out", CHAIN, "a chain rule factor forgotten: the derivative of the activation")
    both = [(out, part), (np.ones_like(z), left_out)]
    for count in (4, 3, 1):
        block = width // count
        if width % count or block < 1 or layer.x.ndim != MATRIX:
            continue
        for first in range(0, width, block):
            columns = slice(first, first + block)
            for local, others in (
                (out * (1 - out), [*_misplaced(z * (1 - z), again * (1 - again), 1 - out), *both]),
                (1 - tanh**2, [*_misplaced(1 - z**2, 1 - np.tanh(tanh) ** 2, 1 - tanh), both[1]]),
            ):
                for changed, cause in others:
                    dz = layer.arrived.copy()
                    dz[:, columns] *= (changed / local)[:, columns]
                    where = f"{cause.text}, block {first // block} of {count} along the last axis"
                    yield from _sent_on(case, layer, dz, cause._replace(text=where))


class Behind(NamedTuple):
    """A second layer: its weights, what arrives at it, and the shift before the activation between."""

    weights: str
    back: Array
    shift: Array


def _layers_behind(case: Case, layer: Layer) -> Iterator[Behind]:
    """Layers that the activation of the first may lead to: what comes back from each is dh = ds·wᵀ.

    What arrives at the second, ds, is that of its bias; where it has none, of the output itself.
    """
    width = layer.arrived.shape[-1]
    if layer.x.ndim != MATRIX:
        return
    biases = [(name, np.asarray(case.inputs[name], np.float64)) for name in [case.name, *case.floats]]
    shifts = [value for _, value in biases if value.shape == (width,)] or [np.zeros(width)]
    for second, w in biases:
        if w.ndim != MATRIX or len(w) != width or second == layer.weights:
            continue
        sent = [case.arrived[0]] if case.out.shape == (len(layer.x), w.shape[1]) else []
        for bias, value in biases:
            if value.shape == (w.shape[1],) and not sent:
                parts = _by_sample(case, bias, len(layer.x))
                sent += [] if parts is None else [parts]
        for one in sent:
            for shift in shifts:
                yield Behind(second, one @ w.T, shift)


def _between(case: Case, layer: Layer, then: Behind) -> Iterator[Mistake]:
    """An activation between two layers: its mask or its derivative taken elsewhere, or left out."""
    z = layer.x @ layer.w + then.shift
    for out, local, others in _activations(z, then.back):
        if np.abs(then.back * local - layer.arrived).max() > 100 * case.round_off * np.abs(layer.arrived).max():
            continue
        for changed, cause in others:
            yield from _sent_on(case, layer, then.back * changed, cause)
        mask = Cause("derivative left out", CHAIN, "a chain rule factor forgotten: the derivative of the activation")
        yield from _sent_on(case, layer, then.back * np.ones_like(out), mask)
        return


def _activations(z: Array, back: Array) -> Iterator[tuple[Array, Array, list[tuple[Array, Cause]]]]:
    """Relu, tanh and sigmoid: output, derivative, and wrong derivatives with their causes."""
    gradient = Cause("mask from the gradient", MASK, "mask taken from the gradient, not the input")
    yield (
        np.maximum(z, 0),
        1.0 * (z > 0),
        [
            (1.0 * (back > 0), gradient),
            (1.0 * (z < 0), Cause("mask inverted", MASK, "mask inverted")),
            (np.ones_like(z), Cause("mask left out", MASK, "mask left out: every unit passes")),
            (np.maximum(z, 0), Cause("value for derivative", MASK, "mask wrong: the output of relu for its mask")),
            (z, Cause("value for derivative", MASK, "mask wrong: the input of relu for its mask")),
        ],
    )
    out = np.tanh(z)
    yield out, 1 - out**2, _misplaced(1 - z**2, 1 - np.tanh(out) ** 2, 1 - out)
    out = 1 / (1 + np.exp(-z))
    again = 1 / (1 + np.exp(-out))
    yield out, out * (1 - out), _misplaced(z * (1 - z), again * (1 - again), 1 - out)


def _misplaced(at_input: Array, at_output: Array, part: Array) -> list[tuple[Array, Cause]]:
    return [
        (at_input, Cause(AT_INPUT, ACTIVATION, AT_INPUT)),
        (at_output, Cause(AT_OUTPUT, ACTIVATION, AT_OUTPUT)),
        (part, Cause("chain rule factor forgotten", CHAIN, "a chain rule factor forgotten in the activation")),
    ]


def _sent_on(case: Case, layer: Layer, dz: Array, cause: Cause) -> Iterator[Mistake]:
    """The gradient that a wrong dz gives, of what is asked."""
    if case.name == layer.weights:
        yield Mistake(cause, layer.x.T @ dz)
    elif case.name == layer.data:
        yield Mistake(cause, dz @ layer.w.T)
    elif case.x.shape == dz.shape[1:]:
        yield Mistake(cause, dz.sum(0))
