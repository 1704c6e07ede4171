"""`bpcli step`: one update in full, on screens and as JSON, and what it refuses."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command import call
from jsonschema import Draft202012Validator

import bpcli
from bpcli.report.documents import schema_text
from bpcli.report.figures import ASCII
from bpcli.report.page import Page
from bpcli.report.plain import plain_text
from bpcli.report.step.screen import step_lines
from bpcli.train.clipping import Clipping
from bpcli.train.model import Model
from bpcli.train.optimisers import optimiser_from
from bpcli.train.updates import updates

SQUARE = ("(w*x - y)**2", "--w=1", "--x=2", "--y=3", "--with-respect-to=w")
NET = ("x -> Linear(7) -> Tanh -> Linear(1) -> MSELoss(t)", "--x=[[1, 2], [3, -1]]", "--t=[[1], [0]]")
NOISY = ("x -> Linear(8) -> BatchNorm1d() -> Dropout(0.5) -> Linear(1) -> MSELoss(t)", *NET[1:])

ADAM = (*SQUARE, "--optimizer-name=adam", "--clip-norm=2", "--output-format=table")
SCREENS = {
    "numbers in place of names, in full": (
        (*SQUARE, "--learning-rate=0.1", "--momentum-factor=0.9", "--steps-count=2", "--output-format=plain"),
        """
RULE                                sgd: lr 0.1, momentum 0.9
  g     = ∂f/∂θ
  b_new = momentum*b + g
  θ_new = θ - lr*b_new

UPDATE t=1                          f = 1 → 0.04000000000000007
  w
    θ     = 1
    g     = ∂f/∂w      = -4
    b     = 0
    b_new = -4
    θ_new = 1 - 0.1*-4 = 1.4

UPDATE t=2                          f = 0.04000000000000007 → 0.4623999999999996
  w
    θ     = 1.4
    g     = ∂f/∂w                        = -0.8000000000000007
    b     = -4
    b_new = 0.9*-4 + -0.8000000000000007 = -4.4
    θ_new = 1.4 - 0.1*-4.4               = 1.8399999999999999
""",
    ),
    "a gradient that is clipped, on a terminal": (
        ADAM,
        """
RULE                                adam: lr 0.001, beta1 0.9, beta2 0.999, eps 1e-08
  g     = ∂f/∂θ, clipped
  m_new = m + (1 - beta1)*(g - m)
  v_new = beta2*v + (1 - beta2)*g*g
  θ_new = θ - lr/(1 - beta1**t)*m_new/(sqrt(v_new)/sqrt(1 - beta2**t) + eps)

UPDATE t=1                          f = 1 → 0.996
  clipped: ‖gradients‖ 4 → 2
  w
    θ     = 1
    ∂f/∂w = -4
    g     = -2
    m     = 0
    v     = 0
    m_new = 0 + (1 - 0.9)*(-2 - 0)                                               = -0.2
    v_new = 0.999*0 + (1 - 0.999)*-2*-2                                          = 0.004
    θ_new = 1 - 0.001/(1 - 0.9**1)*-0.2/(sqrt(0.004)/sqrt(1 - 0.999**1) + 1e-08) = 1.001
""",
    ),
    "arrays: small ones in full, large ones by their norms": (
        (*NET, "--nesterov-momentum", "--momentum-factor=0.9", "--weight-decay=0.1", "--output-format=table"),
        """
RULE                                sgd: lr 0.001, momentum 0.9, weight_decay 0.1, nesterov
  g     = ∂f/∂θ
  d     = g + weight_decay*θ
  b_new = d
  θ_new = θ - lr*(d + momentum*d)

UPDATE t=1                          f = 0.7621 → 0.7477
  0.bias (7,)
    θ     = [-0.08579, 0.1566, -0.3272, 0.4898, -0.1772, -0.6203, 0.6872]
    g     = [-0.3056, 0.006326, -0.09639, 0.3841, -0.01906, 0.04755, -0.03699]
    b     = [0, 0, 0, 0, 0, 0, 0]
    d     = [-0.3142, 0.02199, -0.1291, 0.4331, -0.03677, -0.01448, 0.03173]
    b_new = [-0.3142, 0.02199, -0.1291, 0.4331, -0.03677, -0.01448, 0.03173]
    θ_new = [-0.0852, 0.1566, -0.327, 0.489, -0.1771, -0.6203, 0.6871]
  2.weight (1, 7)
    θ     = [[0.3702, -0.3212, 0.1302, -0.3139, 0.1829, -0.15, 0.08839]]
    g     = [[0.8427, -1.09, 0.6152, 0.1418, -1.027, 0.9021, -0.8414]]
    b     = [[0, 0, 0, 0, 0, 0, 0]]
    d     = [[0.8797, -1.122, 0.6282, 0.1104, -1.008, 0.8871, -0.8326]]
    b_new = [[0.8797, -1.122, 0.6282, 0.1104, -1.008, 0.8871, -0.8326]]
    θ_new = [[0.3685, -0.319, 0.129, -0.3141, 0.1849, -0.1517, 0.08997]]
  2.bias (1,)
    θ     = [0.0008324]
    g     = [-1.073]
    b     = [0]
    d     = [-1.073]
    b_new = [-1.073]
    θ_new = [0.002871]
            shape     ‖θ‖    ‖g‖  ‖b‖   ‖d‖  ‖b_new‖  ‖θ_new‖  ‖θ_new - θ‖
  0.weight  (7, 2)  1.869  1.145    0  1.16     1.16    1.869     0.002204
""",
    ),
}


@pytest.mark.parametrize(("arguments", "screen"), SCREENS.values(), ids=list(SCREENS))
def test_screens(arguments: tuple[str, ...], screen: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `bpcli step` writes, letter by letter."""
    monkeypatch.setenv("COLUMNS", "100")
    done = call("step", *arguments)

    assert done.code == 0
    assert done.out == screen.removeprefix("\n")
    assert "--output-format=plain" in arguments or max(map(len, done.out.splitlines())) <= 100


def test_letters_of_the_rule_are_told_from_variables() -> None:
    """A text may call its variables like the rule its gradient, its momentum and its parameter."""
    adam = ("--optimizer-name=adam", "--with-respect-to=m,g", "--output-format=plain")
    told = call("step", "(m*x - g)**2", "--m=1", "--x=2", "--g=3", *adam).out
    lines = told.splitlines()

    assert "  m, g are letters of the rule here; the text's own are written 'variable m'" in lines
    assert [line.strip() for line in lines if line.startswith("  variable")] == ["variable m", "variable g"]
    assert "    g     = ∂f/∂m" in told
    assert "are letters" not in call("step", *SQUARE).out


def test_a_terminal_without_greek_letters_gets_the_name() -> None:
    """The parameter is theta there, and the rest of the rule the same."""
    update = list(updates(Model("w**2", {}, {"w": 1.0}), optimiser_from("sgd", {}), Clipping(), 1))
    lines = plain_text(step_lines(update, optimiser_from("sgd", {}), Page(signs=ASCII)))

    assert "theta_new = theta - lr*g" in lines
    assert lines.isascii()


@pytest.mark.parametrize(
    ("name", "meant"),
    {
        "optimizer": "--optimizer-name",
        "lr": "--learning-rate",
        "seed": "--random-seed",
        "eps": "--optimizer-option eps=1",
    }.items(),
)
def test_names_of_pytorch_lead_to_options(name: str, meant: str) -> None:
    """Unless they are variables of the text."""
    told = call("step", *SQUARE, f"--{name}=1")

    assert told.code == 2
    assert f"unknown option '--{name}'\nhint: did you mean '{meant}'?" in told.err
    assert call("step", f"{name}**2", f"--{name}=1").code == 0


@pytest.mark.parametrize(("name", "own"), [("kaiming", "he"), ("Glorot", "xavier")])
def test_schemes_have_the_names_of_their_authors(name: str, own: str) -> None:
    """Kaiming He and Xavier Glorot, whom PyTorch calls by their first names, Keras by their last."""
    drawn = [document(*NET, f"--initial-weights={scheme}") for scheme in (name, own, "default")]

    assert drawn[0] == drawn[1] != drawn[2]


def document(*arguments: str) -> dict[str, Any]:
    """The JSON of a command that answers, held against its schema."""
    done = call("step", *arguments, "--json")
    found: dict[str, Any] = json.loads(done.out)
    Draft202012Validator(json.loads(schema_text("step"))).validate(found)
    return found


def test_json_has_every_number() -> None:
    """The update that PyTorch would make, with the state before and after, and the formulas."""
    found = document(*SQUARE, "--optimizer-name=adam", "--steps-count=2")
    first, second = found["updates"]
    w = first["parameters"]["w"]

    assert (found["status"], first["loss"], first["step"], second["step"]) == ("ok", 1, 1, 2)
    assert w["gradient"] == w["clipped_gradient"] == -4
    assert w["state"] == {"exp_avg": 0, "exp_avg_sq": 0}
    assert w["state_after"] == pytest.approx({"exp_avg": -0.4, "exp_avg_sq": 0.016})
    assert w["new_value"] == pytest.approx(1.001, abs=1e-9)
    assert second["parameters"]["w"]["state"] == w["state_after"]
    assert second["loss"] == first["loss_after"]
    assert second["loss_after"] == found["value"]
    assert first["formulas"] == optimiser_from("adam", {}).formulas()


@pytest.mark.parametrize("name", ["sgd", "adam", "adamw", "rmsprop", "adagrad"])
def test_the_substituted_formula_is_an_expression(name: str) -> None:
    """What stands between the equal signs, pasted into `bpcli grad`, gives what stands behind the second."""
    out = call("step", *SQUARE, f"--optimizer-name={name}", "--steps-count=2", "--output-format=plain").out
    rows = [line.split(" = ") for line in out.splitlines() if "_new" in line and line.count(" = ") == 2]

    assert rows
    for _, text, number in rows:
        assert bpcli.grad(text).value == pytest.approx(float(number), rel=1e-15)


def test_a_network_learns_its_parameters() -> None:
    """The rest keeps its value; masks of dropout are new in each step, and running statistics are kept."""
    found = document(*NOISY, "--learning-rate=0.1", "--steps-count=2", "--random-seed=3")
    first, second = found["updates"]

    assert list(first["parameters"]) == ["0.weight", "0.bias", "1.weight", "1.bias", "3.weight", "3.bias"]
    assert found["random_seed"] == 3
    assert first["running_statistics"] != second["running_statistics"]
    assert second["loss"] != first["loss_after"]  # other masks
    assert document(*NOISY, "--learning-rate=0.1", "--steps-count=2", "--random-seed=3") == found


def test_evaluation_mode_has_no_masks_and_keeps_the_statistics() -> None:
    """The loss after a step is then that before the next."""
    first, second = document(*NOISY, "--evaluation-mode", "--steps-count=2")["updates"]

    assert first["loss_after"] == second["loss"]
    assert first["running_statistics"] == second["running_statistics"]


def test_values_may_be_drawn() -> None:
    """A generator stands for an array, drawn from the seed and the name of its variable, as for `flow`."""
    drawn = (NET[0], "--x=normal(5,2)", "--t=normal(5,1)")
    first = document(*drawn, "--random-seed=1")

    assert len(first["updates"][0]["parameters"]["0.weight"]["value"][0]) == 2
    assert document(*drawn, "--random-seed=1") == first
    assert document(*drawn, "--random-seed=2")["updates"][0]["loss"] != first["updates"][0]["loss"]


def test_new_values_are_saved(tmp_path: Path) -> None:
    """Under the names of a state_dict, from where the next command takes them."""
    target = tmp_path / "after.npz"
    done = call("step", *NET, "--save-parameters", str(target), "--json")
    update = json.loads(done.out)["updates"][0]

    with np.load(target) as saved:
        assert {name: saved[name].tolist() for name in saved} == {
            name: change["new_value"] for name, change in update["parameters"].items()
        }
    assert document(*NET, "--parameters-file", str(target))["updates"][0]["loss"] == update["loss_after"]
    assert done.err == f"note: wrote {target}: 4 parameters\n"


def test_what_is_not_finite_is_told() -> None:
    """Exit code 3, with the step of the graph that it comes from; no further update is taken."""
    done = call("step", "1/w", "--w=0", "--steps-count=5")

    assert (done.code, done.out.count("UPDATE")) == (3, 1)
    assert "f = 1/w = 1/0 is infinite" in done.err
    assert document("1/w", "--w=0")["status"] == "nonfinite"


def test_a_new_value_that_is_not_finite_is_told_and_not_saved(tmp_path: Path) -> None:
    """Where the loss levels off, it stays finite when the parameter does not."""
    target = tmp_path / "new.json"
    words = ("sigmoid(10*w)", "--w=0", "--learning-rate=1.7e308", "--steps-count=5")
    done = call("step", *words, f"--save-parameters={target}")

    assert (done.code, done.out.count("UPDATE")) == (3, 1)
    assert "the new value of w is not finite" in done.err
    assert not target.exists()


REFUSED = {
    "an array": (("x*y", "--x=[1, 2]", "--y=3"), "what is made small is one number"),
    "no value": (("w*x", "--w=0"), "no value for x\nhint: add --x VALUE"),
    "nothing to learn": (("3",), "there is nothing to learn"),
    "an unknown name": (("w**2", "--w=1", "--with-respect-to=q"), "update of 'q', which is no variable"),
    "an option of another": ((*SQUARE, "--optimizer-name=adam", "--momentum-factor=0.9"), "adam has no option 'mom"),
    "an option twice": (
        (*SQUARE, "--learning-rate=1", "--optimizer-option=lr=2"),
        "--learning-rate and --optimizer-option lr=2 say the same",
    ),
    "the same option twice": ((*SQUARE, *["--optimizer-option=lr=2"] * 2), "--optimizer-option lr is given twice"),
    "no pair": ((*SQUARE, "--optimizer-option=lr"), "--optimizer-option takes NAME=VALUE, not 'lr'"),
    "too many steps": ((*SQUARE, "--steps-count=1001"), "'bpcli train' takes many steps"),
    "no form": ((*SQUARE, "--save-parameters=x.txt"), "the ending of x.txt says no form"),
}


@pytest.mark.parametrize(("arguments", "words"), REFUSED.values(), ids=list(REFUSED))
def test_refusals(arguments: tuple[str, ...], words: str) -> None:
    """Exit code 2, and what to do."""
    done = call("step", *arguments)

    assert (done.code, done.out) == (2, "")
    assert words in done.err
