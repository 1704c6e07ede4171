"""Claims about single numbers, each judged at a point or without one, and then all together."""

from collections.abc import Mapping, Sequence

from bpcli.check.carried import carried
from bpcli.check.causes import with_causes
from bpcli.check.equality import ENOUGH, Comparison, Truths
from bpcli.check.findings import Finding, Outcome, Verdict
from bpcli.check.judge import Judge
from bpcli.check.kinks import jointly
from bpcli.check.nearness import Tolerance
from bpcli.check.point import Point
from bpcli.check.targets import Names
from bpcli.graph.node import Graph
from bpcli.language.claims import Claim
from bpcli.language.values import number_from


def judged_claim(judge: Judge, claim: Claim, formula: Graph | None, near: Tolerance) -> Finding:
    """The verdict on one claim at a point, before others are looked at; `formula` is its right side, if it has one."""
    item = judge.names.item(claim.target)
    if formula is not None:
        claim = _as_number(claim, formula)
    if formula is None or claim.number is not None:
        return judge.judged(item, claim, near)
    return compared(judge, Truths(judge.point.graph, item), claim, formula, near)


def told_together(judge: Judge, findings: Sequence[Finding]) -> list[Finding]:
    """The findings, with what follows from what, and what each wrong one is consistent with."""
    return with_causes(carried(jointly(judge.oracles, findings), judge), judge)


def judged_formula(truths: Truths, names: Names, claim: Claim, formula: Graph, near: Tolerance) -> Finding:
    """The verdict on a claim as a formula, at points drawn from the domain."""
    base = Finding(truths.item, names.title(truths.item), Verdict.UNDECIDED, claim, near=near)
    return _as_compared(base, Comparison(truths, formula, names.nodes, near), claim, None)


def is_about_a_point(finding: Finding, graph: Graph, names: Names, formula: Graph) -> bool:
    """Whether a claim that differs is a number, where the right one depends on the point."""
    is_number = finding.verdict is Verdict.DIFFER and not formula.variables
    return is_number and Comparison(Truths(graph, finding.item), formula, names.nodes, finding.near).varies()


def _as_number(claim: Claim, formula: Graph) -> Claim:
    """A claim such as `x=2*pi` is one of a number, as precise as one that is not typed."""
    if claim.number is not None or formula.variables:
        return claim
    return claim._replace(number=number_from(claim.target.node, claim.typed))


def explained(finding: Finding, graph: Graph) -> Finding:
    """A formula that differs, with the mistakes that give its number at the counterexample."""
    example = finding.equality.counterexample if finding.equality else None
    if example is None or finding.claim is None:
        return finding
    judge = Judge(Point(graph, example.at))
    at_example = judge.judged(finding.item, finding.claim._replace(number=example.claimed), finding.near)
    (explained,) = with_causes([at_example], judge)
    return finding.but(causes=explained.causes, lead=explained.lead)


def compared(judge: Judge, truths: Truths, claim: Claim, formula: Graph, near: Tolerance) -> Finding:
    """A claimed formula at and around a point."""
    item = truths.item
    base = judge.finding(item, claim, near)
    if judge.undefined_node is not None:
        return base.but(verdict=Verdict.UNEVALUABLE, reason=judge.undefined_node)
    comparison = Comparison(truths, formula, judge.names.nodes, near)
    at_point = comparison.claimed(judge.point)
    if at_point.middle is None:
        return _as_compared(base, comparison, claim, judge.point.at)
    as_number = claim._replace(number=float(at_point))
    if base.truth is None:  # around a kink the formula is compared, at the kink its number
        there = judge.judged(item, as_number, near)
        if there.verdict is Verdict.DIFFER:
            return there
    return _as_compared(base.but(claim=as_number), comparison, claim, judge.point.at)


def _as_compared(base: Finding, comparison: Comparison, claim: Claim, at: Mapping[str, float] | None) -> Finding:
    equality = comparison.outcome(claim, at)
    if equality.outcome is Outcome.UNKNOWN:
        compared = f"only {len(equality.points)} of the {ENOUGH} points that it takes could be compared"
        reason = f"{compared}; more are found around one that is given"
        return base.but(verdict=Verdict.UNDECIDED, equality=equality, reason=reason)
    verdict = Verdict.DIFFER if equality.outcome is Outcome.DIFFERS else Verdict.AGREE
    return base.but(verdict=verdict, equality=equality)
