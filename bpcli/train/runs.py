"""A run: what is trained, on which data and how, and where it stands."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from math import ceil
from typing import Any, NamedTuple

from bpcli.errors import ShapeError
from bpcli.language.build import TRAINING, Setup, graph_from, has_layers
from bpcli.language.limits import DEFAULT_LIMITS, Limits
from bpcli.language.values import shape_of, value_from
from bpcli.numbers.arrays import arrays
from bpcli.train.data import Data, data_from, split
from bpcli.train.metrics import metrics_for
from bpcli.train.model import Model
from bpcli.train.plan import Plan
from bpcli.train.samples import all_samples_in
from bpcli.train.standardising import Standardisation, standardisation_of
from bpcli.train.state import State, state_of

NOTHING: Mapping[str, Any] = {}


class Question(NamedTuple):
    """What is to be trained: an expression, values that are given by name, and where the data are.

    `learned` are names that are learned, None for all that can be. `left_out` are columns that are not looked at.
    `share` of the samples, or else those of `validation_file`, are not trained on. Where a run goes on with values from
    a checkpoint, `begun_with` is the fingerprint of those that it began with.
    """

    expression: str
    data_file: str
    given: Mapping[str, Any] = NOTHING
    learned: Sequence[str] | None = None
    target_columns: Sequence[str] = ()
    validation_file: str | None = None
    begun_with: str | None = None
    share: float = 0.0
    is_standardised: bool = False
    left_out: Sequence[str] = ()
    setup: Setup = TRAINING
    limits: Limits = DEFAULT_LIMITS


class Run(NamedTuple):
    """A plan for a model and its data, and where it stands; inputs of the data are standardised already.

    `begun_with` is the fingerprint of the values that the run began with.
    """

    plan: Plan
    model: Model
    data: Data
    validation: Data | None
    standardisation: Standardisation | None
    begun_with: str
    state: State

    @property
    def batches(self) -> int:
        """How many batches an epoch has."""
        return ceil(self.data.size / (self.plan.batch_size or self.data.size))

    @property
    def is_drawn(self) -> bool:
        """Whether the first values of what is learned come from the seed."""
        return has_layers(self.model.text) and self.begun_with == fingerprint({})


def run_of(question: Question, plan: Plan) -> Run:
    """The run before its first step, with the metrics that suit its target.

    Raises ParseError, BindingError, ShapeError, LimitError, UsageError.
    """
    limits = question.limits
    graph = graph_from(question.expression, question.given, limits)
    given = {name: value_from(name, value, limits) for name, value in question.given.items()}
    shapes = {name: shape_of(value) for name, value in given.items()}
    data = data_from(question.data_file, graph, shapes, question.target_columns, limits, question.left_out)
    if question.validation_file is None:
        training, validation = split(data, question.share, plan.random_seed)
    else:
        training = data
        validation = all_samples_in(question.validation_file, training.roles, limits)
    standardisation = standardisation_of(training) if question.is_standardised else None
    if standardisation is not None:
        training = training._replace(values=standardisation.applied(training.values))
        validation = validation and validation._replace(values=standardisation.applied(validation.values))
    model = Model(graph, training.values, given, question.learned, setup=question.setup, limits=limits)
    _require_batches(model, training, plan)
    begun_with = fingerprint(given) if question.begun_with is None else question.begun_with
    measured = plan._replace(metrics=metrics_for(training.roles))
    return Run(measured, model, training, validation, standardisation, begun_with, state_of(model, plan.optimiser))


def _require_batches(model: Model, data: Data, plan: Plan) -> None:
    """Raise ShapeError where the network does not take a batch of an epoch, the last of which may be smaller."""
    size = min(plan.batch_size or data.size, data.size)
    for count in {size, data.size % size or size}:
        try:
            model.program(data.batch(slice(count)))
        except ShapeError as error:
            error.hint = f"this is a batch of {count} of the {data.size} samples; give --batch-size another number"
            raise


def fingerprint(values: Mapping[str, Any]) -> str:
    """What tells these numbers and arrays from others: a hash of their names, shapes and entries."""
    found = sha256()
    for name in sorted(values):
        array = arrays.value(values[name])
        found.update(f"{name} {shape_of(array)}\n".encode())
        found.update(array.tobytes())
    return found.hexdigest()
