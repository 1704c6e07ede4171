"""What a wrong gradient is consistent with: the known mistakes that would give it, entry by entry.

The mistakes are tried in tiers. What is told by a plain number comes first, then what only one thing in the pass can
give, then what many things might; a later tier is tried only where no earlier one has an answer.
"""

from collections.abc import Callable, Iterator

import numpy as np

from bpcli.check.causes import MOST_CAUSES
from bpcli.check.findings import Cause
from bpcli.check.functions.callee import MisbehaviourError
from bpcli.check.functions.mistakes.accumulation import of_accumulation, of_broadcasting, of_outputs
from bpcli.check.functions.mistakes.activations import of_activations, of_masks
from bpcli.check.functions.mistakes.attention import of_attention
from bpcli.check.functions.mistakes.case import Case, TooDearError
from bpcli.check.functions.mistakes.convolution import of_convolution, of_pools, of_windows
from bpcli.check.functions.mistakes.layers import of_layers
from bpcli.check.functions.mistakes.mistake import Mistake
from bpcli.check.functions.mistakes.normalisation import of_normalisation
from bpcli.check.functions.mistakes.operands import of_operands, of_replaced_inputs
from bpcli.check.functions.mistakes.places import of_places, of_single_places, of_square_upstreams
from bpcli.check.functions.mistakes.recurrence import of_recurrence
from bpcli.check.functions.mistakes.samples import of_indices, of_labels, of_samples
from bpcli.check.functions.mistakes.scale import of_factors, of_factors_of_inputs, of_one_factor
from bpcli.check.functions.mistakes.selection import of_selections
from bpcli.check.functions.mistakes.shape import of_shape
from bpcli.check.functions.mistakes.softmax import of_softmax
from bpcli.check.functions.mistakes.terms import (
    Regularisation,
    beside_regularisation,
    of_inputs_left_out,
    of_products,
    of_regularisation,
    of_terms,
    of_terms_alone,
    of_terms_in_rows,
    of_values,
    regularisation_of,
)
from bpcli.check.functions.mistakes.time import of_time

Family = Callable[[Case], Iterator[Mistake]]
TIERS: tuple[tuple[Family, ...], ...] = (
    (of_factors,),
    (of_places, of_regularisation),
    (of_masks, of_selections, of_operands),
    (of_activations, of_outputs, of_accumulation, of_broadcasting, of_square_upstreams, of_windows),
    (of_normalisation, of_time, of_recurrence, of_softmax, of_labels, of_samples),
    (of_indices, of_pools, of_inputs_left_out),
    (of_layers, of_attention),
    (of_convolution,),
    (of_single_places,),
    (of_products, of_factors_of_inputs),
    (of_one_factor,),
    (of_values, of_terms),
    (of_terms_alone, of_terms_in_rows),
    (of_replaced_inputs,),
)


def causes_of(case: Case) -> tuple[Cause, ...]:
    """The mistakes that give every entry of a wrong gradient; none where more than three kinds do."""
    if not np.isfinite(case.claimed).all() or not np.isfinite(case.truth).all():
        return ()
    if case.claimed.shape != case.x.shape:
        return _told(case, (of_shape,))
    with np.errstate(all="ignore"):
        found = _regularisation(case)
    plain = beside_regularisation(case, found) if found else None
    for tier in TIERS:
        causes = _told(case, tier) or (_told(plain, tier) if plain else ())
        if causes:
            return causes if len(causes) <= MOST_CAUSES else ()
    return ()


def _regularisation(case: Case) -> Regularisation | None:
    try:
        return regularisation_of(case)
    except (MisbehaviourError, TooDearError):
        return None


def _told(case: Case, families: tuple[Family, ...]) -> tuple[Cause, ...]:
    """What some families of mistakes have to say, a cause for each kind."""
    found: dict[str, Cause] = {}
    for family in families:
        try:
            with np.errstate(all="ignore"):
                for cause, values in family(case):
                    if cause.kind not in found and case.is_given_by(values):
                        found[cause.kind] = cause
        except (MisbehaviourError, TooDearError, np.linalg.LinAlgError):  # such a pass tells nothing at other inputs
            continue
    return tuple(found.values())
