"""Names that are free."""

from itertools import count


def unused(name: str, used: set[str]) -> str:
    """The name itself, or the first of `name_2`, `name_3`, … that is not in use; it is in use from now on."""
    chosen = next(label for number in count(1) if (label := name if number == 1 else f"{name}_{number}") not in used)
    used.add(chosen)
    return chosen
