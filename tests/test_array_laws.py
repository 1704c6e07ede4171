"""Laws that every op over arrays keeps, for every sample in the registry: rules against values, and the shapes of both.

The value is held against literals and PyTorch elsewhere; here the rule is held against differences of the value: in
float64, in balls of 320 bits, and, where the value is a polynomial in an entry, exactly, over fractions.
"""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from array_cases import CASES, ArrayCase, as_entries, difference, fractions_of, of_every_array_case, rationals, weighed

from bpcli.backprop.formulas import contribution_formulas
from bpcli.graph.node import Variable
from bpcli.graph.op import Op
from bpcli.numbers.arrays import Arrays, arrays, single
from bpcli.numbers.balls import Ball, exactly
from bpcli.numbers.exact import exact
from bpcli.numbers.tensors import Tensors

balls = Tensors(exact)
STEP = 2.0**-17  # float64: differences err by step² and by 1e-16/step
NEAR = 2e-8
EXACT_STEP = 2.0**-100  # balls of 320 bits: differences err by step², 1e-60, and by 2**-320/step, 1e-66
EXACTLY = 1e-50
CORRUPTION = 1e-40  # the smallest fault of a rule that must be noticed


def ball(x: float) -> Ball:
    """A float as a ball."""
    return exactly(x)


def in_balls(point: list[Any]) -> list[Any]:
    """The point with balls for floats."""
    return [as_entries(x, ball) for x in point]


def exact_slopes(case: ArrayCase, position: int) -> Any:
    """Differences of ⟨value, upstream⟩ at 320 bits."""
    upstream = as_entries(case.upstream(), ball)
    return difference(
        lambda point: weighed(case.value(point, balls), upstream), in_balls(case.point()), position, exactly(EXACT_STEP)
    )


def distance(found: Any, expected: Any) -> float:
    """The largest difference of two arrays of balls, relative to 1 and the size of the numbers."""
    pairs = zip(np.ravel(np.asarray(found, object)), np.ravel(np.asarray(expected, object)), strict=True)
    return max([abs(float(exactly(one) - other)) / (1 + abs(float(other))) for one, other in pairs], default=0.0)


def check_exactly(case: ArrayCase, op: Op | None = None) -> None:
    """Assert that the rule, run over balls, gives the differences of the value; None stands for 0."""
    upstream = as_entries(case.upstream(), ball)
    for position, part in enumerate(case.parts(in_balls(case.point()), upstream, balls, op)):
        if not case.is_whole(position):
            expected = exact_slopes(case, position)
            assert distance(np.zeros(np.shape(expected)) if part is None else part, expected) < EXACTLY


@of_every_array_case
def test_a_value_has_the_shape_that_is_told(case: ArrayCase) -> None:
    """`shape` says the shape of the value before it is computed, also in single precision, whose dtype stays."""
    node = case.node_of(case.variables)
    once = [np.float32(x) if np.ndim(x) == 0 else x.astype(np.float32) for x in case.point()]

    assert np.shape(case.value(case.point())) == node.shape
    assert np.shape(case.value(once, single)) == node.shape
    assert case.value(once, single).dtype == np.float32


@of_every_array_case
def test_a_gradient_has_the_shape_of_its_input(case: ArrayCase) -> None:
    """As numbers and as formulas, and in single precision, in which it stays; all give None at the same places."""
    variables = case.variables
    node = case.node_of(variables)
    formulas = contribution_formulas(node, Variable("u", shape=node.shape))
    once = [np.asarray(x, np.float32)[()] for x in case.point()]

    for x, formula, part, short in zip(
        case.point(),
        formulas,
        case.parts(case.point(), case.upstream()),
        case.parts(once, np.asarray(case.upstream(), np.float32)[()], single),
        strict=True,
    ):
        assert (formula is None) == (part is None) == (short is None)
        if formula is not None:
            assert formula.shape == np.shape(part) == np.shape(short) == np.shape(x)
            assert np.asarray(short).dtype == np.float32


@of_every_array_case
def test_a_rule_agrees_with_differences_of_floats(case: ArrayCase) -> None:
    """What flows back is the slope of ⟨value, upstream⟩."""
    point, upstream = case.point(), case.upstream()

    for position, part in enumerate(case.parts(point, upstream)):
        if not case.is_whole(position):
            slopes = difference(lambda at: weighed(case.value(at), upstream), point, position, STEP)
            assert (np.zeros(np.shape(slopes)) if part is None else np.asarray(part)) == pytest.approx(
                np.asarray(slopes, float), rel=NEAR, abs=NEAR
            )


@of_every_array_case
def test_a_rule_agrees_with_differences_of_balls(case: ArrayCase) -> None:
    """The rule itself runs over balls too, and agrees to fifty digits."""
    check_exactly(case)


@of_every_array_case
def test_balls_compute_what_floats_compute(case: ArrayCase) -> None:
    """Values and rules of balls, rounded to floats, are those of floats."""
    point, upstream = case.point(), case.upstream()
    value = case.value(in_balls(point), balls)

    assert np.asarray(case.value(point)) == pytest.approx(np.asarray(value, float), rel=1e-12, abs=1e-12)
    parts = case.parts(in_balls(point), as_entries(upstream, ball), balls)
    for part, other in zip(case.parts(point, upstream), parts, strict=True):
        if part is not None:
            assert np.asarray(part) == pytest.approx(np.asarray(other, float), rel=1e-11, abs=1e-11)


def rational_value(case: ArrayCase, point: list[Any]) -> Any:
    """⟨value, upstream⟩ over fractions; None where an op needs more than + - * / and comparisons."""
    try:
        return weighed(case.value(point, rationals), fractions_of(case.upstream()))
    except AttributeError:
        return None


RATIONAL_CASES = [
    case for case in CASES if isinstance(rational_value(case, [fractions_of(x) for x in case.point()]), Fraction | int)
]


@pytest.mark.parametrize("case", RATIONAL_CASES, ids=lambda case: case.name)
def test_fractions_compute_what_floats_compute(case: ArrayCase) -> None:
    """The value over fractions is exact; floats have it but for rounding."""
    value = case.value([fractions_of(x) for x in case.point()], rationals)

    assert np.asarray(case.value(case.point())) == pytest.approx(np.asarray(value, float), rel=1e-13, abs=1e-13)


@pytest.mark.parametrize("case", RATIONAL_CASES, ids=lambda case: case.name)
def test_a_rule_over_fractions_is_the_slope_itself(case: ArrayCase) -> None:
    """Where differences with two steps agree the value is of degree two at most in an entry, and they are its slope."""
    point, upstream = [fractions_of(x) for x in case.point()], fractions_of(case.upstream())

    for position, part in enumerate(case.parts(point, upstream, rationals)):
        if part is None:
            continue
        slopes, other = (
            difference(lambda at: rational_value(case, at), point, position, Fraction(1, step)) for step in (4096, 8192)
        )
        same = np.ravel(slopes == other)
        assert (np.ravel(np.asarray(part, object)) == np.ravel(np.asarray(slopes, object)))[same].all()
        assert same.all() or case.op.name in {"inv", "solve", "norm", "std"}


def is_linear(case: ArrayCase, position: int) -> bool:
    """Whether f(a + b) + f(0) = f(a) + f(b) in one input, the others held: linear, but for what the others add."""

    def value(x: Any) -> Any:
        return case.value([*case.point()[:position], x, *case.point()[position + 1 :]])

    pairs = [
        (case.point(shift)[position], sign * case.point(shift + 1)[position]) for shift in range(4) for sign in (1, -1)
    ]
    return not case.is_whole(position) and all(
        np.allclose(value(x + y) + value(0 * x), value(x) + value(y), rtol=1e-9, atol=1e-9) for x, y in pairs
    )


LINEAR = [(case, place) for case in CASES for place in range(len(case.sample.shapes)) if is_linear(case, place)]
# Linear in every input; found as such, so that the search below is known to find what it should.
KNOWN = """sum mean cumsum broadcast_to sum_to reshape flatten squeeze unsqueeze permute transpose matrix_transpose flip
getitem scatter take put embedding concatenate stack matmul dot outer einsum diag trace tril triu solve conv1d conv2d
conv_input conv_kernel avg_pool avg_pool1d avg_pool2d windows fold put_largest take_largest pad"""


def test_the_linear_ops_are_found() -> None:
    """Those that are linear by their definition in every case, any other at most where there is one entry, say."""
    by_name = {name: {case.name for case in CASES if case.op.name == name} for name in {case.op.name for case in CASES}}
    found = {name for name, cases in by_name.items() if cases <= {case.name for case, _ in LINEAR}}

    assert found == set(KNOWN.split())


@pytest.mark.parametrize(("case", "position"), LINEAR, ids=lambda part: getattr(part, "name", str(part)))
def test_a_pullback_is_the_adjoint(case: ArrayCase, position: int) -> None:
    """⟨f(v) - f(0), u⟩ = ⟨v, f*(u)⟩, for v far from the point where the rule runs: one slope everywhere."""
    point, upstream = case.point(), case.upstream()
    part = case.parts(point, upstream)[position]
    if part is None:
        assert case.op.name == "argmax"  # of one number, which is always 0
        return
    for shift in (2, 3):
        v = case.point(shift)[position]
        value, at_zero = (case.value([*point[:position], x, *point[position + 1 :]]) for x in (v, 0 * v))

        assert weighed(value - at_zero, upstream) == pytest.approx(weighed(v, part), rel=1e-11, abs=1e-11)


def corrupted(case: ArrayCase, position: int) -> Op:
    """The op with one entry of what its rule hands back to one input moved, by very little."""

    def pullback(m: Any, upstream: Any, out: Any, *inputs: Any, **attributes: Any) -> tuple[Any, ...]:
        parts = list(case.op.pullback(m, upstream, out, *inputs, **attributes) if case.op.pullback else ())
        part = np.array(parts[position], object)
        part.flat[-1] = part.flat[-1] + exactly(CORRUPTION)
        parts[position] = part[()]
        return tuple(parts)

    return Op(
        case.op.name, pullback=pullback, shape=case.op.shape, inputs=case.op.inputs, attributes=case.op.attributes
    )


@of_every_array_case
def test_a_corrupted_rule_is_noticed(case: ArrayCase) -> None:
    """With one entry wrong by 10⁻⁴⁰ the law above fails: it would notice any fault at the points of the samples."""
    for position, part in enumerate(case.parts(case.point(), case.upstream())):
        if part is not None and np.size(part):
            with pytest.raises(AssertionError):
                check_exactly(case, corrupted(case, position))


BATCH = 3


def spread(case: ArrayCase, count: int, alone: frozenset[int]) -> list[Any]:
    """So many points in a batch; inputs of `alone`, and whole numbers, have an axis of length 1."""
    points = [case.point(shift) for shift in range(count)]
    return [
        np.stack([points[0][place]] if place in alone or case.is_whole(place) else [point[place] for point in points])
        for place in range(len(case.sample.shapes))
    ]


def one_of(batched: Any, place: int) -> Any:
    """One entry of a batch."""
    return batched[place if len(batched) > 1 else 0]


@of_every_array_case
def test_a_batch_is_a_loop(case: ArrayCase) -> None:
    """Values and rules of a batch are those of each of its points; some inputs, or the upstream, may be one for all."""
    m = Arrays(batch=1)
    ups = np.stack([case.upstream() * (1 + place) for place in range(BATCH)])
    for alone in (set(), {0}, {1}, set(range(len(case.sample.shapes)))):
        for upstream in (ups, ups[:1]):
            point = spread(case, BATCH, frozenset(alone))
            value, parts = case.value(point, m), case.parts(point, upstream, m)
            for place in range(BATCH):
                own = [one_of(x, place) for x in point]
                expected = case.parts(own, one_of(upstream, place))
                assert one_of(value, place) == pytest.approx(np.asarray(case.value(own)), rel=1e-12, abs=1e-12)
                for part, other in zip(parts, expected, strict=True):
                    assert (part is None) == (other is None)
                    if part is not None:
                        assert one_of(part, place) == pytest.approx(np.asarray(other), rel=1e-11, abs=1e-12)


@of_every_array_case
def test_two_axes_of_a_batch_are_two_loops(case: ArrayCase) -> None:
    """With `batch=2`, inputs vary along one axis and the upstream along the other."""
    m = Arrays(batch=2)
    point = [x[None] for x in spread(case, BATCH, frozenset())]
    upstream = np.stack([case.upstream(), -2 * case.upstream()])[:, None]
    value, parts = case.value(point, m), case.parts(point, upstream, m)
    for row in range(2):
        for place in range(BATCH):
            own = [one_of(x[0], place) for x in point]
            assert one_of(value[0], place) == pytest.approx(np.asarray(case.value(own)), rel=1e-12, abs=1e-12)
            for part, other in zip(parts, case.parts(own, upstream[row, 0]), strict=True):
                if part is not None:
                    found = one_of(one_of(part, row), place)
                    assert found == pytest.approx(np.asarray(other), rel=1e-11, abs=1e-12)


MEANT = [case for case in CASES if case.op.meaning]


@pytest.mark.parametrize("case", MEANT, ids=lambda case: case.name)
def test_a_stable_form_equals_the_meaning(case: ArrayCase) -> None:
    """How an op is computed and what it is said to mean are one function, at ordinary and at large arguments."""
    for scale in (1, 500):
        point = [x if case.is_whole(place) else x * scale for place, x in enumerate(case.point())]
        assert case.op.meaning is not None
        meaning = case.op.meaning(balls, *in_balls(point), **case.sample.attributes)

        assert np.asarray(case.value(point)) == pytest.approx(np.asarray(meaning, float), rel=1e-12, abs=1e-12 * scale)


def test_every_structural_op_has_samples() -> None:
    """Without them no law would be about it."""
    assert [case.op.name for case in CASES if not case.op.samples] == []
    assert all(case.op.samples for case in CASES)
    assert arrays.batch == 0
