"""How `flow`, `step` and `train` set a network up: the mode, and the drawing of weights that nobody gave."""

from typing import Any

import click

from bpcli.cli.inputs import F, Number, taking
from bpcli.language.build import Setup
from bpcli.layers.initial import SCHEMES

OTHER_NAMES = {"kaiming": "he", "glorot": "xavier", "pytorch": "default"}


class Scheme(click.Choice[str]):
    """A scheme of initialisation, by its name here or by the other name of its author."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The scheme by the name that it has here. Raises click.BadParameter for any other word."""
        word = str(value).lower()
        return super().convert(OTHER_NAMES.get(word, word), param, ctx)


def takes_initialisation(command: F) -> F:
    """The options of how weights are drawn that nobody gave; `setup_from` reads them."""
    return taking(
        command,
        click.option(
            "--initial-weights",
            type=Scheme(SCHEMES),
            default=SCHEMES[0],
            show_default=True,
            help="How weights without a value are drawn: as by PyTorch's layers, or by a scheme, with biases 0; he is "
            "also called kaiming, xavier glorot.",
        ),
        click.option(
            "--initial-scale",
            type=Number(min=0, min_open=True),
            default=1.0,
            show_default=True,
            help="What drawn weights, not biases, are multiplied by.",
        ),
    )


def setup_from(options: dict[str, Any]) -> Setup:
    """How a network is set up, by the options of `takes_network`, `takes_initialisation`, and --single-precision.

    A student sets one bias to see what it does: the parameters beside those that are given are drawn.
    """
    return Setup(
        random_seed=options["random_seed"],
        evaluation_mode=options["evaluation_mode"],
        single_precision=options.get("single_precision", False),
        initial_weights=options["initial_weights"],
        initial_scale=options["initial_scale"],
        draws_the_rest=True,
    )
