"""The functions of the language by every name that people type, and how a call becomes a node."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from bpcli.errors import ParseError, Span
from bpcli.graph.node import Constant, Node, power_op
from bpcli.graph.notation import attribute_text, is_list
from bpcli.graph.op import MOST_AXES, NO_ATTRIBUTES, AttributeValue, Op
from bpcli.graph.order import graph_of
from bpcli.ops import REGISTRY, families_over_arrays

POW = REGISTRY["pow"]
CONSTANT_POW = REGISTRY["constant_pow"]
OVER_ENTRIES = {"maximum": "amax", "minimum": "amin"}


class Static(Constant):
    """What only an attribute can take: a quoted word, a truth value, None, or several values in parentheses."""

    __slots__ = ("content",)
    is_layer = False

    def __init__(self, content: AttributeValue) -> None:
        super().__init__(float("nan"))
        self.content = content


class Argument(NamedTuple):
    """What one argument of a call was typed as."""

    node: Node
    span: Span


def functions() -> dict[str, Op]:
    """Each callable op that is defined so far, by its name, its written form and its aliases."""
    callable_ops = [op for op in REGISTRY.values() if op.infix is None or op.aliases]
    written = {op.written: op for op in callable_ops if op.name not in OVER_ENTRIES.values()}
    return written | {name: op for op in callable_ops for name in (*op.aliases, op.name)}


def all_functions() -> dict[str, Op]:
    """Each callable op, those over arrays among them."""
    families_over_arrays()
    FUNCTIONS.update(functions())
    return FUNCTIONS


def function_called(name: str) -> Op | None:
    """The op that a call by this name means, if there is one."""
    return FUNCTIONS.get(name) or all_functions().get(name)


FUNCTIONS = functions()
# Ops that take one input and nothing else: their calls need no matching of arguments.
UNARY = frozenset(op for op in FUNCTIONS.values() if len(op.signature) == 1 and not op.is_variadic)
SYMBOLS_TYPED = {"pi": "pi", "π": "pi", "e": "e"}
STATICS_TYPED: dict[str, AttributeValue] = {"True": True, "False": False, "None": None, "inf": float("inf")}
# PyTorch's words for NumPy's arguments.
ALSO_CALLED = {"dim": "axis", "keepdim": "keepdims", "correction": "ddof", "dims": "axes", "p": "ord", "diagonal": "k"}


def call(op: Op, typed: str, arguments: Sequence[Argument], keywords: Mapping[str, Argument], whole: Span) -> Node:
    """The node that a call makes.

    Raises ParseError, without the text, for a missing, extra or unfit argument; `typed` is the name as it was typed.
    """
    op = _chosen_op(op, arguments, keywords)
    given = _by_parameter(op, typed, arguments, keywords, whole)
    inputs = [argument.node for name in op.inputs for argument in given.get(name.lstrip("*"), ())]
    attributes = {name: _attribute_value(op, name, given[name][0]) for name in op.attributes if name in given}
    kept = {name: value for name, value in attributes.items() if value != op.attributes[name].default}
    return Node(power_op(inputs[1]) if op is POW else op, tuple(inputs), kept or NO_ATTRIBUTES, whole.start, whole.end)


def attribute_spans(op: Op, arguments: Sequence[Argument], keywords: Mapping[str, Argument]) -> Iterator[Span]:
    """Where the attributes of a call stand, whose numbers are no part of the graph."""
    if op.attributes:
        positional = zip((name for name in op.signature if not name.startswith("*")), arguments, strict=False)
        named = [(ALSO_CALLED.get(name, name), argument) for name, argument in keywords.items()]
        for name, argument in chain(() if op.is_variadic else positional, named):
            if name in op.attributes:
                yield argument.span
        if op.takes_list:
            yield from [argument.span for argument in arguments[1:]]


def _chosen_op(op: Op, arguments: Sequence[Argument], keywords: Mapping[str, Argument]) -> Op:
    """`max(x)` and `max(x, axis=0)` are over the entries of one array, `max(x, y)` is between two."""
    is_over_entries = op.name in OVER_ENTRIES and (len(arguments) == 1 or keywords)
    return REGISTRY[OVER_ENTRIES[op.name]] if is_over_entries else op


def _by_parameter(
    op: Op,
    typed: str,
    arguments: Sequence[Argument],
    keywords: Mapping[str, Argument],
    whole: Span,
) -> dict[str, list[Argument]]:
    given = _variadic(op, typed, arguments, whole) if op.is_variadic else _positional(op, typed, arguments)
    for called, argument in keywords.items():
        name = called if called in op.signature else ALSO_CALLED.get(called, called)
        if name not in op.signature or name in given:
            problem = "has no argument" if name not in op.signature else "is given twice the argument"
            message = f"{typed} {problem} '{called}'"
            raise ParseError(message, spans=(argument.span,), hint=f"write {usage(op, typed)}")
        given[name] = [argument]
    missing = [name for name in op.signature if name.lstrip("*") not in given and _is_required(op, name)]
    if missing:
        message = f"{typed} takes {_count(op)}, got {len(arguments) + len(keywords)}; '{missing[0]}' is missing"
        raise ParseError(message, spans=(whole,), hint=f"write {usage(op, typed)}")
    return given


def _positional(op: Op, typed: str, arguments: Sequence[Argument]) -> dict[str, list[Argument]]:
    if len(arguments) > len(op.signature):
        message = f"{typed} takes {_count(op)}, got {len(arguments)}"
        extra = Span(arguments[len(op.signature)].span.start, arguments[-1].span.end)
        raise ParseError(message, spans=(extra,), hint=f"write {usage(op, typed)}")
    return {name: [argument] for name, argument in zip(op.signature, arguments, strict=False)}


def _variadic(op: Op, typed: str, arguments: Sequence[Argument], whole: Span) -> dict[str, list[Argument]]:
    """The inputs that a call lists, and the attributes beside them."""
    given: dict[str, list[Argument]] = {}
    before = [name for name in op.signature if name in op.attributes] if op.signature[-1].startswith("*") else []
    inputs = list(arguments)
    if op.takes_list:
        first, *rest = arguments or [Argument(Static(None), whole)]
        if not is_list(first.node):
            message = f"{typed} takes its arrays as a list"
            raise ParseError(message, spans=(first.span,), hint=f"write {usage(op, typed)}")
        inputs = [Argument(node, node.span or first.span) for node in first.node.inputs]
        given = {name: [argument] for name, argument in zip(op.attributes, rest, strict=False)}
    elif before and arguments:
        given, inputs = {before[0]: [arguments[0]]}, list(arguments[1:])
    if len(inputs) < op.fewest:
        message = f"{typed} takes {op.fewest} or more arguments, got {len(inputs)}"
        raise ParseError(message, spans=(whole,), hint=f"write {usage(op, typed)}")
    return given | {op.inputs[0].lstrip("*"): inputs}


def _is_required(op: Op, name: str) -> bool:
    return name not in op.attributes or op.attributes[name].is_required


def _count(op: Op) -> str:
    required = sum(_is_required(op, name) for name in op.signature)
    most = len(op.signature)
    numbers = str(most) if required == most else f"{required} to {most}"
    return f"{numbers} argument{'s' if most > 1 else ''}"


def usage(op: Op, typed: str) -> str:
    """How a call of the op is written, with its defaults."""
    parts = []
    for name in op.signature:
        if name.startswith("*"):
            parts.append("[x, y]" if op.takes_list else "x, y")
        elif name not in op.attributes or op.attributes[name].is_required:
            parts.append(name)
        else:
            parts.append(f"{name}={attribute_text(op.attributes[name].default)}")
    return f"{typed}({', '.join(parts)})"


def static_value(node: Node, deepest: int = MOST_AXES) -> AttributeValue:
    """What a typed node is as an attribute: its number, its word, a tuple of them.

    Raises ValueError for a variable, and for lists that are nested deeper than `deepest`.
    """
    if isinstance(node, Static):
        return node.content
    if is_list(node) and deepest:
        return tuple([static_value(entry, deepest - 1) for entry in node.inputs])
    graph = graph_of(node)
    if node.varies or any(inner.op.is_structural for inner in graph.nodes):
        raise ValueError(node)
    from bpcli.numbers.evaluate import evaluate  # noqa: PLC0415 - few calls have attributes

    value: float = evaluate(graph, {})[node]
    return value


def static_values(nodes: Iterable[Node]) -> tuple[AttributeValue, ...]:
    """What several typed nodes are together. Raises ValueError where they are nested deeper than an array."""
    values = tuple(map(static_value, nodes))
    level: Sequence[AttributeValue] = values
    for _ in range(MOST_AXES):
        level = [entry for part in level if isinstance(part, tuple) for entry in part]
    if level:
        raise ValueError(values)
    return values


def _attribute_value(op: Op, name: str, argument: Argument) -> AttributeValue:
    attribute = op.attributes[name]
    try:
        value = static_value(argument.node)
        if attribute.accepts(value):
            return attribute.kept(value)
    except ValueError:
        pass
    message = f"'{name}' of {op.written} must be {attribute.allowed}"
    raise ParseError(message, spans=(argument.span,), hint=f"write {usage(op, op.written)}")
