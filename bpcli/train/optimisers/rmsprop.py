"""RMSprop: steps divided by the running size of the gradient."""

from typing import Any

from bpcli.train.optimisers.optimiser import Optimiser, Slot, followed, moved_towards
from bpcli.train.optimisers.options import Option

SQUARE, MEAN, MOMENTUM = Slot("v", "square_avg"), Slot("a", "grad_avg"), Slot("b", "momentum_buffer")


class RMSprop(Optimiser):
    """torch.optim.RMSprop: Tieleman & Hinton (2012); centered: Graves (2013). The root is taken before eps is added."""

    name = "rmsprop"
    allowed = {  # noqa: RUF012 - declared by the base class
        "lr": Option(1e-2),
        "alpha": Option(0.99),
        "eps": Option(1e-8),
        "weight_decay": Option(0.0),
        "momentum": Option(0.0),
        "centered": Option(default=False),
        "maximize": Option(default=False),
    }

    @property
    def slots(self) -> tuple[Slot, ...]:
        """The average of the squared gradient; centered, that of the gradient too; the momentum, if there is any."""
        mean = (MEAN,) if self.options["centered"] else ()
        return (SQUARE, *mean, *((MOMENTUM,) if self.options["momentum"] else ()))

    def rule(self, m: Any, s: Any, *, is_first: bool) -> dict[str, Any]:
        """The step -lr·g/(√v + eps); centered, v is less the square of the mean."""
        del is_first
        new = followed(s, self.options)
        d = new.get("d", s.g)
        new["v_new"] = spread = s.alpha * s.v + (1 - s.alpha) * d * d
        if self.options["centered"]:
            new["a_new"] = a = moved_towards(s.a, d, s.alpha, kept=self.options["alpha"])
            spread = spread - a * a
        size = m.sqrt(spread) + s.eps
        if self.options["momentum"]:
            new["b_new"] = s.momentum * s.b + d / size
            return {**new, "θ_new": s.θ - s.lr * new["b_new"]}
        return {**new, "θ_new": s.θ - s.lr * d / size}
