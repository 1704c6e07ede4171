"""The report of a check of functions: a row for each input, the entries that do not agree, and how all was found."""

from collections.abc import Iterator, Sequence

from bpcli.check.findings import Verdict
from bpcli.check.functions.callee import Fault
from bpcli.check.functions.results import FunctionCheck, PointCheck
from bpcli.check.groups import Group
from bpcli.graph.shapes import shape_text
from bpcli.report.array_verdicts import about_group, summary
from bpcli.report.explanations import STAFF, Release
from bpcli.report.layout import Column, Line, Piece, Row, table
from bpcli.report.page import Page
from bpcli.report.plain import one_line
from bpcli.report.verdicts import claimed_cell, differences_cell, notes_cell

HEADING = ("", "claimed", "differences", "verdict")


def function_report(result: FunctionCheck, page: Page, release: Release = STAFF) -> list[Line]:
    """What went wrong at all, a row for each input, its worst entries, what explains them, and how all was found."""
    lines = [line for fault in result.faults if fault.is_fatal for line in _fault(fault)]
    groups = result.worst_groups
    lines += _rows(result, groups, page, release)
    lines += _entries(result, groups, page, release)
    said = dict.fromkeys(sentence for group in groups for sentence in about_group(group, page, release))
    lines += [[Piece(page.signs.written(text))] for text in said]
    lines += [line for fault in result.faults if not fault.is_fatal for line in _fault(fault)]
    if result.unclaimed:
        names = ", ".join(result.unclaimed)
        lines.append([Piece(f"Without a gradient: {names}; '{result.backward}' gives none.")])
    return [*lines, *[[Piece(text, "note")] for text in _method(result)]]


def _fault(fault: Fault) -> Iterator[Line]:
    """What a function did that it must not do; a text of its own, such as that of an exception, on one line."""
    yield [Piece(f"{one_line(fault.text).rstrip('.')}.", "verdict" if fault.is_fatal else "")]
    if fault.hint:
        yield [Piece(f"  hint: {fault.hint}", "note")]


def _rows(result: FunctionCheck, groups: Sequence[Group], page: Page, release: Release) -> list[Line]:
    """A row for each input, about all points together."""
    columns = (Column("left", "name"), Column("left", "note", " "), Column("left", "verdict", "   "))
    rows = []
    for group in groups:
        same = [one for point in result.points for one in point.groups if one.key == group.key]
        of_all = group.but(
            findings=[finding for one in same for finding in one.findings],
            places=[place for one in same for place in one.places],
        )
        rows.append(Row((page.signs.written(group.title), shape_text(group.shape), _summary(of_all, same, release))))
    return table(columns, rows, page.width)


def _summary(of_all: Group, groups: Sequence[Group], release: Release) -> str:
    """How many entries at all points have which verdict."""
    told = summary(of_all, release)
    wrong = sum(group.verdict is Verdict.DIFFER for group in groups)
    if 0 < wrong < len(groups):
        return f"{told}, at {wrong} of {len(groups)} points"
    return told


def _entries(result: FunctionCheck, groups: Sequence[Group], page: Page, release: Release) -> list[Line]:
    """The entries that do not agree, of each input those at the point where it is worst, the worst first."""
    shown = [
        (group, finding) for group in groups for _, finding in group.ranked if finding.verdict is not Verdict.AGREE
    ]
    if not shown:
        return []
    places = {group.key: _place(group, result.points) for group in groups}
    first = places[shown[0][0].key]
    is_one = len(result.points) == 1 or all(places[group.key] == first for group, _ in shown)
    rows = []
    for group, finding in shown[: page.most_rows]:
        word = finding.verdict.value
        numbers = (claimed_cell(finding, page), *((differences_cell(finding, page),) if release.to_staff else ()))
        cells = (page.signs.written(finding.title), *numbers)
        at = () if is_one else (f"point {places[group.key] + 1}",)
        notes = (*notes_cell(finding, page, release), *at)
        rows.append(Row((*cells, word.upper() if finding.verdict is Verdict.DIFFER else word), notes))
    columns = [
        Column("left", "name"),
        Column("right", "gradient", caption="claimed"),
        Column("right", "gradient", caption="differences"),
        Column("left", "verdict", "   ", caption="verdict"),
    ]
    heading = list(HEADING)
    if not release.to_staff:
        del columns[2], heading[2]
    of_each = " of each" if len({group.key for group, _ in shown}) > 1 else ""
    where = f"at point {first + 1} of {len(result.points)}, " if is_one and len(result.points) > 1 else ""
    return [
        [],
        *page.title("ENTRIES", f"{where}the worst first{of_each}"),
        *table(columns, rows, page.width, tuple(heading), needs_heading=True),
        *page.left_out(len(shown)),
    ]


def _place(group: Group, points: Sequence[PointCheck]) -> int:
    """The number of the point that a group belongs to."""
    return next(place for place, point in enumerate(points) if group in point.groups)


def _method(result: FunctionCheck) -> Iterator[str]:
    """How the gradients were found: the functions, the points, the upstream gradients, and the differences."""
    if not result.points:
        return
    first = result.points[0]
    methods = "; ".join(dict.fromkeys(point.method for point in result.points))
    yield f"Held against {methods}."
    seeds = [str(point.seed) for point in result.points if point.seed is not None]
    drawn = f", drawn from {'seed' if len(seeds) == 1 else 'seeds'} {', '.join(seeds)}" if seeds else ""
    count = len(result.points)
    points = f"{count} points" if count > 1 else "1 point"
    if first.upstream is None:
        upstream = "the output counts with weight 1"
    else:
        upstream = "the upstream gradient is drawn too" if seeds else "the upstream gradient is drawn"
    yield f"{result.forward} and {result.backward} at {points}{drawn}; {upstream}."
