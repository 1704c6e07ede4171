"""Homework files: TOML or JSON tables as problems, read strictly, so that a slip of the teacher is found at once."""

import os
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from bpcli.check.homework.documents import document_from, flattened, form_of
from bpcli.check.homework.drawn_points import drawn_point
from bpcli.check.homework.fields import Fields, refusal
from bpcli.check.homework.posing import Posed, about, meant, place_of, posed
from bpcli.check.homework.problems import TIME_LIMIT, Asked, Homework, Problem
from bpcli.check.homework.tolerances import tolerance_from
from bpcli.check.nearness import AS_TYPED, Tolerance
from bpcli.errors import UsageError
from bpcli.language.build import graph_from, has_arrays, has_layers
from bpcli.language.complaints import named, suggestion
from bpcli.language.generators import inputs_from, is_generator, looks_called, unknown_generator
from bpcli.language.limits import DEFAULT_LIMITS, Limits
from bpcli.language.values import number_from, text_from, value_from

EVERYWHERE = ("tolerance", "carry_forward", "time_limit")  # at the top, or in a problem
TOP = ("title", *EVERYWHERE, "problems", "$schema")
OF_PROBLEM = (
    "name",
    "title",
    "text",
    "expression",
    "at",
    "random_seed",
    "evaluation_mode",
    "upstream_seed",
    "points",
    "asked",
    *EVERYWHERE,
)
OF_ITEM = ("item", "points", "form", "tolerance")
FORMS = ("number", "formula", "any")
NAME = re.compile(r"[A-Za-z0-9_-]{1,100}")
ASKED = 'write it as asked = ["value(A)", "x", "y"]'
SLOWEST = 86_400.0  # seconds: a day
LARGEST_SEED = 2**63 - 1
MOST_PROBLEMS = 10_000
MOST_ASKED = 10_000


class _Rules(NamedTuple):
    """What holds for all problems that say nothing else."""

    tolerance: Tolerance | None
    carry_forward: bool
    time_limit: float


def homework_file(path: str, limits: Limits = DEFAULT_LIMITS) -> Homework:
    """The homework in a TOML or JSON file; `@` files in it are looked for beside it.

    Raises UsageError, and what the expressions in it raise, with the problem and the key.
    """
    form_of(path, "")  # YAML is refused before it is read
    document = document_from(text_from(path, limits.bytes), path)
    if "problems" not in document and not any(suggestion(str(key), ["problems"]) for key in document):
        message = f"{path} is no homework: it has no problems"
        raise UsageError(message, hint="problems are tables [[problems]]; answers are graded by --answers-from")
    return homework_from(document, os.path.dirname(path), limits)  # noqa: PTH120 - pathlib is slow to load


def homework_from(document: Mapping[str, Any], folder: str = "", limits: Limits = DEFAULT_LIMITS) -> Homework:
    """The homework that a document says; `@` files are looked for in `folder`. Errors as above."""
    fields = Fields(document, "the homework", TOP)
    rules = _rules(fields, _Rules(None, carry_forward=False, time_limit=TIME_LIMIT), "the homework")
    listed = fields.listed("problems", "write each problem as a table [[problems]]")
    if len(listed) > MOST_PROBLEMS:
        fields.refuse(f"more than {MOST_PROBLEMS} problems")
    problems: dict[str, Problem] = {}
    for place, table in enumerate(listed, 1):
        if not isinstance(table, Mapping):
            fields.refuse(f"problem {place} is no table", "write each problem as a table [[problems]]")
        problem = _problem(table, place, rules, folder, limits)
        if problem.name in problems:
            fields.refuse(f"two problems have the name '{problem.name}'", "answers are found by the name")
        problems[problem.name] = problem
    return Homework(fields.text("title", ""), tuple(problems.values()))


def _rules(fields: Fields, above: _Rules, where: str) -> _Rules:
    given = fields.get("tolerance")
    limit = fields.positive("time_limit", above.time_limit) or above.time_limit
    if limit > SLOWEST:
        fields.refuse(f"'time_limit' is in seconds, up to {SLOWEST:g}")
    return _Rules(
        above.tolerance if given is None else tolerance_from(given, f"{where}, tolerance"),
        fields.flag("carry_forward", default=above.carry_forward),
        limit,
    )


def _problem(table: Mapping[str, Any], place: int, rules: _Rules, folder: str, limits: Limits) -> Problem:
    """One problem; it is posed once, so that whatever cannot be used is found here."""
    unnamed = Fields({"name": table.get("name")}, f"problem {place}", ("name",))
    name = unnamed.text("name")
    if not NAME.fullmatch(name):
        unnamed.refuse(f"the name {named(name)} is not made of letters, digits, - and _", 'as in name = "product"')
    where = f"problem '{name}'"
    fields = Fields(table, where, OF_PROBLEM)
    rules = _rules(fields, rules, where)
    problem = Problem(
        name=name,
        expression=fields.text("expression"),
        at=_at(fields, where, folder, limits),
        asked=_asked(fields, where),
        title=fields.text("title", ""),
        text=fields.text("text", ""),
        random_seed=fields.whole("random_seed", 0, 0, LARGEST_SEED) or 0,
        evaluation_mode=fields.flag("evaluation_mode", default=False),
        upstream_seed=fields.get("upstream_seed"),
        tolerance=rules.tolerance,
        time_limit=rules.time_limit,
        carry_forward=rules.carry_forward,
        is_drawn=any(map(is_generator, flattened(fields.get("at") or {}).values())),
    )
    if not problem.at and "random_seed" in fields:
        problem = _at_drawn_point(problem, where, limits)
    _require_distinct(posed(problem, limits))
    return problem


def _require_distinct(question: Posed) -> None:
    """Raise UsageError where two items are about the same, such as `W[-1]` and `W[1]` of two."""
    first: dict[str, str] = {}
    for place, (title, asked) in enumerate(zip(question.titles, question.problem.asked, strict=True)):
        if title in first:
            message = f"{place_of(question.problem, place)}: '{asked.key}' is asked for twice"
            raise UsageError(message, hint=f"'{first[title]}' is the same")
        first[title] = asked.key


def _at_drawn_point(problem: Problem, where: str, limits: Limits) -> Problem:
    """The problem at a point drawn from its seed; a network, or arrays, draw what they can by themselves."""
    with about(f"{where}, expression"):
        graph = graph_from(problem.expression, (), limits)
    if not graph.variables or has_layers(graph) or has_arrays(graph):
        return problem
    with about(where):
        return replace(problem, at=drawn_point(graph, problem.random_seed), is_drawn=True)


def _at(fields: Fields, where: str, folder: str, limits: Limits) -> dict[str, Any]:
    """The values of a point, with those of files in place of their names, and what generators draw."""
    given = fields.get("at")
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        fields.refuse("'at' must be a table of names and values", "write it as at = { x = 6, y = -2 }")
    values = flattened(given)
    seed = fields.whole("random_seed", 0, 0, LARGEST_SEED) or 0
    with about(f"{where}, at"):
        texts = {name: value for name, value in values.items() if is_generator(value)}
        drawn = inputs_from(texts, seed, limits=limits)
        return {name: _value(name, drawn.get(name, value), folder, limits) for name, value in values.items()}


def _value(name: str, value: Any, folder: str, limits: Limits) -> Any:
    """A value of the point: a number, or nested lists, also where a file has them."""
    if isinstance(value, str) and value.lstrip().startswith("@"):
        path = value.strip()[1:]
        if not path or path.startswith("-"):
            message = f"the value of {name} names no file: {named(value)}"
            raise UsageError(message, hint="write the name of a file beside the homework, as in @weights.npy")
        value = "@" + os.path.join(folder, path)  # noqa: PTH118 - pathlib is slow to load
    if isinstance(value, str) and looks_called(value) and not _is_number_text(name, value):
        raise unknown_generator(value)
    found = value_from(name, value, limits)
    return found if isinstance(found, float) else found.tolist()


def _is_number_text(name: str, text: str) -> bool:
    """Whether a text such as `sqrt(2)` is a number."""
    try:
        number_from(name, text)
    except UsageError:
        return False
    return True


def _asked(fields: Fields, where: str) -> tuple[Asked, ...]:
    """The items, with the points of the problem shared among those that say nothing of points."""
    listed = fields.listed("asked", ASKED)
    if len(listed) > MOST_ASKED:
        fields.refuse(f"'asked' has more than {MOST_ASKED} items")
    items = [_item(one, f"{where}, asked {place}") for place, one in enumerate(listed, 1)]
    seen: dict[object, str] = {}
    for place, (asked, _) in enumerate(items, 1):
        first = seen.setdefault(meant(asked.key), asked.key)
        if len(seen) < place:
            fields.refuse(f"asked {place}: '{asked.key}' is asked for twice, first as '{first}'", "ask for it once")
    total = fields.positive("points", None)
    sharing = sum(points is None for _, points in items)
    given = sum([points for _, points in items if points is not None])
    if total is None:
        share = 1.0
    elif sharing:
        share = (total - given) / sharing
        if share <= 0:
            fields.refuse(
                f"the items that say points have {given:g} of {total:g}: nothing is left for the others",
                "raise 'points', or say the points of every item",
            )
    elif abs(total - given) > 1e-9 * total:
        fields.refuse(f"'points' is {total:g}, and the items have {given:g} together", "leave 'points' out")
    return tuple([asked._replace(points=share if points is None else points) for asked, points in items])


def _item(one: Any, where: str) -> tuple[Asked, float | None]:
    """An item, and its points if it says them."""
    table = {"item": one} if isinstance(one, str) else one
    if not isinstance(table, Mapping):
        raise refusal(where, "an item is a text or a table", 'as in "x" or { item = "x", points = 2 }')
    fields = Fields(table, where, OF_ITEM)
    form = fields.text("form", "any")
    if form not in FORMS:
        fields.refuse(f"unknown form {named(form)}", f"the forms are {', '.join(FORMS)}")
    tolerance = tolerance_from(fields.get("tolerance"), f"{where}, tolerance") if "tolerance" in fields else None
    return Asked(fields.text("item").strip(), 1.0, form, tolerance), fields.positive("points", None)


def tolerance_of(problem: Problem, asked: Asked) -> Tolerance:
    """How near the answer to an item has to be: as it says itself, or as its problem or the homework says."""
    return asked.tolerance or problem.tolerance or AS_TYPED
