"""Dead ReLUs: 0 for every sample of the batch, so that no gradient reaches their weights."""

from collections.abc import Iterator

from bpcli.flow.diagnoses.figures import listed
from bpcli.flow.diagnoses.rectified import Side, named, sides_of
from bpcli.flow.diagnoses.scene import Scene
from bpcli.flow.results import Diagnosis

REMEDY = "biases that begin at 0, He initialisation and standardised inputs; or LeakyReLU or GELU, with a slope below 0"
TRAINED = (
    "a smaller learning rate, or clipped gradients (--clip-norm), from new weights on: dead units seldom come back; or "
    "LeakyReLU or GELU, with a slope below 0"
)


def dead_relus(scene: Scene) -> Iterator[Diagnosis]:
    """Layers of which more units are off for the whole batch than chance explains."""
    network = scene.result.graph.network
    is_drawn = network is not None and any(name in network.drawn for name in scene.parameters)
    for side in sides_of(scene, -1):
        evidence = f"{named(side)} are 0 {side.seen}: {side.why}. No gradient reaches {_cut_off(scene, side)}"
        yield scene.finding("dead relu", side.name, evidence, side.threshold, REMEDY if is_drawn else TRAINED)


def _cut_off(scene: Scene, side: Side) -> str:
    """The parameters that get no gradient, where the whole layer is off."""
    names = [name for name, (_, one) in scene.parameters.items() if not scene.is_reached(one.variable)]
    return listed(names) if names and len(side.staying) == side.units else "their weights"
