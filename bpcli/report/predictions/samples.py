"""What is said of each sample: the class that it was taken for, or its values, and its target where that is known."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from bpcli.train.metrics import class_numbers
from bpcli.train.predicting import Predicted
from bpcli.train.roles import Roles


class Sample(NamedTuple):
    """One sample: its place, and the number of the likeliest class with the probability of each, or values.

    `target` is the number of its class, or its values; None where that is not known.
    """

    place: int
    predicted: Any
    probabilities: tuple[float, ...]
    target: Any

    @property
    def is_mistaken(self) -> bool:
        """Whether it is known to be of another class than it was taken for."""
        return bool(self.probabilities) and self.target is not None and self.target != self.predicted


def samples_of(predicted: Predicted, roles: Roles) -> Iterator[Sample]:
    """The samples of a part."""
    places = list(predicted.places)
    none = [None] * len(places)
    if predicted.classes is None:
        targets = none if predicted.targets is None else predicted.targets
        for place, values, target in zip(places, predicted.values, targets, strict=True):
            yield Sample(place, values, (), target)
        return
    known = none if predicted.targets is None else class_numbers(roles, predicted.targets).tolist()
    for place, number, row, target in zip(places, predicted.classes, predicted.values.tolist(), known, strict=True):
        yield Sample(place, number, tuple(row), target)


def target_names(roles: Roles) -> tuple[str, ...]:
    """What the entries of a target are called: its columns, or the variable."""
    return roles.target_columns or (roles.target or "value",)
