"""`bpcli predict`: screens, documents and CSV, columns by name, metrics, and what is refused."""

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from answers import valid_for
from command import Done, call, has_terminals, shown

from bpcli.language.expressions import parse
from bpcli.train.checkpoints import checkpoint_content
from bpcli.train.data import data_from
from bpcli.train.roles import Roles, loss_of
from bpcli.train.standardising import standardisation_of

CLASSES = "x -> Linear(3) -> CrossEntropyLoss(label)"
VALUES = "x -> Linear(1) -> MSELoss(t)"
# Three classes by one feature: the larger u - v is, the later the class; at 0 the middle one.
WEIGHTS = {"0.weight": np.array([[-4.0, 4], [0, 0], [4, -4]]), "0.bias": np.array([-4.0, 0, -4])}
LEARNED = "u,v,kind\n-2,0,cold\n0,0,mild\n2,0,warm\n"
DATA = {"samples": 3, "validation": 0, "fingerprint": "", "given": ""}
PROGRESS = dict.fromkeys(("optimiser_steps", "epoch", "batch", "step", "waited"), 0)
PROGRESS_OF_A_RUN: dict[str, object] = {**PROGRESS, "loss": 0.0, "best": None, "history": []}
ROWS = "v,note,u\n0,a,-2\n1,b,1\n0,c,3\n"


def saved(folder: Path, text: str, table: str, weights: Mapping[str, Any], *targets: str, **changes: object) -> str:
    """A checkpoint of a text, whose columns are those of a table, with these weights; its file."""
    learned = folder / "learned.csv"
    learned.write_text(table)
    roles = data_from(str(learned), parse(text), target_columns=targets).roles
    return written(folder, text, roles, weights, **changes)


def written(folder: Path, text: str, own: Roles, weights: Mapping[str, Any], **changes: object) -> str:
    """The file of a checkpoint with these roles."""
    document: dict[str, object] = {
        "version": "0",
        "expression": text,
        "options": {},
        "data": DATA,
        "progress": PROGRESS_OF_A_RUN,
    }
    document |= {"roles": own.document(), "standardisation": None, **changes}
    (folder / "net.safetensors").write_bytes(checkpoint_content(document, weights))
    return str(folder / "net.safetensors")


@pytest.fixture
def kinds(tmp_path: Path) -> str:
    """A network that knows three classes."""
    return saved(tmp_path, CLASSES, LEARNED, WEIGHTS, "kind")


def predicted(checkpoint: str, folder: Path, rows: str, *options: str) -> Done:
    """What the command says of a table."""
    (folder / "new.csv").write_text(rows)
    return call("predict", checkpoint, "--data-file", str(folder / "new.csv"), *options)


def document_of(checkpoint: str, folder: Path, rows: str) -> dict[str, Any]:
    """The same as a document that keeps to its schema."""
    done = predicted(checkpoint, folder, rows, "--json")
    assert done.code == 0, done
    return valid_for("predict", done.out)


def test_rows_get_a_class_and_its_probability(kinds: str, tmp_path: Path) -> None:
    """Columns are found by their names; one that the network was not trained on is left out, and told."""
    done = predicted(kinds, tmp_path, ROWS)

    assert (done.code, done.err) == (0, "note: the network was not trained on note, which is left out\n")
    rows = [line.split() for line in done.out.splitlines()]
    assert rows[:2] == [["PREDICTIONS", "3", "samples"], ["row", "kind", "predicted", "probability"]]
    assert [row[:2] for row in rows[2:]] == [["2", "cold"], ["3", "mild"], ["4", "warm"]]
    assert float(rows[2][2]) == pytest.approx(1 / (1 + np.exp(-4) + np.exp(-16)), rel=1e-14)


def test_a_document_has_every_probability_in_the_order_of_the_classes(kinds: str, tmp_path: Path) -> None:
    """They are the softmax of what the loss judges."""
    document = document_of(kinds, tmp_path, ROWS)
    logits = np.array([[-4.0, 4], [0, 0], [4, -4]]) @ np.array([-2.0, 0]) + [-4, 0, -4]
    expected = np.exp(logits) / np.exp(logits).sum()

    assert document["classes"] == ["cold", "mild", "warm"]
    assert document["target"] == ["kind"]
    assert document["ignored"] == ["note"]
    assert document["metrics"] is None
    assert document["predictions"][0]["row"] == 2
    assert document["predictions"][0]["class"] == "cold"
    assert document["predictions"][0]["probabilities"] == pytest.approx(list(expected), rel=1e-14)


def test_metrics_follow_where_the_target_is_there(kinds: str, tmp_path: Path) -> None:
    """What was mistaken is marked; the table says what it was taken for."""
    rows = "u,v,kind\n-2,0,cold\n0,0,warm\n2,0,warm\n0,0,mild\n"
    done = predicted(kinds, tmp_path, rows)
    metrics = document_of(kinds, tmp_path, rows)["metrics"]
    lines = [line.split() for line in done.out.splitlines()]

    assert [line[:2] + line[3:] for line in lines if "mistaken" in line] == [["3", "mild", "warm", "mistaken"]]
    assert ["accuracy", "0.75"] in lines
    assert lines[-3:] == [["cold", "1", "0", "0"], ["mild", "0", "1", "0"], ["warm", "0", "1", "1"]]
    assert metrics["accuracy"] == 0.75
    assert metrics["confusion"] == [[1, 0, 0], [0, 1, 0], [0, 1, 1]]
    assert metrics["classes"][2] == {"class": "warm", "support": 2, "precision": 1, "recall": 0.5, "f1": 2 / 3}


def test_csv_reads_back_and_holds_no_formula(tmp_path: Path) -> None:
    """A class is a word that anyone may have chosen."""
    table = LEARNED.replace("cold", "=1+1")
    checkpoint = saved(tmp_path, CLASSES, table, WEIGHTS, "kind")
    done = predicted(checkpoint, tmp_path, table, "--output-format", "csv")
    rows = list(csv.DictReader(io.StringIO(done.out)))

    assert [row["predicted"] for row in rows] == ["'=1+1", "mild", "warm"]
    assert [row["kind"] for row in rows] == ["'=1+1", "mild", "warm"]
    assert [row["row"] for row in rows] == ["2", "3", "4"]
    assert float(rows[1]["probability"]) == float(rows[1]["probability of mild"])


def test_a_column_named_in_escapes_moves_no_cursor(tmp_path: Path) -> None:
    """What a file says is shown as data."""
    table = LEARNED.replace("cold", "\x1b[31mcold")
    done = predicted(saved(tmp_path, CLASSES, table, WEIGHTS, "kind"), tmp_path, table)

    assert "\x1b" not in done.out
    assert "\\u001b[31mcold" in done.out


def test_values_stand_beside_their_targets(tmp_path: Path) -> None:
    """With RMSE, MAE and R², over what the network was trained on by the column of its variable."""
    checkpoint = saved(tmp_path, VALUES, "a,t\n1,2\n", {"0.weight": np.array([[2.0]]), "0.bias": np.array([1.0])})
    rows = "t,a\n3,1\n6,2\n"
    done = predicted(checkpoint, tmp_path, rows)
    document = document_of(checkpoint, tmp_path, rows)

    assert done.out == (
        "PREDICTIONS                         2 samples\n"
        "  row  t predicted  t target\n"
        "    2            3         3\n"
        "    3            5         6\n"
        "\n"
        "METRICS                             2 samples\n"
        "  RMSE  0.7071067811865476\n"
        "  MAE   0.5\n"
        "  R²    0.7777777777777778\n"
    )
    assert document["predictions"] == [
        {"row": 2, "values": [3.0], "target": [3.0]},
        {"row": 3, "values": [5.0], "target": [6.0]},
    ]
    assert document["metrics"]["r2"] == pytest.approx(1 - 1 / 4.5)


def test_rows_are_standardised_as_in_training(tmp_path: Path) -> None:
    """By the means and deviations of the samples that were trained on, not by those of the new rows."""
    weights = {"0.weight": np.array([[1.0, 1.0]]), "0.bias": np.array([0.0])}
    (tmp_path / "learned.csv").write_text("a,b,t\n0,10,1\n4,10,1\n")
    data = data_from(str(tmp_path / "learned.csv"), parse(VALUES))
    checkpoint = written(tmp_path, VALUES, data.roles, weights, standardisation=standardisation_of(data).document())
    document = document_of(checkpoint, tmp_path, "a,b\n6,3\n")

    assert document["predictions"][0]["values"] == [(6 - 2) / 2 + 3]


def test_a_row_beyond_float64_when_standardised_is_told(tmp_path: Path) -> None:
    """A small deviation may take a large number there; it is the row's fault, not bpcli's."""
    (tmp_path / "learned.csv").write_text("a,b,t\n0,10,1\n0.2,10,1\n")
    data = data_from(str(tmp_path / "learned.csv"), parse(VALUES))
    weights = {"0.weight": np.array([[1.0, 1.0]]), "0.bias": np.array([0.0])}
    checkpoint = written(tmp_path, VALUES, data.roles, weights, standardisation=standardisation_of(data).document())
    done = predicted(checkpoint, tmp_path, "a,b\n1e308,3\n")

    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("error: the value of x is not finite at [0, 0]: inf\n")


def test_dropout_does_nothing_and_running_statistics_are_used(tmp_path: Path) -> None:
    """The network is in evaluation mode, whatever the rows are."""
    text = "x -> nn.BatchNorm1d(1, eps=0) -> Dropout(0.9) -> MSELoss(t)"
    weights = {"0.weight": [2.0], "0.bias": [1.0], "0.running_mean": [3.0], "0.running_var": [4.0]}
    checkpoint = saved(tmp_path, text, "a,t\n1,2\n2,3\n", {name: np.array(value) for name, value in weights.items()})
    document = document_of(checkpoint, tmp_path, "a\n5\n7\n")

    assert [entry["values"] for entry in document["predictions"]] == [[3.0], [5.0]]


def test_two_classes_have_the_probability_of_a_logit(tmp_path: Path) -> None:
    """σ(x) is that of the second class."""
    text = "x -> Linear(1) -> BCEWithLogitsLoss(t)"
    weights = {"0.weight": np.array([[1.0]]), "0.bias": np.array([0.0])}
    checkpoint = saved(tmp_path, text, "a,t\n1,no\n2,yes\n", weights)
    document = document_of(checkpoint, tmp_path, "a,t\n-1,no\n3,no\n")

    assert [entry["class"] for entry in document["predictions"]] == ["no", "yes"]
    assert document["predictions"][0]["probabilities"] == pytest.approx([1 / (1 + np.exp(-1)), 1 / (1 + np.exp(1))])
    assert document["metrics"]["accuracy"] == 0.5


def test_parts_of_a_long_file_are_one_answer(kinds: str, tmp_path: Path) -> None:
    """Rows pass in parts of a thousand or so; the table is cut at the rows of a page, the metrics are of all."""
    rows = "u,v,kind\n" + "-2,0,cold\n0,0,mild\n2,0,mild\n" * 1000
    done = predicted(kinds, tmp_path, rows, "--max-rows", "2")
    document = document_of(kinds, tmp_path, rows)

    assert "… 2998 more rows" in done.out
    assert ["METRICS", "3000", "samples"] in [line.split() for line in done.out.splitlines()]
    assert [entry["row"] for entry in document["predictions"]] == list(range(2, 3002))
    assert document["metrics"]["accuracy"] == pytest.approx(2 / 3)


def test_an_npz_file_is_predicted_by_a_network_that_was_trained_on_one(tmp_path: Path) -> None:
    """Samples are counted from 1."""
    np.savez(tmp_path / "learned.npz", x=np.zeros((2, 2)), label=np.array([0.0, 2.0]))
    roles = data_from(str(tmp_path / "learned.npz"), parse(CLASSES)).roles
    checkpoint = written(tmp_path, CLASSES, roles, WEIGHTS)
    np.savez(tmp_path / "new.npz", x=np.array([[-2.0, 0], [2, 0]]), label=np.array([0.0, 1.0]))
    done = call("predict", checkpoint, "--data-file", str(tmp_path / "new.npz"), "--json")
    document = valid_for("predict", done.out)

    assert [(entry["row"], entry["class"], entry["target"]) for entry in document["predictions"]] == [
        (1, "0", "0"),
        (2, "2", "1"),
    ]
    assert predicted(checkpoint, tmp_path, "u,v\n1,2\n").code == 2


def test_rows_come_from_standard_input_too(kinds: str) -> None:
    """`-` is standard input."""
    done = call("predict", kinds, "--data-file", "-", stdin="u,v\n2,0\n")

    assert done.code == 0
    assert "warm" in done.out


def test_a_prediction_that_is_not_finite_is_told(tmp_path: Path) -> None:
    """The exit code is that of what cannot be evaluated, and the document is strict JSON."""
    weights = {"0.weight": np.array([[1e300]]), "0.bias": np.array([0.0])}
    checkpoint = saved(tmp_path, VALUES, "a,t\n1,2\n", weights)
    done = predicted(checkpoint, tmp_path, "a,t\n1e300,1\n1,1\n", "--json")
    document = valid_for("predict", done.out)

    assert (done.code, document["status"]) == (3, "nonfinite")
    assert document["predictions"][0]["values"] == ["Infinity"]
    assert document["metrics"] is None


@has_terminals
def test_a_table_keeps_within_a_terminal(kinds: str, tmp_path: Path) -> None:
    """Four digits, and the table of confusion where it fits."""
    (tmp_path / "new.csv").write_text("u,v,kind\n-2,0,cold\n0,0,warm\n")
    done = shown("predict", kinds, "--data-file", str(tmp_path / "new.csv"))

    assert "    2  cold                 0.982   cold\n" in done.out
    assert max(map(len, done.out.splitlines())) <= 100


REFUSED = {
    "a missing column": ("u\n1\n", "has no column 'v', which the network was trained on"),
    "a missing value": ("u,v\n1,\n", "the value in row 2, column 'v' is missing"),
    "a word": ("u,v\n1,2\n3,four\n", "the value in row 3, column 'v' is no number: 'four'"),
    "an unknown class": ("u,v,kind\n1,2,hot\n", "the value in row 2, column 'kind' is no class of the network: 'hot'"),
    "nothing": ("", "it is empty"),
    "no rows": ("u,v\n", "it has a row of names and no row of samples"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_rows_that_cannot_be_predicted_are_refused(kinds: str, tmp_path: Path, case: str) -> None:
    """With the row and the column, on standard error, and as a document where JSON is asked for."""
    rows, message = REFUSED[case]
    done, as_json = predicted(kinds, tmp_path, rows), predicted(kinds, tmp_path, rows, "--json")

    assert (done.code, done.out, as_json.code, as_json.err) == (2, "", 2, "")
    assert message in done.err.splitlines()[0]
    assert message in valid_for("predict", as_json.out)["error"]["message"]


BROKEN: dict[str, tuple[dict[str, object], str]] = {
    "no roles": ({"roles": None}, "roles in its document is not"),
    "roles of nothing": ({"roles": {}}, "does not say which columns its network takes"),
    "a negative shape": (
        {"roles": {"inputs": {"x": {"columns": ["u"], "shape": [-1]}}, "target": None, "indices": [], "loss": None}},
        "does not say which columns its network takes",
    ),
    "no loss": ({"expression": "sum(x)"}, "ends in no loss"),
    "no expression": ({"expression": "x ->"}, "nothing stands behind"),
    "a network of another size": ({"expression": CLASSES.replace("3", "4")}, "have other shapes than their layers"),
    "other inputs": ({"expression": CLASSES.replace("x ->", "y ->")}, "no value for y"),
    "a broken standardisation": ({"standardisation": {"x": {"mean": 1, "deviation": 1}}}, "do not fit its inputs"),
    "a standardisation of another form": ({"standardisation": [1]}, "standardisation in its document is not"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_checkpoint_that_says_something_else_is_refused(tmp_path: Path, case: str) -> None:
    """It may come from a stranger: a usage error, never a traceback."""
    changes, message = BROKEN[case]
    done = predicted(saved(tmp_path, CLASSES, LEARNED, WEIGHTS, "kind", **changes), tmp_path, "u,v\n1,2\n")

    assert (done.code, done.out) == (2, "")
    assert message in done.err


def test_a_checkpoint_without_weights_is_no_network(tmp_path: Path) -> None:
    """Nothing is drawn in their place."""
    done = predicted(saved(tmp_path, CLASSES, LEARNED, {}, "kind"), tmp_path, "u,v\n1,2\n")

    assert done.code == 2
    assert "the checkpoint has no value for 0.bias, 0.weight" in done.err


def test_a_file_must_be_named(kinds: str) -> None:
    """The checkpoint alone says nothing of rows."""
    done = call("predict", kinds)

    assert done.code == 2
    assert done.err.startswith("error: there are no rows to predict\nhint: add --data-file new.csv")


def test_the_response_of_each_loss_is_known() -> None:
    """What a network hands to its loss is made a probability, or a value like the target's."""
    found = {}
    for loss in (
        "CrossEntropyLoss",
        "NLLLoss",
        "BCELoss",
        "BCEWithLogitsLoss",
        "MSELoss",
        "PoissonNLLLoss",
        "KLDivLoss",
    ):
        own = loss_of(parse(f"x -> {loss}(t)"))
        assert own is not None
        found[loss] = own.response
    rates = loss_of(parse("x -> PoissonNLLLoss(t, log_input=False)"))

    assert list(found.values()) == ["softmax", "exp", "identity", "sigmoid", "identity", "exp", "exp"]
    assert rates is not None
    assert rates.response == "identity"


def test_the_example_is_what_json_readers_see(kinds: str, tmp_path: Path) -> None:
    """One line of strict JSON."""
    done = predicted(kinds, tmp_path, "u,v\n1,2\n", "--json")

    assert len(done.out.splitlines()) == 1
    assert json.loads(done.out)["schema"] == "bpcli.predict/1"
