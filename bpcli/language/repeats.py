"""`Repeat(20, Linear(64), Tanh)`: stages of a pipeline that are written once, and stand there several times.

The layers are made one after another, each with parameters of its own, and named as if they had been written out.
"""

from typing import Any

from bpcli.errors import LimitError, ParseError, Span
from bpcli.graph.node import Variable
from bpcli.language.functions import Argument
from bpcli.language.layer_arguments import value_of
from bpcli.language.layer_complaints import no_repeated_stage
from bpcli.language.layer_operands import LayerOperand, Repeated, is_loss
from bpcli.language.operators import Bracket, Pending
from bpcli.layers import LAYERS
from bpcli.layers.module import MOST_MODULES
from bpcli.ops.attributes import is_whole

REPEAT: Any = object()  # stands in a bracket where an op stands in that of a function
FEWEST = 2  # arguments: how often, and what
USAGE = "write it as Repeat(20, Linear(64), Tanh)"


def holds_stages(pending: Pending) -> bool:
    """Whether what waits on the stack is a `Repeat` whose number has been read, so that stages follow."""
    return isinstance(pending, Bracket) and pending.op is REPEAT and bool(pending.arguments)


def repeated(bracket: Bracket, span: Span) -> Repeated:
    """What a closed `Repeat(n, …)` stands for; one within another is a part of its stages.

    Raises ParseError where the number or a stage is none, LimitError for more than `MOST_MODULES` stages.
    """
    arguments = bracket.arguments or []
    for name, argument in (bracket.keywords or {}).items():
        message = f"Repeat has no argument '{name}'"
        raise ParseError(message, spans=(argument.span,), hint=USAGE)
    if len(arguments) < FEWEST:
        message = "Repeat takes a whole number, and behind it what is repeated"
        raise ParseError(message, spans=(span,), hint=USAGE)
    count = _count(arguments[0])
    stages: list[LayerOperand] = []
    for argument in arguments[1:]:
        stages += _stages(argument)
    if count * len(stages) > MOST_MODULES:
        message = f"Repeat makes {count * len(stages)} stages, more than {MOST_MODULES}"
        raise LimitError(message, hint="repeat them less often", spans=(arguments[0].span,))
    return Repeated(tuple(stages) * count)


def _count(argument: Argument) -> int:
    message = "how often Repeat repeats must be a whole number from 1"
    hint = USAGE
    if isinstance(argument.node, Variable) and argument.node.name not in LAYERS:
        hint += f", or try several by bpcli flow --sweep-over {argument.node.name}=1:20:20"
    value = value_of(argument, message, hint)
    if not is_whole(value) or value < 1:
        raise ParseError(message, spans=(argument.span,), hint=hint)
    return int(value)


def _stages(argument: Argument) -> tuple[LayerOperand, ...]:
    """The stages of one argument: a layer or a function is one, a `Repeat` several."""
    stage = argument.node
    if not isinstance(stage, LayerOperand):
        raise no_repeated_stage(argument)
    if is_loss(stage):
        message = "a loss ends its pipeline, and is not repeated"
        raise ParseError(
            message, spans=(argument.span,), hint="put it behind: Repeat(3, Linear(4), Tanh) -> MSELoss(t)"
        )
    return stage.content.stages if isinstance(stage.content, Repeated) else (stage,)
