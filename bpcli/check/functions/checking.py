"""`check_function`: the gradients of a hand-written backward pass, held against differences of its forward pass."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from time import monotonic
from typing import Any, NamedTuple

import numpy as np

from bpcli.check.findings import Verdict
from bpcli.check.functions.callee import Array, Callee, Fault, FaultKind, Inputs, MisbehaviourError, Passed
from bpcli.check.functions.given import complete, differentiable, named, points_of, require_few, wanted_of
from bpcli.check.functions.judging import Judging, group_of, method_of
from bpcli.check.functions.mistakes.explaining import explained
from bpcli.check.functions.noise import At, epsilon_of, noise_of
from bpcli.check.functions.results import FunctionCheck, PointCheck
from bpcli.check.functions.runs import finite_outputs, require_repeatable, wrong_values
from bpcli.check.functions.shaking import lost_in_sums
from bpcli.check.functions.slopes import slopes_of
from bpcli.check.functions.upstreams import upstream_of, weighed, weights_of
from bpcli.check.functions.widening import widened
from bpcli.errors import UsageError
from bpcli.language.limits import DEFAULT_LIMITS, Limits

PARTIAL: frozenset[FaultKind] = frozenset(
    {"another shape", "no numbers"}
)  # faults of one gradient, after which others are judged


class Way(NamedTuple):
    """How a function is checked: the upstream gradient, if it is given, how closely, what, for how many seconds."""

    upstream: Any = None
    random_seed: int = 0
    relative: float | None = None
    wanted: Collection[str] | None = None
    time_limit: float | None = None


USUAL = Way()


def check_function(  # noqa: PLR0913 - a question, and how it is to be answered
    forward: Any,
    backward: Any = None,
    inputs: Any = (),
    *,
    upstream: Any = None,
    reference: Any = None,
    random_seed: int = 0,
    points_count: int = 3,
    relative_tolerance: float | None = None,
    with_respect_to: Collection[str] | str | None = None,
    time_limit: float | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> FunctionCheck:
    """Hold the gradients that a backward pass gives against differences of the forward pass, entry by entry.

    `forward` and `backward` are functions, as in `f(x)` and `df(x)` or `forward(x, w) -> out, cache` and
    `backward(dout, cache) -> dx, dw`; or `forward` alone is a class with these two methods, or a function that returns
    its gradients, too. `inputs` are a mapping by name, a list or tuple in order, or a lone input: arrays, numbers,
    whatever else a parameter takes, and texts such as `"normal(2,3)"`, which are drawn at `points_count` points; a lone
    parameter is drawn where there are none.
    `upstream` is the gradient of the output, drawn where none is given; of several outputs a tuple or list of theirs.
    `reference` is a forward pass whose values are right, or a pair of both passes. A gradient may be off by
    `relative_tolerance` of the slope, by default 1e-6. What a function does that it must not is a fault of the result.
    Raises UsageError, BindingError, ParseError, LimitError.

    >>> check_function(lambda x: x**2, lambda x: 3 * x, {"x": 2.0}).verdict.value
    'differ'
    """
    from bpcli.check.functions.passes.local import local_callee  # noqa: PLC0415 - a child process has callees of its own

    wanted = (with_respect_to,) if isinstance(with_respect_to, str) else with_respect_to
    try:
        callee = local_callee(forward, backward)
        pair = reference if isinstance(reference, tuple) else (reference,)
        right = None if reference is None else local_callee(*pair)
    except MisbehaviourError as error:
        raise UsageError(error.fault.text, hint=error.fault.hint) from error
    in_order = inputs if isinstance(inputs, list | tuple) else [inputs]
    given = dict(inputs) if isinstance(inputs, Mapping) else named(callee.parameters, in_order)
    drawn = points_of(complete(callee, given), random_seed, points_count, limits)
    way = Way(upstream, random_seed, relative_tolerance, wanted, time_limit)
    return replace(check_callee(callee, drawn.points, way, right), notes=drawn.notes)


def check_callee(
    callee: Callee, points: Sequence[tuple[Inputs, int | None]], way: Way = USUAL, reference: Callee | None = None
) -> FunctionCheck:
    """Hold the gradients of a pass against differences at some points, each with the seed that it was drawn from.

    A `reference` is a pass whose forward values are right: they are compared first. What a pass does that it must not
    is a fault of the result. Raises UsageError where there is no input to differentiate, or the tolerance is none,
    LimitError where the inputs have too many entries.
    """
    if way.relative is not None and not 0 <= way.relative < 1:
        message = f"the relative tolerance must be from 0 to 1, not {way.relative:g}"
        raise UsageError(message, hint="1e-6 is usual")
    require_few(points, way.wanted)
    found: list[PointCheck] = []
    faults: list[Fault] = []
    unclaimed: dict[str, None] = {}
    called = ""
    deadline = None if way.time_limit is None else monotonic() + way.time_limit
    for number, (inputs, seed) in enumerate(points):
        names = wanted_of({**inputs, **_parts(callee, inputs, way)}, way.wanted)
        until = None if deadline is None else monotonic() + (deadline - monotonic()) / (len(points) - number)
        told = {group.key for point in found for group in point.groups if group.verdict is Verdict.DIFFER}
        one = _Point(callee, inputs, way, until, told)
        try:
            with np.errstate(all="ignore"):
                checked = one.checked(names, seed, reference)
        except MisbehaviourError as error:
            faults += [*one.faults, error.fault]
            break
        found.append(checked)
        called = called or one.called
        faults += one.faults
        claimed = {group.key for group in checked.groups}
        unclaimed |= dict.fromkeys([name for name in names if name not in claimed])
        if any(fault.is_fatal and fault.kind not in PARTIAL for fault in one.faults):
            break
    once = tuple(dict.fromkeys(faults))
    return FunctionCheck(callee.forward_name, callee.backward_name, tuple(found), once, tuple(unclaimed), called=called)


def _parts(callee: Callee, inputs: Inputs, way: Way) -> Mapping[str, Any]:
    """The arrays that inputs or an object hold, where one is asked for, or there is nothing else to differentiate."""
    if differentiable(inputs) and all(name in inputs for name in way.wanted or ()):
        return {}
    try:
        upstream = upstream_of(way.upstream, callee.outputs(inputs), way.random_seed)
        return callee.passed(inputs, upstream if callee.takes_upstream(inputs) else None).parts
    except MisbehaviourError:  # which is told of later
        return {}


class _Point:
    """A pass at one point, and what it does that it must not; `told` are the inputs that differ at an earlier one."""

    def __init__(self, callee: Callee, inputs: Inputs, way: Way, deadline: float | None, told: Collection[str]) -> None:
        self.callee, self.inputs, self.way, self.deadline, self.told = callee, inputs, way, deadline, told
        self.faults: list[Fault] = []
        self.parts: tuple[str, ...] = ()
        self.called = ""

    def checked(self, names: Sequence[str], seed: int | None, reference: Callee | None) -> PointCheck:
        """The verdict on the gradients of these inputs.

        Raises MisbehaviourError where there is nothing to judge, UsageError where there is nothing to judge it by.
        """
        drawn_from = self.way.random_seed if seed is None else seed
        outputs, upstream, passed = self._run(drawn_from)
        wanted = self.parts if self.way.wanted is None else self.way.wanted
        names = [*names, *[name for name in self.parts if name in wanted and name not in names]]
        weights = upstream or weights_of(self.inputs, outputs, passed.gradients, drawn_from)
        near = widened(At(self.callee, self.inputs, outputs, weights))
        noise = noise_of(near, names, self.way.random_seed)
        given = [value for value in self.inputs.values() if isinstance(value, np.ndarray)]
        epsilon = max(noise.epsilon, epsilon_of(outputs), epsilon_of(given))
        if reference is not None:
            right = _right_outputs(reference, self.inputs)
            self.faults += wrong_values(self.callee.forward_name, outputs, right, epsilon)
        claims = self._claims(names, passed, weights)
        measured = slopes_of(near, list(claims), noise, self.deadline)
        judging = Judging(epsilon, noise.is_float32, self.way.relative, self.callee.backward_name)
        groups = []
        lost = lost_in_sums(near, self.inputs, upstream, passed.gradients, epsilon)
        for name, claim in claims.items():
            found = measured[name]._replace(rounding=measured[name].rounding + lost[name])
            group, faults = group_of(name, claim, found, judging)
            groups.append(group)
            self.faults += faults
        groups = explained(near, measured, noise, groups, known=self.told, deadline=self.deadline)
        return PointCheck(self.inputs, outputs, upstream, tuple(groups), method_of(judging, groups), seed)

    def _run(self, drawn_from: int) -> tuple[tuple[Array, ...], tuple[Array, ...] | None, Passed]:
        """The outputs, the upstream gradient if the pass takes one, and what both passes give."""
        outputs = finite_outputs(self.callee, self.inputs)
        takes = self.callee.takes_upstream(self.inputs)
        if self.way.upstream is not None and not takes:
            message = f"an upstream gradient is given, and {self.callee.backward_name} takes none"
            raise UsageError(message, hint="leave it out: every output counts with the weight 1")
        upstream = upstream_of(self.way.upstream, outputs, drawn_from) if takes else None
        passed = self.callee.passed(self.inputs, upstream)
        if passed.parts:
            self.inputs = {**self.inputs, **passed.parts}
            self.parts = tuple(passed.parts)
            passed = self.callee.passed(self.inputs, upstream)
        self.faults += passed.faults
        self.called = passed.called
        require_repeatable(self.callee.forward_name, outputs, passed.outputs)
        return outputs, upstream, passed

    def _claims(self, names: Sequence[str], passed: Passed, weights: Sequence[Array]) -> dict[str, Array]:
        """The gradients of these inputs that the backward pass gives. Raises MisbehaviourError where it gives none."""
        given = passed.gradients
        claims = {name: weighed(given[name], weights, self.inputs[name]) for name in names if name in given}
        if not claims:
            text = f"{self.callee.backward_name} gives no gradient of {', '.join(names)}"
            raise MisbehaviourError(Fault("no gradient", self.callee.backward_name, text))
        return claims


def _right_outputs(reference: Callee, inputs: Inputs) -> tuple[Array, ...]:
    """What a reference gives. Raises UsageError where it gives nothing, which is no fault of what is checked."""
    try:
        return finite_outputs(reference, inputs)
    except MisbehaviourError as error:
        message = f"the reference gives no values: {error.fault.text}"
        raise UsageError(message, hint=error.fault.hint) from error
