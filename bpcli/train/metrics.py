"""How good predictions are: of classes and of values. Each tally takes the samples a part at a time.

Formulas: sklearn.metrics, "Classification metrics" and "Regression metrics".
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

from bpcli.numbers.arrays import arrays
from bpcli.numbers.classes import confusion, counted, of_each
from bpcli.train.batches import Values
from bpcli.train.predictions import logarithms_of, values_of
from bpcli.train.roles import OF_CLASSES, TWO_CLASSES, Roles

MOST_CLASSES = 100  # of which it is counted how often each is taken for each other


class ClassScore(NamedTuple):
    """How well one class is known: `support` is how many samples it has.

    `precision` is the share of what was taken for it that is it, `recall` the share of it that was taken for it, `f1`
    their harmonic mean, 2·TP/(2·TP + FP + FN). None for a class that is neither there nor predicted; otherwise a share
    of nothing is 0.
    """

    name: str
    support: int
    precision: float | None
    recall: float | None
    f1: float | None


class Classification(NamedTuple):
    """The metrics of classes: `accuracy` is the share of samples that were taken for what they are.

    `cross_entropy` is -(1/n) Σ log p of each sample's class, `scores` are in the order of the classes. `confusion`
    says how many samples of each class, along the rows, were taken for each; None for more than `MOST_CLASSES`.
    """

    samples: int
    accuracy: float
    cross_entropy: float
    scores: tuple[ClassScore, ...]
    confusion: tuple[tuple[int, ...], ...] | None

    @property
    def summary(self) -> dict[str, float]:
        """The metrics that are one number, by name; a macro average is the mean over the classes that have a score."""
        known = [(one.precision or 0.0, one.recall or 0.0, one.f1 or 0.0) for one in self.scores if one.f1 is not None]
        precision, recall, f1 = [sum(shares) / len(known) for shares in zip(*known, strict=True)]
        macro = {"macro_precision": precision, "macro_recall": recall, "macro_f1": f1}
        return {"accuracy": self.accuracy, "cross_entropy": self.cross_entropy, **macro}


class Regression(NamedTuple):
    """The metrics of values: `rmse` is √((1/n) Σ (p - t)²) over all entries, `mae` is (1/n) Σ |p - t|.

    `r2` is 1 - Σ (p - t)²/Σ (t - mean t)², each entry of a target having its own mean; None where all targets of an
    entry are alike throughout.
    """

    samples: int
    rmse: float
    mae: float
    r2: float | None

    @property
    def summary(self) -> dict[str, float]:
        """The metrics by name, those that there are."""
        return {"rmse": self.rmse, "mae": self.mae} | ({} if self.r2 is None else {"r2": self.r2})


class ClassTally:
    """Counts of classes, of samples that come a part at a time."""

    def __init__(self, roles: Roles) -> None:
        self.roles = roles
        self._count = max(len(roles.classes), 1)
        self._logarithms = 0.0
        self._parts = [arrays.zeros((self._count,)) for _ in range(3)]
        self._confusion = arrays.zeros((self._count, self._count)) if self._count <= MOST_CLASSES else None

    def add(self, judged: Any, targets: Any) -> None:
        """Count samples of which the loss judges `judged`, and whose targets are `targets`."""
        logarithms = logarithms_of(self.roles, judged)
        truth, predicted = class_numbers(self.roles, targets), logarithms.argmax(axis=1)
        self._logarithms += float(of_each(logarithms, truth).sum())
        right = truth[truth == predicted]
        for part, classes in zip(self._parts, (truth, predicted, right), strict=True):
            part += counted(classes, self._count)  # noqa: PLW2901 - into the array
        if self._confusion is not None:
            self._confusion += confusion(truth, predicted, self._count)

    def result(self) -> Classification:
        """The metrics of all samples so far, of which there must be one."""
        support, taken, right = [part.tolist() for part in self._parts]
        samples = int(sum(support))
        scores = tuple(map(_score, self.roles.classes, support, taken, right))
        table = None if self._confusion is None else tuple([tuple(map(int, row)) for row in self._confusion.tolist()])
        return Classification(samples, sum(right) / samples, -self._logarithms / samples, scores, table)


def _score(name: str, support: float, taken: float, right: float) -> ClassScore:
    if not support + taken:
        return ClassScore(name, 0, None, None, None)
    precision = right / taken if taken else 0.0
    recall = right / support if support else 0.0
    return ClassScore(name, int(support), precision, recall, 2 * right / (support + taken))


class ValueTally:
    """Sums of errors, of samples that come a part at a time.

    Sums of squares about the mean are joined as Chan, Golub & LeVeque 1979 (Updating formulae and a pairwise algorithm
    for computing sample variances) have it.
    """

    def __init__(self, roles: Roles) -> None:
        self.roles = roles
        self._samples = 0
        self._entries = 0
        self._squares = self._sizes = 0.0
        self._mean: Any = 0.0
        self._about_mean: Any = 0.0

    def add(self, judged: Any, targets: Any) -> None:
        """Count samples of which the loss judges `judged`, and whose targets are `targets`."""
        with arrays.at_work():
            error = values_of(self.roles, judged).reshape(targets.shape) - targets
            self._squares += float((error * error).sum())
            self._sizes += float(abs(error).sum())
            mean, more = targets.mean(axis=0), len(targets)
            apart, both = mean - self._mean, self._samples + more
            about = ((targets - mean) ** 2).sum(axis=0)
            self._about_mean = self._about_mean + about + apart * apart * (self._samples * more / both)
            self._mean = self._mean + apart * (more / both)
        self._samples, self._entries = both, self._entries + targets.size

    def result(self) -> Regression:
        """The metrics of all samples so far, of which there must be one."""
        about, entries = float(sum_of(self._about_mean)), max(self._entries, 1)
        r2 = 1 - self._squares / about if about else None
        return Regression(self._samples, (self._squares / entries) ** 0.5, self._sizes / entries, r2)


def sum_of(value: Any) -> Any:
    """The sum of all entries, of a number itself."""
    return value.sum() if hasattr(value, "sum") else value


Tally: TypeAlias = ClassTally | ValueTally


def tally_for(roles: Roles) -> Tally:
    """An empty tally for a target of classes or of values."""
    return ClassTally(roles) if roles.classes else ValueTally(roles)


def metrics_for(roles: Roles) -> Callable[[Any, Values], Mapping[str, float]] | None:
    """What gives the metrics by name, from what the loss judges and the data; None where no loss takes the target."""
    target = roles.target
    if target is None or roles.loss is None:
        return None

    def metrics(judged: Any, values: Values) -> Mapping[str, float]:
        tally = tally_for(roles)
        tally.add(judged, values[target])
        return tally.result().summary

    return metrics


def class_numbers(roles: Roles, targets: Any) -> Any:
    """The number of each target's class, int64, one after another; of two classes 0 and 1, whatever the loss takes."""
    flat = targets.reshape(-1)
    return (flat if roles.loss in OF_CLASSES else flat == TWO_CLASSES[roles.loss or ""][1]).astype("int64")
