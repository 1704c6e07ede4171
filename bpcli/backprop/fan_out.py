"""Convolutions as backpropagation sees them: in how many windows each place of the input lies, and what flows back."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from itertools import product, starmap
from typing import Any

from bpcli.backprop.gradients import gradients_of
from bpcli.backprop.sweep import handed_back
from bpcli.graph.labels import labels_of
from bpcli.graph.node import Graph, Node
from bpcli.graph.order import ancestors_first
from bpcli.graph.sliding import Sliding, sliding_over
from bpcli.numbers.evaluate import evaluate
from bpcli.numbers.system import NumberSystem

AXES = {"conv1d": 1, "conv2d": 2}


@dataclass(frozen=True, slots=True, eq=False)
class FanOut:
    """One convolution: its node, and how many outputs each place of its input feeds.

    `windows` is a list for each axis of space: the number of windows that each place lies in, which is that of the
    outputs it feeds in each of `filters` filters. `back` holds what flows back through the convolution to its input and
    its kernel, given the `upstream`; None where the output of the whole expression is an array, or nothing flows.
    `shared` says of both whether more flows to them on other paths.
    """

    node: Node
    sliding: Sliding
    windows: Any
    filters: int
    kernel: Any
    upstream: Any
    back: tuple[Any, Any]
    shared: tuple[bool, bool]

    @property
    def axes(self) -> int:
        """Over how many axes of space the kernel slides."""
        return len(self.sliding.stride)


@dataclass(frozen=True, slots=True, eq=False)
class FanOuts:
    """The convolutions of a graph at a point, in order of computation; `labels` holds what nodes are called."""

    graph: Graph
    at: Mapping[str, Any]
    labels: Mapping[Node, str]
    convolutions: tuple[FanOut, ...]


def fan_outs_of(graph: Graph, at: Mapping[str, Any], system: NumberSystem) -> FanOuts:
    """The convolutions that the output needs and through which a gradient flows."""
    labels = labels_of(graph)
    needed = set(ancestors_first([graph.output]))
    convolutions = [node for node in graph.nodes if node.op.name in AXES and node.varies and node in needed]
    if not convolutions:
        return FanOuts(graph, at, labels, ())
    if graph.output.shape:
        values, upstreams = evaluate(graph, at, system), {}
    else:
        result = gradients_of(graph, at, (), system=system)
        values, upstreams = dict(result.values), dict(result.upstreams)
    used = Counter([source for node in graph.nodes if node in needed for source in node.inputs])
    found = tuple([_fan_out(node, values, upstreams, system, used) for node in convolutions])
    return FanOuts(graph, at, labels, found)


def _fan_out(
    node: Node,
    values: Mapping[Node, Any],
    upstreams: Mapping[Node, Any],
    system: NumberSystem,
    used: Mapping[Node, int],
) -> FanOut:
    image, kernel = node.inputs
    attributes: dict[str, Any] = dict(node.attributes)
    sliding = sliding_over(AXES[node.op.name], **attributes)
    count = len(sliding.stride)
    upstream = upstreams.get(node)
    back = (None, None) if upstream is None else handed_back(node, upstream, values.__getitem__, system)
    return FanOut(
        node=node,
        sliding=sliding,
        windows=_windows(node, sliding),
        filters=kernel.shape[0] // sliding.groups if len(kernel.shape) > count else 1,
        kernel=values[kernel],
        upstream=upstream,
        back=(back[0] if image.varies else None, back[1] if kernel.varies else None),
        shared=(used[image] > 1, used[kernel] > 1),
    )


def _windows(node: Node, sliding: Sliding) -> Any:
    """In how many windows each place of the input lies, as nested lists."""
    count = len(sliding.stride)
    image, kernel = node.inputs
    sizes = (image.shape[-count:], kernel.shape[-count:], node.shape[-count:])
    lines = list(starmap(windows_along, zip(*sizes, sliding.stride, sliding.padding, sliding.dilation, strict=True)))
    return reduce(lambda inner, line: [_times(number, inner) for number in line], reversed(lines[:-1]), lines[-1])


def windows_along(size: int, length: int, windows: int, step: int, around: int, spread: int) -> list[int]:  # noqa: PLR0913, PLR0917 - the sizes of one axis
    """Along one axis, in how many windows each place lies: once for each of the kernel's positions that meet it."""
    counts = [0] * size
    for window, position in product(range(windows), range(length)):
        place = window * step + position * spread - around
        if 0 <= place < size:
            counts[place] += 1
    return counts


def _times(count: int, inner: Any) -> Any:
    return [_times(count, one) for one in inner] if isinstance(inner, list) else count * inner
