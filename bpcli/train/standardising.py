"""Standardisation: inputs less their mean, over their deviation, so that all are of one size.

Each entry of a sample has a mean and a deviation of its own, (1/n) Σ x and √((1/n) Σ (x - mean)²) over the samples
that are trained on; an entry that is the same in all of them stays as it is. Source: sklearn.preprocessing's
StandardScaler, LeCun et al. 1998, Efficient BackProp, section 4.3.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from bpcli.errors import UsageError
from bpcli.language.values import shape_of, value_from
from bpcli.numbers.arrays import arrays
from bpcli.train.batches import Values
from bpcli.train.data import Data
from bpcli.train.roles import Roles


class Standardisation(NamedTuple):
    """Means and deviations by variable, in the shape of one sample; a deviation is above 0."""

    means: Mapping[str, Any]
    deviations: Mapping[str, Any]

    def applied(self, values: Values) -> dict[str, Any]:
        """The values, (samples, …), with those that have a mean and a deviation standardised."""
        with arrays.at_work():
            return {
                name: (value - self.means[name]) / self.deviations[name] if name in self.means else value
                for name, value in values.items()
            }

    def document(self) -> dict[str, Any]:
        """As JSON has it; each number is read back as it was."""
        return {
            name: {"mean": _lists(self.means[name]), "deviation": _lists(self.deviations[name])} for name in self.means
        }


def _lists(value: Any) -> Any:
    return value.tolist() if shape_of(value) else float(value)


def standardisation_of(training: Data) -> Standardisation:
    """The standardisation of the inputs, indices left out, from these samples alone.

    Raises UsageError where numbers are so large that their mean or deviation is beyond float64.
    """
    means: dict[str, Any] = {}
    deviations: dict[str, Any] = {}
    for name in training.roles.inputs:
        if name not in training.roles.indices:
            means[name], deviations[name] = _mean_and_deviation(name, training.values[name])
    return Standardisation(means, deviations)


def _mean_and_deviation(name: str, value: Any) -> tuple[Any, Any]:
    with arrays.at_work():
        is_constant = value.min(axis=0) == value.max(axis=0)
        mean, deviation = value.mean(axis=0), value.std(axis=0)
        stays = is_constant | (deviation == 0)  # squares of differences below 1e-162 are 0
    if not (arrays.is_finite(mean) and arrays.is_finite(deviation)):
        message = f"the values of {name} are too large to be standardised: their mean or deviation is beyond float64"
        raise UsageError(message, hint="give them in another unit")
    return mean * ~stays, deviation * ~stays + stays


def standardisation_from(document: Mapping[str, Any], roles: Roles) -> Standardisation:
    """The standardisation that a document states, of inputs of these roles. Raises UsageError where it does not fit."""
    means: dict[str, Any] = {}
    deviations: dict[str, Any] = {}
    for name, one in document.items():
        try:
            means[name], deviations[name] = value_from(name, one["mean"]), value_from(name, one["deviation"])
            shapes = {shape_of(means[name]), shape_of(deviations[name])}
            fits = name in roles.inputs and shapes == {roles.shapes[name]} and (deviations[name] > 0)
        except (KeyError, TypeError, UsageError):
            fits = False
        if not (fits if isinstance(fits, bool) else fits.all()):
            message = "the means and deviations in the checkpoint do not fit its inputs"
            raise UsageError(message, hint="save it again with 'bpcli train --save-checkpoint'")
    return Standardisation(means, deviations)
