"""Answers as students hand them in: a table for each problem, with what was written for each item.

What cannot be used is no error here, as one student must not stop the others: it is a note, or the reason why nothing
of the file can be read.
"""

from collections.abc import Mapping
from typing import Any

from bpcli.check.homework.documents import document_from, flattened
from bpcli.check.homework.posing import meant
from bpcli.check.homework.problems import Answers, Homework, Problem
from bpcli.check.homework.written import shown
from bpcli.errors import BpcliError, UsageError
from bpcli.language.complaints import named, shortened, suggestion
from bpcli.language.folders import stem

MOST_NOTES = 20
LONGEST_NAME = 200


def answers_from(text: str, source: str, homework: Homework) -> Answers:
    """The answers that a text of TOML or JSON says, by the names of problems and items of the homework.

    `source` is what the file is called: it tells TOML from JSON, where it has an ending, and names the student who
    gives no name. What cannot be read is told as such, by no error.
    """
    try:
        document = document_from(text, source.rpartition("/")[2] or source, as_typed=True)
    except BpcliError as error:
        return Answers(stem(source), {}, _said(error))
    notes: list[str] = []
    student = _student(document.get("student"), source, notes)
    problems = {problem.name: problem for problem in homework.problems}
    found: dict[str, dict[str, Any]] = {}
    for name, table in document.items():
        if name in problems and isinstance(table, Mapping):
            found[name] = _of_problem(problems[name], table, notes)
        elif name in problems:
            notes.append(f"problem '{name}' is no table of answers; write [{name}] above them")
        elif name not in ("student", "$schema"):
            hint = suggestion(str(name), list(problems), "")
            notes.append(_with(f"no problem is called {named(str(name))}", hint))
    return Answers(student, found, notes=_few(notes))


def _student(value: Any, source: str, notes: list[str]) -> str:
    if value is None or value == "":  # as the form has it
        return stem(source)
    text = shown(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if not text or len(text) > LONGEST_NAME:
        notes.append("'student' is no name; the name of the file is taken")
        return stem(source)
    return text


def _of_problem(problem: Problem, table: Mapping[str, Any], notes: list[str]) -> dict[str, Any]:
    """What was written for each item, under the name by which the homework asks for it."""
    keys = [asked.key for asked in problem.asked]
    by_target = {meant(key): key for key in keys}
    found: dict[str, Any] = {}
    for name, value in flattened(table).items():
        key = name if name in keys else by_target.get(meant(name))
        if key is None:
            hint = suggestion(name, keys, "")
            notes.append(_with(f"problem '{problem.name}': {named(name)} is not asked for", hint))
        elif key in found:
            notes.append(f"problem '{problem.name}': '{key}' is answered twice; the first answer counts")
        else:
            found[key] = value
    return found


def _with(text: str, hint: str) -> str:
    return f"{text}; {hint}" if hint else text


def _said(error: BpcliError) -> str:
    return _with(error.message, error.hint or "") if isinstance(error, UsageError) else error.message


def _few(notes: list[str]) -> tuple[str, ...]:
    shown = [shortened(note) if len(note) > 10 * LONGEST_NAME else note for note in notes[:MOST_NOTES]]
    more = len(notes) - len(shown)
    return (*shown, f"and {more} more such notes") if more else tuple(shown)
