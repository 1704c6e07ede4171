"""The report of a check of functions: a row for each input, the entries that do not agree, and how all was found."""

import re
from collections.abc import Iterator, Mapping, Sequence
from math import ceil, inf, log10

from bpcli.check.findings import Finding, Verdict
from bpcli.check.functions.callee import Fault, FaultKind
from bpcli.check.functions.results import FunctionCheck
from bpcli.check.groups import Group
from bpcli.graph.shapes import shape_text
from bpcli.numbers.balls import Ball, within
from bpcli.report.array_verdicts import about_group, summary
from bpcli.report.explanations import STAFF, Release, cause_text
from bpcli.report.layout import Column, Line, Piece, Row, table
from bpcli.report.page import Page
from bpcli.report.plain import one_line
from bpcli.report.verdicts import claimed_cell, differences_cell, notes_cell

WRONG_VALUE: FaultKind = "wrong value"  # the kind of a fault that names what is right
WRONG_SHAPE: FaultKind = "another shape"
FIRST = ("changes its inputs",)  # it may be why gradients differ
NUMBERS = ("claimed", "differences")
BOUNDS = (1e-12, 1e-9, 1e-6, 1e-3)
NUMBER = re.compile("[0-9]+")
LONGEST_SHAPES = 30  # characters of what is listed


def function_report(result: FunctionCheck, page: Page, release: Release = STAFF) -> list[Line]:
    """What went wrong at all, a row for each input, its worst entries, what explains them, and how all was found."""
    faults = [fault for fault in _once(result.faults) if fault.is_fatal or fault.kind in FIRST]
    lines = [line for fault in faults for line in _fault(fault, page, release)]
    groups = result.worst_groups
    fitting = [_readable(group).but(causes=result.causes_of(group)) for group in groups if fits(group)]
    lines += _rows(result, groups, page, release)
    lines += _entries(fitting, _places(result), page, release)
    said = [*_of_other_shapes(result, release), *_sentences(fitting, page, release)]
    lines += [[Piece(line)] for text in said for line in page.wrapped(page.signs.written(text), below=2)]
    others = [fault for fault in _once(result.faults) if fault not in faults]
    lines += [line for fault in others for line in _fault(fault, page, release)]
    if result.unclaimed:
        lines.append([Piece(f"Without a gradient: {', '.join(result.unclaimed)}; '{result.backward}' gives none.")])
    return [*lines, *[[Piece(line, "note")] for text in _method(result) for line in page.wrapped(text, below=2)]]


def _of_other_shapes(result: FunctionCheck, release: Release) -> Iterator[str]:
    """What gradients whose entries cannot be judged are consistent with."""
    for group in result.worst_groups:
        text = "" if fits(group) else cause_text(result.causes_of(group), release)
        if text:
            yield f"{group.title}: {text[0].lower()}{text[1:]}"


def _sentences(groups: Sequence[Group], page: Page, release: Release) -> list[str]:
    """What is said about the gradients; what is said of several is said once, behind their names."""
    titles: dict[str, list[str]] = {}
    for group in groups:
        for sentence in about_group(group, page, release):
            title, colon, rest = sentence.partition(": ")
            titles.setdefault(rest if colon else sentence, []).append(title if colon else "")
    return [f"{', '.join(dict.fromkeys(names))}: {rest}" if names[0] else rest for rest, names in titles.items()]


def fits(group: Group) -> bool:
    """Whether a gradient has the shape of its input, so that its entries could be judged."""
    claims = [finding.claim for finding in group.findings]
    return not claims or any(claim is None or claim.number is not None for claim in claims)


def told(fault: Fault, release: Release) -> str:
    """What a function did that it must not do, on one line; without the values of a reference for students."""
    if fault.kind == WRONG_VALUE and not release.to_staff:
        return f"The values of {fault.where} are not those of the reference"
    text = one_line(" ".join(fault.text.split())).rstrip(".")
    return f"T{text[1:]}" if text.startswith("the ") else text


def hint_told(fault: Fault, release: Release) -> str | None:
    """What to do now; that of a wrong shape names a cause, which is told where causes are."""
    return fault.hint if fault.kind != WRONG_SHAPE or release.tells("cause") else None


def _once(faults: Sequence[Fault]) -> list[Fault]:
    """The faults without those that say the same of another point, with other numbers."""
    return list({NUMBER.sub("", fault.text): fault for fault in reversed(faults)}.values())[::-1]


def _fault(fault: Fault, page: Page, release: Release) -> Iterator[Line]:
    """What a function did, and what now."""
    for line in page.wrapped(f"{told(fault, release)}.", below=2):
        yield [Piece(line, "verdict" if fault.is_fatal else "")]
    hint = hint_told(fault, release)
    if hint:
        yield from [[Piece(line, "note")] for line in page.wrapped(f"  hint: {hint}", below=2)]


def _rows(result: FunctionCheck, groups: Sequence[Group], page: Page, release: Release) -> list[Line]:
    """A row for each input, about all points together."""
    columns = (Column("left", "name"), Column("left", "note", " "), Column("left", "verdict", "   "))
    rows = [
        Row(
            (
                page.signs.written(group.title),
                _shapes(_same(result, group), page.signs.ellipsis),
                _summary(result, group, release),
            )
        )
        for group in groups
    ]
    return table(columns, rows, page.width)


def _same(result: FunctionCheck, group: Group) -> list[Group]:
    """The gradients of one input at all points."""
    return [one for point in result.points for one in point.groups if one.key == group.key]


def _shapes(groups: Sequence[Group], ellipsis: str) -> str:
    """The shape of an input, at each point where it has another; of many long ones the first."""
    shapes = list(dict.fromkeys([shape_text(group.item.node.shape) for group in groups]))
    text = ", ".join(shapes)
    return text if len(text) <= LONGEST_SHAPES else f"{shapes[0]}, {ellipsis}"


def _summary(result: FunctionCheck, group: Group, release: Release) -> str:
    """How many entries of one gradient have which verdict, at all points together."""
    same = _same(result, group)
    at = f" at {len(result.points)} points" if len(result.points) > 1 else ""
    if not fits(group):
        return f"DIFFERS{at}: another shape"
    of_all = group.but(
        findings=[finding for one in same for finding in one.findings],
        places=[place for one in same for place in one.places],
    )
    return summary(of_all, release, at, _nearness(same) if release.to_staff else "")


def _nearness(groups: Sequence[Group]) -> str:
    """How near the entries are, in steps that rounding does not change from one computer to another."""
    largest = max([group.largest_difference or 0.0 for group in groups], default=0.0)
    bound = next((bound for bound in BOUNDS if largest <= bound), None)
    return "" if bound is None else f", to within {_power(bound)}"


def _power(number: float) -> str:
    return f"{number:.0e}".replace("e-0", "e-")


def _readable(group: Group) -> Group:
    """The group with what was measured in as many digits as its error leaves, and the error as a power of ten."""
    return group.but(
        findings=[one if one.truth is None else one.but(truth=_rounded(one.truth)) for one in group.findings]
    )


def _rounded(truth: Ball) -> Ball:
    error = float(truth.error)
    if not 0 < error < inf:
        return truth
    digits = -ceil(log10(error))
    return within(round(float(truth), digits), 10.0**-digits)


def _entries(groups: Sequence[Group], places: Mapping[str, str], page: Page, release: Release) -> list[Line]:
    """The entries that do not agree, of each input those at the point where it is worst, the worst first."""
    asked = [group for group in groups if group.verdict is not Verdict.AGREE]
    wrong = {group.key: [one for _, one in group.ranked if one.verdict is not Verdict.AGREE] for group in asked}
    of_each = _share([len(findings) for findings in wrong.values()], page.most_rows)
    shown = [(group, finding) for group in asked for finding in wrong[group.key][:of_each]]
    if not shown:
        return []
    at = {group.key: places[group.key] for group in asked}
    is_one = len(set(at.values())) == 1
    columns = [Column("left", "name"), *[Column("right", "gradient", caption=word) for word in NUMBERS]]
    columns.append(Column("left", "verdict", "   ", caption="verdict"))
    heading = ["", *NUMBERS, "verdict"]
    if not release.to_staff:
        del columns[2], heading[2]
    rows = [
        Row(
            _cells(finding, page, release), (*notes_cell(finding, page, release), *(() if is_one else (at[group.key],)))
        )
        for group, finding in shown
    ]
    where = next(iter(at.values())) if is_one else ""
    about = f"{where and f'{where}, '}the worst first{' of each' if len(asked) > 1 else ''}"
    lines = [[], *page.title("ENTRIES", about), *table(columns, rows, page.width, tuple(heading), needs_heading=True)]
    return [*lines, *page._replace(most_rows=len(shown)).left_out(sum(map(len, wrong.values())))]


def _cells(finding: Finding, page: Page, release: Release) -> tuple[str, ...]:
    """The title, what is claimed and what the differences give, and the verdict."""
    measured = (differences_cell(finding, page),) if release.to_staff else ()
    word = finding.verdict.value
    told = word.upper() if finding.verdict is Verdict.DIFFER else word
    return page.signs.written(finding.title), claimed_cell(finding, page), *measured, told


def _share(counts: Sequence[int], most: int) -> int:
    """How many of each there may be, so that all are `most` together, and each has its share."""
    left = most
    for place, count in enumerate(sorted(counts)):
        share = left // (len(counts) - place)
        if count > share:
            return max(share, 1)
        left -= count
    return most


def _places(result: FunctionCheck) -> dict[str, str]:
    """For each input the point where it is worst, by its seed or its number; nothing for a lone point."""
    if len(result.points) == 1:
        return {group.key: "" for group in result.points[0].groups}
    of = {id(group): place for place, point in enumerate(result.points) for group in point.groups}
    found = {group.key: (of[id(group)], result.points[of[id(group)]].seed) for group in result.worst_groups}
    return {key: f"at point {place + 1}" if seed is None else f"at seed {seed}" for key, (place, seed) in found.items()}


def _method(result: FunctionCheck) -> Iterator[str]:
    """How the gradients were found: the differences, the points, the upstream gradients."""
    if not result.points:
        return
    first = result.points[0]
    if result.called and result.verdict is not Verdict.AGREE:
        yield f"Called as {result.called}."
    methods = "; ".join(dict.fromkeys(point.method for point in result.points))
    yield f"Held against {methods}."
    seeds = [point.seed for point in result.points if point.seed is not None]
    listed = str(seeds[0]) if len(seeds) == 1 else f"{seeds[0]} to {seeds[-1]}" if seeds else ""
    drawn = f", drawn from {'seeds' if len(seeds) > 1 else 'seed'} {listed}" if seeds else ""
    count = len(result.points)
    points = f"{count} points" if count > 1 else "1 point"
    upstream = "the output with weight 1" if first.upstream is None else "with an upstream gradient"
    yield f"{points}{drawn}, {upstream}."
