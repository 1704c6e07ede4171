"""Vanishing gradients: through depth, and through time; with why, as far as the figures tell."""

import math
from collections.abc import Iterator

from bpcli.flow.diagnoses import through_time
from bpcli.flow.diagnoses.depth import Depth, depth_of, evidence_of, gain_text, is_off_scale
from bpcli.flow.diagnoses.figures import plural
from bpcli.flow.diagnoses.gains import advice
from bpcli.flow.diagnoses.scene import Scene
from bpcli.flow.results import Course, Diagnosis

FLAT = {"Sigmoid": "a sigmoid's slope is at most 1/4", "Softsign": "softsign's slope falls as 1/(1 + |x|)²"}


def vanishing(scene: Scene) -> Iterator[Diagnosis]:
    """Depth first, then each recurrence whose product of Jacobians falls below the threshold."""
    depth = depth_of(scene)
    if depth and depth.ratio < scene.thresholds["vanishing"]:
        yield _through_depth(scene, depth)
    for course in scene.flow.courses:
        last = course.log10_norms[-1]
        if last < math.log10(scene.thresholds["vanishing-time"]):
            yield _through_time(scene, course)


def _through_depth(scene: Scene, depth: Depth) -> Diagnosis:
    kinds = {row.layer.kind for row in depth.rows if row.layer}
    reasons = [FLAT[kind] for kind in FLAT if kind in kinds]
    remedies = ["ReLU or GELU with He initialisation in place of it"] if reasons else []
    if is_off_scale(scene, depth):
        reasons.append(gain_text(depth))
        remedies.append(f"{advice(depth.gains)[1]} ({advice(depth.gains)[0]})")
    remedies.append("normalisation, or residual connections x + f(x), which hand the gradient on as it is")
    where = f"through depth, {depth.last.name} to {depth.first.name}"
    evidence = "; ".join([evidence_of(depth, "falls"), *reasons])
    return scene.finding("vanishing", where, evidence, "vanishing", "; ".join(remedies))


def _through_time(scene: Scene, course: Course) -> Diagnosis:
    below = course.falls_below
    steps = len(course.norms) - 1
    told = "" if below is None or below > steps else f"; below 1e-6 from {plural(below, 'step')} on"
    kind = course.layer.kind if course.layer else ""
    remedy = {
        "LSTM": "biases of the forget gates that begin at 1 or more (Gers et al. 2000), or shorter sequences",
        "GRU": "biases of the update gates z that begin at 1 or more, or shorter sequences",
    }.get(kind) or _plain_remedy(scene, course)
    evidence = through_time.evidence_of(scene, course, steps) + told
    return scene.finding("vanishing", f"through time, {course.name}", evidence, "vanishing-time", remedy)


def _plain_remedy(scene: Scene, course: Course) -> str:
    """What helps a recurrence without gates: where its weight is large enough already, slopes near 1."""
    gated = ", or an LSTM or a GRU" if course.layer else ""
    if through_time.is_flattened(scene, course):
        scale = " (a smaller --initial-scale)" if course.layer else ""
        return f"smaller weights{scale} or inputs, so that units are neither saturated nor off{gated}"
    return f"{through_time.radius_one(course)}{gated}"
