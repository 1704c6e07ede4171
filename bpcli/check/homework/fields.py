"""A table of a homework file, read strictly: whatever nothing reads, or has another type, is an error that names it."""

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any, NoReturn

from bpcli.errors import UsageError
from bpcli.language.complaints import named, suggestion

KINDS = {"dict": "a table", "list": "a list", "str": "a text", "bool": "true or false", "NoneType": "null"}


def refusal(where: str, what: str, hint: str | None = None) -> UsageError:
    """What is wrong with a homework file, and where."""
    return UsageError(f"{where}: {what}", hint=hint)


class Fields:
    """The values of a table by their keys; `where` begins every message. Raises UsageError for an unknown key."""

    def __init__(self, values: Mapping[str, Any], where: str, known: Sequence[str]) -> None:
        self._values = values
        self._where = where
        for key in values:
            if key not in known:
                self.refuse(
                    f"nothing reads {named(str(key))}", suggestion(str(key), list(known), f"it has {', '.join(known)}")
                )

    def refuse(self, what: str, hint: str | None = None) -> NoReturn:
        """Raise UsageError."""
        raise refusal(self._where, what, hint)

    def __contains__(self, key: str) -> bool:
        return self._values.get(key) is not None

    def get(self, key: str) -> Any:
        """The value as it is; None where there is none."""
        return self._values.get(key)

    def text(self, key: str, default: str | None = None) -> str:
        """A text; one without a default must be there, and say something."""
        value = self._values.get(key, default)
        if value is None:
            self.refuse(f"'{key}' is missing", f'write it as {key} = "…"')
        if not isinstance(value, str):
            self._mistyped(key, value, "a text", f'write it in quotes: {key} = "…"')
        if default is None and not value.strip():
            self.refuse(f"'{key}' is empty")
        return str(value)

    def number(self, key: str, default: float | None, least: float | None = None) -> float | None:
        """A finite number, of `least` or more."""
        value = self._values.get(key, default)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            self._mistyped(key, value, "a number")
        try:
            number = float(value)
        except OverflowError:
            number = float("inf")
        if not isfinite(number) or (least is not None and number < least):
            least_text = "" if least is None else f" from {least:g}"
            self.refuse(f"'{key}' must be a finite number{least_text}, not {value}"[:120])
        return number

    def positive(self, key: str, default: float | None) -> float | None:
        """A finite number above 0."""
        number = self.number(key, default)
        if number is not None and number <= 0:
            self.refuse(f"'{key}' must be above 0, not {number:g}")
        return number

    def whole(self, key: str, default: int | None, least: int, most: int) -> int | None:
        """A whole number from `least` to `most`."""
        value = self._values.get(key, default)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int):
            self._mistyped(key, value, "a whole number")
        if not least <= value <= most:
            self.refuse(f"'{key}' must be a whole number from {least} to {most}")
        return int(value)

    def flag(self, key: str, *, default: bool) -> bool:
        """True or false."""
        value = self._values.get(key, default)
        if not isinstance(value, bool):
            self._mistyped(key, value, "true or false")
        return bool(value)

    def listed(self, key: str, hint: str) -> list[Any]:
        """A list with something in it."""
        value = self._values.get(key)
        if value is None:
            self.refuse(f"'{key}' is missing", hint)
        if not isinstance(value, list):
            self._mistyped(key, value, "a list", hint)
        if not value:
            self.refuse(f"'{key}' is empty", hint)
        return value

    def _mistyped(self, key: str, value: object, wanted: str, hint: str | None = None) -> NoReturn:
        kind = KINDS.get(type(value).__name__, f"{value!s:.40}")
        self.refuse(f"'{key}' must be {wanted}, not {kind}", hint)
