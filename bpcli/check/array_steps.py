"""Each step of the backward pass over arrays, checked alone: so a wrong rule is found by name.

An op on variables of its own, with the values and the upstream gradient that it has in the graph, is a small expression
over arrays, and is checked as one.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from math import prod
from typing import Any

from bpcli.backprop.gradients import Gradients, gradients_of
from bpcli.check.expansion import size_of
from bpcli.check.findings import Finding, Verdict
from bpcli.check.groups import ArrayStep, Group
from bpcli.check.suspects import NOBODY
from bpcli.graph.node import Constant, Graph, Node, Variable, applied
from bpcli.graph.order import downstream_of, graph_of
from bpcli.numbers.apart import numbers_in

Checked = Callable[..., "tuple[Group, ...]"]
ABOVE = 0.5  # a condition is 1 or 0 here
MOST_OPS = 20_000  # on single numbers, of all steps that are taken apart
MOST_OF_MOVES = 500  # of one step that only moves and adds entries, about which SymPy has little to say
MOST_COMPUTED = 1_000_000_000  # entries of inputs times what the step computes, of all steps in float64
AN_ENTRY = 2_000  # as long as it takes to judge one entry


def array_steps(own: Gradients, checked: Checked) -> Iterator[ArrayStep]:
    """Every step in the order of the backward pass; `checked` judges bpcli's own gradients of one expression.

    When the steps together have become too many ops, the others are judged in float64, and very large ones not at all.
    """
    labels, room, left = own.labels(), MOST_OPS, MOST_COMPUTED
    leading = downstream_of(own.graph, own.wanted)
    for node in reversed(own.graph.nodes):
        upstream = own.upstreams.get(node)
        if upstream is None or node not in leading or not node.varies or node.op.is_condition:
            continue
        if any(number - number != 0 for number in numbers_in(upstream)):
            continue
        graph, at, sources = _alone(node, own.values, leading)
        if not sources:
            continue
        apart, computed = _sizes(node)
        only_moves = node.op.is_structural and node.op.meaning is None
        in_exact = apart <= (min(room, MOST_OF_MOVES) if only_moves else room)
        groups: Sequence[Group] = ()
        if in_exact or computed <= left:
            room, left = (room - apart, left) if in_exact else (room, left - computed)
            wanted = list(sources.values())
            groups = checked(gradients_of(graph, at, wanted, system=own.system, seed=upstream), in_exact=in_exact)
        by_name = {group.key: group for group in groups}
        for position, name in sources.items():
            group = by_name.get(name)
            source = node.inputs[position]
            yield ArrayStep(labels.get(node, "f"), labels.get(source, ""), position, group, _suspect(node, group))


def _sizes(node: Node) -> tuple[int, int]:
    """About how many ops on single numbers a step alone comes to, and how much differences of it compute."""
    entries = [prod(source.shape) for source in node.inputs if source.varies]
    return size_of(node) + 2 * prod(node.shape) + sum(entries), sum(entries) * (AN_ENTRY + prod(node.shape))


def suspects_in(steps: Sequence[ArrayStep]) -> tuple[str, ...]:
    """Whose rules are wrong; nobody's where every step is right by itself."""
    return tuple(dict.fromkeys([step.suspect for step in steps if step.suspect])) or (NOBODY,)


def _alone(
    node: Node, values: Mapping[Node, Any], leading: Collection[Node]
) -> tuple[Graph, dict[str, Any], dict[int, str]]:
    """The op on variables of its own, their values, and the name of each input that a gradient is wanted through.

    Of what is no variable, and leads to none that is wanted, its own value is taken.
    """
    inputs, at, sources = [], {}, {}
    for position, source in enumerate(node.inputs):
        if isinstance(source, Constant) or (not source.varies and source.op.is_structural):
            inputs.append(source)
            continue
        name = f"x{position}"
        at[name] = values[source] * 1.0
        fresh: Node = Variable(name, shape=source.shape)
        fresh.varies = source.varies and source in leading
        if source.op.is_condition:
            fresh = applied("greater", fresh, ABOVE)
        elif fresh.varies:
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
