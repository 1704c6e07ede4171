"""`bpcli check homework.toml`: forms of the command, what goes together, exit codes, reports, and runs that go on."""

import json
import os
import pickle
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from command import ESCAPE, Done, call, environment, has_signals, patches_reach_workers, run

from bpcli.bulk.submissions import Grading
from bpcli.check.homework.grades import ProblemGrade
from bpcli.check.homework.problems import Answers, Homework
from bpcli.check.homework.reading import homework_file
from bpcli.cli import submissions as command
from bpcli.cli.inputs import REPORTS
from bpcli.cli.submissions import grading_of
from bpcli.language.limits import DEFAULT_LIMITS, Limits
from bpcli.report.grades.formats import FORMATS

pytestmark = pytest.mark.usefixtures("oracles_loaded")

HOMEWORK = """
title = "Two problems"
[[problems]]
name = "product"
expression = "A = x*y; F = A*z"
at = { x = 6, y = -2, z = -5 }
asked = ["value(A)", "x", "y"]
points = 3
[[problems]]
name = "square"
expression = "x**2"
asked = [{ item = "x", points = 2, form = "formula" }]
"""
RIGHT = '[product]\n"value(A)" = -12\nx = 10\ny = -30\n[square]\nx = "2*x"\n'
WRONG = '[product]\n"value(A)" = -12\nx = 10\ny = 30\n[square]\nx = "x"\n'
TYPO = '[product]\n"value(A)" = -12\nx = "1,5"\n[square]\nx = "2*x"\n'
BLANK = 'student = "Blank"\n'
BROKEN = "[product\n"
CLASS = {"ann": RIGHT, "ben": WRONG, "cy": TYPO, "dee": BLANK, "eve": BROKEN}


@pytest.fixture
def homework(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A homework file, and the answers of a class in `submissions`; the folder of both is the current one."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "submissions").mkdir()
    (tmp_path / "homework.toml").write_text(HOMEWORK, "utf-8")
    for name, text in CLASS.items():
        (tmp_path / "submissions" / f"{name}.toml").write_text(text, "utf-8")
    return tmp_path


GRADED = ("check", "homework.toml", "--answers-from")


def students(done: Done) -> list[dict[str, Any]]:
    """The students of a report in JSON."""
    found: list[dict[str, Any]] = json.loads(done.out)["students"]
    return found


# One homework, one student --------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("homework")
def test_annotations_name_the_files_of_a_class_as_those_of_one_student() -> None:
    """By the path that was given, so that GitHub finds them."""
    one, many = (
        call(*GRADED, path, "--report-format", "github-annotations").out
        for path in ("submissions/ben.toml", "./submissions/")
    )

    assert "file=submissions/ben.toml," in one
    assert one in many


@pytest.mark.usefixtures("homework")
@pytest.mark.parametrize(
    ("name", "code", "points"), [("ann", 0, 5), ("ben", 1, 2), ("cy", 2, 3), ("dee", 1, 0), ("eve", 2, 0)]
)
def test_one_student_ends_by_verdict(name: str, code: int, points: int) -> None:
    """All right is 0, wrong or blank 1, a typo or a broken file 2, as the worst of all items."""
    done = call(*GRADED, f"submissions/{name}.toml", "--json")
    (student,) = students(done)

    assert (done.code, student["points"], student["out_of"], done.err) == (code, points, 5, "")
    assert student["gradable"] is (code != 2)


@pytest.mark.usefixtures("homework")
def test_answers_come_from_standard_input() -> None:
    """In TOML or JSON; the name is in them or nowhere."""
    in_toml = call(*GRADED, "-", "--json", stdin=RIGHT)
    in_json = call(*GRADED, "-", "--json", stdin=json.dumps({"student": "Ann", "square": {"x": "2*x"}}))

    assert [(one["student"], one["points"]) for one in students(in_toml)] == [("student", 5)]
    assert [(one["student"], one["points"]) for one in students(in_json)] == [("Ann", 2)]


@pytest.mark.usefixtures("homework")
def test_a_student_sees_no_right_value() -> None:
    """In no format, at no level, neither on standard output nor on standard error."""
    for form in REPORTS:
        for level in ("where", "kind", "cause"):
            done = call(
                *GRADED, "submissions/ben.toml", "--report-format", form, "--release-to=student", "--hint-level", level
            )
            assert done.code == 1
            assert "-30" not in done.out + done.err
            assert "2*x" not in (done.out + done.err).replace(" ", "")


def test_no_name_steers_a_terminal(homework: Path) -> None:
    """Neither that of a student nor that of a file."""
    (homework / "submissions" / f"x{ESCAPE}.txt").write_text("")
    Path("red.json").write_text(json.dumps({"student": f"{ESCAPE}Ann"}))

    one, many = call(*GRADED, "red.json", "--report-file", "r.csv"), call(*GRADED, "submissions")

    assert "Ann: 0 of 5 points; the report is in r.csv" in one.out
    assert "\x1b" not in one.out + one.err + many.out + many.err
    assert "1 other file is left out" in many.err


@pytest.mark.usefixtures("homework")
@pytest.mark.parametrize("form", REPORTS)
def test_half_a_character_spoils_no_report(form: str) -> None:
    """JSON may hold one, in a name or in an answer."""
    Path("half.json").write_text('{"student": "\\ud800", "square": {"x": "\\udfff"}}')
    done = call(*GRADED, "half.json", "--report-format", form, "--report-file", "report")

    assert (done.code, done.err) == (2, "")
    assert Path("report").read_bytes().decode()


@pytest.mark.usefixtures("homework")
def test_nothing_is_printed_where_that_is_asked_for() -> None:
    """The exit code speaks."""
    assert call(*GRADED, "submissions/ben.toml", "-q") == Done(1, "", "")
    assert call(*GRADED, "submissions", "-q") == Done(0, "", "")
    assert call("check", "homework.toml", "-q") == Done(0, "", "")


# A class --------------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("homework")
@pytest.mark.parametrize("form", ["json", "csv"])
def test_reports_are_the_same_bytes_whatever_the_jobs(form: str) -> None:
    """A class ends with 0 whatever its grades."""
    one, two, four = (call(*GRADED, "submissions", "--report-format", form, "--parallel-jobs", n) for n in "124")

    assert one == two == four
    assert (one.code, one.err) == (0, "")
    assert all(name in one.out for name in ("ann", "ben", "cy", "Blank", "eve"))


@pytest.mark.usefixtures("homework")
def test_every_format_of_a_report_can_be_asked_for() -> None:
    """Those of the option are those that there are; each has something to say of a class."""
    assert set(REPORTS) == set(FORMATS)
    for form in REPORTS:
        done = call(*GRADED, "submissions", "--report-format", form)
        assert (done.code, done.err) == (0, "")
        assert done.out


@pytest.mark.usefixtures("homework")
@pytest.mark.parametrize(
    ("name", "form"), [("r.json", "json"), ("r.csv", "csv"), ("r.XML", "junit"), ("r.txt", "plain")]
)
def test_the_name_of_a_report_tells_its_format(name: str, form: str) -> None:
    """The file holds what standard output would, which gets a summary."""
    printed = call(*GRADED, "submissions", "--report-format", form)
    filed = call(*GRADED, "submissions", "--report-file", name)

    assert Path(name).read_bytes().decode() == printed.out
    assert (filed.code, filed.err) == (0, "")
    assert (
        filed.out == "5 submissions graded, 1 of them unreadable: of the others 2.5 of 5 points on the average;"
        f" the report is in {name}\n"
    )


def test_one_report_for_each_student(homework: Path) -> None:
    """`{student}` stands for a name; the journal stands beside."""
    done = call(*GRADED, "submissions", "--report-format", "gradescope", "--report-file", "{student}.json")

    written = sorted(path.name for path in homework.iterdir() if ".json" in path.name)
    assert (done.code, done.out.partition("; ")[2]) == (0, "the reports are in {student}.json\n")
    assert written == ["Blank.json", "ann.json", "ben.json", "class.json.run.jsonl", "cy.json", "eve.json"]
    assert json.loads(Path("ann.json").read_text("utf-8"))["score"] == 5


@pytest.mark.usefixtures("homework")
def test_a_grading_travels_to_other_processes() -> None:
    """Where a system cannot fork, a worker is sent what it needs; it comes to the same grades."""
    grading = grading_of(homework_file("homework.toml"), DEFAULT_LIMITS)
    sent: Grading = pickle.loads(pickle.dumps(grading))  # noqa: S301 - as multiprocessing does it
    answers = Answers("Ben", {"product": {"x": 10, "y": 30}, "square": {"x": "x"}})

    assert [sent.grade(place, answers) for place in (0, 1)] == [grading.grade(place, answers) for place in (0, 1)]


@pytest.mark.usefixtures("homework")
def test_progress_is_told_on_a_terminal_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """In one line, which is empty at the end; nothing of it where standard error is no terminal, or with -q."""
    monkeypatch.setattr(command, "_has_terminal", lambda: True)
    done, quiet = call(*GRADED, "submissions", "--json"), call(*GRADED, "submissions", "-q")

    assert done.err == "\r1 of 5 graded\r2 of 5 graded\r3 of 5 graded\r4 of 5 graded\r\x1b[K"
    assert len(students(done)) == 5
    assert quiet.err == ""


def test_a_homework_without_a_title_is_called_homework(homework: Path) -> None:
    """A report begins with a word."""
    (homework / "untitled.toml").write_text(HOMEWORK.replace('title = "Two problems"', ""), "utf-8")

    assert call("check", "untitled.toml", "--answers-from", "-", stdin=RIGHT).out.startswith("Homework · student ")


def test_what_is_left_out_of_a_folder_is_noted(homework: Path) -> None:
    """On standard error, once."""
    (homework / "submissions" / "readme.md").write_text("x")
    done = call(*GRADED, "submissions", "--json")

    assert done.err == "note: 1 other file is left out: readme.md\n"


# A run that goes on ---------------------------------------------------------------------------------------------------

REPORTED = (*GRADED, "submissions", "--report-file", "r.json", "--resume-run")


@patches_reach_workers
def test_a_resumed_run_grades_what_is_missing(homework: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has a grade keeps it without being asked again, also for another release and format."""
    asked = homework / "asked"
    first = call(*REPORTED)
    whole = Path("r.json").read_bytes()

    def counting(homework: Homework, limits: Limits) -> Grading:
        whole = grading_of(homework, limits)

        def counted(place: int, answers: Answers) -> ProblemGrade:
            with asked.open("a") as file:
                file.write(f"{answers.student} {homework.problems[place].name}\n")
            return whole.grade(place, answers)

        return whole._replace(grade=counted)

    monkeypatch.setattr(command, "grading_of", counting)
    again = call(*REPORTED)
    assert (again, Path("r.json").read_bytes()) == (first, whole)
    assert not asked.exists()

    (homework / "submissions" / "ben.toml").write_text(RIGHT.replace("10", "10.0"), "utf-8")
    (homework / "submissions" / "fay.toml").write_text(RIGHT.replace("-12", "-12.0"), "utf-8")
    call(*REPORTED, "--release-to", "student", "--parallel-jobs", "2")

    assert sorted(set(asked.read_text().splitlines())) == ["ben product", "ben square", "fay product", "fay square"]
    found = json.loads(Path("r.json").read_text("utf-8"))["students"]
    assert [(one["student"], one["points"]) for one in found] == [
        ("ann", 5), ("ben", 5), ("cy", 3), ("Blank", 0), ("eve", 0), ("fay", 5),
    ]  # fmt: skip


@pytest.mark.usefixtures("homework")
def test_without_resuming_a_run_begins_anew() -> None:
    """The journal of an earlier run is replaced by one of the same length."""
    call(*REPORTED[:-1])
    first = Path("r.json.run.jsonl").read_bytes()
    call(*REPORTED[:-1])

    assert Path("r.json.run.jsonl").read_bytes() == first
    assert len(first.splitlines()) == 5


HANGING = '[product]\n"value(A)" = -12\nx = 10\ny = -30\n[square]\nx = "hang"\n'


def grading_that_hangs(homework: Homework, limits: Limits) -> Grading:
    """The grading of a homework, which never ends where an answer is `hang`."""
    whole = grading_of(homework, limits)

    def graded(place: int, answers: Answers) -> ProblemGrade:
        if answers.by_problem.get(homework.problems[place].name, {}).get("x") == "hang":
            sys.stdout.write("it hangs\n")
            sys.stdout.flush()
            Event().wait()
        return whole.grade(place, answers)

    return whole._replace(grade=graded)


@patches_reach_workers
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_an_answer_that_hangs_costs_its_time_limit(homework: Path, jobs: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is undecided, and nothing else is: not the student's other problem, nor the next student."""
    monkeypatch.setattr(command, "grading_of", grading_that_hangs)
    (homework / "submissions" / "bo.toml").write_text(HANGING)
    done = call(*GRADED, "submissions", "--json", "--time-limit", "1", "--parallel-jobs", jobs)
    found = {one["student"]: one for one in students(done)}

    assert done.code == 0
    assert [item["mark"] for problem in found["bo"]["problems"] for item in problem["items"]] == [
        "right", "right", "right", "undecided",
    ]  # fmt: skip
    assert "Time limit of 1 seconds." in found["bo"]["problems"][1]["items"][0]["hints"]
    assert [found[name]["points"] for name in ("ann", "bo", "ben", "cy")] == [5, 3, 2, 3]


KILLED = """
import sys
from bpcli.cli.main import main
from test_homework_command import command, grading_that_hangs
command.grading_of = grading_that_hangs
main(sys.argv[1:])
"""


@has_signals
@patches_reach_workers
def test_a_killed_run_leaves_a_report(homework: Path) -> None:
    """Nobody can catch SIGKILL: the report says that it is partial, and a run goes on from what was graded."""
    (homework / "submissions" / "bo.toml").write_text(HANGING)
    paths = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    journal = homework / "r.json.run.jsonl"
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, *REPORTED, "--time-limit", "3600"],
        env=environment({"PYTHONPATH": paths}),
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        told = process.stdout.readline()
        process.kill()

    partial = json.loads(Path("r.json").read_text("utf-8"))
    (homework / "submissions" / "bo.toml").write_text(BLANK)
    done = call(*REPORTED)

    assert told == "it hangs\n"
    assert (len(partial["students"]) <= 2, partial["waiting"]) == (True, 6 - len(partial["students"]))
    assert (done.code, done.out[:21]) == (0, "6 submissions graded,")
    assert [json.loads(line)["student"] for line in journal.read_bytes().splitlines()][:2] == ["ann", "ben"]


@patches_reach_workers
def test_one_student_has_a_report_from_the_first_problem(homework: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the run is stopped before its end, the problems graded so far are in the report."""
    reports: list[str] = []
    (homework / "submissions" / "bo.toml").write_text(HANGING)

    def reading(homework_: Homework, limits: Limits) -> Grading:
        whole = grading_that_hangs(homework_, limits)

        def excuse(place: int, reason: str) -> ProblemGrade:
            if reason.startswith("time limit"):
                reports.append(Path("r.json").read_text("utf-8"))
            return whole.excuse(place, reason)

        return whole._replace(excuse=excuse)

    monkeypatch.setattr(command, "grading_of", reading)
    done = call(*GRADED, "submissions/bo.toml", "--report-file", "r.json", "--time-limit", "1")
    ((early,), (final,)) = (json.loads(text)["students"] for text in (reports[0], Path("r.json").read_text("utf-8")))

    assert (done.code, early["points"], final["points"]) == (4, 3, 3)
    assert [one["problems"][1]["items"][0]["hints"] for one in (early, final)] == [
        ["It is not graded yet."], ["Time limit of 1 seconds."],
    ]  # fmt: skip
    assert not Path("r.json.run.jsonl").exists()


# The homework by itself -----------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("homework")
def test_the_template_is_an_empty_form() -> None:
    """Filled in it is graded; empty it is blank throughout."""
    form = call("check", "--template-for", "homework.toml")
    empty = call(*GRADED, "-", "--json", stdin=form.out)

    assert (form.code, form.err, empty.code) == (0, "", 1)
    assert {item["mark"] for problem in students(empty)[0]["problems"] for item in problem["items"]} == {"blank"}


@pytest.mark.usefixtures("homework")
@pytest.mark.parametrize("options", [(), ("--json",), ("--output-format", "table")], ids=["plain", "json", "table"])
def test_a_homework_checks_itself(options: Sequence[str]) -> None:
    """Every item agrees with both oracles."""
    done = call("check", "homework.toml", *options)

    assert (done.code, done.err) == (0, "")
    assert "product" in done.out


# What does not go together --------------------------------------------------------------------------------------------

OF_A_CLASS = ("homework.toml", "--answers-from", "submissions")
OF_ANN = ("homework.toml", "--answers-from", "submissions/ann.toml")
REFUSED: dict[str, tuple[Sequence[str], str, str]] = {
    "claims": (("homework.toml", "--claim", "x=6"), "--claim is no option for homework", "answers stand in a file"),
    "a variable": (("homework.toml", "--x", "6"), "--x binds a variable, but", "at = { x = … }"),
    "a seed": (
        ("homework.toml", "--random-seed", "3"),
        "--random-seed is no option for homework",
        "in the homework file",
    ),
    "requests": (
        ("homework.toml", "--requests", "-"),
        "--requests is no option for homework",
        "answers stand in a file",
    ),
    "jobs alone": (("homework.toml", "--parallel-jobs", "2"), "--parallel-jobs is about answers", "--answers-from"),
    "a report alone": (("homework.toml", "--report-file", "r.csv"), "--report-file is about answers", "--answers-from"),
    "no homework": (("--answers-from", "submissions"), "no homework file is named", "name a .toml or .json file"),
    "an expression": (("x*y", *OF_A_CLASS[1:]), "x*y is no homework file", "name a .toml or .json file"),
    "YAML": (("homework.yaml",), "cannot read homework.yaml: homework is TOML or JSON, not YAML", "homework.toml"),
    "right values for students": (
        ("homework.toml", "--release-to", "student"),
        "--release-to is about answers to a homework file",
        "--answers-from answers.toml --release-to …",
    ),
    "two homeworks": (
        ("homework.toml", "--template-for", "homework.toml"),
        "is one too many",
        "bpcli check --template-for homework.toml",
    ),
    "a template with answers": (
        ("--template-for", *OF_A_CLASS),
        "--answers-from says nothing beside --template-for",
        "the form is written as TOML",
    ),
    "a hint alone": (("homework.toml", "--hint-level", "kind"), "--hint-level is about answers", "--answers-from"),
    "a release alone": (("homework.toml", "--release-to=student"), "--release-to is about answers", "--answers-from"),
    "a quiet template": (("--template-for", "homework.toml", "-q"), "-q says nothing", "leave it out"),
    "nothing to resume": ((*OF_A_CLASS, "--resume-run"), "none is named", "add --report-file"),
    "one student resumed": (
        (*OF_ANN, "--resume-run", "--report-file", "r.json"),
        "--resume-run is for a class",
        "leave it out",
    ),
    "two formats": (
        (*OF_A_CLASS, "--report-format", "csv", "--output-format", "plain"),
        "--report-format csv contradicts --output-format plain",
        "leave out one of them",
    ),
    "no format": (
        (*OF_A_CLASS, "--report-file", "r.pdf"),
        "r.pdf does not tell the format",
        "add --report-format",
    ),
    "a report in place of answers": (
        (*OF_ANN, "--report-file", "submissions/ann.toml", "--report-format", "json"),
        "would take the place of submissions/ann.toml",
        "another name",
    ),
    "a report in place of homework": (
        (*OF_ANN, "--report-file", "homework.toml", "--report-format", "json"),
        "would take the place of homework.toml",
        "another name",
    ),
    "a report among submissions": (
        (*OF_A_CLASS, "--report-file", "submissions/{student}.json"),
        "stands among the submissions",
        "another folder",
    ),
    "no such homework": (("none.toml",), "cannot read none.toml: no such file or directory", ""),
    "a mistyped homework": (("homwork.toml",), "cannot read homwork.toml", "did you mean homework.toml?"),
    "a mistyped ending": (("homework.tml",), "homework.tml is no homework file", "did you mean homework.toml?"),
    "mistyped answers": (
        (*OF_A_CLASS[:2], "submissions/an.toml"),
        "cannot read submissions/an.toml",
        f"did you mean {Path('submissions') / 'ann.toml'}?",
    ),
    "no such answers": ((*OF_A_CLASS[:2], "none"), "cannot read none: no such file", ""),
    "a broken homework": (("broken.toml",), "broken.toml", ""),
    "an empty folder": ((*OF_A_CLASS[:2], "empty"), "empty holds no submission", "for each student"),
    "no such folder": ((*OF_A_CLASS, "--report-file", "none/r.json"), "cannot write none/r.json", ""),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_says_nothing_is_an_error(case: str, homework: Path) -> None:
    """Nothing is ignored in silence: exit code 2, what is wrong, and what to do."""
    arguments, message, hint = REFUSED[case]
    (homework / "broken.toml").write_text("title = ")
    (homework / "empty").mkdir()

    done = call("check", *arguments)

    assert (done.code, done.out) == (2, "")
    assert re.match(rf"error: .*{re.escape(message)}", done.err)
    assert hint in done.err.partition("hint:")[2]
    assert "Traceback" not in done.err


@pytest.mark.usefixtures("homework")
def test_errors_are_json_where_that_is_asked_for() -> None:
    """As everywhere: one document on standard output, with the same exit code."""
    done = call(*GRADED, "none", "--json")

    assert (done.code, done.err, json.loads(done.out)["status"]) == (2, "", "error")


@patches_reach_workers
@pytest.mark.usefixtures("homework")
@pytest.mark.parametrize(("end", "code"), [(lambda: 1 // 0, 5), (lambda: os._exit(1), 4)], ids=["a fault", "lost"])
def test_what_got_no_grade_is_told_by_the_exit_code(
    end: Callable[[], object], code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One problem fails alone and the others are graded; 0 would say that all of it was."""

    def breaking(homework: Homework, limits: Limits) -> Grading:
        whole = grading_of(homework, limits)

        def broken(place: int, answers: Answers) -> ProblemGrade:
            if place == 1:
                end()
            return whole.grade(place, answers)

        return whole._replace(grade=broken)

    monkeypatch.setattr(command, "grading_of", breaking)
    done = call(*GRADED, "submissions", "--json")

    assert done.code == code
    assert [one["points"] for one in students(done)][:2] == [3, 2]


# Options --------------------------------------------------------------------------------------------------------------


def test_the_help_has_homework_in_it() -> None:
    """The options, and examples of them."""
    done = call("check", "--help")

    for text in ("--answers-from", "--template-for", "--report-format", "--report-file", "--resume-run"):
        assert text in done.out
    assert "bpcli check homework.toml --answers-from" in done.out


@pytest.mark.parametrize(
    ("typed", "offered"),
    [("bpcli check --ans", "--answers-from"), ("bpcli check --report-format gr", "gradescope")],
    ids=["option", "choice"],
)
def test_options_complete(typed: str, offered: str) -> None:
    """The shell is offered options and the names of formats."""
    done = run(env={"_BPCLI_COMPLETE": "bash_complete", "COMP_WORDS": typed, "COMP_CWORD": str(typed.count(" "))})

    assert f"plain,{offered}\n" in done.out
