"""The judge of the entries of arrays: a graph over arrays taken apart, whose rules are those over whole arrays."""

from collections.abc import Collection, Sequence
from functools import cached_property

from bpcli.backprop.gradients import Gradients
from bpcli.check.estimates import seed_of
from bpcli.check.expansion import Expansion, expanded
from bpcli.check.findings import Finding, Verdict
from bpcli.check.groups import Group
from bpcli.check.judge import Judge
from bpcli.check.kinks import jointly
from bpcli.check.oracles import Oracles
from bpcli.check.own_entries import OwnEntries
from bpcli.check.point import Point
from bpcli.check.questions import Question
from bpcli.check.targets import Item
from bpcli.graph.node import Graph, Node
from bpcli.graph.notation import number_text
from bpcli.graph.order import ancestors_first
from bpcli.numbers.apart import places
from bpcli.numbers.balls import Ball, exactly

IN_EXACT = "differences in exact arithmetic, every entry"
BY_STEPS = ", step by step"
MOST_AT_KINKS = 3_000_000  # variables that lead to a kink, times ops: they ask for differences of the whole
MOST_JOINT = 200
MOST_SYMBOLIC = 1_000  # ops


def _unmoved(graph: Graph, asked: Collection[Node]) -> frozenset[Node]:
    """The variables that a check keeps as they are: buffers and masks, and targets and indices unless asked about."""
    fixed = graph.network.fixed if graph.network else ()
    return frozenset([one for one in graph.variables if not one.varies or (one.name in fixed and one not in asked)])


class EntryJudge(Judge):
    """The judge of single numbers, over entries; what it judges as bpcli's own are the rules over arrays."""

    own: OwnEntries

    def __init__(self, expansion: Expansion, own: OwnEntries, *, by_steps: bool) -> None:
        super().__init__(own.point, own)
        self.oracles = Oracles(own.point, by_steps=by_steps)
        self.expansion = expansion

    @classmethod
    def of(
        cls,
        own: Gradients,
        targets: Sequence[Node],
        *,
        by_steps: bool = False,
    ) -> "EntryJudge | None":
        """The judge of values, and of the gradients at `targets`; None where the graph is too large to be taken apart.

        Differences and SymPy take the whole where it is small, unless they are asked to go `by_steps`.
        """
        expansion = expanded(own.graph, own.values, seed_of(own), targets, _unmoved(own.graph, targets))
        if expansion is None:
            return None
        entries = OwnEntries(Point(expansion.graph, expansion.at), expansion, own, targets)
        judge = cls(expansion, entries, by_steps=by_steps)
        oracles = judge.oracles
        if oracles.is_small or not oracles.tied:
            return judge
        at_kinks = sum([not node.inputs and node.varies for node in ancestors_first(oracles.tied)])
        return judge if at_kinks * len(expansion.graph.nodes) <= MOST_AT_KINKS else None

    @cached_property
    def alone(self) -> Judge:
        """The judge of the entries as single numbers, by the rules of single numbers."""
        return Judge(self.point)

    @property
    def method(self) -> str:
        """How the differences are taken, in words."""
        return IN_EXACT if self.oracles.is_small else IN_EXACT + BY_STEPS

    def findings(self, question: Question) -> list[Finding]:
        """The finding of each entry that is asked about."""
        nodes = self.entries(question)
        if not question.claims:
            return [self._own(Item(question.item.kind, node)) for node in nodes]
        near = question.near_over([self._in_float64(question.item.kind, node) for node in nodes])
        return [
            self.judged(Item(question.item.kind, node), claim, near)
            for node, claim in zip(nodes, question.claims, strict=True)
        ]

    def _in_float64(self, kind: str, node: Node) -> float:
        """What bpcli has for an entry, as a measure of the array's size."""
        own = self.own.in_float64
        return float(own.values[node] if kind == "value" else own.upstreams.get(node, 0.0))

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
        told = iter(jointly(self.oracles, flat))
        return [group.but(findings=[next(told) for _ in group.findings]) for group in groups]
