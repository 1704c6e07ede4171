"""`bpcli flow`: to come."""

import click

from bpcli.errors import UsageError


@click.command("flow", short_help="To come.")
def command() -> int:
    """Say that it is to come."""
    message = "'bpcli flow' is to come"
    raise UsageError(message)
