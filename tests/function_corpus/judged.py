"""The corpus under `check_callee`, and whether a check tells of the slip that was made."""

from bpcli.check.functions.checking import check_callee
from bpcli.check.functions.passes.local import local_callee
from bpcli.check.functions.results import FunctionCheck
from function_corpus.subjects import Slip, Subject, spoiled


def check(subject: Subject, slip: Slip | None = None) -> FunctionCheck:
    """What a check of the right gradient finds, or of one with a slip."""
    passes = (subject.forward, subject.backward) if slip is None else spoiled(subject, slip)
    return check_callee(local_callee(*passes), [(subject.inputs, None)])


def is_told(found: FunctionCheck, slip: Slip) -> bool:
    """Whether the bug is named among the causes of any gradient."""
    return any(slip.bug in cause.text for group in found.worst_groups for cause in group.causes)
