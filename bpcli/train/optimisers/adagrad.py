"""Adagrad: steps divided by the size of all gradients so far."""

from typing import Any

from bpcli.train.optimisers.optimiser import Optimiser, Slot, followed
from bpcli.train.optimisers.options import Option


class Adagrad(Optimiser):
    """torch.optim.Adagrad: Duchi, Hazan & Singer (2011); `lr_decay` lets the rate fall as 1/(1 + (t - 1)·lr_decay)."""

    name = "adagrad"
    allowed = {  # noqa: RUF012 - declared by the base class
        "lr": Option(1e-2),
        "lr_decay": Option(0.0),
        "weight_decay": Option(0.0),
        "initial_accumulator_value": Option(0.0),
        "eps": Option(1e-10),
        "maximize": Option(default=False),
    }

    @property
    def slots(self) -> tuple[Slot, ...]:
        """The sum of the squared gradients."""
        return (Slot("s", "sum", self.options["initial_accumulator_value"]),)

    def rule(self, m: Any, s: Any, *, is_first: bool) -> dict[str, Any]:
        """The step -lr·g/(√s + eps)."""
        del is_first
        new = followed(s, self.options)
        d = new.get("d", s.g)
        new["s_new"] = s.s + d * d
        rate = s.lr / (1 + (s.t - 1) * s.lr_decay) if self.options["lr_decay"] else s.lr
        return {**new, "θ_new": s.θ - rate * d / (m.sqrt(new["s_new"]) + s.eps)}
