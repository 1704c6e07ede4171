"""The parser's stacks: operands that are read, operators and brackets that wait, and the nodes that they make."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING

from bpcli.errors import ParseError, Span
from bpcli.graph.node import Constant, Node, Variable, power_op
from bpcli.graph.op import NO_ATTRIBUTES, AttributeValue, Op
from bpcli.language.complaints import misplaced, no_number, not_closed_by
from bpcli.language.functions import POW, UNARY, Argument, Static, attribute_spans, call, static_values
from bpcli.language.limits import Limits
from bpcli.language.operators import ARROW, Bracket, Pending

if TYPE_CHECKING:
    from bpcli.language.lists import Lists
    from bpcli.language.modules import Pipelines


class Stack:
    """Operands with their places, what waits to be applied to them, and the op nodes and constants made so far."""

    def __init__(self, text: str, limits: Limits) -> None:
        self.text = text
        self.limits = limits
        self.target: str | None = None  # the name that the statement gives
        self.output: Node | None = None  # of the statement that ended last, and
        self.last_target: str | None = None  # the name that it gave
        self.nodes: list[Node] = []
        self.names: dict[str, Node] = {}
        self.variables: list[Variable] = []
        self.constants: list[Constant] = []
        self.operands: list[Node] = []
        self.starts: list[int] = []
        self.end = 0  # of the last operand; the others are never asked for theirs
        self.pending: list[Pending] = [Pending(None, -1, -1, 0)]
        self.open_brackets = 0
        self._lists: Lists | None = None
        self._pipelines: Pipelines | None = None
        self.only_attributes: list[Static] = []
        self.attribute_spans: list[Span] = []  # what stands there is no part of the graph

    def push(self, node: Node, start: int, end: int) -> None:
        """Put an operand and its place on the stack."""
        self.operands.append(node)
        self.starts.append(start)
        self.end = end

    def enter(self, node: Node, start: int, end: int) -> None:
        """Put a node that was just made on the stack, and among those of the graph."""
        self.nodes.append(node)
        self.push(node, start, end)

    def apply(self) -> None:
        """Apply the last operator that waits to the last operands."""
        operator = self.pending.pop()
        op = operator.op
        right, start = self.operands.pop(), self.starts.pop()
        if operator.arity == 2:  # noqa: PLR2004 - between two operands
            if op is POW:
                op = power_op(right)
            # The node takes the place of its left operand, whose start it shares.
            inputs = (self.operands[-1], right)
            node = Node(op, inputs, NO_ATTRIBUTES, self.starts[-1], self.end)  # type: ignore[arg-type] # it has an op
            self.operands[-1] = node
            self.nodes.append(node)
        elif operator is ARROW:
            self.pipelines.pipe(right, start)
        else:
            start = operator.start  # type: ignore[attr-defined] # it is a Prefix
            node = self._signed(op, right, start, self.end)  # type: ignore[arg-type] # the same
            self.push(node, start, self.end)

    def _signed(self, op: Op, operand: Node, start: int, end: int) -> Node:
        # A sign before a number belongs to the number: `-2*x` has one operator.
        if op.name == "neg" and type(operand) is Constant and operand.name is None and not operand.symbol:
            number = Constant(-operand.value, None, start, end)
            self.constants[-1] = number
            return number
        node = Node(op, (operand,), NO_ATTRIBUTES, start, end)
        self.nodes.append(node)
        return node

    def innermost_bracket(self) -> Bracket | None:
        """The last bracket that is still open."""
        return next((entry for entry in reversed(self.pending) if isinstance(entry, Bracket)), None)

    def apply_until_bracket(self, sign: str, start: int, end: int) -> Bracket:
        """Apply what waits since the last bracket and return the bracket. Raises ParseError where none is open."""
        while self.pending[-1].right >= 0:
            self.apply()
        bracket = self.pending[-1]
        if not isinstance(bracket, Bracket):
            raise misplaced(self.text, sign, Span(start, end), in_brackets=False)
        return bracket

    def end_argument(self, start: int, end: int) -> None:
        """Take what was read since the last comma as an argument. Raises ParseError outside of brackets."""
        bracket = self.apply_until_bracket(",", start, end)
        if bracket.closer == ")" or not self.lists.took_part(bracket):
            self.take_argument(bracket)

    @property
    def lists(self) -> "Lists":
        """What reads square brackets and other signs of arrays; loaded when the first one is met."""
        if self._lists is None:
            from bpcli.language.lists import Lists  # noqa: PLC0415 - single numbers need no brackets of this kind

            self._lists = Lists(self)
        return self._lists

    @property
    def pipelines(self) -> "Pipelines":
        """What reads layers and `->`; loaded when the first one is met."""
        if self._pipelines is None:
            from bpcli.language.modules import Pipelines  # noqa: PLC0415 - most expressions have no layers

            self._pipelines = Pipelines(self)
        return self._pipelines

    def variable(self, name: str, start: int) -> Node:
        """The variable, or what else has this name so far; a new variable that is not typed, from this place on."""
        node = self.names.get(name)
        if node is None:
            node = self.names[name] = Variable(name, start, start)
            self.variables.append(node)
        return node

    def open_bracket(self, bracket: Bracket) -> None:
        """Begin to read what stands in brackets."""
        self.pending.append(bracket)
        self.open_brackets += 1

    def take_argument(self, bracket: Bracket) -> None:
        """Take what was read since the last comma as an argument, with its name if it has one."""
        start = self.starts.pop()
        place = Span(start if bracket.keyword is None else bracket.keyword_start, self.end)
        argument = Argument(self.operands.pop(), place)
        if bracket.keyword is None and bracket.keywords:
            message = "an argument without a name cannot follow one with a name"
            raise ParseError(message, text=self.text, spans=(argument.span,))
        if bracket.keyword is None:
            bracket.arguments = bracket.arguments or []
            bracket.arguments.append(argument)
            return
        bracket.keywords = bracket.keywords or {}
        if bracket.keyword in bracket.keywords:
            message = f"the argument '{bracket.keyword}' is given twice"
            raise ParseError(message, text=self.text, spans=(argument.span,))
        bracket.keywords[bracket.keyword] = argument
        bracket.keyword = None

    def close(self, start: int, end: int) -> None:
        """Close the last bracket, and make the node of its call. Raises ParseError where none is open."""
        bracket = self.apply_until_bracket(")", start, end)
        op = bracket.op
        if bracket.closer != ")":
            raise not_closed_by(self.text, ")", Span(start, end), Span(bracket.end - 1, bracket.end))
        if op is None and not bracket.is_bare:
            self.take_argument(bracket)
            self.close_tuple(bracket, end)
        elif op is None or (op in UNARY and bracket.is_bare):
            self.pending.pop()
            self.open_brackets -= 1
            self.starts[-1], self.end = bracket.start, end
            if op:
                self.operands[-1] = node = Node(op, (self.operands[-1],), NO_ATTRIBUTES, bracket.start, end)
                self.nodes.append(node)
        else:
            self.take_argument(bracket)
            self.close_call(bracket, op, end)

    def close_tuple(self, bracket: Bracket, end: int) -> None:
        """Take several values in parentheses as what an attribute may be. Raises ParseError where they are no such."""
        self.pending.pop()
        self.open_brackets -= 1
        whole = Span(bracket.start, end)
        try:
            content = static_values(argument.node for argument in bracket.arguments or ())
        except ValueError:
            message = "several values in parentheses are a shape or axes, and hold whole numbers only"
            raise ParseError(message, text=self.text, spans=(whole,), hint="write a vector as [x, y]") from None
        self.attribute_spans.append(whole)
        self.push_static(content, *whole)

    def push_static(self, content: AttributeValue, start: int, end: int) -> None:
        """Put what only an attribute can take on the stack."""
        static = Static(content)
        static.start, static.end = start, end
        self.only_attributes.append(static)
        self.push(static, start, end)

    def close_call(self, bracket: Bracket, op: Op, end: int) -> None:
        """Make the node of a call from the arguments that its bracket has taken."""
        self.pending.pop()
        self.open_brackets -= 1
        whole = Span(bracket.start, end)
        if not isinstance(op, Op):
            self.pipelines.close(bracket, op, end)
            return
        arguments, keywords = bracket.arguments or [], bracket.keywords or {}
        if self.pending[-1] is ARROW or (self._pipelines and self._pipelines.is_stage()):
            self.pipelines.enter_function(op, bracket.typed, arguments, keywords, whole)
            return
        try:
            node = call(op, bracket.typed, arguments, keywords, whole)
        except ParseError as error:
            error.text = self.text
            raise
        self.leave_out_attributes(node.op, arguments, keywords)
        self.enter(node, *whole)

    def leave_out_attributes(self, op: Op, arguments: Sequence[Argument], keywords: Mapping[str, Argument]) -> None:
        """Note where the attributes of a call stand, and the brackets of a list: they are no part of the graph."""
        if op.attributes:
            self.attribute_spans.extend(attribute_spans(op, arguments, keywords))
        if op.takes_list:
            first = arguments[0].span.start
            self.attribute_spans.append(Span(first, first + 1))

    def take_up(self, start: int) -> None:
        """Go on with the statement that ended last: its result is an operand again, its name that of what follows."""
        if self.output is not None:
            self.target = self.last_target
            if self.target is not None and self.output.name == self.target and self.output.inputs:
                self.output.name = None
            self.push(self.output, start, start)

    def forget_attributes(self, output: Node) -> None:
        """Drop what was made of attributes. Raises ParseError where what only an attribute can take is an operand."""
        spans = self._disjoint_spans()
        if spans:
            self.nodes = [node for node in self.nodes if not _is_within(spans, node)]
            self.constants = [node for node in self.constants if not _is_within(spans, node)]
        only_attributes = set(self.only_attributes)
        if only_attributes:
            for node in (*self.nodes, output):
                for source in (*node.inputs, node):
                    if source in only_attributes:
                        raise no_number(self.text, source)

    def _disjoint_spans(self) -> list[Span]:
        """The places of attributes in order, each of which holds all that stand within it."""
        spans: list[Span] = []
        for span in sorted(self.attribute_spans):
            if spans and span.start < spans[-1].end:
                spans[-1] = Span(spans[-1].start, max(spans[-1].end, span.end))
            else:
                spans.append(span)
        return spans

    def never_closed(self, bracket: Bracket, at: int) -> ParseError:
        """The complaint about a bracket that is open at the end, with both places."""
        place = Span(bracket.end - 1, bracket.end)
        message = f"this '{self.text[place.start : place.end]}' is never closed"
        hint = f"add '{bracket.closer}' where it should end"
        return ParseError(message, text=self.text, spans=(place, Span(at, at)), hint=hint)


def _is_within(spans: Sequence[Span], node: Node) -> bool:
    place = bisect_right(spans, node.start, key=itemgetter(0)) - 1
    return place >= 0 and node.start < spans[place].end
