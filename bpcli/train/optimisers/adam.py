"""Adam and AdamW: steps of the size of the rate, whatever the size of the gradient."""

from typing import Any

from bpcli.train.optimisers.optimiser import Optimiser, Slot, followed, moved_towards
from bpcli.train.optimisers.options import Option

FIRST, SECOND, LARGEST = Slot("m", "exp_avg"), Slot("v", "exp_avg_sq"), Slot("v_max", "max_exp_avg_sq")


class Adam(Optimiser):
    """torch.optim.Adam: Kingma & Ba (2015); amsgrad: Reddi, Kale & Kumar (2018). Its weight decay is an L2 term."""

    name = "adam"
    is_decoupled = False
    allowed = {  # noqa: RUF012 - declared by the base class
        "lr": Option(1e-3),
        "betas": Option((0.9, 0.999), below=1),
        "eps": Option(1e-8),
        "weight_decay": Option(0.0),
        "amsgrad": Option(default=False),
        "maximize": Option(default=False),
    }

    @property
    def slots(self) -> tuple[Slot, ...]:
        """The averages of the gradient and of its square, and with amsgrad the largest of the second so far."""
        return (FIRST, SECOND, LARGEST) if self.options["amsgrad"] else (FIRST, SECOND)

    def rule(self, m: Any, s: Any, *, is_first: bool) -> dict[str, Any]:
        """The step -lr·m̂/(√v̂ + eps), where m̂ = m/(1 - beta1ᵗ) and v̂ = v/(1 - beta2ᵗ)."""
        del is_first
        start, new = self._decayed(s)
        d = new.get("d", s.g)
        new["m_new"] = moved_towards(s.m, d, s.beta1, kept=self.options["betas"][0])
        new["v_new"] = v = s.beta2 * s.v + (1 - s.beta2) * d * d
        if self.options["amsgrad"]:
            new["v_max_new"] = v = m.maximum(s.v_max, v)
        size = m.sqrt(v) / m.sqrt(1 - s.beta2**s.t) + s.eps
        new["θ_new"] = start - s.lr / (1 - s.beta1**s.t) * new["m_new"] / size
        return new

    def _decayed(self, s: Any) -> tuple[Any, dict[str, Any]]:
        """The parameter from which the step begins, and what has been computed so far."""
        if not self.is_decoupled:
            return s.θ, followed(s, self.options)
        new = followed(s, {**self.options, "weight_decay": 0})
        if not self.options["weight_decay"]:
            return s.θ, new
        new["u"] = s.θ * (1 - s.lr * s.weight_decay)
        return new["u"], new


class AdamW(Adam):
    """torch.optim.AdamW: Loshchilov & Hutter (2019). The weight decay shrinks the parameter itself, before the step."""

    name = "adamw"
    is_decoupled = True
    allowed = {**Adam.allowed, "weight_decay": Option(0.01)}  # noqa: RUF012 - the same
