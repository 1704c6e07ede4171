"""The options of a run that goes on from a checkpoint: those that it began with, and none that contradict them."""

from collections.abc import Collection
from contextlib import suppress
from typing import Any

import click
from click.core import ParameterSource

from bpcli.errors import UsageError
from bpcli.language.complaints import shortened


def typed_options(options: dict[str, Any], kept: Collection[str]) -> dict[str, Any]:
    """The values of these options as text, as JSON keeps them."""
    return {name: _typed(options[name]) for name in sorted(kept)}


def _typed(value: Any) -> Any:
    if isinstance(value, tuple):
        return [str(one) for one in value]
    return None if value is None else str(value)


MAY_CHANGE = "epochs_count"  # a run may go on for longer than it was meant to


def options_of_run(
    ctx: click.Context, options: dict[str, Any], stored: dict[str, Any], kept: Collection[str], source: str
) -> dict[str, Any]:
    """The options with those that a checkpoint keeps in place of those that are not given.

    Raises UsageError where one that is given contradicts it, or where the checkpoint has a value that no option takes.
    """
    found = dict(options)
    for parameter in ctx.command.params:
        name = parameter.name or ""
        if name not in kept or name not in stored or not isinstance(parameter, click.Option):
            continue
        value = _value_of(ctx, parameter, stored[name], source)
        is_given = ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE
        if is_given and name == MAY_CHANGE:
            continue
        if is_given and not _is_same(options[name], value):
            option = parameter.opts[0]
            had = "without it" if value is None or value == () else f"with {_shown(value)}"
            message = f"{option} {_shown(options[name])} contradicts {source}, whose run began {had}"
            raise UsageError(message, hint=f"leave out {option}, or leave out --resume-from to begin anew")
        found[name] = value
    return found


def _value_of(ctx: click.Context, option: click.Option, stored: Any, source: str) -> Any:
    is_missing = stored is None and isinstance(option.get_default(ctx), str | int | float)
    if isinstance(stored, list) is option.multiple and not is_missing:
        with suppress(click.UsageError, UsageError, TypeError, ValueError):
            return option.type_cast_value(ctx, stored)
    message = f"cannot use {source} as a checkpoint: {option.opts[0]} cannot be {shortened(str(stored))}"
    raise UsageError(message, hint="name a file that 'bpcli train --save-checkpoint' wrote")


def _shown(value: Any) -> str:
    return shortened(" ".join(map(str, value)) if isinstance(value, tuple) else str(value))


def _is_same(given: Any, stored: Any) -> bool:
    """Whether two values of an option are the same, 0.050 and 0.05 too."""
    if given == stored:
        return True
    try:
        return float(given) == float(stored)
    except (TypeError, ValueError):
        return False
