"""Whether two graphs are the same: the same ops on the same inputs, shared in the same places."""

from bpcli.graph.node import Constant, Node, Variable


def same_structure(left: Node, right: Node) -> bool:
    """Compare two graphs iteratively; the names of statements and the places in the text do not count."""
    partner: dict[Node, Node] = {}
    taken: dict[Node, Node] = {}
    waiting = [(left, right)]
    while waiting:
        one, other = waiting.pop()
        if isinstance(one, Constant) or isinstance(other, Constant):
            if not _same_constant(one, other):
                return False
            continue
        if one in partner or other in taken:
            if partner.get(one) is not other or taken.get(other) is not one:
                return False
            continue
        partner[one], taken[other] = other, one
        if not _same_head(one, other):
            return False
        waiting.extend(zip(one.inputs, other.inputs, strict=True))
    return True


def _same_constant(one: Node, other: Node) -> bool:
    # repr tells 0.0 from -0.0, which `==` does not.
    return (
        isinstance(one, Constant)
        and isinstance(other, Constant)
        and repr(one.value) == repr(other.value)
        and one.symbol == other.symbol
    )


def _same_head(one: Node, other: Node) -> bool:
    return (
        one.op is other.op
        and one.attributes == other.attributes
        and len(one.inputs) == len(other.inputs)
        and (not isinstance(one, Variable) or one.name == other.name)
    )
