"""How a training is shown: the curve of its loss, in braille or ASCII, and the line while it runs."""

from math import inf, nan

import pytest

from bpcli.report.figures import ASCII, UNICODE, short
from bpcli.report.layout import text_of
from bpcli.report.page import Page
from bpcli.report.training.curve import HEIGHT, loss_curve, scale_of
from bpcli.report.training.progress import Progress, progress_line

PLAIN = Page(signs=ASCII)
NOWHERE = "a curve has a row for each height, one for the axis, and one below it"


def rows(training: list[float], validation: list[float | None] | None = None, page: Page = PLAIN) -> list[str]:
    """The lines of a curve."""
    return [text_of(line) for line in loss_curve(training, validation or [], page)]


def test_a_straight_line_is_drawn_straight() -> None:
    """From the upper left to the lower right, with its ends and its middle beside it."""
    found = rows([12.0, 10.0])
    places = [(row, line.index("|") + 1, line.rindex("*")) for row, line in enumerate(found[1 : HEIGHT + 1])]

    assert len(found) == HEIGHT + 3, NOWHERE
    assert [line.split()[0] for line in (found[1], found[6], found[12])] == ["12", "11", "10"]
    assert found[1].count("*") == found[HEIGHT].count("*") == 6
    assert [ends for _, _, ends in places] == sorted(ends for _, _, ends in places)
    assert found[0].endswith("by epoch, * training")


def test_a_curve_over_decades_has_a_log_scale() -> None:
    """On it what falls by the same factor in each epoch is a straight line."""
    found = rows([1.0, 0.1, 0.01])

    assert "log scale" in found[0]
    assert [line.split()[0] for line in (found[1], found[6], found[12])] == ["1", "0.1", "0.01"]
    assert {line.count("*") for line in found[1 : HEIGHT + 1]} <= {5, 6, 7}
    assert "log scale" not in rows([1.0, 0.2])[0]
    assert "log scale" not in rows([1.0, 0.0])[0]


def test_validation_stands_beside_training() -> None:
    """In circles of its own, on the same scale."""
    found = rows([4.0, 4.0, 4.0], [2.0, 2.0, 2.0])

    assert found[0].endswith("* training, o validation")
    assert set(found[1].split()[1]) == {"|", "*"}
    assert found[HEIGHT].count("o") == 18


def test_braille_fills_the_same_places() -> None:
    """Where the terminal has it."""
    found = rows([12.0, 10.0], page=Page(signs=UNICODE))

    assert found[1].strip().startswith("12 ┤⠉⠑⠒⠤⢄⣀")
    assert found[HEIGHT].endswith("⣀")


@pytest.mark.parametrize(
    "losses", [[3.0, 3.0], [-1e308, 1e308], [1e-308, 1e308], [5e-324, 0.0], [nan, 1.0, inf, 2.0]], ids=str
)
def test_any_losses_have_a_curve(losses: list[float]) -> None:
    """Alike, at the ends of float64, negative, or with gaps."""
    assert len(rows(losses)) == HEIGHT + 3, NOWHERE


def test_what_is_no_curve_is_left_out() -> None:
    """One epoch, none, or no finite loss."""
    assert rows([1.0]) == rows([]) == rows([nan, inf]) == []
    assert scale_of([2.0, 2.0]).height(2.0) == 0.5


def test_the_line_keeps_within_the_terminal() -> None:
    """Figures go where there is no room, the bar before them; what is left says the epoch."""
    progress = Progress(2, 10, 3, 5, 0.05, 0.123456, 4.5)
    full = progress_line(progress, 100, ASCII)

    assert full == "epoch 3/10  #####...............  batch 3/5  rate 0.05  loss 0.1235  |gradient| 4.5"
    assert progress_line(progress, 70, UNICODE) == full.replace("#####...............  ", "").replace("|", "‖")
    assert progress_line(progress, 12, ASCII) == "epoch 3/10"
    assert all(len(progress_line(progress, width, ASCII)) < max(width, 1) for width in range(100))


def test_numbers_of_the_line_are_short() -> None:
    """Four digits."""
    assert f"loss {short(1 / 3)}" in progress_line(Progress(0, 1, 1, 1, 0.1, 1 / 3, 1.0), 100, UNICODE)


def test_an_axis_tells_its_ends_apart() -> None:
    """Losses that hardly change have as many digits as it takes."""
    found = rows([1.1402, 1.1398])

    assert [line.split()[0] for line in (found[1], found[6], found[12])] == ["1.1402", "1.14", "1.1398"]
