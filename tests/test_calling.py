"""How hand-written passes are called, which input each gradient belongs to, and what is told of what they do."""

import random
import sys
import warnings
from collections.abc import Callable
from typing import Any, Self

import numpy as np
import pytest

from bpcli.check.functions.callee import Fault, MisbehaviourError
from bpcli.check.functions.checking import check_callee
from bpcli.check.functions.given import check_names, named
from bpcli.check.functions.passes.local import LocalCallee, local_callee
from bpcli.errors import BindingError, MissingValueError, UnknownNameError

Inputs = dict[str, Any]

X = np.array([[1.0, -2.0, 3.0], [0.5, 4.0, -1.0]])
W = np.arange(12.0).reshape(3, 4) / 7
B = np.array([1.0, 2.0, 3.0, 4.0])
UP = np.array([[1.0, 2.0, -1.0, 0.5], [3.0, -2.0, 0.25, 1.0]])
AFFINE = {"x": X, "w": W, "b": B}
RIGHT = {"x": UP @ W.T, "w": X.T @ UP, "b": UP.sum(axis=0)}


def affine(x: Any, w: Any, b: Any) -> Any:
    """An affine layer and its cache."""
    return x @ w + b, (x, w)


def affine_back(dout: Any, cache: Any) -> Any:
    """Its backward pass, in the order of the inputs."""
    x, w = cache
    return dout @ w.T, x.T @ dout, dout.sum(axis=0)


def product(x: Any, w: Any) -> Any:
    """A product without a cache."""
    return x @ w


def upstream_first(dout: Any, x: Any, w: Any) -> Any:
    """The upstream gradient, then the inputs."""
    return dout @ w.T, x.T @ dout


def upstream_last(x: Any, w: Any, grad_output: Any) -> Any:
    """The inputs, then the upstream gradient."""
    return grad_output @ w.T, x.T @ grad_output


def unnamed(p: Any, q: Any, r: Any) -> Any:
    """Names that say nothing: the upstream gradient comes first."""
    return p @ r.T, q.T @ p


def any_inputs(dout: Any, *inputs: Any) -> Any:
    """The inputs as `*inputs`."""
    return upstream_first(dout, *inputs)


def by_keyword(*, x: Any, w: Any, upstream: Any) -> Any:
    """Everything by its name."""
    return upstream_first(upstream, x, w)


def relu(x: Any) -> Any:
    """An array is the cache."""
    return np.maximum(x, 0), x


class Layer:
    """Parameters in the constructor, and their gradients left in the object."""

    def __init__(self, w: Any, b: Any = 0.0) -> None:
        self.w, self.b = w, b

    def forward(self, x: Any) -> Any:
        """The affine layer."""
        self.x = x
        return x @ self.w + self.b

    def backward(self, dout: Any) -> Any:
        """The gradient of x is returned, the others are left."""
        self.dw, self.grad_b = self.x.T @ dout, dout.sum(axis=0)
        return dout @ self.w.T


class WithMapping(Layer):
    """Its gradients are left in a mapping, and that of x as well."""

    def backward(self, dout: Any) -> Any:
        """Everything is left."""
        self.grads = {"x": dout @ self.w.T, "w": self.x.T @ dout, "db": dout.sum(axis=0)}


class Drawn:
    """Its constructor draws the weights, and its passes leave what they find."""

    def __init__(self) -> None:
        self.w, self.params = np.random.rand(3, 4), {"b": np.zeros(4)}  # noqa: NPY002 - as users do

    def forward(self, x: Any) -> None:
        """The output is left."""
        self.x, self.output = x, x @ self.w + self.params["b"]

    def backward(self, dvalues: Any) -> None:
        """All gradients are left."""
        self.dx, self.dw, self.grads = dvalues @ self.w.T, self.x.T @ dvalues, {"b": dvalues.sum(axis=0)}


class Network(Drawn):
    """A loss with its gradients, as a method."""

    def loss(self, x: Any) -> Any:
        """The sum of all outputs."""
        self.forward(x)
        self.backward(np.ones((len(x), 4)))
        return self.output.sum(), {"w": self.dw, "b": self.grads["b"]}


class WithList(Layer):
    """Its gradients are left in the order of its parameters."""

    def __init__(self, w: Any, b: Any) -> None:
        super().__init__(w, b)
        self.params = [self.b, self.w]
        self.grads = [np.zeros_like(b), np.zeros_like(w)]

    def backward(self, dout: Any) -> Any:
        """The gradient of x is returned, and one is also kept."""
        self.grads[0][...] = dout.sum(axis=0)
        self.grads[1][...] = self.x.T @ dout
        self.dx = dout @ self.w.T
        return self.dx


def cache_first(cache: Any, dout: Any) -> Any:
    """The cache, then the upstream gradient."""
    return affine_back(dout, cache)


def nameless(p: Any, q: Any) -> Any:
    """The upstream gradient and the cache, by other names."""
    return affine_back(p, q)


def with_default(dout: Any, cache: Any, eps: float = 1e-3) -> Any:
    """A parameter that is nobody's."""
    return affine_back(dout, cache) if eps else None


def mapping(dout: Any, cache: Any) -> Any:
    """The gradients by the names of the inputs."""
    return dict(zip("xwb", affine_back(dout, cache), strict=True))


def mapping_with_d(dout: Any, cache: Any) -> Any:
    """The gradients by names of their own."""
    dx, dw, db = affine_back(dout, cache)
    return {"dW": dw, "grad_x": dx, "d_b": db}


CONVENTIONS: dict[str, tuple[Any, Any, Inputs, bool]] = {
    "cache": (affine, affine_back, AFFINE, True),
    "cache first": (affine, cache_first, AFFINE, True),
    "cache, no names": (affine, nameless, AFFINE, True),
    "upstream first": (product, upstream_first, {"x": X, "w": W}, True),
    "upstream last": (product, upstream_last, {"x": X, "w": W}, True),
    "names that say nothing": (product, unnamed, {"x": X, "w": W}, True),
    "star": (product, any_inputs, {"x": X, "w": W}, True),
    "keywords": (product, by_keyword, {"x": X, "w": W}, True),
    "cache of two inputs, no names": (lambda x, w: affine(x, w, 0), lambda p, q: affine_back(p, q)[:2],
                                      {"x": X, "w": W}, True),
    "class": (Layer, None, AFFINE, True),
    "class, both names": (Layer, Layer, AFFINE, True),
    "object": (Layer(W, B), None, {"x": X}, True),
    "class with a mapping": (WithMapping, None, AFFINE, True),
    "class with a list": (WithList, None, AFFINE, True),
    "class that draws": (Drawn, None, AFFINE, True),
    "mapping": (affine, mapping, AFFINE, True),
    "mapping with d": (affine, mapping_with_d, AFFINE, True),
    "default parameter": (affine, with_default, AFFINE, True),
}  # fmt: skip


def callee(forward: Any, backward: Any = None) -> LocalCallee:
    """Both passes, called f and g."""
    return local_callee(forward, backward, names=("f", "g"))


def drawn_from() -> str:
    """What NumPy's global random numbers are drawn from."""
    return repr(np.random.get_state())  # noqa: NPY002 - the state that users' functions draw from


def fault_of(forward: Any, backward: Any, inputs: Inputs) -> Fault:
    """The fault that leaves no answer."""
    with pytest.raises(MisbehaviourError) as caught:
        callee(forward, backward).passed(inputs, None)
    return caught.value.fault


class Remembers:
    """Its backward pass calls the upstream gradient like the input; the forward pass may keep it in a list."""

    def __init__(self) -> None:
        self.kept: list[Any] = []

    def forward(self, x: Any) -> Any:
        """x²."""
        self.kept.append(x)
        return x**2

    def backward(self, x: Any) -> Any:
        """The upstream gradient times 2·x."""
        return 2 * self.kept[-1] * x


class Contains:
    """A layer within, which remembers."""

    def __init__(self) -> None:
        self.layers = [Remembers()]

    def forward(self, x: Any) -> Any:
        """x², by the layer."""
        return self.layers[0].forward(x)

    def backward(self, x: Any) -> Any:
        """The upstream gradient, through the layer."""
        return self.layers[0].backward(x)


class Forgets:
    """Without anything kept its method is a derivative, at x."""

    def forward(self, x: Any) -> Any:
        """x³."""
        return x**3

    def backward(self, x: Any) -> Any:
        """3·x²."""
        return 3 * x**2


def test_the_lone_argument_of_a_method_is_the_upstream_gradient_where_anything_was_kept() -> None:
    """Whatever its name; a method that has only its argument to go by is a derivative."""
    x = np.array([1.0, -2.0, 3.0])
    callees = [local_callee(one) for one in (Remembers, Contains, Forgets)]

    assert [one.takes_upstream({"x": x}) for one in callees] == [True, True, False]
    assert [check_callee(one, [({"x": x}, None)]).verdict.value for one in callees] == ["agree"] * 3


@pytest.mark.parametrize("case", CONVENTIONS)
def test_every_convention_gives_the_same_gradients(case: str) -> None:
    """Whatever the shape in which an affine layer is written, its gradients are those of an affine layer."""
    forward, backward, inputs, takes = CONVENTIONS[case]
    given = callee(forward, backward)

    passed = given.passed(inputs, [UP])

    assert given.takes_upstream(inputs) is takes
    assert [output.shape for output in passed.outputs] == [(2, 4)]
    assert passed.gradients.keys() == {name for name in inputs if name in RIGHT}
    assert all(np.array_equal(passed.gradients[name], RIGHT[name]) for name in inputs)
    assert passed.faults == ()


@pytest.mark.parametrize("backward", [lambda x: 2 * x, lambda t: 2 * t], ids=["same name", "another name"])
def test_the_derivative_of_a_function_takes_its_parameters(backward: Callable[..., Any]) -> None:
    """`df(x)` gets what `f(x)` got, and no upstream gradient."""
    square = callee(lambda x: x**2, backward)

    assert not square.takes_upstream({"x": X})
    assert np.array_equal(square.passed({"x": X}, None).gradients["x"], 2 * X)


def test_an_array_may_be_the_cache() -> None:
    """The forward pass of a relu gives two arrays, one of which is no output."""
    for backward in (lambda dout, cache: dout * (cache > 0), lambda p, q: p * (q > 0)):
        passed = callee(relu, backward).passed({"x": X}, [X])

        assert len(passed.outputs) == 1
        assert np.array_equal(passed.gradients["x"], X * (X > 0))


def test_several_outputs_have_several_upstream_gradients() -> None:
    """An LSTM step has two outputs and a cache; one whose backward pass knows one of them has one."""
    given: Inputs = {"h": X, "c": 2 * X}

    def step(h: Any, c: Any) -> Any:
        return h + c, h * c, (h, c)

    def back(dnext_h: Any, dnext_c: Any, cache: Any) -> Any:
        h, c = cache
        return dnext_h + dnext_c * c, dnext_h + dnext_c * h

    both = callee(step, back).passed(given, [X, 3 * X])
    first = callee(step, lambda dnext_h, cache: (dnext_h, dnext_h)).passed(given, [X])
    together = callee(step, lambda douts, cache: back(douts[0], douts[1], cache)).passed(given, [X, 3 * X])

    assert np.array_equal(both.gradients["h"], X + 6 * X * X)
    assert np.array_equal(together.gradients["c"], X + 3 * X * X)
    assert len(first.outputs) == 1


def test_a_loss_may_give_its_own_gradients() -> None:
    """`loss, dW` and `loss, {"W": dW}`: the gradient belongs to the input of its shape; others have none."""
    given = {"W": W, "X": X, "y": np.array([0, 3]), "reg": 0.5}

    def loss(W: Any, X: Any, y: Any, reg: float) -> Any:  # noqa: N803 - as courses write it
        return np.sum((X @ W)[:, y]) * 0 + np.sum(X @ W) + reg * np.sum(W**2), X.T @ np.ones((2, 4)) + 2 * reg * W

    plain = callee(loss)
    by_name = callee(lambda W, X, y, reg: (loss(W, X, y, reg)[0], {"W": loss(W, X, y, reg)[1]}))  # noqa: N803

    assert not plain.takes_upstream(given)
    assert plain.passed(given, None).gradients.keys() == {"W"}
    assert by_name.passed(given, None).gradients.keys() == {"W"}
    assert plain.outputs(given)[0].shape == ()


def test_a_method_may_give_its_own_gradients() -> None:
    """A network's `loss` needs no backward pass; its weights are set by their names, and others are refused."""
    given = local_callee(Network, methods=("loss", None))
    inputs = {"x": X, "w": W, "b": B}
    passed = given.passed(inputs, None)

    assert (given.forward_name, given.backward_name) == ("Network.loss", "Network.loss")
    assert passed.outputs[0] == np.sum(X @ W + B)
    assert passed.gradients["b"].tolist() == [2.0] * 4
    assert passed.gradients.keys() == {"x", "w", "b"}
    check_names(given, inputs)
    with pytest.raises(MisbehaviourError, match=r"^'Network' has neither a parameter nor an attribute 'weight'"):
        given.outputs({"x": X, "weight": W})


def test_integers_and_mappings_get_no_gradient() -> None:
    """A word embedding gives one gradient for two inputs; batch normalisation three for four, or None for the last."""
    words = {"x": np.array([0, 2, 2]), "W": W}
    normed = {"x": X, "gamma": X[0], "beta": X[1], "bn_param": {"mode": "train"}}

    def back(dout: Any, cache: Any) -> Any:
        found = np.zeros_like(W)
        np.add.at(found, cache, dout)
        return found

    embedded = callee(lambda x, W: (W[x], x), back).passed(words, [np.ones((3, 4))])  # noqa: N803 - as courses do
    norm = lambda x, gamma, beta, bn_param: (x * gamma + beta, (x, gamma))  # noqa: E731 - one function, one line
    three = callee(norm, lambda dout, cache: (dout, dout[0], dout[1])).passed(normed, [X])
    four = callee(norm, lambda dout, cache: (dout, dout[0], dout[1], None)).passed(normed, [X])

    assert np.array_equal(embedded.gradients["W"][:, 0], [1, 0, 2])
    assert list(three.gradients) == list(four.gradients) == ["x", "gamma", "beta"]
    assert np.array_equal(three.gradients["beta"], X[1])


def test_gradients_of_what_a_mapping_holds_are_taken_by_name() -> None:
    """An RNN cell may take its weights in a mapping and give all gradients in one, with some of values on the way."""

    def cell(xt: Any, parameters: Any) -> Any:
        return xt @ parameters["W"], 2 * xt, (xt, parameters)

    def back(da_next: Any, cache: Any) -> Any:
        return {"dxt": da_next @ cache[1]["W"].T, "dW": cache[0].T @ da_next, "dZ": da_next}

    given = callee(cell, back)
    inputs = {"xt": X, "parameters": {"W": W, "sizes": 3}}
    passed = given.passed(inputs, [UP])
    again = given.passed({**inputs, **passed.parts}, [UP])

    assert np.array_equal(passed.gradients["xt"], RIGHT["x"])
    assert list(passed.parts) == ["W"]
    assert np.array_equal(passed.parts["W"], W)
    assert np.array_equal(again.gradients["W"], X.T @ UP)
    assert not again.parts
    assert np.array_equal(given.outputs({**inputs, "W": 2 * W})[0], X @ (2 * W))
    assert [fault.text for fault in again.faults] == ["'g' gives dZ as well: of no input of floats, and not checked"]


def test_gradients_that_are_left_out_are_told_by_shape() -> None:
    """The gradient of b alone, of x and b, and None in the middle."""
    alone = callee(affine, lambda dout, cache: dout.sum(0)).passed(AFFINE, [UP])
    two = callee(affine, lambda dout, cache: (dout @ W.T, dout.sum(0))).passed(AFFINE, [UP])
    none = callee(affine, lambda dout, cache: [dout @ W.T, None, dout.sum(0)]).passed(AFFINE, [UP])
    astray = callee(affine, lambda dout, cache: (dout, dout)).passed(AFFINE, [UP])

    assert alone.gradients.keys() == {"b"}
    assert two.gradients.keys() == none.gradients.keys() == {"x", "b"}
    assert astray.gradients.keys() == {"x", "w"}  # as no shape fits: the first


def test_an_array_of_numbers_is_a_gradient_for_each_number() -> None:
    """The gradient of x*y at a point is often written as one array of two, or as a list."""
    given = {"x": 2.0, "y": 3.0}

    for back in (lambda x, y: np.array([y, x]), lambda x, y: [y, x], lambda x, y: (y, x)):
        passed = callee(lambda x, y: x * y, back).passed(given, None)
        assert {name: float(value) for name, value in passed.gradients.items()} == {"x": 3.0, "y": 2.0}
    single = callee(lambda x: x @ x, lambda x: [2 * one for one in x]).passed({"x": B}, None)
    assert np.array_equal(single.gradients["x"], 2 * B)


def test_parameters_keep_their_defaults_and_take_keywords() -> None:
    """Inputs go by name wherever a parameter before them keeps its default; `*args` and `**kwargs` take the rest."""

    def scaled(x: Any, scale: float = 2.0, *, shift: float = 0.0, power: int = 1) -> Any:
        return scale * x**power + shift

    def open_to_all(x: Any, **options: Any) -> Any:
        return x * options["by"]

    back = lambda dout, x: (dout,)  # noqa: E731 - one function, one line

    assert np.array_equal(callee(scaled, back).outputs({"x": X, "shift": 1.0, "power": 2})[0], 2 * X**2 + 1)
    assert np.array_equal(callee(open_to_all, back).outputs({"x": X, "by": 3.0})[0], 3 * X)
    assert np.array_equal(callee(lambda *args: args[0] - args[1], back).outputs({"x": X, "z": X})[0], 0 * X)
    assert np.array_equal(callee(np.sin, np.cos).passed({"x": X}, None).gradients["x"], np.cos(X))


def test_inputs_are_held_against_the_parameters() -> None:
    """A missing, an unknown and a surplus input say what is taken; a constructor's parameters count."""
    layer = callee(Layer)

    assert layer.parameters.names == ("x", "w", "b")
    assert named(layer.parameters, [X, W]) == {"x": X, "w": W}
    check_names(layer, {"x": X, "w": W})
    with pytest.raises(MissingValueError, match="no value for w") as missing:
        check_names(layer, {"x": X})
    with pytest.raises(UnknownNameError, match="'f' has no parameter 'weigth'") as unknown:
        check_names(callee(lambda weight: weight), {"weight": 1, "weigth": 1})
    with pytest.raises(BindingError, match="4 inputs for 3 parameters"):
        named(layer.parameters, [X, W, B, B])
    assert missing.value.hint == "'f' takes x, w, b"
    assert unknown.value.hint == "did you mean 'weight'?"


def test_a_backward_pass_that_cannot_be_called_says_why() -> None:
    """Where neither names nor counts tell, the fault says what was tried and what to name."""
    counts = fault_of(lambda x: x, lambda p, q, r, s: p, {"x": X})
    cache = fault_of(lambda x: x, lambda dout, cache: dout, {"x": X})
    with pytest.raises(MisbehaviourError, match="'int' is no function"):
        callee(3)
    with pytest.raises(MisbehaviourError, match="the class 'dict' has no methods 'forward' and 'backward'"):
        callee(dict)

    assert counts.kind == cache.kind == "cannot be called"
    assert counts.text == "'g(p, q, r, s)' cannot be called: the forward pass gives one output, from x"
    assert counts.hint == (
        "name its parameters (dout, x), as what they mean is told by name; others need a default or a value"
    )


def test_what_else_a_backward_pass_takes() -> None:
    """The output, by its name; a learning rate, which is given a value as an input is, and is no input otherwise."""

    class Learns(Layer):
        def backward(self, dout: Any, learning_rate: float) -> Any:  # type: ignore[override]
            found = super().backward(dout)
            self.w -= learning_rate * self.dw
            return found

    sigmoid = callee(lambda x: 1 / (1 + np.exp(-x)), lambda dout, out: dout * out * (1 - out))
    learns = callee(Learns).passed({**AFFINE, "learning_rate": 0.1}, [UP])

    assert np.allclose(sigmoid.passed({"x": X}, [X]).gradients["x"], X / (2 + np.exp(X) + np.exp(-X)), rtol=1e-12)
    assert all(np.array_equal(learns.gradients[name], RIGHT[name]) for name in RIGHT)
    assert [fault.text for fault in learns.faults] == ["'g' changes w in place"]
    assert fault_of(Learns, None, AFFINE).kind == "cannot be called"


FAULTS = {
    "a text": (lambda x: "a", lambda x: x, "no numbers", "'f' gives a str as output"),
    "nothing returned": (lambda x: None, lambda x: x, "no numbers", "'f' gives None as output"),
    "texts": (lambda x: x, lambda x: np.array("a"), "no numbers", "'g' gives an array of str32 as the gradient with"),
    "complex": (lambda x: x * 1j, lambda x: x, "no numbers", "'f' gives an array of complex128 as output"),
    "no gradient": (lambda x: x, lambda x: None, "no gradient", "'g' gives no gradient"),
    "loss alone": (lambda x: x, None, "no gradient", "'g' gives no gradient"),
    "two for one": (lambda x: x, lambda x: (x, x), "too many gradients", "'g' gives 2 gradients for one input"),
    "another name": (lambda x: x, lambda x: {"dz": x}, "too many gradients", "'g' gives a gradient 'dz', which"),
    "raises": (lambda x: x.nonsense, lambda x: x, "raises", "'f' raises AttributeError at test_calling.py:"),
    "ends": (lambda x: x, lambda x: sys.exit(3), "raises", "'g' raises SystemExit at test_calling.py:"),
}  # fmt: skip


@pytest.mark.parametrize("case", FAULTS)
def test_what_leaves_no_answer_is_a_fault(case: str) -> None:
    """No exception of a user's function comes through, and what it gives is numbers or a fault."""
    forward, backward, kind, text = FAULTS[case]

    fault = fault_of(forward, backward, {"x": X})

    assert fault.kind == kind
    assert fault.text.startswith(text)
    assert fault.is_fatal


def test_what_must_be_known_is_told_beside_the_answer() -> None:
    """An array changed in place and a flood of prints are notes; the caller's arrays stay as they were."""
    upstream = UP.copy()

    def forward(x: Any, w: Any, b: Any, bn_param: Any) -> Any:
        print("now" * 1000)
        bn_param["mean"] = 1
        x += 1
        return affine(x, w, b)

    def backward(dout: Any, cache: Any) -> Any:
        dout[...] = 0
        cache[1][...] = 0
        return affine_back(dout, cache)

    mapping: Inputs = {}
    passed = callee(forward, backward).passed({**AFFINE, "bn_param": mapping}, [upstream])

    assert [(fault.kind, fault.where, fault.is_fatal) for fault in passed.faults] == [
        ("prints", "f", False),
        ("changes its inputs", "f", False),
        ("changes its inputs", "g", False),
        ("changes its inputs", "g", False),
    ]
    assert "now" * 60 in passed.faults[0].text
    assert "(3001 characters)" in passed.faults[0].text
    assert len(passed.faults[0].text) < 300
    assert [fault.text for fault in passed.faults[1:]] == [
        "'f' changes x in place",
        "'g' changes w in place",
        "'g' changes its upstream gradient in place",
    ]
    assert mapping == {}
    assert np.array_equal(upstream, UP)
    assert X[0, 0] == 1.0


def test_every_call_draws_the_same_random_numbers() -> None:
    """Dropout without a seed is repeatable, and whoever calls goes on with their own random numbers."""
    dropout = callee(lambda x: x * np.random.rand(*x.shape) * random.random(), lambda x: x)  # noqa: NPY002, S311 - as users
    states = random.getstate(), drawn_from()

    first, second = dropout.outputs({"x": X})[0], dropout.outputs({"x": X})[0]

    assert np.array_equal(first, second)
    assert random.getstate() == states[0]
    assert drawn_from() == states[1]


def test_warnings_and_errors_of_arithmetic_stay_inside() -> None:
    """Neither NumPy's warnings nor a function's own come out; pytest makes errors of those that do."""

    def loud(x: Any) -> Any:
        warnings.warn("loud", stacklevel=1)
        return np.log(x * 0)

    assert np.isneginf(callee(loud, lambda x: x).outputs({"x": abs(X)})[0]).all()


def test_moved_entries_are_those_of_the_outputs() -> None:
    """One row for each moved entry, all outputs joined; the inputs stay; another shape is a fault."""
    given = callee(lambda x, y: (x * y, x.sum(), None), lambda da, db, cache: (da, da))
    inputs = {"x": X, "y": X.copy()}

    rows = given.moved(inputs, "x", np.array([1, 5]), np.array([10.0, 20.0]))

    assert rows.shape == (2, 7)
    assert rows[0].tolist() == [1, -20, 9, 0.25, 16, 1, X.sum() + 12]
    assert rows[1, 5:].tolist() == [-20, X.sum() + 21]
    assert callee(np.sin, np.cos).moved({"x": 0.0}, "x", np.array([0]), np.array([1.0])).tolist() == [[np.sin(1.0)]]
    with pytest.raises(MisbehaviourError, match="'f' gives outputs of another shape where x moves"):
        callee(lambda x: x[x > 0], np.cos).moved({"x": B}, "x", np.array([0, 0]), np.array([-1.0, 1.0]))


def test_a_jacobian_is_a_gradient_too() -> None:
    """`df` may give the derivative of every output with respect to every entry."""
    softmax = callee(lambda x: np.exp(x) / np.exp(x).sum(), lambda x: np.ones((4, 4)))

    assert softmax.passed({"x": B}, None).gradients["x"].shape == (4, 4)


def test_an_error_that_cannot_be_told_is_told_anyway() -> None:
    """An error whose text raises, and an object that cannot be read as an array."""

    class Silent(Exception):  # noqa: N818 - it stands for what users do
        def __str__(self) -> str:
            raise ValueError

    class NoArray:
        def __array__(self, *_: Any, **__: Any) -> Self:
            raise Silent

    def silent(x: Any) -> Any:
        raise Silent(x)

    assert "'f' raises Silent at test_calling.py:" in fault_of(silent, np.cos, {"x": X}).text
    assert "what cannot be read as an array: Silent" in fault_of(lambda x: NoArray(), np.cos, {"x": X}).text


def test_an_interrupt_is_the_users_own() -> None:
    """Whoever presses Ctrl-C while a function runs means bpcli."""

    def interrupted(x: Any) -> Any:
        raise KeyboardInterrupt(x)

    with pytest.raises(KeyboardInterrupt):
        callee(interrupted, np.cos).outputs({"x": X})


def test_autograd_functions_are_called_by_apply() -> None:
    """A torch.autograd.Function is passed through PyTorch, which calls its backward pass."""
    torch = pytest.importorskip("torch")

    class Scaled(torch.autograd.Function):  # type: ignore[misc, name-defined]
        @staticmethod
        def forward(ctx: Any, x: Any, w: Any, by: int) -> Any:
            ctx.save_for_backward(x, w)
            return x @ w * by

        @staticmethod
        def backward(ctx: Any, dout: Any) -> Any:
            x, w = ctx.saved_tensors
            return dout @ w.T, x.T @ dout, None

    given = local_callee(Scaled)
    inputs = {"x": X, "w": W, "by": 1}
    passed = given.passed(inputs, [UP])

    assert (given.forward_name, given.backward_name) == ("Scaled.forward", "Scaled.backward")
    assert given.parameters.names == ("x", "w", "by")
    assert np.allclose(passed.gradients["w"], RIGHT["w"], rtol=1e-14)  # PyTorch may add in another order
    moved = given.moved(inputs, "x", np.array([0]), np.array([1.0]))
    assert np.allclose(moved[0], (X @ W).ravel(), rtol=1e-14)


def test_inputs_that_do_not_fit_are_told_with_their_shapes() -> None:
    """NumPy says two shapes, and not whose they are."""
    with pytest.raises(MisbehaviourError) as caught:
        callee(product, upstream_first).outputs({"x": X, "w": X})

    assert caught.value.fault.hint == "it was called as f(x of shape (2, 3), w of shape (2, 3))"
