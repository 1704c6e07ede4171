"""Write down what PyTorch 2.13 makes of small networks: trajectories of optimisers, rates of schedules, clipping.

Run with a Python that has torch: `python tests/make_optimiser_fixtures.py`. The tests need the file that it writes
alone.
"""

import json
import warnings
from pathlib import Path
from typing import Any

import torch  # type: ignore[import-not-found]  # PyTorch is needed only where this script is run
from torch import nn
from torch.optim import lr_scheduler as schedulers  # type: ignore[import-not-found]  # the same

TARGET = Path(__file__).parent / "fixtures" / "optimisers.json"
STEPS, KEPT = 100, (1, 2, 10, 100)
OPTIMISERS: dict[str, Any] = {
    "sgd": torch.optim.SGD,
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "rmsprop": torch.optim.RMSprop,
    "adagrad": torch.optim.Adagrad,
}
CASES: list[tuple[str, str, dict[str, Any]]] = [
    ("sgd", "mse", {"lr": 0.1}),
    ("sgd", "cross_entropy", {"lr": 0.1, "momentum": 0.9}),
    ("sgd", "mse", {"lr": 0.05, "momentum": 0.9, "dampening": 0.3, "weight_decay": 0.01}),
    ("sgd", "mse", {"lr": 0.05, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01}),
    ("sgd", "mse", {"lr": 0.001, "momentum": 0.5, "maximize": True}),
    ("adam", "mse", {"lr": 0.05}),
    ("adam", "cross_entropy", {}),
    ("adam", "mse", {"lr": 0.02, "betas": [0.8, 0.9], "eps": 1e-4, "weight_decay": 0.1}),
    ("adam", "cross_entropy", {"lr": 0.02, "amsgrad": True}),
    ("adam", "mse", {"lr": 0.01, "betas": [0.0, 0.99], "maximize": True}),
    ("adamw", "mse", {"lr": 0.05}),
    ("adamw", "cross_entropy", {"lr": 0.05, "weight_decay": 0.2, "amsgrad": True}),
    ("rmsprop", "mse", {}),
    ("rmsprop", "mse", {"lr": 0.005, "alpha": 0.9, "centered": True}),
    ("rmsprop", "cross_entropy", {"lr": 0.005, "momentum": 0.9, "weight_decay": 0.05, "centered": True, "eps": 1e-6}),
    ("adagrad", "mse", {}),
    ("adagrad", "cross_entropy", {"lr": 0.1, "lr_decay": 0.05, "weight_decay": 0.01, "initial_accumulator_value": 0.1}),
]
SCHEDULES: list[tuple[str, dict[str, Any], int]] = [
    ("constant", {}, 4),
    ("step", {"step_size": 3}, 0),
    ("step", {"step_size": 4, "gamma": 0.5}, 5),
    ("cosine", {"T_max": 10}, 0),
    ("cosine", {"T_max": 7, "eta_min": 0.01}, 3),
    ("cosine", {"T_max": 1}, 1),
]
TICKS, RATE = 40, 0.3


def network() -> nn.Module:
    """The network that every trajectory trains, the same each time."""
    torch.manual_seed(7)
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)).double()


def batches() -> dict[str, list[Any]]:
    """Three batches: inputs, and the targets of either loss."""
    torch.manual_seed(8)
    inputs = [torch.randn(5, 3, dtype=torch.float64) for _ in range(3)]
    return {
        "inputs": inputs,
        "mse": [torch.randn(5, 2, dtype=torch.float64) for _ in range(3)],
        "cross_entropy": [torch.randint(0, 2, (5,)) for _ in range(3)],
    }


def flat(model: nn.Module) -> list[float]:
    """All parameters, one behind the other."""
    values: list[float] = torch.cat([parameter.detach().ravel() for parameter in model.parameters()]).tolist()
    return values


def trajectory(  # noqa: PLR0913 - a case
    name: str,
    loss: str,
    options: dict[str, Any],
    *,
    schedule: tuple[str, dict[str, Any], int] | None = None,
    clip_norm: float | None = None,
    clip_value: float | None = None,
) -> dict[str, Any]:
    """The weights after some of the steps; a schedule ticks after every fifth."""
    model, data = network(), batches()
    criterion = nn.MSELoss() if loss == "mse" else nn.CrossEntropyLoss()
    given = {key: tuple(value) if isinstance(value, list) else value for key, value in options.items()}
    optimiser = OPTIMISERS[name](model.parameters(), **given)
    scheduler = scheduler_of(optimiser, *schedule) if schedule else None
    kept = {}
    for step in range(1, STEPS + 1):
        optimiser.zero_grad()
        criterion(model(data["inputs"][step % 3]), data[loss][step % 3]).backward()
        if clip_value is not None:
            nn.utils.clip_grad_value_(model.parameters(), clip_value)
        if clip_norm is not None:
            nn.utils.clip_grad_norm_(model.parameters(), clip_norm)
        optimiser.step()
        if scheduler and step % 5 == 0:
            scheduler.step()
        if step in KEPT:
            kept[step] = flat(model)
    case = {"optimiser": name, "loss": loss, "options": options, "weights": kept}
    return {**case, "schedule": schedule, "clip_norm": clip_norm, "clip_value": clip_value}


def scheduler_of(optimiser: Any, name: str, options: dict[str, Any], warmup: int) -> Any:
    """The scheduler, behind a warm-up."""
    kinds = {
        "constant": lambda: schedulers.LambdaLR(optimiser, lambda _: 1.0),
        "step": lambda: schedulers.StepLR(optimiser, **options),
        "cosine": lambda: schedulers.CosineAnnealingLR(optimiser, **options),
    }
    if not warmup:
        return kinds[name]()
    rising = schedulers.LinearLR(optimiser, total_iters=warmup)
    return schedulers.SequentialLR(optimiser, [rising, kinds[name]()], milestones=[warmup])


def rates(name: str, options: dict[str, Any], warmup: int) -> dict[str, Any]:
    """The rate before each tick."""
    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=RATE)
    scheduler = scheduler_of(optimiser, name, options, warmup)
    found = []
    for _ in range(TICKS):
        found.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        scheduler.step()
    return {"schedule": name, "options": options, "warmup": warmup, "base": RATE, "rates": found}


def clippings() -> list[dict[str, Any]]:
    """Gradients of two parameters, clipped."""
    gradients = [3.0, -4.0, 0.5, 12.0]
    found = []
    for norm, value in ((1.0, None), (100.0, None), (None, 2.0), (3.0, 2.0), (13.0, None)):
        first, second = torch.zeros(1, dtype=torch.float64), torch.zeros(3, dtype=torch.float64)
        first.grad = torch.tensor(gradients[:1], dtype=torch.float64)
        second.grad = torch.tensor(gradients[1:], dtype=torch.float64)
        if value is not None:
            nn.utils.clip_grad_value_([first, second], value)
        if norm is not None:
            nn.utils.clip_grad_norm_([first, second], norm)
        clipped = [*first.grad.tolist(), *second.grad.tolist()]
        found.append({"gradients": gradients, "norm": norm, "value": value, "clipped": clipped})
    return found


def main() -> None:
    """Write the file."""
    warnings.simplefilter("ignore")
    model = network()
    data = {name: [one.tolist() for one in values] for name, values in batches().items()}
    document = {
        "torch": torch.__version__,
        "weights": {name: value.tolist() for name, value in model.state_dict().items()},
        "batches": data,
        "trajectories": [
            *[trajectory(*case) for case in CASES],
            trajectory("sgd", "mse", {"lr": 0.2, "momentum": 0.9}, schedule=("step", {"step_size": 4}, 5)),
            trajectory("adam", "mse", {"lr": 0.05}, schedule=("cosine", {"T_max": 12, "eta_min": 0.001}, 3)),
            trajectory("sgd", "mse", {"lr": 0.2}, clip_norm=0.5),
            trajectory("adamw", "cross_entropy", {"lr": 0.1}, clip_norm=0.1, clip_value=0.05),
        ],
        "schedules": [rates(*case) for case in SCHEDULES],
        "clipping": clippings(),
    }
    TARGET.write_text(json.dumps(document, separators=(",", ":")) + "\n", "utf-8")


if __name__ == "__main__":
    main()
