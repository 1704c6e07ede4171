"""Where results go: the form that standard output takes, and what is said beside it on standard error."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bpcli.backprop.gradients import Gradients
    from bpcli.report.layout import Line
    from bpcli.report.page import Page


PIECE = 1 << 16


class ClosedPipeError(Exception):
    """The reader of an output went away; a name of its own, since Click answers a BrokenPipeError itself."""


def chosen_format(output_format: str | None, *, json: bool) -> str:
    """The form that was asked for; else a table on a terminal and plain text elsewhere."""
    return "json" if json else output_format or ("table" if sys.stdout.isatty() else "plain")


def page_for(output_format: str, most_rows: int) -> Page:
    """How a report is set for standard output: within the terminal and short, or in full."""
    from shutil import get_terminal_size  # noqa: PLC0415 - JSON needs no page

    from bpcli.report.figures import full, short, signs_for  # noqa: PLC0415 - the same
    from bpcli.report.page import Page  # noqa: PLC0415 - the same

    signs = signs_for(sys.stdout.encoding)
    if output_format == "plain":
        return Page(number=full, signs=signs, most_rows=most_rows)
    width = get_terminal_size((100, 24)).columns
    return Page(width=width, number=short, signs=signs, most_rows=most_rows)


def write_lines(lines: Iterable[Line], output_format: str) -> None:
    """Write a report to standard output, in colour if that is a terminal."""
    if output_format == "table" and sys.stdout.isatty():
        from bpcli.report.tables import print_lines  # noqa: PLC0415 - Rich is loaded for a terminal only

        print_lines(lines, colour="NO_COLOR" not in os.environ)
    else:
        from bpcli.report.plain import plain_text  # noqa: PLC0415 - JSON needs no lines

        write(plain_text(lines))


def write(text: str) -> None:
    """Write text to standard output; a character that its encoding lacks is written as an escape."""
    _write_to(sys.stdout, text)


def say(text: str) -> None:
    """Write text to standard error, in the same way."""
    _write_to(sys.stderr, text)


def _write_to(stream: TextIO, text: str) -> None:
    encoding = stream.encoding or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        text = text.replace("…", "...").encode(encoding, "backslashreplace").decode(encoding)
    try:
        # In pieces: an unbuffered stream reports a closed pipe only with the write after it.
        stream.writelines(text[start : start + PIECE] for start in range(0, len(text), PIECE))
        stream.flush()
    except BrokenPipeError as error:
        raise ClosedPipeError from error


def say_warnings(result: Gradients) -> None:
    """Say on standard error what must be known about a result."""
    from bpcli.report.plain import notice_text  # noqa: PLC0415 - most results have no warning

    for notice in result.warnings:
        say(notice_text(notice.message, result.graph.text, notice.span))
