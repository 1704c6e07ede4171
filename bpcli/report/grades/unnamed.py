"""Nodes without a name of their own, `v1`, which nobody has typed: a text says at the first mention what one is."""

import re
from collections.abc import Iterator, Sequence

from bpcli.check.targets import Names
from bpcli.graph.node import Node, Variable
from bpcli.report.formulas import formula_of

CALLED = re.compile(r"(?<![\w.])v\d+(?![\w.]*\w)")
STEP = r"(?<![\w.]){}(?![\w.]*\w)(?: → [\w.]*\w)?"


def with_formulas(texts: Sequence[str], names: Names) -> tuple[str, ...]:
    """The texts, each such node at its first mention with its formula over what has a name: `v1 → x (v1 = x*y)`."""
    told = list(texts)
    typed = {node: label for node, label in names.labels.items() if node.name or isinstance(node, Variable)}
    for label, node in _unnamed(texts, names):
        if any(f"({label} = " in text for text in told):
            continue
        place, step = next((place, found) for place, text in enumerate(told) if (found := _step(label, text)))
        formula = formula_of(node, typed)
        told[place] = f"{told[place][: step.end()]} ({label} = {formula}){told[place][step.end() :]}"
    return tuple(told)


def _unnamed(texts: Sequence[str], names: Names) -> Iterator[tuple[str, Node]]:
    """The nodes without a name that are mentioned, by their labels, in order."""
    for label in dict.fromkeys(found for text in texts for found in CALLED.findall(text)):
        node = names.nodes.get(label)
        if node is not None and node.inputs and not node.name:
            yield label, node


def _step(label: str, text: str) -> re.Match[str] | None:
    """The first mention of a label, with the step that it begins."""
    return re.search(STEP.format(re.escape(label)), text)
