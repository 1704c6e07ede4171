"""Exercises with wrong answers, and the search of a text for the numbers that a student must not see there."""

import re
from typing import NamedTuple

import bpcli
from bpcli.report.figures import short


class Exercise(NamedTuple):
    """An expression, its point, and wrong claims, among them ones whose cause is known."""

    expression: str
    at: dict[str, float]
    claims: tuple[str, ...]


EXERCISES = [
    Exercise(
        "A = x*y; F = A*z", {"x": 6.37, "y": -2.61, "z": -3.83}, ("x=9.99628", "y=24.3970", "z=1.7", "value(A)=5")
    ),
    Exercise("A = x*y; F = A**3", {"x": 1.37, "y": 2.61}, ("value(A)=3.98", "A=47.52", "local(A, x)=1.37", "F=2")),
    Exercise("f = sigmoid(w*x + b)", {"w": 0.73, "x": -1.37, "b": 0.41}, ("w=0.87", "x=0.65", "b=1", "value(f)=0.45")),
    Exercise("tanh(x)**2*y", {"x": 0.73, "y": 4.37}, ("x=5.4436", "y=0.6231")),
    Exercise("log(x)/y + exp(-x*y)", {"x": 1.73, "y": 0.59}, ("x=3.4", "y=-1.2", "v1=0.59", "contribution(f, v2)=2")),
    Exercise("sin(3*x)*cos(y) + x", {"x": 0.41, "y": 1.19}, ("x=3*cos(3*x)*cos(y)", "y=sin(3*x)*sin(y)")),
    Exercise("sqrt(x**2 + y**2)", {"x": 1.83, "y": 0.67}, ("x=3.66", "y=1.34", "value(v3)=2")),
    Exercise("relu(x*y) + abs(x)", {"x": 1.37, "y": 2.61}, ("x=2.61", "y=0", "value(v1)=4")),
    Exercise("x*y", {"x": 0.1234567, "y": 7.654321}, ("x=0.1234567", "y=7.654321", "value(f)=2")),
]


def true_numbers(exercise: Exercise) -> set[float]:
    """The size of every value, upstream, local derivative and contribution of an exercise, but for what is given."""
    result = bpcli.grad(exercise.expression, exercise.at)
    steps = [number for step in result.steps() for number in (step.upstream, step.local, step.contribution)]
    given = set().union(*[digits(number) for number in exercise.at.values()])
    return {abs(number) for number in (*result.values.values(), *steps) if digits(number).isdisjoint(given)}


def digits(number: float) -> set[str]:
    """Four digits of a number, cut and rounded, as they would stand in a text without its points; none for 0.25."""
    written = {f"{abs(number):.17e}".replace(".", "")[:4], f"{abs(number):.3e}".partition("e")[0].replace(".", "")}
    return {text for text in written if len(text.rstrip("0")) > 2}


def found_in(text: str, exercise: Exercise) -> list[float]:
    """The true numbers that stand in a text, apart from what was claimed, in any way that it may be written."""
    text = re.sub(r'"claimed": [^,}]*', "", text)
    for claim in exercise.claims:
        typed = claim.partition("=")[2]
        text = text.replace(typed, " ") if re.search("[a-z]", typed) else text
        ways = [typed] if re.search("[a-z]", typed) else [typed, repr(float(typed)), short(float(typed))]
        for way in ways:
            text = re.sub(rf"(?<![\d.]){re.escape(way.lstrip('-'))}(?![\d.])", " ", text)
    plain = text.replace(".", "")
    return [number for number in true_numbers(exercise) if any(four in plain for four in digits(number))]
