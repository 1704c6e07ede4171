"""What waits on the parser's stack: operators for their right operand, brackets for their end."""

from bpcli.graph.op import REGISTRY, Op
from bpcli.language.functions import CONSTANT_POW, Argument


class Pending:
    """An operator that waits for its right operand, or a bracket that waits to be closed (its power is below all)."""

    __slots__ = ("arity", "left", "op", "right")

    def __init__(self, op: Op | None, left: float, right: float, arity: int) -> None:
        self.op = op
        self.left = left
        self.right = right
        self.arity = arity


class Bracket(Pending):
    """An open parenthesis; where it belongs to a call, with the arguments read so far."""

    closer = ")"
    __slots__ = ("arguments", "below", "end", "keyword", "keyword_start", "keywords", "start", "typed")

    def __init__(self, op: Op | None, typed: str, start: int, end: int, below: int) -> None:
        self.op = op
        self.right = -1
        self.typed = typed
        self.start = start
        self.end = end
        self.below = below  # operands on the stack when it was opened
        self.arguments: list[Argument] | None = None
        self.keywords: dict[str, Argument] | None = None
        self.keyword: str | None = None
        self.keyword_start = -1

    @property
    def is_bare(self) -> bool:
        """Whether no argument has been completed and none has been named."""
        return self.arguments is None and self.keywords is None and self.keyword is None


class Prefix(Pending):
    """A sign before its operand, with its place."""

    __slots__ = ("start",)

    def __init__(self, op: Op, right: float, start: int) -> None:
        super().__init__(op, -1, right, 1)
        self.start = start


def _infixes() -> dict[str, Pending]:
    operators = {
        op.infix.symbol: Pending(op, op.infix.left, op.infix.right, 2)
        for op in REGISTRY.values()
        if op.infix and len(op.inputs) == 2 and op is not CONSTANT_POW  # noqa: PLR2004 - two operands
    }
    aliases = {"^": "**", "·": "*", "⋅": "*", "×": "*", "÷": "/", "−": "-", "≤": "<=", "≥": ">=", "≠": "!="}
    return operators | {alias: operators[symbol] for alias, symbol in aliases.items()}


ARROW = Pending(None, 1, 2, 3)  # `x -> layer`: looser than every operator; what it does is no op of the graph
INFIXES = _infixes() | {"->": ARROW, "→": ARROW}
RAISE = INFIXES["**"]
PREFIXES = {"-": (REGISTRY["neg"], 30.0), "−": (REGISTRY["neg"], 30.0), "√": (REGISTRY["sqrt"], 50.0)}
DIGITS = frozenset("0123456789")
