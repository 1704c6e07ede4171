"""Answers as students hand them in: a table for each problem, with what was written for each item.

What cannot be used is no error here, as one student must not stop the others: it is a note, or the reason why nothing
of the file can be read.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

from bpcli.check.homework.documents import document_from, flattened
from bpcli.check.homework.posing import meant
from bpcli.check.homework.problems import Answers, Homework, Problem
from bpcli.check.homework.written import Misnamed, shown
from bpcli.errors import BpcliError, UsageError
from bpcli.language.complaints import closest, named, shortened
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
    unknown: dict[str, Any] = {}
    for name, table in document.items():
        if name in problems and isinstance(table, Mapping):
            found[name] = _of_problem(problems[name], table, notes)
        elif name in problems:
            notes.append(f"problem '{name}' is no table of answers; write [{name}] above them")
            found[name] = {asked.key: Misnamed(table, notes[-1]) for asked in problems[name].asked}
        elif name not in ("student", "$schema"):
            unknown[str(name)] = table
    for name, meant_one, note in _mistyped(unknown, list(problems), found, "no problem is called {}"):
        notes.append(note)
        if meant_one and isinstance(unknown[name], Mapping):
            written_there = _of_problem(problems[meant_one], unknown[name], notes)
            found[meant_one] = {key: Misnamed(value, note) for key, value in written_there.items()}
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
    unknown: dict[str, Any] = {}
    for name, value in flattened(table).items():
        key = name if name in keys else by_target.get(meant(name))
        if key is None:
            unknown[name] = value
        elif key in found:
            notes.append(f"problem '{problem.name}': '{key}' is answered twice; the first answer counts")
        else:
            found[key] = value
    for name, key, note in _mistyped(unknown, keys, found, f"problem '{problem.name}': {{}} is not asked for"):
        notes.append(note)
        if key:
            found[key] = Misnamed(unknown[name], note)
    return found


def _mistyped(
    unknown: Collection[str], known: list[str], answered: Collection[str], said: str
) -> list[tuple[str, str | None, str]]:
    """Each unknown name, the known one that was meant, and what is noted.

    It is told what was meant where nothing stands under that name, nor a second unknown name is as near to it.
    """
    near = {name: closest(name, known) for name in unknown}
    times = Counter(near.values())
    return [
        (
            name,
            meant_one if meant_one not in answered and times[meant_one] == 1 else None,
            _with(said.format(named(name)), f"did you mean '{meant_one}'?" if meant_one else ""),
        )
        for name, meant_one in near.items()
    ]


def _with(text: str, hint: str) -> str:
    return f"{text}; {hint}" if hint else text


def _said(error: BpcliError) -> str:
    line = f", where it says {shortened(error.text.strip())}" if error.text and error.text.strip() else ""
    return _with(error.message + line, error.hint or "") if isinstance(error, UsageError) else error.message


def _few(notes: list[str]) -> tuple[str, ...]:
    shown = [shortened(note) if len(note) > 10 * LONGEST_NAME else note for note in notes[:MOST_NOTES]]
    more = len(notes) - len(shown)
    return (*shown, f"and {more} more such notes") if more else tuple(shown)
