"""A problem as it is posed: its graph at its point, and what each item that is asked for is about."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeVar

from bpcli.backprop.gradients import Gradients, gradients_of
from bpcli.check.homework.problems import Problem
from bpcli.check.targets import Item, Names
from bpcli.errors import BpcliError, UsageError
from bpcli.graph.node import Graph
from bpcli.graph.op import Shape
from bpcli.language.build import (
    Setup,
    array_system,
    has_arrays,
    has_layers,
    question_from,
    seed_for,
    values_for,
    wanted_of,
)
from bpcli.language.claims import Target, target_of
from bpcli.language.limits import DEFAULT_LIMITS, Limits
from bpcli.language.values import may_be_array, shape_of

FORMULAS_ONLY = "without a point formulas are compared"
T = TypeVar("T")
KEYS = {"--random-seed": "random_seed", "--upstream-seed": "upstream_seed ="}


class Posed(NamedTuple):
    """The graph of a problem with the values of all its variables, and the item, the target and the title of each ask.

    `at` is None where formulas are compared without a point. Over arrays `own` has bpcli's gradients, and `seed` is the
    upstream gradient of the output, where one is given.
    """

    problem: Problem
    graph: Graph
    at: Mapping[str, Any] | None
    names: Names
    targets: tuple[Target, ...]
    items: tuple[Item, ...]
    titles: tuple[str, ...]
    own: Gradients | None = None
    seed: Any = None

    def title(self, place: int) -> str:
        """What a report of grades calls the item with this place: a value as it is asked for, `value(A)`."""
        title = self.titles[place]
        return f"value({title})" if self.items[place].kind == "value" else title

    def within(self, place: int) -> tuple[int, ...]:
        """The entry that the item with this place asks for, () for the whole."""
        asked = self.targets[place].place
        return tuple([one % length for one, length in zip(asked, self.items[place].node.shape, strict=False)])

    def shape(self, place: int) -> Shape:
        """The shape of the item with this place, () for a single number."""
        return self.items[place].node.shape[len(self.within(place)) :]


@contextmanager
def about(where: str) -> Iterator[None]:
    """Let every error within begin with where it arose, and speak of keys where it speaks of options."""
    try:
        yield
    except BpcliError as error:
        error.message = f"{where}: {error.message}"
        if error.hint:
            for option, key in KEYS.items():
                error.hint = error.hint.replace(option, key)
        raise


def place_of(problem: Problem, place: int) -> str:
    """How a message names an item: by its place from 1."""
    return f"problem '{problem.name}', asked {place + 1}"


def meant(key: str) -> Target | str:
    """What the name of an item is about, however it is written: `dF/dx` is `x`."""
    try:
        return target_of(key)._replace(of=None)
    except BpcliError:
        return key


def posed(problem: Problem, limits: Limits = DEFAULT_LIMITS) -> Posed:
    """The problem as it is posed. Raises BpcliError, with the problem and the item that cannot be used."""
    targets = []
    for place, asked in enumerate(problem.asked):
        with about(place_of(problem, place)):
            targets.append(_target(asked.key))
    with about(f"problem '{problem.name}'"):
        setup = Setup(problem.random_seed, problem.evaluation_mode)
        graph, at = question_from(problem.expression, problem.at, limits, setup)
        is_without_point = not at and bool(graph.variables)
        if graph.network:
            at = {variable.name: at[variable.name] for variable in graph.variables}
        point = {} if is_without_point else values_for(graph, at, limits)
    if is_without_point:
        return _without_point(problem, graph, targets)
    over_arrays = (
        problem.upstream_seed is not None
        or any(target.place for target in targets)
        or has_arrays(graph)
        or any(map(may_be_array, point.values()))
    )
    if over_arrays:
        return _over_arrays(problem, graph, point, targets, limits)
    names = Names(graph)
    items = tuple(_found(problem, targets, names.item))
    return Posed(problem, graph, point, names, tuple(targets), items, tuple(map(names.title, items)))


def _target(key: str) -> Target:
    """What an item is about, told as an item."""
    try:
        return target_of(key)
    except UsageError as error:
        error.message = error.message.replace("a claim", "an item", 1)
        error.hint = "ask for x, W[0,1], value(A), upstream(A), local(A, x) or contribution(A, x)"
        raise


def _found(problem: Problem, targets: list[Target], find: Callable[[Target], T]) -> list[T]:
    """What is found for each item; errors are told in the words of a homework."""
    found = []
    for place, target in enumerate(targets):
        with about(place_of(problem, place)):
            try:
                found.append(find(target))
            except BpcliError as error:
                message = error.message.replace("a claim about", "an item asks for", 1)
                error.message = message.replace("is no claim about arrays", "is asked over arrays", 1)
                if error.hint:
                    error.hint = error.hint.replace("claim ", "ask for ", 1)
                raise
    return found


def _without_point(problem: Problem, graph: Graph, targets: list[Target]) -> Posed:
    """The problem where formulas are compared at points that are drawn."""
    hint = f"give 'at' a value for each of: {', '.join([variable.name for variable in graph.variables])}"
    if has_layers(graph) or has_arrays(graph) or problem.upstream_seed is not None:
        message = f"problem '{problem.name}': an expression over arrays needs a point"
        raise UsageError(message, hint=hint)
    for place, asked in enumerate(problem.asked):
        what = "a number" if asked.form == "number" else "an entry" if targets[place].place else None
        if what:
            message = f"{place_of(problem, place)}: {what} is asked for, and 'at' is left out"
            raise UsageError(message, hint=f"{hint}; or a random_seed; {FORMULAS_ONLY}")
    names = Names(graph)
    items = tuple(_found(problem, targets, names.item))
    return Posed(problem, graph, None, names, tuple(targets), items, tuple(map(names.title, items)))


def _over_arrays(problem: Problem, graph: Graph, at: Mapping[str, Any], targets: list[Target], limits: Limits) -> Posed:
    """The problem over arrays, with bpcli's own gradients there."""
    from bpcli.check.questions import placed  # noqa: PLC0415 - NumPy is loaded for arrays only
    from bpcli.language.shapes import with_shapes  # noqa: PLC0415 - the same

    with about(f"problem '{problem.name}'"):
        graph = with_shapes(graph, {name: shape_of(value) for name, value in at.items()}, limits)
        seed = None if problem.upstream_seed is None else seed_for(graph, problem.upstream_seed)
        own = gradients_of(graph, at, _wanted(graph, targets), system=array_system(), seed=seed)
    names = Names(graph)
    found = _found(problem, targets, lambda target: placed(names, target))
    items = tuple([item for item, _, _ in found])
    titles = tuple([title for _, _, title in found])
    return Posed(problem, graph, at, names, tuple(targets), items, titles, own, seed)


def _wanted(graph: Graph, targets: list[Target]) -> set[str] | None:
    """The variables whose gradients are found: of a network those of its parameters and inputs, and what is asked."""
    wanted = wanted_of(graph, None)
    if wanted is None:
        return None
    asked = {target.node for target in targets}
    return wanted | {variable.name for variable in graph.variables if variable.name in asked}
