"""What `grad` answers where values are arrays: numbers against formulas of one's own, JSON, CSV, files, limits."""

import csv
import json
from functools import partial
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from answers import strict, valid_for
from command import call

import bpcli
from bpcli import BpcliError, Limits

SQUARES = "y = W @ x; L = sum(y**2)"
W, X = [[1.0, -2.0], [0.5, 3.0]], [2.0, -1.0]
TYPED = ("--W", "[[1, -2], [0.5, 3]]", "--x", "[2, -1]")
GRADIENTS = {"W": [[16.0, -8.0], [-8.0, 4.0]], "x": [6.0, -28.0]}  # 2·y·xᵀ and 2·Wᵀ·y with y = (4, -2)

valid = partial(valid_for, "grad")


def test_gradients_have_the_shapes_of_their_variables() -> None:
    """By hand: y = (4, -2), L = 20."""
    result = bpcli.grad(SQUARES, {"W": W, "x": X})

    assert result.value == 20.0
    assert {name: gradient.tolist() for name, gradient in result.gradients.items()} == GRADIENTS


def test_a_network_against_its_formulas() -> None:
    """Softmax regression: ∂L/∂z = (softmax(z) - one_hot(y))/n (Goodfellow et al. 2016, section 6.2.2.3)."""
    rng = np.random.default_rng(3)
    inputs, weights, bias, labels = (
        rng.normal(size=(5, 4)),
        rng.normal(size=(4, 3)),
        rng.normal(size=3),
        [0, 2, 1, 1, 0],
    )
    loss = "z = X @ W + b; mean(logsumexp(z, axis=1) - sum(z*one_hot(y, 3), axis=1))"
    found = bpcli.grad(loss, {"X": inputs, "W": weights, "b": bias, "y": labels}).gradients

    scores = np.exp(inputs @ weights + bias)
    errors = (scores / scores.sum(1, keepdims=True) - np.eye(3)[labels]) / 5
    np.testing.assert_allclose(found["W"], inputs.T @ errors, rtol=1e-12)
    np.testing.assert_allclose(found["b"], errors.sum(0), rtol=1e-12)
    np.testing.assert_allclose(found["X"], errors @ weights.T, rtol=1e-12)
    assert found["y"].tolist() == [0.0] * 5


def test_a_hidden_vector_with_two_consumers() -> None:
    """Their upstream gradients are added before they are multiplied by the local gradient that was kept."""
    result = bpcli.grad("h = tanh(W @ x); sum(V @ h) + sum(exp(h))", {"W": W, "x": X, "V": [[2.0, 1.0], [0.0, 3.0]]})
    hidden = np.tanh(np.array([4.0, -2.0]))
    upstream = np.array([2.0, 4.0]) + np.exp(hidden)

    np.testing.assert_allclose(result.gradients["W"], np.outer(upstream * (1 - hidden**2), X), rtol=1e-12)


def test_the_convolution_of_the_article() -> None:
    """The gradient of X is the full convolution of the upstream with K rotated, that of K the valid correlation."""
    image, kernel = np.arange(1.0, 10).reshape(3, 3), np.array([[1.0, 2], [3, 4]])
    seed = np.array([[1.0, -1], [2, 0.5]])
    found = bpcli.grad("conv2d(X, K)", {"X": image, "K": kernel}, seed=seed).gradients

    padded, turned = np.pad(seed, 1), kernel[::-1, ::-1]
    full = [[(padded[i : i + 2, j : j + 2] * turned).sum() for j in range(3)] for i in range(3)]
    valid_one = [[(image[i : i + 2, j : j + 2] * seed).sum() for j in range(2)] for i in range(2)]
    assert found["X"].tolist() == full
    assert found["K"].tolist() == valid_one


def test_an_output_that_is_an_array_is_weighed_by_its_seed() -> None:
    """The gradient is that of the sum of the seed times the output."""
    seeded = bpcli.grad("W @ x", {"W": W, "x": X}, seed=[3, -1]).gradients
    weighed = bpcli.grad("sum([3, -1]*(W @ x))", {"W": W, "x": X}).gradients

    assert all((seeded[name] == weighed[name]).all() for name in "Wx")


def test_float32_stays_float32() -> None:
    """Every value and gradient is of the dtype that was asked for."""
    result = bpcli.grad("sum(exp2(relu(W) @ x)) + norm(x)*erf(x[0])", {"W": W, "x": X}, single_precision=True)
    dtypes = {np.asarray(value).dtype for node, value in result.values.items() if node.varies}
    dtypes |= {np.asarray(value).dtype for value in result.upstreams.values()}

    assert dtypes == {np.dtype("float32")}


def test_a_formula_knows_of_the_seed() -> None:
    """What is shown beside a gradient gives that gradient, the seed called `upstream`."""
    seeded = valid(call("grad", "W @ x", *TYPED, "--upstream-seed", "[1, 0]", "--json").out)
    number = valid(call("grad", "x**2", "--x=3", "--upstream-seed=5", "--json").out)

    assert seeded["formulas"] == {"W": "outer(upstream, x)", "x": "W.T @ upstream"}
    assert (number["formulas"], number["gradients"], number["seed"]) == ({"x": "2*upstream*x"}, {"x": 30.0}, 5.0)


@pytest.mark.parametrize(
    ("expression", "at", "warning"),
    [
        ("sum(log(x))", {"x": [1, -2]}, "forward step 1: v1 = log(x) is not finite at [1], of -2: log is defined for"),
        ("sum(x/y)", {"x": [1, 2], "y": [1, 0]}, "v1 = x/y is not finite at [1], of 2, 0: division by zero"),
        ("sum(inv(A))", {"A": [[1, 2], [2, 4]]}, "v1 = inv(A) is not finite: a matrix has no inverse"),
        ("sum(cholesky(A))", {"A": [[1, 2], [2, 1]]}, "is not finite: a matrix is not positive definite"),
        ("sum(solve([[1,2],[2,4]],[1,2]))*x", {"x": 1}, "forward: solve([[1, 2], [2, 4]], [1, 2]) is not finite"),
    ],
)
def test_a_warning_names_the_entry_and_the_reason(expression: str, at: dict[str, object], warning: str) -> None:
    """The first entry with finite inputs and no finite value; of a matrix what is wrong with it."""
    assert warning in bpcli.grad(expression, at).warnings[0].message


def test_an_index_has_no_gradient_and_that_is_said() -> None:
    """The output depends on it, and yet nothing flows back."""
    assert "no gradient flows back to i" in call("grad", "sum(x[i])", "--x=[1, 2]", "--i=1").out


# Documents -----------------------------------------------------------------------------------------------------------


def test_json_has_nested_lists() -> None:
    """Values, gradients and steps in the shapes that they have; a Jacobian that nobody writes down is null."""
    answer = valid(call("grad", SQUARES, *TYPED, "--json").out)

    assert answer["inputs"] == {"W": W, "x": X}
    assert answer["gradients"] == GRADIENTS
    assert [entry["shape"] for entry in answer["forward"]] == [[2], [2], []]
    last = answer["steps"][-1]
    assert (last["node"], last["input"], last["local"], last["local_formula"]) == ("y", "x", None, "W.T @ upstream")
    assert (last["upstream"], last["contribution"]) == ([8.0, -4.0], [6.0, -28.0])


@pytest.mark.parametrize(
    ("arguments", "code", "status"),
    [
        (("x*[1, 2]", "--x=3", "--upstream-seed=[1, 1]"), 0, "ok"),
        (("sum(x)", "--x=3"), 0, "ok"),
        (("sum(x)", "--x=[]"), 0, "ok"),
        (("sum(log(x))", "--x=[1, 0]"), 3, "nonfinite"),
        (("sum(x/x)", "--x=[1, 0]"), 3, "nonfinite"),
        (("sum(inv(x))", "--x=[[1, 2], [2, 4]]"), 3, "nonfinite"),
        (("x", "--x=[1, 2]"), 2, "error"),
        (("A @ B", "--A=[[1, 2]]", "--B=[[1, 2]]"), 2, "error"),
        (("sum(x)", "--x=[[1], [2, 3]]"), 2, "error"),
        (("sum(x)", "--x=[1, 2, 3]", "--max-entries=2"), 2, "error"),
        (("sum(broadcast_to(x, (1000, 1000, 1000)))", "--x=1"), 2, "error"),
        (("x", "--x=[1, 2]", "--upstream-seed=[1]"), 2, "error"),
        (("sum(x)",), 2, "error"),
    ],
    ids=lambda part: " ".join(part)[:50] if isinstance(part, tuple) else "",
)
def test_every_answer_keeps_to_the_schema(arguments: tuple[str, ...], code: int, status: str) -> None:
    """With arrays as without them; non-finite entries are words."""
    done = call("grad", *arguments, "--json")

    assert (done.code, valid(done.out)["status"]) == (code, status)


def test_csv_has_a_row_an_entry() -> None:
    """Each entry with its index, its value and its gradient; the output with its seed."""
    done = call("grad", "W @ x", *TYPED, "--upstream-seed", "[1, 0]", "--output-format", "csv")
    rows = list(csv.reader(StringIO(done.out)))

    assert rows[:3] == [["name", "value", "gradient"], ["f[0]", "4", "1"], ["f[1]", "-2", "0"]]
    assert [row[0] for row in rows[3:]] == ["W[0,0]", "W[0,1]", "W[1,0]", "W[1,1]", "x[0]", "x[1]"]
    assert rows[3:5] == [["W[0,0]", "1", "2"], ["W[0,1]", "-2", "-1"]]


def test_requests_have_nested_lists() -> None:
    """A request gives an array as JSON does, and gets one."""
    request = json.dumps({"id": 1, "expression": "sum(W @ x)", "at": {"W": W, "x": X}})
    answer = valid(call("grad", "--requests", "-", stdin=request + "\n").out)

    assert answer["gradients"] == {"W": [X, X], "x": [1.5, 1.0]}


def test_a_request_weighs_an_output_that_is_an_array() -> None:
    """`upstream_seed` of a request is `--upstream-seed`."""
    request = json.dumps({"expression": "W @ x", "at": {"W": W, "x": X}, "upstream_seed": [1, 0]})
    answer = valid(call("grad", "--requests", "-", stdin=request + "\n").out)

    assert answer["gradients"] == {"W": [X, [0.0, 0.0]], "x": W[0]}


# Files and limits ----------------------------------------------------------------------------------------------------


def test_values_come_from_files(tmp_path: Path) -> None:
    """The same answer from a typed list, a NumPy file, an archive and the columns of a table."""
    np.save(tmp_path / "w.npy", np.array(W))
    np.savez(tmp_path / "both.npz", W=np.array(W), x=np.array(X))
    (tmp_path / "x.csv").write_text("x\n2\n-1\n", "utf-8")
    ways = [
        TYPED,
        (f"--W=@{tmp_path / 'w.npy'}", "--x=[2, -1]"),
        ("--at", str(tmp_path / "both.npz")),
        (f"--W=@{tmp_path / 'both.npz'}:W", "--at", str(tmp_path / "x.csv")),
    ]
    found = [strict(call("grad", SQUARES, *way, "--json").out)["gradients"] for way in ways]

    assert found == [GRADIENTS] * len(ways)


def test_a_file_cannot_name_another(tmp_path: Path) -> None:
    """What somebody else wrote reads no file of mine."""
    np.save(tmp_path / "w.npy", np.array(W))
    (tmp_path / "point.json").write_text(json.dumps({"x": f"@{tmp_path / 'w.npy'}"}), "utf-8")
    done = call("grad", "sum(x)", "--at", str(tmp_path / "point.json"))

    assert (done.code, done.out) == (2, "")
    assert "names a file, which a file cannot do" in done.err


@pytest.mark.parametrize(
    ("expression", "at", "said"),
    [
        ("broadcast_to(x, (100000, 100000))", {"x": 1.0}, "(100000, 100000), 80 GB"),
        ("outer(x, x)", {"x": [0.0] * 20_000}, "(20000, 20000), 3.2 GB"),
        ("x + y", {"x": [[0.0]] * 20_000, "y": [0.0] * 20_000}, "(20000, 20000), 3.2 GB"),
    ],
)
def test_what_is_too_large_is_refused_before_it_is_made(expression: str, at: dict[str, object], said: str) -> None:
    """The shape and the size are in the message, the option in the hint."""
    with pytest.raises(BpcliError) as caught:
        bpcli.grad(f"sum({expression})", at)

    assert said in caught.value.message
    assert "--max-entries" in (caught.value.hint or "")
    assert caught.value.spans


def test_memory_that_is_not_there_is_told_in_words() -> None:
    """What an op needs beside its value may be more than there is: no fault of bpcli's, and no traceback."""
    done = call("grad", "sum(max_pool1d(x, 10000000000000, padding=5000000000000))", "--x=[1, 2, 3]")

    assert (done.code, done.out) == (2, "")
    assert "error: there is not enough memory for this\n" in done.err


def test_the_limit_counts_all_values() -> None:
    """Many small arrays are as much as a large one."""
    with pytest.raises(BpcliError, match="more than 9 entries"):
        bpcli.grad("sum(exp(exp(exp(x))))", {"x": [1.0, 2.0, 3.0]}, limits=Limits(entries=9))
