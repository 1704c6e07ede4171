"""MultiheadAttention as self-attention, and scaled_dot_product_attention, with each of their arguments."""

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
    "causal": (", is_causal=True", BATCH_SECOND),
    "causal-unbatched": (", is_causal=True", ONE_ROW),
    "causal-bias-kv": (", add_bias_kv=True, add_zero_attn=True, batch_first=True, is_causal=True", BATCH_FIRST),
}
CASES = [
    Case(f"attention-{name}", f"nn.Sequential(nn.MultiheadAttention(4, 2{arguments}))", shape)
    for name, (arguments, shape) in ARGUMENTS.items()
]
CASES += [
    Case("attention-dropout", "nn.Sequential(nn.MultiheadAttention(4, 2, dropout=0.5))", ONE_ROW, mode="eval"),
    Case("attention-one-head", "nn.Sequential(nn.MultiheadAttention(embed_dim=4, num_heads=1))", ONE_ROW),
]
CASES += [
    Case(
        f"attention-weights-{name}",
        f"nn.Sequential(nn.MultiheadAttention(4, 2{arguments}))",
        shape,
        pick="attn_output_weights",
    )
    for name, arguments, shape in (
        ("plain", "", BATCH_SECOND),
        ("unbatched", "", ONE_ROW),
        ("causal", ", is_causal=True, batch_first=True", BATCH_FIRST),
    )
]
OF_FUNCTION: dict[str, tuple[str, dict[str, tuple[int, ...]]]] = {
    "plain": ("query, key, value", {}),
    "causal": ("query, key, value, is_causal=True", {}),
    "scale": ("query, key, value, scale=0.3", {}),
    "added-mask": ("query, key, value, mask", {"mask": (2, 3)}),
    "mask-of-truth": ("query, key, value, attn_mask=mask > 0", {"mask": (2, 1, 3)}),
    "by-name": ("value=value, key=key, query=query, attn_mask=None, dropout_p=0.0, enable_gqa=False", {}),
}
CASES += [
    Case(
        f"dot-product-{name}",
        f"scaled_dot_product_attention({arguments})",
        inputs={"query": (2, 2, 2), "key": (2, 3, 2), "value": (2, 3, 1), **masks},
    )
    for name, (arguments, masks) in OF_FUNCTION.items()
]
CASES.append(
    Case(
        "dot-product-matrices",
        "scaled_dot_product_attention(query, key, value)",
        inputs={"query": (3, 2), "key": (1, 2), "value": (1, 2)},
    )
)
