"""The oracles catch what is corrupted, and name it: every op, its rule, its symbolic form, its values and its meaning.

Each op stands in `op(x0, x1, …) * w`, so that its value is a gradient too, at points clear of its kinks, one on each of
its pieces. What is corrupted is off by a part in a thousand, or has the wrong sign.
"""

import ast
import math
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from command import PATIENCE
from sympy import Basic, Not, Rational  # type: ignore[import-untyped]  # SymPy ships no types
from sympy.logic.boolalg import Boolean  # type: ignore[import-untyped]  # the same

import bpcli.check
from bpcli import check_expression as check
from bpcli.check.findings import Verdict
from bpcli.check.oracles import LOCAL_DERIVATIVES, Oracles
from bpcli.check.point import Point
from bpcli.check.results import Check
from bpcli.graph.node import Constant, Graph, Node, Variable, applied
from bpcli.graph.op import NO_ATTRIBUTES, Op
from bpcli.graph.order import graph_of
from bpcli.numbers.exact import exact
from bpcli.numbers.floats import floats
from bpcli.numbers.symbols import FORMS, symbols
from bpcli.numbers.system import NumberSystem
from bpcli.ops import ELEMENTWISE, REGISTRY

W = 1.375  # what the op is multiplied with
TINY = 1e-300
PART = Rational(1, 1000)  # how far off a corrupted number is; SymPy has it exactly
SYSTEMS: tuple[NumberSystem, ...] = (exact, floats, symbols)
ROOT_OF_CHECK = Path(bpcli.check.__file__).parent
FILES_OF_ORACLES = ("point", "finite", "symbolic", "chain", "oracles", "kinks")

# One point on each piece of a function that has pieces, and on each branch of one that has branches.
POINTS: Mapping[str, tuple[tuple[float, ...], ...]] = {
    "sub": ((0.7, 2.4),),
    "pow": ((1.7, 2.3), (0.4, -1.6)),
    "constant_pow": ((1.7, 2.5), (-1.3, 3.0), (0.6, -1.0), (2.2, 0.5)),
    "cbrt": ((1.7,), (-1.7,)),
    "hypot": ((1.7, -0.6),),
    "lgamma": ((1.7,), (-0.6,)),
    "gamma": ((1.7,), (-0.6,)),
    "digamma": ((1.7,), (-0.6,)),
    "asec": ((1.7,), (-1.7,)),
    "acsc": ((1.7,), (-1.7,)),
    "acoth": ((1.7,), (-1.7,)),
    "acsch": ((0.7,), (-0.7,)),
    "acot": ((0.7,), (-0.7,)),
    "atan2": ((0.7, 1.6), (-0.7, -1.6), (0.7, -1.6)),
    "logaddexp": ((0.7, 1.6), (1.6, 0.7)),
    "log_loss": ((0.7, 0.4), (0.3, 1.0)),
    "greater": ((0.7, 1.6), (1.6, 0.7)),
    "less": ((0.7, 1.6), (1.6, 0.7)),
    "greater_equal": ((0.7, 1.6), (1.6, 0.7)),
    "less_equal": ((0.7, 1.6), (1.6, 0.7)),
    "equal": ((0.7, 1.6),),
    "not_equal": ((0.7, 1.6),),
    "where": ((0.7, 1.6, -0.9), (-0.7, 1.6, -0.9)),
    "abs": ((0.7,), (-0.7,)),
    "sign": ((0.7,), (-0.7,)),
    "floor": ((1.3,), (-1.6,)),
    "ceil": ((1.3,), (-1.6,)),
    "round": ((1.3,), (-1.7,), (1.6,)),
    "maximum": ((0.7, 1.6), (1.6, 0.7)),
    "minimum": ((0.7, 1.6), (1.6, 0.7)),
    "clip": ((0.7, -1.2, 1.9), (-2.1, -1.2, 1.9), (2.6, -1.2, 1.9), (0.7, 1.9, -1.2)),
    "relu": ((0.7,), (-0.7,)),
    "relu6": ((0.7,), (-0.7,), (6.4,)),
    "leaky_relu": ((0.7,), (-0.7,)),
    "elu": ((0.7,), (-0.7,)),
    "selu": ((0.7,), (-0.7,)),
    "softsign": ((0.7,), (-0.7,)),
    "hardtanh": ((0.7,), (-1.3,), (1.3,)),
    "hardsigmoid": ((0.7,), (-3.4,), (3.4,)),
    "hardswish": ((0.7,), (-3.4,), (3.4,)),
    "square": ((0.7,), (-0.7,)),
    "sinc": ((0.7,), (-1.4,)),
    "sigmoid": ((0.7,), (-0.7,)),
    "softplus": ((0.7,), (-0.7,)),
    "logsigmoid": ((0.7,), (-0.7,)),
    "gelu": ((0.7,), (-0.7,)),
}
STATIC = {("constant_pow", 1), ("where", 0)}  # no gradient flows into these inputs
# What derivatives are computed with, theirs too: a wrong slope of these is in all three ways.
OF_ITSELF = {"pow", "where", "mul", "div"}
DEFAULTS: Mapping[str, float] = {"n": 1.0}  # of attributes that must be given


@dataclass(frozen=True)
class Case:
    """An op with attributes at a point."""

    op: Op
    point: tuple[float, ...]
    attributes: Mapping[str, float | str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The op, its attributes, and the point."""
        told = [f"{name}={value}" for name, value in self.attributes.items()]
        return "-".join([self.op.name, *told, ",".join(map(str, self.point))])

    @property
    def at(self) -> dict[str, float]:
        """The values of the variables; the exponent of a constant power is none."""
        numbers = self.point[:1] if self.op.name == "constant_pow" else self.point
        return {f"x{place}": value for place, value in enumerate(numbers)} | {"w": W}

    @property
    def node(self) -> Node:
        """The op on variables; the condition of `where` is x0 > 0, and the exponent of a constant power is one."""
        inputs: list[Node] = [Variable(f"x{position}") for position in range(len(self.point))]
        if self.op.name == "where":
            inputs[0] = applied("greater", inputs[0], 0)
        if self.op.name == "constant_pow":
            inputs[1] = Constant(self.point[1])
        return Node(self.op, tuple(inputs), dict(self.attributes) or NO_ATTRIBUTES)

    @property
    def graph(self) -> Graph:
        """The expression around the op: its product with w, or, of a condition, what it chooses."""
        node = self.node
        chosen = applied("where", node, node.inputs[0] * 3, node.inputs[1]) if self.op.is_condition else node
        around = "div" if self.op.name == "mul" else "mul"  # so that an op does not stand there twice
        return graph_of(applied(around, chosen, Variable("w")))

    @property
    def entries(self) -> list[int]:
        """The inputs that the rule must have a derivative for."""
        places = range(len(self.point))
        return [] if self.op.is_condition else [place for place in places if (self.op.name, place) not in STATIC]

    def checked(self) -> Check:
        """What the check of bpcli's own gradients, and of each step, finds."""
        return check(self.graph, self.at, every_step=True)


def points_of(op: Op) -> tuple[tuple[float, ...], ...]:
    """The points of an op: as listed, or in the middle of where its domain is sampled."""
    if op.name in POINTS:
        return POINTS[op.name]
    middles = [0.45 * low + 0.55 * high for low, high in op.domain.sample]
    return (tuple(round(middles[min(place, len(middles) - 1)] + 0.4 * place, 3) for place in range(len(op.inputs))),)


def case_of(name: str, *point: float, **attributes: float | str) -> Case:
    """An op at a point."""
    return Case(REGISTRY[name], point, attributes)


CASES = [
    *[
        Case(op, point, {name: DEFAULTS[name] for name, attribute in op.attributes.items() if attribute.is_required})
        for op in ELEMENTWISE
        for point in points_of(op)
    ],
    case_of("maximum", 0.7, 1.6, -0.4),
    case_of("maximum", 0.7, 1.6, 2.4, -0.3),
    case_of("minimum", 0.7, 1.6, -0.4),
    case_of("leaky_relu", -0.7, negative_slope=0.2),
    case_of("elu", -0.7, alpha=1.7),
    case_of("softplus", 0.7, beta=2.5),
    case_of("gelu", 0.7, approximate="tanh"),
    case_of("gelu", -0.7, approximate="tanh"),
    case_of("hardtanh", 0.2, min_val=-2.0, max_val=0.5),
    case_of("hardtanh", 0.7, min_val=-2.0, max_val=0.5),
    case_of("sinc", 0.7, derivative=2.0),
    case_of("polygamma", 1.7, n=0.0),
    case_of("polygamma", 1.7, n=2.0),
    case_of("polygamma", -0.6, n=3.0),
]
NUMERIC = [case for case in CASES if not case.op.is_condition]
CONDITIONS = [case for case in CASES if case.op.is_condition]
ENTRIES = [(case, place) for case in NUMERIC for place in case.entries]


def named(value: object) -> str | None:
    """How a case is called among the tests."""
    return value.name if isinstance(value, Case) else None


of_every_case = pytest.mark.parametrize("case", CASES, ids=named)
of_every_meaning = pytest.mark.parametrize("case", [case for case in CASES if case.op.meaning], ids=named)
of_every_entry = pytest.mark.parametrize(("case", "place"), ENTRIES, ids=named)


def larger(value: Any) -> Any:
    """A number that is a thousandth too large; 0 becomes a thousandth."""
    return value + float(PART) * (value if has_size(value) else 1)


def negated(value: Any) -> Any:
    """The other sign; 0 becomes -1."""
    return -value if has_size(value) else -1


def has_size(value: Any) -> bool:
    """Whether a number of a rule may be other than 0."""
    return float(value) != 0


def tilted(function: Callable[..., Any], place: int, fixed: float = 0.0) -> Callable[..., Any]:
    """A function with the wrong slope in one input, and the wrong value except where the input is as `fixed`.

    A condition is turned into its opposite.
    """

    def wrong(*inputs: Any, **attributes: Any) -> Any:
        value = function(*inputs, **attributes)
        if isinstance(value, bool):
            return not value
        if isinstance(value, Boolean):
            return Not(value)
        if len(inputs) <= place:  # the largest of two, asked for by SymPy, where the case is about that of four
            return value
        if any(isinstance(one, Basic) for one in inputs):
            return value + PART * (inputs[place] - Rational(*fixed.as_integer_ratio()))
        return value + (inputs[place] - fixed) * float(PART)

    return wrong


def corrupt_rule(patch: pytest.MonkeyPatch, op: Op, place: int, corruption: Callable[[Any], Any]) -> None:
    """Make one entry of a rule wrong."""
    rule = op.partials

    def partials(m: Any, out: Any, *inputs: Any, **attributes: Any) -> tuple[Any, ...]:
        locals_ = list(rule(m, out, *inputs, **attributes))
        locals_[place] = corruption(locals_[place])
        return tuple(locals_)

    patch.setattr(op, "partials", partials)


def corrupt_value(
    patch: pytest.MonkeyPatch, system: NumberSystem, op: Op, place: int | None = None, fixed: float = 0.0
) -> None:
    """Make what one number system computes wrong; `getattr` finds, and `setattr` replaces, what the system keeps."""
    patch.setattr(LOCAL_DERIVATIVES, "_formulas", {})
    place = first_number(op) if place is None else place
    patch.setattr(system, op.name, tilted(getattr(system, op.name), place, fixed))


def corrupt_meaning(patch: pytest.MonkeyPatch, op: Op, place: int, fixed: float = 0.0) -> None:
    """Make the meaning of an op wrong, and let the number systems forget what they made of the right one."""
    patch.setattr(LOCAL_DERIVATIVES, "_formulas", {})
    for system in SYSTEMS:
        patch.delattr(system, op.name)
    meaning = op.meaning
    assert meaning is not None
    patch.setattr(op, "meaning", lambda m, *inputs, **more: tilted(partial(meaning, m), place, fixed)(*inputs, **more))


def first_number(op: Op) -> int:
    """The place of the first input that is a number."""
    return 1 if op.name == "where" else 0


def suspects_in(found: Check) -> set[str]:
    """Everybody who is named, for a gradient or for a step."""
    for_gradients = {suspect for finding in found.findings for suspect in finding.suspects}
    return for_gradients | {step.suspect for step in found.steps or () if step.suspect}


def verdicts_in(found: Check) -> dict[str | None, Verdict]:
    """The verdict on each gradient, by the name of its variable."""
    return {finding.item.node.name: finding.verdict for finding in found.findings}


def is_alarmed(found: Check) -> bool:
    """Whether the check as a whole says that something is wrong, or that it can't tell."""
    return found.verdict in (Verdict.DIFFER, Verdict.UNDECIDED)


def the_rule(op: Op) -> str:
    """The suspect where the oracles agree with each other and not with the rule."""
    return f"the rule, or the meaning, of {op.name}" if op.meaning else f"the rule of {op.name}"


def the_value(op: Op, where: str = "") -> str:
    """The suspect where the value is off, in one number system if the values alone tell which."""
    return f"the value, or the meaning, of {op.name}" if op.meaning else f"the value of {op.name}{where}"


def the_symbolic_form(op: Op) -> str:
    """The suspect where SymPy is wrong: its own form of the op, or the meaning where there is none."""
    return f"the symbolic form of {op.name}" if op.name in FORMS else the_value(op)


def step_by_step(patch: pytest.MonkeyPatch) -> None:
    """Leave neither oracle a budget for expressions as a whole."""
    patch.setattr("bpcli.check.oracles.MOST_EVALUATIONS", 0)
    patch.setattr("bpcli.check.symbolic.LARGEST_TREE", 0)


def test_every_op_has_a_case_on_each_side_of_its_kinks() -> None:
    """No op is left out, and one with kinks has a point on each side."""
    counted = {op: sum(case.op is op for case in CASES) for op in ELEMENTWISE}
    ends = {"sqrt", "acosh", "asech", "hypot"}  # the kink is at an end of the domain, or at one point of the plane

    assert all(counted.values())
    assert [op.name for op in counted if op.kinks and counted[op] <= len(op.kinks) and op.name not in ends] == []


@of_every_case
def test_nothing_is_blamed_that_is_right(case: Case) -> None:
    """Every op agrees with both oracles, in each gradient and in each step, and no note is made."""
    found = case.checked()

    assert set(verdicts_in(found).values()) == {Verdict.AGREE}
    assert suspects_in(found) == set()
    assert found.notes == ()


@pytest.mark.parametrize("case", NUMERIC, ids=named)
def test_each_entry_is_found_in_three_ways(case: Case) -> None:
    """The rule, SymPy and differences all have a number for each entry of each rule, and it is the same number."""
    steps = [step for step in case.checked().steps or () if step.node.op is case.op]

    assert [step.position for step in steps] == case.entries
    for step in steps:
        assert step.symbolic is not None
        assert step.difference is not None
        assert float(step.symbolic) == pytest.approx(float(step.rule), rel=1e-15, abs=0)
        assert float(step.difference) == pytest.approx(float(step.rule), rel=1e-15, abs=0)


@of_every_entry
@pytest.mark.parametrize("corruption", [larger, negated])
def test_a_wrong_entry_of_a_rule_is_caught(
    monkeypatch: pytest.MonkeyPatch, case: Case, place: int, corruption: Callable[[Any], Any]
) -> None:
    """The gradient that the entry leads to differs, no other does, and the rule is named, nothing else."""
    corrupt_rule(monkeypatch, case.op, place, corruption)

    found = case.checked()

    differing = {name for name, verdict in verdicts_in(found).items() if verdict is Verdict.DIFFER}
    assert differing == {f"x{place}"}
    assert suspects_in(found) == {the_rule(case.op)}
    assert {finding.item.node.name for finding in found.findings if finding.suspects} == differing


@of_every_entry
def test_a_wrong_entry_of_a_rule_is_caught_step_by_step(
    monkeypatch: pytest.MonkeyPatch, case: Case, place: int
) -> None:
    """The same in a graph that is beyond the budgets of both oracles."""
    step_by_step(monkeypatch)
    before = case.checked()
    corrupt_rule(monkeypatch, case.op, place, larger)

    found = case.checked()

    assert before.verdict is Verdict.AGREE
    assert verdicts_in(found)[f"x{place}"] is Verdict.DIFFER
    assert suspects_in(found) == {the_rule(case.op)}
    assert not any(finding.symbolic_is_whole for finding in found.findings)


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("name", ["add", "sub", "mul", "div", "pow", "hypot", "logaddexp", "atan2"])
def test_a_wrong_entry_is_caught_where_one_node_stands_in_both_places(
    monkeypatch: pytest.MonkeyPatch, name: str, place: int
) -> None:
    """Of `op(x, x)` each place has a step of its own, and the step that is wrong is the one that is named."""
    x = Variable("x")
    corrupt_rule(monkeypatch, REGISTRY[name], place, larger)

    found = check(graph_of(applied(name, x, x)), {"x": 1.75}, every_step=True)

    assert verdicts_in(found) == {"x": Verdict.DIFFER}
    assert [step.suspect is None for step in found.steps or ()] == [place != 0, place != 1]
    assert suspects_in(found) == {the_rule(REGISTRY[name])}


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("case", CONDITIONS, ids=named)
def test_a_condition_with_a_rule_is_caught(monkeypatch: pytest.MonkeyPatch, case: Case, place: int) -> None:
    """No gradient flows through a comparison: an entry of its rule that is a number is wrong, whatever it is."""
    corrupt_rule(monkeypatch, case.op, place, lambda _: 1)

    found = case.checked()

    assert found.verdict is Verdict.DIFFER
    assert suspects_in(found) == {f"the rule of {case.op.name}"}


@of_every_case
def test_a_wrong_value_in_exact_is_caught(monkeypatch: pytest.MonkeyPatch, case: Case) -> None:
    """What `exact` computes wrongly, floats and SymPy tell, also where every gradient is computed from it."""
    corrupt_value(monkeypatch, exact, case.op)

    found = case.checked()

    assert is_alarmed(found)
    assert suspects_in(found) == {the_value(case.op, " in exact")}


@of_every_case
def test_a_wrong_value_in_floats_is_caught(monkeypatch: pytest.MonkeyPatch, case: Case) -> None:
    """What `floats` computes wrongly is no round-off: it differs, and is named."""
    corrupt_value(monkeypatch, floats, case.op)

    found = case.checked()

    assert found.verdict is Verdict.DIFFER
    assert suspects_in(found) == {the_value(case.op, " in floats")}
    assert found.notes == ()


@of_every_case
def test_a_wrong_symbolic_form_is_caught(monkeypatch: pytest.MonkeyPatch, case: Case) -> None:
    """Where SymPy is wrong nobody else is blamed: no gradient is said to differ."""
    corrupt_value(monkeypatch, symbols, case.op)

    found = case.checked()

    assert is_alarmed(found)
    assert Verdict.DIFFER not in verdicts_in(found).values()
    assert suspects_in(found) == {the_symbolic_form(case.op)}


@of_every_meaning
def test_a_wrong_meaning_is_caught(monkeypatch: pytest.MonkeyPatch, case: Case) -> None:
    """A meaning is what `exact` computes, and what SymPy differentiates where it has no form: it is named as such."""
    corrupt_meaning(monkeypatch, case.op, 0)

    found = case.checked()

    assert is_alarmed(found)
    assert len(suspects_in(found)) == 1
    assert suspects_in(found) <= {the_rule(case.op), the_value(case.op)}


# The slope alone: with the values all alike at the point, the gradients have to tell. -------------------------------


@pytest.mark.parametrize(
    ("case", "place"), [entry for entry in ENTRIES if entry[0].op.name not in OF_ITSELF], ids=named
)
def test_a_value_with_a_wrong_slope_is_caught(monkeypatch: pytest.MonkeyPatch, case: Case, place: int) -> None:
    """Rule and SymPy agree, differences disagree: the value is named."""
    corrupt_value(monkeypatch, exact, case.op, place, case.point[place])

    found = case.checked()

    assert verdicts_in(found) == {**dict.fromkeys(verdicts_in(found), Verdict.AGREE), f"x{place}": Verdict.UNDECIDED}
    assert suspects_in(found) == {the_value(case.op)}


@pytest.mark.parametrize(("case", "place"), [entry for entry in ENTRIES if entry[0].op.name in FORMS], ids=named)
def test_a_symbolic_form_with_a_wrong_slope_is_caught(monkeypatch: pytest.MonkeyPatch, case: Case, place: int) -> None:
    """Rule and differences agree, SymPy disagrees: the symbolic form is named."""
    corrupt_value(monkeypatch, symbols, case.op, place, case.point[place])

    found = case.checked()

    assert verdicts_in(found) == {**dict.fromkeys(verdicts_in(found), Verdict.AGREE), f"x{place}": Verdict.UNDECIDED}
    assert suspects_in(found) == {f"the symbolic form of {case.op.name}"}


@pytest.mark.parametrize(("case", "place"), [entry for entry in ENTRIES if entry[0].op.meaning], ids=named)
def test_a_meaning_with_a_wrong_slope_is_caught(monkeypatch: pytest.MonkeyPatch, case: Case, place: int) -> None:
    """Differences have it, and SymPy where it has no form of its own; in all cases it is the meaning that is named."""
    corrupt_meaning(monkeypatch, case.op, place, case.point[place])

    found = case.checked()

    assert is_alarmed(found)
    assert len(suspects_in(found)) == 1
    assert suspects_in(found) <= {the_value(case.op), *([] if case.op.name in FORMS else [the_rule(case.op)])}


def test_all_three_ways_apart_blame_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the rule, the symbolic form and the value all wrong in a way of their own, it is undecided."""
    sin = REGISTRY["sin"]
    corrupt_rule(monkeypatch, sin, 0, negated)
    corrupt_value(monkeypatch, symbols, sin, 0, 0.5)
    monkeypatch.setattr(exact, "sin", tilted(tilted(exact.sin, 0, 0.5), 0, 0.5))

    found = check("sin(x)", {"x": 0.5}, every_step=True)

    assert verdicts_in(found) == {"x": Verdict.UNDECIDED}
    assert suspects_in(found) == {"nobody: the three ways all differ"}


# A wrong value is told first, wherever it stands. ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("system", "suspect"),
    [
        (exact, "the value of cos in exact"),
        (floats, "the value of cos in floats"),
        (symbols, "the symbolic form of cos"),
    ],
    ids=["exact", "floats", "symbols"],
)
@pytest.mark.parametrize("text", ["sin(x)*cos(y)", "cos(2)*x*y", "x + y*sin(cos(x))"])
def test_a_wrong_value_is_not_taken_for_a_wrong_rule_elsewhere(
    monkeypatch: pytest.MonkeyPatch, text: str, system: NumberSystem, suspect: str
) -> None:
    """The rule of sin takes cos, and a gradient takes values from beside its way: forward values are compared first."""
    corrupt_value(monkeypatch, system, REGISTRY["cos"])

    found = check(text, {"x": 0.7, "y": 1.3}, every_step=True)

    assert is_alarmed(found)
    assert suspects_in(found) == {suspect}


# Where nothing is wrong, nobody is blamed, also where numbers are hard to get right. ---------------------------------

ROOT_OF_DIGAMMA = 1.4616321449683622  # DLMF 5.4.20


@pytest.mark.parametrize(
    ("text", "x", "y"),
    [
        ("x - y", 1.75, 1.75),
        ("(x - 1)*y", 1.0, 2.0),
        ("x + y", 1e300, -1e300),
        ("x**y", 1 + 2**-52, 1e10),
        ("expm1(x)*y", 0.0, 1.5),
        ("expm1(x)*y", TINY, 1.5),
        ("log1p(x)*y", TINY, 1.5),
        ("log(x)*y", 1 + 2**-52, 1.5),
        ("acos(x)*y", 1 - 2**-53, 1.5),
        ("acosh(x)*y", 1 + 2**-52, 1.5),
        ("atanh(x)*y", 1 - 2**-53, 1.5),
        ("asech(x)*y", 1 - 2**-53, 1.5),
        ("acoth(x)*y", 1 + 2**-52, 1.5),
        ("sin(x)*y", math.pi, 1.5),
        ("sin(x)*y", 1e22, 1.5),
        ("cos(x)*y", math.pi / 2, 1.5),
        ("tan(x)*y", math.pi / 2, 1.5),
        ("erfc(x)*y", 26.0, 1.5),
        ("gamma(x)*y", 170.0, 1.5),
        ("lgamma(x)*y", 1 - 2**-53, 1.5),
        ("lgamma(x)*y", 2.0, 1.5),
        ("digamma(x)*y", ROOT_OF_DIGAMMA, 1.5),
        ("digamma(x)*y", 12345.0, 1.5),
        ("polygamma(3, x)*y", 12345.0, 1.5),
        ("sinc(x)*y", 1.0, 1.5),
        ("sinc(x)*y", 1 + 1e-12, 1.5),
        ("hypot(x, y)", TINY, 2.5),
        ("sqrt(y + x**2)", TINY, 6.25),
        ("atan2(x, y)", TINY, 1e300),
        ("elu(x)*y", -TINY, 1.5),
        ("selu(x)*y", -TINY, 1.5),
        ("gelu(x)*y", -35.0, 1.5),
        ("softplus(x)*y", -700.0, 1.5),
        ("mish(x)*y", -700.0, 1.5),
        ("logsigmoid(x)*y", 171.5, 1.5),
        ("logaddexp(x, y)", -1e-17, -40.0),
        ("floor(x)*y", 3 - 1e-12, 1.5),
    ],
)
def test_what_is_ill_conditioned_is_not_blamed(text: str, x: float, y: float) -> None:
    """Next to roots, branch points and cancellations a value loses digits, in floats, exact or SymPy, without fault."""
    found = check(text, {"x": x, "y": y}, every_step=True)

    assert found.verdict is Verdict.AGREE
    assert suspects_in(found) == set()


@pytest.mark.parametrize(
    ("text", "x", "y"),
    [
        ("sigmoid(x)*y", -1e6, 1.5),
        ("sigmoid(x)*y", 1e6, 1.5),
        ("logsigmoid(x)*y", 1e6, 1.5),
        ("logsigmoid(x)*y", -1e6, 1.5),
        ("softplus(x)*y", 1e6, 1.5),
        ("softplus(x)*y", -1e6, 1.5),
        ("silu(x)*y", -1e6, 1.5),
        ("mish(x)*y", 1e6, 1.5),
        ("mish(x)*y", -1e6, 1.5),
        ("gelu(x)*y", 1e6, 1.5),
        ("tanh(x)*y", 1e6, 1.5),
        ("erf(x)*y", -1e6, 1.5),
        ("sech(x)*y", 1e6, 1.5),
        ("csch(x)*y", -1e6, 1.5),
        ("coth(x)*y", 1e6, 1.5),
        ("logaddexp(x, y)", 1e6, 2.0),
        ("logaddexp(x, y)", 2.0, -1e6),
        ("exp(-x)*y", 1e6, 1.5),
    ],
)
def test_what_is_saturated_has_a_gradient(text: str, x: float, y: float) -> None:
    """Far out, where an exponential on the way is beyond every bound, the value and its slopes are as tame as ever."""
    found = check(text, {"x": x, "y": y}, every_step=True)

    assert found.verdict is Verdict.AGREE
    assert suspects_in(found) == set()


@pytest.mark.parametrize(
    ("text", "x"),
    [
        ("abs(x)", 0.0),
        ("relu(x)", 0.0),
        ("relu(x) - relu(-x)", 0.0),
        ("max(x, 1.5)", 1.5),
        ("clip(x, 0, 1)", 1.0),
        ("where(x == 3, 5, x)", 3.0),
        ("sign(x)", 0.0),
        ("floor(x)", 2.0),
        ("round(x)", 2.5),
        ("round(x)", 1.5),
        ("hypot(x, 0)", 0.0),
        ("hypot(x, x)", 0.0),
        ("atan2(x, -1)", 0.0),
        ("sqrt(x)", 0.0),
        ("cbrt(x)", 0.0),
        ("cbrt(x)**3", 0.0),
        ("asin(x)", 1.0),
    ],
)
def test_a_kink_is_nobodys_fault(text: str, x: float) -> None:
    """At kinks, jumps and vertical tangents the three ways have conventions of their own, and no step is wrong."""
    found = check(text, {"x": x}, every_step=True)

    assert found.verdict in (Verdict.KINK, Verdict.UNEVALUABLE)
    assert suspects_in(found) == set()


# What the oracles may know. -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FILES_OF_ORACLES)
def test_the_oracles_import_no_backpropagation_and_read_no_rule(name: str) -> None:
    """No file of the oracles, nor that of kinks, imports `backprop` or says `partials`, in whatever way."""
    tree = ast.parse((ROOT_OF_CHECK / f"{name}.py").read_text("utf-8"))
    imported = {
        f"{node.module}.{alias.name}" if isinstance(node, ast.ImportFrom) else alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    words = {getattr(node, "attr", getattr(node, "id", getattr(node, "value", None))) for node in ast.walk(tree)}

    assert [module for module in imported if module.startswith("bpcli.backprop") or module == "bpcli.backprop"] == []
    assert "partials" not in {word for word in words if isinstance(word, str)}


@pytest.mark.parametrize("is_whole", [True, False])
@pytest.mark.parametrize("case", NUMERIC, ids=named)
def test_the_oracles_answer_without_rules(monkeypatch: pytest.MonkeyPatch, case: Case, is_whole: bool) -> None:  # noqa: FBT001 - a parameter
    """Where every rule raises, SymPy and differences still answer, whole and step by step."""
    if not is_whole:
        step_by_step(monkeypatch)
    for op in ELEMENTWISE:
        monkeypatch.setattr(op, "partials", refused)
    graph = case.graph
    oracles = Oracles(Point(graph, case.at))

    for variable in graph.variables:
        derivative, symbolic = oracles.slopes(variable).derivative, oracles.symbolic(variable)
        assert derivative is not None
        assert symbolic.value is not None
        assert float(symbolic.value) == pytest.approx(float(derivative), rel=1e-15, abs=0)


def test_the_oracles_load_no_backpropagation() -> None:
    """Nor does anything that they import, and what that imports."""
    code = "import sys, bpcli.check.oracles, bpcli.check.kinks; print([m for m in sys.modules if 'backprop' in m])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=PATIENCE)

    assert done.stdout.split() == ["[]"]


def refused(*_: Any, **__: Any) -> Any:
    """A rule that nobody may read."""
    message = "an oracle has looked at a rule"
    raise AssertionError(message)


def test_nothing_stays_corrupted() -> None:
    """After all of the above every op is right again: no number system and no derivative keeps what was wrong."""
    verdicts = {case.name: case.checked().verdict for case in CASES}

    assert [name for name, verdict in verdicts.items() if verdict is not Verdict.AGREE] == []
