"""The JSON of `flow`: rows, courses, diagnoses; of a sweep a point for each value."""

from collections.abc import Mapping, Sequence

from bpcli.flow.questions import Question
from bpcli.flow.results import Course, Diagnosis, Flow, Row
from bpcli.flow.sweeps import Point, Sweep
from bpcli.report.documents import (
    NO_HEAD,
    Document,
    envelope,
    json_number,
    json_value,
    json_values,
    seed_entry,
    warning_entries,
)


def flow_document(flow: Flow, thresholds: Mapping[str, float]) -> Document:
    """The answer of `flow`. Of the inputs those that chance gave are left out: the seed says them."""
    result = flow.result
    network = result.graph.network
    drawn = network.drawn if network is not None else frozenset()
    labels = result.labels()
    return envelope("ok" if flow.is_finite else "nonfinite", NO_HEAD, "flow") | {
        "expression": result.graph.text,
        **seed_entry(result.graph),
        "inputs": json_values({name: value for name, value in result.at.items() if name not in drawn}),
        "value": json_value(result.value),
        "rows": [_row(row) | {"node": labels.get(row.node)} for row in flow.rows],
        "courses": [_course(course) for course in flow.courses],
        "courses_left_out": list(flow.too_large),
        "diagnoses": [diagnosis_entry(diagnosis) for diagnosis in flow.diagnoses],
        "thresholds": dict(thresholds),
        "warnings": warning_entries(result.warnings),
    }


def sweep_document(
    question: Question, sweep: Sweep, points: Sequence[Point], thresholds: Mapping[str, float]
) -> Document:
    """The answer of `flow --sweep-over`: what the flow is at each value."""
    return envelope("ok" if all(point.is_finite for point in points) else "nonfinite", NO_HEAD, "flow") | {
        "expression": question.text,
        **({"random_seed": question.setup.random_seed} if any(point.by_chance for point in points) else {}),
        "sweep": {
            "name": sweep.name,
            "spacing": "log" if sweep.is_log else "even",
            "points": [_point(point) for point in points],
        },
        "thresholds": dict(thresholds),
    }


def _point(point: Point) -> Document:
    return {
        "value": json_number(point.value),
        "status": "ok" if point.is_finite else "nonfinite",
        "ratio": number_or_null(point.ratio),
        "largest_singular": number_or_null(point.largest),
        "smallest_singular": number_or_null(point.smallest),
        "fitted_factors": {name: number_or_null(factor) for name, factor in point.fitted.items()},
        "norm_in_time": number_or_null(point.in_time),
        "diagnoses": list(point.diagnoses),
    }


def _row(row: Row) -> Document:
    singular = row.singular
    return {
        "name": row.name,
        "layer": None if row.layer is None else row.layer.title,
        "part": row.part or None,
        "shape": list(row.node.shape),
        "value_norm": json_number(row.value),
        "gradient_norm": number_or_null(row.gradient),
        "ratio": number_or_null(row.ratio),
        "singular_values": None
        if singular is None
        else {
            "largest": json_number(singular.largest),
            "smallest": number_or_null(singular.smallest),
            "samples": singular.samples,
            "batch": singular.batch,
        },
    }


def _course(course: Course) -> Document:
    return {
        "name": course.name,
        "layer": None if course.layer is None else course.layer.title,
        "parts": list(course.parts),
        "norms": [json_number(norm) for norm in course.norms],
        "log10_norms": [json_number(power) for power in course.log10_norms],
        "one_step_norms": [json_number(norm) for norm in course.one_step],
        "factor": number_or_null(course.factor),
        "fitted_factor": number_or_null(course.fitted),
        "fitted_scale": number_or_null(course.scale),
        "spectral_radius": number_or_null(course.radius),
        "falls_below_1e-6_after": course.falls_below,
        "rises_above_1e6_after": course.rises_above,
        "samples": course.samples,
        "batch": course.batch,
    }


def diagnosis_entry(diagnosis: Diagnosis) -> Document:
    """A diagnosis by its parts."""
    return {**diagnosis._asdict(), "limit": number_or_null(diagnosis.limit)}


def number_or_null(value: float | None) -> float | str | None:
    """A number, or null where there is none."""
    return None if value is None else json_number(value)
