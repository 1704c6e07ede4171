"""Batch, layer, group, RMS and instance normalisation: each argument, training and evaluation."""

from layer_cases import Case

WEIGHT, BIAS = [0.5, -1.5, 2.0], [0.1, 0.2, -0.3]
AFFINE = {"0.weight": WEIGHT, "0.bias": BIAS}
KEYWORDS = "eps=0.02, momentum=0.3, affine=True, bias=False, track_running_stats=True"
STATISTICS = {"0.running_mean": [0.3, -0.2, 0.1], "0.running_var": [0.5, 2.0, 1.5]}


def both(name: str, layer: str, shape: tuple[int, ...]) -> list[Case]:
    """The layer in training and in evaluation, with a weight and a bias, and running statistics where it has them."""
    has_weight = "affine=False" not in layer and ("affine=True" in layer or "Instance" not in layer)
    has_bias = has_weight and "bias=False" not in layer and "RMS" not in layer
    has_statistics = ("Batch" in layer and "stats=False" not in layer) or "stats=True" in layer
    given = {"0.weight": WEIGHT} if has_weight else {}
    given |= {"0.bias": BIAS} if has_bias else {}
    given |= STATISTICS if has_statistics else {}
    spec = f"nn.Sequential(nn.{layer})"
    return [Case(f"{name}-{mode}", spec, shape, parameters=given, mode=mode) for mode in ("train", "eval")]


CASES = [
    *both("batch-norm", "BatchNorm1d(3)", (4, 3)),
    *both("batch-norm-length", "BatchNorm1d(num_features=3)", (2, 3, 2)),
    *both("batch-norm-one-long-row", "BatchNorm1d(3)", (1, 3, 3)),
    *both("batch-norm-eps", "BatchNorm1d(3, eps=0.1)", (4, 3)),
    *both("batch-norm-momentum", "BatchNorm1d(3, 1e-3, 0.4)", (4, 3)),
    *both("batch-norm-no-momentum", "BatchNorm1d(3, momentum=None)", (4, 3)),
    *both("batch-norm-momentum-0", "BatchNorm1d(3, momentum=0.0)", (4, 3)),
    *both("batch-norm-not-affine", "BatchNorm1d(3, affine=False)", (4, 3)),
    *both("batch-norm-no-bias", "BatchNorm1d(3, bias=False)", (4, 3)),
    *both("batch-norm-untracked", "BatchNorm1d(3, track_running_stats=False)", (4, 3)),
    *both("batch-norm-2d", "BatchNorm2d(3)", (2, 3, 2, 1)),
    *both("batch-norm-2d-arguments", "BatchNorm2d(3, 0.01, 0.3, True, True)", (2, 3, 2, 1)),
    *both("batch-norm-2d-untracked", "BatchNorm2d(3, track_running_stats=False, affine=False)", (2, 3, 2, 1)),
    *both("batch-norm-2d-keywords", f"BatchNorm2d(num_features=3, {KEYWORDS})", (1, 3, 2, 2)),
    *both("batch-norm-3d", "BatchNorm3d(3)", (2, 3, 1, 2, 1)),
    *both("batch-norm-3d-keywords", f"BatchNorm3d(num_features=3, {KEYWORDS})", (2, 3, 1, 2, 1)),
    *both("layer-norm", "LayerNorm(3)", (2, 3)),
    Case("layer-norm-eps", "nn.Sequential(nn.LayerNorm(normalized_shape=3, eps=0.5))", (2, 3), parameters=AFFINE),
    Case("layer-norm-no-bias", "nn.Sequential(nn.LayerNorm((3,), bias=False))", (2, 3)),
    Case("layer-norm-not-affine", "nn.Sequential(nn.LayerNorm([3], 1e-5, False))", (2, 2, 3)),
    Case("layer-norm-axes", "nn.Sequential(nn.LayerNorm((2, 3)), nn.Linear(3, 1))", (2, 2, 3)),
    Case("layer-norm-all", "nn.Sequential(nn.LayerNorm([2, 3], elementwise_affine=True))", (2, 3)),
    *both("group-norm", "GroupNorm(1, 3)", (2, 3, 2)),
    *both("group-norm-of-channels", "GroupNorm(3, 3)", (2, 3, 2)),
    *both("group-norm-no-bias", "GroupNorm(num_groups=3, num_channels=3, eps=0.1, bias=False)", (2, 3, 2, 1)),
    Case("group-norm-groups", "nn.Sequential(nn.GroupNorm(2, 4))", (2, 4)),
    Case("group-norm-image", "nn.Sequential(nn.Linear(2, 2), nn.GroupNorm(2, 4))", (2, 4, 1, 2)),
    Case("group-norm-not-affine", "nn.Sequential(nn.GroupNorm(2, 4, affine=False, bias=True))", (2, 4, 2)),
    *both("rms-norm", "RMSNorm(3)", (2, 3)),
    Case("rms-norm-eps", "nn.Sequential(nn.RMSNorm((3,), eps=0.3))", (2, 3)),
    Case("rms-norm-no-eps", "nn.Sequential(nn.RMSNorm(2, eps=None))", at=[[1e-8, 2e-8], [0.0, -3e-8]]),
    Case("rms-norm-not-affine", "nn.Sequential(nn.RMSNorm([2, 3], elementwise_affine=False))", (2, 2, 3)),
    *both("instance-norm", "InstanceNorm1d(3)", (2, 3, 4)),
    *both("instance-norm-one", "InstanceNorm1d(3, affine=True)", (3, 4)),
    *both("instance-norm-tracked", "InstanceNorm1d(3, 0.1, 0.3, track_running_stats=True)", (2, 3, 4)),
    *both("instance-norm-no-momentum", "InstanceNorm1d(3, momentum=None, track_running_stats=True)", (2, 3, 4)),
    *both("instance-norm-one-tracked", "InstanceNorm1d(3, track_running_stats=True, affine=True)", (3, 4)),
    *both("instance-norm-no-bias", "InstanceNorm1d(3, affine=True, bias=False)", (2, 3, 2)),
    *both("instance-norm-keywords", f"InstanceNorm1d(num_features=3, {KEYWORDS})", (2, 3, 4)),
    *both("instance-norm-2d-keywords", f"InstanceNorm2d(num_features=3, {KEYWORDS})", (2, 3, 2, 1)),
    *both("instance-norm-3d-keywords", f"InstanceNorm3d(num_features=3, {KEYWORDS})", (2, 3, 1, 2, 1)),
    *both("instance-norm-2d", "InstanceNorm2d(3, affine=True, track_running_stats=True)", (2, 3, 2, 2)),
    *both("instance-norm-2d-one", "InstanceNorm2d(3, eps=0.2)", (3, 2, 2)),
    *both("instance-norm-3d", "InstanceNorm3d(3)", (1, 3, 1, 2, 2)),
]
