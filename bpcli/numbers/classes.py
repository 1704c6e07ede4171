"""Samples that belong to classes: what a table holds for the class of each, and how often one is taken for another."""

from typing import Any

import numpy as np


def of_each(table: Any, classes: Any) -> Any:
    """The entry of each row, (samples,), that stands at the number of its class; `table` is (samples, classes)."""
    return table[np.arange(len(table)), classes]


def counted(classes: Any, count: int) -> Any:
    """How many samples each class has, int64 (count,)."""
    return np.bincount(classes, minlength=count)


def confusion(truth: Any, predicted: Any, count: int) -> Any:
    """How many samples of each class, along the rows, were taken for each, along the columns: int64 (count, count)."""
    return counted(truth * count + predicted, count * count).reshape(count, count)
