"""ReLUs that never go off: on the whole batch they are linear, and what they do their weights could do without them."""

from collections.abc import Iterator

from bpcli.flow.diagnoses.rectified import named, sides_of
from bpcli.flow.diagnoses.scene import Scene
from bpcli.flow.results import Diagnosis

REMEDY = "biases that begin at 0 and standardised inputs, so that a unit is off for about half of the samples"


def always_on_relus(scene: Scene) -> Iterator[Diagnosis]:
    """Layers of which more units are on for the whole batch than chance explains."""
    for side in sides_of(scene, 1):
        evidence = f"{named(side)} are above 0 {side.seen}: {side.why}. There the layer is linear"
        yield scene.finding("relu always on", side.name, evidence, side.threshold, REMEDY)
