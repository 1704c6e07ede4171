"""The JSON document of `explain`: one entry of a gradient along its paths, or the fan-out of convolutions."""

from bpcli.backprop.entries import Edge, Entry
from bpcli.backprop.entry_formulas import EntryFormulas
from bpcli.backprop.explanation import Explanation, entry_name
from bpcli.backprop.fan_out import FanOut, FanOuts
from bpcli.backprop.paths import Path
from bpcli.report.documents import (
    NO_HEAD,
    Document,
    envelope,
    json_number,
    json_value,
    json_values,
    seed_entry,
    warning_entries,
)
from bpcli.report.formulas import DOCUMENT_LENGTH, Labels
from bpcli.report.paths import count_text, formula_text

LARGEST_COUNT = 2**53  # of a number that every reader of JSON takes as it is


def explain_document(result: Explanation, most_terms: int) -> Document:
    """The gradient of an entry, one step deep and along its paths."""
    graph = result.result.graph
    writer = _Writer(result)
    terms = [writer.term(edge) for edge in result.uses[:most_terms]]
    left_out = len(result.uses) - len(terms)
    document = envelope("ok" if result.is_finite else "nonfinite", NO_HEAD, "explain")
    document |= {
        "expression": graph.text,
        "inputs": json_values(result.result.at),
        **seed_entry(graph),
        "entry": writer.name(result.entry),
        "output": writer.name(result.output),
        "value": json_value(result.value_at(result.entry)),
        "gradient": json_value(result.gradient),
        "one_step": terms,
        **({"one_step_left_out": left_out} if left_out else {}),
        "path_count": json_count(result.path_count),
        "paths": [writer.path(path) for path in result.paths],
        "paths_left_out": json_count(result.paths_left_out),
        "sum_left_out": json_value(result.sum_left_out),
        "warnings": warning_entries(result.result.warnings),
    }
    return document


def fan_out_document(found: FanOuts) -> Document:
    """The convolutions of an expression, each with its map and its two gradients."""
    return envelope("ok", NO_HEAD, "explain") | {
        "expression": found.graph.text,
        "inputs": json_values(found.at),
        **seed_entry(found.graph),
        "fan_out": [_convolution(one, found.labels) for one in found.convolutions],
        "warnings": [],
    }


def _convolution(one: FanOut, labels: Labels) -> Document:
    image, kernel = one.node.inputs
    sliding = one.sliding
    return {
        "node": labels[one.node],
        "input": labels.get(image),
        "kernel": labels.get(kernel),
        "stride": list(sliding.stride),
        "padding": list(sliding.padding),
        "dilation": list(sliding.dilation),
        "groups": sliding.groups,
        "windows": one.windows,
        "filters": one.filters,
        "upstream": None if one.upstream is None else json_value(one.upstream),
        "back_to_input": None if one.back[0] is None else json_value(one.back[0]),
        "back_to_kernel": None if one.back[1] is None else json_value(one.back[1]),
    }


def json_count(count: int) -> int | str:
    """A whole number; as text where it is larger than a float holds exactly."""
    return count if count <= LARGEST_COUNT else count_text(count)


class _Writer:
    """Writes the parts of one explanation."""

    def __init__(self, result: Explanation) -> None:
        self._result = result
        self._formulas = EntryFormulas(result.labels, result.result.values)

    def name(self, entry: Entry) -> str:
        """How an entry is written."""
        return entry_name(entry, self._result.labels)

    def term(self, edge: Edge) -> Document:
        """What one use of the entry adds to its gradient."""
        upstream = self._result.upstream_at(edge.target)
        return {
            **self._step(edge),
            "upstream": json_number(upstream),
            "contribution": json_number(upstream * edge.local),
        }

    def path(self, path: Path) -> Document:
        """A path from the output back to the entry."""
        steps = [self._step(edge) for edge in reversed(path.edges)]
        return {"steps": steps, "contribution": json_number(path.contribution)}

    def _step(self, edge: Edge) -> Document:
        return {
            "node": self.name(edge.target),
            "input": self.name(edge.source),
            "position": edge.position,
            "local": json_number(edge.local),
            "local_formula": formula_text(self._formulas.of(edge), DOCUMENT_LENGTH),
        }
