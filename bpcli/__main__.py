"""The entry point: `bpcli`, and `python -m bpcli`."""

import gc
import sys


def main() -> int:
    """Load the command line and run it; an interrupt while it loads ends the same way as one while it runs."""
    # What a command loads and builds stays until it ends: looking for cycles every 700 objects only takes time.
    gc.set_threshold(100_000)
    try:
        from bpcli.cli.main import main as run  # noqa: PLC0415 - what takes time stands within the try

        return run()
    except KeyboardInterrupt:
        from bpcli.errors import INTERRUPTED_EXIT  # noqa: PLC0415 - the same

        return INTERRUPTED_EXIT


if __name__ == "__main__":
    sys.exit(main())
