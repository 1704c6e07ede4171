"""A check of an expression over arrays: every entry of every gradient, bpcli's own or claimed, is judged.

Where the graph is small it is taken apart into single numbers, and the oracles of single numbers judge each entry in
exact arithmetic; the rules over arrays run in `exact` too. A large graph is judged by differences in float64.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property, partial
from typing import Any

from bpcli.backprop.gradients import Gradients, gradients_of
from bpcli.check.array_causes import explained
from bpcli.check.array_steps import array_steps, suspects_in
from bpcli.check.asked import Way, formula_of
from bpcli.check.by_layer import by_layer
from bpcli.check.entry_judge import EntryJudge
from bpcli.check.estimates import Estimates, method_of
from bpcli.check.expansion import MOST_OPS, size_of
from bpcli.check.findings import Finding, Verdict
from bpcli.check.float_steps import float64_suspects
from bpcli.check.groups import ArrayCheck, ArrayStep, Group, gap_of
from bpcli.check.own import LOST
from bpcli.check.own_entries import EXACT_ARRAYS
from bpcli.check.point import LADDER
from bpcli.check.questions import Asking, Question, own_question
from bpcli.check.settling import Alone, alone, is_open, settled
from bpcli.check.targets import Item, Names
from bpcli.graph.node import Graph, Node
from bpcli.language.build import array_system, seed_for
from bpcli.language.claims import Claim
from bpcli.language.limits import Limits
from bpcli.language.shapes import with_shapes
from bpcli.language.values import shape_of
from bpcli.numbers.apart import balls_of, numbers_in
from bpcli.numbers.balls import precision
from bpcli.numbers.evaluate import evaluate

UNSEEN = 1e-5  # of the largest entry that arrives at a step
SMALLEST = 1e-300  # below it float64 has few digits left


def check_arrays(graph: Graph, at: Mapping[str, Any], claims: Sequence[Claim], way: Way) -> ArrayCheck:
    """Hold the gradients of an expression over arrays, or claims about them, against the oracles.

    `at` has the value of every variable, and of names that only claimed formulas have. Raises ShapeError, BindingError,
    LimitError.
    """
    point = {variable.name: at[variable.name] for variable in graph.variables}
    shaped = with_shapes(graph, {name: shape_of(value) for name, value in point.items()}, way.limits)
    weights = None if way.seed is None else seed_for(shaped, way.seed)
    own = gradients_of(shaped, point, _asked_about(shaped, claims, way), system=array_system(), seed=weights)
    names = Names(own.graph)
    items = [names.item(claim.target) for claim in claims] or [Item("gradient", variable) for variable in own.wanted]
    here = ArrayPoint(own, [item.node for item in items if item.kind == "gradient"], names)
    if not claims:
        questions = [own_question(item, names) for item in items]
    else:
        asking = here.asking({name: value for name, value in at.items() if name not in point}, way.limits)
        formulas = [formula_of(one, names, at, way.limits) if one.is_formula else None for one in claims]
        questions = [asking.question(claim, formula, way.near) for claim, formula in zip(claims, formulas, strict=True)]
    return here.answer([here.group(question) for question in questions], weights, every_step=way.every_step)


def _asked_about(graph: Graph, claims: Sequence[Claim], way: Way) -> Collection[str] | None:
    """The variables whose gradients are found: those that are wanted, and those that claims are about."""
    if not claims or way.wanted is None:
        return way.wanted
    claimed = {claim.target.node for claim in claims}
    return {one.name for one in graph.variables if one.name in way.wanted or one.name in claimed}


class ArrayPoint:
    """One expression over arrays at a point: what no claim changes is found once.

    `targets` are the nodes whose gradients questions may be about.
    """

    def __init__(self, own: Gradients, targets: Sequence[Node], names: Names) -> None:
        self.own = own
        self.names = names
        self.targets = targets

    @cached_property
    def judge(self) -> EntryJudge | None:
        """The judge in exact arithmetic; None where the graph is too large for it."""
        return EntryJudge.of(self.own, self.targets)

    @cached_property
    def _estimates(self) -> Estimates:
        return Estimates(self.own, self.targets)

    @cached_property
    def _steps(self) -> list[ArrayStep]:
        return list(array_steps(self.own, own_groups))

    @cached_property
    def _alone(self) -> Alone:
        return alone(self._steps)

    @cached_property
    def _note(self) -> str | None:
        return None if self.judge is None or self.judge.undefined_node is not None else self.judge.own.note()

    def asking(self, beside: Mapping[str, Any], limits: Limits) -> Asking:
        """What turns claims into questions; `beside` has values of names that only formulas have."""
        return Asking(self.names, beside, limits, partial(self.evaluated, beside))

    def evaluated(self, beside: Mapping[str, Any], formula: Graph) -> Any:
        """The value of a claimed formula over the names of the expression, as float64 nearest to the exact one.

        A large one is computed in float64.
        """
        nodes = self.names.nodes
        at = {
            one.name: self.own.values[nodes[one.name]] if one.name in nodes else beside[one.name]
            for one in formula.variables
        }
        if sum(map(size_of, formula.nodes)) > MOST_OPS:
            with self.own.system.at_work():
                return self.own.system.handed_out(evaluate(formula, at, self.own.system)[formula.output])
        with precision(LADDER[0].bits):
            exact_at = {name: balls_of(value, shape_of(value)) for name, value in at.items()}
            value = evaluate(formula, exact_at, EXACT_ARRAYS)[formula.output]
        shape = formula.output.shape
        found = balls_of(value, shape)
        return found.astype(float) if shape else float(found)

    def group(self, question: Question) -> Group:
        """The verdict on every entry that is asked about, before other claims are looked at."""
        found = self._estimates.findings(question) if self.judge is None else self.judge.findings(question)
        return gathered(question, found)

    def answer(self, groups: Sequence[Group], seed: Any, *, every_step: bool = False) -> ArrayCheck:
        """The groups together, with what explains them."""
        judge, note = self.judge, self._note
        has_claims = any(group.claim for group in groups)
        if judge is not None and has_claims:
            groups = judge.jointly(groups)
        lost = float64_suspects(self.own) if note and not has_claims else ()
        steps = self._steps if every_step or self._needs_steps(groups) else []
        method = method_of(_findings_of(groups)) if judge is None else judge.method
        if judge is None and steps:
            groups = [settled(group) for group in groups] if self._alone.are_right else groups
            method += self._alone.text
        if has_claims:
            groups = explained(groups, self.own, self.names, judge)
        groups = by_layer(groups if has_claims else _suspected(groups, steps, lost), self.own.graph)
        notes = (note,) if note and not lost else ()
        return ArrayCheck(
            self.own.graph,
            self.own.at,
            tuple(_findings_of(groups)),
            notes=notes,
            own=self.own,
            names=self.names,
            groups=tuple(groups),
            method=method,
            array_steps=tuple(steps) if every_step else None,
            seed=seed,
        )

    def _needs_steps(self, groups: Sequence[Group]) -> bool:
        """Whether steps tell more: who is to blame, or whether all is right where exact ways are too slow."""
        if any(group.verdict is Verdict.UNEVALUABLE for group in groups):
            return False
        if self.judge is None and (self.own.graph.network or any(map(is_open, _findings_of(groups)))):
            return True
        is_wrong = any(group.verdict in (Verdict.DIFFER, Verdict.UNDECIDED) for group in groups)
        return is_wrong and not any(group.claim for group in groups)


def _suspected(groups: Sequence[Group], steps: Sequence[ArrayStep], lost: tuple[str, ...]) -> list[Group]:
    """The groups, those that differ with whose statement is wrong: a rule, or float64."""
    if any(group.verdict in (Verdict.DIFFER, Verdict.UNDECIDED) for group in groups):
        blamed = suspects_in(steps)
        groups = [one.but(suspects=blamed) if one.verdict is Verdict.DIFFER else one for one in groups]
    return [_with_loss(group, lost) for group in groups] if lost else list(groups)


def _findings_of(groups: Sequence[Group]) -> list[Finding]:
    return [finding for group in groups for finding in group.findings]


def gathered(question: Question, findings: Sequence[Finding]) -> Group:
    """The findings of one question together."""
    return Group(
        question.key,
        question.title,
        question.item,
        question.within,
        question.shape,
        question.places,
        findings,
        question.claim,
        notes=question.notes,
    )


def _with_loss(group: Group, suspects: tuple[str, ...]) -> Group:
    """The group, as float64 has it: what is right in `exact` is wrong where float64 computes something else."""
    scale = max(group.scale, SMALLEST)
    findings = [
        one.but(verdict=Verdict.DIFFER) if (gap_of(one) or 0.0) > LOST * scale else one for one in group.findings
    ]
    wrong = group.but(findings=findings)
    return wrong.but(suspects=suspects) if wrong.verdict is Verdict.DIFFER else group


def own_groups(own: Gradients, *, in_exact: bool) -> tuple[Group, ...]:
    """The gradients of an expression, as bpcli has them, judged entry by entry; in float64 where it is too large."""
    names = Names(own.graph)
    questions = [own_question(Item("gradient", variable), names) for variable in own.wanted if variable.varies]
    judge = EntryJudge.of(own, [question.item.node for question in questions], by_steps=True) if in_exact else None
    found = _of_step(own, questions) if judge is None else map(judge.findings, questions)
    return tuple([gathered(one, findings) for one, findings in zip(questions, found, strict=True)])


def _of_step(own: Gradients, questions: Sequence[Question]) -> list[list[Finding]]:
    """The findings of one step in float64; an error that is small against what arrives at the step hides nothing."""
    unseen = UNSEEN * max(map(abs, numbers_in(own.seed)), default=0.0)
    estimates = Estimates(own, [question.item.node for question in questions])
    return [
        [one.but(verdict=Verdict.AGREE) if 0 < (one.smallest_visible or 0) <= unseen else one for one in findings]
        for findings in map(estimates.findings, questions)
    ]
