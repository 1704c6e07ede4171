"""Special functions: the error function and the gamma family (DLMF chapters 5 and 7)."""

from bpcli.graph.op import REQUIRED, elementwise, order_of_derivative
from bpcli.ops.domains import NO_POLE

erf = elementwise(
    "erf",
    partials=lambda m, out, x: (2 / m.sqrt(m.pi) * m.exp(-(x**2)),),
)
erfc = elementwise(
    "erfc",
    partials=lambda m, out, x: (-2 / m.sqrt(m.pi) * m.exp(-(x**2)),),
)
gamma = elementwise(
    "gamma",
    latex=r"\Gamma",
    aliases=("Gamma", "Γ", "tgamma"),
    domain=NO_POLE,
    partials=lambda m, out, x: (out * m.digamma(x),),
)
lgamma = elementwise(
    "lgamma",
    latex=r"\log\left|\Gamma\left(@0\right)\right|",
    aliases=("gammaln", "loggamma"),
    domain=NO_POLE,
    partials=lambda m, out, x: (m.digamma(x),),
)
digamma = elementwise(
    "digamma",
    latex=r"\psi",
    aliases=("psi", "ψ"),
    domain=NO_POLE,
    partials=lambda m, out, x: (m.polygamma(x, n=1.0),),
)
polygamma = elementwise(
    "polygamma",
    attributes={"n": order_of_derivative(REQUIRED, most=100)},
    signature=("n", "x"),
    domain=NO_POLE,
    partials=lambda m, out, x, n: (m.polygamma(x, n=n + 1),),
)
