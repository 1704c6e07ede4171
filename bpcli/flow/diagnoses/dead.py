"""Dead ReLUs: 0 for every sample of the batch, so that no gradient reaches their weights."""

from collections.abc import Iterator

from bpcli.flow.diagnoses.rectified import named, sides_of
from bpcli.flow.diagnoses.scene import Scene
from bpcli.flow.results import Diagnosis

REMEDY = (
    "biases that begin at 0, He initialisation, standardised inputs and a smaller learning rate; or LeakyReLU or GELU, "
    "which have a slope below 0"
)


def dead_relus(scene: Scene) -> Iterator[Diagnosis]:
    """Layers of which more units are off for the whole batch than chance explains."""
    for side in sides_of(scene, -1):
        evidence = f"{named(side)} are 0 {side.seen}: {side.why}. No gradient reaches their weights"
        yield scene.finding("dead relu", side.name, evidence, side.threshold, REMEDY)
