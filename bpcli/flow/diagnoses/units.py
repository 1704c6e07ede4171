"""Units: what a nonlinearity is applied to, entry by entry, that has weights of its own; a column, or a channel.

A unit is off, on or saturated for a batch if it is so for every sample, at every place and in every time step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bpcli.flow.diagnoses.scene import Scene
    from bpcli.graph.node import Node

CONVOLUTIONS = {"conv1d", "conv2d", "conv_input"}
PRODUCTS = {"matmul", *CONVOLUTIONS}
SPREAD = {"broadcast_to", "reshape", "transpose", "add"}  # what becomes of a bias or a weight before it is used
NEARBY = 200  # nodes to look through for the product that a nonlinearity is of


class Group(NamedTuple):
    """Nodes of one layer that apply a nonlinearity to the same units: one for each time step, or only one.

    `name` says where, in words; `axis` is that of the units, counted from the end.
    """

    name: str
    nodes: tuple[Node, ...]
    axis: int


def groups_of(scene: Scene, name_of: Callable[[Node], str | None]) -> Iterator[Group]:
    """The nodes that the output needs and that have a name, by layer and name."""
    found: dict[tuple[str, str], list[Node]] = {}
    for node in scene.result.graph.nodes:
        name = name_of(node) if node in scene.result.upstreams else None
        if name is not None and scene.value(node).size:
            owner = scene.owners.get(node)
            found.setdefault((scene.title(node) if owner else scene.formula(node), name), []).append(node)
    for (title, name), nodes in found.items():
        yield Group(f"{title}, {name}" if name else title, tuple(nodes), unit_axis(nodes[0]))


def products_of(node: Node) -> list[Node] | None:
    """The products of inputs and weights that a node is the sum of, with biases beside them; None where it is not that.

    Of z = x Wᵀ + h Uᵀ + b they are x Wᵀ and h Uᵀ.
    """
    products, waiting = [], [node]
    while waiting:
        one = waiting.pop()
        if one.op.name in PRODUCTS:
            products.append(one)
        elif one.op.name == "add":
            waiting.extend(one.inputs)
        elif not is_weight(one):
            return None
    return products or None


def is_weight(node: Node) -> bool:
    """Whether a node is a variable or a constant, moved, spread or added up, but made of no product."""
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if one.inputs and one.op.name not in SPREAD:
            return False
        waiting.extend(one.inputs)
    return True


def unit_axis(node: Node) -> int:
    """The axis of the units of a nonlinearity: -1, or that of the channels where it is made by a convolution."""
    waiting, seen = [node], {node}
    for one in waiting:
        if one.op.name in CONVOLUTIONS:
            return min(1 - len(one.inputs[1].shape), -1)  # a kernel is (out, in, *size), a value (…, out, *space)
        if one.op.name == "matmul" or len(seen) > NEARBY:
            return -1
        fresh = [source for source in one.inputs if source.inputs and source not in seen]
        seen.update(fresh)
        waiting.extend(fresh)
    return -1


def by_unit(true: Any, axis: int) -> Any:
    """For each unit whether it is so for all samples, at all places."""
    if not true.ndim:
        return true.reshape(1)
    return true.all(axis=tuple([place for place in range(true.ndim) if place != true.ndim + axis]))


def numbers_where(true: Any) -> list[int]:
    """The numbers of the units for which it is so."""
    return [int(number) for number in true.nonzero()[0]]


def mean_by_unit(value: Any, axis: int) -> Any:
    """For each unit the mean over all samples and places."""
    if not value.ndim:
        return value.reshape(1)
    return value.mean(axis=tuple([place for place in range(value.ndim) if place != value.ndim + axis]))
