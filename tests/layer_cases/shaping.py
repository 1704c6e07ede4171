"""Flatten and Unflatten."""

from layer_cases import Case

SHAPE = (2, 3, 2, 2)

CASES = [
    Case("flatten", "nn.Sequential(nn.Flatten(), nn.Linear(12, 1))", SHAPE),
    Case("flatten-all", "nn.Sequential(nn.Flatten(start_dim=0))", SHAPE),
    Case("flatten-from", "nn.Sequential(nn.Flatten(2), nn.Linear(4, 1))", SHAPE),
    Case("flatten-to", "nn.Sequential(nn.Flatten(0, 1), nn.Linear(2, 1))", SHAPE),
    Case("flatten-from-the-end", "nn.Sequential(nn.Flatten(start_dim=-3, end_dim=-2), nn.Linear(2, 1))", SHAPE),
    Case("flatten-one-axis", "nn.Sequential(nn.Flatten(1, 1), nn.Linear(2, 1))", SHAPE),
    Case("flatten-number", "nn.Sequential(nn.Flatten(0))", at=2.5),
    Case("unflatten", "nn.Sequential(nn.Unflatten(1, (2, 3)), nn.Linear(3, 1))", (2, 6)),
    Case("unflatten-left-over", "nn.Sequential(nn.Unflatten(dim=-1, unflattened_size=(3, -1)))", (2, 6)),
    Case("unflatten-first", "nn.Sequential(nn.Unflatten(0, [2, 1, 2]))", (4, 3)),
    Case("unflatten-flatten", "nn.Sequential(nn.Unflatten(-1, (2, 2)), nn.Flatten())", (3, 4), mode="eval"),
]
