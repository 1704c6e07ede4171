"""What to say about layers and pipelines that cannot be used: what, where, and what now."""

import re

from bpcli.errors import ParseError, Span
from bpcli.graph.node import Node
from bpcli.graph.notation import is_list
from bpcli.language.code_complaints import unpacked
from bpcli.language.complaints import (
    CLOSED,
    HINTS,
    closest,
    named,
    not_an_operand,
    shortened,
    suggestion,
    unknown_function,
)
from bpcli.language.functions import Argument, Static, function_called
from bpcli.language.layer_operands import Repeated
from bpcli.layers import LAYERS
from bpcli.layers.module import Module, Stage

# The modules of torch.nn 2.13, Sequential aside.
OF_PYTORCH = frozenset(
    """
    AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d AdaptiveLogSoftmaxWithLoss AdaptiveMaxPool1d
    AdaptiveMaxPool2d AdaptiveMaxPool3d AlphaDropout AvgPool1d AvgPool2d AvgPool3d BCELoss BCEWithLogitsLoss
    BatchNorm1d BatchNorm2d BatchNorm3d Bilinear CELU CTCLoss ChannelShuffle CircularPad1d CircularPad2d
    CircularPad3d ConstantPad1d ConstantPad2d ConstantPad3d Container Conv1d Conv2d Conv3d ConvTranspose1d
    ConvTranspose2d ConvTranspose3d CosineEmbeddingLoss CosineSimilarity CrossEntropyLoss CrossMapLRN2d DataParallel
    Dropout Dropout1d Dropout2d Dropout3d ELU Embedding EmbeddingBag FeatureAlphaDropout Flatten Fold
    FractionalMaxPool2d FractionalMaxPool3d GELU GLU GRU GRUCell GaussianNLLLoss GroupNorm Hardshrink Hardsigmoid
    Hardswish Hardtanh HingeEmbeddingLoss HuberLoss Identity InstanceNorm1d InstanceNorm2d InstanceNorm3d KLDivLoss
    L1Loss LPPool1d LPPool2d LPPool3d LSTM LSTMCell LayerNorm LazyBatchNorm1d LazyBatchNorm2d LazyBatchNorm3d
    LazyConv1d LazyConv2d LazyConv3d LazyConvTranspose1d LazyConvTranspose2d LazyConvTranspose3d LazyInstanceNorm1d
    LazyInstanceNorm2d LazyInstanceNorm3d LazyLinear LeakyReLU Linear LinearCrossEntropyLoss LocalResponseNorm
    LogSigmoid LogSoftmax MSELoss MarginRankingLoss MaxPool1d MaxPool2d MaxPool3d MaxUnpool1d MaxUnpool2d
    MaxUnpool3d Mish Module ModuleDict ModuleList MultiLabelMarginLoss MultiLabelSoftMarginLoss MultiMarginLoss
    MultiheadAttention NLLLoss NLLLoss2d PReLU PairwiseDistance ParameterDict ParameterList PixelShuffle
    PixelUnshuffle PoissonNLLLoss RMSNorm RNN RNNBase RNNCell RNNCellBase RReLU ReLU ReLU6 ReflectionPad1d
    ReflectionPad2d ReflectionPad3d ReplicationPad1d ReplicationPad2d ReplicationPad3d SELU SiLU Sigmoid
    SmoothL1Loss SoftMarginLoss Softmax Softmax2d Softmin Softplus Softshrink Softsign SyncBatchNorm Tanh Tanhshrink
    Threshold Transformer TransformerDecoder TransformerDecoderLayer TransformerEncoder TransformerEncoderLayer
    TripletMarginLoss TripletMarginWithDistanceLoss Unflatten Unfold Upsample UpsamplingBilinear2d
    UpsamplingNearest2d ZeroPad1d ZeroPad2d ZeroPad3d
    """.split()  # noqa: SIM905 - a list of words reads better so
)
NOT_HERE = OF_PYTORCH - LAYERS.keys()
HOLDERS = ("Container", "Module", "ModuleDict", "ModuleList")
OWN_CLASS = re.compile(r"\s*\(\s*(\)|\([\w.-]+\):)")
BEHIND = "behind '->' stands a layer such as Linear(4), or a function such as tanh or sum(axis=1)"


def unknown_layer(text: str, typed: str, span: Span) -> ParseError:
    """A call, or a stage, that is no layer here: one that PyTorch has, a class of one's own, or a slip."""
    name = typed.removeprefix("torch.").removeprefix("nn.")
    if typed.startswith("torch.") and function_called(name):
        return not_called(text, typed, span)
    if name in NOT_HERE and (typed != name or not function_called(name.lower())):
        message = f"nn.{name} is a layer of PyTorch that bpcli does not have yet"
        hint = "write the model as nn.Sequential(…)" if name in HOLDERS else _closest(name)
        return ParseError(message, text=text, spans=(span,), hint=hint)
    if typed != name or closest(name, sorted([*LAYERS, "Repeat"])):
        shown = typed if name in LAYERS else name  # torch.Linear
        return ParseError(f"unknown layer {named(shown)}", text=text, spans=(span,), hint=_closest(name))
    if text[span.end : span.end + 8].lstrip().startswith("("):
        return _unknown_call(text, typed, span)
    message = f"{named(typed)} is no layer and no function"
    hint = HINTS["."] if text[span.end : span.end + 1] == "." else _closest(name)
    return ParseError(message, text=text, spans=(span,), hint=hint)


def _unknown_call(text: str, typed: str, span: Span) -> ParseError:
    """A call of a class of one's own, or of a function that is not known."""
    unknown = unknown_function(text, typed, span, is_variable=False)
    is_slip = (unknown.hint or "").startswith("did you mean")
    is_like_a_class = typed[0].isupper() and not typed.isupper()  # F(x) is a function of somebody's
    if not OWN_CLASS.match(text, span.end) and (is_slip or not is_like_a_class):
        return unknown
    message = f"{named(typed)} is no class of torch.nn, and what its forward does is not in the text"
    hint = "write the model as nn.Sequential(…), or as a pipeline x -> Linear(4) -> …"
    return ParseError(message, text=text, spans=(span,), hint=hint)


def _closest(name: str) -> str:
    if name in LAYERS:
        return f"write nn.{name}(…)"
    if name == "Repeat":
        return "write it as Repeat(20, Linear(64), Tanh)"
    return suggestion(
        name, sorted([*LAYERS, "Repeat"]), "a stage is a layer such as Linear(4), or a function such as tanh"
    )


def not_called(text: str, typed: str, span: Span) -> ParseError:
    """The name of a class or a function with its package, where a layer or a function must stand."""
    name = typed.rpartition(".")[2]
    if name in LAYERS:
        message = f"{typed} is the name of a layer, which takes arguments"
        return ParseError(message, text=text, spans=(span,), hint=f"write nn.{name}(…), with or without arguments")
    if name in NOT_HERE:
        return unknown_layer(text, typed, span)
    hint = HINTS["."]
    if function_called(name):
        hint = f"a function is called by its name alone: {name}(x), or x -> {name}"
    return ParseError(f"{named(typed)} is no layer and no function", text=text, spans=(span,), hint=hint)


def no_stage(text: str, stage: Node, span: Span) -> ParseError:
    """Something behind `->` that is neither a layer nor a function."""
    message = f"{shortened(text[span.start : span.end])} is no stage of a pipeline"
    hint = BEHIND
    if isinstance(stage, Stage):
        hint = "it is a value, made from its own input: write the layers here, or bind that input"
    elif stage.inputs and function_called(called := text[span.start : span.end].partition("(")[0]):
        hint = f"a function takes what stands before '->' as its first argument: write {called}"
    elif stage.inputs:
        hint = "put a pipeline in parentheses to compute with its result: (x -> Linear(4)) + 1"
    return ParseError(message, text=text, spans=(span,), hint=hint)


def no_operand(text: str, token: str, span: Span, *, is_behind: bool) -> ParseError:
    """A token that begins no operand, in the call of a layer, or beside `->`."""
    before = text[max(0, span.start - 64) : span.start].rstrip()
    if token in {"*", "**"} and not is_behind:
        return unpacked(text, span)
    if token == "{":
        hint = 'write OrderedDict([("fc1", nn.Linear(3, 4)), …]), or bare numbers'
        return ParseError("braces are no part of a spec", text=text, spans=(span,), hint=hint)
    if is_behind and (token in CLOSED or token in {"->", "→"}):
        message = "nothing stands between '->' and '->'" if token not in CLOSED else "nothing stands behind '->'"
        return ParseError(message, text=text, spans=(span,), hint=BEHIND)
    if token in {"->", "→"} and before[-1:] in {"", "(", "[", ",", ";", "="}:
        message = "nothing stands before '->'"
        return ParseError(message, text=text, spans=(span,), hint="a pipeline begins with its input: x -> Linear(4)")
    return not_an_operand(text, token, span, before[-2:])


def no_child(typed: str, argument: Argument) -> ParseError:
    """Something in a Sequential that is no layer, or a loss."""
    node = argument.node
    content = node.content if isinstance(node, Static) else None
    message, hint = f"{typed} holds layers, and this is none", "write layers, such as nn.Linear(3, 4) or nn.ReLU()"
    if isinstance(content, Module):
        message = "a loss is no layer of a model"
        hint = f"put it behind the model: {typed}(…) -> nn.{content.definition.name}(…)"
    elif isinstance(content, Repeated):
        message, hint = f"{typed} holds layers, and this Repeat a function too", "write functions as layers, nn.Tanh()"
    elif is_list(node):
        hint = f"leave the square brackets out: {typed}(nn.Linear(3, 4), nn.ReLU())"
    elif node.name in LAYERS:
        hint = f"write nn.{node.name}(), with or without arguments"
    return ParseError(message, spans=(argument.span,), hint=hint)


def unshown(text: str, typed: str, span: Span) -> ParseError:
    """A child of a printed layer that is made of others: what it was made with is not in the text."""
    message = f"print(model) does not show what {typed or 'this'} was made with"
    hint = f"write {typed} with its arguments" if typed in LAYERS else "write the model as nn.Sequential(…)"
    return ParseError(message, text=text, spans=(span,), hint=hint)


def no_repeated_stage(argument: Argument) -> ParseError:
    """Something in a Repeat that is no stage of a pipeline."""
    message, hint = (
        "Repeat repeats stages, and this is none",
        "stages are layers and functions: Repeat(20, Linear(64), tanh)",
    )
    if isinstance(argument.node, Stage):
        hint = "stages are separated by commas: Repeat(20, Linear(64), Tanh)"
    elif argument.node.inputs:
        hint = "a function takes what stands before it as its first argument: Repeat(20, Linear(64), tanh)"
    return ParseError(message, spans=(argument.span,), hint=hint)


def nothing_before(text: str, span: Span) -> ParseError:
    """A loss, or another result of a layer, at the head of a pipeline or alone."""
    message = f"{shortened(text[span.start : span.end])} has nothing before it"
    return ParseError(message, text=text, spans=(span,), hint="it follows a model: x -> Linear(4) -> MSELoss(t)")


def after_loss(text: str, loss: Stage, span: Span) -> ParseError:
    """A layer, or a second loss, behind a loss."""
    message = f"a loss ends its pipeline: {shortened(text[span.start : span.end])} cannot follow it"
    hint = "add two losses as (h -> MSELoss(t)) + (h -> L1Loss(t))"
    return ParseError(message, text=text, spans=(Span(loss.start, loss.end), span), hint=hint)


def layer_called(text: str, span: Span) -> ParseError:
    """What Python would call: `nn.Linear(3, 4)(x)`."""
    layer = shortened(text[span.start : span.end - 1])
    message = f"{layer} is applied by '->', not called"
    hint = f"write x -> {layer}; an nn. loss at the end takes the variable 'target'"
    return ParseError(message, text=text, spans=(span,), hint=hint)


def network_called(text: str, typed: str, span: Span) -> ParseError:
    """The name of a network, which has its input already, as if it were a function."""
    message = f"{named(typed)} is a network with its own input, which is not called"
    hint = "bind that input, the variable 'input' if none is typed, or write x -> nn.Sequential(…)"
    return ParseError(message, text=text, spans=(span,), hint=hint)


def function_meant(name: str, span: Span) -> ParseError:
    """The call of a layer with a variable, as if it were a function."""
    small = name.lower()
    if function_called(small):
        return ParseError(
            f"unknown function '{name}'",
            spans=(Span(span.start, span.start + len(name)),),
            hint=f"did you mean '{small}'?",
        )
    hint = f"its arguments are numbers as typed; what it works on stands before it: x -> {name}(…)"
    return ParseError(f"an argument of {name} is a variable", spans=(span,), hint=hint)
