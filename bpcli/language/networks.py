"""From stages to nodes: `unfolded` turns a graph of modules into one of ops, a layer after another."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from bpcli.errors import LimitError, ParseError, ShapeError, Span, UsageError
from bpcli.graph.network import Block, Layer, Network
from bpcli.graph.node import Constant, Graph, Node, Variable
from bpcli.graph.op import Shape
from bpcli.graph.order import ancestors_first
from bpcli.graph.shapes import shape_text
from bpcli.language.limits import DEFAULT_LIMITS, Limits
from bpcli.language.shapes import Shaping
from bpcli.layers.definition import Definition
from bpcli.layers.module import MOST_MODULES, Module, Pick, Stage
from bpcli.layers.scope import Part, Scope

LONGEST_TEXT = 60  # characters of a layer in a message


def unfolded(
    graph: Graph,
    shapes: Mapping[str, Shape],
    limits: Limits = DEFAULT_LIMITS,
    *,
    trains: bool,
    numbers_lone_layer: bool = True,
) -> Graph:
    """The graph with every stage as the nodes of its layers, for inputs of these shapes.

    The parameters of an only layer are called `0.weight`, or, without `numbers_lone_layer`, `weight`, as in the
    state_dict of that layer alone. Raises ShapeError where an input does not fit its layer, with both in words, and
    LimitError.
    """
    return _Unfolding(graph, shapes, limits, trains=trains, numbers_lone_layer=numbers_lone_layer).result()


class _Unfolding(Shaping):
    """The unfolding of one graph, stage by stage."""

    def __init__(
        self, graph: Graph, shapes: Mapping[str, Shape], limits: Limits, *, trains: bool, numbers_lone_layer: bool
    ) -> None:
        super().__init__(graph, shapes, limits)
        self._trains = trains
        self._layers: list[Layer] = []
        self._calls: Counter[str] = Counter()  # of functions
        self._statistics: dict[str, Node] = {}
        self._beside: list[Node] = []
        self._stages = [node for node in graph.nodes if isinstance(node, Stage)]
        self._only = _only_model(self._stages, numbers_lone_layer=numbers_lone_layer)
        self._picks = _picks_of(self._stages)
        self._made_by: dict[Node, Layer] = {}
        self._others: dict[Node, dict[str, Node]] = {}
        self._indices: set[str] = set()

    def result(self) -> Graph:
        """The graph of ops, and its network."""
        graph = super().result()
        parameters = [parameter.variable for layer in self._layers for parameter in layer.parameters]
        graph.variables = [*graph.variables, *parameters]
        fixed = self._targets() | self._indices
        layers = tuple(self._layers)
        graph.network = Network(layers, self._statistics, self._beside, fixed, is_training=self._trains)
        return graph

    def _enter(self, node: Node) -> Node:
        if not isinstance(node, Stage):
            return super()._enter(node)
        made = self._made[node] = self._stage(node)
        made.name = made.name or node.name
        return made

    def _stage(self, stage: Stage) -> Node:
        """What the last layer of a stage hands on."""
        x, *targets = [self._made[source] for source in stage.inputs]
        if isinstance(stage.module, Pick):
            return self._picked(stage.module, x, stage)
        picks = self._picks.get(stage, set())
        for name, module in stage.module.leaves(self._name_of(stage)):
            x = self._layer(name, module, [x, *targets], picks)
        return x

    def _name_of(self, stage: Stage) -> str:
        """What the names of a stage's parameters begin with: nothing for the only model."""
        return "" if stage.number is None or stage is self._only else str(stage.number)

    def _layer(self, name: str, module: Module, inputs: Sequence[Node], picks: Collection[str]) -> Node:
        """The output of one layer, whose nodes join the graph."""
        definition = module.definition
        scope = self._scope(self._counted(definition) if definition.is_function else name, inputs)
        try:
            inferred = {one: definition.inferred[one](inputs[0].shape) for one in module.inferred}
            output = definition.build(scope, *inputs, **inferred, **module.arguments)
            for parameter in scope.parameters:
                self._keep_within_limit(parameter.variable.shape, parameter.variable)
            others = {one: node for one, node in scope.others.items() if one in picks}
            scope.part("", output, *others.values())
            self._made |= {parameter.variable: parameter.variable for parameter in scope.parameters}
            blocks = tuple([self._block(part, module) for part in scope.parts])
            made = self._leaf(output)
            self._keep(name, scope)
        except UsageError as error:
            raise self._about_layer(error, module, inputs[0]) from None
        self._indices |= scope.indices
        taken = tuple(inputs)
        layer = Layer(name, definition.name, tuple(scope.parameters), blocks, made, taken, is_loss=definition.is_loss)
        self._layers.append(layer)
        self._made_by[made] = layer
        self._others[made] = {one: self._leaf(node) for one, node in others.items()}
        return made

    def _counted(self, definition: Definition) -> str:
        """What the names of a function's draws begin with: it is no stage with a number."""
        self._calls[definition.name] += 1
        return f"{definition.name}_{self._calls[definition.name]}"

    def _scope(self, name: str, inputs: Sequence[Node]) -> Scope:
        if len(self._layers) == MOST_MODULES:
            message = f"the model has more than {MOST_MODULES} layers"
            raise LimitError(message, hint="write a smaller one")
        left = self._limits.operators - len(self._nodes)
        return Scope(name, inputs, is_training=self._trains, most_nodes=left)

    def _block(self, part: Part, module: Module) -> Block:
        start = len(self._nodes)
        for node in part.nodes:
            self._enter_built(node, module)
        return Block(part.name, start, len(self._nodes), tuple(map(self._leaf, part.outputs)))

    def _enter_built(self, node: Node, module: Module | None = None) -> Node:
        """What a node that a layer has built becomes."""
        for source in node.inputs:
            self._leaf(source)
        if module is not None:
            node.start, node.end = module.start, module.end
        return super()._enter(node)

    def _leaf(self, node: Node) -> Node:
        """What a node became; one that is no built node stays itself, such as a constant, or the input of the layer."""
        if node not in self._made:
            self._made[node] = node
            if isinstance(node, Constant):
                self._constants.append(node)
        return self._made[node]

    def _keep(self, name: str, scope: Scope) -> None:
        """Keep what the buffers of a layer are after a training step, beside the graph."""
        joined, self._nodes = self._nodes, self._beside
        for node in ancestors_first(scope.statistics.values(), self._made):
            if node not in self._made and node.inputs:
                self._enter_built(node)
        self._nodes = joined
        prefix = f"{name}." if name else ""
        self._statistics |= {f"{prefix}{one}": self._leaf(node) for one, node in scope.statistics.items()}

    def _picked(self, pick: Pick, x: Node, stage: Stage) -> Node:
        """Another result of the layer before. Raises ParseError where it has none of that name."""
        others = self._others.get(x, {})
        if pick.name in others or (pick.name == "output" and x in self._made_by):
            return others.get(pick.name, x)
        message = f"{self._giver(x)} has no result '{pick.name}' beside its output"
        hint = "h_n is a result of RNN, LSTM and GRU, c_n of LSTM, right behind the layer"
        raise ParseError(message, text=self._graph.text, spans=(Span(stage.start, stage.end),), hint=hint)

    def _about_layer(self, error: UsageError, module: Module, x: Node) -> UsageError:
        """The error with the layer, and what came before it, in words."""
        giver = self._giver(x)
        if isinstance(error, ShapeError):
            told = error.about([_short(module.text), giver])
            source = f"the output of {self._made_by[x].title}" if x in self._made_by else giver
            told.hint = error.hint or f"{source} has shape {shape_text(x.shape)}"
            if "{0}" not in error.message:
                told.message = f"{_short(module.text)} cannot take {giver}, {shape_text(x.shape)}: {error.message}"
            error = told
        error.hint = error.hint or f"write {module.definition.usage(is_bare=bool(module.inferred))}"
        error.text = self._graph.text or None
        error.spans = (Span(module.start, module.end),)
        return error

    def _giver(self, node: Node) -> str:
        """What gave a value: the kind of its layer, its name, or what it was typed as."""
        made_by = self._made_by.get(node)
        if made_by:
            return made_by.kind
        return node.name or _short(self._graph.text[node.start : node.end]) or "its input"

    def _targets(self) -> frozenset[str]:
        """The variables that nothing but losses takes, as their target."""
        losses = {stage for stage in self._stages if stage.module.is_loss}
        targets = {stage.inputs[1] for stage in losses}
        others = {source for node in self._graph.nodes for source in node.inputs[: 1 if node in losses else None]}
        return frozenset([node.name for node in targets - others if isinstance(node, Variable)])


def ends_in_loss(graph: Graph) -> bool:
    """Whether the last of a graph's layers, which have not become nodes yet, is a loss."""
    last = graph.output
    return isinstance(last, Stage) and last.module.is_loss


def _only_model(stages: Sequence[Stage], *, numbers_lone_layer: bool) -> Stage | None:
    """The only stage with a name of its own, if what is in it is to be named as in PyTorch, such as a Sequential."""
    models = [stage for stage in stages if stage.number is not None]
    if len(models) != 1:
        return None
    module = models[0].module
    is_container = isinstance(module, Module) and module.is_container
    return models[0] if is_container or not numbers_lone_layer else None


def _picks_of(stages: Sequence[Stage]) -> dict[Node, set[str]]:
    """What is asked for beside the output, by stage."""
    picks: dict[Node, set[str]] = {}
    for stage in stages:
        if isinstance(stage.module, Pick):
            picks.setdefault(stage.inputs[0], set()).add(stage.module.name)
    return picks


def _short(typed: str) -> str:
    """What was typed as a layer, on one line and without its package, cut to what a message can show."""
    text = " ".join(typed.split()).removeprefix("torch.").removeprefix("nn.")
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}…"
