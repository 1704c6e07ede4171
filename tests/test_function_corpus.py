"""The corpus of functions: every right gradient agrees, every wrong one differs, and its cause is told."""

from typing import Any

import numpy as np
import pytest
from function_corpus import SUBJECTS
from function_corpus.judged import check, is_told
from function_corpus.subjects import Slip, Subject

from bpcli.check.causes import MOST_CAUSES
from bpcli.check.findings import Verdict
from bpcli.check.functions.callee import Inputs, Passed
from bpcli.check.functions.checking import check_callee
from bpcli.check.functions.passes.local import local_callee
from bpcli.check.groups import Group

# Slips that leave no trace in what the forward pass shows, so that nothing names them.
UNTOLD = {
    ("svm_loss", "overwritten instead of accumulated"),
    ("gru_step", "path left out"),
    ("sum_of_states", "overwritten instead of accumulated"),  # the first state is 0, so this gradient is 0
    ("total_variation", "path left out"),
    ("total_variation", "overwritten instead of accumulated"),
    ("hidden_convolution", "transposed"),  # the kernel is no input
    ("hidden_recurrence", "transposed"),  # nor are these weights
    ("hidden_recurrence", "derivative"),
    ("swish_network", "derivative at the pre-activation"),
}
EVERY = [(subject, slip) for subject in SUBJECTS for slip in subject.slips]

each = pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.name)


@each
def test_a_right_gradient_agrees(subject: Subject) -> None:
    """In every entry, and none is undecided."""
    found = check(subject)

    assert found.verdict is Verdict.AGREE
    assert not found.faults
    assert {finding.verdict for finding in found.findings} == {Verdict.AGREE}


@each
def test_a_wrong_gradient_differs_and_is_explained(subject: Subject) -> None:
    """Each slip is seen; its own mistake is among the causes, which are never many, and right gradients have none."""
    for slip in subject.slips:
        found = check(subject, slip)

        assert found.verdict is Verdict.DIFFER, slip
        assert is_told(found, slip) or (subject.name, slip.bug) in UNTOLD, slip
        for group in found.worst_groups:
            assert len(group.causes) <= MOST_CAUSES
            assert group.verdict is Verdict.DIFFER or not group.causes


def test_the_corpus_is_large_and_nearly_all_of_it_is_told() -> None:
    """At least 32 functions and 255 wrong gradients; nine in ten causes are named."""
    untold = [(subject, slip) for subject, slip in EVERY if (subject.name, slip.bug) in UNTOLD]

    assert len({subject.name for subject in SUBJECTS}) == len(SUBJECTS) >= 32
    assert len(EVERY) >= 255
    assert len(untold) <= len(EVERY) / 10


@pytest.mark.parametrize("kind", sorted({slip.bug for _, slip in EVERY}))
def test_each_bug_is_told_mostly(kind: str) -> None:
    """Of every kind of mistake at least two thirds are named."""
    told = [(subject.name, slip.bug) not in UNTOLD for subject, slip in EVERY if slip.bug == kind]

    assert sum(told) >= len(told) * 2 / 3


def _group(subject: Subject, bug: str) -> Group:
    slip = next(slip for slip in subject.slips if slip.bug == bug)
    return next(group for group in check(subject, slip).worst_groups if group.causes)


def test_a_hint_for_students_gives_no_number_away() -> None:
    """The family tells no sign and no factor, and the hint no number from which the right value would follow."""
    named = {subject.name: subject for subject in SUBJECTS}
    mean, sign = (
        _group(named["mean_squared_error"], "sum instead of mean"),
        _group(named["affine_square"], "a sign lost"),
    )

    assert "12" in mean.causes[0].text
    assert not any(letter.isdigit() for letter in mean.causes[0].hint)
    assert sign.causes[0].family == mean.causes[0].family == "the arithmetic of one step"


def test_a_right_gradient_that_is_spoiled_twice_is_not_explained_wrongly() -> None:
    """Two mistakes at once give what no single one gives."""
    subject = next(subject for subject in SUBJECTS if subject.name == "affine")
    slip = Slip("none", "dw = x.T @ dout", "dw = np.sin(x.T @ dout) + dout.sum() ** 2")

    (group,) = [group for group in check(subject, slip).worst_groups if group.verdict is Verdict.DIFFER]

    assert group.causes == ()


@pytest.mark.parametrize("subject", SUBJECTS[::3], ids=lambda subject: subject.name)
def test_a_gradient_that_is_off_at_random_has_no_cause(subject: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    """No mistake gives what nobody has computed, however many are tried."""
    callee = local_callee(subject.forward, subject.backward)
    chance, right = np.random.default_rng(5), callee.passed

    def off(inputs: Inputs, upstream: Any) -> Passed:
        passed = right(inputs, upstream)
        gradients = {name: value + chance.normal(0, 1, np.shape(value)) for name, value in passed.gradients.items()}
        return passed._replace(gradients=gradients)

    monkeypatch.setattr(callee, "passed", off)
    found = check_callee(callee, [(subject.inputs, None)])

    assert found.verdict is Verdict.DIFFER
    assert all(group.causes == () for group in found.worst_groups)
