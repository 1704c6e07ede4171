"""Verdicts: what a claim comes to, and the tolerance that decides it."""

from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from bpcli.check.finite import Slopes
from bpcli.check.nearness import SMALLEST_EXPONENT
from bpcli.check.targets import Item
from bpcli.errors import DIFFERS_EXIT, OUTSIDE_DOMAIN_EXIT, UNDECIDED_EXIT
from bpcli.graph.node import Node
from bpcli.language.claims import Claim
from bpcli.numbers.balls import Ball, exactly, larger, power_of_two, smaller

if TYPE_CHECKING:
    from bpcli.check.causes import Cause
    from bpcli.check.equality import Equality

RELATIVE = 1e-9  # of a number from a file, or a whole one: more than float64 loses, less than any mistake
MOST_OF_TYPED = 0.01  # half a unit of the last typed place counts up to this part of the truth
ULPS = 4


class Verdict(Enum):
    """What a claim comes to, the worst last."""

    AGREE = "agree"
    KINK = "kink"
    UNDECIDED = "undecided"
    DIFFER = "differ"
    UNEVALUABLE = "unevaluable"


EXIT_CODES = {
    Verdict.AGREE: 0,
    Verdict.KINK: 0,
    Verdict.UNDECIDED: UNDECIDED_EXIT,
    Verdict.DIFFER: DIFFERS_EXIT,
    Verdict.UNEVALUABLE: OUTSIDE_DOMAIN_EXIT,
}


class Kink(NamedTuple):
    """Where the output has no single slope: the op, its inputs there in words, and the slopes on both sides."""

    node: Node
    where: str
    left: float
    right: float


class Lead(NamedTuple):
    """Where to look for a mistake: the steps into a node.

    Where there is one step only, its number among all; and, if another gradient agrees that has the same upstream, that
    upstream and the title of the `witness`.
    """

    steps: tuple[str, ...]
    number: int | None
    upstream: float | None
    witness: str | None


@dataclass(frozen=True, slots=True)
class Finding:
    """One checked item: what was claimed, what the three ways give, the verdict, and what it rests on.

    `truth` is the answer of the differences (or, for a value, of exact arithmetic) with its error as a radius;
    `accepted_as` says how a kink accepts a claim; `reason` says why there is no answer, or what is wrong jointly.
    `own_mistake` is False where a wrong item follows rightly from an earlier one that is wrong, whose title `follows`
    has.
    """

    item: Item
    title: str
    verdict: Verdict
    claim: Claim | None = None
    own: float | None = None
    slopes: Slopes | None = None
    symbolic: Ball | None = None
    symbolic_is_whole: bool = True
    truth: Ball | None = None
    accepted_as: str | None = None
    kink: Kink | None = None
    reason: str | None = None
    smallest_visible: float | None = None
    equality: "Equality | None" = None
    causes: "tuple[Cause, ...]" = ()
    suspects: tuple[str, ...] = ()
    follows: str | None = None
    own_mistake: bool = True
    lead: Lead | None = None
    notes: tuple[str, ...] = field(default=())

    def but(self, **changes: object) -> "Finding":
        """The same finding with some fields changed."""
        return replace(self, **changes)  # type: ignore[arg-type] # mypy cannot see which

    @property
    def claimed(self) -> float | None:
        """The claimed number."""
        return self.claim.number if self.claim else None

    @property
    def ratio(self) -> float | None:
        """Claimed by true, where that says something."""
        if self.claimed is None or self.truth is None or not float(self.truth):
            return None
        return float(exactly(self.claimed) / self.truth)

    @property
    def relative_difference(self) -> float | None:
        """The largest relative difference between the numbers that were found."""
        numbers = [number for number in (self.own, *map(_float, (self.symbolic, self.truth))) if number is not None]
        size = max(map(abs, numbers), default=0.0)
        if len(numbers) < 2 or size - size != 0:  # noqa: PLR2004 - one number differs from nothing
            return None
        return (max(numbers) - min(numbers)) / size if size else 0.0


def _float(ball: Ball | None) -> float | None:
    return None if ball is None or ball.middle is None else float(ball)


def worst(verdicts: "list[Verdict]") -> Verdict:
    """The worst of some verdicts, in the order of the exit codes."""
    return max(verdicts, key=list(Verdict).index, default=Verdict.AGREE)


def tolerance(truth: Ball, claim: Claim | None = None, relative: float | None = None) -> Ball:
    """How far from the truth a claim may be: as precise as it was typed, and never tighter than 4 ulp of float64."""
    size = exactly(0) if truth.middle is None else truth.size
    ulp = power_of_two(max(size.magnitude - 53, SMALLEST_EXPONENT)) * ULPS
    if relative is not None:
        allowed = size * relative
    elif claim is not None and claim.half_unit is not None:
        allowed = smaller(exactly(claim.half_unit), size * MOST_OF_TYPED)
    else:
        allowed = size * RELATIVE
    return larger(allowed, ulp)
