"""Mini-batches: the order of the samples in each epoch, which a seed decides, and the samples of one batch."""

from collections.abc import Iterator, Mapping
from typing import Any

from bpcli.numbers.drawing import permutation

Values = Mapping[str, Any]  # arrays by variable; samples stand along the first axis
CHUNK = 1024  # samples that go forward at once where nothing is learned


def count_of(data: Values) -> int:
    """How many samples there are."""
    return next((len(value) for value in data.values()), 0)


def order_of(count: int, seed: int, epoch: int) -> Any:
    """The order of the samples in an epoch, from 0 on; it depends on nothing else."""
    return permutation(count, seed, "shuffle", epoch)


def taken(data: Values, places: Any) -> dict[str, Any]:
    """The samples at these places."""
    return {name: value[places] for name, value in data.items()}


def parts(count: int, size: int) -> Iterator[slice]:
    """Whole numbers below `count` in runs of `size`; the last may be shorter."""
    return (slice(start, min(start + size, count)) for start in range(0, count, size))
