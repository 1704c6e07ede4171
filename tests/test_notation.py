"""What is printed is what is read: `render` and `render_statements` against the parser."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from strategies import NUMERIC_OPS, graphs, names_of

from bpcli.errors import ParseError
from bpcli.graph.comparison import same_structure
from bpcli.graph.node import Constant, Graph, Node, Variable, applied
from bpcli.graph.notation import number_text, render, render_statements
from bpcli.graph.order import ancestors_first, graph_of
from bpcli.language.expressions import parse

PARENTHESES = [
    ("x/(y*z)", "x/(y*z)"),
    ("x/y*z", "x/y*z"),
    ("(x/y)*z", "x/y*z"),
    ("x*(y*z)", "x*(y*z)"),
    ("x*(y/z)", "x*(y/z)"),
    ("a-(b-c)", "a - (b - c)"),
    ("(a-b)-c", "a - b - c"),
    ("a+(b+c)", "a + (b + c)"),
    ("(a+b)+c", "a + b + c"),
    ("a-(b+c)", "a - (b + c)"),
    ("(a-b)+c", "a - b + c"),
    ("(-x)**2", "(-x)**2"),
    ("-x**2", "-x**2"),
    ("-(x**2)", "-x**2"),
    ("2**-x", "2**-x"),
    ("2**(-x)", "2**-x"),
    ("2**-x**2", "2**-x**2"),
    ("2**-(x*y)", "2**-(x*y)"),
    ("(-2)**x", "(-2)**x"),
    ("-2**x", "-2**x"),
    ("x**-2", "x**-2"),
    ("x**(-2)", "x**-2"),
    ("(a**b)**c", "(a**b)**c"),
    ("a**(b**c)", "a**b**c"),
    ("a**b**c", "a**b**c"),
    ("(a*b)**c", "(a*b)**c"),
    ("a**(b*c)", "a**(b*c)"),
    ("a*b**c", "a*b**c"),
    ("-(a*b)", "-(a*b)"),
    ("-a*b", "-a*b"),
    ("(-a)*b", "-a*b"),
    ("a*(-b)", "a*-b"),
    ("a*-b", "a*-b"),
    ("a/-b", "a/-b"),
    ("a-(-b)", "a - -b"),
    ("a+(-b)", "a + -b"),
    ("a--2", "a - -2"),
    ("-(a+b)", "-(a + b)"),
    ("-(-x)", "--x"),
    ("(x+y)*z", "(x + y)*z"),
    ("x+y*z", "x + y*z"),
    ("x*(y+z)", "x*(y + z)"),
    ("(x+y)**(y+z)", "(x + y)**(y + z)"),
    ("sin((x+y))", "sin(x + y)"),
    ("sin(x)**2", "sin(x)**2"),
    ("((x))", "x"),
    ("-pi", "-pi"),
    ("(-pi)**2", "(-pi)**2"),
    ("where((x+1)>(y*2), (x), (-y))", "where(x + 1 > y*2, x, -y)"),
    ("max((x+y), -z, w)", "max(x + y, -z, w)"),
]
NUMBERS = [
    (0.0, "0"),
    (-0.0, "-0.0"),
    (3.0, "3"),
    (-2.0, "-2"),
    (0.1, "0.1"),
    (1e15, "1000000000000000"),
    (1e16, "1e+16"),
    (2.0**53, "9007199254740992"),
    (5e-324, "5e-324"),
    (1e-07, "1e-07"),
    (1.7976931348623157e308, "1.7976931348623157e+308"),
    (0.1 + 0.2, "0.30000000000000004"),
]
STATEMENTS = [
    ("x*y", "x*y"),
    ("q = x + y; f = q*z", "q = x + y; f = q*z"),
    ("a = x*y; a*a", "a = x*y; a*a"),
    ("x = x + 1; x*2", "x_2 = x + 1; x_2*2"),
    ("c = x; c = c*2; c = c*3; c", "c = x*2; c_2 = c*3"),
    ("k = x > 0; where(k, x, 1) + where(k, y, 2)", "k = x > 0; where(k, x, 1) + where(k, y, 2)"),
    ("n = 2; x**n", "n = 2; x**n"),
    ("n = 2; -n", "n = 2; -n"),
    ("sin = x + y; cos(sin)", "sin_2 = x + y; cos(sin_2)"),
    ("max = x + y; maximum(max, z)", "max_2 = x + y; max(max_2, z)"),
    ("x*x", "x*x"),
    ("sin(x)*sin(x)", "sin(x)*sin(x)"),
    ("ReLU(x)", "relu(x)"),
    ("σ(√x) · ln(y²)", "sigmoid(sqrt(x))*log(y**2)"),
    ("gelu(x, approximate='none')", "gelu(x)"),
    ('gelu(x, approximate="tanh")', "gelu(x, approximate='tanh')"),
    ("leaky_relu(x, 0.01)", "leaky_relu(x)"),
    ("leaky_relu(x, -0.5)", "leaky_relu(x, negative_slope=-0.5)"),
    ("polygamma(x=y, n=3)", "polygamma(3, y)"),
    ("atan2(x=a, y=b)", "atan2(b, a)"),
]
ARITHMETIC = [op for op in NUMERIC_OPS if op.infix or op.name in ("where", "sin")]
DEEP = 100_000


@pytest.mark.parametrize(("typed", "rendered"), PARENTHESES)
def test_parentheses_stand_only_where_they_are_needed(typed: str, rendered: str) -> None:
    """A formula is rendered with the parentheses that keep its structure, and no others."""
    output = parse(typed).output

    assert render(output) == rendered
    assert same_structure(parse(rendered).output, output)


@pytest.mark.parametrize(("value", "text"), NUMBERS)
def test_a_number_is_written_by_the_shortest_digits_that_mean_it(value: float, text: str) -> None:
    """A constant is written shortly and read back as the same binary64 value, signed zero included."""
    constant = Constant(value)

    assert number_text(value) == render(constant) == text
    assert same_structure(parse(text).output, constant)


@pytest.mark.parametrize(("typed", "rendered"), STATEMENTS)
def test_a_graph_is_written_as_statements(typed: str, rendered: str) -> None:
    """Named and shared nodes become statements, in names that are free; aliases and defaults are not kept."""
    graph = parse(typed)

    assert render_statements(graph) == rendered


@settings(max_examples=500)
@given(graphs())
def test_what_is_rendered_is_read_back(graph: Graph) -> None:
    """`parse` is the left inverse of `render_statements` for every graph that the language can write."""
    text = render_statements(graph)

    assert same_structure(parse(text, names_of(graph)).output, graph.output), text


@given(graphs())
def test_what_is_rendered_is_rendered_the_same_again(graph: Graph) -> None:
    """The text of a graph is its own text: rendering what was read changes nothing."""
    text = render_statements(graph)
    again = render_statements(parse(text, names_of(graph)))

    assert again == text


@settings(max_examples=500)
@given(graphs(ARITHMETIC))
def test_no_pair_of_parentheses_can_be_left_out(graph: Graph) -> None:
    """Without any one pair of its parentheses a rendered formula is another graph, or no formula at all."""
    text = render_statements(graph)
    pairs = grouping_pairs(text)
    names = names_of(graph)

    for start, end in pairs:
        bare = text[:start] + text[start + 1 : end] + text[end + 1 :]
        assert not means(bare, names, graph.output), f"{text} could be written as {bare}"


@given(graphs())
def test_a_cut_formula_is_the_beginning_of_the_whole(graph: Graph) -> None:
    """With a limit, `render` writes the whole formula, or at most that many characters of it and `…`."""
    whole = render(graph.output)

    for limit in (0, 1, 7, 20, 60):
        cut = render(graph.output, limit=limit)
        assert cut == whole if len(whole) <= limit else cut.endswith("…")
        assert whole.startswith(cut.removesuffix("…"))
        assert len(cut) <= limit + 1 or cut == whole


def test_sixty_doublings_render_within_the_limit() -> None:
    """A shared node is not unfolded beyond the limit: sixty times `c = c + c` is 2^60 letters, and 80 are written."""
    output = doubled(60)

    text = render(output, limit=80)

    assert text.endswith("…")
    assert 40 <= len(text) <= 81


def test_sixty_doublings_are_sixty_statements() -> None:
    """As statements, what is shared is written once."""
    text = render_statements(graph_of(doubled(60)))

    assert text.count(";") == 59
    assert len(text) < 1200


def test_names_stand_for_nodes_but_not_for_the_root() -> None:
    """Nodes in `names` are written by their name, the root by its formula."""
    output = parse("q = x + y; q*z").output
    q = output.inputs[0]

    assert render(output, {q: "q", output: "f"}) == "q*z"
    assert render(q, {q: "q"}) == "x + y"


@pytest.mark.parametrize(
    ("begin", "end"),
    [("sin(", ")"), ("-", ""), ("y**(z - ", ")"), ("(", ")*y + z")],
)
def test_deep_graphs_render_without_recursion(begin: str, end: str) -> None:
    """A graph of 100,000 levels is rendered, and read back, on any stack."""
    graph = parse(begin * DEEP + "x" + end * DEEP)
    text = render(graph.output)

    assert len(graph.nodes) >= DEEP
    assert same_structure(parse(text).output, graph.output)


@given(graphs())
def test_inputs_stand_before_what_uses_them(graph: Graph) -> None:
    """The order in which statements are written is an order in which they can be computed."""
    ordered = ancestors_first([graph.output])
    place = {node: number for number, node in enumerate(ordered)}

    assert all(place[source] < place[node] for node in ordered for source in node.inputs)


def doubled(times: int) -> Node:
    """`c = c + c`, that many times."""
    node: Node = Variable("x")
    for _ in range(times):
        node = applied("add", node, node)
    return node


def grouping_pairs(text: str) -> list[tuple[int, int]]:
    """Where each pair of parentheses stands that groups, and does not belong to a call."""
    opened: list[int] = []
    pairs = []
    before = dict(enumerate([" ", *[left for left, _ in pairwise(text)]]))
    for at, sign in enumerate(text):
        if sign == "(":
            opened.append(at)
        elif sign == ")":
            start = opened.pop()
            if not (before[start].isalnum() or before[start] == "_"):
                pairs.append((start, at))
    return pairs


def means(text: str, names: list[str], output: Node) -> bool:
    """Whether the text is read as the same graph."""
    try:
        return same_structure(parse(text, names).output, output)
    except ParseError:
        return False
