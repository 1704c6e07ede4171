"""Screens of networks: the summary, both passes layer by layer, what is folded, and what time steps share."""

import json
import re
from typing import Any

import numpy as np
import pytest
from command import call
from jsonschema import Draft202012Validator

import bpcli
from bpcli.backprop.parts import shared_parts
from bpcli.report.documents import MOST_NUMBERS, grad_document, limited, schema_text
from bpcli.report.figures import ASCII, short
from bpcli.report.layout import flowed
from bpcli.report.page import Page
from bpcli.report.plain import plain_text
from bpcli.report.walkthrough import walkthrough

MLP = (
    "nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 1)) -> nn.MSELoss()",
    "--set=0.weight=[[1, 2], [-1, 1]]", "--set=0.bias=[0, 1]", "--set=2.weight=[[1, 3]]", "--set=2.bias=[-1]",
    "--input=[[1, 2]]", "--target=[[9]]",
)  # fmt: skip
RNN = (
    "input -> RNN(1) -> nn.MSELoss()",
    "--set=0.weight_ih_l0=[[0.5]]", "--set=0.weight_hh_l0=[[2]]", "--set=0.bias_ih_l0=[0]", "--set=0.bias_hh_l0=[0]",
    "--input=[[1], [0], [-1]]", "--target=[[0], [0], [0]]",
)  # fmt: skip
NORMED = "x -> BatchNorm1d() -> Linear(2) -> Dropout(0.5) -> MSELoss(t)"
POINT = {"x": [[1, 2], [3, 4]], "t": [[0.5, 1], [1, 1]]}
LONG = "x -> Linear(4) -> Tanh" + " -> LayerNorm() -> Tanh" * 5 + " -> MSELoss(t)"
LONG_POINT = {"x": [[1, 2, 3]], "t": [[0, 0, 0, 1]]}

SCREENS = {
    "every layer in a row, every step under its layer, every gradient with its shape": (
        (*MLP, "--output-format=table"),
        """
NETWORK                             parameters given
    layer    parameters  output    ‖value‖  ‖gradient‖
  0 Linear            6  (1, 2)      5.385       6.325   weight (2, 2), bias (2,)
  1 ReLU                 (1, 2)      5.385       6.325
  2 Linear            3  (1, 1)     10           2       weight (1, 2), bias (1,)
    MSELoss              a number    1           1
    in all            9

FORWARD                             local gradients, kept for the way back
 0 Linear
   1   v1 = 0.weightᵀ            = [[1, -1], [2, 1]]  (2, 2)
   2   v2 = input @ v1           = [[5, 1]]           (1, 2)
       ∂v2/∂input = [[1, 2], [-1, 1]]
       ∂v2/∂v1 = [[1, 0, 2, 0], [0, 1, 0, 2]]
   3   v3 = broadcast_to(0.bias) = [[0, 1]]           (1, 2)
   4   v4 = v2 + v3              = [[5, 2]]           (1, 2)
 1 ReLU
   5   v5 = relu(v4)             = [[5, 2]]           (1, 2)
       ∂v5/∂v4 = diag(where(v4 > 0, 1, 0)) = diag([[1, 1]])
 2 Linear
   6   v6 = 2.weightᵀ            = [[1], [3]]         (2, 1)
   7   v7 = v5 @ v6              = [[11]]             (1, 1)
       ∂v7/∂v5 = [[1, 3]], one row
       ∂v7/∂v6 = v5 = [[5, 2]], one row
   8   v8 = broadcast_to(2.bias) = [[-1]]             (1, 1)
   9   v9 = v7 + v8              = [[10]]             (1, 1)
 MSELoss
  10  v10 = v9 - target          = [[1]]              (1, 1)
  11  v11 = square(v10)          = [[1]]              (1, 1)
       ∂v11/∂v10 = diag(2*v10) = diag([[2]])
  12    f = mean(v11)            = 1

BACKWARD                            starts with ∂f/∂f = 1
      node → input     upstream           local                            = contribution
 MSELoss
   1     f → v11       1                  broadcast_to(upstream)           = [[1]]
   2   v11 → v10       [[1]]              × 2*v10 = [[2]]                  = [[2]]
   3   v10 → v9        [[2]]              × 1                              = [[2]]
 2 Linear
   4    v9 → v7        [[2]]              × 1                              = [[2]]
   5    v9 → v8        [[2]]              × 1                              = [[2]]
   6    v8 → 2.bias    [[2]]              sum(upstream, axis=0)            = [2]
   7    v7 → v5        [[2]]              upstream @ v6ᵀ                   = [[2, 6]]
   8    v7 → v6        [[2]]              v5ᵀ @ upstream                   = [[10], [4]]
   9    v6 → 2.weight  [[10], [4]]        upstreamᵀ                        = [[10, 4]]
 1 ReLU
  10    v5 → v4        [[2, 6]]           × where(v4 > 0, 1, 0) = [[1, 1]] = [[2, 6]]
 0 Linear
  11    v4 → v2        [[2, 6]]           × 1                              = [[2, 6]]
  12    v4 → v3        [[2, 6]]           × 1                              = [[2, 6]]
  13    v3 → 0.bias    [[2, 6]]           sum(upstream, axis=0)            = [2, 6]
  14    v2 → input     [[2, 6]]           upstream @ v1ᵀ                   = [[-4, 10]]
  15    v2 → v1        [[2, 6]]           inputᵀ @ upstream                = [[2, 6], [4, 12]]
  16    v1 → 0.weight  [[2, 6], [4, 12]]  upstreamᵀ                        = [[2, 4], [6, 12]]

GRADIENTS
  ∂f/∂input    = 2*v10 @ v6.T*where(v4 > 0, 1, 0) @ v1.T          = [[-4, 10]] (1, 2)
  ∂f/∂0.weight = (input.T @ (2*v10 @ v6.T*where(v4 > 0, 1, 0))).T = [[2, 4], [6, 12]] (2, 2)
  ∂f/∂0.bias   = sum(2*v10 @ v6.T*where(v4 > 0, 1, 0), axis=0)    = [2, 6] (2,)
  ∂f/∂2.weight = (v5.T @ (2*v10)).T                               = [[10, 4]] (1, 2)
  ∂f/∂2.bias   = sum(2*v10, axis=0)                               = [2] (1,)
""",
    ),
    "the steps of a recurrent layer in a row for each moment, and what each adds to what they share": (
        (*RNN, "--output-format=table"),
        """
NETWORK                             parameters given
    layer    parameters  output    ‖value‖  ‖gradient‖
  0 RNN               4  (3, 1)     1.138       0.7585
       weight_ih_l0 (1, 1), weight_hh_l0 (1, 1), bias_ih_l0 (1,), bias_hh_l0 (1,)
    MSELoss              a number   0.4315      1
    in all            4

FORWARD                             local gradients, kept for the way back
 0 RNN
      1   v1 = 0.bias_ih_l0 + 0.bias_hh_l0 = [0]                             (1,)
    2-9   h1 = (0 RNN · t=1: 8 steps)      = [0.4621]                        (1,)
  10-17   h2 = (0 RNN · t=2: 8 steps)      = [0.7279]                        (1,)
  18-25   h3 = (0 RNN · t=3: 8 steps)      = [0.7424]                        (1,)
 0 RNN
     26  v23 = [h1, h2, h3]                = [[0.4621], [0.7279], [0.7424]]  (3, 1)
 MSELoss
     27  v24 = v23 - target                = [[0.4621], [0.7279], [0.7424]]  (3, 1)
     28  v25 = square(v24)                 = [[0.2136], [0.5298], [0.5511]]  (3, 1)
       ∂v25/∂v24 = diag(2*v24) = diag([[0.9242], [1.456], [1.485]])
     29    f = mean(v25)                   = 0.4315

BACKWARD                            starts with ∂f/∂f = 1
         node → input         upstream            local                   = contribution
 MSELoss
      1     f → v25           1  broadcast_to(upstream/3) = [[0.3333], [0.3333], [0.3333]]
      2   v25 → v24           (3, 1) norm 0.5774  × 2*v24 = [[0.3081], [0.4853], [0.4949]]
      3   v24 → v23           (3, 1) norm 0.7585  × 1 = [[0.3081], [0.4853], [0.4949]]
 0 RNN
      4   v23 → h1            (3, 1) norm 0.7585  upstream[0]             = [0.3081]
      5   v23 → h2            (3, 1) norm 0.7585  upstream[1]             = [0.4853]
      6   v23 → h3            (3, 1) norm 0.7585  upstream[2]             = [0.4949]
   7-18    h3 → h2            [0.4949]            (0 RNN · t=3: 12 steps) = [0.4443]
  19-30    h2 → h1            [0.9296]            (0 RNN · t=2: 12 steps) = [0.8741]
  31-41    h1 → input         [1.182]             (0 RNN · t=1: 11 steps) = [[0.4649], [0], [0]]
       ∂f/∂input = the sum of 3 contributions, [[0.4649], [0.2185], [0.1111]]
 0 RNN
     42    v1 → 0.bias_ih_l0  [1.589]             × 1                     = [1.589]
     43    v1 → 0.bias_hh_l0  [1.589]             × 1                     = [1.589]
  (…) are folded: --expand-layer 0, or --expand-layer all, shows their steps

SHARED PARAMETERS                   what each part of a layer adds to the gradient
 0 RNN
       weight_ih_l0        weight_hh_l0       bias_ih_l0     bias_hh_l0
  t=3  [[-0.2222]] (1, 1)  [[0.1617]] (1, 1)  [0.2222] (1,)  [0.2222] (1,)
  t=2  [[0]] (1, 1)        [[0.202]] (1, 1)   [0.4371] (1,)  [0.4371] (1,)
  t=1  [[0.9297]] (1, 1)   [[0]] (1, 1)       [0.9297] (1,)  [0.9297] (1,)
  sum  [[0.7076]] (1, 1)   [[0.3637]] (1, 1)  [1.589] (1,)   [1.589] (1,)

GRADIENTS
  ∂f/∂input          = [[0.4649], [0.2185], [0.1111]] (3, 1)
  ∂f/∂0.weight_ih_l0 = [[0.7076]] (1, 1)
  ∂f/∂0.weight_hh_l0 = [[0.3637]] (1, 1)
  ∂f/∂0.bias_ih_l0   = [1.589] (1,)
  ∂f/∂0.bias_hh_l0   = [1.589] (1,)
""",
    ),
}


@pytest.mark.parametrize(("arguments", "screen"), SCREENS.values(), ids=list(SCREENS))
def test_screens(arguments: tuple[str, ...], screen: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `bpcli grad` writes into a pipe, letter by letter."""
    monkeypatch.setenv("COLUMNS", "100")
    done = call("grad", *arguments)

    assert (done.code, done.err) == (0, "")
    assert done.out == screen.removeprefix("\n")


def shown(text: str, at: dict[str, Any], width: float = 100, **options: Any) -> str:
    """A walk through a network on a page of that width."""
    page = Page(width=width, number=short, most_rows=1000)
    expanded = options.pop("expanded", ())
    return plain_text(walkthrough(bpcli.grad(text, at, **options), page, expanded))


def section(text: str, name: str) -> str:
    """One section of a report."""
    return next(part for part in text.split("\n\n") if part.startswith(name))


# The summary ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "at", "options", "about"),
    [
        ("x -> Linear(1) -> MSELoss(t)", {"x": [1], "t": [1]}, {}, "parameters drawn from --random-seed 0"),
        ("x -> ReLU -> MSELoss(t)", {"x": [1], "t": [1]}, {}, ""),
        (
            NORMED,
            POINT,
            {"random_seed": 4},
            "parameters and dropout masks drawn from --random-seed 4, training mode",
        ),
        (
            NORMED,
            POINT,
            {"evaluation_mode": True},
            "parameters drawn from --random-seed 0, evaluation mode",
        ),
        ("x -> Dropout(0.5) -> MSELoss(t)", POINT, {}, "dropout masks drawn from --random-seed 0, training mode"),
    ],
)
def test_where_numbers_come_from(text: str, at: dict[str, Any], options: dict[str, Any], about: str) -> None:
    """The seed is said wherever chance decided, the mode where it matters."""
    first = section(shown(text, at, 200, **options), "NETWORK").splitlines()[0]

    assert first.split("  ", 1)[-1].strip() == (about or "NETWORK")


def test_a_layer_of_which_another_result_is_used() -> None:
    """Its row has the shape of that result, its norm, and the norm of what arrives there; so has the document."""
    at = {"x": [[1.0], [2.0]], "t": [[0, 1]]}
    result = bpcli.grad("x -> RNN(2) -> h_n -> MSELoss(t)", at)
    row = section(shown("x -> RNN(2) -> h_n -> MSELoss(t)", at), "NETWORK").splitlines()[2]
    layer, _ = grad_document(result)["network"]["layers"]
    difference = result.graph.nodes[-3]

    assert row.split("(1, 2)")[1].split() == [short(layer["value_norm"]), short(layer["gradient_norm"])]
    assert layer["output_shape"] == [1, 2]
    assert layer["output"] == result.labels()[difference.inputs[0]]
    assert layer["gradient_norm"] == pytest.approx(np.linalg.norm(result.upstreams[difference]))


def test_a_folded_layer_shows_the_result_that_is_used() -> None:
    """The next layer takes it."""
    text = "x -> LSTM(2) -> h_n -> Linear(1) -> Tanh -> Linear(1) -> MSELoss(t)"
    report = shown(text, {"x": [[1, 2], [0, 1], [3, 4]], "t": [[1]]}, expanded=["1"])
    (folded,) = re.findall(r" (v\d+) = \(0 LSTM: 2 steps\)", section(report, "FORWARD"))

    assert re.search(rf" = {folded} @ v\d+", section(report, "FORWARD"))
    assert " = …" in section(report, "BACKWARD")  # to both biases


def test_a_layer_whose_output_nothing_uses() -> None:
    """No gradient reaches it, and that is said of no other layer."""
    text = "unused = x -> RNN(2); x -> Linear(1) -> MSELoss(t)"
    unused, used = section(shown(text, {"x": [[1.0]], "t": [[0]]}), "NETWORK").split("1 Linear")

    assert "no gradient reaches its output" in unused
    assert "no gradient" not in used


def test_norms_are_those_of_value_and_gradient() -> None:
    """Of the output of the layer, by Euclid."""
    result = bpcli.grad("x -> Linear(3) -> Tanh -> MSELoss(t)", {"x": [[1, 2]], "t": [[1, 0, 2]]})
    first, *_ = grad_document(result)["network"]["layers"]
    node = next(node for node, label in result.labels().items() if label == first["output"])

    assert first["value_norm"] == pytest.approx(np.linalg.norm(result.values[node]))
    assert first["gradient_norm"] == pytest.approx(np.linalg.norm(result.upstreams[node]))


# Folding -------------------------------------------------------------------------------------------------------------


def test_a_long_network_is_folded_layer_by_layer() -> None:
    """A layer of one step is shown as it is; the numbers of steps stay those of all of them."""
    text = shown(LONG, LONG_POINT)
    forward, backward = section(text, "FORWARD"), section(text, "BACKWARD")

    assert "1-4   v4 = (0 Linear: 4 steps)" in forward
    assert " 1 Tanh\n" in forward
    assert re.search(r"^ +5 +v5 = tanh\(v4\)", forward, re.MULTILINE)
    assert "(2 LayerNorm: 13 steps)" in forward
    assert "--expand-layer 0, or --expand-layer all" in backward
    opened = shown(LONG, LONG_POINT, expanded=["all"])
    assert "steps)" not in opened
    assert "are folded" not in opened
    last = max(map(int, re.findall(r"^ +(?:\d+-)?(\d+)  ", backward, re.MULTILINE)))
    assert last == max(map(int, re.findall(r"^ +(\d+)  ", section(opened, "BACKWARD"), re.MULTILINE)))


@pytest.mark.parametrize("name", ["2", "2 LayerNorm", "2 layernorm", " 2  LayerNorm "])
def test_a_layer_is_opened_by_its_name(name: str) -> None:
    """And the others stay closed."""
    forward = section(shown(LONG, LONG_POINT, expanded=[name]), "FORWARD")

    assert "2 LayerNorm\n" in forward
    assert "(2 LayerNorm:" not in forward
    assert "(4 LayerNorm:" in forward


@pytest.mark.parametrize("name", ["0 RNN · t=2", "0 t=2", "0 rnn t=2"])
def test_a_part_is_opened_by_its_name(name: str) -> None:
    """The dot may be left out."""
    done = call("grad", *RNN, "--expand-layer", name)

    assert " 0 RNN · t=2\n" in done.out
    assert "(0 RNN · t=2:" not in done.out
    assert "(0 RNN · t=1: 8 steps)" in done.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((*MLP, "--expand-layer=3"), "error: no layer with steps is called '3'\nhint: "),
        ((*MLP, "--expand-layer=Linar"), "error: no layer with steps is called 'Linar'\nhint: did you mean "),
        (("x*y", "--x=1", "--y=2", "--expand-layer=0"), "error: there is no layer '0' to expand: "),
    ],
)
def test_an_unknown_layer_is_refused(arguments: tuple[str, ...], message: str) -> None:
    """With what was probably meant."""
    done = call("grad", *arguments)

    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(message)


def test_what_was_typed_beside_layers_stands_apart() -> None:
    """Under a heading of its own, with the names that it was given."""
    forward = section(shown("h = x*2 -> Linear(2) -> Tanh; L = sum((h + x)**2)", {"x": [[1, 2]]}), "FORWARD")

    assert [line for line in forward.splitlines()[1:] if not line.startswith("  ")] == [
        " beside the layers",
        " 0 Linear",
        " 1 Tanh",
        " beside the layers",
    ]
    assert re.search(r" h += tanh", forward)


@pytest.mark.parametrize("width", [60, 80, 100])
@pytest.mark.parametrize(("text", "at"), [(LONG, LONG_POINT), (NORMED, POINT)])
def test_the_passes_keep_within_the_page(text: str, at: dict[str, Any], width: int) -> None:
    """Rows are broken between their cells."""
    report = shown(text, at, width)
    for name in ("NETWORK", "FORWARD", "BACKWARD"):
        notes = ("diag(", "(…)", "contributions")
        lines = [line for line in section(report, name).splitlines() if not any(note in line for note in notes)]
        assert max(map(len, lines[2:])) <= width, name


def test_a_wide_row_leaves_the_others_in_their_columns() -> None:
    """It is broken, or goes on without columns, and its node stands in the column of nodes all the same."""
    text = "x -> Linear(2) -> Tanh -> Linear(1) -> MSELoss(t)"
    rows = section(shown(text, {"x": [[1, 2]], "t": [[0.5]]}), "BACKWARD").splitlines()[1:]
    steps = [row for row in rows if "→" in row]
    aligned = [row for row in steps if row.rindex(" = ") == rows[0].index(" = ")]

    assert {row.index("→") for row in steps} == {rows[0].index("→")}
    assert [row.split()[0] for row in steps if row not in aligned] == ["15", "16"]
    assert steps[-1].endswith("upstreamᵀ = [[-1.368, -2.736], [0.2134, 0.4267]]")


def test_nothing_is_minus_zero() -> None:
    """The first state is 0, whatever flows back to its weights."""
    shared = section(shown("x -> RNN(2) -> h_n -> MSELoss(t)", {"x": [[1.0], [2.0]], "t": [[0, 1]]}), "SHARED")

    assert "[[0, 0], [0, 0]] (2, 2)" in shared
    assert (short(-0.0), short(0.0)) == ("0", "0")


def test_a_page_in_ascii() -> None:
    """Every sign has another."""
    result = bpcli.grad("x -> RNN(1) -> MSELoss(t)", {"x": [[1]] * 5, "t": [[0]] * 5})

    assert plain_text(walkthrough(result, Page(signs=ASCII))).isascii()


def test_words_flow() -> None:
    """Within the width where they can."""
    assert flowed(["weight (2, 2)", "bias (2,)"], 30) == ("weight (2, 2), bias (2,)",)
    assert flowed(["weight (2, 2)", "bias (2,)"], 20) == ("weight (2, 2),", "bias (2,)")
    assert flowed([], 20) == ()


# What parts share ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layer", ["RNN(2)", "LSTM(2)", "GRU(2)", "LSTM(2, num_layers=2, bidirectional=True)"])
def test_what_steps_add_comes_to_the_gradient(layer: str) -> None:
    """Entry by entry, for every parameter of every direction."""
    generator = np.random.default_rng(0)
    x = generator.normal(size=(4, 1, 3))
    result = bpcli.grad(
        f"x -> {layer} -> MSELoss(t)", {"x": x, "t": 0.5 * np.ones((4, 1, 4 if "True" in layer else 2))}
    )
    found = shared_parts(result, result.steps())

    assert {variable.name for _, variable, _ in found} == set(result.gradients) - {"x"}
    for _, variable, parts in found:
        assert len(parts) == 4
        total: Any = sum(parts.values())
        assert total.shape == variable.shape
        np.testing.assert_allclose(total, result.gradients[variable.name], rtol=1e-12, atol=1e-15)


def test_the_first_state_adds_nothing_to_the_weights_of_states() -> None:
    """It is zero, so W_hh learns from the later steps alone."""
    result = bpcli.grad("x -> RNN(2) -> MSELoss(t)", {"x": [[1.0], [2.0]], "t": [[0, 1], [1, 0]]})
    parts = {variable.name: parts for _, variable, parts in shared_parts(result, result.steps())}

    assert not np.any(parts["0.weight_hh_l0"]["t=1"])
    assert np.any(parts["0.weight_hh_l0"]["t=2"])


def test_nothing_is_shared_without_parts() -> None:
    """Neither in layers of one part, nor without layers, nor where the gradient was not asked for."""
    one = bpcli.grad("x -> Linear(2) -> MSELoss(t)", {"x": [[1.0]], "t": [[0, 1]]})
    none = bpcli.grad("x*y", {"x": 1, "y": 2})
    unasked = bpcli.grad("x -> RNN(1) -> MSELoss(t)", {"x": [[1.0], [2.0]], "t": [[0], [1]]}, "x")

    assert [shared_parts(result, result.steps()) for result in (one, none, unasked)] == [[], [], []]


def test_many_steps_are_summed_up_by_norms() -> None:
    """One number each, and the norm of their sum."""
    result = bpcli.grad("x -> RNN(2) -> MSELoss(t)", {"x": [[1.0]] * 6, "t": [[0, 1]] * 6})
    table = section(plain_text(walkthrough(result, Page(width=100, number=short))), "SHARED PARAMETERS").splitlines()

    assert table[1:3] == [" 0 RNN", "       ‖weight_ih_l0‖  ‖weight_hh_l0‖  ‖bias_ih_l0‖  ‖bias_hh_l0‖"]
    assert [line.split()[0] for line in table[3:]] == [*[f"t={step}" for step in range(6, 0, -1)], "sum"]
    assert float(table[-1].split()[1]) == pytest.approx(np.linalg.norm(result.gradients["0.weight_ih_l0"]), rel=1e-3)


# Documents -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "at", "options"),
    [
        (NORMED, POINT, {}),
        (NORMED, POINT, {"evaluation_mode": True}),
        ("x -> RNN(2) -> h_n -> MSELoss(t)", {"x": [[[1.0]]], "t": [[[0, 1]]]}, {}),
        ("x -> ReLU -> Identity -> MSELoss(t)", {"x": 1, "t": 2}, {}),
        ("x -> Linear(2)", {"x": [[1, 2]]}, {"seed": [[1, 0]]}),
    ],
)
def test_documents_keep_to_the_schema(text: str, at: dict[str, Any], options: dict[str, Any]) -> None:
    """With steps and without."""
    validator = Draft202012Validator(json.loads(schema_text("grad")))
    result = bpcli.grad(text, at, **options)

    for with_steps in (True, False):
        document = grad_document(result, with_steps=with_steps)
        assert list(validator.iter_errors(document)) == []
        assert ("network" in document) == with_steps


@pytest.mark.parametrize("command", ["jacobian", "hessian", "explain", "check"])
def test_other_documents_have_the_seed(command: str) -> None:
    """Where something was drawn from it, and only there."""
    validator = Draft202012Validator(json.loads(schema_text(command)))
    wanted = ("--gradient-of", "x[0]") if command == "explain" else ()
    net = ("x -> Linear(1) -> MSELoss(t)", "--x=[1]", "--t=[2]", *wanted)
    given = ("--set=0.weight=[[2]]", "--set=0.bias=[1]")

    drawn = json.loads(call(command, *net, "--random-seed=5", "--json").out)
    assert list(validator.iter_errors(drawn)) == []
    assert drawn["random_seed"] == 5
    assert "random_seed" not in json.loads(call(command, *net, *given, "--json").out)


def test_the_document_of_a_network() -> None:
    """Its layers in order, each with its nodes, which say themselves whose they are."""
    document = json.loads(call("grad", NORMED, "--at=-", "--json", "--random-seed=3", stdin=json.dumps(POINT)).out)
    network = document["network"]

    assert (document["random_seed"], network["mode"], network["parameter_count"]) == (3, "training", 10)
    assert [(layer["name"], layer["kind"]) for layer in network["layers"]] == [
        ("0", "BatchNorm1d"),
        ("1", "Linear"),
        ("2", "Dropout"),
        ("", "MSELoss"),
    ]
    assert network["layers"][1]["parameters"] == {"1.weight": [2, 2], "1.bias": [2]}
    labels = [entry["node"] for entry in document["forward"]]
    for layer in network["layers"]:
        (block,) = layer["blocks"]
        first, last = labels.index(block["first"]), labels.index(block["last"])
        assert last - first + 1 == block["nodes"]
        titles = {entry["layer"] for entry in document["forward"][first : last + 1]}
        assert titles == {f"{layer['name']} {layer['kind']}".strip()}
    assert {step["layer"] for step in document["steps"]} == {"0 BatchNorm1d", "1 Linear", "2 Dropout", "MSELoss"}
    assert document["running_statistics"] == {
        "0.running_mean": pytest.approx([0.2, 0.3]),
        "0.running_var": pytest.approx([1.1, 1.1]),
    }


def test_inputs_repeat_the_run() -> None:
    """Parameters, buffers and masks that were drawn stand among them, and are taken as they are."""
    first = grad_document(bpcli.grad(NORMED, POINT, random_seed=3))
    again = grad_document(bpcli.grad(NORMED, first["inputs"]))

    assert "2.mask" in first["inputs"]
    assert "random_seed" not in again
    assert again["gradients"] == first["gradients"]


def test_a_step_knows_its_moment() -> None:
    """The layer and the part."""
    document = json.loads(call("grad", *RNN, "--json").out)

    assert {step["layer"] for step in document["steps"]} == {
        "MSELoss",
        "0 RNN",
        *[f"0 RNN · t={at}" for at in (1, 2, 3)],
    }


def test_a_document_holds_so_many_numbers() -> None:
    """What comes after a million is counted, unless every step is asked for."""
    sizes = [MOST_NUMBERS, 1, 1, 1]

    assert limited("steps", sizes, lambda size: {"size": size}, 10, lambda size: size) == {
        "steps": [{"size": MOST_NUMBERS}, {"size": 1}],
        "steps_left_out": 2,
    }
    assert len(limited("steps", sizes, lambda size: {"size": size}, None, lambda size: size)["steps"]) == 4


def test_running_statistics_have_a_section() -> None:
    """In training mode only."""
    assert section(shown(NORMED, POINT), "RUNNING STATISTICS") == (
        "RUNNING STATISTICS                  after this training step\n"
        "  0.running_mean = [0.2, 0.3] (2,)\n"
        "  0.running_var  = [1.1, 1.1] (2,)"
    )
    assert "RUNNING" not in shown(NORMED, POINT, evaluation_mode=True)


def test_csv_has_a_row_for_each_entry() -> None:
    """Under the names of parameters."""
    rows = call("grad", *MLP, "--output-format=csv").out.splitlines()

    assert rows[0] == "name,value,gradient"
    assert '"0.weight[0,1]",2,4' in rows


def test_a_model_without_layers_has_no_summary() -> None:
    """As PyTorch allows `nn.Sequential()`, which hands its input on."""
    text = shown("nn.Sequential() -> sum", {"input": [1, 2]})

    assert "NETWORK" not in text
    assert "∂f/∂input" in section(text, "GRADIENTS")
