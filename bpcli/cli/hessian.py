"""`bpcli hessian`: the second derivatives of an expression, and what they say of its curvature."""

from bpcli.cli.matrix import Kind, matrix_command
from bpcli.language.derivatives import hessian
from bpcli.report.matrix import hessian_lines, hessian_matrix
from bpcli.report.matrix_documents import hessian_document

HELP = """Show the Hessian of EXPR, whose output is one number: rows and columns are the entries of its variables.

EXPR and the values of its variables are those of 'bpcli grad'. The matrix is shown as it was computed, with its
structure in words, and its smallest and largest eigenvalue: positive definite, negative definite or indefinite. In JSON
hessian.x.y holds the second derivatives by x and y; CSV and .npy hold one matrix.

\b
Examples:
  bpcli hessian "x**2*y" --x 2 --y 3
  bpcli hessian "100*(x[1] - x[0]**2)**2 + (1 - x[0])**2" --x "[-1.2, 1]"
  bpcli hessian "sum((W @ x)**2)" --W @w.npy --x @x.npy --with-respect-to x --output-file hessian.npy
"""
KIND = Kind(hessian, hessian_lines, hessian_document, hessian_matrix, "input")
command = matrix_command("hessian", HELP, "Show the second derivatives of an expression.", KIND)
