"""Numbers about samples that belong to classes: what a model gives the class of each, and how often each is mistaken."""

from typing import Any

import numpy as np


def of_each(table: Any, classes: Any) -> Any:
    """The entry of each row, (samples,), that stands at the number of its class; `table` is (samples, classes)."""
    return table[np.arange(len(table)), classes]


def confusion(truth: Any, predicted: Any, count: int) -> Any:
    """How many samples of each class, along the rows, were taken for each, along the columns: int64 (count, count)."""
    return np.bincount(truth * count + predicted, minlength=count * count).reshape(count, count)
