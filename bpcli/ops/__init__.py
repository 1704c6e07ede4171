"""Every op that bpcli knows, one definition each, one family a file.

A definition says how the op is written, its rule, its meaning, its domain and its kinks; how to compute it belongs to
`numbers/`. Rules are written over an algebra `m`: given nodes they build formulas, given numbers they compute.
Importing this package fills the registry with the ops that work entry by entry; those over arrays follow when one of
them is first asked for.
"""

from types import ModuleType

from bpcli.graph.op import REGISTRY, Op
from bpcli.ops import activations, arithmetic, elementary, hyperbolic, piecewise, special, trigonometric

FAMILIES = (arithmetic, elementary, trigonometric, hyperbolic, special, piecewise, activations)
ELEMENTWISE = tuple(REGISTRY.values())


def families_over_arrays() -> tuple[ModuleType, ...]:
    """The families of structural ops, which enter themselves in the registry when they are imported."""
    from bpcli.ops import (  # noqa: PLC0415 - single numbers need none
        convolution,
        fused,
        indexing,
        joining,
        linear_algebra,
        products,
        reductions,
        shaping,
        spread,
        windows,
    )

    REGISTRY.define_rest = None
    return (reductions, spread, fused, shaping, joining, indexing, products, linear_algebra, convolution, windows)


REGISTRY.define_rest = families_over_arrays


def structural_ops() -> tuple[Op, ...]:
    """The ops that move or join entries."""
    families_over_arrays()
    return tuple(op for op in REGISTRY.values() if op.is_structural)


__all__ = ["ELEMENTWISE", "FAMILIES", "REGISTRY", "Op", "families_over_arrays", "structural_ops"]
