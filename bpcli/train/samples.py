"""Samples for a network whose roles are known: the rows of a table, its columns found by name, or those of an .npz."""

from collections.abc import Iterator, Sequence
from math import prod
from typing import Any, NamedTuple

from bpcli.errors import ShapeError, UsageError
from bpcli.graph.op import Shape
from bpcli.graph.shapes import shape_text
from bpcli.language.complaints import named
from bpcli.language.data_tables import Columns, DataTable
from bpcli.language.limits import DEFAULT_LIMITS, Limits
from bpcli.language.values import shape_of
from bpcli.train.batches import CHUNK, Values, parts, taken
from bpcli.train.data import Data, inputs_of
from bpcli.train.roles import OF_CLASSES, TWO_CLASSES, Roles
from bpcli.train.targets import coded_as, may_be_words, require_classes


class Rows(NamedTuple):
    """Samples: where each stands, from 1 on, the inputs by variable, and the targets where they are known.

    Of a table a sample stands in a line, of an .npz file at a place.
    """

    places: Sequence[int]
    inputs: Values
    targets: Any = None


class Samples(NamedTuple):
    """The samples of a file, which come part by part; `ignored` are columns or arrays that nothing takes."""

    ignored: tuple[str, ...]
    has_targets: bool
    parts: Iterator[Rows]


class _Table(NamedTuple):
    """A table with the columns of the inputs, and those of the target where it has them."""

    table: DataTable
    features: tuple[str, ...]
    targets: tuple[str, ...]
    ignored: tuple[str, ...]


class _Arrays(NamedTuple):
    """Arrays of an .npz file by variable, the target among them where it is there, and how many samples each has."""

    values: Values
    size: int
    target: str | None
    ignored: tuple[str, ...]


def samples_in(source: str, roles: Roles, limits: Limits = DEFAULT_LIMITS) -> Samples:
    """The samples of a CSV or .npz file. Raises what `all_samples_in` raises, of a table while its rows are read."""
    if source.lower().endswith(".npz"):
        values, count, target, ignored = _arrays_for(source, roles, limits)
        return Samples(ignored, target is not None, _parts_of_arrays(values, roles, count, target))
    found = _table_for(source, roles, limits)
    numbers, words = _asked_of(found, roles)
    read = (_rows_from(one, found, roles) for one in found.table.chunks(numbers, words, CHUNK))
    return Samples(found.ignored, bool(found.targets), read)


def all_samples_in(source: str, roles: Roles, limits: Limits = DEFAULT_LIMITS) -> Data:
    """All samples of a CSV or .npz file, with their targets.

    Raises UsageError where a column or an array is missing, or a class is not one of the roles', ShapeError where an
    array does not fit, LimitError.
    """
    if source.lower().endswith(".npz"):
        values, count, target, ignored = _arrays_for(source, roles, limits)
        _require_target(source, roles, is_there=target is not None)
        return Data(values, count, roles, ignored)
    found = _table_for(source, roles, limits)
    _require_target(source, roles, is_there=bool(found.targets))
    rows = _rows_from(found.table.whole(*_asked_of(found, roles)), found, roles)
    target_values = {} if roles.target is None else {roles.target: rows.targets}
    return Data({**rows.inputs, **target_values}, len(rows.places), roles, found.ignored)


def _require_target(source: str, roles: Roles, *, is_there: bool) -> None:
    if roles.target is not None and not is_there:
        listed = ", ".join([named(name) for name in roles.target_columns or (roles.target,)])
        message = f"{source} has no {listed}, which is the target of the loss"
        raise UsageError(message, hint="give samples whose target is known")


def _table_for(source: str, roles: Roles, limits: Limits) -> _Table:
    table = DataTable(source, limits)
    features = tuple([column for columns in roles.inputs.values() for column in columns])
    if not all(roles.inputs.values()):
        message = "the network was trained on arrays, which a table does not have"
        raise UsageError(message, hint=f"give an .npz file with {', '.join(roles.inputs)}")
    table.require(features, "the network was trained on")
    targets = roles.target_columns if all(name in table.names for name in roles.target_columns) else ()
    ignored = tuple([name for name in table.names if name not in features and name not in targets])
    return _Table(table, features, targets, ignored)


def _asked_of(found: _Table, roles: Roles) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The columns that are read as numbers, and those that are read as words."""
    are_words = _are_words(found, roles)
    return (found.features, found.targets) if are_words else ((*found.features, *found.targets), ())


def _are_words(found: _Table, roles: Roles) -> bool:
    return bool(roles.classes) and may_be_words(roles.loss, found.targets)


def _rows_from(read: Columns, found: _Table, roles: Roles) -> Rows:
    targets = None
    if _are_words(found, roles):
        (column,) = found.targets
        codes = range(len(roles.classes)) if roles.loss in OF_CLASSES else TWO_CLASSES[roles.loss or ""]
        targets = coded_as(column, read.words[column], read.lines, roles.classes, codes)
    elif found.targets:
        targets = read.numbers[:, len(found.features) :]
    if targets is not None:
        targets = targets.reshape(-1, *_shape_of_target(roles))
    return Rows(read.lines, inputs_of(roles, read.numbers), targets)


def _shape_of_target(roles: Roles) -> Shape:
    return roles.shapes[roles.target or ""]


def _arrays_for(source: str, roles: Roles, limits: Limits) -> _Arrays:
    from bpcli.language.files import arrays_in  # noqa: PLC0415 - most data are CSV

    found = arrays_in(source, limits, "float64")
    missing = [name for name in roles.inputs if name not in found]
    if missing:
        message = f"{source} has no array {named(missing[0])}, which the network was trained on"
        raise UsageError(message, hint=f"it needs {', '.join(roles.inputs)}")
    known = roles.target if roles.target in found else None
    used: dict[str, Any] = {name: found[name] for name in (*roles.inputs, *([known] if known else []))}
    if known:
        used[known] = _as_judged(used[known], roles.shapes[known])
    counts = {(*shape_of(value), 0)[0] for value in used.values()}
    for name, value in used.items():
        if shape_of(value)[1:] != roles.shapes[name] or len(counts) > 1 or 0 in counts:
            sizes = ", ".join(["N", *map(str, roles.shapes[name])])
            message = f"{name} in {source} has shape {shape_text(shape_of(value))}, not ({sizes})"
            raise ShapeError(message, hint="N is the number of samples, the same for every array, and not 0")
    if known:
        require_classes(known, used[known], roles)
    return _Arrays(used, counts.pop(), known, tuple([name for name in found if name not in used]))


def _as_judged(target: Any, shape: Shape) -> Any:
    """A target of a number for each sample, or of a row, in the shape that the loss takes, as training takes it."""
    own = shape_of(target)
    is_row = len(own) in {1, 2} and prod(own[1:]) == prod(shape)
    return target.reshape(own[0], *shape) if is_row else target


def _parts_of_arrays(values: Values, roles: Roles, count: int, target: str | None) -> Iterator[Rows]:
    for places in parts(count, CHUNK):
        part = taken(values, places)
        inputs = {name: part[name] for name in roles.inputs}
        yield Rows(range(places.start + 1, places.stop + 1), inputs, part[target] if target else None)
