"""Activations: each layer, each of its arguments, and the points where it has a corner."""

from layer_cases import Case

X = [[-7.0, -3.0, -1.5, -1.0, -0.5, -0.2], [0.0, 0.3, 0.5, 1.0, 2.5, 6.0], [3.0, -6.5, 0.1, 25.0, -30.0, 9.0]]
PLAIN = """
ReLU() ReLU(inplace=True) ReLU6() ReLU6(inplace=True) LeakyReLU() LeakyReLU(0.2) LeakyReLU(negative_slope=-0.5)
LeakyReLU(0.1,inplace=True) ELU() ELU(1.3) ELU(alpha=0.5,inplace=True) SELU() SELU(inplace=True) CELU() CELU(0.5)
CELU(alpha=2.5,inplace=True) Sigmoid() LogSigmoid() Softplus() Softplus(2) Softplus(beta=0.5,threshold=1)
Softplus(3,-1.5) Softsign() GELU() GELU('tanh') GELU(approximate='none') SiLU() SiLU(inplace=True) Mish()
Mish(inplace=True) Tanh() Hardtanh() Hardtanh(-0.5,2.5) Hardtanh(min_val=-3,max_val=0.3,inplace=True)
Hardtanh(min_value=-3,max_value=0) Hardsigmoid() Hardsigmoid(inplace=True) Hardswish() Hardswish(inplace=True)
Softmax(dim=-1) Softmax(0) Softmax() LogSoftmax(dim=-1) LogSoftmax(0) LogSoftmax() Softmin(dim=1) Softmin(-2) Softmin()
Tanhshrink() Hardshrink() Hardshrink(1) Softshrink() Softshrink(lambd=1.5) Softshrink(0) Threshold(0.5,-2)
Threshold(threshold=1,value=0.25,inplace=True) GLU() GLU(dim=1) PReLU() PReLU(init=-0.3) PReLU(6)
PReLU(num_parameters=6,init=0.1)
"""
CUBE = [[[-1.0, 0.5], [2.0, 0.0], [-0.3, 1.1], [0.7, -2.0]], [[0.2, 0.9], [-1.5, 3.0], [1.0, 1.0], [0.0, -0.1]]]

CASES = [
    *[Case(f"activation-{text}", f"nn.Sequential(nn.{text})", at=X) for text in PLAIN.split()],
    Case("softmax-guesses-the-first-axis-of-one", "nn.Sequential(nn.Softmax())", at=X[0]),
    Case("softmax-guesses-the-first-axis-of-three", "nn.Sequential(nn.Softmax())", at=CUBE),
    Case("log-softmax-middle", "nn.Sequential(nn.LogSoftmax(dim=1))", at=CUBE),
    Case("softmax2d", "nn.Sequential(nn.Softmax2d())", at=CUBE),
    Case("softmax2d-batch", "nn.Sequential(nn.Softmax2d())", (2, 3, 1, 2)),
    Case("glu-middle", "nn.Sequential(nn.GLU(1))", at=CUBE),
    Case("glu-first", "nn.Sequential(nn.GLU(dim=-3))", at=CUBE),
    Case("prelu-channels", "nn.Sequential(nn.PReLU(4))", at=CUBE, parameters={"0.weight": [0.1, -0.2, 0.3, 0.4]}),
    Case("prelu-row", "nn.Sequential(nn.PReLU())", at=X[0]),
    Case("rrelu-evaluation", "nn.Sequential(nn.RReLU())", at=X, mode="eval"),
    Case("rrelu-bounds-evaluation", "nn.Sequential(nn.RReLU(0.1, upper=0.9, inplace=True))", at=X, mode="eval"),
    Case("rrelu-same-bounds", "nn.Sequential(nn.RReLU(lower=0.25, upper=0.25))", at=X),
    Case("activations-evaluation", "nn.Sequential(nn.Linear(6, 3), nn.ELU(), nn.Softmax(-1))", at=X, mode="eval"),
]
