"""LaTeX for a node: fractions, roots and functions as textbooks set them.

`latex(node)` returns mathematics without dollar signs; names are escaped.
"""

import re
from collections.abc import Callable, Mapping
from math import inf

from bpcli.graph.node import Constant, Node
from bpcli.graph.notation import (
    MOST_CHARACTERS,
    Operand,
    Piece,
    arguments,
    attribute_text,
    behind_operand,
    is_list,
    is_negative,
    number_text,
    operator_pieces,
    render,
    separated,
)
from bpcli.graph.op import REGISTRY, AttributeValue, Infix, Op

_LETTERS = """alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi
psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"""
GREEK = frozenset(_LETTERS.split())
CLOSED = (r"\left|", r"\left\l", r"\sqrt")  # templates that an exponent cannot tear apart
PRODUCTS = frozenset({"mul", "matmul"})
MOST_FACTORS = 100  # of a product that are looked through for its first sign
SIGNS = {
    "mul": r" \cdot ",
    "matmul": r" \, ",
    "greater": " > ",
    "less": " < ",
    "greater_equal": r" \ge ",
    "less_equal": r" \le ",
    "equal": " = ",
    "not_equal": r" \ne ",
}


class Latex:
    """LaTeX notation; division is a fraction and an exponent is raised, so neither needs parentheses inside."""

    def name(self, name: str) -> str:
        """Greek letters by their command, long names upright, what follows an underscore or a letter as an index."""
        parts = re.fullmatch(r"([^\W\d_]+)(?:_?(\w*[^\W_]))?", name)
        if not parts:
            return rf"\mathrm{{{escaped(name)}}}"
        stem, index = parts[1], parts[2]
        letter = rf"\{stem}" if stem in GREEK else stem if len(stem) == 1 else rf"\mathrm{{{stem}}}"
        return rf"{letter}_{{\mathrm{{{escaped(index)}}}}}" if index else letter

    def number(self, value: float) -> str:
        """Digits, with a power of ten in place of an `e`."""
        digits, _, exponent = number_text(value).partition("e")
        return rf"{digits} \cdot 10^{{{int(exponent)}}}" if exponent else digits

    def powers(self, node: Node) -> Infix | None:
        """A fraction stands by itself, but not under an exponent; a minus sign never follows an operator."""
        if _begins_with_minus(node):
            return Infix("-", 5, 30)
        if isinstance(node, Constant) and "cdot" in self.number(node.value):
            return REGISTRY["mul"].infix
        is_open = "@" in (node.op.latex or "") and not (node.op.latex or "").startswith(CLOSED)
        return Infix("/", inf, 30) if node.op.name == "div" or is_open else node.op.infix

    def parenthesised(self, operand: Operand) -> list[Piece]:
        """Parentheses that grow with what they hold."""
        return [r"\left(", Operand(operand.node), r"\right)"]

    def pieces(self, node: Node) -> list[Piece]:
        """Fractions and exponents by their own commands, operators by their sign, the rest by the op's template."""
        operands: list[Piece] = [Operand(value) for value in node.inputs]
        if node.op.name == "div":
            return [r"\frac{", operands[0], "}{", operands[1], "}"]
        if node.op.infix and node.op.infix.symbol == "**":
            return ["{", Operand(node.inputs[0], inf, inf), "}^{", operands[1], "}"]
        if node.op.infix:
            sign = SIGNS.get(node.op.name, f" {node.op.infix.symbol} ")
            return operator_pieces(node, node.op.infix, sign)
        if node.op.is_structural and (arrayed := _of_array(node, operands)):
            return arrayed
        template = node.op.latex or rf"\operatorname{{{escaped(node.op.written)}}}"
        if "@" in template:
            return [operands[int(part[1])] if part[:1] == "@" else part for part in re.split(r"(@\d)", template)]
        return [template, r"\left(", *separated(arguments(node, self._attribute(node.op))), r"\right)"]

    def _attribute(self, op: Op) -> Callable[[str, AttributeValue], str]:
        def written(name: str, value: AttributeValue) -> str:
            words = escaped(attribute_text(value).strip("'"))
            is_number = isinstance(value, float | int) and not isinstance(value, bool)
            text = self.number(float(words)) if is_number else rf"\text{{{words}}}"
            return text if op.attributes[name].is_required else rf"\text{{{escaped(name)}}}{{=}}{text}"

        return written


def _begins_with_minus(node: Node) -> bool:
    """Whether the first sign that is written is a minus: of the node, or of the first factor of a product."""
    for _ in range(MOST_FACTORS):
        if node.op.name not in PRODUCTS:
            break
        node = node.inputs[0]
    return node.op.name == "neg" or is_negative(node)


def _of_array(node: Node, operands: list[Piece]) -> list[Piece]:
    """An index below the array, a turned matrix, a list; nothing for what is written as a call."""
    behind = behind_operand(node)
    if behind:
        mark = rf"_{{\text{{{escaped(behind[1:-1])}}}}}" if behind[0] == "[" else r"^{\top}"
        return ["{", Operand(node.inputs[0], inf, inf), "}" + mark]
    return [r"\left[", *separated(operands), r"\right]"] if is_list(node) else []


LATEX = Latex()


def escaped(text: str) -> str:
    """Text in which no character is a command of LaTeX."""
    return re.sub(r"([\\{}$&#^_%~])", lambda sign: rf"\{sign[1]}" if sign[1] not in r"\^~" else " ", text)


def latex(root: Node, names: Mapping[Node, str] | None = None, *, limit: float = MOST_CHARACTERS) -> str:
    """Write `root` as LaTeX mathematics, as `render` writes it as text."""
    return render(root, names, style=LATEX, limit=limit)
