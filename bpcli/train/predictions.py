"""What a network predicts: of what its loss judges, the probability of each class, or values like the target's."""

from collections.abc import Mapping
from typing import Any

from bpcli.language.build import array_system
from bpcli.language.expressions import parse
from bpcli.language.shapes import with_shapes
from bpcli.numbers.evaluate import evaluate
from bpcli.train.roles import OF_CLASSES, Roles

# By response, the probabilities of the classes along axis 1, and their logarithms. Of two classes one number is judged,
# which is about the second. log p is -100 at least, as BCELoss has it.
PROBABILITIES: Mapping[str, tuple[str, str]] = {
    "softmax": ("softmax(z, axis=1)", "log_softmax(z, axis=1)"),
    "exp": ("exp(z)", "z"),
    "sigmoid": ("stack([sigmoid(-z), sigmoid(z)], axis=1)", "stack([-softplus(z), -softplus(-z)], axis=1)"),
    "identity": ("stack([1 - z, z], axis=1)", "stack([maximum(log(1 - z), -100), maximum(log(z), -100)], axis=1)"),
}
VALUES: Mapping[str, str] = {"softmax": "softmax(z, axis=1)", "exp": "exp(z)", "sigmoid": "sigmoid(z)", "identity": "z"}


def values_of(roles: Roles, judged: Any) -> Any:
    """Values like the target's, in the shape of what the loss judges: of a Poisson loss, say, the rates."""
    return _applied(VALUES[roles.response], judged)


def probabilities_of(roles: Roles, judged: Any) -> Any:
    """The probability of each class, (samples, classes)."""
    return _applied(PROBABILITIES[roles.response][0], in_rows(roles, judged))


def logarithms_of(roles: Roles, judged: Any) -> Any:
    """The logarithm of the probability of each class, (samples, classes), which does not underflow."""
    return _applied(PROBABILITIES[roles.response][1], in_rows(roles, judged))


def in_rows(roles: Roles, judged: Any) -> Any:
    """What a loss judges, for each place of a sample: (samples, outputs), or for two classes (samples,)."""
    if roles.loss not in OF_CLASSES:
        return judged.reshape(-1)
    axes = (0, *range(2, judged.ndim), 1)
    return judged.transpose(axes).reshape(-1, judged.shape[1])


def _applied(formula: str, z: Any) -> Any:
    """The value of a formula of z."""
    graph = with_shapes(parse(formula, ("z",)), {"z": z.shape})
    system = array_system()
    with system.at_work():
        return evaluate(graph, {"z": z}, system)[graph.output]
