"""The first wrong step of a problem, whether all else that is wrong comes after it, and slips of form.

A number where a formula is asked for, or one with too few digits, is a slip of form: it is wrong, and no step is.
"""

from dataclasses import replace
from math import inf
from typing import NamedTuple

from bpcli.check.carried import ROUNDING
from bpcli.check.findings import Finding, Verdict
from bpcli.check.groups import ArrayCheck, Group
from bpcli.check.homework.judges import A_FORMULA, Found, is_wrong
from bpcli.check.nearness import digits_of, tolerance, within
from bpcli.check.results import Check
from bpcli.check.targets import Item
from bpcli.graph.order import ancestors_first
from bpcli.numbers.balls import exactly


class FirstWrong(NamedTuple):
    """The title of the first item that is wrong in itself, and whether all that is wrong beside it comes after it."""

    title: str | None
    is_before_all: bool = False


def first_wrong_of(check: Check | None) -> FirstWrong:
    """The first wrong step, in the order of the computation; slips of form are none."""
    if check is None:
        return FirstWrong(None)
    steps = _without_slips(check)
    first = steps.first_wrong_group if isinstance(steps, ArrayCheck) else steps.first_wrong
    if first is None:
        return FirstWrong(None)
    wrong = [one for one in _found_by(steps) if one.verdict is Verdict.DIFFER and one.own_mistake and one is not first]
    return FirstWrong(first.title, all(_comes_after(one.item, first.item) for one in wrong))


def _without_slips(check: Check) -> Check:
    if isinstance(check, ArrayCheck):
        return replace(check, groups=tuple([group for group in check.groups if not is_slip_of_form(group)]))
    return replace(check, findings=tuple([one for one in check.findings if not is_slip_of_form(one)]))


def _found_by(check: Check) -> tuple[Found, ...]:
    return check.groups if isinstance(check, ArrayCheck) else check.findings


def is_of_rounding(found: Found) -> bool:
    """Whether an answer is wrong by no more than the rounding of right ones before it."""
    return not found.own_mistake and found.follows == ROUNDING


def is_slip_of_form(found: Found) -> bool:
    """Whether an answer is a number for a formula, or everywhere right as far as its digits go, which are too few."""
    if isinstance(found, Finding):
        return found.hint == A_FORMULA or _is_short_alone(found)
    wrong = [finding for finding in found.findings if is_wrong(finding)]
    return bool(wrong) and all(map(_is_short_alone, wrong))


def too_few_digits(found: Found) -> tuple[int, int] | None:
    """How many significant digits a wrong answer was typed with, and how many are asked for, if it has too few."""
    for finding in found.findings if isinstance(found, Group) else (found,):
        typed = _digits_of_short(finding)
        if typed is not None and is_wrong(finding):
            return typed, finding.near.digits or 0
    return None


def _digits_of_short(finding: Finding) -> int | None:
    """How many significant digits a number has that was typed with too few."""
    asked = finding.near.digits
    typed = inf if finding.claim is None else digits_of(finding.claim)
    return None if asked is None or typed >= asked else int(typed)


def _is_short_alone(finding: Finding) -> bool:
    """Whether a number is as near as its digits can be, and they are too few."""
    typed = _digits_of_short(finding)
    if typed is None or finding.claimed is None or finding.truth is None:
        return False
    near = finding.near._replace(digits=max(1, typed))
    return within(exactly(finding.claimed), finding.truth, tolerance(finding.truth, finding.claim, near)) is True


def _comes_after(item: Item, first: Item) -> bool:
    """Whether the computation meets an item after another one: values forward, then gradients back to the inputs."""
    if first.kind == "value":
        return item.kind != "value" or first.node in ancestors_first([item.node])
    if item.kind in ("value", "local"):
        return False
    same_step = item.kind == "contribution" and (item.node, item.source) == (first.node, first.source)
    return same_step or item.node in ancestors_first([first.source or first.node])
