"""Data for training: the columns of a table, or the arrays of an .npz file, as the values of a text's variables.

Samples stand along the first axis of every array.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from bpcli.errors import BindingError, ShapeError, UsageError
from bpcli.graph.node import Graph
from bpcli.graph.op import Shape
from bpcli.graph.shapes import shape_text
from bpcli.language.build import has_layers
from bpcli.language.complaints import named, shortened, suggestion
from bpcli.language.data_tables import DataTable
from bpcli.language.limits import DEFAULT_LIMITS, Limits
from bpcli.language.values import shape_of
from bpcli.numbers.drawing import permutation
from bpcli.train.batches import Values, taken
from bpcli.train.roles import Loss, Roles, fed_to_layers, judged_by, loss_of
from bpcli.train.targets import Target, may_be_words, target_from_numbers, target_from_words

NO_SHAPES: Mapping[str, Shape] = {}
OTHER_FORMS = ("npy", "json", "toml", "safetensors", "xlsx", "parquet", "pt")


class Data(NamedTuple):
    """Values by variable, each (size, …) float64; a target of classes holds their numbers.

    `roles` say where they came from, `ignored` are the columns that no variable takes.
    """

    values: Values
    size: int
    roles: Roles
    ignored: tuple[str, ...] = ()

    def batch(self, places: Any) -> dict[str, Any]:
        """The values of the samples at these places, a slice or an array of whole numbers, by variable."""
        return taken(self.values, places)

    def part(self, places: Any) -> "Data":
        """The samples at these places as data."""
        return self._replace(values=self.batch(places), size=len(places))


def data_from(  # noqa: PLR0913, PLR0917 - where data are, and what each column is
    source: str,
    graph: Graph,
    others: Mapping[str, Shape] = NO_SHAPES,
    target_columns: Sequence[str] = (),
    limits: Limits = DEFAULT_LIMITS,
    left_out: Sequence[str] = (),
) -> Data:
    """The data of a CSV or .npz file for the variables of a graph, whose stages have not become nodes yet.

    `others` are the variables that the file does not give, since they are learned or have a value, with their shapes.
    A column named like a variable is this variable; all other columns are the one variable that is left, (N, F). One
    column alone is (N,), so that beside another it is not broadcast to (N, N); (N, 1) where a layer takes it.
    `target_columns` are the target of the loss, else the column of its name;
    the columns `left_out` are not looked at.
    Raises UsageError, with the row and the column where it is about a value, BindingError where a variable gets no
    column, ShapeError where the target does not fit the loss, LimitError.
    """
    form = source.lower().rpartition(".")[2]
    if form in OTHER_FORMS:
        message = f"data are read from CSV and .npz files, not from {source}"
        raise UsageError(message, hint="write it as CSV with a row of names, or by numpy.savez with names of variables")
    if form == "npz":
        return _from_arrays(source, graph, others, (*target_columns, *left_out), limits)
    return _from_table(source, graph, others, target_columns, left_out, limits)


def _from_table(  # noqa: PLR0913, PLR0917 - what is read, and what each column is
    source: str,
    graph: Graph,
    others: Mapping[str, Shape],
    target_columns: Sequence[str],
    left_out: Sequence[str],
    limits: Limits,
) -> Data:
    table = DataTable(source, limits)
    table.require(left_out, "--ignore-column names")
    free = [variable.name for variable in graph.variables if variable.name not in others]
    loss = loss_of(graph)
    target = loss.target if loss and loss.target in free else None
    targets = _target_columns(table, target, target_columns)
    _require_apart(left_out, targets)
    learns = not has_layers(graph)
    inputs, ignored = _inputs(table, [name for name in free if name != target], {*targets, *left_out}, learns=learns)
    in_layers = fed_to_layers(graph)
    shapes: dict[str, Shape] = {}
    for name, columns in inputs.items():
        shapes[name] = (len(columns),) if len(columns) > 1 or name in in_layers else ()
    roles = _roles(inputs, target, targets, shapes, loss)
    judged: Shape = ()
    if loss and target:
        judged, roles = _judged(loss, roles, others, limits)
    features = [column for columns in inputs.values() for column in columns]
    is_words = may_be_words(roles.loss, targets)
    _advise(table, features, targets, roles)
    read = table.whole([*features, *([] if is_words else targets)], targets if is_words else ())
    values = inputs_of(roles, read.numbers)
    if loss and target:
        if is_words:
            found = target_from_words(targets[0], read.words[targets[0]], loss.kind, judged)
        else:
            found = target_from_numbers(target, read.numbers[:, len(features) :], loss.kind, judged)
        values, roles = _with_target(values, roles, target, found)
    return Data(values, len(read.numbers), roles, ignored)


def _require_apart(left_out: Sequence[str], targets: Collection[str]) -> None:
    """Raise UsageError where a column is to be left out and is the target."""
    for name in left_out:
        if name in targets:
            message = f"--ignore-column {shortened(name)} is the target of the loss"
            raise UsageError(message, hint="leave out --ignore-column, or name another --target-column")


def _advise(table: DataTable, features: Sequence[str], targets: Sequence[str], roles: Roles) -> None:
    """What to do where a column holds words and should not."""
    hint = "leave the column out by --ignore-column {0}, or give it as numbers, a column for each word with 0 and 1"
    for name in features:
        table.advise([name], hint.format(shortened(name)))
    end = f"CrossEntropyLoss({roles.target})"
    what = f"{roles.loss} compares numbers; for classes end in an output for each, as in Linear(3) -> {end}"
    table.advise(targets, what)


def _roles(
    inputs: Mapping[str, tuple[str, ...]],
    target: str | None,
    columns: tuple[str, ...],
    shapes: Mapping[str, Shape],
    loss: Loss | None,
) -> Roles:
    roles = Roles(inputs, target, columns, shapes)
    return roles._replace(loss=loss.kind, response=loss.response) if loss else roles


def inputs_of(roles: Roles, numbers: Any) -> dict[str, Any]:
    """The inputs of a table whose columns, (rows, columns), are those of `roles.inputs`, one after another."""
    values, start = {}, 0
    for name, columns in roles.inputs.items():
        stop = start + len(columns)
        values[name] = numbers[:, start:stop].copy().reshape(-1, *roles.shapes[name])
        start = stop
    return values


def _target_columns(table: DataTable, target: str | None, asked: Sequence[str]) -> tuple[str, ...]:
    """The columns of the target. Raises UsageError where there are none, or no target for them."""
    if asked:
        table.require(asked, "--target-column names")
        if target is None:
            message = "--target-column names the target of a loss, and the text ends in none that takes one"
            raise UsageError(message, hint="end it in a loss, as in x -> Linear(3) -> CrossEntropyLoss(label)")
        return tuple(dict.fromkeys(asked))
    if target is None:
        return ()
    if target not in table.names:
        message = f"{table.source} has no column '{target}', which is the target of the loss"
        otherwise = f"name it, as in --target-column {named(table.names[-1])}"
        raise BindingError(message, hint=suggestion(target, list(table.names), otherwise))
    return (target,)


def _inputs(
    table: DataTable, variables: Sequence[str], targets: Collection[str], *, learns: bool
) -> tuple[dict[str, tuple[str, ...]], tuple[str, ...]]:
    """The columns of each variable, and those that are left. Raises BindingError where a variable gets none."""
    features = [name for name in table.names if name not in targets]
    own = {name for name in variables if name in features}
    rest = tuple([name for name in features if name not in own])
    without = [name for name in variables if name not in own]
    if len(without) > 1 or (without and not rest):
        listed = ", ".join(without)
        message = f"{table.source} has no column for {listed}"
        known = "a column is named like its variable; all other columns together are the one variable that is left"
        if learns:
            first = " ".join([f"--{name} 0" for name in without])
            known = f"give what is to be learned a first value, as in {first}; {known}"
        raise BindingError(message, hint=known if learns else suggestion(without[0], list(rest), known))
    return {name: (name,) if name in own else rest for name in variables}, () if without else rest


def _judged(loss: Loss, roles: Roles, others: Mapping[str, Shape], limits: Limits) -> tuple[Shape, Roles]:
    """What the loss judges for each sample, and the roles with the variables that hold indices."""
    judged = judged_by(loss, {name: roles.shapes[name] for name in roles.inputs}, others, limits)
    return judged.shape, roles._replace(indices=judged.indices)


def _with_target(values: Mapping[str, Any], roles: Roles, name: str, target: Target) -> tuple[dict[str, Any], Roles]:
    shapes = {**roles.shapes, name: tuple(target.values.shape[1:])}
    return {**values, name: target.values}, roles._replace(shapes=shapes, classes=target.classes)


def _from_arrays(
    source: str, graph: Graph, others: Mapping[str, Shape], target_columns: Sequence[str], limits: Limits
) -> Data:
    from bpcli.language.files import arrays_in  # noqa: PLC0415 - most data are CSV

    if target_columns:
        message = f"--target-column and --ignore-column name columns of a CSV file; {source} holds arrays"
        raise UsageError(message, hint="name each array like its variable; others are left out")
    found = arrays_in(source, limits, "float64")
    free = [variable.name for variable in graph.variables if variable.name not in others]
    values = {name: _array(source, found, name) for name in free}
    count = _count(source, values)
    loss = loss_of(graph)
    target = loss.target if loss and loss.target in free else None
    shapes = {name: tuple(value.shape[1:]) for name, value in values.items()}
    inputs: dict[str, tuple[str, ...]] = {name: () for name in free if name != target}
    roles = _roles(inputs, target, (), shapes, loss)
    if loss and target:
        judged, roles = _judged(loss, roles, others, limits)
        values, roles = _with_target(
            values, roles, target, target_from_numbers(target, values[target], loss.kind, judged)
        )
    return Data(values, count, roles, tuple([name for name in found if name not in free]))


def _array(source: str, found: Mapping[str, Any], name: str) -> Any:
    if name not in found:
        message = f"{source} has no array '{name}', which is a variable of the text"
        listed = f"its arrays are {', '.join([named(one) for one in list(found)[:10]])}"
        raise BindingError(message, hint=suggestion(name, list(found), listed))
    return found[name]


def _count(source: str, values: Mapping[str, Any]) -> int:
    """How many samples there are. Raises ShapeError where arrays have not the same number of them, or none."""
    counts = {name: (*shape_of(value), 0)[0] for name, value in values.items()}
    if len(set(counts.values())) != 1 or not min(counts.values()):
        told = ", ".join([f"{name} {shape_text(shape_of(values[name]))}" for name in counts])
        message = f"the arrays of {source} must have as many samples, at least one: {told or 'it has none'}"
        raise ShapeError(message, hint="samples stand along the first axis of each array")
    return next(iter(counts.values()))


def split(data: Data, share: float, seed: int) -> tuple[Data, Data | None]:
    """The part to train on and the part to validate on, which is the share of the samples, drawn from the seed.

    Each class has its share in both; one sample at least is left to train on. No part where the share is 0. Raises
    UsageError where the share is not from 0 up to, not including, 1.
    """
    if not 0 <= share < 1:
        message = f"the share to validate on is a number from 0 up to, not including, 1, not {share:g}"
        raise UsageError(message, hint="write --validation-share 0.2")
    if share == 0:
        return data, None
    wanted = min(max(round(share * data.size), 1), data.size - 1)
    if not wanted:
        message = "one sample cannot be split into a part to train on and a part to validate on"
        raise UsageError(message, hint="leave out --validation-share")
    order = permutation(data.size, seed, "validation").tolist()
    chosen = set(_stratified(order, data, wanted) if data.roles.classes else order[:wanted])
    validation = [place for place in range(data.size) if place in chosen]
    training = [place for place in range(data.size) if place not in chosen]
    return data.part(training), data.part(validation)


def _stratified(order: Sequence[int], data: Data, wanted: int) -> list[int]:
    """So many of the places, of each class as near to its share as whole numbers allow: the largest remainders."""
    classes = data.values[data.roles.target or ""].reshape(data.size, -1)[:, 0].tolist()
    sizes = Counter(classes)
    exact = {name: wanted * size / data.size for name, size in sorted(sizes.items())}
    left = {name: int(share) for name, share in exact.items()}
    by_remainder = sorted(exact, key=lambda name: left[name] - exact[name])
    for name in by_remainder[: wanted - sum(left.values())]:
        left[name] += 1
    chosen: list[int] = []
    for place in order:
        if left[classes[place]]:
            left[classes[place]] -= 1
            chosen.append(place)
    return chosen
