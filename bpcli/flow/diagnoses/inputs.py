"""Inputs that are not standardised: far from the size 1 for which layers are initialised."""

from collections.abc import Iterator

from bpcli.flow.diagnoses.figures import figure
from bpcli.flow.diagnoses.scene import Scene
from bpcli.flow.results import Diagnosis
from bpcli.graph.node import Variable
from bpcli.numbers.norms import norm_of

WEIGHTED = ("Linear", "Conv", "RNN", "LSTM", "GRU")
MOVED = {"reshape", "flatten", "permute", "transpose", "getitem"}


def unscaled_inputs(scene: Scene) -> Iterator[Diagnosis]:
    """Each variable that goes into a layer of weights as it is, and is much larger or smaller than 1."""
    limit = max(scene.thresholds["input-scale"], 1 / scene.thresholds["input-scale"])
    seen = set()
    for layer in scene.layers:
        source = layer.inputs[0] if layer.inputs else None
        while source is not None and source.op.name in MOVED:
            source = source.inputs[0]
        if not layer.kind.startswith(WEIGHTED) or not isinstance(source, Variable) or source in seen:
            continue
        seen.add(source)
        value = scene.value(source)
        entries = int((value != 0).sum())
        size = norm_of(value) / entries**0.5 if entries else 1.0
        if 1 / limit <= size <= limit or source.name in scene.parameters:
            continue
        weight = layer.parameters[0].variable
        told = f"; ‖∂loss/∂{weight.name}‖ is {_ratio(scene, weight)} times ‖{weight.name}‖" * scene.is_reached(weight)
        evidence = f"the root mean square of {source.name} is {figure(size)}, weights are drawn for about 1{told}"
        remedy = f"standardise {source.name}: take off its mean, and divide by its standard deviation"
        yield scene.finding("input scale", f"{source.name}, into {layer.title}", evidence, "input-scale", remedy)


def _ratio(scene: Scene, weight: Variable) -> str:
    """How large the gradient of a weight is beside the weight."""
    size = norm_of(scene.value(weight))
    return figure(norm_of(scene.upstream(weight)) / size) if size else "infinitely many"
