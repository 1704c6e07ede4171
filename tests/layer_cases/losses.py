"""Losses: every one, and every argument of it; a loss alone stands behind Identity."""

from layer_cases import Case

MODEL = "nn.Sequential(nn.Linear(3, 4))"
ALONE = "nn.Sequential(nn.Identity())"
FAR = [[-1000.0, 0.0, 1000.0, 2.0], [1000.0, 1000.0, -1000.0, 0.0], [0.0, 0.0, 0.0, 0.0], [-40.0, 40.0, 745.0, -745.0]]
SURE = [[1.0, 0.0, 1.0, 0.25], [0.0, 1.0, 0.0, 1.0], [0.0, 1.0, 0.5, 0.0], [0.0, 1.0, 1.0, 0.0]]
EDGES = [-3.0, -1.0, -0.5, -0.25, 0.0, 0.25, 0.5, 1.0, 3.0]
SHARES = [[0.25, 0.25, 0.5, 0.0], [0.0, 1.0, 0.0, 0.0], [0.125, 0.125, 0.25, 0.5]]
LIKELY = [[0.25, 0.5, 0.75, 0.125], [0.0625, 0.875, 0.5, 0.25], [0.3, 0.6, 0.9, 0.1]]
NEARLY = [0.0, 0.0, 1.0, 1.0, 1e-13, 1e-13, 1e-30, 1 - 2.0**-24]
WEIGHT = "torch.tensor([0.5, 2.0, 1.25, 1.0])"
REDUCTIONS = ("mean", "sum", "none")


def reduced(name: str, loss: str, reductions: tuple[str, ...] = REDUCTIONS, **case: object) -> list[Case]:
    """A case for each reduction; `loss` has `{}` where it stands."""
    return [
        Case(f"{name}-{reduction}", loss=loss.format(f'reduction="{reduction}"'), **{"spec": MODEL, **case})  # type: ignore[arg-type]
        for reduction in reductions
    ]


def against_zeros(name: str, loss: str) -> Case:
    """A loss at the edges of its branches."""
    return Case(name, ALONE, loss=loss, at=EDGES, target=[0.0] * len(EDGES))


DIFFERENCES = [
    *reduced("mse", "nn.MSELoss({})", shape=(3, 3), target=(3, 4)),
    *reduced("l1", "nn.L1Loss({})", shape=(3, 3), target=(3, 4)),
    against_zeros("l1-edges", "nn.L1Loss()"),
    *reduced("smooth-l1", "nn.SmoothL1Loss({})", shape=(3, 3), target=(3, 4)),
    Case("smooth-l1-beta", MODEL, (3, 3), "nn.SmoothL1Loss(beta=0.5)", (3, 4)),
    Case("smooth-l1-beta-0", MODEL, (3, 3), "nn.SmoothL1Loss(beta=0)", (3, 4)),
    against_zeros("smooth-l1-edges", "nn.SmoothL1Loss(beta=0.5)"),
    *reduced("huber", "nn.HuberLoss({})", shape=(3, 3), target=(3, 4)),
    Case("huber-delta", MODEL, (3, 3), 'nn.HuberLoss("sum", 0.5)', (3, 4)),
    against_zeros("huber-edges", "nn.HuberLoss(delta=0.5)"),
    Case("mse-positions", MODEL, (3, 3), 'nn.MSELoss(None, None, "sum")', (3, 4)),
    Case("mse-one-row", MODEL, (3,), "nn.MSELoss()", (4,)),
]
COUNTS = [[0.0, 1.0, 2.0, 5.0], [3.0, 0.0, 1.0, 1.0], [4.0, 2.0, 0.0, 9.0]]
SIGNS = [[1.0, -1.0, 1.0, -1.0], [-1.0, -1.0, 1.0, 1.0], [1.0, 1.0, -1.0, -1.0]]
DIFFERENCES += [
    *reduced("poisson", "nn.PoissonNLLLoss({})", shape=(3, 3), target=(3, 4), classes=6),
    Case("poisson-full", MODEL, (3, 3), "nn.PoissonNLLLoss(full=True)", COUNTS),
    Case(
        "poisson-rates", ALONE, loss="nn.PoissonNLLLoss(False, eps=0.25)", at=[0.25, 1.5, 4.0], target=[0.0, 1.0, 7.0]
    ),
    Case(
        "poisson-rates-full", ALONE, loss="nn.PoissonNLLLoss(False, True)", at=[0.25, 1.5, 4.0], target=[0.0, 1.0, 7.0]
    ),
    *reduced("soft-margin", "nn.SoftMarginLoss({})", shape=(3, 3), target=SIGNS),
    *reduced("hinge", "nn.HingeEmbeddingLoss({})", shape=(3, 3), target=SIGNS),
    Case("hinge-margin", MODEL, (3, 3), "nn.HingeEmbeddingLoss(0.5)", SIGNS),
    Case(
        "hinge-edges",
        ALONE,
        loss="nn.HingeEmbeddingLoss()",
        at=[1.0, 1.0, 1.0, 0.5, 2.0],
        target=[1.0, -1.0, 0.0, 0.0, 0.0],
    ),
]
CLASSES = [
    *reduced("ce", "nn.CrossEntropyLoss({})", shape=(3, 3), target=(3,), classes=4),
    Case("ce-one-row", MODEL, (3,), "nn.CrossEntropyLoss()", 2),
    Case("ce-weight-position", MODEL, (3, 3), f"nn.CrossEntropyLoss({WEIGHT})", (3,), 4),
    *reduced(
        "ce-weight-ignore",
        f"nn.CrossEntropyLoss(weight={WEIGHT}, ignore_index=1, {{}})",
        shape=(4, 3),
        target=[1, 3, 0, 1],
    ),
    Case("ce-ignore-default", MODEL, (3, 3), "nn.CrossEntropyLoss()", [2, -100, 0]),
    Case("ce-ignore-beyond", MODEL, (3, 3), "nn.CrossEntropyLoss(ignore_index=255)", [255, 3, 255]),
    *reduced("ce-smoothing", "nn.CrossEntropyLoss(label_smoothing=0.1, {})", shape=(4, 3), target=[1, 3, 0, -100]),
    *reduced(
        "ce-smoothing-weight-ignore",
        f"nn.CrossEntropyLoss(weight={WEIGHT}, ignore_index=1, label_smoothing=0.25, {{}})",
        shape=(4, 3),
        target=[1, 3, 0, 2],
    ),
    Case("ce-smoothing-all", MODEL, (3, 3), "nn.CrossEntropyLoss(label_smoothing=1.0)", (3,), 4),
    *reduced("ce-shares", "nn.CrossEntropyLoss({})", shape=(3, 3), target=SHARES),
    Case("ce-shares-one-row", MODEL, (3,), "nn.CrossEntropyLoss()", SHARES[0]),
    *reduced(
        "ce-shares-weight-smoothing",
        f"nn.CrossEntropyLoss(weight={WEIGHT}, label_smoothing=0.1, {{}})",
        shape=(3, 3),
        target=SHARES,
    ),
    Case("ce-sequence", ALONE, (2, 3, 4), "nn.CrossEntropyLoss()", (2, 4), 3),
    Case(
        "ce-image",
        ALONE,
        (2, 3, 2, 2),
        "nn.CrossEntropyLoss(torch.tensor([0.5, 2.0, 1.25]), ignore_index=0, label_smoothing=0.1)",
        (2, 2, 2),
        3,
    ),
    Case("ce-image-none", ALONE, (2, 3, 2, 2), 'nn.CrossEntropyLoss(ignore_index=0, reduction="none")', (2, 2, 2), 3),
    Case(
        "ce-image-shares",
        ALONE,
        (1, 2, 2, 2),
        "nn.CrossEntropyLoss(weight=torch.tensor([0.5, 2.0]))",
        [[[[0.5, 0.25], [1.0, 0.0]], [[0.5, 0.75], [0.0, 1.0]]]],
    ),
    Case("ce-far", ALONE, loss='nn.CrossEntropyLoss(reduction="none")', at=FAR, target=[0, 1, 3, 2]),
    Case("ce-far-smoothing", ALONE, loss="nn.CrossEntropyLoss(label_smoothing=0.1)", at=FAR, target=[0, 1, 3, 2]),
    *reduced("nll", "nn.NLLLoss({})", shape=(3, 3), target=(3,), classes=4),
    Case("nll-one-row", MODEL, (3,), "nn.NLLLoss()", 2),
    *reduced(
        "nll-weight-ignore", f"nn.NLLLoss(weight={WEIGHT}, ignore_index=1, {{}})", shape=(4, 3), target=[1, 3, 0, 1]
    ),
    Case("nll-image", ALONE, (2, 3, 2, 2), "nn.NLLLoss(torch.tensor([0.5, 2.0, 1.25]), ignore_index=0)", (2, 2, 2), 3),
]
PROBABILITIES = [
    *reduced("bce", "nn.BCELoss({})", spec=ALONE, at=LIKELY, target=SHARES),
    Case("bce-weight", ALONE, loss=f"nn.BCELoss({WEIGHT})", at=LIKELY, target=SHARES),
    Case("bce-weight-rows", ALONE, loss="nn.BCELoss(weight=torch.tensor([[0.5], [2], [1]]))", at=LIKELY, target=SHARES),
    Case("bce-edges", ALONE, loss='nn.BCELoss(reduction="none")', at=NEARLY, target=SURE[0] + SURE[1]),
    *reduced("bce-logits", "nn.BCEWithLogitsLoss({})", shape=(3, 3), target=SHARES),
    Case("bce-logits-weight", MODEL, (3, 3), f"nn.BCEWithLogitsLoss(weight={WEIGHT})", SHARES),
    Case("bce-logits-weight-rows", MODEL, (3, 3), "nn.BCEWithLogitsLoss(torch.tensor([[0.5], [2], [1]]))", SHARES),
    Case("bce-logits-pos-weight", MODEL, (3, 3), f"nn.BCEWithLogitsLoss(pos_weight={WEIGHT})", SHARES),
    *reduced(
        "bce-logits-both",
        f"nn.BCEWithLogitsLoss(torch.tensor(0.5), pos_weight={WEIGHT}, {{}})",
        shape=(3, 3),
        target=SHARES,
    ),
    Case("bce-logits-far", ALONE, loss='nn.BCEWithLogitsLoss(reduction="none")', at=FAR, target=SURE),
    Case(
        "bce-logits-far-weight",
        ALONE,
        loss=f'nn.BCEWithLogitsLoss(pos_weight={WEIGHT}, reduction="none")',
        at=FAR,
        target=SURE,
    ),
    *reduced("labels", "nn.MultiLabelSoftMarginLoss({})", shape=(3, 3), target=SHARES),
    *reduced("labels-weight", f"nn.MultiLabelSoftMarginLoss({WEIGHT}, {{}})", shape=(3, 3), target=SHARES),
    Case("labels-one-row", MODEL, (3,), "nn.MultiLabelSoftMarginLoss()", SHARES[0]),
    *reduced("kl", "nn.KLDivLoss({})", (*REDUCTIONS, "batchmean"), shape=(3, 3), target=SHARES),
    *reduced(
        "kl-log-target", "nn.KLDivLoss(log_target=True, {})", (*REDUCTIONS, "batchmean"), shape=(3, 3), target=(3, 4)
    ),
]
CASES = [*DIFFERENCES, *CLASSES, *PROBABILITIES]
