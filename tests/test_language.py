"""What the language is: texts, the values they have, and the graphs they become."""

import math
import re

import pytest
from hypothesis import given, settings
from strategies import expression_texts

from bpcli import grad, parse
from bpcli.errors import ParseError
from bpcli.graph.comparison import same_structure
from bpcli.graph.labels import labels_of
from bpcli.graph.node import Graph, Variable
from bpcli.graph.order import ancestors_first

Point = dict[str, float]

ARITHMETIC: list[tuple[str, Point, float]] = [
    ("2 + 3*4", {}, 14),
    ("(2 + 3)*4", {}, 20),
    ("10 - 4 - 3", {}, 3),
    ("48/4/3", {}, 4),
    ("48/4*3", {}, 36),
    ("2**3**2", {}, 512),
    ("(2**3)**2", {}, 64),
    ("2^3^2", {}, 512),
    ("2**3^2", {}, 512),
    ("2*3**2", {}, 18),
    ("-2**2", {}, -4),
    ("-2^2", {}, -4),
    ("(-2)**2", {}, 4),
    ("2**-2", {}, 0.25),
    ("2**-2**2", {}, 0.0625),
    ("-x**2", {"x": 3}, -9),
    ("2 - -3", {}, 5),
    ("2--3", {}, 5),
    ("- -3", {}, 3),
    ("2*-3", {}, -6),
    ("2/-4", {}, -0.5),
    ("+3", {}, 3),
    ("2 + +3", {}, 5),
    ("-3*-x", {"x": 2}, 6),
    ("x*y*z", {"x": 6, "y": -2, "z": -3}, 36),
    ("x - (y - z)", {"x": 1, "y": 2, "z": 3}, 2),
    ("x/(y*z)", {"x": 12, "y": 2, "z": 3}, 2),
    ("x/y*z", {"x": 12, "y": 2, "z": 3}, 18),
    (" \t2\r +\t3 ", {}, 5),
]
SIGNS: list[tuple[str, Point, float]] = [
    ("2·3", {}, 6),
    ("2⋅3", {}, 6),
    ("2×3", {}, 6),
    ("6÷4", {}, 1.5),
    ("5−3", {}, 2),
    ("−3", {}, -3),
    ("2**−1", {}, 0.5),
    ("x²", {"x": 3}, 9),
    ("x³ + x⁰", {"x": 2}, 9),
    ("2*x²", {"x": 3}, 18),
    ("-x²", {"x": 3}, -9),
    ("(x + 1)²", {"x": 2}, 9),
    ("x¹⁰", {"x": 2}, 1024),
    ("2**3²", {}, 512),
    ("√9", {}, 3),
    ("√9*2", {}, 6),
    ("√9**2", {}, 9),
    ("√x²", {"x": -4}, math.nan),
    ("√(9 + 16)", {}, 5),
    ("-√4", {}, -2),
    ("π", {}, math.pi),
    ("where(x ≤ 2, 1, 0) + where(x ≥ 3, 2, 0) + where(x ≠ 2, 4, 0)", {"x": 2}, 1),
]
NAMES: list[tuple[str, Point, float]] = [
    ("pi", {}, math.pi),
    ("e", {}, math.e),
    ("ln(e)", {}, 1),
    ("e*2", {"e": 3}, 6),
    ("e + x", {"x": 1}, math.e + 1),
    ("e = 5; e*2", {}, 10),
    ("pi*2", {"pi": 3}, 6),
    ("π*2", {"π": 3}, 6),
    ("gamma(5)", {}, 24),
    ("gamma*2", {"gamma": 5}, 10),
    ("gamma = 3; gamma*2", {}, 6),
    ("sin + 1", {"sin": 2}, 3),
    ("I*S*N", {"I": 2, "S": 3, "N": 5}, 30),
    ("lambda*if", {"lambda": 2, "if": 3}, 6),
    ("σ", {"σ": 2}, 2),
    ("β_1 + _x + x₁ + 変数", {"β_1": 1, "_x": 2, "x₁": 3, "変数": 4}, 10),
    ("x1*x2", {"x1": 2, "x2": 3}, 6),
    ("X - x", {"x": 2, "X": 3}, 1),
]
CALLS: list[tuple[str, Point, float]] = [
    ("ln(x)", {"x": 1}, 0),
    ("arcsin(1)", {}, math.pi / 2),
    ("σ(0)", {}, 0.5),
    ("logistic(0) + expit(0)", {}, 1),
    ("Abs(-2) + fabs(-3) + absolute(-4)", {}, 9),
    ("max(1, 3, 2) + maximum(1, 2) + maximum(0, 5)", {}, 10),
    ("min(1, 3, 2) + minimum(4, 5)", {}, 5),
    ("pow(2, 3) + power(3, 2)", {}, 17),
    ("atan2(1, 0)", {}, math.pi / 2),
    ("atan2(x=0, y=1)", {}, math.pi / 2),
    ("clip(5, 0, 1) + clamp(-5, min=-1, max=1)", {}, 0),
    ("leaky_relu(-1)", {}, -0.01),
    ("leaky_relu(-1, 0.5)", {}, -0.5),
    ("leaky_relu(-1, negative_slope=0.5)", {}, -0.5),
    ("leaky_relu(negative_slope = 0.5, x = -1)", {}, -0.5),
    ("leaky_relu(-1, negative_slope=-2)", {}, 2),
    ("hardtanh(5, -2, 2) + hardtanh(5, max_val=3)", {}, 5),
    ("gelu(0, approximate='tanh') + gelu(0, approximate = \"none\")", {}, 0),
    ("polygamma(1, 1)", {}, math.pi**2 / 6),
    ("polygamma(x=1, n=1)", {}, math.pi**2 / 6),
    ("sin (0)", {}, 0),
    ("ReLU(-1) + swish(0) + sgn(-3)", {}, -1),
    ("ReLU(x=x)", {"x": 3}, 3),
    ("where(2 > 1, 3, 4)", {}, 3),
    ("where(2 < 1, 3, 4)", {}, 4),
    ("where(1 >= 1, 1, 0) + where(1 <= 1, 2, 0) + where(1 == 1, 4, 0) + where(1 != 1, 8, 0)", {}, 7),
    ("where((x > 1), x + 1, -x)", {"x": 2}, 3),
    ("where(x + 1 > 2*x, 1, 0)", {"x": 0.5}, 1),
    ("where(condition=x > 1, x=5, y=6)", {"x": 0}, 6),
    ("k = x > 1; where(k, 2, 3)*where(k, 5, 7)", {"x": 2}, 10),
]
STATEMENTS: list[tuple[str, Point, float]] = [
    ("q = x + y; f = q*z", {"x": -2, "y": 5, "z": -4}, -12),
    ("q = x + y\nf = q*z", {"x": -2, "y": 5, "z": -4}, -12),
    ("q = x + y;\n\n ; f = q*z;\n", {"x": -2, "y": 5, "z": -4}, -12),
    ("\r\nq = 2\r\nq*3\r\n", {}, 6),
    ("(x\n + y)*2", {"x": 1, "y": 2}, 6),
    ("max(\n  x,\n  y\n)", {"x": 1, "y": 2}, 2),
    ("c = 1; c = c + 1; c = c*3; c", {}, 6),
    ("x = x + 1; x*2", {"x": 3}, 8),
    ("x; y", {"x": 1, "y": 2}, 2),
    ("a = 2; b = a; b*a", {}, 4),
]
LITERALS: list[tuple[str, Point, float]] = [
    ("2.", {}, 2.0),
    (".5", {}, 0.5),
    ("1e3 + 1E3 + 1e+3 + 1e-3", {}, 3000.001),
    ("007", {}, 7),
    ("1234567890123456789012345678901234567890123", {}, 1.2345678901234568e42),
    ("9007199254740993", {}, 9007199254740992.0),
    ("0.1000000000000000055511151231257827", {}, 0.1),
    ("0.1 + 0.2", {}, 0.30000000000000004),
    ("5e-324", {}, 5e-324),
    ("2e-324", {}, 0.0),
    ("1.7976931348623157e308", {}, 1.7976931348623157e308),
]


@pytest.mark.parametrize(
    ("text", "at", "value"), ARITHMETIC + SIGNS + NAMES + CALLS + STATEMENTS + LITERALS, ids=lambda part: str(part)[:40]
)
def test_a_text_means_its_value(text: str, at: Point, value: float) -> None:
    """Precedence, signs, names, calls, statements and literals mean what the language says that they mean."""
    found = grad(text, at).value

    assert math.isclose(found, value, rel_tol=1e-15) or found == value or (math.isnan(found) and math.isnan(value))


@pytest.mark.parametrize("text", ["-0.0", "0*-1", "-0"])
def test_zero_keeps_its_sign(text: str) -> None:
    """A minus sign before a zero is kept, as in IEEE 754."""
    assert math.copysign(1, grad(text).value) == -1


def test_a_repeated_variable_is_one_node() -> None:
    """`x*x` uses one node twice, and one gradient is the sum over both paths."""
    graph = parse("x*x + x")

    assert [variable.name for variable in graph.variables] == ["x"]
    assert graph.nodes[0].inputs[0] is graph.nodes[0].inputs[1] is graph.nodes[1].inputs[1]
    assert grad("x*x + x", {"x": 3}).gradients == {"x": 7}


def test_a_repeated_sub_expression_is_two_nodes() -> None:
    """The graph is what was typed: nothing is merged."""
    graph = parse("sin(x)*sin(x)")

    assert [node.op.name for node in graph.nodes] == ["sin", "sin", "mul"]
    assert graph.output.inputs == tuple(graph.nodes[:2])
    assert graph.nodes[0] is not graph.nodes[1]


def test_a_name_stands_for_its_node() -> None:
    """What a statement named is used, not computed again."""
    graph = parse("q = sin(x); q*q")

    assert [node.op.name for node in graph.nodes] == ["sin", "mul"]
    assert graph.output.inputs == (graph.nodes[0], graph.nodes[0])


def test_reassignment_keeps_both_nodes() -> None:
    """A name that is assigned again is the new node from then on; the old one stays in the graph under its name."""
    graph = parse("c = x + 1; d = c*2; c = c*3; c + d")
    old, _, new, _ = graph.nodes

    assert (old.name, new.name) == ("c", "c")
    assert new.inputs[0] is old
    assert graph.output.inputs[0] is new


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("x*y*z", "x y z v1 f"),
        ("A = x*y; F = A*z", "x y z A F"),
        ("v1 + x*y", "v1 x y v2 f"),
        ("f*x + y", "f x y v1 F"),
        ("f + F*x", "f F x v1 out"),
        ("c = x; c = c*2; c = c*3; c + 1", "x c c_2 f"),
        ("x = x + 1; x*2", "x x_2 f"),
        ("v2 = x*y; z*(x + y) + v2", "x y z v2 v1 v3 f"),
        ("n = 2; x**n", "x n f"),
        ("x", "x"),
        ("sin(x); y", "x y v1"),
    ],
)
def test_nodes_have_labels_that_are_free(text: str, labels: str) -> None:
    """Typed names are kept; others are `v1, v2, …` in the order of computation, skipping names in use; then `f`."""
    graph = parse(text)
    found = labels_of(graph)

    assert sorted(found.values()) == sorted(labels.split())
    assert len(set(found.values())) == len(found)


@pytest.mark.parametrize(("text", "op"), [("x**2", "constant_pow"), ("x**(1 + pi)", "constant_pow"), ("2**x", "pow")])
def test_a_power_with_a_constant_exponent_is_an_op_of_its_own(text: str, op: str) -> None:
    """No logarithm is ever taken for `x**2`, so it has its gradient at -2."""
    assert parse(text).output.op.name == op
    assert parse(f"pow({text.replace('**', ', ')})").output.op.name == op


def test_a_sign_belongs_to_its_number() -> None:
    """`-2*x` has one operator; a named number and a symbol are negated by one."""
    assert [node.op.name for node in parse("-2*x").nodes] == ["mul"]
    assert [node.op.name for node in parse("n = 2; -n*-pi").nodes] == ["neg", "neg", "mul"]


@pytest.mark.parametrize("text", ["leaky_relu(x)", "leaky_relu(x, 0.01)", "leaky_relu(x, negative_slope=1e-2)"])
def test_an_attribute_at_its_default_is_not_kept(text: str) -> None:
    """However the default is written, the node is the same."""
    assert not parse(text).output.attributes


def test_bound_names_are_variables() -> None:
    """A name that is bound is a variable, whatever it is called; without a binding `e` is a constant."""
    bound = parse("e*x", ["e", "x"])
    unbound = parse("e*x")

    assert [variable.name for variable in bound.variables] == ["e", "x"]
    assert [variable.name for variable in unbound.variables] == ["x"]
    assert [constant.symbol for constant in unbound.constants] == ["e"]


@pytest.mark.parametrize("text", ["x + sin(y*z)", "q = x*y\nq**-2 + √z", "max( x,\n y ) - -3", "(x + y)*(  z^2)"])
def test_every_node_knows_its_place(text: str) -> None:
    """The span of a node selects what it was typed as: read alone, it is the same op on the same names."""
    graph = parse(text)
    spans = {node: node.span for node in ancestors_first([graph.output])}

    for node, span in spans.items():
        assert span is not None
        alone = parse(text[span.start : span.end], [variable.name for variable in graph.variables]).output
        assert alone.op is node.op
        assert len(alone.inputs) == len(node.inputs)


@settings(max_examples=300)
@given(expression_texts())
def test_every_text_of_the_language_is_read(text: str) -> None:
    """What the grammar yields is read, its nodes stand in the order in which they can be computed."""
    graph = parse(text)

    assert reads_backwards(graph)
    assert {node for node in ancestors_first([graph.output]) if node.inputs} <= set(graph.nodes)
    assert {node for node in ancestors_first([graph.output]) if isinstance(node, Variable)} <= set(graph.variables)


def test_spaces_mean_nothing() -> None:
    """A text without its spaces, or with more of them, has the same value."""
    text = "3*x-(y+2)**2/max(x,y)-sin(x*y)"
    spaced = re.sub(r"\*\*|\W", r" \g<0>\t ", text)

    assert grad(spaced, {"x": 2, "y": 3}).value == grad(text, {"x": 2, "y": 3}).value


@pytest.mark.parametrize("text", ["__import__('os')", "x.__class__", "lambda: x", "[x for x in y]", "x if y else z"])
def test_python_is_not_the_language(text: str) -> None:
    """No text reaches Python's own parser: what is not in the language is refused."""
    with pytest.raises(ParseError):
        parse(text)


def reads_backwards(graph: Graph) -> bool:
    """Whether each op node stands behind its inputs."""
    seen: set[object] = {*graph.variables, *graph.constants}
    for node in graph.nodes:
        if not seen.issuperset(node.inputs):
            return False
        seen.add(node)
    return True


@pytest.mark.parametrize("filler", [2**15 - 20, 2**15 - 3, 2**15 - 2, 2**15 - 1, 2**15, 2**15 + 1])
@pytest.mark.parametrize(
    "end", ["sin" + " " * 700 + "(x)", "2.5e+3*x", "x**2", "gelu(x, approximate = 'tanh')", "n" * 3000 + "*x", "x²"]
)
def test_where_the_text_is_cut_to_be_read_means_nothing(filler: int, end: str) -> None:
    """The same tail means the same after a short text and after one that fills the parser's batch."""
    short, long = parse(f"1+{end}"), parse("1+" * filler + end)

    assert same_structure(long.output.inputs[1], short.output.inputs[1])


def test_long_names_are_read() -> None:
    """Names that fill a batch together are no long token."""
    names = [letter * 17_000 for letter in "abcde"]

    assert [variable.name for variable in parse("+".join(names)).variables] == names
