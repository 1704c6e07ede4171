"""The formats of grades by name."""

from collections.abc import Callable, Mapping

from bpcli.check.homework.grades import ClassGrades
from bpcli.report.explanations import STAFF, Release
from bpcli.report.figures import short
from bpcli.report.formulas import LINE
from bpcli.report.grades import documents, github, gradescope, junit, prairielearn, screens, spreadsheet
from bpcli.report.page import ROWS_IN_A_PIPE, Page

TABLE = Page(width=LINE, number=short)
PLAIN = Page(most_rows=ROWS_IN_A_PIPE)
FORMATS: Mapping[str, Callable[[ClassGrades, Release, Page | None], str]] = {
    "table": lambda grades, release, page: screens.screen_text(grades, release, page or TABLE),
    "plain": lambda grades, release, page: screens.screen_text(grades, release, page or PLAIN),
    "json": lambda grades, release, _page: documents.grades_text(grades, release),
    "jsonl": lambda grades, release, _page: documents.grade_lines_text(grades, release),
    "csv": lambda grades, _release, _page: spreadsheet.csv_text(grades),
    "junit": lambda grades, release, _page: junit.junit_text(grades, release),
    "gradescope": lambda grades, release, _page: gradescope.gradescope_text(grades, release),
    "prairielearn": lambda grades, release, _page: prairielearn.prairielearn_text(grades, release),
    "github-summary": lambda grades, release, _page: github.summary_text(grades, release),
    "github-annotations": lambda grades, release, _page: github.annotations_text(grades, release),
}


def text_of(form: str, grades: ClassGrades, release: Release = STAFF, page: Page | None = None) -> str:
    """Grades in a format: one submission in detail, several as a class. `page` sets a table or plain text.

    The same grades are the same text: it has no times, its lines end with a line feed, and submissions keep their
    order. Raises KeyError for another format than those of `FORMATS`.
    """
    return FORMATS[form](grades, release, page)
