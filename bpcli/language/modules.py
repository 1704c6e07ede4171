"""Pipelines, `x -> Linear(4) -> Tanh -> MSELoss(t)`: what the parser does with layers, their arguments, and `->`."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bpcli.errors import ParseError, Span
from bpcli.graph.network import Stage
from bpcli.graph.node import Node
from bpcli.graph.op import Op
from bpcli.language.functions import Argument, Static, call, function_called, static_value
from bpcli.language.layer_complaints import no_stage, unknown_layer
from bpcli.language.operators import ARROW, Bracket
from bpcli.layers import FUNCTIONALS, LAYERS
from bpcli.layers.definition import REQUIRED, Definition
from bpcli.layers.module import SEQUENTIAL, Maker, Module, Pick

if TYPE_CHECKING:
    from bpcli.language.stack import Stack

PACKAGES = ("torch.nn.", "nn.")
MAKERS = {
    "OrderedDict": Maker("OrderedDict"),
    "collections.OrderedDict": Maker("OrderedDict"),
    "torch.tensor": Maker("tensor"),
}
RESULTS = ("h_n", "c_n", "output", "attn_output_weights")
# What PyTorch takes beside a layer's own arguments, and what of it changes nothing here.
BESIDE = {"device": {None, "cpu"}, "dtype": {None, "torch.float64", "torch.double"}}


class LayerOperand(Static):
    """A layer where an operand stands; `target` is what a bare loss was given."""

    __slots__ = ("target",)

    content: Any

    def __init__(self, content: Module | Pick, target: Node | None, start: int, end: int) -> None:
        super().__init__(None)
        self.content = content
        self.target = target
        self.start, self.end = start, end


class Pipelines:
    """What layers and `->` do to a parser's stack; stages are counted from 0 through the text."""

    def __init__(self, parser: "Stack") -> None:
        self._parser = parser
        self._count = 0
        self._piped: set[Node] = set()  # stages that are functions, which have taken what comes before them

    def opened(self, typed: str, start: int) -> Any:
        """What a call by this name makes. Raises ParseError for a name that is no layer."""
        if typed in MAKERS:
            return MAKERS[typed]
        name = typed.removeprefix("torch.").removeprefix("nn.")
        definition = SEQUENTIAL if name == "Sequential" else LAYERS.get(name)
        if definition is None or (name != typed and not typed.startswith(PACKAGES)):
            raise unknown_layer(self._parser.text, typed, Span(start, start + len(typed)))
        return definition

    def functional(self, typed: str) -> Any:
        """The function of torch.nn.functional, made of ops, that a call by this name means; or None."""
        return FUNCTIONALS.get(typed)

    def name_child(self, token: str, start: int) -> None:
        """Read `(0):`, which names a child as `print(model)` does."""
        top = self._parser.pending[-1]
        if not (isinstance(top, Bracket) and _holds_layers(top)):
            raise self._unshown(top, Span(start, start + len(token)))
        top.keyword, top.keyword_start = token[1:-2], start

    def _unshown(self, bracket: object, span: Span) -> ParseError:
        typed = bracket.typed if isinstance(bracket, Bracket) else ""
        message = f"print(model) does not show what {typed or 'this'} was made with"
        return ParseError(message, text=self._parser.text, spans=(span,), hint=f"write it as nn.{typed}(…)")

    # What a closed bracket makes -------------------------------------------------------------------------------

    def close(self, bracket: Bracket, made: Any, end: int) -> None:
        """Make what a call of a layer, or of what holds arguments of layers, stands for."""
        span = Span(bracket.start, end)
        try:
            if isinstance(made, Maker):
                self._parser.push_static(self._value(bracket), *span)
            elif made is SEQUENTIAL:
                self._push(Module(made, {}, (), self._children(bracket), *self._place(span)), None, span)
            elif made.is_function:
                self._functional(bracket, made, span)
            else:
                self._layer(bracket, made, span)
        except ParseError as error:
            error.text = self._parser.text
            error.spans = error.spans or (span,)
            raise

    def _place(self, span: Span) -> tuple[str, int, int]:
        return self._parser.text[span.start : span.end], span.start, span.end

    def _push(self, content: Module | Pick, target: Node | None, span: Span) -> None:
        operand = LayerOperand(content, target, *span)
        self._parser.only_attributes.append(operand)
        self._parser.push(operand, *span)

    def _value(self, bracket: Bracket) -> Any:
        """What `OrderedDict([...])` or `torch.tensor([...])` holds."""
        arguments = bracket.arguments or []
        beside = [name for name in bracket.keywords or {} if name not in BESIDE]
        if len(arguments) != 1 or beside:
            message = f"{bracket.typed} takes one list"
            raise ParseError(message)
        first = arguments[0].span.start
        self._parser.attribute_spans.append(
            Span(first, first + 1) if bracket.typed.endswith("OrderedDict") else arguments[0].span
        )
        return _value_of(arguments[0], f"{bracket.typed} takes a list of values")

    def _children(self, bracket: Bracket) -> tuple[tuple[str, Module], ...]:
        """The modules that a Sequential holds, by their names."""
        arguments = bracket.arguments or []
        named = [(str(place), argument) for place, argument in enumerate(arguments)]
        named += [(name, argument) for name, argument in (bracket.keywords or {}).items()]
        children = []
        for name, argument in named:
            content = argument.node.content if isinstance(argument.node, Static) else None
            if isinstance(content, Module) and not content.definition.is_loss:
                children.append((name, content))
            elif isinstance(content, tuple) and len(named) == 1:
                children += self._named_children(content, argument)
            else:
                message = f"{bracket.typed} holds layers, and this is none"
                if isinstance(content, Module):
                    message = f"a loss is no layer of a model: write {bracket.typed}(…) -> {_called(content)}"
                raise ParseError(message, spans=(argument.span,), hint=None)
        return tuple(children)

    def _named_children(self, content: tuple[Any, ...], argument: Argument) -> list[tuple[str, Module]]:
        """The pairs of an OrderedDict. Raises ParseError where they are no such."""
        for pair in content:
            is_pair = isinstance(pair, tuple) and len(pair) == 2 and isinstance(pair[0], str)  # noqa: PLR2004 - name, layer
            if not is_pair or not isinstance(pair[1], Module) or "." in pair[0] or not pair[0]:
                message = "OrderedDict holds pairs of a name and a layer"
                hint = 'write OrderedDict([("fc1", nn.Linear(3, 4)), …])'
                raise ParseError(message, spans=(argument.span,), hint=hint)
        names = [pair[0] for pair in content]
        if len(set(names)) < len(names):
            message = "a name stands twice in the OrderedDict"
            raise ParseError(message, spans=(argument.span,))
        return list(content)

    def _layer(self, bracket: Bracket, definition: Definition, span: Span) -> None:
        is_bare = bracket.typed == definition.name and not self._is_in_sequential()
        arguments, keywords = list(bracket.arguments or []), dict(bracket.keywords or {})
        target = None
        if is_bare and definition.is_loss:
            if not arguments:
                message = f"{definition.name} has no target"
                raise ParseError(message, hint=f"a bare loss takes it first: {definition.usage(is_bare=True)}")
            target = arguments.pop(0).node
        self._parser.attribute_spans.extend([one.span for one in (*arguments, *keywords.values())])
        values = _arguments(definition, arguments, keywords, is_bare=is_bare)
        inferred = tuple([name for name in definition.inferred if is_bare and name not in values])
        self._push(Module(definition, values, inferred, (), *self._place(span)), target, span)

    def _functional(self, bracket: Bracket, definition: Definition, span: Span) -> None:
        """Apply a function to its inputs; as a stage it takes what comes before as the first of them."""
        parser = self._parser
        is_stage = parser.pending[-1] is ARROW
        given, keywords = list(bracket.arguments or []), dict(bracket.keywords or {})
        if is_stage:
            given.insert(0, self._before(span))
        inputs = dict(zip(definition.inputs, given, strict=False))
        rest = given[len(inputs) :]
        for name in definition.inputs:
            is_twice, is_missing = name in inputs and name in keywords, name not in {*inputs, *keywords}
            if is_twice or (is_missing and name not in definition.masks):
                message = f"{definition.name} {'is given twice' if is_twice else 'has no'} '{name}'"
                raise ParseError(message, hint=f"write {definition.usage(is_bare=True)}")
            if name in keywords:
                inputs[name] = keywords.pop(name)
        parser.attribute_spans.extend([one.span for one in (*rest, *keywords.values())])
        values = _arguments(definition, rest, keywords, is_bare=False)
        nodes = [one.node for one in inputs.values() if not _is_none(one)]
        stage = Stage(Module(definition, values, (), (), *self._place(span)), tuple(nodes), None, *span)
        if is_stage:
            self._piped.add(stage)
            self._count += 1
        parser.nodes.append(stage)
        parser.push(stage, *span)

    def _is_in_sequential(self) -> bool:
        return any(isinstance(entry, Bracket) and _holds_layers(entry) for entry in self._parser.pending)

    # Stages ----------------------------------------------------------------------------------------------------

    def word(self, token: str, start: int, end: int) -> None:
        """Read a word behind `->`: a layer or a function without arguments, or another result of the layer before."""
        span = Span(start, end)
        op = function_called(token)
        definition = LAYERS.get(token) or FUNCTIONALS.get(token)
        if definition is not None:
            self.close(Bracket(None, token, start, end, len(self._parser.operands)), definition, end)
        elif op is not None:
            node = self.function(op, token, [], {}, span)
            self._parser.nodes.append(node)
            self._parser.push(node, *span)
        elif token in RESULTS:
            self._push(Pick(token), None, span)
        else:
            raise unknown_layer(self._parser.text, token, span)

    def function(
        self, op: Op, typed: str, arguments: Sequence[Argument], keywords: Mapping[str, Argument], span: Span
    ) -> Node:
        """A function as a stage: it takes what comes before as its first argument."""
        node = call(op, typed, [self._before(span), *arguments], keywords, span)
        self._piped.add(node)
        self._count += 1
        return node

    def _before(self, span: Span) -> Argument:
        """What stands before a function that is a stage."""
        parser = self._parser
        parser.operands[-1] = left = self.settled(parser.operands[-1])
        return Argument(left, Span(parser.starts[-1], span.start))

    def pipe(self, stage: Node, start: int) -> None:
        """Apply the stage behind `->`, which begins at `start`, to what stands before it."""
        parser = self._parser
        if stage in self._piped:
            parser.operands[-1] = stage
        elif isinstance(stage, LayerOperand):
            parser.operands[-1] = self._staged(self.settled(parser.operands[-1]), stage)
        else:
            raise no_stage(parser.text, Span(start, parser.end))

    def settled(self, operand: Node) -> Node:
        """What stands before `->`, or is a whole statement: a layer there works on the variable `input`."""
        if not isinstance(operand, LayerOperand):
            return operand
        if isinstance(operand.content, Pick) or operand.content.definition.is_loss:
            message = f"{self._parser.text[operand.start : operand.end]} has nothing before it"
            hint = "a loss follows a model: x -> Linear(4) -> MSELoss(t)"
            raise ParseError(message, text=self._parser.text, spans=(Span(operand.start, operand.end),), hint=hint)
        return self._staged(self._parser.variable("input", operand.start), operand)

    def _staged(self, x: Node, operand: LayerOperand) -> Stage:
        module, number = operand.content, None
        inputs: tuple[Node, ...] = (x,)
        if isinstance(module, Module) and module.definition.is_loss:
            inputs = (x, operand.target or self._parser.variable("target", operand.start))
        elif isinstance(module, Module):
            number = self._count
            self._count += 1
        stage = Stage(module, inputs, number, operand.start, operand.end)
        self._parser.nodes.append(stage)
        return stage


def _holds_layers(bracket: Bracket) -> bool:
    """Whether it is that of a Sequential."""
    made: object = bracket.op
    return made is SEQUENTIAL


def _is_none(argument: Argument) -> bool:
    return isinstance(argument.node, Static) and argument.node.content is None


def _called(module: Module) -> str:
    return f"nn.{module.definition.name}(…)"


def _value_of(argument: Argument, message: str) -> Any:
    try:
        return static_value(argument.node)
    except ValueError:
        raise ParseError(message, spans=(argument.span,)) from None


def _arguments(
    definition: Definition, given: Sequence[Argument], keywords: Mapping[str, Argument], *, is_bare: bool
) -> dict[str, Any]:
    """The values of a layer's arguments by name. Raises ParseError for a missing, extra or unfit one."""
    known = {argument.name: argument for argument in definition.arguments}
    order = [name for name in known if not (is_bare and name in definition.inferred)]
    hint = f"write {definition.usage(is_bare=is_bare)}"
    if len(given) > len(order):
        beside = len(definition.inputs) if definition.is_function else 0
        counts = f"{beside + len(order)} arguments{' when it is bare' if is_bare else ''}, got {beside + len(given)}"
        message = f"{definition.name} takes {counts}"
        raise ParseError(message, spans=(given[len(order)].span,), hint=hint)
    named = dict(zip(order, given, strict=False))
    for name, argument in keywords.items():
        if name in BESIDE and name not in known:
            _require_without_effect(name, argument)
            continue
        if name not in known or name in named:
            problem = "is given twice the argument" if name in named else "has no argument"
            message = f"{definition.name} {problem} '{name}'"
            raise ParseError(message, spans=(argument.span,), hint=hint)
        named[name] = argument
    for name in order:
        if name not in named and known[name].default is REQUIRED:
            message = f"{definition.name} has no value for '{name}'"
            raise ParseError(message, hint=hint)
    return {name: _kept(definition, known[name], argument, hint) for name, argument in named.items()}


def _kept(definition: Definition, argument: Any, typed: Argument, hint: str) -> Any:
    message = f"'{argument.name}' of {definition.name} must be {argument.words}"
    try:
        return argument.kept(_value_of(typed, message))
    except ValueError:
        raise ParseError(message, spans=(typed.span,), hint=hint) from None


def _require_without_effect(name: str, argument: Argument) -> None:
    value = _value_of(argument, f"'{name}' must be a word")
    if not (value is None or isinstance(value, str)) or value not in BESIDE[name]:
        message = f"bpcli computes in float64 on the CPU; leave '{name}' out"
        raise ParseError(message, spans=(argument.span,))
