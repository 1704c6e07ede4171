"""Sweeps: the same network looked at for each value of one quantity: `scale=0.5:2:7`, `time=1:100:9:log`."""

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import NamedTuple

from bpcli.errors import BpcliError, UsageError
from bpcli.flow.diagnoses.thresholds import DEFAULTS, Thresholds
from bpcli.flow.quantities import Quantity
from bpcli.flow.questions import Question, flow_for
from bpcli.flow.results import Flow
from bpcli.language.complaints import shortened

MOST_VALUES = 1000
FORM = "write NAME=LOW:HIGH:COUNT, as in scale=0.5:2:7, or NAME=LOW:HIGH:COUNT:log"


class Sweep(NamedTuple):
    """A quantity and the values that it takes; `is_log` where these are spaced geometrically."""

    name: str
    values: tuple[float, ...]
    is_log: bool


class Point(NamedTuple):
    """What the flow is at one value of the quantity.

    `ratio` is that of the first row: the gradient at the first layer over that at the last. `largest` and `smallest`
    are the ends of the singular values of all local Jacobians, `fitted` is the k of each recurrence by its name, and
    `in_time` the largest ‖∂h_T/∂h_1‖ of them. It is `by_chance` where weights, or masks of dropout, were drawn.
    """

    value: float
    ratio: float | None
    largest: float | None
    smallest: float | None
    fitted: Mapping[str, float | None]
    in_time: float | None
    diagnoses: tuple[str, ...]
    is_finite: bool
    by_chance: bool

    @property
    def factor(self) -> float | None:
        """The largest of the fitted k."""
        return max([k for k in self.fitted.values() if k is not None], default=None)


def sweep_from(typed: str) -> Sweep:
    """What `NAME=LOW:HIGH:COUNT` or `NAME=LOW:HIGH:COUNT:log` says. Raises UsageError where it says something else."""
    name, _, range_text = (part.strip() for part in typed.partition("="))
    low_text, high_text, count_text, *spacing = [*range_text.split(":"), "", "", ""]
    is_log = spacing[0].strip() == "log"
    try:
        low, high, count = float(low_text), float(high_text), int(count_text)
    except ValueError:
        low = high = count = 0
    if not name or any(spacing[is_log:]) or count < 1 or not isfinite(low) or not isfinite(high):
        message = f"--sweep-over takes a range of values, not '{shortened(typed)}'"
        raise UsageError(message, hint=FORM)
    if count > MOST_VALUES:
        message = f"a sweep over {count} values is too long"
        raise UsageError(message, hint=f"take at most {MOST_VALUES}")
    if is_log and (low <= 0 or high <= 0):
        message = f"values from {low:g} to {high:g} cannot be spaced geometrically"
        raise UsageError(message, hint="with :log both ends are above 0")
    if not isfinite(high / low if is_log else high - low):
        message = f"from {low:g} to {high:g} is further than float64 reaches"
        raise UsageError(message, hint="bring both ends closer together")
    return Sweep(name, _spaced(low, high, count, is_log=is_log), is_log)


def _spaced(low: float, high: float, count: int, *, is_log: bool) -> tuple[float, ...]:
    steps = max(count - 1, 1)
    inner = [low * (high / low) ** (at / steps) if is_log else low + (high - low) * at / steps for at in range(count)]
    return (*inner[:-1], high) if count > 1 else (low,)


def resolved(sweep: Sweep, quantity: Quantity) -> Sweep:
    """The sweep with values that its quantity can take: whole numbers for what counts, each once.

    Raises UsageError for a value that it cannot take.
    """
    least = min(sweep.values)
    if quantity.is_positive and least <= 0:
        message = f"{sweep.name} cannot be {least:g}"
        raise UsageError(message, hint="give values above 0")
    if not quantity.is_counted:
        return sweep
    return sweep._replace(values=tuple(dict.fromkeys(float(round(value)) for value in sweep.values)))


def points(sweep: Sweep, quantity: Quantity, question: Question, thresholds: Thresholds = DEFAULTS) -> Iterator[Point]:
    """The flow at each value, one after another. Raises what `flow_for` raises, with the value that it is about."""
    for value in sweep.values:
        try:
            flow = flow_for(quantity.changed(question, value), thresholds)
        except BpcliError as error:
            error.message = f"at {sweep.name} = {value:g}: {error.message}"
            raise
        yield _point(value, flow)


def _point(value: float, flow: Flow) -> Point:
    network = flow.result.graph.network
    singular = [row.singular for row in flow.rows if row.singular is not None]
    return Point(
        value,
        next((row.ratio for row in flow.rows if not row.part), None),
        max([one.largest for one in singular], default=None),
        min([one.smallest for one in singular if one.smallest is not None], default=None),
        {course.name: course.fitted for course in flow.courses},
        max([course.norms[-1] for course in flow.courses], default=None),
        tuple(dict.fromkeys(diagnosis.kind for diagnosis in flow.diagnoses)),
        flow.is_finite,
        network is not None and bool(network.decided_by_chance),
    )
