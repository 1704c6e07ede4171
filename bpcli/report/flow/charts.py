"""What a picture of a flow shows: norms from layer to layer, and each recurrence from step to step."""

from collections.abc import Sequence

from bpcli.flow.results import Course, Flow, Row
from bpcli.flow.sweeps import Point, Sweep
from bpcli.report.flow.time import size_of, steps_of
from bpcli.report.pictures import Chart, Curve

NORMS = "‖gradient‖", "‖value‖"
ENDS = ((1e-6, "1e-6"), (1e6, "1e6"))


def flow_charts(flow: Flow) -> list[Chart]:
    """A chart over the layers, one over the time steps of each recurrent layer, and one for each course in time."""
    layers = [row for row in flow.rows if not row.part]
    steps: dict[str, list[Row]] = {}
    for row in flow.rows:
        if row.part and row.layer is not None:
            steps.setdefault(row.layer.title, []).append(row)
    from_to = "statement to the output" if flow.result.graph.network is None else "layer to the loss"
    return [
        _norms(f"Gradient flow: from the first {from_to}", layers, [_title(row) for row in layers]),
        *[_norms(f"{title}: its time steps", rows, [row.part for row in rows]) for title, rows in steps.items()],
        *[_through_time(course) for course in flow.courses],
    ]


def sweep_charts(sweep: Sweep, points: Sequence[Point]) -> list[Chart]:
    """Charts over the values of the quantity: the gradient's ratio and the singular values, and what is through time."""
    xs = [point.value for point in points]
    curves = [
        Curve("gradient, first layer over last", xs, [point.ratio for point in points], mark="o"),
        Curve("largest singular value", xs, [point.largest for point in points], "dashed", "s"),
        Curve("smallest singular value", xs, [point.smallest for point in points], "dashed", "^"),
    ]
    title, sizes = f"Gradient flow over {sweep.name}", "ratio, singular values"
    charts = [Chart(title, sweep.name, sizes, curves, x_is_log=sweep.is_log)]
    if any(point.fitted for point in points):
        in_time = [
            Curve("‖∂h(T)/∂h(1)‖, from the last step to the first", xs, [point.in_time for point in points], mark="o"),
            Curve("fitted k, of one step", xs, [point.factor for point in points], "dashed", "s"),
        ]
        title = f"Through time over {sweep.name}"
        charts.append(Chart(title, sweep.name, "‖∂h(T)/∂h(1)‖, k", in_time, x_is_log=sweep.is_log))
    return charts


def _title(row: Row) -> str:
    return row.name if row.layer is None else row.layer.title


def _norms(title: str, rows: Sequence[Row], ticks: Sequence[str]) -> Chart:
    xs = range(len(rows))
    gradients = Curve(NORMS[0], xs, [row.gradient for row in rows], mark="o")
    values = Curve(NORMS[1], xs, [row.value for row in rows], "dashed", mark="s")
    return Chart(title, "", "Euclidean norm", [gradients, values], ticks=ticks)


def _through_time(course: Course) -> Chart:
    steps = steps_of(course)
    backs = range(len(steps))
    curves = [Curve("measured", backs, course.norms, mark="o")]
    if course.factor is not None:
        predicted = f"k^t of one step, k = {course.factor:.4g}"
        curves.append(Curve(predicted, backs, [size_of(step.predicted) for step in steps], "dashed"))
    if course.fitted is not None and course.scale is not None:
        fitted = f"fitted L*k^t, k = {course.fitted:.4g}, L = {course.scale:.4g}"
        curves.append(Curve(fitted, backs, [size_of(step.fitted) for step in steps], "dotted"))
    levels = [(height, label) for height, label in ENDS if min(course.norms) < height < max(course.norms)]
    title = f"{course.name}: the gradient through time"
    return Chart(title, "t, steps back from the last", "‖∂h(T)/∂h(T-t)‖", curves, levels=levels)
