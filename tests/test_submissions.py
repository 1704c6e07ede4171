"""A class run: what is handed in, grades in order, journals to go on from, and reports that are always whole."""

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import homework_stand_ins
import numpy as np
import pytest
from command import environment, has_signals
from homework_stand_ins import grading_of, homework_of, read

from bpcli.bulk import submissions
from bpcli.bulk.submissions import Graded, Submission, graded, submissions_in
from bpcli.check.homework.grades import ClassGrades, Grade, Mark
from bpcli.check.homework.problems import Homework
from bpcli.check.homework.records import grade_record
from bpcli.check.nearness import Tolerance
from bpcli.errors import UsageError
from bpcli.language.folders import HandedIn, handed_in
from bpcli.report.grades import running
from bpcli.report.grades.journal import journal, kept_in
from bpcli.report.grades.running import RunningReport, safe_name


def write(folder: Path, **files: str) -> Path:
    """Answers by the name of the student; a text is the answer to p0 and p1, or the file as it is."""
    for name, answer in files.items():
        whole = answer if answer.startswith(("{", "!")) else json.dumps({"p0": {"x": answer}, "p1": {"x": "7"}})
        (folder / f"{name}.json").write_text(whole, "utf-8")
    return folder


def handed(folder: Path, homework: Homework) -> list[Submission]:
    """The submissions in a folder."""
    return list(submissions_in(handed_in(str(folder)).found, homework, read, "1.0"))


def run(folder: Path, homework: Homework, jobs: int = 1, **options: object) -> list[Graded]:
    """All grades of a run."""
    return list(graded(homework, handed(folder, homework), grading_of(homework), jobs=jobs, **options))  # type: ignore[arg-type] # kept alone


# What is handed in ----------------------------------------------------------------------------------------------------


def test_a_folder_is_read_in_the_order_of_its_names(tmp_path: Path) -> None:
    """Files and folders alike; hidden ones are not seen, others are noted, links are not followed."""
    write(tmp_path, b="1", a="2", C="3")
    (tmp_path / "sub_1").mkdir()
    write(tmp_path / "sub_1", answers="4", notes="5")
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / ".hidden.json").write_text("{}")
    (tmp_path / "__MACOSX").mkdir()
    (tmp_path / "z.toml").symlink_to(tmp_path / "a.json")

    folder = handed_in(str(tmp_path))

    assert [(one.name, one.place) for one in folder.found] == [
        ("C", "C.json"), ("a", "a.json"), ("b", "b.json"), ("sub_1", "sub_1/answers.json"),
    ]  # fmt: skip
    assert folder.notes == ("2 other files are left out: notes.txt, z.toml",)


def test_a_student_without_one_file_is_told_of(tmp_path: Path) -> None:
    """A folder with several files of answers, or none, is a submission that cannot be read."""
    for name in ("none", "one", "two"):
        (tmp_path / name).mkdir()
    write(tmp_path / "one", x="1")
    write(tmp_path / "two", x="1", y="2")

    found = handed_in(str(tmp_path)).found

    assert [(one.name, one.path is None, one.complaint) for one in found] == [
        ("none", True, "the folder holds no file of answers"),
        ("one", False, None),
        ("two", True, "the folder holds several files of answers: x.json, y.json"),
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no names that are no text")
def test_a_name_that_is_no_text_is_told_as_text(tmp_path: Path) -> None:
    """Half a character in a report would stop whoever reads it."""
    Path(os.fsdecode(os.fsencode(str(tmp_path)) + b"/b\xff.json")).write_text('{"p0": {"x": 1}}')

    (found,) = handed(tmp_path, homework_of(1))

    assert (found.student, found.source) == ("b?", "b?.json")
    assert found.answers.by_problem == {"p0": {"x": 1}}


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    """There is nothing to grade; the message says what is looked for."""
    with pytest.raises(UsageError, match=r"holds no submission: no \.toml or \.json file"):
        handed_in(str(tmp_path))


def test_one_file_and_standard_input_are_submissions_themselves(tmp_path: Path) -> None:
    """They are read later; what is not there at all is an error at once."""
    alice = str(write(tmp_path, alice="1") / "alice.json")

    assert handed_in(alice).found == [HandedIn("alice", alice, alice)]
    assert handed_in("-").found == [HandedIn("student", "-", "-")]
    with pytest.raises(UsageError, match="cannot read none: no such file or directory"):
        handed_in("none")


def test_names_of_students_are_made_distinct(tmp_path: Path) -> None:
    """The second Ann is told apart by her file, a third one with such a name by a number."""
    ann = '{"student": "Ann"}'
    write(tmp_path, a=ann, b=ann, c='{"student": "Ann (b.json)"}', d='{"student": "Ann (b.json)"}')
    names = [one.student for one in handed(tmp_path, homework_of(1))]

    assert names == ["Ann", "Ann (b.json)", "Ann (b.json) (c.json)", "Ann (b.json) (d.json)"]


def test_what_cannot_be_read_is_a_submission_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is no text, one that is too large, one that is gone: each says so, and names no folder."""
    monkeypatch.setattr(submissions, "LARGEST", 50)
    write(tmp_path, large="!" * 51, other="!")
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe")
    found = [*handed_in(str(tmp_path)).found, HandedIn("gone", "gone.json", str(tmp_path / "gone.json"))]

    read_ = list(submissions_in(found, homework_of(1), read, "1.0"))

    assert [(one.student, one.answers.unreadable) for one in read_] == [
        ("binary", "cannot read binary.json: it is not UTF-8 text"),
        ("large", "large.json is larger than 50 bytes"),
        ("other", "it is no JSON"),
        ("gone", "cannot read gone.json: no such file or directory"),
    ]
    assert len({one.inputs for one in read_}) == len(read_)


# The hash -------------------------------------------------------------------------------------------------------------


def hash_of(homework: Homework, text: str = "{}", version: str = "1.0", place: str = "a.json") -> str:
    """The hash of a submission with this text."""
    Path(place).write_text(text, "utf-8")
    (one,) = submissions_in([HandedIn("a", place, place)], homework, read, version)
    return one.inputs


def test_the_hash_covers_what_a_grade_rests_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Text, form, version, and everything in the homework, entries of arrays included; the file's name is no part."""
    monkeypatch.chdir(tmp_path)
    homework = homework_of(1)
    problem = homework.problems[0]

    def but(**changes: object) -> Homework:
        return replace(homework, problems=(replace(problem, **changes),))  # type: ignore[arg-type] # any field

    array, other, wide = np.zeros(2000), np.zeros(2000), np.zeros((2, 1000))
    other[1000] = 1e-300
    variants = [
        hash_of(homework),
        hash_of(homework, text="{} "),
        hash_of(homework, version="1.1"),
        hash_of(homework, place="a.toml"),
        *[hash_of(but(at={"x": one})) for one in (1, 1.5, array, other, wide, array.astype("float32"))],
        hash_of(but(tolerance=Tolerance(1e-6))),
        hash_of(but(time_limit=61)),
        hash_of(but(carry_forward=True)),
        hash_of(homework_of(2)),
    ]

    assert len(set(variants)) == len(variants)
    assert hash_of(homework, place="b.json") == variants[0]
    assert hash_of(but(at={"x": array.copy()})) == variants[6]


# Grades ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("jobs", [1, 2, 4])
def test_grades_come_in_order_whatever_the_jobs(jobs: int, tmp_path: Path) -> None:
    """Each submission once, each problem in its place, and what is unreadable among the others."""
    names = [f"s{number:02}" for number in range(12)]
    write(tmp_path, **dict.fromkeys(names, "1") | {"s05": "!", "s07": "{}"})

    found = [one.grade for one in run(tmp_path, homework_of(2), jobs)]

    assert [grade.student for grade in found] == names
    assert [grade.points for grade in found] == [0.0 if name in ("s05", "s07") else 2.0 for name in names]
    assert [problem.problem for problem in found[0].problems] == ["p0", "p1"]
    assert found[5].unreadable == "it is no JSON"
    assert {item.mark for item in found[5].items} == {Mark.UNREADABLE}
    assert [item.answer for item in found[0].items] == ["1", "7"]


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_gets_no_grade_fails_alone(jobs: int, tmp_path: Path) -> None:
    """One that hangs costs its time limit, one may end its process, in one bpcli may fail: the others are graded."""
    write(tmp_path, a="1", b="hang", c="lost", d="raise", e="2")

    found = run(tmp_path, homework_of(2, seconds=1.0), jobs)
    first = [one.grade.problems[0].items[0] for one in found]

    assert [one.code for one in found] == [0, 0, 4, 5, 0]
    assert [one.grade.points for one in found] == [2.0, 1.0, 1.0, 1.0, 2.0]
    assert [item.mark for item in first[1:4]] == [Mark.UNDECIDED] * 3
    assert [item.in_full for item in first[1:4]] == [
        ("time limit of 1 seconds",),
        ("the process that graded this has been lost",),
        ("bpcli itself failed: ZeroDivisionError: raise",),
    ]


@pytest.mark.parametrize("jobs", [1, 3])
def test_only_what_is_missing_or_changed_is_graded(jobs: int, tmp_path: Path) -> None:
    """Grades that are kept are not made again, and take the names that the submissions have now."""
    folder, counted = tmp_path / "in", tmp_path / "counted"
    folder.mkdir()
    homework = homework_of(2, counted_in=counted)
    write(folder, a="1", b="2", c="3", d="4")
    first = run(folder, homework, jobs)
    kept = {one.grade.inputs: grade_record(one.grade) for one in first}
    counted.unlink()
    (folder / "d.json").rename(folder / "e.json")
    write(folder, b="changed", f="new")

    again = run(folder, homework, jobs, kept=kept)

    assert counted.read_text().count("p0") == counted.read_text().count("p1") == 2
    assert [one.grade.student for one in again] == ["a", "b", "c", "e", "f"]
    assert (again[0], again[2]) == (first[0], first[2])
    assert again[3].grade == first[3].grade._replace(student="e", source="e.json")
    assert [one.grade.problems[0].items[0].answer for one in again] == ["1", "changed", "3", "4", "new"]


def test_nothing_is_graded_where_all_is_kept(tmp_path: Path) -> None:
    """No worker is needed; another homework needs all of them again."""
    counted = tmp_path / "counted"
    homework = homework_of(2, counted_in=counted)
    (tmp_path / "in").mkdir()
    write(tmp_path / "in", a="1", b="2")
    kept = {one.grade.inputs: grade_record(one.grade) for one in run(tmp_path / "in", homework)}
    counted.unlink()

    again = run(tmp_path / "in", homework, kept=kept)

    assert not counted.exists()
    assert [one.grade.student for one in again] == ["a", "b"]
    run(tmp_path / "in", replace(homework, title="Another"), kept=kept)
    assert counted.read_text().count("p") == 4


def test_a_grade_is_shown_as_far_as_it_goes(tmp_path: Path) -> None:
    """After each problem but the last, with the rest as not graded yet."""
    shown: list[Grade] = []
    write(tmp_path, a="1")

    (whole,) = run(tmp_path, homework_of(3), partly=shown.append)

    assert [[item.in_full for item in grade.items] for grade in shown] == [
        [("a",), ("it is not graded yet",), ("it is not graded yet",)],
        [("a",), ("a",), ("it is not graded yet",)],
    ]
    assert [grade.points for grade in (*shown, whole.grade)] == [1.0, 2.0, 2.0]


# Journals -------------------------------------------------------------------------------------------------------------


def grades_of(names: Sequence[str]) -> list[Grade]:
    """Grades with hashes."""
    answers = [read('{"p0": {"x": "é\\n"}}', f"{name}.json", homework_of(1)) for name in names]
    return [
        Grade(one.student, "a.json", (homework_stand_ins.grade(homework_of(1), 0, one),), f"hash {one.student}")
        for one in answers
    ]


def test_a_journal_gives_back_what_was_added(tmp_path: Path) -> None:
    """Line by line, at once; nobody else may read it."""
    path = tmp_path / "r.json.run.jsonl"
    first, second = grades_of(["a", "b"])
    with journal(str(path), {}) as add:
        add(first)
        early = kept_in(str(path))
        add(second)

    assert early == {"hash a": grade_record(first)}
    assert kept_in(str(path)) == {"hash a": grade_record(first), "hash b": grade_record(second)}
    assert os.name == "nt" or stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is always full")
def test_a_full_disk_is_told_with_the_name_of_the_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is left in the buffer cannot be written at the end either, which must not be told instead."""
    with_no_room = Path("/dev/full").open("ab")  # noqa: SIM115 - the journal closes it
    monkeypatch.setattr("bpcli.report.grades.journal._appended", lambda _: with_no_room)
    path = str(tmp_path / "grades.csv.run.jsonl")

    with pytest.raises(UsageError, match="no space left on device") as raised, journal(path, {}) as add:
        add(Grade("a", "a.toml", (), "1", None, ()))

    assert raised.value.message.startswith(f"cannot write {path}")


def test_torn_and_foreign_lines_are_passed_over(tmp_path: Path) -> None:
    """Half a line, no JSON, JSON that is no grade, a grade of other fields, one without a hash: the rest is kept."""
    path = tmp_path / "journal"
    one, two = grades_of(["a", "b"])
    lines = [json.dumps(grade_record(grade)) for grade in (one, two, one._replace(inputs=""))]
    foreign = [
        "",
        "x",
        "[]",
        "{}",
        "3",
        '{"inputs": "c"}',
        lines[2],
        lines[0].replace("out_of", "worth"),
        "[" * 100_000,
    ]
    path.write_text("\n".join([lines[0], *foreign, lines[1], lines[1][:-30]]), "utf-8")

    kept = kept_in(str(path))
    with journal(str(path), kept) as add:
        add(grades_of(["c"])[0])

    assert list(kept) == ["hash a", "hash b"]
    assert list(kept_in(str(path))) == ["hash a", "hash b", "hash c"]
    assert len(path.read_text("utf-8").splitlines()) == 3


def test_there_is_no_journal_before_the_first_run(tmp_path: Path) -> None:
    """Nothing is kept then; a folder in its place is an error in words."""
    assert kept_in(str(tmp_path / "none")) == {}
    with pytest.raises(UsageError, match=r"cannot (read|write)"):
        kept_in(str(tmp_path))
    with pytest.raises(UsageError, match="cannot write"), journal(str(tmp_path / "no" / "folder"), {}):
        pass


# Reports --------------------------------------------------------------------------------------------------------------


def names_in(grades: ClassGrades) -> str:
    """A report of names alone."""
    return " ".join([*[grade.student for grade in grades.grades], f"and {grades.waiting}"])


EMPTY = ClassGrades("Stand-in", 2.0, [])


def test_a_report_is_there_from_the_beginning(tmp_path: Path) -> None:
    """It is whole after each writing, and says how many are missing."""
    target = tmp_path / "report.txt"
    report = RunningReport(str(target), names_in, EMPTY, 2)
    texts = [target.read_text()]
    report.add(grades_of(["a"])[0])
    report.finish()
    texts.append(target.read_text())
    report.add(grades_of(["b"])[0])
    report.finish()
    texts.append(target.read_text())

    assert texts == ["and 2", "a and 1", "a b and 0"]
    assert list(tmp_path.iterdir()) == [target]


def test_writing_takes_a_small_part_of_the_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A report whose making takes longer with each student is made more seldom: a class costs no square of its size."""
    now, made = [0.0], []

    def rendered(grades: ClassGrades) -> str:
        now[0] += 0.001 * len(grades.grades)
        made.append(len(grades.grades))
        return ""

    monkeypatch.setattr(running, "monotonic", lambda: now[0])
    report = RunningReport(str(tmp_path / "report"), rendered, EMPTY, 1000)
    (grade,) = grades_of(["a"])
    for _ in range(1000):
        now[0] += 0.05
        report.add(grade)
    report.finish()

    assert made[-1] == 1000
    assert 10 < len(made) < 100
    assert sum(made) * 0.001 < 0.1 * 1000 * 0.05


def test_each_student_has_a_file(tmp_path: Path) -> None:
    """No name leads out of the folder, hides a file, or takes that of another student, whatever its case."""
    names = ["../../etc/passwd", "Ann Lee", "ann_lee", ".hidden", "..", "", "a/b\\c:d", "日本", "x" * 300]
    report = RunningReport(str(tmp_path / "{student}.txt"), names_in, EMPTY, len(names))
    for grade in grades_of(names):
        report.add(grade)
    report.finish()

    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        ["etc_passwd.txt", "Ann_Lee.txt", "ann_lee_2.txt", "hidden.txt", "student.txt", "student_2.txt", "a_b_c_d.txt",
         "日本.txt", f"{'x' * 100}.txt"]
    )  # fmt: skip
    assert (tmp_path / "Ann_Lee.txt").read_text() == "Ann Lee and 0"


def test_safe_names_stay_distinct() -> None:
    """Also where a student has the name that another one was given."""
    taken: set[str] = set()

    assert [safe_name(name, taken) for name in ("a", "a", "a_2", "A")] == ["a", "a_2", "a_2_2", "A_3"]


# A run that is killed -------------------------------------------------------------------------------------------------

KILLED = """
import sys
from test_submissions import EMPTY, grading_of, handed, homework_of, names_in, graded, journal, RunningReport
from pathlib import Path
folder, target = map(Path, sys.argv[1:])
homework = homework_of(2)
report = RunningReport(str(target), names_in, EMPTY, 3)
with journal(f"{target}.run.jsonl", {}) as add:
    for one in graded(homework, handed(folder, homework), grading_of(homework), jobs=2):
        add(one.grade)
        report.add(one.grade)
        report.finish()
        print(one.grade.student, flush=True)
"""


@has_signals
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=["kill", "term", "int"])
def test_a_killed_run_leaves_what_it_had(end: signal.Signals, tmp_path: Path) -> None:
    """The report can be read, the journal goes on from there, and what hung is all that is left to grade."""
    folder, target = tmp_path / "in", tmp_path / "report"
    folder.mkdir()
    write(folder, a="1", b="2", c="hang")
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(folder), str(target)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment({"PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}),
        text=True,
    )
    with process:
        assert process.stdout
        told = [process.stdout.readline() for _ in range(2)]
        process.send_signal(end)

    kept = kept_in(f"{target}.run.jsonl")
    homework = homework_of(2)
    write(folder, c="3")
    again = run(folder, homework, kept=kept)

    assert told == ["a\n", "b\n"]
    assert target.read_text() == "a b and 1"
    assert [record["student"] for record in kept.values()] == ["a", "b"]
    assert [one.grade.points for one in again] == [2.0, 2.0, 2.0]
