"""Inputs that are no parameters, such as the weights that a class draws in its constructor, and losses."""

from inspect import getsource
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bpcli.check.findings import Verdict
from bpcli.check.functions.checking import Way, check_callee, check_function
from bpcli.check.functions.child.process import child_callee
from bpcli.check.functions.passes.local import local_callee
from bpcli.errors import UsageError

X = np.array([[1.0, -2.0, 3.0], [0.5, 4.0, -1.0]])


class Drawn:
    """A net that draws its weights, holds them twice, and gives their gradients by name."""

    def __init__(self, size: int) -> None:
        self.params = {"W1": np.random.randn(size, 2), "b1": np.zeros(2)}  # noqa: NPY002 - as courses do
        self.layers = [self.params["W1"]]

    def loss(self, X: Any, y: Any = None) -> Any:  # noqa: N803 - as courses do
        """The loss, and its gradients."""
        out = X @ self.layers[0] + self.params["b1"]
        grads = {"W1": X.T @ (out - y), "b1": (out - y).sum(0)}
        return 0.5 * ((out - y) ** 2).sum(), grads


class Kept:
    """A layer that draws its weights and leaves their gradients in itself."""

    def __init__(self, size: int) -> None:
        self.W = np.random.randn(3, size)  # noqa: NPY002 - as courses do
        self.out = None
        self.dW = self.dout = None

    def forward(self, x: Any) -> Any:
        """The product."""
        self.x, self.out = x, x @ self.W
        return self.out

    def backward(self, dout: Any) -> Any:
        """The gradient of x; that of W is kept."""
        self.dW, self.dout = self.x.T @ dout, dout
        return dout @ self.W.T


def test_weights_that_an_object_draws_are_inputs_where_they_get_a_gradient() -> None:
    """They are in its params, which its layers may share, or attributes; what a pass stores on its way is none."""
    inputs = {"size": 3, "X": X, "y": np.ones((2, 2))}
    net = check_callee(local_callee(Drawn, methods=("loss", None)), [(inputs, None)])
    layer = check_function(Kept, inputs={"size": 4, "x": X})

    assert net.verdict is layer.verdict is Verdict.AGREE
    assert [group.key for group in net.points[0].groups] == ["W1", "b1"]
    assert [group.key for group in layer.points[0].groups] == ["x", "W"]


def test_weights_that_an_object_draws_are_inputs_in_a_process_of_their_own(tmp_path: Path) -> None:
    """A file says what it draws; a gradient of it that is wrong is found."""
    text = "from typing import Any\nimport numpy as np\n\n\n" + getsource(Drawn)
    (tmp_path / "net.py").write_text(text.replace("(out - y).sum(0)", "(out - y).mean(0)"))
    inputs = {"size": 3, "X": X, "y": np.ones((2, 2))}

    with child_callee(tmp_path / "net.py", "Drawn.loss") as given:
        checked = check_callee(given, [(inputs, None)])

    verdicts = {group.key: group.verdict for group in checked.points[0].groups}
    assert verdicts == {"W1": Verdict.AGREE, "b1": Verdict.DIFFER}


def test_a_loss_need_not_look_at_an_upstream_that_has_a_default() -> None:
    """`backward(self, dout=1)` of a softmax loss; without the default it must."""
    loss = lambda x: (0.5 * (x**2).sum(), x)  # noqa: E731 - one function, one line

    assert check_function(loss, lambda cache, dout=1: cache, {"x": X}).verdict is Verdict.AGREE
    assert check_function(loss, lambda dout, cache: cache, {"x": X}).verdict is Verdict.DIFFER
    assert check_function(lambda x: (2 * x, 0), lambda cache, dout=1: 2 * dout, {"x": X}).verdict is Verdict.AGREE


def test_a_gradient_whose_terms_cancel_in_float32_is_no_mistake() -> None:
    """A bias before a centred output has no effect; what float32 leaves of its gradient is told from a real one."""
    x = np.linspace(0.1, 0.9, 24, dtype=np.float32).reshape(8, 3) ** 2
    b = np.array([0.3, 0.7, 0.1], np.float32)

    def forward(x: Any, b: Any) -> Any:
        out = x.astype(np.float32) + b
        return (out - out.mean(0)) ** 3, out

    def backward(dout: Any, cache: Any, *, slip: float = 0.0) -> Any:
        dc = 3 * dout.astype(np.float32) * (cache - cache.mean(0)) ** 2
        dx = dc - dc.mean(0)
        return dx, dx.sum(0) + np.float32(slip)

    right = check_function(forward, backward, {"x": x, "b": b})
    wrong = check_function(forward, lambda dout, cache: backward(dout, cache, slip=1e-3), {"x": x, "b": b})

    assert right.verdict is Verdict.AGREE
    assert {group.key: group.verdict for group in wrong.points[0].groups}["b"] is Verdict.DIFFER


def test_a_gradient_with_keepdims_is_told_as_that() -> None:
    """An axis of length 1 in front wants no sum."""
    forward = lambda x, b: (x + b, None)  # noqa: E731 - one function, one line

    found = check_function(forward, lambda dout, cache: (dout, dout.sum(0, keepdims=True)), {"x": X, "b": X[0]})

    assert [fault.hint for fault in found.faults] == [
        "an axis of length 1 is too many or too few: see whether keepdims=True is meant"
    ]


def test_a_lone_gradient_belongs_to_the_input_that_its_name_says() -> None:
    """Of two numbers, or of two arrays of one shape, which shapes cannot tell apart."""

    def forward(x: Any, theta: Any) -> Any:
        return theta * x

    def backward(x: Any, theta: Any) -> Any:
        dtheta = x + 0 * theta
        return dtheta  # noqa: RET504 - its name is what tells

    def loss(x: Any, w: Any) -> Any:
        dw = x * np.cos(w)
        return (x * np.sin(w)).sum(), dw

    for found in (check_function(forward, backward, [2.0, 4.0]), check_function(loss, inputs=[X, 2 * X])):
        assert found.verdict is Verdict.AGREE
        assert [group.key for group in found.points[0].groups] in (["theta"], ["w"])


def test_weights_that_an_object_draws_can_be_asked_for() -> None:
    """One of them alone, also where no input is of floats; another name is refused with theirs."""
    drawn = local_callee(Drawn, methods=("loss", None))
    whole = {"size": 3, "X": np.array([[1, 2, 3]]), "y": np.array([[1, 1]])}

    found = check_callee(drawn, [(whole, None)], Way(wanted=["W1"]))
    every = check_callee(drawn, [(whole, None)])

    assert [group.key for group in found.points[0].groups] == ["W1"]
    assert [group.key for group in every.points[0].groups] == ["W1", "b1"]
    with pytest.raises(UsageError, match="there is no input 'W2'"):
        check_callee(drawn, [(whole, None)], Way(wanted=["W2"]))


def in_a_mapping(params: Any, x: Any) -> Any:
    """A layer that takes its parameters in a mapping."""
    return x @ params["W"] + params["b"], (params, x)


@pytest.mark.parametrize("is_first", [True, False], ids=["mapping first", "mapping last"])
def test_gradients_of_entries_may_come_in_a_mapping_beside_others(*, is_first: bool) -> None:
    """`return {"W": dW, "b": db}, dx`: every entry is judged, a wrong one differs."""

    def backward(dout: Any, cache: Any) -> Any:
        params, x = cache
        both = {"W": 99 * x.T @ dout, "b": dout.sum(0)}, dout @ params["W"].T
        return both if is_first else both[::-1]

    params = {"W": "normal(D,M)", "b": "normal(M)", "eps": 1e-5}
    found = check_function(in_a_mapping, backward, {"params": params, "x": "normal(N,D)"})

    assert {group.key: group.verdict.value for group in found.worst_groups} == {
        "x": "agree",
        "W": "differ",
        "b": "agree",
    }
    assert found.faults == ()


class Stacked:
    """Layers in a list, whose gradients stay in them; a mean that its forward pass moves."""

    def __init__(self) -> None:
        self.layers, self.mean, self.bias = [Kept(4)], np.ones(3), np.zeros(4)

    def forward(self, x: Any) -> Any:
        """One layer and a bias."""
        self.mean = self.mean + x.mean(0)
        return self.layers[0].forward(x) + self.bias

    def backward(self, dout: Any) -> Any:
        """Nothing is given of the bias."""
        return self.layers[0].backward(dout)


def test_what_cannot_be_checked_is_named() -> None:
    """The arrays that no gradient was found of, but for what the forward pass replaces, and entries of mappings."""
    layers = check_function(Stacked, inputs={"x": X})
    params = {"W": X.T.copy(), "b": np.ones(2), "eps": 1e-5}
    entries = check_function(in_a_mapping, lambda dout, cache: dout @ cache[0]["W"].T, {"params": params, "x": X})

    assert layers.verdict is entries.verdict is Verdict.AGREE
    assert [(one.kind, one.text, one.is_fatal) for one in (*layers.faults, *entries.faults)] == [
        ("not checked", "Without a check: layers[0].W, bias; no gradient of them was found", False),
        ("not checked", "Without a check: params.W, params.b; no gradient of them was found", False),
    ]
