"""Checks of the gradient that training uses, at the live weights, on a few samples of the current batch."""

from collections.abc import Iterator
from math import isnan
from typing import Any, NamedTuple

from bpcli.check.differences import Budget, Differences, differences
from bpcli.check.estimates import ROUND_OFF
from bpcli.check.findings import Finding, Verdict, worst
from bpcli.check.measured import RELATIVE, Bounds, Estimate, judged
from bpcli.check.targets import Item
from bpcli.graph.node import Node
from bpcli.numbers.apart import numbers_in, place_text
from bpcli.numbers.arrays import arrays
from bpcli.train.batches import Values, count_of, taken
from bpcli.train.model import Model, gradients_into
from bpcli.train.state import State
from bpcli.train.weights import Weights

SAMPLES = 4  # of the batch: few, as each entry takes an evaluation of all
UNSEEN = 1e-5  # of the largest slope of the network: an error of the differences below that hides nothing that counts
OPS = 2e7  # on single numbers: a small part of a second


class Checked(NamedTuple):
    """The verdict on the gradient of step `step`, before it is taken; step and epoch are counted from 1.

    `entries` were looked at, of `of` in all, drawn anew in each check where they are not all, over so many `samples` of
    the batch; `text` tells of the worst entry where it does not agree.
    """

    step: int
    epoch: int
    verdict: Verdict
    entries: int
    of: int
    samples: int
    text: str = ""

    @property
    def is_wrong(self) -> bool:
        """Whether the gradient differs."""
        return self.verdict is Verdict.DIFFER


def live_check(model: Model, state: State, batch: Values, ops: float = OPS) -> Checked:
    """Hold the gradient that training would use against differences of the loss, which look at no rule.

    Every entry is judged where that is no more than so many ops, else some that chance draws. Tolerances are those of
    `bpcli check` over arrays: the estimated errors of the differences.
    """
    samples = min(SAMPLES, count_of(batch))
    gradient = Weights(state.weights.shapes)
    with arrays.at_work():
        found = model.forward(state.weights, state.buffers, taken(batch, slice(0, samples)), state.step)
        gradients_into(gradient, found)
    graph = found.program.graph
    at = {variable.name: found.values[variable] for variable in graph.variables}
    budget = Budget(ops, model.random_seed + state.step)
    seen = differences(graph, at, model.learned, budget=budget)
    nodes = {variable.name: variable for variable in graph.variables}
    scale = max([abs(one) for name in seen for one in _estimates(seen[name])], default=0.0)
    findings = [one for name in seen for one in _findings(nodes[name], gradient.views[name], seen[name], scale)]
    verdict = worst([one.verdict for one in findings])
    text = next((_in_words(one) for one in findings if one.verdict is verdict is not Verdict.AGREE), "")
    return Checked(state.step + 1, state.epoch + 1, verdict, len(findings), len(gradient.flat), samples, text)


def _estimates(found: Differences) -> list[float]:
    """The slopes that were found."""
    return [one for one in numbers_in(found.estimate) if not isnan(one)]


def _findings(variable: Node, rule: Any, found: Differences, largest: float) -> Iterator[Finding]:
    """The finding of each entry that was looked at; `largest` is the largest slope of the whole network.

    What is small beside that moves the network by nothing that counts.
    """
    parts = [numbers_in(part) for part in (found.estimate, found.error, found.left, found.right)]
    rules, errors = numbers_in(rule), parts[1]
    looked_at = [place for place, error in enumerate(errors) if not isnan(error)]
    round_off = ROUND_OFF * max(map(abs, _estimates(found)), default=0.0)
    item = Item("gradient", variable)
    for place in looked_at:
        one = Estimate(*[part[place] for part in parts])
        bounds = Bounds(RELATIVE * abs(one.value), round_off, UNSEEN * largest)
        title = f"{variable.name}{place_text(_index(place, variable.shape))}"
        yield judged(Finding(item, title, Verdict.AGREE, None, rules[place], truth=one.truth), one, bounds)


def _index(place: int, shape: tuple[int, ...]) -> list[int]:
    """The index of an entry that is counted in order."""
    index: list[int] = []
    for length in reversed(shape):
        place, last = divmod(place, length)
        index.insert(0, last)
    return index


def _in_words(finding: Finding) -> str:
    """What was found of an entry that does not agree."""
    said = f"the gradient at {finding.title} is {finding.own:.6g} by backpropagation"
    if finding.truth is not None:
        said += f", {float(finding.truth):.6g} by differences"
    return f"{said}: {finding.reason}" if finding.reason else said
