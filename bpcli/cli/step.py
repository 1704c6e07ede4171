"""`bpcli step`: to come."""

import click

from bpcli.errors import UsageError


@click.command("step", short_help="To come.")
def command() -> int:
    """Say that it is to come."""
    message = "'bpcli step' is to come"
    raise UsageError(message)
