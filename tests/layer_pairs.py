"""The layers in examples/homework: the inputs that each pair is checked at, and what is wrong in the wrong ones."""

import sys
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType
from typing import Any, NamedTuple

from shown import ROOT

FOLDER = ROOT / "examples" / "homework"
RECURRENT = {"Wx": "normal(D,H)", "Wh": "normal(H,H)", "b": "normal(H)"}
WINDOWS = {"pool_height": 2, "pool_width": 2, "stride": 2}


class Pair(NamedTuple):
    """The names of both passes, the inputs, and the gradients that are wrong in layers_wrong.py."""

    forward: str
    backward: str | None
    inputs: dict[str, Any]
    wrong: tuple[str, ...]


PAIRS = {
    "affine": Pair(
        "affine_forward", "affine_backward", {"x": "normal(N,2,4)", "w": "normal(8,M)", "b": "normal(M)"}, ("b",)
    ),
    "relu": Pair("relu_forward", "relu_backward", {"x": "normal(N,D)"}, ("x",)),
    "batchnorm": Pair(
        "batchnorm_forward",
        "batchnorm_backward",
        {"x": "normal(N,D)", "gamma": "normal(D)", "beta": "normal(D)", "bn_param": {"mode": "train"}},
        ("x",),
    ),
    "layernorm": Pair(
        "layernorm_forward",
        "layernorm_backward",
        {"x": "normal(N,D)", "gamma": "normal(D)", "beta": "normal(D)", "ln_param": {}},
        ("x",),
    ),
    "dropout": Pair(
        "dropout_forward",
        "dropout_backward",
        {"x": "normal(N,D)", "dropout_param": {"mode": "train", "p": 0.7}},
        ("x",),
    ),
    "conv": Pair(
        "conv_forward_naive",
        "conv_backward_naive",
        {"x": "normal(1,2,5,4)", "w": "normal(3,2,3,3)", "b": "normal(3)", "conv_param": {"stride": 1, "pad": 1}},
        ("x",),
    ),
    "max_pool": Pair(
        "max_pool_forward_naive",
        "max_pool_backward_naive",
        {"x": "distinct(1,2,4,6)", "pool_param": WINDOWS},
        ("x",),
    ),
    "svm": Pair("svm_loss", None, {"x": "normal(N,C)", "y": "integers(0,C,N)"}, ("x",)),
    "softmax": Pair("softmax_loss", None, {"x": "normal(N,C)", "y": "integers(0,C,N)"}, ("x",)),
    "rnn_step": Pair(
        "rnn_step_forward",
        "rnn_step_backward",
        {"x": "normal(N,D)", "prev_h": "normal(N,H)", **RECURRENT},
        ("x", "prev_h", "Wx", "Wh", "b"),
    ),
    "rnn": Pair(
        "rnn_forward",
        "rnn_backward",
        {"x": "normal(N,T,D)", "h0": "normal(N,H)", **RECURRENT},
        ("x", "h0", "Wx", "Wh", "b"),
    ),
    "lstm_step": Pair(
        "lstm_step_forward",
        "lstm_step_backward",
        {
            "x": "normal(N,D)",
            "prev_h": "normal(N,3)",
            "prev_c": "normal(N,3)",
            "Wx": "normal(D,12)",
            "Wh": "normal(3,12)",
            "b": "normal(12)",
        },
        ("x", "prev_h", "prev_c", "Wx", "Wh", "b"),
    ),
    "word_embedding": Pair(
        "word_embedding_forward", "word_embedding_backward", {"x": "integers(0,V,N,T)", "W": "normal(V,D)"}, ("W",)
    ),
}


def module(name: str) -> ModuleType:
    """A file of the examples as a module; the wrong layers import the right ones, their neighbours."""
    if str(FOLDER) not in sys.path:
        sys.path.append(str(FOLDER))
    spec = spec_from_file_location(name, FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    made = module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def passes(file: str, pair: Pair) -> tuple[Callable[..., Any], Callable[..., Any] | None]:
    """Both passes of a pair."""
    functions = vars(module(file))
    return functions[pair.forward], None if pair.backward is None else functions[pair.backward]
