"""How near answers have to be: the tolerances of courses and libraries by name, or figures of one's own.

Each name stands for the test that its source applies to two gradients a (the answer) and t (the truth):

    exact      |a - t| ≤ 1e-12·|t|
               What float64 loses in a few steps; for whoever asks for no rounding beyond it.
    cs231n     |a - t| ≤ 1e-7·max(1e-8, |a|, |t|)
               Stanford CS231n, notes on gradient checks, https://cs231n.github.io/neural-networks-3/: a relative error
               |a - t| / max(|a|, |t|) of 1e-7 and less. The floor of 1e-8 is that of rel_error in its notebooks.
    eecs498    max |a - t| ≤ 1e-7·max(1e-10, max(|a| + |t|)), over the entries of an array
               Michigan EECS 498-007, eecs598/grad.py: rel_error(x, y, eps=1e-10), which is to be less than 1e-7.
    coursera   ‖a - t‖ ≤ 2e-7·(‖a‖ + ‖t‖)
               deeplearning.ai on Coursera, Improving Deep Neural Networks, Gradient Checking: gradient_check_n finds a
               mistake where norm(a - t) / (norm(a) + norm(t)) > 2e-7.
    torch      |a - t| ≤ 1e-5 + 1e-3·|t|
               PyTorch, torch.autograd.gradcheck: allclose with atol=1e-5 and rtol=1e-3 by default.
"""

from collections.abc import Mapping
from typing import Any

from bpcli.check.homework.fields import Fields, refusal
from bpcli.check.nearness import AS_TYPED, Tolerance
from bpcli.language.complaints import named, suggestion

MOST_DIGITS = 15  # that float64 holds
FIGURES = "write a name, or figures such as { relative = 1e-6 } or { digits = 3 }"

PRESETS: Mapping[str, Tolerance] = {
    "exact": Tolerance(relative=1e-12),
    "cs231n": Tolerance(relative=1e-7, size="larger", floor=1e-8),
    "eecs498": Tolerance(relative=1e-7, scope="largest", size="sum", floor=1e-10),
    "coursera": Tolerance(relative=2e-7, scope="norm", size="sum"),
    "torch": Tolerance(relative=1e-3, absolute=1e-5),
}


def tolerance_from(value: Any, where: str) -> Tolerance:
    """The tolerance that a homework file gives: a name, or figures; None is as precise as typed.

    Raises UsageError, with `where` it stands.
    """
    if value is None:
        return AS_TYPED
    if isinstance(value, str):
        if value not in PRESETS:
            known = list(PRESETS)
            hint = suggestion(value, known, f"the names are {', '.join(known)}; or {FIGURES}")
            raise refusal(where, f"unknown tolerance {named(value)}", hint)
        return PRESETS[value]
    if not isinstance(value, Mapping):
        raise refusal(where, "a tolerance is a name or a table of figures", FIGURES)
    fields = Fields(value, where, ("relative", "absolute", "digits"))
    relative = fields.number("relative", None, least=0.0)
    if relative is not None and relative >= 1:
        fields.refuse(f"'relative' must be below 1, not {relative:g}", "1e-6 is usual")
    absolute = fields.number("absolute", 0.0, least=0.0) or 0.0
    digits = fields.whole("digits", None, 1, MOST_DIGITS)
    if relative is None and not absolute and digits is None:
        fields.refuse("a tolerance without a figure", FIGURES)
    return Tolerance(relative, absolute, digits=digits)
