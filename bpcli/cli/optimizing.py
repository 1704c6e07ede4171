"""What `step` and `train` take alike: the optimiser with its options, and how gradients are clipped."""

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from bpcli.cli.arguments import options_of
from bpcli.cli.inputs import Number, WholeNumber, taking
from bpcli.errors import UsageError
from bpcli.language.complaints import named, shortened

if TYPE_CHECKING:
    from bpcli.train.clipping import Clipping  # this brings NumPy
    from bpcli.train.optimisers import Optimiser
    from bpcli.train.schedules import Schedule

F = TypeVar("F", bound=Callable[..., Any])
NAMES = ("sgd", "adam", "adamw", "rmsprop", "adagrad")
OF_AN_OPTION = {
    "learning_rate": "lr",
    "momentum_factor": "momentum",
    "weight_decay": "weight_decay",
    "nesterov_momentum": "nesterov",
}


def takes_optimizer(command: F) -> F:
    """The options of an update: the optimiser, and clipping."""
    return taking(
        command,
        click.option(
            "--optimizer-name",
            default="sgd",
            show_default=True,
            metavar="NAME",
            help=f"{', '.join(NAMES)}: PyTorch's, with its defaults.",
        ),
        click.option("--learning-rate", metavar="RATE", help="PyTorch's lr: 0.001, of rmsprop and adagrad 0.01."),
        click.option("--momentum-factor", metavar="FACTOR", help="The momentum of sgd or rmsprop, such as 0.9."),
        click.option("--weight-decay", metavar="DECAY", help="An L2 term; of adamw decoupled, 0.01."),
        click.option("--nesterov-momentum", is_flag=True, help="Nesterov's form of sgd's momentum."),
        click.option(
            "--optimizer-option",
            "optimizer_options",
            multiple=True,
            metavar="NAME=VALUE",
            help="Any option by PyTorch's name: betas=0.9,0.99 eps alpha centered amsgrad dampening lr_decay maximize.",
        ),
        click.option(
            "--clip-norm",
            type=Number(min=0, min_open=True),
            metavar="MAX",
            help="Scale all gradients to a norm of at most MAX.",
        ),
        click.option(
            "--clip-value",
            type=Number(min=0, min_open=True),
            metavar="MAX",
            help="Keep each gradient's entries within -MAX…MAX.",
        ),
    )


def takes_schedule(command: F) -> F:
    """The options of a schedule of the learning rate, whose ticks are epochs."""
    return taking(
        command,
        click.option(
            "--schedule-name",
            default="constant",
            show_default=True,
            metavar="NAME",
            help="constant, step (needs step_size; gamma 0.1) or cosine (needs T_max; eta_min 0), by epochs.",
        ),
        click.option(
            "--schedule-option", "schedule_options", multiple=True, metavar="NAME=VALUE", help="Such as step_size=30."
        ),
        click.option(
            "--warmup-epochs",
            type=WholeNumber(min=0),
            default=0,
            metavar="N",
            help="Epochs in which the rate first rises from a third of it.",
        ),
    )


def optimizer_from(options: dict[str, Any]) -> "Optimiser":
    """The optimiser that the options name. Raises UsageError for what it does not take."""
    from bpcli.train.optimisers import optimiser_from  # noqa: PLC0415 - this brings NumPy

    given = _pairs(options["optimizer_options"], "--optimizer-option", "eps=1e-6")
    for option, name in OF_AN_OPTION.items():
        value = options[option]
        if value is None or value is False:
            continue
        if name in given:
            flag = f"--{option.replace('_', '-')}"
            message = f"{flag} and --optimizer-option {name}={given[name]} say the same"
            raise UsageError(message, hint="leave out one of them")
        given[name] = "true" if value is True else value
    return optimiser_from(options["optimizer_name"], given)


def clipping_from(options: dict[str, Any]) -> "Clipping":
    """How gradients are clipped."""
    from bpcli.train.clipping import Clipping  # noqa: PLC0415 - this brings NumPy

    return Clipping(options["clip_norm"], options["clip_value"])


def schedule_of(options: dict[str, Any]) -> "Schedule":
    """The schedule that the options name. Raises UsageError for what it does not take."""
    from bpcli.train.schedules import schedule_from  # noqa: PLC0415 - this brings NumPy

    given = _pairs(options["schedule_options"], "--schedule-option", "gamma=0.5")
    return schedule_from(options["schedule_name"], given, options["warmup_epochs"])


def _pairs(typed: Sequence[str], option: str, example: str) -> dict[str, str]:
    """The values by name. Raises UsageError for what is no NAME=VALUE, or a name given twice."""
    values: dict[str, str] = {}
    for pair in typed:
        name, equals, value = pair.partition("=")
        name = name.strip()
        if not equals or not name or not value.strip():
            message = f"{option} takes NAME=VALUE, not {named(pair)}"
            raise UsageError(message, hint=f"write it as {option} {example}")
        if name in values:
            message = f"{option} {name} is given twice"
            raise UsageError(message, hint="give each option one value")
        values[name] = value
    return values


OF_PYTORCH = {  # how programs that use PyTorch call them
    "optimizer": "--optimizer-name", "optim": "--optimizer-name", "lr": "--learning-rate",
    "learning_rate": "--learning-rate", "momentum": "--momentum-factor", "nesterov": "--nesterov-momentum",
    "weight_decay": "--weight-decay", "wd": "--weight-decay", "betas": "--optimizer-option",
    "eps": "--optimizer-option",
    "amsgrad": "--optimizer-option", "alpha": "--optimizer-option", "centered": "--optimizer-option",
    "dampening": "--optimizer-option", "lr_decay": "--optimizer-option", "maximize": "--optimizer-option",
    "max_norm": "--clip-norm", "seed": "--random-seed", "manual_seed": "--random-seed", "steps": "--steps-count",
    "epochs": "--epochs-count", "num_epochs": "--epochs-count", "n_epochs": "--epochs-count",
    "batch_size": "--batch-size", "scheduler": "--schedule-name", "lr_scheduler": "--schedule-name",
    "warmup": "--warmup-epochs", "patience": "--early-stopping", "data": "--data-file", "dataset": "--data-file",
    "csv": "--data-file", "resume": "--resume-from", "checkpoint": "--save-checkpoint", "init": "--initial-weights",
}  # fmt: skip


def require_own_names(typed: dict[str, str], text: str, command: click.Command) -> None:
    """Raise UsageError for a value by PyTorch's name for an option, which is no name of the text either."""
    for name, value in typed.items():
        meant = OF_PYTORCH.get(name)
        if meant in options_of(command) and not re.search(rf"\b{name}\b", text):
            pair = f" {name}={shortened(value)}" if meant == "--optimizer-option" else ""
            message = f"unknown option '--{name}'"
            raise UsageError(message, hint=f"did you mean '{meant}{pair}'?")
