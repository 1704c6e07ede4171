"""The form that a student fills in: every item that a homework asks for, as TOML, with nothing behind it.

No right value is in it, nor anything that was computed; the shape of an array is, as it must be known to be written.
"""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from bpcli.check.homework.posing import posed
from bpcli.check.homework.problems import Asked, Homework, Problem
from bpcli.check.nearness import AS_TYPED, Tolerance
from bpcli.graph.op import Shape
from bpcli.graph.shapes import shape_text
from bpcli.language.limits import DEFAULT_LIMITS, Limits
from bpcli.report.grades.telling import counted
from bpcli.report.toml_texts import comment, toml_key, toml_value

HOW = """\
Write each answer between its quotes, or instead of them: a number, 0.25 or "-1/4", a formula, "2*x*y", a list of
numbers for an array, [[1, 2], [3, 4]]. What is left empty counts as not answered.
"x" asks for the gradient of the output with respect to x, "value(A)" for a value, "local(A, x)" for a local gradient.\
"""
ROUNDED = "Round to two digits or more: a decimal may be off by half a unit of its last digit, if nothing else is said."
MOST_ENTRIES = 100  # of an array that is written out
FORMS = {"number": "a number", "formula": "a formula"}


def template_text(homework: Homework, limits: Limits = DEFAULT_LIMITS) -> str:
    """The form as TOML text, which is graded as all blank as it stands."""
    rules = [list(_rules(problem)) for problem in homework.problems]
    common = [rule for rule in dict.fromkeys(chain(*rules)) if rule == ROUNDED or all(rule in own for own in rules)]
    lines = [*comment(homework.title), *comment(HOW), *[f"# {rule}" for rule in common], "", 'student = ""']
    for problem, own in zip(homework.problems, rules, strict=True):
        lines += ["", *_problem(problem, [rule for rule in own if rule not in common], limits)]
    return "\n".join(lines) + "\n"


def _rules(problem: Problem) -> Iterator[str]:
    """How precise an answer must be, and what a mistake costs."""
    near = problem.tolerance or AS_TYPED
    yield ROUNDED if near.is_as_typed else f"{precision_text(near)}."
    if problem.carry_forward:
        yield "What follows rightly from a mistake before it keeps its points."


def precision_text(near: Tolerance) -> str:
    """How near an answer must be, as a student reads it."""
    digits = f"Give {near.digits} significant digit{'' if near.digits == 1 else 's'} or more" if near.digits else ""
    if not near.has_figures:
        return f"{digits}: they count"
    of_what = {"entry": "it", "largest": "the largest entry", "norm": "the whole"}[near.scope]
    figures = [
        f"{near.relative:g} of {of_what}" if near.relative else "",
        f"{near.absolute:g}" if near.absolute else "",
    ]
    by = f"an answer may be off by {' and '.join(filter(None, figures))}"
    return f"{digits}; {by}" if digits else f"Give all digits: {by}"


def _problem(problem: Problem, rules: Sequence[str], limits: Limits) -> Iterator[str]:
    for text in (problem.title, problem.text, problem.expression):
        yield from comment(text)
    yield from [f"# {rule}" for rule in rules]
    question = posed(problem, limits)
    for name, value in (question.at or {}).items():
        yield f"# {_given(name, value)}"
    yield f"[{toml_key(problem.name)}]"
    keys = [f"{toml_key(asked.key)} = {toml_value('')}" for asked in problem.asked]
    widest = max(map(len, keys), default=0)
    for place, (asked, key) in enumerate(zip(problem.asked, keys, strict=True)):
        yield f"{key.ljust(widest)}  # {_about(asked, _shape_in_words(question.shape(place)))}"


def _about(asked: Asked, shape: str) -> str:
    """What is to be written for an item, and what it is worth."""
    near = precision_text(asked.tolerance) if asked.tolerance else ""
    about = ", ".join([part for part in (FORMS.get(asked.form, ""), shape, counted(asked.points, "point")) if part])
    return f"{about}; {near[0].lower()}{near[1:]}" if near else about


def _given(name: str, value: Any) -> str:
    """The value of a variable; of a large array its shape, as nobody writes that out by hand."""
    if not getattr(value, "shape", ()):
        return f"{name} = {_number(value)}"
    if value.size > MOST_ENTRIES:
        return f"{name} is {_shape_in_words(value.shape)}"
    return f"{name} = {_entries(value.tolist())}"


def _entries(value: Any) -> str:
    return f"[{', '.join(map(_entries, value))}]" if isinstance(value, list) else _number(value)


def _number(value: float) -> str:
    return repr(float(value)).removesuffix(".0")


def _shape_in_words(shape: Shape) -> str:
    return f"an array {shape_text(shape)}" if shape else ""
