"""The line that a training shows while it runs."""

from typing import NamedTuple

from bpcli.report.figures import ASCII, Signs, short

BAR = 20  # characters


class Progress(NamedTuple):
    """How far a training is: epochs and batches of the next one that are done, and figures of the last step."""

    epoch: int
    epochs: int
    batch: int
    batches: int
    rate: float
    loss: float
    gradient_norm: float


def progress_line(progress: Progress, width: int, signs: Signs) -> str:
    """One line of at most so many characters; figures go where there is no room for them, the last first."""
    done = progress.epoch + progress.batch / max(progress.batches, 1)
    filled = int(BAR * done / max(progress.epochs, 1))
    full, empty = ("#", ".") if signs == ASCII else ("█", "░")
    parts = [
        f"epoch {min(progress.epoch + 1, progress.epochs)}/{progress.epochs}",
        full * filled + empty * (BAR - filled),
        f"batch {progress.batch}/{progress.batches}",
        f"rate {short(progress.rate)}",
        f"loss {short(progress.loss)}",
        f"{signs.norm}gradient{signs.norm} {short(progress.gradient_norm)}",
    ]
    while len(parts) > 1 and len("  ".join(parts)) >= width:
        parts.pop(1 if parts[1].startswith((full, empty)) else -1)
    return "  ".join(parts)[: max(width - 1, 0)]
