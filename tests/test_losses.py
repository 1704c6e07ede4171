"""Losses: what they refuse, how they are written, what they say far out, and that they do not disturb the target."""

import math
from typing import Any

import numpy as np
import pytest
from told import marked

from bpcli import check_expression, grad
from bpcli.check.findings import Verdict
from bpcli.errors import UsageError

X = [[1.0, 2.0, -1.0], [0.5, -0.5, 0.0]]
ROWS = [0.0, 2.0]
HALVES = [[0.5, 0.5, 0.0], [0.25, 0.25, 0.5]]
GIVEN_UP = "None, as PyTorch has given it up: say it by 'reduction'"
WORDS = "'mean', 'sum' or 'none'"
NUMBERS = "a list of numbers, such as torch.tensor([1, 2]) or None"
UNLIKE = "compares arrays of one shape: the target has"


@pytest.mark.parametrize(
    ("loss", "message", "place"),
    [
        ('MSELoss(t, "sum")', f"'size_average' of MSELoss must be {GIVEN_UP}", '"sum"'),
        ("nn.L1Loss(None, True)", f"'reduce' of L1Loss must be {GIVEN_UP}", "True"),
        ("KLDivLoss(t, size_average=False)", f"'size_average' of KLDivLoss must be {GIVEN_UP}", "size_average=False"),
        ('MSELoss(t, reduction="avg")', f"'reduction' of MSELoss must be {WORDS}", 'reduction="avg"'),
        ('MSELoss(t, reduction="batchmean")', f"'reduction' of MSELoss must be {WORDS}", 'reduction="batchmean"'),
        (
            'KLDivLoss(t, reduction="avg")',
            "'reduction' of KLDivLoss must be 'mean', 'batchmean', 'sum' or 'none'",
            'reduction="avg"',
        ),
        ("HuberLoss(t, delta=0)", "'delta' of HuberLoss must be a number above 0", "delta=0"),
        ("SmoothL1Loss(t, beta=-1)", "'beta' of SmoothL1Loss must be a number from 0 on", "beta=-1"),
        (
            "CrossEntropyLoss(t, label_smoothing=1.5)",
            "'label_smoothing' of CrossEntropyLoss must be a number from 0 to 1",
            "label_smoothing=1.5",
        ),
        (
            "CrossEntropyLoss(t, ignore_index=0.5)",
            "'ignore_index' of CrossEntropyLoss must be a whole number",
            "ignore_index=0.5",
        ),
        ('nn.NLLLoss("sum")', f"'weight' of NLLLoss must be {NUMBERS}", '"sum"'),
        ("KLDivLoss(t, log_target=1)", "'log_target' of KLDivLoss must be True or False", "log_target=1"),
        ("HuberLoss(t, beta=1)", "HuberLoss has no argument 'beta'", "beta=1"),
        ("MSELoss()", "MSELoss has no target", "MSELoss()"),
    ],
)
def test_an_argument_that_a_loss_does_not_take_is_told(loss: str, message: str, place: str) -> None:
    """In its place, before anything is computed; the hint leaves out what PyTorch has given up."""
    with pytest.raises(UsageError) as caught:
        grad(f"x -> {loss}", {"x": X, "t": ROWS, "target": ROWS})

    assert caught.value.message == message
    assert marked(caught.value) == [place]
    assert "size_average" not in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("loss", "target", "message", "hint"),
    [
        ("MSELoss(t)", ROWS, f"MSELoss(t) {UNLIKE} (2,), x gives (2, 3)", "nothing is repeated to fit"),
        ("L1Loss(t)", [[1], [2]], f"L1Loss(t) {UNLIKE} (2, 1), x gives (2, 3)", "nothing is repeated to fit"),
        ("SmoothL1Loss(t)", 1.0, f"SmoothL1Loss(t) {UNLIKE} (), x gives (2, 3)", "nothing is repeated to fit"),
        ("HuberLoss(t)", [0] * 6, f"HuberLoss(t) {UNLIKE} (6,), x gives (2, 3)", "write reshape(target, (2, 3))"),
        ("BCELoss(t)", ROWS, f"BCELoss(t) {UNLIKE} (2,), x gives (2, 3)", "nothing is repeated to fit"),
        ("BCEWithLogitsLoss(t)", ROWS, f"BCEWithLogitsLoss(t) {UNLIKE} (2,), x gives (2, 3)", ""),
        ("PoissonNLLLoss(t)", ROWS, f"PoissonNLLLoss(t) {UNLIKE} (2,), x gives (2, 3)", ""),
        ("SoftMarginLoss(t)", ROWS, f"SoftMarginLoss(t) {UNLIKE} (2,), x gives (2, 3)", ""),
        ("HingeEmbeddingLoss(t)", ROWS, f"HingeEmbeddingLoss(t) {UNLIKE} (2,), x gives (2, 3)", ""),
        ("MultiLabelSoftMarginLoss(t)", ROWS, f"MultiLabelSoftMarginLoss(t) {UNLIKE} (2,), x gives (2, 3)", ""),
        ("KLDivLoss(t)", ROWS, f"KLDivLoss(t) {UNLIKE} (2,), x gives (2, 3)", ""),
        (
            "CrossEntropyLoss(t)",
            [0, 1, 2],
            "CrossEntropyLoss(t) expects a target of classes of shape (2,) for x of shape (2, 3), the target has (3,)",
            "the classes stand along axis 1 of the input: 3 of them",
        ),
        (
            "NLLLoss(t)",
            HALVES,
            "NLLLoss(t) expects a target of classes of shape (2,) for x of shape (2, 3), the target has (2, 3)",
            "the classes stand along axis 1 of the input: 3 of them",
        ),
        (
            "CrossEntropyLoss(t, weight=[1, 2])",
            ROWS,
            "the weight of CrossEntropyLoss(t, weight=[1, 2]) has shape (2,), the classes of x are 3",
            "",
        ),
        (
            "BCEWithLogitsLoss(t, pos_weight=[1, 2])",
            HALVES,
            "the pos_weight of BCEWithLogitsLoss(t, pos_weight=[1, 2]) has shape (2,), which does not go with (2, 3)",
            "",
        ),
        (
            "BCELoss(t, [[[1]]])",
            HALVES,
            "the weight of BCELoss(t, [[[1]]]) has shape (1, 1, 1), which does not go with (2, 3)",
            "",
        ),
        (
            "CrossEntropyLoss(t, ignore_index=0)",
            HALVES,
            "'ignore_index' is for a target of classes; this one has the shape of the input: probabilities",
            "",
        ),
        (
            "CrossEntropyLoss(t)",
            [0, 3],
            "the target holds classes, 3 of them: each must be a whole number from 0 to 2, not 3",
            "it stands at [1] of the target",
        ),
        (
            "NLLLoss(t, ignore_index=-1)",
            [-2, -1],
            "the target holds classes, 3 of them: each must be a whole number from 0 to 2, not -2",
            "it stands at [0] of the target",
        ),
        (
            "CrossEntropyLoss(t)",
            [0.5, 1],
            "the target holds classes, 3 of them: each must be a whole number from 0 to 2, not 0.5",
            "it stands at [0] of the target",
        ),
    ],
)
def test_a_target_that_does_not_fit_is_told(loss: str, target: Any, message: str, hint: str) -> None:
    """With both shapes, or with the class and its place; nothing is repeated silently."""
    with pytest.raises(UsageError) as caught:
        grad(f"x -> {loss}", {"x": X, "t": target})

    assert caught.value.message == message
    assert marked(caught.value) == [loss]
    assert hint in (caught.value.hint or "")


@pytest.mark.parametrize("loss", ["CrossEntropyLoss(t)", "NLLLoss(t)", "MultiLabelSoftMarginLoss(t)"])
def test_a_single_number_has_no_classes(loss: str) -> None:
    """The shape says nothing of classes then."""
    with pytest.raises(UsageError) as caught:
        grad(f"x -> {loss}", {"x": 1.0, "t": 0})

    assert caught.value.message == f"{loss} expects an array with a value for each class, x gives a single number"


def test_a_single_number_is_no_batch() -> None:
    """PyTorch divides by the length of the first axis, which is missing."""
    with pytest.raises(UsageError, match="with reduction='batchmean' expects a batch, x gives a single number"):
        grad('x -> KLDivLoss(t, reduction="batchmean")', {"x": -1.0, "t": 0.5})


@pytest.mark.parametrize(
    "loss",
    [
        "MSELoss",
        "L1Loss",
        "SmoothL1Loss",
        "HuberLoss",
        "BCELoss",
        "BCEWithLogitsLoss",
        "KLDivLoss",
        "SoftMarginLoss",
        "PoissonNLLLoss",
    ],
)
def test_single_numbers_are_compared_too(loss: str) -> None:
    """The mean of one number is that number."""
    entries = grad(f"x -> {loss}(t)", {"x": [0.25], "t": [0.5]})
    found = grad(f"x -> {loss}(t)", {"x": 0.25, "t": 0.5})

    assert found.value == entries.value
    assert found.gradients["x"] == entries.gradients["x"][0]


@pytest.mark.parametrize(
    ("bare", "full"),
    [
        ("MSELoss(y)", "nn.MSELoss()"),
        (
            'CrossEntropyLoss(y, label_smoothing=0.1, reduction="sum")',
            "nn.CrossEntropyLoss(None, None, -100, None, 'sum', 0.1)",
        ),
        ("CrossEntropyLoss(y, torch.tensor([1, 2, 3]))", "torch.nn.CrossEntropyLoss(weight=torch.tensor([1, 2, 3]))"),
        ("KLDivLoss(y, log_target=True)", "nn.KLDivLoss(None, None, 'mean', True)"),
    ],
)
def test_a_bare_loss_takes_its_target_first(bare: str, full: str) -> None:
    """One of torch.nn takes the variable `target`; neither asks for its gradient."""
    found = grad(f"x -> {bare}", {"x": X, "y": HALVES})
    expected = grad(f"x -> {full}", {"x": X, "target": HALVES})

    assert found.value == expected.value
    assert set(found.gradients) == set(expected.gradients) == {"x"}
    assert np.array_equal(found.gradients["x"], expected.gradients["x"])


def test_a_target_may_be_typed_or_computed() -> None:
    """It is an expression as any other."""
    expected = grad("x -> CrossEntropyLoss(t)", {"x": X, "t": ROWS})

    assert grad("x -> CrossEntropyLoss([0, 2])", {"x": X}).value == expected.value
    assert grad("x -> CrossEntropyLoss(2*t)", {"x": X, "t": [0, 1]}).value == expected.value


def test_ignored_targets_leave_no_trace() -> None:
    """Neither in the value nor in the gradient, whatever the network says about them."""
    alone = grad("x -> CrossEntropyLoss(t)", {"x": X[:1], "t": [1]})
    found = grad("x -> CrossEntropyLoss(t)", {"x": [X[0], [1e300, -1e300, 0.0]], "t": [1, -100]})

    assert found.value == alone.value
    assert np.array_equal(found.gradients["x"][0], alone.gradients["x"][0])
    assert not found.gradients["x"][1].any()


@pytest.mark.parametrize("loss", ["CrossEntropyLoss", "NLLLoss"])
def test_the_mean_over_no_targets_is_no_number(loss: str) -> None:
    """As in PyTorch, which divides 0 by 0; the sum over none is 0."""
    at = {"x": X, "t": [-100, -100]}

    assert math.isnan(grad(f"x -> {loss}(t)", at).value)
    assert grad(f'x -> {loss}(t, reduction="sum")', at).value == 0


@pytest.mark.parametrize("target", [[], np.zeros((0, 3))], ids=["classes", "probabilities"])
def test_a_sum_over_no_rows_is_nothing(target: Any) -> None:
    """As PyTorch has it for an empty batch, also where there are no classes to smooth over."""
    text = "x -> CrossEntropyLoss(t, label_smoothing=0.1, reduction='sum')"

    assert grad(text, {"x": np.zeros((0, 3)), "t": target}).value == 0
    assert (
        grad(text, {"x": np.zeros((0, 0)), "t": target[:, :0] if isinstance(target, np.ndarray) else target}).value == 0
    )


def test_a_class_that_cannot_be_does_not_spoil_others() -> None:
    """The logarithm of 0 for another class than the target's is not met: times 0 it would be no number."""
    found = grad("log(p) -> NLLLoss(t)", {"p": [[0.5, 0.0], [0.0, 0.25]], "t": [0, 1]})

    assert found.value == pytest.approx(1.5 * math.log(2))


def test_an_index_that_is_ignored_has_a_row_of_zeros() -> None:
    """In `one_hot` itself, which losses of classes are made of; without the word it is an error."""
    found = grad("sum(one_hot(t, 2, ignore_index=-100)*x)", {"t": [1, -100], "x": [[1, 2], [3, 4]]})

    assert found.gradients["x"].tolist() == [[0, 1], [0, 0]]
    with pytest.raises(UsageError, match="an index must be a whole number from 0 to 1, not -100"):
        grad("sum(one_hot(t, 2))", {"t": [1, -100]})


@pytest.mark.parametrize(
    ("logit", "target", "slope"), [(40.0, 1.0, -4.248354255291589e-18), (-40.0, 0.0, 4.248354255291589e-18)]
)
def test_a_sure_logit_keeps_its_digits(logit: float, target: float, slope: float) -> None:
    """1 - σ(40) is 4e-18, which 1 less a number near 1 would round away; PyTorch keeps one of the two."""
    found = grad("x -> BCEWithLogitsLoss(t)", {"x": [logit], "t": [target]})

    assert found.value == pytest.approx(abs(slope), rel=1e-14)
    assert found.gradients["x"][0] == pytest.approx(slope, rel=1e-14)


def test_a_saturated_probability_hands_nothing_back() -> None:
    """sigmoid(1000) is 1, its slope 0; PyTorch's bounded slope of the loss keeps 0·∞ out of it."""
    found = grad("sigmoid(x) -> BCELoss(t)", {"x": [1000.0, -1000.0], "t": [0.0, 1.0]})

    assert found.value == 100
    assert found.gradients["x"].tolist() == [0.0, 0.0]
    assert not found.warnings


@pytest.mark.parametrize(
    "loss",
    [
        "CrossEntropyLoss(t, weight=[1, 2, 3], ignore_index=1, label_smoothing=0.1)",
        "NLLLoss(t)",
        "MSELoss(h)",
        "L1Loss(h)",
        "SmoothL1Loss(h, beta=0.75)",
        "HuberLoss(h)",
        "BCEWithLogitsLoss(h, pos_weight=[1, 2, 3])",
        "CrossEntropyLoss(h)",
        "KLDivLoss(h)",
        "PoissonNLLLoss(h, log_input=False, full=True)",
        "SoftMarginLoss(h)",
        "HingeEmbeddingLoss(h)",
        "MultiLabelSoftMarginLoss(h)",
        "BCELoss(h)",
    ],
)
def test_differences_say_the_same(loss: str) -> None:
    """The oracles know nothing of PyTorch."""
    at: dict[str, Any] = {"x": [[0.25, 0.125, 0.75], [0.5, 0.625, 0.3125]]}
    at |= {"h": HALVES} if "(h" in loss else {"t": ROWS}

    assert check_expression(f"x -> {loss}", at).verdict is Verdict.AGREE


def test_a_far_margin_does_not_overflow() -> None:
    """PyTorch's own exp(1000) does."""
    found = grad("x -> SoftMarginLoss(t)", {"x": [1000.0, -1000.0], "t": [-1.0, -1.0]})

    assert found.value == 500
    assert found.gradients["x"].tolist() == [0.5, 0.0]


def test_single_precision_stays_single() -> None:
    """Rows of classes are of the dtype of the rest."""
    found = grad("x -> CrossEntropyLoss(t, label_smoothing=0.1)", {"x": X, "t": ROWS}, single_precision=True)

    assert found.gradients["x"].dtype == np.float32
