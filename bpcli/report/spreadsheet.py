"""CSV: one row a variable, or an entry of one, for a spreadsheet."""

import csv
from collections.abc import Iterator
from io import StringIO
from itertools import product
from typing import Any

from bpcli.backprop.gradients import Gradients
from bpcli.graph.labels import entry_label
from bpcli.report.figures import full


def csv_text(result: Gradients) -> str:
    """`name,value,gradient`: the output, whose gradient is the seed, then each wanted variable, or entry of one."""
    written = StringIO()
    writer = csv.writer(written, lineterminator="\n")
    labels = result.labels()
    writer.writerow(("name", "value", "gradient"))
    writer.writerows(_rows(labels.get(result.graph.output, "f"), result.value, result.seed))
    for name, gradient in result.gradients.items():
        writer.writerows(_rows(name, result.at[name], gradient))
    return written.getvalue()


def _rows(name: str, value: Any, gradient: Any) -> Iterator[tuple[str, str, str]]:
    """A row for a number, or for each entry of an array: `W[0,1]`, its value, its gradient."""
    shape = getattr(value, "shape", ())
    for place in product(*map(range, shape)):
        entries = (value[place], gradient[place]) if shape else (value, gradient)
        value_text, gradient_text = [full(float(entry)) for entry in entries]
        yield entry_label(name, place), value_text, gradient_text
