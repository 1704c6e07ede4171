"""Where results go: the form that standard output takes, and what is said beside it on standard error."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, TextIO

from bpcli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bpcli.backprop.gradients import Gradients
    from bpcli.backprop.jacobian import Hessian, Jacobian
    from bpcli.errors import BpcliError
    from bpcli.graph.network import Network
    from bpcli.graph.node import Graph
    from bpcli.report.layout import Line
    from bpcli.report.page import Page


PIECE = 1 << 16


def is_terminal() -> bool:
    """Whether standard output is a terminal."""
    return sys.stdout is not None and sys.stdout.isatty()


def chosen_format(output_format: str | None, *, json: bool) -> str:
    """The form that was asked for; else a table on a terminal and plain text elsewhere.

    Raises UsageError where `--json` and another form are asked for at once.
    """
    if json and output_format not in (None, "json"):
        message = f"--json and --output-format {output_format} contradict each other"
        raise UsageError(message, hint="leave out one of them")
    return "json" if json else output_format or ("table" if is_terminal() else "plain")


def page_for(output_format: str, most_rows: int | None) -> Page:
    """How a report is set for standard output: within the terminal and short, or in full."""
    from bpcli.report.figures import full, short, signs_for  # noqa: PLC0415 - JSON needs no page
    from bpcli.report.page import ROWS_IN_A_PIPE, ROWS_ON_A_TERMINAL, Page  # noqa: PLC0415 - the same

    signs = signs_for(sys.stdout.encoding if sys.stdout else None)
    if output_format == "plain":
        return Page(number=full, signs=signs, most_rows=most_rows or ROWS_IN_A_PIPE)
    from shutil import get_terminal_size  # noqa: PLC0415 - a pipe has no width

    return Page(
        width=get_terminal_size((100, 24)).columns, number=short, signs=signs, most_rows=most_rows or ROWS_ON_A_TERMINAL
    )


def write_lines(lines: Iterable[Line], output_format: str) -> None:
    """Write a report to standard output, in colour if that is a terminal."""
    write(lines_text(lines, output_format))


def lines_text(lines: Iterable[Line], output_format: str) -> str:
    """A report as standard output takes it: in colour if that is a terminal."""
    if output_format == "table" and is_terminal():
        from bpcli.report.tables import coloured_text  # noqa: PLC0415 - Rich is loaded for a terminal only

        return coloured_text(lines)
    from bpcli.report.plain import plain_text  # noqa: PLC0415 - JSON needs no lines

    return plain_text(lines)


def write_json(document: Mapping[str, object]) -> None:
    """Write a document to standard output on a line of its own."""
    write(document_text(document))


def document_text(document: Mapping[str, object]) -> str:
    """A document on a line of its own; in ASCII alone where standard output is not UTF-8."""
    from bpcli.report.documents import json_text  # noqa: PLC0415 - only JSON needs it

    is_utf8 = ((sys.stdout.encoding if sys.stdout else None) or "utf-8").lower().replace("-", "") in ("utf8", "utf8sig")
    return json_text(document, ascii_only=not is_utf8) + "\n"


def told(error: BpcliError, *, as_json: bool, schema: str) -> tuple[str, str]:
    """What an error puts on standard output, and on standard error."""
    if as_json:
        from bpcli.report.documents import error_document  # noqa: PLC0415 - only an error needs it

        return document_text(error_document(error, schema=schema)), ""
    from bpcli.report.plain import error_text  # noqa: PLC0415 - the same

    return "", error_text(error)


def write(text: str) -> None:
    """Write text to standard output; a character that its encoding lacks is written as an escape.

    Raises OSError where that cannot be written.
    """
    if sys.stdout is None:
        raise OSError(errno.EBADF, "closed")
    _write_to(sys.stdout, text)


def write_raw(content: bytes) -> None:
    """Write what is no text to standard output. Raises OSError where that cannot be written."""
    if sys.stdout is None:
        raise OSError(errno.EBADF, "closed")
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


def say(text: str) -> None:
    """Write text to standard error, in the same way, if there is one: what is beside a result must not spoil it."""
    try:
        if sys.stderr is not None:
            _write_to(sys.stderr, text)
    except OSError:
        drop_output(sys.stderr)


def drop_output(*streams: TextIO | None) -> None:
    """Let what a stream still holds go nowhere: Python flushes it once more at exit."""
    for stream in streams:
        with suppress(OSError, ValueError):
            if stream is not None:
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _write_to(stream: TextIO, text: str) -> None:
    encoding = stream.encoding or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        text = text.replace("…", "...").encode(encoding, "backslashreplace").decode(encoding)
    # In pieces: an unbuffered stream reports a closed pipe only with the write after it.
    stream.writelines(text[start : start + PIECE] for start in range(0, len(text), PIECE))
    stream.flush()


def say_unused(graph: Graph) -> None:
    """Say on standard error which statements the output does not need."""
    from bpcli.graph.order import unused_nodes  # noqa: PLC0415 - `--version` has no graph

    unused = unused_nodes(graph)
    if unused:
        from bpcli.graph.notation import render  # noqa: PLC0415 - most statements are used
        from bpcli.report.plain import note_text  # noqa: PLC0415 - the same

        shown = ", ".join([node.name or render(node, limit=40) for node in unused[:5]])
        say(note_text(f"the output does not use {shown}"))


def say_drawn(graph: Graph) -> None:
    """Say on standard error what of a network has been drawn, and from which seed."""
    say(drawn_note(graph))


def drawn_note(graph: Graph) -> str:
    """The same as a text; nothing where nothing has been drawn."""
    return "" if graph.network is None else network_note(graph.network)


def network_note(network: Network) -> str:
    """The same of the network itself."""
    if not network.decided_by_chance:
        return ""
    from bpcli.report.drawn import drawn_words  # noqa: PLC0415 - most graphs have no layers
    from bpcli.report.plain import note_text  # noqa: PLC0415 - the same

    return note_text(drawn_words(network))


def say_warnings(result: Gradients | Jacobian | Hessian) -> None:
    """Say on standard error what must be known about a result."""
    if result.warnings:
        from bpcli.report.plain import notice_text  # noqa: PLC0415 - most results have no warning

        say("".join([notice_text(notice.message, result.graph.text, notice.span) for notice in result.warnings]))
