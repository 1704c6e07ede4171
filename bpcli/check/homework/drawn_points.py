"""A point that is drawn for a problem: numbers that are easy to work with, and that tell methods apart.

They are small and distinct in size, and none is 0, 1, -1, 2 or -2, at which a square, a product and a sum may agree.
"""

from collections.abc import Iterator
from random import Random

from bpcli.backprop.gradients import gradients_of
from bpcli.check.point import Point
from bpcli.errors import UsageError
from bpcli.graph.node import Graph

WHOLE = (3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0)
HALVES = (1.5, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0, 6.0, 7.0)
TENTHS = (0.2, 0.3, 0.4, 0.6, 0.7, 0.8, 0.9, 1.2, 1.3, 1.4, 1.6, 1.7, 1.8)
PALETTES = (WHOLE, HALVES, TENTHS)
DRAWS = 40  # from each
LARGEST = 1e6  # of a value or a gradient that is easy to write down
MOST_NAMES = 100


def drawn_point(graph: Graph, seed: int) -> dict[str, float]:
    """A number for each variable, within the domain and at no kink. Raises UsageError where none is found."""
    names = [variable.name for variable in graph.variables]
    for at in _points(names, seed):
        if _is_plain(graph, at):
            return at
    message = "no point of small numbers is within the domain of the expression"
    raise UsageError(message, hint=f"give 'at' a value for each of: {', '.join(names[:10])}")


def _points(names: list[str], seed: int) -> Iterator[dict[str, float]]:
    """Points of whole numbers first, of either sign or all positive."""
    random = Random(seed)  # noqa: S311 - the same seed draws the same point
    for palette in PALETTES if len(names) <= MOST_NAMES else ():
        for draw in range(DRAWS):
            sizes = list(palette)
            while len(sizes) < len(names):
                sizes.append(sizes[-1] + 1)
            random.shuffle(sizes)
            signs = [random.choice((1, 1, -1)) if draw < DRAWS // 2 else 1 for _ in names]
            yield {name: size * sign for name, size, sign in zip(names, sizes, signs, strict=False)}


def _is_plain(graph: Graph, at: dict[str, float]) -> bool:
    """Whether the value and all gradients are numbers of ordinary size, not all 0, and no op is at a kink."""
    found = gradients_of(graph, at)
    numbers = [abs(number) for number in (found.value, *found.gradients.values())]
    if not found.is_finite or max(numbers) > LARGEST or not any(numbers[1:]):
        return False
    return not any(outcome.tied for outcome in Point(graph, at).branch)
