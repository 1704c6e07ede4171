"""`bpcli train`: to come."""

import click

from bpcli.errors import UsageError


@click.command("train", short_help="To come.")
def command() -> int:
    """Say that it is to come."""
    message = "'bpcli train' is to come"
    raise UsageError(message)
