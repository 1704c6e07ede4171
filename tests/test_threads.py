"""How many threads BLAS takes while the flow is looked at."""

import subprocess
import sys

import numpy as np
import pytest

from bpcli.numbers import threads

COUNTS = """
from bpcli.flow import questions
from bpcli.numbers.threads import threads_of_blas, one_thread
threads_of_blas().set(2)
found, look = [], questions.flow_of
def flow_of(result):
    found.append(threads_of_blas().get())
    return look(result)
questions.flow_of = flow_of
questions.flow_for(questions.Question("x -> RNN(2) -> Linear(1) -> MSELoss(t)", {"x": [[1.0]], "t": [[0.0]]}))
found.append(threads_of_blas().get())
try:
    with one_thread():
        found.append(threads_of_blas().get())
        raise KeyError
except KeyError:
    found.append(threads_of_blas().get())
print(found)
"""


@pytest.mark.skipif(threads.threads_of_blas() is None, reason="NumPy's BLAS is not the OpenBLAS of its wheels")
def test_the_flow_is_looked_at_by_one_thread_and_the_others_are_given_back() -> None:
    """In a process of its own, since a number of threads is that of the whole process."""
    run = subprocess.run([sys.executable, "-c", COUNTS], capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout == "[1, 2, 1, 2]\n"


def test_an_unknown_blas_keeps_its_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its functions are not found, and nothing is changed."""
    monkeypatch.setattr(threads, "PREFIX", "no_such_blas_")
    threads.threads_of_blas.cache_clear()
    try:
        with threads.one_thread():
            assert np.array_equal(np.ones((2, 2)) @ np.ones((2, 2)), np.full((2, 2), 2.0))
        assert threads.threads_of_blas() is None
    finally:
        threads.threads_of_blas.cache_clear()
