"""A check of an expression over arrays: every entry of every gradient, bpcli's own or claimed, is judged.

Where the graph is small it is taken apart into single numbers, and the oracles of single numbers judge each entry in
exact arithmetic; the rules over arrays run in `exact` too. A large graph is judged by differences in float64.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from bpcli.backprop.gradients import Gradients, gradients_of
from bpcli.check.array_causes import explained
from bpcli.check.array_steps import array_steps, suspects_in
from bpcli.check.asked import Way, formula_of
from bpcli.check.estimates import METHOD as IN_FLOAT64
from bpcli.check.estimates import estimated, seed_of
from bpcli.check.expansion import MOST_OPS, Expansion, expanded, size_of
from bpcli.check.findings import Finding, Verdict
from bpcli.check.float_steps import float64_suspects
from bpcli.check.groups import ArrayCheck, Group, gap_of
from bpcli.check.judge import Judge
from bpcli.check.kinks import jointly
from bpcli.check.own import LOST
from bpcli.check.own_entries import EXACT_ARRAYS, OwnEntries
from bpcli.check.point import LADDER, Point
from bpcli.check.questions import Asking, Question, own_question
from bpcli.check.targets import Item, Names
from bpcli.graph.node import Graph, Node
from bpcli.graph.notation import number_text
from bpcli.language.build import array_system, seed_for
from bpcli.language.claims import Claim
from bpcli.language.shapes import with_shapes
from bpcli.language.values import shape_of
from bpcli.numbers.apart import balls_of, places
from bpcli.numbers.balls import Ball, exactly, precision
from bpcli.numbers.evaluate import evaluate

IN_EXACT = "differences in exact arithmetic, every entry"
BY_STEPS = ", step by step"
MOST_AT_KINKS = 10_000_000  # variables times ops, where a kink asks for differences of the whole
MOST_JOINT = 200
MOST_SYMBOLIC = 1_000  # ops
SMALLEST = 1e-300  # below it float64 has few digits left


def check_arrays(graph: Graph, at: Mapping[str, Any], claims: Sequence[Claim], way: Way) -> ArrayCheck:
    """Hold the gradients of an expression over arrays, or claims about them, against the oracles.

    `at` has the value of every variable, and of names that only claimed formulas have. Raises ShapeError, BindingError,
    LimitError.
    """
    point = {variable.name: at[variable.name] for variable in graph.variables}
    shaped = with_shapes(graph, {name: shape_of(value) for name, value in point.items()}, way.limits)
    weights = None if way.seed is None else seed_for(shaped, way.seed)
    own = gradients_of(shaped, point, system=array_system(), seed=weights)
    asked = _Asked(own, way.relative, {name: value for name, value in at.items() if name not in point})
    if not claims:
        chosen = [one for one in shaped.variables if way.wanted is None or one.name in way.wanted]
        questions = [own_question(Item("gradient", variable), asked.names) for variable in chosen]
    else:
        asking = Asking(asked.names, asked.beside, way.limits, asked.evaluated)
        formulas = [formula_of(one, asked.names, at, way.limits) if one.is_formula else None for one in claims]
        questions = [asking.question(claim, formula) for claim, formula in zip(claims, formulas, strict=True)]
    return asked.answer(questions, weights, every_step=way.every_step)


class _Asked:
    """One expression over arrays at a point."""

    def __init__(self, own: Gradients, relative: float | None, beside: Mapping[str, Any]) -> None:
        self.own = own
        self.names = Names(own.graph)
        self.relative = relative
        self.beside = beside

    def evaluated(self, formula: Graph) -> Any:
        """The value of a claimed formula over the names of the expression, as float64 nearest to the exact one.

        A large one is computed in float64.
        """
        at = {one.name: self._value(one.name) for one in formula.variables}
        if sum(map(size_of, formula.nodes)) > MOST_OPS:
            with self.own.system.at_work():
                return self.own.system.handed_out(evaluate(formula, at, self.own.system)[formula.output])
        with precision(LADDER[0].bits):
            exact_at = {name: balls_of(value, shape_of(value)) for name, value in at.items()}
            value = evaluate(formula, exact_at, EXACT_ARRAYS)[formula.output]
        shape = formula.output.shape
        found = balls_of(value, shape)
        return found.astype(float) if shape else float(found)

    def _value(self, name: str) -> Any:
        node = self.names.nodes.get(name)
        return self.beside[name] if node is None else self.own.values[node]

    def answer(self, questions: Sequence[Question], seed: Any, *, every_step: bool) -> ArrayCheck:
        """The groups, with what explains them."""
        judged = EntryJudge.of(self.own, questions, self.relative)
        if judged is None:
            findings, method = estimated(self.own, questions, self.relative), IN_FLOAT64
        else:
            findings, method = [judged.findings(question) for question in questions], judged.method
        groups = [gathered(question, found) for question, found in zip(questions, findings, strict=True)]
        has_claims = any(question.claim for question in questions)
        if has_claims and judged is not None:
            groups = judged.jointly(groups)
        is_wrong = any(group.verdict in (Verdict.DIFFER, Verdict.UNDECIDED) for group in groups)
        note = judged.own.note() if judged is not None and judged.undefined_node is None else None
        lost = float64_suspects(self.own) if note and not has_claims else ()
        wants_steps = every_step or (is_wrong and not has_claims)
        steps = list(array_steps(self.own, own_groups)) if wants_steps else []
        if not has_claims and is_wrong:
            suspects = suspects_in(steps)
            groups = [one.but(suspects=suspects) if one.verdict is Verdict.DIFFER else one for one in groups]
        if lost:
            groups, note = [_with_loss(group, lost) for group in groups], None
        if has_claims:
            groups = explained(groups, self.own, self.names, judged)
        return ArrayCheck(
            self.own.graph,
            self.own.at,
            tuple([finding for group in groups for finding in group.findings]),
            notes=(note,) if note else (),
            own=self.own,
            names=self.names,
            groups=tuple(groups),
            method=method,
            array_steps=tuple(steps) if every_step else None,
            seed=seed,
        )


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


def own_groups(own: Gradients) -> tuple[Group, ...] | None:
    """The gradients of an expression, as bpcli has them, judged entry by entry; None where it is too large for that."""
    names = Names(own.graph)
    questions = [own_question(Item("gradient", variable), names) for variable in own.graph.variables]
    judge = EntryJudge.of(own, questions, None)
    return None if judge is None else tuple([gathered(one, judge.findings(one)) for one in questions])


class EntryJudge(Judge):
    """The judge of single numbers, over entries; what it judges as bpcli's own are the rules over arrays."""

    own: OwnEntries

    def __init__(self, expansion: Expansion, own: Gradients, targets: Collection[Node], relative: float | None) -> None:
        point = Point(expansion.graph, expansion.at)
        super().__init__(point, relative, OwnEntries(point, expansion, own, targets))
        self.expansion = expansion

    @classmethod
    def of(cls, own: Gradients, questions: Sequence[Question], relative: float | None) -> "EntryJudge | None":
        """The judge, or None where the graph is too large to be taken apart."""
        targets = [question.item.node for question in questions if question.item.kind == "gradient"]
        expansion = expanded(own.graph, own.values, seed_of(own), targets)
        if expansion is None:
            return None
        judge = cls(expansion, own, targets, relative)
        ops, count = len(expansion.graph.nodes), len(expansion.graph.variables)
        too_many = ops * count > MOST_AT_KINKS and judge.oracles.tied and not judge.oracles.is_small
        return None if too_many else judge

    @property
    def method(self) -> str:
        """How the differences are taken, in words."""
        return IN_EXACT if self.oracles.is_small else IN_EXACT + BY_STEPS

    def findings(self, question: Question) -> list[Finding]:
        """The finding of each entry that is asked about."""
        nodes = self.entries(question)
        if not question.claims:
            return [self._own(Item(question.item.kind, node)) for node in nodes]
        return [
            self.judged(Item(question.item.kind, node), claim)
            for node, claim in zip(nodes, question.claims, strict=True)
        ]

    def entries(self, question: Question | Group) -> list[Node]:
        """The node over single numbers of each entry that is asked about."""
        whole = dict(zip(places(question.item.node.shape), self.expansion.of(question.item.node), strict=True))
        return [whole[place] for place in question.places]

    def _own(self, item: Item) -> Finding:
        """What bpcli has; what its rules say between the slopes of a kink is its convention."""
        finding = self.judged(item)
        return finding.but(accepted_as="convention") if finding.accepted_as == "between" else finding

    def symbolic_value(self, node: Node) -> Ball | None:
        """SymPy's own evaluation; not of many entries, of which each is an expression of its own."""
        return super().symbolic_value(node) if len(self.point.graph.nodes) <= MOST_SYMBOLIC else None

    def suspects(self, node: Node) -> tuple[str, ...]:
        """Nobody yet: the steps over arrays tell."""
        del node
        return ()

    def _convention(self, finding: Finding) -> Ball | None:
        """For a claim, what the rules over arrays say, as `grad` prints it."""
        if finding.claim is None or finding.item.source is not None:
            return super()._convention(finding)
        return self.own.gradient(finding.item.node)

    def _with_kink(self, finding: Finding) -> Finding:
        """The kink, in the words of the op over arrays that it is in."""
        found = super()._with_kink(finding)
        kink = found.kink
        op = None if kink is None else self.expansion.origins.get(kink.node)
        if kink is None or op is None or op.op is kink.node.op:
            return found
        labels = {source.name for source in kink.node.inputs}
        value = number_text(float(exactly(self.point.values()[kink.node]))).removesuffix(".0")
        where = kink.where if None not in labels else f"{self.names.labels[kink.node]} = {value}"
        return found.but(kink=kink._replace(node=op, where=where))

    def jointly(self, groups: Sequence[Group]) -> list[Group]:
        """The groups, with entries refused whose claims fit each coordinate at a kink, but not some direction."""
        flat = [finding for group in groups for finding in group.findings]
        if sum(finding.verdict is Verdict.KINK for finding in flat) > MOST_JOINT:
            return list(groups)
        told = iter(jointly(self.oracles, flat, self.relative))
        return [group.but(findings=[next(told) for _ in group.findings]) for group in groups]
