"""Embedding."""

from layer_cases import Case

ROWS = [[0, 2, 2], [1, 0, 3]]
TABLE = [[0.5, -1.0], [1.5, 2.0], [-0.25, 0.75], [3.0, 1.25]]

CASES = [
    Case("embedding", "nn.Sequential(nn.Embedding(4, 2))", at=ROWS),
    Case("embedding-drawn", "nn.Sequential(nn.Embedding(5, 3), nn.Linear(3, 2))", (2, 3), below=5),
    Case("embedding-keywords", "nn.Sequential(nn.Embedding(num_embeddings=4, embedding_dim=2))", at=ROWS),
    Case("embedding-one-index", "nn.Sequential(nn.Embedding(4, 2))", at=2),
    Case("embedding-padding", "nn.Sequential(nn.Embedding(4, 2, padding_idx=2), nn.Linear(2, 1))", at=ROWS),
    Case("embedding-padding-from-the-end", "nn.Sequential(nn.Embedding(4, 2, padding_idx=-4))", at=ROWS),
    Case("embedding-padding-not-zero", "nn.Sequential(nn.Embedding(4, 2, 0))", at=ROWS, parameters={"0.weight": TABLE}),
    Case("embedding-padding-unused", "nn.Sequential(nn.Embedding(5, 2, 4))", at=ROWS),
    Case("embedding-norm-type", "nn.Sequential(nn.Embedding(4, 2, max_norm=None, norm_type=1.0))", at=ROWS),
    Case("embedding-frequency", "nn.Sequential(nn.Embedding(4, 2, scale_grad_by_freq=False, sparse=False))", at=ROWS),
    Case("embedding-evaluation", "nn.Sequential(nn.Embedding(4, 2, padding_idx=0))", at=ROWS, mode="eval"),
]
