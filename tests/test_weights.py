"""Tensors from .safetensors files, by the library of that name."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command import PATIENCE, environment
from saved import safetensor, safetensors_bytes

from bpcli.errors import BindingError, LimitError, UsageError
from bpcli.language.files import array_from_file
from bpcli.language.limits import Limits
from bpcli.language.values import value_from, values_from_file

TENSORS = {
    "0.weight": np.array([[1.0, -2.0], [0.5, 3.0]]),
    "0.bias": np.array([1.5, 2.5], np.float32),
    "scale": np.array(0.5),
    "empty": np.zeros((0, 3)),
}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests write into a folder of their own."""
    monkeypatch.chdir(tmp_path)


def save(tensors: dict[str, Any], name: str = "w.safetensors") -> None:
    """Write a file of tensors by hand."""
    header: dict[str, Any] = {"__metadata__": {"format": "np"}}
    data = b""
    for key, array in tensors.items():
        kind = {"f": "F", "i": "I", "u": "U"}[array.dtype.kind] + str(8 * array.itemsize)
        end = len(data) + array.nbytes
        header[key] = {"dtype": kind, "shape": list(array.shape), "data_offsets": [len(data), end]}
        data += array.tobytes()
    Path(name).write_bytes(safetensors_bytes(header, data))


def refusal(source: str, limits: Limits | None = None) -> tuple[str, str]:
    """The message and the hint with which `--W @source` is refused."""
    with pytest.raises(UsageError) as caught:
        value_from("W", f"@{source}", limits or Limits())
    return caught.value.message, caught.value.hint or ""


def test_a_tensor_is_read_by_its_key() -> None:
    """Keys are names of a state_dict; all of them are bound by `--at`."""
    save(TENSORS)
    save({"lone": TENSORS["0.bias"]}, "lone.safetensors")

    assert array_from_file("W", "w.safetensors:0.weight").tolist() == [[1.0, -2.0], [0.5, 3.0]]
    assert array_from_file("W", "w.safetensors:empty").shape == (0, 3)
    assert array_from_file("W", "lone.safetensors").tolist() == [1.5, 2.5]
    assert value_from("W", "@w.safetensors:scale") == 0.5
    found = values_from_file("w.safetensors")
    assert {key: np.asarray(value).tolist() for key, value in found.items()} == {
        key: array.tolist() for key, array in TENSORS.items()
    }


@pytest.mark.parametrize("kind", ["f8", "f4", "f2", "i8", "i4", "i2", "i1", "u8", "u4", "u2", "u1"])
def test_real_numbers_of_every_type_are_read(kind: str) -> None:
    """They become float64, or float32."""
    save({"W": np.array([1, 2], kind)})

    found = [array_from_file("W", "w.safetensors", dtype=dtype) for dtype in ("float64", "float32")]

    assert [(part.dtype.name, part.tolist()) for part in found] == [("float64", [1.0, 2.0]), ("float32", [1.0, 2.0])]


def test_truth_values_are_read() -> None:
    """As 0 and 1."""
    Path("w.safetensors").write_bytes(safetensors_bytes({"W": safetensor("BOOL", [2], 2)}, b"\1\0"))

    assert array_from_file("W", "w.safetensors").tolist() == [1.0, 0.0]


def test_bfloat16_is_read() -> None:
    """Each number is the upper half of one of float32: 1, -2.5, the nearest to 0.1, and the smallest above 0."""
    header = {"a": safetensor("U8", [1], 1), "W": {"dtype": "BF16", "shape": [2, 2], "data_offsets": [1, 9]}}
    Path("w.safetensors").write_bytes(
        safetensors_bytes(header, b"\7" + np.array([0x3F80, 0xC020, 0x3DCD, 1], "<u2").tobytes())
    )

    assert array_from_file("W", "w.safetensors:W").tolist() == [[1, -2.5], [0.10009765625, 2.0**-133]]
    assert array_from_file("W", "w.safetensors:a").tolist() == [7]
    assert refusal("w.safetensors:W", Limits(entries=3))[0] == "W (2, 2) would take 32 bytes"


@pytest.mark.parametrize(("kind", "size"), [("F8_E5M2", 1), ("F8_E4M3", 1), ("C64", 8)])
def test_a_type_that_numpy_does_not_have_is_refused(kind: str, size: int) -> None:
    """No type is guessed."""
    Path("w.safetensors").write_bytes(safetensors_bytes({"W": safetensor(kind, [1], size)}, bytes(size)))

    assert refusal("w.safetensors") == (
        f"the value of W is of type {kind}, which is neither integer nor float16, bfloat16, float32 or float64",
        "save it as float32 or float64",
    )


@pytest.mark.parametrize(
    ("source", "message", "hint"),
    [
        ("w.safetensors", "w.safetensors holds 4 arrays: 0.bias, 0.weight, empty, scale", "@w.safetensors:0.bias"),
        ("w.safetensors:0.weigh", "has no '0.weigh'; it has 0.bias, 0.weight, empty, scale", "'0.weight'"),
        ("none.safetensors", "none.safetensors holds no arrays", ""),
        ("no.safetensors:W", "cannot read no.safetensors: no such file or directory", ""),
        ("folder.safetensors", "cannot read folder.safetensors: is a directory", ""),
    ],
)
def test_a_key_or_a_file_that_is_missing(source: str, message: str, hint: str) -> None:
    """The message lists what there is, and suggests the closest."""
    save(TENSORS)
    save({}, "none.safetensors")
    Path("folder.safetensors").mkdir()

    found = refusal(source)

    assert message in found[0]
    assert hint in found[1]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\1\2",
        bytes(8),
        b"\xff" * 8,
        safetensors_bytes(b"{"),
        safetensors_bytes(b"[" * 10_000),
        safetensors_bytes({"W": safetensor("F64", [2], 16)}, bytes(8)),
        safetensors_bytes({"W": safetensor("F64", [2], 8)}, bytes(8)),
        safetensors_bytes({"W": safetensor("F64", [1], 8)}, bytes(9)),
        safetensors_bytes({"W": safetensor("F64", [-1], 8)}, bytes(8)),
        safetensors_bytes({"W": safetensor("F64", [2**32, 2**32], 8)}, bytes(8)),
        safetensors_bytes({"W": safetensor("F63", [1], 8)}, bytes(8)),
        safetensors_bytes({"W": {"dtype": "F64", "shape": [1], "data_offsets": [8, 0]}}, bytes(8)),
        safetensors_bytes({"W": {"dtype": "F64", "shape": [100_000] * 2, "data_offsets": [0, 8 * 10**10]}}, bytes(8)),
    ],
)
def test_a_broken_file_is_refused(content: bytes) -> None:
    """A header that the file does not bear out is told as such."""
    Path("w.safetensors").write_bytes(content)

    message, hint = refusal("w.safetensors:W")

    assert message.startswith("cannot use w.safetensors as .safetensors: ")
    assert hint == "write the file again; it may have been cut or damaged"


def test_a_tensor_beyond_the_limit_is_refused() -> None:
    """Alone, and all of a file together."""
    save(TENSORS)

    assert refusal("w.safetensors:0.weight", Limits(entries=3))[0] == "W (2, 2) would take 32 bytes"
    with pytest.raises(LimitError, match="entries with those before it"):
        values_from_file("w.safetensors", Limits(entries=8))


def test_a_tensor_that_is_not_finite_is_refused() -> None:
    """With the index of its first such entry."""
    save({"W": np.array([[1, np.inf]])})

    with pytest.raises(BindingError, match=r"the value of W is not finite at \[0, 1\]: inf"):
        array_from_file("W", "w.safetensors")


def test_without_the_library_the_message_says_how_to_install_it() -> None:
    """It is an extra; nothing else needs it."""
    save(TENSORS)
    code = (
        "import sys; sys.modules['safetensors'] = None\n"
        "from bpcli.errors import UsageError\nfrom bpcli.language.values import value_from\n"
        "try:\n    value_from('W', '@w.safetensors:scale')\n"
        "except UsageError as error:\n    print(error.message, error.hint, sep='\\n')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment(), timeout=PATIENCE, check=False
    )

    assert done.stdout == (
        "cannot read w.safetensors: the safetensors library is not installed\n"
        "install it: pip install '.[weights]' in the checkout of bpcli\n"
    ), done.stderr
