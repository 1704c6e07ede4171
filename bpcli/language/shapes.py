"""From a typed graph to one with shapes: once values are bound, the shape of every node is known before it is computed.

Broadcasting becomes a node of its own, so that ops which work entry by entry see equal shapes, and the sum that undoes
it is a step of the backward pass. A number that is a constant goes with any shape, as no gradient flows to it.
"""

from collections.abc import Mapping, Sequence
from math import prod

from bpcli.errors import LimitError, ShapeError
from bpcli.graph.labels import labels_of
from bpcli.graph.node import Graph, Node, Variable, node_of_shape
from bpcli.graph.op import MOST_AXES, REGISTRY, Shape
from bpcli.graph.shapes import common_shape, shape_text, size_text
from bpcli.language.limits import DEFAULT_LIMITS, Limits

BROADCAST = REGISTRY["broadcast_to"]
LONGEST_TYPED = 30  # characters of an input that a message shows as they were typed


def with_shapes(graph: Graph, shapes: Mapping[str, Shape], limits: Limits = DEFAULT_LIMITS) -> Graph:
    """The graph with the shape of every node, and its broadcasting as nodes.

    Raises ShapeError, with the place in the text, where shapes do not fit, and LimitError where the values would take
    more entries than the limit, before they are computed.
    """
    if graph.network:  # which has been given its shapes already
        _require_own_shapes(graph, shapes)
        return graph
    return Shaping(graph, shapes, limits).result()


def _require_own_shapes(graph: Graph, shapes: Mapping[str, Shape]) -> None:
    """Raise ShapeError where the nodes of a network have been made for other shapes than these."""
    for variable in graph.variables:
        if shapes[variable.name] != variable.shape:
            made_for = f"{variable.name} {shape_text(variable.shape)}"
            message = f"the layers of this graph were made for {made_for}, not {shape_text(shapes[variable.name])}"
            raise ShapeError(message, hint="give the text of the network again")


class Shaping:
    """The rebuilding of one graph, node by node."""

    def __init__(self, graph: Graph, shapes: Mapping[str, Shape], limits: Limits) -> None:
        self._graph = graph
        self._limits = limits
        self._made: dict[Node, Node] = {}
        self._constants = list(graph.constants)
        self._nodes: list[Node] = []
        self._spread: dict[tuple[Node, Shape], Node] = {}
        self._entries = 0
        for variable in graph.variables:
            self._made[variable] = Variable(variable.name, variable.start, variable.end, shapes[variable.name])
        for constant in graph.constants:
            self._made[constant] = constant

    def result(self) -> Graph:
        """The graph with shapes."""
        graph, made = self._graph, self._made
        for node in graph.nodes:
            self._enter(node)
        variables = [variable for variable in map(made.__getitem__, graph.variables) if isinstance(variable, Variable)]
        names = {name: made[node] for name, node in graph.names.items()}
        return Graph(made[graph.output], self._nodes, variables, self._constants, graph.text, names=names)

    def _enter(self, node: Node) -> Node:
        """What a node becomes, as the next of the graph."""
        shaped = self._made[node] = self._shaped(node)
        shaped.name = node.name
        self._nodes.append(shaped)
        return shaped

    def _shaped(self, node: Node) -> Node:
        inputs = tuple([self._made[source] for source in node.inputs])
        if node.op.shape is None:
            shape = self._common(node, inputs)
            inputs = tuple([self._broadcast(source, shape) for source in inputs])
        else:
            try:
                shape = node.op.shape(*[source.shape for source in inputs], **node.attributes)
            except ShapeError as error:
                raise self._in_words(error, node, inputs) from None
        self._keep_within_limit(shape, node)
        return node_of_shape(shape, node.op, inputs, node.attributes, node.start, node.end)

    def _common(self, node: Node, inputs: Sequence[Node]) -> Shape:
        shape = common_shape([source.shape for source in inputs])
        if shape is None:
            first, other = _unlike(inputs)
            message = f"the shapes of {{{first}}} and {{{other}}} do not fit together"
            hint = "axes are aligned at the last one; they fit where they are equal or one of them is 1"
            raise self._in_words(ShapeError(message, hint=hint), node, inputs)
        return shape

    def _broadcast(self, source: Node, shape: Shape) -> Node:
        if source.shape == shape or (not source.varies and not source.shape):
            return source
        key = (source, shape)
        if key not in self._spread:
            node = node_of_shape(shape, BROADCAST, (source,), {"shape": shape}, source.start, source.end)
            self._keep_within_limit(shape, node)
            self._spread[key] = node
            self._nodes.append(node)
        return self._spread[key]

    def _keep_within_limit(self, shape: Shape, node: Node) -> None:
        if len(shape) > MOST_AXES:
            message = f"an array has at most {MOST_AXES} axes"
            spans = (node.span,) if node.span else ()
            raise LimitError(message, text=self._graph.text or None, spans=spans)
        self._entries += prod(shape)
        if self._entries > self._limits.entries:
            what = f"an array of shape {shape_text(shape)}, {size_text(prod(shape))}"
            message = f"{what}, brings the values to more than {self._limits.entries} entries"
            spans = (node.span,) if node.span else ()
            raise LimitError(
                message, hint="raise the limit with --max-entries", text=self._graph.text or None, spans=spans
            )

    def _in_words(self, error: ShapeError, node: Node, inputs: Sequence[Node]) -> ShapeError:
        """The error with the names and shapes of the inputs, and the place of the op."""
        labels = labels_of(self._graph)
        named = [
            f"{self._called(original, labels)} {shape_text(source.shape) if source.shape else '(a single number)'}"
            for original, source in zip(node.inputs, inputs, strict=True)
        ]
        told = error.about(named)
        told.text, told.spans = self._graph.text or None, (node.span,) if node.span else ()
        return told

    def _called(self, node: Node, labels: Mapping[Node, str]) -> str:
        """The name of a node, or, where it has none, what it was typed as, if that is short."""
        typed = self._graph.text[node.start : node.end] if node.span else ""
        is_short = 0 < len(typed) <= LONGEST_TYPED and "\n" not in typed
        return typed if is_short and node.name is None else labels.get(node, "an array")


def _unlike(inputs: Sequence[Node]) -> tuple[int, int]:
    """The first two inputs whose shapes do not fit together."""
    return next(
        (first, other)
        for other in range(len(inputs))
        for first in range(other)
        if common_shape([inputs[first].shape, inputs[other].shape]) is None
    )
