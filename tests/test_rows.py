"""Rows along one axis, taken and put back by runs: the same as NumPy's own indexing, entry by entry."""

from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from bpcli.graph.keys import Slice, indices_of
from bpcli.numbers.rows import rows_of
from bpcli.numbers.structure import getitem, scatter

SHAPE = (3, 4, 5)
KEYS: list[tuple[Any, ...]] = [
    ((0, 0, 1, 2, 2),),
    ((2, -1, 0, -3), Slice()),
    (Slice(), (3, 1, 1)),
    (Slice(), (0, 2), Slice()),
    (..., (0, 1, 2, 3, 4, 4)),
    (..., (3, 3, 2, 2), Slice()),
    ((1, 0), ...),
    (..., (1,) * 20),
    (..., ()),
]


@pytest.mark.parametrize("key", KEYS, ids=str)
@pytest.mark.parametrize("batch", [(), (2,), (1,)])
@pytest.mark.parametrize("kind", [float, object])
def test_rows_are_taken_and_put_back(key: tuple[Any, ...], batch: tuple[int, ...], kind: type) -> None:
    """Batch axes stay in front; rows that stand twice are added up."""
    m = SimpleNamespace(batch=len(batch), shape=lambda x: np.shape(x)[len(batch) :])
    x = np.arange(60.0 * (batch or (1,))[0]).reshape(*batch, *SHAPE)
    index = (*(slice(None),) * len(batch), *indices_of(key))
    back = np.zeros_like(x)
    np.add.at(back, index, x[index])
    x = np.vectorize(Fraction, otypes=[object])(x) if kind is object else x

    assert rows_of(key, SHAPE)
    assert (getitem(m, x, key) == x[index]).all()
    assert (scatter(m, x[index], key, SHAPE) == back).all()


@pytest.mark.parametrize(
    "key", [(0, (1, 2)), ((0, 1), (1, 2)), (Slice(1), (0, 1)), (None, (0,)), (((0, 1), (1, 0)),)], ids=str
)
def test_other_keys_are_no_rows(key: tuple[Any, ...]) -> None:
    """A key that chooses along other axes too, or adds one."""
    assert rows_of(key, SHAPE) is None
