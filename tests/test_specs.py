"""What a spec may look like, and that it means what it means in PyTorch: text, names, counting, arguments."""

import json
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pytest

from bpcli import grad, parse
from bpcli.graph.node import Graph
from bpcli.language.layer_complaints import NOT_HERE, OF_PYTORCH
from bpcli.layers import LAYERS
from bpcli.layers.module import SEQUENTIAL, Module, Stage

PRINTED = json.loads((Path(__file__).parent / "fixtures" / "printed_models.json").read_text(encoding="utf-8"))
X = np.array([[1.0, -2.0, 3.0]])
T = np.array([[0.5, -0.5]])


def stages(graph: Graph) -> list[Stage]:
    """The stages of a graph, in order."""
    return [node for node in graph.nodes if isinstance(node, Stage)]


def modules(text: str) -> list[Module]:
    """The modules of a text."""
    return [stage.module for stage in stages(parse(text)) if isinstance(stage.module, Module)]


def leaves(text: str) -> list[tuple[str, str, dict[str, Any]]]:
    """The layers of the only stage of a text: names, kinds, and every argument, defaults among them."""
    (module,) = modules(text)
    return [
        (
            name,
            one.definition.name,
            {key.name: one.arguments.get(key.name, key.default) for key in one.definition.arguments},
        )
        for name, one in module.leaves("")
    ]


def learned(text: str, **at: Any) -> dict[str, tuple[int, ...]]:
    """The shapes of the parameters whose gradients are answered, inputs aside."""
    values = {"input": X, "x": X, "h": X, "t": T, "target": T} | at
    names = {variable.name for variable in parse(text).variables}
    given = {name: value for name, value in values.items() if name in names or name in at}
    found = grad(text, given).gradients
    return {name: np.shape(value) for name, value in found.items() if name not in names}


def known_printed() -> Iterator[Any]:
    """The printed models whose layers are all here."""
    for spec, printed in PRINTED["printed"]:
        if not any(f"{name}(" in printed for name in NOT_HERE):
            yield pytest.param(spec, printed, id=spec[:60])


# Text --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("spec", "printed"), [*known_printed()])
def test_a_printed_model_is_the_model(spec: str, printed: str) -> None:
    """What PyTorch prints of a model is read as the model itself, alone, as a statement, and before a loss."""
    wanted = leaves(spec)

    assert leaves(printed) == wanted
    assert leaves(f"model = {printed}\n") == wanted
    assert [one.definition.name for one in modules(f"{printed}\n-> nn.MSELoss()")][1:] == ["MSELoss"]
    assert leaves(f"{printed} # a comment") == wanted


SAME = "nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))"


@pytest.mark.parametrize(
    "text",
    [
        "torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 2))",
        "nn.Sequential(nn.Linear(in_features=3, out_features=4), nn.Tanh(), nn.Linear(4, out_features=2))",
        "nn.Sequential(\n    nn.Linear(3, 4),  # hidden\n    nn.Tanh(),\n    nn.Linear(4, 2,),\n)\n",
        "# a model\n\nmodel = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))  # the end",
        "Sequential(Linear(3, 4), Tanh(), Linear(4, 2))",
        'nn.Sequential(OrderedDict([("0", nn.Linear(3, 4)), ("1", nn.Tanh()), ("2", nn.Linear(4, 2))]))',
        "nn.Sequential(collections.OrderedDict([('0', nn.Linear(3, 4)), ('1', nn.Tanh()), ('2', nn.Linear(4, 2)),]))",
        "Sequential((0): Linear(3, 4) (1): Tanh() (2): Linear(4, 2))",
        "nn.Sequential(nn.Linear(3, 2*2, device='cpu', dtype=torch.float64), nn.Tanh(), nn.Linear(8/2, 2))",
    ],
)
def test_texts_of_one_model_are_one_model(text: str) -> None:
    """Packages, keywords, newlines, commas and comments change nothing."""
    assert leaves(text) == leaves(SAME)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("x\n -> Linear(4)\n -> tanh", "x -> Linear(4) -> tanh"),
        ("x ->\n Linear(4) ->\n\n tanh", "x -> Linear(4) -> tanh"),
        ("x  # the input\n-> Linear(4) # a layer\n\n-> tanh", "x -> Linear(4) -> tanh"),
        ("x → Linear(4) → Tanh", "x -> Linear(4) -> Tanh()"),
        ("x -> ReLU", "x -> ReLU()"),
        ("x -> (Linear(4))", "x -> Linear(4)"),
        ("x + 1 -> Linear(4)", "(x + 1) -> Linear(4)"),
        ("(x -> Linear(4)) + 1", "((x -> (Linear(4)))) + 1"),
        ("x -> relu -> Linear(4)", "relu(x) -> Linear(4)"),
        ("Linear(4) -> Tanh", "input -> Linear(4) -> Tanh"),
        ("nn.Linear(3, 4)", "input -> Linear(4)"),
        ("Linear(4)", "input -> Linear(4)"),
        ("Linear(3, 4)", "input -> nn.Linear(3, 4)"),
        ("model = nn.Linear(3, 4)\n-> Tanh", "input -> nn.Linear(3, 4) -> Tanh"),
    ],
)
def test_pipelines_that_say_the_same(text: str, same: str) -> None:
    """Lines, parentheses and the variable `input` are ways of writing."""
    names = {"x": X, "input": X}
    values = [answer(one, names) for one in (text, same)]

    assert values[0] == values[1]


def values_of(text: str, at: dict[str, Any]) -> dict[str, Any]:
    """The values that a text takes."""
    return {variable.name: at[variable.name] for variable in parse(text).variables}


def answer(text: str, at: dict[str, Any]) -> list[Any]:
    """The value of a text and all its gradients, weighed by ones, under no names."""
    given = values_of(text, at)
    drawn = {"weight": np.arange(12.0).reshape(4, 3) / 7, "bias": np.arange(4.0)}
    applied = [(stage.number, stage.module) for stage in stages(parse(text))]
    number = next(
        (str(number) for number, one in applied if isinstance(one, Module) and "Linear" in one.definition.name), None
    )
    given |= {f"{number}.{name}": value for name, value in drawn.items()} if number else {}
    shape = (1, 4) if number else (1, 3)
    found = grad(text, given, seed=np.ones(shape))
    return [np.asarray(found.value).tolist(), *[np.asarray(one).tolist() for one in found.gradients.values()]]


def test_a_statement_over_lines_names_its_result() -> None:
    """A line that begins with an arrow goes on with the statement, and with its name."""
    graph = parse("h = x\n -> Linear(4)\n -> tanh\nsum(h) + 1")

    assert graph.names["h"].op.name == "tanh"
    assert graph.names["h"].name == "h"
    assert sum(node.name == "h" for node in graph.nodes) == 1


@pytest.mark.parametrize(
    "text",
    ["x*y # + z", "# first\nx*y", "x*(y # inside\n)", "x*y#", "# two:\nx*y", "# f(\nx*y", "x#\n;x*y", "[x, # one\n y]"],
)
def test_comments_say_nothing(text: str) -> None:
    """A comment ends with its line, in every place where a space may stand."""
    assert [variable.name for variable in parse(text).variables] == ["x", "y"]


@pytest.mark.parametrize("before", range(65_500, 65_540, 3))
def test_a_comment_may_stand_where_the_text_is_cut(before: int) -> None:
    """Tokens are found in pieces of the text; a comment across the end of one is a comment."""
    graph = parse(" " * before + "x # it's (a \"comment\n+ y # nn.Linear(\n")

    assert len(graph.variables) == 2


# Arguments ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("nn.LeakyReLU(-1e-5)", "negative_slope", -1e-5),
        ("nn.LeakyReLU(1/3)", "negative_slope", 1 / 3),
        ("nn.GELU('tanh')", "approximate", "tanh"),
        ("nn.Softmax(dim=None)", "dim", None),
        ("nn.Softmax(-1)", "dim", -1),
        ("nn.Flatten(end_dim=-2)", "end_dim", -2),
        ("nn.LayerNorm([2, 3])", "normalized_shape", (2, 3)),
        ("nn.LayerNorm((3,))", "normalized_shape", (3,)),
        ("nn.Linear(3, 4, bias=False)", "bias", False),
    ],
)
def test_arguments_are_data(text: str, name: str, value: Any) -> None:
    """Numbers, words, truth values, None, tuples and lists are taken as what they are."""
    ((_, _, arguments),) = leaves(text)

    assert arguments[name] == value
    assert type(arguments[name]) is type(value)


@pytest.mark.parametrize(
    ("text", "weight"),
    [
        ("torch.tensor([1, 0.5])", (1.0, 0.5)),
        ("torch.tensor([1, 2], dtype=torch.float64)", (1.0, 2.0)),
        ("torch.ones(3)", (1.0,) * 3),
        ("torch.zeros((2,))", (0.0, 0.0)),
        ("[1, 2]", (1.0, 2.0)),
        ("torch.tensor([torch.tensor(1), 2])", (1.0, 2.0)),
    ],
)
def test_a_tensor_is_its_entries(text: str, weight: tuple[float, ...]) -> None:
    """`torch.tensor`, `torch.ones` and `torch.zeros` are known; the numbers in them are no part of the graph."""
    graph = parse(f"x -> nn.CrossEntropyLoss(weight={text})")

    (stage,) = stages(graph)

    assert isinstance(stage.module, Module)
    assert stage.module.arguments["weight"] == weight
    assert (graph.nodes, graph.constants) == (stages(graph), [])


# Names -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (f"{SAME} -> nn.MSELoss()", "0.weight 0.bias 2.weight 2.bias"),
        ('nn.Sequential(OrderedDict([("fc1", nn.Linear(3, 2))])) -> nn.MSELoss()', "fc1.weight fc1.bias"),
        (
            "Sequential((fc1): Linear(3, 2) (b): Sequential((0): Linear(2, 2))) -> sum",
            "fc1.weight fc1.bias b.0.weight b.0.bias",
        ),
        ("x -> Linear(2) -> Tanh -> Linear(2, bias=False) -> MSELoss(t)", "0.weight 0.bias 2.weight"),
        ("x -> Linear(2) -> tanh -> relu -> Linear(1) -> sum", "0.weight 0.bias 3.weight 3.bias"),
        ("x -> nn.Sequential(nn.Linear(3, 2)) -> MSELoss(t)", "0.weight 0.bias"),
        ("x -> nn.Sequential(nn.Linear(3, 2)) -> Linear(1) -> sum", "0.0.weight 0.0.bias 1.weight 1.bias"),
        ("h = x -> Linear(3, bias=False); sum(h + (h -> Linear(3, bias=False)))", "0.weight 1.weight"),
        ("(x -> Linear(2) -> MSELoss(t)) + (x -> Linear(2) -> MSELoss(t))", "0.weight 0.bias 1.weight 1.bias"),
        ("nn.Linear(3, 2) -> nn.MSELoss()", "0.weight 0.bias"),
    ],
)
def test_parameters_are_named_as_in_the_state_dict(text: str, names: str) -> None:
    """Stages are counted through the text, losses not; the children of an only Sequential have no prefix."""
    assert list(learned(text)) == names.split()


def test_results_beside_the_output_are_asked_for_by_name() -> None:
    """`h_n` and `c_n` are stages, which are not counted."""
    x = np.ones((2, 1, 3))
    found = grad("x -> LSTM(2) -> c_n -> Linear(1) -> sum", {"x": x}).gradients

    assert np.shape(found["1.weight"]) == (1, 2)


# The book of layers ------------------------------------------------------------------------------------------------


def test_every_module_of_pytorch_is_here_or_known_to_be_missing() -> None:
    """The list is PyTorch's own; what bpcli has is not called missing."""
    assert sorted({*OF_PYTORCH, SEQUENTIAL.name}) == PRINTED["modules"]
    assert not NOT_HERE & LAYERS.keys()


def test_every_layer_says_how_it_is_written() -> None:
    """The usage of a layer is a spec itself once its required arguments are filled in."""
    for name, definition in LAYERS.items():
        usage = definition.usage(is_bare=False)
        assert usage.startswith(f"nn.{name}(")
        assert "<" not in usage, usage


# Size --------------------------------------------------------------------------------------------------------------


def parsed_in(text: str) -> tuple[Graph, float]:
    """A graph, and the seconds that it took to parse."""
    start = perf_counter()
    graph = parse(text)
    return graph, perf_counter() - start


@pytest.mark.parametrize("stage", [" -> tanh", " -> Tanh", " -> Linear(3)", " -> Tanh()"])
def test_long_pipelines_parse_in_linear_time(stage: str) -> None:
    """Ten times as many stages take about ten times as long."""
    short = min(parsed_in("x" + stage * 400)[1] for _ in range(3))
    graph, long = parsed_in("x" + stage * 4_000)

    assert len(graph.nodes) == 4_000
    assert long < 60 * short


def test_long_models_are_unfolded() -> None:
    """A Sequential of 10,000 layers, and one that is nested 500 levels, are ordinary."""
    many = f"nn.Sequential({', '.join(['nn.Tanh()'] * 10_000)})"
    deep = "nn.Sequential(" * 500 + "nn.Linear(3, 1)" + ")" * 500

    assert len(leaves(many)) == 10_000
    assert list(learned(f"{deep} -> sum")) == [f"{'0.' * 500}weight", f"{'0.' * 500}bias"]
