"""Pipelines, `x -> Linear(4) -> Tanh -> MSELoss(t)`: what the parser does with layers, their arguments, and `->`."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from bpcli.errors import LimitError, ParseError, Span, UsageError
from bpcli.graph.node import Node
from bpcli.graph.op import Op
from bpcli.language.functions import Argument, call, function_called
from bpcli.language.layer_arguments import children_of, inputs_of, values_of
from bpcli.language.layer_complaints import (
    after_loss,
    function_meant,
    layer_called,
    network_called,
    no_operand,
    no_stage,
    not_called,
    nothing_before,
    unknown_layer,
    unshown,
)
from bpcli.language.layer_operands import Applied, LayerOperand, Repeated, is_loss, is_sequential
from bpcli.language.makers import MAKERS, Maker, entries_of
from bpcli.language.operators import ARROW, Bracket
from bpcli.language.repeats import REPEAT, holds_stages, repeated
from bpcli.layers import FUNCTIONALS, LAYERS
from bpcli.layers.definition import Definition
from bpcli.layers.module import MOST_NESTED, SEQUENTIAL, Module, Pick, Stage

if TYPE_CHECKING:
    from bpcli.language.stack import Stack

PACKAGES = ("torch.nn.", "nn.")
RESULTS = ("h_n", "c_n", "output", "attn_output_weights")
LONGEST = 1_000  # characters of a layer that are kept


class Pipelines:
    """What layers and `->` do to a parser's stack; stages are counted from 0 through the text."""

    def __init__(self, parser: "Stack") -> None:
        self._parser = parser
        self._count = 0
        self._nested = 0  # brackets of Sequential that are open, and
        self._repeats = 0  # of Repeat
        self._piped: set[Node] = set()  # stages that are functions, which have taken what comes before them

    def opened(self, typed: str, start: int) -> Any:
        """What a call by this name makes. Raises ParseError for a name that is neither a layer nor a function."""
        span = Span(start, start + len(typed))
        if typed in MAKERS:
            return MAKERS[typed]
        name = typed.removeprefix("torch.").removeprefix("nn.")
        self._nested += name == "Sequential"
        self._repeats += typed == "Repeat"
        if self._nested + self._repeats > MOST_NESTED:
            message = f"modules are nested more than {MOST_NESTED} levels deep"
            raise LimitError(message, hint="write a flatter model", text=self._parser.text, spans=(span,))
        if typed == "Repeat":
            return REPEAT
        made = SEQUENTIAL if name == "Sequential" else LAYERS.get(name) or function_called(typed)
        if made is None or (name != typed and not typed.startswith(PACKAGES)):
            raise unknown_layer(self._parser.text, typed, span)
        return made

    def dotted(self, token: str, start: int) -> str:
        """A word such as `torch.float64`. Raises ParseError for the name of a layer or a function."""
        name = token.rpartition(".")[2]
        if token.startswith(PACKAGES) or token == "torch.nn" or function_called(name):
            raise not_called(self._parser.text, token, Span(start, start + len(token)))
        return token

    def functional(self, typed: str) -> Any:
        """The function of torch.nn.functional, made of ops, that a call by this name means; or None."""
        return FUNCTIONALS.get(typed)

    def name_child(self, token: str, start: int) -> None:
        """Read `(0):`, which names a child as `print(model)` does."""
        top = self._parser.pending[-1]
        if not (isinstance(top, Bracket) and is_sequential(top)):
            typed = top.typed if isinstance(top, Bracket) else ""
            raise unshown(self._parser.text, typed, Span(start, start + len(token)))
        top.keyword, top.keyword_start = token[1:-2], start

    def goes_on_with(self, token: str, start: int, end: int) -> bool:
        """Whether the token names the next child of a printed model, which ends the one before it.

        Raises ParseError for a bracket that would call a layer.
        """
        parser = self._parser
        if token == "(" and parser.operands[-1] in parser.only_attributes[-1:]:
            raise layer_called(parser.text, Span(parser.starts[-1], end))
        if not self._nested or token[0] != "(" or token[-1] != ":":
            return False
        while parser.pending[-1].right >= 0:
            parser.apply()
        top = parser.pending[-1]
        if not (isinstance(top, Bracket) and is_sequential(top)):
            return False
        parser.end_argument(start, end)
        self.name_child(token, start)
        return True

    def goes_on(self, start: int) -> bool:
        """Whether a line that begins with `->` goes on with the statement before it, whose result it takes."""
        parser = self._parser
        if parser.output is None or ";" in parser.text[parser.end : start]:
            return False
        parser.take_up(start)
        return True

    def is_stage(self) -> bool:
        """Whether what was read last stands where a pipeline, or a Repeat, has a stage."""
        return self._parser.pending[-1] is ARROW or self._repeats_here()

    def _repeats_here(self) -> bool:
        return self._repeats > 0 and holds_stages(self._parser.pending[-1])

    def require_no_network(self, typed: str, start: int) -> None:
        """Raise ParseError for the call of a name that stands for a network."""
        if isinstance(self._parser.names.get(typed), Stage):
            raise network_called(self._parser.text, typed, Span(start, start + len(typed)))

    def no_operand(self, token: str, span: Span) -> ParseError:
        """The complaint about a token that begins no operand, in the call of a layer or beside `->`."""
        return no_operand(self._parser.text, token, span, is_behind=self._parser.pending[-1] is ARROW)

    # What a closed bracket makes -------------------------------------------------------------------------------

    def close(self, bracket: Bracket, made: Any, end: int) -> None:
        """Make what a call of a layer, or of what holds arguments of layers, stands for."""
        span = Span(bracket.start, end)
        with self._told(span):
            if isinstance(made, Maker):
                self._parser.push_static(self._entries(bracket), *span)
            elif made is SEQUENTIAL:
                self._nested -= 1
                self._push(Module(made, {}, (), children_of(bracket), *self._place(span)), span)
            elif made is REPEAT:
                self._repeats -= 1
                self._parser.attribute_spans += [one.span for one in (bracket.arguments or [])[:1]]
                self._push(repeated(bracket, span), span)
            elif made.is_function:
                self._functional(bracket, made, span)
            else:
                self._layer(bracket, made, span)

    @contextmanager
    def _told(self, span: Span) -> Iterator[None]:
        """Say of an error in which text it is, and, if it does not know better, that it is at this place."""
        try:
            yield
        except UsageError as error:
            error.text = self._parser.text
            error.spans = error.spans or (span,)
            raise

    def _place(self, span: Span) -> tuple[str, int, int]:
        return self._parser.text[span.start : min(span.end, span.start + LONGEST)], span.start, span.end

    def _push(self, content: Module | Pick | Definition | Applied | Repeated, span: Span) -> LayerOperand:
        operand = LayerOperand(content, span)
        self._parser.only_attributes.append(operand)
        self._parser.push(operand, *span)
        return operand

    def _entries(self, bracket: Bracket) -> Any:
        """What `OrderedDict([...])` or `torch.tensor([...])` holds."""
        arguments = [*(bracket.arguments or ()), *(bracket.keywords or {}).values()]
        if bracket.typed.endswith("OrderedDict") and arguments:
            first = arguments[0].span.start
            self._parser.attribute_spans.append(Span(first, first + 1))
        else:
            self._parser.attribute_spans += [argument.span for argument in arguments]
        return entries_of(bracket, self._parser.limits.operators)

    def _layer(self, bracket: Bracket, definition: Definition, span: Span) -> None:
        given = bracket.arguments or []
        is_short = bracket.typed == definition.name and not self._nested
        is_behind = self.is_stage()
        op = function_called(bracket.typed) if is_short and not is_behind else None
        if op is not None and (given or any(name in op.inputs for name in bracket.keywords or {})):  # ReLU(x)
            node = call(op, bracket.typed, given, bracket.keywords or {}, span)
            self._parser.enter(node, *span)
            return
        if not definition.is_loss and given and given[0].node.varies:
            raise function_meant(definition.name, span)
        target = definition.is_loss and is_short and bool(given)
        keywords = (bracket.keywords or {}).values()
        self._parser.attribute_spans += [one.span for one in (*(given[1:] if target else given), *keywords)]
        operand = self._push(definition, span)
        operand.call = definition, bracket
        if is_behind or not is_short:
            self._decide(operand, is_bare=is_short)

    def _decide(self, operand: LayerOperand, *, is_bare: bool) -> None:
        """Read the arguments of a layer as PyTorch's, or as those of a bare one."""
        if operand.call is None:
            return
        definition, bracket = operand.call
        span = Span(operand.start, operand.end)
        arguments, keywords = list(bracket.arguments or []), bracket.keywords or {}
        with self._told(span):
            if is_bare and definition.is_loss:
                if not arguments:
                    message = f"{definition.name} has no target"
                    raise ParseError(message, hint=f"a bare loss takes it first: {definition.usage(is_bare=True)}")
                operand.target = arguments.pop(0).node
            values = values_of(definition, arguments, keywords, is_bare=is_bare)
        inferred = tuple([name for name in definition.inferred if is_bare and name not in values])
        operand.content = Module(definition, values, inferred, (), *self._place(span))
        operand.call = None

    def _functional(self, bracket: Bracket, definition: Definition, span: Span) -> None:
        """Apply a function to its inputs; as a stage it takes what comes before as the first of them."""
        given, keywords = bracket.arguments or [], bracket.keywords or {}
        if self._repeats_here():
            self._push(Applied(definition, bracket.typed, given, keywords), span)
            return
        is_stage = self._parser.pending[-1] is ARROW
        before = [self._before(span)] if is_stage else []
        stage = self._called(definition, [*before, *given], keywords, span)
        if is_stage:
            self._piped.add(stage)
            self._count += 1
        self._parser.enter(stage, *span)

    def _called(
        self, definition: Definition, given: Sequence[Argument], keywords: Mapping[str, Argument], span: Span
    ) -> Stage:
        """A function of layers, applied to its inputs."""
        inputs, rest, left = inputs_of(definition, given, keywords)
        self._parser.attribute_spans += [one.span for one in (*rest, *left.values())]
        values = values_of(definition, rest, left, is_bare=False)
        return Stage(Module(definition, values, (), (), *self._place(span)), inputs, None, *span)

    # Stages ----------------------------------------------------------------------------------------------------

    def word(self, token: str, start: int, end: int) -> None:
        """Read a word that is a stage: a layer or a function without arguments, or another result of a layer."""
        span = Span(start, end)
        definition = LAYERS.get(token) or FUNCTIONALS.get(token)
        if definition is not None:
            self.close(Bracket(None, token, start, end, len(self._parser.operands)), definition, end)
        elif (op := function_called(token)) is not None:
            self.enter_function(op, token, [], {}, span)
        elif token in RESULTS:
            self._push(Pick(token), span)
        elif "." in token:
            raise not_called(self._parser.text, token, span)
        else:
            raise unknown_layer(self._parser.text, token, span)

    def enter_function(
        self, op: Op, typed: str, arguments: Sequence[Argument], keywords: Mapping[str, Argument], span: Span
    ) -> None:
        """Put a function that is a stage on the stack: it takes what comes before as its first argument."""
        function = Applied(op, typed, arguments, keywords)
        if self._repeats_here():
            self._push(function, span)
            return
        node = self._applied(function, self._before(span), span)
        self._piped.add(node)
        self._parser.push(node, *span)

    def _applied(self, function: Applied, before: Argument, span: Span) -> Node:
        """A function, applied to what comes before it."""
        made, typed, arguments, keywords = function
        given = [before, *arguments]
        with self._told(span):
            if isinstance(made, Definition):
                node: Node = self._called(made, given, keywords, span)
            else:
                node = call(made, typed, given, keywords, span)
                self._parser.leave_out_attributes(node.op, given, keywords)
        self._parser.nodes.append(node)
        self._count += 1
        return node

    def _before(self, span: Span) -> Argument:
        """What stands before a function that is a stage."""
        parser = self._parser
        parser.operands[-1] = left = self.settled(parser.operands[-1], is_head=True)
        return Argument(left, Span(parser.starts[-1], span.start))

    def pipe(self, stage: Node, start: int) -> None:
        """Apply the stage behind `->`, which begins at `start`, to what stands before it."""
        parser = self._parser
        if stage in self._piped:
            parser.operands[-1] = stage
        elif isinstance(stage, LayerOperand):
            self._decide(stage, is_bare=True)
            parser.operands[-1] = self._staged(self.settled(parser.operands[-1], is_head=True), stage)
        else:
            raise no_stage(parser.text, stage, Span(start, parser.end))

    def settled(self, operand: Node, *, is_head: bool) -> Node:
        """What stands before `->`, or is a whole statement: a layer there works on the variable `input`.

        At the head of a pipeline it is bare; alone it has PyTorch's arguments, as a printed one, or else is bare too.
        """
        if not isinstance(operand, LayerOperand):
            return operand
        if isinstance(operand.content, Pick) or is_loss(operand):
            raise nothing_before(self._parser.text, Span(operand.start, operand.end))
        try:
            self._decide(operand, is_bare=is_head)
        except ParseError as error:
            try:
                self._decide(operand, is_bare=True)
            except ParseError:
                raise error from None
        return self._staged(self._parser.variable("input", operand.start), operand)

    def _repeated(self, x: Node, stages: Sequence[LayerOperand]) -> Node:
        """What the stages of a Repeat make of `x`, one after another. Raises LimitError for too many."""
        most = self._parser.limits.operators
        if len(self._parser.nodes) + len(stages) > most:
            message = f"the expression has more than {most} operators"
            raise LimitError(message, hint="raise the limit with --max-operators", text=self._parser.text)
        for stage in stages:
            content = stage.content
            if isinstance(content, Applied):
                span = Span(stage.start, stage.end)
                x = self._applied(content, Argument(x, Span(x.start, max(x.start, span.start))), span)
            else:
                x = self._staged(x, stage)
        return x

    def _staged(self, x: Node, operand: LayerOperand) -> Node:
        if isinstance(operand.content, Repeated):
            return self._repeated(x, operand.content.stages)
        module, number = operand.content, None
        inputs: tuple[Node, ...] = (x,)
        if isinstance(module, Module) and isinstance(x, Stage) and x.module.is_loss:
            raise after_loss(self._parser.text, x, Span(operand.start, operand.end))
        if isinstance(module, Module) and module.is_loss:
            inputs = (x, operand.target or self._parser.variable("target", operand.start))
        elif isinstance(module, Module):
            number = self._count
            self._count += 1
        stage = Stage(module, inputs, number, operand.start, operand.end)
        self._parser.nodes.append(stage)
        return stage
