"""Plain text: lines without colour, every digit, nothing cut; errors and notices with their place marked."""

from collections.abc import Iterable

from bpcli.errors import BpcliError, Span
from bpcli.report.layout import Line, text_of

WINDOW = 76  # characters of the user's text shown around a place


def plain_text(lines: Iterable[Line]) -> str:
    """The lines as text, each ended by a newline."""
    return "".join([f"{text_of(line)}\n" for line in lines])


def error_text(error: BpcliError) -> str:
    """What, where, and what now."""
    hint = f"hint: {one_line(error.hint)}\n" if error.hint else ""
    return f"error: {one_line(error.message)}\n{marked(error.text or '', error.spans)}{hint}"


def notice_text(message: str, text: str, span: Span | None) -> str:
    """A warning with its place in the expression."""
    return f"warning: {one_line(message)}\n{marked(text, (span,) if span else ())}"


def note_text(message: str) -> str:
    """Something that is good to know."""
    return f"note: {one_line(message)}\n"


def one_line(message: str) -> str:
    """A message in which no character moves the cursor or changes the terminal."""
    if message.isprintable():
        return message
    return "".join([sign if sign.isprintable() else f"\\u{ord(sign):04x}" for sign in message])


def marked(text: str, spans: tuple[Span, ...]) -> str:
    """The lines in which the spans begin, with carets under them; of a long line what is around its first place."""
    written = []
    for start, end in _lines_with(text, spans):
        here = [span for span in spans if start <= span.start <= end]
        first = max(start, min(span.start for span in here) - WINDOW // 2) if end - start > WINDOW else start
        last = min(end, first + WINDOW)
        lead, tail = "…" if first > start else "", "…" if last < end else ""
        shown = lead + "".join([sign if sign.isprintable() else "�" for sign in text[first:last]]) + tail
        carets = [" "] * (len(shown) + 1)
        for span in here:
            for place in range(max(span.start, first), max(min(span.end, last), span.start + 1)):
                if place - first + len(lead) < len(carets):
                    carets[place - first + len(lead)] = "^"
        written.append(f"  {shown}\n  {_widened(shown, carets).rstrip()}\n")
    return "".join(written)


def _lines_with(text: str, spans: tuple[Span, ...]) -> list[tuple[int, int]]:
    places = []
    for span in spans:
        start = text.rfind("\n", 0, span.start) + 1
        end = text.find("\n", span.start)
        place = (start, end if end >= 0 else len(text))
        if place not in places:
            places.append(place)
    return places if text.strip(" \t\r\n") else []


def _widened(shown: str, carets: list[str]) -> str:
    """The carets under characters that may take two columns, or none."""
    if shown.isascii():
        return "".join(carets)
    from unicodedata import combining, east_asian_width  # noqa: PLC0415 - only wide text needs it

    widths = [0 if combining(sign) else 2 if east_asian_width(sign) in "WF" else 1 for sign in shown] + [1]
    wide = [caret * max(width, caret == "^") for caret, width in zip(carets, widths, strict=True)]
    return "".join(wide)
