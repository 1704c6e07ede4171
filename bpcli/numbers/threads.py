"""How many threads NumPy's BLAS takes, for a while.

OpenBLAS hands each of the thousands of short products within a decomposition, or a chain of small matrices, to threads
that wait for each other in a loop. They gain nothing there, and where another program has the core of one of them, all
stand still until it is their turn. Source: OpenBLAS, "How can I use OpenBLAS in multi-threaded applications?", FAQ.
"""

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import NamedTuple

import numpy as np

PREFIX, SUFFIX = "scipy_openblas_", "_num_threads64_"  # of the OpenBLAS in NumPy's wheels


class Threads(NamedTuple):
    """What tells how many threads there are, and what sets it."""

    get: Callable[[], int]
    set: Callable[[int], None]


@contextmanager
def one_thread() -> Iterator[None]:
    """BLAS computes in the thread that asks; the threads it had are given back. Nothing changes for a BLAS unknown."""
    threads = threads_of_blas()
    before = threads.get() if threads else 1
    if threads is None or before == 1:
        yield
        return
    threads.set(1)
    try:
        yield
    finally:
        threads.set(before)


@cache
def threads_of_blas() -> Threads | None:
    """The functions of OpenBLAS that tell and set the number; found through a module of NumPy that is linked to it."""
    try:
        library = ctypes.CDLL(np.linalg._umath_linalg.__file__)  # noqa: SLF001 - no other knows
        return Threads(library[f"{PREFIX}get{SUFFIX}"], library[f"{PREFIX}set{SUFFIX}"])
    except (AttributeError, OSError):
        return None
