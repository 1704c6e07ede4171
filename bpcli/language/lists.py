"""Square brackets: lists of values, `[[1, 2], [3, 4]]`, and indices behind an operand, `x[0, 1:3, ::-1]`."""

from typing import TYPE_CHECKING, Any

from bpcli.errors import ParseError, Span
from bpcli.graph.keys import Slice
from bpcli.graph.node import Node
from bpcli.graph.op import NO_ATTRIBUTES, REGISTRY
from bpcli.language.complaints import misplaced, not_closed_by
from bpcli.language.functions import Argument, Static, static_value
from bpcli.language.operators import Bracket, Pending
from bpcli.ops.attributes import are_whole, whole

if TYPE_CHECKING:
    from bpcli.language.stack import Stack

STACK, GETITEM, TAKE = REGISTRY["stack"], REGISTRY["getitem"], REGISTRY["take"]
BEHIND = {".T": REGISTRY["transpose"], "ᵀ": REGISTRY["transpose"], ".mT": REGISTRY["matrix_transpose"]}
_PRODUCT = REGISTRY["matmul"]
MOST_BOUNDS = 3


class ListBracket(Bracket):
    """An open `[` where an operand was wanted: its entries are the arguments read so far."""

    closer = "]"
    __slots__ = ()


class IndexBracket(Bracket):
    """An open `[` behind an operand; `bounds` are those of the slice that is being read, None for one left out."""

    closer = "]"
    __slots__ = ("bounds", "parts")

    def __init__(self, start: int, end: int, below: int) -> None:
        super().__init__(None, "", start, end, below)
        self.parts: list[Argument | tuple[Argument | None, ...]] = []
        self.bounds: list[Argument | None] = []


class Lists:
    """What the signs of arrays do to a parser's stack."""

    def __init__(self, stack: "Stack") -> None:
        self._stack = stack

    def begin(self, token: str, start: int, end: int) -> bool | None:
        """Read a token where an operand is wanted: whether one is still wanted, None where it is no sign of arrays."""
        stack = self._stack
        top = stack.pending[-1]
        if token == "[":
            stack.open_bracket(ListBracket(None, "", start, end, len(stack.operands)))
            return True
        if token[0] in "'\"" or token == "...":
            stack.push_static(... if token == "..." else token[1:-1], start, end)
            return False
        if isinstance(top, IndexBracket) and (token in ":]" or (token == "," and top.bounds)):
            return self._without_bound(top, token, start, end)
        if token == "]" and isinstance(top, ListBracket):
            self.close_square(start, end, is_given=False)
            return False
        return None

    def after(self, token: str, start: int, end: int) -> bool | None:
        """Read a token that follows an operand: whether one is wanted next, None where it is no sign of arrays."""
        stack = self._stack
        if token == "@":
            power = _PRODUCT.infix
            while power and stack.pending[-1].right > power.left:
                stack.apply()
            if power:
                stack.pending.append(Pending(_PRODUCT, power.left, power.right, 2))
            return True
        if token == "[":
            stack.open_bracket(IndexBracket(start, end, len(stack.operands)))
            return True
        if token == "]":
            self.close_square(start, end, is_given=True)
            return False
        if token == ":":
            self.end_bound(start, end, is_given=True)
            return True
        if token in BEHIND:
            node = Node(BEHIND[token], (stack.operands[-1],), NO_ATTRIBUTES, stack.starts[-1], end)
            stack.operands[-1] = node
            stack.nodes.append(node)
            stack.end = end
            return False
        return None

    def _without_bound(self, bracket: IndexBracket, token: str, start: int, end: int) -> bool:
        """Read a sign of an index before which nothing stands, as in `x[:, ::2]`."""
        if token == ":":
            self.end_bound(start, end, is_given=False)
        elif token == ",":
            self.end_part(bracket, is_given=False)
        else:
            self.close_square(start, end, is_given=False)
        return token != "]"

    def end_bound(self, start: int, end: int, *, is_given: bool) -> None:
        """Take what stands before a `:` as a bound of a slice. Raises ParseError outside of an index."""
        bracket = self._stack.apply_until_bracket(":", start, end)
        if not isinstance(bracket, IndexBracket) or len(bracket.bounds) == MOST_BOUNDS - 1:
            raise misplaced(self._stack.text, ":", Span(start, end), in_brackets=True)
        bracket.bounds.append(self._taken() if is_given else None)

    def took_part(self, bracket: Bracket) -> bool:
        """Whether a comma ended a part of an index, which is taken, and not an entry of a list."""
        if isinstance(bracket, IndexBracket):
            self.end_part(bracket, is_given=True)
        return isinstance(bracket, IndexBracket)

    def end_part(self, bracket: IndexBracket, *, is_given: bool) -> None:
        """Take what was read since the last comma as a part of an index."""
        last = self._taken() if is_given else None
        if bracket.bounds:
            bracket.parts.append((*bracket.bounds, last))
            bracket.bounds = []
        elif last is not None:
            bracket.parts.append(last)

    def _taken(self) -> Argument:
        start = self._stack.starts.pop()
        return Argument(self._stack.operands.pop(), Span(start, self._stack.end))

    def close_square(self, start: int, end: int, *, is_given: bool) -> None:
        """Close the last bracket with `]`; `is_given` says whether an operand stands before it."""
        bracket = self._stack.apply_until_bracket("]", start, end)
        if isinstance(bracket, IndexBracket):
            self.end_part(bracket, is_given=is_given)
            self._close_index(bracket, end)
            return
        if not isinstance(bracket, ListBracket):
            raise not_closed_by(self._stack.text, "]", Span(start, end), Span(bracket.end - 1, bracket.end))
        if is_given:
            self._stack.take_argument(bracket)
        self._stack.pending.pop()
        self._stack.open_brackets -= 1
        entries = tuple([argument.node for argument in bracket.arguments or ()])
        self._add(Node(STACK, entries, NO_ATTRIBUTES, bracket.start, end))

    def _close_index(self, bracket: IndexBracket, end: int) -> None:
        self._stack.pending.pop()
        self._stack.open_brackets -= 1
        start, indexed = self._stack.starts.pop(), self._stack.operands.pop()
        inside = Span(bracket.start, end)
        parts = bracket.parts
        if not parts:
            message = "an index must stand between the brackets"
            raise ParseError(message, text=self._stack.text, spans=(inside,), hint="such as x[0] or x[1:3]")
        only = parts[0]
        if len(parts) == 1 and isinstance(only, Argument) and only.node.varies:
            self._add(Node(TAKE, (indexed, only.node), NO_ATTRIBUTES, start, end))
            return
        key = tuple([self._part(part, inside) for part in parts])
        self._stack.attribute_spans.append(inside)
        self._add(Node(GETITEM, (indexed,), {"key": key}, start, end))

    def _add(self, node: Node) -> None:
        self._stack.enter(node, node.start, node.end)

    def _part(self, part: Argument | tuple[Argument | None, ...], inside: Span) -> Any:
        """A part of a key: a whole number, a slice, several whole numbers, None or an ellipsis."""
        if not isinstance(part, Argument):
            bounds = [None if bound is None else self._whole(bound) for bound in part]
            if any(isinstance(bound, tuple) for bound in bounds):
                raise self._no_index(inside)
            return Slice(*bounds)
        if isinstance(part.node, Static) and part.node.content in (None, ...):
            return part.node.content
        return self._whole(part)

    def _whole(self, argument: Argument) -> Any:
        try:
            value = static_value(argument.node)
        except ValueError:
            raise self._no_index(argument.span) from None
        if not are_whole(value):
            raise self._no_index(argument.span)
        return whole(value)

    def _no_index(self, span: Span) -> ParseError:
        message = "an index is a whole number, a slice such as 1:3, or a list of whole numbers"
        hint = "a variable may stand alone between the brackets: E[indices]"
        return ParseError(message, text=self._stack.text, spans=(span,), hint=hint)
