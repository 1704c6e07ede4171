"""`bpcli jacobian`: every entry of an expression by every entry of its variables."""

from bpcli.cli.matrix import Kind, matrix_command
from bpcli.language.derivatives import jacobian
from bpcli.report.matrix import jacobian_lines, jacobian_matrix
from bpcli.report.matrix_documents import jacobian_document

HELP = """Show the Jacobian of EXPR: rows are the entries of its output, columns those of its variables.

EXPR and the values of its variables are those of 'bpcli grad'; arrays are typed as "[[1, 2], [3, 4]]" or read from
@file.npy. Each matrix is shown with its structure in words. In JSON there is an array for each variable, with the
indices of the output first; CSV and .npy hold one matrix, the variables side by side.

\b
Examples:
  bpcli jacobian "W @ x" --W "[[1, -2], [0.5, 3]]" --x "[2, -1]"
  bpcli jacobian "softmax(x)" --x "[1, 2, 3]" --json
  bpcli jacobian "tanh(W @ x)" --W @w.npy --x @x.npy --with-respect-to x --output-file jacobian.npy
"""
KIND = Kind(jacobian, jacobian_lines, jacobian_document, jacobian_matrix, "output")
command = matrix_command("jacobian", HELP, "Show the Jacobian of an expression.", KIND)
