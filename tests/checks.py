"""What tests of checks share: findings, and numbers that are wrong."""

from bpcli.check.checking import Check
from bpcli.check.findings import Finding

FACTORS = (1 + 1e-6, 1 - 1e-4, -1.0, 0.0)  # the first is the smallest error that the issue asks to be seen
WRONG_ZEROS = (1e-12, -1e-6, 1.0)  # claims where 0 is right: no factor makes a 0 wrong


def only(found: Check) -> Finding:
    """The one finding that there is."""
    (finding,) = found.findings
    return finding


def wrong_numbers(truth: float) -> list[float]:
    """Numbers that are not the truth, the nearest first."""
    return [truth * factor for factor in FACTORS] if truth else list(WRONG_ZEROS)
