"""A text and its data as something that learns: for each shape of a batch a graph, made once, and what goes into it."""

from collections.abc import Collection, Mapping
from functools import cached_property
from math import isclose
from typing import Any, NamedTuple

from bpcli.backprop.sweep import gradients_at
from bpcli.errors import UsageError
from bpcli.graph.network import Draw
from bpcli.graph.node import Graph, Node, Variable
from bpcli.graph.op import Shape
from bpcli.graph.varying import let_vary
from bpcli.language.build import TRAINING, Setup, graph_from, has_layers, question_from, values_for
from bpcli.language.complaints import named
from bpcli.language.limits import DEFAULT_LIMITS, Limits
from bpcli.language.networks import unfolded
from bpcli.language.shapes import with_shapes
from bpcli.language.values import shape_of
from bpcli.numbers.arrays import arrays
from bpcli.numbers.drawing import drawn
from bpcli.numbers.entries import moved_a_little
from bpcli.numbers.evaluate import compute, constant_in
from bpcli.train.batches import Values, taken
from bpcli.train.weights import Weights

PROBED = 2  # samples by which it is found what a loss does to many


class Program(NamedTuple):
    """The graph for batches of one shape, with what goes into it beside the batch.

    `masks` are drawn anew in each step, `rows` are rows of parameters, held fast; `prediction` is what the loss was
    applied to.
    """

    graph: Graph
    constants: Mapping[Node, Any]
    masks: tuple[tuple[Variable, Draw], ...]
    rows: tuple[tuple[Variable, str, int], ...]
    prediction: Node | None


class Pass(NamedTuple):
    """What one batch came to: the program, and the value of every node."""

    program: Program
    values: dict[Node, Any]

    @property
    def loss(self) -> float:
        """The value of the output."""
        return float(self.values[self.program.graph.output])

    @property
    def prediction(self) -> Any:
        """What the loss was applied to; None for an expression without layers."""
        node = self.program.prediction
        return None if node is None else self.values[node]


class Model:
    """What a text learns from data.

    A network learns its parameters, an expression without layers the variables that are `given` a value, or those that
    `learned` names; all others that are given keep their value. `data` are arrays by variable, samples along the first
    axis. Parameters that nobody gave, and masks of dropout, are drawn as `setup` says. Raises ParseError,
    BindingError, ShapeError, LimitError, and UsageError where nothing is learned or the output is no single number.
    """

    def __init__(  # noqa: PLR0913 - a question, and how it is set up
        self,
        expression: str | Graph,
        data: Values,
        given: Mapping[str, object] | None = None,
        learned: Collection[str] | None = None,
        *,
        setup: Setup = TRAINING,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        given = dict(given or {})
        self.text = graph_from(expression, {**data, **given}, limits)
        self.random_seed = setup.random_seed
        self._limits = limits
        own = {variable.name for variable in self.text.variables}
        beside = [name for name in given if name not in own]
        self._is_numbered = not beside or any("." in name for name in beside)
        self._few = taken(data, slice(0, PROBED))
        graph, at = question_from(self.text, {**self._few, **given}, limits, setup._replace(evaluation_mode=False))
        values = values_for(graph, at, limits)
        network = self.network = graph.network  # which knows what was drawn
        kinds = {one.variable.name: one.kind for one in network.parameters} if network else {}
        if learned is None:
            learned = [name for name, kind in kinds.items() if kind == "parameter"] if kinds else list(given)
        self.learned = tuple([name for name in values if name in set(learned)])
        fed = [name for name in self.learned if name in data]
        if fed:
            message = f"{named(fed[0])} comes from the data, sample by sample, and is not learned"
            raise UsageError(message, hint="name parameters, or variables that are given a first value")
        self.buffers = {name: values[name] for name, kind in kinds.items() if kind == "buffer"}
        drawn_anew = {name for name, kind in kinds.items() if kind in {"draw", "row"}}
        self.start = {name: values[name] for name in self.learned}
        self.fixed = {
            name: value
            for name, value in values.items()
            if name not in {*self.start, *self.buffers, *drawn_anew, *data}
        }
        self._programs: dict[tuple[Any, ...], Program] = {}
        if not self.learned:
            message = "there is nothing to learn: the text has no parameters"
            raise UsageError(message, hint="give the variables that are to be learned a first value, as in --w 0")

    @property
    def shapes(self) -> dict[str, Shape]:
        """The shapes of what is learned, by name."""
        return {name: shape_of(value) for name, value in self.start.items()}

    def weights(self) -> Weights:
        """What is learned, at its first values."""
        weights = Weights(self.shapes)
        weights.fill(self.start)
        return weights

    @cached_property
    def adds_up(self) -> bool:
        """Whether the loss of many samples is a sum, not a mean, over them: two, taken twice, have twice the loss.

        At weights moved a little, as at the first ones a loss may be 0, of which nothing could be told.
        """
        weights, twice = self.weights(), {name: value.repeat(2, 0) for name, value in self._few.items()}
        weights.flat[...] = moved_a_little(weights.flat)
        with arrays.at_work():
            try:
                one, two = [self.forward(weights, self.buffers, batch).loss for batch in (self._few, twice)]
            except UsageError:  # made for batches of one size
                return False
        return isclose(two, 2 * one) and not isclose(two, one)

    def program(self, batch: Values, *, trains: bool = True) -> Program:
        """The graph for batches of this shape."""
        key = (trains, *[(name, value.shape) for name, value in batch.items()])
        if key not in self._programs:
            shapes = {name: tuple(value.shape) for name, value in batch.items()}
            self._programs[key] = self._made(shapes, trains=trains)
        return self._programs[key]

    def _made(self, shapes: Mapping[str, Shape], *, trains: bool) -> Program:
        known = {**self.shapes, **{name: shape_of(value) for name, value in self.fixed.items()}, **shapes}
        if has_layers(self.text):
            graph = unfolded(self.text, known, self._limits, trains=trains, numbers_lone_layer=self._is_numbered)
        else:
            graph = with_shapes(self.text, known, self._limits)
        if graph.output.shape:
            message = f"the output is an array of shape {graph.output.shape}, and what is made small is one number"
            raise UsageError(message, hint="end the text in a loss, or reduce it, as in mean(…)", text=graph.text)
        let_vary(graph, self.learned)
        network = graph.network
        parameters = network.parameters if network else []
        losses = [layer for layer in network.layers if layer.is_loss] if network else []
        return Program(
            graph,
            {constant: constant_in(arrays, constant) for constant in graph.constants},
            tuple([(one.variable, one.draw) for one in parameters if one.kind == "draw"]),
            tuple([(one.variable, one.row_of.name, int(one.draw.first)) for one in parameters if one.row_of]),
            losses[-1].inputs[0] if losses else None,
        )

    def forward(self, weights: Weights, buffers: Values, batch: Values, step: int | None = None) -> Pass:
        """The values of a batch: in training with the masks of this step, or, without one, in evaluation mode."""
        program = self.program(batch, trains=step is not None)
        values = dict(program.constants)
        known = {**self.fixed, **buffers, **weights.views, **batch}
        for variable, draw in program.masks:
            values[variable] = drawn(draw, variable.shape, self.random_seed, variable.name, step or 0)
        for variable, table, row in program.rows:
            values[variable] = weights.views[table][row : row + 1].copy()
        for variable in program.graph.variables:
            if variable not in values:
                values[variable] = arrays.value(known[variable.name])
        compute(program.graph.nodes, values, arrays)
        return Pass(program, values)

    @staticmethod
    def gathered(whole: Any, prediction: Any, places: Any, size: int, count: int) -> Any:
        """The predictions for `count` samples, with those of a batch of `size` at their places.

        `whole` is what has been gathered before, if anything. None where there is no prediction for each sample.
        """
        shape = shape_of(prediction) if prediction is not None else ()
        if shape[:1] != (size,):
            return None
        whole = arrays.zeros((count, *shape[1:])) if whole is None else whole
        whole[places] = prediction
        return whole


def gradients_into(gradient: Weights, found: Pass) -> None:
    """Write the gradient of a pass into the places of what is learned; 0 where no gradient reaches."""
    upstreams = gradients_at(found.program.graph, found.values, arrays, arrays.value(1.0))
    for variable in found.program.graph.variables:
        if variable.name in gradient.views:
            gradient.views[variable.name][...] = upstreams.get(variable, 0.0)


def buffers_after(found: Pass) -> dict[str, Any]:
    """What the running statistics of a network are after a step in training."""
    network = found.program.graph.network
    if network is None or not network.statistics:
        return {}
    values = dict(found.values)
    compute(network.beside, values, arrays)
    return {name: arrays.handed_out(values[node]) for name, node in network.statistics.items()}
