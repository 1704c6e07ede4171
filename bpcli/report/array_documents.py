"""The JSON of a check over arrays: under `claims` an entry for each variable or claim, its entries as nested lists."""

from collections.abc import Mapping, Sequence
from typing import Any

from bpcli.check.findings import Verdict
from bpcli.check.groups import ArrayCheck, ArrayStep, Group
from bpcli.numbers.apart import nested
from bpcli.numbers.balls import Ball
from bpcli.report.check_documents import entry_of, first_hints, how, number_or_null
from bpcli.report.documents import MOST_STEPS, NO_HEAD, Document, envelope, json_number, json_value, limited
from bpcli.report.explanations import STAFF, Release


def array_document(
    result: ArrayCheck,
    release: Release = STAFF,
    *,
    most_steps: int | None = MOST_STEPS,
    head: Mapping[str, object] = NO_HEAD,
) -> Document:
    """The answer of `check` about arrays, without right values where it is released to students."""
    status = "nonfinite" if result.verdict is Verdict.UNEVALUABLE else "ok"
    document = envelope(status, head, "check") | {"verdict": result.verdict.value, "expression": result.graph.text}
    document["inputs"] = {name: json_value(value) for name, value in (result.at or {}).items()}
    if result.seed is not None:
        document["seed"] = json_value(result.seed)
    document["method"] = result.method
    if release.to_staff and result.own is not None:
        document["value"] = json_value(result.own.value)
        document["gradients"] = {name: json_value(value) for name, value in result.own.gradients.items()}
    document["claims"] = {group.key: group_entry(group, release) for group in result.groups}
    if result.has_claims:
        first = result.first_wrong_group
        document["first_wrong"] = first.key if first else None
    if result.array_steps is not None and release.to_staff:
        document |= limited("checked_steps", result.array_steps, _step, most_steps)
    document["warnings"] = [{"message": note, "span": None} for note in result.notes]
    return document


def group_entry(group: Group, release: Release) -> Document:
    """The verdict, the entries, and the worst of them in full."""
    findings = group.findings
    has_claims = any(finding.claim for finding in findings)
    entry: Document = {"verdict": group.verdict.value, "shape": list(group.shape)}
    if group.layer:
        entry["layer"] = group.layer
    entry["counts"] = {verdict.value: count for verdict, count in group.counts.items()}
    if group.claim is not None and group.claim.typed:
        entry["claim"] = group.claim.typed
    if has_claims and (release.to_staff or not group.notes):  # a formula's numbers are values of the right kind
        entry["claimed"] = _nested([finding.claimed for finding in findings], group)
    if release.to_staff:
        entry |= _in_full(group)
    entry["verdicts"] = nested([finding.verdict.value for finding in findings], group.shape) if findings else []
    if findings and (group.verdict is not Verdict.AGREE or group.layer):
        place, finding = group.ranked[0]
        entry["worst"] = {
            "index": list(place),
            **entry_of(finding if release.to_staff else group.as_typed(finding), release),
            **({"differences_how": _how_differences(group)} if release.to_staff else {}),
        }
    if group.verdict is Verdict.DIFFER and has_claims:
        entry |= _hints(group, release)
    if group.notes:
        entry["notes"] = list(group.notes)
    return entry


def _in_full(group: Group) -> Document:
    """Everything that holds right values."""
    findings = group.findings
    entry: Document = {
        "backpropagation": _nested([finding.own for finding in findings], group),
        "sympy": _nested([_float(finding.symbolic) for finding in findings], group),
        "sympy_how": how(is_whole=all(one.symbolic_is_whole for one in findings if one.symbolic is not None)),
        "differences": _nested([_float(finding.truth) for finding in findings], group),
        "differences_how": _how_differences(group),
        "error": _nested([None if one.truth is None else float(one.truth.error) for one in findings], group),
        "relative_difference": number_or_null(group.largest_difference),
    }
    if group.suspects:
        entry["suspects"] = list(group.suspects)
    return entry


def _how_differences(group: Group) -> str:
    """Whether the whole expression was differenced, each step of it, or the whole in float64."""
    found = [finding.slopes for finding in group.findings]
    if group.item.kind == "gradient" and found and all(one is None for one in found) and group.has_truth:
        return "float64"
    return how(is_whole=all(one is None or one.is_whole for one in found))


def _nested(numbers: Sequence[float | None], group: Group) -> Any:
    shown = [None if number is None else json_number(number) for number in numbers]
    return nested(shown, group.shape) if shown else []


def _float(ball: Ball | None) -> float | None:
    return None if ball is None or ball.middle is None else float(ball)


def _hints(group: Group, release: Release) -> Document:
    if not group.own_mistake:
        return {"follows_from": group.follows}
    return first_hints(group.lead, group.causes, release)


def _step(step: ArrayStep) -> Document:
    group = step.group
    return {
        "node": step.node,
        "input": step.input,
        "position": step.position,
        "shape": None if group is None else list(group.shape),
        "verdict": None if group is None else group.verdict.value,
        "rule": None if group is None else _nested([finding.own for finding in group.findings], group),
        "sympy": None if group is None else _nested([_float(one.symbolic) for one in group.findings], group),
        "differences": None if group is None else _nested([_float(one.truth) for one in group.findings], group),
        "suspect": step.suspect,
    }
