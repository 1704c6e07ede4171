"""RNN, LSTM and GRU, with each of their arguments."""

from layer_cases import Case

BATCH_LAST, BATCH_FIRST, ONE_ROW = (3, 2, 2), (2, 3, 2), (3, 2)


def model(layer: str, arguments: str = "") -> str:
    """A Sequential of one recurrent layer, from 2 features to 2."""
    return f"nn.Sequential(nn.{layer}(2, 2{arguments and ', '}{arguments}))"


# In each layer; what does not depend on the gates is asked of RNN, the smallest.
OF_EACH = {
    "plain": ("", BATCH_LAST),
    "unbatched": ("", ONE_ROW),
    "batch-first": ("batch_first=True", BATCH_FIRST),
    "no-bias": ("bias=False", ONE_ROW),
    "layers": ("num_layers=2", ONE_ROW),
    "bidirectional": ("bidirectional=True", ONE_ROW),
}
OF_RNN = {
    "tanh": ("1, 'tanh', True, True", BATCH_FIRST),
    "relu": ("nonlinearity='relu'", BATCH_LAST),
    "batch-first-unbatched": ("batch_first=True", ONE_ROW),
    "one-step": ("", (1, 2, 2)),
    "both-layers-both-ways": ("num_layers=2, batch_first=True, bidirectional=True", (2, 2, 2)),
    "dropout-of-all": ("num_layers=2, dropout=1.0", BATCH_LAST),
    "dropout-of-one-layer": ("dropout=0.5", ONE_ROW),
}
CASES = [
    Case(f"{layer.lower()}-{name}", model(layer, arguments), shape)
    for layer, given in (("RNN", OF_EACH | OF_RNN), ("LSTM", OF_EACH), ("GRU", OF_EACH))
    for name, (arguments, shape) in given.items()
]
CASES += [
    Case(f"{layer.lower()}-evaluated", model(layer, "num_layers=2, dropout=0.5"), ONE_ROW, mode="eval")
    for layer in ("RNN", "LSTM", "GRU")
]
CASES += [
    Case("lstm-projected", "nn.Sequential(nn.LSTM(2, 3, proj_size=2))", BATCH_LAST),
    Case("lstm-projected-twice", "nn.Sequential(nn.LSTM(2, 2, num_layers=2, proj_size=1))", ONE_ROW),
    Case("lstm-one-step", model("LSTM"), (1, 2, 2)),
    Case(
        "lstm-in-a-model",
        "nn.Sequential(nn.LSTM(2, 3, batch_first=True), nn.Linear(3, 1))",
        BATCH_FIRST,
        loss="nn.MSELoss()",
        target=(2, 3, 1),
    ),
]
STATES = "num_layers=2, bidirectional=True"
CASES += [
    Case(f"{layer.lower()}-{pick}-{name}", model(layer, arguments), shape, pick=pick)
    for layer, pick, name, arguments, shape in (
        ("RNN", "h_n", "plain", "", BATCH_LAST),
        ("RNN", "h_n", "unbatched", STATES, (2, 2)),
        ("LSTM", "h_n", "batch-first", "batch_first=True", BATCH_FIRST),
        ("LSTM", "c_n", "unbatched", "", ONE_ROW),
        ("LSTM", "c_n", "layers", STATES, (2, 1, 2)),
        ("LSTM", "h_n", "projected", "proj_size=1", ONE_ROW),
        ("LSTM", "c_n", "projected", "proj_size=1", ONE_ROW),
        ("GRU", "h_n", "plain", "", BATCH_LAST),
    )
]
