"""Activation functions of neural networks, with PyTorch's names, defaults and derivatives at kinks."""

from typing import Any

from bpcli.graph.op import Attribute, elementwise, real_number

SELU_SCALE = 1.0507009873554804934193349852946  # Klambauer et al. 2017, Self-normalizing neural networks, eq. 2
SELU_ALPHA = 1.6732632423543772848170429916717
GELU_CUBIC = 0.044715  # Hendrycks & Gimpel 2016, Gaussian error linear units, section 2


def _gelu_argument(m: Any, x: Any) -> Any:
    """Twice what tanh is taken of, since (1 + tanh(u))/2 is sigmoid(2u)."""
    return 2 * m.sqrt(2 / m.pi) * (x + GELU_CUBIC * x**3)


def _gelu_tanh_slope(m: Any, x: Any) -> Any:
    """σ(u) + x·σ(u)·σ(-u)·u' with u' = 2·sqrt(2/π)·(1 + 3c·x²); x² meets only a product of σ's, which tames it."""
    argument = _gelu_argument(m, x)
    tail = x * m.sigmoid(argument) * m.sigmoid(-argument)
    return m.sigmoid(argument) + 2 * m.sqrt(2 / m.pi) * (tail + GELU_CUBIC * (3 * (tail * x * x)))


relu = elementwise(
    "relu",
    aliases=("ReLU",),
    kinks=("x = 0: slopes 0 and 1, taken as 0",),
    meaning=lambda m, x: m.where(m.less(x, 0), 0, x),
    partials=lambda m, out, x: (m.where(m.greater(x, 0), 1, 0),),
)
relu6 = elementwise(
    "relu6",
    kinks=("x = 0: slopes 0 and 1, taken as 0", "x = 6: slopes 1 and 0, taken as 0"),
    meaning=lambda m, x: m.clip(x, 0, 6),
    partials=lambda m, out, x: (m.where(m.greater(x, 0), m.where(m.less(x, 6), 1, 0), 0),),
)
leaky_relu = elementwise(
    "leaky_relu",
    attributes={"negative_slope": real_number(0.01)},
    kinks=("x = 0: slopes negative_slope and 1, taken as negative_slope",),
    meaning=lambda m, x, negative_slope=0.01: m.where(m.greater(x, 0), x, negative_slope * x),
    partials=lambda m, out, x, negative_slope=0.01: (m.where(m.greater(x, 0), 1, negative_slope),),
)
elu = elementwise(
    "elu",
    attributes={"alpha": real_number(1.0)},
    kinks=("x = 0: slopes alpha and 1, taken as alpha",),
    meaning=lambda m, x, alpha=1: m.where(m.greater(x, 0), x, alpha * (m.exp(x) - 1)),
    partials=lambda m, out, x, alpha=1: (m.where(m.greater(x, 0), 1, alpha * m.exp(m.minimum(x, 0))),),
)
selu = elementwise(
    "selu",
    kinks=("x = 0: slopes 1.758… and 1.05…, taken as 1.758…",),
    meaning=lambda m, x: SELU_SCALE * m.elu(x, alpha=SELU_ALPHA),
    partials=lambda m, out, x: (
        m.where(m.greater(x, 0), SELU_SCALE, SELU_SCALE * (SELU_ALPHA * m.exp(m.minimum(x, 0)))),
    ),
)
sigmoid = elementwise(
    "sigmoid",
    latex=r"\sigma",
    aliases=("σ", "logistic", "expit"),
    meaning=lambda m, x: 1 / (1 + m.exp(-x)),
    partials=lambda m, out, x: (out * (1 - out),),
)
logsigmoid = elementwise(
    "logsigmoid",
    aliases=("log_sigmoid",),
    meaning=lambda m, x: -m.log(1 + m.exp(-x)),
    partials=lambda m, out, x: (m.sigmoid(-x),),
)
softplus = elementwise(
    "softplus",
    attributes={
        "beta": Attribute(
            1.0, "a positive number", lambda value: isinstance(value, float) and 0 < value < float("inf")
        ),
    },
    meaning=lambda m, x, beta=1: m.log(1 + m.exp(beta * x)) / beta,
    partials=lambda m, out, x, beta=1: (m.sigmoid(beta * x),),
)
softsign = elementwise(
    "softsign",
    meaning=lambda m, x: x / (1 + m.abs(x)),
    partials=lambda m, out, x: (1 / (1 + m.abs(x)) ** 2,),
)
gelu = elementwise(
    "gelu",
    attributes={
        "approximate": Attribute("none", "'none' or 'tanh'", lambda value: value in ("none", "tanh")),
    },
    meaning=lambda m, x, approximate="none": (
        x * (1 + m.erf(x / m.sqrt(2))) / 2 if approximate == "none" else x * (1 + m.tanh(_gelu_argument(m, x) / 2)) / 2
    ),
    partials=lambda m, out, x, approximate="none": (
        m.erfc(-x / m.sqrt(2)) / 2 + x * m.exp(-(x**2) / 2) / m.sqrt(2 * m.pi)
        if approximate == "none"
        else _gelu_tanh_slope(m, x),
    ),
)
silu = elementwise(
    "silu",
    aliases=("swish",),
    meaning=lambda m, x: x * m.sigmoid(x),
    partials=lambda m, out, x: (m.sigmoid(x) * (1 + x * (1 - m.sigmoid(x))),),
)
mish = elementwise(
    "mish",
    meaning=lambda m, x: x * m.tanh(m.softplus(x)),
    partials=lambda m, out, x: (m.tanh(m.softplus(x)) + x * m.sech(m.softplus(x)) ** 2 * m.sigmoid(x),),
)
hardtanh = elementwise(
    "hardtanh",
    attributes={"min_val": real_number(-1.0), "max_val": real_number(1.0)},
    kinks=("x = min_val: slopes 0 and 1, taken as 0", "x = max_val: slopes 1 and 0, taken as 0"),
    meaning=lambda m, x, min_val=-1, max_val=1: m.clip(x, min_val, max_val),
    partials=lambda m, out, x, min_val=-1, max_val=1: (
        m.where(m.greater(x, min_val), m.where(m.less(x, max_val), 1, 0), 0),
    ),
)
hardsigmoid = elementwise(
    "hardsigmoid",
    kinks=("x = -3: slopes 0 and 1/6, taken as 0", "x = 3: slopes 1/6 and 0, taken as 0"),
    meaning=lambda m, x: m.clip(x / 6 + m.div(1, 2), 0, 1),
    partials=lambda m, out, x: (m.where(m.less(m.abs(x), 3), m.div(1, 6), 0),),
)
hardswish = elementwise(
    "hardswish",
    kinks=("x = -3: slopes 0 and -0.5, taken as 0", "x = 3: slopes 1.5 and 1, taken as 1"),
    meaning=lambda m, x: x * m.hardsigmoid(x),
    partials=lambda m, out, x: (m.where(m.less_equal(x, -3), 0, m.where(m.less(x, 3), x / 3 + m.div(1, 2), 1)),),
)
