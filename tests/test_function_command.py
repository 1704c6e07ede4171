"""`bpcli check FILE.py`: what the command line takes, hands to the child process, and refuses."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from answers import valid_for
from command import call
from shown import ROOT

LAYERS = str(ROOT / "examples" / "homework" / "layers.py")
WRONG = str(ROOT / "examples" / "homework" / "layers_wrong.py")
RELU = ("--forward-function", "relu_forward", "--backward-function", "relu_backward")
AFFINE = ("--forward-function", "affine_forward", "--backward-function", "affine_backward")
DRAWN = ("--x", "normal(N,D)", "--set", "w=normal(D,M)", "--b=normal(M)")


def test_a_right_pair_agrees() -> None:
    """Generators are typed as values are, by options or by --set; nothing is said on standard error."""
    done = call("check", LAYERS, *AFFINE, *DRAWN)

    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[0] == "  dx (2, 3), (3, 4), (4, 2)   26 entries agree at 3 points, to within 1e-9"


def test_a_wrong_pair_differs_and_its_neighbour_is_imported() -> None:
    """The JSON keeps to the schema, and names the file; -q says nothing."""
    done = call("check", WRONG, *AFFINE, *DRAWN, "--json", "--points-count", "2", "--random-seed", "5")
    found = valid_for("check", done.out)

    assert (done.code, done.err, found["verdict"]) == (1, "", "differ")
    assert [point["seed"] for point in found["points"]] == [5, 6]
    assert found["function"]["file"] == WRONG
    assert {name: claim["verdict"] for name, claim in found["claims"].items()} == {
        "x": "agree",
        "w": "agree",
        "b": "differ",
    }
    assert call("check", WRONG, *AFFINE, *DRAWN, "--points-count=1", "-q")[:2] == (1, "")


def test_files_and_given_values(tmp_path: Path) -> None:
    """One point, at the types that the files have; the upstream gradient and the inputs that are asked about."""
    np.savez(tmp_path / "at.npz", x=np.array([[1.0, 2.0, -1.0]]), w=np.ones((3, 2), np.float32))
    more = ("--at", str(tmp_path / "at.npz"), "--b", "[1, 0.5]", "--upstream-seed", "[[2, 3]]")
    done = call("check", LAYERS, *AFFINE, *more, "--with-respect-to", "x,b", "--json")
    found = valid_for("check", done.out)

    assert (done.code, list(found["claims"])) == (0, ["x", "b"])
    assert found["points"][0]["upstream"] == [[[2, 3]]]
    assert found["claims"]["x"]["claimed"] == [[5, 5, 5]]
    assert found["points"][0]["seed"] is None


def test_labels_in_a_file_stay_whole(tmp_path: Path) -> None:
    """They are indices, and have no gradient."""
    np.savez(tmp_path / "batch.npz", x=np.arange(6.0).reshape(2, 3) / 7, y=np.array([2, 0]))
    done = call("check", LAYERS, "--forward-function=softmax_loss", "--at", str(tmp_path / "batch.npz"))

    assert done.code == 0
    assert done.out.splitlines()[0] == "  dx (2, 3)   6 entries agree, to within 1e-9"


def test_a_file_of_inputs_may_have_generators_and_names_no_file(tmp_path: Path) -> None:
    """Texts of a CSV file are typed values; a JSON file has texts, which are generators where they look so."""
    (tmp_path / "at.json").write_text(json.dumps({"x": "normal(N,D)", "w": "normal(D,M)", "b": "normal(M)"}), "utf-8")
    (tmp_path / "at.csv").write_text("x\n2.5\n", "utf-8")
    (tmp_path / "bad.json").write_text('{"x": "@x.npy"}', "utf-8")

    assert call("check", LAYERS, *AFFINE, "--at", str(tmp_path / "at.json")).code == 0
    assert call("check", LAYERS, *RELU, "--at", str(tmp_path / "at.csv")).out.startswith("  dx ()   agrees")
    assert (
        "names a file, which a file cannot do" in call("check", LAYERS, *RELU, "--at", str(tmp_path / "bad.json")).err
    )


def test_a_lone_array_is_drawn_and_a_square_one_is_noted() -> None:
    """What was not given is said on standard error, and how it is given."""
    done = call("check", LAYERS, *RELU)
    square = call("check", LAYERS, *RELU, "--x", "[[1.5, 2], [3, -4]]")

    in_json = call("check", LAYERS, *RELU, "--json", "--time-limit", "inf", "--memory-limit", "inf")

    assert (done.code, done.err) == (0, "note: x is drawn, as by --set x=normal(N,D)\n")
    assert (in_json.code, in_json.err) == (0, "")
    assert [note["message"] for note in valid_for("check", in_json.out)["warnings"]] == [
        "x is drawn, as by --set x=normal(N,D)"
    ]
    named = ("--x=normal(N,N)", "--forward-function", "relu_forward", "--backward-function", "relu_backward")
    assert call("check", LAYERS, *named).err == ""
    assert square.err == (
        "note: x is square, (2, 2): a gradient that is transposed fits there; unequal axes tell more\n"
    )


def test_whole_numbers_are_floats_where_nothing_else_is() -> None:
    """As whoever types `--x 0` means; it is said."""
    done = call("check", LAYERS, *RELU, "--x", "0")

    assert (done.code, done.out.splitlines()[0]) == (0, "  dx ()   at a kink")
    assert done.err == "note: x: a whole number, taken as a float, as there is nothing else to differentiate\n"


def test_each_output_may_be_given_its_upstream_gradient() -> None:
    """As a list with one for each, of whatever shapes; one for all of them is refused."""
    inputs = ("--x=normal(1,2)", "--prev_h=normal(1,1)", "--prev_c=normal(1,1)", "--Wx=normal(2,4)", "--Wh=normal(1,4)")
    names = ("--forward-function", "lstm_step_forward", "--backward-function", "lstm_step_backward")
    asked = ("check", LAYERS, *names, *inputs, "--b=normal(4)", "--json", "--upstream-seed")
    found, drawn = (valid_for("check", call(*asked, one).out) for one in ("[[[2]], [[-3]]]", '["normal(1,1)", [[1]]]'))

    assert (found["verdict"], found["points"][0]["upstream"]) == ("agree", [[[2]], [[-3]]])
    assert drawn["points"][0]["upstream"][1] == [[1]]
    assert (
        "one upstream gradient is given for 2 outputs"
        in valid_for("check", call(*asked, "[[2]]").out)["error"]["message"]
    )


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        ((LAYERS,), "--forward-function says which function of it to check", "it has affine_forward, affine_backward,"),
        (
            (LAYERS, "--forward-function", "relu_forwrd"),
            "has no function 'relu_forwrd'",
            "did you mean 'relu_forward'?",
        ),
        ((LAYERS, *AFFINE), "no value for x, w, b", "add --x VALUE --w VALUE --b VALUE: a generator such as"),
        ((LAYERS, *RELU, "--y", "normal(2)"), "no value for x", "add --x VALUE"),
        ((LAYERS, *RELU, "--x", "normal(2)", "--y=1"), "'relu_forward' has no parameter 'y'", "takes x"),
        ((LAYERS, *RELU, "--x", "norml(2)"), "unknown generator 'norml'", "did you mean 'normal'?"),
        ((LAYERS, *RELU, "--x", "integers(1,9,2)"), "there is no input to differentiate", "or a number such as 2.0"),
        (
            (LAYERS, *RELU, "--x=2.0", "--relative-tolerance=-1"),
            "the relative tolerance must be from 0 to 1, not -1",
            "",
        ),
        (
            (LAYERS, *RELU, "--x=2.0", "--upstream-seed", "'a'"),
            "entries that are no finite numbers",
            "of the output, ()",
        ),
        ((LAYERS, *RELU, "--x", "normal(2)", "--set", "x=1"), "x is bound twice", "one value"),
        ((LAYERS, *RELU, "--claim", "x=3"), "--claim is about expressions", "leave out --claim"),
        (("nowhere.py", *RELU), "there is no file 'nowhere.py'", ""),
        (("nowhere.py",), "cannot read nowhere.py", ""),
        (("x*y", *RELU), "there is no Python file", "bpcli check layers.py --forward-function relu_forward"),
        (RELU, "there is no Python file", "write: bpcli check"),
        (("x*y", "--backward-function", "g"), "--backward-function is about functions", "--forward-function NAME"),
        (("x*y", "--reference-file", "g.py"), "--reference-file is about functions", "--forward-function NAME"),
        ((LAYERS, *RELU, "--memory-limit", "nan"), "--memory-limit takes a number of gigabytes, not nan", "4 is usual"),
        ((LAYERS, *RELU, "--points-count", "0"), "--points-count takes a whole number from 1", ""),
        ((LAYERS, *RELU, "--x", "normal(99999,99999)"), "would take", "--max-entries"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_refused(arguments: tuple[str, ...], message: str, hint: str) -> None:
    """What, where and what now, and the exit code of usage; with --json on standard output."""
    done = call("check", *arguments)

    assert (done.code, done.out) == (2, "")
    assert message in done.err.splitlines()[0]
    assert hint in done.err


def test_an_error_with_json_is_json() -> None:
    """In the envelope of the command."""
    found = valid_for("check", call("check", LAYERS, "--json").out)

    assert (found["status"], found["error"]["kind"]) == ("error", "usage")


def test_a_reference_is_compared_first(tmp_path: Path) -> None:
    """A backward pass that matches a wrong forward pass does not agree; students are not told the right value."""
    own = tmp_path / "own.py"
    own.write_text("def f(x):\n    return 3*x**2\ndef df(x):\n    return 6*x\n", "utf-8")
    right = tmp_path / "right.py"
    right.write_text("def f(x):\n    return x**2\n", "utf-8")
    arguments = ("check", str(own), "--forward-function=f", "--backward-function=df", "--x=[1.5, 2.5]")

    assert call(*arguments).code == 0
    staff = call(*arguments, "--reference-file", str(right))
    student = call(*arguments, "--reference-file", str(right), "--release-to=student", "--json")
    assert (staff.code, student.code) == (1, 1)
    assert "18.75, the reference gives 6.25" in staff.out
    assert "6.25" not in student.out
    assert valid_for("check", student.out)["faults"][0]["kind"] == "wrong value"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("raise ValueError(1)", "gives no values to compare with: 'right.py' raises ValueError at right.py:1: 1"),
        ("def relu_forward(x):\n    return x.y", "the reference gives no values: 'relu_forward' raises AttributeError"),
    ],
    ids=["a file that raises", "a function that raises"],
)
def test_a_broken_reference_is_no_mistake_of_what_is_checked(tmp_path: Path, text: str, message: str) -> None:
    """It is an error of whoever asks."""
    (tmp_path / "right.py").write_text(text)

    done = call("check", LAYERS, *RELU, "--x", "normal(2)", "--reference-file", str(tmp_path / "right.py"))

    assert (done.code, done.out) == (2, "")
    assert message in done.err


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="only some systems have pipes that are files")
def test_a_pipe_does_not_keep_the_command_waiting(tmp_path: Path) -> None:
    """Nobody may write to it, whether its functions are listed or checked, or it has the right values."""
    pipe = tmp_path / "pipe.py"
    os.mkfifo(pipe)

    listed = call("check", str(pipe))
    checked = call("check", str(pipe), *RELU, "--x=[1.5, 2.5]")
    beside = call("check", LAYERS, *RELU, "--x=[1.5, 2.5]", "--reference-file", str(pipe))

    assert [done.code for done in (listed, checked, beside)] == [2, 2, 2]
    assert listed.err == f"error: cannot read {pipe}: it is no file\n"
    assert checked.err == beside.err == f"error: there is no file '{pipe}'\n"


def test_a_file_that_cannot_be_imported_is_the_answer(tmp_path: Path) -> None:
    """It is the user's mistake, told with its line, and no traceback."""
    broken = tmp_path / "broken.py"
    broken.write_text("import math\nmath.nothing\n", "utf-8")
    done = call("check", str(broken), "--forward-function=f", "--x=1.0")

    assert (done.code, done.err) == (1, "")
    assert "AttributeError at broken.py:2" in done.out


def test_a_pass_that_never_ends_is_late(tmp_path: Path) -> None:
    """The exit code is that of a time limit where nothing could be told."""
    endless = tmp_path / "endless.py"
    endless.write_text("def f(x):\n    while True:\n        pass\n", "utf-8")
    done = call("check", str(endless), "--forward-function=f", "--x=1.0", "--time-limit=1", "--json")
    (fault,) = json.loads(done.out)["faults"]

    assert (done.code, fault["kind"], fault["hint"]) == (124, "late", "raise it with --time-limit")


@pytest.mark.parametrize("option", ["--report-format", "--report-file", "--answers-from"])
def test_options_of_homework_are_not_those_of_functions(option: str) -> None:
    """A Python file is no homework, and is not called one."""
    done = call("check", "layers.py", "--forward-function", "f", "--x", "normal(2)", option, "junit")

    assert done.code == 2
    assert f"{option} is about homework, not about functions of a file" in done.err
