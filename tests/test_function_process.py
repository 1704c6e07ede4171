"""Passes of a file in a child process: the same answers as here, and what the file does is a fault of it alone."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command import PATIENCE

import bpcli
from bpcli.check.functions.callee import Fault, MisbehaviourError
from bpcli.check.functions.child.frames import (
    BrokenFrameError,
    array_of,
    frame_bytes,
    frame_from,
    npy_of,
    packed,
    unpacked,
)
from bpcli.check.functions.child.pipes import ChildLimits
from bpcli.check.functions.child.process import ChildCallee, child_callee, reference_callee
from bpcli.check.functions.passes.local import local_callee
from bpcli.errors import LimitError, UsageError

pytestmark = pytest.mark.skipif(os.name != "posix", reason="limits and pipes are those of Unix")

X = np.array([[1.0, -2.0, 3.0], [0.5, 4.0, -1.0]])
W = np.arange(12.0).reshape(3, 4) / 7
UP = np.array([[1.0, 2.0, -1.0, 0.5], [3.0, -2.0, 0.25, 1.0]])
SOON = ChildLimits(seconds_per_call=1.0)

FILE = """
import ctypes, os, signal, socket, subprocess, sys, threading
import numpy as np
from neighbour import SCALE

open("left_behind.txt", "w").write("in its own folder")

def affine(x, w, by=1, names=("a",)):
    print("working")
    return SCALE * by * x @ w, (x, w, by)

def affine_back(dout, cache):
    x, w, by = cache
    return {"w": SCALE * by * x.T @ dout, "x": SCALE * by * dout @ w.T}

class Layer:
    def __init__(self, w):
        self.w = w
    def forward(self, x):
        self.x = x
        return x @ self.w
    def backward(self, dout):
        self.dw = self.x.T @ dout
        return dout @ self.w.T

def surroundings(x):
    links = [os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd") if int(fd) > 2
             and os.path.exists(f"/proc/self/fd/{fd}")]
    raise ValueError(sorted(os.environ), [link.split(":")[0] for link in links], os.getcwd(), sys.argv[1:])

def back(x):
    return x

# What is told, and ends nothing.
def forks(x):
    os.fork()
def starts(x):
    subprocess.run(["true"])
def kills(x):
    os.kill(os.getppid(), signal.SIGKILL)
def ends(x):
    sys.exit(0)
def interrupts(x):
    raise KeyboardInterrupt
def takes_memory(x):
    return np.empty(1 << 29)[:2]
def writes_much(x):
    with open("large", "wb") as file:
        file.write(bytes(1 << 26))
def prints_much(x):
    for _ in range(1000):
        print("flood" * 1000)
    os.write(1, b"to nobody" * 1000)
    return x
def recurses(x):
    return recurses(x)
def answers_much(x):
    return np.ones(1 << 21)

def paints(x):
    raise ValueError("\\x1b[31mred\\n\\n  and \\x07 loud")

# What ends the process.
def leaves(x):
    os._exit(0)
def crashes(x):
    signal.raise_signal(signal.SIGSEGV)
def closes(x):
    os.closerange(3, 256)
    return x
def forges(x):
    for fd in range(3, 64):
        try:
            os.write(fd, b"bpf1" + bytes(12) + b"{}")
        except OSError:
            pass
    return x
def lies(x):
    text = b'{"id": "0", "outputs": 1, "names": [], "faults": [], "sizes": []}'
    for fd in range(3, 64):
        try:
            os.write(fd, b"bpf1" + len(text).to_bytes(4, "little") + bytes(8) + text)
        except OSError:
            pass
    return x
def invents(x):
    from bpcli.check.functions.callee import Fault, MisbehaviourError
    raise MisbehaviourError(Fault("right", "invents", "all is well", None, False))
def hangs(x):
    threading.Event().wait()
def runs_on(x):
    while True:
        print("and on")
"""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file with all of the functions, and its neighbour."""
    folder = tmp_path_factory.mktemp("submitted")
    (folder / "neighbour.py").write_text("SCALE = 2.0\n")
    (folder / "layers.py").write_text(FILE)
    return folder / "layers.py"


@pytest.fixture(scope="module")
def affine(file: Path) -> Iterator[ChildCallee]:
    """A right pair of passes, which many tests ask."""
    with child_callee(file, "affine", "affine_back") as callee:
        yield callee


def folder_of(callee: ChildCallee) -> Path:
    """The temporary folder of a child process, which is its home."""
    return Path(callee._child.folder)  # noqa: SLF001 - what is looked for afterwards


def is_gone(callee: ChildCallee) -> bool:
    """Whether neither the process nor its folder is left: no zombie either, as its end has been waited for."""
    return callee._child.process.returncode is not None and not folder_of(callee).exists()  # noqa: SLF001 - the same


def fault_of(callee: ChildCallee) -> Fault:
    """What a forward pass is answered with."""
    with pytest.raises(MisbehaviourError) as caught:
        callee.outputs({"x": X})
    return caught.value.fault


def test_a_child_gives_what_the_functions_give(affine: ChildCallee) -> None:
    """Outputs, gradients, notes and moved entries, bit for bit; a mapping, a text and a list go through."""
    inputs = {"x": X, "w": W, "by": 3, "names": ["a", {"b": None, "c": (1.5, True)}]}

    passed = affine.passed(inputs, [UP])
    rows = affine.moved(inputs, "x", np.arange(6), np.arange(6.0))
    single = local_callee(lambda x: 6.0 * x @ W, lambda x: x).moved({"x": X}, "x", np.arange(6), np.arange(6.0))

    assert affine.parameters.names == ("x", "w", "by", "names")
    assert [one.is_required for one in affine.parameters.listed] == [True, True, False, False]
    assert (affine.forward_name, affine.backward_name) == ("affine", "affine_back")
    assert affine.takes_upstream(inputs)
    assert np.array_equal(affine.outputs(inputs)[0], 6.0 * X @ W)
    assert np.array_equal(passed.outputs[0], 6.0 * X @ W)
    assert np.array_equal(passed.gradients["x"], 6.0 * UP @ W.T)
    assert np.array_equal(passed.gradients["w"], 6.0 * X.T @ UP)
    assert [fault.text for fault in passed.faults] == ["'affine' prints 'working'"]
    assert np.array_equal(rows, single)


def test_inputs_that_change_are_sent_anew(affine: ChildCallee) -> None:
    """A child keeps the inputs that it was sent, but for as long as they are the same, also in type and in place."""
    moving = X.copy()
    before = affine.outputs({"x": moving, "w": W})[0]
    moving[0, 0] = 100.0

    after = affine.outputs({"x": moving, "w": W})[0]
    single = affine.outputs({"x": moving.astype(np.float32), "w": W.astype(np.float32), "by": 1})[0]
    double = affine.outputs({"x": moving.astype(np.float32), "w": W.astype(np.float32), "by": np.float64(1)})[0]

    assert np.array_equal(before, 2.0 * X @ W)
    assert np.array_equal(after, 2.0 * moving @ W)
    assert (single.dtype, double.dtype) == (np.float32, np.float64)


def test_a_reference_may_do_without_a_backward_pass(file: Path) -> None:
    """Its forward values are what counts; a file without the forward pass is refused."""
    with reference_callee(file, "affine", "affine_backward") as callee:
        assert np.array_equal(callee.outputs({"x": X, "w": W})[0], 2.0 * X @ W)
    with pytest.raises(UsageError, match=r"'layers.py' has no function 'afine'") as caught:
        reference_callee(file, "afine")
    assert caught.value.hint == "did you mean 'affine'?"


@pytest.mark.parametrize("names", [("Layer", None), ("Layer.forward", "Layer.backward")], ids=["class", "methods"])
def test_a_class_is_found_by_its_name_or_its_methods(file: Path, names: tuple[str, str | None]) -> None:
    """The gradient that is left in the object comes over the pipe as well."""
    with child_callee(file, *names) as callee:
        passed = callee.passed({"x": X, "w": W}, [UP])

        assert (callee.forward_name, callee.backward_name) == ("Layer.forward", "Layer.backward")
        assert np.array_equal(passed.gradients["w"], X.T @ UP)
        assert np.array_equal(passed.gradients["x"], UP @ W.T)


def test_nothing_of_this_process_is_inherited(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a variable of the environment, nor an open file, nor the folder; when it ends nothing is left."""
    monkeypatch.setenv("SECRET", "the right answers")
    kept = os.open(file, os.O_RDONLY)
    os.set_inheritable(kept, True)  # noqa: FBT003 - it has no name

    with child_callee(file, "surroundings", "back") as callee:
        folder = folder_of(callee)
        told = fault_of(callee).text
        assert (folder / "left_behind.txt").is_file()
    os.close(kept)

    assert "SECRET" not in told
    assert "'HOME'" in told
    assert "['pipe', 'pipe']" in told
    assert f"'{folder}', [])" in told
    assert is_gone(callee)


TOLD = {
    "forks": "'forks' raises PermissionError at layers.py:",
    "starts": "'starts' raises PermissionError at layers.py:",
    "kills": "'kills' raises PermissionError at layers.py:",
    "ends": "'ends' raises SystemExit at layers.py:",
    "interrupts": "'interrupts' raises KeyboardInterrupt at layers.py:",
    "takes_memory": "'takes_memory' raises MemoryError at layers.py:",
    "writes_much": "'writes_much' raises OSError at layers.py:",
    "paints": "'paints' raises ValueError at layers.py:61: \\u001b[31mred and \\u0007 loud",
    "recurses": "'recurses' raises RecursionError at layers.py:",
}


def test_what_a_function_does_is_told_and_others_are_still_answered(file: Path) -> None:
    """A function that raises, whatever it raises, ends nothing: the same process answers the next question."""
    for name, text in TOLD.items():
        with child_callee(file, name, "back") as callee:
            first, second = fault_of(callee), fault_of(callee)

            assert (first.kind, first.where) == ("raises", name)
            assert first.text.startswith(text)
            assert first == second


def test_a_flood_is_a_note(file: Path) -> None:
    """Five million characters of print come to a note of a line; what is written past it goes nowhere."""
    with child_callee(file, "prints_much", "back") as callee:
        passed = callee.passed({"x": X}, None)

    assert np.array_equal(passed.outputs[0], X)
    assert [fault.kind for fault in passed.faults] == ["prints"]
    assert "(5001000 characters)" in passed.faults[0].text
    assert len(passed.faults[0].text) < 300


LOST = {
    "leaves": "it ended with exit status 0",
    "crashes": f"it was ended by the signal {signal.SIGSEGV.name}",
    "closes": "it ended with exit status 1",
    "forges": "it answered with what is no answer: its header is broken",
    "lies": "answered with what is no answer",
    "invents": "answered with what is no answer",
}


@pytest.mark.parametrize("name", LOST)
def test_what_ends_the_process_is_a_fault(file: Path, name: str) -> None:
    """A process that ended or that forged an answer is lost, for good, and nothing of it is left."""
    callee = child_callee(file, name, "back")

    first, second = fault_of(callee), fault_of(callee)

    assert first.kind == "lost"
    assert first.text.endswith(LOST[name])
    assert first == second
    assert is_gone(callee)


@pytest.mark.parametrize("name", ["hangs", "runs_on"])
def test_what_takes_too_long_is_late(file: Path, name: str) -> None:
    """A function that waits and one that prints for ever are ended after the seconds of a call."""
    callee = child_callee(file, name, "back", limits=SOON)

    fault = fault_of(callee)

    assert fault == Fault("late", name, f"'{name}' gave no answer within 1 seconds", "it may be given more time")
    assert is_gone(callee)


def test_what_is_late_at_last_is_told_the_time_of_all_calls(file: Path) -> None:
    """Where other calls have used it up, the rest that this call had would say nothing."""
    callee = child_callee(file, "hangs", "back", limits=SOON._replace(seconds_per_call=9.0, seconds=0.5))

    assert fault_of(callee).text == "'hangs' gave no answer before the 0.5 seconds for all calls were over"


def test_a_folder_of_any_depth_is_removed(tmp_path: Path) -> None:
    """A file may leave folders deeper than paths can be, some that may not be read, and links to what is not its."""
    (tmp_path / "kept").mkdir()
    source = tmp_path / "deep.py"
    source.write_text(
        "import os\n"
        "def f(x):\n    return x\n"
        f"os.symlink({str(tmp_path / 'kept')!r}, 'link')\n"
        "os.makedirs('closed/inner')\nos.chmod('closed', 0)\n"
        "for _ in range(3000):\n    os.mkdir('d')\n    os.chdir('d')\n"
    )
    callee = child_callee(source, "f")

    callee.close()

    assert is_gone(callee)
    assert (tmp_path / "kept").is_dir()


def test_an_answer_is_not_longer_than_allowed(file: Path) -> None:
    """A frame says how long it is before any of it is read."""
    callee = child_callee(file, "answers_much", "back", limits=ChildLimits(answer=1 << 20))

    assert fault_of(callee).kind == "lost"
    assert is_gone(callee)


BROKEN = {
    "syntax": ("def f(x:\n", "'broken.py' raises SyntaxError: '(' was never closed (broken.py, line 1)"),
    "import": ("import nonsense_of_mine\n", "'broken.py' raises ModuleNotFoundError at broken.py:1: No module named"),
    "ends": ("import sys\n\nsys.exit()\n", "'broken.py' raises SystemExit at broken.py:3"),
    "lost": (
        "import os\nos._exit(7)\n",
        "the process that ran 'broken.py' gave no answer: it ended with exit status 7",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_file_that_cannot_be_imported_says_why(tmp_path: Path, case: str) -> None:
    """The fault names the file and the line."""
    text, told = BROKEN[case]
    path = tmp_path / "broken.py"
    path.write_text(text)

    with pytest.raises(MisbehaviourError) as caught:
        child_callee(path, "f")

    assert caught.value.fault.text.startswith(told)


def test_there_must_be_a_file(tmp_path: Path) -> None:
    """A file that is not there is an error of whoever asked."""
    with pytest.raises(UsageError, match="there is no file"):
        child_callee(tmp_path / "nowhere.py", "f")


@pytest.mark.parametrize("has_init", [True, False], ids=["package", "folder"])
def test_a_file_may_import_from_its_package(tmp_path: Path, *, has_init: bool) -> None:
    """`from .layers import *` works, and a file may be called like a module of Python's."""
    package = tmp_path / "cs231n"
    package.mkdir()
    if has_init:
        (package / "__init__.py").write_text("")
    (package / "layers.py").write_text("def twice(x):\n    return 2 * x\n")
    (package / "random.py").write_text(
        "from .layers import *\nfrom cs231n.layers import twice\n\ndef back(x):\n    return twice(x * 0 + 1)\n"
    )

    with child_callee(package / "random.py", "twice", "back") as callee:
        assert np.array_equal(callee.passed({"x": X}, None).gradients["x"], 2 + 0 * X)


def test_frames_are_read_within_their_limits() -> None:
    """What was sent comes back; a frame that is cut short, too long, or no frame is refused before it is read."""
    files: list[bytes] = []
    value: dict[str, Any] = {"x": X, "n": [1, 2.5, None, "a", (True,)], "m": {"k": np.float32(2)}}
    told = {name: packed(one, files) for name, one in value.items()}
    sent = frame_bytes({"inputs": told}, files)

    def frame(data: bytes, most: int = 1 << 20) -> Any:
        left = [data]

        def read(count: int) -> bytes:
            found, left[0] = left[0][:count], left[0][count:]
            if len(found) < count:
                raise EOFError
            return found

        return frame_from(read, most)

    received = frame(sent)
    arrays = [array_of(file) for file in received.files]
    back = {name: unpacked(one, arrays) for name, one in received.header["inputs"].items()}

    assert np.array_equal(back["x"], X)
    assert back["n"] == value["n"]
    assert (type(back["n"][-1]), type(back["m"]["k"])) == (tuple, np.float32)
    for data, most in [(b"HTTP" + sent, 1 << 20), (sent, 10), (frame_bytes({}, []).replace(b"[]", b"{}"), 99)]:
        with pytest.raises(BrokenFrameError):
            frame(data, most)
    with pytest.raises(EOFError):
        frame(sent[:-1])
    with pytest.raises(ValueError, match="a object cannot be sent to another process"):
        packed(object(), [])
    with pytest.raises(ValueError, match="pickle"):
        npy_of(np.array([object()]))


def test_what_cannot_be_sent_is_an_error_of_whoever_asked(affine: ChildCallee) -> None:
    """A function as an input cannot be given to another process, and a million numbers are no list."""
    with pytest.raises(UsageError, match=r"an input cannot be given to 'layers.py': a function cannot be sent"):
        affine.outputs({"x": X, "w": test_there_must_be_a_file})
    with pytest.raises(LimitError, match="take 3000017 characters beside their arrays"):
        affine.outputs({"x": [1] * 10**6})


PARENT = """
import os, sys
from bpcli.check.functions.child.process import child_callee
callee = child_callee(sys.argv[1], "affine", "affine_back")
print(callee._child.process.pid, callee._child.folder, flush=True)
os.kill(os.getpid(), 9)
"""


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="only Linux tells when a process that is no child ends")
def test_a_child_does_not_outlive_its_parent(file: Path) -> None:
    """Where the parent is killed the child removes its folder, and ends."""
    root = Path(bpcli.__file__).parents[1]
    command = [sys.executable, "-c", PARENT, str(file)]
    told = subprocess.run(command, capture_output=True, text=True, check=False, env={"PYTHONPATH": str(root)}).stdout
    pid, folder = told.split()

    with suppress(ProcessLookupError):  # it has ended already
        ended = os.pidfd_open(int(pid))
        select.select([ended], [], [], PATIENCE)
        os.close(ended)

    assert not Path(folder).exists()
