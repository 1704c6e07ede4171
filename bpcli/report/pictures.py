"""Pictures, PNG or SVG: charts drawn by Matplotlib, which is loaded here alone, and without a display."""

import os
import warnings
from collections.abc import Sequence
from io import BytesIO
from itertools import cycle
from math import ceil, floor, isfinite, isnan, log10, nan
from typing import Any, NamedTuple

from bpcli.errors import UsageError
from bpcli.report.plain import one_line

FORMS = ("png", "svg")
INCHES = (8.0, 3.8)  # of one chart; at 100 dots an inch it is 800 pixels wide
DOTS = 100
MOST_TICKS = 24  # words below a chart
MOST_CURVES = 5  # named in a line above a chart
MOST_LETTERS = 90  # of these words, before they are turned
MOST_VALUES = 12  # numbers below a chart whose axis is logarithmic
MOST_POWERS = 8  # numbers beside a chart
LARGEST = 1e300  # near the end of float64 Matplotlib overflows
LONGEST = 24  # characters of a word below a chart
LONGEST_TITLE = 84
GREY = "#616a6b"
COLOURS = ("#c0392b", "#1e8449", "#1f618d", "#9a7d0a", "#7d3c98", GREY)
DASHES = {"solid": "-", "dashed": "--", "dotted": ":"}
NO_PLACE = "0, or not finite"
LEGEND: Any = {"fontsize": 9, "frameon": False, "columnspacing": 1.2, "handlelength": 1.8}
SETTINGS: Any = {
    "text.parse_math": False,  # a $ that somebody typed is a $
    "svg.fonttype": "none",  # words stay words, which can be searched and copied
    "svg.hashsalt": "bpcli",  # the same picture is the same file
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
}
INSTALL = 'install it with the extra "plot": pip install ".[plot]" in the checkout, or pip install matplotlib'


class Curve(NamedTuple):
    """Points joined by a line, and what they are called; `style` is a name of `DASHES`, `mark` Matplotlib's sign."""

    label: str
    xs: Sequence[float]
    ys: Sequence[float | None]
    style: str = "solid"
    mark: str = ""


class Chart(NamedTuple):
    """Curves over common axes, which may be logarithmic. `ticks` are words in place of the numbers 0, 1, … below.

    `levels` are heights at which a thin line is drawn, with what it is called.
    """

    title: str
    x_label: str
    y_label: str
    curves: Sequence[Curve]
    is_log: bool = True
    x_is_log: bool = False
    ticks: Sequence[str] = ()
    levels: Sequence[tuple[float, str]] = ()


def form_of(target: str) -> str:
    """The form that the ending of a file asks for. Raises UsageError for another, and where Matplotlib is missing."""
    form = os.path.splitext(target)[1].lower().removeprefix(".")  # noqa: PTH122 - pathlib is slow to load
    if form not in FORMS:
        message = f"the ending of {one_line(target)} says no form of a picture"
        raise UsageError(message, hint="end it in .png or .svg")
    _figure_class()
    return form


def _figure_class() -> Any:
    """Matplotlib's Figure, which needs neither pyplot nor a display. Raises UsageError where it is not installed."""
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415 - loaded for pictures only
    except ImportError as error:
        message = "pictures are drawn by Matplotlib, which is not installed"
        raise UsageError(message, hint=INSTALL) from error
    return Figure


def picture_bytes(charts: Sequence[Chart], form: str) -> bytes:
    """The charts below each other, as a PNG of 800 pixels in width, or as SVG. Raises UsageError without Matplotlib."""
    figure_class = _figure_class()
    from matplotlib import rc_context  # noqa: PLC0415 - loaded for pictures only

    written = BytesIO()
    with rc_context(SETTINGS), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of a letter that the font has not, which is drawn as a box
        figure = figure_class(figsize=(INCHES[0], INCHES[1] * len(charts)), dpi=DOTS, layout="constrained")
        for axes, chart in zip(figure.subplots(len(charts), squeeze=False)[:, 0], charts, strict=True):
            _draw(axes, chart)
        figure.savefig(written, format=form, metadata={"Date": None} if form == "svg" else {"Software": "bpcli"})
    return written.getvalue()


def _draw(axes: Any, chart: Chart) -> None:
    axes.set_title(_cut(chart.title, LONGEST_TITLE), loc="left", pad=24, fontsize=11, fontweight="bold")
    axes.set_xlabel(_cut(chart.x_label, LONGEST_TITLE))
    axes.set_ylabel(_cut(chart.y_label, LONGEST_TITLE))
    missing = set()
    for curve, colour in zip(chart.curves, cycle(COLOURS), strict=False):
        xs = [_place(x, is_log=chart.x_is_log) for x in curve.xs]
        ys = [nan if y is None else _place(y, is_log=chart.is_log) for y in curve.ys]
        missing |= {x for x, y, height in zip(xs, ys, curve.ys, strict=True) if isnan(y) and height is not None}
        label = _cut(curve.label, LONGEST_TITLE)
        axes.plot(xs, ys, DASHES[curve.style], color=colour, label=label, marker=curve.mark, markersize=4)
    _set_scales(axes, chart)
    for height, label in chart.levels:
        place = _place(height, is_log=chart.is_log)
        axes.axhline(place, color=GREY, linewidth=0.8, linestyle="-.", label=_cut(label, LONGEST_TITLE))
    if missing:  # at the foot of the chart, whatever the scale
        foot = axes.get_xaxis_transform()
        axes.plot(sorted(missing), [0.03] * len(missing), "x", color="black", transform=foot, label=NO_PLACE)
    legend = axes.legend(loc="lower left", bbox_to_anchor=(-0.01, 0.98), ncols=MOST_CURVES, **LEGEND)
    legend.set_in_layout(False)  # its length would narrow the chart


def _place(size: float, *, is_log: bool) -> float:
    """Where a size stands on an axis, by its power of ten on a logarithmic one; NaN where it has no place.

    Matplotlib's own logarithmic axes overflow near the ends of float64.
    """
    if is_log:
        return log10(size) if size > 0 and isfinite(size) else nan
    return size if abs(size) < LARGEST else nan


def _set_scales(axes: Any, chart: Chart) -> None:
    if chart.is_log:
        heights = [_place(y, is_log=True) for curve in chart.curves for y in curve.ys if y is not None]
        _set_powers(axes, [height for height in heights if not isnan(height)])
    if not (chart.x_is_log or chart.ticks) and all(float(x).is_integer() for curve in chart.curves for x in curve.xs):
        axes.locator_params(axis="x", integer=True)  # there is no epoch 2.5
    if chart.x_is_log:
        xs = chart.curves[0].xs[:: ceil(len(chart.curves[0].xs) / MOST_VALUES)]
        axes.set_xticks([_place(x, is_log=True) for x in xs], [f"{x:.3g}" for x in xs])
    if chart.ticks:
        every = ceil(len(chart.ticks) / MOST_TICKS)
        places = range(0, len(chart.ticks), every)
        words = [_cut(chart.ticks[place], LONGEST) for place in places]
        is_long = sum(len(word) + 2 for word in words) > MOST_LETTERS
        axes.set_xticks(places, words, rotation=45 if is_long else 0, ha="right" if is_long else "center", fontsize=9)


def _set_powers(axes: Any, powers: Sequence[float]) -> None:
    """An axis from one whole power of ten to another, written as the screen writes them."""
    high = max(ceil(max(powers, default=0.0)), floor(min(powers, default=0.0)) + 1)
    span = high - floor(min(powers, default=0.0))
    step = ceil(span / MOST_POWERS)
    ticks = range(high, high - step * ceil(span / step) - 1, -step)
    axes.set_ylim(ticks[-1], high)
    axes.set_yticks(ticks, [f"1e{power}" for power in ticks])


def _cut(text: str, longest: int) -> str:
    line = one_line(text)
    return line if len(line) <= longest else f"{line[: longest - 1]}…"
