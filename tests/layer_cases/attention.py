"""MultiheadAttention as self-attention, with each of its arguments."""

from layer_cases import Case

BATCH_SECOND, BATCH_FIRST, ONE_ROW = (3, 2, 4), (2, 3, 4), (3, 4)
ARGUMENTS = {
    "plain": ("", BATCH_SECOND),
    "batch-first": (", batch_first=True", BATCH_FIRST),
    "unbatched": ("", ONE_ROW),
    "batch-first-unbatched": (", batch_first=True", ONE_ROW),
    "no-bias": (", bias=False", ONE_ROW),
    "bias-kv": (", add_bias_kv=True", BATCH_SECOND),
    "zero-attn": (", add_zero_attn=True", BATCH_SECOND),
    "bias-kv-zero-attn": (", add_bias_kv=True, add_zero_attn=True, batch_first=True", BATCH_FIRST),
    "same-sizes": (", kdim=4, vdim=4", ONE_ROW),
    "no-dropout": (", 0.0, True", ONE_ROW),
}
CASES = [
    Case(f"attention-{name}", f"nn.Sequential(nn.MultiheadAttention(4, 2{arguments}))", shape)
    for name, (arguments, shape) in ARGUMENTS.items()
]
CASES += [
    Case("attention-dropout", "nn.Sequential(nn.MultiheadAttention(4, 2, dropout=0.5))", ONE_ROW, mode="eval"),
    Case("attention-one-head", "nn.Sequential(nn.MultiheadAttention(embed_dim=4, num_heads=1))", ONE_ROW),
]
