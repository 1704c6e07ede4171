"""Updates as lines: the optimiser's rule once; of each small parameter every number, of the large ones their norms."""

from collections.abc import Sequence
from typing import Any

from bpcli.graph.labels import labels_of
from bpcli.graph.shapes import shape_text
from bpcli.numbers.norms import norm_of
from bpcli.report.layout import Column, Line, Piece, Row, table
from bpcli.report.page import Page
from bpcli.train.optimisers import Optimiser
from bpcli.train.optimisers.optimiser import PARAMETER
from bpcli.train.updates import Change, Update

RULE_COLUMNS = (Column("left", "name"), Column("left", "", " = "))
COLUMNS = (Column("left", "name", "    "), Column("left", "", " = "), Column("left", "value", " = "))


def step_lines(done: Sequence[Update], optimiser: Optimiser, page: Page) -> list[Line]:
    """The rule, and each update: its loss before and after, and what it does to each parameter."""
    is_clipped = any(update.clipped_norm != update.norm for update in done)
    lines = _rule_section(optimiser, page, _output(done[0]), is_first=len(done) == 1, is_clipped=is_clipped)
    lines += _shared_letters(done[0], optimiser, page)
    for update in done:
        lines += [[], *_update_section(update, optimiser, page)]
    return lines


def _output(update: Update) -> str:
    """What the output is called."""
    return labels_of(update.graph).get(update.graph.output, "f")


def _rule_section(optimiser: Optimiser, page: Page, label: str, *, is_first: bool, is_clipped: bool) -> list[Line]:
    options = [f"{name} {page.number(value)}" for name, value in optimiser.numbers.items() if _is_used(name, optimiser)]
    flags = [name for name, value in optimiser.options.items() if value is True]
    about = f"{optimiser.name}: {', '.join([*options, *flags])}"
    gradient = f"{page.signs.partial}{label}/{page.signs.partial}{PARAMETER}{', clipped' if is_clipped else ''}"
    texts = {"g": gradient, **optimiser.formulas(is_first=is_first)}
    rows = [Row((page.signs.written(name), page.signs.written(text))) for name, text in texts.items()]
    return [*page.title("RULE", about), *table(RULE_COLUMNS, rows, page.width, wraps=True)]


def _shared_letters(update: Update, optimiser: Optimiser, page: Page) -> list[Line]:
    """A line that tells the rule's letters from variables of the text that are called like them, if any are."""
    names = [change.name for change in update.changes]
    if update.graph.network is None:
        names = [variable.name for variable in update.graph.variables]
    shared = [name for name in names if name in _letters(optimiser)]
    if not shared:
        return []
    are = "is a letter" if len(shared) == 1 else "are letters"
    text = f"{', '.join(shared)} {are} of the rule here; the text's own are written 'variable {shared[0]}'"
    return [[Piece(line, "note")] for line in page.wrapped(page.signs.written(text), 2)]


def _letters(optimiser: Optimiser) -> set[str]:
    """The names that the rule of an optimiser uses."""
    computed = {*optimiser.formulas(), *optimiser.formulas(is_first=True)}
    return {PARAMETER, "g", "t", *[slot.symbol for slot in optimiser.slots], *optimiser.numbers, *computed}


def _is_used(name: str, optimiser: Optimiser) -> bool:
    """Whether an option is at work: one that is 0 has no term."""
    return name == "lr" or optimiser.numbers[name] != 0


def _update_section(update: Update, optimiser: Optimiser, page: Page) -> list[Line]:
    arrow, norm = page.signs.arrow, page.signs.norm
    loss = f"{page.number(update.loss)} {arrow} {page.number(update.loss_after)}"
    about = f"{_output(update)} = {loss}"
    lines = page.title(f"UPDATE t={update.step}", about)
    if update.clipped_norm != update.norm:
        norms = f"{page.number(update.norm)} {arrow} {page.number(update.clipped_norm)}"
        lines.append([Piece("  "), Piece(f"clipped: {norm}gradients{norm} {norms}", "note")])
    small = [change for change in update.changes if change.value.size <= page.most_entries]
    large = [change for change in update.changes if change.value.size > page.most_entries]
    for change in small[: page.most_rows]:
        lines += _block(change, update, optimiser, page)
    lines += page.left_out(len(small))
    if large:
        lines += _norms(large[: page.most_rows], optimiser, page)
        lines += page.left_out(len(large))
    return lines + _statistics(update, page)


def _block(change: Change, update: Update, optimiser: Optimiser, page: Page) -> list[Line]:
    """A parameter with every number: of a single one the formulas with the numbers in place of the names."""
    partial, shape = page.signs.partial, change.value.shape
    derivative = f"{partial}{_output(update)}/{partial}{change.name}"
    is_clipped = update.clipped_norm != update.norm
    state = {slot.symbol: change.state[slot.name] for slot in optimiser.slots}
    texts = _texts(change, update, optimiser, page)
    known = {PARAMETER: change.value, "g": change.clipped, **state}
    rows = [Row((page.signs.written(name), page.value(value), "")) for name, value in known.items()]
    if is_clipped:
        rows.insert(1, Row((derivative, page.value(change.gradient), "")))
    elif not shape:
        rows[1] = Row(("g", derivative, page.value(change.gradient)))
    for name, value in change.computed.items():
        number = page.value(value)
        sign = page.signs.written(name)
        rows.append(Row((sign, number, "") if shape or texts[name] == number else (sign, texts[name], number)))
    head = f"{change.name} {shape_text(shape)}" if shape else change.name
    if change.name in _letters(optimiser):
        head = f"variable {head}"
    rows[0] = rows[0]._replace(above=f" {head}")
    return table([*COLUMNS], rows, page.width, wraps=True)


def _texts(change: Change, update: Update, optimiser: Optimiser, page: Page) -> dict[str, str]:
    values: dict[str, Any] = {}
    if not change.value.shape:
        state = {slot.symbol: change.state[slot.name] for slot in optimiser.slots}
        values = {PARAMETER: change.value, "g": change.clipped, **state, **optimiser.numbers, "t": update.step}
        values |= change.computed
    written = {name: page.number(float(value)) for name, value in values.items()}
    return optimiser.formulas(is_first=update.step == 1, values=written)


def _norms(changes: Sequence[Change], optimiser: Optimiser, page: Page) -> list[Line]:
    """A row a parameter: the norms of what is known, and of what is computed."""
    sign = page.signs.norm
    symbols = [slot.symbol for slot in optimiser.slots]
    names = [PARAMETER, "g", *symbols, *changes[0].computed, f"{PARAMETER}_new - {PARAMETER}"]
    heads = [f"{sign}{page.signs.written(name)}{sign}" for name in names]
    columns = [Column("left", "name"), Column("left", "", "  ")]
    columns += [Column("point", "value", "  ", head) for head in heads]
    rows = []
    for change in changes:
        state = [change.state[slot.name] for slot in optimiser.slots]
        moved = change.computed["θ_new"] - change.value
        found = [change.value, change.clipped, *state, *change.computed.values(), moved]
        rows.append(Row((change.name, shape_text(change.value.shape), *[page.number(norm_of(one)) for one in found])))
    return table(columns, rows, page.width, ("", "shape", *heads), needs_heading=True)


def _statistics(update: Update, page: Page) -> list[Line]:
    rows = [Row((name, page.shaped(value))) for name, value in update.statistics.items()]
    if not rows:
        return []
    lines = table((Column("left", "name", "    "), Column("left", "value", " = ")), rows, page.width, wraps=True)
    return [[Piece("  running statistics, after this step", "note")], *lines]
