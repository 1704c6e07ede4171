"""A value that is clipped where its gradient was meant to be: the clipped delta of deep Q-learning.

Mnih et al. 2015 clip the error term of the update, the derivative, within ±1, which is Huber's loss. An error clipped
before it is squared has the slope 0 beyond the edges: the worse the prediction, the less is learned from it.
"""

from collections.abc import Iterator

from bpcli.flow.diagnoses.figures import percent
from bpcli.flow.diagnoses.scene import Scene
from bpcli.flow.results import Diagnosis

REMEDY = (
    "clip the gradient, not the error: HuberLoss, whose slope stays ±1 beyond the edges, or --clip-norm in training"
)


def clipped(scene: Scene) -> Iterator[Diagnosis]:
    """Each clip that was typed, of which many entries are beyond the edges though a gradient arrives there."""
    for node in scene.result.graph.nodes:
        if node.op.name != "clip" or node in scene.owners or not (node.inputs[0].varies and scene.is_reached(node)):
            continue
        upstream, value, low, high = scene.upstream(node), *[scene.value(source) for source in node.inputs]
        beyond = ((value < low) | (value > high)) & (upstream != 0)
        share = float(beyond.mean()) if beyond.size else 0.0
        if share < scene.thresholds["clipped-share"]:
            continue
        what = ", a difference" if node.inputs[0].op.name == "sub" else ""
        noun = "entry" if value.size == 1 else "entries"
        evidence = (
            f"{percent(share)} of {value.size} {noun} of {scene.formula(node.inputs[0])}{what}, lie beyond the edges, "
            "where the slope of clip is 0: they hand no gradient back, although one arrives"
        )
        yield scene.finding("clipped", scene.formula(node), evidence, "clipped-share", REMEDY)
