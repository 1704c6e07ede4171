"""`python -m bpcli` is `bpcli`."""

import sys

from bpcli.cli.main import main

sys.exit(main())
