"""Recurrent layers, unrolled: each time step is a part of the layer, `t=1` first, and all steps share its parameters.

The step takes the transposes of the weights itself, so that what flows back from every step meets at the parameter:
the gradient of W is a sum over time, of which each part is a step of the backward pass.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from bpcli.errors import ShapeError, UsageError
from bpcli.graph.keys import Slice
from bpcli.layers.definition import layer
from bpcli.layers.fitting import SEQUENCE_AXES, last_axis, require_sequence
from bpcli.layers.initial import by_fan_in, kept
from bpcli.layers.linear import affine

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bpcli.graph.node import Node
    from bpcli.layers.kinds import Count, Fraction, Nonlinearity
    from bpcli.layers.scope import Scope

State = tuple["Node", ...]  # h, or h and c


class Weights(NamedTuple):
    """The parameters of one direction of one layer: those of its input, of its state, and of a projection.

    `biases` are none, their sum, or, where the step takes them one by one, that of the input and that of the state.
    """

    ih: Node
    hh: Node
    biases: tuple[Node, ...]
    hr: Node | None


class Unrolling(NamedTuple):
    """What the three recurrent layers have in common: PyTorch's arguments, and what one step does.

    `states` is the number of states, which are 0 at first. `adds_biases` says that a step takes the sum
    of both biases, which is then made once.
    """

    gates: int
    states: int
    adds_biases: bool
    step: Callable[[Scope, Node, State, Weights], State]
    input_size: int
    hidden_size: int
    num_layers: int
    bias: bool
    batch_first: bool
    dropout: Fraction
    bidirectional: bool
    proj_size: int = 0

    @property
    def output_size(self) -> int:
        """The features of h in one direction."""
        return self.proj_size or self.hidden_size


@layer("RNN", input_size=last_axis)
def rnn(
    m: Scope,
    x: Node,
    input_size: int,
    hidden_size: Count,
    num_layers: Count = 1,
    nonlinearity: Nonlinearity = "tanh",
    bias: bool = True,
    batch_first: bool = False,
    dropout: Fraction = 0.0,
    bidirectional: bool = False,
) -> Node:
    """h_t = tanh(x_t W_ihᵀ + h_{t-1} W_hhᵀ + b_ih + b_hh), or with relu. Source: Elman 1990; torch.nn.RNN.

    `x` is (T, input_size), (T, N, input_size) or, with `batch_first`, (N, T, input_size); the output holds every h_t.
    Raises ShapeError for another input, UsageError for an argument out of its range.
    """
    activation = m.tanh if nonlinearity == "tanh" else m.relu

    def step(m: Scope, x_t: Node, state: State, weights: Weights) -> State:
        return (activation(_gates(m, x_t, state[0], weights)),)

    given = (input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional)
    return _unrolled(m, x, Unrolling(1, 1, True, step, *given))


@layer("LSTM", input_size=last_axis)
def lstm(
    m: Scope,
    x: Node,
    input_size: int,
    hidden_size: Count,
    num_layers: Count = 1,
    bias: bool = True,
    batch_first: bool = False,
    dropout: Fraction = 0.0,
    bidirectional: bool = False,
    proj_size: int = 0,
) -> Node:
    """c_t = σ(f)·c_{t-1} + σ(i)·tanh(g), h_t = σ(o)·tanh(c_t); with `proj_size`, h_t is projected by W_hr.

    The weights hold the gates in the order i, f, g, o. `x` and errors are those of RNN; `h_n` and `c_n` can be asked
    for. Source: Hochreiter & Schmidhuber 1997, Gers et al. 2000; torch.nn.LSTM.
    """
    if not 0 <= proj_size < hidden_size:
        message = f"'proj_size' must be from 0 to less than 'hidden_size', {hidden_size}, not {proj_size}"
        raise UsageError(message)
    given = (input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, proj_size)
    return _unrolled(m, x, Unrolling(4, 2, True, _lstm_step, *given))


def _lstm_step(m: Scope, x_t: Node, state: State, weights: Weights) -> State:
    h, c = state
    i, f, g, o = _parts(m, _gates(m, x_t, h, weights), 4)
    c = m.sigmoid(f) * c + m.sigmoid(i) * m.tanh(g)
    h = m.sigmoid(o) * m.tanh(c)
    return (affine(m, h, weights.hr) if weights.hr else h), c


@layer("GRU", input_size=last_axis)
def gru(
    m: Scope,
    x: Node,
    input_size: int,
    hidden_size: Count,
    num_layers: Count = 1,
    bias: bool = True,
    batch_first: bool = False,
    dropout: Fraction = 0.0,
    bidirectional: bool = False,
) -> Node:
    """h_t = (1 - z)·n + z·h_{t-1} with n = tanh(x_t W_inᵀ + b_in + r·(h_{t-1} W_hnᵀ + b_hn)), r and z as gates.

    The weights hold the gates in the order r, z, n. `x` and errors are those of RNN; `h_n` can be asked for.
    Source: Cho et al. 2014; torch.nn.GRU.
    """
    given = (input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional)
    return _unrolled(m, x, Unrolling(3, 1, False, _gru_step, *given))


def _gru_step(m: Scope, x_t: Node, state: State, weights: Weights) -> State:
    (h,) = state
    of_x, of_h = affine(m, x_t, weights.ih), affine(m, h, weights.hh)
    if weights.biases:
        of_x, of_h = of_x + weights.biases[0], of_h + weights.biases[1]
    (r_x, z_x, n_x), (r_h, z_h, n_h) = _parts(m, of_x, 3), _parts(m, of_h, 3)
    z = m.sigmoid(z_x + z_h)
    n = m.tanh(n_x + m.sigmoid(r_x + r_h) * n_h)
    return (n + z * (h - n),)


def _gates(m: Scope, x_t: Node, h: Node, weights: Weights) -> Node:
    """What the input and the state say together, before any nonlinearity."""
    gates = affine(m, x_t, weights.ih) + affine(m, h, weights.hh)
    return gates + weights.biases[0] if weights.biases else gates


def _parts(m: Scope, gates: Node, count: int) -> list[Node]:
    """The last axis cut into so many equal parts."""
    size = gates.shape[-1] // count
    return [m.getitem(gates, key=(..., Slice(at * size, (at + 1) * size))) for at in range(count)]


# Through time, directions and layers --------------------------------------------------------------------------


def _unrolled(m: Scope, x: Node, plan: Unrolling) -> Node:
    """The outputs of all steps as one array; `h_n` and `c_n` are the last states of each layer and direction."""
    require_sequence(x, plan.input_size)
    axis = 1 if plan.batch_first and len(x.shape) > SEQUENCE_AXES else 0
    if not x.shape[axis]:
        message = "{0} expects one time step or more, {1} gives none"
        raise ShapeError(message)
    m.require_room(x.shape[axis] * plan.num_layers * (2 + 4 * plan.gates))  # no step has fewer nodes
    rows = [m.getitem(x, key=(*[Slice()] * axis, t)) for t in range(x.shape[axis])]
    last: list[State] = []
    for number in range(plan.num_layers):
        if number:
            rows = _dropped(m, rows, plan, number - 1)
        ways = [_one_way(m, rows, plan, number, ending) for ending in ("", "_reverse")[: 1 + plan.bidirectional]]
        last += [states[0 if ending else -1] for ending, states in zip(("", "_reverse"), ways, strict=False)]
        outputs = [[state[0] for state in states] for states in ways]
        rows = [m.concatenate(*both, axis=-1) for both in zip(*outputs, strict=True)] if len(ways) > 1 else outputs[0]
    m.also(**{f"{name}_n": m.stack(*states) for name, states in zip("hc", zip(*last, strict=True), strict=False)})
    return m.stack(*rows, axis=axis)


def _one_way(m: Scope, rows: Sequence[Node], plan: Unrolling, number: int, ending: str) -> list[State]:
    """The states after each step, by the place of the step in time; `_reverse` begins with the last."""
    name = [f"layer {number}"] * (plan.num_layers > 1) + [ending.strip("_")] * bool(ending)
    weights = _weights(m, plan, rows[0].shape[-1], f"_l{number}{ending}")
    # The first states are arrays of zeros, so that every step has the same nodes, and the table shows that W_hh gets 0
    # from the first one; it costs one product of T.
    sizes = (plan.output_size, plan.hidden_size)[: plan.states]
    state: State = tuple([m.broadcast_to(0.0, shape=(*rows[0].shape[:-1], size)) for size in sizes])
    m.part(" · ".join(name), *weights.biases, *state)
    states: list[State] = []
    for t in reversed(range(len(rows))) if ending else range(len(rows)):
        state = plan.step(m, rows[t], state, weights)
        m.part(" · ".join([*name, f"t={t + 1}"]), *state)
        for letter, node in zip("hc", state, strict=False):
            node.name = f"{letter}{t + 1}{f'_l{number}{ending}' if name else ''}"
        states.append(state)
    return states[::-1] if ending else states


def _weights(m: Scope, plan: Unrolling, features: int, ending: str) -> Weights:
    draw, size = by_fan_in(plan.hidden_size), plan.gates * plan.hidden_size
    by_gate = draw._replace(blocks=plan.gates)
    ih = m.parameter(f"weight_ih{ending}", (size, features), by_gate)
    hh = m.parameter(f"weight_hh{ending}", (size, plan.output_size), by_gate)
    biases: tuple[Node, ...] = tuple(
        [m.parameter(f"bias_{of}{ending}", (size,), draw) for of in ("ih", "hh") if plan.bias]
    )
    if biases and plan.adds_biases:
        biases = (biases[0] + biases[1],)
    hr = m.parameter(f"weight_hr{ending}", (plan.proj_size, plan.hidden_size), draw) if plan.proj_size else None
    return Weights(ih, hh, biases, hr)


def _dropped(m: Scope, rows: Sequence[Node], plan: Unrolling, number: int) -> list[Node]:
    """What a layer hands to the next: in training, each entry is 0 with the probability `dropout`, else scaled."""
    if not (plan.dropout and m.is_training):
        return list(rows)
    mask = m.drawn(f"dropout_l{number}", (len(rows), *rows[0].shape), kept(plan.dropout))
    return [row * m.getitem(mask, key=(t,)) for t, row in enumerate(rows)]
