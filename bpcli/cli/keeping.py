"""What a training writes while it runs: its checkpoint, and its history."""

from __future__ import annotations

from contextlib import ExitStack
from time import monotonic
from typing import TYPE_CHECKING, Any, Self

from bpcli import __version__
from bpcli.report.files import appending, write_whole
from bpcli.report.training.documents import history_lines
from bpcli.train.checkpoints import checkpoint_content
from bpcli.train.resuming import document_of, tensors_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from bpcli.train.runs import Run

SHARE = 10  # of the time, one part at most goes into the checkpoints of epochs


class Keeping:
    """The files of a run. Each checkpoint takes the place of the one before, at once or not at all."""

    def __init__(self, run: Run, options: dict[str, Any], kept: dict[str, Any]) -> None:
        self._run = run
        self._kept = kept
        self._checkpoint: str | None = options["save_checkpoint"]
        self._every: int | None = options["checkpoint_every"]
        self._history: str | None = options["history_file"]
        self._add: Callable[[bytes], None] | None = None
        self._files = ExitStack()
        self._saved_at, self._took = monotonic(), 0.0

    def __enter__(self) -> Self:
        """Begin both files, so that what cannot be written is told now; a history with what the checkpoint tells."""
        if self._history is not None:
            lines = history_lines(self._run.state.history)
            self._add = self._files.enter_context(appending(self._history, lines))
        self.save()
        return self

    def __exit__(self, *_: object) -> None:
        """Close the history."""
        self._files.close()

    def step_done(self, step: int) -> None:
        """Save every so many steps, if that is asked for."""
        if self._every is not None and step % self._every == 0:
            self.save()

    def epoch_done(self) -> None:
        """Add a line to the history, and save; where epochs are short, not each of them."""
        if self._add is not None:
            self._add(history_lines(self._run.state.history[-1:]))
        if monotonic() - self._saved_at >= SHARE * self._took:
            self.save()

    def save(self) -> None:
        """Write the checkpoint, if one is asked for."""
        if self._checkpoint is None:
            return
        began = monotonic()
        content = checkpoint_content(
            document_of(self._run, self._kept, __version__), tensors_of(self._run), self._checkpoint
        )
        write_whole(self._checkpoint, content)
        self._saved_at = monotonic()
        self._took = self._saved_at - began
