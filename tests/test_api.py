"""The library: a mapping of numbers in, frozen results out, and errors that say what, where and what now."""

import doctest
import gc
import math
import subprocess
import sys
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import FrozenInstanceError
from decimal import Decimal
from fractions import Fraction
from functools import reduce
from operator import add
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import bpcli
from bpcli import BindingError, BpcliError, LimitError, Limits, ParseError, UsageError
from bpcli.errors import ShapeError, Span
from bpcli.graph.order import graph_of
from bpcli.language import build
from bpcli.numbers.evaluate import evaluate

POINT = {"x": 6, "y": -2, "z": -3}
FUNCTIONS = ("sin", "tanh", "exp", "sigmoid", "relu", "abs", "sqrt", "log", "softplus", "gelu")

leaves = st.sampled_from(["x", "y", "z", "2", "0.5", "-3", "pi"])
formulas = st.recursive(
    leaves,
    lambda inner: (
        st.builds("({} {} {})".format, inner, st.sampled_from(["+", "-", "*", "/"]), inner)
        | st.builds("{}({})".format, st.sampled_from(FUNCTIONS), inner)
        | st.builds("({})**{}".format, inner, st.sampled_from(["2", "3", "-1", "0.5"]))
        | st.builds("max({}, {})".format, inner, inner)
        | st.builds("where({} > {}, {}, {})".format, inner, inner, inner, inner)
    ),
    max_leaves=12,
)
values = st.floats(-3, 3).map(lambda value: value or 0.0)
points = st.fixed_dictionaries({"x": values, "y": values, "z": values})


def graph_and_point(text: str, at: Mapping[str, float]) -> tuple[bpcli.Graph, dict[str, float]]:
    """The graph of a drawn formula, and the values of those variables that it has."""
    graph = bpcli.parse(text)
    return graph, {variable.name: at[variable.name] for variable in graph.variables}


def same(found: float, expected: float) -> bool:
    """Whether two numbers are equal, or both NaN."""
    return found == expected or (math.isnan(found) and math.isnan(expected))


# Results -------------------------------------------------------------------------------------------------------------


def test_the_example_of_the_front_page() -> None:
    """The value, the gradients and every step of `A = x*y; F = A*z`."""
    result = bpcli.grad("A = x*y; F = A*z", POINT)
    labels = result.labels()
    steps = [(labels[step.node], labels[step.input], step.contribution) for step in result.steps()]

    assert (result.value, result.gradients) == (36.0, {"x": 6.0, "y": -18.0, "z": -12.0})
    assert steps == [("F", "A", -3.0), ("F", "z", -12.0), ("A", "x", 6.0), ("A", "y", -18.0)]
    assert (result.at, result.warnings, result.is_finite) == (POINT, (), True)


def test_the_examples_in_docstrings_run() -> None:
    """What `help(bpcli.grad)` shows is what it does."""
    runner = doctest.DocTestRunner()
    for example in doctest.DocTestFinder().find(build.grad, globs={"grad": bpcli.grad}):
        runner.run(example)
    failed, attempted = runner.summarize()

    assert (failed, attempted > 0) == (0, True)


@pytest.mark.parametrize(
    "number",
    [6, 6.0, "6", "12/2", Fraction(6), Decimal(6), np.float64(6), np.float32(6), np.int64(6), np.uint8(6)],
    ids=lambda number: f"{type(number).__name__} {number}",
)
def test_any_real_number_is_a_value(number: object) -> None:
    """Python's and NumPy's numbers, and numbers as text, become the same float."""
    result = bpcli.grad("x*x", {"x": number})

    assert (result.at, result.gradients) == ({"x": 6.0}, {"x": 12.0})
    assert [type(value) for value in (result.value, result.at["x"], result.gradients["x"])] == [float] * 3


@pytest.mark.parametrize("at", [{"y": 3, "x": 2}, MappingProxyType({"x": 2, "y": 3})], ids=["dict", "proxy"])
def test_any_mapping_is_a_point(at: Mapping[str, object]) -> None:
    """The result has the order of the text, and the mapping stays as it was."""
    before = dict(at)
    result = bpcli.grad("x*y", at)

    assert list(result.gradients.items()) == [("x", 3.0), ("y", 2.0)]
    assert dict(at) == before


@pytest.mark.parametrize(
    "wanted",
    [["z", "x"], ("x", "z"), {"x", "z"}, {"x": None, "z": None}.keys()],
    ids=lambda wanted: type(wanted).__name__,
)
def test_only_wanted_gradients_are_computed(wanted: Collection[str]) -> None:
    """`with_respect_to` takes any collection of names; steps that lead to no wanted variable are left out."""
    result = bpcli.grad("A = x*y; F = A*z", POINT, wanted)

    assert result.gradients == {"x": 6.0, "z": -12.0}
    assert [variable.name for variable in result.wanted] == ["x", "z"]
    assert {step.input.name for step in result.steps()} == {"A", "x", "z"}


def test_nothing_wanted_is_nothing_computed() -> None:
    """An empty collection is not the same as none."""
    result = bpcli.grad("x*y", {"x": 1, "y": 2}, ())

    assert (result.value, result.gradients, list(result.steps())) == (2.0, {}, [])


def test_a_graph_is_parsed_once_and_used_often() -> None:
    """`parse` takes a name that is bound for a variable; results from one graph do not touch each other."""
    graph = bpcli.parse("e*x", bound=["e"])
    first, second = bpcli.grad(graph, {"e": 2, "x": 3}), bpcli.grad(graph, {"e": 5, "x": 7})

    assert (first.gradients, second.gradients) == ({"e": 3.0, "x": 2.0}, {"e": 7.0, "x": 5.0})
    assert bpcli.grad("e*x", {"x": 1}).gradients == {"x": math.e}


def test_a_graph_may_be_built_from_nodes() -> None:
    """Arithmetic on nodes makes nodes, and a graph without text is as good as one that was typed."""
    x, y = bpcli.Variable("x"), bpcli.Variable("y")
    result = bpcli.grad(graph_of(x * y + 2 / x), {"x": 2, "y": 3})

    assert result.gradients == {"x": 2.5, "y": 2.0}
    assert bpcli.render(result.graph.output) == "x*y + 2/x"


@pytest.mark.parametrize("field", ["graph", "at", "value", "gradients", "values", "upstreams", "warnings"])
def test_a_result_is_frozen(field: str) -> None:
    """No field of a result, nor of a step, can be set."""
    result = bpcli.grad("x*y", {"x": 1, "y": 2})
    step = next(result.steps())

    with pytest.raises(FrozenInstanceError):
        setattr(result, field, None)
    with pytest.raises((FrozenInstanceError, AttributeError)):
        setattr(step, "contribution", 0.0)  # noqa: B010 - a plain assignment is what the type checker refuses


def test_warnings_say_where_numbers_end() -> None:
    """A result that is not finite names the step, with its place in the text."""
    result = bpcli.grad("2 + x/y", {"x": 1, "y": 0})

    assert (result.value, result.is_finite) == (math.inf, False)
    assert result.warnings[0].span == Span(4, 7)
    assert "division by zero" in result.warnings[0].message


# Laws ----------------------------------------------------------------------------------------------------------------


@given(formulas, points)
def test_contributions_add_up_to_the_gradient(text: str, at: dict[str, float]) -> None:
    """For each variable, and each node between, the contributions of its steps in their order are its gradient."""
    graph, point = graph_and_point(text, at)
    result = bpcli.grad(graph, point)
    arrived: dict[bpcli.Node, list[float]] = {}
    for step in result.steps():
        assert same(step.contribution, step.upstream * step.local)
        assert same(step.upstream, result.upstreams[step.node])
        arrived.setdefault(step.input, []).append(step.contribution)

    assert all(same(reduce(add, numbers), result.upstreams[node]) for node, numbers in arrived.items())
    assert all(
        variable in arrived or variable is graph.output or result.gradients[variable.name] == 0.0
        for variable in graph.variables
    )


@given(formulas, points)
def test_a_formula_computes_the_gradient(text: str, at: dict[str, float]) -> None:
    """`gradient_formulas` and the numeric sweep run the same rules: evaluated, the formulas are the gradients."""
    graph, point = graph_and_point(text, at)
    result = bpcli.grad(graph, point)
    found = bpcli.gradient_formulas(graph, graph.variables)

    for variable in graph.variables:
        number = evaluate(graph_of(found[variable]), point)[found[variable]]
        assert math.isnan(number) or number == pytest.approx(result.gradients[variable.name], rel=1e-12, abs=0)


@given(formulas, points)
def test_what_is_written_reads_back(text: str, at: dict[str, float]) -> None:
    """`render` writes text of the language that has the same value and the same gradients."""
    graph, point = graph_and_point(text, at)
    before, after = bpcli.grad(graph, point), bpcli.grad(bpcli.render(graph.output), point)

    assert same(after.value, before.value)
    assert all(same(after.gradients[name], gradient) for name, gradient in before.gradients.items())


@pytest.mark.parametrize(
    ("text", "expected"),
    [("x*y", 1.0), ("x**2*y**3", 24.0), ("sin(x*y)", math.cos(2) - 2 * math.sin(2)), ("x/y", -0.25), ("x + y", 0.0)],
)
def test_a_gradient_is_differentiated_as_it_stands(text: str, expected: float) -> None:
    """A gradient is a graph: the mixed second derivative at x = 1, y = 2, in both orders, needs no further code."""
    graph = bpcli.parse(text)
    x, y = graph.variables
    first = bpcli.gradient_formulas(graph, [x, y])
    mixed = [bpcli.gradient_formulas(graph_of(first[one]), [other])[other] for one, other in ((x, y), (y, x))]
    numbers = [evaluate(graph_of(formula), {"x": 1.0, "y": 2.0})[formula] for formula in mixed]

    assert numbers == pytest.approx([expected, expected])


# Errors --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mistake", "kind", "message", "hint", "spans"),
    [
        (lambda: bpcli.grad("x * sine(y)"), ParseError, "unknown function 'sine'", "did you mean 'sin'?", [(4, 8)]),
        (lambda: bpcli.parse("2x"), ParseError, "no operator between '2' and 'x'", "2*x", [(0, 2)]),
        (lambda: bpcli.parse(""), ParseError, "no expression", "x*y + z", []),
        (lambda: bpcli.grad("x*y", {"x": 1}), BindingError, "no value for y", "y", []),
        (lambda: bpcli.grad("x*y"), BindingError, "no value for x, y", "x, y", []),
        (lambda: bpcli.grad("x", {"x": 1, "xx": 2}), BindingError, "value for 'xx'", "did you mean 'x'?", []),
        (lambda: bpcli.grad("x", {"x": 1}, ["q"]), BindingError, "with respect to 'q'", "its variables are x", []),
        (lambda: bpcli.grad("x", {"x": math.nan}), BindingError, "x is not finite: nan", "finite points", []),
        (lambda: bpcli.grad("x", {"x": np.inf}), BindingError, "x is not finite: inf", "finite points", []),
        (lambda: bpcli.grad("x", {"x": None}), BindingError, "x is null", "one real number", []),
        (lambda: bpcli.grad("x", {"x": True}), BindingError, "x is a truth value", "one real number", []),
        (lambda: bpcli.grad("x", {"x": np.True_}), BindingError, "x is a truth value", "one real number", []),
        (lambda: bpcli.grad("x", {"x": 1j}), BindingError, "x is no number", "one real number", []),
        (lambda: bpcli.grad("x", {"x": np.complex128(1j)}), BindingError, "x is no number", "one real number", []),
        (lambda: bpcli.grad("2*x", {"x": [1.0]}), ShapeError, "shape (1,), not one number", "jacobian", [(0, 3)]),
        (lambda: bpcli.grad("2*x", {"x": np.ones(2)}), ShapeError, "gradient is a Jacobian", "sum(f)", [(0, 3)]),
        (lambda: bpcli.grad("x", {"x": "six"}), BindingError, "x is no number: 'six'", "give a number", []),
        (lambda: bpcli.grad("x", {"x": 10**400}), BindingError, "x is beyond float64", "", []),
        (lambda: bpcli.parse("x*y", limits=Limits(characters=2)), LimitError, "3 characters", "--max-characters", []),
        (lambda: bpcli.grad("1234", limits=Limits(literal_digits=3)), LimitError, "3 digits", "digits", [(0, 4)]),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_an_error_says_what_where_and_what_now(
    mistake: Callable[[], Any], kind: type[BpcliError], message: str, hint: str, spans: list[tuple[int, int]]
) -> None:
    """Every mistake raises a BpcliError of its kind, with message, hint and the place in the text."""
    with pytest.raises(kind) as caught:
        mistake()
    error = caught.value

    assert message in error.message
    assert hint in (error.hint or "")
    assert list(error.spans) == spans
    assert (str(error), error.exit_code) == (error.message, 2)


def test_the_errors_are_one_tree() -> None:
    """Whoever catches BpcliError catches all of them; mistakes of the user are UsageErrors."""
    mistakes = [ParseError, BindingError, LimitError]

    assert all(issubclass(error, UsageError) for error in mistakes)
    assert issubclass(UsageError, BpcliError)
    assert sorted(error.kind for error in mistakes) == ["binding", "limit", "parse"]


def test_powers_of_nodes_choose_their_op() -> None:
    """`x**y` of nodes has a gradient for both, `2**x` is a power too, and `x**2` takes no logarithm."""
    x, y = bpcli.Variable("x"), bpcli.Variable("y")

    assert bpcli.grad(bpcli.graph_of(x**y), {"x": 2, "y": 3}).gradients == {"x": 12.0, "y": 8 * math.log(2)}
    assert bpcli.grad(bpcli.graph_of(2**x), {"x": 3}).gradients == {"x": 8 * math.log(2)}
    assert bpcli.grad(bpcli.graph_of(x**2), {"x": -3}).gradients == {"x": -6.0}


def test_nodes_know_their_ops_in_a_new_process() -> None:
    """Arithmetic on nodes works before anything else of bpcli was used."""
    code = "import bpcli; print(bpcli.render(bpcli.Variable('x')*2 + 1))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)

    assert done.stdout == "x*2 + 1\n"


@pytest.mark.parametrize("text", ["x*y", "x*", "where(x, 1, 2)"])
def test_the_collector_runs_again_after_a_text_was_read(text: str) -> None:
    """The garbage collector is paused while a graph is built, also where that fails, and no longer."""
    with suppress(ParseError):
        bpcli.parse(text)

    assert gc.isenabled()
