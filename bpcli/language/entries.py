"""Names of entries: `x`, `X[1,1]`, `v1[0]`, or a whole derivative, `∂L/∂X[1,1]`; and where a graph has them."""

import re
from typing import NamedTuple

from bpcli.backprop.entries import Entry, place_of
from bpcli.errors import BindingError, ShapeError, UnknownNameError, UsageError
from bpcli.graph.labels import entry_label, labels_of
from bpcli.graph.node import Graph, Node
from bpcli.graph.shapes import shape_text
from bpcli.language.complaints import named, suggestion
from bpcli.language.tokens import BOUND_NAME, is_bound_name

ENTRY = rf"\s*({BOUND_NAME})\s*(\[[^\]]*\])?\s*"
NAMED = re.compile(ENTRY)
DERIVATIVE = re.compile(rf"\s*[d∂]{ENTRY}/\s*[d∂]{ENTRY}")
WAYS = "write it as x, X[1,1], W[0,-1] or dL/dX[1,1]"


class EntryName(NamedTuple):
    """A name, and an index if one was typed."""

    name: str
    key: tuple[int, ...] | None = None


def entry_names(text: str) -> tuple[EntryName | None, EntryName]:
    """What the gradient is of, if that was typed, and with respect to what. Raises UsageError for anything else."""
    if derivative := DERIVATIVE.fullmatch(text):
        return _entry(derivative[1], derivative[2]), _entry(derivative[3], derivative[4])
    if name := NAMED.fullmatch(text):
        return None, _entry(name[1], name[2])
    message = f"{named(text)} names no entry" if text.strip() else "no entry is named"
    raise UsageError(message, hint=WAYS)


def _entry(name: str, key: str | None) -> EntryName:
    if not is_bound_name(name):
        message = f"{named(name)} is no name"
        raise UsageError(message, hint=WAYS)
    if key is None:
        return EntryName(name)
    try:
        return EntryName(name, tuple([int(part) for part in key[1:-1].replace("−", "-").split(",")]))
    except ValueError:
        message = f"the index {named(key)} of {name} is no row of whole numbers"
        raise UsageError(message, hint=WAYS) from None


class Finder:
    """Finds the entries of a graph by their names: variables, names of statements, and `v1, v2, …`."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._labels = labels_of(graph)
        self._nodes: dict[str, Node] = {**graph.names, **{label: node for node, label in self._labels.items()}}

    def source(self, name: EntryName) -> Entry:
        """The entry whose gradient is wanted. Raises BindingError where none flows to it."""
        entry = self._found(name)
        if entry.node.op.is_condition:
            message = f"{name.name} is a condition, through which no gradient flows"
            raise BindingError(message, hint="name one of the numbers that it compares")
        if not entry.node.varies:
            message = f"{name.name} is a constant, to which no gradient flows"
            raise BindingError(
                message, hint=f"the variables are {', '.join([v.name for v in self._graph.variables[:10]])}"
            )
        return entry

    def output(self, name: EntryName | None, wanted: EntryName) -> Entry:
        """The entry whose gradient it is: the one that is named, or the output, which then is one number."""
        if name is not None:
            return self._found(name)
        node = self._graph.output
        if not node.shape:
            return Entry(node)
        label = self._labels.get(node, "f")
        message = f"{label} is an array of shape {shape_text(node.shape)}, not one number: say which entry's gradient"
        derivative = f"d{_first(label, node)}/d{entry_label(wanted.name, wanted.key or ())}"
        raise ShapeError(message, hint=f"write it as {derivative}, or reduce it, as in sum({label})")

    def _found(self, name: EntryName) -> Entry:
        if name.name not in self._nodes:
            known = list(self._nodes)
            message = f"a gradient of '{name.name}', which is no name in the expression"
            raise UnknownNameError(
                message, name.name, suggestion(name.name, known, f"its names are {', '.join(known[:10])}")
            )
        node = self._nodes[name.name]
        return Entry(node, place_of(_index(name, node), node.shape))


def _index(name: EntryName, node: Node) -> tuple[int, ...]:
    """The index of one entry, counted from the front. Raises ShapeError where it is none."""
    shape, index = node.shape, name.key or ()
    if index and not shape:
        message = f"{name.name} is a single number, and has no entry {list(index)}"
        raise ShapeError(message, hint=f"write {name.name} alone")
    if name.key is None and shape:
        message = f"{name.name} is an array of shape {shape_text(shape)}: say which entry"
        raise ShapeError(message, hint=f"write it as {_first(name.name, node)}")
    if len(index) != len(shape):
        message = f"an entry of {name.name}, of shape {shape_text(shape)}, has {_indices(len(shape))}, not {len(index)}"
        raise ShapeError(message, hint=f"write it as {_first(name.name, node)}")
    for axis, (at, length) in enumerate(zip(index, shape, strict=True)):
        if not -length <= at < length:
            between = f"between {-length} and {length - 1}" if length else "none at all, as the axis is empty"
            message = f"index {at} is beyond axis {axis} of {name.name}, whose shape is {shape_text(shape)}"
            raise ShapeError(message, hint=f"along that axis an index is {between}")
    return tuple([at % length for at, length in zip(index, shape, strict=True)])


def _indices(count: int) -> str:
    return "1 index" if count == 1 else f"{count} indices"


def _first(label: str, node: Node) -> str:
    """The first entry of a node, as it is typed."""
    return entry_label(label, (0,) * len(node.shape))
