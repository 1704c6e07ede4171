"""Pictures: PNG and SVG of their size, with their words, whatever was typed and however large the numbers are."""

import struct
import sys
from math import inf, nan
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from command import call

from bpcli.errors import UsageError
from bpcli.report.pictures import Chart, Curve, form_of, picture_bytes

RNN = ("x -> RNN(2) -> Linear(1) -> MSELoss(t)", "--x=normal(6,1)", "--t=normal(6,1)")
PLAIN = Chart("A title", "below", "beside", [Curve("one", (0, 1, 2), (1e-3, 1, 1e3))])


def size_of(png: bytes) -> tuple[int, int]:
    """Width and height in pixels, as the header of a PNG has them."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def words_of(svg: bytes) -> list[str]:
    """The texts of an SVG, which is XML."""
    texts = ET.fromstring(svg.decode()).iter("{http://www.w3.org/2000/svg}text")  # noqa: S314 - of our own making
    return ["".join(text.itertext()).strip() for text in texts]


@pytest.mark.parametrize("count", [1, 2])
def test_a_png_is_800_pixels_wide(count: int) -> None:
    """Charts stand below each other."""
    assert size_of(picture_bytes([PLAIN] * count, "png")) == (800, 380 * count)


def test_an_svg_holds_its_words_as_text() -> None:
    """Title, labels, the curve's name, and powers of ten as the screen writes them."""
    words = words_of(picture_bytes([PLAIN], "svg"))

    assert {"A title", "below", "beside", "one", "1e-3", "1e0", "1e3"} <= set(words)


@pytest.mark.parametrize(("xs", "is_whole"), [((0, 1, 2, 3), True), ((0, 0.5, 1, 3), False)], ids=["whole", "broken"])
def test_whole_numbers_have_whole_ticks(xs: tuple[float, ...], *, is_whole: bool) -> None:
    """There is no epoch 2.5; where points lie between whole numbers ticks do too."""
    words = words_of(picture_bytes([Chart("", "epoch", "", [Curve("one", xs, (1, 2, 3, 4))])], "svg"))

    assert ("2.5" not in words) is is_whole


def test_a_picture_is_the_same_each_time() -> None:
    """No date, no random identity."""
    assert picture_bytes([PLAIN], "svg") == picture_bytes([PLAIN], "svg")


def test_what_was_typed_is_text() -> None:
    """Neither mathematics of Matplotlib, nor XML, nor signs that steer; a letter that no font has is drawn."""
    typed = "$x^2$ <b>&\x1b[31m\n_\\frac{1} 汉"
    words = words_of(
        picture_bytes([Chart(typed, typed, "y", [Curve(typed, (0, 1), (1, 2))], ticks=(typed, "$"))], "svg")
    )

    assert words.count("$x^2$ <b>&\\u001b[31m\\u000a_\\frac{1} 汉") >= 1
    assert "$" in words
    assert any(word.endswith("…") for word in words)


@pytest.mark.parametrize(
    "heights",
    [(), (0.0, 0.0), (nan, inf), (None, None), (5e-324, 1.7e308), (1.0, 1.0), (1e-200, 0.0), (-1.0, 2.0)],
    ids=["none", "zeros", "not finite", "missing", "all of float64", "equal", "a zero", "negative"],
)
@pytest.mark.parametrize("is_log", [True, False], ids=["log", "even"])
def test_any_heights_can_be_drawn(heights: tuple[float | None, ...], is_log: bool) -> None:  # noqa: FBT001 - pytest gives it
    """What has no place on the axis is a cross at its foot, and is named."""
    picture = picture_bytes([Chart("t", "x", "y", [Curve("c", range(len(heights)), heights)], is_log=is_log)], "svg")
    largest = inf if is_log else 1e300
    has_no_place = [y for y in heights if y is not None and (not abs(y) < largest or (is_log and y <= 0))]

    assert ("0, or not finite" in words_of(picture)) == bool(has_no_place)


def test_many_words_below_are_thinned() -> None:
    """A hundred layers leave room for some names."""
    ticks = [f"{place} Linear" for place in range(100)]
    words = words_of(picture_bytes([Chart("t", "", "y", [Curve("c", range(100), [1.0] * 100)], ticks=ticks)], "svg"))

    assert 10 < sum("Linear" in word for word in words) <= 24


def test_the_ending_says_the_form(monkeypatch: pytest.MonkeyPatch) -> None:
    """In any letters; any other is refused, and so is a picture without Matplotlib, with how to install it."""
    assert (form_of("a.PNG"), form_of("b.c.svg")) == ("png", "svg")
    with pytest.raises(UsageError, match="says no form of a picture"):
        form_of("picture.jpg")
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(UsageError, match="which is not installed") as missing:
        form_of("a.png")
    assert missing.value.hint is not None
    assert '".[plot]"' in missing.value.hint


def test_flow_draws_layers_and_time(tmp_path: Path) -> None:
    """A chart of the layers, one of the time steps, one of the course, beside the result on standard output."""
    png, svg = tmp_path / "flow.png", tmp_path / "flow.svg"
    done = call("flow", *RNN, "--plot-file", str(png))
    also = call("flow", *RNN, "--plot-file", str(svg))
    words = words_of(svg.read_bytes())

    assert (done.code, also.code) == (0, 0)
    assert done.err == f"note: wrote {png}\n"
    assert size_of(png.read_bytes()) == (800, 1140)
    assert "Gradient flow: from the first layer to the loss" in words
    assert {"0 RNN", "1 Linear", "MSELoss", "t=1", "t=6", "‖gradient‖", "‖value‖", "Euclidean norm"} <= set(words)
    assert {"0 RNN: the gradient through time", "t, steps back from the last", "measured"} <= set(words)


def test_a_sweep_is_drawn_over_its_values(tmp_path: Path) -> None:
    """The values stand below, and what is through time has a chart of its own."""
    svg = tmp_path / "sweep.svg"
    done = call("flow", *RNN, "--sweep-over", "scale=0.5:2:3:log", "--plot-file", str(svg))
    words = words_of(svg.read_bytes())

    assert done.code == 0
    assert {"Gradient flow over scale", "Through time over scale", "scale", "0.5", "1", "2"} <= set(words)


def test_a_picture_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """A folder that is not there; and a wrong ending before anything is computed."""
    done = call("flow", *RNN, "--plot-file", str(tmp_path / "no" / "flow.png"))
    wrong = call("flow", *RNN, "--plot-file", "flow")

    assert done.code == 2
    assert "cannot write" in done.err
    assert (wrong.code, wrong.out) == (2, "")
