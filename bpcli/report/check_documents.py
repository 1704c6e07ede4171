"""The JSON of a check: the envelope of DESIGN §9, a verdict, and under `claims` one entry for each item."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

from bpcli.check.findings import Cause, Equality, Finding, Lead, Verdict
from bpcli.check.results import Check
from bpcli.check.suspects import StepCheck
from bpcli.language.claims import Target
from bpcli.numbers.balls import Ball
from bpcli.report.documents import MOST_STEPS, NO_HEAD, Document, envelope, json_number, limited, seed_entry
from bpcli.report.explanations import STAFF, Release, reason_of

if TYPE_CHECKING:
    from bpcli.check.groups import ArrayCheck  # of arrays, which single numbers do without


def check_document(
    result: Check,
    release: Release = STAFF,
    *,
    most_steps: int | None = MOST_STEPS,
    head: Mapping[str, object] = NO_HEAD,
) -> Document:
    """The answer of `check`, after the `head` of its request; without right values where it is released to students."""
    if result.is_about_arrays:
        from bpcli.report.array_documents import array_document  # noqa: PLC0415 - loaded for arrays only

        answer = array_document(cast("ArrayCheck", result), release, most_steps=most_steps, head=head)
        return answer | seed_entry(result.graph)
    status = "nonfinite" if result.verdict is Verdict.UNEVALUABLE else "ok"
    document = envelope(status, head, "check") | {
        "verdict": result.verdict.value,
        "expression": result.graph.text,
    }
    document |= seed_entry(result.graph)
    document["inputs"] = {name: json_number(value) for name, value in (result.at or {}).items()}
    own = result.own
    if own is not None and release.to_staff:
        document["value"] = json_number(own.value)
        document["gradients"] = {name: json_number(value) for name, value in own.gradients.items()}
    document["claims"] = {_key(finding, result): entry_of(finding, release) for finding in result.findings}
    first = result.first_wrong
    if result.has_claims:
        document["first_wrong"] = _key(first, result) if first else None
    if result.steps is not None and release.to_staff:
        document |= limited("checked_steps", result.steps, lambda step: _step(step, result), most_steps)
    document["warnings"] = [{"message": note, "span": None} for note in result.notes]
    return document


def undecided_document(reason: str, expression: object, head: Mapping[str, object]) -> Document:
    """The answer to a request that was stopped."""
    shown = {"expression": expression} if isinstance(expression, str) else {}
    verdict = {"verdict": Verdict.UNDECIDED.value, "reason": reason}
    return envelope("ok", head, "check") | verdict | shown | {"inputs": {}, "claims": {}, "warnings": []}


def _key(finding: Finding, result: Check) -> str:
    """What an item is called, by the name that the claim has for it: `x`, `value(A)`, `local(A, x)`."""
    kind, name, source, *_ = (
        finding.claim.target if finding.claim else Target("gradient", result.names.labels[finding.item.node])
    )
    if kind == "gradient":
        return name
    return f"{kind}({name})" if source is None else f"{kind}({name}, {source})"


def entry_of(finding: Finding, release: Release) -> Document:
    """The verdict on one number, and what it rests on."""
    entry: Document = {"verdict": finding.verdict.value}
    if finding.claim:
        if release.to_staff or finding.equality is None:  # a formula's number is a value of the right kind
            entry["claimed"] = number_or_null(finding.claim.number)
        entry["claim"] = finding.claim.typed
    if release.to_staff:
        entry |= _in_full(finding)
    if finding.accepted_as:
        entry["accepted_as"] = finding.accepted_as
    if finding.verdict in (Verdict.UNDECIDED, Verdict.UNEVALUABLE) or (finding.reason and release.to_staff):
        entry["reason"] = reason_of(finding, release)
    if finding.verdict is Verdict.DIFFER and finding.claim:
        entry |= _hints(finding, release)
    if finding.notes:
        entry["notes"] = list(finding.notes)
    return entry


def _in_full(finding: Finding) -> Document:
    """Everything that holds right values."""
    truth = finding.truth
    entry: Document = {
        "backpropagation": number_or_null(finding.own),
        "sympy": _ball(finding.symbolic),
        "sympy_how": how(is_whole=finding.symbolic_is_whole),
        "differences": _ball(truth),
        "differences_how": how(is_whole=finding.slopes is None or finding.slopes.is_whole),
        "error": None if truth is None else json_number(float(truth.error)),
        "relative_difference": number_or_null(finding.relative_difference),
    }
    if finding.ratio is not None:
        entry["ratio"] = json_number(finding.ratio)
    if finding.slopes is not None and finding.slopes.is_corner:
        entry["slopes"] = [_ball(side.slope) for side in (finding.slopes.left, finding.slopes.right)]
    if finding.kink:
        entry["kink"] = {"op": finding.kink.node.op.written, "where": finding.kink.where}
    if finding.smallest_visible is not None:
        entry["smallest_visible_error"] = json_number(finding.smallest_visible)
    if finding.suspects:
        entry["suspects"] = list(finding.suspects)
    if finding.equality:
        entry["equality"] = _equality(finding.equality)
    return entry


def how(*, is_whole: bool) -> str:
    """Whether an oracle took the expression as it is, or went step by step."""
    return "whole" if is_whole else "step by step"


def _equality(equality: Equality) -> Document:
    entry: Document = {
        "outcome": equality.outcome.value,
        "points": [{name: json_number(value) for name, value in point.items()} for point in equality.points],
    }
    example = equality.counterexample
    if example:
        at = {name: json_number(value) for name, value in example.at.items()}
        entry["counterexample"] = {
            "at": at,
            "claimed": json_number(example.claimed),
            "true": json_number(example.truth),
        }
    return entry


def _hints(finding: Finding, release: Release) -> Document:
    if not finding.own_mistake:
        return {"follows_from": finding.follows}
    return first_hints(finding.lead, finding.causes, release)


def first_hints(lead: Lead | None, causes: Sequence[Cause], release: Release) -> Document:
    """Where to look for a mistake, and what it is consistent with, as far as it may be told."""
    entry: Document = {"look_at": list(lead.steps) if lead else []}
    if release.tells("cause"):
        entry["causes"] = [
            {"kind": cause.kind, "steps": list(cause.steps)} | ({"text": cause.text} if release.to_staff else {})
            for cause in causes
        ]
    elif release.tells("kind"):
        entry["causes"] = [{"family": family} for family in dict.fromkeys([cause.family for cause in causes])]
    return entry


def _step(step: StepCheck, result: Check) -> Document:
    labels = result.names.labels
    return {
        "node": labels.get(step.node, "f"),
        "input": labels.get(step.source, ""),
        "position": step.position,
        "rule": _ball(step.rule),
        "sympy": _ball(step.symbolic),
        "differences": _ball(step.difference),
        "suspect": step.suspect,
    }


def number_or_null(number: float | None) -> float | str | None:
    """A number as JSON has it, null for none."""
    return None if number is None else json_number(number)


def _ball(ball: Ball | None) -> float | str | None:
    return None if ball is None or ball.middle is None else json_number(float(ball))
