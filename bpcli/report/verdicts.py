"""The report of a check: a table with a row an item, what is to be said about each, and every step on request."""

from collections.abc import Sequence
from math import isfinite
from typing import TYPE_CHECKING, cast

from bpcli.check.findings import Finding, Verdict
from bpcli.check.results import Check
from bpcli.check.suspects import StepCheck
from bpcli.numbers.balls import Ball
from bpcli.report.explanations import STAFF, Release, explanations
from bpcli.report.layout import Column, Line, Piece, Row, table
from bpcli.report.page import Page
from bpcli.report.plain import one_line

if TYPE_CHECKING:
    from bpcli.check.groups import ArrayCheck  # of arrays, which single numbers do without

LONGEST_CLAIM = 40
NONE = "n/a"
BY_STEPS = " by steps"


def check_report(result: Check, page: Page, release: Release = STAFF) -> list[Line]:
    """The verdicts as a table, then the explanations."""
    if result.is_about_arrays:
        from bpcli.report.array_verdicts import array_report  # noqa: PLC0415 - loaded for arrays only

        return array_report(cast("ArrayCheck", result), page, release)
    shown = _most_telling(result.findings, page.most_rows)
    lines = [*findings_table(shown, page, release, has_claims=result.has_claims), *page.left_out(len(result.findings))]
    if not result.findings:
        lines = [[Piece("  nothing to check: the expression has no variables", "note")]]
    lines += [[Piece(page.signs.written(text))] for text in explanations(shown, result, page, release)]
    if result.steps is not None and release.to_staff:
        lines += [[], *_steps(result, page)]
    return lines


def _most_telling(findings: tuple[Finding, ...], most: int) -> tuple[Finding, ...]:
    """As many findings as a table has rows, in their order; of more, those first that do not agree."""
    ranked = sorted(range(len(findings)), key=lambda place: (findings[place].verdict is Verdict.AGREE, place))
    return tuple([findings[place] for place in sorted(ranked[:most])])


def findings_table(findings: Sequence[Finding], page: Page, release: Release, *, has_claims: bool) -> list[Line]:
    """A row for each finding: what is judged, what the oracles say, and the verdict."""
    columns = [Column("left", "name")]
    heading = [""]
    if has_claims:
        columns.append(Column("right", "gradient", caption="claimed"))
        heading.append("claimed")
    if release.to_staff:
        names = (*(() if has_claims else ("backpropagation",)), *_oracles(findings))
        columns += [Column("right", "gradient", caption=name) for name in names]
        heading += names
        if not has_claims:
            columns.append(Column("right", "", caption="largest relative difference"))
            heading.append("largest relative difference")
    columns.append(Column("left", "verdict", "   ", caption="verdict"))
    heading.append("verdict")
    rows = [
        Row(_cells(finding, page, release, has_claims=has_claims), notes_cell(finding, page, release))
        for finding in findings
    ]
    return table(columns, rows, page.width, tuple(heading), needs_heading=True) if rows else []


def _oracles(findings: Sequence[Finding]) -> tuple[str, str]:
    """The headings of the two oracles; each says where it went step by step for all items."""
    by_steps = all(not finding.symbolic_is_whole for finding in findings if finding.symbolic is not None)
    has_any = any(finding.symbolic is not None for finding in findings)
    in_steps = any(finding.slopes is not None and not finding.slopes.is_whole for finding in findings)
    return f"SymPy{BY_STEPS if by_steps and has_any else ''}", f"differences{BY_STEPS if in_steps else ''}"


def _cells(finding: Finding, page: Page, release: Release, *, has_claims: bool) -> tuple[str, ...]:
    cells = [page.signs.written(finding.title)]
    if has_claims:
        cells.append(claimed_cell(finding, page))
    if release.to_staff:
        if not has_claims:
            cells.append(number_cell(finding.own, page))
        cells += [ball_cell(finding.symbolic, page), differences_cell(finding, page)]
        if not has_claims:
            difference = finding.relative_difference
            cells.append(NONE if difference is None else f"{difference:.1g}".replace("e-0", "e-"))
    word = finding.verdict.value
    return (*cells, word.upper() if finding.verdict is Verdict.DIFFER else word)


def notes_cell(finding: Finding, page: Page, release: Release) -> tuple[str, ...]:
    """What is noted beside a row."""
    if not release.to_staff:
        return ()
    if not finding.own_mistake:
        return ("follows",)
    ratio = finding.ratio
    if finding.verdict is Verdict.DIFFER and ratio is not None and isfinite(ratio):
        return (page.ratio(ratio),)
    return (f"accepted as {finding.accepted_as}",) if finding.accepted_as else ()


def claimed_cell(finding: Finding, page: Page) -> str:
    """What is claimed, as it was typed where that is a formula."""
    claim = finding.claim
    if claim is None:
        return ""
    if finding.equality is None and claim.number is not None:
        return page.number(claim.number)
    typed = one_line(" ".join(claim.typed.split()))
    return typed if len(typed) <= LONGEST_CLAIM else typed[:LONGEST_CLAIM] + page.signs.ellipsis


def number_cell(number: float | None, page: Page) -> str:
    """A number, if there is one."""
    return NONE if number is None else page.number(number)


def ball_cell(ball: Ball | None, page: Page) -> str:
    """A number that knows its error, if there is one."""
    return NONE if ball is None or ball.middle is None else page.number(float(ball))


def differences_cell(finding: Finding, page: Page) -> str:
    """What the differences give: one slope, or those of both sides."""
    found = finding.slopes
    if finding.truth is None and found is not None and found.is_corner:
        low, high = found.between
        return f"{page.number(float(low))} to {page.number(float(high))}"
    return ball_cell(finding.truth, page)


def _steps(result: Check, page: Page) -> list[Line]:
    steps = result.steps or ()
    columns = (
        Column("right"),
        Column("right", "name"),
        Column("left", "name", f" {page.signs.arrow} "),
        Column("right", "gradient", caption="rule"),
        Column("right", "gradient", caption="SymPy"),
        Column("right", "gradient", caption="differences"),
        Column("left", "verdict", "   ", caption="suspect"),
    )
    if not steps:
        has_value = all(finding.verdict is not Verdict.UNEVALUABLE for finding in result.findings)
        why = "no gradient flows to a variable through an op" if has_value else "the expression has no value here"
        return [*page.title("EVERY STEP"), [Piece(f"  no step: {why}", "note")]]
    rows = [Row(_step_cells(number, step, result, page)) for number, step in enumerate(steps[: page.most_rows], 1)]
    heading = ("", "node", "input", "rule", "SymPy", "differences", "suspect")
    return [
        *page.title("EVERY STEP", "local derivatives"),
        *table(columns, rows, page.width, heading, needs_heading=True),
        *page.left_out(len(steps)),
    ]


def _step_cells(number: int, step: StepCheck, result: Check, page: Page) -> tuple[str, ...]:
    labels = result.names.labels
    return (
        str(number),
        labels.get(step.node, "f"),
        labels.get(step.source, ""),
        ball_cell(step.rule, page),
        ball_cell(step.symbolic, page),
        ball_cell(step.difference, page),
        step.suspect or "none",
    )
