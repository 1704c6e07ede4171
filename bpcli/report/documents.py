"""JSON documents: one strict envelope for answers and errors. The schemas that describe them ship beside this file."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from json.encoder import JSONEncoder
from typing import Any, TypeVar

from bpcli import __version__
from bpcli.backprop.gradients import Gradients
from bpcli.backprop.sweep import Step
from bpcli.errors import BpcliError, UsageError
from bpcli.graph.labels import labels_of
from bpcli.graph.node import Graph, Node, Variable
from bpcli.report.formulas import Labels, flowing_locals, formula_of, formula_texts

MOST_STEPS = 10_000
Document = dict[str, Any]
T = TypeVar("T")

_ENCODER = JSONEncoder(allow_nan=False, ensure_ascii=False, separators=(", ", ": "))


def json_text(document: Mapping[str, Any]) -> str:
    """The document on one line of strict JSON."""
    return _ENCODER.encode(document).encode("utf-8", "replace").decode()


def json_number(value: float) -> float | str:
    """The number, or the string that stands for one that JSON has no form for."""
    value = float(value)
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def grad_document(
    result: Gradients, *, with_steps: bool = True, most_steps: int | None = MOST_STEPS, identity: object = None
) -> Document:
    """The answer of `grad`; steps, forward values and formulas only with `with_steps`."""
    document = _envelope("ok" if result.is_finite else "nonfinite", identity)
    document["expression"] = result.graph.text
    document["inputs"] = {name: json_number(value) for name, value in result.at.items()}
    document["value"] = json_number(result.value)
    document["gradients"] = {name: json_number(value) for name, value in result.gradients.items()}
    if with_steps:
        labels = result.labels()
        document["output"] = labels.get(result.graph.output)
        document["formulas"] = _formulas(result.graph, result.wanted, labels)
        document |= _limited(
            "forward", result.graph.nodes, lambda node: _forward_entry(node, result, labels), most_steps
        )
        document |= _limited("steps", result.steps(), lambda step: _step_entry(step, labels), most_steps)
    document["warnings"] = [
        {"message": notice.message, "span": list(notice.span) if notice.span else None} for notice in result.warnings
    ]
    return document


def formula_document(graph: Graph, wanted: Sequence[Variable]) -> Document:
    """The answer of `grad` to an expression without values: formulas, no numbers."""
    labels = labels_of(graph)
    formulas = _formulas(graph, wanted, labels)
    return _envelope("ok", None) | {
        "expression": graph.text,
        "inputs": {},
        "value": None,
        "gradients": {},
        "output": labels.get(graph.output),
        "formulas": formulas,
        "forward": [{"node": labels[node], "formula": formula_of(node, labels)} for node in graph.nodes[:MOST_STEPS]],
        "warnings": [],
    }


def error_document(error: BpcliError, *, identity: object = None, expression: object = None) -> Document:
    """The same envelope for an error."""
    document = _envelope("error", identity)
    if isinstance(error.text, str) or isinstance(expression, str):
        document["expression"] = error.text if error.text is not None else expression
    document["error"] = {
        "kind": error.kind,
        "message": error.message,
        "hint": error.hint,
        "span": list(error.spans[0]) if error.spans else None,
    }
    return document


def _envelope(status: str, identity: object) -> Document:
    head: Document = {} if identity is None else {"id": identity}
    return head | {"schema": "bpcli.grad/1", "version": __version__, "status": status}


def _formulas(graph: Graph, wanted: Sequence[Variable], labels: Labels) -> dict[str, str | None]:
    return {variable.name: text for variable, text in formula_texts(graph, wanted, labels).items()}


def _forward_entry(node: Node, result: Gradients, labels: Labels) -> Document:
    return {"node": labels[node], "formula": formula_of(node, labels), "value": json_number(result.values[node])}


def _step_entry(step: Step, labels: Labels) -> Document:
    formulas = {position: formula for position, _, formula in flowing_locals(step.node, labels)}
    return {
        "node": labels[step.node],
        "input": labels[step.input],
        "position": step.position,
        "upstream": json_number(step.upstream),
        "local": json_number(step.local),
        "local_formula": formulas[step.position],
        "contribution": json_number(step.contribution),
    }


def _limited(key: str, items: Iterable[T], entry: Callable[[T], Document], most: int | None) -> Document:
    """The entries of the first items under their key, and how many items were left out, if any."""
    remaining = iter(items)
    entries = [entry(item) for item in islice(remaining, most)]
    left_out = sum(1 for _ in remaining)
    return {key: entries, f"{key}_left_out": left_out} if left_out else {key: entries}


def schema_text(name: str) -> str:
    """The JSON Schema (2020-12) of a command's documents. Raises UsageError for a name that has none."""
    from importlib.resources import files  # noqa: PLC0415 - loaded where it is used

    schemas = {entry.name.removesuffix(".json"): entry for entry in files("bpcli.report").joinpath("schemas").iterdir()}
    known = sorted(schemas)
    if name not in known:
        message = f"there is no schema '{name}'"
        raise UsageError(message, hint=f"the schemas are {', '.join(known)}")
    return schemas[name].read_text("utf-8")
