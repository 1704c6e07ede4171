"""Data for training: which columns and arrays become which variables, classes, and the part to validate on."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from bpcli.errors import BindingError, BpcliError, ShapeError, UsageError
from bpcli.language.expressions import parse
from bpcli.train.data import Data, data_from, split
from bpcli.train.roles import roles_from

DATA = Path(__file__).parent.parent / "examples" / "data"
IRIS = str(DATA / "iris.csv")
CLASSES = "x -> Linear(8) -> Tanh -> Linear(3) -> CrossEntropyLoss(label)"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a table stands."""
    return tmp_path / "data.csv"


def data_in(file: Path, table: str, text: str, *targets: str, given: tuple[str, ...] = ()) -> Data:
    """The data that a table is for a text."""
    file.write_text(table)
    return data_from(str(file), parse(text, given), dict.fromkeys(given, ()), targets)


def test_iris_is_four_lengths_and_the_number_of_a_species() -> None:
    """All columns but the target are the one free variable; classes are counted in the order of their names."""
    data = data_from(IRIS, parse(CLASSES), target_columns=["species"])

    assert {name: value.shape for name, value in data.values.items()} == {"x": (150, 4), "label": (150,)}
    assert_array_equal(data.values["x"][0], [5.1, 3.5, 1.4, 0.2])
    assert data.roles.classes == ("setosa", "versicolor", "virginica")
    assert Counter(data.values["label"].tolist()) == {0.0: 50, 1.0: 50, 2.0: 50}
    assert data.roles.inputs == {"x": ("sepal_length", "sepal_width", "petal_length", "petal_width")}
    assert data.ignored == ()


def test_digits_go_into_a_convolution() -> None:
    """64 columns become an image of 8 by 8 within the text; classes that are digits are counted as they are."""
    text = (
        "x -> nn.Unflatten(1, (1, 8, 8)) -> nn.Conv2d(1, 4, 3) -> ReLU -> Flatten -> Linear(10) -> CrossEntropyLoss(y)"
    )
    data = data_from(str(DATA / "digits.csv"), parse(text), target_columns=["digit"])

    assert data.values["x"].shape == (1797, 64)
    assert data.roles.classes == tuple("0123456789")
    assert_array_equal(data.values["y"][:5], [0, 1, 2, 3, 4])


def test_columns_named_like_variables_are_these_variables(file: Path) -> None:
    """Of an expression each is a vector; columns that no variable takes are told."""
    data = data_in(file, "x,y,name\n1,2,a\n3,4,b\n", "mean((w*x + b - y)**2)", given=("w", "b"))

    assert_array_equal(data.values["x"], [1, 3])
    assert_array_equal(data.values["y"], [2, 4])
    assert data.ignored == ("name",)
    assert data.roles.target is None


def test_a_lone_column_that_is_left_is_a_vector(file: Path) -> None:
    """Beside another it would else be broadcast to a square, and the loss be another one."""
    data = data_in(file, "x,y\n1,2\n3,4\n", "mean((w*x + b - q)**2)", given=("w", "b"))

    assert {name: value.shape for name, value in data.values.items()} == {"x": (2,), "q": (2,)}
    assert data.roles.inputs["q"] == ("y",)


def test_a_column_that_a_layer_takes_has_an_axis_of_one_feature(file: Path) -> None:
    """A target of values has the shape of what the loss compares it with."""
    data = data_in(file, "x,t\n1,2\n3,4\n5,6\n", "x -> Linear(1) -> MSELoss(t)")

    assert data.values["x"].shape == (3, 1)
    assert_array_equal(data.values["t"], [[2], [4], [6]])


def test_several_target_columns_are_one_target(file: Path) -> None:
    """They stand in the order in which they are named."""
    data = data_in(file, "u,p,q\n1,2,3\n4,5,6\n", "x -> Linear(2) -> MSELoss(t)", "q", "p")

    assert_array_equal(data.values["t"], [[3, 2], [6, 5]])
    assert data.roles.target_columns == ("q", "p")


@pytest.mark.parametrize(
    ("loss", "words", "expected", "classes"),
    [
        ("BCEWithLogitsLoss", ("no", "yes", "no"), [0, 1, 0], ("no", "yes")),
        ("BCEWithLogitsLoss", ("0", "1", "1"), [0, 1, 1], ("0", "1")),
        ("BCELoss", ("0.25", "1", "0"), [0.25, 1, 0], ()),
        ("BCELoss", ("5", "7", "5"), [0, 1, 0], ("5", "7")),
        ("SoftMarginLoss", ("no", "yes", "no"), [-1, 1, -1], ("no", "yes")),
        ("SoftMarginLoss", ("-1", "1", "1"), [-1, 1, 1], ("-1", "1")),
    ],
    ids=["names", "0 and 1", "probabilities", "other numbers", "names for a margin", "-1 and 1"],
)
def test_two_classes_are_what_the_loss_takes(
    file: Path, loss: str, words: tuple[str, ...], expected: list[float], classes: tuple[str, ...]
) -> None:
    """0 and 1, or -1 and 1; probabilities are no classes."""
    table = "a,t\n" + "".join(f"{place},{word}\n" for place, word in enumerate(words))
    data = data_in(file, table, f"x -> Linear(1) -> {loss}(t)")

    assert_array_equal(data.values["t"][:, 0], expected)
    assert data.roles.classes == classes


def test_numbers_that_are_no_counted_classes_are_sorted_by_size(file: Path) -> None:
    """10 comes after 9, and 9.0 is 9; an output without a class has a name that says so."""
    data = data_in(file, "a,t\n1,10\n2,9\n3,9.0\n", "x -> Linear(3) -> CrossEntropyLoss(t)")

    assert_array_equal(data.values["t"], [1, 0, 0])
    assert data.roles.classes == ("9", "10", "output 2")
    below = data_in(file, "a,t\n1,0\n2,-1\n3,1\n", "x -> Linear(3) -> CrossEntropyLoss(t)")
    assert_array_equal(below.values["t"], [1, 0, 2])
    assert below.roles.classes == ("-1", "0", "1")


WRONG = {
    "no target column": (BindingError, CLASSES, (), "has no column 'label', which is the target of the loss"),
    "an unknown target column": (UsageError, CLASSES, ("specie",), "has no column 'specie', which --targ"),
    "too few outputs": (UsageError, CLASSES.replace("(3)", "(2)"), ("species",), "3 classes, 'setosa', 'versicolor'"),
    "classes for values": (UsageError, "x -> Linear(1) -> MSELoss(t)", ("species",), "column 'species' is no num"),
    "one of three classes": (UsageError, "x -> Linear(1) -> BCELoss(t)", ("species",), "BCELoss takes two classes"),
    "a feature of words": (UsageError, "x -> Linear(1) -> MSELoss(t)", ("sepal_width",), "row 2, column 'species'"),
    "a target without a loss": (UsageError, "mean(x)", ("species",), "--target-column names the target of a loss"),
    "two variables left": (BindingError, "mean(u*v)", (), "has no column for u, v"),
    "samples that are one": (ShapeError, "x -> Flatten(0) -> Linear(3) -> CrossEntropyLoss(t)", ("species",), "of 2"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_what_does_not_go_together_is_told(case: str) -> None:
    """Each with what to do about it."""
    kind, text, targets, message = WRONG[case]
    with pytest.raises(kind) as caught:
        data_from(IRIS, parse(text), target_columns=targets)

    assert message in caught.value.message
    assert caught.value.hint


def test_outputs_are_as_many_as_targets(file: Path) -> None:
    """Nothing is repeated to fit."""
    with pytest.raises(ShapeError, match=r"t has shape \(1,\) for each sample, MSELoss compares it with \(2,\)"):
        data_in(file, "a,t\n1,2\n", "x -> Linear(2) -> MSELoss(t)")


def test_a_layer_that_does_not_fit_the_columns_is_told_before_any_row_is_read(file: Path) -> None:
    """The shapes are known from the header."""
    with pytest.raises(ShapeError, match="5"):
        data_in(file, "a,b,t\n1,broken", "x -> nn.Linear(5, 1) -> MSELoss(t)")


def test_an_npz_file_gives_arrays_by_name(tmp_path: Path) -> None:
    """Samples stand along the first axis; a target may lack the last axis of what it is compared with."""
    rows = np.arange(12.0).reshape(3, 4)
    np.savez(tmp_path / "data.npz", x=rows, t=np.array([1.0, 2.0, 3.0]), other=np.zeros(7))
    data = data_from(str(tmp_path / "data.npz"), parse("x -> Linear(1) -> MSELoss(t)"))

    assert_array_equal(data.values["x"], rows)
    assert_array_equal(data.values["t"], [[1], [2], [3]])
    assert data.ignored == ("other",)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": np.zeros((3, 4)), "label": np.zeros(2)}, "must have as many samples"),
        ({"x": np.zeros((3, 4))}, "has no array 'label'"),
        ({"x": np.zeros((3, 4)), "label": np.array([0.0, 1.0, 3.0])}, "holds other numbers than those of its classes"),
        ({"x": np.zeros((3, 4)), "label": np.array([0.0, 0.5, 1.0])}, "holds other numbers than those of its classes"),
        ({"x": np.zeros((0, 4)), "label": np.zeros(0)}, "at least one"),
        ({"x": np.array(2.0), "label": np.array(1.0)}, "at least one"),
    ],
    ids=["counts", "a missing array", "an unknown class", "half a class", "no samples", "single numbers"],
)
def test_arrays_that_do_not_go_together_are_refused(
    tmp_path: Path, arrays: dict[str, np.ndarray], message: str
) -> None:
    """As a usage error with a hint."""
    np.savez(tmp_path / "data.npz", **arrays)  # type: ignore[arg-type] # only arrays
    with pytest.raises(BpcliError) as caught:
        data_from(str(tmp_path / "data.npz"), parse(CLASSES))

    assert message in caught.value.message
    assert caught.value.hint


def test_indices_are_told_from_features(file: Path) -> None:
    """What an Embedding looks up is not to be standardised."""
    data = data_in(file, "word,t\n1,2\n0,4\n", "word -> nn.Embedding(2, 3) -> Flatten -> Linear(1) -> MSELoss(t)")

    assert data.roles.indices == ("word",)


def test_roles_are_read_back_from_json() -> None:
    """A checkpoint keeps them."""
    roles = data_from(IRIS, parse(CLASSES), target_columns=["species"]).roles

    assert roles_from(roles.document()) == roles


@pytest.mark.parametrize(
    "change",
    [
        {"target": {"variable": "label", "columns": "species", "shape": [], "classes": ["a"]}},
        {"target": {"variable": "label", "columns": ["species", "other"], "shape": [], "classes": ["a"]}},
        {"inputs": {"x": {"columns": ["one"], "shape": [2]}}},
        {"inputs": {"x": {"columns": ["one"], "shape": [-1]}}},
        {"loss": {"kind": "CrossEntropyLoss", "response": "identity"}},
        {"loss": {"kind": "SoftMarginLoss", "response": "sigmoid"}},
        {"loss": {"kind": "MSELoss", "response": "identity"}},
    ],
    ids=["text", "two-columns", "sizes", "negative", "response", "three-classes", "no-classes"],
)
def test_roles_that_contradict_themselves_are_refused(change: dict[str, object]) -> None:
    """What a stranger wrote: as many columns as entries, and the classes and the response of the loss."""
    document = data_from(IRIS, parse(CLASSES), target_columns=["species"]).roles.document()

    with pytest.raises(UsageError, match="does not say which columns"):
        roles_from({**document, **change})


def test_a_part_to_validate_on_has_each_class_in_its_share() -> None:
    """Both parts together are all samples; the same seed draws the same, another seed others."""
    data = data_from(IRIS, parse(CLASSES), target_columns=["species"])
    training, validation = split(data, 0.2, 3)
    again, other = split(data, 0.2, 3)[1], split(data, 0.2, 4)[1]
    assert validation is not None
    assert again is not None
    assert other is not None

    assert (training.size, validation.size) == (120, 30)
    assert Counter(validation.values["label"].tolist()) == {0.0: 10, 1.0: 10, 2.0: 10}
    together = np.concatenate([training.values["x"], validation.values["x"]])
    assert_array_equal(np.sort(together, axis=0), np.sort(data.values["x"], axis=0))
    assert_array_equal(validation.values["x"], again.values["x"])
    assert not np.array_equal(validation.values["x"], other.values["x"])


@pytest.mark.parametrize(("share", "count"), [(0.5, 2), (0.01, 1), (0.99, 3)])
def test_every_part_has_a_sample(file: Path, share: float, count: int) -> None:
    """However small or large the share is."""
    data = data_in(file, "a,t\n1,2\n2,3\n3,4\n4,5\n", "x -> Linear(1) -> MSELoss(t)")
    training, validation = split(data, share, 0)

    assert validation is not None
    assert (training.size, validation.size) == (4 - count, count)


def test_classes_of_uneven_size_take_the_largest_remainders(file: Path) -> None:
    """A fifth of 7 and 3 samples is 2 in all: one and a half, and a half, of which the larger remainder counts."""
    rows = "".join(f"{place},{'a' if place < 7 else 'b'}\n" for place in range(10))
    _, validation = split(data_in(file, "v,t\n" + rows, "x -> Linear(2) -> CrossEntropyLoss(t)"), 0.2, 0)

    assert validation is not None
    assert Counter(validation.values["t"].tolist()) == {0.0: 1, 1.0: 1}


def test_a_share_of_nothing_leaves_all_and_a_share_of_all_is_refused() -> None:
    """A share is below 1."""
    data = data_from(IRIS, parse(CLASSES), target_columns=["species"])

    assert split(data, 0, 0) == (data, None)
    with pytest.raises(UsageError, match="from 0 up to, not including, 1"):
        split(data, 1, 0)


@pytest.mark.parametrize("form", ["npy", "json", "xlsx"])
def test_files_of_another_form_are_refused(form: str) -> None:
    """Data are CSV or .npz."""
    with pytest.raises(UsageError, match=r"data are read from CSV and \.npz files"):
        data_from(f"data.{form}", parse(CLASSES))
