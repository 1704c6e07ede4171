"""Stochastic gradient descent with momentum, Nesterov's too."""

from typing import Any

from bpcli.errors import UsageError
from bpcli.train.optimisers.optimiser import Optimiser, Slot, followed
from bpcli.train.optimisers.options import Given, Option

MOMENTUM = Slot("b", "momentum_buffer")


class SGD(Optimiser):
    """torch.optim.SGD. The first step takes the gradient as the momentum, undamped.

    Nesterov momentum: Sutskever, Martens, Dahl & Hinton (2013), in the form of PyTorch.
    """

    name = "sgd"
    allowed = {  # noqa: RUF012 - declared by the base class
        "lr": Option(1e-3),
        "momentum": Option(0.0),
        "dampening": Option(0.0, least=float("-inf")),
        "weight_decay": Option(0.0),
        "nesterov": Option(default=False),
        "maximize": Option(default=False),
    }

    def __init__(self, given: Given) -> None:
        super().__init__(given)
        if self.options["nesterov"] and (not self.options["momentum"] or self.options["dampening"]):
            message = "Nesterov momentum needs a momentum above 0 and no dampening"
            raise UsageError(message, hint="give momentum, such as 0.9, and leave out dampening")

    @property
    def slots(self) -> tuple[Slot, ...]:
        """The momentum, if there is any."""
        return (MOMENTUM,) if self.options["momentum"] else ()

    def rule(self, m: Any, s: Any, *, is_first: bool) -> dict[str, Any]:
        """The step -lr·b, where b is the gradient or its momentum."""
        del m
        new = followed(s, self.options)
        d = new.get("d", s.g)
        if not self.options["momentum"]:
            return {**new, "θ_new": s.θ - s.lr * d}
        damped = (1 - s.dampening) * d if self.options["dampening"] else d
        b = d if is_first else s.momentum * s.b + damped
        along = d + s.momentum * b if self.options["nesterov"] else b
        return {**new, "b_new": b, "θ_new": s.θ - s.lr * along}
