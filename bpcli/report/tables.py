"""The terminal: the same lines in colour. The only home of Rich."""

from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

from bpcli.report.layout import Line

STYLES = {"title": "bold", "heading": "dim", "name": "cyan", "value": "green", "gradient": "red", "note": "dim"}


def print_lines(lines: Iterable[Line], *, colour: bool) -> None:
    """Print lines to standard output; roles become colours where `colour` is wanted and NO_COLOR is not set."""
    console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True, no_color=not colour or None)
    for line in lines:
        text = Text.assemble(*[(piece.text, STYLES.get(piece.role, "")) for piece in line])
        text.rstrip()
        console.print(text)
