"""How `flow`, `step` and `train` set a network up: the mode, and the drawing of weights that nobody gave."""

from typing import Any

import click

from bpcli.cli.inputs import F, FiniteNumber, taking
from bpcli.errors import UsageError
from bpcli.language.build import Setup
from bpcli.language.complaints import shortened
from bpcli.layers.initial import SCHEMES


class Factor(FiniteNumber):
    """A finite number above 0, asked for in the words of the other options."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The number. Raises UsageError for any other text, `inf` and `nan` among them."""
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter as error:
            message = f"{param.opts[0] if param else 'it'} takes a number above 0, not '{shortened(str(value))}'"
            hint = f"'{ctx.command_path if ctx else 'bpcli'} --help' says what it takes"
            raise UsageError(message, hint=hint) from error


def takes_initialisation(command: F) -> F:
    """The options of how weights are drawn that nobody gave; `setup_from` reads them."""
    return taking(
        command,
        click.option(
            "--initial-weights",
            type=click.Choice(SCHEMES),
            default=SCHEMES[0],
            show_default=True,
            help="How weights without a value are drawn: as PyTorch's layers do it, or by a scheme, with biases 0.",
        ),
        click.option(
            "--initial-scale",
            type=Factor(min=0, min_open=True),
            default=1.0,
            show_default=True,
            help="What drawn weights, not biases, are multiplied by.",
        ),
    )


def setup_from(options: dict[str, Any]) -> Setup:
    """How a network is set up, by the options of `takes_network`, `takes_initialisation`, and --single-precision."""
    return Setup(
        random_seed=options["random_seed"],
        evaluation_mode=options["evaluation_mode"],
        single_precision=options.get("single_precision", False),
        initial_weights=options["initial_weights"],
        initial_scale=options["initial_scale"],
    )
