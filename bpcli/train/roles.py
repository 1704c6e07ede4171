"""What the columns of a table, or the arrays of an .npz file, are to a network: which inputs, and which target."""

from collections.abc import Mapping
from math import prod
from typing import Any, NamedTuple

from bpcli.errors import ShapeError, UsageError
from bpcli.graph.node import Graph, Node, Variable
from bpcli.graph.op import Shape
from bpcli.graph.order import graph_of
from bpcli.graph.shapes import shape_text
from bpcli.language.limits import DEFAULT_LIMITS, Limits
from bpcli.layers.module import Module, Stage
from bpcli.train.forms import many, maybe, named, record, text, whole

# What the two classes of a target are to losses that compare numbers, as PyTorch has them.
TWO_CLASSES: Mapping[str, tuple[float, float]] = {
    "BCELoss": (0.0, 1.0),
    "BCEWithLogitsLoss": (0.0, 1.0),
    "SoftMarginLoss": (-1.0, 1.0),
}
OF_CLASSES = frozenset({"CrossEntropyLoss", "NLLLoss"})  # take the number of a class
# What makes a probability, or a value like the target's, of what a loss judges. SoftMarginLoss is -log σ(t·x).
RESPONSES: Mapping[str, str] = {
    "CrossEntropyLoss": "softmax",
    "NLLLoss": "exp",
    "KLDivLoss": "exp",
    "BCEWithLogitsLoss": "sigmoid",
    "MultiLabelSoftMarginLoss": "sigmoid",
    "SoftMarginLoss": "sigmoid",
}
POISSON, EITHER_RESPONSE = "PoissonNLLLoss", frozenset({"exp", "identity"})  # it may be given logarithms
FORM = record(
    inputs=named(record(columns=many(text), shape=many(whole))),
    target=maybe(record(variable=text, columns=many(text), shape=many(whole), classes=many(text))),
    loss=record(kind=maybe(text), response=text),
    indices=many(text),
)
SAMPLES_TRIED = 2  # of which the shape of the loss's input is found


class Loss(NamedTuple):
    """The loss that a text ends in: its kind, the node that it judges, and the variable of its target, if it is one.

    `response` is the function that makes a prediction of what it judges: softmax, exp, sigmoid or identity.
    """

    kind: str
    response: str
    judged: Node
    target: str | None


class Roles(NamedTuple):
    """What is fed to which variable, as a checkpoint keeps it.

    `inputs` are columns by variable, none for an array of an .npz file; `shapes` are those of one sample, by variable,
    the target among them. `classes` are the names of the target's classes in the order of their numbers, or nothing
    for a target of values. `loss` is the kind of the loss, `response` makes predictions of what it judges. `indices`
    are the variables that hold whole numbers.
    """

    inputs: Mapping[str, tuple[str, ...]]
    target: str | None
    target_columns: tuple[str, ...]
    shapes: Mapping[str, Shape]
    loss: str | None = None
    response: str = "identity"
    classes: tuple[str, ...] = ()
    indices: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """The roles as JSON has them."""
        inputs = {name: {"columns": [*columns], "shape": [*self.shapes[name]]} for name, columns in self.inputs.items()}
        target = None
        if self.target is not None:
            shape = [*self.shapes[self.target]]
            columns = [*self.target_columns]
            target = {"variable": self.target, "columns": columns, "shape": shape, "classes": [*self.classes]}
        loss = {"kind": self.loss, "response": self.response}
        return {"inputs": inputs, "target": target, "loss": loss, "indices": [*self.indices]}


def roles_from(document: Mapping[str, Any]) -> Roles:
    """The roles that a document states. Raises UsageError where it is not as `Roles.document` writes it."""
    if FORM(document, "roles") is not None:
        raise _unusable()
    inputs = {name: tuple(one["columns"]) for name, one in document["inputs"].items()}
    shapes: dict[str, Shape] = {name: tuple(one["shape"]) for name, one in document["inputs"].items()}
    kind, response = document["loss"]["kind"], document["loss"]["response"]
    roles = Roles(inputs, None, (), shapes, kind, response, (), tuple(document["indices"]))
    target = document["target"]
    if target is not None:
        shapes[target["variable"]] = tuple(target["shape"])
        columns, classes = tuple(target["columns"]), tuple(target["classes"])
        roles = roles._replace(target=target["variable"], target_columns=columns, classes=classes)
    if not _is_consistent(roles):
        raise _unusable()
    return roles


def _unusable() -> UsageError:
    message = "the checkpoint does not say which columns its network takes"
    return UsageError(message, hint="save it again with 'bpcli train --save-checkpoint'")


def _is_consistent(roles: Roles) -> bool:
    """Whether there are as many columns as a sample has entries, and the classes and the response are the loss's."""
    columns = [(roles.inputs[name], roles.shapes[name]) for name in roles.inputs]
    columns += [] if roles.target is None else [(roles.target_columns, roles.shapes[roles.target])]
    responses = EITHER_RESPONSE if roles.loss == POISSON else {RESPONSES.get(roles.loss or "", "identity")}
    has_classes = roles.loss in OF_CLASSES or (roles.loss in TWO_CLASSES and len(roles.classes) == 2)  # noqa: PLR2004 - two
    return (
        all(not own or len(own) == prod(shape) for own, shape in columns)
        and roles.response in responses
        and (has_classes or not roles.classes)
    )


def loss_of(graph: Graph) -> Loss | None:
    """The loss that a graph of stages ends in, if it does."""
    last = graph.output
    if not isinstance(last, Stage) or not isinstance(last.module, Module) or not last.module.is_loss:
        return None
    judged, target = last.inputs[:2]
    kind = last.module.definition.name
    takes_logarithms = kind == POISSON and last.module.arguments.get("log_input", True)
    response = "exp" if takes_logarithms else RESPONSES.get(kind, "identity")
    is_input = target in graph_of(judged).variables  # what an autoencoder gives back is no column of its own
    return Loss(kind, response, judged, target.name if isinstance(target, Variable) and not is_input else None)


def fed_to_layers(graph: Graph) -> set[str]:
    """The variables that a layer takes as they are, as the first thing it works on."""
    return {
        node.inputs[0].name
        for node in graph.nodes
        if isinstance(node, Stage) and isinstance(node.inputs[0], Variable) and not node.module.is_loss
    }


class Judged(NamedTuple):
    """What a loss judges, for each sample: its shape; and which variables on the way hold indices."""

    shape: Shape
    indices: tuple[str, ...]


def judged_by(
    loss: Loss, shapes: Mapping[str, Shape], others: Mapping[str, Shape], limits: Limits = DEFAULT_LIMITS
) -> Judged:
    """What the loss judges, where a sample of each variable has the shape in `shapes`, and the rest those in `others`.

    Raises ShapeError where layers do not fit together, or where samples do not stand along the first axis.
    """
    from bpcli.language.networks import unfolded  # noqa: PLC0415 - an expression without layers has none

    batches = {name: (SAMPLES_TRIED, *shape) for name, shape in shapes.items()}
    model = graph_of(loss.judged)
    whole = unfolded(model, {**others, **batches}, limits, trains=False)
    shape = whole.output.shape
    if shape[:1] != (SAMPLES_TRIED,):
        message = f"{loss.kind} is to judge each sample, but of {SAMPLES_TRIED} samples it gets {shape_text(shape)}"
        raise ShapeError(message, hint="keep the first axis of the data, along which samples stand")
    fixed = whole.network.fixed if whole.network else frozenset()
    return Judged(shape[1:], tuple(sorted(fixed)))
