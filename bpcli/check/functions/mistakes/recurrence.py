"""The plain recurrent layer, gone back through by its own equations, with a state or a slope of another step."""

from collections.abc import Iterator, Sequence

import numpy as np

from bpcli.check.findings import Cause
from bpcli.check.functions.mistakes.case import Array, Case
from bpcli.check.functions.mistakes.mistake import ARITHMETIC, CHAIN, PLACES, Mistake
from bpcli.check.functions.mistakes.plain_rnn import Layer, recognised


def of_recurrence(case: Case) -> Iterator[Mistake]:
    """h[t+1] for h[t] in the weights between states or in the slope; inputs of another step; a sign of the slope."""
    found = recognised(case)
    if found is None:
        return
    layer, arrived = found
    states, before, after = layer.states, layer.states[:-1], layer.states[1:]
    slopes = layer.slopes[1:]
    for changed, cause in (
        (after, _off("the state after a step for that before it, in the weights between states")),
        (np.roll(before, 1, 0), _off("the state before the step before, in the weights between states")),
    ):
        yield Mistake(cause, _gradient(case, layer, arrived, before=changed, slopes=slopes))
    for changed, cause in (
        (layer.slopes[:-1], _off("the slope of the activation at the state before the step, not after it")),
        (np.roll(slopes, -1, 0), _off("the slope of the activation at the state of the next step")),
        (1 + states[1:] ** 2, Cause("sign", ARITHMETIC, "a sign lost: 1 + h² for 1 - h²")),
        (states[1:] ** 2 - 1, Cause("sign", ARITHMETIC, "a sign lost: h² - 1 for 1 - h²")),
        (after * after, Cause("chain rule factor", CHAIN, "a chain rule factor wrong: h² for 1 - h²")),
    ):
        yield Mistake(cause, _gradient(case, layer, arrived, before=before, slopes=changed))
    for step in (1, -1):
        which = "before" if step > 0 else "after"
        cause = _off(f"the data of the step {which}, in the weights of the data")
        rolled = layer._replace(x=np.roll(layer.x, step, 0))
        yield Mistake(cause, _gradient(case, rolled, arrived, before=before, slopes=slopes))


def _off(text: str) -> Cause:
    return Cause("one step off", PLACES, f"one step off: {text}")


def _gradient(case: Case, layer: Layer, arrived: Sequence[Array], *, before: Array, slopes: Array) -> Array:
    """The gradient of the input in question, with these states before each step and these slopes after it."""
    (wx, wh), guess, shape = layer.matrices, layer.guess, case.x.shape
    carried = np.zeros(layer.states[0].shape)
    into = np.zeros((len(layer.x), *carried.shape))
    for step in range(len(layer.x) - 1, -1, -1):
        into[step] = (arrived[step].reshape(carried.shape) + carried) * slopes[step]
        carried = into[step] @ wh.T
    if case.name == guess.start:
        return carried.reshape(shape)
    if case.name == guess.b:
        return into.sum((0, 1)).reshape(shape)
    if case.name == guess.data:
        rows = into @ wx.T
        return np.moveaxis(rows, 0, guess.axis) if len(shape) == rows.ndim else rows[:, 0]
    found = np.einsum("tnd,tnk->dk", layer.x if case.name == guess.wx else before, into)
    return found.T if guess.is_turned else found
