"""Calls of ops over arrays with whatever can be typed: an answer with the right shapes, or an error in words."""

import re
from collections.abc import Mapping
from random import Random
from typing import Any

import numpy as np
import pytest

from bpcli import grad
from bpcli.errors import BpcliError, InternalError
from bpcli.graph.op import Op
from bpcli.ops import structural_ops

ATTRIBUTES = """0|1|2|-1|-2|(0, 1)|(1, 0)|()|(2,)|(2, 3)|(1, 1)|(2, 1, 1)|True|inf|None|'ij->i'|'i,i->'|'ij,jk'|'0:2'
((1, 0), (0, 1))|1.5|'a'|(0,)|((0, 1), (1, 0))|'..., [0]'|[1]|x|1e300|x[0]|-inf""".replace("\n", "|").split("|")
KEYS = ["0", "-1", ":", "::2", "...", "None", "[0, 1]", "[[0], [1]]", "0, 1", "0, [0, 1]", "[1, 0], :, [0]"]
KEYS += ["1:, ..., 0", "y", "[]", "0:0"]
SHAPES = [(), (1,), (2,), (3,), (0,), (2, 3), (3, 2), (2, 2), (1, 2), (2, 0), (2, 2, 2), (1, 1, 2, 2), (2, 1, 3)]
AROUND = ["sum({})", "{}", "norm({})", "sum({}**2)", "sum({} + x)"]
OPS = list(structural_ops())


def call(random: Random, op: Op) -> str:
    """A call of the op on x, y and z, with its attributes, fit or not."""
    if op.name == "getitem":
        return f"x[{random.choice(KEYS)}]"
    if op.infix:
        return f"x {op.infix.symbol} y"
    inputs = [random.choice("xyz") for _ in range(random.randint(1, 3) if op.is_variadic else len(op.inputs))]
    written = [f"{name}={random.choice(ATTRIBUTES)}" for name in op.attributes if random.random() < 0.7]
    listed = [f"[{', '.join(inputs)}]"] if op.takes_list else inputs
    return f"{op.name}({', '.join([*listed, *written])})"


def drawn(random: Random) -> Any:
    """An array of small numbers, or of 0 and 1, in one of the shapes."""
    numbers = np.random.default_rng(random.randrange(10**6))
    shape = random.choice(SHAPES)
    return numbers.normal(size=shape) if random.random() < 0.7 else numbers.integers(0, 2, shape).astype(float)


def answered(text: str, at: dict[str, Any]) -> tuple[Mapping[str, Any], BpcliError | None]:
    """The gradients, or the error that was raised on purpose."""
    try:
        return grad(text, at).gradients, None
    except BpcliError as error:
        return {}, error


@pytest.mark.parametrize("seed", range(12))
def test_a_call_is_answered_or_refused_in_words(seed: int) -> None:
    """No error of another kind, no warning, no placeholder; each gradient has the shape of its variable."""
    random = Random(seed)  # noqa: S311 - chance, no secret
    for _ in range(100):
        text = random.choice(AROUND).format(call(random, random.choice(OPS)))
        same = drawn(random)
        names = re.findall(r"(?<![a-z_0-9'])[xyz](?![a-z_0-9])", text)
        at = {name: same if random.random() < 0.5 else drawn(random) for name in names}
        gradients, error = answered(text, at)

        assert not isinstance(error, InternalError), text
        assert "{" not in (error.message if error else ""), text
        assert error or {name: np.shape(x) for name, x in gradients.items()} == {
            name: np.shape(x) for name, x in at.items()
        }
