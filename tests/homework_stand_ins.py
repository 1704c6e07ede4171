"""Stand-ins for what reads and grades homework: some answers hang, raise, or end the process."""

import json
import os
from functools import partial
from pathlib import Path
from threading import Event

from bpcli.bulk.submissions import Grading
from bpcli.check.homework.grades import ItemGrade, Mark, ProblemGrade
from bpcli.check.homework.problems import Answers, Asked, Homework, Problem


def homework_of(count: int, *, seconds: float = 60.0, counted_in: Path | None = None) -> Homework:
    """So many problems that ask for x; each work that is done on them leaves a letter in a file."""
    text = "" if counted_in is None else str(counted_in)
    problems = [
        Problem(f"p{number}", "x*y", {"x": 2, "y": 3.5}, (Asked("x", 2.0),), text=text, time_limit=seconds)
        for number in range(count)
    ]
    return Homework("Stand-in", tuple(problems))


def read(text: str, called: str, homework: Homework) -> Answers:
    """Answers from JSON; any other text is unreadable."""
    assert homework.problems
    name = called.rpartition(".")[0]
    try:
        found = json.loads(text)
    except ValueError:
        return Answers(name, {}, "it is no JSON")
    return Answers(found.pop("student", name), found)


def grade(homework: Homework, place: int, answers: Answers) -> ProblemGrade:
    """Half the points for any answer, unless it is one of those that never get a grade."""
    problem = homework.problems[place]
    if problem.text:
        with Path(problem.text).open("a") as counted:
            counted.write(problem.name)
    answer = str(answers.by_problem.get(problem.name, {}).get("x", ""))
    if answer == "hang":
        Event().wait()
    if answer == "lost":
        os._exit(0)
    if answer == "raise":
        raise ZeroDivisionError(answer)
    mark = Mark.UNREADABLE if answers.unreadable else Mark.WRONG if answer else Mark.BLANK
    item = ItemGrade(
        "x", "∂f/∂x", mark, bool(answer) * 1.0, 2.0, answer, "3.5", ("Redo x.",), in_full=(answers.student,)
    )
    return ProblemGrade(problem.name, problem.name, (item,))


def excuse(homework: Homework, place: int, reason: str) -> ProblemGrade:
    """No points, and the reason."""
    name = homework.problems[place].name
    return ProblemGrade(name, name, (ItemGrade("x", "x", Mark.UNDECIDED, 0.0, 2.0, in_full=(reason,)),))


def grading_of(homework: Homework) -> Grading:
    """How this homework is graded by stand-ins."""
    return Grading(read, partial(grade, homework), partial(excuse, homework))
