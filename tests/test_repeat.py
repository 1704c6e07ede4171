"""`Repeat(20, Linear(64), Tanh)`: that it means the text written out, and what is said where it cannot be read."""

import numpy as np
import pytest

from bpcli import grad, parse
from bpcli.errors import BpcliError, LimitError
from bpcli.language.limits import Limits
from bpcli.layers.module import Module, Stage

X = np.array([[1.0, -2.0, 3.0], [0.5, 0.25, -1.0]])

WRITTEN_OUT = {
    "layers": ("x -> Repeat(2, Linear(4), Tanh) -> sum", "x -> Linear(4) -> Tanh -> Linear(4) -> Tanh -> sum"),
    "once": ("x -> Repeat(1, Linear(4)) -> sum", "x -> Linear(4) -> sum"),
    "several": (
        "x -> ReLU -> Repeat(2, Linear(3)) -> Repeat(2, Linear(3), ReLU,) -> sum",
        "x -> ReLU -> Linear(3) -> Linear(3) -> Linear(3) -> ReLU -> Linear(3) -> ReLU -> sum",
    ),
    "nested": (
        "x -> Repeat(2, Repeat(2, Linear(3)), Tanh) -> sum",
        "x -> Linear(3) -> Linear(3) -> Tanh -> Linear(3) -> Linear(3) -> Tanh -> sum",
    ),
    "functions": (
        "x -> Repeat(2, Linear(3), tanh, sum(axis=1, keepdims=True), maximum(b), softmax(0)) -> sum",
        f"x{' -> Linear(3) -> tanh -> sum(axis=1, keepdims=True) -> maximum(b) -> softmax(0)' * 2} -> sum",
    ),
    "functions of layers": (
        "x -> Repeat(2, scaled_dot_product_attention(x, x)) -> sum",
        "x -> scaled_dot_product_attention(x, x) -> scaled_dot_product_attention(x, x) -> sum",
    ),
    "PyTorch's": (
        "x -> Repeat(2, nn.Linear(3, 3), nn.Sequential(nn.Tanh(), nn.Linear(3, 3))) -> sum",
        f"x{' -> nn.Linear(3, 3) -> nn.Sequential(nn.Tanh(), nn.Linear(3, 3))' * 2} -> sum",
    ),
    "another result": ("x -> Repeat(2, GRU(2), h_n) -> sum", "x -> GRU(2) -> h_n -> GRU(2) -> h_n -> sum"),
    "chance": ("x -> Repeat(3, Dropout(0.5)) -> sum", "x -> Dropout(0.5) -> Dropout(0.5) -> Dropout(0.5) -> sum"),
    "in a Sequential": (
        "x -> nn.Sequential(nn.Tanh(), Repeat(2, nn.Linear(3, 3), nn.ReLU()), nn.Linear(3, 1)) -> sum",
        "x -> nn.Sequential(nn.Tanh(), nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 1)) -> sum",
    ),
    "at the head": ("y = Repeat(2, Linear(3))\n-> sum", "y = Linear(3) -> Linear(3)\n-> sum"),
    "on lines": (
        "x -> Repeat(\n  2,  # times\n  Linear(3),\n  Tanh,\n) -> sum",
        "x -> Repeat(2, Linear(3), Tanh) -> sum",
    ),
}


@pytest.mark.parametrize(("text", "written_out"), WRITTEN_OUT.values(), ids=WRITTEN_OUT)
def test_it_is_the_text_written_out(text: str, written_out: str) -> None:
    """The same names, values and gradients of parameters, to the bit; and no node more."""
    at = {name.name: {"b": 0.5}.get(name.name, X) for name in parse(text).variables}
    repeated, whole = grad(text, at), grad(written_out, at)

    assert repeated.value == whole.value
    assert list(repeated.gradients) == list(whole.gradients)
    for name, gradient in repeated.gradients.items():
        np.testing.assert_array_equal(gradient, whole.gradients[name])
    assert [node.op.name for node in repeated.graph.nodes] == [node.op.name for node in whole.graph.nodes]
    assert len(repeated.graph.constants) == len(whole.graph.constants)


def test_parameters_are_named_through_the_text() -> None:
    """Each layer has its own, numbered on where the text goes on."""
    result = grad("x -> Repeat(2, Linear(4), Tanh) -> Repeat(1, Linear(3), tanh) -> Linear(1) -> sum", {"x": X})

    weights = [name for name in result.gradients if name.endswith("weight")]
    assert weights == ["0.weight", "2.weight", "4.weight", "6.weight"]
    assert not np.array_equal(result.gradients["2.weight"], result.gradients["4.weight"])


def test_a_name_may_be_called_repeat() -> None:
    """A variable stays one where it is not called."""
    assert grad("Repeat*x", {"x": 2, "Repeat": 3}).value == 6


COMPLAINTS = {
    "no number": ("x -> Repeat(Tanh, 2)", "must be a whole number from 1", "Tanh", "Repeat(20, Linear(64), Tanh)"),
    "zero": ("x -> Repeat(0, Tanh)", "must be a whole number from 1", "0", "Repeat(20, "),
    "half": ("x -> Repeat(2.5, Tanh)", "must be a whole number from 1", "2.5", "Repeat(20, "),
    "a name": ("x -> Repeat(depth, Tanh)", "must be a whole number", "depth", "bpcli flow --sweep-over depth=1:20:20"),
    "nothing": ("x -> Repeat()", "Repeat takes a whole number, and behind it what", "Repeat()", "Repeat(20, "),
    "no layer": ("x -> Repeat(3)", "Repeat takes a whole number, and behind it what", "Repeat(3)", "Repeat(20, "),
    "keyword": ("x -> Repeat(3, Tanh, times=3)", "Repeat has no argument 'times'", "times=3", "Repeat(20, "),
    "slip within": ("x -> Repeat(2, Linaer(3))", "unknown layer 'Linaer'", "Linaer", "did you mean 'Linear'?"),
    "slip of a word": ("x -> Repeat(2, Tnah)", "unknown layer 'Tnah'", "Tnah", "did you mean 'Tanh'?"),
    "slip of itself": ("x -> Repaet(2, Tanh)", "unknown layer 'Repaet'", "Repaet", "did you mean 'Repeat'?"),
    "package": ("x -> nn.Repeat(2, Tanh)", "unknown layer 'Repeat'", "nn.Repeat", "write it as Repeat(20, "),
    "word": ("x -> Repeat", "unknown layer 'Repeat'", "Repeat", "write it as Repeat(20, "),
    "arrow": ("x -> Repeat(2, ReLU -> Tanh)", "stages, and this is none", "ReLU -> Tanh", "separated by commas"),
    "applied": ("x -> Repeat(2, tanh(x))", "stages, and this is none", "tanh(x)", "takes what stands before it"),
    "number": ("x -> Repeat(2, 3)", "stages, and this is none", "3", "stages are layers and functions"),
    "loss": ("x -> Repeat(2, MSELoss(t))", "a loss ends its pipeline", "MSELoss(t)", "Tanh) -> MSELoss(t)"),
    "argument": ("x -> Repeat(2, Linear(3, foo=2))", "Linear has no argument 'foo'", "foo=2", "write Linear("),
    "too many": ("x -> Repeat(100001, Tanh)", "Repeat makes 100001 stages, more than 100000", "100001", "less often"),
    "nested": ("x -> Repeat(1000, Repeat(101, Tanh))", "Repeat makes 101000 stages", "1000", "less often"),
    "open": ("x -> Repeat(2, Tanh", "this '(' is never closed", "(", "add ')'"),
    "value": ("x + Repeat(2, Tanh)", "is a layer, where a number must stand", "Repeat(2, Tanh)", "applied by '->'"),
    "in a Sequential": (
        "x -> nn.Sequential(Repeat(2, tanh))",
        "nn.Sequential holds layers, and this Repeat a function too",
        "Repeat(2, tanh)",
        "nn.Tanh()",
    ),
}


@pytest.mark.parametrize(("text", "message", "marked", "hint"), COMPLAINTS.values(), ids=COMPLAINTS)
def test_a_complaint_says_what_where_and_what_now(text: str, message: str, marked: str, hint: str) -> None:
    """The message, the marked characters, and what to write instead."""
    with pytest.raises(BpcliError) as caught:
        parse(text)
    error = caught.value

    assert message in error.message
    assert text[error.spans[0].start : error.spans[0].end] == marked
    assert hint in (error.hint or "")


def test_a_wrong_size_is_shown_at_the_layer_within() -> None:
    """The second time round, Linear(3, 4) is given four features."""
    with pytest.raises(BpcliError, match=r"Linear\(3, 4\) expects 3 features, Tanh gives 4") as caught:
        grad("x -> Repeat(2, nn.Linear(3, 4), Tanh) -> sum", {"x": X})

    assert caught.value.spans[0] == (15, 30)


def test_what_it_makes_is_bounded_before_it_is_made() -> None:
    """By operators, layers in all, entries of parameters, and levels."""
    with pytest.raises(LimitError, match="more than 9 operators"):
        parse("x -> Repeat(10, Tanh)", limits=Limits(operators=9))
    with pytest.raises(LimitError, match="more than 50000000 entries"):
        grad("x -> Repeat(1000, Linear(1000)) -> sum", {"x": X})
    with pytest.raises(LimitError, match="nested more than 1000 levels"):
        parse("x -> " + "Repeat(1, " * 1001 + "Tanh" + ")" * 1001)
    with pytest.raises(LimitError, match="holds more than 100000 modules"):
        parse(f"x -> nn.Sequential({', '.join(['Repeat(60000, nn.Identity())'] * 2)})")


def test_layers_in_all_are_bounded() -> None:
    """A Sequential of many, repeated, multiplies its layers; they are counted as they are made."""
    with pytest.raises(LimitError, match="more than 100000 layers"):
        grad("x -> Repeat(100, nn.Sequential(Repeat(1001, nn.Identity()))) -> sum", {"x": 1})


def test_stages_stand_one_after_another() -> None:
    """In the graph that the parser gives, before shapes are known."""
    stages = [node for node in parse("x -> Repeat(2, Linear(3), Tanh)").nodes if isinstance(node, Stage)]

    kinds = [stage.module.definition.name for stage in stages if isinstance(stage.module, Module)]
    assert kinds == ["Linear", "Tanh", "Linear", "Tanh"]
    assert [stage.number for stage in stages] == [0, 1, 2, 3]
    assert [stage.inputs[0] for stage in stages[1:]] == stages[:-1]
