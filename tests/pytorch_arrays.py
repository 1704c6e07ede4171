"""What `make_pytorch_fixtures.py` asks PyTorch about arrays: an expression of bpcli's, PyTorch's own, and points."""

from collections.abc import Callable
from typing import Any

import torch  # type: ignore[import-not-found]  # PyTorch is needed only where the fixtures are made
from torch.nn import functional as layers  # type: ignore[import-not-found]  # the same

Case = tuple[str, Callable[..., Any], dict[str, Any]]


def drawn(*shape: int, seed: int = 0, whole: bool = False) -> Any:
    """Numbers of either sign, in eighths, so that their sums are exact; whole ones, so that some are alike or 0."""
    random = torch.Generator().manual_seed(seed + 100 * len(shape) + sum(shape))
    numbers = torch.randint(-24, 25, shape, generator=random)
    return (torch.div(numbers, 8, rounding_mode="trunc") if whole else numbers / 8 + 1 / 16).tolist()


def definite(size: int, seed: int = 0) -> Any:
    """A matrix that is symmetric and positive definite."""
    root = torch.tensor(drawn(size, size, seed=seed))
    return (root @ root.T + torch.eye(size)).tolist()


def over(text: str, function: Callable[..., Any], *points: Any) -> list[Case]:
    """A function of one array at several of them."""
    return [(text, function, {"x": point}) for point in points]


def between(text: str, function: Callable[..., Any], *pairs: tuple[Any, Any]) -> list[Case]:
    """A function of two arrays at several pairs of them."""
    return [(text, function, {"x": x, "y": y}) for x, y in pairs]


A, B, TIED, ONE = drawn(2, 3), drawn(2, 3, 2), [[3.0, 1.0, 3.0], [-1.0, -1.0, -1.0]], [[0.5]]
EMPTY: list[list[float]] = [[], []]
ROW = drawn(5)
ZEROS = [[0.0, 2.0, 3.0], [0.0, 0.0, 3.0], [1.0, 2.0, -3.0], [0.0, 0.0, 0.0]]
MIXED = [[1000.0, 1001.0, 999.0], [-1000.0, 0.0, 1000.0], [0.0, 0.0, 0.0]]

REDUCTIONS: list[Case] = [
    *over("sum(x)", torch.sum, A, ONE, EMPTY, 2.5),
    *over("sum(x, axis=0)", lambda x: torch.sum(x, 0), A, EMPTY, B),
    *over("sum(x, dim=(0, 2), keepdim=True)", lambda x: torch.sum(x, (0, 2), keepdim=True), B),
    *over("mean(x)", torch.mean, A, ONE, EMPTY, 2.5),
    *over("mean(x, axis=-1, keepdims=True)", lambda x: torch.mean(x, -1, keepdim=True), A, B, EMPTY),
    *over("prod(x)", torch.prod, A, ZEROS[2], ZEROS[0], ZEROS[1], ZEROS[3], [], 2.5),
    *over("prod(x, axis=1)", lambda x: torch.prod(x, 1), ZEROS, B, EMPTY),
    *over("prod(x, dim=0, keepdim=True)", lambda x: torch.prod(x, 0, keepdim=True), ZEROS, EMPTY),
    *over("max(x)", torch.amax, A, TIED, ONE, 2.5),
    *over("amax(x)", torch.max, A, TIED),
    *over("amax(x, axis=1)", lambda x: torch.amax(x, 1), A, TIED, B, ONE),
    *over("amax(x, axis=(0, 2))", lambda x: torch.amax(x, (0, 2)), B, [TIED, TIED]),
    *over("min(x, axis=0, keepdims=True)", lambda x: torch.amin(x, 0, keepdim=True), A, TIED, ONE),
    *over("amin(x)", torch.amin, A, TIED, ONE),
    *over("argmax(x)", torch.argmax, A, TIED, ONE),
    *over("argmax(x, axis=1)", lambda x: torch.argmax(x, 1), A, TIED, ONE, B),
    *over("norm(x)", torch.linalg.vector_norm, A, ZEROS, ZEROS[3], ONE, EMPTY, -2.5),
    *over("norm(x, axis=1)", lambda x: torch.linalg.vector_norm(x, dim=1), A, ZEROS, B, EMPTY),
    *over("norm(x, ord=1)", lambda x: torch.linalg.vector_norm(x, 1), A, ZEROS),
    *over("norm(x, ord=3, dim=0)", lambda x: torch.linalg.vector_norm(x, 3, 0), A, [[1.0, -2.0, 0.0], [2.0, 0.0, 1.0]]),
    *over("norm(x, p=1.5)", lambda x: torch.linalg.vector_norm(x, 1.5), A),
    *over("norm(x, ord=inf)", lambda x: torch.linalg.vector_norm(x, torch.inf), A, TIED, ZEROS[0]),
    *over("norm(x, ord=inf, axis=1)", lambda x: torch.linalg.vector_norm(x, torch.inf, 1), A, TIED),
    *over("var(x)", lambda x: torch.var(x, correction=0), A, TIED, B, ONE),
    *over("var(x, axis=1, ddof=1)", lambda x: torch.var(x, 1), A, TIED, B),
    *over("var(x, correction=1)", torch.var, A),
    *over("var(x, dim=(0, 1), keepdim=True)", lambda x: torch.var(x, (0, 1), correction=0, keepdim=True), A, B),
    *over("std(x)", lambda x: torch.std(x, correction=0), A, B),
    *over("std(x, axis=0, ddof=1)", lambda x: torch.std(x, 0), A, B),
    *over("std(x, dim=1, correction=0)", lambda x: torch.std(x, 1, correction=0), A),
    *over("logsumexp(x)", lambda x: torch.logsumexp(x, tuple(range(x.ndim))), A, MIXED, ONE, ROW),
    *over("logsumexp(x, axis=1)", lambda x: torch.logsumexp(x, 1), A, MIXED, B, EMPTY),
    *over("logsumexp(x, dim=0, keepdim=True)", lambda x: torch.logsumexp(x, 0, keepdim=True), A, MIXED),
    *over("softmax(x)", lambda x: torch.softmax(x, -1), A, MIXED, TIED, ONE, ROW, EMPTY),
    *over("softmax(x, axis=0)", lambda x: torch.softmax(x, 0), A, MIXED, B),
    *over(
        "masked_softmax(x, [[1, 0, 1], [0, 1, 1]])",
        lambda x: torch.softmax(x.masked_fill(torch.tensor([[0, 1, 0], [1, 0, 0]], dtype=torch.bool), -torch.inf), -1),
        A,
    ),
    *over("log_softmax(x)", lambda x: torch.log_softmax(x, -1), A, MIXED, TIED, ONE, ROW),
    *over("log_softmax(x, dim=-2)", lambda x: torch.log_softmax(x, -2), A, B),
    *over("cumsum(x, axis=1)", lambda x: torch.cumsum(x, 1), A, B, EMPTY),
    *over("cumsum(x, dim=-2)", lambda x: torch.cumsum(x, -2), A, ONE),
]

SHAPES: list[Case] = [
    *over("x.T", lambda x: x.T, A, ONE, EMPTY),
    *over("transpose(x, 0, 2)", lambda x: x.transpose(0, 2), B),
    *over("permute(x, (2, 0, 1))", lambda x: x.permute(2, 0, 1), B),
    *over("permute(x, dims=(-1, 0, 1))", lambda x: x.permute(-1, 0, 1), B),
    *over("x.mT", lambda x: x.mT, B),
    *over("reshape(x, (3, -1))", lambda x: x.reshape(3, -1), A, B),
    *over("reshape(x, (-1,))", lambda x: x.reshape(-1), A, 2.5, EMPTY),
    *over("flatten(x)", torch.flatten, A, 2.5, EMPTY),
    *over("flatten(x, 1)", lambda x: torch.flatten(x, 1), B),
    *over("flatten(x, end_dim=1)", lambda x: torch.flatten(x, end_dim=1), B),
    *over("squeeze(x)", torch.squeeze, [[[1.0], [2.0]]], ONE),
    *over("squeeze(x, 0)", lambda x: torch.squeeze(x, 0), [[1.0, 2.0]], A),
    *over("squeeze(x, dim=(0, -1))", lambda x: torch.squeeze(x, (0, -1)), [[[1.0], [2.0]]]),
    *over("unsqueeze(x, -1)", lambda x: torch.unsqueeze(x, -1), A, 2.5),
    *over("unsqueeze(x, dim=1)", lambda x: torch.unsqueeze(x, 1), A),
    *over(
        "broadcast_to(x, (3, 2, 3))",
        lambda x: torch.broadcast_to(x, (3, 2, 3)),
        A,
        [[1.0], [2.0]],
        2.5,
        [1.0, 2.0, 3.0],
    ),
    *over("sum_to_size(x, (2, 1))", lambda x: x.sum_to_size(2, 1), A),
    *over("flip(x, (0, 1))", lambda x: torch.flip(x, (0, 1)), A, B),
    *over("flip(x, axis=-1)", lambda x: torch.flip(x, (-1,)), A),
    *over("pad(x, ((1, 0), (2, 1)))", lambda x: layers.pad(x, (2, 1, 1, 0)), A),
    *over("pad(x, 1, value=2.5)", lambda x: layers.pad(x, (1, 1, 1, 1), value=2.5), A),
    *between("concatenate([x, y], axis=1)", lambda x, y: torch.cat((x, y), 1), (A, [[1.0], [2.0]]), (A, EMPTY)),
    *between("cat([x, y, x])", lambda x, y: torch.cat((x, y, x)), (A, A), ([1.0], [2.0, 3.0])),
    *between("stack([x, y], dim=-1)", lambda x, y: torch.stack((x, y), -1), (A, A), (1.5, 2.5)),
    *between("[x, y, x*y]", lambda x, y: torch.stack((x, y, x * y)), (1.5, 2.5), ([1.0, 2.0], [3.0, 4.0])),
    *over("x[0]", lambda x: x[0], A, B, ROW),
    *over("x[-1, 1]", lambda x: x[-1, 1], A, B),
    *over("x[:, ::2]", lambda x: x[:, ::2], A, B),
    *over("x[1:4:2]", lambda x: x[1:4:2], ROW),
    *over("x[..., 0]", lambda x: x[..., 0], A, B, ROW),
    *over("x[:, None]", lambda x: x[:, None], A, ROW),
    *over("x[[2, 0, 2, 2]]", lambda x: x[[2, 0, 2, 2]], ROW),
    *over("x[[0, 1], :, [1, 0]]", lambda x: x[[0, 1], :, [1, 0]], B),
    *over("x[:, [2, 0], [1, 1]]", lambda x: x[:, [2, 0], [1, 1]], B),
    *over("x[2:2]", lambda x: x[2:2], ROW),
    *over("x[[1, 0]][0]", lambda x: x[[1, 0]][0], A),
    *over("tril(x)", torch.tril, A, B, ONE),
    *over("tril(x, -1)", lambda x: torch.tril(x, -1), A, B),
    *over("triu(x, diagonal=1)", lambda x: torch.triu(x, 1), A, B),
    *over("diag(x)", torch.diag, A, ROW, ONE),
    *over("diag(x, diagonal=1)", lambda x: torch.diag(x, 1), A, ROW),
    *over("diag(x, k=-1)", lambda x: torch.diag(x, -1), A, ROW),
    *over("trace(x)", torch.trace, A, ONE, drawn(3, 3)),
    *[
        ("embedding(i, x)", lambda i, x: layers.embedding(i.long(), x), {"i": i, "x": drawn(3, 2)})
        for i in ([0.0, 2.0, 2.0, 0.0], [[1.0, 1.0], [0.0, 2.0]], 1.0, [])
    ],
    *[("x[i]", lambda i, x: x[i.long()], {"i": i, "x": drawn(3, 2)}) for i in ([2.0, -1.0], 0.0)],
    ("one_hot(i, 3)*x", lambda i, x: layers.one_hot(i.long(), 3) * x, {"i": [2.0, 0.0], "x": A}),
]

MATRIX, VECTOR = drawn(3, 3), drawn(3)
PRODUCTS: list[Case] = [
    *between(
        "x @ y",
        torch.matmul,
        *[
            (drawn(*left, seed=1), drawn(*right, seed=2))
            for left in ((3,), (2, 3), (2, 2, 3), (1, 2, 3))
            for right in ((3,), (3, 2), (2, 3, 2))
        ],
        (drawn(2, 1, 2, 3), drawn(3, 3, 2)),
        (ONE, ONE),
        ([[], []], drawn(0, 3)),
    ),
    *between("dot(x, y)", torch.dot, (ROW, drawn(5, seed=3)), ([], [])),
    *between("outer(x, y)", torch.outer, (ROW, VECTOR), ([2.0], [3.0])),
    *[
        (f"einsum('{text}', x, y)", lambda x, y, text=text: torch.einsum(text, x, y), {"x": x, "y": y})
        for text, x, y in (
            ("ij,jk->ik", A, drawn(3, 2)),
            ("ij,kj", A, drawn(4, 3)),
            ("i,j->ji", ROW, VECTOR),
            ("bij,bkj->bik", B, drawn(2, 4, 2)),
            ("ij,ij->", A, A),
            ("ij,j->i", A, VECTOR),
            ("ij,k->i", A, VECTOR),
        )
    ],
    *over("einsum('ij->ji', x)", lambda x: torch.einsum("ij->ji", x), A),
    *over("einsum('ij->', x)", lambda x: torch.einsum("ij->", x), A),
    *over("det(x)", torch.linalg.det, MATRIX, drawn(2, 2, 2), ONE, [[1.0, 2.0], [2.0, 4.0]], [[1.0, 2.0, 3.0]] * 3),
    *over("inv(x)", torch.linalg.inv, MATRIX, drawn(2, 2, 2), ONE),
    *over("cholesky((x + x.T)/2)", lambda x: torch.linalg.cholesky((x + x.T) / 2), definite(3), definite(2), ONE),
    *between(
        "solve(x, y)",
        torch.linalg.solve,
        (MATRIX, VECTOR),
        (MATRIX, drawn(3, 2)),
        (drawn(2, 2, 2), drawn(2, 2, 3)),
        (drawn(2, 2), drawn(3, 2, 1)),
    ),
]

IMAGES, KERNELS = drawn(2, 2, 4, 5), drawn(4, 2, 3, 2)


def plain(function: Callable[..., Any], **where: Any) -> Callable[..., Any]:
    """PyTorch's convolution of an image without axes for a batch and channels."""
    return lambda x, y: function(x[None, None], y[None, None], **where)[0, 0]


WINDOWS: list[Case] = [
    *between(
        "conv2d(x, y)", plain(layers.conv2d), (drawn(3, 3), drawn(2, 2)), (ONE, [[2.0]]), (drawn(4, 5), drawn(4, 5))
    ),
    *between("conv1d(x, y)", plain(layers.conv1d), (ROW, [1.0, -2.0]), (ROW, ROW)),
    *between(
        "conv2d(x, y)", layers.conv2d, (IMAGES, KERNELS), (IMAGES[0], KERNELS), (drawn(1, 1, 2, 2), drawn(1, 1, 1, 1))
    ),
    *[
        (
            f"conv2d(x, y, stride={stride}, padding={padding}, dilation={dilation}, groups={groups})",
            lambda x, y, where=(stride, padding, dilation, groups): layers.conv2d(x, y, None, *where),
            {"x": IMAGES, "y": drawn(4, 2 // groups, 3, 2)},
        )
        for stride, padding, dilation, groups in (
            (2, 0, 1, 1),
            (1, 1, 1, 2),
            ((1, 2), (2, 0), 1, 1),
            (1, 1, (2, 1), 2),
            (3, 2, 2, 1),
        )
    ],
    *[
        (
            f"conv1d(x, y, stride={stride}, padding={padding}, dilation={dilation}, groups={groups})",
            lambda x, y, where=(stride, padding, dilation, groups): layers.conv1d(x, y, None, *where),
            {"x": drawn(2, 4, 6), "y": drawn(4, 4 // groups, 3)},
        )
        for stride, padding, dilation, groups in ((1, 0, 1, 1), (2, 1, 1, 4), (3, 2, 2, 2))
    ],
    *over(
        "max_pool(x, 2)",
        lambda x: layers.max_pool2d(x[None], 2)[0],
        drawn(4, 5),
        drawn(4, 4, whole=True),
        [[1.0] * 4] * 4,
    ),
    *over(
        "max_pool2d(x, 3, stride=2, padding=1)",
        lambda x: layers.max_pool2d(x, 3, 2, 1),
        drawn(2, 5, 6, whole=True),
        IMAGES,
    ),
    *over("max_pool2d(x, (2, 1), dilation=2)", lambda x: layers.max_pool2d(x, (2, 1), dilation=2), drawn(2, 5, 6)),
    *over("max_pool1d(x, 3, 1, 1)", lambda x: layers.max_pool1d(x, 3, 1, 1), drawn(2, 5), drawn(2, 6, whole=True)),
    *over("avg_pool(x, 2)", lambda x: layers.avg_pool2d(x[None], 2)[0], drawn(4, 5)),
    *over(
        "avg_pool2d(x, (3, 2), stride=1, padding=1)",
        lambda x: layers.avg_pool2d(x, (3, 2), 1, 1),
        drawn(2, 5, 6),
        IMAGES,
    ),
    *over("avg_pool1d(x, 2, 3)", lambda x: layers.avg_pool1d(x, 2, 3), drawn(2, 7)),
]

CONSTELLATIONS = [
    (drawn(3, 1), drawn(4)),
    (2.5, A),
    (A, -1.5),
    (drawn(2, 1, 3), drawn(5, 1)),
    (drawn(1), drawn(0)),
    (A, VECTOR),
    (drawn(1, 3), drawn(2, 1)),
    (ONE, 2.0),
]
KINKED = [(TIED, [3.0, 0.0, 1.0]), (drawn(2, 3, whole=True), 0.0), (TIED, TIED)]
ENTRYWISE: list[Case] = [
    *between("x + y", torch.add, *CONSTELLATIONS),
    *between("x - y", torch.sub, *CONSTELLATIONS),
    *between("x*y", torch.mul, *CONSTELLATIONS),
    *between("x/y", torch.div, *CONSTELLATIONS),
    *between("abs(x)**y", lambda x, y: torch.abs(x) ** y, *CONSTELLATIONS),
    *between("atan2(x, y)", torch.atan2, *CONSTELLATIONS),
    *between("maximum(x, y)", torch.maximum, *CONSTELLATIONS, *KINKED),
    *between("minimum(x, y)", torch.minimum, *CONSTELLATIONS, *KINKED),
    *between("where(x > y, x, x*y)", lambda x, y: torch.where(x > y, x, x * y), *CONSTELLATIONS, *KINKED),
    *between("x*sigmoid(y) + y", lambda x, y: x * torch.sigmoid(y) + y, *CONSTELLATIONS),
    *over("clip(x, 0, 1)", lambda x: torch.clamp(x, 0.0, 1.0), A, TIED, [[0.0, 1.0, 0.5]]),
    *over("maximum(x, 0)", lambda x: torch.maximum(x, torch.zeros_like(x)), A, [0.0, 1.0, -1.0]),
    *over("where(x > 0, x, 0)", lambda x: torch.where(x > 0, x, 0.0), A, [0.0, 1.0, -1.0]),
    *over("relu(x)", torch.relu, A, [0.0, 1.0, -1.0]),
    *over("x**2 + 2**x", lambda x: x**2 + 2**x, A, ONE),
    *over("gelu(x)", layers.gelu, A, ONE),
    *over("(x - mean(x))/std(x)", lambda x: (x - x.mean()) / x.std(correction=0), A),
    ("clip(x, y, z)", torch.clamp, {"x": A, "y": drawn(2, 1, seed=5), "z": drawn(3, seed=6)}),
    ("where(x > 0, y, z)", lambda x, y, z: torch.where(x > 0, y, z), {"x": drawn(3), "y": drawn(2, 1), "z": 1.5}),
]

CASES: list[Case] = [*REDUCTIONS, *SHAPES, *PRODUCTS, *WINDOWS, *ENTRYWISE]
