"""The catalogue of layers: how each is written with PyTorch's arguments, and how at a stage of a pipeline, bare."""

from bpcli.errors import UsageError
from bpcli.language.complaints import shortened, suggestion
from bpcli.language.functions import all_functions
from bpcli.layers import FUNCTIONALS, LAYERS
from bpcli.layers.definition import Definition
from bpcli.report.layout import Column, Line, Piece, Row, table
from bpcli.report.page import Page

REPEATED = "x -> Repeat(n, layer, …)"  # a form of the language, of no layer


def layer_named(name: str) -> Definition:
    """The layer, loss or function of torch.nn by its name, with the package before it or without.

    Raises UsageError, with a suggestion, for a name that neither a layer nor a function has.
    """
    known = {**LAYERS, **FUNCTIONALS}
    found = known.get(name.removeprefix("torch.").removeprefix("nn."))
    if found is None:
        message = f"unknown function '{shortened(name)}'"
        raise UsageError(
            message, hint=suggestion(name, sorted([*all_functions(), *known]), "'bpcli ops' lists them all")
        )
    return found


def layer_sections(page: Page) -> list[Line]:
    """Layers, losses and functions, each as PyTorch writes it, and how stages of a pipeline are repeated."""
    losses = [one for one in LAYERS.values() if one.is_loss]
    layers = [one for one in LAYERS.values() if not one.is_loss]
    lines: list[Line] = []
    for title, members in (("LAYERS", layers), ("LOSSES", losses), ("FUNCTIONS OF LAYERS", list(FUNCTIONALS.values()))):
        written = sorted(one.usage(is_bare=False) for one in members)
        lines += [*page.title(title), *[[Piece("  "), Piece(one, "name")] for one in written], []]
    return [*lines, *page.title("STAGES THAT ARE REPEATED"), [Piece("  "), Piece(REPEATED, "name")], []]


def layer_detail(definition: Definition, page: Page) -> list[Line]:
    """One layer: as PyTorch writes it, and bare."""
    rows = [Row(("written", definition.usage(is_bare=False)))]
    if not definition.is_function:
        rows.append(Row(("in a pipeline", f"x -> {definition.usage(is_bare=True)}")))
    columns = (Column("left", "name"), Column("left", "", "  "))
    return [*page.title(definition.name), *table(columns, rows, page.width)]


def layer_entries(name: str | None) -> list[dict[str, str | None]]:
    """Every layer, or the one of this name, as a document has it. Raises UsageError for an unknown name."""
    chosen = [*LAYERS.values(), *FUNCTIONALS.values()] if name is None else [layer_named(name)]
    return [
        {
            "name": one.name,
            "kind": "function" if one.is_function else "loss" if one.is_loss else "layer",
            "written": one.usage(is_bare=False),
            "bare": None if one.is_function else one.usage(is_bare=True),
        }
        for one in chosen
    ]
