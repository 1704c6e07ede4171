"""`check_function`: the gradients of a hand-written backward pass, held against differences of its forward pass."""

from collections.abc import Collection, Mapping, Sequence
from time import monotonic
from typing import Any, NamedTuple

import numpy as np

from bpcli.check.findings import Verdict
from bpcli.check.functions.callee import Callee, Fault, Inputs, MisbehaviourError
from bpcli.check.functions.explaining import explained
from bpcli.check.functions.judging import Judging, group_of, method_of
from bpcli.check.functions.noise import At, epsilon_of, noise_of
from bpcli.check.functions.results import FunctionCheck, PointCheck
from bpcli.check.functions.runs import finite_outputs, require_repeatable, wrong_values
from bpcli.check.functions.slopes import differentiable, slopes_of
from bpcli.check.functions.upstreams import upstream_of, weighed, weights_of
from bpcli.check.functions.widening import widened
from bpcli.errors import LimitError, UsageError
from bpcli.language.complaints import suggestion
from bpcli.language.limits import DEFAULT_LIMITS, Limits

FLOATS = "give an array of floats, or a number such as 2.0"
MOST_ENTRIES = 1_000_000  # each of them has a verdict of its own
PARTIAL = frozenset({"another shape", "no numbers"})  # faults of one gradient, after which others are judged


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
    inputs: Mapping[str, Any] | Sequence[Any] = (),
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
    its gradients, too. `inputs` go by name or in order: arrays, numbers, whatever else a parameter takes, and texts
    such as `"normal(2,3)"`, which are drawn at `points_count` points. `upstream` is the gradient of the outputs, drawn
    where none is given; `reference` is a forward pass whose values are right, or a pair of both passes. What a function
    does that it must not is a fault of the result. Raises UsageError, BindingError, ParseError, LimitError.

    >>> check_function(lambda x: x**2, lambda x: 3 * x, {"x": 2.0}).verdict.value
    'differ'
    """
    from bpcli.check.functions.local import local_callee  # noqa: PLC0415 - a child process has callees of its own
    from bpcli.check.functions.signatures import check_names, named  # noqa: PLC0415 - the same

    relative = _tolerance(relative_tolerance)
    wanted = (with_respect_to,) if isinstance(with_respect_to, str) else with_respect_to
    try:
        callee = local_callee(forward, backward)
        pair = reference if isinstance(reference, tuple) else (reference,)
        right = None if reference is None else local_callee(*pair)
    except MisbehaviourError as error:
        raise UsageError(error.fault.text, hint=error.fault.hint) from error
    given = dict(inputs) if isinstance(inputs, Mapping) else named(callee.parameters, list(inputs))
    check_names(callee.forward_name, callee.parameters, callee.backward_parameters, given)
    points = points_of(given, random_seed, points_count, limits)
    return check_callee(callee, points, Way(upstream, random_seed, relative, wanted, time_limit), right)


def _tolerance(relative: float | None) -> float | None:
    if relative is not None and not 0 <= relative < 1:
        message = f"the relative tolerance must be from 0 to 1, not {relative:g}"
        raise UsageError(message, hint="1e-6 is usual")
    return relative


def points_of(
    given: Mapping[str, Any], random_seed: int, count: int, limits: Limits = DEFAULT_LIMITS
) -> list[tuple[dict[str, Any], int | None]]:
    """The inputs at each point, with the seed of what is drawn; one point without a seed where nothing is.

    Raises ParseError, BindingError, LimitError, UsageError.
    """
    from bpcli.language.generators import generators_in, inputs_from  # noqa: PLC0415 - a child process draws nothing

    if count < 1:
        message = f"a function is checked at 1 point or more, not {count}"
        raise UsageError(message, hint="3 is usual")
    if not any(True for _ in generators_in(given)):
        return [(inputs_from(given, random_seed, 0, limits), None)]
    return [(inputs_from(given, random_seed, point, limits), random_seed + point) for point in range(count)]


def check_callee(
    callee: Callee, points: Sequence[tuple[Inputs, int | None]], way: Way = USUAL, reference: Callee | None = None
) -> FunctionCheck:
    """Hold the gradients of a pass against differences at some points, each with the seed that it was drawn from.

    A `reference` is a pass whose forward values are right: they are compared first. What a pass does that it must not
    is a fault of the result. Raises UsageError where there is no input to differentiate, LimitError where the inputs
    have too many entries.
    """
    _require_few(points, way)
    found: list[PointCheck] = []
    faults: list[Fault] = []
    unclaimed: dict[str, None] = {}
    deadline = None if way.time_limit is None else monotonic() + way.time_limit
    for number, (inputs, seed) in enumerate(points):
        names = _wanted(inputs, way.wanted)
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
        faults += one.faults
        claimed = {group.key for group in checked.groups}
        unclaimed |= dict.fromkeys([name for name in names if name not in claimed])
        if any(fault.is_fatal and fault.kind not in PARTIAL for fault in one.faults):
            break
    once = tuple(dict.fromkeys(faults))
    return FunctionCheck(callee.forward_name, callee.backward_name, tuple(found), once, tuple(unclaimed))


def _require_few(points: Sequence[tuple[Inputs, int | None]], way: Way) -> None:
    count = sum(np.size(inputs[name]) for inputs, _ in points for name in _wanted(inputs, way.wanted))
    if count > MOST_ENTRIES:
        message = f"the inputs have {count} entries at all points, and {MOST_ENTRIES} at most are checked one by one"
        raise LimitError(message, hint="give them shorter axes, which show the same mistakes, or take fewer points")


def _wanted(inputs: Inputs, wanted: Collection[str] | None) -> list[str]:
    """The inputs whose gradient is checked."""
    names = differentiable(inputs)
    for name in wanted or ():
        if name not in names:
            what = f"'{name}' is no number or array of floats" if name in inputs else f"there is no input '{name}'"
            message = f"no gradient with respect to {name}: {what}"
            floats = f"inputs of floats are {', '.join(names)}" if names else FLOATS
            raise UsageError(message, hint=suggestion(name, names, floats))
    if not names:
        message = "there is no input to differentiate"
        raise UsageError(message, hint=FLOATS)
    return [name for name in names if wanted is None or name in wanted]


def _right_outputs(reference: Callee, inputs: Inputs) -> tuple[Any, ...]:
    """What the reference gives. Raises UsageError where it fails, which is no fault of what is checked."""
    try:
        return finite_outputs(reference, inputs)
    except MisbehaviourError as error:
        message = f"the reference cannot be used: {error.fault.text}"
        raise UsageError(message, hint=error.fault.hint) from error


class _Point:
    """A pass at one point, and what it does that it must not; `told` are the inputs that differ at an earlier one."""

    def __init__(self, callee: Callee, inputs: Inputs, way: Way, deadline: float | None, told: Collection[str]) -> None:
        self.callee, self.inputs, self.way, self.deadline, self.told = callee, inputs, way, deadline, told
        self.faults: list[Fault] = []

    def checked(self, names: Sequence[str], seed: int | None, reference: Callee | None) -> PointCheck:
        """The verdict on the gradients of these inputs. Raises MisbehaviourError where there is nothing to judge."""
        drawn_from = self.way.random_seed if seed is None else seed
        outputs = finite_outputs(self.callee, self.inputs)
        takes = self.callee.takes_upstream(self.inputs)
        if self.way.upstream is not None and not takes:
            message = f"an upstream gradient is given, and {self.callee.backward_name} takes none"
            raise UsageError(message, hint="leave it out: every output counts with the weight 1")
        upstream = upstream_of(self.way.upstream, outputs, drawn_from) if takes else None
        passed = self.callee.passed(self.inputs, upstream)
        self.faults += passed.faults
        require_repeatable(self.callee.forward_name, outputs, passed.outputs)
        weights = upstream or weights_of(self.inputs, outputs, passed.gradients, drawn_from)
        at = At(self.callee, self.inputs, outputs, weights)
        near = widened(at)
        noise = noise_of(near, names, self.way.random_seed)
        epsilon = max(noise.epsilon, epsilon_of(outputs))
        if reference is not None:
            right = _right_outputs(reference, self.inputs)
            self.faults += wrong_values(self.callee.forward_name, outputs, right, epsilon)
        claims = {
            name: weighed(passed.gradients[name], weights, self.inputs[name])
            for name in names
            if name in passed.gradients
        }
        if not claims:
            text = f"{self.callee.backward_name} gives no gradient of {', '.join(names)}"
            raise MisbehaviourError(Fault("no gradient", self.callee.backward_name, text))
        measured = slopes_of(near, list(claims), noise, self.deadline)
        judging = Judging(epsilon, noise.is_float32, self.way.relative, self.callee.backward_name)
        groups = []
        for name, claim in claims.items():
            group, faults = group_of(name, claim, measured[name], judging)
            groups.append(group)
            self.faults += faults
        groups = explained(near, measured, noise, groups, known=self.told)
        return PointCheck(self.inputs, outputs, upstream, tuple(groups), method_of(judging, groups), seed)
