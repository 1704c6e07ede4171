"""Formulas of arrays as they are read on a screen."""

from bpcli.graph.node import Node
from bpcli.graph.notation import TIGHTEST, Operand, Piece, Text
from bpcli.graph.op import REGISTRY, Infix
from bpcli.report.figures import UNICODE

RESHAPING = ("broadcast_to", "reshape", "scatter")


class Screen(Text):
    """The language's notation, but `xᵀ` for a turned matrix, and `x @ yᵀ` for an outer product."""

    def powers(self, node: Node) -> Infix | None:
        """An outer product binds as `@` does."""
        return REGISTRY["matmul"].infix if node.op.name == "outer" else super().powers(node)

    def pieces(self, node: Node) -> list[Piece]:
        """What is turned has the sign behind it."""
        turned = UNICODE.transposed
        if node.op.name == "outer":
            left, right = node.inputs
            return [Operand(left, 0, 20), " @ ", Operand(right, 21, TIGHTEST), turned]
        if node.op.name in ("transpose", "matrix_transpose") and not node.attributes:
            return [Operand(node.inputs[0], 0, TIGHTEST), turned]
        return super().pieces(node)


class Brief(Screen):
    """The same without the shapes that an op was given, for tables in which every value has its shape."""

    def pieces(self, node: Node) -> list[Piece]:
        """An op that only changes a shape, or the places of entries, is written over its input alone."""
        if node.op.name in RESHAPING:
            return [f"{node.op.written}(", Operand(node.inputs[0]), ")"]
        return super().pieces(node)


SCREEN = Screen()
BRIEF = Brief()
