"""The report of a homework's check of itself, for the teacher: right values, verdicts, coincidences, better points."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from bpcli.check.findings import Verdict
from bpcli.check.groups import ArrayCheck, Group
from bpcli.check.homework.coincidences import Proposal
from bpcli.check.homework.problems import Problem
from bpcli.check.homework.self_check import CheckedItem, ProblemCheck, SelfCheck
from bpcli.report.array_verdicts import about_group
from bpcli.report.documents import Document, envelope, json_value
from bpcli.report.explanations import STAFF, explanations
from bpcli.report.grades.telling import counted, safe
from bpcli.report.layout import Column, Line, Piece, Row, table
from bpcli.report.page import Page
from bpcli.report.toml_texts import toml_value
from bpcli.report.verdicts import notes_cell

LONGEST_POINT = 1_000  # characters of a drawn one
MOST_NAMED = 3  # wrong methods, or items, in one sentence
OTHERWISE = {
    Verdict.KINK: "accepted at a kink",
    Verdict.UNDECIDED: "undecided",
    Verdict.DIFFER: "DIFFER",
    Verdict.UNEVALUABLE: "without a value",
}
ALIKE = "so does a wrong method"


def self_check_report(result: SelfCheck, page: Page) -> list[Line]:
    """Problem by problem a table of right values and verdicts, and what is to be said about the point."""
    homework = result.homework
    about = f"{counted(len(homework.problems), 'problem')}, {counted(homework.points, 'point')}"
    lines = page.headline(safe(homework.title) or "Homework", about)
    for problem in result.problems:
        lines += [[], *_problem(problem, page)]
    lines += [[], *_said(_summary(result), page)]
    return [[piece._replace(text=page.signs.written(piece.text)) for piece in line] for line in lines]


def _problem(checked: ProblemCheck, page: Page) -> list[Line]:
    problem = checked.problem
    title = f"{problem.name}  {safe(problem.title)}" if problem.title else problem.name
    lines = [*page.headline(title, counted(problem.points, "point")), *_drawn(problem), *_table(checked, page)]
    for text in _sentences(checked, page):
        lines += _said(text, page)
    if checked.proposal is not None:  # on one line, as TOML takes it
        lines.append([Piece(f"A point that tells right from wrong: at = {toml_value(checked.proposal.at)}")])
    return lines


def _drawn(problem: Problem) -> list[Line]:
    """The point that the seed chose, which the file does not show; nothing of large arrays."""
    text = f"Drawn by random_seed = {problem.random_seed}: at = {toml_value(problem.at)}" if problem.is_drawn else ""
    return [[Piece(text)]] if 0 < len(text) <= LONGEST_POINT else []


def _said(text: str, page: Page) -> list[Line]:
    return [[Piece(line)] for line in page.wrapped(text)]


def _table(checked: ProblemCheck, page: Page) -> list[Line]:
    has_texts = any(isinstance(item.right, str) or getattr(item.right, "shape", ()) for item in checked.items)
    columns = (
        Column("left", "name"),
        Column("right", caption="points"),
        Column("left" if has_texts else "right", "gradient", caption="right"),
        Column("left", "verdict", "   ", caption="verdict"),
    )
    alike = {one.key for one in checked.coincidences}
    rows = [Row(_cells(item, page), _notes(item, alike, page)) for item in checked.items[: page.most_rows]]
    heading = ("", "points", "right", "verdict")
    return [
        *table(columns, rows, page.width, heading, needs_heading=True),
        *page.left_out(len(checked.items)),
    ]


def _cells(item: CheckedItem, page: Page) -> tuple[str, ...]:
    right = item.right if isinstance(item.right, str) else page.value(item.right + 0.0)  # a 0 without a sign
    if item.verdict is Verdict.UNEVALUABLE:
        right = ""
    word = item.verdict.value
    shown = word.upper() if item.verdict is Verdict.DIFFER else word
    return item.title, f"{item.asked.points:g}", right, shown


def _notes(item: CheckedItem, alike: set[str], page: Page) -> tuple[str, ...]:
    if item.asked.key in alike:
        return (ALIKE,)
    return () if isinstance(item.found, Group) else notes_cell(item.found, page, STAFF)


# What is said below ---------------------------------------------------------------------------------------------------


def _sentences(checked: ProblemCheck, page: Page) -> Iterator[str]:
    yield from _about_verdicts(checked, page)
    titles = {item.asked.key: item.title for item in checked.items}
    by_method: dict[str, list[str]] = {}
    for key, method in checked.coincidences:
        by_method.setdefault(method, []).append(titles[key])
    by_titles: dict[tuple[str, ...], list[str]] = {}
    for method, named in by_method.items():
        by_titles.setdefault(tuple(named), []).append(method)
    for alike, methods in by_titles.items():
        verb = "is" if len(alike) == 1 else "are"
        ways = "a wrong method" if len(methods) == 1 else "wrong methods"
        yield f"{_listed(alike, ', ')} {verb} right by {ways} too: {_listed(methods, '; ')}."
    if checked.coincidences and checked.proposal is None:
        yield "No point nearby tells them all apart: change more of it, or ask for formulas."
    yield from [f"{note}." for note in checked.notes]


def _listed(texts: tuple[str, ...] | list[str], between: str) -> str:
    more = len(texts) - MOST_NAMED
    return between.join(texts[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _about_verdicts(checked: ProblemCheck, page: Page) -> Iterator[str]:
    """What explains an answer that does not simply agree."""
    for check in checked.checks:
        if isinstance(check, ArrayCheck):
            for group in check.groups:
                yield from about_group(group, page, STAFF)
        else:
            open_ones = [finding for finding in check.findings if finding.verdict is not Verdict.AGREE]
            yield from explanations(open_ones, check, page, STAFF)


def _summary(result: SelfCheck) -> str:
    items = [item for problem in result.problems for item in problem.items]
    agreeing = sum(item.verdict is Verdict.AGREE for item in items)
    told = f"{agreeing} of {counted(len(items), 'answer')} agree with SymPy and differences"
    others: Counter[Verdict] = Counter(item.verdict for item in items if item.verdict is not Verdict.AGREE)
    if others:
        told += f"; {', '.join([f'{others[one]} {OTHERWISE[one]}' for one in Verdict if one in others])}"
    alike = sum(bool(problem.coincidences) for problem in result.problems)
    where = f"in {counted(alike, 'problem')} wrong methods are right too"
    return f"{told}; {where}." if alike else f"{told}."


# JSON -----------------------------------------------------------------------------------------------------------------


def self_check_document(result: SelfCheck) -> Document:
    """The same as a document."""
    status = "nonfinite" if result.verdict is Verdict.UNEVALUABLE else "ok"
    return envelope(status, {}, "homework") | {
        "verdict": result.verdict.value,
        "title": result.homework.title,
        "points": result.homework.points,
        "problems": [_problem_entry(problem) for problem in result.problems],
        "warnings": [],
    }


def _problem_entry(checked: ProblemCheck) -> Document:
    problem, proposal = checked.problem, checked.proposal
    return {
        "name": problem.name,
        "title": problem.title,
        "expression": problem.expression,
        "points": problem.points,
        "at": _plain(problem.at),
        "verdict": checked.verdict.value,
        "items": [_item_entry(item) for item in checked.items],
        "coincidences": [{"item": one.key, "method": one.method} for one in checked.coincidences],
        "proposal": None if proposal is None else _proposal_entry(proposal),
        "notes": list(checked.notes),
    }


def _item_entry(item: CheckedItem) -> Document:
    right = item.right if isinstance(item.right, str) else json_value(item.right)
    entry = {"item": item.asked.key, "title": item.title, "points": item.asked.points, "form": item.asked.form}
    return entry | {"verdict": item.verdict.value, "right": right, "reasons": list(_reasons(item))}


def _reasons(item: CheckedItem) -> Iterator[str]:
    findings = item.found.findings if isinstance(item.found, Group) else (item.found,)
    yield from dict.fromkeys(finding.reason for finding in findings if finding.reason)


def _proposal_entry(proposal: Proposal) -> Document:
    return {"at": _plain(proposal.at), "changed": list(proposal.changed)}


def _plain(at: Mapping[str, Any]) -> Document:
    """A point as JSON has it."""
    return {name: json_value(value) if hasattr(value, "shape") else value for name, value in at.items()}
