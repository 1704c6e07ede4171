"""What the corpus is made of: a function, its right gradient, inputs, and slips, each in one place of the text."""

import inspect
import textwrap
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

Array = Any


class Slip(NamedTuple):
    """A mistake, as the causes name it, and the words of the right text with those that stand for them."""

    bug: str
    right: str
    wrong: str


class Subject(NamedTuple):
    """A function with its backward pass; without one, where the function gives its gradients beside its value."""

    forward: Callable[..., Any]
    backward: Callable[..., Any] | None
    inputs: Mapping[str, Any]
    slips: tuple[Slip, ...]

    @property
    def name(self) -> str:
        """The function's name."""
        return self.forward.__name__


def spoiled(subject: Subject, slip: Slip) -> tuple[Callable[..., Any], Callable[..., Any] | None]:
    """The function and its backward pass with one slip in the text that gives the gradient."""
    gives_gradient = subject.backward or subject.forward
    text = textwrap.dedent(inspect.getsource(gives_gradient))
    assert text.count(slip.right) == 1, f"{subject.name}: {slip.right!r} stands {text.count(slip.right)} times"
    names = dict(vars(inspect.getmodule(gives_gradient)))
    exec(text.replace(slip.right, slip.wrong), names)  # noqa: S102 - the corpus's own text
    changed = names[gives_gradient.__name__]
    return (subject.forward, changed) if subject.backward else (changed, None)


def drawn(seed: int, *shape: int, scale: float = 1.0) -> Array:
    """Normal numbers from a seed."""
    return np.random.default_rng(seed).normal(0, scale, shape)
