"""How long it takes to look at the flow of gradients through a recurrent layer: whole processes of `bpcli flow`.

The layer has 128 units and 100 time steps, and a linear one behind it, with batches of 1, 8 and 64 samples, float64.
Each step has its singular values and the product of all steps behind it; of a larger batch as many samples as the bound
of work allows.
"""

import argparse
from functools import partial

from measure import MEBIBYTE, bpcli, interleaved, middle, say_table, to_nowhere

STEPS, UNITS = 100, 128
BATCHES = (1, 8, 64)
TARGET = 3.0  # seconds


def command(steps: int, units: int, batch: int) -> list[str]:
    """The command for a batch, whose values are drawn."""
    text = f"x -> RNN({units}) -> Linear(1) -> MSELoss(t)"
    return bpcli("flow", text, "--x", f"normal({steps}, {batch}, {units})", "--t", f"normal({steps}, {batch}, 1)")


def main() -> None:
    """Run and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="runs of each batch (5)")
    parser.add_argument("--steps", type=int, default=STEPS, help=f"time steps ({STEPS})")
    parser.add_argument("--units", type=int, default=UNITS, help=f"units ({UNITS})")
    options = parser.parse_args()
    commands = {f"{batch}": partial(to_nowhere, command(options.steps, options.units, batch)) for batch in BATCHES}
    rows = [
        (
            name,
            f"{middle(own, lambda run: run.wall):.2f}",
            f"{middle(own, lambda run: run.cpu):.2f}",
            f"{middle(own, lambda run: run.peak) / MEBIBYTE:.0f}",
            f"{TARGET:.1f}",
        )
        for name, own in interleaved(commands, options.rounds).items()
    ]
    say_table(("batch", "wall s", "cpu s", "peak MiB", "target s"), rows)


if __name__ == "__main__":
    main()
