"""Gradients of the wrong scale for the initialisation: weights that shrink or swell what passes, layer by layer."""

from collections.abc import Iterator

from bpcli.flow.diagnoses.depth import depth_of, evidence_of, gain_text, is_off_scale
from bpcli.flow.diagnoses.figures import figure
from bpcli.flow.diagnoses.gains import FITTING, advice, typical_factor
from bpcli.flow.diagnoses.scene import Scene
from bpcli.flow.results import Diagnosis


def wrong_scale(scene: Scene) -> Iterator[Diagnosis]:
    """One finding where weights are off their scale, and the gradient with them, short of vanishing or exploding.

    The size of the weights alone is none: before normalisation it does not count.
    """
    depth, limit = depth_of(scene), scene.thresholds["scale"]
    if depth is None or limit <= depth.ratio <= 1 / limit or not is_off_scale(scene, depth):
        return
    if not scene.thresholds["vanishing"] <= depth.ratio <= scene.thresholds["exploding"]:
        return
    option, name = advice(depth.gains)
    found = depth.gains[0].fitting * typical_factor(depth.gains)
    fits = " or ".join(dict.fromkeys(figure(gain.fitting) for gain in depth.gains))
    kinds = ", ".join(sorted({gain.behind for gain in depth.gains if gain.behind in FITTING and gain.behind}))
    evidence = (
        f"{evidence_of(depth, 'falls' if depth.ratio < 1 else 'grows')}; {gain_text(depth)}: "
        f"their gain √fan_in·σ is {figure(found)}, and {fits} fits {kinds or 'linear layers'}"
    )
    where = f"{depth.gains[0].layer.title} to {depth.gains[-1].layer.title}"
    yield scene.finding("wrong scale", where, evidence, "scale", f"{name} ({option}), or normalisation between layers")
