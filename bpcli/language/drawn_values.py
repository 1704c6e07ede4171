"""Values of variables that are typed as what they are drawn from: `--x "normal(64, 32)" --t "integers(0,3,64)"`."""

from collections.abc import Mapping
from typing import Any

from bpcli.language.functions import function_called
from bpcli.language.generators import CALL, inputs_from, is_generator, looks_called, unknown_generator
from bpcli.language.limits import DEFAULT_LIMITS, Limits


def with_drawn(at: Mapping[str, Any], seed: int = 0, limits: Limits = DEFAULT_LIMITS) -> dict[str, Any]:
    """The values with an array, or a number, in place of each text of a generator; the others as they are.

    Each is drawn from the seed and its variable's name alone. An axis with a name, `normal(N, 3)`, has the same length
    wherever it is named, another than every other axis. Raises ParseError for a generator that is wrong, BindingError
    for bounds that are not in order, LimitError before memory is taken.
    """
    for value in at.values():
        if isinstance(value, str) and looks_called(value) and not is_generator(value):
            _require_function(value)
    return dict(at) | inputs_from({name: value for name, value in at.items() if is_generator(value)}, seed, 0, limits)


def _require_function(text: str) -> None:
    """Raise ParseError for a text such as `norml(2,3)`, which is no number either, as `sqrt(2)` is."""
    found = CALL.match(text)
    if found and function_called(found[1]) is None:
        raise unknown_generator(text)
