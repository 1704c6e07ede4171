"""Terms and factors: a regularisation or a path that is missing or doubled, a factor of the chain rule forgotten."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from bpcli.check.findings import Cause
from bpcli.check.functions.mistakes.case import Array, Case
from bpcli.check.functions.mistakes.mistake import CHAIN, PATH, REGULARISATION, Mistake
from bpcli.check.functions.mistakes.scale import factor_of

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
        if case.x.min() > 0 and basis is not case.x:
            continue
        share = float(np.vdot(basis, off)) / (float(np.vdot(basis, basis)) or 1.0)
        if not share or not case.is_given_by(case.truth + share * basis):
            continue
        found = regularisation_of(case)
        if found is None and not _may_be_regularised(case):
            continue
        true_share = float(np.vdot(basis, found.part)) / float(np.vdot(basis, basis)) if found else NOUGHT
        words = [word for part, word in SHARES if true_share and abs(share / true_share - part) < 1e-4]  # noqa: PLR2004 - of 1
        if not true_share:
            words = ["left out" if share < 0 else "doubled, or one too many"]
        text = f"regularisation term {words[0] if words else 'in the wrong proportion'}"
        yield Mistake(
            Cause(text.partition(":")[0], REGULARISATION, text, bare="regularisation term"), case.truth + share * basis
        )


def _may_be_regularised(case: Case) -> bool:
    """Whether a term that comes from no input may be a regularisation: it is not all there is, and there are data.

    A function of one input alone may hold its data itself.
    """
    has_data = any(value.ndim >= MATRIX for value in case.floats.values()) or bool(case.integers)
    return (has_data or not case.floats) and factor_of(case) is None


class Candidate(NamedTuple):
    """An array that a term or a factor may be, and what it is called."""

    text: str
    values: Array


def of_terms(case: Case) -> Iterator[Mistake]:
    """A term in proportion to something that the pass knows: left out, or one too many."""
    off = case.claimed - case.truth
    for text, values in _arrays(case):
        if values.size >= FEWEST:
            yield Mistake(_left_out(text), case.truth + _part(off, values))


def of_terms_alone(case: Case) -> Iterator[Mistake]:
    """Nothing but a term in proportion to something that the pass knows."""
    for text, values in _arrays(case):
        if values.size >= FEWEST and np.ptp(values) > 0:
            alone = Cause(
                "path kept alone",
                PATH,
                f"a path left out: only a term in proportion to {text} kept, overwritten instead of accumulated",
            )
            yield Mistake(alone, _part(case.claimed, values))


def of_terms_in_rows(case: Case) -> Iterator[Mistake]:
    """In each row along an axis a term in proportion to something that the pass knows: left out, or one too many."""
    off = case.claimed - case.truth
    for text, values in _arrays(case):
        for along in _in_rows(off, values):
            yield Mistake(_left_out(text), case.truth + along)


def of_inputs_left_out(case: Case) -> Iterator[Mistake]:
    """The gradient as if another input were 0, or 1: a term or a factor of it left out."""
    for name, value in case.floats.items():
        is_int = np.asarray(case.inputs[name]).dtype.kind != "f"
        for number in (0.0, 1.0):
            if is_int or (value == number).all():
                continue
            given = case.inputs[name]
            changed = np.full_like(given, number) if isinstance(given, np.ndarray) else number
            values = case.claimed_at({**case.inputs, name: changed})
            if values is not None and number:
                text = f"a chain rule factor forgotten: {name}, as if it were 1"
                yield Mistake(Cause("chain rule factor forgotten", CHAIN, text), values)
            elif values is not None:
                yield Mistake(Cause("path left out", PATH, f"a path left out: {name}, as if it were 0"), values)


def _left_out(text: str) -> Cause:
    return Cause("path left out", PATH, f"a path left out, or one too many: a term in proportion to {text}")


def _part(whole: Array, values: Array) -> Array:
    """What of an array is in proportion to another."""
    return values * (float(np.vdot(values, whole)) / (float(np.vdot(values, values)) or 1.0))


def _in_rows(off: Array, values: Array) -> Iterator[Array]:
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
            cause = Cause(f"chain rule factor {kind}", CHAIN, f"a chain rule factor {kind}: {text}")
            yield Mistake(cause, _part(case.claimed, case.truth * factor))


def _arrays(case: Case, *, only_factors: bool = False) -> Iterator[Candidate]:
    """What the pass knows, each thing in the shape of the input: by itself, with the upstream, as a product."""
    if not only_factors:
        yield Candidate("1", np.ones(case.x.shape))
    known = [*_known(case), *([] if only_factors else _parts_of_products(case))]
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
        yield from _locals(case)
    else:
        yield from _matrix_products(case)


def _known(case: Case) -> Iterator[Candidate]:
    yield Candidate(case.name, case.x)
    yield Candidate(f"{case.name}²", case.x**2)
    yield Candidate(f"the sign of {case.name}", np.sign(case.x))
    yield Candidate(f"exp({case.name})", np.exp(case.x))
    squashed = 1 / (1 + np.exp(-case.x))
    yield Candidate("the derivative of sigmoid", squashed * (1 - squashed))
    yield Candidate("the derivative of tanh", 1 - np.tanh(case.x) ** 2)
    for name, value in {**case.numbers, "the output": case.out}.items():
        spread = _spread(value, case.x.shape)
        if spread is not None and spread.size > 1 and np.isfinite(spread).all():
            yield Candidate(name, spread)
            yield Candidate(f"{name}²", spread**2)
            if name == "the output":
                yield Candidate("exp(output)", np.exp(spread))
                yield Candidate("1 - output", 1 - spread)
                yield Candidate("1 - output²", 1 - spread**2)
            else:
                yield Candidate(f"{case.name} - {name}", case.x - spread)
                yield Candidate(f"log({name})", np.log(np.abs(spread)))


def of_values(case: Case) -> Iterator[Mistake]:
    """The upstream times the wrong array, summed over what the input was repeated along."""
    arrived = case.arrived[0]
    extra = arrived.ndim - case.x.ndim
    if len(case.shapes) > 1 or case.x.shape == arrived.shape or case.x.ndim == 0:
        return
    for start in range(extra + 1):
        axes = (*range(start), *range(start + case.x.ndim, arrived.ndim))
        if arrived.shape[start : start + case.x.ndim] != case.x.shape:
            continue
        for name, value in {**case.numbers, "the output": case.out}.items():
            spread = _spread(value, arrived.shape)
            if spread is not None and spread.size > 1:
                text = f"a chain rule factor wrong: the upstream gradient times {name}"
                yield Mistake(Cause("wrong value", CHAIN, text), (arrived * spread).sum(axes))


def _parts_of_products(case: Case) -> Iterator[Candidate]:
    """What the product rule leaves of an output: the output over one of its factors, and one over a factor."""
    for name, value in {case.name: case.x, **case.floats}.items():
        spread = _spread(value, case.x.shape)
        if spread is not None and spread.size > 1 and spread.all():
            yield Candidate(f"1/{name}", 1 / spread)
            out = _spread(case.out, case.x.shape)
            if out is not None:
                yield Candidate(f"the output over {name}", out / spread)


def _locals(case: Case) -> Iterator[Candidate]:
    """The local derivative of each output that takes an entry of the input to the same entry."""
    if any(shape == case.x.shape for shape in case.shapes):
        rows = 0
        for place, shape in enumerate(case.shapes):
            part = case.jacobian[rows : rows + case.x.size]
            rows += int(np.prod(shape))
            if shape == case.x.shape and not (part - np.diag(np.diag(part))).any():
                yield Candidate(f"the derivative of output {place}", np.diag(part).reshape(shape))


def _by_axis(case: Case) -> Iterator[Candidate]:
    """What each row has along an axis: its norm, its deviation, its sum."""
    for axis in range(case.x.ndim):
        deviation = case.x.std(axis, keepdims=True)
        for text, values in (
            ("the norm", np.sqrt((case.x**2).sum(axis, keepdims=True))),
            ("the standard deviation", np.sqrt(deviation**2 + 1e-5)),
            ("the standard deviation", deviation),
            ("the sum", case.x.sum(axis, keepdims=True)),
            ("the sum of exp", np.exp(case.x).sum(axis, keepdims=True)),
        ):
            yield Candidate(f"{text} along axis {axis}", np.broadcast_to(values, case.x.shape))


def _matrix_products(case: Case) -> Iterator[Candidate]:
    """Products of two of the other arrays, which are terms of the gradients of linear layers."""
    arrays = {**case.numbers, "the output": case.out, "the upstream gradient": case.arrived[0], case.name: case.x}
    tables = {name: value for name, value in arrays.items() if 0 < value.ndim <= MATRIX}
    tables |= _differences(case)
    for left, first in tables.items():
        for right, second in tables.items():
            for one, other, text in (
                (first.T, second, f"{left}ᵀ·{right}"),
                (first, second, f"{left}·{right}"),
                (first, second.T, f"{left}·{right}ᵀ"),
            ):
                if one.shape[-1] == other.shape[0] and np.shape(one @ other) == case.x.shape and case.x.ndim:
                    yield Candidate(text, one @ other)


def _differences(case: Case) -> Mapping[str, Array]:
    """The differences of two inputs that are tables, or a table and a row."""
    arrays = {**case.floats, case.name: case.x}
    found = {}
    for first, one in arrays.items():
        for second, other in arrays.items():
            spread = _spread(other, one.shape) if one.ndim == MATRIX and other.ndim and first != second else None
            if spread is not None:
                found[f"({first} - {second})"] = one - spread
    return found


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
