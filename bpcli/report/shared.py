"""Parameters that several parts of a layer share, such as the time steps of an LSTM: what each adds to the gradient."""

from collections.abc import Iterable
from functools import partial
from math import prod
from typing import Any

from bpcli.backprop.gradients import Gradients
from bpcli.backprop.parts import Parts, shared_parts
from bpcli.backprop.sweep import Step
from bpcli.graph.network import Layer
from bpcli.graph.node import Variable
from bpcli.numbers.norms import norm_of
from bpcli.report.layout import Column, Line, Piece, Row, table
from bpcli.report.page import Page

MOST_ENTRIES = 6  # of a parameter whose parts are written out
MOST_PARTS = 4  # whose small contributions are written out, not their norms
UNNAMED = "other"  # steps of a layer that are in none of its parts


def shared_section(result: Gradients, page: Page, steps: Iterable[Step]) -> list[Line]:
    """A table for the parameters of each layer: one row a part, one column a parameter, and the sum at the end."""
    lines = []
    for layer, parts, found in _alike(result, steps):
        is_short = len(parts) <= MOST_PARTS and max(prod(one.shape) for one in found) <= MOST_ENTRIES
        written = page.shaped if is_short else partial(_norm, page=page)
        total = [written(result.gradients[variable.name]) for variable in found]
        rows = [
            Row((part or UNNAMED, *[written(contributions[part]) for contributions in found.values()]))
            for part in parts[: page.most_rows]
        ]
        sign = "" if is_short else page.signs.norm
        names = [f"{sign}{variable.name.removeprefix(f'{layer.name}.')}{sign}" for variable in found]
        widest = max(map(len, names))
        side = "left" if is_short else "point"
        columns = [Column("right", "name"), *[Column(side, "gradient", caption=name.ljust(widest)) for name in names]]
        lines.append([Piece(f" {layer.title}", "title")])
        lines += table(columns, [*rows, Row(("sum", *total))], page.width, ("", *names), needs_heading=True)
        lines += page.left_out(len(parts))
    about = "what each part of a layer adds to the gradient"
    return [*page.title("SHARED PARAMETERS", about), *lines] if lines else []


def _norm(value: Any, page: Page) -> str:
    return page.number(norm_of(value))


def _alike(result: Gradients, steps: Iterable[Step]) -> list[tuple[Layer, list[str], dict[Variable, Parts]]]:
    """The parameters that the same parts of the same layer share, with what each part adds."""
    alike: dict[tuple[str, ...], dict[Variable, Parts]] = {}
    layers: dict[tuple[str, ...], Layer] = {}
    for layer, variable, parts in shared_parts(result, steps):
        key = (layer.name, *parts)
        alike.setdefault(key, {})[variable] = parts
        layers[key] = layer
    return [(layers[key], list(key[1:]), found) for key, found in alike.items()]
