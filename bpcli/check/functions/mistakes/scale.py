"""Gradients that are right but for one factor: a sum for a mean, a sign, a factor of the upstream."""

from collections.abc import Iterator, Mapping
from itertools import combinations, product
from math import isqrt, prod

import numpy as np

from bpcli.check.findings import Cause
from bpcli.check.functions.mistakes.case import Array, Case, is_numeric
from bpcli.check.functions.mistakes.mistake import ARITHMETIC, CHAIN, PATH, Mistake

CLOSE = 1e-9
KNOWN = 1e-3  # of the largest entry: how well one is known that tells a factor
ONE = 1.0


def of_factors(case: Case) -> Iterator[Mistake]:
    """Every entry times one factor that the pass itself has: a length, its upstream, 2, -1, 0."""
    if not case.claimed.any():
        yield Mistake(Cause("left out", PATH, "the gradient left out: it is 0 in every entry"), case.claimed)
        if case.upstream is not None and case.is_given_by(case.jacobian.sum(0).reshape(case.x.shape)):
            yield Mistake(Cause("upstream left out", CHAIN, "the upstream gradient left out"), case.claimed)
        return
    factor = factor_of(case)
    if factor is None:
        return
    yield from _of_plain_factors(case, factor)
    yield from _of_lengths(case, factor)
    yield from _of_upstream(case, factor)


def factor_of(case: Case) -> float | None:
    """What every entry is multiplied by; None where it is no one factor."""
    truth = np.where(_known(case), case.truth, 0.0)
    size = float(np.vdot(truth, truth))
    if not size:
        return None
    factor = float(np.vdot(truth, case.claimed)) / size
    return factor if case.is_given_by(case.truth * factor) else None


def _known(case: Case) -> Array:
    """Which entries tell a factor: at a kink the truth is anything between two slopes."""
    return np.broadcast_to(case.errors <= KNOWN * np.abs(case.truth).max(initial=0.0), case.truth.shape)


def is_close(case: Case, one: float, other: float) -> bool:
    """Whether two factors are one, as far as the truth can tell."""
    scale = float(np.abs(case.truth).max(initial=0.0))
    error = float(np.max(case.errors, where=_known(case), initial=0.0)) / scale if scale else 0.0
    return abs(one - other) <= (error + max(CLOSE, case.round_off)) * max(abs(one), abs(other))


def _of_plain_factors(case: Case, factor: float) -> Iterator[Mistake]:
    if is_close(case, factor, -1):
        yield Mistake(Cause("sign", ARITHMETIC, "a sign lost in every entry"), -case.truth)
    if is_close(case, factor, 2):
        yield Mistake(Cause("factor 2", ARITHMETIC, "a factor 2 too many", bare="a factor too many"), 2 * case.truth)
    if is_close(case, factor, 0.5):
        yield Mistake(Cause("factor 1/2", ARITHMETIC, "a factor 2 left out", bare="a factor left out"), case.truth / 2)


def _of_lengths(case: Case, factor: float) -> Iterator[Mistake]:
    for count, which in _lengths(case).items():
        for sign in (1, -1):
            lost = "" if sign > 0 else ", and a sign lost"
            if is_close(case, factor, sign * count):
                text = f"sum instead of mean: summed, not averaged, a factor {count}, {which}{lost}"
                yield Mistake(_counted("sum instead of mean", text), factor * case.truth)
            if is_close(case, factor, sign / count):
                text = f"mean instead of sum: averaged, not summed, a factor 1/{count}, {which}{lost}"
                yield Mistake(_counted("mean instead of sum", text), factor * case.truth)
            for kind, root in (("too many", count**0.5), ("forgotten", 1 / count**0.5)):
                if case.x.size > 1 and isqrt(count) ** 2 != count and is_close(case, factor, sign * root):
                    text = f"a chain rule factor {kind}: the root of {count}, {which}{lost}"
                    yield Mistake(_counted(f"chain rule factor {kind}", text), factor * case.truth)


def _counted(kind: str, text: str) -> Cause:
    return Cause(kind, ARITHMETIC, text, bare=f"{kind}: a factor that is a length")


def _lengths(case: Case) -> Mapping[int, str]:
    """The lengths that the pass has, and their products, each with the first thing that has it."""
    found: dict[int, str] = {}
    arrays = {name: np.shape(value) for name, value in case.inputs.items() if is_numeric(value)}
    arrays |= {f"output {place}" if place else "the output": shape for place, shape in enumerate(case.shapes)}
    for size in (1, 2, 3, 4):
        for name, shape in arrays.items():
            for axes in combinations(range(len(shape)), size):
                count = prod(shape[axis] for axis in axes)
                if count > 1:
                    found.setdefault(count, f"the length of {_axes(axes)} of {name}")
    for name, number in _whole_numbers(case.inputs).items():
        found.setdefault(number, f"the number {name}")
        found.setdefault(number * number, f"the square of the number {name}")
    return found


def _axes(axes: tuple[int, ...]) -> str:
    return f"axis {axes[0]}" if len(axes) == 1 else "axes " + " and ".join(map(str, axes))


def _whole_numbers(inputs: Mapping[str, object]) -> Mapping[str, int]:
    """The whole numbers above 1 among the parameters, those in mappings too."""
    found: dict[str, int] = {}
    for name, value in inputs.items():
        if isinstance(value, dict):
            found |= _whole_numbers(value)
        elif isinstance(value, int | np.integer) and not isinstance(value, bool) and value > 1:
            found[name] = int(value)
    return found


def _of_upstream(case: Case, factor: float) -> Iterator[Mistake]:
    """A single upstream number that is left out, or taken twice."""
    if case.upstream is None or case.weights.size != 1 or not case.weights.any():
        return
    (weight,) = case.weights
    if is_close(case, factor, 1 / weight):
        text = "the upstream gradient left out"
        yield Mistake(Cause("upstream left out", CHAIN, text), case.truth / weight)
    if is_close(case, factor, weight):
        text = "the upstream gradient taken twice"
        yield Mistake(Cause("upstream twice", CHAIN, text), case.truth * weight)


def of_factors_of_inputs(case: Case) -> Iterator[Mistake]:
    """Every entry times one number that an input has, or a power of it."""
    factor = factor_of(case)
    if factor is None:
        return
    for name, value in {**case.floats, **_sizes(case)}.items():
        if value.size != 1:
            continue
        number = float(value.reshape(-1)[0])
        for power, text in _powers_of(name):
            if number and is_close(case, factor, number**power):
                yield Mistake(Cause("factor of an input", CHAIN, text), case.truth * factor)


def _sizes(case: Case) -> Mapping[str, Array]:
    """Single numbers that a pass over one array comes by."""
    name, x = case.name, case.x
    found = {name: x}
    if case.out.size == 1:
        found |= {
            "the output": case.out,
            "exp(output)": np.exp(case.out),
            "exp(output - max)": np.exp(case.out - x.max()),
        }
    if x.size > 1:
        found |= {
            f"the norm of {name}": np.sqrt((x * x).sum()),
            f"the standard deviation of {name}": x.std(),
            f"the sum of {name}": x.sum(),
        }
    return found


def of_one_factor(case: Case) -> Iterator[Mistake]:
    """Every entry times one number of no better name."""
    factor = factor_of(case)
    if factor is None or is_close(case, factor, ONE):
        return
    ratios = list(_ratios(case, factor))
    yield from ratios
    if case.truth.size > 1 and not ratios:
        values, count = case.truth * factor, max(abs(factor), 1 / abs(factor))
        text = f"every entry times {factor:.6g}"
        if is_close(case, count, round(count)):
            word = "sum instead of mean" if abs(factor) > 1 else "mean instead of sum"
            text = f"{word} over {round(count)}, or another factor: {text}"
        yield Mistake(Cause("one factor", ARITHMETIC, text, bare="every entry times one factor"), values)


def _ratios(case: Case, factor: float) -> Iterator[Mistake]:
    """Divided by another length than the right one, or by one that is less by 1, as in a variance."""
    lengths = _lengths(case)
    less = {count - 1: f"1 less than {which}" for count, which in lengths.items() if count > 2}  # noqa: PLR2004 - else 1
    pairs = [*product(lengths, lengths), *[pair for few in less for pair in ((few, few + 1), (few + 1, few), (few, 1))]]
    words = {**less, **lengths}
    for right, count in pairs:
        if is_close(case, factor, right / count):
            kind = "mean over another length" if count > 1 else "sum instead of mean"
            divided = f"divided by {count}, {words[count]}" if count > 1 else "summed"
            text = f"{kind}: {divided}, and not divided by {right}, {words[right]}"
            yield Mistake(_counted(kind, text), factor * case.truth)
            return


def _powers_of(name: str) -> Iterator[tuple[float, str]]:
    yield 1, f"a chain rule factor too many: {name}"
    yield -1, f"a chain rule factor forgotten: {name}"
    yield 2, f"a chain rule factor too many: {name} squared"
    yield -2, f"a chain rule factor forgotten: {name} squared"
