"""What a training came to, as the screen and the documents tell it."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple


class Outcome(NamedTuple):
    """A training that is over.

    `status` is `finished`, `patience`, `nonfinite`, `differ` or `interrupted`, `reason` says more of the last three.
    `history` has a record for each epoch; `best` is the number of the best epoch of early stopping. `options` are those
    of the optimiser and of its schedule, by name; `files` are what was written, by what it holds. `warnings` are what
    to know about the text, and about how the training went.
    """

    expression: str
    status: str
    reason: str
    step: int
    history: Sequence[dict[str, Any]]
    best: int | None
    parameters: Mapping[str, tuple[int, ...]]
    samples: int
    validation: int
    inputs: Mapping[str, Sequence[str]]
    target: str | None
    target_columns: Sequence[str]
    classes: Sequence[str]
    optimizer: str
    options: Mapping[str, Any]
    batch_size: int
    random_seed: int
    drawn: bool
    files: Mapping[str, str]
    warnings: Sequence[str] = ()
