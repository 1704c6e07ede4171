"""Local gradients as matrices: the Jacobian of one op, by one batch of its pullback, a row an entry of its value."""

from collections.abc import Mapping
from math import prod
from typing import Any

from bpcli.backprop.sweep import handed_back, local_numbers
from bpcli.graph.node import Node
from bpcli.numbers.entries import ones_at


def local_jacobian(node: Node, values: Mapping[Node, Any], system: Any) -> tuple[Any, ...]:
    """∂node/∂input for each input as a matrix: rows are the entries of the node, columns those of the input.

    None where no gradient flows. `system` is the number system of arrays that the values belong to.
    """
    count = prod(node.shape)
    batched = system.batched()
    lifted = {one: system.lifted(values[one]) for one in (node, *node.inputs)}
    identity = ones_at(node.shape, range(count), system.dtype)
    if node.op.pullback is None:
        locals_ = local_numbers(node, lifted.__getitem__, batched)
        parts = tuple([None if local is None else batched.times(identity, local) for local in locals_])
    else:
        parts = handed_back(node, identity, lifted.__getitem__, batched)
    sizes = [prod(source.shape) for source in node.inputs]
    # Adding 0 makes 0 of the -0 that 0 * -4 is.
    return tuple(
        [None if part is None else part.reshape(count, size) + 0.0 for part, size in zip(parts, sizes, strict=True)]
    )
