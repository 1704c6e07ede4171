"""Claims: what somebody says a gradient, a value or a step is, as typed text or as a value from a file.

The left side names what is claimed: `x` or `A` or `dF/dA` (the gradient of the output), `value(A)`, `upstream(A)`,
`local(A, x)`, `contribution(A, x)`; of an array also one entry, `W[0,1]` or `value(y[0])`. The right side is a number,
a formula, or an array: a list, or `@FILE`.
"""

import re
from collections.abc import Iterator
from numbers import Real
from typing import Any, NamedTuple

from bpcli.errors import BindingError, UsageError
from bpcli.language.complaints import named, shortened
from bpcli.language.tokens import BOUND_NAME, is_bound_name, is_number
from bpcli.language.values import number_from

CALLED = {"value": 1, "upstream": 1, "gradient": 1, "local": 2, "contribution": 2}
CALL = re.compile(r"\s*(\w+)\s*\(\s*([^(),\s]+)\s*(?:,\s*([^(),\s]+)\s*)?\)\s*")
DERIVATIVE = re.compile(rf"\s*[d∂]\s*({BOUND_NAME})\s*/\s*[d∂]\s*({BOUND_NAME})\s*")
WAYS = "write a claim as x=6, dF/dA=-3, value(A)=-12, upstream(A)=-3, local(A, x)=-2 or contribution(A, x)=6"
INDEX = re.compile(r"\[\s*([+-]?\d+(?:\s*,\s*[+-]?\d+)*)\s*\](?=\s*\)?\s*$)")  # of one entry, at the end of a name
COMMAS = re.compile(r"[^(\[]*,[^()]*")
PLAIN_LIST = re.compile(r"[\s\[\],.+\-−\deE_]*")
SEVERAL_DIGITS = 2
LONGEST_EXPONENT = 5  # digits; the number is finite, so with a longer one it is 0
SMALLEST_POWER = -330


class Target(NamedTuple):
    """What a claim is about: the gradient, the value, the local derivative or the contribution at a node.

    `of` is the output that a claim such as `dF/dA` names, `source` the input of a step, `place` the entry of an array.
    """

    kind: str
    node: str
    source: str | None = None
    of: str | None = None
    place: tuple[int, ...] = ()


class Claim(NamedTuple):
    """A claimed number or formula, or an array: a `value` of Python's or NumPy's, or a text that names a file.

    `half_unit` is half a unit of the last place of a decimal that was typed with two or more significant digits,
    `one_digit` that of one with a single digit, which is judged exactly.
    """

    target: Target
    typed: str
    number: float | None = None
    half_unit: float | None = None
    one_digit: float | None = None
    value: Any = None

    @property
    def names_file(self) -> bool:
        """Whether the claimed array is in a file, `@grad.npy`."""
        return self.number is None and self.typed.startswith("@")

    @property
    def is_formula(self) -> bool:
        """Whether it says a formula, or a typed list."""
        return self.number is None and self.value is None and not self.names_file

    @property
    def needs_arrays(self) -> bool:
        """Whether it is about an entry, or says an array."""
        return bool(self.target.place) or self.value is not None or self.names_file or self.typed.startswith("[")


def claim_from_text(text: str) -> Claim:
    """A claim as it was typed, `x=6`. Raises UsageError where it has no such form."""
    left, equals, right = text.partition("=")
    if not equals or not right.strip() or right.startswith("="):
        message = f"--claim takes WHAT=VALUE, not '{shortened(text)}'"
        raise UsageError(message, hint=WAYS)
    return claim_from(left, right)


def claim_from(left: str, right: object) -> Claim:
    """A claim of a file: its key, and a number, a text, or nested lists. Raises UsageError or BindingError."""
    target = target_of(left)
    if isinstance(right, list | tuple) or (hasattr(right, "__array__") and not isinstance(right, Real)):
        return Claim(target, "", value=right)
    if not isinstance(right, str):
        return Claim(target, str(right), _finite(left, right))
    typed = right.strip()
    plain = typed.replace("−", "-")
    digits = plain[1:].lstrip() if plain[:1] in ("-", "+") else plain
    if digits.lower() in ("inf", "infinity", "nan"):
        message = f"the claim about {left.strip()} is not finite: {typed}"
        raise BindingError(message, hint="claim a finite number, up to 1.8e308, or a formula")
    if COMMAS.fullmatch(typed) and not typed.startswith("@"):
        message = f"the claim about {left.strip()} is no number: '{shortened(typed)}'"
        raise BindingError(message, hint="write a decimal point, and another --claim for another thing")
    if not is_number(digits):
        return Claim(target, typed)
    number = _finite(left, plain[: len(plain) - len(digits)].strip() + digits)
    half_unit = _half_unit(digits)
    return Claim(target, typed, number, half_unit, _half_unit(digits, 1) if half_unit is None else None)


def target_of(left: str) -> Target:
    """What the left side of a claim names. Raises UsageError where it names nothing."""
    if (place := INDEX.search(left)) and left.count("[") == 1:
        whole = target_of(left[: place.start()] + left[place.end() :])
        return whole._replace(place=tuple([int(one) for one in place[1].split(",")]))
    if derivative := DERIVATIVE.fullmatch(left):
        return Target("gradient", derivative[2], of=derivative[1])
    if call := CALL.fullmatch(left):
        kind, names = call[1], [name for name in call.groups()[1:] if name]
        if CALLED.get(kind) == len(names) and all(map(is_bound_name, names)):
            return Target("gradient" if kind == "upstream" else kind, names[0], names[1] if names[1:] else None)
    elif is_bound_name(left.strip()):
        return Target("gradient", left.strip())
    if not left.strip():
        message = "a claim says what it is about before its '='"
        raise UsageError(message, hint=WAYS)
    message = f"a claim cannot be about {named(left.strip())}"
    raise UsageError(message, hint=WAYS)


def _finite(left: str, right: object) -> float:
    try:
        return number_from(left.strip(), right)
    except BindingError as error:
        message = error.message.replace("the value of", "the claim about", 1)
        raise BindingError(message, hint="claim a finite number, up to 1.8e308, or a formula") from error


def _half_unit(digits: str, least: int = SEVERAL_DIGITS) -> float | None:
    """Half a unit of the last place that was typed; None for a whole number or for fewer significant digits."""
    mantissa, _, exponent = digits.lower().partition("e")
    significant = mantissa.replace(".", "").lstrip("0")
    if len(significant) < least or ("." not in mantissa and not exponent):
        return None
    decimals = len(mantissa.partition(".")[2])
    sign, places = (-1 if exponent[:1] == "-" else 1), exponent.lstrip("+-0")
    power = sign * int(places[:LONGEST_EXPONENT] or 0)
    return 0.5 * 10.0 ** max(power - decimals, SMALLEST_POWER)


def half_units(typed: str) -> list[float | None]:
    """Half a unit of the last typed place of each number of a typed list, in order; none where it holds formulas."""
    if not typed.startswith("[") or not PLAIN_LIST.fullmatch(typed):
        return []
    return list(_half_units(typed))


def _half_units(typed: str) -> Iterator[float | None]:
    for part in re.split(r"[\[\],]", typed):
        digits = part.strip().lstrip("+-−").lstrip()
        if digits:
            yield _half_unit(digits) if is_number(digits) else None


def claims_from(texts: object) -> list[Claim]:
    """The claims of a request: an object of targets and values. Raises UsageError for anything else."""
    if not isinstance(texts, dict) or not texts:
        message = "'claim' of the request is no object of names and values"
        raise UsageError(message, hint='write it as "claim": {"x": 6}')
    claims = [claim_from(left, right) for left, right in texts.items()]
    if any(claim.names_file for claim in claims):
        message = "a claim of a request names a file"
        raise UsageError(message, hint="write an array as nested lists")
    return claims


def require_once(claims: list[Claim]) -> None:
    """Raise BindingError where two claims are about the same thing."""
    seen: set[Target] = set()
    for claim in claims:
        key = claim.target._replace(of=None)
        if key in seen:
            message = f"two claims are about {claim.target.kind} of {claim.target.node}"
            raise BindingError(message, hint="claim each thing once")
        seen.add(key)
