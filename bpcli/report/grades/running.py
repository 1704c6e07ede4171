"""Reports of a class run in files, which are there from its beginning and whole at every moment.

Where `{student}` stands in the name of the file there is one for each student, written when that student is graded.
"""

import re
from collections.abc import Callable
from time import monotonic

from bpcli.check.homework.grades import ClassGrades, Grade
from bpcli.report.files import write_whole

STUDENT = "{student}"
SHARE = 20  # a report that is not final may take one part in so many of the time of a run
LONGEST_NAME = 100
Rendered = Callable[[ClassGrades], str]


class RunningReport:
    """The report of a class as far as it is graded: `rendered` by a function, `total` submissions are expected.

    It is written anew from time to time, more seldom the longer that takes, so that all of it stays linear.
    """

    def __init__(self, target: str, rendered: Rendered, homework: ClassGrades, total: int) -> None:
        self._target = target
        self._rendered = rendered
        self._homework = homework
        self._total = total
        self._grades: list[Grade] = []
        self._begun: list[Grade] = []  # one of which some problems are graded
        self._next = 0.0
        self._names: set[str] = set()
        if STUDENT not in target:
            self._write()

    def add(self, grade: Grade) -> None:
        """Take another grade into the report."""
        self._grades.append(grade)
        self._begun = []
        if STUDENT in self._target:
            name = safe_name(grade.student, self._names)
            self._put(self._target.replace(STUDENT, name), self._homework._replace(grades=[grade]))
        elif monotonic() >= self._next:
            self._write()

    def show(self, grade: Grade) -> None:
        """Write the report with a grade that is not whole yet; the next one takes its place."""
        self._begun = [grade]
        self.finish()

    def finish(self) -> None:
        """Write the report with every grade so far; where all are there it is final."""
        if STUDENT not in self._target:
            self._write()

    def _write(self) -> None:
        begun = monotonic()
        grades = [*self._grades, *self._begun]
        self._put(self._target, self._homework._replace(grades=grades, waiting=self._total - len(grades)))
        ended = monotonic()
        self._next = ended + SHARE * (ended - begun)

    def _put(self, target: str, grades: ClassGrades) -> None:
        write_whole(target, self._rendered(grades).encode("utf-8", "backslashreplace"))  # half a character is no text


def safe_name(student: str, taken: set[str]) -> str:
    """A name for a file from that of a student, which names no other folder; joins `taken`, of which it is none."""
    plain = re.sub(r"[^\w.-]+", "_", student).strip("._")[:LONGEST_NAME] or "student"
    name, number = plain, 2
    while name.lower() in taken:
        name, number = f"{plain}_{number}", number + 1
    taken.add(name.lower())
    return name
