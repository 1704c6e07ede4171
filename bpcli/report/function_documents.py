"""The JSON of a check of functions: the points, and under `claims` an entry for the gradient of each input."""

from collections.abc import Mapping
from typing import Any

from bpcli.check.findings import Verdict
from bpcli.check.functions.callee import Fault
from bpcli.check.functions.results import FunctionCheck, PointCheck
from bpcli.check.groups import Group
from bpcli.report.array_documents import group_entry
from bpcli.report.documents import NO_HEAD, Document, envelope, json_number, json_value
from bpcli.report.explanations import STAFF, Release
from bpcli.report.function_verdicts import hint_told, told

OF_EXPRESSIONS = frozenset({"backpropagation", "sympy", "sympy_how"})  # what a function has not


def function_document(
    result: FunctionCheck,
    release: Release = STAFF,
    *,
    file: str | None = None,
    head: Mapping[str, object] = NO_HEAD,
) -> Document:
    """The answer of `check` about a backward pass, without right values where it is released to students.

    Each input's entry is about the point where it is worst. `file` is where the functions stand.
    """
    status = "nonfinite" if result.verdict is Verdict.UNEVALUABLE else "ok"
    document = envelope(status, head, "check") | {"verdict": result.verdict.value}
    document["function"] = {"file": file, "forward": result.forward, "backward": result.backward}
    if result.called:
        document["function"]["called"] = result.called
    document["points"] = [_point(point) for point in result.points]
    document["claims"] = {group.key: _claim(group, result, release) for group in result.worst_groups}
    document["faults"] = [_fault(fault, release) for fault in result.faults]
    document["unclaimed"] = list(result.unclaimed)
    document["warnings"] = [{"message": note, "span": None} for note in result.notes]
    return document


def _point(point: PointCheck) -> Document:
    return {
        "seed": point.seed,
        "inputs": {name: plain_value(value) for name, value in point.inputs.items()},
        "outputs": [plain_value(output) for output in point.outputs],
        "upstream": None if point.upstream is None else [plain_value(one) for one in point.upstream],
        "method": point.method,
        "verdicts": {group.key: group.verdict.value for group in point.groups},
    }


def plain_value(value: Any) -> Any:
    """Whatever a parameter takes, in the forms of JSON: arrays as nested lists; what has no form as a text."""
    if value is None or isinstance(value, bool | str | int):
        return value if not isinstance(value, int) or isinstance(value, bool) or abs(value) <= 2**53 else float(value)
    if isinstance(value, float):
        return json_number(value)
    if isinstance(value, Mapping):
        return {str(key): plain_value(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain_value(part) for part in value]
    kind = getattr(getattr(value, "dtype", None), "kind", "")
    if kind in ("b", "i", "u"):
        return value.tolist()
    return json_value(value) if kind == "f" else str(value)


def _claim(group: Group, result: FunctionCheck, release: Release) -> Document:
    found = group_entry(group.but(causes=result.causes_of(group)), release)
    entry = {key: value for key, value in found.items() if key not in OF_EXPRESSIONS}
    if "worst" in entry:
        entry["worst"] = {key: value for key, value in entry["worst"].items() if key not in OF_EXPRESSIONS}
    places = [place for place, point in enumerate(result.points) if group in point.groups]
    return entry | {"point": places[0]} if len(result.points) > 1 else entry


def _fault(fault: Fault, release: Release) -> Document:
    return {
        "kind": fault.kind,
        "where": fault.where,
        "message": told(fault, release),
        "hint": hint_told(fault, release),
        "is_fatal": fault.is_fatal,
    }
