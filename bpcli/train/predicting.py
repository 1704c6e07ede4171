"""Predictions of a network from a checkpoint, for samples that come part by part."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from bpcli.errors import ShapeError, UsageError
from bpcli.graph.order import graph_of
from bpcli.graph.shapes import shape_text
from bpcli.language.build import Setup, at_point, question_from
from bpcli.language.expressions import parse
from bpcli.language.limits import DEFAULT_LIMITS, Limits
from bpcli.language.values import shape_of
from bpcli.numbers.evaluate import evaluate
from bpcli.train.batches import Values
from bpcli.train.checkpoints import Checkpoint
from bpcli.train.metrics import Classification, Regression, tally_for
from bpcli.train.predictions import logarithms_of, probabilities_of, values_of
from bpcli.train.roles import Roles, loss_of, roles_from
from bpcli.train.samples import Rows, samples_in
from bpcli.train.standardising import Standardisation, standardisation_from

EVALUATION = Setup(evaluation_mode=True)


class Predicted(NamedTuple):
    """Predictions for some samples.

    `values` are (samples, …), like the target's; of classes they are the probabilities (samples, classes), and
    `classes` are the numbers of the likeliest.
    """

    places: Sequence[int]
    values: Any
    classes: Sequence[int] | None
    targets: Any
    is_finite: bool


class Predictor:
    """A network as a checkpoint has it, which is not trained any further: dropout does nothing.

    Raises UsageError where the checkpoint does not say what to feed, or its text ends in no loss, and what the text and
    its parameters raise.
    """

    def __init__(self, checkpoint: Checkpoint, limits: Limits = DEFAULT_LIMITS) -> None:
        document = checkpoint.document
        self.roles: Roles = roles_from(_part(document, "roles"))
        given = checkpoint.given
        bound = [*self.roles.inputs, *([self.roles.target] if self.roles.target else []), *given]
        self.text = parse(document["expression"], bound, limits)
        loss = loss_of(self.text)
        if loss is None:
            message = "the text of the checkpoint ends in no loss, so nothing in it is a prediction"
            raise UsageError(message, hint="train a text that ends in one, as in … -> MSELoss(t)")
        self._head = graph_of(loss.judged)
        needed = {variable.name for variable in self._head.variables}
        own = {variable.name for variable in self.text.variables}
        self._given = {name: value for name, value in given.items() if name in needed or name not in own}
        self._limits = limits
        standardisation = document.get("standardisation")
        self._standardised: Standardisation | None = None
        if standardisation is not None:
            self._standardised = standardisation_from(_part(document, "standardisation"), self.roles)

    def judged(self, inputs: Values) -> Any:
        """What the loss judges of these samples, (samples, …), in evaluation mode. Raises ShapeError."""
        values = self._standardised.applied(inputs) if self._standardised else inputs
        needed = {variable.name for variable in self._head.variables}
        at = {**{name: value for name, value in values.items() if name in needed}, **self._given}
        graph, whole = question_from(self._head, at, self._limits, EVALUATION)
        if graph.network and graph.network.drawn:
            message = f"the checkpoint has no value for {', '.join(sorted(graph.network.drawn)[:5])}"
            raise UsageError(message, hint="save it again with 'bpcli train --save-checkpoint'")
        shaped, point, system = at_point(graph, whole, self._limits)
        with system.at_work():
            found = evaluate(shaped, point, system)[shaped.output]
        count = len(next(iter(inputs.values())))
        if shape_of(found)[:1] != (count,):
            message = f"of {count} samples the network gives {shape_text(shape_of(found))}, not a row for each"
            raise ShapeError(message)
        return found

    def predicted(self, rows: Rows, judged: Any) -> Predicted:
        """The predictions that what the loss judges comes to."""
        is_finite = judged.size == 0 or bool(abs(judged).max() < float("inf"))
        if not self.roles.classes:
            return Predicted(rows.places, values_of(self.roles, judged), None, rows.targets, is_finite)
        if len(judged) != len(likeliest := logarithms_of(self.roles, judged).argmax(axis=1).tolist()):
            message = "the network predicts many classes for each sample, which cannot be shown as a row"
            raise ShapeError(message, hint="a row has one class")
        values = probabilities_of(self.roles, judged)
        if shape_of(values) != (len(judged), len(self.roles.classes)):
            message = (
                f"the network has {shape_of(values)[1]} outputs, the checkpoint names {len(self.roles.classes)} classes"
            )
            raise ShapeError(message, hint="save it again with 'bpcli train --save-checkpoint'")
        return Predicted(rows.places, values, likeliest, rows.targets, is_finite)


class Predictions:
    """The predictions for the samples of a file, which come part by part; when all have come, their metrics."""

    def __init__(self, predictor: Predictor, source: str, limits: Limits = DEFAULT_LIMITS) -> None:
        self.roles = predictor.roles
        self.text = predictor.text.text
        self._predictor = predictor
        self.samples = 0
        self.is_finite = True
        self.ignored, self.has_targets, self._parts = samples_in(source, self.roles, limits)
        self._tally = tally_for(self.roles)

    def __iter__(self) -> Iterator[Predicted]:
        """The predictions, a part of the samples at a time. Raises what the reading of a file raises."""
        for rows in self._parts:
            judged = self._predictor.judged(rows.inputs)
            predicted = self._predictor.predicted(rows, judged)
            self.samples += len(rows.places)
            self.is_finite = self.is_finite and predicted.is_finite
            if rows.targets is not None:
                self._tally.add(judged, rows.targets)
            yield predicted

    @property
    def metrics(self) -> Classification | Regression | None:
        """How good the predictions are, where the file has the target; none where one is not finite."""
        return self._tally.result() if self.has_targets and self.samples and self.is_finite else None


def _part(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A part of a checkpoint's document. Raises UsageError where it is missing."""
    part = document.get(name)
    if not isinstance(part, dict):
        message = f"the checkpoint has no '{name}' in its document"
        raise UsageError(message, hint="save it again with 'bpcli train --save-checkpoint'")
    return part
