"""RNN, LSTM and GRU, with each of their arguments."""

from layer_cases import Case

BATCH_LAST, BATCH_FIRST, ONE_ROW = (3, 2, 2), (2, 3, 2), (3, 2)


def model(layer: str, arguments: str = "") -> str:
    """A Sequential of one recurrent layer, from 2 features to 2."""
    return f"nn.Sequential(nn.{layer}(2, 2{arguments and ', '}{arguments}))"


ARGUMENTS = {
    "plain": ("", BATCH_LAST),
    "unbatched": ("", ONE_ROW),
    "batch-first": ("batch_first=True", BATCH_FIRST),
    "batch-first-unbatched": ("batch_first=True", ONE_ROW),
    "no-bias": ("bias=False", ONE_ROW),
    "layers": ("num_layers=2", BATCH_LAST),
    "bidirectional": ("bidirectional=True", BATCH_LAST),
    "all": ("num_layers=2, bias=False, batch_first=True, bidirectional=True", BATCH_FIRST),
    "one-step": ("", (1, 2, 2)),
}
CASES = [
    Case(f"{layer.lower()}-{name}", model(layer, arguments), shape)
    for layer in ("RNN", "LSTM", "GRU")
    for name, (arguments, shape) in ARGUMENTS.items()
]
CASES += [
    Case("rnn-relu", model("RNN", "nonlinearity='relu'"), BATCH_LAST),
    Case("rnn-tanh", model("RNN", "1, 'tanh', True, True"), BATCH_FIRST),
    Case("lstm-projected", "nn.Sequential(nn.LSTM(2, 3, proj_size=2))", BATCH_LAST),
    Case(
        "lstm-projected-layers",
        "nn.Sequential(nn.LSTM(2, 3, num_layers=2, bidirectional=True, proj_size=1))",
        ONE_ROW,
    ),
    Case("rnn-dropout", model("RNN", "num_layers=2, dropout=0.5"), BATCH_LAST, mode="eval"),
    Case("lstm-dropout", model("LSTM", "num_layers=2, dropout=0.5"), BATCH_LAST, mode="eval"),
    Case("gru-dropout", model("GRU", "num_layers=2, dropout=0.5"), BATCH_LAST, mode="eval"),
    Case("rnn-dropout-all", model("RNN", "num_layers=2, dropout=1.0"), BATCH_LAST),
    Case(
        "embedding-like-lstm",
        "nn.Sequential(nn.LSTM(2, 3, batch_first=True), nn.Linear(3, 1))",
        BATCH_FIRST,
        loss="nn.MSELoss()",
        target=(2, 3, 1),
    ),
]
