"""Simplification for display: what it shows, and that it keeps the value.

Values are compared exactly, in fractions: a literal is its binary64 value, a function is any function of its exact
inputs. So the tolerance is zero, and a fold that float64 rounds is found.
"""

import operator
from collections.abc import Callable, Mapping
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import NUMERIC_OPS, graphs, names_of

from bpcli.graph.node import Constant, Graph, Node, Variable
from bpcli.graph.notation import render
from bpcli.graph.order import ancestors_first
from bpcli.graph.simplify import simplify
from bpcli.language.expressions import parse

SHOWN = [
    ("1*g", "g"),
    ("g*1", "g"),
    ("0 + g", "g"),
    ("g - 0", "g"),
    ("0 - g", "-g"),
    ("0*g", "0"),
    ("g/1", "g"),
    ("g/-1", "-g"),
    ("--g", "g"),
    ("---g", "-g"),
    ("-(-x*-y)", "-x*y"),
    ("-(x*y)", "-x*y"),
    ("-(x/y)", "-x/y"),
    ("-(x + y)", "-(x + y)"),
    ("-x + y", "y - x"),
    ("x + -y", "x - y"),
    ("x - -2", "x + 2"),
    ("a*(1/b)", "a/b"),
    ("a/(b/c)", "a*c/b"),
    ("a/b/c", "a/(b*c)"),
    ("x + x", "2*x"),
    ("x + x + x", "3*x"),
    ("2*x + 3*x", "5*x"),
    ("x - 2*x", "-x"),
    ("sin(x) + sin(x)", "2*sin(x)"),
    ("x*x", "x**2"),
    ("x*x*x", "x**3"),
    ("x**2*x**3", "x**5"),
    ("sin(x)*sin(x)", "sin(x)**2"),
    ("x**0.5*x**0.5", "(x**0.5)**2"),
    ("2*(3*x)", "6*x"),
    ("x*-2", "-2*x"),
    ("4*x/2", "2*x"),
    ("x/2/3", "x/6"),
    ("2 + 3", "5"),
    ("x + 2 + 3", "x + 5"),
    ("x**1", "x"),
    ("x**0", "1"),
    ("where(1 > 2, x, y)", "y"),
    ("where(2 >= 1, x, y)", "x"),
    ("where(0 == -0.0, x, y)", "x"),
    ("where(x > 1, y, y)", "y"),
    ("where(x > 1, y + 0, 1*z)", "where(x > 1, y, z)"),
    ("gelu(1*x, approximate='tanh')", "gelu(x, approximate='tanh')"),
]
KEPT = [
    "x/x",
    "x*y/x",
    "x**2/x",
    "0.1 + 0.2",
    "0.1 + 0.9",
    "1e-17 + 1",
    "0.1*x + 0.2*x",
    "2/4",
    "1/3",
    "x/0",
    "9007199254740991 + 2",
    "x*(y + z)",
    "(x*y)**2",
    "(x**2)**3",
    "x**-1*x",
    "sqrt(x)**2",
    "log(exp(x))",
    "where(x > 1, x, y)",
    "where(pi > 3, x, y)",
]
ONCE = [
    "0 + (1 + 2.5)",
    "y*(x*sin(z))",
    "b*(a*(c + d))",
    "-(2.5*x)",
    "-2*x/y",
    "x - (y - (z - x))",
    "x/(y/(z/x))",
    "where(0 - 0.1 > 0 - 0.1, x, y)",
    "-(-2.5*x) + 2.5*x",
]
ARITHMETIC = [op for op in NUMERIC_OPS if op.infix or op.name in ("where", "sin", "maximum", "leaky_relu")]
NUMBERS = (0.0, 1.0, 2.0, 3.0, -1.0, -2.0, -0.0, 0.5, 0.1, 0.2, 0.9, 1e-17, 2.5, 6.0, 2.0**53 - 1, 2.0**53)
MOST_BITS = 2000
coordinates = st.lists(st.fractions(-4, 4, max_denominator=4), min_size=4, max_size=4)


@pytest.mark.parametrize(("text", "shown"), SHOWN)
def test_formulas_are_shown_as_people_write_them(text: str, shown: str) -> None:
    """Ones, zeros and double signs go; equal terms and equal factors are collected; constant choices are made."""
    simplified = simplify(parse(text).output)

    assert render(simplified) == shown


@pytest.mark.parametrize("text", KEPT)
def test_what_would_change_the_value_is_kept(text: str) -> None:
    """Nothing is cancelled or expanded, and no sum or quotient is folded that float64 would round."""
    simplified = simplify(parse(text).output)

    assert render(simplified) == text


@settings(max_examples=500)
@given(graphs(ARITHMETIC, NUMBERS), coordinates)
def test_the_value_is_preserved(graph: Graph, point: list[Fraction]) -> None:
    """Wherever a formula has a value, its simplified form has the same, exactly."""
    at = dict(zip(names_of(graph), point, strict=False))
    calls: Calls = {}
    value = exact(graph.output, at, calls)

    simplified = simplify(graph.output)

    assert value is None or exact(simplified, at, calls) == value, f"{render(graph.output)} became {render(simplified)}"


@pytest.mark.parametrize(
    "text",
    [
        "1e-17 + 1 - 1",
        "0.9 + 0.1 - 1",
        "x + (1e-17 + 1 - 1)",
        "9007199254740991*x + 9007199254740990*x - 9007199254740990*x",
    ],
)
def test_coefficients_are_never_rounded(text: str) -> None:
    """Terms are collected where their sum is exact, at every partial sum of it."""
    output = parse(text).output
    at = {"x": Fraction(3), "y": Fraction(0)}

    assert exact(simplify(output), at, {}) == exact(output, at, {})


@settings(max_examples=500)
@given(graphs(ARITHMETIC, NUMBERS))
def test_simplifying_twice_is_simplifying_once(graph: Graph) -> None:
    """The simplified formula is shown as it is when it is simplified again."""
    once = simplify(graph.output)

    assert render(simplify(once)) == render(once)


@pytest.mark.parametrize("text", [text for text, _ in SHOWN] + KEPT + ONCE)
def test_what_is_shown_is_simple(text: str) -> None:
    """The same, for formulas that people type."""
    once = simplify(parse(text).output)

    assert render(simplify(once)) == render(once)


def test_named_nodes_are_taken_as_variables() -> None:
    """A node in `names` is not looked into: it becomes a variable of that name, also the root's own inputs."""
    output = parse("q = x*x; q*q + 0").output
    q = parse("q = x*x; q*q + 0").output
    product = output.inputs[0]

    assert render(simplify(output, {product.inputs[0]: "q"})) == "q**2"
    assert render(simplify(q)) == "x**4"


def test_the_graph_itself_stays_as_it_is() -> None:
    """Simplification is for display: it makes new nodes and changes none."""
    output = parse("q = 1*x + 0; --q").output
    before = [(node, node.op, node.inputs, node.name) for node in ancestors_first([output])]

    simplify(output)

    assert [(node, node.op, node.inputs, node.name) for node in ancestors_first([output])] == before


@pytest.mark.parametrize(("text", "shown"), [("x", "x"), ("2", "2"), ("-0.0", "-0.0"), ("pi", "pi")])
def test_leaves_are_simple(text: str, shown: str) -> None:
    """A variable, a number and a symbol are shown as they are."""
    assert render(simplify(parse(text).output)) == shown


def test_a_long_sum_is_simplified_without_recursion() -> None:
    """Ten thousand equal terms become one."""
    output = parse("x" + " + x" * 9_999).output.inputs[1]
    total = parse("y*(" * 300 + "x" + ")" * 300).output

    assert render(simplify(output)) == "x"
    assert render(simplify(total)) == "y**300*x"


Value = Fraction | bool | None
Calls = dict[tuple[object, ...], Fraction]


def quotient(dividend: Fraction, divisor: Fraction) -> Fraction | None:
    """The exact quotient, if there is one."""
    return dividend / divisor if divisor else None


def power(base: Fraction, exponent: Fraction) -> Value:
    """The exact power; of an exponent that is not whole, some function of the two."""
    if exponent.denominator != 1:
        return base * 7 + exponent
    is_known = abs(exponent) <= MOST_BITS and (base or exponent >= 0)
    return Fraction(base ** int(exponent)) if is_known else None


COMPUTE: Mapping[str, Callable[..., Value]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "neg": operator.neg,
    "div": quotient,
    "constant_pow": power,
    "greater": operator.gt,
    "less": operator.lt,
    "greater_equal": operator.ge,
    "less_equal": operator.le,
    "equal": operator.eq,
    "not_equal": operator.ne,
}


def exact(root: Node, at: Mapping[str, Fraction], calls: Calls) -> Value:
    """The exact value, None where there is none; `calls` remembers what functions were taken to be."""
    values: dict[Node, Value] = {}
    for node in ancestors_first([root]):
        if isinstance(node, Variable):
            values[node] = at[node.name]
        elif isinstance(node, Constant):
            values[node] = Fraction(node.value)
        else:
            value = _applied(node, [values[source] for source in node.inputs], calls)
            is_long = isinstance(value, Fraction) and (value.numerator * value.denominator).bit_length() > MOST_BITS
            values[node] = None if is_long else value
    return values[root]


def _applied(node: Node, inputs: list[Value], calls: Calls) -> Value:
    if node.op.name == "where":
        return None if inputs[0] is None else inputs[1 if inputs[0] else 2]
    values = [Fraction(value) for value in inputs if value is not None]
    if len(values) < len(inputs):
        return None
    if node.op.name in COMPUTE:
        return COMPUTE[node.op.name](*values)
    return calls.setdefault((node.op, *values, *node.attributes.items()), Fraction(len(calls) + 5))
