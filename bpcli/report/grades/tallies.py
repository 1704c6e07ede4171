"""What a class shows: of each item how many had it right, and how often each mistake occurred."""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from bpcli.check.homework.grades import ClassGrades, Grade, ItemGrade, Mark, ProblemGrade

# What stands over the counts of each mark, in their order.
HEADS = {mark: "typos" if mark is Mark.UNREADABLE else mark.value for mark in Mark}
MOST_NAMED = 3  # items behind a mistake, where there is little room


class ItemTally(NamedTuple):
    """One item over a class: the marks it got, the points that were reached on the average, and the mistakes."""

    problem: str
    key: str
    title: str
    out_of: float
    marks: Counter[Mark]
    points: float
    mistakes: Counter[str]

    @property
    def mean(self) -> float:
        """The points that were reached on the average."""
        return self.points / self.marks.total()

    @property
    def ease(self) -> float:
        """The share of its points that was reached: an item is the harder, the less this is."""
        return self.mean / self.out_of if self.out_of else 1.0


class MistakeTally(NamedTuple):
    """How often a mistake occurred, and at which items how often, the most frequent first."""

    mistake: str
    items: tuple[tuple[ItemTally, int], ...]

    @property
    def times(self) -> int:
        """How often it occurred at all items."""
        return sum(count for _, count in self.items)

    def where(self, most: int | None = None) -> str:
        """The items in words, so many at the most."""
        shown = [f"{item.problem} {item.title}{f' ({count})' if count > 1 else ''}" for item, count in self.items]
        more = 0 if most is None else max(0, len(shown) - most)
        return ", ".join(shown[: len(shown) - more]) + (f" and {more} more" if more else "")


def tallies(grades: ClassGrades) -> list[ItemTally]:
    """The items of a homework, in its order, over all submissions that were read."""
    found: dict[tuple[str, str], ItemTally] = {}
    for problem, item in _items(grades):
        place = problem.problem, item.key
        tally = found.get(place) or ItemTally(
            problem.problem, item.key, item.title, item.out_of, Counter(), 0.0, Counter()
        )
        tally.marks[item.mark] += 1
        tally.mistakes.update(item.mistakes)
        found[place] = tally._replace(points=tally.points + item.points)
    return list(found.values())


def _items(grades: ClassGrades) -> Iterator[tuple[ProblemGrade, ItemGrade]]:
    for grade in read_ones(grades):
        for problem in grade.problems:
            for item in problem.items:
                yield problem, item


def mistakes_made(items: list[ItemTally]) -> list[MistakeTally]:
    """Each mistake, the most frequent first, else by its name; an answer may be consistent with several."""
    at: dict[str, list[tuple[ItemTally, int]]] = {}
    for item in items:
        for mistake, count in item.mistakes.items():
            at.setdefault(mistake, []).append((item, count))
    made = [MistakeTally(name, tuple(sorted(found, key=lambda one: -one[1]))) for name, found in sorted(at.items())]
    return sorted(made, key=lambda one: -one.times)


def hardest_first(items: list[ItemTally]) -> list[ItemTally]:
    """The items by the share of their points that was reached, the least first."""
    return sorted(items, key=lambda item: round(item.ease, 9))


def read_ones(grades: ClassGrades) -> list[Grade]:
    """The submissions that could be read at all, which averages are over."""
    return [grade for grade in grades.grades if grade.unreadable is None]


def average(grades: ClassGrades) -> float:
    """The points that were reached on the average, of the submissions that could be read."""
    read = read_ones(grades)
    return sum(grade.points for grade in read) / len(read) if read else 0.0


def marks_of(grade: Grade) -> Counter[Mark]:
    """How many items of one submission got each mark; none where nothing could be read."""
    return Counter(item.mark for item in grade.items) if grade.unreadable is None else Counter()
