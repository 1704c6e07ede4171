"""A finding in words: where to look, what a wrong number is consistent with, how a kink was accepted, why not decided.

Released to a student no sentence holds a right value, and the hint level says how much is told: `where`, `kind` (which
names no sign or factor, from which the answer would follow) or `cause`.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from bpcli.check.carried import ROUNDING
from bpcli.check.findings import Cause, Counterexample, Equality, Finding, Lead, Outcome, Verdict
from bpcli.check.results import Check
from bpcli.report.formulas import formula_of
from bpcli.report.page import Page

LEVELS = ("where", "kind", "cause")
POINTS_ON_A_LINE = 3
UNSEEN = 2.0**-54  # of a number: less is in none of the digits that float64 has


class Release(NamedTuple):
    """Who reads a report: staff, who see right values, or students, who see hints up to a level."""

    to: str = "staff"
    level: str = "cause"

    @property
    def to_staff(self) -> bool:
        """Whether right values may be shown."""
        return self.to == "staff"

    def tells(self, level: str) -> bool:
        """Whether hints of this level are told."""
        return LEVELS.index(level) <= LEVELS.index(self.level)


STAFF = Release()
Saying = tuple[str, str]  # the title that a sentence begins with, if it has one, and the rest of it


def explanations(findings: Sequence[Finding], result: Check, page: Page, release: Release) -> list[str]:
    """What is said below the table; the same about several items is said once."""
    said: dict[str, list[str]] = {}
    for finding in findings:
        for title, text in _about(finding, result, page, release):
            titles = said.setdefault(text, [])
            if title and title not in titles:
                titles.append(title)
    return [f"{', '.join(titles)}{text}" for text, titles in said.items()]


def _about(finding: Finding, result: Check, page: Page, release: Release) -> Iterator[Saying]:
    if finding.verdict is Verdict.DIFFER:
        yield from _about_a_mistake(finding, result, page, release)
    elif finding.verdict is Verdict.KINK:
        yield finding.title, kink_sentence(finding, page, release)
    elif finding.verdict is not Verdict.AGREE:
        yield from open_end(finding, page, release)
    if finding.equality and finding.verdict is not Verdict.DIFFER:
        yield from [(finding.title, text) for text in _about_a_formula(finding.equality, page)]
    yield from [(finding.title, f": {note}.") for note in finding.notes]


def _about_a_mistake(finding: Finding, result: Check, page: Page, release: Release) -> Iterator[Saying]:
    if not finding.own_mistake:
        if finding.follows == ROUNDING:
            yield finding.title, f": wrong, by no more than {ROUNDING}; no step is wrong."
        else:
            yield finding.title, f": right, given {finding.follows}, which is wrong; not counted again."
        return
    if result.first_wrong is finding and finding.item.kind != "gradient":
        yield "", f"The first wrong step: {finding.title}."
    if release.to_staff:
        yield from [(finding.title, f": {text}") for text in in_full(finding, page)]
        yield from [("", text) for text in where(finding, page, result)]
    else:
        yield "", " ".join([f"{finding.title} differs.", *redo_of(finding, result)])
    told = cause_text(finding.causes, release)
    if told:
        mistakes = [one for one in result.findings if one.verdict is Verdict.DIFFER and one.own_mistake]
        yield ("", told) if len(mistakes) == 1 else (finding.title, f": {told[0].lower()}{told[1:]}")


def cause_text(causes: Sequence[Cause], release: Release) -> str:
    """What a wrong number is consistent with, as far as it may be told."""
    if causes and release.tells("cause"):
        texts = [cause.text if release.to_staff else cause.hint for cause in causes]
        return f"Consistent with: {'; or '.join(dict.fromkeys(texts))}."
    if causes and release.tells("kind"):
        return f"Look for: {'; or '.join(dict.fromkeys([cause.family for cause in causes]))}."
    return ""


def in_full(finding: Finding, page: Page) -> Iterator[str]:
    """What is wrong with a number, with the right one."""
    if finding.suspects:
        yield f"suspected is {'; '.join(finding.suspects)}."
    if finding.reason:
        yield f"{finding.reason}."
    elif finding.equality and finding.equality.counterexample:
        yield _counterexample(finding.equality.counterexample, page)
    elif finding.kink:
        yield f"{_kink_text(finding, page)}; a claim between them, or of the convention, is accepted."
    elif finding.claimed is not None and finding.truth is not None:
        truth, error = float(finding.truth), float(f"{float(finding.truth.error):.1g}")
        known_to = f" ± {page.number(error)}" if error > UNSEEN * abs(truth) else ""
        numbers = f"claimed {page.number(finding.claimed)}, true {page.number(truth)}{known_to}"
        yield f"{numbers}{_ratio(finding, page)}."


def _ratio(finding: Finding, page: Page) -> str:
    return f", {page.ratio(finding.ratio)}" if finding.ratio else ""


def _counterexample(example: Counterexample, page: Page) -> str:
    at = ", ".join([f"{name} = {page.number(value)}" for name, value in example.at.items()])
    claimed, truth = page.number(example.claimed), page.number(example.truth)
    return f"counterexample at {at}: the claim gives {claimed}, true is {truth}."


def where(finding: Finding, page: Page, result: Check) -> Iterator[str]:
    """Where to look for a mistake, with the upstream that is known to be right."""
    lead = finding.lead
    if lead is None:
        return
    if lead.witness is not None and lead.upstream is not None:
        number = f"step {lead.number}, " if lead.number else ""
        upstream = page.number(lead.upstream)
        step = f"{number}{lead.steps[0]}{_named(lead.steps[0], result)}"
        yield f"Look at {step}: its upstream, {upstream}, also gave {lead.witness}, which agrees."
    elif len(lead.steps) > 1:
        yield f"Look at the steps {', '.join(lead.steps)}, whose contributions add up to {finding.title}."


def redo(lead: Lead | None, named: str = "") -> Iterator[str]:
    """Which steps a student should do again; `named` says what stands behind the first of them."""
    if lead is None:
        return
    if lead.witness is not None:
        yield f"What arrives at {lead.steps[0].split(' ')[0]} looks right; redo {lead.steps[0]}{named}."
    elif len(lead.steps) > 1:
        yield f"Redo the steps {', '.join(lead.steps)}, and their sum."
    else:
        yield f"Redo {lead.steps[0]}{named}, and what arrives there."


def redo_of(finding: Finding, result: Check) -> Iterator[str]:
    """The same about one number, with what a node without a name stands for."""
    yield from redo(finding.lead, _named(finding.lead.steps[0], result) if finding.lead else "")


def _named(step: str, result: Check) -> str:
    """What a node without a name of its own stands for: ` (v1 = w*x)`."""
    label = step.split(" ", 1)[0]
    node = result.names.nodes.get(label)
    return f" ({label} = {formula_of(node, result.names.labels)})" if node and node.inputs and not node.name else ""


def kink_sentence(finding: Finding, page: Page, release: Release) -> str:
    """As what a claim at a kink is accepted."""
    accepted = {
        "convention": "the convention, which is PyTorch's",
        "between": "a number between the slopes",
        "derivative": "the derivative, which exists although the chain rule misses it",
    }[finding.accepted_as or "convention"]
    where = _kink_text(finding, page) or finding.reason
    slopes = f"{where}; " if release.to_staff and where else ""
    return f": {slopes}accepted as {accepted}."


def _kink_text(finding: Finding, page: Page) -> str:
    kink = finding.kink
    if kink is None:
        return ""
    left, right = page.number(kink.left), page.number(kink.right)
    return f"kink at {kink.node.op.written}, where {kink.where}: slopes {left} and {right}"


def open_end(finding: Finding, page: Page, release: Release) -> Iterator[Saying]:
    """Why nothing can be told."""
    visible = finding.smallest_visible if release.to_staff else None
    seen = "" if visible is None else f"; the smallest error that could have been seen is {page.number(visible)}"
    yield finding.title, f": {finding.verdict.value}: {reason_of(finding, release)}{seen}."
    if finding.suspects and release.to_staff:
        yield finding.title, f": suspected is {'; '.join(finding.suspects)}."


def reason_of(finding: Finding, release: Release) -> str | None:
    """Why there is no verdict, or why a claim is wrong; to students without numbers, which may be right values."""
    if release.to_staff:
        return finding.reason
    told = finding.hint or finding.reason
    if told is None or not any(map(str.isdigit, told)):
        return told
    return "the expression has no value here" if finding.verdict is Verdict.UNEVALUABLE else "this cannot be told here"


def _about_a_formula(equality: Equality, page: Page) -> Iterator[str]:
    if equality.outcome is Outcome.PROVED:
        yield f": proved, and agrees at {len(equality.points)} points."
    elif equality.outcome is Outcome.AGREES:
        count = min(len(equality.points), POINTS_ON_A_LINE if page.is_short else len(equality.points))
        shown = "; ".join(
            ", ".join([f"{name} = {page.number(value)}" for name, value in point.items()])
            for point in equality.points[:count]
        )
        more = len(equality.points) - count
        rest = f"; {more} more, which --json has" if more else ""
        yield f": agrees at {len(equality.points)} points: {shown}{rest}."
