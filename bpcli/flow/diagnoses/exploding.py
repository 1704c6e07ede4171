"""Exploding gradients: through depth, and through time; and what clipping, the remedy, would give."""

import math
from collections.abc import Iterator
from typing import Any

from bpcli.flow.diagnoses import through_time
from bpcli.flow.diagnoses.depth import Depth, depth_of, evidence_of, gain_text, is_off_scale
from bpcli.flow.diagnoses.figures import figure, percent, plural
from bpcli.flow.diagnoses.gains import advice
from bpcli.flow.diagnoses.scene import Scene
from bpcli.flow.results import Course, Diagnosis
from bpcli.numbers.norms import norm_of

KEPT = 1 - 1e-9  # of a cosine that is 1 but for rounding


def exploding(scene: Scene) -> Iterator[Diagnosis]:
    """Depth first, then each recurrence whose product of Jacobians rises above the threshold."""
    depth = depth_of(scene)
    if depth and depth.ratio > scene.thresholds["exploding"]:
        yield _through_depth(scene, depth)
    for course in scene.flow.courses:
        largest = max((norm, -place) for place, norm in enumerate(course.log10_norms) if not math.isnan(norm))
        if largest[0] > math.log10(scene.thresholds["exploding-time"]):
            yield _through_time(scene, course, -largest[1])


def _through_depth(scene: Scene, depth: Depth) -> Diagnosis:
    evidence, remedies = [evidence_of(depth, "grows")], []
    if is_off_scale(scene, depth):
        evidence.append(gain_text(depth))
        remedies.append(f"{advice(depth.gains)[1]} ({advice(depth.gains)[0]})")
    remedies.append(clipping(scene))
    where = f"through depth, {depth.last.name} to {depth.first.name}"
    return scene.finding("exploding", where, "; ".join(evidence), "exploding", "; ".join(remedies))


def _through_time(scene: Scene, course: Course, step: int) -> Diagnosis:
    above = course.rises_above
    told = "" if above is None or above >= len(course.norms) else f"; above 1e6 from {plural(above, 'step')} on"
    evidence = through_time.evidence_of(scene, course, step) + told
    remedy = f"{clipping(scene)}; {through_time.radius_one(course)}"
    return scene.finding("exploding", f"through time, {course.name}", evidence, "exploding-time", remedy)


def clipping(scene: Scene) -> str:
    """What clipping by norm and by value would make of the gradient of all parameters.

    By norm: g·min(1, max/‖g‖), whose direction is that of g (Pascanu, Mikolov & Bengio 2013); by value: each entry
    within ±max, which turns it. Sources: torch.nn.utils.clip_grad_norm_ and clip_grad_value_.
    """
    most, limit = scene.thresholds["clip-norm"], scene.thresholds["clip-value"]
    gradients = scene.gradients
    norm = _norm(gradients)
    if not 0 < norm < math.inf:
        return f"clip the gradient at the norm {figure(most)}"
    if norm <= most:
        by_norm = f"clipping at the norm {figure(most)} changes nothing here, as ‖gradient‖ is {figure(norm)}"
    else:
        by_norm = (
            f"clip at the norm {figure(most)}: ‖gradient‖ {figure(norm)} becomes {figure(most)}, its direction kept"
        )
    cut = [gradient.clip(-limit, limit) for gradient in gradients]
    entries = sum(gradient.size for gradient in gradients)
    share = sum(int((abs(gradient) > limit).sum()) for gradient in gradients) / entries
    after = _norm(cut)
    cosine = sum(float((one / norm * other / after).sum()) for one, other in zip(gradients, cut, strict=True))
    turned = "its direction kept" if cosine > KEPT else f"its direction turned (cosine {figure(cosine)})"
    by_value = (
        f"clipping by value at {figure(limit)} cuts {percent(share)} of its entries to ‖gradient‖ {figure(after)}"
    )
    return f"{by_norm}; {by_value}, {turned}"


def _norm(gradients: list[Any]) -> float:
    """The norm of many arrays as one."""
    return math.hypot(*map(norm_of, gradients))
