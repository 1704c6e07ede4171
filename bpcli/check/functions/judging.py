"""The verdict on every entry of the gradients that a backward pass gives, held against measured slopes."""

from collections.abc import Sequence
from math import isfinite, isnan
from typing import Any, NamedTuple

import numpy as np

from bpcli.check.findings import Finding, Verdict
from bpcli.check.functions.callee import Array, Fault
from bpcli.check.functions.noise import EPSILON
from bpcli.check.functions.slopes import Measured
from bpcli.check.groups import Group
from bpcli.check.measured import RELATIVE, UNSEEN, Bounds, Estimate, judged
from bpcli.check.targets import Item
from bpcli.graph.node import Variable
from bpcli.graph.shapes import shape_text
from bpcli.language.claims import Claim, Target
from bpcli.numbers.apart import place_text, places

ROUND_OFF = 4096 * EPSILON  # 1e-12 in float64: of the largest entry of a gradient, lost in the sums of both passes
ROUND_OFFS_OF_SINGLE = 64  # float32 sums are short, or a gradient in it has no digits left
MOST_RELATIVE = 0.02
RELATIVE_IN_SINGLE = 1024  # times the precision: 1.2e-4 in float32
UNSEEN_IN_SINGLE = 8192  # the same of what has no weight, 1e-3: so much differences in float32 hide
NOT_FINITE = "the gradient is not finite, and the function has a slope here"
OUT_OF_TIME = "left out: there was no time for it"


class Judging(NamedTuple):
    """How claims are judged: the precision that the pass computes in, and the relative tolerance that was asked for.

    `is_coarse` where no differences could be taken in float64 either.
    """

    epsilon: float
    is_coarse: bool = False
    relative: float | None = None
    where: str = "backward"

    def bounds(self, claims: Array, found: Measured) -> tuple[float, Array, Array]:
        """The relative tolerance, and, for each entry, what is lost to rounding, and what has no weight."""
        epsilon = max(self.epsilon, _precision_of(claims))
        is_double = epsilon <= EPSILON
        finite = np.isfinite(found.slopes.value)
        largest = float(np.max(np.abs(found.slopes.value), where=finite, initial=0.0))
        round_off = ROUND_OFF if is_double else ROUND_OFFS_OF_SINGLE * epsilon
        usual = RELATIVE if is_double else min(RELATIVE_IN_SINGLE * epsilon, MOST_RELATIVE)
        unseen = (UNSEEN if is_double else UNSEEN_IN_SINGLE * epsilon) * np.maximum(largest, found.natural)
        return usual if self.relative is None else self.relative, round_off * largest + found.rounding, unseen


def _precision_of(claims: Array) -> float:
    """The gap beside 1 of the numbers that a gradient has; that of float64 for what is no float."""
    kind = np.asarray(claims).dtype
    return float(np.finfo(kind).eps) if kind.kind == "f" else EPSILON


def group_of(name: str, claims: Any, found: Measured, judging: Judging) -> tuple[Group, tuple[Fault, ...]]:
    """The verdict on each entry of the gradient of one input, and what is wrong with it as a whole."""
    shape = tuple(np.shape(found.slopes.value))
    array = np.asarray(claims)
    fault = _misfit(name, array, shape, judging.where)
    item = Item("gradient", Variable(name, shape=shape))
    target = Target("gradient", name)
    if fault is not None and fault.is_fatal:
        claim = Claim(target, typed=fault.text, value=array)
        finding = Finding(item, f"d{name}", Verdict.DIFFER, claim, reason=fault.text, hint=fault.hint)
        return Group(name, f"d{name}", item, (), (), [()], [finding], claim), (fault,)
    relative, round_off, unseen = judging.bounds(array, found)
    array = array.reshape(shape)
    numbers = np.ravel(array.astype(float))
    parts = [np.ravel(part).tolist() for part in (*found.slopes, round_off, unseen)]
    index = list(places(shape))
    findings = [
        _finding(item, f"d{name}{place_text(place)}", number, Estimate(*estimate), (relative, rounding, weightless))
        for place, number, *estimate, rounding, weightless in zip(index, numbers.tolist(), *parts, strict=True)
    ]
    group = Group(name, f"d{name}", item, (), shape, index, findings, Claim(target, typed="", value=array))
    return group, (*([fault] if fault else []), *_not_finite(name, index, numbers, judging.where))


def _finding(item: Item, title: str, number: float, found: Estimate, limits: tuple[float, float, float]) -> Finding:
    """The verdict on one entry."""
    relative, round_off, unseen = limits
    claim = Claim(Target("gradient", item.node.name or ""), str(number), number)
    if isfinite(number) and isnan(found.value) and isnan(found.error):
        return Finding(item, title, Verdict.UNDECIDED, claim, reason=OUT_OF_TIME)
    base = Finding(item, title, Verdict.AGREE, claim, truth=found.truth)
    if number == found.value == round_off == 0 and not found.is_corner:  # nothing changes anywhere, as is claimed
        return base
    if not isfinite(number) and isfinite(found.value) and isfinite(found.error):
        return base.but(verdict=Verdict.DIFFER, reason=NOT_FINITE)
    precise = relative * abs(found.value)
    return judged(base, found, Bounds(precise, round_off, unseen, relative))


def _misfit(name: str, claims: Array, shape: tuple[int, ...], where: str) -> Fault | None:
    """What is wrong with a gradient of another shape, or of no numbers; a note where its entries are in place."""
    if claims.dtype.kind not in "fiub":
        kind = "complex numbers" if claims.dtype.kind == "c" else f"{claims.dtype}, no numbers"
        text = f"the gradient of {name} has entries that are {kind}"
        return Fault("no numbers", where, text, "give an array of real numbers")
    if claims.shape == shape:
        return None
    own = f"shape {shape_text(shape)}" if shape else "no axes: it is a single number"
    has = f"has shape {shape_text(claims.shape)}" if claims.shape else "is a single number"
    text = f"the gradient of {name} {has}, and {name} has {own}"
    hint = "a gradient has the shape of its input"
    if [one for one in claims.shape if one != 1] == [one for one in shape if one != 1]:
        hint = "an axis of length 1 is too many or too few: see whether keepdims=True is meant"
        hint = hint if shape else "give the number itself, without axes"
        return Fault("another shape", where, text, hint, is_fatal=False)
    if len(shape) > 1 and claims.shape == shape[::-1]:
        hint = "it may be transposed"
    elif claims.ndim > len(shape) and claims.shape[claims.ndim - len(shape) :] == shape:
        hint = "it may want a sum over the axes in front, along which the input was broadcast"
    return Fault("another shape", where, text, hint)


def _not_finite(name: str, index: Sequence[tuple[int, ...]], numbers: Array, where: str) -> tuple[Fault, ...]:
    """The first entries of a gradient that are no numbers, or infinite."""
    bad = np.flatnonzero(~np.isfinite(numbers))
    if not bad.size:
        return ()
    more = f", and {bad.size - 1} more entries are not finite" if bad.size > 1 else ""
    text = f"d{name}{place_text(index[bad[0]])} is {numbers[bad[0]]}{more}"
    return (Fault("not finite", where, text, is_fatal=False),)


def method_of(judging: Judging, groups: Sequence[Group]) -> str:
    """How the gradients were judged, in words."""
    findings = [finding for group in groups for finding in group.findings]
    left = sum(finding.reason == OUT_OF_TIME for finding in findings)
    seen = f"{len(findings) - left} of {len(findings)} entries" if left else "every entry"
    if judging.epsilon <= EPSILON:
        return f"differences of the function, {seen}"
    digits = f"to a relative {min(RELATIVE_IN_SINGLE * judging.epsilon, MOST_RELATIVE):.0e}"
    if judging.is_coarse:
        return f"differences of the function, {seen}; it computes in float32 or coarser, and is judged {digits}"
    return f"differences of the function in float64, {seen}; as given it computes in float32, and is judged {digits}"
