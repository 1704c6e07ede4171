"""bpcli's own answers as formulas, for problems without a point."""

from bpcli.backprop.formulas import gradient_formulas, local_formulas
from bpcli.check.targets import Item, Names
from bpcli.graph.node import Constant, Node, applied
from bpcli.graph.notation import render
from bpcli.graph.simplify import simplify
from bpcli.language.claims import target_of
from bpcli.language.expressions import parse
from bpcli.language.limits import Limits


def own_formula(expression: str, key: str, limits: Limits) -> str:
    """The formula of an item over the variables, simplified. Raises BpcliError where the item is none."""
    graph = parse(expression, (), limits)
    item = Names(graph).item(target_of(key))
    return render(simplify(_formula(item, graph.output)))


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
