"""`check_expression`: bpcli's own gradients, or what somebody claims, held against SymPy and differences."""

from collections.abc import Collection, Mapping, Sequence

from bpcli.check.asked import Way, formula_of
from bpcli.check.claimed import explained, is_about_a_point, judged_claim, judged_formula, told_together
from bpcli.check.equality import Truths
from bpcli.check.findings import Verdict
from bpcli.check.judge import Judge
from bpcli.check.nearness import AS_TYPED, Tolerance
from bpcli.check.point import Point
from bpcli.check.results import Check
from bpcli.check.suspects import MOST_STEPS, NOBODY, StepCheck, step_checks, value_suspect
from bpcli.check.targets import Item, Names
from bpcli.errors import MissingValueError, UsageError
from bpcli.graph.node import Graph
from bpcli.language.build import Setup, point_for, question_from, require_known, values_for, wanted_of
from bpcli.language.claims import Claim, claim_from, claim_from_text, require_once
from bpcli.language.expressions import parse
from bpcli.language.limits import DEFAULT_LIMITS, Limits
from bpcli.language.values import may_be_array, number_from, value_from

Claims = Mapping[str, object] | Sequence[str | Claim]


def check_expression(  # noqa: PLR0913 - a question, and how it is to be answered
    expression: str | Graph,
    at: Mapping[str, object] | None = None,
    claims: Claims = (),
    *,
    with_respect_to: Collection[str] | str | None = None,
    seed: object = None,
    every_step: bool = False,
    relative_tolerance: float | None = None,
    random_seed: int = 0,
    evaluation_mode: bool = False,
    limits: Limits = DEFAULT_LIMITS,
) -> Check:
    """Hold gradients against SymPy and against differences of exact values.

    Without `claims` bpcli's own gradients are checked. A claim is a text such as `"x=6"`, or an entry of a mapping such
    as `{"x": 6, "value(A)": -12}`; its right side may be a formula, and then `at` may be left out. Values and claims
    may be arrays, of which every entry is checked; `seed` is the upstream gradient of an output that is an array.
    `every_step` adds each step. Raises ParseError, BindingError, ShapeError, UsageError, LimitError.

    >>> check_expression("x*y", {"x": 2, "y": 3}, ["x=3", "y=-2"]).verdict.value
    'differ'
    """
    if relative_tolerance is not None and not 0 <= relative_tolerance < 1:
        message = f"the relative tolerance must be from 0 to 1, not {relative_tolerance:g}"
        raise UsageError(message, hint="1e-9 is usual")
    read = _claims(claims)
    if read and with_respect_to is not None:
        message = "with_respect_to chooses among bpcli's own gradients, and a claim says itself what it is about"
        raise UsageError(message, hint="leave out --with-respect-to, or the claims")
    graph, at = question_from(expression, at or {}, limits, Setup(random_seed, evaluation_mode))
    names = Names(graph)
    near = AS_TYPED if relative_tolerance is None else Tolerance(relative=relative_tolerance)
    way = Way(wanted_of(graph, with_respect_to), seed, every_step, near, limits)
    if seed is not None or _is_about_arrays(graph, at, read):
        return _over_arrays(graph, at, read, way)
    formulas = {claim: formula_of(claim, names, at, limits) for claim in read if claim.number is None}
    if any(has_structural_ops(formula) for formula in formulas.values()):
        return _over_arrays(graph, at, read, way)
    if not at and graph.variables:
        return _without_point(graph, names, read, formulas, near)
    point = _point(graph, at, formulas)
    judge = Judge(point)
    if not read:
        return _own(judge, way.wanted, every_step=every_step)
    return _claimed(judge, read, formulas, way)


def _claimed(judge: Judge, claims: list[Claim], formulas: Mapping[Claim, Graph], way: Way) -> Check:
    """The verdict on each claim at a point."""
    findings = [judged_claim(judge, claim, formulas.get(claim), way.near) for claim in claims]
    findings = told_together(judge, findings)
    steps = _steps(judge) if way.every_step else None
    return Check(judge.point.graph, judge.point.at, tuple(findings), steps, own=judge.own.in_float64, names=judge.names)


def has_structural_ops(graph: Graph) -> bool:
    """Whether any op of the graph moves or joins entries."""
    return any(op.is_structural for op in {node.op for node in graph.nodes})


def _is_about_arrays(graph: Graph, at: Mapping[str, object], claims: Collection[Claim]) -> bool:
    """Whether an op joins or moves entries, or a value or a claim may be an array."""
    return (
        has_structural_ops(graph) or any(map(may_be_array, at.values())) or any(claim.needs_arrays for claim in claims)
    )


def _over_arrays(graph: Graph, at: Mapping[str, object], claims: list[Claim], way: Way) -> Check:
    """The same over arrays, whose rooms and NumPy single numbers do without."""
    from bpcli.check.entrywise import check_arrays  # noqa: PLC0415 - loaded for arrays only

    missing = tuple([variable.name for variable in graph.variables if variable.name not in at])
    if missing:
        raise MissingValueError(missing, f"give a value for each of: {', '.join(missing)}")
    own = {variable.name for variable in graph.variables}
    known = {*Names(graph).nodes, *at}
    formulas = [parse(" ".join(claim.typed.split()), known, way.limits) for claim in claims if claim.is_formula]
    beside = {variable.name for formula in formulas for variable in formula.variables} - own
    require_known([name for name in at if name not in beside], list(own), "value for")
    values = values_for(graph, {name: value for name, value in at.items() if name in own}, way.limits)
    values |= {name: value_from(name, at[name], way.limits) for name in beside if name in at}
    return check_arrays(graph, values, claims, way)


def _claims(claims: Claims) -> list[Claim]:
    if isinstance(claims, Mapping):
        read = [claim_from(left, right) for left, right in claims.items()]
    else:
        read = [claim if isinstance(claim, Claim) else claim_from_text(claim) for claim in claims]
    require_once(read)
    return read


def _point(graph: Graph, at: Mapping[str, object], formulas: Mapping[Claim, Graph]) -> Point:
    """The values of the variables, and of names that only claimed formulas have."""
    own = {variable.name for variable in graph.variables}
    beside = {variable.name for formula in formulas.values() for variable in formula.variables} - own
    require_known([name for name in at if name not in beside], list(own), "value for")
    exactly_at = point_for(graph, {name: value for name, value in at.items() if name in own})
    return Point(graph, exactly_at | {name: number_from(name, at[name]) for name in beside if name in at})


def _own(judge: Judge, wanted: Collection[str] | None, *, every_step: bool) -> Check:
    graph = judge.point.graph
    variables = [variable for variable in graph.variables if wanted is None or variable.name in wanted]
    findings = [judge.judged(Item("gradient", variable)) for variable in variables]
    note = judge.own.note() if judge.undefined_node is None else None
    if note is not None and len(graph.nodes) <= MOST_STEPS:
        suspects = [
            suspect for node in graph.nodes if (suspect := value_suspect(judge.oracles, node)) not in (None, NOBODY)
        ]
        if suspects:
            blamed = tuple(dict.fromkeys(suspects))
            findings = [finding.but(verdict=Verdict.DIFFER, suspects=blamed) for finding in findings]
            note = None
    steps = _steps(judge) if every_step else None
    notes = (note,) if note else ()
    return Check(graph, judge.point.at, tuple(findings), steps, notes, own=judge.own.in_float64, names=judge.names)


def _steps(judge: Judge) -> tuple[StepCheck, ...]:
    """Every step; none where the expression has no value."""
    return tuple(step_checks(judge.oracles, judge.own)) if judge.undefined_node is None else ()


def _without_point(
    graph: Graph, names: Names, claims: list[Claim], formulas: Mapping[Claim, Graph], near: Tolerance
) -> Check:
    """Formulas against formulas, at points drawn from the domain."""
    missing = tuple([variable.name for variable in graph.variables])
    if not claims:
        raise MissingValueError(missing, f"give a value for each of: {', '.join(missing)}, or claim a formula")
    findings = []
    for claim in claims:
        formula = formulas.get(claim) or parse(claim.typed)
        compared = judged_formula(Truths(graph, names.item(claim.target)), names, claim, formula, near)
        if is_about_a_point(compared, graph, names, formula):
            raise MissingValueError(
                missing, f"a number is right at a point: give a value for each of {', '.join(missing)}"
            )
        findings.append(explained(compared, graph))
    return Check(graph, None, tuple(findings), names=names)
