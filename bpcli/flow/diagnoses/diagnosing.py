"""`diagnoses_of` holds a flow against every fault that is known, the worst first."""

from collections.abc import Callable, Iterator

from bpcli.flow.diagnoses.always_on import always_on_relus
from bpcli.flow.diagnoses.dead import dead_relus
from bpcli.flow.diagnoses.exploding import exploding
from bpcli.flow.diagnoses.not_finite import not_finite
from bpcli.flow.diagnoses.saturated import saturated
from bpcli.flow.diagnoses.scene import Scene
from bpcli.flow.diagnoses.thresholds import DEFAULTS, Thresholds
from bpcli.flow.diagnoses.vanishing import vanishing
from bpcli.flow.results import Diagnosis, Flow
from bpcli.numbers.arrays import arrays

# From what ends training at once to what slows it down.
FAULTS: tuple[Callable[[Scene], Iterator[Diagnosis]], ...] = (
    not_finite,
    exploding,
    vanishing,
    dead_relus,
    saturated,
    always_on_relus,
)
KINDS = ("not finite", "exploding", "vanishing", "dead relu", "saturated", "relu always on")


def diagnoses_of(flow: Flow, thresholds: Thresholds = DEFAULTS) -> tuple[Diagnosis, ...]:
    """What is wrong with a flow, worst first; nothing where all is well. `thresholds` has a value for every name."""
    scene = Scene(flow, thresholds)
    with arrays.at_work():
        return tuple(diagnosis for fault in FAULTS for diagnosis in fault(scene))
