"""`flow_of` looks at the flow of gradients through a graph at a point."""

from collections.abc import Mapping
from typing import Any

from bpcli.backprop.gradients import Gradients
from bpcli.flow.courses import followed, recurrences_of
from bpcli.flow.jacobians import local_of, singular_of
from bpcli.flow.results import Flow, Row, Singular
from bpcli.flow.rows import Subject, subjects_of
from bpcli.graph.node import Node
from bpcli.numbers.arrays import arrays
from bpcli.numbers.norms import norm_of


def flow_of(result: Gradients) -> Flow:
    """The rows and courses of a result of backpropagation, without diagnoses.

    Numbers that are not finite are no error: a figure that they spoil is NaN, infinite or None.
    """
    with arrays.at_work():
        values = {node: arrays.lifted(value) for node, value in result.values.items()}
        walks = [(recurrence, followed(recurrence, values)) for recurrence in recurrences_of(result.graph)]
        steps = {
            moment.states[0]: walk.steps[moment.part]
            for recurrence, walk in walks
            for moment in recurrence.moments
            if moment.part in walk.steps
        }
        subjects = subjects_of(result.graph)
        reference = _reference(result, subjects)
        rows = [_row(subject, result, values, steps, reference) for subject in subjects]
    courses = tuple([walk.course for _, walk in walks if walk.course])
    too_large = tuple([recurrence.label for recurrence, walk in walks if walk.is_too_large])
    return Flow(result, tuple(rows), courses, too_large=too_large)


def _reference(result: Gradients, subjects: list[Subject]) -> float | None:
    """The norm of the gradient at the last layer before the loss; without layers, of that at the output."""
    layers = [one.node for one in subjects if one.layer and not one.part and not one.layer.is_loss]
    upstream = result.upstreams.get(layers[-1] if layers else result.graph.output)
    return None if upstream is None else norm_of(upstream)


def _row(
    subject: Subject,
    result: Gradients,
    values: Mapping[Node, Any],
    steps: Mapping[Node, Singular],
    reference: float | None,
) -> Row:
    node = subject.node
    upstream = result.upstreams.get(node)
    gradient = None if upstream is None else norm_of(upstream)
    ratio = gradient / reference if gradient is not None and reference else None
    singular = steps.get(node)
    if not subject.part and singular is None and subject.sources and arrays.is_finite(result.values[node]):
        local = local_of(node, subject.nodes, subject.sources, values)
        singular = singular_of(local) if local else None
    return Row(subject.name, subject.layer, subject.part, node, norm_of(result.values[node]), gradient, ratio, singular)
