"""Wrong methods over arrays, and the entries that they give for one item."""

from collections.abc import Iterator, Sequence
from typing import Any

from bpcli.backprop.gradients import Gradients
from bpcli.check.array_mistakes import mistakes
from bpcli.check.findings import Finding, Verdict
from bpcli.check.groups import Group
from bpcli.check.homework.methods import RightAndWrong
from bpcli.check.targets import Item, Names
from bpcli.language.claims import Claim, Target
from bpcli.numbers.apart import numbers_in, part_of, places
from bpcli.numbers.balls import exactly

MOST_NODES = 200  # of a graph in which every node is tried

Method = tuple[str, Sequence[float]]


def entries_and_methods(own: Gradients, names: Names, item: Item, within: tuple[int, ...]) -> RightAndWrong:
    """What is right for an item over arrays, by bpcli's rules in float64, and what wrong methods give.

    `within` is the entry that is asked for; () asks for the whole array.
    """
    whole = right_entries(own, item)
    count = len(numbers_in(whole))
    found = dict(_methods(own, names, item, whole))
    shape = item.node.shape
    kept = [place for place, index in enumerate(places(shape)) if index[: len(within)] == within]
    return RightAndWrong(
        tuple(numbers_in(part_of(whole, within))),
        {text: tuple([entries[place] for place in kept]) for text, entries in found.items() if len(entries) == count},
    )


def right_entries(own: Gradients, item: Item) -> Any:
    """The value of a node, or the gradient that arrives there."""
    if item.kind == "value":
        return own.values[item.node]
    return own.upstreams.get(item.node, own.system.zeros(item.node.shape))


def _methods(own: Gradients, names: Names, item: Item, whole: Any) -> Iterator[Method]:
    entries = numbers_in(whole)
    if not any(entries):
        pass  # the sign and every factor say as much as 0
    elif item.kind == "gradient":
        for cause, values in mistakes(_claimed(names, item, entries), own, names, list(own.steps())):
            yield cause.hint, values
    else:
        yield "a sign lost in every entry", [-one for one in entries]
    yield "0 in every entry", [0.0] * len(entries)
    yield "1 in every entry", [1.0] * len(entries)
    if len(own.graph.nodes) <= MOST_NODES:
        yield from _of_other_nodes(own, names, item)


def _of_other_nodes(own: Gradients, names: Names, item: Item) -> Iterator[Method]:
    """The value of another node of the same shape, or what arrives there."""
    for node in (*own.graph.variables, *own.graph.nodes):
        if node not in names.labels or node.shape != item.node.shape or node.op.is_condition:
            continue
        if item.kind == "gradient" or node is not item.node:
            yield f"the value of {names.labels[node]}", numbers_in(own.values[node])
        if item.kind == "gradient" and node is not item.node and node.inputs and node in own.upstreams:
            yield f"what arrives at {names.labels[node]} alone", numbers_in(own.upstreams[node])


def _claimed(names: Names, item: Item, entries: Sequence[float]) -> Group:
    """The right entries as if they were claimed, which is what mistakes are looked for in."""
    name = names.labels[item.node]
    findings = [
        Finding(item, names.title(item), Verdict.AGREE, Claim(Target("gradient", name), "", one), truth=exactly(one))
        for one in entries
    ]
    shape = item.node.shape
    return Group(name, names.title(item), item, (), shape, list(places(shape)), findings)
