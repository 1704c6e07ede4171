"""What the JSON of `grad` says about a network beside its gradients: seed, mode, layers, running statistics."""

from typing import Any

from bpcli.backprop.gradients import Gradients
from bpcli.backprop.statistics import running_statistics
from bpcli.graph.network import Block, Network
from bpcli.report.documents import json_number, json_values, seed_entry
from bpcli.report.formulas import Labels
from bpcli.report.summaries import Summary, summaries

Document = dict[str, Any]


def network_entries(result: Gradients, network: Network, *, with_layers: bool) -> Document:
    """The seed, where chance gave parameters or masks; what buffers are after a training step, by name; the layers."""
    statistics = running_statistics(result)
    return {
        **seed_entry(result.graph),
        **({"running_statistics": json_values(statistics)} if statistics else {}),
        **({"network": _network(result, network)} if with_layers else {}),
    }


def _network(result: Gradients, network: Network) -> Document:
    """The layers in the order of computation, each with what the summary of the table says."""
    found, labels = summaries(result, network), result.labels()
    return {
        "mode": "training" if network.is_training else "evaluation",
        "parameter_count": sum(summary.size for summary in found),
        "layers": [_layer(summary, result, labels) for summary in found],
    }


def _layer(summary: Summary, result: Gradients, labels: Labels) -> Document:
    layer, norm = summary.layer, summary.gradient_norm
    return {
        "name": layer.name,
        "kind": layer.kind,
        "parameters": {name: list(shape) for name, shape in summary.parameters.items()},
        "output": labels.get(summary.output),
        "output_shape": list(summary.output.shape),
        "value_norm": json_number(summary.value_norm),
        "gradient_norm": None if norm is None else json_number(norm),
        "blocks": [_block(block, result, labels) for block in layer.blocks],
    }


def _block(block: Block, result: Gradients, labels: Labels) -> Document:
    """The nodes of a part, from the first to the last, of those that have a name."""
    named = [labels[node] for node in result.graph.nodes[block.start : block.stop] if node in labels]
    ends = {"first": named[0], "last": named[-1]} if named else {}
    return {"part": block.part, "nodes": len(named), **ends}
