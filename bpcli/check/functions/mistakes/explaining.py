"""The groups of a check, each wrong one with the mistakes that it is consistent with."""

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from time import monotonic

import numpy as np

from bpcli.check.findings import Cause, Verdict
from bpcli.check.functions.callee import Array
from bpcli.check.functions.mistakes.case import ROUND_OFF, Case, TooDearError
from bpcli.check.functions.mistakes.causes import causes_of
from bpcli.check.functions.noise import At, Noise
from bpcli.check.functions.slopes import Measured, jacobian_of
from bpcli.check.groups import Group

IN_SINGLE, SHORT = 2e-3, 5e-5  # the round-off of a pass in float32, and of a gradient alone that is in float32
RUNS_OF_AN_ENTRY = 4  # of the forward pass, for a column of the Jacobian
MOST_NUMBERS = 1_000_000  # of a Jacobian that is looked at for causes
MOST_AGAIN = 10_000  # the same, at another point


def explained(  # noqa: PLR0913 - what was found at a point, and how far to look
    at: At,
    measured: Mapping[str, Measured],
    noise: Noise,
    groups: Sequence[Group],
    *,
    known: Collection[str] = (),
    deadline: float | None = None,
) -> list[Group]:
    """The groups with causes; those of inputs that are `known` from another point only where that costs little.

    Nothing is begun after the `deadline`, a time of the monotonic clock: what is found in time stands.
    """
    return [
        group.but(causes=_causes(_case(group, at, measured, noise, deadline)))
        if group.verdict is Verdict.DIFFER and _is_numeric(group) and (group.key not in known or _is_small(group, at))
        else group
        for group in groups
    ]


def _is_small(group: Group, at: At) -> bool:
    return bool(at.base.size * np.size(at.inputs[group.key]) <= MOST_AGAIN)


def _is_numeric(group: Group) -> bool:
    return group.claim is not None and np.asarray(group.claim.value).dtype.kind in "fiub"


def _causes(case: Case) -> tuple[Cause, ...]:
    try:
        return causes_of(case)
    except (ArithmeticError, IndexError, TypeError, ValueError):
        return ()  # shapes that no mistake is known for: the verdict stands


def _case(group: Group, at: At, measured: Mapping[str, Measured], noise: Noise, deadline: float | None) -> Case:
    name = group.key
    claimed = np.asarray(None if group.claim is None else group.claim.value)
    is_short = claimed.dtype in (np.float32, np.float16)
    defaults = {one.name: one.default for one in at.callee.parameters.listed if one.default is not None}
    return Case(
        callee=at.callee,
        inputs={**defaults, **at.inputs},
        outputs=at.outputs,
        upstream=at.upstream,
        name=name,
        claimed=claimed.astype(np.float64),
        truth=measured[name].slopes.value,
        errors=measured[name].slopes.error,
        others={other: found.slopes.value for other, found in measured.items() if other != name},
        known_jacobian=partial(_jacobian, at, name, noise, deadline),
        deadline=deadline,
        is_single=noise.is_float32,
        round_off=IN_SINGLE if noise.is_float32 else SHORT if is_short else ROUND_OFF,
    )


def _jacobian(at: At, name: str, noise: Noise, deadline: float | None) -> Array:
    begun = monotonic()
    at.callee.outputs(at.inputs)
    now = monotonic()
    if deadline is not None and now + RUNS_OF_AN_ENTRY * np.size(at.inputs[name]) * (now - begun) > deadline:
        raise TooDearError
    small = at.base.size * np.size(at.inputs[name]) <= MOST_NUMBERS
    found = jacobian_of(at, name, noise) if small else None
    if found is None:
        raise TooDearError
    return found
