"""What tests of checks share: questions and requests, the answers to them, findings, and numbers that are wrong."""

import json
from typing import Any

from command import SLOW, call

from bpcli.check.findings import Finding
from bpcli.check.results import Check

# Arguments of `bpcli check`.
PRODUCT = ("x*y*z", "--x=6", "--y=-2", "--z=-3")
CHAIN = ("A = x*y; F = A*z", "--x=6", "--y=-2", "--z=-3")
LOST_SIGN = (*CHAIN, "--claim", "x=6", "--claim", "y=18", "--claim", "z=-12")
STEPS = (*CHAIN, "--claim=value(A)=-12", "--claim=A=3", "--claim=x=-6", "--claim=y=18", "--claim=z=-12")
CORNER = ("relu(x)", "--x=0")
OPEN = ("relu(sqrt(x)**2 - 2)", "--x=2")  # √2² - 2 is noise at every number of digits: no side of the kink is known
POLE = ("1/x", "--x=0")
ROUND_OFF = ("(x**2 - 1)/(x - 1)", "--x=1.0000001")
HALF_ANGLE = ("sin(x)**2", "--x=0.3")

# Lines for `bpcli check --requests`.
WRONG = '{"id": 3, "expression": "x*y", "at": {"x": 2, "y": 3}, "claim": {"x": 3, "y": -2}}'
BROKEN = '{"id": 6, "expression": "x*", "at": {}}'
LATE = json.dumps({"id": "slow", "expression": SLOW, "at": {"x": 0.3}})

FACTORS = (1 + 1e-6, 1 - 1e-4, -1.0, 0.0)  # the first is the smallest error that the issue asks to be seen
WRONG_ZEROS = (1e-12, -1e-6, 1.0)  # claims where 0 is right: no factor makes a 0 wrong


def document(*arguments: str, stdin: str = "", code: int = 0) -> dict[str, Any]:
    """The JSON answer of `bpcli check`, which ends with that code and says nothing else."""
    done = call("check", "--json", *arguments, stdin=stdin)
    assert (done.code, done.err) == (code, ""), done
    answer: dict[str, Any] = json.loads(done.out)
    return answer


def verdicts(*arguments: str, stdin: str = "", code: int = 0) -> dict[str, str]:
    """The verdict of each claim, or of each gradient."""
    claims = document(*arguments, stdin=stdin, code=code)["claims"]
    return {name: entry["verdict"] for name, entry in claims.items()}


def only(found: Check) -> Finding:
    """The one finding that there is."""
    (finding,) = found.findings
    return finding


def wrong_numbers(truth: float) -> list[float]:
    """Numbers that are not the truth, the nearest first."""
    return [truth * factor for factor in FACTORS] if truth else list(WRONG_ZEROS)
