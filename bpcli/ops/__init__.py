"""Every op that bpcli knows, one definition each, one family a file.

A definition says how the op is written, its rule, its meaning, its domain and its kinks; how to compute it belongs to
`numbers/`. Rules are written over an algebra `m`: given nodes they build formulas, given numbers they compute.
Importing this package fills the registry.
"""

from bpcli.graph.op import REGISTRY, Op
from bpcli.ops import activations, arithmetic, elementary, hyperbolic, piecewise, special, trigonometric

FAMILIES = (arithmetic, elementary, trigonometric, hyperbolic, special, piecewise, activations)

__all__ = ["FAMILIES", "REGISTRY", "Op"]
