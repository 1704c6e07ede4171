"""The terminal: the same lines in colour. The only home of Rich."""

from collections.abc import Iterable
from io import StringIO

from rich.console import Console
from rich.text import Text

from bpcli.report.layout import Line

STYLES = {
    "title": "bold",
    "heading": "dim",
    "name": "cyan",
    "value": "green",
    "gradient": "red",
    "note": "dim",
    "verdict": "bold",
}


def coloured_text(lines: Iterable[Line]) -> str:
    """The lines for a terminal, roles as colours; without them where NO_COLOR says so or the terminal has none."""
    console = Console(file=StringIO(), force_terminal=True, highlight=False, markup=False, emoji=False, soft_wrap=True)
    with console.capture() as captured:
        for line in lines:
            text = Text.assemble(*[(piece.text, STYLES.get(piece.role, "")) for piece in line])
            text.rstrip()
            console.print(text)
    return captured.get()
