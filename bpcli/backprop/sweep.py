"""The sweep back through a graph: one chain rule for numbers, arrays and formulas, whatever `m` the rules run over.

`gradients_at` returns ∂output/∂node for every node that the output depends on; `steps` tells the story edge by edge.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, NamedTuple

from bpcli.errors import InternalError
from bpcli.graph.node import Graph, Node
from bpcli.graph.op import NO_ATTRIBUTES, ByInput, Op
from bpcli.numbers.floats import UNANSWERED, floats


class Step(NamedTuple):
    """One edge of the backward pass: node → input `position`, and contribution = upstream · local.

    `local` is None for a structural op, whose local gradient is a Jacobian that nobody writes down.
    """

    node: Node
    input: Node
    position: int
    upstream: Any
    local: Any
    contribution: Any


def gradients_at(
    graph: Graph,
    values: Mapping[Node, Any],
    system: Any = floats,
    seed: Any = 1.0,
    pulled: Callable[..., tuple[Any, ...]] | None = None,
) -> dict[Node, Any]:
    """∂output/∂node for each node that the output depends on through a differentiable path.

    `seed` is the upstream gradient of the output itself. Over nodes, each of which is its own value, formulas come out.
    `pulled` stands for `handed_to_varying`, where a structural op need not hand back to each input.
    """
    pulled = pulled or handed_to_varying
    gradients: dict[Node, Any] = {graph.output: seed}
    gradient_of = gradients.get
    value_of = values.__getitem__
    times = system.times
    add, algebra = system.sums(gradients).add, system.in_sweep
    for node in reversed(graph.nodes):
        upstream = gradient_of(node)
        if upstream is None or not node.varies:
            continue
        if node.op.pullback is not None:
            for source, contribution in zip(node.inputs, pulled(node, upstream, value_of, algebra), strict=True):
                if contribution is not None and source.varies:
                    add(source, contribution)
            continue
        locals_ = local_numbers(node, value_of, system)
        for source, local in zip(node.inputs, locals_):  # noqa: B905 - as many, local_numbers has counted; a keyword is slow
            if local is not None and source.varies:
                before = gradient_of(source)
                gradients[source] = times(upstream, local) if before is None else before + times(upstream, local)
    return gradients


def steps(
    graph: Graph,
    values: Mapping[Node, Any],
    gradients: Mapping[Node, Any],
    along: Collection[Node] | None = None,
    system: Any = floats,
) -> Iterator[Step]:
    """Each edge in the order of the backward pass; only edges into nodes of `along`, if it is given."""
    for node in reversed(graph.nodes):
        if node in gradients and node.varies:
            upstream = gradients[node]
            with system.at_work():
                edges = list(_edges(node, upstream, values.__getitem__, system))
            for position, (source, local, part) in enumerate(edges):
                if part is not None and source.varies and (along is None or source in along):
                    yield Step(node, source, position, upstream, local, part)


def _edges(node: Node, upstream: Any, value_of: Callable[[Node], Any], system: Any) -> Iterator[tuple[Node, Any, Any]]:
    """For each input of a node the local gradient, where it is a number for each entry, and the contribution."""
    if node.op.pullback is not None:
        for source, part in zip(node.inputs, handed_back(node, upstream, value_of, system), strict=True):
            yield source, None, part
        return
    for source, local in zip(node.inputs, local_numbers(node, value_of, system), strict=True):
        yield source, local, None if local is None else system.times(upstream, local)


def handed_back(node: Node, upstream: Any, value_of: Callable[[Node], Any], system: Any) -> tuple[Any, ...]:
    """What a structural op hands back to each input, None where no gradient flows."""
    pullback = node.op.pullback
    parts = (
        ()
        if pullback is None
        else pullback(system, upstream, value_of(node), *map(value_of, node.inputs), **node.attributes)
    )
    if len(parts) != len(node.inputs):
        require_one_per_input(node.op, parts, node.inputs)
    return parts


def handed_to_varying(node: Node, upstream: Any, value_of: Callable[[Node], Any], system: Any) -> tuple[Any, ...]:
    """The same, None also for an input that does not vary where what it is handed takes a computation of its own."""
    pullback = node.op.pullback
    if type(pullback) is not ByInput or all([source.varies for source in node.inputs]):  # noqa: C419 - a generator is slow
        return handed_back(node, upstream, value_of, system)
    values = (value_of(node), *map(value_of, node.inputs))
    return tuple(
        [
            rule(system, upstream, *values, **node.attributes) if source.varies else None
            for rule, source in zip(pullback.rules, node.inputs, strict=True)
        ]
    )


def local_numbers(node: Node, value_of: Callable[[Node], Any], system: Any = floats) -> tuple[Any, ...]:
    """∂node/∂input for each input, entry by entry, None where no gradient flows."""
    inputs = node.inputs
    try:
        if node.attributes is NO_ATTRIBUTES and len(inputs) == 2:  # noqa: PLR2004 - most ops, and faster so
            x, y = inputs
            locals_ = node.op.partials(system, value_of(node), value_of(x), value_of(y))
        elif node.attributes is NO_ATTRIBUTES:
            locals_ = node.op.partials(system, value_of(node), *map(value_of, inputs))
        else:
            locals_ = node.op.partials(system, value_of(node), *map(value_of, inputs), **node.attributes)
    except UNANSWERED:
        if system.locals_beyond is None:
            raise
        locals_ = system.locals_beyond(node.op, value_of(node), [*map(value_of, inputs)], dict(node.attributes))
    if len(locals_) != len(inputs):
        require_one_per_input(node.op, locals_, inputs)
    return locals_


def require_one_per_input(op: Op, found: tuple[object, ...], inputs: tuple[Node, ...]) -> None:
    """Raise InternalError where a rule returned more or fewer entries than the op has inputs."""
    if len(found) != len(inputs):
        message = f"the rule of {op.name} has {len(found)} entries for {len(inputs)} inputs"
        raise InternalError(message)
