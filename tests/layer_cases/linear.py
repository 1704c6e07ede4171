"""Linear and Identity."""

from layer_cases import Case

CASES = [
    Case("linear", "nn.Sequential(nn.Linear(3, 2))", (4, 3)),
    Case("linear-no-bias", "nn.Sequential(nn.Linear(3, 2, bias=False))", (4, 3)),
    Case("linear-one-row", "nn.Sequential(nn.Linear(3, 2))", (3,)),
    Case("linear-many-axes", "nn.Sequential(nn.Linear(in_features=3, out_features=2))", (2, 2, 3)),
    Case("identity", "nn.Sequential(nn.Identity(), nn.Linear(3, 2))", (4, 3)),
]
