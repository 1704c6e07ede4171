"""What a check finds: the verdict on each item, and what it rests on."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import NamedTuple

from bpcli.check.finite import Slopes
from bpcli.check.nearness import AS_TYPED, Tolerance
from bpcli.check.targets import Item
from bpcli.errors import DIFFERS_EXIT, OUTSIDE_DOMAIN_EXIT, UNDECIDED_EXIT
from bpcli.graph.node import Node
from bpcli.language.claims import Claim
from bpcli.numbers.balls import Ball, exactly


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


class Cause(NamedTuple):
    """A mistake that gives the claimed number.

    `kind` names it, `family` says what it is about without a sign or a factor, `text` says it in full, and `steps`
    names the steps at which it may have been made; `bare` is the text without the numbers of the step, which would give
    the right value away.
    """

    kind: str
    family: str
    text: str
    steps: tuple[str, ...] = ()
    bare: str | None = None

    @property
    def hint(self) -> str:
        """The text without right values."""
        return self.bare or self.text


class Outcome(Enum):
    """What comparing two formulas came to."""

    PROVED = "proved"
    AGREES = "agrees"
    DIFFERS = "differs"
    UNKNOWN = "unknown"


class Counterexample(NamedTuple):
    """A point at which a claimed formula is wrong."""

    at: Mapping[str, float]
    claimed: float
    truth: float


class Equality(NamedTuple):
    """How a claimed formula compares: the points at which it agrees, or one at which it does not."""

    outcome: Outcome
    points: tuple[Mapping[str, float], ...] = ()
    counterexample: Counterexample | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One checked item: what was claimed, what the three ways give, the verdict, and what it rests on.

    `truth` is the answer of the differences (or, for a value, of exact arithmetic) with its error as a radius;
    `accepted_as` says how a kink accepts a claim; `reason` says why there is no answer, or what is wrong jointly.
    `own_mistake` is False where a wrong item follows rightly from an earlier one that is wrong, whose title `follows`
    has. `hint` is the reason without numbers, which may give a right value away. `near` is how near the claim
    has to be.
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
    hint: str | None = None
    smallest_visible: float | None = None
    equality: Equality | None = None
    causes: tuple[Cause, ...] = ()
    suspects: tuple[str, ...] = ()
    follows: str | None = None
    own_mistake: bool = True
    lead: Lead | None = None
    notes: tuple[str, ...] = field(default=())
    near: Tolerance = AS_TYPED

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
