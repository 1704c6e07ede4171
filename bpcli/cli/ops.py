"""`bpcli ops`: every function with its derivative rule, domain and kinks."""

import click

from bpcli.cli.output import chosen_format, page_for, write_json, write_lines
from bpcli.language.functions import all_functions
from bpcli.report.catalogue import catalogue, ops_document

HELP = """List every function with its derivative rule as the code has it, its domain and its kinks, and every layer.

With NAME, show that one alone.

\b
Examples:
  bpcli ops
  bpcli ops tanh
  bpcli ops Linear
"""


def _names(_ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    return sorted(name for name in all_functions() if name.startswith(incomplete))


@click.command("ops", help=HELP, short_help="List the functions with their derivative rules.")
@click.argument("name", metavar="[NAME]", required=False, shell_complete=_names)
@click.option("--json", "-j", "as_json", is_flag=True, help="Print JSON.")
def command(name: str | None, *, as_json: bool) -> int:
    """Show functions."""
    output_format = chosen_format(None, json=as_json)
    if as_json:
        write_json(ops_document(name))
    else:
        page = page_for(output_format, 1)
        write_lines(catalogue(name, page), output_format)
    return 0
