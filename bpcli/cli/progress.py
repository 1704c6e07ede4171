"""The line on standard error that a training shows while it runs, where that is a terminal."""

import sys
from shutil import get_terminal_size
from time import monotonic

from bpcli.cli.output import say
from bpcli.report.figures import signs_for
from bpcli.report.training.progress import Progress, progress_line

BETWEEN = 0.1  # seconds from one line to the next
ERASED = "\r\x1b[K"


class ProgressLine:
    """The line, written anew in place of the one before; nothing where standard error is no terminal."""

    def __init__(self, *, is_wanted: bool) -> None:
        self._is_shown = is_wanted and sys.stderr is not None and sys.stderr.isatty()
        self._last = -BETWEEN
        self._is_there = False

    def show(self, progress: Progress) -> None:
        """Tell how far it is, if the last time is long enough ago."""
        now = monotonic()
        if not self._is_shown or now - self._last < BETWEEN:
            return
        self._last, self._is_there = now, True
        width = get_terminal_size((100, 24)).columns
        say(ERASED + progress_line(progress, width, signs_for(sys.stderr.encoding)))

    def erase(self) -> None:
        """Leave no line behind."""
        if self._is_there:
            say(ERASED)
            self._is_there = False
