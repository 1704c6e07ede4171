"""`check` on networks: every entry of every parameter by layer, kinks, what is fixed, wrong claims, large networks."""

import json
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from command import call

import bpcli
from bpcli.check import array_steps, differences, expansion, measured
from bpcli.check.findings import Verdict
from bpcli.check.groups import ArrayCheck, Group
from bpcli.errors import BindingError
from bpcli.layers import LAYERS
from bpcli.ops import REGISTRY
from bpcli.report.array_verdicts import summary
from bpcli.report.explanations import STAFF

FOLDER = Path(__file__).parent / "fixtures" / "layers"
RIGHT = {Verdict.AGREE, Verdict.KINK}
MLP = "nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1)) -> nn.MSELoss()"
AT = {"input": [[1.0, -2.0], [0.5, 3.0]], "target": [[1.0], [0.0]]}
NAMES = ["input", "0.weight", "0.bias", "2.weight", "2.bias"]


def check(spec: str, at: dict[str, Any], claims: Any = (), **options: Any) -> ArrayCheck:
    """The check of a network."""
    return cast("ArrayCheck", bpcli.check_expression(spec, at, claims, **options))


def group(found: ArrayCheck, key: str) -> Group:
    """The entries of one gradient."""
    return next(one for one in found.groups if one.key == key)


def one_case_a_layer() -> dict[str, dict[str, Any]]:
    """The smallest fixture of each layer that names it, without those at jumps of the value."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(FOLDER.glob("*.json")):
        for case in json.loads(path.read_text()):
            text = f"{case['spec']} {case['loss']}"
            for name in LAYERS:
                size = len(json.dumps(case))
                is_smaller = name not in found or size < len(json.dumps(found[name]))
                if f"nn.{name}(" in text and is_smaller and "edges" not in case["name"]:
                    found[name] = case
    return found


CASES = one_case_a_layer()
JUMPS = {"Hardshrink", "Softplus", "Threshold"}  # whose fixtures have inputs at a jump


def test_every_layer_has_a_case() -> None:
    """Nothing is left out below."""
    assert set(LAYERS) - set(CASES) == set()


@pytest.mark.parametrize("name", sorted(set(LAYERS) & set(CASES)))
def test_every_layer_is_right(name: str) -> None:
    """Each entry of each parameter agrees with differences, or is at a kink and has PyTorch's convention."""
    case = CASES[name]
    spec = f"{case['spec']} -> {case['loss']}" if case["loss"] else case["spec"]
    at = {key: np.array(value, float) for key, value in {**case["at"], **case["parameters"]}.items()}
    seed = None if case["upstream"] is None else np.array(case["upstream"])
    found = check(spec, at, seed=seed, evaluation_mode=case["mode"] == "eval")

    verdicts = {finding.verdict for finding in found.findings}
    assert verdicts <= (RIGHT | {Verdict.UNEVALUABLE} if name in JUMPS else RIGHT)
    assert {one.key for one in found.groups} == set(case["gradients"])


def test_findings_stand_by_layer() -> None:
    """Inputs first, then each layer with its parameters; targets are not asked about."""
    found = check(MLP, AT)

    assert [(one.key, one.layer) for one in found.groups] == [
        ("input", ""),
        ("0.weight", "0 Linear"),
        ("0.bias", "0 Linear"),
        ("2.weight", "2 Linear"),
        ("2.bias", "2 Linear"),
    ]
    assert (found.verdict, len(found.findings)) == (Verdict.AGREE, 4 + 6 + 3 + 3 + 1)
    assert found.own is not None
    assert list(found.own.gradients) == NAMES


def test_the_report_says_layers_and_oracles() -> None:
    """A title for each layer, a row for each parameter with its worst entry, and whether SymPy took the whole."""
    done = call("check", MLP, "--input=[[1, -2]]", "--target=[[1]]")

    assert done.code == 0
    lines = done.out.splitlines()
    assert [line for line in lines if not line.startswith(" ")] == ["inputs", "0 Linear", "2 Linear", lines[-1]]
    assert lines[-1] == "Held against differences in exact arithmetic, every entry, and SymPy, which took the whole."


def test_the_document_has_layers_and_worst_entries() -> None:
    """Parameters say their layer and their worst entry; inputs have no layer."""
    done = call("check", MLP, "--input=[[1, -2]]", "--target=[[1]]", "--json")
    claims = json.loads(done.out)["claims"]

    assert list(claims) == NAMES
    assert "layer" not in claims["input"]
    assert claims["0.weight"]["layer"] == "0 Linear"
    assert claims["0.weight"]["worst"]["verdict"] == "agree"
    assert len(claims["0.weight"]["worst"]["index"]) == len(claims["0.weight"]["shape"])


def test_a_wrong_entry_is_named_with_the_right_number() -> None:
    """One entry of a claimed gradient is off: it differs, and no other does."""
    own = check(MLP, AT).own
    assert own is not None
    claimed = {name: np.array(own.gradients[name]) for name in ("0.weight", "2.bias")}
    right = claimed["0.weight"][1, 0]
    claimed["0.weight"][1, 0] *= 1.001
    found = check(MLP, AT, claimed)
    wrong = group(found, "0.weight")

    assert (found.verdict, group(found, "2.bias").verdict) == (Verdict.DIFFER, Verdict.AGREE)
    assert [finding.title for finding in wrong.wrong] == ["∂f/∂0.weight[1,0]"]
    assert float(cast("Any", wrong.wrong[0].truth)) == pytest.approx(right, rel=1e-12)


@pytest.mark.parametrize(
    ("factor", "kind"),
    [(lambda g: g.T, "transposed"), (lambda g: 2 * g, "sum instead of mean"), (np.negative, "sign")],
)
def test_mistakes_are_told_over_layers(factor: Any, kind: str) -> None:
    """What is known of mistakes in arrays is known of parameters."""
    spec, at = "input -> nn.Linear(2, 2) -> nn.Tanh() -> nn.MSELoss()", {"input": [[1, -2]], "target": [[1, 0.5]]}
    own = check(spec, at).own
    assert own is not None
    found = check(spec, at, {"0.weight": factor(np.array(own.gradients["0.weight"]))})

    assert kind in {cause.kind for cause in found.groups[0].causes}


def test_class_indices_and_masks_are_no_kinks() -> None:
    """Indices, targets and masks are compared, chosen by, and never moved."""
    spec = "nn.Sequential(nn.Embedding(3, 2), nn.Dropout(0.5), nn.Linear(2, 3)) -> nn.CrossEntropyLoss(ignore_index=2)"
    found = check(spec, {"input": [0, 2, 1], "target": [1, 2, 0]})

    assert [one.key for one in found.groups] == ["0.weight", "2.weight", "2.bias"]
    assert {finding.verdict for finding in found.findings} == {Verdict.AGREE}
    assert all(finding.symbolic is not None for finding in found.findings)


def test_a_target_that_is_compared_makes_no_kink() -> None:
    """A target of 1 or -1 is what the loss asks for, so SymPy has an answer for every parameter."""
    found = check("input -> nn.Linear(2, 2) -> nn.HingeEmbeddingLoss()", {"input": [[1, 2]], "target": [[1, -1]]})

    assert found.verdict is Verdict.AGREE
    assert all(finding.symbolic is not None for finding in found.findings)


def test_a_target_is_checked_where_it_is_asked_for() -> None:
    """It is a variable like any other then."""
    found = check(MLP, AT, with_respect_to="target")

    assert [one.key for one in found.groups] == ["target"]
    assert found.verdict is Verdict.AGREE
    assert any(finding.own for finding in found.findings)


# Networks that are too large for exact arithmetic -------------------------------------------------------------------

LARGE = "nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)) -> nn.MSELoss()"
LARGE_AT = {"input": np.arange(6.0).reshape(2, 3) / 7 - 0.3, "target": [[1.0, 0.0], [0.5, 2.0]]}


@pytest.fixture
def few_ops(monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole is too large to be taken apart; its steps are not."""
    monkeypatch.setattr(expansion, "MOST_OPS", 60)


@pytest.mark.usefixtures("few_ops")
def test_a_large_network_goes_step_by_step() -> None:
    """Every entry by float64 differences, each step alone, some of them by SymPy; and it is said so."""
    found = check(LARGE, LARGE_AT)

    assert found.verdict is Verdict.AGREE
    assert found.method.startswith("float64 differences, every entry, and each of ")
    assert found.method.endswith("of them against SymPy, for which the whole is too large")


@pytest.mark.usefixtures("few_ops")
def test_the_convention_is_right_where_many_kinks_meet() -> None:
    """All units are at 0: what PyTorch says is not between the slopes of the whole, and is not called wrong."""
    weights = {"0.weight": [[1, 2, -3], [2, -1, 1], [-1, 1, 2], [3, 1, -2]], "0.bias": [0, 0, 0, 0]}
    weights |= {"2.weight": [[1, -2, 3, -4], [2, 1, -1, 3]], "2.bias": [1, -2]}
    found = check(LARGE, {"input": [[0, 0, 0]], "target": [[0, 0]], **weights})

    assert found.verdict is Verdict.KINK
    assert {finding.accepted_as for finding in group(found, "input").findings} == {"convention"}


@pytest.mark.usefixtures("few_ops")
def test_a_wrong_rule_is_found_in_a_large_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """The steps name it."""
    monkeypatch.setattr(REGISTRY["relu"], "partials", lambda m, _out, x: (2 * m.where(m.greater(x, 0), 1, 0),))
    found = check(LARGE, LARGE_AT)

    assert found.verdict is Verdict.DIFFER
    assert "relu" in " ".join(group(found, "0.weight").suspects)


@pytest.mark.usefixtures("few_ops")
def test_what_differences_leave_out_is_settled_by_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of very many entries some are moved; the others follow from steps that are right, and wrong claims are found."""
    monkeypatch.setattr(differences, "MOST_COMPUTED", 1.0)
    monkeypatch.setattr(differences, "FEWEST_ENTRIES", 2)
    own = check(LARGE, LARGE_AT).own
    assert own is not None
    claimed = np.array(own.gradients["0.weight"])
    claimed[1, 1] += 0.5

    found = check(LARGE, LARGE_AT)
    assert found.verdict is Verdict.AGREE
    assert found.method.startswith("float64 differences, 10 of 32 entries, and each of ")
    assert [
        one.title for one in check(LARGE, LARGE_AT, {"0.weight": claimed}).findings if one.verdict is Verdict.DIFFER
    ] == ["∂f/∂0.weight[1,1]"]


@pytest.mark.usefixtures("few_ops")
def test_a_claim_about_a_row_whose_first_entry_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was not looked at says nothing about what was."""
    monkeypatch.setattr(differences, "MOST_COMPUTED", 1.0)
    monkeypatch.setattr(differences, "FEWEST_ENTRIES", 2)  # the first entry and the last
    own = check(LARGE, LARGE_AT).own
    assert own is not None
    row = np.array(own.gradients["0.weight"])[3] + [0, 0, 0.5]

    found = check(LARGE, LARGE_AT, {"0.weight[3]": row})

    assert [one.verdict for one in found.findings] == [Verdict.AGREE, Verdict.AGREE, Verdict.DIFFER]


@pytest.mark.usefixtures("few_ops")
def test_steps_that_were_not_checked_settle_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """What differences leave out stays undecided, and it is said that no step was looked at."""
    monkeypatch.setattr(differences, "MOST_COMPUTED", 1.0)
    monkeypatch.setattr(differences, "FEWEST_ENTRIES", 2)
    monkeypatch.setattr(array_steps, "MOST_OPS", 0)
    monkeypatch.setattr(array_steps, "MOST_COMPUTED", 0)
    found = check(LARGE, LARGE_AT)

    assert found.verdict is Verdict.UNDECIDED
    assert "0 of 16 steps alone" in found.method
    assert {one.reason for one in found.findings if one.verdict is Verdict.UNDECIDED} == {measured.LEFT_OUT}


@pytest.mark.usefixtures("few_ops")
def test_steps_come_to_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there are too many, some are not checked, and it is said how many."""
    monkeypatch.setattr(array_steps, "MOST_OPS", 40)
    monkeypatch.setattr(array_steps, "MOST_COMPUTED", 50_000)
    found = check(LARGE, LARGE_AT)

    assert " of 16 steps alone" in found.method
    assert "each of" not in found.method


def test_a_mask_is_nothing_to_claim_a_gradient_of() -> None:
    """It is drawn, and stays as it is."""
    spec, at = "x -> Linear(2) -> Dropout(0.5) -> MSELoss(t)", {"x": [[1, 2]], "t": [[0, 1]]}

    with pytest.raises(BindingError, match=r"no gradient is taken of 1\.mask"):
        check(spec, at, ["1.mask=[[1, 1]]"])
    assert check(spec, at, ["value(1.mask)=[[2, 0]]"]).groups[0].shape == (1, 2)


def test_a_gradient_of_rounding_alone_is_said_to_be_0(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bias before normalisation has the gradient 0, of which float64 shows noise; its relative error says nothing."""
    monkeypatch.setattr(expansion, "MOST_OPS", 0)
    at = {"x": [[0.1, 0.7], [0.3, -0.2], [0.9, 0.4]], "t": [[0.0, 1.0], [1.0, 0.0], [0.5, 0.3]]}
    found = check("x -> Linear(2) -> BatchNorm1d() -> Tanh -> MSELoss(t)", at)

    assert group(found, "0.bias").verdict is Verdict.AGREE
    assert (group(found, "0.bias").largest_difference or 0) > 0.5
    assert summary(group(found, "0.bias"), STAFF) == "2 entries agree, all 0 but for rounding"
