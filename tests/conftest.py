"""Hypothesis profiles: `ci`, the default, draws the same inputs on every run; `dev` draws new and more ones.

And the fixture of tests that start workers.
"""

import os

import pytest
from hypothesis import settings

import bpcli

settings.register_profile("ci", derandomize=True, deadline=None, max_examples=100)
settings.register_profile("dev", deadline=None, max_examples=500)
settings.load_profile("ci" if "CI" in os.environ else os.environ.get("HYPOTHESIS_PROFILE", "ci"))


@pytest.fixture(scope="session")
def oracles_loaded() -> None:
    """Load SymPy, and for the poles NumPy, once in this process, of which every worker is a copy."""
    bpcli.check_expression("1/x", {"x": 0})
    bpcli.check_expression("x*y", {"x": 2, "y": 3})
