"""`bpcli ops`: every function with its derivative rule, domain and kinks."""

import click

from bpcli.cli.output import chosen_format, page_for, write, write_lines
from bpcli.report.catalogue import catalogue, ops_document
from bpcli.report.documents import json_text


@click.command("ops", short_help="List the functions with their derivative rules.")
@click.argument("name", metavar="[NAME]", required=False)
@click.option("--json", "-j", "as_json", is_flag=True, help="Print JSON.")
def command(name: str | None, *, as_json: bool) -> int:
    """List every function with its derivative rule as the code has it, its domain and its kinks; or show NAME alone."""
    output_format = chosen_format(None, json=as_json)
    if as_json:
        write(json_text(ops_document(name)) + "\n")
    else:
        page = page_for(output_format, 1)
        write_lines(catalogue(name, page), output_format)
    return 0
