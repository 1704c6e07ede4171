"""`check_function`: the gradients of a hand-written backward pass, held against differences of its forward pass."""

from collections.abc import Callable, Collection, Mapping, Sequence
from time import monotonic
from typing import Any, NamedTuple
from zlib import crc32

import numpy as np

from bpcli.check.functions.callee import Callee, Fault, Inputs, MisbehaviourError
from bpcli.check.functions.judging import Judging, group_of, method_of
from bpcli.check.functions.noise import At, Noise, epsilon_of, joined, noise_of
from bpcli.check.functions.results import FunctionCheck, PointCheck
from bpcli.check.functions.slopes import Measured, differentiable, slopes_of
from bpcli.check.groups import Group
from bpcli.errors import UsageError
from bpcli.graph.shapes import shape_text
from bpcli.language.complaints import suggestion
from bpcli.numbers.apart import place_text

Array = Any
Explained = Callable[[At, Mapping[str, Measured], Noise, Sequence[Group]], Sequence[Group]]
ROUNDED = 16.0  # times the precision: what two runs may differ by, of the largest output
REFERENCE = 1e-9  # relative, of two computations of the same values in float64
IN_PRECISION = 4096  # times the precision: what sums of entries as large as the largest may lose
UPSTREAM = (0.5, 1.5)  # sizes of an upstream gradient that is drawn: not near 0, and not alike


class Way(NamedTuple):
    """How a function is checked: what with, and how closely."""

    upstream: Any = None
    random_seed: int = 0
    relative: float | None = None
    wanted: Collection[str] | None = None
    time_limit: float | None = None


USUAL = Way()


def check_callee(
    callee: Callee, points: Sequence[tuple[Inputs, int | None]], way: Way = USUAL, reference: Callee | None = None
) -> FunctionCheck:
    """Hold the gradients of a pass against differences at some points, each with the seed that it was drawn from.

    A `reference` is a pass whose forward values are right: they are compared first. What a pass does that it must not
    is a fault of the result. Raises UsageError where there is no input to differentiate.
    """
    found: list[PointCheck] = []
    faults: list[Fault] = []
    unclaimed: dict[str, None] = {}
    deadline = None if way.time_limit is None else monotonic() + way.time_limit
    for number, (inputs, seed) in enumerate(points):
        names = _wanted(inputs, way.wanted)
        until = None if deadline is None else monotonic() + (deadline - monotonic()) / (len(points) - number)
        try:
            one = _Point(callee, inputs, way, until)
            with np.errstate(all="ignore"):
                checked = one.checked(names, seed, reference)
        except MisbehaviourError as error:
            faults.append(error.fault)
            break
        found.append(checked)
        faults += one.faults
        unclaimed |= dict.fromkeys([name for name in names if all(name != group.key for group in checked.groups)])
        if any(fault.is_fatal and fault.kind != "another shape" for fault in one.faults):
            break
    told = tuple(dict.fromkeys(faults))
    return FunctionCheck(callee.forward_name, callee.backward_name, tuple(found), told, tuple(unclaimed))


def _wanted(inputs: Inputs, wanted: Collection[str] | None) -> list[str]:
    """The inputs whose gradient is checked."""
    names = differentiable(inputs)
    for name in wanted or ():
        if name not in names:
            what = f"'{name}' is no number or array of floats" if name in inputs else f"there is no input '{name}'"
            message = f"no gradient with respect to {name}: {what}"
            raise UsageError(message, hint=suggestion(name, names, _floats(names)))
    if not names:
        message = "there is no input to differentiate"
        raise UsageError(message, hint="give an array of floats, or a number such as 2.0")
    return [name for name in names if wanted is None or name in wanted]


def _floats(names: Sequence[str]) -> str:
    return f"inputs of floats are {', '.join(names)}" if names else "give an array of floats, or a number such as 2.0"


class _Point:
    """A pass at one point, and what it does that it must not."""

    def __init__(self, callee: Callee, inputs: Inputs, way: Way, deadline: float | None) -> None:
        self.callee, self.inputs, self.way, self.deadline = callee, inputs, way, deadline
        self.faults: list[Fault] = []

    def checked(self, names: Sequence[str], seed: int | None, reference: Callee | None) -> PointCheck:
        """The verdict on the gradients of these inputs. Raises MisbehaviourError where there is nothing to judge."""
        outputs = self._outputs()
        takes = self.callee.takes_upstream(self.inputs)
        seed_drawn = self.way.random_seed if seed is None else seed
        upstream = self._upstream(outputs, seed_drawn) if takes else None
        passed = self.callee.passed(self.inputs, upstream)
        self.faults += passed.faults
        self._require_repeatable(outputs, passed.outputs)
        weights = upstream or _weights(self.inputs, outputs, passed.gradients, seed_drawn)
        at = At(self.callee, self.inputs, outputs, weights)
        claimed = [name for name in names if name in passed.gradients]
        noise = noise_of(at, names, self.way.random_seed)
        if reference is not None:
            self._compare(outputs, reference.outputs(self.inputs), noise)
        if not claimed:
            text = f"{self.callee.backward_name} gives no gradient of {', '.join(names)}"
            raise MisbehaviourError(Fault("no gradient", self.callee.backward_name, text))
        measured = slopes_of(at, claimed, noise, self.deadline)
        judging = Judging(noise.epsilon, self.way.relative, self.callee.backward_name)
        groups = []
        for name in claimed:
            group, faults = group_of(
                name, weighed(passed.gradients[name], weights, self.inputs[name]), measured[name], judging
            )
            groups.append(group)
            self.faults += faults
        sizes = {name: int(np.size(self.inputs[name])) for name in claimed}
        return PointCheck(self.inputs, outputs, upstream, tuple(groups), method_of(noise.epsilon, groups, sizes), seed)

    def _outputs(self) -> tuple[Array, ...]:
        """What the forward pass gives: finite numbers."""
        outputs = self.callee.outputs(self.inputs)
        name = self.callee.forward_name
        for place, output in enumerate(outputs):
            array = np.asarray(output)
            which = f"output {place + 1}" if len(outputs) > 1 else "the output"
            if array.dtype.kind not in "fiub":
                text = f"{which} of {name} is {array.dtype}, no real numbers"
                raise MisbehaviourError(Fault("no numbers", name, text, "return arrays of floats"))
            bad = np.argwhere(~np.isfinite(array))
            if bad.size or (array.ndim == 0 and not np.isfinite(array)):
                at = tuple(bad[0].tolist())
                text = f"{which}{place_text(at)} of {name} is {array[at]}, at the given inputs"
                raise MisbehaviourError(Fault("not finite", name, text, "a gradient is taken where there is a value"))
        return outputs

    def _upstream(self, outputs: Sequence[Array], seed: int) -> tuple[Array, ...]:
        """The upstream gradient of each output: as it was given, or drawn, of its dtype."""
        given = self.way.upstream
        if given is not None:
            return _fitting(given, outputs)
        return tuple([_drawn(np.asarray(one), seed, place) for place, one in enumerate(outputs)])

    def _require_repeatable(self, first: Sequence[Array], second: Sequence[Array]) -> None:
        """Another run gives the same outputs. Raises MisbehaviourError where it does not."""
        name = self.callee.forward_name
        shapes, again = ([np.shape(one) for one in outputs] for outputs in (first, second))
        if shapes != again:
            text = f"{name} gives outputs of shape {_shapes(shapes)}, and {_shapes(again)} when it runs again"
            raise MisbehaviourError(Fault("another shape", name, text))
        allowed = ROUNDED * epsilon_of(first) * np.max(np.abs(joined(first)), initial=0.0)
        if np.any(~(np.abs(joined(first) - joined(second)) <= allowed)):
            text = f"{name} gives other values when it runs again with the same inputs"
            hint = "draw random numbers from a seed that is fixed, or give them as an input"
            raise MisbehaviourError(Fault("not deterministic", name, text, hint))

    def _compare(self, outputs: Sequence[Array], right: Sequence[Array], noise: Noise) -> None:
        """Hold the outputs against those of a reference."""
        name = self.callee.forward_name
        if len(outputs) != len(right):
            text = f"{name} gives {len(outputs)} outputs, the reference {len(right)}"
            self.faults.append(Fault("wrong value", name, text))
            return
        round_off = IN_PRECISION * noise.epsilon
        relative = max(REFERENCE, round_off if noise.is_float32 else 0.0)
        for place, (own, other) in enumerate(zip(outputs, right, strict=True)):
            which = f"output {place + 1}" if len(outputs) > 1 else "the output"
            if np.shape(own) != np.shape(other):
                shapes = f"has shape {shape_text(np.shape(own))}, that of the reference {shape_text(np.shape(other))}"
                self.faults.append(Fault("wrong value", name, f"{which} of {name} {shapes}"))
                continue
            gap = np.abs(np.asarray(own, dtype=float) - np.asarray(other, dtype=float))
            size = np.abs(np.asarray(other, dtype=float))
            off = ~(gap <= relative * size + round_off * np.max(size, initial=0.0))
            if np.any(off):
                worst = np.unravel_index(int(np.argmax(np.where(off, gap, -1.0))), np.shape(gap))
                at = tuple([int(one) for one in worst])
                count = f", and {np.count_nonzero(off) - 1} more entries differ" if np.count_nonzero(off) > 1 else ""
                numbers = f"is {np.asarray(own)[at]:.10g}, the reference gives {np.asarray(other)[at]:.10g}"
                text = f"{which}{place_text(at)} of {name} {numbers}{count}"
                self.faults.append(Fault("wrong value", name, text, "mend the forward pass first"))


def _weights(inputs: Inputs, outputs: Sequence[Array], gradients: Mapping[str, Array], seed: int) -> tuple[Array, ...]:
    """What weighs the outputs of a pass that takes no upstream gradient: ones, unless all gradients are Jacobians."""
    if gradients and all(_is_jacobian(one, outputs, inputs.get(name)) for name, one in gradients.items()):
        return tuple([_drawn(np.asarray(one), seed, place) for place, one in enumerate(outputs)])
    return tuple([np.ones(np.shape(one)) for one in outputs])


def _is_jacobian(gradient: Array, outputs: Sequence[Array], value: Any) -> bool:
    """Whether it has the axes of the one output, and then those of the input."""
    own = np.shape(outputs[0]) if len(outputs) == 1 else ()
    return bool(own) and np.shape(gradient) == (*own, *np.shape(value)) != np.shape(value)


def weighed(gradient: Array, weights: Sequence[Array], value: Any) -> Array:
    """The gradient of the weighed sum of the outputs, from one of them or from a Jacobian."""
    if not _is_jacobian(gradient, weights, value):
        return gradient
    return np.tensordot(weights[0], gradient, axes=np.ndim(weights[0]))


def _shapes(shapes: Sequence[Sequence[int]]) -> str:
    return ", ".join(map(shape_text, shapes)) or "none"


def _drawn(output: Array, seed: int, place: int) -> Array:
    """An upstream gradient like an output, of its precision where that is a float's."""
    chance = np.random.default_rng([seed, crc32(b"upstream"), place])
    sizes = chance.uniform(*UPSTREAM, output.shape) * chance.choice([-1.0, 1.0], output.shape)
    return np.asarray(sizes, dtype=output.dtype if output.dtype.kind == "f" else float)


def _fitting(given: Any, outputs: Sequence[Array]) -> tuple[Array, ...]:
    """The given upstream gradient, one for each output. Raises UsageError where the shapes are others."""
    each = tuple(given) if isinstance(given, tuple) else (given,)
    shapes = [np.shape(one) for one in outputs]
    arrays = tuple([np.asarray(one, dtype=float) for one in each])
    if [one.shape for one in arrays] != shapes:
        has = f"has the shape {_shapes([one.shape for one in arrays])}"
        message = f"the upstream gradient {has}, and the outputs {_shapes(shapes)}"
        raise UsageError(message, hint="it has the shapes of the outputs: an array, or a tuple of arrays")
    return arrays
