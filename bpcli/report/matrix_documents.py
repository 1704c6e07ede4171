"""Matrices for programs: the JSON of `jacobian` and `hessian`, and their rows and columns as CSV."""

import csv
from io import StringIO

from bpcli.backprop.jacobian import Hessian, Jacobian
from bpcli.numbers.spectrum import ends_of_spectrum
from bpcli.report.documents import (
    NO_HEAD,
    Document,
    envelope,
    json_number,
    json_value,
    json_values,
    seed_entry,
    warning_entries,
)
from bpcli.report.figures import full
from bpcli.report.matrix import Matrix, output_name
from bpcli.report.structure import definiteness, structure_of

JACOBIAN_LAYOUT = "rows are outputs, columns are inputs: jacobian.x has the indices of the output, then those of x"
HESSIAN_LAYOUT = "rows and columns are inputs: hessian.x.y has the indices of x, then those of y"


def jacobian_document(result: Jacobian) -> Document:
    """The answer of `jacobian`."""
    return _beginning(result, "jacobian") | {
        "jacobian": json_values(result.blocks),
        "layout": JACOBIAN_LAYOUT,
        "structure": {name: structure_of(result.matrix([name])) for name in result.blocks},
        "warnings": warning_entries(result.warnings),
    }


def hessian_document(result: Hessian) -> Document:
    """The answer of `hessian`; eigenvalues of its symmetric part."""
    matrix = result.matrix()
    ends = ends_of_spectrum(matrix)
    return _beginning(result, "hessian") | {
        "gradients": json_values(result.gradients),
        "hessian": {name: json_values(row) for name, row in result.blocks.items()},
        "layout": HESSIAN_LAYOUT,
        "structure": structure_of(matrix),
        "asymmetry": json_number(result.asymmetry),
        "eigenvalues": None if ends is None else {"smallest": ends[0], "largest": ends[1]},
        "definiteness": None if ends is None else definiteness(*ends),
        "warnings": warning_entries(result.warnings),
    }


def _beginning(result: Jacobian | Hessian, schema: str) -> Document:
    return envelope("ok" if result.is_finite else "nonfinite", NO_HEAD, schema) | {
        "expression": result.graph.text,
        "inputs": json_values(result.at),
        **seed_entry(result.graph),
        "value": json_value(result.value),
        "output": output_name(result),
    }


def matrix_csv(matrix: Matrix, corner: str) -> str:
    """A row of names above a row for each row of the matrix, which begins with its name; `corner` heads the names."""
    written = StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow((corner, *matrix.column_labels()))
    for label, row in zip(matrix.row_labels(), matrix.entries, strict=True):
        writer.writerow((label, *map(full, row.tolist())))
    return written.getvalue()
