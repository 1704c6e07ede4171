"""`symbols` and back: SymPy's form of every op is the op, its derivative translates into a graph with the same value.

The independent statements are SymPy's own evaluation, which shares no code with `exact` but mpmath, and differences of
exact values at 1000 bits.
"""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
import sympy  # type: ignore[import-untyped]  # SymPy ships no types
from exactness import FUNCTIONS, applied, number, of_every_function, points
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp, mpf  # type: ignore[import-untyped]  # mpmath ships no types
from sympy.parsing import sympy_parser  # type: ignore[import-untyped]  # the same
from test_laws import Case

from bpcli import parse
from bpcli.check.symbolic import WholeExpression
from bpcli.graph.node import Constant, Node, Variable
from bpcli.graph.order import graph_of
from bpcli.numbers.balls import Ball, exactly, power_of_two, precision
from bpcli.numbers.evaluate import constant_in, evaluate
from bpcli.numbers.exact import exact
from bpcli.numbers.symbols import condition, derivative_of, is_zero, real_symbols, symbols, value_of
from bpcli.numbers.translation import UntranslatableError, node_of

DIGITS = 40  # of SymPy's evaluation
AGREEMENT = mpf(10) ** -38  # relative, and absolute where a value is small
MANY, STEP = 1000, 250  # central differences of 2**-250 err by 2**-500, and by rounding, 2**(250 - 1000)
FIFTY_DIGITS = mpf(10) ** -50
POINTS = 3
LONGEST = 2000  # bits of a number in a formula: the square of a binary64 number, or of its inverse, still fits

X, Y = real_symbols(2)
LEAVES = {X: Variable("x"), Y: Variable("y")}


def form(case: Case, names: list[Any]) -> Any:
    """The op on symbols; the condition of `where` is that the first is positive."""
    inputs = [symbols.greater(names[0], 0.0), *names[1:]] if case.op.name == "where" else names
    return getattr(symbols, case.op.name)(*inputs, **case.attributes)


def value(case: Case, inputs: tuple[Ball, ...]) -> Any:
    """The op's exact value, as mpmath's number."""
    return number(applied(case, inputs))


def at_point(node: Node, at: dict[str, Any]) -> Ball:
    """A node's value in `exact`."""
    if isinstance(node, Constant):
        return exactly(constant_in(exact, node))
    return exactly(evaluate(graph_of(node), {name: exactly(x) for name, x in at.items()}, exact)[node])


def translated(expression: Any, x: float = 0.7, y: float = -1.3) -> Ball:
    """A SymPy expression over X and Y as a graph, evaluated in `exact`."""
    return at_point(node_of(expression, LEAVES), {"x": x, "y": y})


def agree(found: Any, expected: Any, accuracy: Any = AGREEMENT) -> bool:
    """Whether two numbers are the same, relative to their size and to 1 where they are small."""
    with mp.workprec(MANY):
        return bool(abs(found - expected) <= accuracy * (1 + abs(expected)))


@of_every_function
def test_the_form_has_the_value_of_the_op(case: Case) -> None:
    """SymPy's own evaluation of its form, at points of the domain, is the exact value."""
    names = real_symbols(case.arity)
    expression = form(case, names)
    for point in points(case, POINTS):
        at = {name: sympy.Float(x, DIGITS + 5) for name, x in zip(names, point, strict=True)}
        real, _ = expression.evalf(DIGITS + 5, subs=at).as_real_imag()  # log|Γ| is the real part of SymPy's loggamma
        found = mp.make_mpf(sympy.Float(real, DIGITS + 5)._mpf_)

        assert agree(found, value(case, tuple(map(exactly, point)))), point


@of_every_function
def test_the_derivative_comes_back_as_a_graph_with_the_slope_as_its_value(case: Case) -> None:
    """SymPy's derivative, translated and evaluated in `exact`, is the central difference of exact values."""
    names = real_symbols(case.arity)
    expression = form(case, names)
    leaves = {name: Variable(str(name)) for name in names}
    step = power_of_two(-STEP)
    for position, name in enumerate(names):
        node = node_of(sympy.diff(expression, name), leaves)
        for point in points(case, POINTS):
            with precision(MANY), mp.workprec(MANY):
                balls = tuple(map(exactly, point))
                above, below = [(*balls[:position], balls[position] + h, *balls[position + 1 :]) for h in (step, -step)]
                slope = (value(case, above) - value(case, below)) / (2 * number(step))
                found = at_point(node, {leaf.name: x for leaf, x in zip(leaves.values(), point, strict=True)})

            assert agree(number(found), slope, FIFTY_DIGITS), (str(name), point)


@of_every_function
def test_the_form_itself_translates_back(case: Case) -> None:
    """There and back is the same function; only the logarithm of gamma has no way back, being complex in SymPy."""
    names = real_symbols(case.arity)
    leaves = {name: Variable(str(name)) for name in names}
    if case.op.name == "lgamma":
        with pytest.raises(UntranslatableError, match="loggamma"):
            node_of(form(case, names), leaves)
        return
    node = node_of(form(case, names), leaves)

    for point in points(case, POINTS):
        found = at_point(node, {leaf.name: x for leaf, x in zip(leaves.values(), point, strict=True)})

        assert agree(number(found), value(case, tuple(map(exactly, point)))), point


def expression_id(one: Any) -> str:
    """An expression names its case; what is expected of it, a function, has no name that stays."""
    return str(one)[:60] if isinstance(one, sympy.Basic) else ""


@pytest.mark.parametrize(
    ("name", "holds"),
    [
        *[("greater", (0, 0, 1)), ("less", (1, 0, 0)), ("greater_equal", (0, 1, 1))],
        *[("less_equal", (1, 1, 0)), ("equal", (0, 1, 0)), ("not_equal", (1, 0, 1))],
    ],
)
def test_conditions_are_sympy_s_own(name: str, holds: tuple[int, ...]) -> None:
    """Of symbols they stay open, of numbers they are decided, and they come back as the same op."""
    expression = getattr(symbols, name)(X, Y)

    assert [bool(expression.subs({X: x, Y: 2})) for x in (1, 2, 3)] == [*map(bool, holds)]
    assert [bool(getattr(symbols, name)(x, 2.0)) for x in (1.0, 2.0, 3.0)] == [*map(bool, holds)]
    assert [at_point(node_of(expression, LEAVES), {"x": x, "y": 2.0}).is_zero for x in (1.0, 2.0, 3.0)] == [
        not one for one in holds
    ]


def test_a_symbol_is_a_condition_where_it_is_not_zero() -> None:
    """What stands for a comparison when the choice alone is differentiated."""
    expression = symbols.where(condition(X), Y, 2 * Y)

    assert [number(translated(expression, x=x, y=5.0)) for x in (1.0, 0.0, -1.0)] == [5, 10, 5]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (sympy.Integer(3), 3),
        (sympy.Rational(1, 3), lambda: mpf(1) / 3),
        (sympy.Rational(2**200 + 1, 3**100), lambda: mpf(2**200 + 1) / 3**100),
        (sympy.Integer(-(2**300)) - 1, lambda: -(mpf(2) ** 300) - 1),
        (sympy.Rational(*(5e-324).as_integer_ratio()) * X, lambda: mpf(2) ** -1074 * mpf(0.7)),
        (sympy.Rational(*(1e308).as_integer_ratio()) ** 2 * X, lambda: mpf(1e308) ** 2 * mpf(0.7)),
        (sympy.Float("0.1", 50), lambda: mpf("0.1")),
        (sympy.pi, lambda: +mp.pi),
        (sympy.E, lambda: mp.e),
        (sympy.pi * sympy.E * X, lambda: mp.pi * mp.e * mpf(0.7)),
        (X + Y + 1, lambda: mpf(0.7) + mpf(-1.3) + 1),
        (X - Y, lambda: mpf(0.7) - mpf(-1.3)),
        (2 * X * Y, lambda: 2 * mpf(0.7) * mpf(-1.3)),
        (X / Y, lambda: mpf(0.7) / mpf(-1.3)),
        (Y**3, lambda: mpf(-1.3) ** 3),
        (Y**-2, lambda: mpf(-1.3) ** -2),
        (X**Y, lambda: mpf(0.7) ** mpf(-1.3)),
        (sympy.sqrt(X), lambda: mp.sqrt(mpf(0.7))),
        (1 / sympy.sqrt(X), lambda: 1 / mp.sqrt(mpf(0.7))),
        (X ** sympy.Rational(1, 3), lambda: mp.cbrt(mpf(0.7))),
        (sympy.exp(X * Y), lambda: mp.exp(mpf(0.7) * mpf(-1.3))),
        (sympy.Abs(Y), lambda: mpf(1.3)),
        (sympy.sign(Y), -1),
        (sympy.Max(X, Y, 0), lambda: mpf(0.7)),
        (sympy.Min(X, Y, 0), lambda: mpf(-1.3)),
        (sympy.floor(Y), -2),
        (sympy.ceiling(Y), -1),
        (sympy.polygamma(0, X), lambda: mp.digamma(mpf(0.7))),
        (sympy.polygamma(1, X), lambda: mp.polygamma(1, mpf(0.7))),
        (sympy.polygamma(7, X), lambda: mp.polygamma(7, mpf(0.7))),
        (sympy.gamma(X), lambda: mp.gamma(mpf(0.7))),
        (sympy.Heaviside(X), 1),
        (sympy.Heaviside(Y), 0),
        (sympy.DiracDelta(X), 0),
        (sympy.DiracDelta(X, 1), 0),
        (sympy.Piecewise((X, X > 1), (Y, True)), lambda: mpf(-1.3)),
        (sympy.Piecewise((X, X > 1), (Y, Y > 0), (3, True)), 3),
        (sympy.Piecewise((X, X < 1), (Y, Y < 0), (3, True)), lambda: mpf(0.7)),
        (sympy.diff(sympy.floor(2 * X), X), 0),
        (sympy.diff(sympy.ceiling(X) * X, X), 1),
        (sympy.diff(sympy.floor(sympy.sin(X) + Y), X), 0),
        (sympy.diff(sympy.Max(X, Y), X), 1),
        (sympy.diff(sympy.Max(X, Y), Y), 0),
        (sympy.diff(sympy.Abs(X * Y), X), lambda: mpf(1.3)),
        (sympy.diff(sympy.sign(X), X), 0),
        (sympy.Pow(2, 1000, evaluate=False) * X, lambda: mpf(2) ** 1000 * mpf(0.7)),
    ],
    ids=expression_id,
)
def test_an_expression_translates(expression: Any, expected: Any) -> None:
    """Each kind of SymPy's, at x = 0.7 and y = -1.3."""
    with mp.workprec(MANY):
        right = mpf(expected() if callable(expected) else expected)

    assert agree(number(translated(expression)), right)


def test_fractions_of_any_size_are_exact() -> None:
    """A whole number beyond binary64 stays one; a quotient is rounded in `exact` alone."""
    whole = translated(sympy.Integer(2**200 + 1))
    fraction = node_of(sympy.Rational(2**200 + 1, 2**60), LEAVES)

    assert (whole.is_exact, number(whole)) == (True, mp.make_mpf(exactly(2**200 + 1).middle))
    assert [fraction.op.name, *[exactly(node.value).is_exact for node in fraction.inputs if isinstance(node, Constant)]]
    assert at_point(fraction, {}).is_exact


def test_pi_and_e_are_symbols_and_not_their_floats() -> None:
    """They are as exact as the number system at work makes them."""
    nodes = [node_of(constant, LEAVES) for constant in (sympy.pi, sympy.E)]

    assert [node.symbol for node in nodes if isinstance(node, Constant)] == ["pi", "e"]
    assert (symbols.pi, symbols.e) == (sympy.pi, sympy.E)


def test_a_sub_expression_that_occurs_twice_is_one_node() -> None:
    """SymPy's trees become graphs, whose size does not grow with what is shared."""
    node = node_of(sympy.sin(X * Y) ** 2 + sympy.exp(sympy.sin(X * Y)), LEAVES)
    graph = graph_of(node)

    assert sorted(one.op.name for one in graph.nodes) == ["add", "constant_pow", "exp", "mul", "sin"]


def test_a_power_s_op_depends_on_its_exponent() -> None:
    """With a constant exponent no logarithm is taken of the base, so (-1.3)**3 has a slope."""
    names = {exponent: node_of(X**exponent, LEAVES).op.name for exponent in (3, sympy.pi, Y, sympy.Rational(1, 2), -1)}

    assert list(names.values()) == ["constant_pow", "constant_pow", "pow", "sqrt", "div"]


@pytest.mark.parametrize(
    "expression",
    [
        sympy.zoo,
        sympy.oo,
        -sympy.oo,
        sympy.nan,
        sympy.I,
        X + sympy.I,
        sympy.EulerGamma,
        sympy.GoldenRatio,
        sympy.loggamma(X),
        sympy.zeta(X),
        sympy.besselj(0, X),
        sympy.LambertW(X),
        sympy.factorial(X),
        sympy.Mod(X, 2),
        sympy.sinc(X),
        sympy.polygamma(Y, X),
        sympy.Function("f")(X),
        sympy.Derivative(sympy.Function("f")(X), X),
        sympy.diff(sympy.Function("f")(2 * X), X),
        sympy.Integral(sympy.exp(X**3), X),
        sympy.Sum(X**Y, (Y, 0, 3)),
        sympy.Piecewise((X, X > 1)),
        sympy.Piecewise((X, sympy.And(X > 1, Y > 0)), (Y, True)),
        sympy.Or(X > 1, Y > 0),
        sympy.Symbol("z"),
        sympy.Symbol("s0"),
        sympy.Dummy("s0", real=True),
        sympy.re(sympy.Symbol("z")),
    ],
    ids=str,
)
def test_what_has_no_op_is_refused(expression: Any) -> None:
    """Infinities, complex numbers, functions, unfinished derivatives, and symbols that nobody gave a meaning."""
    with pytest.raises(UntranslatableError):
        node_of(expression, LEAVES)


def test_a_substitution_is_not_dropped() -> None:
    """SymPy leaves one where it derives a staircase of something; of anything else it is no plain expression."""
    unfinished = sympy.Subs(X**2, X, 3)

    with pytest.raises(UntranslatableError):
        node_of(unfinished, LEAVES)


# Literals and limits ------------------------------------------------------------------------------------------------


@given(x=st.floats(allow_nan=False, allow_infinity=False))
def test_a_literal_is_the_fraction_that_it_is_in_binary64(x: float) -> None:
    """0.1 is 3602879701896397/36028797018963968, and no decimal fraction; and so it comes back."""
    literal = symbols.number(x)

    assert literal.is_Rational
    assert Fraction(int(literal.p), int(literal.q)) == Fraction(x)
    assert float(translated(literal)) == x


def test_python_s_own_numbers_in_a_form_are_exact_too() -> None:
    """An attribute, a number in a meaning, a condition that is decided."""
    tenth = sympy.Rational(*(0.1).as_integer_ratio())

    assert symbols.add(X, 0.1) == X + tenth
    assert symbols.leaky_relu(X, negative_slope=0.1).has(tenth)
    assert symbols.where(True, X, Y) == X  # noqa: FBT003 - as a comparison of numbers gives it
    assert symbols.where(symbols.less(2.0, 1.0), X, Y) == Y
    assert not any(form(case, real_symbols(case.arity)).atoms(sympy.Float) for case in FUNCTIONS)


def test_a_large_power_of_numbers_is_not_worked_out() -> None:
    """2**10**6 has a million bits; it stays a power, and comes back as one."""
    large = symbols.constant_pow(2.0, symbols.constant_pow(10.0, 6.0))
    small = symbols.constant_pow(3.0, 4.0)

    assert (small.is_Integer, int(small)) == (True, 81)
    assert isinstance(large, sympy.Pow)
    assert large.args == (2, 10**6)
    assert agree(number(translated(large)) / mpf(2) ** 10**6, 1)
    assert number(translated(symbols.constant_pow(2.0, 1000.0))) == mpf(2) ** 1000


FOR_EVER = """
x*2**1000000 x*2**(10**6) x+3**100000 x*2**100000*2**100000 x*exp2(1e6) x/exp2(1e6) x*gamma(1e4) x*lgamma(1e4)
x*digamma(2e3) x*polygamma(2,2e3) x*sqrt(3**100000) sin(x*2**1e6) x*(2**64)**64**2 x*exp(1e6*log(2)) x**2*1e300**64
x*max(2**1e6,3) x*5e-324*5e-324*5e-324 x*gamma(1e4+0.5)
"""


@pytest.mark.parametrize("text", FOR_EVER.split())
def test_no_constant_is_worked_out_that_would_take_for_ever(text: str) -> None:
    """What SymPy is given of an expression, and what it makes of it, holds short numbers alone, or it is not asked."""
    graph = parse(text)

    derivative = WholeExpression(graph).derivative(graph.variables[0])

    numbers = derivative.expression.atoms(sympy.Rational) if derivative else []
    assert all(max(abs(one.p).bit_length(), one.q.bit_length()) <= LONGEST for one in numbers)


# No text becomes an expression --------------------------------------------------------------------------------------


def test_symbols_have_generated_names() -> None:
    """They are real, all different, and called by number, whatever the user's variables are called."""
    names = real_symbols(12)

    assert [str(name) for name in names] == [f"s{place}" for place in range(12)]
    assert all(name.is_real for name in names)
    assert len(set(names)) == 12


def test_names_of_variables_do_not_reach_sympy() -> None:
    """A variable may be called like a function, or like nothing that is one: `lambda`, `E`, `sin`, `__import__`."""
    names = ("lambda", "E", "sin", "__import__", "I", "zoo")
    graph = parse("exp(lambda) + E*sin*__import__ + I/zoo")

    formulas = [WholeExpression(graph).derivative(leaf) for leaf in graph.variables]

    assert {leaf.name for leaf in graph.variables} == set(names)
    told = [str(symbol) for one in formulas if one is not None for symbol in one.expression.free_symbols]
    assert len(formulas) == len([one for one in formulas if one is not None]) == len(names)
    assert all(name.startswith("s") and name[1:].isdecimal() for name in told)


def test_sympy_s_parser_is_never_called(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the parser of texts out of order every form, derivative and translation is still made."""

    def refuse(*_: Any, **__: Any) -> None:
        pytest.fail("a text reached SymPy's parser")

    for name in ("parse_expr", "eval_expr", "stringify_expr"):
        monkeypatch.setattr(sympy_parser, name, refuse)
    with pytest.raises(pytest.fail.Exception):
        sympy.sympify("1 + 1")

    made = [
        node_of(derivative_of(form(case, names), names[0]), {name: Variable(str(name)) for name in names})
        for case in FUNCTIONS
        for names in [real_symbols(case.arity)]
    ]

    assert len(made) == len(FUNCTIONS)


@pytest.mark.parametrize("make", [symbols.number, symbols.sin, lambda text: symbols.add(X, text)])
def test_a_text_is_no_number(make: Callable[[Any], Any]) -> None:
    """It raises, and is not read."""
    with pytest.raises(AttributeError):
        make("__import__('os').getcwd()")


# What is asked of SymPy besides ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "zero"),
    [
        (sympy.Integer(0), True),
        (sympy.sin(X) ** 2 + sympy.cos(X) ** 2 - 1, True),
        ((X + Y) ** 3 - X**3 - 3 * X**2 * Y - 3 * X * Y**2 - Y**3, True),
        (sympy.exp(X) * sympy.exp(-X) - 1, True),
        (X - Y, False),
        (sympy.sin(X), False),
        ((sympy.sin(X) ** 2 + sympy.cos(X) ** 2) ** 20 - 1, False),
    ],
    ids=str,
)
def test_what_is_zero_is_proved_within_a_budget(expression: Any, zero: bool) -> None:  # noqa: FBT001 - what is expected
    """An identity is found, what differs is none, and a high power is not multiplied out to find one."""
    assert is_zero(expression, 50) is zero
    assert is_zero(sympy.sin(X) ** 2 + sympy.cos(X) ** 2 - 1, 2) is False


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (X + Y, lambda: mpf(0.7) + mpf(-1.3)),
        (sympy.gamma(X), lambda: mp.gamma(mpf(0.7))),
        (sympy.Integer(5), lambda: mpf(5)),
        (sympy.loggamma(Y), lambda: mp.log(abs(mp.gamma(mpf(-1.3))))),
        (sympy.sqrt(Y), None),
        (sympy.log(Y), None),
        (sympy.acos(X + 1), None),
        (1 / (X - X), None),
    ],
    ids=expression_id,
)
def test_sympy_evaluates_at_a_point(expression: Any, expected: Callable[[], Any] | None) -> None:
    """A number to so many digits, of loggamma the real part; None where it is not real."""
    found = value_of(expression, {X: 0.7, Y: -1.3}, DIGITS)

    if expected is None:
        assert found is None
    else:
        with mp.workdps(DIGITS):
            assert isinstance(found, Ball)
            assert agree(number(found), expected(), 100 * AGREEMENT)


def test_sympy_decides_a_condition_at_a_point() -> None:
    """Of exact numbers: 0.1 + 0.2 and 0.3 are told apart."""
    assert value_of(symbols.greater(X + Y, 0.3), {X: 0.1, Y: 0.2}, DIGITS) is True
    assert value_of(symbols.less(X + Y, 0.3), {X: 0.1, Y: 0.2}, DIGITS) is False
    assert value_of(symbols.equal(X + Y, 0.75), {X: 0.25, Y: 0.5}, DIGITS) is True
