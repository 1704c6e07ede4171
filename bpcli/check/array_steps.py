"""Each step of the backward pass over arrays, checked alone: so a wrong rule is found by name.

An op on variables of its own, with the values and the upstream gradient that it has in the graph, is a small expression
over arrays, and is checked as one.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from bpcli.backprop.gradients import Gradients, gradients_of
from bpcli.check.expansion import size_of
from bpcli.check.findings import Finding, Verdict
from bpcli.check.groups import ArrayStep, Group
from bpcli.check.suspects import NOBODY
from bpcli.graph.node import Graph, Node, Variable, applied
from bpcli.graph.order import graph_of
from bpcli.numbers.apart import numbers_in

Checked = Callable[[Gradients], "tuple[Group, ...] | None"]
ABOVE = 0.5  # a condition is 1 or 0 here
MOST_OPS = 60_000


def array_steps(own: Gradients, checked: Checked) -> Iterator[ArrayStep]:
    """Every step in the order of the backward pass; `checked` judges bpcli's own gradients of one expression.

    When the steps together have become too many ops, the others are not checked.
    """
    labels, room = own.labels(), MOST_OPS
    for node in reversed(own.graph.nodes):
        upstream = own.upstreams.get(node)
        if upstream is None or not node.varies or node.op.is_condition:
            continue
        if any(number - number != 0 for number in numbers_in(upstream)):
            continue
        graph, at, sources = _alone(node, own.values)
        if not sources:
            continue
        room -= size_of(node)
        groups = checked(gradients_of(graph, at, system=own.system, seed=upstream)) if room >= 0 else None
        by_name = {} if groups is None else {group.key: group for group in groups}
        for position, name in sources.items():
            group = by_name.get(name)
            source = node.inputs[position]
            yield ArrayStep(labels.get(node, "f"), labels.get(source, ""), position, group, _suspect(node, group))


def suspects_in(steps: list[ArrayStep]) -> tuple[str, ...]:
    """Whose rules are wrong; nobody's where every step is right by itself."""
    return tuple(dict.fromkeys([step.suspect for step in steps if step.suspect])) or (NOBODY,)


def _alone(node: Node, values: Mapping[Node, Any]) -> tuple[Graph, dict[str, Any], dict[int, str]]:
    """The op on variables of its own, their values, and the name of each input that a gradient flows to."""
    inputs, at, sources = [], {}, {}
    for position, source in enumerate(node.inputs):
        if not source.varies:
            inputs.append(source)
            continue
        name = f"x{position}"
        at[name] = values[source] * 1.0
        fresh: Node = Variable(name, shape=source.shape)
        if source.op.is_condition:
            fresh = applied("greater", fresh, ABOVE)
        else:
            sources[position] = name
        inputs.append(fresh)
    return graph_of(node.over(tuple(inputs))), at, sources


def _suspect(node: Node, group: Group | None) -> str | None:
    if group is None or group.verdict not in (Verdict.DIFFER, Verdict.UNDECIDED):
        return None
    name = node.op.name
    if any(_is_split(finding) for finding in group.findings):
        return f"the symbolic form, or the value, of {name}"
    if group.verdict is Verdict.UNDECIDED:
        return None
    return f"the rule of {name}" if node.op.meaning is None else f"the rule, or the meaning, of {name}"


def _is_split(finding: Finding) -> bool:
    """Whether SymPy and the differences disagree."""
    return finding.verdict is Verdict.UNDECIDED and finding.symbolic is not None and finding.truth is not None
