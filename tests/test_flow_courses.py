"""The course of the gradient through time: products of Jacobians by hand, in closed form, and where they end."""

from math import inf, log, log10
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import bpcli
from bpcli.flow import courses as module
from bpcli.flow.courses import Line, first_beyond, fitted_line, geometric_mean, power_of_ten
from bpcli.flow.looking import flow_of
from bpcli.flow.results import Course, Flow
from bpcli.report.figures import short
from bpcli.report.flow.time import size_text

Array = NDArray[Any]
RANDOM = np.random.default_rng(5)


def flow(text: str, at: dict[str, Any], **options: Any) -> Flow:
    """The flow of an expression at a point."""
    return flow_of(bpcli.grad(text, at, **options))


def course_of(text: str, at: dict[str, Any]) -> Course:
    """The only course of an expression at a point."""
    (course,) = flow(text, at).courses
    return course


def at_rest(weight: Any, steps: int = 12) -> Course:
    """The course of an RNN at x = 0, where tanh' is 1, with this recurrent weight."""
    size = len(weight)
    weights = {"0.weight_ih_l0": np.ones((size, 1)), "0.weight_hh_l0": weight}
    at = {"x": np.zeros((steps, 2, 1)), "t": np.ones((steps, 2, size)), **weights}
    return course_of(f"x -> nn.RNN(1, {size}, bias=False) -> MSELoss(t)", at)


# In closed form ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("w", [0.5, -0.75, 0.9, 1.1, 2.0], ids=str)
def test_a_scalar_recurrence_shows_powers_of_its_weight(w: float) -> None:
    """h(t) = w·h(t-1): the gradient t steps back is wᵗ, and so say the fit, the factor and the spectral radius."""
    course = at_rest([[w]])

    assert course.norms == pytest.approx([abs(w) ** t for t in range(12)], rel=1e-14)
    assert course.log10_norms == pytest.approx([t * log10(abs(w)) for t in range(12)], abs=1e-13)
    assert course.one_step == (abs(w),) * 11
    assert (course.factor, course.fitted, course.scale, course.radius) == pytest.approx((abs(w), abs(w), 1, abs(w)))
    assert (course.samples, course.batch) == (2, 2)


def test_powers_of_two_are_exact() -> None:
    """No figure is off by a rounding where the arithmetic has none."""
    assert at_rest([[0.5]]).norms == tuple(0.5**t for t in range(12))


def test_a_recurrence_of_statements() -> None:
    """Numbered statements are one too, and begin with the variable that has the number before."""
    found = flow("h1 = w*h0; h2 = w*h1; h3 = w*h2; h4 = w*h3", {"w": 0.5, "h0": 1.0})
    (course,) = found.courses

    assert course.layer is None
    assert course.name == "h"
    assert course.parts == ("h4", "h3", "h2", "h1", "h0")
    assert course.norms == (1, 0.5, 0.25, 0.125, 0.0625)
    assert [row.gradient for row in found.rows] == [0.125, 0.25, 0.5, 1]
    assert all(row.singular and row.singular.largest == 0.5 for row in found.rows)


def test_a_recurrence_behind_a_variable_that_only_looks_like_one() -> None:
    """It begins where each statement is made of the one before."""
    (course,) = flow("x1 = 2*y; x2 = 3*x1; x3 = 4*x2; x3 + x0", {"x0": 1.0, "y": 1.0}).courses

    assert course.parts == ("x3", "x2", "x1")
    assert course.norms == (1, 4, 12)


@pytest.mark.parametrize(
    "text", ["h1 = 2*x; h2 = 3*x; h3 = 4*x; h1 + h2 + h3", "h1 = 2*x; h3 = 4*h1; h3 + h1", "a1 = x; a2 = 2*x"], ids=str
)
def test_statements_that_are_no_recurrence(text: str) -> None:
    """Each must be made of the one with the number before, three of them at least."""
    assert flow(text, {"x": 1.0}).courses == ()


def test_the_spectrum_counts_and_not_the_elements() -> None:
    """[[0.9, 0.9], [0.9, 0.9]] explodes though each element is below 1; [[0, 5], [0, 0]] vanishes though one is not."""
    growing, vanishing = at_rest([[0.9, 0.9], [0.9, 0.9]]), at_rest([[0.0, 5], [0, 0]])

    assert growing.radius == pytest.approx(1.8)
    assert growing.norms == pytest.approx([1.8**t for t in range(12)])
    assert growing.rises_above == 24
    assert growing.falls_below is None
    assert vanishing.radius == 0
    assert vanishing.norms[:4] == (1, 5, 0, 0)
    assert vanishing.log10_norms[2] == -inf
    assert vanishing.falls_below == 2
    assert vanishing.fitted is vanishing.scale is None
    assert vanishing.factor == pytest.approx(5)


def test_many_steps_do_not_underflow() -> None:
    """0.1^399 is 0 in float64, and its logarithm is -399."""
    course = at_rest([[0.1]], steps=400)

    assert course.norms[-1] == 0
    assert course.log10_norms[-1] == pytest.approx(-399, rel=1e-12)
    assert course.fitted == pytest.approx(0.1, rel=1e-12)
    assert course.falls_below == 7 or course.norms[6] < 1e-6  # 0.1⁶ is 1e-6 up to rounding


# Against products by hand --------------------------------------------------------------------------------------------


def sigmoid(x: Array) -> Array:
    """The logistic function."""
    found: Array = 1 / (1 + np.exp(-x))
    return found


def rnn_steps(p: dict[str, Array], x: Array) -> list[Array]:
    """∂h_t/∂h_{t-1} of a tanh RNN: diag(1 - h²)·W_hh."""
    h, found = np.zeros(p["hh"].shape[1]), []
    for x_t in x:
        h = np.tanh(p["ih"] @ x_t + p["hh"] @ h + p["b_ih"] + p["b_hh"])
        found.append((1 - h**2)[:, None] * p["hh"])
    return found


def lstm_steps(p: dict[str, Array], x: Array) -> list[Array]:
    """∂(h_t, c_t)/∂(h_{t-1}, c_{t-1}) of an LSTM, in four blocks."""
    size = p["hh"].shape[1]
    h, c, found = np.zeros(size), np.zeros(size), []
    for x_t in x:
        gates = (p["ih"] @ x_t + p["hh"] @ h + p["b_ih"] + p["b_hh"]).reshape(4, size)
        i, f, g, o = sigmoid(gates[0]), sigmoid(gates[1]), np.tanh(gates[2]), sigmoid(gates[3])
        w_i, w_f, w_g, w_o = p["hh"].reshape(4, size, size)
        of_h = (
            (i * (1 - i) * g)[:, None] * w_i + (f * (1 - f) * c)[:, None] * w_f + (i * (1 - g**2))[:, None] * w_g
        )  # ∂c_t/∂h_{t-1}
        c = f * c + i * g
        h = o * np.tanh(c)
        slope = o * (1 - np.tanh(c) ** 2)
        top = [slope[:, None] * of_h + (o * (1 - o) * np.tanh(c))[:, None] * w_o, np.diag(slope * f)]
        found.append(np.block([top, [of_h, np.diag(f)]]))
    return found


def gru_steps(p: dict[str, Array], x: Array) -> list[Array]:
    """∂h_t/∂h_{t-1} of a GRU, whose reset gate multiplies W_hn·h + b_hn."""
    size = p["hh"].shape[1]
    h, found = np.zeros(size), []
    for x_t in x:
        of_x, of_h = (p["ih"] @ x_t + p["b_ih"]).reshape(3, size), (p["hh"] @ h + p["b_hh"]).reshape(3, size)
        r, z = sigmoid(of_x[0] + of_h[0]), sigmoid(of_x[1] + of_h[1])
        n = np.tanh(of_x[2] + r * of_h[2])
        w_r, w_z, w_n = p["hh"].reshape(3, size, size)
        of_n = (1 - n**2)[:, None] * ((r * (1 - r) * of_h[2])[:, None] * w_r + r[:, None] * w_n)
        found.append((1 - z)[:, None] * of_n + (z * (1 - z) * (h - n))[:, None] * w_z + np.diag(z))
        h = (1 - z) * n + z * h
    return found


STEPS = {"RNN": (1, rnn_steps), "LSTM": (4, lstm_steps), "GRU": (3, gru_steps)}
SIZE, TIME = 6, 8


def weights_of(gates: int, features: int, ending: str) -> dict[str, Array]:
    """Random parameters under the names of a `state_dict`."""
    return {
        f"0.weight_ih_{ending}": RANDOM.normal(size=(gates * SIZE, features)),
        f"0.weight_hh_{ending}": RANDOM.normal(size=(gates * SIZE, SIZE)),
        f"0.bias_ih_{ending}": RANDOM.normal(size=gates * SIZE),
        f"0.bias_hh_{ending}": RANDOM.normal(size=gates * SIZE),
    }


def shortened(weights: dict[str, Array], ending: str) -> dict[str, Array]:
    """The parameters of one direction under short names."""
    names = {"ih": "weight_ih", "hh": "weight_hh", "b_ih": "bias_ih", "b_hh": "bias_hh"}
    return {short: weights[f"0.{name}_{ending}"] for short, name in names.items()}


def norms_of_products(steps: list[Array]) -> list[float]:
    """‖∂h_T/∂h_t‖₂ from the last step back, by NumPy's SVD of the product."""
    product = np.eye(len(steps[0]))
    norms = [1.0]
    for step in steps[:0:-1]:
        product = product @ step
        norms.append(float(np.linalg.svd(product, compute_uv=False)[0]))
    return norms


@pytest.mark.parametrize("batch", [1, 3], ids=["one sample", "three samples"])
@pytest.mark.parametrize("kind", STEPS)
def test_products_and_singular_values_by_hand(kind: str, batch: int) -> None:
    """To 1e-8 those of NumPy's SVD of the explicit matrices, the largest of the samples."""
    gates, steps_of = STEPS[kind]
    weights, x = weights_of(gates, 2, "l0"), RANDOM.normal(size=(TIME, batch, 2))
    steps = [steps_of(shortened(weights, "l0"), x[:, sample]) for sample in range(batch)]
    found = flow(f"x -> nn.{kind}(2, {SIZE}) -> MSELoss(t)", {"x": x, "t": np.zeros((TIME, batch, SIZE)), **weights})
    (course,) = found.courses
    spectra = [[np.linalg.svd(step, compute_uv=False) for step in of_sample] for of_sample in steps]

    assert course.norms == pytest.approx(np.max([norms_of_products(one) for one in steps], axis=0), rel=1e-8)
    largest = np.max([[values[0] for values in one] for one in spectra], axis=0)
    assert course.one_step == pytest.approx(largest[:0:-1], rel=1e-8)
    for t in range(1, TIME):
        singular = next(row.singular for row in found.rows if row.part == f"t={t + 1}")
        assert singular is not None
        smallest = min(one[t][-1] for one in spectra)
        assert tuple(singular) == pytest.approx((largest[t], smallest, batch, batch), rel=1e-8)


def test_both_directions_of_two_layers() -> None:
    """Each has a course of its own; the reverse one begins at the first step in time."""
    weights = {
        name: value
        for number, features in ((0, 2), (1, 2 * SIZE))
        for ending in ("", "_reverse")
        for name, value in weights_of(1, features, f"l{number}{ending}").items()
    }
    x = RANDOM.normal(size=(TIME, 2))
    found = flow(
        f"x -> nn.RNN(2, {SIZE}, num_layers=2, bidirectional=True) -> MSELoss(t)",
        {"x": x, "t": np.zeros((TIME, 2 * SIZE)), **weights},
    )
    forward, backward, *_ = found.courses

    assert [course.name for course in found.courses] == [
        "0 RNN · layer 0", "0 RNN · layer 0 · reverse", "0 RNN · layer 1", "0 RNN · layer 1 · reverse",
    ]  # fmt: skip
    assert forward.norms == pytest.approx(norms_of_products(rnn_steps(shortened(weights, "l0"), x)), rel=1e-8)
    steps = rnn_steps(shortened(weights, "l0_reverse"), x[::-1])
    assert backward.norms == pytest.approx(norms_of_products(steps), rel=1e-8)
    assert backward.parts == tuple(f"t={t}" for t in range(1, TIME + 1))
    radius = max(abs(np.linalg.eigvals(weights["0.weight_hh_l0_reverse"])))
    assert backward.radius == pytest.approx(radius)


@pytest.mark.parametrize(
    "text",
    [
        "x -> nn.LSTM(3, 4, batch_first=True) -> MSELoss(t)",
        "x -> nn.GRU(3, 4, batch_first=True, dropout=0.5, num_layers=2) -> MSELoss(t)",
        "x -> nn.LSTM(3, 5, proj_size=4, batch_first=True) -> MSELoss(t)",
    ],
    ids=["batch first", "dropout between layers", "projection"],
)
def test_other_recurrences_hold_their_products(text: str) -> None:
    """The norm of a product is at most the product of the norms, and there is one for every step."""
    found = flow(text, {"x": RANDOM.normal(size=(2, 7, 3)), "t": np.zeros((2, 7, 4))})

    for course in found.courses:
        assert len(course.norms) == len(course.parts) == len(course.one_step) + 1 == 7
        assert (course.samples, course.batch) == (2, 2)
        bounds = np.cumprod([1, *course.one_step]) * (1 + 1e-12)
        assert all(norm <= bound for norm, bound in zip(course.norms, bounds, strict=True))


def test_as_many_samples_as_the_bound_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two of them are the first two; one is there whatever the bound."""
    weights, x = weights_of(1, 2, "l0"), RANDOM.normal(size=(TIME, 5, 2))
    at = {"x": x, "t": np.zeros((TIME, 5, SIZE)), **weights}
    expected = [norms_of_products(rnn_steps(shortened(weights, "l0"), x[:, sample])) for sample in range(2)]
    work = (TIME - 1) * SIZE**3

    for bound, samples in ((2 * work, 2), (1, 1)):
        monkeypatch.setattr(module, "WORK_OF_SAMPLES", bound)
        course = course_of(f"x -> nn.RNN(2, {SIZE}) -> MSELoss(t)", at)

        assert (course.samples, course.batch) == (samples, 5)
        assert course.norms == pytest.approx(np.max(expected[:samples], axis=0), rel=1e-8)


def test_no_course_where_products_would_take_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """The steps still have their largest singular value, by Lanczos, of one sample."""
    weights, x = weights_of(4, 2, "l0"), RANDOM.normal(size=(TIME, 3, 2))
    steps = lstm_steps(shortened(weights, "l0"), x[:, 0])
    monkeypatch.setattr(module, "MOST_WORK", 1)

    found = flow(f"x -> nn.LSTM(2, {SIZE}) -> MSELoss(t)", {"x": x, "t": np.zeros((TIME, 3, SIZE)), **weights})

    assert found.courses == ()
    assert found.too_large == ("0 LSTM",)
    for row, step in zip(found.rows[2 : TIME + 1], steps[1:], strict=True):
        assert row.singular is not None
        assert row.singular.largest == pytest.approx(np.linalg.norm(step, 2), rel=1e-8)
        assert row.singular[1:] == (None, 1, 3)


def test_one_time_step_is_a_row_and_no_course() -> None:
    """There is nothing before it."""
    found = flow("x -> RNN(2) -> MSELoss(t)", {"x": np.ones((1, 2, 3)), "t": np.zeros((1, 2, 2))})

    assert found.courses == ()
    assert [row.part for row in found.rows] == ["", "t=1", ""]


# Figures -------------------------------------------------------------------------------------------------------------


def test_a_line_through_points() -> None:
    """Least squares, as NumPy has it."""
    logs = [0.0, -1.2, -1.9, -3.3, -3.9]
    slope, start = np.polyfit(range(5), logs, 1)

    assert fitted_line(logs) == pytest.approx((start, slope))
    assert fitted_line([0.0]) is None
    assert fitted_line([0.0, -inf]) is None


@pytest.mark.parametrize(
    ("logs", "line", "limit", "expected"),
    [
        ([0, -3, -7], None, -6, 2),
        ([0, -3, -5], Line(0, -2.5), -6, 3),
        ([0, -0.5], Line(0, -0.5), -6, 12),
        ([0, 0.5], Line(0, 0.5), -6, None),
        ([0, 0.5], Line(0, 0.5), 6, 12),
        ([0, 1e-9], Line(0, 1e-9), 6, None),
        ([0, -7, 1], Line(0, 0.5), -6, 1),
        ([0, float("nan")], None, 6, None),
    ],
    ids=["measured", "fitted", "exactly", "rising", "above", "flat", "for a while", "nan"],
)
def test_the_first_step_beyond_a_limit(
    logs: list[float], line: Line | None, limit: float, expected: int | None
) -> None:
    """As measured, or else on the line, and never where that takes a million steps."""
    assert first_beyond(logs, line, limit) == expected


def test_means_and_powers() -> None:
    """The mean factor of steps; none where one is not finite."""
    assert geometric_mean([2.0, 8.0]) == pytest.approx(4)
    assert geometric_mean([2.0, 0.0]) == 0
    assert geometric_mean([2.0, inf]) is None
    assert power_of_ten(log(8) / log(10)) == pytest.approx(8)
    assert power_of_ten(1000) == inf


@pytest.mark.parametrize(("power", "text"), [(-400.0, "1.000e-400"), (399.99999, "1.000e+400"), (-0.5, "0.3162")])
def test_a_norm_that_float64_does_not_hold_is_written(power: float, text: str) -> None:
    """Four digits and a power of ten; 9.9999 is rounded to 1 and ten times as much."""
    assert size_text(power, short) == text
