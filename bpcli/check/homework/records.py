"""Grades as records of JSON values: what travels between processes, and what the journal of a run keeps."""

from collections.abc import Mapping
from typing import Any

from bpcli.check.homework.grades import Grade, ItemGrade, Mark, ProblemGrade

Record = dict[str, Any]
TEXTS = ("where", "kind", "cause", "in_full", "mistakes")


def grade_record(grade: Grade) -> Record:
    """A grade as nested dictionaries and lists of texts and numbers, which JSON has too."""
    return grade._asdict() | {
        "problems": [_problem_record(problem) for problem in grade.problems],
        "notes": list(grade.notes),
    }


def _problem_record(problem: ProblemGrade) -> Record:
    return problem._asdict() | {"items": [_item_record(item) for item in problem.items]}


def _item_record(item: ItemGrade) -> Record:
    return item._asdict() | {"mark": item.mark.value} | {name: list(getattr(item, name)) for name in TEXTS}


def grade_from(record: Mapping[str, Any]) -> Grade:
    """The grade that a record was made of. Raises ValueError for anything else."""
    try:
        return Grade(
            **{
                **record,
                "problems": tuple([_problem_from(problem) for problem in record["problems"]]),
                "notes": _texts(record["notes"]),
            }
        )
    except (KeyError, TypeError, AttributeError) as error:
        message = "this is no record of a grade"
        raise ValueError(message) from error


def _problem_from(record: Mapping[str, Any]) -> ProblemGrade:
    items = tuple([_item_from(item) for item in record["items"]])
    return ProblemGrade(**{**record, "items": items})


def _item_from(record: Mapping[str, Any]) -> ItemGrade:
    texts = {name: _texts(record[name]) for name in TEXTS}
    numbers = {name: float(record[name]) for name in ("points", "out_of")}
    return ItemGrade(**{**record, **texts, **numbers, "mark": Mark(record["mark"])})


def _texts(listed: object) -> tuple[str, ...]:
    if not isinstance(listed, list) or not all(isinstance(text, str) for text in listed):
        message = "texts are a list"
        raise TypeError(message)
    return tuple(listed)
