"""Laws that every op of the registry keeps, each held against a statement found another way.

The independent statements are values at 50 digits by mpmath, with central differences of them, and SymPy's derivatives.
Points keep clear of kinks, whose conventions are in `test_kinks.py`. An op that `VALUES` lacks fails by its name.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest
import sympy  # type: ignore[import-untyped]  # SymPy ships no types
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp, mpf  # type: ignore[import-untyped]  # mpmath ships no types
from sympy.codegen import cfunctions  # type: ignore[import-untyped]  # the same

from bpcli.backprop.formulas import gradient_formulas, local_formulas
from bpcli.backprop.gradients import gradients_of
from bpcli.errors import InternalError
from bpcli.graph.node import Node, Variable
from bpcli.graph.op import AttributeValue, Op
from bpcli.graph.order import graph_of
from bpcli.numbers.arrays import arrays
from bpcli.numbers.evaluate import evaluate
from bpcli.numbers.floats import floats
from bpcli.ops import ELEMENTWISE, REGISTRY
from bpcli.ops.algebra import nodes
from bpcli.report.catalogue import sample_node

DIGITS = 50
FIRST_STEP = mpf(10) ** -16  # central differences err by step², 1e-32, and by rounding, 10^-DIGITS/step
SECOND_STEP = mpf(10) ** -12  # differences of differences: rounding is 10^-DIGITS/step²
CLEARANCE = 0.01  # the part of a band of points that is kept free at either side, where kinks are

# A few float64 operations round by some 1e-15; next to a pole or a zero of the derivative 1e3 times that.
ACCURACY = 1e-11
SECOND_ACCURACY = 1e-9  # a formula of a formula has tens of operations, and cancels twice
SAME_FORMULA = 1e-13  # the same operations in the same order, rounded by two libraries
CORRUPTION = 1e-6  # the smallest fault of a rule that must be noticed
EXAMPLES = settings(max_examples=12)

NAMED = """exp expm1 log log10 log1p sqrt hypot sin cos tan sec csc cot asin acos atan asec acsc acot atan2 sinh cosh
tanh sech csch coth asinh acosh atanh asech acsch acoth erf erfc gamma digamma sign floor ceil"""


def sinc_derivative(x: Any, derivative: float = 0) -> Any:
    """The derivatives of sin(πx)/(πx), by mpmath's own differences."""
    return mp.diff(lambda t: mp.sinc(mp.pi * t), x, int(derivative)) if derivative else mp.sinc(mp.pi * x)


def gelu(x: Any, approximate: str = "none") -> Any:
    """Hendrycks & Gimpel 2016, Gaussian error linear units: x·Φ(x), and its tanh form."""
    if approximate == "none":
        return x * mp.ncdf(x)
    return x / 2 * (1 + mp.tanh(mp.sqrt(2 / mp.pi) * (x + mpf("0.044715") * x**3)))


def elu(x: Any, alpha: float = 1) -> Any:
    """Clevert et al. 2015, exponential linear units."""
    return x if x > 0 else alpha * mp.expm1(x)


def clipped(x: Any, low: Any, high: Any) -> Any:
    """NumPy's clip."""
    return min(max(x, low), high)


VALUES: Mapping[str, Callable[..., Any]] = {name: getattr(mp, name) for name in NAMED.split()} | {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "div": lambda x, y: x / y,
    "neg": lambda x: -x,
    "pow": mp.power,
    "constant_pow": mp.power,
    "square": lambda x: x * x,
    "reciprocal": lambda x: 1 / x,
    "exp2": lambda x: mp.power(2, x),
    "log2": lambda x: mp.log(x, 2),
    "logaddexp": lambda x, y: mp.log(mp.exp(x) + mp.exp(y)),
    "log_loss": lambda x, y: -(y * mp.log(x) + (1 - y) * mp.log(1 - x)),
    "cbrt": lambda x: mp.sign(x) * mp.cbrt(abs(x)),
    "sinc": sinc_derivative,
    "lgamma": lambda x: mp.log(abs(mp.gamma(x))),
    "polygamma": lambda x, n: mp.polygamma(int(n), x),
    "greater": lambda x, y: mpf(x > y),
    "less": lambda x, y: mpf(x < y),
    "greater_equal": lambda x, y: mpf(x >= y),
    "less_equal": lambda x, y: mpf(x <= y),
    "equal": lambda x, y: mpf(x == y),
    "not_equal": lambda x, y: mpf(x != y),
    "where": lambda condition, x, y: x if condition else y,
    "abs": abs,
    "round": mp.nint,
    "maximum": max,
    "minimum": min,
    "clip": clipped,
    "relu": lambda x: max(x, mpf(0)),
    "relu6": lambda x: clipped(x, mpf(0), mpf(6)),
    "leaky_relu": lambda x, negative_slope=0.01: x if x > 0 else negative_slope * x,
    "elu": elu,
    "selu": lambda x: mpf("1.0507009873554804934193") * elu(x, mpf("1.6732632423543772848170")),
    "sigmoid": lambda x: 1 / (1 + mp.exp(-x)),
    "logsigmoid": lambda x: -mp.log1p(mp.exp(-x)),
    "softplus": lambda x, beta=1: mp.log1p(mp.exp(beta * x)) / beta,
    "softsign": lambda x: x / (1 + abs(x)),
    "gelu": gelu,
    "silu": lambda x: x / (1 + mp.exp(-x)),
    "mish": lambda x: x * mp.tanh(mp.log1p(mp.exp(x))),
    "hardtanh": lambda x, min_val=-1, max_val=1: clipped(x, mpf(min_val), mpf(max_val)),
    "hardsigmoid": lambda x: clipped(x + 3, mpf(0), mpf(6)) / 6,
    "hardswish": lambda x: x * clipped(x + 3, mpf(0), mpf(6)) / 6,
}
SYMBOLIC: Mapping[str, Callable[..., Any]] = {
    name: getattr(sympy, name, None) or getattr(cfunctions, name)
    for name in {*NAMED.split(), "exp2", "log2"} - {"floor", "ceil"}  # SymPy has these two without a derivative
} | {
    "pow": sympy.Pow,
    "constant_pow": sympy.Pow,
    "abs": sympy.Abs,
    "maximum": sympy.Max,
    "minimum": sympy.Min,
    "lgamma": sympy.loggamma,
    "polygamma": lambda x, n: sympy.polygamma(int(n), x),
    "sinc": lambda x, derivative=0: sympy.diff(sympy.sin(sympy.pi * x) / (sympy.pi * x), x, int(derivative)),
    "sigmoid": lambda x: 1 / (1 + sympy.exp(-x)),
    "relu": lambda x: sympy.Max(x, 0),
}

# No variable reaches these inputs, so their rules give None although the value depends on them.
STATIC = {("constant_pow", 1), ("where", 0)}
# Wider than what the domain samples, to reach each piece.
WIDE = dict.fromkeys(("relu6", "hardsigmoid", "hardswish", "hardtanh"), ((-8.0, 8.0),))


@dataclass(frozen=True)
class Case:
    """An op with attributes and a number of inputs, and what its points are drawn from."""

    op: Op
    attributes: Mapping[str, AttributeValue] = field(default_factory=dict)
    arity: int = 0

    @property
    def name(self) -> str:
        """The op, what is not as by default, and how many inputs where that may vary."""
        told = [f"{name}={value}" for name, value in self.attributes.items()]
        return "-".join([self.op.name, *told] + ([str(self.arity)] if self.op.is_variadic else []))

    @property
    def node(self) -> Node:
        """The op applied to variables x0, x1, …; the condition of `where` is x0 > 0."""
        inputs: list[Node] = [Variable(f"x{position}") for position in range(self.arity)]
        if self.op.name == "where":
            inputs[0] = nodes.greater(inputs[0], 0)
        return Node(self.op, tuple(inputs), dict(self.attributes))

    def inputs(self, point: tuple[Any, ...]) -> tuple[Any, ...]:
        """What the op is given at a point."""
        return (point[0] > 0, *point[1:]) if self.op.name == "where" else point

    def value(self, *point: Any) -> Any:
        """The independent value, at the working precision of mpmath."""
        return VALUES[self.op.name](*self.inputs(point), **self.attributes)

    def rule(self, point: tuple[float, ...]) -> tuple[Any, ...]:
        """The op's rule over floats."""
        inputs = self.inputs(point)
        out = getattr(floats, self.op.name)(*inputs, **self.attributes)
        return self.op.partials(floats, out, *inputs, **self.attributes)


def case_of(name: str, arity: int = 0, **attributes: AttributeValue) -> Case:
    """A case of the op called `name`; required attributes that are not given are as in the catalogue."""
    node = sample_node(REGISTRY[name])
    return Case(node.op, {**node.attributes, **attributes}, arity or len(node.inputs))


DEFAULTS = [case_of(name) for name in [op.name for op in ELEMENTWISE]]
CASES = [
    *DEFAULTS,
    case_of("maximum", 3),
    case_of("minimum", 3),
    case_of("leaky_relu", negative_slope=0.2),
    case_of("elu", alpha=1.7),
    case_of("softplus", beta=2.5),
    case_of("gelu", approximate="tanh"),
    case_of("hardtanh", min_val=-2.0, max_val=0.5),
    case_of("sinc", derivative=2.0),
    case_of("polygamma", n=0.0),
    case_of("polygamma", n=2.0),
]
of_every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


@st.composite
def points(draw: st.DrawFn, case: Case) -> tuple[float, ...]:
    """Points of the op's domain, mirrored where that stays inside it, clear of kinks and ties.

    Kinks lie at multiples of 1/2; each input keeps to a band of its own between them, so that no two inputs tie.
    """
    intervals = WIDE.get(case.op.name, case.op.domain.sample)
    point = []
    for position in range(case.arity):
        cell, place = divmod(2 * draw(st.floats(*intervals[min(position, len(intervals) - 1)])), 1)
        band = (position + CLEARANCE + (1 - 2 * CLEARANCE) * place) / case.arity
        point.append((cell + band) / 2)
    mirrored = tuple(-x for x in point)
    inside = case.op.domain.contains(*mirrored)
    return mirrored if inside and draw(st.booleans()) else tuple(point)


def moved(point: tuple[Any, ...], position: int, step: Any) -> tuple[Any, ...]:
    """The point with one coordinate moved by a step."""
    return (*point[:position], point[position] + step, *point[position + 1 :])


def slope(function: Callable[..., Any], point: tuple[Any, ...], position: int, step: Any = FIRST_STEP) -> Any:
    """A central difference."""
    return (function(*moved(point, position, step)) - function(*moved(point, position, -step))) / (2 * step)


def check(found: Any, expected: Any, accuracy: float = ACCURACY) -> None:
    """Assert that a number of bpcli is as expected, relative to its size and to 1 where it is small."""
    assert isinstance(found, float | int | np.integer), f"{found!r} is no real number"
    assert abs(mpf(float(found)) - expected) <= accuracy * (1 + abs(expected)), f"{found} is not {float(expected)}"


def corrupted(op: Op, wrong: int) -> Op:
    """The op with one entry of its rule moved by a part of its size that is small, and wrong."""

    def partials(m: Any, out: Any, *inputs: Any, **attributes: Any) -> tuple[Any, ...]:
        locals_ = list(op.partials(m, out, *inputs, **attributes))
        locals_[wrong] += CORRUPTION * (1 + abs(locals_[wrong]))
        return tuple(locals_)

    return Op(op.name, partials, inputs=op.inputs, domain=op.domain)


def check_rule(case: Case, point: tuple[float, ...]) -> None:
    """Assert that the rule agrees with differences of the independent value; None stands for 0."""
    with mp.workdps(DIGITS):
        exact = tuple(map(mpf, point))
        for position, local in enumerate(case.rule(point)):
            if (case.op.name, position) not in STATIC:
                check(0.0 if local is None else local, slope(case.value, exact, position))


@of_every_case
@given(data=st.data())
@EXAMPLES
def test_a_value_is_the_one_that_mpmath_computes(case: Case, data: st.DataObject) -> None:
    """Over floats every op computes its independent value."""
    point = data.draw(points(case))
    value = getattr(floats, case.op.name)(*case.inputs(point), **case.attributes)
    with mp.workdps(DIGITS):
        expected = case.value(*map(mpf, point))

    check(float(value), expected)


@of_every_case
def test_a_rule_has_one_entry_per_input(case: Case) -> None:
    """A rule returns as many entries as the op has inputs, over nodes; the sweep holds it to the same over numbers."""
    node = case.node

    assert len(case.op.partials(nodes, node, *node.inputs, **node.attributes)) == len(node.inputs)


@of_every_case
@given(data=st.data())
@EXAMPLES
def test_a_rule_agrees_with_differences_of_the_value(case: Case, data: st.DataObject) -> None:
    """Each local derivative is the central difference, at 50 digits, of a value that shares no code with it."""
    point = data.draw(points(case))

    check_rule(case, point)


@pytest.mark.parametrize(("x", "n"), [(-2.3, 2.0), (-2.3, 3.0), (-0.7, -1.0), (1.9, 0.0), (-1.9, 0.0), (2.2, -0.5)])
def test_a_constant_power_has_its_slope_also_left_of_zero(x: float, n: float) -> None:
    """A power with a constant whole exponent is differentiated at negative bases, where no logarithm exists."""
    case = case_of("constant_pow")

    check_rule(case, (x, n))


@pytest.mark.parametrize("case", [case for case in CASES if case.op.name in SYMBOLIC], ids=lambda case: case.name)
@given(data=st.data())
@EXAMPLES
def test_a_rule_agrees_with_sympy(case: Case, data: st.DataObject) -> None:
    """Each local derivative is SymPy's, where SymPy has the function."""
    point = data.draw(points(case))
    symbols = sympy.symbols(f"x:{case.arity}", real=True)
    formula = SYMBOLIC[case.op.name](*symbols, **case.attributes)
    at = {symbol: sympy.Float(x, DIGITS) for symbol, x in zip(symbols, point, strict=True)}
    expected = [mpf(formula.diff(symbol).subs(at).evalf(DIGITS)) for symbol in symbols]

    for position, local in enumerate(case.rule(point)):
        if local is not None:
            check(local, expected[position])


@of_every_case
@given(data=st.data())
@EXAMPLES
def test_a_rule_gives_the_same_as_a_formula_and_as_a_number(case: Case, data: st.DataObject) -> None:
    """The formula that a rule builds over nodes has the value that the rule computes over floats."""
    point = data.draw(points(case))
    at = {f"x{position}": x for position, x in enumerate(point)}
    formulas = local_formulas(case.node)
    locals_ = case.rule(point)

    for formula, local in zip(formulas, locals_, strict=True):
        assert (formula is None) == (local is None)
        if formula is not None:
            check(evaluate(graph_of(formula), at)[formula], local, SAME_FORMULA)


@pytest.mark.parametrize("case", [case for case in CASES if case.op.meaning], ids=lambda case: case.name)
@given(data=st.data())
@EXAMPLES
def test_a_stable_form_equals_the_meaning(case: Case, data: st.DataObject) -> None:
    """How an op is computed and what it is said to mean are the same function."""
    point = data.draw(points(case))
    meaning = case.op.meaning(floats, *point, **case.attributes) if case.op.meaning else None
    value = getattr(floats, case.op.name)(*point, **case.attributes)

    check(value, meaning)


@of_every_case
@given(data=st.data())
@EXAMPLES
def test_arrays_compute_what_floats_compute(case: Case, data: st.DataObject) -> None:
    """Values and rules over a vector are, entry by entry, those over floats."""
    several = data.draw(st.lists(points(case), min_size=1, max_size=4))
    columns = case.inputs(tuple(np.array(column) for column in zip(*several, strict=True)))
    value = getattr(arrays, case.op.name)(*columns, **case.attributes)
    locals_ = case.op.partials(arrays, value, *columns, **case.attributes)

    for place, point in enumerate(several):
        inputs = case.inputs(point)
        check(float(value[place]), getattr(floats, case.op.name)(*inputs, **case.attributes), SAME_FORMULA)
        for column, local in zip(locals_, case.rule(point), strict=True):
            assert (column is None) == (local is None)
            if local is not None:
                check(np.broadcast_to(column, len(several))[place], local, ACCURACY)


@of_every_case
@given(data=st.data())
@EXAMPLES
def test_the_ops_are_closed_under_differentiation(case: Case, data: st.DataObject) -> None:
    """Every second derivative is a formula of registered ops, and is the second difference of the value."""
    point = data.draw(points(case))
    at = {f"x{position}": x for position, x in enumerate(point)}
    node = case.node
    for position, formula in enumerate(local_formulas(node)):
        if formula is None:
            continue
        graph = graph_of(formula)
        variables = {variable.name: variable for variable in graph.variables}
        seconds = gradient_formulas(graph, graph.variables)
        for other in range(case.arity):
            if f"x{other}" not in variables or {(case.op.name, position), (case.op.name, other)} & STATIC:
                continue
            second = seconds[variables[f"x{other}"]]
            with mp.workdps(DIGITS):
                first = lambda *moving, at=position: slope(case.value, moving, at, SECOND_STEP)  # noqa: E731
                expected = slope(first, tuple(map(mpf, point)), other, SECOND_STEP)

            assert all(inner.op is REGISTRY[inner.op.name] for inner in graph_of(second).nodes)
            check(evaluate(graph_of(second), at)[second], expected, SECOND_ACCURACY)


@pytest.mark.parametrize("case", DEFAULTS, ids=lambda case: case.name)
def test_a_rule_that_is_off_by_one_in_a_million_is_noticed(case: Case) -> None:
    """The law about rules fails for each entry of each rule that is made wrong, and only then."""
    intervals = (case.op.domain.sample * case.arity)[: case.arity]
    point = tuple((low + high) / 2 + 0.1 * place for place, (low, high) in enumerate(intervals, 1))
    entries = [position for position, local in enumerate(case.rule(point)) if local is not None]

    check_rule(case, point)
    for wrong in entries:
        with pytest.raises(AssertionError):
            check_rule(replace(case, op=corrupted(case.op, wrong)), point)


@pytest.mark.parametrize("entries", [0, 1, 3])
def test_a_rule_without_one_entry_per_input_is_noticed(entries: int) -> None:
    """A rule of `mul` with other than two entries is bpcli's own fault, in numbers and in formulas."""
    op = Op("mul", lambda m, out, x, y: (1,) * entries, inputs=("x", "y"))
    graph = graph_of(Node(op, (Variable("x"), Variable("y"))))

    with pytest.raises(InternalError, match=f"the rule of mul has {entries} entries for 2 inputs"):
        gradients_of(graph, {"x": 2.0, "y": 3.0})
    with pytest.raises(InternalError, match=f"the rule of mul has {entries} entries for 2 inputs"):
        local_formulas(graph.output)
