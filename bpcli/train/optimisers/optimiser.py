"""What an optimiser is: options, a state, and a rule over an algebra `m`, from which formulas and numbers both come."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType, SimpleNamespace
from typing import Any, ClassVar, NamedTuple

from bpcli.graph.node import Node, Variable
from bpcli.graph.notation import render
from bpcli.numbers.arrays import arrays
from bpcli.ops.algebra import nodes
from bpcli.train.optimisers.options import Given, Option, options_from

BLOCK = 16_384  # entries: with their state and what is between, they stay in the second cache
PARAMETER = "θ"  # as PyTorch has it; a variable of the text is rather called w
NEW = "_new"  # behind the name of what an update replaces
AS_NAMES: Mapping[str, str] = MappingProxyType({})


class Slot(NamedTuple):
    """An array of the state, of the shape of the parameter: names in formulas and in PyTorch, and its first value."""

    symbol: str
    name: str
    start: float = 0.0


@dataclass(slots=True)
class OptimiserState:
    """What an optimiser keeps: how many steps it has taken, and flat arrays by PyTorch's names for them."""

    steps: int
    slots: dict[str, Any]


class Optimiser(ABC):
    """An optimiser with its options; it holds no state, so that one serves many parameters.

    The rule is stated once: over arrays it gives numbers, over nodes the formulas that are shown. Definitions, defaults
    and the order of operations are those of torch.optim (PyTorch 2.13). Raises UsageError for options that PyTorch
    refuses.
    """

    name: ClassVar[str]
    allowed: ClassVar[Mapping[str, Option]]

    def __init__(self, given: Given) -> None:
        self.options = options_from(self.name, self.allowed, given)

    @property
    @abstractmethod
    def slots(self) -> tuple[Slot, ...]:
        """The arrays that it keeps, with these options."""

    @abstractmethod
    def rule(self, m: Any, s: Any, *, is_first: bool) -> dict[str, Any]:
        """What one step computes, by name, in order: new values of what is in `s` end in `_new`, `θ_new` is the last.

        `s` has the parameter `θ`, its gradient `g`, each slot by its symbol, the number `t` of this step, from 1 on,
        the rate `lr`, and the options that are numbers. What depends on options and on `is_first` is decided here, so
        that a formula shows what is computed, and no more.
        """

    @property
    def rate(self) -> float:
        """The learning rate, before any schedule."""
        rate: float = self.options["lr"]
        return rate

    @property
    def numbers(self) -> dict[str, float]:
        """The options that are numbers, as formulas call them; a pair, `betas`, as `beta1` and `beta2`."""
        found: dict[str, float] = {}
        for name, value in self.options.items():
            if isinstance(value, tuple):
                found |= {f"{name.removesuffix('s')}{place}": part for place, part in enumerate(value, 1)}
            elif not isinstance(value, bool):
                found[name] = value
        return found

    def started(self, size: int) -> OptimiserState:
        """The state before the first step, for so many parameters in a flat array."""
        return OptimiserState(0, {slot.name: arrays.zeros((size,)) + slot.start for slot in self.slots})

    def step(self, weights: Any, gradient: Any, state: OptimiserState, rate: float | None = None) -> None:
        """Take one step in place: flat arrays of float64, in blocks that stay in the cache; `rate` in place of `lr`."""
        state.steps += 1
        with arrays.at_work():
            for start in range(0, len(weights), BLOCK):
                here = slice(start, start + BLOCK)
                kept = {name: slot[here] for name, slot in state.slots.items()}
                new = self.computed(weights[here], gradient[here], kept, state.steps, rate)
                weights[here] = new[PARAMETER + NEW]
                for slot in self.slots:
                    kept[slot.name][...] = new[slot.symbol + NEW]

    def computed(
        self, weights: Any, gradient: Any, slots: Mapping[str, Any], step: int, rate: float | None = None
    ) -> dict[str, Any]:
        """All that step number `step` computes from these arrays, or numbers, by the names of `formulas`."""
        return self.rule(arrays, self._names(weights, gradient, slots, step, rate), is_first=step == 1)

    def _names(self, weights: Any, gradient: Any, slots: Mapping[str, Any], step: int, rate: float | None) -> Any:
        known = self.numbers | {"t": step, "lr": self.rate if rate is None else rate}
        state = {slot.symbol: slots[slot.name] for slot in self.slots}
        return SimpleNamespace(**{PARAMETER: weights}, g=gradient, **state, **known)

    def formulas(self, *, is_first: bool = False, values: Mapping[str, str] = AS_NAMES) -> dict[str, str]:
        """What a step computes, as expressions of bpcli's language, in order: each may use the names before it.

        The other names are `θ`, `g`, the symbols of the slots, `t`, `lr` and the other options. Those in `values` are
        written as these texts.
        """
        known = {
            name: Variable(name) for name in (PARAMETER, "g", *[slot.symbol for slot in self.slots], "t", *self.numbers)
        }
        computed = self.rule(nodes, SimpleNamespace(**known), is_first=is_first)
        written: dict[Node, str] = {known[name]: text for name, text in values.items() if name in known}
        texts = {}
        for name, node in computed.items():
            texts[name] = written.get(node) or render(node, written)
            if node.inputs:
                written.setdefault(node, values.get(name, name))
        return texts


def moved_towards(start: Any, end: Any, beta: Any, *, kept: float) -> Any:
    """beta·start + (1 - beta)·end as torch.lerp computes it with weight 1 - beta; `kept` is the number beta."""
    return start + (1 - beta) * (end - start) if 1 - kept < 0.5 else end - beta * (end - start)  # noqa: PLR2004 - torch.lerp


def followed(s: Any, options: Mapping[str, Any]) -> dict[str, Any]:
    """The gradient `d` to follow, where it is not `g`: turned round to maximize, with weight decay as an L2 term."""
    d = -s.g if options["maximize"] else s.g
    if options["weight_decay"]:
        d = d + s.weight_decay * s.θ
    return {} if d is s.g else {"d": d}
