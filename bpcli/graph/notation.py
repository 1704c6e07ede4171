"""How a graph is written: `render` for a formula, `render_statements` for a whole graph with its shared nodes.

Parentheses are minimal. They come from the two binding powers of an op, which the parser reads too, so
`parse(render(g))` is `g` for every graph that the language can write.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from bpcli.graph.names import FreeNames
from bpcli.graph.node import SYMBOLS, Constant, Graph, Node, Variable
from bpcli.graph.op import REGISTRY, AttributeValue, Infix, Op
from bpcli.graph.order import ancestors_first

NEGATIVE = Infix("-", math.inf, 30)
TIGHTEST = 60  # how strongly an index, or `.T`, holds what it follows
TIGHT = {"*", "/", "**"}


class Operand(NamedTuple):
    """An input within what is written of a node, and how strongly its surroundings pull at it on each side."""

    node: Node
    left: float = 0
    right: float = 0


Piece = str | Operand


class Style(Protocol):
    """A way to write nodes: infix text or LaTeX."""

    def name(self, name: str) -> str:
        """Write a variable or a node that has a name."""

    def number(self, value: float) -> str:
        """Write a constant."""

    def pieces(self, node: Node) -> list[Piece]:
        """Write an op: text and operands, in order."""

    def powers(self, node: Node) -> Infix | None:
        """Say how the op's own text binds, `None` where nothing can tear it apart."""

    def parenthesised(self, operand: Operand) -> list[Piece]:
        """Write an operand that its surroundings would tear apart."""


class Text:
    """The language's own notation: what it writes, the parser reads back."""

    def name(self, name: str) -> str:
        """Names are written as they are."""
        return name

    def number(self, value: float) -> str:
        """The shortest digits that mean the same binary64 value, without a needless `.0`."""
        return number_text(value)

    def powers(self, node: Node) -> Infix | None:
        """Operators bind by their powers, a negative number as its sign does; calls are closed."""
        return NEGATIVE if is_negative(node) else node.op.infix

    def parenthesised(self, operand: Operand) -> list[Piece]:
        """Parentheses keep the operand together."""
        return ["(", Operand(operand.node), ")"]

    def pieces(self, node: Node) -> list[Piece]:
        """Operators between or before their operands, what follows an operand behind it, everything else as a call."""
        if node.op.infix:
            return operator_pieces(node, node.op.infix, spaced(node.op.infix.symbol))
        behind = behind_operand(node)
        if behind:
            return [Operand(node.inputs[0], 0, TIGHTEST), behind]
        if is_list(node):
            return listed(node.inputs)
        given = separated(arguments(node, self._attribute(node.op)))
        if node.op.takes_list:
            count = max(2 * len(node.inputs) - 1, 0)
            given = ["[", *given[:count], "]", *given[count:]]
        return [f"{node.op.written}(", *given, ")"]

    def _attribute(self, op: Op) -> Callable[[str, AttributeValue], str]:
        """`negative_slope=0.2` for an attribute that is not at its default; a required one is written bare."""

        def written(name: str, value: AttributeValue) -> str:
            text = attribute_text(value)
            return text if op.attributes[name].is_required else f"{name}={text}"

        return written


def attribute_text(value: AttributeValue) -> str:
    """An attribute as it is typed: a word in quotes, a number, a truth value, several in parentheses, an index."""
    if isinstance(value, str):
        return f"'{value}'"
    if isinstance(value, tuple):
        from bpcli.graph.keys import is_key, key_text  # noqa: PLC0415 - single numbers have no shapes and keys

        if is_key(value):
            return f"'{key_text(value)}'"
        return f"({', '.join(map(attribute_text, value))}{',' * (len(value) == 1)})"
    return number_text(value) if isinstance(value, float) else str(value)


def behind_operand(node: Node) -> str:
    """What is written behind the only operand: an index in brackets, `.T`; nothing for other ops."""
    if node.op.name == "getitem":
        from bpcli.graph.keys import key_text  # noqa: PLC0415 - the same

        return f"[{key_text(node.attributes['key'])}]"
    if node.op.name == "transpose" and not node.attributes:
        return ".T"
    return ".mT" if node.op.name == "matrix_transpose" else ""


def is_list(node: Node) -> bool:
    """Whether the node is written as a list of its inputs."""
    return node.op.name == "stack" and not node.attributes


def listed(inputs: Sequence[Node]) -> list[Piece]:
    """The inputs in brackets."""
    return ["[", *separated([Operand(value) for value in inputs]), "]"]


def arguments(node: Node, attribute: Callable[[str, AttributeValue], str]) -> Iterator[Piece]:
    """The inputs and the attributes of a call, in the order of its signature."""
    inputs = iter(node.inputs)
    for parameter in node.op.signature:
        if parameter in node.attributes:
            yield attribute(parameter, node.attributes[parameter])
        elif parameter.startswith("*"):
            yield from [Operand(value) for value in inputs]
        elif parameter not in node.op.attributes:
            yield Operand(next(inputs))


def separated(pieces: Iterable[Piece]) -> list[Piece]:
    """The pieces with commas between them."""
    return [part for piece in pieces for part in (", ", piece)][1:]


def operator_pieces(node: Node, infix: Infix, symbol: str) -> list[Piece]:
    """The symbol before its only operand, or between its two."""
    if len(node.inputs) == 1:
        return [symbol.strip(), Operand(node.inputs[0], infix.right, 0)]
    left, right = node.inputs
    return [Operand(left, 0, infix.left), symbol, Operand(right, infix.right, 0)]


def is_negative(node: Node) -> bool:
    """Whether the node is a constant that is written with a minus sign."""
    return isinstance(node, Constant) and math.copysign(1, node.value) < 0


def spaced(symbol: str) -> str:
    """The symbol as it stands between operands: tight for products and powers, else with spaces."""
    return symbol if symbol in TIGHT else f" {symbol} "


def number_text(value: float) -> str:
    """The shortest digits that mean the same binary64 value; whole numbers without a point, up to 10^16."""
    value = float(value)
    if value.is_integer() and abs(value) < 1e16 and (value or str(value) == "0.0"):  # noqa: PLR2004 - repr turns to 1e+16
        return str(int(value))
    return repr(value)


TEXT = Text()


MOST_CHARACTERS = 1_000_000


def render(
    root: Node, names: Mapping[Node, str] | None = None, *, style: Style = TEXT, limit: float = MOST_CHARACTERS
) -> str:
    """Write the formula of `root`: nodes in `names` by their name, the root itself always by its formula.

    A node that is used twice is written twice, so a formula can be far longer than its graph: what is beyond `limit`
    characters is left out, and marked with `…`.
    """
    names = names or {}
    written: list[str] = []
    room = limit
    waiting: list[Piece] = [Operand(root)]
    opened = False
    while waiting:
        piece = waiting.pop()
        if isinstance(piece, Operand):
            waiting.extend(reversed(_unfolded(piece, names if opened else {}, style)))
            opened = True
            continue
        room -= len(piece)
        if room < 0:
            return "".join([*written, "…"])
        written.append(piece)
    return "".join(written)


def _unfolded(operand: Operand, names: Mapping[Node, str], style: Style) -> list[Piece]:
    node = operand.node
    if node in names:
        return [style.name(names[node])]
    if isinstance(node, Variable):
        return [style.name(node.name)]
    powers = style.powers(node)
    if powers and (powers.left < operand.left or powers.right < operand.right):
        return style.parenthesised(operand)
    if isinstance(node, Constant):
        return [style.name(node.symbol) if node.symbol else style.number(node.value)]
    return style.pieces(node)


def render_statements(graph: Graph) -> str:
    """Write a whole graph as statements: one for each node that is named or used twice, the output last."""
    ordered = ancestors_first([graph.output])
    names = _statement_names(ordered)
    statements = [f"{name} = {render(node, names, limit=math.inf)}" for node, name in names.items()]
    if graph.output not in names:
        statements.append(render(graph.output, names, limit=math.inf))
    return "; ".join(statements)


def _statement_names(ordered: list[Node]) -> dict[Node, str]:
    uses: dict[Node, int] = {}
    for node in ordered:
        for source in node.inputs:
            uses[source] = uses.get(source, 0) + 1
    # A statement may not take a name that the rest of the text needs for a variable, a constant or a call.
    used = {node.name for node in ordered if isinstance(node, Variable)} | {*SYMBOLS, *REGISTRY}
    free = FreeNames(used | {op.written for op in REGISTRY.values()})
    return {
        node: free.take(node.name or "v")
        for node in ordered
        if not isinstance(node, Variable) and (node.name or (node.inputs and uses.get(node, 0) > 1))
    }
