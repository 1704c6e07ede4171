"""Each format of grades against what is published of it, and against texts of students that would break it."""

import csv
import json
import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from command import call
from grading import NASTY, RELEASES, a_class, hostile_class, small_class
from jsonschema import Draft202012Validator

from bpcli.check.homework.grades import ClassGrades, Grade, Mark
from bpcli.report.documents import schema_text
from bpcli.report.explanations import STAFF, Release
from bpcli.report.figures import ASCII, full, short
from bpcli.report.grades.formats import FORMATS, text_of
from bpcli.report.grades.github import IN_DATA, IN_PROPERTY, MOST_BYTES
from bpcli.report.grades.screens import grade_lines
from bpcli.report.grades.spreadsheet import as_text
from bpcli.report.grades.telling import class_text
from bpcli.report.page import Page

pytestmark = pytest.mark.usefixtures("oracles_loaded")
PUBLISHED = Path(__file__).parent / "fixtures" / "grades"
STUDENT = Release("student", "cause")
ERROR = "::error file=alice.toml,title=A chain%2C ∂F/∂y%3A WRONG"
REDO = "What arrives at A looks right; redo A → y."
every_format = pytest.mark.parametrize("form", FORMATS)
every_release = pytest.mark.parametrize("release", RELEASES, ids=lambda release: f"{release.to} {release.level}")


@pytest.fixture(scope="module")
def small() -> ClassGrades:
    """A class of four."""
    return small_class()


def published(name: str) -> Any:
    """What is published of a format."""
    return json.loads((PUBLISHED / name).read_text("utf-8"))


def of_every_kind(small: ClassGrades) -> list[ClassGrades]:
    """Classes, a partial one, an empty one, and each student alone, among them hostile ones."""
    hostile = hostile_class()
    alone = [a_class(grade) for grade in (*small.grades, *hostile.grades)]
    return [small, hostile, small._replace(waiting=2), a_class(), *alone]


def strict(text: str) -> Any:
    """JSON without the constants that it does not have."""
    return json.loads(text, parse_constant=pytest.fail)


def alone(small: ClassGrades, place: int) -> ClassGrades:
    """One student of the class."""
    return a_class(small.grades[place])


# All formats ----------------------------------------------------------------------------------------------------------


@every_format
@every_release
def test_no_text_steers_what_reads_it(form: str, release: Release) -> None:
    """Of a hostile class every format is text of printable signs and line feeds, and no line begins a command."""
    hostile = hostile_class()
    for grades in (hostile, a_class(hostile.grades[0]), a_class(hostile.grades[1])):
        text = text_of(form, grades, release)
        text.encode("utf-8")
        commands = [
            line for line in text.splitlines() if line.lstrip().startswith("::") and form != "github-annotations"
        ]

        assert {sign for sign in text if not sign.isprintable()} <= {"\n"}
        assert commands == []
        assert "##[" not in text
        assert "<script" not in text or form in ("table", "plain", "csv", "github-annotations")


@every_format
def test_the_same_grades_are_the_same_text(form: str) -> None:
    """Made twice, from checks that ran twice; and every line ends with a line feed."""
    first, second = (text_of(form, small_class(), STAFF) for _ in range(2))

    assert first == second
    assert first.endswith("\n")
    assert "\r" not in first


@pytest.mark.parametrize("form", sorted(set(FORMATS) - {"csv", "jsonl"}))
def test_a_partial_report_says_so(small: ClassGrades, form: str) -> None:
    """Where the format has a place for it; a whole report does not say it."""
    whole, partial = (text_of(form, small._replace(waiting=count), STAFF) for count in (0, 3))
    said = '"waiting": 3' if form == "json" else "3 submissions are not graded yet"

    assert said in partial
    assert said not in whole


@every_format
def test_a_class_of_nobody_is_a_report(form: str) -> None:
    """Before the first submission is graded the report on disk is one already."""
    text = text_of(form, ClassGrades("Backpropagation by hand", 5.0, (), 3), STAFF)

    assert text or form == "jsonl"


# The eye --------------------------------------------------------------------------------------------------------------

ALICE = """\
Backpropagation by hand · alice                                                        3 of 5 points

chain  A chain                                                                                3 of 5
         answered   mark    points
  A           -12   right   1 of 1
  ∂F/∂A        -3   right   1 of 1
  ∂F/∂x         6   right   1 of 1
  ∂F/∂y        18   WRONG   0 of 1
       What arrives at A looks right; redo A → y.
       Consistent with: a sign lost.
  z                 blank   0 of 1
"""
CLASS = """\
Backpropagation by hand
4 submissions, 1 of them unreadable: of the others 3.667 of 5 points on the average

STUDENTS
         points  right  follows  wrong  blank  typos
  alice       3      3               1      1
  bob         5      5
  carol       3      3        1      1             1
  dan         0                                        expected '=' after a key (line 3)

ITEMS                               the hardest first
                   reached       mean  right  follows  wrong  blank  typos
  quotient  ∂f/∂x       0%     0 of 1                                    1
  chain     z          33%  0.33 of 1      1        1             1
  chain     A          67%  0.67 of 1      2               1
  chain     ∂F/∂y      67%  0.67 of 1      2               1
  chain     ∂F/∂A     100%     1 of 1      3
  chain     ∂F/∂x     100%     1 of 1      3

MISTAKES                            answers are consistent with
  2 ×  sign   chain A, chain ∂F/∂y
"""


def test_the_table_of_a_student(small: ClassGrades) -> None:
    """Points, marks, and hints below what is wrong."""
    assert text_of("table", alone(small, 0), STUDENT) == ALICE


def test_averages_leave_out_what_could_not_be_read(small: ClassGrades) -> None:
    """In every report that has one; with nothing read there is none."""
    alone_unread = small._replace(grades=small.grades[3:])

    for form in ("table", "gradescope", "prairielearn", "github-summary"):
        assert "of the others 3\\.667 of 5".replace("\\" * (form != "github-summary"), "") in text_of(
            form, small, STAFF
        )
    assert strict(text_of("prairielearn", small, STAFF))["score"] == pytest.approx(11 / 15)
    assert class_text(alone_unread) == "1 submission, 1 of them unreadable"


def test_what_is_noted_about_a_submission_reaches_the_reports_of_a_class(small: ClassGrades) -> None:
    """So that a teacher sees why an answer is taken for a typo."""
    noted = small._replace(grades=[small.grades[0], small.grades[1]._replace(notes=("no problem is called 'chian'",))])

    for form in ("table", "csv", "json", "jsonl", "junit", "gradescope", "prairielearn", "github-summary"):
        assert "chian" in text_of(form, noted, STAFF)


@pytest.mark.parametrize("width", [60, 80])
def test_no_answer_is_cut_on_a_page(small: ClassGrades, width: int) -> None:
    """One that is too long for a column stands below it, whole."""
    long = "[[-0.02666392056, -0.3739986123], [0.1253000111, 0.7351240012]]"
    grade = small.grades[0]
    item = grade.problems[0].items[0]._replace(answer=long, truth=long)
    problem = grade.problems[0]._replace(items=(item, *grade.problems[0].items[1:]))

    text = text_of("table", alone(small._replace(grades=[grade._replace(problems=(problem,))]), 0), STAFF, Page(width))

    assert " ".join(text.split()).count(long) == 2
    assert max(map(len, text.splitlines())) <= width


def test_an_answer_has_no_colour(small: ClassGrades) -> None:
    """Red would say that it is wrong, whatever it is; right values are green."""
    lines = grade_lines(alone(small, 0), STAFF, Page(100))
    roles = {piece.text.strip(): piece.role for line in lines for piece in line}

    assert (roles["18"], roles["-18"]) == ("", "value")


def test_the_table_of_a_class(small: ClassGrades) -> None:
    """A row a student, how hard each item was, and how often each mistake occurred."""
    assert text_of("table", small, STAFF) == CLASS


def test_plain_text_has_a_line_an_item(small: ClassGrades) -> None:
    """Nothing is cut or broken, and the hints stand on the line of their item."""
    lines = text_of("plain", alone(small, 0), STUDENT).splitlines()

    assert lines[7].endswith("0 of 1   What arrives at A looks right; redo A → y. Consistent with: a sign lost.")


@pytest.mark.parametrize("width", [60, 80, 100])
def test_a_table_keeps_within_its_page(small: ClassGrades, width: int) -> None:
    """Titles, rows and hints, those of staff too, which are long."""
    for grades in of_every_kind(small)[:1] + [alone(small, place) for place in range(4)]:
        lines = text_of("table", grades, STAFF, Page(width=width, number=short)).splitlines()

        assert [line for line in lines if len(line) > width] == []


def test_a_table_is_written_in_the_signs_that_a_file_has(small: ClassGrades) -> None:
    """Without mathematical signs an ASCII file has the whole report."""
    text = text_of("plain", small, STAFF, Page(number=full, signs=ASCII, most_rows=100))

    assert text.isascii()


def test_a_long_class_is_cut_with_a_note(small: ClassGrades) -> None:
    """As other tables are."""
    many = small._replace(grades=[small.grades[1]] * 60)
    text = text_of("table", many, STAFF)

    assert text.count("bob") == 50
    assert "10 more rows: --max-rows 60 shows them, --json has them" in text


# JSON, JSON Lines, CSV ------------------------------------------------------------------------------------------------


@every_release
def test_json_is_as_its_schema_says(small: ClassGrades, release: Release) -> None:
    """Of classes and of single students, and of every line of JSON Lines."""
    validator = Draft202012Validator(json.loads(schema_text("grades")))
    for grades in of_every_kind(small):
        lines = text_of("jsonl", grades, release).splitlines()
        documents = [strict(line) for line in (text_of("json", grades, release), *lines)]

        assert len(lines) == len(grades.grades)
        assert [error.message for one in documents for error in validator.iter_errors(one)] == []


def test_the_schema_is_printed() -> None:
    """As those of the commands are, and it is a schema; a misspelt key is none of it."""
    schema = json.loads(call("schema", "grades").out)
    Draft202012Validator.check_schema(schema)

    assert not Draft202012Validator(schema).is_valid({"schema": "bpcli.grades/1", "version": "0", "status": "ok"})


def test_json_keeps_what_was_written_to_the_letter() -> None:
    """Escaped, so that it steers nothing, and the same text again once it is read."""
    (student, _) = strict(text_of("json", hostile_class(), STAFF))["students"]

    assert student["student"] == NASTY
    assert student["problems"][0]["items"][0]["answer"] == NASTY


def test_json_has_right_values_for_staff_alone(small: ClassGrades) -> None:
    """Students have no key for them, nor for the names of mistakes below the level `cause`."""
    keys = {
        release: set(strict(text_of("json", small, release))["students"][0]["problems"][0]["items"][3])
        for release in (STAFF, STUDENT, Release("student", "kind"))
    }

    assert keys[STAFF] - keys[STUDENT] == {"right"}
    assert keys[STUDENT] - keys[Release("student", "kind")] == {"mistakes"}


def test_csv_has_a_row_a_student(small: ClassGrades) -> None:
    """Points are numbers, marks are words, and what a submission does not have is empty."""
    header, *rows = csv.reader(StringIO(text_of("csv", small, STAFF)))

    assert header == [
        *("student", "points", "out_of", "chain"),
        *[f"chain: {key}" for key in ("value(A)", "A", "x", "y", "z")],
        *("quotient", "quotient: x", "unreadable", "notes"),
    ]
    assert rows[0] == ["alice", "3", "5", "3", "right", "right", "right", "wrong", "blank", "", "", "", ""]
    assert rows[2][9:11] == ["0", "unreadable"]
    assert rows[3] == ["dan", "0", "0", *[""] * 8, "expected '=' after a key (line 3)", ""]


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\r\n=1", "|x", "%x", "＝1"],
    ids=["equals", "plus", "minus", "at", "tab", "space", "lines", "pipe", "percent", "wide equals"],
)
def test_no_cell_is_taken_for_a_formula(text: str) -> None:
    """It has an apostrophe before it, or begins with an escape, as a text does."""
    grades = a_class(Grade(text, "a.toml", (), unreadable=text))
    (_, row) = csv.reader(StringIO(text_of("csv", grades, STAFF)))

    assert row[0] == row[-2] == as_text(text)
    assert row[0][0] in "'\\"
    assert row[1:3] == ["0", "0"]


def test_an_ordinary_name_stays_as_it_is() -> None:
    """Letters, accents, hyphens inside."""
    assert [as_text(name) for name in ("Zoë", "Anne-Marie", "O'Hara", "3")] == ["Zoë", "Anne-Marie", "O'Hara", "3"]


# JUnit ----------------------------------------------------------------------------------------------------------------


def faults(element: ET.Element, fields: dict[str, Any]) -> Iterator[str]:
    """Where an element has other attributes or children than the published fields."""
    known = fields[element.tag]
    given = set(element.attrib)
    for name in sorted((set(known["required"]) - given) | (given - {*known["required"], *known["optional"]})):
        yield f"{element.tag}.{name}"
    for child in element:
        if child.tag not in known["children"]:
            yield f"{element.tag}/{child.tag}"
        yield from faults(child, fields)


@every_release
def test_junit_has_the_published_fields(small: ClassGrades, release: Release) -> None:
    """A parser of XML takes it, and each element has the attributes and the children that Jenkins reads."""
    fields = published("junit.json")["elements"]
    for grades in of_every_kind(small):
        root = ET.fromstring(text_of("junit", grades, release))  # noqa: S314 - our own text

        assert root.tag == "testsuites"
        assert list(faults(root, fields)) == []
        assert [len(case) <= 1 for case in root.iter("testcase")].count(False) == 0


def test_the_fields_of_junit_can_be_missed() -> None:
    """The search above sees a strange attribute, a missing one, and a strange child."""
    root = ET.fromstring('<testsuites color="red"><testsuite/><failure/></testsuites>')  # noqa: S314 - the same

    found = list(faults(root, published("junit.json")["elements"]))

    assert {"testsuites.color", "testsuite.name", "testsuites/failure"} <= set(found)


def test_junit_counts_what_it_has(small: ClassGrades) -> None:
    """Wrong is a failure, blank is skipped, a typo is an error; so the counts of a suite and of all say."""
    root = ET.fromstring(text_of("junit", small, STUDENT))  # noqa: S314 - the same
    suites = {suite.get("name"): suite for suite in root}
    ends = {
        name: [(case[0].tag if len(case) else "passed") for case in suite.iter("testcase")]
        for name, suite in suites.items()
    }

    assert ends["alice"] == ["passed", "passed", "passed", "failure", "skipped"]
    assert ends["carol"] == ["failure", "passed", "passed", "passed", "failure", "error"]
    assert ends["dan"] == ["error"]
    assert [root.get(name) for name in ("tests", "failures", "errors")] == ["17", "3", "2"]
    for name, suite in suites.items():
        counted = [str(ends[name].count(end)) for end in ("failure", "error", "skipped")]
        assert [suite.get(count) for count in ("failures", "errors", "skipped")] == counted
        assert suite.get("tests") == str(len(ends[name]))


def test_junit_passes_what_keeps_its_points(small: ClassGrades) -> None:
    """A right consequence of an earlier mistake fails only where it costs points."""
    carol = small.grades[2]
    chain = carol.problems[0]
    kept = chain._replace(
        items=tuple([item._replace(points=1.0) if item.mark is Mark.FOLLOWS else item for item in chain.items])
    )
    root = ET.fromstring(text_of("junit", a_class(carol._replace(problems=(kept,))), STAFF))  # noqa: S314 - the same

    assert root.get("failures") == "1"


# Gradescope, PrairieLearn ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["gradescope", "prairielearn"])
@every_release
def test_results_have_the_published_fields(small: ClassGrades, form: str, release: Release) -> None:
    """And no others."""
    validator = Draft202012Validator(published(f"{form}.json"))
    for grades in of_every_kind(small):
        document = strict(text_of(form, grades, release))

        assert [error.message for error in validator.iter_errors(document)] == []


def test_gradescope_has_a_test_an_item(small: ClassGrades) -> None:
    """Its score, its number, and what a student may read, as plain text."""
    results = strict(text_of("gradescope", alone(small, 0), STUDENT))

    assert results["score"] == 3
    assert results["tests"][3] == {
        "score": 0,
        "max_score": 1,
        "status": "failed",
        "name": "A chain: ∂F/∂y",
        "name_format": "text",
        "number": "1.4",
        "output": f"∂F/∂y: WRONG, 0 of 1\nanswered: 18\n{REDO}\nConsistent with: a sign lost.",
        "output_format": "text",
        "tags": ["chain", "wrong"],
        "visibility": "visible",
    }
    assert sum(test["score"] for test in results["tests"]) == results["score"]


def test_gradescope_hides_right_values_from_students(small: ClassGrades) -> None:
    """What is released to staff is not visible on the site."""
    results = strict(text_of("gradescope", alone(small, 0), STAFF))

    assert {results["visibility"], *[test["visibility"] for test in results["tests"]]} == {"hidden"}


def test_gradescope_of_a_class_has_the_results_of_each_student(small: ClassGrades) -> None:
    """A test for each problem of each student, and behind them what a submission of its own would have."""
    results = strict(text_of("gradescope", small, STUDENT))
    first = results["extra_data"]["students"][0]

    assert [test["name"] for test in results["tests"]] == [
        "alice: A chain",
        "bob: A chain",
        "carol: A chain",
        "carol: A quotient",
    ]
    assert first == {"student": "alice"} | strict(text_of("gradescope", alone(small, 0), STUDENT))


def test_prairielearn_scores_from_0_to_1(small: ClassGrades) -> None:
    """With a test an item."""
    results = strict(text_of("prairielearn", alone(small, 0), STUDENT))

    assert (results["gradable"], results["score"], results["message"]) == (True, 0.6, "3 of 5 points")
    assert results["tests"][3] == {
        "name": "A chain: ∂F/∂y",
        "description": "WRONG",
        "points": 0,
        "max_points": 1,
        "message": f"{REDO} Consistent with: a sign lost.",
        "output": f"∂F/∂y: WRONG, 0 of 1\nanswered: 18\n{REDO}\nConsistent with: a sign lost.",
    }


@pytest.mark.parametrize(
    ("place", "error"),
    [
        (2, "A quotient, ∂f/∂x, answered 2**: Something must stand after &#x27;**&#x27;."),
        (3, "Nothing could be graded: expected &#x27;=&#x27; after a key (line 3)"),
    ],
    ids=["an item", "the whole"],
)
def test_prairielearn_takes_no_attempt_for_a_typo(small: ClassGrades, place: int, error: str) -> None:
    """Such a submission is not gradable and has no score; its errors are escaped, for they are shown as HTML."""
    results = strict(text_of("prairielearn", alone(small, place), STUDENT))

    assert (results["gradable"], results["format_errors"]) == (False, [error])
    assert not {"score", "tests"} & set(results)


# GitHub ---------------------------------------------------------------------------------------------------------------


@every_release
def test_a_summary_is_tables_whatever_students_write(release: Release) -> None:
    """No cell ends early, no row is broken, and no sign of Markdown or HTML stands without its escape."""
    hostile = hostile_class()
    for grades in (hostile, a_class(hostile.grades[0])):
        text = text_of("github-summary", grades, release)
        rows = [line for line in text.splitlines() if line.startswith("|")]
        bare = re.sub(r"\\.|&#?\w+;", "", text.replace("<br>", "").replace("**", ""))

        assert all(row.count("|") == rows[0].count("|") for row in rows[:3])
        assert all(row.endswith(" |") for row in rows)
        assert re.findall(r"[<>`*\[\]@~]", bare) == []


def test_a_summary_keeps_within_its_room(small: ClassGrades) -> None:
    """A class of thousands with long names is cut after a whole row, and says how many lines are missing."""
    many = small._replace(grades=[small.grades[1]._replace(student="b" * 190)] * 6000)
    text = text_of("github-summary", many, STAFF)
    rows, note = text.removesuffix("\n").rsplit("\n\n", 1)

    assert len(text.encode()) <= MOST_BYTES
    assert rows.endswith(" |")
    assert re.fullmatch(r"\d+ more lines: a summary has room for 1 MiB\.", note)


def test_annotations_are_commands(small: ClassGrades) -> None:
    """One for each item that is not right, then the points; what is blank needs none."""
    lines = text_of("github-annotations", small, STUDENT).splitlines()

    assert lines[:2] == [
        f"{ERROR}::alice: 0 of 1%0A{REDO}%0AConsistent with: a sign lost.",
        "::notice file=alice.toml,title=alice::alice: 3 of 5 points",
    ]
    assert [line.split(" ")[0] for line in lines[2:]] == [
        *("::notice", "::error", "::notice", "::warning", "::notice", "::warning", "::notice")
    ]


@every_release
def test_no_answer_begins_another_command(release: Release) -> None:
    """Each line is one command, whose properties have no colon and no comma of a student's."""
    for line in text_of("github-annotations", hostile_class(), release).splitlines():
        found = re.fullmatch(r"::(error|warning|notice) file=([^,:]*),title=([^,:]*)::(.*)", line)

        assert found
        assert not re.search(r"%(?!0A|0D|25|3A|2C)", line)


def test_commands_are_escaped_as_the_toolkit_does() -> None:
    """Percent, carriage return and line feed; in properties colon and comma too."""
    assert "50%\r\n:,".translate(IN_DATA) == "50%25%0D%0A:,"
    assert "50%\r\n:,".translate(IN_PROPERTY) == "50%25%0D%0A%3A%2C"
