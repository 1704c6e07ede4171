"""Targets as numbers: the class of each sample as its number, or what a loss compares with."""

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any, NamedTuple

from bpcli.errors import ShapeError, UsageError
from bpcli.graph.op import Shape
from bpcli.graph.shapes import shape_text
from bpcli.language.complaints import named
from bpcli.language.data_tables import numbers_in
from bpcli.numbers.arrays import arrays
from bpcli.train.roles import OF_CLASSES, TWO_CLASSES, Roles

MOST_SHOWN = 5  # classes in a message


class Target(NamedTuple):
    """The target of a loss, samples along the first axis, and the names of its classes, if it is about classes."""

    values: Any
    classes: tuple[str, ...] = ()


def may_be_words(loss: str | None, columns: Sequence[str]) -> bool:
    """Whether the target of a loss may be the name of a class."""
    return len(columns) == 1 and (loss in OF_CLASSES or loss in TWO_CLASSES)


def target_from_words(column: str, words: Sequence[str], loss: str, judged: Shape) -> Target:
    """The target that a column of classes is, in the shape that the loss takes for what it judges.

    Whole numbers from 0 up to the count of outputs are classes as they are; other names are sorted, numbers by size,
    and counted from 0. Losses of two classes take numbers as they are. Raises UsageError where there are more classes
    than the network has outputs, ShapeError where the loss judges more than one class for each sample.
    """
    if loss in OF_CLASSES:
        if len(judged) != 1:
            message = f"{loss} gets {shape_text(judged)} for each sample, and a column gives one class"
            raise ShapeError(message, hint="end the network in one output for each class")
        return _of_classes(column, words, judged[0])
    if prod(judged) != 1:
        message = f"{loss} gets {shape_text(judged)} for each sample, and a column gives one entry"
        raise ShapeError(message, hint="end the network in one output, as in Linear(1)")
    target = _of_two(column, words, loss)
    return Target(target.values.reshape(-1, *judged), target.classes)


def _of_classes(column: str, words: Sequence[str], outputs: int) -> Target:
    numbers = numbers_in(words)
    if numbers is not None and _are_classes(numbers, outputs):
        return Target(numbers, tuple(map(str, range(outputs))))
    classes = _names(words, numbers)
    if len(classes) > outputs:
        message = f"column {named(column)} has {len(classes)} classes, {_some(classes)}; the network has {outputs} "
        message += "output" if outputs == 1 else "outputs"
        raise UsageError(message, hint=f"end the network in Linear({len(classes)})")
    beyond = [f"output {number}" for number in range(len(classes), outputs)]
    return Target(_coded(words, numbers, range(len(classes))), (*classes, *beyond))


def _of_two(column: str, words: Sequence[str], loss: str) -> Target:
    numbers, codes = numbers_in(words), TWO_CLASSES[loss]
    low, high = codes
    if numbers is not None:
        if ((numbers == low) | (numbers == high)).all():
            return Target(numbers, (f"{low:g}", f"{high:g}"))
        if low == 0 and ((numbers >= low) & (numbers <= high)).all():
            return Target(numbers)  # probabilities
    classes = _names(words, numbers)
    if len(classes) != 2:  # noqa: PLR2004 - two classes
        message = f"{loss} takes two classes, or {low:g} and {high:g}; column {named(column)} has {_some(classes)}"
        raise UsageError(message, hint="CrossEntropyLoss takes many classes, with an output for each")
    return Target(_coded(words, numbers, codes), tuple(classes))


def _are_classes(numbers: Any, outputs: int) -> bool:
    """Whether all are whole numbers from 0 up to, not including, so many."""
    return bool(((numbers == numbers.round()) & (numbers >= 0) & (numbers < outputs)).all())


def _names(words: Sequence[str], numbers: Any) -> list[str]:
    """Each class once, in order; of a number that is written in several ways, the first."""
    if numbers is None:
        return sorted(set(words))
    names: dict[float, str] = {}
    for number, word in zip(numbers.tolist(), words, strict=True):
        names.setdefault(number, word)
    return [names[number] for number in sorted(names)]


def _coded(words: Sequence[str], numbers: Any, codes: Sequence[float]) -> Any:
    """The number of each word's class, float64 (samples,)."""
    keys = words if numbers is None else numbers.tolist()
    code_of: Mapping[Any, float] = dict(zip(sorted(set(keys)), codes, strict=True))
    coded = arrays.zeros((len(keys),))
    coded[:] = [code_of[key] for key in keys]
    return coded


def coded_as(column: str, words: Sequence[str], lines: Sequence[int], classes: Sequence[str], codes: Any) -> Any:
    """The number of each word's class, float64 (samples,), of a network that knows these classes.

    A number is the class of its size, however it is written. Raises UsageError for another class, with its line.
    """
    code_of = dict(zip(classes, codes, strict=True))
    numbers = numbers_in(classes)
    by_size = {} if numbers is None else dict(zip(numbers.tolist(), codes, strict=True))
    coded = arrays.zeros((len(words),))
    for word in dict.fromkeys(words):
        if word not in code_of:
            number = numbers_in([word])
            size = None if number is None else float(number[0])
            if size not in by_size:
                where = f"row {lines[words.index(word)]}, column {named(column)}"
                message = f"the value in {where} is no class of the network: {named(word)}"
                raise UsageError(message, hint=f"its classes are {_some(classes)}")
            code_of[word] = by_size[size]
    coded[:] = [code_of[word] for word in words]
    return coded


def require_classes(variable: str, numbers: Any, roles: Roles) -> None:
    """Raise UsageError where a target of classes, as an array, holds other numbers than those of its classes."""
    if not roles.classes:
        return
    low, high = TWO_CLASSES.get(roles.loss or "", (0.0, 0.0))
    are_classes = _are_classes(numbers, len(roles.classes))
    if not (are_classes if roles.loss in OF_CLASSES else ((numbers == low) | (numbers == high)).all()):
        message = f"the target {variable} holds other numbers than those of its classes"
        raise UsageError(message, hint=f"the classes are {_some(roles.classes)}")


def _some(classes: Sequence[str]) -> str:
    """The first classes in words."""
    return ", ".join([named(one) for one in classes[:MOST_SHOWN]]) + (", …" if len(classes) > MOST_SHOWN else "")


def target_from_numbers(variable: str, numbers: Any, loss: str, judged: Shape) -> Target:
    """The target that an array is, (samples, …), in the shape that the loss takes for what it judges.

    Raises UsageError where a class is not one of the network's outputs, ShapeError where the array does not fit.
    """
    shape = numbers.shape[1:]
    if loss in OF_CLASSES and shape == judged[1:] and shape != judged:
        classes = tuple(map(str, range(judged[0])))
        require_classes(variable, numbers, Roles({}, variable, (), {}, loss, classes=classes))
        return Target(numbers, classes)
    if prod(shape) != prod(judged) or (shape != judged and len(shape) > 1):
        message = f"the target {variable} has shape {shape_text(shape)} for each sample, {loss} compares it with "
        raise ShapeError(message + shape_text(judged), hint="give the network as many outputs as there are targets")
    values = numbers.reshape(-1, *judged)
    if loss in TWO_CLASSES and prod(judged) == 1:
        low, high = TWO_CLASSES[loss]
        if ((values == low) | (values == high)).all():
            return Target(values, (f"{low:g}", f"{high:g}"))
    return Target(values)
