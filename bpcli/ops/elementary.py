"""Exponentials, logarithms and roots; and the log loss of a probability, cut and with the slope as PyTorch has it."""

from bpcli.graph.op import Domain, elementwise
from bpcli.ops.domains import NOT_NEGATIVE, POSITIVE

LEAST_VARIANCE = 9.999999960041972e-13  # 1e-12 as binary32 has it, which is what PyTorch divides by

exp = elementwise(
    "exp",
    latex=r"\exp",
    partials=lambda m, out, x: (out,),
)
exp2 = elementwise(
    "exp2",
    partials=lambda m, out, x: (out * m.log(2),),
)
expm1 = elementwise(
    "expm1",
    partials=lambda m, out, x: (m.exp(x),),
)
log = elementwise(
    "log",
    latex=r"\log",
    aliases=("ln",),
    domain=POSITIVE,
    partials=lambda m, out, x: (1 / x,),
)
log2 = elementwise(
    "log2",
    latex=r"\log_{2}",
    aliases=("lb", "ld"),
    domain=POSITIVE,
    partials=lambda m, out, x: (1 / (x * m.log(2)),),
)
log10 = elementwise(
    "log10",
    latex=r"\log_{10}",
    aliases=("lg",),
    domain=POSITIVE,
    partials=lambda m, out, x: (1 / (x * m.log(10)),),
)
log1p = elementwise(
    "log1p",
    domain=Domain("x > -1", lambda x: x > -1, ((-0.9, 4.0),)),
    partials=lambda m, out, x: (1 / (1 + x),),
)
logaddexp = elementwise(
    "logaddexp",
    inputs=("x", "y"),
    meaning=lambda m, x, y: m.log(m.exp(x) + m.exp(y)),
    partials=lambda m, out, x, y: (m.sigmoid(x - y), m.sigmoid(y - x)),
)
log_loss = elementwise(
    "log_loss",
    inputs=("x", "y"),
    domain=Domain("0 <= x <= 1", lambda x, y: 0 <= x <= 1, ((0.05, 0.95), (0.0, 1.0))),
    kinks=("x*(1 - x) < 1e-12: the slope is taken as (x - y)/1e-12",),
    meaning=lambda m, x, y: -(y * m.maximum(m.log(x), -100) + (1 - y) * m.maximum(m.log(1 - x), -100)),
    partials=lambda m, out, x, y: ((x - y) / m.maximum((1 - x) * x, LEAST_VARIANCE), m.log(1 - x) - m.log(x)),
)
sqrt = elementwise(
    "sqrt",
    latex=r"\sqrt{@0}",
    aliases=("√",),
    domain=NOT_NEGATIVE,
    kinks=("x = 0: the slope is infinite",),
    partials=lambda m, out, x: (1 / (2 * out),),
)
cbrt = elementwise(
    "cbrt",
    latex=r"\sqrt[3]{@0}",
    kinks=("x = 0: the slope is infinite",),
    partials=lambda m, out, x: (1 / (3 * out**2),),
)
hypot = elementwise(
    "hypot",
    inputs=("x", "y"),
    kinks=("x = y = 0: the gradient is taken as 0",),
    partials=lambda m, out, x, y: (
        m.where(m.equal(out, 0), 0, x / out),
        m.where(m.equal(out, 0), 0, y / out),
    ),
)
