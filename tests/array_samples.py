"""Cases of the ops over arrays beside their own samples: rank 0, lengths of 1 and 0, several axes, negative axes."""

from bpcli.graph.keys import Slice
from bpcli.graph.op import Sample

REDUCED = [
    Sample((1,), axis=0),
    Sample((2, 1), axis=1),
    Sample((2, 1), axis=-2, keepdims=True),
    Sample((2, 1, 3), axis=(-1, 1), keepdims=True),
    Sample((2, 2, 2), axis=(0, -1)),
    Sample((2, 2, 2), axis=1),
    Sample((2, 2), axis=()),
    Sample((1, 2), keepdims=True),
    Sample(()),
]
# A single entry has no deviation: there the standard deviation has its kink.
SEVERAL = [Sample((3, 1), axis=0), Sample((2, 1, 3), axis=(-1, 1), keepdims=True), Sample((2, 2, 2), axis=-2)]
EMPTY = [Sample((0, 3)), Sample((2, 0), axis=1), Sample((2, 0), axis=0), Sample((0,), axis=0, keepdims=True)]
ALONG = [Sample((1,), axis=0), Sample((2, 3, 2), axis=-2), Sample((3, 1), axis=1), Sample((0, 2), axis=1)]
ROWS = [Sample((3,), ()), Sample((3, 2), (2, 3)), Sample((3, 0), (2,)), Sample((3, 2), (0,))]
SQUARE = [Sample((1, 1)), Sample((1, 2, 2)), Sample((2, 2, 2, 2)), Sample((2, 2)), Sample((0, 2, 2))]

EXTRA: dict[str, list[Sample]] = {
    **dict.fromkeys(("sum", "prod"), REDUCED + EMPTY),
    **dict.fromkeys(("mean", "amax", "amin", "logsumexp"), REDUCED + EMPTY[2:3]),
    "norm": [*REDUCED, Sample((2, 2), ord=1.5, axis=1), Sample((), ord=1.0), Sample((2, 0), axis=1), EMPTY[2]],
    "var": [*SEVERAL, Sample((2, 2), ddof=1), Sample(()), Sample((2, 0), axis=0)],
    "std": [*SEVERAL, Sample((2, 2), ddof=1), Sample((2, 0), axis=0)],
    "argmax": [Sample((2, 1, 3), axis=-1, keepdims=True), Sample((2, 3), keepdims=True), Sample(())],
    **dict.fromkeys(("softmax", "log_softmax", "cumsum", "products_of_others"), ALONG),
    "masked_softmax": [
        Sample((1,), (1,), axis=0),
        Sample((2, 3, 2), (2, 3, 2), axis=-2),
        Sample((0, 2), (0, 2), axis=1),
    ],
    "broadcast_to": [
        Sample((3, 1), shape=(3, 4)),
        Sample((2,), shape=(2,)),
        Sample((1,), shape=(0,)),
        Sample((), shape=()),
    ],
    "sum_to": [
        Sample((3, 4), shape=(3, 1)),
        Sample((2, 3), shape=(1, 3)),
        Sample((0,), shape=(1,)),
        Sample((2, 1), shape=(1,)),
    ],
    "reshape": [
        Sample((), shape=(1, 1)),
        Sample((1,), shape=()),
        Sample((2, 6), shape=(3, -1, 2)),
        Sample((0, 3), shape=(3, 0)),
    ],
    "flatten": [Sample(()), Sample((2, 1, 3), start_dim=-2, end_dim=-1), Sample((2, 3, 2), end_dim=1), Sample((0, 2))],
    "squeeze": [Sample(()), Sample((1, 2, 1), axis=(0, -1)), Sample((2, 3), axis=0), Sample((1, 1))],
    "unsqueeze": [Sample((), axis=0), Sample((2, 3), axis=-3), Sample((2, 3), axis=2)],
    "permute": [Sample((2, 3, 4), axes=(-1, 0, 1)), Sample((), axes=()), Sample((2, 0), axes=(1, 0))],
    "transpose": [
        Sample(()),
        Sample((3,)),
        Sample((2, 3, 4)),
        Sample((2, 3, 4), axes=(-1,), other=0),
        Sample((1, 3), axes=(0, 1)),
    ],
    "matrix_transpose": [Sample((2, 3)), Sample((1, 2, 1, 3))],
    "flip": [Sample((2, 3, 2), axis=(0, -1)), Sample(()), Sample((0, 2), axis=0)],
    "concatenate": [Sample((0, 2), (1, 2)), Sample((2,)), Sample((2, 1, 2), (2, 3, 2), axis=1)],
    "stack": [Sample((), ()), Sample((2, 3), (2, 3), axis=-2), Sample((0,), (0,)), Sample((2,))],
    "pad": [
        Sample((2, 3), widths=((1, 2),)),
        Sample((2, 2), widths=(0, 1)),
        Sample((0,), widths=(1,)),
        Sample((2, 2), widths=(0,)),
    ],
    "getitem": [
        Sample((3, 4), key=((1, 0), (-1, 2))),
        Sample((2, 3, 2), key=((0, 1), Slice(), (1, 0))),
        Sample((2, 3), key=(-1, -1)),
        Sample((2, 3), key=((),)),
        Sample((3, 4), key=(((0, 1), (2, 0)),)),
        Sample((5,), key=(Slice(-1, None, -2),)),
        Sample((3, 2, 2), key=(Slice(1, None), None, (1, 1, 0), ...)),
        Sample((3, 2), key=(..., 0)),
        Sample((3,), key=(Slice(2, 2),)),
    ],
    "scatter": [
        Sample((2, 3), key=((0, 1), Slice(), (1, 0)), shape=(2, 3, 2)),
        Sample((), key=(-1,), shape=(3,)),
        Sample((2, 4, 1), key=(..., (0, 0, -1, 1), Slice()), shape=(2, 3, 1)),
    ],
    "take": ROWS,
    "embedding": [Sample(*reversed(sample.shapes)) for sample in ROWS],
    "put": [Sample((), (), length=3), Sample((2, 3, 2), (2, 3), length=2), Sample((0, 2), (0,), length=2)],
    "one_hot": [Sample((), num_classes=2), Sample((2, 1), num_classes=2), Sample((0,), num_classes=2)],
    "matmul": [
        Sample((1, 1), (1, 1)),
        Sample((2, 0), (0, 3)),
        Sample((0,), (0,)),
        Sample((2, 1, 2, 3), (4, 3, 2)),
        Sample((2, 1, 2, 3), (3,)),
        Sample((3,), (2, 1, 3, 2)),
        Sample((2, 3), (2, 3, 2)),
        Sample((1, 2, 3), (3, 2)),
    ],
    "dot": [Sample((1,), (1,)), Sample((0,), (0,))],
    "outer": [Sample((1,), (3,)), Sample((0,), (2,))],
    "einsum": [
        Sample((2, 3), (2, 3), subscripts="ij,ij->"),
        Sample((2, 2, 3), (2, 3, 2), subscripts="bij,bjk->bik"),
        Sample((2,), (3,), subscripts="i,j->ji"),
        Sample((), (2,), subscripts=",i->i"),
        Sample((2, 3, 1), subscripts="abc->ca"),
        Sample((2, 0), (0, 2), subscripts="ij,jk->ik"),
        Sample((2, 3), (3,), subscripts="ij,k->i"),
    ],
    "diag": [Sample((1,)), Sample((2, 3), k=1), Sample((2, 3), k=-5), Sample((0,))],
    "trace": [Sample((1, 1)), Sample((3, 2)), Sample((0, 0))],
    "tril": [Sample((2, 3), k=-1), Sample((2, 3), k=9), Sample((1, 1))],
    "triu": [Sample((2, 3), k=2), Sample((3, 1), k=-9), Sample((1, 1))],
    **dict.fromkeys(("det", "inv", "cholesky", "cofactors"), SQUARE),
    "solve": [
        Sample((1, 1), (1,)),
        Sample((2, 2, 2), (2,)),
        Sample((2, 2, 2), (2, 2, 3)),
        Sample((2, 2), (3, 2, 1)),
        Sample((2, 1, 2, 2), (3, 2, 2)),
    ],
    "conv1d": [Sample((1, 1, 3), (1, 1, 1)), Sample((3,), (2,), padding=2, dilation=2), Sample((0, 1, 3), (2, 1, 2))],
    "conv2d": [
        Sample((1, 3, 3), (2, 1, 2, 2), padding=1, stride=2),
        Sample((1, 2, 2, 2), (2, 2, 1, 1)),
        Sample((2, 4, 3, 2), (2, 2, 3, 2), groups=2, padding=(1, 0)),
        Sample((4, 3), (2, 2), stride=(2, 1), dilation=(2, 1)),
    ],
    "max_pool": [
        Sample((5,), kernel_size=2),
        Sample((1, 1), kernel_size=1),
        Sample((3, 2, 3, 3), kernel_size=(2, 1, 2), stride=1),
    ],
    "avg_pool": [
        Sample((5,), kernel_size=2),
        Sample((1, 1), kernel_size=1),
        Sample((3, 3, 3), kernel_size=(2, 2, 2), stride=1),
    ],
    "max_pool2d": [
        Sample((3, 4), kernel_size=3, stride=1, padding=1),
        Sample((0, 2, 2), kernel_size=2),
        Sample((4, 3), kernel_size=3, stride=2, padding=1, dilation=(1, 2), ceil_mode=True),
    ],
    "avg_pool2d": [
        Sample((3, 4), kernel_size=(3, 1), stride=1, padding=(1, 0)),
        Sample((2, 5, 5), kernel_size=2, stride=3),
    ],
    "windows": [Sample((1, 2), size=(2,), stride=(1,), dilation=(1,))],
    "fold": [Sample((2, 1, 2), shape=(2, 2), stride=(3,), dilation=(1,))],
}
