"""The functions of the language by every name that people type, and how a call becomes a node."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from bpcli.errors import ParseError, Span
from bpcli.graph.node import Constant, Node, power_op
from bpcli.graph.op import NO_ATTRIBUTES, Op
from bpcli.graph.order import graph_of
from bpcli.ops import REGISTRY

POW = REGISTRY["pow"]
CONSTANT_POW = REGISTRY["constant_pow"]


class Word(Constant):
    """A quoted word, which only an attribute can take."""

    __slots__ = ("word",)

    def __init__(self, word: str) -> None:
        super().__init__(float("nan"))
        self.word = word


class Argument(NamedTuple):
    """What one argument of a call was typed as."""

    node: Node
    span: Span


def functions() -> dict[str, Op]:
    """Each callable op by its name, its written form and its aliases."""
    callable_ops = [op for op in REGISTRY.values() if op.infix is None or op is POW]
    return {name: op for op in callable_ops for name in (*op.aliases, op.written, op.name)}


FUNCTIONS = functions()
# Ops that take one input and nothing else: their calls need no matching of arguments.
UNARY = frozenset(op for op in FUNCTIONS.values() if len(op.signature) == 1 and not op.is_variadic)
SYMBOLS_TYPED = {"pi": "pi", "π": "pi", "e": "e"}


def call(op: Op, typed: str, arguments: Sequence[Argument], keywords: Mapping[str, Argument], whole: Span) -> Node:
    """The node that a call makes.

    Raises ParseError, without the text, for a missing, extra or unfit argument; `typed` is the name as it was typed.
    """
    given = _by_parameter(op, typed, arguments, keywords, whole)
    inputs = [argument.node for name in op.inputs for argument in given.get(name.lstrip("*"), ())]
    attributes = {name: _attribute_value(op, name, given[name][0]) for name in op.attributes if name in given}
    kept = {name: value for name, value in attributes.items() if value != op.attributes[name].default}
    for name in op.inputs:
        for argument in given[name.lstrip("*")]:
            if isinstance(argument.node, Word):
                message = "a word in quotes is no number"
                raise ParseError(message, spans=(argument.span,))
    return Node(power_op(inputs[1]) if op is POW else op, tuple(inputs), kept or NO_ATTRIBUTES, whole.start, whole.end)


def _by_parameter(
    op: Op,
    typed: str,
    arguments: Sequence[Argument],
    keywords: Mapping[str, Argument],
    whole: Span,
) -> dict[str, list[Argument]]:
    if op.is_variadic:
        if len(arguments) < 2 or keywords:  # noqa: PLR2004 - the largest of one is no choice
            message = f"{typed} takes 2 or more arguments, got {len(arguments)}"
            raise ParseError(message, spans=(whole,), hint=f"write {usage(op, typed)}")
        return {op.inputs[0].lstrip("*"): list(arguments)}
    if len(arguments) > len(op.signature):
        message = f"{typed} takes {_count(op)}, got {len(arguments)}"
        extra = Span(arguments[len(op.signature)].span.start, arguments[-1].span.end)
        raise ParseError(message, spans=(extra,), hint=f"write {usage(op, typed)}")
    given = {name: [argument] for name, argument in zip(op.signature, arguments, strict=False)}
    for name, argument in keywords.items():
        if name not in op.signature or name in given:
            problem = "has no argument" if name not in op.signature else "is given twice the argument"
            message = f"{typed} {problem} '{name}'"
            raise ParseError(message, spans=(argument.span,), hint=f"write {usage(op, typed)}")
        given[name] = [argument]
    missing = [name for name in op.signature if name not in given and _is_required(op, name)]
    if missing:
        message = f"{typed} takes {_count(op)}, got {len(arguments) + len(keywords)}; '{missing[0]}' is missing"
        raise ParseError(message, spans=(whole,), hint=f"write {usage(op, typed)}")
    return given


def _is_required(op: Op, name: str) -> bool:
    return name not in op.attributes or op.attributes[name].default is None


def _count(op: Op) -> str:
    required = sum(_is_required(op, name) for name in op.signature)
    most = len(op.signature)
    numbers = str(most) if required == most else f"{required} to {most}"
    return f"{numbers} argument{'s' if most > 1 else ''}"


def usage(op: Op, typed: str) -> str:
    """How a call of the op is written, with its defaults."""
    if op.is_variadic:
        return f"{typed}(x, y)"
    parts = []
    for name in op.signature:
        default = op.attributes[name].default if name in op.attributes else None
        shown = f"'{default}'" if isinstance(default, str) else f"{default:g}" if default is not None else ""
        parts.append(f"{name}={shown}" if shown else name)
    return f"{typed}({', '.join(parts)})"


def _attribute_value(op: Op, name: str, argument: Argument) -> float | str:
    node = argument.node
    value = node.word if isinstance(node, Word) else None
    if value is None and not node.varies:
        from bpcli.numbers.evaluate import evaluate  # noqa: PLC0415 - few calls have attributes

        value = evaluate(graph_of(node), {})[node]
    attribute = op.attributes[name]
    if value is None or not attribute.accepts(value):
        message = f"'{name}' of {op.written} must be {attribute.allowed}"
        raise ParseError(message, spans=(argument.span,), hint=f"write {usage(op, op.written)}")
    return value
