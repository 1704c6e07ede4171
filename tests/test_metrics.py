"""Metrics and standardisation against numbers worked out by hand, naive loops, and scikit-learn's definitions."""

import json
import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from bpcli.errors import UsageError
from bpcli.train.data import Data
from bpcli.train.metrics import Classification, Regression, metrics_for, tally_for
from bpcli.train.roles import Roles
from bpcli.train.standardising import Standardisation, standardisation_from, standardisation_of

SPECIES = Roles({}, "t", (), {"t": ()}, "CrossEntropyLoss", "softmax", ("a", "b", "c"))
LOGITS = Roles({}, "t", (), {"t": (1,)}, "BCEWithLogitsLoss", "sigmoid", ("no", "yes"))
VALUES = Roles({}, "t", (), {"t": (2,)}, "MSELoss")
# Six samples: of class a one is right and one taken for b; of b both are right; of c one is right, one taken for a.
SCORES = np.log([[7, 2, 1], [1, 8, 1], [1, 8, 1], [2, 7, 1], [1, 1, 8], [6, 1, 3]]) - np.log(10)
TARGETS = np.array([0.0, 0, 1, 1, 2, 2])


def classification(roles: Roles, judged: np.ndarray, targets: np.ndarray, parts: int = 1) -> Classification:
    """The metrics of predictions that come in parts."""
    tally = tally_for(roles)
    for one, target in zip(np.array_split(judged, parts), np.array_split(targets, parts), strict=True):
        tally.add(one, target)
    found = tally.result()
    assert isinstance(found, Classification)
    return found


def regression(judged: np.ndarray, targets: np.ndarray, parts: int = 1, roles: Roles = VALUES) -> Regression:
    """The same of values."""
    tally = tally_for(roles)
    for one, target in zip(np.array_split(judged, parts), np.array_split(targets, parts), strict=True):
        tally.add(one, target)
    found = tally.result()
    assert isinstance(found, Regression)
    return found


@pytest.mark.parametrize("parts", [1, 2, 4])
def test_the_metrics_of_three_classes(parts: int) -> None:
    """Worked out by hand from the table of confusion."""
    found = classification(SPECIES, SCORES, TARGETS, parts)

    assert found.confusion == ((1, 1, 0), (0, 2, 0), (1, 0, 1))
    assert found.accuracy == pytest.approx(4 / 6)
    assert [one.precision for one in found.scores] == pytest.approx([1 / 2, 2 / 3, 1])
    assert [one.recall for one in found.scores] == pytest.approx([1 / 2, 1, 1 / 2])
    assert [one.f1 for one in found.scores] == pytest.approx([1 / 2, 4 / 5, 2 / 3])
    assert [one.support for one in found.scores] == [2, 2, 2]
    assert found.cross_entropy == pytest.approx(-sum(map(math.log, (0.7, 0.1, 0.8, 0.7, 0.8, 0.3))) / 6)
    assert found.summary["macro_f1"] == pytest.approx((1 / 2 + 4 / 5 + 2 / 3) / 3)
    assert found.summary["macro_precision"] == pytest.approx((1 / 2 + 2 / 3 + 1) / 3)
    assert found.summary["macro_recall"] == pytest.approx(2 / 3)


def test_logarithms_of_probabilities_are_taken_as_they_are() -> None:
    """NLLLoss judges logarithms, which have been through a softmax."""
    own = classification(SPECIES._replace(loss="NLLLoss", response="exp"), SCORES, TARGETS)

    assert own.cross_entropy == pytest.approx(classification(SPECIES, SCORES, TARGETS).cross_entropy)


def test_a_class_that_is_neither_there_nor_predicted_counts_nowhere() -> None:
    """One that is predicted but not there has the share 0, as scikit-learn has it."""
    found = classification(SPECIES, SCORES[:3], TARGETS[:3])
    only = classification(SPECIES, SCORES[:2], np.zeros(2))

    assert found.scores[2][1:] == (0, None, None, None)
    assert found.summary["macro_f1"] == pytest.approx((2 / 3 + 2 / 3) / 2)
    assert only.scores[1][1:] == (0, 0.0, 0.0, 0.0)
    assert only.summary["macro_recall"] == pytest.approx((1 / 2 + 0) / 2)


def test_two_classes_from_one_logit_however_sure() -> None:
    """The logarithm of a probability that is 0 in float64 is the logit."""
    found = classification(LOGITS, np.array([[800.0], [-800.0], [0.5]]), np.array([[0.0], [0.0], [1.0]]))

    assert found.confusion == ((1, 1), (0, 1))
    assert found.cross_entropy == pytest.approx((800 + math.log1p(math.exp(-0.5))) / 3)


def test_a_probability_of_nothing_is_bounded_as_bceloss_bounds_it() -> None:
    """-log 0 counts as 100."""
    roles = LOGITS._replace(loss="BCELoss", response="identity")
    found = classification(roles, np.array([[0.0], [0.25]]), np.array([[1.0], [0.0]]))

    assert found.cross_entropy == pytest.approx((100 - math.log(0.75)) / 2)


def test_a_margin_has_classes_of_minus_one_and_one() -> None:
    """SoftMarginLoss is -log σ(t·x)."""
    roles = LOGITS._replace(loss="SoftMarginLoss")
    found = classification(roles, np.array([[2.0], [-1.0], [3.0]]), np.array([[1.0], [-1.0], [-1.0]]))
    losses = [math.log1p(math.exp(-t * x)) for t, x in ((1, 2), (-1, -1), (-1, 3))]

    assert found.accuracy == pytest.approx(2 / 3)
    assert found.cross_entropy == pytest.approx(sum(losses) / 3)


def test_every_place_of_an_image_is_a_sample_of_its_own() -> None:
    """The classes stand along axis 1, (N, C, d)."""
    judged = np.zeros((1, 3, 2))
    judged[0, 2, 0] = judged[0, 1, 1] = 1.0
    found = classification(SPECIES, judged, np.array([[2.0, 0.0]]))

    assert found.confusion == ((0, 1, 0), (0, 0, 0), (0, 0, 1))


@pytest.mark.parametrize("parts", [1, 3, 7])
def test_the_metrics_of_values(parts: int) -> None:
    """Against the definitions over all samples at once, far from 0."""
    chance = np.random.default_rng(1)
    targets = chance.normal(1e6, [1, 5], (40, 2))
    judged = targets + chance.normal(0, 1, (40, 2))
    found = regression(judged, targets, parts)
    about = ((targets - targets.mean(0)) ** 2).sum()

    assert found.samples == 40
    assert found.rmse == pytest.approx(np.sqrt(((judged - targets) ** 2).mean()))
    assert found.mae == pytest.approx(np.abs(judged - targets).mean())
    assert found.r2 == pytest.approx(1 - ((judged - targets) ** 2).sum() / about, rel=1e-9)


def test_targets_that_are_all_alike_have_no_r2() -> None:
    """There is nothing to explain; in a history it is left out."""
    found = regression(np.array([[1.0, 2], [3, 4]]), np.ones((2, 2)))

    assert found.r2 is None
    assert list(found.summary) == ["rmse", "mae"]


def test_rates_of_a_poisson_loss_are_what_is_measured() -> None:
    """Its network hands on their logarithms."""
    found = regression(
        np.log(np.array([[2.0, 4], [8, 1]])), np.array([[2.0, 4], [8, 3]]), roles=VALUES._replace(response="exp")
    )

    assert found.mae == pytest.approx(0.5)


def test_training_takes_the_metrics_by_name() -> None:
    """None where there is no target of a loss."""
    metrics = metrics_for(SPECIES)
    assert metrics is not None

    assert metrics(SCORES, {"t": TARGETS})["accuracy"] == pytest.approx(4 / 6)
    assert metrics_for(Roles({}, None, (), {})) is None


# Standardisation -----------------------------------------------------------------------------------------------------


def data_of(*columns: list[float], indices: tuple[str, ...] = ()) -> Data:
    """Inputs x, (samples, columns)."""
    values = np.array(columns).T
    names = tuple(f"c{place}" for place in range(len(columns)))
    return Data({"x": values}, len(values), Roles({"x": names}, None, (), {"x": (len(columns),)}, indices=indices))


def test_each_column_gets_mean_0_and_deviation_1_and_a_constant_one_stays() -> None:
    """The deviation is that of all samples, not of a sample of them: of 1, 3 it is 1."""
    data = data_of([1, 3, 1, 3], [0.1, 0.1, 0.1, 0.1], [-5, 5, 15, 25])
    found = standardisation_of(data)

    assert_array_equal(found.means["x"], [2, 0, 10])
    assert_allclose(found.deviations["x"], [1, 1, math.sqrt(125)])
    assert_array_equal(found.applied(data.values)["x"][:, 1], data.values["x"][:, 1])
    assert_allclose(found.applied({"x": np.array([[4.0, 7, 10]])})["x"], [[2, 7, 0]])


def test_only_inputs_that_are_no_indices_are_standardised() -> None:
    """The rows that an Embedding looks up, and targets, stay as they are."""
    data = data_of([1, 3], indices=("x",))
    found = standardisation_of(data)

    assert found == Standardisation({}, {})
    assert found.applied({"x": data.values["x"], "t": 3})["t"] == 3


def test_a_single_number_a_sample_is_standardised_too() -> None:
    """Of an expression a variable is (N,)."""
    data = Data({"x": np.array([1.0, 3.0])}, 2, Roles({"x": ("x",)}, None, (), {"x": ()}))
    found = standardisation_from(json.loads(json.dumps(standardisation_of(data).document())), data.roles)

    assert_array_equal(found.applied(data.values)["x"], [-1, 1])


def test_a_standardisation_comes_back_from_json_to_the_bit() -> None:
    """So that a checkpoint predicts what the training saw."""
    data = data_of([0.1, 0.7, 0.35], [1e-9, 3e100, 2e100])
    found = standardisation_of(data)
    again = standardisation_from(json.loads(json.dumps(found.document())), data.roles)

    assert_array_equal(found.applied(data.values)["x"], again.applied(data.values)["x"])


@pytest.mark.parametrize(
    "document",
    [
        {"x": {"mean": [0.0], "deviation": [1.0, 1.0]}},
        {"x": {"mean": [0.0, 0.0], "deviation": [1.0, 0.0]}},
        {"x": {"mean": [0.0, 0.0], "deviation": [1.0, -1.0]}},
        {"x": {"mean": [0.0, "a"], "deviation": [1.0, 1.0]}},
        {"x": {"mean": [0.0, 0.0]}},
        {"y": {"mean": [0.0, 0.0], "deviation": [1.0, 1.0]}},
        {"x": 3},
    ],
    ids=["shape", "zero", "negative", "text", "half", "name", "number"],
)
def test_a_standardisation_that_does_not_fit_is_refused(document: dict[str, object]) -> None:
    """It may come from a stranger."""
    with pytest.raises(UsageError, match="do not fit its inputs"):
        standardisation_from(document, data_of([1, 2], [3, 4]).roles)


def test_numbers_beyond_a_mean_are_refused() -> None:
    """The squares of 1e200 are beyond float64."""
    with pytest.raises(UsageError, match="too large to be standardised"):
        standardisation_of(data_of([1e200, -1e200]))
