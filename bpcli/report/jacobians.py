"""The local gradients that an op on arrays keeps for the way back: diagonals, and Jacobians where these are small."""

from math import prod
from typing import Any

from bpcli.backprop.gradients import Gradients
from bpcli.backprop.local import local_jacobian
from bpcli.backprop.sweep import local_numbers
from bpcli.graph.node import Node
from bpcli.report.arrays import nested_text
from bpcli.report.formulas import Labels, flowing_locals, side_of
from bpcli.report.layout import INDENT
from bpcli.report.page import Page
from bpcli.report.structure import structure_of

LONGEST_DIAGONAL = 40  # characters
SHORTEST_RUN = 6  # of equal entries that are counted, not written out
MOST_OF_A_JACOBIAN = 16  # entries of a local gradient that is written out as a matrix


def kept_jacobians(node: Node, result: Gradients, labels: Labels, page: Page) -> tuple[str, ...]:
    """The local gradients of an op on arrays: diagonal ones where it works entry by entry, else small Jacobians.

    A brief page keeps those that change what flows back and depend on values: diagonals, and matrices of products
    that fit a line.
    """
    if not node.varies or (page.is_brief and node.op.is_structural and not _is_product(node)):
        return ()
    network = result.graph.network
    fixed = network.fixed if network else ()
    flowing = [
        place
        for place, source in enumerate(node.inputs)
        if source.varies and not (source.name and source.name in fixed)
    ]
    if node.op.is_structural:
        small = [place for place in flowing if prod(node.shape) * prod(node.inputs[place].shape) <= MOST_OF_A_JACOBIAN]
        texts = _jacobian_texts(node, small, result, labels, page)
    else:
        texts = _diagonal_texts(node, flowing, result, labels, page)
    written = [
        f"{page.derivative(node, node.inputs[place], labels)}{side_of(node, place)} = {text}"
        for place, text in texts.items()
        if text != "identity" or not page.is_brief
    ]
    is_matrix = page.is_brief and node.op.is_structural
    return tuple([text for text in written if not is_matrix or len(text) <= page.width - INDENT])


def _is_product(node: Node) -> bool:
    """Whether an op that moves or joins entries has two inputs that it multiplies, as a product of matrices does."""
    return len(node.op.inputs) > 1 and not node.op.is_variadic


def _diagonal_texts(node: Node, places: list[int], result: Gradients, labels: Labels, page: Page) -> dict[int, str]:
    """The local gradients of an op that works entry by entry: a diagonal each."""
    with result.system.at_work():
        locals_ = local_numbers(node, result.values.__getitem__, result.system)
    texts = {}
    for place, _, formula in flowing_locals(node, labels, result.values):
        if place not in places:
            continue
        values = page.value(locals_[place])
        is_short = values.startswith("[") and len(values) <= LONGEST_DIAGONAL and values != formula
        texts[place] = "identity" if formula == "1" else f"diag({formula})" + (f" = diag({values})" if is_short else "")
    return texts


def _jacobian_texts(node: Node, places: list[int], result: Gradients, labels: Labels, page: Page) -> dict[int, str]:
    """Jacobians as matrices, a row for each entry of the node: the name of an input that it is, and its structure."""
    if not places:
        return {}
    with result.system.at_work():
        jacobians = local_jacobian(node, result.values, result.system)
    texts = {}
    for place in places:
        matrix = jacobians[place]
        if matrix is None:
            continue
        same = [labels[one] for one in node.inputs if one in labels and _is_same(result.values[one], matrix)]
        texts[place] = " = ".join([*same[:1], _matrix_text(matrix, page)])
    return texts


def _matrix_text(matrix: Any, page: Page) -> str:
    """A matrix and its structure in words; a long row or column of one number by that number."""
    words = structure_of(matrix)
    if words in ("one row", "one column") and matrix.size > SHORTEST_RUN and (matrix == matrix.flat[0]).all():
        return f"{words} of {matrix.size} times {page.number(float(matrix.flat[0]))}"
    return nested_text(matrix.tolist(), page.number) + (f", {words}" if words else "")


def _is_same(value: Any, matrix: Any) -> bool:
    return getattr(value, "shape", ()) == matrix.shape and bool((value == matrix).all())
