"""Recurrent passes: the way back over time, rebuilt from single steps of the forward pass, with one thing wrong."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from bpcli.check.findings import Cause
from bpcli.check.functions.mistakes.activations import ratios
from bpcli.check.functions.mistakes.case import Array, Case
from bpcli.check.functions.mistakes.mistake import ACCUMULATION, ACTIVATION, PATH, TIME, Mistake
from bpcli.check.functions.mistakes.plain_rnn import Steps, modelled
from bpcli.check.functions.noise import joined

SHORT = "one time step short"


class Turn(NamedTuple):
    """One way to go back over time: which steps, in which order, and what happens to the gradient of the state."""

    steps: Sequence[int]
    carries: bool = True
    adds: bool = True
    ratios: Sequence[Array] | None = None
    carried_by: Array | None = None  # what the gradient of the state is multiplied with on its way


def of_time(case: Case) -> Iterator[Mistake]:
    """One step too few, contributions overwritten or not carried, the derivative of the activation misplaced."""
    steps = _taken_apart(case) or modelled(case)
    if steps is None:
        return
    count = len(steps.arrived)
    forward = list(range(count))
    back = forward[::-1]
    yield _mistake(case, steps, Turn(back[:-1]), SHORT, TIME, f"{SHORT}: the first step is not reached")
    yield _mistake(case, steps, Turn(back[1:]), SHORT, TIME, f"{SHORT}: the last step is left out")
    text = "a path left out: no gradient is carried back from step to step"
    yield _mistake(case, steps, Turn(back, carries=False), "path left out", PATH, text)
    text = "overwritten instead of accumulated: the upstream of a step, or what the next step hands back, not their sum"
    yield _mistake(case, steps, Turn(back, adds=False), "overwritten", ACCUMULATION, text)
    text = "the steps taken in the order of the forward pass, not backward"
    yield _mistake(case, steps, Turn(forward), "time reversed", TIME, text)
    yield from _of_sums(case, steps, back)
    yield from _of_transposed(case, steps, back)
    every = [list(ratios(state)) for state in steps.states]
    for place in range(min(map(len, every))):
        changed = [found[place] for found in every]
        if len({one.kind for one in changed}) == 1:
            turn = Turn(back, ratios=[one.ratio.reshape(-1) for one in changed])
            yield _mistake(case, steps, turn, changed[0].kind, ACTIVATION, changed[0].text)


def _mistake(case: Case, steps: Steps, turn: Turn, kind: str, family: str, text: str) -> Mistake:  # noqa: PLR0913, PLR0917 - a cause and its way
    parts, carried = _gone_back(steps, turn)
    return Mistake(Cause(kind, family, text), _gathered(case, steps, parts, carried))


def _gone_back(steps: Steps, turn: Turn) -> tuple[Mapping[int, Array], Array]:
    """What each step adds to the gradient, and what comes out at the state before the first."""
    carried = np.zeros_like(steps.arrived[0])
    parts = {}
    for place, step in enumerate(turn.steps):
        total = steps.arrived[step] + carried if turn.adds or place == 0 else carried
        if turn.ratios is not None:
            total = total * turn.ratios[step]
        parts[step] = total @ steps.by_input[step]
        out = total @ steps.by_state[step]
        if turn.carried_by is not None:
            out = (out.reshape(-1, len(turn.carried_by)) @ turn.carried_by).reshape(-1)
        carried = out if turn.carries else np.zeros_like(carried)
        last = out
    return parts, last if turn.steps else carried


def _gathered(case: Case, steps: Steps, parts: Mapping[int, Array], carried: Array) -> Array:
    shape = case.x.shape
    if case.name == steps.state:
        return carried.reshape(shape)
    if case.name == steps.data:
        found = np.zeros(shape)
        for step, part in parts.items():
            found[_at(shape, steps.axis, step)] = part.reshape(found[_at(shape, steps.axis, step)].shape)
        return found
    return sum(parts.values(), np.zeros(case.x.size)).reshape(shape)


def _of_transposed(case: Case, steps: Steps, back: Sequence[int]) -> Iterator[Mistake]:
    """The weights between the states in place of their transpose: dz·wᵀ times (wᵀ)⁻¹·w is dz·w."""
    width = steps.states[0].shape[-1]
    for name, value in {**case.floats, case.name: case.x}.items():
        if value.shape == (width, width) and np.linalg.matrix_rank(value) == width:
            for one in (value, value.T):
                turn = Turn(back, carried_by=np.linalg.solve(one.T, one))
                text = f"transposed: {name} for its transpose, from step to step"
                yield _mistake(case, steps, turn, "transposed", TIME, text)


def _of_sums(case: Case, steps: Steps, back: Sequence[int]) -> Iterator[Mistake]:
    parts, _ = _gone_back(steps, Turn(back))
    if case.name not in {steps.data, steps.state}:
        for step, which in ((back[-1], "first"), (back[0], "last")):
            text = f"overwritten instead of accumulated, `=` for `+=`: only the {which} time step kept"
            yield Mistake(Cause("overwritten", ACCUMULATION, text), parts[step].reshape(case.x.shape))
    if case.name == steps.state:
        before = _gone_back(steps, Turn(back[:-1]))[1] if len(back) > 1 else np.zeros_like(steps.arrived[0])
        text = f"{SHORT}: the gradient after the first step given for that before it"
        total = steps.arrived[0] + before
        yield Mistake(Cause(SHORT, TIME, text), total.reshape(case.x.shape))


def _taken_apart(case: Case) -> Steps | None:
    for data, value in case.inputs.items():
        shape = np.shape(value) if isinstance(value, np.ndarray) else ()
        for axis in {3: (1, 0), 2: (0,)}.get(len(shape), ()):
            for state, start in case.inputs.items():
                if (
                    state != data
                    and isinstance(start, np.ndarray)
                    and start.ndim == len(shape) - 1
                    and start.dtype.kind == "f"
                ):
                    steps = _with_steps(case, data, state, axis)
                    if steps is not None:
                        return steps
    return None


def _with_steps(case: Case, data: str, state: str, axis: int) -> Steps | None:
    """The pass step by step, if every step begins from the last one's output; None if that gives other outputs."""
    x, start = case.inputs[data], np.asarray(case.inputs[state])
    count = x.shape[axis]
    whole = (*start.shape[:axis], count, *start.shape[axis:])
    gives_all = case.out.shape == whole
    if count < 2 or len(case.outputs) > 1 or not (gives_all or case.out.shape == start.shape):  # noqa: PLR2004 - steps to miss one of
        return None
    points: list[dict[str, Any]] = []
    states: list[Array] = []
    before = start
    for step in range(count):
        points.append({**case.inputs, data: x[_at(x.shape, axis, slice(step, step + 1))], state: before})
        (out,) = case.callee.outputs(points[-1])
        if np.size(out) != start.size:
            return None
        before = np.asarray(out).reshape(start.shape)
        states.append(before)
    if not np.allclose(np.stack(states, axis) if gives_all else before, case.out, rtol=1e-6):
        return None
    arrived = [np.zeros(start.size) for _ in range(count)]
    for step in range(count) if gives_all else [count - 1]:
        arrived[step] = joined([case.arrived[0][_at(whole, axis, step)] if gives_all else case.arrived[0]])
    by_state = [case.jacobian_at(point, state) for point in points]
    by_input = by_state if case.name == state else [case.jacobian_at(point, case.name) for point in points]
    return Steps(data, state, axis, by_state, by_input, arrived, [np.asarray(one, np.float64) for one in states])


def _at(shape: tuple[int, ...], axis: int, index: int | slice) -> tuple[Any, ...]:
    return tuple(index if place == axis else slice(None) for place in range(len(shape)))
