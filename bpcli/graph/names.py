"""Names that are free."""

from collections.abc import Iterable


class FreeNames:
    """Hands out names that are not in use, in linear time however often one is asked for."""

    def __init__(self, used: Iterable[str]) -> None:
        self._used = set(used)
        self._last: dict[str, int] = {}

    def __contains__(self, name: str) -> bool:
        return name not in self._used

    def take(self, name: str) -> str:
        """The name itself, or the first of `name_2`, `name_3`, … that is free; it is in use from now on."""
        chosen = name
        while chosen in self._used:
            number = self._last[name] = self._last.get(name, 1) + 1
            chosen = f"{name}_{number}"
        self._used.add(chosen)
        return chosen
