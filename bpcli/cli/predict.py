"""`bpcli predict`: to come."""

import click

from bpcli.errors import UsageError


@click.command("predict", short_help="To come.")
def command() -> int:
    """Say that it is to come."""
    message = "'bpcli predict' is to come"
    raise UsageError(message)
