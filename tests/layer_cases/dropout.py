"""Dropout where chance has no say: in evaluation, and where everything or nothing is kept."""

from layer_cases import Case

CASES = [
    Case("dropout-evaluation", "nn.Sequential(nn.Dropout(), nn.Linear(3, 1))", (2, 3), mode="eval"),
    Case("dropout-nothing", "nn.Sequential(nn.Dropout(p=0), nn.Linear(3, 1))", (2, 3)),
    Case("dropout-everything", "nn.Sequential(nn.Linear(3, 2), nn.Dropout(1, inplace=False))", (2, 3)),
    Case("dropout1d-evaluation", "nn.Sequential(nn.Dropout1d(0.2))", (2, 3, 2), mode="eval"),
    Case("dropout1d-everything", "nn.Sequential(nn.Dropout1d(p=1.0))", (3, 2)),
    Case("dropout2d-evaluation", "nn.Sequential(nn.Dropout2d(p=0.2, inplace=False))", (1, 3, 2, 1), mode="eval"),
    Case("dropout2d-nothing", "nn.Sequential(nn.Dropout2d(0.0))", (1, 3, 2, 1)),
    Case("dropout1d-in-place", "nn.Sequential(nn.Dropout1d(p=0, inplace=True))", (3, 2)),
    Case("dropout3d-everything", "nn.Sequential(nn.Dropout3d(p=1, inplace=True))", (1, 2, 1, 2, 1)),
    Case("dropout3d-evaluation", "nn.Sequential(nn.Dropout3d())", (1, 2, 1, 2, 1), mode="eval"),
]
