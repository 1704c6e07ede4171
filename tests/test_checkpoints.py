"""Checkpoints: what is written is read back, the same is the same bytes, and a file from a stranger is data."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command import PATIENCE, environment
from saved import safetensor, safetensors_bytes

import bpcli
from bpcli.errors import LimitError, UsageError
from bpcli.language.limits import Limits
from bpcli.language.values import values_from_file
from bpcli.train.checkpoints import SCHEMA, checkpoint_content, read_checkpoint

EPOCH = {"epoch": 1, "step": 5, "rate": 0.1, "loss": 0.25, "metrics": {"mse": 0.25}}
DOCUMENT: dict[str, Any] = {
    "version": bpcli.__version__,
    "expression": "x -> Linear(2) -> MSELoss(t)",
    "options": {"optimizer_name": "adam", "optimizer_options": ["eps=1e-7"], "clip_norm": None},
    "roles": {},
    "standardisation": None,
    "data": {"samples": 10, "validation": 2, "fingerprint": "0", "given": "0"},
    "progress": {
        "optimiser_steps": 7,
        "epoch": 1,
        "batch": 2,
        "step": 7,
        "loss": 0.5,
        "best": {"epoch": 1, "loss": 0.25},
        "waited": 0,
        "history": [EPOCH],
    },
}
TENSORS = {
    "0.weight": np.array([[1.0, -2.0], [0.5, 3.0]]),
    "0.bias": np.array([1.5, 1e-300]),
    "optimizer/exp_avg/0.bias": np.array([0.1, np.inf]),
    "optimizer/step": np.array(7.0),
    "fixed/k": np.array(2.5),
}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests write into a folder of their own."""
    monkeypatch.chdir(tmp_path)


def saved(name: str = "run.safetensors") -> str:
    """A file that holds the checkpoint above."""
    Path(name).write_bytes(checkpoint_content(DOCUMENT, TENSORS))
    return name


def refusal(content: bytes, limits: Limits | None = None) -> str:
    """The message with which a checkpoint of this content is refused; the hint says what to do."""
    Path("odd.safetensors").write_bytes(content)
    with pytest.raises(UsageError) as caught:
        read_checkpoint("odd.safetensors", limits or Limits())
    assert caught.value.hint
    return caught.value.message


def with_document(text: Any, **tensors: Any) -> bytes:
    """A file of tensors whose header has this as its document."""
    written = text if isinstance(text, str) else json.dumps(text)
    return safetensors_bytes({"__metadata__": {"bpcli": written}, **tensors}, bytes(8 * len(tensors)))


def altered(place: str, value: Any) -> bytes:
    """A file with the document above, but for the value at a place."""
    document = json.loads(json.dumps({"schema": SCHEMA, **DOCUMENT}))
    *way, last = place.split(".")
    part = document
    for name in way:
        part = part[name]
    part[last] = value
    return with_document(document)


def test_what_is_written_is_read_back() -> None:
    """Document and arrays, bit for bit; weights and the optimiser's state are told apart by their names."""
    found = read_checkpoint(saved())

    assert found.document == {"schema": SCHEMA, **DOCUMENT}
    assert {name: array.tobytes() for name, array in found.tensors.items()} == {
        name: array.tobytes() for name, array in TENSORS.items()
    }
    assert set(found.weights) == {"0.weight", "0.bias"}
    assert set(found.given) == {"0.weight", "0.bias", "k"}
    assert set(found.under("optimizer")) == {"exp_avg/0.bias", "step"}


def test_the_same_checkpoint_is_the_same_bytes() -> None:
    """Whatever the order in which the arrays are given, and whether they are views."""
    turned = {name: np.array(TENSORS[name], order="F") for name in reversed(TENSORS)}

    assert checkpoint_content(DOCUMENT, turned) == checkpoint_content(DOCUMENT, TENSORS)


def test_a_checkpoint_is_a_file_of_parameters() -> None:
    """Other commands bind its weights, and see nothing of the optimiser; another file keeps all its names."""
    Path("other.safetensors").write_bytes(safetensors_bytes({"a/b": safetensor("F64", [1], 8)}, bytes(8)))

    assert sorted(values_from_file(saved())) == ["0.bias", "0.weight"]
    assert sorted(values_from_file("other.safetensors")) == ["a/b"]


@pytest.mark.parametrize("length", [0, 7, 8, 9, 100, -1])
def test_a_checkpoint_that_was_cut_is_refused(length: int) -> None:
    """Wherever the cut was."""
    assert refusal(checkpoint_content(DOCUMENT, TENSORS)[:length]).startswith("cannot use odd.safetensors as a check")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (safetensors_bytes({}), "it has arrays, but no document of bpcli's in its header"),
        (safetensors_bytes(b"\xff" * 16), "invalid"),
        ((2**40).to_bytes(8, "little") + b"{}", "its header is larger than 80000000 bytes"),
        (with_document("{"), "Expecting property name"),
        (with_document("[]"), "its document is of the schema None, not bpcli.checkpoint/1"),
        (with_document("[" * 100_000), "it is nested too deeply"),
        (with_document('{"schema": NaN}'), "NaN stands in its document, which is no JSON"),
        (with_document('{"a": 1, "a": 2}'), "a name stands twice in it"),
        (with_document("9" * 5000), "a whole number in it has too many digits"),
        (with_document({"schema": "bpcli.checkpoint/2"}), "its document is of the schema bpcli.checkpoint/2, not"),
        (with_document({"schema": ["x"] * 10_000}), "its document is of the schema ['x', 'x', 'x'"),
        (with_document({"schema": SCHEMA}), "version in its document is not what it should be"),
        (altered("expression", 3), "expression in its document is not what it should be"),
        (altered("options", {"clip_norm": 1}), "options.clip_norm in its document is not what it should be"),
        (altered("roles", None), "roles in its document is not what it should be"),
        (altered("progress.epoch", -1), "progress.epoch in its document is not what it should be"),
        (altered("progress.epoch", 1.5), "progress.epoch in its"),
        (altered("progress.epoch", value=True), "progress.epoch in its"),
        (altered("progress.epoch", 2**63), "progress.epoch in its"),
        (altered("progress.loss", "nan"), "progress.loss in its"),
        (altered("progress.history", [{"epoch": 1}]), "progress.history[0].step in its"),
        (altered("progress.history", [{**EPOCH, "metrics": None}]), "progress.history[0].metrics in its"),
        (altered("progress.history", [{**EPOCH, "validation_loss": None}]), "progress.history[0].validation_loss in"),
        (altered("options.clip_norm", ["c", 3]), "options.clip_norm in its"),
        (
            with_document({"schema": SCHEMA, **DOCUMENT}, w=safetensor("I64", [1], 8)),
            "the array w in it is of type I64, not F64",
        ),
    ],
    ids=lambda value: value[:24].replace(" ", "-") if isinstance(value, str) else "",
)
def test_what_is_no_checkpoint_is_refused(content: bytes, message: str) -> None:
    """With what is wrong, in a short message."""
    told = refusal(content)

    assert message in told
    assert len(told) < 200


def test_a_weight_that_is_not_finite_is_refused() -> None:
    """No run ends so; the state of an optimiser may be infinite, as its squares can be."""
    content = checkpoint_content(DOCUMENT, {**TENSORS, "0.bias": np.array([1.0, np.nan])})

    assert refusal(content) == "cannot use odd.safetensors as a checkpoint: the array 0.bias in it is not finite"


def test_arrays_beyond_the_limit_are_refused() -> None:
    """Before their memory is taken: an array may say that it is larger than it is."""
    with pytest.raises(LimitError, match="with those before it"):
        read_checkpoint(saved(), Limits(entries=9))
    claimed = {"dtype": "F64", "shape": [10**6, 10**6], "data_offsets": [0, 8 * 10**12]}
    assert "cannot use" in refusal(with_document({"schema": SCHEMA, **DOCUMENT}, w=claimed))
    empty = safetensors_bytes(
        {"__metadata__": {"bpcli": json.dumps({"schema": SCHEMA, **DOCUMENT})}, "w": safetensor("F64", [0, 10**12], 0)}
    )
    assert "would take" in refusal(empty)


def test_a_file_that_is_missing() -> None:
    """It is told as everywhere, with the file that was probably meant."""
    saved()
    with pytest.raises(UsageError, match=r"cannot read ru\.safetensors: no such file") as caught:
        read_checkpoint("ru.safetensors")

    assert caught.value.hint == "did you mean run.safetensors?"


def test_without_the_library_the_message_says_how_to_install_it() -> None:
    """Reading and writing alike."""
    saved()
    code = (
        "import sys; sys.modules['safetensors'] = sys.modules['safetensors.numpy'] = None\n"
        "from bpcli.errors import UsageError\n"
        "from bpcli.train.checkpoints import checkpoint_content, read_checkpoint\n"
        "for act in (lambda: read_checkpoint('run.safetensors'), lambda: checkpoint_content({}, {}, 'new')):\n"
        "    try:\n        act()\n"
        "    except UsageError as error:\n        print(error.message, '|', error.hint)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment(), timeout=PATIENCE, check=False
    )

    assert done.stdout.splitlines() == [
        f"cannot {doing}: the safetensors library is not installed | "
        "install it: pip install '.[weights]' in the checkout of bpcli"
        for doing in ("read run.safetensors", "write new")
    ], done.stderr
