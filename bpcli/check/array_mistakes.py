"""Mistakes that people make with arrays, and the array that each of them gives."""

from collections.abc import Iterator, Sequence
from math import prod
from typing import Any, NamedTuple

from bpcli.backprop.gradients import Gradients
from bpcli.backprop.sweep import Step
from bpcli.check.findings import Cause
from bpcli.check.groups import Group
from bpcli.check.nearness import tolerance
from bpcli.check.slips import ARITHMETIC, PATH, RULE
from bpcli.check.targets import Names
from bpcli.graph.node import Node
from bpcli.graph.op import Shape
from bpcli.graph.shapes import axes_of
from bpcli.language.claims import Claim
from bpcli.numbers.apart import nested, numbers_in, places
from bpcli.numbers.balls import exactly

ONE_FACTOR = "one factor"  # of every entry, where nothing better is known
AXES = "the axes of an array"
MATRIX = 2
ROUND_OFF = 1e-12
LARGEST_FACTOR = 100
FEWEST = 2  # entries that a pattern among them takes


class Mistake(NamedTuple):
    """A cause together with the entries that it gives."""

    cause: Cause
    values: Sequence[float]


class Claimed:
    """The entries of a wrong claim, and what is true."""

    def __init__(self, claims: Sequence[Claim], numbers: Sequence[float], truths: Sequence[float]) -> None:
        self._claims = claims
        self.numbers = numbers
        self.truths = truths

    @classmethod
    def of(cls, group: Group) -> "Claimed | None":
        """The claim of a group; None where an entry has no true value."""
        claims, numbers, truths = [], [], []
        for finding in group.findings:
            if finding.claim is None or finding.claimed is None or finding.truth is None:
                return None
            claims.append(finding.claim)
            numbers.append(finding.claimed)
            truths.append(float(finding.truth))
        return cls(claims, numbers, truths)

    def is_given_by(self, values: Sequence[float]) -> bool:
        """Whether these are what is claimed, every one of them, and are not the truth."""
        if len(values) != len(self.numbers) or not any(self.numbers):
            return len(values) == len(self.numbers) and not any(values)
        scale = max(map(abs, self.numbers)) * ROUND_OFF
        pairs = zip(self._claims, self.numbers, values, strict=True)
        return all(
            abs(number - value) <= float(tolerance(exactly(value), claim)) + scale for claim, number, value in pairs
        )


def mistakes(group: Group, own: Gradients, names: Names, steps: Sequence[Step]) -> Iterator[Mistake]:
    """Every mistake that is known for a gradient, with the array that it gives."""
    claimed = Claimed.of(group)
    if claimed is None:
        return
    yield from _of_the_whole(claimed)
    yield from _of_counts(claimed, own)
    yield from _of_scale(claimed, own)
    yield from _of_places(claimed.truths, group.shape)
    yield from _of_softmax(group, own, names, steps)
    yield from _of_paths(group, claimed, names, steps)
    yield from _of_broadcasting(group, names, steps)
    yield from _of_others(group, own)


def _of_the_whole(claimed: Claimed) -> Iterator[Mistake]:
    truths = claimed.truths
    yield Mistake(Cause("sign", ARITHMETIC, "a sign lost in every entry"), [-one for one in truths])
    yield Mistake(Cause("left out", PATH, "the gradient left out: no path led back here"), [0.0 for _ in truths])


def counts_in(own: Gradients) -> dict[int, set[str]]:
    """How many entries each reduction joins, and which reductions join so many."""
    found: dict[int, set[str]] = {}
    for node in own.graph.nodes:
        if node.op.name in ("mean", "sum"):
            shape = node.inputs[0].shape
            axis: Any = node.attributes.get("axis")
            found.setdefault(prod([shape[one] for one in axes_of(axis, shape)]), set()).add(node.op.name)
    return found


def is_whole(value: float) -> bool:
    """Whether a literal is a factor that is easily left out: 2, 3, 10."""
    return FEWEST <= value <= LARGEST_FACTOR and float(value).is_integer()


def _of_counts(claimed: Claimed, own: Gradients) -> Iterator[Mistake]:
    """A sum for a mean, and a mean for a sum; where the problem has the number as a factor or an exponent, that one."""
    literals = {float(one.value) for one in own.graph.constants if not one.symbol and is_whole(one.value)}
    for literal in sorted(literals):
        cause = Cause(f"factor {literal:g} left out", ARITHMETIC, f"a factor {literal:g} left out")
        yield Mistake(cause, [one / literal for one in claimed.truths])
    for count, ops in counts_in(own).items():
        if count < FEWEST:
            continue
        if "mean" in ops:
            text = f"summed, not averaged: the factor 1/{count} of the mean left out"
            cause = Cause("sum instead of mean", ARITHMETIC, text, bare="summed, not averaged")
            yield Mistake(cause, [one * count for one in claimed.truths])
        if "sum" in ops and count not in literals:
            text = f"averaged, not summed: a factor 1/{count} too many"
            cause = Cause("mean instead of sum", ARITHMETIC, text, bare="averaged, not summed")
            yield Mistake(cause, [one / count for one in claimed.truths])


def _of_scale(claimed: Claimed, own: Gradients) -> Iterator[Mistake]:
    """Every entry times one factor, which has no better name."""
    pairs = [(number, truth) for number, truth in zip(claimed.numbers, claimed.truths, strict=True) if truth]
    if len(pairs) < FEWEST:
        return
    number, truth = max(pairs, key=lambda pair: abs(pair[1]))
    factor = float(f"{number / truth:.6g}")
    named = {-1.0, 0.0, 1.0}
    for count in counts_in(own):
        named |= {float(count), float(f"{1 / count:.6g}")} if count else set()
    if factor not in named:
        text = f"every entry times {factor:g}"
        cause = Cause(ONE_FACTOR, ARITHMETIC, text, bare="every entry times one factor")
        yield Mistake(cause, [one * number / truth for one in claimed.truths])


def _of_places(truths: Sequence[float], shape: Shape) -> Iterator[Mistake]:
    """The right numbers at the wrong places."""
    whole = nested(truths, shape)
    if len(shape) == MATRIX and shape[0] == shape[1]:
        turned = [whole[column][row] for row, column in places(shape)]
        yield Mistake(Cause("transposed", AXES, "the gradient transposed"), turned)
    if len(truths) > 1:
        text = "every axis reversed, as if a kernel were rotated by 180°"
        yield Mistake(Cause("reversed", AXES, text), list(truths)[::-1])


def _of_softmax(group: Group, own: Gradients, names: Names, steps: Sequence[Step]) -> Iterator[Mistake]:
    """The probabilities alone, where the right class has 1 less."""
    for step in steps:
        if step.input is group.item.node and step.node.op.name == "softmax":
            name = f"{names.labels.get(step.node, 'f')} → {names.labels.get(step.input, '')}"
            text = f"the softmax itself given at {name}: the 1 of the right class not taken away"
            yield Mistake(Cause("one-hot left out", RULE, text, (name,)), numbers_in(own.values[step.node]))


def _of_paths(group: Group, claimed: Claimed, names: Names, steps: Sequence[Step]) -> Iterator[Mistake]:
    """One of several contributions kept alone, or left out."""
    into = [step for step in steps if step.input is group.item.node]
    if len(into) < FEWEST:
        return
    for step in into:
        name = f"{names.labels.get(step.node, 'f')} → {names.labels.get(step.input, '')}"
        part = numbers_in(step.contribution)
        text = f"only the path through {name} kept: contributions overwritten, not added"
        yield Mistake(Cause("path kept alone", PATH, text, (name,)), part)
        rest = [truth - one for truth, one in zip(claimed.truths, part, strict=True)]
        yield Mistake(Cause("path left out", PATH, f"the path through {name} left out", (name,)), rest)


def _of_broadcasting(group: Group, names: Names, steps: Sequence[Step]) -> Iterator[Mistake]:
    """The sum over what was repeated forgotten, or taken along the wrong axis."""
    node = group.item.node
    for step in steps:
        if step.input is not node or step.node.op.name != "broadcast_to" or len(node.shape) >= len(step.node.shape):
            continue
        label, arrived = names.labels.get(step.node, "f"), step.upstream
        length = arrived.shape[0]
        if arrived.shape[1:] != node.shape or length < FEWEST:
            continue
        for row, which in ((0, "first"), (-1, "last")):
            text = f"not summed over axis 0 of what arrives at {label}: only the {which} of {length} kept"
            yield Mistake(_forgotten(text, label, node, names), numbers_in(arrived[row]))
        text = f"averaged over axis 0 of what arrives at {label}, not summed"
        yield Mistake(_forgotten(text, label, node, names), numbers_in(arrived.mean(0)))
        for axis in range(1, arrived.ndim):
            other = arrived.sum(axis)
            if other.shape == node.shape:
                text = f"summed over axis {axis} of what arrives at {label}, where it was repeated along axis 0"
                yield Mistake(Cause("wrong axis", AXES, text), numbers_in(other))


def _forgotten(text: str, label: str, node: Node, names: Names) -> Cause:
    step = f"{label} → {names.labels.get(node, '')}"
    return Cause("not summed", AXES, text, (step,), bare=f"not summed over what was repeated at {step}")


def _of_others(group: Group, own: Gradients) -> Iterator[Mistake]:
    """The gradient of another variable of the same shape."""
    for variable in own.graph.variables:
        if variable is not group.item.node and variable.shape == group.shape and variable in own.upstreams:
            text = f"the gradient of {variable.name} given for that of {group.key}"
            yield Mistake(
                Cause("gradients swapped", "two variables mixed up", text), numbers_in(own.upstreams[variable])
            )
