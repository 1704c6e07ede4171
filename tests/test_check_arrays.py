"""`check` over arrays: every entry is judged, the worst first; claims about arrays and entries; kinks inside arrays."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import float_differences
import numpy as np
import pytest

import bpcli
from bpcli.check import expansion
from bpcli.check.findings import Verdict
from bpcli.check.groups import ArrayCheck, Group
from bpcli.errors import BindingError, MissingValueError, ShapeError, UnknownNameError, UsageError
from bpcli.numbers.arrays import arrays
from bpcli.ops import REGISTRY

LAYER = "y = W @ x; L = sum(y**2)"
W, X = [[1, -2], [0.5, 3]], [2, -1]  # y = [4, -2]
AT = {"W": W, "x": X}
DW, DX = [[16, -8], [-8, 4]], [6, -28]
SQUARE = np.random.default_rng(7).normal(size=(3, 3))
IMAGE = np.random.default_rng(8).normal(size=(4, 4))
RULES: list[tuple[str, str, dict[str, Any]]] = [
    ("matmul", "sum((X @ Y)**2)", {"X": SQUARE, "Y": SQUARE[:, :2]}),
    ("sum", "sum(X, axis=0) @ y", {"X": SQUARE, "y": [1, 2, 3]}),
    ("mean", "sum(mean(X, axis=1)**2)", {"X": SQUARE}),
    ("amax", "sum(max(X, axis=1)**2)", {"X": SQUARE}),
    ("prod", "prod(X)", {"X": SQUARE}),
    ("cumsum", "sum(cumsum(x, axis=0)**2)", {"x": [1, 2, 3]}),
    ("softmax", "sum(softmax(X)*Y)", {"X": SQUARE, "Y": SQUARE.T}),
    ("logsumexp", "logsumexp(X)", {"X": SQUARE}),
    ("norm", "norm(X)", {"X": SQUARE}),
    ("var", "var(X)", {"X": SQUARE}),
    ("permute", "sum(permute(X, (1, 0)) @ X)", {"X": SQUARE}),
    ("reshape", "sum(reshape(X, (9,))**2)", {"X": SQUARE}),
    ("broadcast_to", "sum((X + b)**2)", {"X": SQUARE, "b": [1, 2, 3]}),
    ("concatenate", "sum(concatenate([x, y])**2)", {"x": [1, 2], "y": [3]}),
    ("getitem", "sum(x[1:]**2)", {"x": [1, 2, 3]}),
    ("take", "sum(take(X, i)**2)", {"X": SQUARE, "i": [0, 2, 0]}),
    ("inv", "sum(inv(X))", {"X": SQUARE}),
    ("det", "det(X)", {"X": SQUARE}),
    ("solve", "sum(solve(X, y)**2)", {"X": SQUARE, "y": [1, 2, 3]}),
    ("cholesky", "sum(cholesky(X @ X.T + 1))", {"X": np.eye(3) + 0.1 * SQUARE}),
    ("einsum", "einsum('ij,jk,ki->', X, X, X)", {"X": SQUARE}),
    ("conv2d", "sum(conv2d(X, K)**2)", {"X": IMAGE, "K": [[1, 2], [3, 4]]}),
    ("max_pool", "sum(max_pool(X, 2)**2)", {"X": IMAGE}),
    ("avg_pool", "sum(avg_pool(X, 2)**2)", {"X": IMAGE}),
    ("tanh", "sum(tanh(X))", {"X": SQUARE}),
]
on_rules = pytest.mark.parametrize(("op", "expression", "at"), RULES, ids=[rule[0] for rule in RULES])


def check(expression: str, at: dict[str, Any], claims: Any = (), **options: Any) -> ArrayCheck:
    """The check of an expression over arrays."""
    found = bpcli.check_expression(expression, at, claims, **options)
    assert found.is_about_arrays
    return cast("ArrayCheck", found)


def only(found: ArrayCheck) -> Group:
    """The one group that there is."""
    (group,) = found.groups
    return group


def verdicts(group: Group) -> list[str]:
    """The verdict on each entry, in order."""
    return [finding.verdict.value for finding in group.findings]


def causes(group: Group) -> list[str]:
    """The kinds of mistake that would give the whole claim."""
    return [cause.kind for cause in group.causes]


# bpcli's own ---------------------------------------------------------------------------------------------------------


def test_every_entry_of_every_gradient_is_checked() -> None:
    """One group a variable, one finding an entry, each with three answers."""
    found = check(LAYER, AT)

    assert (found.verdict, found.method) == (Verdict.AGREE, "differences in exact arithmetic, every entry")
    assert [(group.key, group.shape, verdicts(group)) for group in found.groups] == [
        ("W", (2, 2), ["agree"] * 4),
        ("x", (2,), ["agree"] * 2),
    ]
    for group, truths in zip(found.groups, ([16, -8, -8, 4], DX), strict=True):
        for finding, truth in zip(group.findings, truths, strict=True):
            assert finding.own == float(cast("Any", finding.truth)) == float(cast("Any", finding.symbolic)) == truth
    assert [finding.title for finding in found.groups[0].findings][:2] == ["∂L/∂W[0,0]", "∂L/∂W[0,1]"]


@on_rules
def test_right_rules_agree(op: str, expression: str, at: dict[str, Any]) -> None:
    """Each op over arrays has its gradient confirmed, and each step too."""
    found = check(expression, at, every_step=True)

    assert op in {node.op.name for node in found.graph.nodes}
    assert found.verdict is Verdict.AGREE
    assert found.array_steps
    assert all(step.suspect is None and step.group for step in found.array_steps)


@on_rules
def test_a_corrupted_rule_is_noticed_and_named(
    op: str, expression: str, at: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rule that is off by a part in a thousand is the suspect, and nothing else is."""
    definition = REGISTRY[op]
    name = "pullback" if definition.is_structural else "partials"
    right: Callable[..., Any] = getattr(definition, name)

    def wrong(*given: Any, **attributes: Any) -> tuple[Any, ...]:
        return tuple([None if part is None else part * 1.001 for part in right(*given, **attributes)])

    monkeypatch.setattr(definition, name, wrong)
    found = check(expression, at)
    blamed = f"the rule of {op}" if definition.meaning is None else f"the rule, or the meaning, of {op}"

    assert found.verdict is Verdict.DIFFER
    assert {group.suspects for group in found.groups if group.verdict is Verdict.DIFFER} == {(blamed,)}


def test_one_wrong_entry_of_a_rule_is_the_worst(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule that is wrong at one place differs there and nowhere else."""
    right = REGISTRY["cumsum"].pullback

    def wrong(m: Any, upstream: Any, *given: Any, **attributes: Any) -> tuple[Any, ...]:
        (part,) = cast("Any", right)(m, upstream, *given, **attributes)
        mask = np.array([1, 1, 2])
        return (part * mask,)

    monkeypatch.setattr(REGISTRY["cumsum"], "pullback", wrong)
    group = only(check("sum(cumsum(x, axis=0)**2)", {"x": [1, 2, 3]}))

    assert verdicts(group) == ["agree", "agree", "differ"]
    assert group.ranked[0][0] == (2,)


def test_indices_have_no_gradient_and_are_right_so() -> None:
    """What chooses by its number has gradient 0, as its neighbours choose the same."""
    found = check("sum(embedding(i, E)**2) + sum(x*argmax(x))", {"i": [0, 1, 0], "E": W, "x": [1, 3, 2]})

    assert found.verdict is Verdict.AGREE
    assert {group.key: group.shape for group in found.groups} == {"i": (3,), "E": (2, 2), "x": (3,)}


def test_float64_round_off_is_a_note() -> None:
    """Digits that cancel in float64 are no wrong rule."""
    found = check("sum((x**2 - 1)/(x - 1))", {"x": [1.0000001, 3]})

    assert found.verdict is Verdict.AGREE
    assert "float64 round-off" in found.notes[0]


@pytest.mark.parametrize(
    ("expression", "at"),
    [("sum(tanh(x))", {"x": [14.8, 15]}), ("sum(softmax(X))", {"X": SQUARE}), ("sum(exp(x) - 1)", {"x": [1e-9, 2]})],
)
def test_digits_that_cancel_are_nobodys_fault(expression: str, at: dict[str, Any]) -> None:
    """A saturated tanh has few digits of its slope left, and a sum of a softmax none."""
    assert check(expression, at).verdict is Verdict.AGREE


@pytest.mark.parametrize(
    ("x", "y"),
    [
        ([[1.9, -0.4], [0.2, 1.3], [-1.9, 0.9]], [[0.3, 1], [0, 0.2], [0.1, 0.5]]),
        ([[-0.5, 0.4], [1.4, -1.4], [1.6, -0.5]], [[0, 0.3], [0.6, 0.4], [0.2, 0.6]]),
    ],
)
def test_sums_that_cancel_are_no_wrong_rule(x: list[list[float]], y: list[list[float]]) -> None:
    """A shift of all classes changes no loss: its gradient is 0, and in float64 what was rounded off."""
    found = check("sum(log_softmax(X + b, axis=0)*Y)", {"X": x, "Y": y, "b": [0.5, 0.3]})

    assert found.verdict is Verdict.AGREE


def test_a_zero_in_many_digits_is_no_wrong_value() -> None:
    """One class has the probability 1: its logarithm is 0, in many digits a number of which none is known."""
    at = {"X": [[2.04], [0.42], [-0.45]], "b": [-0.4231, 0.5]}

    assert check("sum((b/sqrt(b**2 + 1e-16))**2 + log_softmax(X, axis=1))", at).verdict is Verdict.AGREE


def test_a_mean_of_nothing_is_unevaluable() -> None:
    """0/0, as an average of an empty batch is."""
    found = check("mean(x)*sum(y)", {"x": np.zeros(0), "y": [1, 2]})

    assert found.verdict is Verdict.UNEVALUABLE
    assert "0/0 has no real value" in (found.groups[1].findings[0].reason or "")


def test_a_wrong_value_in_float64_is_no_round_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """What float64 computes wrongly at its own inputs differs, though the rule is right in exact arithmetic."""
    right = arrays.softmax
    monkeypatch.setattr(arrays, "softmax", lambda x, **where: right(x, **where) * 1.001, raising=False)
    found = check("sum(softmax(X)*Y)", {"X": SQUARE, "Y": SQUARE.T})

    assert found.verdict is Verdict.DIFFER
    assert "the value of softmax in float64" in found.groups[0].suspects


@pytest.mark.parametrize("at", [{"x": [1, -1]}, {"x": [[1, -1]]}])
def test_a_value_that_does_not_exist_is_told_with_its_place(at: dict[str, Any]) -> None:
    """The reason names the entry."""
    group = only(check("sum(log(x))", at))

    assert group.verdict is Verdict.UNEVALUABLE
    assert "log(x[" in (group.findings[0].reason or "")


# Outputs that are arrays ---------------------------------------------------------------------------------------------


def test_an_output_that_is_an_array_takes_a_seed() -> None:
    """With a seed its entries are weighed; without one the error says how."""
    found = check("W @ x", AT, seed=[1, 2])

    assert found.verdict is Verdict.AGREE
    assert [finding.own for finding in found.groups[1].findings] == [2.0, 4.0]
    with pytest.raises(ShapeError, match="its gradient is a Jacobian"):
        check("W @ x", AT)
    with pytest.raises(ShapeError, match=r"the seed has shape \(3,\)"):
        check("W @ x", AT, seed=[1, 2, 3])


def test_an_array_operator_needs_values() -> None:
    """Formulas over arrays are compared at a point."""
    with pytest.raises(MissingValueError, match="no value for x"):
        bpcli.check_expression("sum(x**2)", claims=["x=2*x"])


# Claims --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "claim",
    [
        "W=[[16, -8], [-8, 4]]",
        "dL/dW=[[16,-8],[-8,4]]",
        "∂L/∂W = [[16,-8],[-8,4]]",
        "W[0,1]=-8",
        "W[1]=[-8, 4]",
        "W[-1,-1]=4",
        "dL/dW[0,1]=-8",
        "value(y)=[4, -2]",
        "value(y[0])=4",
        "upstream(y)=[8, -4]",
        "upstream(y[1])=-4",
        "y=[8, -4]",
        "value(L)=20",
        "L=1",
        "x=2*W.T@(W@x)",
        "x=W.T@(2*y)",
        "x=[2*(W[0,0]*y[0] + W[1,0]*y[1]), -28]",
        "W[0,0]=2*y[0]*x[0]",
        "y=2*W@x",
    ],
)
def test_every_form_of_a_right_claim_agrees(claim: str) -> None:
    """Arrays, entries, rows, values, upstream gradients and formulas."""
    group = only(check(LAYER, AT, [claim]))

    assert group.verdict is Verdict.AGREE
    assert group.title in ("y", "y[0]", "L") if claim.startswith("value") else group.title.startswith("∂L/∂")


def test_claims_are_python_values_and_files_too(tmp_path: Path) -> None:
    """Nested lists, NumPy arrays, and `@FILE`."""
    np.save(tmp_path / "grad.npy", np.array(DX))

    for claimed in (DX, tuple(DX), np.array(DX), f"@{tmp_path}/grad.npy"):
        assert check(LAYER, AT, {"x": claimed}).verdict is Verdict.AGREE


def test_a_wrong_entry_stands_first_with_its_place() -> None:
    """Entries are ranked by verdict and by how far they are off."""
    group = only(check(LAYER, AT, {"W": [[16, -8.5], [-8, 44]]}))

    assert verdicts(group) == ["agree", "differ", "agree", "differ"]
    assert [place for place, _ in group.ranked[:2]] == [(1, 1), (0, 1)]
    assert group.largest_difference == pytest.approx(40 / 16)


def test_typed_precision_counts_entry_by_entry() -> None:
    """`0.33` means a third, `0.330` does not; whole numbers are exact."""
    third = {"x": [1 / 3, 2]}

    assert verdicts(only(check("sum(x**2)/2", third, ["x=[0.33, 2]"]))) == ["agree", "agree"]
    assert verdicts(only(check("sum(x**2)/2", third, ["x=[0.330, 2.1]"]))) == ["differ", "differ"]
    assert verdicts(only(check("sum(x**2)/2", third, {"x": [0.33, 2]}))) == ["differ", "agree"]
    assert only(check("sum(x**2)/2", third, {"x": [0.33, 2]}, relative_tolerance=0.1)).verdict is Verdict.AGREE


def test_a_formula_says_that_it_is_compared_at_the_point() -> None:
    """No proof is given over arrays."""
    right, wrong = check(LAYER, AT, ["x=2*W.T@(W@x)", "W=outer(y, x)"]).groups

    assert right.verdict is Verdict.AGREE
    assert wrong.verdict is Verdict.DIFFER
    assert right.notes == wrong.notes == ("a claimed formula, compared at this point",)
    assert (verdicts(wrong), causes(wrong)) == (["differ"] * 4, ["factor 2 left out"])


@pytest.mark.parametrize(
    ("claim", "error", "words"),
    [
        ("x=[1, 2, 3]", ShapeError, r"∂L/∂x has shape \(3,\), ∂L/∂x has shape \(2,\)"),
        ("W=3", ShapeError, r"is a single number, ∂L/∂W has shape \(2, 2\)"),
        ("L=[1]", ShapeError, r"has shape \(1,\), ∂L/∂L is a single number"),
        ("W=[[1, 2], [3]]", ShapeError, "."),
        ("W[0,2]=1", BindingError, r"index 2 is beyond axis 1 of W \(2, 2\)"),
        ("W[0,0,0]=1", BindingError, r"W is an array of shape \(2, 2\)"),
        ("L[0]=1", BindingError, "L is a single number"),
        ("q[0]=1", UnknownNameError, "'q'"),
        ("x=[1, q]", UnknownNameError, "'q'"),
        ("local(y, x)=[1, 2]", UsageError, "no claim about arrays"),
        ("x=@nowhere.npy", UsageError, "nowhere.npy"),
        ("x=1/(x - x)", BindingError, "no finite number"),
    ],
)
def test_a_claim_that_does_not_fit_is_an_error(claim: str, error: type[Exception], words: str) -> None:
    """The error names both shapes, or the entry that there is not."""
    with pytest.raises(error, match=words):
        check(LAYER, AT, [claim])


# What explains a wrong claim -----------------------------------------------------------------------------------------

BATCH = {"X": [[1, 2], [3, 5], [-1, 4]], "w": [0.5, -2], "b": 1}
COLUMN = {"X": SQUARE, "b": [1, 2, 3]}


@pytest.mark.parametrize(
    ("expression", "at", "claim", "kind"),
    [
        ("sum((W @ x)*c)", {**AT, "c": [1, 3]}, {"W": [[2, 6], [-1, -3]]}, "transposed"),
        (LAYER, AT, {"W": [[-16, 8], [8, -4]]}, "sign"),
        (LAYER, AT, {"W": [[48, -24], [-24, 12]]}, "one factor"),
        ("mean(x**2)", {"x": [1, 2, 3]}, {"x": [2, 4, 6]}, "sum instead of mean"),
        ("sum(x**2)", {"x": [1, 2, 4]}, ["x=[2/3, 4/3, 8/3]"], "mean instead of sum"),
        ("sum(x**2)", {"x": [1, 2, 3]}, {"x": [0, 0, 0]}, "left out"),
        ("sum((X + b)**2)", COLUMN, ["b=2*(X[2] + b)"], "not summed"),
        ("sum((X + b)**2)", COLUMN, ["b=sum(2*(X + b), axis=1)"], "wrong axis"),
        ("sum(x**2) + sum(3*x)", {"x": [1, 2, 4]}, {"x": [2, 4, 8]}, "path kept alone"),
        ("sum(x*y)", {"x": [1, 2], "y": [3, 5]}, {"x": [1, 2]}, "gradients swapped"),
        ("sum(conv2d(X, K)**2)", {"X": IMAGE, "K": [[1, 2], [3, 4]]}, None, "reversed"),
    ],
    ids=lambda part: part if isinstance(part, str) and " " not in part else "",
)
def test_a_mistake_over_arrays_is_recognised(expression: str, at: dict[str, Any], claim: Any, kind: str) -> None:
    """What gives every entry of the claim is named."""
    if claim is None:
        claim = {"K": np.flip(np.asarray(bpcli.grad(expression, at).gradients["K"]))}
    group = only(check(expression, at, claim))

    assert group.verdict is Verdict.DIFFER
    assert kind in causes(group)


def test_what_follows_from_an_earlier_mistake_is_not_counted_again() -> None:
    """A wrong upstream gradient that is carried on rightly is one mistake."""
    found = check(LAYER, AT, {"y": [8, 4], "W": [[16, -8], [8, -4]], "x": [10, -4]})
    first, *rest = found.groups

    assert (first.own_mistake, [(group.own_mistake, group.follows) for group in rest]) == (True, [(False, "∂L/∂y")] * 2)
    assert found.first_wrong_group is first
    assert found.first_wrong is first.findings[1]


def test_a_lead_names_the_step_and_a_witness() -> None:
    """The step into the array, and a gradient that agrees with the same upstream."""
    group, _ = check(LAYER, AT, {"x": [6, 28], "W": DW}).groups

    assert group.lead is not None
    assert (group.lead.steps, group.lead.number, group.lead.witness) == (("y → x",), 4, "∂L/∂W")
    assert [cause.kind for cause in group.ranked[0][1].causes] == ["sign"]


# Kinks ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "at", "claim", "expected"),
    [
        ("sum(relu(x))", [0, 1, -1], None, ["convention", None, None]),
        ("sum(relu(x))", [0, 1, -1], [0, 1, 0], ["convention", None, None]),
        ("sum(relu(x))", [0, 1, -1], [0.3, 1, 0], ["between", None, None]),
        ("max(x)", [1, 3, 3], None, [None, "convention", "convention"]),
        ("max(x)", [1, 3, 3], [0, 0.5, 0.5], [None, "convention", "convention"]),
        ("max(x)", [1, 3, 3], [0, 1, 0], [None, "between", "between"]),
        ("max(x)", [3, 3, 3], None, ["convention"] * 3),
        ("sum(max_pool(x, 2))", [2, 2, 1, 5], None, ["convention", "convention", None, None]),
        ("sum(max_pool(x, 2))", [2, 2, 1, 5], [1, 0, 0, 1], ["convention", "convention", None, None]),
        ("sum(max_pool(x, 2))", [2, 2, 1, 5], [0.5, 0.5, 0, 1], ["between", "between", None, None]),
        ("norm(x)", [0, 0], None, ["convention", "convention"]),
        ("norm(x)", [0, 0], [0, 0], ["convention", "convention"]),
    ],
)
def test_kinks_inside_arrays(expression: str, at: list[float], claim: Any, expected: list[str | None]) -> None:
    """PyTorch's convention and numbers between the slopes are accepted where the kink is, and only there."""
    group = only(check(expression, {"x": at}, {} if claim is None else {"x": claim}))

    assert [finding.accepted_as for finding in group.findings] == expected
    assert group.verdict is Verdict.KINK


def test_claims_at_a_tie_must_fit_every_direction_together() -> None:
    """(1, 1) passes each coordinate of a tie and is wrong along (1, 1)."""
    group = only(check("max(x)", {"x": [1, 3, 3]}, {"x": [0, 1, 1]}))

    assert verdicts(group) == ["agree", "differ", "differ"]
    assert "jointly wrong" in (group.findings[1].reason or "")


def test_a_kink_is_named_by_the_op_over_arrays() -> None:
    """Not by what it was taken apart into."""
    for expression, op in (("norm(x)", "norm"), ("max(x)", "max"), ("sum(max_pool(x, 2))", "max_pool")):
        kink = only(check(expression, {"x": [0, 0]})).findings[0].kink
        assert kink is not None
        assert kink.node.op.written == op


# Large graphs --------------------------------------------------------------------------------------------------------


@pytest.fixture
def in_float64(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is small enough to be taken apart, and float64 differences are plain ones."""
    monkeypatch.setattr(expansion, "MOST_OPS", 0)
    monkeypatch.setitem(sys.modules, "bpcli.check.differences", float_differences)


@pytest.mark.usefixtures("in_float64")
class TestLarge:
    """What is judged by differences in float64."""

    def test_every_entry_is_compared(self) -> None:
        """The report says with what."""
        found = check(LAYER, AT)

        assert (found.verdict, found.method) == (Verdict.AGREE, "float64 differences, every entry")
        assert [verdicts(group) for group in found.groups] == [["agree"] * 4, ["agree"] * 2]

    @pytest.mark.parametrize(
        ("claim", "expected"),
        [
            ({"W": DW}, ["agree"] * 4),
            ({"W": [[16, -8], [-8, 4.01]]}, ["agree", "agree", "agree", "differ"]),
            ({"y": [8, -4]}, ["agree"] * 2),
            ({"y": [8, 4]}, ["agree", "differ"]),
            ({"value(y)": [4, -2]}, ["agree"] * 2),
            ({"value(y)": [4, 2]}, ["agree", "differ"]),
            (["x=2*W.T@(W@x)"], ["agree"] * 2),
            (["W[0,1]=-8"], ["agree"]),
        ],
    )
    def test_claims(self, claim: Any, expected: Sequence[str]) -> None:
        """Of variables, intermediates, values and entries."""
        assert verdicts(only(check(LAYER, AT, claim))) == expected

    def test_a_wrong_rule_differs(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Every entry shows it."""
        right = cast("Any", REGISTRY["matmul"].pullback)

        def wrong(*given: Any) -> tuple[Any, ...]:
            return tuple([part * 1.001 for part in right(*given)])

        monkeypatch.setattr(REGISTRY["matmul"], "pullback", wrong)
        assert verdicts(check(LAYER, AT).groups[0]) == ["differ"] * 4

    def test_kinks_accept_the_convention_and_what_is_between(self) -> None:
        """The slopes of both sides are known to float64 as well."""
        at = {"x": [0, 1, -1]}
        own, between = only(check("sum(relu(x))", at)), only(check("sum(relu(x))", at, {"x": [0.3, 1, 0]}))

        assert [finding.accepted_as for finding in own.findings] == ["convention", None, None]
        assert [finding.accepted_as for finding in between.findings] == ["between", None, None]
        assert verdicts(only(check("sum(relu(x))", at, {"x": [1.5, 1, 0]})))[0] == "differ"

    def test_an_error_that_could_hide_a_mistake_is_undecided(self) -> None:
        """With the smallest error that could have been seen."""
        finding = only(check("1e9 + sum(x)*1e-4", {"x": [1.0, 2.0]})).findings[0]

        assert finding.verdict is Verdict.UNDECIDED
        assert finding.smallest_visible is not None
        assert finding.smallest_visible > 1e-5

    def test_what_is_not_finite_cannot_be_judged(self) -> None:
        """No gradient of NaN."""
        assert check("sum(log(x))", {"x": [1, -1]}).verdict is Verdict.UNEVALUABLE


def test_a_graph_too_large_to_be_taken_apart_is_known_beforehand() -> None:
    """Sizes are counted before a node is built."""
    graph = check("sum(X @ X)", {"X": SQUARE}).graph

    assert sum(map(expansion.size_of, graph.nodes)) >= 2 * 27
