"""`check_function`: verdicts on every entry, and what a function does that it must not."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from functions_in_process import Called

import bpcli
from bpcli import FunctionCheck, UsageError, Verdict, check_function
from bpcli.check.functions.callee import Fault, Inputs, MisbehaviourError
from bpcli.check.functions.checking import Way, check_callee
from bpcli.errors import LimitError

Array = Any
CHANCE = np.random.default_rng(0)
X, W, B = CHANCE.normal(size=(5, 3)), CHANCE.normal(size=(3, 4)), CHANCE.normal(size=4)
AFFINE = {"x": X, "w": W, "b": B}


def forward(x: Array, w: Array, b: Array) -> Any:
    """A fully connected layer."""
    return x @ w + b, (x, w, b)


def backward(dout: Array, cache: Any) -> Any:
    """Its gradients."""
    x, w, _ = cache
    return dout @ w.T, x.T @ dout, dout.sum(axis=0)


def wrong(change: Callable[[Array, Array, Array], tuple[Array, Array, Array]]) -> Callable[..., Any]:
    """The gradients of the layer, changed."""
    return lambda dout, cache: change(*backward(dout, cache))


def verdicts(found: FunctionCheck) -> dict[str, str]:
    """The verdict on each input."""
    return {group.key: group.verdict.value for group in found.worst_groups}


def kinds(found: FunctionCheck) -> list[str]:
    """What a function did."""
    return [fault.kind for fault in found.faults]


def test_right_gradients_agree() -> None:
    """Every entry of every input, under its own name, with an upstream gradient that is not 1."""
    found = check_function(forward, backward, AFFINE)

    assert found.verdict is Verdict.AGREE
    assert verdicts(found) == {"x": "agree", "w": "agree", "b": "agree"}
    assert (found.forward, found.backward, found.faults, found.unclaimed) == ("forward", "backward", (), ())
    (point,) = found.points
    assert point.seed is None
    assert point.method == "differences of the function, every entry"
    assert point.upstream is not None
    sizes = np.abs(point.upstream[0])
    assert sizes.min() >= 0.5
    assert sizes.max() <= 1.5
    assert len(np.unique(point.upstream[0])) == 20
    assert [finding.title for finding in found.findings][-1] == "db[3]"


def test_what_is_drawn_is_drawn_at_three_points() -> None:
    """Inputs may be named or in order, and drawn; the same seed draws the same."""
    texts = ["normal(2,3)", "normal(3,4)", "normal(4)"]
    found, again = check_function(forward, backward, texts), check_function(forward, backward, texts)

    assert found.verdict is Verdict.AGREE
    assert [point.seed for point in found.points] == [0, 1, 2]
    assert len({float(point.inputs["x"][0, 0]) for point in found.points}) == 3
    assert len({float(point.upstream[0][0, 0]) for point in found.points if point.upstream}) == 3
    assert [float(finding.truth or 0) for finding in found.findings] == [
        float(finding.truth or 0) for finding in again.findings
    ]
    assert [point.seed for point in check_function(forward, backward, texts, points_count=1, random_seed=7).points] == [
        7
    ]


def one_entry(dx: Array, dw: Array, db: Array) -> tuple[Array, Array, Array]:
    """One entry of three gradients is off by a factor of 1 + 1e-5."""
    dw[1, 2] *= 1 + 1e-5
    return dx, dw, db


WRONG: dict[str, tuple[Callable[..., Any], dict[str, int]]] = {
    "a factor of 1 + 1e-5": (lambda dx, dw, db: (dx, dw * (1 + 1e-5), db), {"w": 12}),
    "one entry": (one_entry, {"w": 1}),
    "a sign": (lambda dx, dw, db: (-dx, dw, db), {"x": 15}),
    "nothing": (lambda dx, dw, db: (dx, dw, 0 * db), {"b": 4}),
    "a constant": (lambda dx, dw, db: (dx, dw, db + 1e-3), {"b": 4}),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_gradients_differ(name: str) -> None:
    """The entries that are wrong differ, and no others."""
    change, expected = WRONG[name]
    found = check_function(forward, wrong(change), AFFINE)

    assert found.verdict is Verdict.DIFFER
    assert {group.key: len(group.wrong) for group in found.worst_groups if group.wrong} == expected


def test_another_shape_is_told() -> None:
    """A gradient that is transposed, or not summed, has the wrong shape; the others are judged."""
    found = check_function(
        forward, lambda dout, cache: {"x": dout @ cache[1].T, "w": dout.T @ cache[0], "b": dout}, AFFINE
    )

    assert verdicts(found) == {"x": "agree", "w": "differ", "b": "differ"}
    assert [(fault.kind, fault.text, fault.hint) for fault in found.faults] == [
        ("another shape", "the gradient of w has shape (4, 3), and w has shape (3, 4)", "it may be transposed"),
        (
            "another shape",
            "the gradient of b has shape (5, 4), and b has shape (4,)",
            "it may want a sum over the axes in front, along which the input was broadcast",
        ),
    ]


def test_entries_that_are_not_finite_differ_where_there_is_a_slope() -> None:
    """NaN is no gradient of a function that has one; the first such entry is named."""

    def with_nan(dx: Array, dw: Array, db: Array) -> tuple[Array, Array, Array]:
        dx[1, 2] = np.nan
        return dx, dw, db

    found = check_function(forward, wrong(with_nan), AFFINE)

    assert len(found.worst_groups[0].wrong) == 1
    assert [fault.text for fault in found.faults] == ["dx[1,2] is nan"]
    assert check_function(np.sqrt, lambda x: 0.5 / np.sqrt(x), {"x": np.array([0.0])}).verdict is Verdict.UNEVALUABLE


def test_complex_gradients_are_no_numbers() -> None:
    """A gradient of complex numbers differs as a whole."""
    callee = Called(np.sin, lambda dout, x: {"x": dout * np.cos(x) + 0j})
    found = check_callee(callee, [({"x": X}, None)])

    assert found.verdict is Verdict.DIFFER
    assert [fault.text for fault in found.faults] == ["the gradient of x has entries that are complex numbers"]


@pytest.mark.parametrize(("at_zero", "expected"), [(0.0, "kink"), (0.5, "kink"), (1.0, "kink"), (-0.1, "differ")])
def test_between_the_slopes_of_a_kink_all_is_right(at_zero: float, expected: str) -> None:
    """At 0 relu may have any slope from 0 to 1."""
    at = {"x": np.array([0.0, 1.5, -2.0])}
    found = check_function(
        lambda x: np.maximum(x, 0), lambda dout, x: dout * np.where(x == 0, at_zero, x > 0), at, upstream=np.ones(3)
    )

    assert found.findings[0].verdict.value == expected
    assert {finding.verdict for finding in found.findings[1:]} == {Verdict.AGREE}


def batch_norm(x: Array, w: Array, b: Array) -> Any:
    """An affine map and batch normalisation, which takes the bias away again."""
    y = x @ w + b
    scale = 1 / np.sqrt(y.var(axis=0) + 1e-5)
    normal = (y - y.mean(axis=0)) * scale
    return normal, (x, w, scale, normal)


def batch_norm_backward(dout: Array, cache: Any) -> Any:
    """Its gradients; that of the bias is 0 but for rounding."""
    x, w, scale, normal = cache
    dy = scale * (dout - dout.mean(axis=0) - normal * (dout * normal).mean(axis=0))
    return dy @ w.T, x.T @ dy, dy.sum(axis=0)


def test_a_gradient_of_rounding_agrees() -> None:
    """The bias before batch normalisation has no gradient: 1e-16 is right, and so is 0; 1e-6 is not."""
    right = check_function(batch_norm, batch_norm_backward, AFFINE)
    zero = check_function(batch_norm, lambda g, cache: (*batch_norm_backward(g, cache)[:2], np.zeros(4)), AFFINE)
    small = check_function(batch_norm, lambda g, cache: (*batch_norm_backward(g, cache)[:2], np.full(4, 1e-6)), AFFINE)

    assert right.verdict is zero.verdict is Verdict.AGREE
    assert verdicts(small) == {"x": "agree", "w": "agree", "b": "differ"}


def test_what_noise_hides_is_undecided() -> None:
    """Next to 1e13 little is known of a slope of 1, and how much is said; a factor of 3 differs all the same."""
    at = {"x": 1.0 + np.arange(3.0)}
    found = check_function(lambda x: 1e13 + np.sum(x**2), lambda x: 2 * x, at)

    assert found.verdict is Verdict.UNDECIDED
    finding = next(one for one in found.findings if one.verdict is Verdict.UNDECIDED)
    assert finding.smallest_visible is not None
    assert 1e-2 < finding.smallest_visible < 2
    assert check_function(lambda x: 1e13 + np.sum(x**2), lambda x: 6 * x, at).verdict is Verdict.DIFFER


def test_a_constant_has_no_gradient() -> None:
    """A claim of 0 is right where nothing changes at all; not where a large constant hides what changes."""
    at = {"x": np.array([3.0])}

    assert check_function(lambda x: 5.0 + 0 * x, lambda x: 0 * x, at).verdict is Verdict.AGREE
    assert check_function(lambda x: 5.0 + 0 * x, lambda x: 0 * x + 1e-6, at).verdict is Verdict.DIFFER
    assert check_function(lambda x: 1e16 + x, lambda x: 0 * x, at).verdict is Verdict.UNDECIDED


def test_float32_is_judged_by_what_it_shows() -> None:
    """In float32 a factor of 1.001 differs, rounding does not; where the function can, it is looked at in float64."""
    at = {name: value.astype(np.float32) for name, value in AFFINE.items()}
    right = check_function(forward, backward, at)
    off = check_function(forward, wrong(lambda dx, dw, db: (dx, dw * np.float32(1.001), db)), at)

    def inside(x: Array) -> Any:
        return np.tanh(x.astype(np.float32)).astype(float)

    assert right.verdict is Verdict.AGREE
    assert "in float64, every entry; as given it computes in float32" in right.points[0].method
    assert verdicts(off) == {"x": "agree", "w": "differ", "b": "agree"}
    coarse = check_function(inside, lambda x: 1 - np.tanh(x) ** 2, {"x": X})
    assert coarse.verdict is Verdict.AGREE
    assert coarse.points[0].method.endswith("float32 or coarser, and is judged to a relative 1e-04")
    assert check_function(inside, lambda x: 1.01 - np.tanh(x) ** 2, {"x": X}).verdict is Verdict.DIFFER


def test_a_jacobian_is_weighed() -> None:
    """A derivative of an array may be its Jacobian, of which every row counts for itself."""

    def swapped(x: Array) -> Array:
        rows = np.diag(np.cos(x))
        return rows[::-1]

    assert check_function(np.sin, lambda x: np.diag(np.cos(x)), {"x": B}).verdict is Verdict.AGREE
    assert check_function(np.sin, np.cos, {"x": B}).verdict is Verdict.AGREE
    assert check_function(np.sin, swapped, {"x": B}).verdict is Verdict.DIFFER


def test_a_reference_is_compared_first() -> None:
    """A wrong forward pass with the gradient that belongs to it does not pass."""

    def doubled(x: Array, w: Array, b: Array) -> Any:
        return x @ w + 2 * b, (x, w, b)

    def backward_of_doubled(dout: Array, cache: Any) -> Any:
        dx, dw, db = backward(dout, cache)
        return dx, dw, 2 * db

    assert check_function(doubled, backward_of_doubled, AFFINE).verdict is Verdict.AGREE
    assert check_function(forward, backward, AFFINE, reference=(forward, backward)).verdict is Verdict.AGREE
    found = check_function(doubled, backward_of_doubled, AFFINE, reference=forward)
    assert found.verdict is Verdict.DIFFER
    assert set(verdicts(found).values()) == {"agree"}
    (fault,) = found.faults
    assert fault.kind == "wrong value"
    assert fault.text.endswith("; 19 more entries differ")
    assert fault.hint == "the value of doubled is wrong: mend the forward pass first"
    turned = check_function(np.sin, np.cos, {"x": B}, reference=lambda x: np.sin(x)[None])
    assert turned.faults[0].text == "the output of sin has shape (4,), that of the reference (1, 4)"


def test_runs_that_differ_are_no_function() -> None:
    """Random numbers, outputs that are not finite, shapes that change: none has a gradient."""
    calls = []

    def grows(x: Array) -> Array:
        calls.append(1)
        return np.ones(len(calls)) * x[0]

    random = np.random.default_rng()

    def points(function: Callable[..., Any]) -> FunctionCheck:
        return check_callee(Called(function, lambda dout, x: {"x": x}), [({"x": B}, None)])

    noisy, endless, growing = points(lambda x: x * random.normal()), points(lambda x: x / 0), points(grows)

    assert (kinds(noisy), noisy.verdict) == (["not deterministic"], Verdict.UNEVALUABLE)
    assert (kinds(endless), endless.verdict) == (["not finite"], Verdict.UNEVALUABLE)
    assert endless.faults[0].text == "the output[0] of forward is -inf, at the given inputs"
    assert (kinds(growing), growing.verdict) == (["another shape"], Verdict.DIFFER)
    assert growing.faults[0].text == "forward gives outputs of shape (1,), and (2,) when it runs again"
    assert kinds(points(lambda x: x + 0j)) == ["no numbers"]


def test_what_is_not_claimed_is_named() -> None:
    """Inputs without a gradient are listed; with none at all there is nothing to check."""
    callee = Called(lambda x, w: x @ w, lambda dout, x, w: {"x": dout @ w.T})
    found = check_callee(callee, [({"x": X, "w": W}, None)])
    none = check_callee(Called(np.sin), [({"x": X}, None)])

    assert (found.unclaimed, found.verdict) == (("w",), Verdict.AGREE)
    assert (kinds(none), none.verdict) == (["no gradient"], Verdict.DIFFER)
    assert none.faults[0].text == "backward gives no gradient of x"


def test_a_function_without_an_output_has_nothing_to_check() -> None:
    """An empty tuple has no gradient."""
    found = check_function(lambda _x: (), lambda x: x, 2.0)

    assert [fault.text for fault in found.faults] == ["'<lambda>' gives no output"]


def test_a_fault_ends_the_check() -> None:
    """A pass that fails is a fault of the result; later points are left out."""

    class Fails(Called):
        def passed(self, inputs: Inputs, upstream: Any) -> Any:
            del inputs, upstream
            raise MisbehaviourError(Fault("raises", "backward", "IndexError"))

    found = check_callee(Fails(np.sin), [({"x": X}, 0), ({"x": X}, 1)])

    assert (found.points, kinds(found), found.verdict) == ((), ["raises"], Verdict.DIFFER)


def test_outputs_of_another_shape_nearby_leave_no_slope() -> None:
    """What has more outputs on one side is told from the other, and on both sides from none."""
    sides = (lambda x: x > 1, lambda x: x != 1)
    found = [
        check_function(lambda x, is_two=side: np.ones(1 + int(is_two(x))) * x, lambda dout, _: dout.sum(), {"x": 1.0})
        for side in sides
    ]

    assert [one.verdict for one in found] == [Verdict.AGREE, Verdict.UNDECIDED]


def test_no_time_is_undecided() -> None:
    """Entries for which there is no time are left out, and it is said."""
    callee = Called(np.sin, lambda dout, x: {"x": dout * np.cos(x)})
    found = check_callee(callee, [({"x": X}, None)], Way(time_limit=-1.0))

    assert found.verdict is Verdict.UNDECIDED
    assert {finding.reason for finding in found.findings} == {"left out: there was no time for it"}
    assert found.points[0].method == "differences of the function, 0 of 15 entries"


WHOLE: dict[str, Any] = {"a number": {"x": 3}, "a list": {"x": [1, -2]}, "alone": 3}
WHOLE_NOTE = "x: a whole number, taken as a float, as there is nothing else to differentiate"
REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "whole numbers": ({"inputs": {"x": np.arange(3)}}, "there is no input to differentiate", "a number such as 2.0"),
    "drawn whole numbers": ({"inputs": ["integers(0,9,2)"]}, "there is no input to differentiate", "array of floats"),
    "a truth value": ({"inputs": True}, "there is no input to differentiate", "array of floats"),
    "no such input": ({"inputs": {"x": 2.0}, "with_respect_to": "y"}, "there is no input 'y'", "floats are x"),
    "an index": (
        {"inputs": {"x": np.arange(3)}, "with_respect_to": ["x"]},
        "'x' is no number or array of fl",
        "give an",
    ),
    "no points": ({"inputs": {"x": 2.0}, "points_count": 0}, "1 point or more, not 0", "3 is usual"),
    "a seed": ({"inputs": "normal(2)", "random_seed": -1}, "a whole number from 0, not -1", "0 is usual"),
    "a tolerance": ({"inputs": {"x": 2.0}, "relative_tolerance": 2.0}, "from 0 to 1, not 2", "1e-6"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_questions_without_sense_are_refused(name: str) -> None:
    """With what to do instead."""
    question, message, hint = REFUSED[name]

    with pytest.raises(UsageError, match=message) as refused:
        check_function(lambda x: x * x, lambda x: 2 * x, **question)
    assert hint in (refused.value.hint or "")


def test_more_entries_than_can_be_told_one_by_one_are_refused() -> None:
    """They would take hours and all memory, whatever the time limit; inputs that are not asked about do not count."""
    large = {"x": np.ones((3, 4)), "data": np.ones((1001, 1000))}
    names = ["x"]

    with pytest.raises(LimitError, match="the inputs have 1001012 entries at all points, and 1000000 at most"):
        check_function(lambda x, data: np.sum(x), lambda x, data: np.ones_like(x), large)
    found = check_function(lambda x, data: np.sum(x), lambda x, data: np.ones_like(x), large, with_respect_to=names)

    assert found.verdict is Verdict.AGREE


def test_an_upstream_gradient_of_another_shape_is_refused() -> None:
    """It has the shape of the output."""
    with pytest.raises(UsageError, match=r"the upstream gradient has the shape \(3,\), and the output \(5, 4\)"):
        check_function(forward, backward, AFFINE, upstream=np.ones(3))
    found = check_function(forward, backward, AFFINE, upstream=np.full((5, 4), 2))
    assert found.verdict is Verdict.AGREE
    assert float(found.worst_groups[2].findings[0].truth or 0) == pytest.approx(10.0)


def test_whole_numbers_are_floats_where_nothing_else_is() -> None:
    """A lone input needs no name, and a note says what it is taken as; beside a float a whole number stays one."""
    squares = {name: check_function(lambda x: x * x, lambda x: 2 * x, one) for name, one in WHOLE.items()}
    beside = check_function(lambda x, n: x**n, lambda x, n: n * x ** (n - 1), {"x": 2.0, "n": 3})
    both = check_function(lambda x, y: x * y, lambda x, y: (y, x), (2, 3))

    assert {(one.verdict, one.notes) for one in squares.values()} == {(Verdict.AGREE, (WHOLE_NOTE,))}
    assert [type(one.points[0].inputs["x"]) for one in squares.values()] == [float, np.ndarray, float]
    assert (beside.verdict, beside.notes, type(beside.points[0].inputs["n"])) == (Verdict.AGREE, (), int)
    assert both.verdict is Verdict.AGREE
    assert "x, y: whole numbers, taken as floats" in both.notes[0]


def products(x: Array, w: Array) -> tuple[Array, Array]:
    """Two outputs, of the shapes (2,) and ()."""
    return x * w, x.sum()


def products_backward(dout: Array, dsum: Array, x: Array, w: Array) -> tuple[Array, Array]:
    """With an upstream gradient for each."""
    return dout * w + dsum, dout * x


UPSTREAMS: dict[str, tuple[Any, str]] = {
    "one for two": ([3.0], "one upstream gradient is given for 2 outputs"),
    "a number": (3.0, "one upstream gradient is given for 2 outputs"),
    "another shape": (([1, 2, 3], 4), r"the upstream gradient has the shape \(3,\), and the output \(2,\)"),
    "no numbers": (("ab", 4), "entries that are no finite numbers"),
    "ragged": (([[1], [2, 3]], 4), "entries that are no finite numbers"),
    "infinite": (([1.0, np.inf], 4), "entries that are no finite numbers"),
}


def test_each_output_may_be_given_its_upstream_gradient() -> None:
    """In a tuple or a list, whole numbers as floats."""
    inputs = {"x": np.array([0.5, 2.0]), "w": np.array([3.0, -1.0])}
    for upstream in (([1, 2], 4), [[1, 2], 4.0]):
        found = check_function(products, products_backward, inputs, upstream=upstream)

        assert found.verdict is Verdict.AGREE
        assert [one.tolist() for one in found.points[0].upstream or ()] == [[1.0, 2.0], 4.0]
        assert float(found.worst_groups[0].findings[0].truth or 0) == pytest.approx(7.0)


@pytest.mark.parametrize("name", UPSTREAMS)
def test_upstream_gradients_that_do_not_fit_are_refused(name: str) -> None:
    """With the shape that is wanted."""
    upstream, message = UPSTREAMS[name]

    with pytest.raises(UsageError, match=message):
        check_function(products, products_backward, {"x": np.ones(2), "w": np.ones(2)}, upstream=upstream)


def test_an_upstream_gradient_that_nothing_takes_is_refused() -> None:
    """A derivative without an upstream gradient is that of the sum of the outputs."""
    with pytest.raises(UsageError, match="an upstream gradient is given, and cos takes none"):
        check_function(np.sin, np.cos, {"x": B}, upstream=np.ones(4))


def softmax(x: Array) -> Array:
    """Along the last axis."""
    powers = np.exp(x - x.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def test_saturated_gradients_agree() -> None:
    """Where a gradient is nothing but what rounding leaves, it is right; what is large enough to be seen is not."""
    at = {"x": np.array([[90.0, 1.0, -3.0], [0.5, 60.0, 1.0]])}

    def gradient(dout: Array, x: Array) -> Array:
        p = softmax(x)
        return p * (dout - np.sum(p * dout, axis=-1, keepdims=True))

    assert check_function(softmax, gradient, at).verdict is Verdict.AGREE
    assert check_function(softmax, lambda dout, x: gradient(dout, x) + 1e-12, at).verdict is Verdict.DIFFER


def sigmoid(x: Array) -> Array:
    """Without overflow."""
    return np.exp(-np.logaddexp(0, -x))


CANCELLING = "deviations that cancel"
HIDDEN = "squares that underflow"
FAINT: dict[str, tuple[Callable[..., Any], Callable[..., Any], Array]] = {
    "a sum of softmax": (lambda x: np.sum(softmax(x)), lambda x: 0 * x, X),
    "its mean, half of it": (lambda x: np.mean(softmax(x)) / 2, lambda x: 1e-18 * x, X),
    "deviations that cancel": (lambda x: 1e3 * np.sum(np.hypot(x, 1) - np.mean(np.hypot(x, 1))), lambda x: 0 * x, X),
    "a maximum of next to nothing": (lambda x: np.maximum(np.mean(X) * 1e-17 * x, 0) + 1, lambda d, x: 0 * d, X),
    "saturated": (lambda x: np.tanh(x - 20) + 0.5, lambda d, x: d / np.cosh(x - 20) ** 2, X),
    "far on a plateau": (lambda x: sigmoid(x + 150), lambda d, x: d * sigmoid(x + 150) * sigmoid(-x - 150), X),
    "squares that underflow": (lambda x: x**2, lambda d, x: d * 2 * x, 1e-200 * X),
    "next to 0": (lambda x: 3 * x, lambda d, x: d * 3, 1e-310 * X),
    "subnormal": (lambda x: 1e-310 * np.sin(x), lambda d, x: d * (1e-310 * np.cos(x)), X),
    "squares that overflow": (lambda x: 1e300 * np.sin(x), lambda d, x: d * (1e300 * np.cos(x)), X),
    "vast": (lambda x: 3 * x, lambda d, x: d * 3, 1e250 * X),
}


@pytest.mark.parametrize("name", FAINT)
def test_what_rounding_leaves_or_floats_barely_hold_is_decided(name: str) -> None:
    """Gradients of nothing but rounding, or near the ends of float64, are right; a wrong one differs."""
    function, gradient, x = FAINT[name]

    def wrong_gradient(*given: Array) -> Array:
        size = np.max(np.abs(np.asarray(function(x)))) / np.max(np.abs(x))
        return np.asarray(gradient(*given) + 0.01 * np.maximum(size, 1e-3 if name == CANCELLING else 0.0))

    def weighed(dout: Array, x: Array) -> Array:
        return wrong_gradient(dout, x)

    assert check_function(function, gradient, {"x": x}).verdict is Verdict.AGREE
    wrong_backward = weighed if np.ndim(function(x)) else wrong_gradient
    assert (check_function(function, wrong_backward, {"x": x}).verdict is Verdict.DIFFER) is (name != HIDDEN)


def test_outputs_that_stand_still_hide_slopes() -> None:
    """A probability next to 1 does not move by small steps; what it hides is told, and no right gradient differs."""
    x = 30 * np.random.default_rng(0).normal(size=(60, 4))

    def gradient(dout: Array, x: Array) -> Array:
        p = softmax(x)
        return p * (dout - np.sum(p * dout, axis=-1, keepdims=True))

    assert check_function(softmax, gradient, {"x": x}).verdict is Verdict.AGREE


@pytest.mark.parametrize("large", [1e12, 1e14])
def test_outputs_that_cancel_are_stairs_and_no_float32(large: float) -> None:
    """A right gradient does not differ, and nothing is said of float32."""
    at = {"x": np.random.default_rng(3).normal(size=4)}
    found = check_function(lambda x: (large + np.sum(x**2)) - large, lambda x: 2 * x, at)

    assert found.verdict is not Verdict.DIFFER
    assert "float32" not in found.points[0].method
    wrong_one = check_function(lambda x: (large + np.sum(x**2)) - large, lambda x: 2 * x + 30, at)
    assert wrong_one.verdict is Verdict.DIFFER


def test_axes_of_length_1_are_a_note() -> None:
    """Sums with keepdims=True have the right numbers, and are judged; their shape is told."""
    kept = check_function(forward, wrong(lambda dx, dw, db: (dx, dw, db.reshape(1, 4))), AFFINE)
    off = check_function(forward, wrong(lambda dx, dw, db: (dx, dw, 2 * db.reshape(1, 4))), AFFINE)
    number = check_function(lambda x: x**2, lambda x: np.array([2 * x]), {"x": 3.0})

    assert kept.verdict is number.verdict is Verdict.AGREE
    assert [(fault.kind, fault.is_fatal) for fault in kept.faults] == [("another shape", False)]
    assert verdicts(off) == {"x": "agree", "w": "agree", "b": "differ"}
    assert len(off.worst_groups[2].wrong) == 4


def test_each_output_may_take_its_side_of_a_kink() -> None:
    """Two outputs have a kink at the same point: the convention of relu is right, although it is not between."""
    weight = np.array([[1.0, -1.0], [2.0, 0.5]])
    at = {"x": np.array([0.0, 0.0])}

    def gradient(dout: Array, x: Array) -> Array:
        return weight @ (dout * (x @ weight > 0))

    found = check_function(lambda x: np.maximum(x @ weight, 0), gradient, at, upstream=np.array([1.0, -2.0]))

    assert {finding.verdict for finding in found.findings} == {Verdict.KINK}
    off = check_function(
        lambda x: np.maximum(x @ weight, 0), lambda dout, x: gradient(dout, x) - 3.0, at, upstream=np.array([1.0, -2.0])
    )
    assert off.verdict is Verdict.DIFFER


def test_it_is_public() -> None:
    """Under the name that the documentation has."""
    assert bpcli.check_function is check_function
    assert check_function(lambda x: x**2, lambda x: 2 * x, {"x": 3.0}, with_respect_to="x").verdict is Verdict.AGREE


def test_mixed_precision_is_judged_by_its_coarsest_input() -> None:
    """A normalisation of a float32 array with a float64 gain loses what float32 loses; a real mistake is still seen."""

    def normed(x: Array, g: Array) -> Any:
        spread = np.sqrt(x.var(0) + np.float32(1e-5))
        return g * (x - x.mean(0)) / spread, ((x - x.mean(0)) / spread, spread, g)

    def back(dout: Array, cache: Any, factor: float = 1.0) -> Any:
        xh, spread, g = cache
        dxh = dout * g
        return factor * (dxh - dxh.mean(0) - xh * (dxh * xh).mean(0)) / spread, (dout * xh).sum(0)

    chances = [np.random.default_rng(seed) for seed in (1, 3, 4, 5)]
    inputs = [{"x": one.normal(size=(4, 3)).astype(np.float32), "g": one.normal(size=3)} for one in chances]

    assert [check_function(normed, back, one).verdict for one in inputs] == [Verdict.AGREE] * 4
    wrong = check_function(normed, lambda dout, cache: back(dout, cache, 1.01), inputs[0])
    assert verdicts(wrong) == {"x": "differ", "g": "agree"}


def test_two_arrays_are_two_outputs_unless_one_is_kept() -> None:
    """`f(x) -> a, b` with `g(p, q)`: neither is called a cache, nor is an input or an array of whole numbers."""
    both = check_function(lambda x: (x[0], x[1] ** 2), lambda p, q: np.stack([p, 2 * q * X[1]]), {"x": X[:2]})
    kept = check_function(lambda x: (x**2, x > 0), lambda p, q: 2 * p * X + 0 * q, {"x": X})

    assert (both.verdict, len(both.points[0].outputs)) == (Verdict.AGREE, 2)
    assert (kept.verdict, len(kept.points[0].outputs)) == (Verdict.AGREE, 1)
    assert both.called == "out1, out2 = <lambda>(x); dx = <lambda>(dout1, dout2)"
    assert kept.called == "out, cache = <lambda>(x); dx = <lambda>(dout, cache)"


def test_a_result_is_told_in_one_line_and_in_full() -> None:
    """`print(result)`, and the report that an AssertionError has, which knows no options of a command."""
    found = check_function(forward, wrong(lambda dx, dw, db: (99 * dx, 99 * dw, db)), AFFINE)

    assert repr(found) == "<FunctionCheck of <lambda>: differ (dx differ, dw differ, db agree)>"
    text = bpcli.report_text(found)
    assert text.startswith("<lambda>: differ\n  dx (5, 3)   15 entries DIFFER\n")
    assert "… 7 more rows\n" in text
    assert "Called as out, cache = forward(x, w, b); dx, dw, db = <lambda>(dout, cache).\n" in text
    assert "--" not in text


def test_a_lone_parameter_is_drawn() -> None:
    """Where no inputs are given at all; a misspelt generator is no text, and capitals are told of."""
    assert [point.seed for point in check_function(lambda x: x**2, lambda x: 2 * x).points] == [0, 1, 2]
    with pytest.raises(bpcli.ParseError, match="'norml'"):
        check_function(lambda x: x**2, lambda x: 2 * x, {"x": "norml(N,D)"})
    with pytest.raises(bpcli.BindingError, match="no value for w") as caught:
        check_function(forward, backward, {"x": X, "W": W, "b": B})
    assert caught.value.hint == "'forward' takes x, w, b; 'W' is given, and 'w' is meant?"


def test_inputs_that_change_are_told_before_the_gradients() -> None:
    """As that may be why they differ."""

    def doubled(x: Array) -> Array:
        x *= 2
        return x**2

    text = bpcli.report_text(check_function(doubled, lambda x: x / 2, {"x": X}))

    assert text.splitlines()[1] == "'doubled' changes x in place."
