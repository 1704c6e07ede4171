"""Where results go: the form that standard output takes, and what is said beside it on standard error."""

import os
import shutil
import sys
from collections.abc import Iterable

from bpcli.backprop.gradients import Gradients
from bpcli.report.figures import full, short, signs_for
from bpcli.report.layout import Line
from bpcli.report.page import Page
from bpcli.report.plain import notice_text, plain_text


def chosen_format(output_format: str | None, *, json: bool) -> str:
    """The form that was asked for; else a table on a terminal and plain text elsewhere."""
    return "json" if json else output_format or ("table" if sys.stdout.isatty() else "plain")


def page_for(output_format: str, most_rows: int) -> Page:
    """How a report is set for standard output: within the terminal and short, or in full."""
    signs = signs_for(sys.stdout.encoding)
    if output_format == "plain":
        return Page(number=full, signs=signs, most_rows=most_rows)
    width = shutil.get_terminal_size((100, 24)).columns
    return Page(width=width, number=short, signs=signs, most_rows=most_rows)


def write_lines(lines: Iterable[Line], output_format: str) -> None:
    """Write a report to standard output, in colour if that is a terminal."""
    if output_format == "table" and sys.stdout.isatty():
        from bpcli.report.tables import print_lines  # noqa: PLC0415 - Rich is loaded for a terminal only

        print_lines(lines, colour="NO_COLOR" not in os.environ)
    else:
        write(plain_text(lines))


def write(text: str) -> None:
    """Write text to standard output; a character that its encoding lacks is written as an escape."""
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
    sys.stdout.flush()


def say(text: str) -> None:
    """Write text to standard error, in the same way."""
    encoding = sys.stderr.encoding or "utf-8"
    sys.stderr.write(text.encode(encoding, "backslashreplace").decode(encoding))
    sys.stderr.flush()


def say_warnings(result: Gradients) -> None:
    """Say on standard error what must be known about a result."""
    for notice in result.warnings:
        say(notice_text(notice.message, result.graph.text, notice.span))
