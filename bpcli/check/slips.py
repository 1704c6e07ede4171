"""Slips of the pen in one step: what its local derivative becomes by a mistake that people make.

Each slip is a kind, what it is about, a text (`{step}` and `{numbers}` are filled in), and the number that it puts for
the local derivative.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from bpcli.graph.node import Node
from bpcli.numbers.balls import Ball, exactly
from bpcli.numbers.exact import exact

TRIGONOMETRIC = frozenset({"sin", "cos", "tan"})
INVERSE = frozenset({"asin", "acos", "atan"})
SQUASHING = frozenset({"sigmoid", "tanh"})
LOGARITHMS = {"log": (10.0, 2.0), "log10": (None, 2.0), "log2": (None, 10.0)}
ONE_OF_TWO = frozenset({"relu", "relu6", "maximum", "minimum", "where", "clip", "hardtanh"})
ARITHMETIC = "the arithmetic of one step"
PATH = "a path that is missing, or alone"
CHAIN = "a step of the chain rule"
RULE = "the derivative of one op"


class Slip(NamedTuple):
    """A mistake in one local derivative."""

    kind: str
    family: str
    text: str
    local: Ball


def slips_of(node: Node, position: int, local: Ball, out: Ball, inputs: Sequence[Ball]) -> Iterator[Slip]:
    """Every slip that suits a step; of two that come to the same number, the first."""
    seen = set()
    for slip in _slips(node, position, local, out, inputs):
        if float(slip.local) not in seen:
            seen.add(float(slip.local))
            yield slip


def _slips(node: Node, position: int, local: Ball, out: Ball, inputs: Sequence[Ball]) -> Iterator[Slip]:
    yield Slip("sign", ARITHMETIC, "a sign lost in step {step}{numbers}", -local)
    yield Slip(
        "local derivative left out",
        CHAIN,
        "the local derivative of {step} left out: upstream passed through",
        exactly(1),
    )
    yield Slip("left out", PATH, "the path through {step} left out", exactly(0))
    yield Slip("reciprocal", ARITHMETIC, "the reciprocal of the local derivative of {step}", 1 / local)
    for form in (_product, _power, _exponential, _quotient, _trigonometric, _squashing, _logarithm, _kinked):
        yield from form(node, position, local, out, inputs)


def _product(node: Node, position: int, _local: Ball, _out: Ball, inputs: Sequence[Ball]) -> Iterator[Slip]:
    if node.op.name == "mul":
        text = "the halves of the product rule swapped at {step}"
        yield Slip("product rule swapped", RULE, text, inputs[position])


def _power(node: Node, position: int, _local: Ball, out: Ball, inputs: Sequence[Ball]) -> Iterator[Slip]:
    if node.op.name in ("constant_pow", "pow") and position == 0:
        base, exponent = inputs
        yield Slip("exponent not lowered", RULE, "the exponent not lowered at {step}", exponent * out)
        yield Slip("exponent left out", RULE, "the exponent left out as a factor at {step}", out / base)


def _exponential(node: Node, position: int, _local: Ball, out: Ball, inputs: Sequence[Ball]) -> Iterator[Slip]:
    if node.op.name == "pow" and position == 1:
        text = "the power rule taken for the exponential at {step}"
        yield Slip("power rule for an exponential", RULE, text, inputs[1] * out / inputs[0])


def _quotient(node: Node, position: int, _local: Ball, out: Ball, inputs: Sequence[Ball]) -> Iterator[Slip]:
    if node.op.name == "div" and position == 1:
        text = "the denominator of the quotient rule not squared at {step}"
        yield Slip("denominator not squared", RULE, text, -out)
        yield Slip("numerator left out", RULE, "the numerator left out at {step}", -1 / (inputs[1] * inputs[1]))


def _trigonometric(node: Node, _position: int, local: Ball, _out: Ball, inputs: Sequence[Ball]) -> Iterator[Slip]:
    degree = exact.pi / 180
    if node.op.name in TRIGONOMETRIC:
        angle = inputs[0] * degree
        (slope,) = node.op.partials(exact, getattr(exact, node.op.name)(angle), angle)
        yield Slip("degrees", RULE, "the angle of {step} taken in degrees", exactly(slope))
        yield Slip("degrees", RULE, "the angle of {step} taken in degrees", exactly(slope) * degree)
    if node.op.name in TRIGONOMETRIC | INVERSE:
        yield Slip("degrees", RULE, "the angle of {step} turned into radians once too often", local * degree)
        yield Slip("degrees", RULE, "the angle of {step} turned into degrees", local / degree)


def _squashing(node: Node, _position: int, _local: Ball, out: Ball, inputs: Sequence[Ball]) -> Iterator[Slip]:
    if node.op.name in SQUASHING:
        (at_input,) = node.op.partials(exact, inputs[0], inputs[0])
        again = getattr(exact, node.op.name)(out)
        (at_output,) = node.op.partials(exact, again, out)
        name = node.op.name
        yield Slip(
            "taken at the input",
            RULE,
            f"{name}' taken at the input instead of the output at {{step}}",
            exactly(at_input),
        )
        yield Slip(
            "taken at the output", RULE, f"{name} taken once more before its derivative at {{step}}", exactly(at_output)
        )
        yield Slip("output for derivative", RULE, f"{name} itself taken for its derivative at {{step}}", out)


def _logarithm(node: Node, _position: int, _local: Ball, _out: Ball, inputs: Sequence[Ball]) -> Iterator[Slip]:
    for base in LOGARITHMS.get(node.op.name, ()):
        slope = 1 / inputs[0] if base is None else 1 / (inputs[0] * exact.log(base))
        name = "e" if base is None else f"{base:g}"
        yield Slip("base of the logarithm", RULE, f"the logarithm of {{step}} taken to base {name}", slope)


def _kinked(node: Node, _position: int, local: Ball, _out: Ball, _inputs: Sequence[Ball]) -> Iterator[Slip]:
    if node.op.name in ONE_OF_TWO and float(local) in (0.0, 0.5, 1.0):
        text = "the other branch of {step} taken"
        yield Slip("wrong branch", RULE, text, exactly(int(float(local) == 0.0)))
