"""Other points for a problem: near ones, where a method shows whether it is right, and such as a teacher would choose.

What a teacher would choose keeps the style of the point: whole numbers stay whole, decimals keep their places, signs
stay, and as few numbers as possible change.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, islice, product
from random import Random
from typing import Any, NamedTuple

from bpcli.language.tokens import is_number

SPREAD = (0.05, 0.005, 0.0005)  # relative; nearer, where a border is near
NEAR = 3  # points of each spread
MOST_SLOTS = 12
MOST_APART = 40
MOST_DECIMALS = 2  # that a teacher would write
STEPS = (1, -1, 2, -2, 3, -3, 4, -4, 5, -5, 7, -7, 10, -10)

Values = Mapping[str, Any]


class Slot(NamedTuple):
    """A number of a point: the variable, and its place in nested lists."""

    name: str
    place: tuple[int, ...]
    typed: Any


class Stage(NamedTuple):
    """How many numbers change at once, how many others are tried for each, and how many points in all."""

    changed: int
    alternatives: int
    most: int


STAGES = (Stage(1, 10, 80), Stage(2, 6, 60), Stage(3, 4, 40))


def near_points(at: Values) -> Iterator[tuple[float, dict[str, Any]]]:
    """Points around one, each with how far it is; the same ones every time. Values are numbers and nested lists."""
    chance = Random(1)  # noqa: S311 - the same points every time
    for spread in SPREAD:
        for _ in range(NEAR):
            yield spread, {name: _moved(value, spread, chance) for name, value in at.items()}


def _moved(value: Any, spread: float, chance: Random) -> Any:
    if isinstance(value, list | tuple):
        return [_moved(one, spread, chance) for one in value]
    part = spread * chance.uniform(0.3, 1.0) * chance.choice((-1, 1))
    return value * (1 + part) if value else part


def keeping_whole(moved: Values, at: Values) -> dict[str, Any]:
    """The moved point with the values that are whole numbers left as they are: labels and indices may be among them."""
    return {name: at[name] if _is_whole(at[name]) else value for name, value in moved.items()}


def _is_whole(value: Any) -> bool:
    return all(map(_is_whole, value)) if isinstance(value, list | tuple) else float(value).is_integer()


def chosen_points(at: Values) -> Iterator[dict[str, Any]]:
    """Points in the style of one: those with the fewest and smallest changes first, then some in which much changes."""
    slots = list(islice(_slots(at), MOST_SLOTS))
    for stage in STAGES:
        yield from islice(_with_changes(at, slots, stage), stage.most)
    yield from islice(_apart(at, slots), MOST_APART)


def _with_changes(at: Values, slots: Sequence[Slot], stage: Stage) -> Iterator[dict[str, Any]]:
    """Every point in which so many numbers change, the smallest changes first."""
    ways = {slot: list(islice(_alternatives(slot.typed), stage.alternatives)) for slot in slots}
    changes = [
        (sum(ranks), number, list(zip(chosen, ranks, strict=True)))
        for number, chosen in enumerate(combinations(slots, stage.changed))
        for ranks in product(*[range(len(ways[slot])) for slot in chosen])
    ]
    for _, _, change in sorted(changes, key=lambda one: one[:2]):
        yield _changed(at, {slot: ways[slot][rank] for slot, rank in change})


def _apart(at: Values, slots: Sequence[Slot]) -> Iterator[dict[str, Any]]:
    """Points whose numbers are all of different size, as far as there are so many."""
    chance = Random(2)  # noqa: S311 - the same points every time
    while slots:
        sizes: set[float] = set()
        change = {}
        for slot in slots:
            ways = [slot.typed, *_alternatives(slot.typed)]
            chance.shuffle(ways)
            change[slot] = next((way for way in ways if abs(float(way)) not in sizes), slot.typed)
            sizes.add(abs(float(change[slot])))
        yield _changed(at, change)


def _changed(at: Values, change: Mapping[Slot, Any]) -> dict[str, Any]:
    changed = dict(at)
    for slot, value in change.items():
        changed[slot.name] = _with(changed[slot.name], slot.place, value)
    return changed


def _slots(at: Values) -> Iterator[Slot]:
    for name, value in at.items():
        yield from _slots_in(name, (), value)


def _slots_in(name: str, place: tuple[int, ...], value: Any) -> Iterator[Slot]:
    if isinstance(value, list | tuple):
        for index, one in enumerate(value):
            yield from _slots_in(name, (*place, index), one)
    elif not isinstance(value, bool) and (isinstance(value, int | float) or (isinstance(value, str) and _reads(value))):
        yield Slot(name, place, value)


def _reads(text: str) -> bool:
    return is_number(text.removeprefix("-"))


def _alternatives(typed: Any) -> Iterator[Any]:
    """Other numbers in the style of one: of its sign, with as many decimals, the nearest first."""
    text = str(typed)
    decimals = min(MOST_DECIMALS, len(text.partition(".")[2])) if "e" not in text and not text.endswith(".0") else 0
    unit = 10.0**-decimals
    for step in STEPS:
        magnitude = round(abs(float(typed)) + step * unit, decimals)
        if magnitude > 0:
            number = -magnitude if float(typed) < 0 else magnitude
            yield _styled(number, typed, decimals)
        elif not float(typed) and step < 0:
            yield _styled(step * unit, typed, decimals)


def _styled(number: float, typed: Any, decimals: int) -> Any:
    if isinstance(typed, str):
        return f"{number:.{decimals}f}"
    return int(number) if isinstance(typed, int) else number


def _with(value: Any, place: tuple[int, ...], number: Any) -> Any:
    if not place:
        return number
    return [_with(one, place[1:], number) if index == place[0] else one for index, one in enumerate(value)]
