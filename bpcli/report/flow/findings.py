"""What is wrong with a flow, with evidence, threshold and remedy; or that nothing is, and what was looked for."""

from collections.abc import Mapping, Sequence

from bpcli.flow.diagnoses.thresholds import Threshold
from bpcli.flow.results import Diagnosis
from bpcli.report.layout import Column, Line, Piece, Row, table
from bpcli.report.page import Page
from bpcli.report.plain import one_line

WIDEST_WORD = 11


def diagnosis_section(
    diagnoses: Sequence[Diagnosis], page: Page, thresholds: Mapping[str, float], looked_for: Sequence[str]
) -> list[Line]:
    """A paragraph for each diagnosis; `thresholds` are the figures that were held against, by name."""
    if not diagnoses:
        text = f"nothing found. Looked for: {', '.join(looked_for)}"
        return [*page.title("DIAGNOSIS"), *[[Piece(line)] for line in page.wrapped(text, 2)]]
    lines = page.title("DIAGNOSIS")
    for diagnosis in diagnoses:
        lines += [[Piece("  "), Piece(diagnosis.kind, "verdict"), Piece(f": {_shown(diagnosis.where, page)}")]]
        for word, text in (
            ("evidence", diagnosis.evidence),
            ("threshold", threshold_text(diagnosis.threshold, thresholds, page)),
            ("remedy", diagnosis.remedy),
        ):
            lines += _paragraph(word, _shown(text, page), page)
    return lines


def threshold_text(name: str, thresholds: Mapping[str, float], page: Page) -> str:
    """The figure that was crossed, and how to set it."""
    if name not in thresholds:
        return ""
    return f"{name} = {page.number(thresholds[name])}, set by --threshold-of {name}=VALUE"


def _shown(text: str, page: Page) -> str:
    return page.signs.written(one_line(text))


def _paragraph(word: str, text: str, page: Page) -> list[Line]:
    """A word in the margin, and the text beside it, wrapped."""
    if not text:
        return []
    first, *others = page.wrapped(f"{word:<{WIDEST_WORD}}{text}", 4, WIDEST_WORD)
    head = 4 + len(word)
    return [[Piece(first[:head], "heading"), Piece(first[head:])], *[[Piece(line)] for line in others]]


def known_lines(known: Sequence[Threshold], page: Page) -> list[Line]:
    """A row for each threshold: its name, its value where nobody sets it, and what it means."""
    columns = (Column("left", "name"), Column("point", "value"))
    rows = [Row((one.name, page.number(one.default)), (page.signs.written(one.meaning),)) for one in known]
    return table(columns, rows, page.width)
