"""What every report of grades shares: what may be told of an item, points as they are written, and safe texts."""

from bpcli.check.homework.grades import ClassGrades, Grade, ItemGrade, Mark, ProblemGrade
from bpcli.report.explanations import Release
from bpcli.report.figures import short
from bpcli.report.grades.tallies import average, read_ones
from bpcli.report.plain import one_line

PLACES = 6  # decimals of points: sums of tenths have no others
LONGEST = 200  # characters of what a student wrote, in a text for people
COSTS = frozenset({Mark.WRONG, Mark.FOLLOWS, Mark.UNREADABLE, Mark.UNDECIDED})  # marks that something is said about


def told(item: ItemGrade, release: Release) -> tuple[str, ...]:
    """What is said about an item: to staff everything, to students where to look, and as much more as the level has."""
    if release.to_staff:
        return item.in_full
    if item.cause and release.tells("cause"):
        return (*item.where, *item.cause)
    return (*item.where, *item.kind) if release.tells("kind") else item.where


def mistakes_of(item: ItemGrade, release: Release) -> tuple[str, ...]:
    """The names of the mistakes, which say a sign or a factor."""
    return item.mistakes if release.to_staff or release.tells("cause") else ()


def tidy(points: float) -> float | int:
    """Points without the rounding of sums, whole ones as whole numbers."""
    rounded = round(points, PLACES)
    return int(rounded) if float(rounded).is_integer() else rounded


def counted(count: float, what: str) -> str:
    """`1 problem`, `2 problems`, `0.5 points`."""
    return f"{short(tidy(count))} {what}{'' if count == 1 else 's'}"


def points_text(points: float, out_of: float) -> str:
    """`2.5 of 5`."""
    return f"{short(tidy(points))} of {short(tidy(out_of))}"


def reached(points: float, out_of: float) -> float | int:
    """The share of the points that was reached, from 0 to 1; all of nothing is all."""
    return tidy(min(max(points / out_of, 0.0), 1.0)) if out_of > 0 else 1


def safe(text: str, longest: int = LONGEST) -> str:
    """What a student or a file says, on one line, cut where it is long: it steers no terminal and no workflow."""
    shown = one_line(text) if len(text) <= longest else f"{one_line(text[:longest])}…"
    # A line of output that begins with :: and a ##[ anywhere in it are commands to the runner of GitHub Actions, see
    # https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs.
    if shown.lstrip().startswith("::"):
        shown = shown.replace(":", "\\u003a", 1)
    return shown.replace("##[", "#\\u0023[")


def name_of(grade: Grade) -> str:
    """What a student is called in a report for people."""
    return safe(grade.student.strip()) or "(no name)"


def mark_text(item: ItemGrade) -> str:
    """The mark in a word; what is wrong stands out without colour too."""
    return "WRONG" if item.mark is Mark.WRONG else item.mark.value


def item_text(item: ItemGrade, release: Release) -> str:
    """An item in lines of its own: the mark, what was answered, what is right where that may be told, and hints."""
    lines = [f"{safe(item.title)}: {mark_text(item)}, {points_text(item.points, item.out_of)}"]
    if item.answer:
        lines.append(f"answered: {safe(item.answer)}")
    if release.to_staff and item.truth and item.mark is not Mark.RIGHT:
        lines.append(f"right: {safe(item.truth)}")
    return "\n".join([*lines, *[safe(text, len(text)) for text in told(item, release)]])


def problem_text(problem: ProblemGrade, release: Release) -> str:
    """All items of a problem."""
    return "\n".join([item_text(item, release) for item in problem.items])


def grade_notes(grade: Grade) -> list[str]:
    """What is said about a submission as a whole."""
    unreadable = [f"Nothing could be graded: {grade.unreadable}"] if grade.unreadable is not None else []
    return [safe(note, max(LONGEST, len(note))) for note in (*unreadable, *grade.notes)]


def class_text(grades: ClassGrades, done: str = "") -> str:
    """How many submissions there are, or were `done`, and the points on the average of those that could be read."""
    read, count = len(read_ones(grades)), len(grades.grades)
    submissions = counted(count, "submission") + (f" {done}" if done else "")
    points = f"{points_text(average(grades), grades.out_of)} points on the average"
    if read == count:
        return f"{submissions}, {points}"
    return f"{submissions}, {count - read} of them unreadable" + (f": of the others {points}" if read else "")


def waiting_text(grades: ClassGrades) -> str:
    """That a report is not yet whole, if it is not."""
    if not grades.waiting:
        return ""
    some = "1 submission is" if grades.waiting == 1 else f"{grades.waiting} submissions are"
    return f"partial report: {some} not graded yet"
