"""`bpcli schema`: the JSON Schema of a command's documents."""

import click

from bpcli.cli.output import write
from bpcli.report.documents import schema_names, schema_text


@click.command("schema", short_help="Print the JSON Schema of a command's output.")
@click.argument("name", metavar="COMMAND", shell_complete=lambda *_: schema_names())
def command(name: str) -> int:
    """Print the JSON Schema (2020-12) of what COMMAND prints with --json, such as: bpcli schema grad.

    homework-file is the schema of the homework files that bpcli check reads; homework and grades are of its answers.
    """
    write(schema_text(name))
    return 0
