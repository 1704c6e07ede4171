"""What is said about specs that cannot be used: the message, the marked characters, and what to write instead."""

from typing import Any

import numpy as np
import pytest
from fuzz import outcome

from bpcli import grad, parse
from bpcli.errors import BpcliError, LimitError, MissingValueError, ParseError, ShapeError
from bpcli.language.layer_complaints import NOT_HERE
from bpcli.language.limits import Limits
from bpcli.layers import LAYERS
from bpcli.report.plain import error_text

# text, part of the message, the marked texts, part of the hint
Complaint = tuple[str, str, list[str], str]
DATA = "a spec is data, and no Python is run"
UNKNOWN: list[Complaint] = [
    ("x -> Linaer(4)", "unknown layer 'Linaer'", ["Linaer"], "did you mean 'Linear'?"),
    ("nn.Linaer(3, 4)", "unknown layer 'Linaer'", ["nn.Linaer"], "did you mean 'Linear'?"),
    ("torch.Linear(3, 4)", "unknown layer 'torch.Linear'", ["torch.Linear"], "write nn.Linear(…)"),
    ("x -> nn.Transformer(4)", "nn.Transformer is a layer of PyTorch that bpcli does not", ["nn.Transformer"], ""),
    ("x -> CTCLoss(4)", "nn.CTCLoss is a layer of PyTorch that bpcli does not have yet", ["CTCLoss"], ""),
    ("ModuleList(\n  (0): ReLU()\n)", "nn.ModuleList is a layer of PyTorch", ["ModuleList"], "nn.Sequential(…)"),
    ("Net(\n  (fc1): Linear(3, 4)\n)", "'Net' is no class of torch.nn", ["Net"], "nn.Sequential(…), or as a pipeline"),
    ("x -> MyBlock(3)", "what its forward does is not in the text", ["MyBlock"], "x -> Linear(4) -> …"),
    ("x -> frobnicate", "'frobnicate' is no layer and no function", ["frobnicate"], "a layer such as Linear(4)"),
    ("x -> frobnicate(3)", "unknown function 'frobnicate'", ["frobnicate"], ""),
    ("x -> torch.tanh", "'torch.tanh' is no layer and no function", ["torch.tanh"], "tanh(x), or x -> tanh"),
    ("torch.relu(x)", "'torch.relu' is no layer and no function", ["torch.relu"], "relu(x)"),
    ("x -> nn.ReLU", "nn.ReLU is the name of a layer", ["nn.ReLU"], "write nn.ReLU(…)"),
    ("nn.Sequential(nn.ReLU)", "nn.ReLU is the name of a layer", ["nn.ReLU"], "write nn.ReLU(…)"),
    (
        "nn.Sequential(nn.Linear(2, 2) nn.ReLU())",
        "there is no operator between 'nn.Linear(2, 2)' and 'nn.ReLU('",
        ["nn.Linear(2, 2) nn.ReLU("],
        "layers of a Sequential are separated by commas",
    ),
    ("x => Linear(2)", "not '>'", [">"], "a stage of a pipeline follows '->'"),
    ("x -> linear(2)", "unknown function 'linear'", ["linear"], "did you mean 'Linear'?"),
    ("x -> F.relu", "'F' is no layer and no function", ["F"], "a function is called by its name alone"),
    ("nn.Linear(x, 4)", "an argument of Linear is a variable", ["nn.Linear(x, 4)"], "x -> Linear"),
    ("Tanh(x)", "unknown function 'Tanh'", ["Tanh"], "did you mean 'tanh'?"),
]
PYTHON: list[Complaint] = [
    ("import torch", DATA, ["import"], "leave this line out"),
    ("from torch import nn\nnn.Linear(3, 4)", DATA, ["from"], "leave this line out"),
    ("import torch.nn as nn", DATA, ["import"], "leave this line out"),
    ("class Net(nn.Module):\n    pass", DATA, ["class"], "write what forward computes"),
    ("def forward(self, x):\n    return x", DATA, ["def"], "write what forward computes"),
    ("return x", DATA, ["return"], "write what forward computes"),
    ("self.fc1 = nn.Linear(3, 4)", DATA, ["self"], "write what forward computes"),
    ("super().__init__()", DATA, ["super"], "write what forward computes"),
    ("lambda x: x", DATA, ["lambda"], "write the formula itself"),
    ("__import__('os').system('ls')", DATA, ["__import__"], "write the value itself"),
    ("eval('1')", DATA, ["eval"], "write the value itself"),
    ("print(model)", DATA, ["print"], "paste what print(model) shows"),
    ("nn.LeakyReLU(float('inf'))", DATA, ["float"], "write the number itself"),
    ("nn.Sequential(*layers)", DATA, ["*"], "write every layer out"),
    ("nn.Sequential(*[nn.Linear(3, 3) for _ in range(3)])", DATA, ["*"], "write every layer out"),
    ("nn.Sequential(nn.Linear(3, 3) for _ in range(3))", DATA, ["for"], "write every layer out"),
    ("[nn.Linear(3, 3) for _ in range(3)]", DATA, ["for"], "write every layer out"),
    ("nn.Linear(3, 4).to(device)", DATA, [".to"], "bpcli computes in float64"),
    ("model = nn.Linear(3, 4)\nmodel.eval()", DATA, [".eval"], "--evaluation-mode is model.eval()"),
    ("nn.Linear(3, 4).weight", DATA, [".weight"], "0.weight"),
    ('nn.GELU(f"tanh")', DATA, ['f"tanh"'], "write the word itself"),
    ('nn.Sequential({"fc1": nn.Linear(3, 4)})', "braces are no part of a spec", ["{"], "OrderedDict([("),
]
ARROWS: list[Complaint] = [
    (
        "nn.Linear(3, 4)(x)",
        "nn.Linear(3, 4) is applied by '->', not called",
        ["nn.Linear(3, 4)("],
        "x -> nn.Linear(3, 4)",
    ),
    ("m = x -> ReLU; nn.MSELoss()(m, t)", "nn.MSELoss() is applied by '->'", ["nn.MSELoss()("], "variable 'target'"),
    ("model = nn.ReLU()\ny = model(x)", "'model' is a network with its own input", ["model"], "x -> nn.Sequential(…)"),
    ("-> Linear(3)", "nothing stands before '->'", ["->"], "x -> Linear(4)"),
    ("x + 1; -> Linear(3)", "nothing stands before '->'", ["->"], "x -> Linear(4)"),
    ("sum(-> Linear(3))", "nothing stands before '->'", ["->"], "x -> Linear(4)"),
    ("x -> ", "nothing stands behind '->'", [""], "a layer such as Linear(4), or a function such as tanh"),
    ("x -> ; y", "nothing stands behind '->'", [";"], "a layer such as Linear(4)"),
    ("(x -> )", "nothing stands behind '->'", [")"], "a layer such as Linear(4)"),
    ("x -> -> Linear(3)", "nothing stands between '->' and '->'", ["->"], "a layer such as Linear(4)"),
    ("x -> 5", "5 is no stage of a pipeline", ["5"], "a layer such as Linear(4)"),
    ("x -> y + 1", "'y' is no layer and no function", ["y"], ""),
    ("x -> Linear(3) + 1", "Linear(3) + 1 is no stage", ["Linear(3) + 1"], "put a pipeline in parentheses"),
    ("x -> Linear(3)[0]", "Linear(3)[0] is no stage", ["Linear(3)[0]"], "put a pipeline in parentheses"),
    ("x -> tanh(x)", "tanh(x) is no stage of a pipeline", ["tanh(x)"], "its first argument: write tanh"),
    ("m = nn.ReLU(); x -> m", "m is no stage of a pipeline", ["m"], "it is a value"),
    ("x -> MSELoss(t) -> Tanh", "a loss ends its pipeline: Tanh", ["MSELoss(t)", "Tanh"], "(h -> MSELoss(t)) +"),
    ("x -> nn.MSELoss() -> L1Loss(t)", "a loss ends its pipeline", ["nn.MSELoss()", "L1Loss(t)"], "add two losses"),
    ("nn.MSELoss()", "nn.MSELoss() has nothing before it", ["nn.MSELoss()"], "x -> Linear(4) -> MSELoss(t)"),
    ("loss = MSELoss(t)", "MSELoss(t) has nothing before it", ["MSELoss(t)"], "it follows a model"),
]
PLACES: list[Complaint] = [
    (
        "nn.Linear(3, 4) + 1",
        "nn.Linear(3, 4) is a layer, where a number must stand",
        ["nn.Linear(3, 4)"],
        "x -> Linear(4)",
    ),
    ("2*nn.ReLU()", "nn.ReLU() is a layer, where a number", ["nn.ReLU()"], "applied by '->'"),
    ("sum(Linear(3))", "Linear(3) is a layer, where a number must stand", ["Linear(3)"], "applied by '->'"),
    ("x -> Linear(nn.ReLU())", "'out_features' of Linear must be a whole number", ["nn.ReLU()"], "write Linear("),
    ("nn.Sequential(nn.Linear(3, 4), 5)", "nn.Sequential holds layers, and this is none", ["5"], "nn.ReLU()"),
    ("nn.Sequential(ReLU)", "holds layers, and this is none", ["ReLU"], "write nn.ReLU()"),
    ("nn.Sequential([nn.ReLU()])", "holds layers, and this is none", ["[nn.ReLU()]"], "leave the square brackets out"),
    (
        "nn.Sequential(nn.MSELoss())",
        "a loss is no layer of a model",
        ["nn.MSELoss()"],
        "nn.Sequential(…) -> nn.MSELoss(…)",
    ),
    ("nn.Sequential(Linear(4), ReLU())", "Linear has no value for 'out_features'", ["Linear(4)"], "only a bare layer"),
    ("x -> Linear(4) -> LayerNorm(4)", "a bare LayerNorm takes its size from its input", ["4"], "nn.LayerNorm(…)"),
    ("x -> Linear(4) -> BatchNorm1d(4)", "here 4 would be its eps", ["4"], "nn.BatchNorm1d(…)"),
    ("nn.Sequential(x -> ReLU)", "holds layers, and this is none", ["x -> ReLU"], ""),
    (
        "nn.Sequential(OrderedDict([('a', nn.ReLU()), ('a', nn.ReLU())]))",
        "a name stands twice in the OrderedDict",
        ["OrderedDict([('a', nn.ReLU()), ('a', nn.ReLU())])"],
        "a name of its own",
    ),
    (
        "nn.Sequential(OrderedDict([('a.b', nn.ReLU())]))",
        "OrderedDict holds pairs of a name and a layer",
        ["OrderedDict([('a.b', nn.ReLU())])"],
        'OrderedDict([("fc1", nn.Linear(3, 4)), …])',
    ),
    ("nn.Sequential(OrderedDict(a=nn.ReLU()))", "OrderedDict takes one list", ["OrderedDict(a=nn.ReLU())"], '[("fc1"'),
    (
        "MultiheadAttention(\n  (out_proj): NonDynamicallyQuantizableLinear(4, 4)\n)",
        "print(model) does not show what MultiheadAttention was made with",
        ["(out_proj):"],
        "",
    ),
]
ARGUMENTS: list[Complaint] = [
    (
        "x -> Linear(2, 4)",
        "'bias' of Linear must be True or False",
        ["4"],
        "with the size of its input it is nn.Linear",
    ),
    ("x -> Linear", "Linear has no value for 'out_features'", ["Linear"], "write Linear(out_features, bias=True)"),
    ("nn.Linear(3)", "Linear has no value for 'out_features'", ["nn.Linear(3)"], "nn.Linear(in_features, out_features"),
    ("nn.Linear(3, 4.5)", "'out_features' of Linear must be a whole number", ["4.5"], "write nn.Linear("),
    ("nn.Linear('3', 4)", "'in_features' of Linear must be a whole number", ["'3'"], "write nn.Linear("),
    ("nn.Linear(3, True)", "'out_features' of Linear must be a whole number", ["True"], "write nn.Linear("),
    ("nn.Linear(3, inf)", "'out_features' of Linear must be a whole number", ["inf"], "write nn.Linear("),
    ("nn.Linear(3, -inf)", "'out_features' of Linear must be a whole number", ["-inf"], "write nn.Linear("),
    ("nn.LeakyReLU(-inf)", "'negative_slope' of LeakyReLU must be a number", ["-inf"], "write nn.LeakyReLU("),
    ("nn.Linear(3, 1/0)", "'out_features' of Linear must be a whole number", ["1/0"], "write nn.Linear("),
    ("nn.Linear(3, 4, bias=n)", "'bias' of Linear must be True or False", ["bias=n"], "write nn.Linear("),
    (
        "nn.LayerNorm((" + "1, " * 64 + "1))",
        "'normalized_shape' of LayerNorm must be",
        ["(" + "1, " * 64 + "1)"],
        "nn.LayerNorm(",
    ),
    ("x -> GroupNorm(0)", "'num_groups' of GroupNorm must be a whole number from 1 on", ["0"], "write GroupNorm("),
    ("x -> Dropout(1.5)", "'p' of Dropout must be a number from 0 to 1", ["1.5"], "write Dropout(p=0.5"),
    ("x -> Softplus(0)", "'beta' of Softplus must be a number above 0", ["0"], "write Softplus(beta=1.0"),
    ("x -> CELU(alpha=0)", "'alpha' of CELU must be a number above 0", ["alpha=0"], "write CELU(alpha=1.0"),
    ("x -> GELU('tan')", "'approximate' of GELU must be 'none' or 'tanh'", ["'tan'"], "approximate='none'"),
    ("x -> Softshrink(-1)", "'lambd' of Softshrink must be a number from 0 on", ["-1"], "write Softshrink(lambd=0.5"),
    ("nn.Linear(3, 4, bia=True)", "Linear has no argument 'bia'", ["bia=True"], "bias=True"),
    ("nn.Linear(3, 4, in_features=3)", "given twice the argument 'in_features'", ["in_features=3"], "nn.Linear("),
    ("nn.Linear(3, 4, True, None, None, 5)", "Linear takes 3 arguments, got 6", ["None"], "nn.Linear("),
    ("nn.Softmax(Tanh())", "'dim' of Softmax must be", ["Tanh()"], "write nn.Softmax(dim=None)"),
    ("nn.LayerNorm([Tanh()])", "'normalized_shape' of LayerNorm must be", ["[Tanh()]"], "write nn.LayerNorm("),
    ("nn.Tanh(3)", "Tanh takes no arguments, got 1", ["3"], "write nn.Tanh()"),
    ("nn.Linear(3, 4, dtype=torch.float32)", "bpcli computes in float64, on the CPU", ["dtype=torch.float32"], ""),
    ("nn.Linear(3, 4, device='cuda')", "leave 'device' out", ["device='cuda'"], ""),
    ("x -> nn.MSELoss(t)", "of MSELoss", ["t"], "the variable 'target'; a bare loss takes it first: MSELoss(t)"),
    ("x -> MSELoss", "MSELoss has no target", ["MSELoss"], "a bare loss takes it first: MSELoss(target"),
    ("x -> MSELoss(t, 'sum')", "", ["'sum'"], "write MSELoss(target"),
    (
        "x -> nn.Softmax(torch.ones(-1))",
        "torch.ones takes whole numbers from 0 on",
        ["torch.ones(-1)"],
        "torch.ones(3)",
    ),
    (
        "x -> nn.BCELoss(torch.ones(" + "1, " * 5000 + "1))",
        "torch.ones makes an array of 5001 axes",
        ["torch.ones(" + "1, " * 5000 + "1)"],
        "at most 64 axes",
    ),
    (
        "x -> nn.Softmax(torch.tensor(1, 2))",
        "torch.tensor takes one list",
        ["torch.tensor(1, 2)"],
        "torch.tensor([1, 2])",
    ),
]


@pytest.mark.parametrize(
    ("text", "message", "marked", "hint"),
    [*UNKNOWN, *PYTHON, *ARROWS, *PLACES, *ARGUMENTS],
    ids=lambda one: str(one)[:40],
)
def test_a_complaint_says_what_where_and_what_now(text: str, message: str, marked: list[str], hint: str) -> None:
    """The message names the problem, the spans select exactly the characters it is about, the hint helps."""
    with pytest.raises(ParseError) as caught:
        parse(text)
    error = caught.value

    assert message in error.message
    assert [text[span.start : span.end] for span in error.spans] == marked
    assert hint in (error.hint or "")
    assert error_text(error).startswith("error: ")


def refused(text: str, at: dict[str, Any], **options: Any) -> BpcliError:
    """The error that a text at these values ends in."""
    with pytest.raises(BpcliError) as caught:
        grad(text, at, **options)
    return caught.value


X = [[1.0, 2.0, 3.0]]


def test_a_wrong_size_names_both_layers() -> None:
    """What the layer expects, what came, from where, and the shape."""
    text = "nn.Sequential(nn.Flatten(), nn.Linear(4, 2)) -> sum"
    error = refused(text, {"input": np.ones((2, 3, 4))})

    assert isinstance(error, ShapeError)
    assert error.message == "Linear(4, 2) expects 4 features, Flatten gives 12"
    assert error.hint == "the output of 0 Flatten has shape (2, 12)"
    assert [text[span.start : span.end] for span in error.spans] == ["nn.Linear(4, 2)"]


def test_a_wrong_input_is_called_by_its_name() -> None:
    """There is no layer before the first one."""
    error = refused("x -> nn.Linear(4, 2) -> sum", {"x": X})

    assert (error.message, error.hint) == ("Linear(4, 2) expects 4 features, x gives 3", "x has shape (1, 3)")


@pytest.mark.parametrize("text", ["x -> Linear(-1) -> sum", "x -> nn.Linear(3, -4) -> sum", "x -> nn.Linear(-3, 4)"])
def test_sizes_below_zero_are_refused(text: str) -> None:
    """No array has such a shape; nothing is drawn."""
    error = refused(text, {"x": X})

    assert "expects -3" in error.message or "the weight would have shape (-" in error.message


def test_a_size_of_zero_is_an_empty_array() -> None:
    """As in PyTorch, which warns."""
    found = outcome(["grad", "x -> Linear(0) -> sum", "--x", "[[1, 2, 3]]"])

    assert (found.code, found.said) == (0, "")
    assert grad("x -> Linear(0) -> sum", {"x": X}).value == 0.0


@pytest.mark.parametrize(
    "text",
    [
        "x -> Linear(1000000000) -> sum",
        "x -> Linear(1000000000000000) -> sum",
        "x -> nn.Linear(3, 1000000000, bias=False) -> sum",
        "x -> Linear(7000) -> Linear(7000) -> Linear(7000) -> sum",
        "i -> nn.Embedding(1000000000, 3) -> sum",
    ],
)
def test_parameters_count_before_memory_is_taken(text: str) -> None:
    """They are entries like all others, which --max-entries bounds."""
    error = refused(text, {"i": [1, 2]} if text.startswith("i") else {"x": X})

    assert isinstance(error, LimitError)
    assert error.hint == "raise the limit with --max-entries"
    assert error.spans


def test_a_limit_on_entries_holds_for_parameters() -> None:
    """A network within the limit is computed, the same beyond it is not."""
    at = {"i": [1, 2]}

    assert grad("i -> nn.Embedding(20, 3) -> sum", at, limits=Limits(entries=200)).gradients
    assert isinstance(refused("i -> nn.Embedding(100, 3) -> sum", at, limits=Limits(entries=200)), LimitError)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nn.Sequential(" * 1_001 + "nn.ReLU()" + ")" * 1_001, "modules are nested more than 1000 levels deep"),
        ("x -> nn.CrossEntropyLoss(torch.ones(1000000000))", "makes more than 2000000 entries"),
        ("x -> nn.CrossEntropyLoss(torch.ones(0, 1000000000))", "makes more than 2000000 entries"),
    ],
)
def test_what_is_too_large_to_read_is_refused(text: str, message: str) -> None:
    """Before memory is taken."""
    with pytest.raises(LimitError, match=message):
        parse(text)


def test_a_missing_target_is_the_loss_s() -> None:
    """It is said which loss takes it, for the variable `target` too, which nobody typed."""
    error = refused("x -> Linear(2) -> nn.MSELoss()", {"x": X})

    assert isinstance(error, MissingValueError)
    assert error.names == ("target",)
    assert error.hint is not None
    assert "; target is the target that MSELoss takes; parameters may be left out" in error.hint


def test_a_result_that_a_layer_has_not() -> None:
    """The names of results belong to recurrent layers."""
    error = refused("x -> Linear(3) -> h_n -> sum", {"x": X})

    assert error.message == "Linear has no result 'h_n' beside its output"
    assert "right behind the layer" in (error.hint or "")


@pytest.mark.parametrize("name", sorted(NOT_HERE))
def test_every_missing_layer_is_known_by_name(name: str) -> None:
    """A layer that PyTorch has is not called unknown."""
    with pytest.raises(ParseError, match=f"nn.{name} is a layer of PyTorch that bpcli does not have yet"):
        parse(f"x -> nn.{name}(3)")


@pytest.mark.parametrize("name", sorted(LAYERS))
def test_every_layer_refuses_in_words(name: str) -> None:
    """Too many arguments, and none, end in a layer or in words that say how it is written."""
    with pytest.raises(ParseError) as caught:
        parse(f"x -> nn.{name}({', '.join(['1'] * 30)})")

    assert f"write nn.{name}(" in (caught.value.hint or "")
