"""The oracles catch what is corrupted, and name it: every op, its rule, its symbolic form, its values and its meaning.

Each op stands in `op(x0, x1, …) * w`, so that its value is a gradient too, at points clear of its kinks, one on each of
its pieces. What is corrupted is off by a part in a thousand, or has the wrong sign.
"""

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import sympy  # type: ignore[import-untyped]  # SymPy ships no types

import bpcli.check
from bpcli.check.checking import Check, check
from bpcli.check.oracles import LOCAL_DERIVATIVES, Oracles
from bpcli.check.point import Point
from bpcli.check.verdict import Verdict
from bpcli.graph.node import Constant, Graph, Node, Variable, applied
from bpcli.graph.op import NO_ATTRIBUTES, Op
from bpcli.graph.order import graph_of
from bpcli.numbers.exact import exact
from bpcli.numbers.floats import floats
from bpcli.numbers.symbols import FORMS, symbols
from bpcli.numbers.system import NumberSystem
from bpcli.ops import REGISTRY

W = 1.375  # what the op is multiplied with
PART = sympy.Rational(1, 1000)  # how far off a corrupted number is; SymPy has it exactly
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
    "atan2": ((0.7, 1.6), (-0.7, -1.6)),
    "logaddexp": ((0.7, 1.6), (1.6, 0.7)),
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
        """The values of the variables."""
        return {f"x{position}": value for position, value in enumerate(self.point)} | {"w": W}

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
        graph = self.graph
        at = {name: value for name, value in self.at.items() if name in {variable.name for variable in graph.variables}}
        return check(graph, at, every_step=True)


def points_of(op: Op) -> tuple[tuple[float, ...], ...]:
    """The points of an op: as listed, or in the middle of where its domain is sampled."""
    if op.name in POINTS:
        return POINTS[op.name]
    middles = [0.45 * low + 0.55 * high for low, high in op.domain.sample]
    return (tuple(middles[min(place, len(middles) - 1)] + 0.4 * place for place in range(len(op.inputs))),)


def case_of(name: str, *point: float, **attributes: float | str) -> Case:
    """An op at a point."""
    return Case(REGISTRY[name], point, attributes)


CASES = [
    *[
        Case(op, point, {name: DEFAULTS[name] for name, attribute in op.attributes.items() if attribute.default is None})
        for op in REGISTRY.values()
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
WITH_MEANING = [case for case in CASES if case.op.meaning]
ENTRIES = [(case, place) for case in NUMERIC for place in case.entries]


def named(value: object) -> str | None:
    """How a case is called among the tests."""
    return value.name if isinstance(value, Case) else None


of_every_case = pytest.mark.parametrize("case", CASES, ids=named)
of_every_entry = pytest.mark.parametrize(("case", "place"), ENTRIES, ids=named)


def larger(value: Any) -> Any:
    """A number that is off by a thousandth; 0 becomes a thousandth, a truth value its opposite."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, sympy.logic.boolalg.Boolean):
        return sympy.Not(value)
    part = PART if isinstance(value, sympy.Basic) else float(PART)
    return value + part * (value if has_size(value) else 1)


def has_size(value: Any) -> bool:
    """Whether a number, in whichever system, may be other than 0."""
    return value != 0 if isinstance(value, int | sympy.Basic) else float(value) != 0


def wrong(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function whose results are off."""
    return lambda *inputs, **attributes: larger(function(*inputs, **attributes))


def negated(value: Any) -> Any:
    """The other sign; 0 becomes -1."""
    return -value if has_size(value) else -1


def corrupt_rule(patch: pytest.MonkeyPatch, op: Op, place: int, corruption: Callable[[Any], Any]) -> None:
    """Make one entry of a rule wrong."""
    rule = op.partials

    def partials(m: Any, out: Any, *inputs: Any, **attributes: Any) -> tuple[Any, ...]:
        locals_ = list(rule(m, out, *inputs, **attributes))
        locals_[place] = corruption(locals_[place])
        return tuple(locals_)

    patch.setattr(op, "partials", partials)


def corrupt_value(patch: pytest.MonkeyPatch, system: NumberSystem, op: Op) -> None:
    """Make what one number system computes wrong; `getattr` finds, and `setattr` replaces, what the system keeps."""
    patch.setattr(LOCAL_DERIVATIVES, "_formulas", {})
    patch.setattr(system, op.name, wrong(getattr(system, op.name)))


def corrupt_meaning(patch: pytest.MonkeyPatch, op: Op) -> None:
    """Make the meaning of an op wrong, and let the number systems forget what they made of the right one."""
    patch.setattr(LOCAL_DERIVATIVES, "_formulas", {})
    for system in (exact, floats, symbols):
        patch.delattr(system, op.name)
    assert op.meaning is not None
    patch.setattr(op, "meaning", wrong(op.meaning))


def suspects_in(found: Check) -> set[str]:
    """Everybody who is named, for a gradient or for a step."""
    named_for_gradients = {suspect for finding in found.findings for suspect in finding.suspects}
    return named_for_gradients | {step.suspect for step in found.steps or () if step.suspect}


def is_alarmed(found: Check) -> bool:
    """Whether the check as a whole says that something is wrong, or that it can't tell."""
    return found.verdict in (Verdict.DIFFER, Verdict.UNDECIDED)


def the_rule(op: Op) -> str:
    """The suspect where the oracles agree with each other and not with the rule."""
    return f"the rule, or the meaning, of {op.name}" if op.meaning else f"the rule of {op.name}"


def the_value(op: Op, system: NumberSystem) -> str:
    """The suspect where one of the values is off."""
    if system is symbols and op.name in FORMS:
        return f"the symbolic form of {op.name}"
    if op.meaning:
        return f"the value, or the meaning, of {op.name}"
    return f"the value of {op.name} in {'exact' if system is exact else 'floats'}"


def test_every_op_has_a_case_on_each_side_of_its_kinks() -> None:
    """No op is left out, and one with kinks has a point on each side."""
    counted = {op: sum(case.op is op for case in CASES) for op in REGISTRY.values()}
    ends = {"sqrt", "acosh", "asech", "hypot"}  # the kink is at an end of the domain, or at one point of the plane

    assert all(counted.values())
    assert [op.name for op in counted if op.kinks and counted[op] <= 1 and op.name not in ends] == []


@of_every_case
def test_nothing_is_blamed_that_is_right(case: Case) -> None:
    """Every op agrees with both oracles, in each gradient and in each step, and no note is made."""
    found = case.checked()

    assert [finding.verdict for finding in found.findings] == [Verdict.AGREE] * len(found.findings)
    assert suspects_in(found) == set()
    assert found.notes == ()
    assert len(found.findings) == len(found.graph.variables)


@pytest.mark.parametrize("case", NUMERIC, ids=named)
def test_each_step_is_found_in_three_ways(case: Case) -> None:
    """The rule, SymPy and differences all have a number for each entry of each rule, and it is the same number."""
    steps = [step for step in case.checked().steps or () if step.node.op is case.op and not step.source.op.is_condition]

    assert {step.position for step in steps} >= set(case.entries)
    for step in steps:
        assert step.symbolic is not None
        assert step.difference is not None
        assert float(step.symbolic) == pytest.approx(float(step.rule), rel=1e-12, abs=0)
        assert float(step.difference) == pytest.approx(float(step.rule), rel=1e-12, abs=0)


@of_every_entry
@pytest.mark.parametrize("corruption", [larger, negated])
def test_a_wrong_entry_of_a_rule_is_caught(
    monkeypatch: pytest.MonkeyPatch, case: Case, place: int, corruption: Callable[[Any], Any]
) -> None:
    """The gradient that the entry leads to differs, and the rule is named, nothing else."""
    corrupt_rule(monkeypatch, case.op, place, corruption)

    found = case.checked()

    verdicts = {finding.item.node.name: finding.verdict for finding in found.findings}
    assert verdicts[f"x{place}"] is Verdict.DIFFER
    assert suspects_in(found) == {the_rule(case.op)}
    assert [finding.title for finding in found.findings if bool(finding.suspects) != is_wrong(finding.verdict)] == []


def is_wrong(verdict: Verdict) -> bool:
    """Whether a gradient has been refused."""
    return verdict is Verdict.DIFFER


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("case", CONDITIONS, ids=named)
def test_a_condition_with_a_rule_is_caught(monkeypatch: pytest.MonkeyPatch, case: Case, place: int) -> None:
    """No gradient flows through a comparison: an entry of its rule that is a number is wrong, whatever it is."""
    corrupt_rule(monkeypatch, case.op, place, lambda _: 1)

    found = case.checked()

    assert is_alarmed(found)
    assert suspects_in(found) == {f"the rule of {case.op.name}"}


@of_every_case
@pytest.mark.parametrize("system", [exact, floats, symbols], ids=["exact", "floats", "symbols"])
def test_a_wrong_value_is_caught(monkeypatch: pytest.MonkeyPatch, case: Case, system: NumberSystem) -> None:
    """What one number system computes wrongly is told by the two others, and nothing else is named."""
    corrupt_value(monkeypatch, system, case.op)

    found = case.checked()

    assert is_alarmed(found)
    assert suspects_in(found) == {the_value(case.op, system)}


@pytest.mark.parametrize("case", WITH_MEANING, ids=named)
def test_a_wrong_meaning_is_caught(monkeypatch: pytest.MonkeyPatch, case: Case) -> None:
    """A meaning is what `exact` computes, and what SymPy differentiates where it has no form: it is named as such."""
    corrupt_meaning(monkeypatch, case.op)

    found = case.checked()

    assert is_alarmed(found)
    assert len(suspects_in(found)) == 1
    assert suspects_in(found) <= {
        f"the value, or the meaning, of {case.op.name}",
        f"the rule, or the meaning, of {case.op.name}",
    }
