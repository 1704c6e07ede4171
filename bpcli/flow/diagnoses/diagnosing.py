"""`diagnoses_of` holds a flow against every fault that is known, the worst first."""

from collections.abc import Callable, Iterator

from bpcli.flow.diagnoses.always_on import always_on_relus
from bpcli.flow.diagnoses.breaks import OFF
from bpcli.flow.diagnoses.clipped import clipped
from bpcli.flow.diagnoses.dead import dead_relus
from bpcli.flow.diagnoses.double_softmax import double_softmax
from bpcli.flow.diagnoses.exploding import exploding
from bpcli.flow.diagnoses.inputs import unscaled_inputs
from bpcli.flow.diagnoses.not_finite import not_finite
from bpcli.flow.diagnoses.saturated import saturated
from bpcli.flow.diagnoses.scale import wrong_scale
from bpcli.flow.diagnoses.scene import Scene
from bpcli.flow.diagnoses.thresholds import DEFAULTS, Thresholds
from bpcli.flow.diagnoses.unreached import MORE, unreached
from bpcli.flow.diagnoses.vanishing import vanishing
from bpcli.flow.results import Diagnosis, Flow
from bpcli.numbers.arrays import arrays

# From what ends training at once to what slows it down; a cause before what it does.
FAULTS: dict[str, Callable[[Scene], Iterator[Diagnosis]]] = {
    "not finite": not_finite,
    "unreached": unreached,
    "exploding": exploding,
    "vanishing": vanishing,
    "input scale": unscaled_inputs,
    "dead relu": dead_relus,
    "saturated": saturated,
    "clipped": clipped,
    "double softmax": double_softmax,
    "wrong scale": wrong_scale,
    "relu always on": always_on_relus,
}
KINDS = tuple(FAULTS)


def diagnoses_of(flow: Flow, thresholds: Thresholds = DEFAULTS) -> tuple[Diagnosis, ...]:
    """What is wrong with a flow, worst first; nothing where all is well. `thresholds` has a value for every name."""
    scene = Scene(flow, thresholds)
    with arrays.at_work():
        found = [diagnosis for fault in FAULTS.values() for diagnosis in fault(scene)]
    return tuple([one for one in found if not _is_said_better(one, found)])


def _is_said_better(finding: Diagnosis, found: list[Diagnosis]) -> bool:
    """Whether another finding says the same of the same place, and more."""
    kinds = {one.kind for one in found if one.where == finding.where}
    if finding.kind == "unreached" and finding.evidence.endswith(OFF[0]) and MORE not in finding.evidence:
        return "dead relu" in kinds
    return finding.kind == "clipped" and "unreached" in kinds
