"""The rows of a flow, or the points of a sweep, as CSV."""

import csv
from collections.abc import Iterable, Sequence
from io import StringIO

from bpcli.flow.results import Flow
from bpcli.flow.sweeps import Point, Sweep
from bpcli.report.figures import full

OF_ROWS = (
    *("name", "layer", "part", "value_norm", "gradient_norm", "ratio", "largest_singular", "smallest_singular"),
    "norm_in_time",
)
OF_POINTS = ("ratio", "largest_singular", "smallest_singular", "factor", "in_time", "diagnoses")


def flow_csv(flow: Flow) -> str:
    """A row for each layer and time step; a cell is empty where there is no such number.

    `norm_in_time` is ‖∂h_T/∂h_t‖ of a time step t, with T the last of its recurrence.
    """
    in_time = {
        part if course.layer is None else f"{course.name} · {part}": norm
        for course in flow.courses
        for part, norm in zip(course.parts, course.norms, strict=True)
    }
    rows = [
        (
            row.name,
            "" if row.layer is None else row.layer.title,
            row.part,
            *map(cell, (row.value, row.gradient, row.ratio)),
            *(("", "") if row.singular is None else map(cell, (row.singular.largest, row.singular.smallest))),
            cell(in_time.get(row.name if row.layer is None else f"{row.layer.title} · {row.part}")),
        )
        for row in flow.rows
    ]
    return csv_of(OF_ROWS, rows)


def sweep_csv(sweep: Sweep, points: Sequence[Point]) -> str:
    """A row for each value of the quantity; `factor` is the largest fitted k, `diagnoses` are between semicolons."""
    rows = [
        (
            *map(cell, (point.value, point.ratio, point.largest, point.smallest, point.factor, point.in_time)),
            "; ".join(point.diagnoses),
        )
        for point in points
    ]
    return csv_of((sweep.name, *OF_POINTS), rows)


def cell(value: float | None) -> str:
    """A number with every digit; nothing where there is none."""
    return "" if value is None else full(value)


def csv_of(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A heading and rows, each ended by a newline."""
    written = StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(heading)
    writer.writerows(rows)
    return written.getvalue()
