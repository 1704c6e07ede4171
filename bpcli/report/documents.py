"""JSON documents: one strict envelope for answers and errors. The schemas that describe them ship beside this file."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from json.encoder import JSONEncoder
from typing import TYPE_CHECKING, Any, TypeVar

from bpcli import __version__
from bpcli.backprop.gradients import Gradients
from bpcli.backprop.sweep import Step
from bpcli.errors import BpcliError, UsageError
from bpcli.graph.labels import labels_of
from bpcli.graph.node import Graph, Node, Variable
from bpcli.report.formulas import DOCUMENT_LENGTH, Labels, LocalFormulas, formula_of, formula_texts

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from bpcli.backprop.nonfinite import Notice
    from bpcli.graph.network import Network

MOST_STEPS = 10_000
MOST_NUMBERS = 1_000_000  # in all steps, or all forward values, of a document
Document = dict[str, Any]
NO_HEAD: Mapping[str, object] = {}
T = TypeVar("T")

_UTF8 = JSONEncoder(allow_nan=False, ensure_ascii=False, separators=(", ", ": "))
_ASCII = JSONEncoder(allow_nan=False, ensure_ascii=True, separators=(", ", ": "))
# Signs that steer a terminal, or turn the direction of text, are escaped also where JSON allows them.
_STEERING = {code: f"\\u{code:04x}" for code in (*range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A))}


def json_text(document: Mapping[str, Any], *, ascii_only: bool = False) -> str:
    """The document on one line of strict JSON."""
    if ascii_only:
        return _ASCII.encode(document)
    return _UTF8.encode(document).translate(_STEERING).encode("utf-8", "backslashreplace").decode()


def json_number(value: float) -> float | str:
    """The number, or the string that stands for one that JSON has no form for."""
    value = float(value)
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def json_value(value: Any) -> Any:
    """A number, or an array as nested lists of them."""
    if not getattr(value, "shape", ()):
        return json_number(value)
    is_finite = not value.size or math.isfinite(abs(value).max())
    return value.astype(float).tolist() if is_finite else _strict(value.tolist())


def _strict(entries: Any) -> Any:
    return [_strict(entry) for entry in entries] if isinstance(entries, list) else json_number(entries)


def grad_document(
    result: Gradients,
    *,
    with_steps: bool = True,
    most_steps: int | None = MOST_STEPS,
    head: Mapping[str, object] = NO_HEAD,
) -> Document:
    """The answer of `grad`, after the `head` of its request; steps, forward values and formulas with `with_steps`."""
    document = envelope("ok" if result.is_finite else "nonfinite", head)
    document["expression"] = result.graph.text
    if result.is_seeded:
        document["seed"] = json_value(result.seed)
    document["inputs"] = json_values(result.at)
    document["value"] = json_value(result.value)
    document["gradients"] = json_values(result.gradients)
    if result.graph.network is not None:
        from bpcli.report.network_documents import network_entries  # noqa: PLC0415 - most graphs have no layers

        document |= network_entries(result, result.graph.network, with_layers=with_steps)
    if with_steps:
        document |= _walk(result, most_steps)
    document["warnings"] = warning_entries(result.warnings)
    return document


def _walk(result: Gradients, most_steps: int | None) -> Document:
    """Formulas, forward values and steps."""
    graph, labels = result.graph, result.labels()
    locals_ = LocalFormulas(labels, limit=DOCUMENT_LENGTH)
    titles = _layer_titles(graph)
    return {
        "output": labels.get(graph.output),
        "formulas": _formulas(graph, result.wanted, labels, is_seeded=result.is_seeded),
        **limited(
            "forward",
            [node for node in graph.nodes if node in labels],
            lambda node: _of_layer(node, titles) | _forward_entry(node, result, labels),
            most_steps,
            lambda node: math.prod(node.shape),
        ),
        **limited(
            "steps",
            result.steps(),
            lambda step: _of_layer(step.node, titles) | _step_entry(step, labels, locals_),
            most_steps,
            lambda step: 2 * math.prod(step.node.shape) + math.prod(step.input.shape),
        ),
    }


def _layer_titles(graph: Graph) -> Mapping[Node, str]:
    if graph.network is None:
        return {}
    from bpcli.report.folding import layer_titles  # noqa: PLC0415 - most graphs have no layers

    return layer_titles(graph, graph.network)


def _of_layer(node: Node, titles: Mapping[Node, str]) -> Document:
    return {"layer": titles[node]} if node in titles else {}


def seed_entry(graph: Graph) -> Document:
    """The seed of a network, where chance gave parameters or masks."""
    return seed_of(graph.network)


def seed_of(network: "Network | None") -> Document:
    """The same, of the network itself."""
    return {"random_seed": network.random_seed} if network is not None and network.decided_by_chance else {}


def json_values(values: Mapping[str, Any]) -> Document:
    """Values by name."""
    return {name: json_value(value) for name, value in values.items()}


def warning_entries(notices: "Iterable[Notice]") -> list[Document]:
    """What must be known about an answer, each with its place in the expression."""
    return [{"message": notice.message, "span": list(notice.span) if notice.span else None} for notice in notices]


def formula_document(graph: Graph, wanted: Sequence[Variable], *, most_steps: int | None = MOST_STEPS) -> Document:
    """The answer of `grad` to an expression without values: formulas, no numbers."""
    labels = labels_of(graph)
    return envelope("ok", NO_HEAD) | {
        "expression": graph.text,
        "inputs": {},
        "value": None,
        "gradients": {},
        "output": labels.get(graph.output),
        "formulas": _formulas(graph, wanted, labels),
        **limited("forward", graph.nodes, lambda node: _formula_entry(node, labels), most_steps),
        "warnings": [],
    }


def error_document(
    error: BpcliError, *, head: Mapping[str, object] = NO_HEAD, expression: object = None, schema: str = "grad"
) -> Document:
    """The same envelope for an error."""
    document = envelope("error", head, schema)
    if isinstance(error.text, str) or isinstance(expression, str):
        document["expression"] = error.text if error.text is not None else expression
    document["error"] = {
        "kind": error.kind,
        "message": error.message,
        "hint": error.hint,
        "span": list(error.spans[0]) if error.spans else None,
    }
    return document


def envelope(status: str, head: Mapping[str, object], schema: str = "grad") -> Document:
    """What every document begins with."""
    return {**head, "schema": f"bpcli.{schema}/1", "version": __version__, "status": status}


def _formulas(
    graph: Graph, wanted: Sequence[Variable], labels: Labels, *, is_seeded: bool = False
) -> dict[str, str | None]:
    texts = formula_texts(graph, wanted, labels, DOCUMENT_LENGTH, is_seeded=is_seeded)
    return {variable.name: text for variable, text in texts.items()}


def _formula_entry(node: Node, labels: Labels) -> Document:
    return {"node": labels[node], "formula": formula_of(node, labels)}


def _forward_entry(node: Node, result: Gradients, labels: Labels) -> Document:
    entry = _formula_entry(node, labels) | {"value": json_value(result.values[node])}
    return entry | ({"shape": list(node.shape)} if result.has_arrays else {})


def _step_entry(step: Step, labels: Labels, locals_: LocalFormulas) -> Document:
    return {
        "node": labels[step.node],
        "input": labels[step.input],
        "position": step.position,
        "upstream": json_value(step.upstream),
        "local": None if step.local is None else json_value(step.local),
        "local_formula": locals_.of(step.node, step.position),
        "contribution": json_value(step.contribution),
    }


def limited(
    key: str,
    items: Iterable[T],
    entry: Callable[[T], Document],
    most: int | None,
    size: Callable[[T], int] = lambda _: 1,
) -> Document:
    """The entries of the first items under their key, and how many items were left out, if any.

    There are at most `most` items, and no more once they hold `MOST_NUMBERS` by their `size`; all where `most` is None.
    """
    remaining = iter(items)
    entries, numbers = [], 0
    for item in islice(remaining, most):
        entries.append(entry(item))
        numbers += size(item)
        if most is not None and numbers > MOST_NUMBERS:
            break
    left_out = sum(1 for _ in remaining)
    return {key: entries, f"{key}_left_out": left_out} if left_out else {key: entries}


def schema_names() -> list[str]:
    """The commands whose documents have a schema."""
    return sorted(_schemas())


def schema_text(name: str) -> str:
    """The JSON Schema (2020-12) of a command's documents. Raises UsageError for a name that has none."""
    schemas = _schemas()
    if name not in schemas:
        message = f"there is no schema '{name}'"
        raise UsageError(message, hint=f"the schemas are {', '.join(sorted(schemas))}")
    return schemas[name].read_text("utf-8")


def _schemas() -> "dict[str, Traversable]":
    from importlib.resources import files  # noqa: PLC0415 - loaded where it is used

    folder = files("bpcli.report").joinpath("schemas")
    return {entry.name.removesuffix(".json"): entry for entry in folder.iterdir()}
