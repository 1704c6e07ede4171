"""Convolutions as backpropagation sees them: in how many windows each place of the input lies, and the two gradients."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from itertools import product
from typing import Any

from bpcli.backprop.gradients import gradients_of
from bpcli.graph.node import Graph, Node
from bpcli.graph.op import Shape
from bpcli.graph.order import ancestors_first
from bpcli.numbers.evaluate import evaluate
from bpcli.numbers.system import NumberSystem

AXES = {"conv1d": 1, "conv2d": 2}


@dataclass(frozen=True, slots=True, eq=False)
class Sliding:
    """How the kernel slides, an entry for each axis of space: attributes of a convolution in PyTorch's words."""

    stride: Shape
    padding: Shape
    dilation: Shape
    groups: int

    @property
    def is_plain(self) -> bool:
        """Whether the kernel slides by one, over the input alone, without gaps."""
        return set(self.stride) == {1} and set(self.dilation) == {1} and set(self.padding) == {0}


@dataclass(frozen=True, slots=True, eq=False)
class FanOut:
    """One convolution: its node, and how many outputs each place of its input feeds.

    `windows` is a list for each axis of space: the number of windows that each place lies in, which is that of the
    outputs it feeds in each of `filters` filters. `upstream`, `input_gradient` and `kernel_gradient` are None where the
    output of the whole expression is an array, or none flows. `labels` holds what nodes are called.
    """

    node: Node
    sliding: Sliding
    windows: Any
    filters: int
    labels: Mapping[Node, str]
    input: Any
    kernel: Any
    upstream: Any = None
    input_gradient: Any = None
    kernel_gradient: Any = None

    @property
    def axes(self) -> int:
        """Over how many axes of space the kernel slides."""
        return len(self.sliding.stride)


def fan_outs_of(graph: Graph, at: Mapping[str, Any], system: NumberSystem, labels: Mapping[Node, str]) -> tuple[FanOut, ...]:
    """The convolutions that the output needs, in order of computation."""
    needed = set(ancestors_first([graph.output]))
    convolutions = [node for node in graph.nodes if node.op.name in AXES and node in needed]
    if not convolutions:
        return ()
    if graph.output.shape:
        values, upstreams = evaluate(graph, at, system), {}
    else:
        result = gradients_of(graph, at, (), system=system)
        values, upstreams = dict(result.values), dict(result.upstreams)
    return tuple([_fan_out(node, labels, values, upstreams) for node in convolutions])


def _fan_out(
    node: Node, labels: Mapping[Node, str], values: Mapping[Node, Any], upstreams: Mapping[Node, Any]
) -> FanOut:
    image, kernel = node.inputs
    count = AXES[node.op.name]
    sliding = sliding_of(node)
    sizes = zip(image.shape[-count:], kernel.shape[-count:], node.shape[-count:], strict=True)
    lines = [
        windows_along(size, length, windows, step, around, spread)
        for (size, length, windows), step, around, spread in zip(
            sizes, sliding.stride, sliding.padding, sliding.dilation, strict=True
        )
    ]
    return FanOut(
        node,
        sliding,
        outer(lines),
        kernel.shape[0] // sliding.groups if len(kernel.shape) > count else 1,
        labels,
        values[image],
        values[kernel],
        upstreams.get(node),
        upstreams.get(image),
        upstreams.get(kernel),
    )


def sliding_of(node: Node) -> Sliding:
    """The attributes of a convolution, an entry for each axis of space."""
    count = AXES[node.op.name]
    given: dict[str, Any] = {"stride": 1, "padding": 0, "dilation": 1, **node.attributes}
    rows = []
    for name in ("stride", "padding", "dilation"):
        value = given[name]
        row = (int(value),) if isinstance(value, int | float) else tuple(map(int, value))
        rows.append(row * count if len(row) == 1 else row)
    return Sliding(rows[0], rows[1], rows[2], int(given.get("groups", 1)))


def windows_along(size: int, length: int, windows: int, step: int, around: int, spread: int) -> list[int]:  # noqa: PLR0913, PLR0917 - the sizes of one axis
    """Along one axis, in how many windows each place lies: once for each of the kernel's positions that meet it."""
    counts = [0] * size
    for window, position in product(range(windows), range(length)):
        place = window * step + position * spread - around
        if 0 <= place < size:
            counts[place] += 1
    return counts


def outer(lines: list[list[int]]) -> Any:
    """The products of the counts along all axes, as nested lists."""
    return reduce(lambda inner, line: [_times(count, inner) for count in line], reversed(lines[:-1]), lines[-1])


def _times(count: int, inner: Any) -> Any:
    return [_times(count, one) for one in inner] if isinstance(inner, list) else count * inner
