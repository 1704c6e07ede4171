"""Functions that act on each entry alone."""

import numpy as np

from function_corpus.subjects import Array, Slip, Subject, drawn

UP = Slip("upstream gradient left out", "dout *", "1.0 *")
SIGN = Slip("a sign lost", "dout *", "-dout *")
TWICE = Slip("factor 2", "dout *", "2 * dout *")


def relu(x: Array) -> tuple[Array, Array]:
    """max(x, 0)."""
    return np.maximum(x, 0), x


def relu_backward(dout: Array, cache: Array) -> Array:
    """The gradient of relu."""
    x = cache
    return dout * (x > 0)


def leaky_relu(x: Array) -> tuple[Array, Array]:
    """X, or a tenth of it below 0."""
    return np.where(x > 0, x, 0.1 * x), x


def leaky_relu_backward(dout: Array, cache: Array) -> Array:
    """The gradient of leaky_relu."""
    x = cache
    return dout * np.where(x > 0, 1.0, 0.1)


def elu(x: Array) -> tuple[Array, Array]:
    """X, or exp(x) - 1 below 0."""
    out = np.where(x > 0, x, np.expm1(np.minimum(x, 0)))
    return out, (x, out)


def elu_backward(dout: Array, cache: Array) -> Array:
    """The gradient of elu."""
    x, out = cache
    return dout * np.where(x > 0, 1.0, out + 1)


def absolute(x: Array) -> tuple[Array, Array]:
    """|x|."""
    return np.abs(x), (x, np.abs(x))


def absolute_backward(dout: Array, cache: Array) -> Array:
    """The gradient of |x|."""
    x, out = cache
    assert out is not None
    return dout * np.sign(x)


def clip(x: Array) -> tuple[Array, Array]:
    """X between -0.7 and 0.7."""
    return np.clip(x, -0.7, 0.7), x


def clip_backward(dout: Array, cache: Array) -> Array:
    """The gradient of clip."""
    x = cache
    return dout * (np.abs(x) < 0.7)


def sigmoid(x: Array) -> tuple[Array, Array]:
    """1 / (1 + exp(-x))."""
    out = 1 / (1 + np.exp(-x))
    return out, (x, out)


def sigmoid_backward(dout: Array, cache: Array) -> Array:
    """The gradient of sigmoid."""
    x, out = cache
    assert x is not None
    return dout * out * (1 - out)


def tanh(x: Array) -> tuple[Array, Array]:
    """Tanh."""
    out = np.tanh(x)
    return out, (x, out)


def tanh_backward(dout: Array, cache: Array) -> Array:
    """The gradient of tanh."""
    x, out = cache
    assert x is not None
    return dout * (1 - out**2)


def gelu(x: Array) -> tuple[Array, Array]:
    """The approximation by tanh of Hendrycks & Gimpel."""
    inner = np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))
    return 0.5 * x * (1 + inner), (x, inner)


def gelu_backward(dout: Array, cache: Array) -> Array:
    """The gradient of gelu."""
    x, inner = cache
    slope = (1 - inner**2) * np.sqrt(2 / np.pi) * (1 + 3 * 0.044715 * x**2)
    return dout * (0.5 * (1 + inner) + 0.5 * x * slope)


def softplus(x: Array) -> Array:
    """log(1 + exp(x))."""
    return np.logaddexp(0, x)


def softplus_backward(dout: Array, x: Array) -> Array:
    """The gradient of softplus."""
    return dout * (1 / (1 + np.exp(-x)))


def silu(x: Array) -> tuple[Array, Array]:
    """X times its sigmoid."""
    gate = 1 / (1 + np.exp(-x))
    return x * gate, (x, gate)


def silu_backward(dout: Array, cache: Array) -> Array:
    """The gradient of silu."""
    x, gate = cache
    return dout * (gate + x * gate * (1 - gate))


def sine_of_square(x: Array) -> Array:
    """sin(x²)."""
    return np.sin(x**2)


def sine_of_square_gradient(x: Array) -> Array:
    """Its derivative, entry by entry."""
    return np.cos(x**2) * 2 * x


X = {"x": drawn(11, 4, 5)}

SUBJECTS = (
    Subject(
        relu,
        relu_backward,
        X,
        (
            UP,
            SIGN,
            TWICE,
            Slip("mask taken from the gradient", "(x > 0)", "(dout > 0)"),
            Slip("mask inverted", "x > 0", "x < 0"),
            Slip("mask left out", "(x > 0)", "1.0"),
            Slip("one row off", "return dout * (x > 0)", "return np.roll(dout * (x > 0), 1, axis=0)"),
        ),
    ),
    Subject(
        leaky_relu,
        leaky_relu_backward,
        X,
        (
            Slip("mask taken from the gradient", "x > 0", "dout > 0"),
            Slip("mask left out", "np.where(x > 0, 1.0, 0.1)", "1.0"),
            Slip("mask inverted", "1.0, 0.1", "0.1, 1.0"),
            UP,
        ),
    ),
    Subject(
        elu,
        elu_backward,
        X,
        (
            Slip("mask taken from the gradient", "x > 0", "dout > 0"),
            Slip("mask", "out + 1", "0.0"),
            Slip("mask left out", "np.where(x > 0, 1.0, out + 1)", "1.0"),
        ),
    ),
    Subject(
        absolute,
        absolute_backward,
        X,
        (
            Slip("mask taken from the output", "np.sign(x)", "np.sign(out)"),
            Slip("mask taken from the gradient", "np.sign(x)", "np.sign(dout)"),
            SIGN,
        ),
    ),
    Subject(
        clip,
        clip_backward,
        X,
        (
            Slip("mask left out", "(np.abs(x) < 0.7)", "1.0"),
            Slip("mask inverted", "<", ">"),
            Slip("mask taken from the gradient", "np.abs(x) < 0.7", "dout > 0"),
        ),
    ),
    Subject(
        sigmoid,
        sigmoid_backward,
        X,
        (
            Slip("derivative at the pre-activation", "out * (1 - out)", "x * (1 - x)"),
            Slip("derivative at the activation", "return ", "out = 1 / (1 + np.exp(-out))\n    return "),
            Slip("chain rule factor", "out * (1 - out)", "(1 - out)"),
            Slip("derivative left out", "* out * (1 - out)", "* 1.0"),
            Slip("factor 2", "(1 - out)", "(2 - 2 * out)"),
            UP,
        ),
    ),
    Subject(
        tanh,
        tanh_backward,
        X,
        (
            Slip("derivative at the pre-activation", "out**2", "x**2"),
            Slip("derivative at the activation", "out**2", "np.tanh(out)**2"),
            Slip("chain rule factor", "out**2", "out"),
            Slip("upstream gradient taken twice", "dout *", "dout * dout *"),
            SIGN,
        ),
    ),
    Subject(
        gelu,
        gelu_backward,
        X,
        (
            Slip("path left out", "return dout * (0.5 * (1 + inner) + ", "return dout * ("),
            Slip("path left out", "+ 0.5 * x * slope", ""),
            UP,
            TWICE,
        ),
    ),
    Subject(
        softplus,
        softplus_backward,
        X,
        (
            Slip("derivative at the activation", "return ", "x = np.logaddexp(0, x)\n    return "),
            Slip("derivative left out", "(1 / (1 + np.exp(-x)))", "1.0"),
            UP,
        ),
    ),
    Subject(
        silu,
        silu_backward,
        X,
        (
            Slip("path left out", "gate + x", "x"),
            Slip("path left out", " + x * gate * (1 - gate)", ""),
            Slip(
                "derivative at the activation", "return ", "x = x * gate\n    gate = 1 / (1 + np.exp(-x))\n    return "
            ),
            UP,
        ),
    ),
    Subject(
        sine_of_square,
        sine_of_square_gradient,
        X,
        (
            Slip("chain rule factor", " * 2 * x", ""),
            Slip("factor 2", " * 2", ""),
            Slip("chain rule factor", "2 * x", "2"),
            Slip("a sign lost", "return ", "return -"),
        ),
    ),
)
