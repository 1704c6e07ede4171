"""LaTeX: literal expectations, and what holds for every formula."""

import re

import pytest
from hypothesis import given, settings
from strategies import graphs

from bpcli.graph.latex import latex
from bpcli.graph.node import Graph, Variable
from bpcli.language.expressions import parse

OPERATORS = [
    ("x + y", "x + y"),
    ("x - y", "x - y"),
    ("x*y", r"x \cdot y"),
    ("x/y", r"\frac{x}{y}"),
    ("(x + 1)/(y - 2)", r"\frac{x + 1}{y - 2}"),
    ("x/(y/z)", r"\frac{x}{\frac{y}{z}}"),
    ("x*y/z", r"\frac{x \cdot y}{z}"),
    ("x*(y/z)", r"x \cdot \frac{y}{z}"),
    ("a*(b + c)", r"a \cdot \left(b + c\right)"),
    ("a - (b - c)", r"a - \left(b - c\right)"),
    ("-x", "-x"),
    ("-(-x)", r"-\left(-x\right)"),
    ("-(-(-x))", r"-\left(-\left(-x\right)\right)"),
    ("x - (-y)", r"x - \left(-y\right)"),
    ("x + (-y)", r"x + \left(-y\right)"),
    ("x*(-2)", r"x \cdot \left(-2\right)"),
    ("-2*x", r"-2 \cdot x"),
    ("-(x + y)", r"-\left(x + y\right)"),
    ("-(x/y)", r"-\frac{x}{y}"),
    ("1/(1 + exp(-x))", r"\frac{1}{1 + \exp\left(-x\right)}"),
]
POWERS = [
    ("x**2", "{x}^{2}"),
    ("x**(y + 1)", "{x}^{y + 1}"),
    ("x**-y", "{x}^{-y}"),
    ("x**(1/2)", r"{x}^{\frac{1}{2}}"),
    ("x**y**z", "{x}^{{y}^{z}}"),
    ("x**y*z", r"{x}^{y} \cdot z"),
    ("-x**2", "-{x}^{2}"),
    ("(-x)**2", r"{\left(-x\right)}^{2}"),
    ("(-2)**x", r"{\left(-2\right)}^{x}"),
    ("(x + 1)**2", r"{\left(x + 1\right)}^{2}"),
    ("(x*y)**2", r"{\left(x \cdot y\right)}^{2}"),
    ("(x/y)**2", r"{\left(\frac{x}{y}\right)}^{2}"),
    ("(x**y)**z", r"{\left({x}^{y}\right)}^{z}"),
    ("e**x", "{e}^{x}"),
    ("sqrt(x)**2", r"{\sqrt{x}}^{2}"),
    ("sin(x)**2", r"{\sin\left(x\right)}^{2}"),
    ("abs(x)**2", r"{\left|x\right|}^{2}"),
    # What looks like several terms, or like a fraction, is kept together under an exponent.
    ("1e-7**x", r"{\left(1 \cdot 10^{-7}\right)}^{x}"),
    ("reciprocal(x)**2", r"{\left(\frac{1}{x}\right)}^{2}"),
    ("lgamma(x)**2", r"{\left(\log\left|\Gamma\left(x\right)\right|\right)}^{2}"),
    (
        "where(x > 0, x, y)**2",
        r"{\left(\begin{cases} x & \text{if } x > 0 \\ y & \text{otherwise} \end{cases}\right)}^{2}",
    ),
]
FUNCTIONS = [
    ("sqrt(x/y)", r"\sqrt{\frac{x}{y}}"),
    ("cbrt(x)", r"\sqrt[3]{x}"),
    ("abs(abs(x))", r"\left|\left|x\right|\right|"),
    ("floor(x) + ceil(y)", r"\left\lfloor x\right\rfloor + \left\lceil y\right\rceil"),
    ("ln(x) + log2(y)", r"\log\left(x\right) + \log_{2}\left(y\right)"),
    ("asin(-x)", r"\arcsin\left(-x\right)"),
    ("sigmoid(x)", r"\sigma\left(x\right)"),
    ("gamma(x)", r"\Gamma\left(x\right)"),
    ("lgamma(x)", r"\log\left|\Gamma\left(x\right)\right|"),
    ("erf(x)", r"\operatorname{erf}\left(x\right)"),
    ("logaddexp(x, y)", r"\operatorname{logaddexp}\left(x, y\right)"),
    ("max(x, y + 1, z)", r"\max\left(x, y + 1, z\right)"),
    ("clip(x, 0, 1)", r"\operatorname{clip}\left(x, 0, 1\right)"),
    ("leaky_relu(x)", r"\operatorname{leaky\_relu}\left(x\right)"),
    ("leaky_relu(x, 0.2)", r"\operatorname{leaky\_relu}\left(x, \text{negative\_slope}{=}0.2\right)"),
    ("leaky_relu(x, 1e-7)", r"\operatorname{leaky\_relu}\left(x, \text{negative\_slope}{=}1 \cdot 10^{-7}\right)"),
    ("where(x >= 0, x, -x)", r"\begin{cases} x & \text{if } x \ge 0 \\ -x & \text{otherwise} \end{cases}"),
    ("where(x != 0, 1, 0)", r"\begin{cases} 1 & \text{if } x \ne 0 \\ 0 & \text{otherwise} \end{cases}"),
    ("where(x == 0, 1, 0)", r"\begin{cases} 1 & \text{if } x = 0 \\ 0 & \text{otherwise} \end{cases}"),
    ("where(x <= y, 1, 0)", r"\begin{cases} 1 & \text{if } x \le y \\ 0 & \text{otherwise} \end{cases}"),
]
NAMES = [
    ("x", "x"),
    ("alpha", r"\alpha"),
    ("Gamma", r"\Gamma"),
    ("lambda", r"\lambda"),
    ("pi", r"\pi"),
    ("x1", r"x_{\mathrm{1}}"),
    ("x_0", r"x_{\mathrm{0}}"),
    ("x12", r"x_{\mathrm{12}}"),
    ("beta_1", r"\beta_{\mathrm{1}}"),
    ("theta2", r"\theta_{\mathrm{2}}"),
    ("w_in", r"w_{\mathrm{in}}"),
    ("a_b_c", r"a_{\mathrm{b\_c}}"),
    ("length", r"\mathrm{length}"),
    ("long_name", r"\mathrm{long}_{\mathrm{name}}"),
    ("0.weight_ih_l0", r"\mathrm{0.weight\_ih\_l0}"),
]
LITERALS = [
    ("0.5", "0.5"),
    ("1e20", r"1 \cdot 10^{20}"),
    ("2.5e-7*x", r"2.5 \cdot 10^{-7} \cdot x"),
    ("-1e-7", r"-1 \cdot 10^{-7}"),
    ("pi + e", r"\pi + e"),
]


@pytest.mark.parametrize(("text", "written"), OPERATORS + POWERS + FUNCTIONS + LITERALS)
def test_formulas_are_set_as_textbooks_set_them(text: str, written: str) -> None:
    """Fractions, powers, roots, cases and functions are written by the commands that LaTeX has for them."""
    output = parse(text).output

    assert latex(output) == written


@pytest.mark.parametrize(("name", "written"), NAMES)
def test_names_are_greek_indexed_or_upright(name: str, written: str) -> None:
    """Greek letters by their command, trailing digits and what follows `_` as an index, words upright."""
    variable = Variable(name)

    assert latex(variable) == written


@pytest.mark.parametrize("name", ["_", "__", "_x", "x_", "_1", "x__1", "σ", "x₁", "変数"])
def test_no_name_vanishes(name: str) -> None:
    """However odd a name is, all of its letters are written, and it is told from `x`."""
    written = latex(Variable(name)).replace(r"\mathrm", "")

    assert re.findall(r"[^\W_]", written) == re.findall(r"[^\W_]", name)
    assert written.strip("{}") not in ("", "x")


def test_a_required_attribute_is_written_as_a_number() -> None:
    """The order of a polygamma is the whole number that was typed, before its argument."""
    output = parse("polygamma(2, x)").output

    assert latex(output) in (r"\operatorname{polygamma}\left(2, x\right)", r"\psi^{(2)}\left(x\right)")


def test_a_word_is_set_upright() -> None:
    """A quoted word is text, not the product of its letters."""
    output = parse("gelu(x, approximate='tanh')").output

    assert r"{tanh}" in latex(output)


def test_nodes_are_named_and_long_formulas_cut() -> None:
    """`names` and `limit` mean what they mean for `render`."""
    output = parse("q = x + y; q*q").output
    q = output.inputs[0]

    assert latex(output, {q: "q_1"}) == r"q_{\mathrm{1}} \cdot q_{\mathrm{1}}"
    assert latex(output, limit=12) == r"\left(x + y…"


@settings(max_examples=300)
@given(graphs())
def test_braces_and_brackets_are_balanced(graph: Graph) -> None:
    """In every formula each brace, left bracket and beginning has its end, and no sign of a name is a command."""
    written = latex(graph.output)
    depth = 0

    for brace in re.findall(r"(?<!\\)[{}]", written):
        depth += 1 if brace == "{" else -1
        assert depth >= 0
    assert depth == 0
    assert len(re.findall(r"\\left(?![a-z])", written)) == len(re.findall(r"\\right(?![a-z])", written))
    assert written.count(r"\begin{cases}") == written.count(r"\end{cases}")
    assert not re.search(r"(?<!\\)_(?!\{)|[#$%~]", written)


@settings(max_examples=300)
@given(graphs())
def test_no_sign_follows_an_operator(graph: Graph) -> None:
    """A minus sign stands at the beginning, or behind something that opens; never behind another operator."""
    written = latex(graph.output)

    assert not re.search(r"(\+|-|\\cdot|[<>=]|\\le|\\ge|\\ne) *-", written)
