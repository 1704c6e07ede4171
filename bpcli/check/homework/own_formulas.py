"""The formulas that bpcli gives, for problems without a point."""

from bpcli.backprop.formulas import gradient_formulas, local_formulas
from bpcli.check.targets import Item
from bpcli.graph.node import Constant, Node, applied
from bpcli.graph.notation import render
from bpcli.graph.simplify import simplify


def own_formula(item: Item, output: Node) -> str:
    """The formula of an item over the variables, simplified."""
    return render(simplify(_formula(item, output)))


def _formula(item: Item, output: Node) -> Node:
    if item.kind == "value":
        return item.node
    if item.source is None:
        return gradient_formulas(output, [item.node])[item.node]
    local: Node = Constant(0.0)
    for source, part in zip(item.node.inputs, local_formulas(item.node), strict=True):
        if source is item.source and part is not None:
            local = applied("add", local, part)
    if item.kind == "local":
        return local
    return applied("mul", gradient_formulas(output, [item.node])[item.node], local)
