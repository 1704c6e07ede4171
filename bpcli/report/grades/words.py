"""A grade in words: finished texts for each item, what staff are told and what a hint of each level adds.

No text of `where`, `kind` or `cause` holds a right value: they are the sentences that a check released to students has.
"""

from collections.abc import Iterator, Sequence

from bpcli.check.findings import Cause, Finding, Verdict
from bpcli.check.groups import Group
from bpcli.check.homework.first_wrong import is_of_rounding, is_slip_of_form, too_few_digits
from bpcli.check.homework.grades import ItemGrade, Mark, MarkedItem, MarkedProblem, ProblemGrade, kinds_of
from bpcli.check.results import Check
from bpcli.check.targets import Item
from bpcli.errors import BpcliError
from bpcli.graph.node import Variable
from bpcli.language.claims import target_of
from bpcli.numbers.apart import nested, part_of, place_text
from bpcli.report.array_verdicts import MOST_SENTENCES, summary, where_of
from bpcli.report.arrays import nested_text
from bpcli.report.explanations import (
    STAFF,
    Release,
    cause_text,
    in_full,
    kink_sentence,
    open_end,
    reason_of,
    redo,
    redo_of,
    where,
)
from bpcli.report.figures import full
from bpcli.report.formulas import flowing_locals, formula_of, formula_texts
from bpcli.report.grades.unnamed import with_formulas
from bpcli.report.page import MOST_ENTRIES, Page

DIGITS = 10  # of right values in words; a check has all of them
FOR_STUDENTS = {level: Release("student", level) for level in ("where", "kind", "cause")}


def ten_digits(value: float) -> str:
    """A number as texts for people have it."""
    return full(float(f"{value:.{DIGITS}g}") + 0.0)  # a 0 without a sign


PAGE = Page(number=ten_digits)


def problem_grade(marked: MarkedProblem) -> ProblemGrade:
    """The grade of one problem of one submission, in words."""
    problem = marked.problem
    items = tuple([_item_grade(item, marked) for item in marked.items])
    return ProblemGrade(problem.name, problem.title or problem.name, items, marked.first_wrong)


def _item_grade(item: MarkedItem, marked: MarkedProblem) -> ItemGrade:
    causes = list(_causes(item.found)) if item.mark is Mark.WRONG else []
    asked = item.asked
    where = tuple(dict.fromkeys(_where(item, marked)))
    told = _explained([*where, *_told(causes, FOR_STUDENTS["cause"])], marked.check)
    return ItemGrade(
        key=asked.key,
        title=item.title,
        mark=item.mark,
        points=item.points,
        out_of=asked.points,
        answer=item.answer,
        truth=_truth(item, marked.check),
        where=told[: len(where)],
        kind=_told(causes, FOR_STUDENTS["kind"]),
        cause=told[len(where) :],
        in_full=_explained(list(dict.fromkeys(_in_full(item, marked, causes))), marked.check),
        mistakes=kinds_of(causes),
    )


def _explained(texts: Sequence[str], check: Check | None) -> tuple[str, ...]:
    """The texts, with what nodes without a name stand for."""
    return tuple(texts) if check is None else with_formulas(texts, check.names)


def _causes(found: Finding | Group | None) -> Iterator[Cause]:
    """What an answer is consistent with; of an array as a whole, or else of its worst entries."""
    if found is not None:
        yield from found.causes
    if isinstance(found, Group) and not found.causes:
        for _, finding in found.ranked[:MOST_SENTENCES]:
            yield from finding.causes


def _told(causes: Sequence[Cause], release: Release) -> tuple[str, ...]:
    text = cause_text(causes, release)
    return (text,) if text else ()


# What students are told -----------------------------------------------------------------------------------------------


def _where(item: MarkedItem, marked: MarkedProblem) -> Iterator[str]:
    """Which step to do again, or why there is no verdict."""
    yield from _in_common(item, marked)
    found = item.found
    if found is None:
        yield from _sentence(item.complaint)
    elif item.mark is Mark.WRONG and isinstance(found, Group):
        yield from _entries(found)
        yield from redo(found.lead) if _is_of_a_step(found) else ()
    elif item.mark is Mark.WRONG and isinstance(found, Finding) and marked.check is not None:
        yield from _why_wrong(found)
        if _is_of_a_step(found):
            yield from redo_of(found, marked.check) if found.lead else _redo_alone(found.item, marked.check)
    yield from _open(item, FOR_STUDENTS["where"])


def _in_common(item: MarkedItem, marked: MarkedProblem) -> Iterator[str]:
    """What staff and students are told alike."""
    is_first = item.mark is Mark.WRONG and item.title == marked.first_wrong
    if is_first and marked.leads and sum(map(_is_about_a_step, marked.items)) > 1:
        yield "The first wrong step."
    yield from _short_of(item)
    if item.mark is Mark.FOLLOWS and item.found is not None:
        kept = "" if item.points < item.asked.points else ", so it keeps its points"
        titles = {one.found.title: one.title for one in marked.items if one.found}
        origin = titles.get(item.found.follows or "", "what is written before it")
        yield f"Right, given {origin}, which is wrong{kept}."


def _is_about_a_step(item: MarkedItem) -> bool:
    """Whether an item is wrong at a step, or follows from one that is."""
    return item.mark is Mark.FOLLOWS or (
        item.mark is Mark.WRONG and item.found is not None and _is_of_a_step(item.found)
    )


def _short_of(item: MarkedItem) -> Iterator[str]:
    """What a wrong answer has too little of: digits of its own, or of what it was computed from."""
    found = item.found
    if item.mark is not Mark.WRONG or found is None:
        return
    few = too_few_digits(found)
    if few is not None:
        typed, asked = few
        yield f"Typed with {typed} significant digit{'' if typed == 1 else 's'}, {asked} are asked for."
    if is_of_rounding(found):
        yield "Wrong by no more than the rounding of the answers before it: keep more digits on the way."


def _entries(group: Group) -> Iterator[str]:
    """How much of an array is wrong, and which entries."""
    wrong = [finding.title for _, finding in group.ranked if finding.verdict is Verdict.DIFFER]
    if group.shape and wrong:
        yield from _sentence(summary(group, FOR_STUDENTS["where"]))
    if group.shape and len(wrong) < len(group.findings):
        more = f" and {len(wrong) - MOST_SENTENCES} more" if len(wrong) > MOST_SENTENCES else ""
        yield from _sentence(f"wrong: {', '.join(wrong[:MOST_SENTENCES])}{more}" if wrong else "")


def _is_of_a_step(found: Finding | Group) -> bool:
    """Whether a step is wrong, and not only the form or the digits of an answer."""
    return not is_slip_of_form(found) and not is_of_rounding(found)


def _why_wrong(finding: Finding) -> Iterator[str]:
    """What is wrong with a claim beside its number, if that can be said without one."""
    if finding.hint:
        yield from _sentence(reason_of(finding, FOR_STUDENTS["where"]) or "")


def _redo_alone(item: Item, check: Check) -> Iterator[str]:
    """What to do again where no step of the backward pass leads there: a value, a local derivative, a contribution."""
    labels = check.names.labels
    name = labels.get(item.node, "f")
    if item.source is not None:
        step = f"{name} → {labels.get(item.source, '')}"
        what = "the derivative of" if item.kind == "local" else "upstream times local at"
        yield f"Redo {what} {step}."
    elif item.kind == "gradient":
        yield f"Redo what arrives at {name}."
    elif item.node.inputs:
        yield f"Redo {name} = {formula_of(item.node, labels)}."


def _open(item: MarkedItem, release: Release) -> Iterator[str]:
    """Why nothing can be told, as what a claim at a kink is accepted, and what is noted about an answer."""
    found = item.found
    if found is None:
        return
    worst = found.ranked[0][1] if isinstance(found, Group) and found.findings else found
    if isinstance(worst, Finding):
        said: list[str] = []
        if item.mark is Mark.UNDECIDED and (worst.reason or worst.hint):
            said = [text for _, text in open_end(worst, PAGE, release)]
        elif item.mark is Mark.RIGHT and worst.verdict is Verdict.KINK:
            said = [kink_sentence(worst, PAGE, release)]
        for text in said:
            yield from _sentence(text)
    for note in found.notes:
        yield from _sentence(note)


def _sentence(text: str) -> Iterator[str]:
    """A text as a sentence of its own, if there is any."""
    text = text.removeprefix(":").strip()
    if text:
        end = "" if text.endswith((".", "?")) else "."
        yield f"{text[0].upper()}{text[1:]}{end}"


# What staff are told --------------------------------------------------------------------------------------------------


def _in_full(item: MarkedItem, marked: MarkedProblem, causes: Sequence[Cause]) -> Iterator[str]:
    """Everything: what was claimed, what is true, where to look, and what the answer is consistent with."""
    yield from _in_common(item, marked)
    found = item.found
    if found is None:
        yield from _sentence(item.complaint)
    elif item.mark is Mark.WRONG and isinstance(found, Group):
        if found.shape:
            yield from _sentence(summary(found, STAFF))
        worst = [finding for _, finding in found.ranked if finding.verdict is Verdict.DIFFER]
        for finding in worst[:1]:
            yield from [f"{finding.title}: {text}" for text in in_full(finding.but(suspects=()), PAGE)]
        yield from where_of(found)
    elif item.mark is Mark.WRONG and isinstance(found, Finding) and marked.check is not None:
        for text in in_full(found.but(suspects=()), PAGE):
            yield from _sentence(text)
        yield from where(found, PAGE, marked.check)
    yield from _told(causes, STAFF)
    yield from _open(item, STAFF)


# The right value ------------------------------------------------------------------------------------------------------


def _truth(item: MarkedItem, check: Check | None) -> str:
    """The right value in words: a formula where one is asked for or there is no point, else a number or an array."""
    about = _item_of(item, check)
    if check is not None and about is not None and (item.asked.form == "formula" or check.at is None):
        formula = _formula(about, check)
        if formula:
            return formula
    found = item.found
    if isinstance(found, Group) and found.has_truth:
        return _array_truth(found)
    if isinstance(found, Finding) and found.truth is not None:
        return ten_digits(float(found.truth))
    is_open = isinstance(found, Finding) and found.verdict is not Verdict.KINK
    return "" if is_open or isinstance(found, Group) else _own_truth(item, check, about)


def _item_of(item: MarkedItem, check: Check | None) -> Item | None:
    if item.found is not None:
        return item.found.item
    if check is None:
        return None
    try:
        return check.names.item(target_of(item.asked.key)._replace(place=()))
    except BpcliError:  # the name is asked for, and says nothing of this graph
        return None


def _formula(item: Item, check: Check) -> str | None:
    """The right formula, where it is short enough for a line."""
    labels = check.names.labels
    if item.kind == "value":
        return formula_of(item.node, labels) if item.node.inputs else None
    if item.kind == "local":
        flowing = [text for _, source, text in flowing_locals(item.node, labels) if source is item.source]
        return flowing[0] if len(flowing) == 1 else None
    if item.kind == "gradient" and isinstance(item.node, Variable):
        return formula_texts(check.graph, [item.node], labels)[item.node]
    return None


def _array_truth(group: Group) -> str:
    """A small array entry by entry; of a large one its largest entry."""
    numbers = [None if finding.truth is None else float(finding.truth) for finding in group.findings]
    if not group.shape and numbers[0] is not None:
        return ten_digits(numbers[0])
    if len(numbers) <= MOST_ENTRIES and None not in numbers:
        return nested_text(nested(numbers, group.shape), ten_digits)
    place, largest = max(
        ((place, float(one.truth)) for place, one in zip(group.places, group.findings, strict=True) if one.truth),
        key=lambda pair: abs(pair[1]),
        default=((), 0.0),
    )
    return f"{len(numbers)} entries, the largest {place_text(place)} = {ten_digits(largest)}"


def _own_truth(item: MarkedItem, check: Check | None, about: Item | None) -> str:
    """The number that bpcli finds, where nothing that could be judged was answered."""
    own = check.own if check is not None else None
    if own is None or about is None:
        return ""
    if about.kind in ("gradient", "contribution") and about.node not in own.upstreams:
        value = own.system.zeros(about.node.shape)  # the output is not computed from it
    elif about.source is not None:
        steps = [step for step in own.steps() if step.node is about.node and step.input is about.source]
        if len(steps) != 1:
            return ""
        value = own.system.handed_out(getattr(steps[0], about.kind))
    else:
        numbers = own.values if about.kind == "value" else own.upstreams
        if about.node not in numbers:
            return ""
        value = own.system.handed_out(numbers[about.node])
    return PAGE.value(part_of(value, target_of(item.asked.key).place))
