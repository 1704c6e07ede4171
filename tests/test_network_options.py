"""Options of networks: where parameters come from, the loss, the seed, the mode, and where gradients are written."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command import call

import bpcli
from bpcli.errors import UsageError
from bpcli.report.saved import saving_for

MODEL = "nn.Sequential(nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 1))"
NET = f"{MODEL} -> nn.MSELoss()"
POINT = ("--input", "[[1, 2]]", "--target", "[[0.5]]")
PARAMETERS: dict[str, Any] = {
    "0.weight": [[0.5, -0.25], [1.0, 2.0]],
    "0.bias": [0.1, -0.2],
    "2.weight": [[1.0, -1.0]],
    "2.bias": [0.3],
}


def saved(folder: Path, form: str) -> str:
    """The parameters in a file of that form."""
    path = str(folder / f"parameters.{form}")
    arrays = {name: np.array(value) for name, value in PARAMETERS.items()}
    if form == "safetensors":
        pytest.importorskip("safetensors")
    Path(path).write_bytes(saving_for(path)(arrays))
    return path


def document(*arguments: str, command: str = "grad", stdin: str = "") -> dict[str, Any]:
    """The JSON answer of a command that succeeds."""
    done = call(command, *arguments, "--json", stdin=stdin)
    assert done.code == 0, done
    answer: dict[str, Any] = json.loads(done.out)
    return answer


@pytest.mark.parametrize("form", ["npz", "safetensors", "json"])
def test_parameters_come_from_a_file(form: str, tmp_path: Path) -> None:
    """By their names in a state_dict, together with values that are typed."""
    found = document(NET, *POINT, "--parameters-file", saved(tmp_path, form))

    assert found["inputs"] == PARAMETERS | {"input": [[1, 2]], "target": [[0.5]]}
    assert found["gradients"] == document(NET, *POINT, "--at", saved(tmp_path, form))["gradients"]


def test_a_value_replaces_none_of_a_file(tmp_path: Path) -> None:
    """A name that is bound twice is an error, which shows the beginning of both values."""
    done = call("grad", NET, *POINT, "--parameters-file", saved(tmp_path, "npz"), "--set", "0.bias=[0, 0]")

    assert done.code == 2
    assert done.err.startswith("error: 0.bias is bound twice, to [0, 0] and to [ 0.1 -0.2]")


@pytest.mark.parametrize("command", ["grad", "jacobian", "hessian", "check"])
def test_every_command_takes_the_options_of_a_network(command: str, tmp_path: Path) -> None:
    """Parameters from a file, a loss beside the model, a parameter by its own name."""
    wanted = ("--with-respect-to", "0.weight")
    found = document(
        MODEL, *POINT, "--loss-function", "nn.MSELoss()", "--parameters-file", saved(tmp_path, "json"), *wanted,
        command=command,
    )  # fmt: skip

    assert found["expression"] == NET
    assert found["inputs"]["2.bias"] == [0.3]


def test_an_entry_of_a_parameter_is_explained(tmp_path: Path) -> None:
    """`explain` takes its name with dots, alone and as a derivative."""
    given = (NET, *POINT, "--parameters-file", saved(tmp_path, "json"))
    for name in ("0.weight[1,-1]", "dL/d0.weight[1,1]"):
        text = NET if name.startswith("0") else f"L = {NET}"
        found = document(text, *given[1:], "--gradient-of", name, command="explain")
        assert found["entry"] == "0.weight[1,1]"
        assert found["gradient"] == document(*given)["gradients"]["0.weight"][1][1]


@pytest.mark.parametrize("what", ["0.bias=[0, 0]", "df/d0.bias=[0, 0]", "upstream(0.bias)=[0, 0]", "0.bias[1]=0"])
def test_claims_name_parameters(what: str) -> None:
    """With dots, wherever a claim has a name."""
    done = call("check", NET, *POINT, "--claim", what, "--json")

    assert done.code == 1, done
    assert [key.partition("[")[0] for key in json.loads(done.out)["claims"]] == ["0.bias"]


@pytest.mark.parametrize("ending", ["", "\n", " ;\n", "\r\n\r\n;"])
def test_a_loss_is_added_to_a_model_in_a_file(ending: str, tmp_path: Path) -> None:
    """Whatever ends the text of the model; from a file and from standard input."""
    path = tmp_path / "model.txt"
    path.write_text(MODEL + ending, encoding="utf-8")
    loss = ("--loss-function", "nn.MSELoss()")

    assert document(f"@{path}", *POINT, *loss)["expression"] == NET
    assert document("-", *POINT, *loss, stdin=MODEL + ending)["expression"] == NET


@pytest.mark.parametrize(
    ("model", "loss", "message", "hint"),
    [
        (NET, "nn.MSELoss()", "the model ends in a loss already", "leave out --loss-function"),
        (MODEL, "nn.Tanh()", "--loss-function takes a loss, not 'nn.Tanh()'", 'write it as "nn.MSELoss()"'),
        (MODEL, " ", "--loss-function takes a loss, not ' '", 'write it as "nn.MSELoss()"'),
        (MODEL, "nn.MSELos()", "unknown layer 'MSELos'", "did you mean"),
    ],
)
def test_what_is_no_loss_is_refused(model: str, loss: str, message: str, hint: str) -> None:
    """In words."""
    done = call("grad", model, *POINT, "--loss-function", loss)

    assert done.code == 2
    assert message in done.err
    assert f"hint: {hint}" in done.err


def test_the_seed_draws_parameters() -> None:
    """The same one the same, another one others; 0 where none is named."""
    first, again, other = [document(NET, *POINT, "--random-seed", seed) for seed in ("0", "0", "1")]

    assert first == again == document(NET, *POINT)
    assert first["inputs"]["0.weight"] != other["inputs"]["0.weight"]


@pytest.mark.parametrize("command", ["jacobian", "hessian", "check", "explain"])
def test_the_seed_is_said(command: str) -> None:
    """On standard error, where chance gave parameters, and only there."""
    wanted = ("--gradient-of", "0.bias[0]") if command == "explain" else ()

    done = call(command, NET, *POINT, "--random-seed", "7", *wanted)
    assert "note: parameters drawn from --random-seed 7\n" in done.err
    assert "drawn" not in call(command, "x**2", "--x", "3", *(wanted and ("--gradient-of", "x"))).err


@pytest.mark.parametrize("seed", ["-1", "1.5", "one"])
def test_a_seed_is_a_whole_number(seed: str) -> None:
    """From 0."""
    done = call("grad", NET, *POINT, "--random-seed", seed)

    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"error: --random-seed takes a whole number from 0, not '{seed}'\n")


def test_what_a_network_needs_is_said() -> None:
    """Without values there is nothing to show; parameters need none."""
    done = call("grad", NET)

    assert done == done._replace(
        code=2,
        out="",
        err="error: no value for input, target\n"
        "hint: add --input VALUE --target VALUE; target is the target that MSELoss takes; "
        "parameters may be left out, and are then drawn from --random-seed\n",
    )


def test_a_parameter_is_no_option() -> None:
    """Its name begins with a digit as a rule, and is bound by --set."""
    done = call("grad", NET, *POINT, "--0.weight", "[[1, 2]]")

    assert done.code == 2
    assert "hint: a parameter is bound by --set 0.weight=VALUE" in done.err


def test_what_is_no_value_of_a_parameter() -> None:
    """The hint shows how it is bound."""
    others = [f"--set={name}={value}" for name, value in PARAMETERS.items() if name != "0.bias"]
    done = call("grad", NET, *POINT, *others, "--set", "0.bias=1,2")

    assert 'hint: a list stands in brackets: --set 0.bias="[1, 2.5]"' in done.err


@pytest.mark.parametrize("name", ["model.pt", "pytorch_model.bin"])
def test_a_pickle_is_not_opened(name: str) -> None:
    """It could hold any program."""
    done = call("grad", NET, *POINT, "--parameters-file", name)

    assert done.code == 2
    assert done.err.startswith(f"error: cannot read {name}: such a file holds a program")


# Requests --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["grad", "check"])
def test_requests_have_a_seed_of_their_own(command: str) -> None:
    """Or that of the command."""
    asked = {"expression": NET, "at": {"input": [[1, 2]], "target": [[0.5]]}}
    lines = [asked, asked | {"random_seed": 3}, asked | {"random_seed": 3, "evaluation_mode": True}]
    done = call(command, "--requests", "-", "--random-seed", "2", stdin="\n".join(map(json.dumps, lines)))
    answers = [json.loads(line) for line in done.out.splitlines()]

    drawn = [document(NET, *POINT, "--random-seed", seed)["inputs"] for seed in "233"]
    assert [answer["inputs"] for answer in answers] == drawn


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("random_seed", -1, "'random_seed' of the request is no whole number from 0"),
        ("random_seed", True, "'random_seed' of the request is no whole number from 0"),
        ("random_seed", 1.5, "'random_seed' of the request is no whole number from 0"),
        ("random_seed", None, "'random_seed' of the request is no whole number from 0"),
        ("evaluation_mode", 1, "'evaluation_mode' of the request is neither true nor false"),
    ],
)
@pytest.mark.parametrize("command", ["grad", "check"])
def test_an_unfit_seed_or_mode_of_a_request(command: str, key: str, value: object, message: str) -> None:
    """Is answered by an error."""
    done = call(command, "--requests", "-", stdin=json.dumps({"expression": "x", "at": {"x": 1}, key: value}))

    assert done.code == 2
    assert json.loads(done.out)["error"]["message"] == message


@pytest.mark.parametrize("option", ["--parameters-file", "--loss-function", "--save-gradients"])
def test_requests_go_without_what_is_of_one_network(option: str) -> None:
    """It is refused beside them."""
    assert call("grad", "--requests", "-", option, "p.npz").code == 2


# Saved gradients -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["npz", "safetensors", "json", "NPZ"])
def test_gradients_are_saved_under_the_names_of_values(form: str, tmp_path: Path) -> None:
    """So the file binds the same names, entry by entry the same numbers."""
    if form == "safetensors":
        pytest.importorskip("safetensors")
    target = tmp_path / f"gradients.{form}"
    done = call("grad", NET, *POINT, "--save-gradients", str(target), "--json")
    gradients = json.loads(done.out)["gradients"]

    assert done.err == f"note: wrote {target}: 5 gradients\n"
    assert document(NET, "--at", str(target), "--target", "[[0]]")["inputs"] == gradients | {"target": [[0]]}
    assert [file.name for file in tmp_path.iterdir()] == [target.name]


@pytest.mark.parametrize("form", ["npz", "safetensors", "json"])
def test_single_numbers_are_saved(form: str, tmp_path: Path) -> None:
    """As arrays without axes, whatever they are called; only those that are asked for."""
    target = str(tmp_path / f"gradients.{form}")
    call("grad", "file*x*y", "--file=2", "--x=3", "--y=5", "--with-respect-to=file,x", "--save-gradients", target)

    assert document("file*x", "--at", target)["inputs"] == {"file": 15.0, "x": 10.0}


def test_an_archive_is_the_same_in_every_run(tmp_path: Path) -> None:
    """It holds no time."""
    gradients = bpcli.grad("x*y", {"x": 2, "y": 3}).gradients
    save = saving_for("g.npz")

    assert save(gradients) == save(gradients)
    target = tmp_path / "g.npz"
    target.write_bytes(save(gradients))
    with np.load(target) as archive:
        assert {name: float(archive[name]) for name in archive.files} == {"x": 3.0, "y": 2.0}


@pytest.mark.parametrize("target", ["g.txt", "g", "-", ".npz"])
def test_an_unknown_ending_is_refused_before_anything_is_computed(target: str) -> None:
    """With those that are known."""
    done = call("grad", "1/x +", "--x", "0", "--save-gradients", target)

    assert (done.code, done.out) == (2, "")
    assert done.err == f"error: the ending of {target} says no form\nhint: end it in .npz, .safetensors or .json\n"


def test_formulas_are_no_gradients_to_save() -> None:
    """Values are asked for."""
    assert call("grad", "x*y", "--save-gradients", "g.npz").err.startswith("error: no value for x, y\n")


def test_without_the_library_nothing_is_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hint says how to install it."""
    monkeypatch.setitem(sys.modules, "safetensors.numpy", None)

    with pytest.raises(UsageError, match="the safetensors library is not installed") as refused:
        saving_for("g.safetensors")
    assert "pip install" in (refused.value.hint or "")
