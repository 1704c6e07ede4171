"""bpcli: gradients by backpropagation, step by step.

`bpcli.grad("x*y*z", {"x": 6, "y": -2, "z": -3})` gives the value, the gradients and every step. `check_expression`
holds gradients, bpcli's own or claimed ones, against SymPy and differences, and `check_function` those of a
hand-written backward pass; `explain` writes one entry of a gradient out path by path. `bpcli.jacobian("W @ x", …)` and
`bpcli.hessian(…)` give the matrices of first and second derivatives. `bpcli.parse` gives the graph of an expression,
`bpcli.render` and `bpcli.latex` write a node. Everything is imported when it is first used.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bpcli.backprop.explanation import Explanation
    from bpcli.backprop.fan_out import FanOut, FanOuts
    from bpcli.backprop.formulas import gradient_formulas
    from bpcli.backprop.gradients import Gradients
    from bpcli.backprop.jacobian import Hessian, Jacobian
    from bpcli.backprop.nonfinite import Notice
    from bpcli.backprop.sweep import Step
    from bpcli.check.checking import check_expression
    from bpcli.check.findings import Finding, Verdict
    from bpcli.check.functions.checking import check_function
    from bpcli.check.functions.results import FunctionCheck
    from bpcli.check.results import Check
    from bpcli.errors import BindingError, BpcliError, LimitError, ParseError, Span, UsageError
    from bpcli.graph.latex import latex
    from bpcli.graph.node import Constant, Graph, Node, Variable
    from bpcli.graph.notation import render, render_statements
    from bpcli.graph.order import graph_of
    from bpcli.graph.simplify import simplify
    from bpcli.language.build import grad
    from bpcli.language.claims import Claim
    from bpcli.language.derivatives import hessian, jacobian
    from bpcli.language.explain import explain, fan_out
    from bpcli.language.expressions import parse
    from bpcli.language.limits import Limits
    from bpcli.report.assertions import assert_gradients, report_text

__version__ = "0.1.0"

_HOMES = {
    "BindingError": "errors",
    "BpcliError": "errors",
    "Check": "check.results",
    "Claim": "language.claims",
    "Constant": "graph.node",
    "Explanation": "backprop.explanation",
    "FanOut": "backprop.fan_out",
    "FanOuts": "backprop.fan_out",
    "Finding": "check.findings",
    "FunctionCheck": "check.functions.results",
    "Gradients": "backprop.gradients",
    "Graph": "graph.node",
    "Hessian": "backprop.jacobian",
    "Jacobian": "backprop.jacobian",
    "LimitError": "errors",
    "Limits": "language.limits",
    "Node": "graph.node",
    "Notice": "backprop.nonfinite",
    "ParseError": "errors",
    "Span": "errors",
    "Step": "backprop.sweep",
    "UsageError": "errors",
    "Variable": "graph.node",
    "Verdict": "check.findings",
    "assert_gradients": "report.assertions",
    "check_expression": "check.checking",
    "check_function": "check.functions.checking",
    "explain": "language.explain",
    "fan_out": "language.explain",
    "grad": "language.build",
    "gradient_formulas": "backprop.formulas",
    "graph_of": "graph.order",
    "hessian": "language.derivatives",
    "jacobian": "language.derivatives",
    "latex": "graph.latex",
    "parse": "language.expressions",
    "render": "graph.notation",
    "report_text": "report.assertions",
    "render_statements": "graph.notation",
    "simplify": "graph.simplify",
}

__all__ = [
    "BindingError",
    "BpcliError",
    "Check",
    "Claim",
    "Constant",
    "Explanation",
    "FanOut",
    "FanOuts",
    "Finding",
    "FunctionCheck",
    "Gradients",
    "Graph",
    "Hessian",
    "Jacobian",
    "LimitError",
    "Limits",
    "Node",
    "Notice",
    "ParseError",
    "Span",
    "Step",
    "UsageError",
    "Variable",
    "Verdict",
    "__version__",
    "assert_gradients",
    "check_expression",
    "check_function",
    "explain",
    "fan_out",
    "grad",
    "gradient_formulas",
    "graph_of",
    "hessian",
    "jacobian",
    "latex",
    "parse",
    "render",
    "render_statements",
    "report_text",
    "simplify",
]


def __getattr__(name: str) -> object:
    """Import a public name when it is first used, so that `import bpcli` costs nothing."""
    if name not in _HOMES:
        message = f"module 'bpcli' has no attribute '{name}'"
        raise AttributeError(message)
    from importlib import import_module  # noqa: PLC0415 - only a first use needs it

    if _HOMES[name].startswith("graph"):
        import_module("bpcli.ops")  # nodes find their ops in the registry, which the definitions fill
    return getattr(import_module(f"bpcli.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    """The public names, also those that are not imported yet."""
    return __all__
