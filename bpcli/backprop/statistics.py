"""What a training step leaves behind beside gradients: the running statistics of normalisation."""

from typing import Any

from bpcli.backprop.gradients import Gradients
from bpcli.numbers.evaluate import compute


def running_statistics(result: Gradients) -> dict[str, Any]:
    """What the buffers of a network are after this step, by their names in a `state_dict`.

    Nothing for an expression without layers, and in evaluation mode, where buffers stay as they are.
    """
    network, system = result.graph.network, result.system
    if network is None or not network.statistics:
        return {}
    values = dict(result.values)
    with system.at_work():
        compute(network.beside, values, system)
    return {name: system.handed_out(values[node]) for name, node in network.statistics.items()}
