"""What a sweep goes over: the quantity of a name, and how a question is changed to give it a value.

It is a name that stands in the text, or in a generator among the values, and has no value: a variable, where the text
can be read with one, else what whole numbers are put in place of, such as the depth of `Repeat(depth, Tanh)`. Or it is
a variable whose value is one number; `scale`, what drawn weights are multiplied by; or `time`, the steps to which the
sequences that recurrent layers read are cut.
"""

from collections.abc import Callable
from typing import NamedTuple

from bpcli.errors import ParseError, UsageError
from bpcli.flow.questions import Question
from bpcli.language.complaints import shortened, suggestion
from bpcli.language.drawn_values import with_drawn
from bpcli.language.expressions import parse
from bpcli.language.generators import is_generator
from bpcli.language.substitution import names_in, with_numbers
from bpcli.language.time_steps import cut_in_time
from bpcli.language.values import number_from

SCALE, TIME = "scale", "time"


class Quantity(NamedTuple):
    """How a question is changed for a value: any number, a whole one where `is_counted`, or one above 0."""

    changed: Callable[[Question, float], Question]
    is_counted: bool = False
    is_positive: bool = False


def quantity_of(name: str, question: Question) -> Quantity:
    """The quantity of this name. Raises UsageError where the question has none, BindingError where it is an array."""
    at = question.at
    if name in at and not is_generator(at[name]):
        number_from(name, at[name])
        return _variable(name)
    drawn = {one: value for one, value in at.items() if is_generator(value)}
    in_text = names_in(question.text)
    in_values = {word for value in drawn.values() for word in names_in(value)}
    if name in in_text and name not in at and name not in in_values and _is_variable(name, question):
        return _variable(name)
    if (name in in_text and name not in at) or name in in_values:
        return Quantity(lambda one, value: _with_number(one, name, round(value)), is_counted=True)
    if name == SCALE:
        return Quantity(_scaled, is_positive=True)
    if name == TIME:
        return Quantity(_cut, is_counted=True)
    names = sorted({*in_text, *in_values, SCALE, TIME} - at.keys())
    message = f"there is no '{shortened(name)}' to sweep over"
    raise UsageError(message, hint=suggestion(name, names, f"there are {', '.join(names)}"))


def _is_variable(name: str, question: Question) -> bool:
    """Whether the text can be read where the name is a variable: it is none as the size of a layer."""
    try:
        graph = parse(question.text, {*question.at, name}, question.limits)
    except ParseError:
        return False
    return any(variable.name == name for variable in graph.variables)


def _variable(name: str) -> Quantity:
    return Quantity(lambda question, value: question._replace(at={**question.at, name: value}))


def _with_number(question: Question, name: str, number: int) -> Question:
    """The question with the number for each place where the name stands, in the text and in generators."""
    numbers = {name: number}
    at = {one: with_numbers(value, numbers) if is_generator(value) else value for one, value in question.at.items()}
    return question._replace(text=with_numbers(question.text, numbers), at=at)


def _scaled(question: Question, scale: float) -> Question:
    return question._replace(setup=question.setup._replace(initial_scale=scale))


def _cut(question: Question, steps: float) -> Question:
    """The question with the first so many steps of what recurrent layers read."""
    at = with_drawn(question.at, question.setup.random_seed, question.limits)
    graph = parse(question.text, at, question.limits)
    return question._replace(at=cut_in_time(graph, at, round(steps), question.limits))
