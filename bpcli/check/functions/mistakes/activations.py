"""Activations: a mask taken from the wrong array, a derivative at the wrong place."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from bpcli.check.findings import Cause
from bpcli.check.functions.mistakes.case import Array, Case
from bpcli.check.functions.mistakes.mistake import ACTIVATION, ARITHMETIC, AXES, CHAIN, MASK, Mistake

TWO = 2
FAR = 1e3  # what lifts every unit above its kink
AT_INPUT = "derivative at the pre-activation instead of the activation"
AT_OUTPUT = "derivative at the activation instead of the pre-activation"


class Ratio(NamedTuple):
    """A wrong derivative of an activation, divided by the right one, and what is wrong with it."""

    ratio: Array
    kind: str
    text: str


def of_masks(case: Case) -> Iterator[Mistake]:
    """A local derivative of two values, 0 and 1 mostly, chosen by the wrong array."""
    if len(case.shapes) > 1:
        return
    if case.is_elementwise:
        yield from _masks(case, np.diag(case.jacobian).reshape(case.x.shape))
        yield from _masks_of_signs(case)
    yield from _masks_behind(case)


def _masks(case: Case, local: Array) -> Iterator[Mistake]:
    low, high = float(local.min()), float(local.max())
    span = case.round_off * max(abs(low), abs(high))
    if low == high or not (np.minimum(abs(local - low), abs(local - high)) <= span).all():
        yield from _masks_of_pieces(case, local)
        return
    arrived = case.arrived[0]
    for mask, source in _sources(case):
        text = f"mask taken from {source}, not the input" if source != "the input" else "mask taken from the input"
        yield Mistake(Cause(f"mask from {source}", MASK, text), arrived * np.where(mask, high, low))
    is_low = np.abs(local - low) <= span
    text = "mask inverted: what should pass is stopped, and the other way round"
    yield Mistake(Cause("mask inverted", MASK, text), arrived * np.where(is_low, high, low))
    text = "mask left out: every entry passes" + (_of_output(case) if low < 0 else "")
    yield Mistake(Cause("mask left out", MASK, text), arrived * high)
    yield Mistake(Cause("mask left out", MASK, "mask left out, with its scale"), arrived)
    text = "mask taken without its scale"
    yield Mistake(Cause("scale of the mask", MASK, text), arrived * ~is_low)


def _masks_of_signs(case: Case) -> Iterator[Mistake]:
    """A function that is straight on both sides of 0: its slope at an entry of the sign that another array has."""
    if not (case.x < 0).any() or not (case.x > 0).any():
        return
    for mask, source in [(case.x < np.inf, ""), *_sources(case), (case.x < 0, "")]:
        values = case.claimed_at({**case.inputs, case.name: np.where(mask, np.abs(case.x), -np.abs(case.x))})
        if values is not None:
            kind = (
                f"mask from {source}" if source else "mask inverted" if (mask ^ (case.x > 0)).all() else "mask left out"
            )
            text = f"mask taken from {source}, not the input" if source else f"{kind}, of the signs of {case.name}"
            text += _of_output(case) if kind == "mask left out" else ""
            yield Mistake(Cause(kind, MASK, text), values)


def _of_output(case: Case) -> str:
    """What else lets every entry pass."""
    return ", or mask taken from the output, which lets all pass" if (case.out > 0).all() else ""


def _sources(case: Case) -> Iterator[tuple[Array, str]]:
    """What a mask may be taken from; what lets every entry pass, or none, is no mask."""
    for mask, source in (
        (case.arrived[0] > 0, "the gradient"),
        (case.out > 0, "the output"),
        (case.out >= 0, "the output"),
        (case.arrived[0] >= 0, "the gradient"),
        (case.x > 0, "the input"),
    ):
        if mask.any() and not mask.all():
            yield mask, source


def _masks_of_pieces(case: Case, local: Array) -> Iterator[Mistake]:
    """A derivative that is 1 above 0 and of another form below, as an ELU's: chosen by the wrong array."""
    x, arrived = case.x, case.arrived[0]
    if not (np.abs(local[x > 0] - 1) <= case.round_off).all() or not (x < 0).any():
        return
    scale = float((local / np.exp(x))[x < 0].mean())
    below = scale * np.exp(x)
    if not (np.abs(below - local)[x < 0] <= case.round_off * scale).all():
        return
    for inner in (below, case.out + scale):
        for mask, source in _sources(case):
            text = f"mask taken from {source}, not the input"
            yield Mistake(Cause(f"mask from {source}", MASK, text), arrived * np.where(mask, 1.0, inner))
        yield Mistake(Cause("mask left out", MASK, "mask left out: every entry is taken as below 0"), arrived * inner)
    yield Mistake(Cause("mask left out", MASK, "mask left out: every entry is taken as above 0"), arrived)
    text = "mask taken as 0 or 1: what is below 0 has a derivative too"
    yield Mistake(Cause("path left out", MASK, text), arrived * (x > 0))
    yield Mistake(Cause("mask inverted", MASK, "mask inverted"), arrived * np.where(x < 0, 1.0, below))


def _masks_behind(case: Case) -> Iterator[Mistake]:
    """A relu behind a linear layer: its mask from the gradient, or none. A large bias makes every unit pass."""
    if case.out.min(initial=0.0) < 0 or not (case.out == 0).any() or case.out.ndim == 0:
        return
    for name, value in case.floats.items():
        if value.ndim and value.shape[-1] not in case.out.shape:
            continue
        if not _is_raised(case, name, value):
            continue
        lifted = {**case.inputs, name: np.abs(value) + FAR}
        arrived = case.arrived[0]
        for mask, kind, text in (
            (arrived > 0, "mask from the gradient", "mask taken from the gradient, not the input"),
            (arrived < np.inf, "mask left out", "mask left out: every entry passes"),
            (case.out <= 0, "mask inverted", "mask inverted: what should pass is stopped"),
        ):
            values = case.claimed_at(lifted, [arrived * mask])
            if values is not None:
                yield Mistake(Cause(kind, MASK, text), values)


def _is_raised(case: Case, name: str, value: Array) -> bool:
    """Whether an input is added to the output: raising it by much raises every entry by as much."""
    (out,) = case.callee.outputs({**case.inputs, name: np.asarray(value) + FAR})[:1]
    return np.shape(out) == case.out.shape and bool((np.asarray(out) > FAR / TWO).all())


def of_activations(case: Case) -> Iterator[Mistake]:
    """The derivative of an activation taken at its output for its input, or the other way round, or left out."""
    if len(case.shapes) > 1:
        yield from _of_cell(case)
        return
    if case.is_elementwise:
        yield from _elementwise(case)
    if not case.is_elementwise or not case.out.ndim:
        for ratio, kind, text in ratios(case.out):
            values = ((case.weights * ratio.reshape(-1)) @ case.jacobian).reshape(case.x.shape)
            yield Mistake(Cause(kind, ACTIVATION, text), values)
        yield from _behind_a_path(case)
        yield from _transposed_behind(case)


def _behind_a_path(case: Case) -> Iterator[Mistake]:
    """An activation with an input added to it, as in a residual block."""
    for name, value in {case.name: case.x, **case.floats}.items():
        if value.shape != case.out.shape or not value.ndim:
            continue
        beside = np.eye(case.x.size) if name == case.name else np.zeros(case.jacobian.shape)
        for ratio, kind, text in ratios(case.out - value):
            values = case.weights @ beside + (case.weights * ratio.reshape(-1)) @ (case.jacobian - beside)
            yield Mistake(Cause(kind, ACTIVATION, text), values.reshape(case.x.shape))


def _transposed_behind(case: Case) -> Iterator[Mistake]:
    """A square matrix in front of an activation, not transposed on the way back."""
    if case.jacobian.shape != (case.x.size, case.x.size):
        return
    out = case.out.reshape(-1)
    for slope in (1 - out * out, out * (1 - out)):
        if (slope > 0).all():
            matrix = case.jacobian / slope[:, None]
            text = "transposed: the matrix in front of the activation for its transpose"
            yield Mistake(Cause("transposed", AXES, text), (matrix @ (slope * case.weights)).reshape(case.x.shape))


def _elementwise(case: Case) -> Iterator[Mistake]:
    arrived, x, out = case.arrived[0], case.x, case.out
    yield from _of_product(case)
    moved = case.claimed_at({**case.inputs, case.name: out})
    if moved is not None:
        yield Mistake(Cause(AT_OUTPUT, ACTIVATION, AT_OUTPUT), moved)
    for local, word in ((1 - x * x, "1 - x²"), (x * (1 - x), "x(1 - x)"), (x, "x")):
        text = f"{AT_INPUT}: {word} with the input for x"
        yield Mistake(Cause(AT_INPUT, ACTIVATION, text, bare=AT_INPUT), arrived * local)
    for local, word in ((1 - out, "1 - out"), (1 + out, "1 + out"), (out, "out"), (out * out, "out²")):
        text = f"a chain rule factor forgotten: only {word} of the derivative"
        yield Mistake(
            Cause("chain rule factor forgotten", CHAIN, text, bare="a chain rule factor forgotten"), arrived * local
        )
    text = "a chain rule factor forgotten: the derivative left out, only the upstream gradient"
    yield Mistake(Cause("derivative left out", CHAIN, text), arrived)


def _of_product(case: Case) -> Iterator[Mistake]:
    """An output x·h(x), whose derivative is h + x·h': the x before h' forgotten, or its sign lost."""
    if not case.x.all() or (np.abs(case.out / case.x) <= case.round_off).any():
        return
    first = case.out / case.x
    second = np.diag(case.jacobian).reshape(case.x.shape) - first
    text = f"a chain rule factor forgotten: {case.name} in the second term of the product rule"
    cause = Cause("chain rule factor forgotten", CHAIN, text)
    yield Mistake(cause, case.arrived[0] * (first + second / case.x))
    text = "a sign lost: of the second term of the product rule"
    yield Mistake(Cause("sign", ARITHMETIC, text), case.arrived[0] * (first - second))


def ratios(out: Array) -> Iterator[Ratio]:
    """What wrong derivatives of tanh and sigmoid at the output of a layer are, divided by the right one."""
    if (np.abs(out) < 1).all():
        inner, slope = np.arctanh(out), 1 - out * out
        yield Ratio((1 - inner * inner) / slope, AT_INPUT, f"{AT_INPUT}: 1 - z² for 1 - tanh(z)²")
        yield Ratio((1 - np.tanh(out) ** 2) / slope, AT_OUTPUT, f"{AT_OUTPUT}: of tanh")
        yield Ratio(1 / slope, "derivative left out", "the derivative of the activation left out")
        yield Ratio((1 - out) / slope, "chain rule factor forgotten", "1 - h for 1 - h²")
    if ((out > 0) & (out < 1)).all():
        inner, slope = np.log(out / (1 - out)), out * (1 - out)
        yield Ratio(inner * (1 - inner) / slope, AT_INPUT, f"{AT_INPUT}: z(1 - z) for a(1 - a)")
        again = 1 / (1 + np.exp(-out))
        yield Ratio(again * (1 - again) / slope, AT_OUTPUT, f"{AT_OUTPUT}: of sigmoid")
        yield Ratio(1 / slope, "derivative left out", "the derivative of the activation left out")
        yield Ratio(1 / out, "chain rule factor forgotten", "a chain rule factor forgotten: only 1 - a of a(1 - a)")
        yield Ratio(1 / (1 - out), "chain rule factor forgotten", "a chain rule factor forgotten: only a of a(1 - a)")


def _of_cell(case: Case) -> Iterator[Mistake]:
    """The cell of an LSTM, h = o·tanh(c): wrong derivatives of this tanh, or its path left out."""
    if len(case.shapes) != TWO or case.shapes[0] != case.shapes[1]:
        return
    for hidden, cell in ((0, 1), (1, 0)):
        h, c = (np.asarray(case.outputs[place], np.float64).reshape(-1) for place in (hidden, cell))
        gate = h / np.tanh(c)
        if not ((gate > 0) & (gate < 1)).all():
            continue
        rows = np.split(case.jacobian, TWO)
        through = gate * (1 - np.tanh(c) ** 2)
        aside = rows[hidden] - through[:, None] * rows[cell]  # through the output gate
        arrived_h, arrived_c = (case.arrived[place].reshape(-1) for place in (hidden, cell))
        for local, kind, text in (
            (gate * (1 - c * c), AT_INPUT, f"{AT_INPUT}: 1 - c² for 1 - tanh(c)²"),
            (gate, "derivative left out", "the derivative of tanh(c) left out"),
            (0 * gate, "path left out", "a path left out: from h through tanh(c)"),
            (1 - np.tanh(c) ** 2, "chain rule factor forgotten", "a chain rule factor forgotten: the output gate"),
        ):
            values = (arrived_c + arrived_h * local) @ rows[cell] + arrived_h @ aside
            yield Mistake(Cause(kind, ACTIVATION, text), values.reshape(case.x.shape))
