"""`bpcli train`: from a file of samples to weights; what is written while it runs, and how a run goes on."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from command import PATIENCE, Done, call, environment, has_signals, has_terminals, on_terminal

from bpcli.report.documents import schema_text
from bpcli.train.checkpoints import checkpoint_content, read_checkpoint

IRIS = str(Path(__file__).parent.parent / "examples" / "data" / "iris.csv")
NETWORK = "x -> Linear(16) -> Tanh -> Dropout(0.1) -> Linear(3) -> CrossEntropyLoss(label)"
ADAM = ("--optimizer-name", "adam", "--learning-rate", "0.05")
ON_IRIS = ("--data-file", IRIS, "--target-column", "species", *ADAM)
LINE = ("mean((w*x + b - y)**2)", "--data-file", "line.csv", "--w", "0", "--b", "0", "--learning-rate", "0.3")
FILES = ("--save-checkpoint", "run.safetensors", "--history-file", "run.jsonl")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests write into a folder of their own, where eight points of the line y = 3x + 1 are."""
    monkeypatch.chdir(tmp_path)
    points = [(x / 4, 3 * x / 4 + 1) for x in range(-4, 4)]
    Path("line.csv").write_text("x,y\n" + "".join(f"{x},{y}\n" for x, y in points), "utf-8")


def document(*arguments: str) -> dict[str, Any]:
    """The answer in JSON, which keeps to the schema."""
    done = call("train", *arguments, "--json")
    found: dict[str, Any] = json.loads(done.out)
    jsonschema.validate(found, json.loads(schema_text("train")))
    return found


def refusal(*arguments: str) -> tuple[str, str]:
    """The message and the hint of a command that is refused."""
    done = call("train", *arguments)
    assert (done.code, done.out) == (2, "")
    message, _, rest = done.err.removeprefix("error: ").partition("\n")
    return message, rest.rpartition("hint: ")[2].strip()


def test_the_command_of_the_readme_learns_iris() -> None:
    """As a beginner types it: 95 of 100 flowers at least are known afterwards."""
    found = document(
        "x -> Linear(16) -> Tanh -> Linear(3) -> CrossEntropyLoss(label)", *ON_IRIS, "--epochs-count", "60",
        "--random-seed", "0",
    )  # fmt: skip

    assert found["data"]["classes"] == ["setosa", "versicolor", "virginica"]
    assert (found["epochs"], found["steps"], found["stopped"]) == (60, 300, "finished")
    assert found["history"][-1]["metrics"]["accuracy"] >= 0.95
    assert found["history"][-1]["loss"] < found["history"][0]["loss"] / 5


def test_an_expression_learns_the_variables_that_have_a_value() -> None:
    """The line through points that lie on it; `--with-respect-to` leaves the others as they are."""
    assert document(*LINE, "--epochs-count", "200", *FILES)["parameters"] == {"w": [], "b": []}
    weights = read_checkpoint("run.safetensors").weights
    assert {name: round(float(value), 6) for name, value in weights.items()} == {"w": 3.0, "b": 1.0}

    found = document(*LINE, "--epochs-count", "200", "--with-respect-to", "w", *FILES)
    checkpoint = read_checkpoint("run.safetensors")
    assert found["parameters"] == {"w": []}
    assert (set(checkpoint.weights), float(checkpoint.given["b"])) == ({"w"}, 0.0)


def test_a_checkpoint_gives_its_weights_to_other_commands() -> None:
    """At them the loss is that of the last epoch's end."""
    document(*LINE, "--epochs-count", "200", *FILES)
    done = call("grad", LINE[0], "--x", "1", "--y", "4", "--parameters-file", "run.safetensors", "--json")

    assert abs(json.loads(done.out)["value"]) < 1e-9


def test_the_history_has_a_line_for_each_epoch() -> None:
    """Losses and metrics, and no time."""
    found = document(
        "x -> Linear(1) -> MSELoss(y)", *LINE[1:3], "--epochs-count", "3", "--validation-share", "0.25", *FILES
    )
    lines = [json.loads(line) for line in Path("run.jsonl").read_text("utf-8").splitlines()]

    assert lines == found["history"]
    assert [set(line) for line in lines] == [
        {"epoch", "step", "rate", "loss", "metrics", "validation_loss", "validation_metrics"}
    ] * 3
    assert (found["data"]["samples"], found["data"]["validation_samples"]) == (6, 2)


def test_early_stopping_keeps_the_best_weights() -> None:
    """The checkpoint has those of the best epoch, from which training can go on as if it had not stopped."""
    options = (*ON_IRIS, "--validation-share", "0.2", "--early-stopping", "3", "--batch-size", "64")
    found = document(NETWORK, *options, "--epochs-count", "100", *FILES)
    losses = [record["validation_loss"] for record in found["history"]]

    assert found["stopped"] == "patience"
    assert found["best_epoch"] == losses.index(min(losses)) + 1 == found["epochs"] - 3
    checkpoint = read_checkpoint("run.safetensors")
    assert set(checkpoint.under("last")) == set(checkpoint.weights)
    assert any((checkpoint.under("last")[name] != one).any() for name, one in checkpoint.weights.items())


@pytest.mark.parametrize("cut", [1, 3])
@pytest.mark.parametrize("beside", [(), ("--early-stopping", "9", "--standardize-inputs")], ids=["plain", "best"])
def test_a_run_that_goes_on_is_the_same_to_the_bit(cut: int, beside: tuple[str, ...]) -> None:
    """Checkpoint, history and answer, dropout and shuffle included; options come from the checkpoint."""
    options = (*ON_IRIS, "--validation-share", "0.2", "--clip-norm", "1", "--warmup-epochs", "2", *beside)
    whole = call("train", NETWORK, *options, "--epochs-count", "5", *FILES, "--json")
    files = [Path(name).read_bytes() for name in ("run.safetensors", "run.jsonl")]
    call("train", NETWORK, *options, "--epochs-count", str(cut), *FILES)
    Path("run.jsonl").write_text("torn", "utf-8")
    again = call(
        "train", "--resume-from", "run.safetensors", "--data-file", IRIS, "--epochs-count", "5", *FILES, "--json"
    )

    assert (whole.code, again) == (0, whole)
    assert [Path(name).read_bytes() for name in ("run.safetensors", "run.jsonl")] == files


ENDLESS = (NETWORK, *ON_IRIS, "--validation-share", "0.2", "--epochs-count", "30", "--checkpoint-every", "7")
GO_ON = ("--resume-from", "run.safetensors", "--data-file", IRIS, "--checkpoint-every", "7")
CUT_AT = """
import os, signal, sys
from bpcli.cli import keeping
from bpcli.cli.main import main
before, steps, name = keeping.Keeping.step_done, int(sys.argv[1]), sys.argv[2]
def step_done(self, step):
    before(self, step)
    if step == steps:
        os.kill(os.getpid(), getattr(signal, name))
keeping.Keeping.step_done = step_done
sys.exit(main(sys.argv[3:]))
"""


def cut(step: int, name: str, *arguments: str) -> Done:
    """Train in a process that gets this signal when a step is done."""
    done = subprocess.run(
        [sys.executable, "-c", CUT_AT, str(step), name, "train", *arguments],
        capture_output=True,
        env=environment(),
        timeout=PATIENCE,
        check=False,
    )
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


@has_signals
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGKILL"])
def test_a_run_that_is_interrupted_and_resumed_is_the_same_to_the_bit(name: str) -> None:
    """Twice, in the middle of an epoch each time."""
    whole = call("train", *ENDLESS, *FILES, "--json")
    files = [Path(file).read_bytes() for file in ("run.safetensors", "run.jsonl")]
    first = cut(10, name, *ENDLESS, *FILES, "--json")
    second = cut(51, name, *GO_ON, *FILES, "--json")
    again = call("train", *GO_ON, *FILES, "--json")

    assert [first.code, second.code] == [-signal.SIGKILL if name == "SIGKILL" else 130] * 2
    assert [json.loads(one.out)["steps"] for one in (first, second) if one.out] == (
        [] if name == "SIGKILL" else [10, 51]
    )
    assert again == whole
    assert [Path(file).read_bytes() for file in ("run.safetensors", "run.jsonl")] == files


@has_signals
def test_an_interruption_says_how_to_go_on() -> None:
    """The command that it names goes on; without a checkpoint nothing is kept."""
    told = cut(10, "SIGINT", *ENDLESS, *FILES)
    command = told.err.rpartition("go on with: bpcli ")[2].split()

    assert told.err.startswith("note: interrupted after step 10, 2 of 30 epochs done; go on with: ")
    assert call(*command).code == 0
    assert "nothing is kept" in cut(3, "SIGINT", *LINE, "--epochs-count", "9").err


@has_signals
def test_an_interruption_answers_in_json() -> None:
    """A program that reads it gets the epochs so far, and the status that says why there are no more."""
    told = cut(10, "SIGINT", *ENDLESS, *FILES, "--json")
    found = json.loads(told.out)
    jsonschema.validate(found, json.loads(schema_text("train")))

    assert told.code == 130
    assert (found["status"], found["stopped"], found["steps"], found["epochs"]) == ("interrupted",) * 2 + (10, 2)


SEQUENCES = ("--data-file", "seq.npz", "--epochs-count", "1")
CAUTIONS = {
    "time first": ("x -> RNN(4) -> Linear(1) -> MSELoss(t)", "RNN takes the first axis for time, and samples stand"),
    "behind a layer": ("x -> Sequential(nn.Linear(2, 3), Tanh()) -> GRU(4) -> Linear(1) -> MSELoss(t)", "GRU takes"),
    "samples first": ("x -> RNN(4, batch_first=True) -> Linear(1) -> MSELoss(t)", ""),
    "another axis": (
        "y = permute(x, axes=(1, 0, 2)) -> RNN(4); permute(y, axes=(1, 0, 2)) -> Linear(1) -> MSELoss(t)",
        "",
    ),
}


@pytest.mark.parametrize(("text", "message"), CAUTIONS.values(), ids=list(CAUTIONS))
def test_time_where_samples_stand_is_warned_of(text: str, message: str) -> None:
    """nn.RNN reads the first axis as time unless it is told otherwise; bpcli's data have samples there."""
    values = np.random.default_rng(0).normal(size=(6, 5, 3))
    np.savez("seq.npz", x=values[:, :, :2], t=values[:, :, 2:])
    found = document(text, *SEQUENCES)

    assert bool(found["warnings"]) == bool(message)
    if message:
        assert found["warnings"][0]["message"].startswith(message)
        assert "batch_first=True" in call("train", text, *SEQUENCES).err


@pytest.mark.parametrize(
    ("end", "loss", "advice"),
    [
        ("Softmax(dim=1) -> ", "CrossEntropyLoss(label)", "leave out Softmax"),
        ("LogSoftmax(dim=1) -> ", "CrossEntropyLoss(label)", "leave out LogSoftmax"),
        ("", "NLLLoss(label)", "end in CrossEntropyLoss"),
        ("LogSoftmax(dim=1) -> ", "NLLLoss(label)", ""),
        ("", "CrossEntropyLoss(label)", ""),
    ],
    ids=["softmax", "log-softmax", "no logarithms", "logarithms", "scores"],
)
def test_a_loss_behind_what_it_does_itself_is_warned_of(end: str, loss: str, advice: str) -> None:
    """The commonest mistakes with losses of PyTorch, each with what to do."""
    found = document(f"x -> Linear(3) -> {end}{loss}", *ON_IRIS, "--epochs-count", "1")

    assert [warning["message"].rpartition(": ")[2][: len(advice)] for warning in found["warnings"]] == [advice][
        : bool(advice)
    ]


def test_columns_may_be_ignored() -> None:
    """Those with words too; a run that goes on knows them, and predictions do not ask for them."""
    Path("named.csv").write_text("x,who,y\n0,ann,1\n1,bob,4\n2,cy,7\n", "utf-8")
    net = ("z -> Linear(1) -> MSELoss(y)", "--data-file", "named.csv", "--epochs-count")
    refused = refusal(*net, "2")
    found = document(*net, "2", "--ignore-column", "who", "--save-checkpoint", "run.safetensors")
    longer = document("--resume-from", "run.safetensors", *net[1:], "3")

    assert "leave the column out by --ignore-column who" in refused[1]
    assert found["data"]["inputs"] == longer["data"]["inputs"] == {"z": ["x"]}
    assert call("predict", "run.safetensors", "--data-file", "named.csv").code == 0
    assert refusal(*net, "2", "--ignore-column", "y", "--target-column", "y")[0].startswith(
        "--ignore-column y is the t"
    )


def test_hints_name_what_helps() -> None:
    """Classes under a loss of numbers, first values that are missing, and no column that is used already."""
    words = refusal("x -> Linear(1) -> MSELoss(label)", "--data-file", IRIS, "--target-column", "species")
    first = refusal(*LINE[:3])
    Path("other.csv").write_text("sepal_length,sepal_width,petal_length\n1,2,3\n", "utf-8")
    call("train", NETWORK, *ON_IRIS, "--epochs-count", "1", "--save-checkpoint", "run.safetensors")
    missing = call("predict", "run.safetensors", "--data-file", "other.csv").err

    assert words[1].startswith(
        "MSELoss compares numbers; for classes end in an output for each, as in Linear(3) -> Cross"
    )
    assert first[1].startswith("give what is to be learned a first value, as in --w 0 --b 0")
    assert "no column 'petal_width'" in missing
    assert "did you mean" not in missing


def test_a_narrow_screen_has_a_column_for_each_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Aligned, where a row for each is too long; a text of several lines is one in the heading."""
    monkeypatch.setenv("COLUMNS", "60")
    text = LINE[0].replace(" + ", "\n  + ")
    net = ("x -> Linear(1) -> MSELoss(y)", *LINE[1:3], "--validation-share", "0.3", "--output-format", "table")
    lines = call("train", *net, "--epochs-count", "4").out.splitlines()
    start = lines.index("EPOCHS")

    names = [line.split("  ")[1].strip() for line in lines[start + 2 : start + 5]]
    told = call("train", text, *LINE[1:], "--epochs-count", "2").out

    assert lines[start + 1].split() == ["first", "last"]
    assert names == ["epoch", "rate", "loss"]
    assert max(map(len, lines)) <= 60
    assert "TRAINING                            mean((w*x + b - y)**2)" in told


def test_a_loss_that_grows_is_told() -> None:
    """With what to do now, as where it leaves the finite numbers, which also names the layer."""
    grown = call("train", *LINE[:-1], "4", "--epochs-count", "3")
    net = ("x -> Linear(2) -> Linear(1) -> MSELoss(y)", *LINE[1:3], "--learning-rate", "1e300", "--epochs-count", "5")
    burst = call("train", *net)

    assert (grown.code, burst.code) == (0, 3)
    assert grown.err.startswith("warning: the loss grew from ")
    assert "lower --learning-rate" in grown.err
    assert re.search(r"note: stopped at step 2 .*: in layer \d?\w* ?\w+, .*; lower --learning-rate, clip", burst.err)
    assert call("train", *LINE, "--epochs-count", "3").err == ""


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (("--learning-rate", "0.1"), "--learning-rate 0.1 contradicts run.safetensors, whose run began", "leave"),
        (("--clip-norm", "1"), "--clip-norm 1.0 contradicts run.safetensors, whose run began without it", "leave out"),
        (("--epochs-count", "1"), "run.safetensors has 2 epochs behind it, more than 1", "from 2 on"),
        (("x -> Linear(1) -> MSELoss(y)",), "run.safetensors is a run of another text: mean((w*x + b", "leave"),
        (("--w", "1", "--b", "0"), "the values that are given are not those that the run in", "leave"),
    ],
    ids=["rate", "clipping", "epochs", "text", "values"],
)  # fmt: skip
def test_what_contradicts_a_checkpoint_is_refused(arguments: tuple[str, ...], message: str, hint: str) -> None:
    """A run goes on as it began, or not at all."""
    call("train", *LINE, "--epochs-count", "2", *FILES)
    found = refusal(*arguments, "--resume-from", "run.safetensors", "--data-file", "line.csv")

    assert found[0].startswith(message)
    assert hint in found[1]


def test_what_says_the_same_as_a_checkpoint_is_taken() -> None:
    """The whole command again, with a rate that is written otherwise."""
    call("train", *LINE, "--epochs-count", "2", *FILES)

    assert call("train", *LINE[:-1], "3e-1", "--resume-from", "run.safetensors", "--epochs-count", "3").code == 0


def test_other_data_are_refused() -> None:
    """More samples, or the same number of others."""
    call("train", *LINE, "--epochs-count", "2", *FILES)
    text = Path("line.csv").read_text("utf-8")
    again = ("--resume-from", "run.safetensors", "--data-file", "line.csv")
    Path("line.csv").write_text(text + "2,7\n", "utf-8")
    more = refusal(*again)
    Path("line.csv").write_text(text.replace("-2.0", "-2.5"), "utf-8")

    assert more[0] == (
        "the data are not those of run.safetensors: "
        "it was trained on 8 samples and validated on 0, and these are 9 and 0"
    )
    assert refusal(*again)[0] == "the data are not those of run.safetensors"


def test_inputs_are_standardised_by_what_is_trained_on_alone() -> None:
    """The mean and the deviation of those samples, not of the ones to validate on."""
    Path("far.csv").write_text("x,y\n1000,1\n2000,2\n", "utf-8")
    words = ("x -> Linear(1) -> MSELoss(y)", *LINE[1:3], "--standardize-inputs", *FILES, "--epochs-count", "1", "-q")
    kept = []
    for beside in (("--validation-file", "far.csv"), (), ("--validation-share", "0.25")):
        call("train", *words, *beside)
        kept.append(read_checkpoint("run.safetensors").document["standardisation"]["x"])

    assert kept[0] == kept[1] == {"mean": [-0.125], "deviation": [pytest.approx(0.5728219618694786)]}
    assert kept[2] != kept[1]
    Path("line.csv").write_text("x,y\n0.1,1\n0.1,2\n0.1,3\n", "utf-8")  # whose mean is not 0.1 in float64
    call("train", *words)
    assert read_checkpoint("run.safetensors").document["standardisation"]["x"] == {"mean": [0.0], "deviation": [1.0]}


def test_validation_columns_are_found_by_name() -> None:
    """In any order, beside others, and of fewer classes than there are to train on."""
    Path("train.csv").write_text("u,v,kind\n0,9,cold\n1,8,warm\n2,9,hot\n3,7,cold\n", "utf-8")
    Path("same.csv").write_text("u,v,kind\n2,5,warm\n4,6,cold\n", "utf-8")
    Path("other.csv").write_text("kind,id,v,u\nwarm,1,5,2\ncold,2,6,4\n", "utf-8")
    Path("odd.csv").write_text("u,v,kind\n2,5,mild\n", "utf-8")
    Path("none.csv").write_text("u,v\n2,5\n", "utf-8")
    words = ("x -> Linear(3) -> CrossEntropyLoss(t)", "--data-file", "train.csv", "--target-column", "kind",
             "--standardize-inputs", "--epochs-count", "3", "--validation-file")  # fmt: skip
    same, other = document(*words, "same.csv"), document(*words, "other.csv")

    assert same == other
    assert same["history"][2]["validation_loss"] > 0
    assert refusal(*words, "odd.csv") == (
        "the value in row 2, column 'kind' is no class of the network: 'mild'",
        "its classes are 'cold', 'hot', 'warm'",
    )
    assert refusal(*words, "none.csv")[0] == "none.csv has no 'kind', which is the target of the loss"


def test_arrays_to_validate_on_are_read_as_those_to_train_on_are() -> None:
    """A target of a number for each sample is a column to the loss, in both files and in prediction."""
    numbers = np.linspace(0, 1, 8)
    np.savez("both.npz", x=numbers[:, None], t=2 * numbers)
    found = document(
        "x -> Linear(1) -> MSELoss(t)", "--data-file", "both.npz", "--validation-file", "both.npz",
        "--epochs-count", "2", "--batch-size", "0", "--learning-rate", "0", *FILES[:2],
    )  # fmt: skip
    predicted = json.loads(call("predict", "run.safetensors", "--data-file", "both.npz", "--json").out)

    last = found["history"][1]
    assert last["validation_loss"] == pytest.approx(last["loss"], rel=1e-14)
    assert predicted["metrics"]["rmse"] == pytest.approx(last["loss"] ** 0.5, rel=1e-14)


def test_a_loss_that_leaves_the_finite_numbers_stops_the_run() -> None:
    """The first bad step is named, the step is not taken, and the weights before it are kept."""
    done = call("train", *LINE[:-1], "1e200", "--epochs-count", "9", *FILES, "--json")
    found = json.loads(done.out)

    assert (done.code, found["status"], found["stopped"], found["steps"]) == (3, "nonfinite", "nonfinite", 1)
    assert found["reason"].startswith("step 2: forward step ")
    assert "run.safetensors holds the weights before it" in done.err
    assert all(abs(float(one)) > 1e199 for one in read_checkpoint("run.safetensors").weights.values())


def test_an_update_that_leaves_the_finite_numbers_stops_the_run() -> None:
    """What is kept are the weights before it, from which a run could go on."""
    done = call("train", *LINE[:-1], "1e308", "--momentum-factor", "0.9", *FILES, "--json")
    kept = read_checkpoint("run.safetensors")

    assert (done.code, json.loads(done.out)["steps"]) == (3, 0)
    assert "stopped at step 1 (epoch 1, batch 1): the update, at a rate of 1e+308, leaves w not finite" in done.err
    assert {name: float(one) for name, one in kept.weights.items()} == {"w": 0, "b": 0}


def test_the_live_gradient_is_checked() -> None:
    """Every so many steps, and each check is told."""
    done = call("train", "x -> Linear(2) -> Tanh -> Linear(1) -> MSELoss(y)", *LINE[1:3], "--epochs-count", "4",
                "--check-every", "2")  # fmt: skip

    assert done.code == 0
    assert re.findall(r"step (\d+): the gradient is checked \(7 of 7 entries, 4 samples\): agree", done.err) == [
        "2",
        "4",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((LINE[0],), "there are no data to train on"),
        ((*LINE, "--checkpoint-every", "2"), "--checkpoint-every needs a file to write to"),
        (
            (*LINE, "--validation-share", "0.1", "--validation-file", "line.csv"),
            "--validation-file and --validation-share",
        ),
        ((LINE[0], "--data-file", "-", "--validation-file", "-"), "standard input can be read once"),
        ((*LINE, "--plot-file", "loss.gif"), "the ending of loss.gif says no form of a picture"),
        (
            (*LINE, "--save-checkpoint", "no/run.safetensors"),
            "cannot write no/run.safetensors: no such file or directory",
        ),
        ((*LINE, "--history-file", "no/run.jsonl"), "cannot write no/run.jsonl: no such file or directory"),
        ((*LINE, "--resume-from", "line.csv"), "cannot use line.csv as a checkpoint: "),
        ((*LINE, "--clip-norm", "nan"), "--clip-norm takes a number above 0, not 'nan'"),
        ((*LINE, "--least-gain", "nan"), "--least-gain takes a number from 0 on, not 'nan'"),
        ((*LINE, "--optimizer-name", "adm"), "there is no optimizer 'adm'"),
    ],
    ids=[
        "data",
        "every",
        "validation",
        "input",
        "picture",
        "checkpoint",
        "history",
        "resume",
        "clipping",
        "gain",
        "optimizer",
    ],
)
def test_what_cannot_be_done_is_told_before_training(arguments: tuple[str, ...], message: str) -> None:
    """In one line, with what to do."""
    found = refusal(*arguments)

    assert found[0].startswith(message.replace("optimizer 'adm'", "optimiser 'adm'"))


def test_a_last_batch_that_the_network_does_not_take_is_told_before_training() -> None:
    """Of one sample there is no variance; it would be told at the end of the first epoch, and with another hint."""
    words = ("x -> BatchNorm1d -> Linear(1) -> MSELoss(y)", *LINE[1:3], *FILES, "--batch-size")

    assert refusal(*words, "7")[1] == "this is a batch of 1 of the 8 samples; give --batch-size another number"
    assert refusal(*words, "1")[1] == "this is a batch of 1 of the 8 samples; give --batch-size another number"
    assert not Path("run.safetensors").exists()
    assert call("train", *words, "6", "-q", "--epochs-count", "1").code == 0


def _with_history(progress: dict[str, Any]) -> None:
    progress["history"] = [{**progress["history"][0], "epoch": 2}]


def _with_best(progress: dict[str, Any]) -> None:
    progress["best"]["epoch"] = 7


def _with_epochs(progress: dict[str, Any]) -> None:
    progress["epoch"] = 2**62


@pytest.mark.parametrize("change", [_with_history, _with_best, _with_epochs], ids=["numbers", "best", "far"])
def test_a_history_of_other_epochs_is_refused(change: Callable[[dict[str, Any]], None]) -> None:
    """What a stranger wrote; no list of as many epochs is made."""
    call("train", *LINE, "--epochs-count", "1", "--early-stopping", "9", *FILES)
    checkpoint = read_checkpoint("run.safetensors")
    change(checkpoint.document["progress"])
    Path("run.safetensors").write_bytes(checkpoint_content(checkpoint.document, checkpoint.tensors))
    far = ("--epochs-count", str(2**63))

    assert "does not tell of each of them" in refusal("--resume-from", "run.safetensors", *LINE[1:3], *far)[0]


@pytest.mark.parametrize(
    ("had", "has", "told"),
    [
        (rb"\"batch_size\":\"32\"", rb"\"batch_size\":\"-3\"", "--batch-size cannot be -3"),
        (rb"\"least_gain\":\"0.0\"", rb"\"least_gain\":null", "--least-gain cannot be None"),
        (rb"\"least_gain\":\"0.0\"", rb"\"least_gain\":\"nan\"", "--least-gain cannot be nan"),
        (rb"\"random_seed\":\"0\"", rb"\"random_seed\":null", "--random-seed cannot be None"),
    ],
    ids=["text", "null", "nan", "seed"],
)
def test_a_checkpoint_with_options_that_no_option_takes_is_refused(had: bytes, has: bytes, told: str) -> None:
    """What a stranger wrote into it goes through the same readers as what is typed."""
    call("train", *LINE, "--epochs-count", "2", *FILES)
    header = Path("run.safetensors").read_bytes()[8:]
    size = int.from_bytes(Path("run.safetensors").read_bytes()[:8], "little")
    changed = header[:size].replace(had, has).ljust(size) + header[size:]
    Path("run.safetensors").write_bytes(size.to_bytes(8, "little") + changed)

    assert refusal("--resume-from", "run.safetensors", "--data-file", "line.csv")[0] == (
        f"cannot use run.safetensors as a checkpoint: {told}"
    )


def test_what_the_data_give_is_not_learned() -> None:
    """A batch has some of its samples, so it is no weight."""
    assert refusal(*LINE, "--with-respect-to", "x") == (
        "'x' comes from the data, sample by sample, and is not learned",
        "name parameters, or variables that are given a first value",
    )


def test_an_autoencoder_has_its_input_as_the_target() -> None:
    """No column is left for a target, and all of them are the input."""
    found = document("z -> Linear(1) -> Linear(2) -> MSELoss(z)", "--data-file", "line.csv", "--epochs-count", "1")

    assert found["data"]["inputs"] == {"z": ["x", "y"]}
    assert found["data"]["target"] is None


@pytest.mark.parametrize("option", ["--save-checkpoint", "--history-file"])
def test_a_name_that_no_file_can_have_is_told_in_json_too(option: str) -> None:
    """The system refuses it before the file is opened."""
    done = call("train", *LINE, option, f"{'a' * 300}.safetensors", "--json")
    error = json.loads(done.out)["error"]

    assert done.code == 2
    assert error["message"].startswith("cannot write aaa")
    assert error["hint"]


def test_a_picture_is_drawn() -> None:
    """Of losses and metrics, with axes in words."""
    options = (*LINE[1:3], "--epochs-count", "3", "--validation-share", "0.25", "--plot-file", "loss.svg")
    done = call("train", "x -> Linear(1) -> MSELoss(y)", *options)
    picture = Path("loss.svg").read_text("utf-8")

    assert done.err == "note: wrote loss.svg\n"
    assert all(f">{word}<" in picture for word in ("training", "validation", "epoch", "Loss", "RMSE"))


def test_quiet_prints_nothing() -> None:
    """Files are written all the same."""
    assert call("train", *LINE, "--epochs-count", "2", "-q", *FILES) == Done(0, "", "")
    net = ("x -> Linear(1) -> Sigmoid -> BCEWithLogitsLoss(y)", "--data-file", "odd.npz", "--epochs-count", "2")
    np.savez("odd.npz", x=np.ones((4, 1)), y=np.zeros((4, 1)), unused=np.ones(4))
    assert call("train", *net, "-q") == Done(0, "", "")
    assert "Sigmoid stands in front of BCEWithLogitsLoss" in call("train", *net).err
    assert Path("run.safetensors").exists()


@has_terminals
def test_a_terminal_shows_a_summary_within_its_width() -> None:
    """In 80 columns, with the curve; standard error is a pipe and has no progress."""
    done = on_terminal("-m", "bpcli", "train", NETWORK, *ON_IRIS, "--epochs-count", "3", "--validation-share", "0.2",
                       columns=80)  # fmt: skip
    lines = re.sub(r"\x1b\[[0-9;]*m", "", done.out).splitlines()

    assert max(map(len, lines)) <= 80
    assert [line for line in lines if line.startswith(("TRAINING", "EPOCHS", "LOSS"))]
    assert done.err == ""


@has_terminals
def test_progress_is_shown_on_a_terminal() -> None:
    """A line with epoch, rate, loss and gradient, which is gone at the end."""
    code = "import os, sys; os.dup2(1, 2); from bpcli.cli.main import main; sys.exit(main(sys.argv[1:]))"
    done = on_terminal("-c", code, "train", NETWORK, *ON_IRIS, "--epochs-count", "3", "-j")

    assert re.search(r"\r\x1b\[Kepoch 1/3  .*batch 1/5  rate 0.05  loss \d\S*  ‖gradient‖ \d\S*\r\x1b\[K", done.out)


def test_the_checkpoint_is_whole_while_it_is_written_anew() -> None:
    """No other file is left beside it."""
    call("train", *LINE, "--epochs-count", "5", *FILES, "--checkpoint-every", "1")

    assert sorted(path.name for path in Path().iterdir()) == ["line.csv", "run.jsonl", "run.safetensors"]


def _without(tensors: dict[str, Any]) -> None:
    del tensors["optimizer/exp_avg/0.bias"]


def _longer(tensors: dict[str, Any]) -> None:
    tensors["0.bias"] = np.zeros(17)


def _with_odd_predictions(tensors: dict[str, Any]) -> None:
    tensors["epoch/predictions"] = np.zeros((150, 2))


def _without_the_best(tensors: dict[str, Any]) -> None:
    del tensors["0.bias"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_without, "run.safetensors has no array optimizer/exp_avg/0.bias, which this run needs"),
        (_longer, "a parameter has another shape than its layer takes: 0.bias (17,), not (16,)"),
        (_with_odd_predictions, "predictions in run.safetensors has shape (150, 2), not (150, 3)"),
        (_without_the_best, "run.safetensors has no array best/0.bias, which this run needs"),
    ],
    ids=["missing", "longer", "predictions", "best"],
)
def test_arrays_that_do_not_fit_are_refused(change: Callable[[dict[str, Any]], None], message: str) -> None:
    """Each has a name and a shape that follow from the text and the options; no other file is gone on with."""
    call("train", NETWORK, *ON_IRIS, "--epochs-count", "1", "--early-stopping", "9", *FILES)
    checkpoint = read_checkpoint("run.safetensors")
    tensors = dict(checkpoint.tensors)
    change(tensors)
    Path("run.safetensors").write_bytes(checkpoint_content(checkpoint.document, tensors))
    found = refusal(NETWORK, "--resume-from", "run.safetensors", "--data-file", IRIS, "--epochs-count", "2")

    assert message in found[0]


def test_a_batch_norm_without_a_momentum_goes_on_where_it_was_cut() -> None:
    """Its running mean is that of all batches of both parts: with whole epochs, the mean of x."""
    words = ("x -> BatchNorm1d(momentum=None) -> Linear(1) -> MSELoss(y)", *LINE[1:3], *FILES, "--batch-size", "4")
    rate = ("--learning-rate", "0.01")
    call("train", *words, *rate, "--epochs-count", "1")
    call("train", *words[:3], *FILES, "--resume-from", "run.safetensors", "--epochs-count", "3")
    weights = read_checkpoint("run.safetensors").weights

    assert float(weights["0.num_batches_tracked"]) == 6
    assert float(weights["0.running_mean"][0]) == pytest.approx(-0.125, abs=1e-15)
    done = call("predict", "run.safetensors", "--data-file", "line.csv")
    assert done.code == 0
