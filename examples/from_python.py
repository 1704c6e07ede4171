"""Backpropagation from Python: every edge of the backward pass, and gradients as formulas."""

import bpcli

result = bpcli.grad("A = x*y; F = A*z", {"x": 6, "y": -2, "z": -3})
labels = result.labels()
print(f"F = {result.value:g}, gradients {result.gradients}")
for step in result.steps():
    edge = f"{labels[step.node]} -> {labels[step.input]}"
    print(f"{edge}: {step.upstream:g} * {step.local:g} = {step.contribution:g}")

graph = bpcli.parse("sin(x)*exp(-x)")
for variable, formula in bpcli.gradient_formulas(graph, graph.variables).items():
    shown = bpcli.simplify(formula)
    print(f"d/d{variable.name} {bpcli.render(graph.output)} = {bpcli.render(shown)}")
    print(f"in LaTeX: {bpcli.latex(shown)}")
