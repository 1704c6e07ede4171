"""What to say about layers and pipelines that cannot be used: what, where, and what now."""

import re

from bpcli.errors import ParseError, Span
from bpcli.language.complaints import closest, named, shortened, suggestion, unknown_function
from bpcli.layers import LAYERS

# Layers of torch.nn 2.13 that bpcli does not have.
NOT_HERE = frozenset(
    """
    AdaptiveAvgPool1d AdaptiveAvgPool3d AdaptiveLogSoftmaxWithLoss AdaptiveMaxPool1d AdaptiveMaxPool3d AlphaDropout
    AvgPool3d Bilinear CTCLoss ChannelShuffle CircularPad1d CircularPad2d CircularPad3d ConstantPad1d
    ConstantPad2d ConstantPad3d Conv3d ConvTranspose1d ConvTranspose3d CosineEmbeddingLoss CosineSimilarity
    EmbeddingBag FeatureAlphaDropout Fold FractionalMaxPool2d FractionalMaxPool3d GRUCell
    GaussianNLLLoss HingeEmbeddingLoss LPPool1d LPPool2d LPPool3d LSTMCell
    LazyBatchNorm1d LazyBatchNorm2d LazyBatchNorm3d LazyConv1d LazyConv2d LazyConv3d LazyConvTranspose1d
    LazyConvTranspose2d LazyConvTranspose3d LazyInstanceNorm1d LazyInstanceNorm2d LazyInstanceNorm3d LazyLinear
    LocalResponseNorm MarginRankingLoss MaxPool3d MaxUnpool1d MaxUnpool2d MaxUnpool3d ModuleDict ModuleList
    MultiLabelMarginLoss MultiLabelSoftMarginLoss MultiMarginLoss PairwiseDistance ParameterDict ParameterList
    PixelShuffle PixelUnshuffle PoissonNLLLoss RNNCell ReflectionPad1d ReflectionPad2d ReflectionPad3d
    ReplicationPad1d ReplicationPad2d ReplicationPad3d SoftMarginLoss SyncBatchNorm Transformer
    TransformerDecoder TransformerDecoderLayer TransformerEncoder TransformerEncoderLayer TripletMarginLoss
    TripletMarginWithDistanceLoss Unfold UpsamplingBilinear2d UpsamplingNearest2d ZeroPad1d ZeroPad2d ZeroPad3d
    """.split()  # noqa: SIM905 - a list of words reads better so
)
CHILD = re.compile(r"\(\s*\([\w.-]+\):")


def unknown_layer(text: str, typed: str, span: Span) -> ParseError:
    """A call, or a stage, that is no layer here: one that PyTorch has, a class of one's own, or a slip."""
    name = typed.removeprefix("torch.").removeprefix("nn.")
    if name in NOT_HERE:
        message = f"nn.{name} is a layer of PyTorch that bpcli does not have yet"
        return ParseError(message, text=text, spans=(span,), hint=_closest(name))
    if CHILD.match(text, span.end):
        message = f"{named(typed)} is no class of torch.nn, and what its forward does is not in the text"
        hint = "write the model as nn.Sequential(…), or as a pipeline x -> Linear(4) -> …"
        return ParseError(message, text=text, spans=(span,), hint=hint)
    if typed != name or closest(name, sorted(LAYERS)):
        return ParseError(f"unknown layer {named(name)}", text=text, spans=(span,), hint=_closest(name))
    if text[span.end : span.end + 1] == "(":
        return unknown_function(text, typed, span, is_variable=False)
    message = f"{named(typed)} is no layer and no function"
    return ParseError(message, text=text, spans=(span,), hint=_closest(name))


def _closest(name: str) -> str:
    return suggestion(name, sorted(LAYERS), "a stage is a layer such as Linear(4), or a function such as tanh")


def no_stage(text: str, span: Span) -> ParseError:
    """Something behind `->` that is neither a layer nor a function."""
    message = f"{shortened(text[span.start : span.end])} is no stage of a pipeline"
    hint = "behind '->' stands a layer such as Linear(4), or a function such as tanh or sum(axis=1)"
    return ParseError(message, text=text, spans=(span,), hint=hint)
