"""Grades for GitHub Actions: a step summary in Markdown, and annotations as workflow commands.

Sources: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands (a summary has at most
1 MiB, a step shows at most 10 annotations of a level); what is escaped in a command:
https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts; what in Markdown: GitHub Flavored Markdown,
sections 2.4 (backslash escapes) and 4.10 (tables), https://github.github.com/gfm/.
"""

from collections.abc import Iterator, Sequence

from bpcli.check.homework.grades import ClassGrades, Grade, ItemGrade, Mark, ProblemGrade
from bpcli.report.explanations import Release
from bpcli.report.grades.tallies import HEADS, MOST_NAMED, hardest_first, marks_of, mistakes_made, tallies
from bpcli.report.grades.telling import (
    COSTS,
    class_text,
    grade_notes,
    mark_text,
    name_of,
    points_text,
    safe,
    told,
    waiting_text,
)

MOST_BYTES = 1 << 20
ROOM = 200  # bytes that the line about what is left out takes
ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;", "`": "&#96;", "@": "&#64;"}
IN_MARKDOWN = {ord(sign): ENTITIES.get(sign, f"\\{sign}") for sign in r"&<>|`@\*_[](){}#+-.!~:$^=/"}
IN_DATA = {ord(sign): f"%{ord(sign):02X}" for sign in "%\r\n"}
IN_PROPERTY = IN_DATA | {ord(sign): f"%{ord(sign):02X}" for sign in ":,"}
LEVELS = {Mark.WRONG: "error", Mark.UNREADABLE: "warning", Mark.UNDECIDED: "warning", Mark.FOLLOWS: "notice"}


def markdown(text: str) -> str:
    """A text in which Markdown sees nothing but letters."""
    return safe(text, len(text)).translate(IN_MARKDOWN)


# The summary of a step ------------------------------------------------------------------------------------------------


def summary_text(grades: ClassGrades, release: Release) -> str:
    """Tables in Markdown, cut after the last whole line that a summary has room for."""
    is_class = len(grades.grades) != 1 or grades.waiting
    lines = _class_lines(grades, release) if is_class else _student_lines(grades.grades[0], grades, release)
    kept: list[str] = []
    size = 0
    written = iter(lines)
    for line in written:
        size += len(line.encode()) + 1
        if size > MOST_BYTES - ROOM:
            more = 1 + sum(1 for _ in written)
            kept += ["", f"{more} more lines: a summary has room for 1 MiB."]
            break
        kept.append(line)
    return "\n".join(kept) + "\n"


def _student_lines(grade: Grade, grades: ClassGrades, release: Release) -> Iterator[str]:
    title = f"{markdown(grades.homework)}: {markdown(name_of(grade))}"
    yield f"## {title}, {markdown(points_text(grade.points, grade.out_of))} points"
    for note in grade_notes(grade):
        yield from ["", markdown(note)]
    for problem in grade.problems if grade.unreadable is None else ():
        total = markdown(points_text(problem.points, problem.out_of))
        yield from ["", f"### {markdown(problem.title)}, {total}", ""]
        right = ["right"] if release.to_staff else []
        yield from _head(["", "answered", *right, "mark", "points", "hints"], {"points"})
        yield from [_row(_cells(item, release)) for item in problem.items]


def _cells(item: ItemGrade, release: Release) -> list[str]:
    right = [safe(item.truth)] if release.to_staff else []
    mark = f"**{mark_text(item)}**" if item.mark is Mark.WRONG else mark_text(item)
    texts = [markdown(text) for text in (safe(item.title), safe(item.answer), *right)]
    return [
        *texts,
        mark,
        markdown(points_text(item.points, item.out_of)),
        "<br>".join([markdown(text) for text in told(item, release)]),
    ]


def _class_lines(grades: ClassGrades, release: Release) -> Iterator[str]:
    yield f"## {markdown(grades.homework)}: {markdown(class_text(grades))}"
    if waiting := waiting_text(grades):
        yield from ["", f"**{waiting[0].upper()}{waiting[1:]}.**"]
    words = list(HEADS.values())
    yield from ["", *_head(["student", "points", *words, "notes"], {"points", *words})]
    for grade in grades.grades:
        marks = marks_of(grade)
        points = markdown(points_text(grade.points, grade.out_of or grades.out_of))
        notes = "<br>".join([markdown(note) for note in grade_notes(grade)])
        yield _row([markdown(name_of(grade)), points, *[str(marks[mark] or "") for mark in HEADS], notes])
    items = tallies(grades)
    yield from ["", "### The hardest items", "", *_head(["problem", "item", "mean", *words], {"mean", *words})]
    for item in hardest_first(items):
        names = [markdown(text) for text in (item.problem, item.title, points_text(round(item.mean, 2), item.out_of))]
        yield _row([*names, *[str(item.marks[mark] or "") for mark in HEADS]])
    made = mistakes_made(items) if release.to_staff or release.tells("cause") else []
    if made:
        yield from ["", "### The mistakes that answers are consistent with", ""]
        yield from _head(["mistake", "count", "where"], {"count"})
        for one in made:
            yield _row([markdown(one.mistake), str(one.times), markdown(one.where(MOST_NAMED))])


def _head(names: Sequence[str], numbers: set[str]) -> list[str]:
    return [_row(names), _row(["---:" if name in numbers else "---" for name in names])]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


# Annotations ----------------------------------------------------------------------------------------------------------


def annotations_text(grades: ClassGrades, release: Release) -> str:
    """A command a line: one for each item that is not right, then one with the points of each submission."""
    lines = [line for grade in grades.grades for line in _annotations(grade, release)]
    waiting = waiting_text(grades)
    if waiting:
        lines.append(_command("warning", {"title": safe(grades.homework)}, waiting))
    return "".join([f"{line}\n" for line in lines])


def _annotations(grade: Grade, release: Release) -> Iterator[str]:
    name = name_of(grade)
    if grade.unreadable is not None:
        yield _command("warning", {"file": grade.source, "title": name}, "\n".join(grade_notes(grade)))
    for problem in grade.problems:
        for item in problem.items:
            if item.mark in COSTS:
                yield _annotation(grade, problem, item, release)
    total = f"{name}: {points_text(grade.points, grade.out_of)} points"
    yield _command("notice", {"file": grade.source, "title": name}, total)


def _annotation(grade: Grade, problem: ProblemGrade, item: ItemGrade, release: Release) -> str:
    title = f"{safe(problem.title)}, {safe(item.title)}: {mark_text(item)}"
    said = [f"{name_of(grade)}: {points_text(item.points, item.out_of)}", *told(item, release)]
    text = "\n".join([safe(one, len(one)) for one in said])
    return _command(LEVELS[item.mark], {"file": grade.source, "title": title}, text)


def _command(level: str, properties: dict[str, str], message: str) -> str:
    written = [f"{name}={safe(text).translate(IN_PROPERTY)}" for name, text in properties.items() if text]
    return f"::{level} {','.join(written)}::{message.translate(IN_DATA)}"
