"""CSV: one row a variable, for a spreadsheet."""

import csv
from io import StringIO

from bpcli.backprop.gradients import Gradients
from bpcli.report.figures import full


def csv_text(result: Gradients) -> str:
    """`name,value,gradient`, a row a wanted variable, after a row for the output itself, whose gradient is 1."""
    written = StringIO()
    writer = csv.writer(written, lineterminator="\n")
    labels = result.labels()
    writer.writerow(("name", "value", "gradient"))
    writer.writerow((labels.get(result.graph.output, "f"), full(result.value), "1"))
    for name, gradient in result.gradients.items():
        writer.writerow((name, full(result.at[name]), full(gradient)))
    return written.getvalue()
