"""Whatever bytes a file of values holds, it gives values, or is refused in words."""

import tempfile
import warnings
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from saved import safetensor, safetensors_bytes

from bpcli.errors import BpcliError
from bpcli.language.limits import Limits
from bpcli.language.values import value_from, values_from_file

LIMITS = Limits(characters=10_000, entries=1000)
SPLICES = (b"", b"0", b"9", b",", b"[", b"]", b"}", b'"', b"'", b":", b"\n", b"-", b"e", b"\xff" * 4, bytes(4), b"PK")


def _written(write: object, *arrays: object, **named: object) -> bytes:
    file = BytesIO()
    write(file, *arrays, **named)  # type: ignore[operator] # numpy.save and its sisters
    return file.getvalue()


WHOLE = {
    "float.npy": _written(np.save, np.arange(6.0).reshape(2, 3)),
    "integer.npy": _written(np.save, np.array([1, 2], ">i2")),
    "object.npy": _written(np.save, np.array([1, None], object)),
    "stored.npz": _written(np.savez, W=np.eye(2), b=np.array(3)),
    "packed.npz": _written(np.savez_compressed, W=np.eye(9), b=np.arange(30)),
    "tensors.safetensors": safetensors_bytes({"W": safetensor("F32", [2, 2], 16)}, np.eye(2, dtype="f4").tobytes()),
    "columns.csv": b'x,"W"\n1,2\n3,4\n5,6e2\n',
    "matrix.csv": b"1,2\n3,4\n5,6\n",
    "lists.json": b"[[1, 2.5e3], [3, -4]]",
    "object.json": b'{"W": [[1, 2], [3, "pi/2"]], "b": [0.5, null]}',
    "tables.toml": b"W = [[1, 2.0], [3, 4]]\nb = 1e3\n",
}


def reads(path: Path) -> list[bool]:
    """Whether it gives values in each way to read it. What is raised in another way than in words goes on."""
    given_values = []
    for source in ("", f"@{path}", f"@{path}:W"):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                values = {"W": source} if source else values_from_file(str(path), LIMITS)
                for name, value in values.items():
                    value_from(name, value, LIMITS)
            given_values.append(True)
        except BpcliError:
            given_values.append(False)
    return given_values


@pytest.mark.parametrize("name", sorted(WHOLE))
def test_a_whole_file_is_read(name: str, tmp_path: Path) -> None:
    """The files that are damaged below have values before, but for the pickled one."""
    (tmp_path / name).write_bytes(WHOLE[name])

    assert any(reads(tmp_path / name)) == (name != "object.npy")


@pytest.mark.parametrize("name", sorted(WHOLE))
def test_a_cut_file_is_refused_in_words(name: str, tmp_path: Path) -> None:
    """At every byte; of the forms with a length no part is taken for the whole."""
    content = WHOLE[name]
    cuts = range(0, len(content), max(1, len(content) // 200))
    found = []
    for length in cuts:
        (tmp_path / name).write_bytes(content[:length])
        found.append(any(reads(tmp_path / name)))

    assert not any(found) or name.endswith((".csv", ".json", ".toml"))


@settings(max_examples=1000)
@given(st.data())
def test_a_damaged_file_gives_values_or_is_refused_in_words(data: st.DataObject) -> None:
    """A few bytes are changed, cut out or put in."""
    name = data.draw(st.sampled_from(sorted(WHOLE)))
    content = bytearray(WHOLE[name])
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(content)))
        width = data.draw(st.sampled_from([0, 1, 1, 4]))
        splice = data.draw(st.sampled_from(SPLICES) | st.binary(min_size=1, max_size=4))
        content[at : at + width] = splice
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(content)

        assert len(reads(path)) == 3
