"""The report of a check over arrays: a row for each variable or claim, then what does not agree, the worst first."""

from collections.abc import Iterator, Sequence

from bpcli.check.findings import Finding, Verdict
from bpcli.check.groups import ArrayCheck, ArrayStep, Group
from bpcli.graph.shapes import shape_text
from bpcli.numbers.apart import place_text
from bpcli.report.explanations import (
    STAFF,
    Release,
    cause_text,
    in_full,
    kink_sentence,
    open_end,
    redo,
)
from bpcli.report.layout import Column, Line, Piece, Row, table
from bpcli.report.page import Page
from bpcli.report.verdicts import findings_table

MOST_SENTENCES = 3  # about single entries of one array
NOISE = 0.5  # a relative difference that no entry which agrees has, unless its array is 0 but for rounding
WORDS = {
    Verdict.AGREE: ("agrees", "agree"),
    Verdict.KINK: ("at a kink", "at a kink"),
    Verdict.UNDECIDED: ("undecided", "undecided"),
    Verdict.DIFFER: ("differs", "differ"),
    Verdict.UNEVALUABLE: ("unevaluable", "unevaluable"),
}
IN_ORDER = (Verdict.UNEVALUABLE, Verdict.DIFFER, Verdict.UNDECIDED, Verdict.KINK, Verdict.AGREE)
NO_LAYER = "inputs"
TOO_LARGE = "too large to be taken apart"


def array_report(result: ArrayCheck, page: Page, release: Release = STAFF) -> list[Line]:
    """A row for each array, a table of the worst entries, what explains them, and how all was found."""
    if not result.groups:
        return [[Piece("  nothing to check: the expression has no variables", "note")]]
    lines = _rows(result, page, release)
    worst = _worst(result.groups, release)
    if worst:
        shown = worst[: page.most_rows]
        of_each = " of each" if len(result.groups) > 1 else ""
        about = f"{'by layer, ' if result.graph.network else ''}the worst first{of_each}"
        lines += [[], *page.title("ENTRIES", about)]
        lines += findings_table(shown, page, release, has_claims=result.has_claims)
        lines += page.left_out(len(worst))
    said = dict.fromkeys(sentence for group in result.groups for sentence in about_group(group, page, release))
    lines += [[Piece(page.signs.written(text))] for text in said]
    if result.array_steps is not None and release.to_staff:
        lines += [[], *_steps(result.array_steps, page)]
    return [*lines, [Piece(_method(result), "note")]]


def _method(result: ArrayCheck) -> str:
    return f"Held against {result.method}{_symbols(result)}."


def _symbols(result: ArrayCheck) -> str:
    """Whether SymPy was asked; of a network, whether it took the whole."""
    found = [finding for finding in result.findings if finding.symbolic is not None]
    if result.graph.network is None or not found:
        return ", and SymPy" if found else ""
    is_whole = all(finding.symbolic_is_whole for finding in found)
    return ", and SymPy, which took the whole" if is_whole else ", and SymPy, step by step"


def _rows(result: ArrayCheck, page: Page, release: Release) -> list[Line]:
    """A row for each array, of a network under the titles of its layers."""
    columns = (Column("left", "name"), Column("left", "note", " "), Column("left", "verdict", "   "))
    rows = [
        Row((page.signs.written(group.title), shape_text(group.shape), summary(group, release)))
        for group in result.groups
    ]
    lines = table(columns, rows, page.width)
    if result.graph.network is None or len(lines) != len(rows):  # a narrow page has several lines for a row
        return lines
    titled: list[Line] = []
    before = None
    for group, line in zip(result.groups, lines, strict=True):
        if group.layer != before:
            titled += page.title(group.layer or NO_LAYER)
        titled.append(line)
        before = group.layer
    return titled


def summary(group: Group, release: Release, at: str = "", near: str | None = None) -> str:
    """How many entries have which verdict, and, where all agree, how far they are off, and which is the worst.

    `at` is where they are, ` at 3 points`, and `near` says how far off, where that is known in other words.
    """
    counts = [(verdict, group.counts.get(verdict, 0)) for verdict in IN_ORDER]
    found = [(verdict, count) for verdict, count in counts if count]
    if len(found) == 1:
        ((verdict, count),) = found
        one, many = WORDS[verdict]
        told = ((f"{count} entries {many}" if count > 1 else f"1 entry {one}") if group.shape else one) + at
        if verdict is Verdict.AGREE:
            return f"{told}{_difference(group, release) if near is None else near}"
        return _loud(told, verdict)
    if not found:
        return "no entries"
    parts = [_loud(f"{count} {WORDS[verdict][count > 1]}", verdict) for verdict, count in found]
    return f"of {len(group.findings)} entries{at} {', '.join(parts)}"


def _loud(text: str, verdict: Verdict) -> str:
    return text.replace("differs", "DIFFERS").replace("differ", "DIFFER") if verdict is Verdict.DIFFER else text


def _difference(group: Group, release: Release) -> str:
    largest = group.largest_difference
    if largest is None or not release.to_staff:
        return ""
    if largest >= NOISE:  # relative to entries that are nothing but rounding, as a bias before normalisation has
        return ", all 0 but for rounding"
    worst = place_text(group.ranked[0][0]) if group.layer and largest else ""
    return f", largest difference {f'{largest:.1g}'.replace('e-0', 'e-')}{f' at {worst}' if worst else ''}"


def _worst(groups: Sequence[Group], release: Release) -> list[Finding]:
    """The entries that do not agree, of each array the worst first."""
    return [
        finding if release.to_staff else group.as_typed(finding)
        for group in groups
        for _, finding in group.ranked
        if finding.verdict is not Verdict.AGREE
    ]


# What is said below ---------------------------------------------------------------------------------------------------


def about_group(group: Group, page: Page, release: Release) -> Iterator[str]:
    """What is said about the entries of an array that do not agree, and of what is wrong with them."""
    if group.verdict is Verdict.DIFFER:
        yield from _about_a_mistake(group, page, release)
    for verdict in (Verdict.UNEVALUABLE, Verdict.UNDECIDED, Verdict.KINK):
        yield from _about_entries(group, verdict, page, release)
    yield from [f"{group.title}: {note}." for note in group.notes]


def _about_a_mistake(group: Group, page: Page, release: Release) -> Iterator[str]:
    if not group.own_mistake:
        yield f"{group.title}: right, given {group.follows}, which is wrong; not counted again."
        return
    if release.to_staff:
        if group.suspects:
            yield f"{group.title}: suspected is {'; '.join(group.suspects)}."
        _, finding = group.ranked[0]
        yield from [f"{finding.title}: {text}" for text in in_full(finding.but(suspects=()), page)]
        yield from where_of(group)
    else:
        yield " ".join([f"{group.title} differs.", *redo(group.lead)])
    told = cause_text(group.causes, release)
    if told:
        yield f"{group.title}: {told[0].lower()}{told[1:]}"
    for _, finding in group.ranked[:MOST_SENTENCES]:
        told = cause_text(finding.causes, release)
        if told:
            yield f"{finding.title}: {told[0].lower()}{told[1:]}"


def where_of(group: Group) -> Iterator[str]:
    """Where to look for what is wrong in an array."""
    lead = group.lead
    if lead is not None and lead.witness is not None:
        number = f"step {lead.number}, " if lead.number else ""
        node = lead.steps[0].split(" ")[0]
        yield f"Look at {number}{lead.steps[0]}: what arrives at {node} also gave {lead.witness}, which agrees."
    elif lead is not None and len(lead.steps) > 1:
        yield f"Look at the steps {', '.join(lead.steps)}, whose contributions add up to {group.title}."


def _about_entries(group: Group, verdict: Verdict, page: Page, release: Release) -> Iterator[str]:
    """The reasons of the entries with a verdict, each once, the first few."""
    said: dict[str, list[str]] = {}
    for _, finding in group.ranked:
        if finding.verdict is verdict:
            for title, text in _sentences(finding, page, release):
                said.setdefault(text, []).append(title)
    for text, titles in list(said.items())[:MOST_SENTENCES]:
        more = f" and {len(titles) - MOST_SENTENCES} more" if len(titles) > MOST_SENTENCES else ""
        yield f"{', '.join(titles[:MOST_SENTENCES])}{more}{text}"
    left = sum(len(titles) for titles in list(said.values())[MOST_SENTENCES:])
    if left:
        yield f"{group.title}: so {'is' if left == 1 else 'are'} {left} more entr{'y' if left == 1 else 'ies'}."


def _sentences(finding: Finding, page: Page, release: Release) -> Iterator[tuple[str, str]]:
    if finding.verdict is Verdict.KINK:
        yield finding.title, kink_sentence(finding, page, release)
    else:
        yield from open_end(finding, page, release)


def _steps(steps: Sequence[ArrayStep], page: Page) -> list[Line]:
    if not steps:
        return [*page.title("EVERY STEP"), [Piece("  no step: no gradient flows to a variable through an op", "note")]]
    columns = (
        Column("right"),
        Column("left", "name"),
        Column("left", "name", f" {page.signs.arrow} "),
        Column("left", "note", " "),
        Column("left", "verdict", "   ", caption="contribution"),
        Column("left", "verdict", "   ", caption="suspect"),
    )
    rows = [Row(_step_cells(number, step)) for number, step in enumerate(steps[: page.most_rows], 1)]
    heading = ("", "node", "input", "", "contribution", "suspect")
    return [
        *page.title("EVERY STEP", "what each hands back"),
        *table(columns, rows, page.width, heading, needs_heading=True),
        *page.left_out(len(steps)),
    ]


def _step_cells(number: int, step: ArrayStep) -> tuple[str, ...]:
    group = step.group
    shape = "" if group is None else shape_text(group.shape)
    told = TOO_LARGE if group is None else summary(group, STAFF)
    return str(number), step.node, step.input, shape, told, step.suspect or "none"
