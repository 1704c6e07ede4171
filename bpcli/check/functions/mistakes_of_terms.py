"""Terms and factors: a regularisation or a path that is missing or doubled, a factor of the chain rule forgotten."""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from bpcli.check.findings import Cause
from bpcli.check.functions.case import Array, Case
from bpcli.check.functions.mistakes import CHAIN, PATH, REGULARISATION, Mistake

FEWEST = 3  # entries that a proportion takes
MATRIX = 2
NOUGHT = 0.0
SHARES = (
    (-1.0, "left out"),
    (1.0, "doubled"),
    (-0.5, "halved: its factor 2 left out"),
    (-2.0, "of the wrong sign"),
)


class Regularisation(NamedTuple):
    """A term of the gradient in proportion to the input itself, or to its signs, and the number that it comes from."""

    source: str
    part: Array


def regularisation_of(case: Case) -> Regularisation | None:
    """The part of the true gradient that is gone where a number among the inputs is 0, if it is in proportion to x."""
    if case.x.size < MATRIX or sum(np.size(one) for one in case.outputs) != 1:
        return None
    probes = np.unique(np.argsort(-np.abs(case.x.reshape(-1)))[:FEWEST])
    for name, value in case.floats.items():
        if value.size != 1 or not value.any():
            continue
        plain = case.weights @ case.jacobian_at({**case.inputs, name: np.zeros_like(value)[()]}, entries=probes)
        gone = case.truth.reshape(-1)[probes] - plain
        for basis in (case.x, np.sign(case.x)):
            shares = gone / basis.reshape(-1)[probes]
            if np.abs(shares).max() and np.ptp(shares) <= 1e2 * case.round_off * np.abs(shares).max():
                return Regularisation(name, float(shares.mean()) * basis)
    return None


def beside_regularisation(case: Case, found: Regularisation) -> Case:
    """The case without its regularisation, in the claim as well."""
    value = np.zeros_like(np.asarray(case.inputs[found.source], np.float64))[()]
    return replace(
        case,
        inputs={**case.inputs, found.source: value},
        claimed=case.claimed - found.part,
        truth=case.truth - found.part,
        known_jacobian=None,
        others={},
    )


def of_regularisation(case: Case) -> Iterator[Mistake]:
    """The regularisation left out, doubled, or in another proportion."""
    if case.x.size < FEWEST or sum(np.size(one) for one in case.outputs) != 1:
        return
    off = case.claimed - case.truth
    for basis in (case.x, np.sign(case.x)):
        share = float(np.vdot(basis, off)) / (float(np.vdot(basis, basis)) or 1.0)
        if not share or not case.is_given_by(case.truth + share * basis):
            continue
        found = regularisation_of(case)
        true_share = float(np.vdot(basis, found.part)) / float(np.vdot(basis, basis)) if found else NOUGHT
        words = [word for part, word in SHARES if true_share and abs(share / true_share - part) < 1e-4]  # noqa: PLR2004 - of 1
        if not true_share:
            words = ["left out" if share < 0 else "doubled, or one too many"]
        text = f"regularisation term {words[0] if words else 'in the wrong proportion'}"
        yield Mistake(
            Cause(text.partition(":")[0], REGULARISATION, text, bare="regularisation term"), case.truth + share * basis
        )


class Candidate(NamedTuple):
    """An array that a term or a factor may be, and what it is called."""

    text: str
    values: Array


def of_terms(case: Case) -> Iterator[Mistake]:
    """A term in proportion to something that the pass knows: left out, one too many, or kept alone."""
    off = case.claimed - case.truth
    for text, values in _arrays(case):
        if values.size < FEWEST:
            continue
        cause = Cause("path left out", PATH, f"a path left out, or one too many: a term in proportion to {text}")
        for along in _proportions(off, values):
            yield Mistake(cause, case.truth + along)
        if np.ptp(values) > 0:
            share = float(np.vdot(values, case.claimed)) / (float(np.vdot(values, values)) or 1.0)
            alone = Cause("path kept alone", PATH, f"a path kept alone: only a term in proportion to {text}")
            yield Mistake(alone, share * values)


def _proportions(off: Array, values: Array) -> Iterator[Array]:
    """What of an array is in proportion to another: as a whole, and in each row along an axis."""
    yield values * (float(np.vdot(values, off)) / (float(np.vdot(values, values)) or 1.0))
    for axis in range(values.ndim):
        if values.shape[axis] >= FEWEST:
            size = (values * values).sum(axis, keepdims=True)
            yield values * ((values * off).sum(axis, keepdims=True) / np.where(size, size, 1.0))


def of_products(case: Case) -> Iterator[Mistake]:
    """A factor of the chain rule forgotten, or one too many: an array by which every entry is off."""
    if case.truth.size < FEWEST:
        return
    for text, values in _arrays(case, only_factors=True):
        if np.ptp(values) == 0 or not values.all():
            continue
        for factor, kind in ((1 / values, "forgotten"), (values, "too many")):
            changed = case.truth * factor
            share = float(np.vdot(changed, case.claimed)) / (float(np.vdot(changed, changed)) or 1.0)
            cause = Cause(f"chain rule factor {kind}", CHAIN, f"a chain rule factor {kind}: {text}")
            yield Mistake(cause, share * changed)


def _arrays(case: Case, *, only_factors: bool = False) -> Iterator[Candidate]:
    """What the pass knows, each thing in the shape of the input: by itself, with the upstream, as a product."""
    if not only_factors:
        yield Candidate("1", np.ones(case.x.shape))
    known = list(_known(case))
    yield from known
    arrived = None if case.upstream is None else _spread(case.arrived[0], case.x.shape)
    if arrived is not None and np.ptp(arrived) > 0:
        if only_factors:
            yield Candidate("the upstream gradient", arrived)
        else:
            yield Candidate("the upstream gradient", arrived)
            for text, values in known:
                yield Candidate(f"the upstream gradient times {text}", arrived * values)
    if only_factors:
        yield from _by_axis(case)
    else:
        yield from _matrix_products(case)


def _known(case: Case) -> Iterator[Candidate]:
    yield Candidate(case.name, case.x)
    yield Candidate(f"{case.name}²", case.x**2)
    yield Candidate(f"the sign of {case.name}", np.sign(case.x))
    yield Candidate(f"exp({case.name})", np.exp(case.x))
    for name, value in {**case.floats, "the output": case.out}.items():
        spread = _spread(value, case.x.shape)
        if spread is not None and spread.size > 1 and np.isfinite(spread).all():
            yield Candidate(name, spread)
            yield Candidate(f"{name}²", spread**2)
            yield Candidate(f"1/{name}", np.where(spread, 1 / spread, 0.0))
            if name == "the output":
                yield Candidate("exp(output)", np.exp(spread))
                yield Candidate("1 - output", 1 - spread)
                yield Candidate("1 - output²", 1 - spread**2)
            else:
                yield Candidate(f"{case.name} - {name}", case.x - spread)
                yield Candidate(f"log({name})", np.log(np.abs(spread)))


def _by_axis(case: Case) -> Iterator[Candidate]:
    """What each row has along an axis: its norm, its deviation, its sum."""
    for axis in range(case.x.ndim):
        deviation = case.x.std(axis, keepdims=True)
        for text, values in (
            ("the norm", np.sqrt((case.x**2).sum(axis, keepdims=True))),
            ("the standard deviation", np.sqrt(deviation**2 + 1e-5)),
            ("the standard deviation", deviation),
            ("the sum", case.x.sum(axis, keepdims=True)),
        ):
            yield Candidate(f"{text} along axis {axis}", np.broadcast_to(values, case.x.shape))


def _matrix_products(case: Case) -> Iterator[Candidate]:
    """Products of two of the other arrays, which are terms of the gradients of linear layers."""
    arrays = {**case.floats, "the output": case.out, "the upstream gradient": case.arrived[0], case.name: case.x}
    tables = {name: value for name, value in arrays.items() if 0 < value.ndim <= MATRIX}
    for left, first in tables.items():
        for right, second in tables.items():
            for one, other, text in (
                (first.T, second, f"{left}ᵀ·{right}"),
                (first, second, f"{left}·{right}"),
                (first, second.T, f"{left}·{right}ᵀ"),
            ):
                if one.shape[-1] == other.shape[0] and np.shape(one @ other) == case.x.shape and case.x.ndim:
                    yield Candidate(text, one @ other)


def _spread(value: Array, shape: tuple[int, ...]) -> Array | None:
    """An array broadcast to a shape, with axes of length 1 added at its end where that is how it fits."""
    for ending in range(len(shape) - value.ndim + 1 if value.ndim else 1):
        turned = value.reshape((*value.shape, *(1,) * ending))
        try:
            if np.broadcast_shapes(turned.shape, shape) == shape:
                return np.broadcast_to(turned, shape)
        except ValueError:
            continue
    return None
