"""The gradient through time: what a recurrence multiplies it by, and why: the spectrum counts, not the elements."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from bpcli.backprop.sweep import local_numbers
from bpcli.flow.courses import recurrences_of
from bpcli.flow.diagnoses.figures import figure, plural
from bpcli.numbers.arrays import arrays
from bpcli.numbers.singular import spectral_radius

if TYPE_CHECKING:
    from bpcli.flow.courses import Recurrence
    from bpcli.flow.diagnoses.scene import Scene
    from bpcli.flow.results import Course

ACTIVATIONS = {"tanh", "relu", "sigmoid"}
ABOUT_ONE = 0.99


def evidence_of(scene: Scene, course: Course, step: int) -> str:
    """The product after so many steps, k, and what the recurrent weight is."""
    last, first = course.parts[0], course.parts[step]
    ratio = f"∂{last}/∂{first}" if course.layer is None else f"∂h({last})/∂h({first})"
    text = f"‖{ratio}‖ = {_norm(course, step)} after {plural(step, 'step')}"
    if course.fitted is not None:
        text += f", about {figure(course.scale or 0)}·k^t with k = {figure(course.fitted)}"
    why = spectrum_of(scene, course)
    return f"{text}; {why}" if why else text


def _norm(course: Course, step: int) -> str:
    """The norm after so many steps, as a power of ten where float64 does not hold it."""
    norm, log10 = course.norms[step], course.log10_norms[step]
    return f"1e{log10:.0f}" if math.isfinite(log10) and norm in {0, math.inf} else figure(norm)


def radius_one(course: Course) -> str:
    """The recurrent weight that keeps a gradient as large as it is, and for a layer the option that draws it so."""
    return "a recurrent weight of spectral radius about 1" + " (--initial-weights orthogonal)" * bool(course.layer)


def spectrum_of(scene: Scene, course: Course) -> str:
    """The spectral radius of the recurrent weight, and where its elements would say something else."""
    weight = _weight(scene, course)
    if weight is None:
        return ""
    value = scene.value(weight)
    radius, largest = spectral_radius(value), float(abs(value).max())
    if radius is None:
        return ""
    text = f"the spectral radius of {weight.name} is {figure(radius)}"
    if radius < 1 < largest:
        text += f", below 1 although an element is {figure(largest)}: what counts is the spectrum, not the elements"
    if radius > 1 > largest:
        text += (
            f", above 1 although no element is beyond {figure(largest)}: what counts is the spectrum, not the elements"
        )
    if is_flattened(scene, course):
        slope = figure(_mean_slope(scene, course))
        text += f", so that it is the slopes of the activation that shrink it, which are {slope} on average"
    return text


def is_flattened(scene: Scene, course: Course) -> bool:
    """Whether a gradient fades though the spectral radius is at least 1, and the slopes of an activation are below it.

    A matrix of a radius just below 1, as that of an orthogonal one but for rounding, counts as well.
    """
    weight = _weight(scene, course)
    radius = None if weight is None else spectral_radius(scene.value(weight))
    return radius is not None and radius > ABOUT_ONE and course.log10_norms[-1] < 0 and _mean_slope(scene, course) < 1


def _mean_slope(scene: Scene, course: Course) -> float:
    """The mean of |slope| over all units and steps of the activations of a recurrence; 1 where it has none."""
    found = [recurrence for recurrence in recurrences_of(scene.result.graph) if recurrence.label == course.name]
    nodes = [node for one in found for moment in one.moments for node in moment.nodes if node.op.name in ACTIVATIONS]
    slopes = [abs(arrays.value(local_numbers(node, scene.value, arrays)[0])) for node in nodes]
    return sum(float(slope.sum()) for slope in slopes) / sum(slope.size for slope in slopes) if slopes else 1.0


def _weight(scene: Scene, course: Course) -> Any:
    """The square matrix that states are multiplied by, None where there is none."""
    for recurrence in recurrences_of(scene.result.graph):
        if recurrence.label == course.name:
            return recurrence.weight or _square(recurrence)
    return None


def _square(recurrence: Recurrence) -> Any:
    """The square variable that the last step of numbered statements multiplies by."""
    for node in recurrence.moments[-1].nodes:
        for source in node.inputs if node.op.name == "matmul" else ():
            bare = source.inputs[0] if source.op.name in {"transpose", "matrix_transpose"} else source
            if not bare.inputs and len(bare.shape) == 2 and bare.shape[0] == bare.shape[1]:  # noqa: PLR2004 - a matrix
                return bare
    return None
