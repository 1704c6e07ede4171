"""How large an input may be. Each limit is checked before the memory is taken, and each can be set."""

from typing import NamedTuple


class Limits(NamedTuple):
    """The most that is read: characters, operators, pending operators and open brackets, digits, entries of arrays.

    The defaults let a million operators and a nesting of 100,000 through; they take at most about a gigabyte.
    `entries` is the most numbers of an array, and of all arrays of a file together: 400 MB as float64.
    """

    characters: int = 50_000_000
    operators: int = 2_000_000
    nesting: int = 500_000
    literal_digits: int = 1_000
    entries: int = 50_000_000

    @property
    def bytes(self) -> int:
        """The most bytes of a file or a line: as many as UTF-8 may take for the characters."""
        return 4 * self.characters


DEFAULT_LIMITS = Limits()
