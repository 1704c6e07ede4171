"""Checks of the gradient that training uses, at the live weights, on a few samples of the current batch."""

from typing import NamedTuple

from bpcli.check.findings import Verdict
from bpcli.train.batches import Values
from bpcli.train.model import Model
from bpcli.train.state import State


class Checked(NamedTuple):
    """The verdict on the gradient before step `step`: over how many entries of how many, and the worst in words."""

    step: int
    epoch: int
    verdict: Verdict
    entries: int
    of: int
    samples: int
    text: str

    @property
    def is_wrong(self) -> bool:
        """Whether the gradient differs."""
        return self.verdict is Verdict.DIFFER


def live_check(model: Model, state: State, batch: Values) -> Checked:
    raise NotImplementedError
