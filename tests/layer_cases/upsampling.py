"""Upsampling by the nearest entry, and by lines."""

from layer_cases import one_layer

CASES = [
    one_layer("upsample-factor", "Upsample(scale_factor=2)", 1, 2, 2, 3),
    one_layer("upsample-factors", "Upsample(scale_factor=(3, 1))", 1, 1, 2, 2),
    one_layer("upsample-broken-factor", "Upsample(scale_factor=(1.7, 0.6))", 1, 1, 3, 5),
    one_layer("upsample-sequence", "Upsample(scale_factor=2.5)", 1, 2, 3),
    one_layer("upsample-recomputed", "Upsample(scale_factor=1.7, recompute_scale_factor=True)", 1, 1, 4, 3),
    one_layer("upsample-size", "Upsample(5)", 1, 1, 2, 3),
    one_layer("upsample-sizes", "Upsample((4, 2), mode='nearest')", 1, 1, 2, 3),
    one_layer("upsample-down", "Upsample(scale_factor=0.3)", 1, 1, 10),
    one_layer("upsample-kept-and-doubled", "Upsample(scale_factor=(1.2, 2.2))", 1, 1, 2, 3),
    one_layer("upsample-linear-kept", "Upsample(scale_factor=1.2, mode='linear')", 1, 1, 3),
    one_layer("upsample-linear", "Upsample(4, mode='linear')", 1, 2, 3),
    one_layer("upsample-linear-corners", "Upsample(scale_factor=2, mode='linear', align_corners=True)", 1, 1, 3),
    one_layer("upsample-bilinear", "Upsample(scale_factor=2, mode='bilinear')", 1, 2, 2, 3),
    one_layer("upsample-bilinear-size", "Upsample((5, 2), None, 'bilinear', False)", 1, 1, 2, 3),
    one_layer("upsample-bilinear-corners", "Upsample((5, 4), mode='bilinear', align_corners=True)", 1, 1, 2, 3),
    one_layer("upsample-bilinear-one-corner", "Upsample((1, 4), mode='bilinear', align_corners=True)", 1, 1, 2, 3),
    one_layer("upsample-bilinear-broken-factor", "Upsample(scale_factor=(1.7, 2.3), mode='bilinear')", 1, 1, 3, 2),
    one_layer(
        "upsample-bilinear-recomputed",
        "Upsample(scale_factor=(1.7, 2.3), mode='bilinear', recompute_scale_factor=True)",
        *(1, 1, 3, 2),
    ),
    one_layer("upsample-bilinear-down", "Upsample(scale_factor=0.5, mode='bilinear')", 1, 1, 4, 6),
    one_layer("upsample-bilinear-same", "Upsample(scale_factor=1, mode='bilinear')", 1, 1, 2, 3),
]
