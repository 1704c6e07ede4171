"""Judging one item: its truth from the oracles, and the verdict on bpcli's own answer or on a claimed number."""

from functools import cached_property

from bpcli.backprop.nonfinite import reason_undefined
from bpcli.backprop.sweep import local_numbers
from bpcli.check.chain import chained
from bpcli.check.findings import Cause, Finding, Verdict
from bpcli.check.finite import Kind, Slopes, is_settled, product_of_slopes
from bpcli.check.kinks import culprit, fits, kink_at, steepest
from bpcli.check.nearness import AS_TYPED, Tolerance, same, tolerance, within
from bpcli.check.oracles import Oracles
from bpcli.check.own import Own
from bpcli.check.point import LADDER, Point
from bpcli.check.suspects import suspects_of
from bpcli.check.symbolic import symbolic_value
from bpcli.check.targets import Item, Names
from bpcli.graph.node import Node
from bpcli.graph.notation import number_text, render
from bpcli.graph.order import ancestors_first
from bpcli.language.claims import Claim
from bpcli.numbers.balls import UNDEFINED, Ball, exactly, precision
from bpcli.numbers.exact import exact

MOST_CHARACTERS = 60
ONE_DIGIT = "typed with one digit, which is judged exactly: give two or more"
NO_VALUE = "the expression has no real value here"


class Judge:
    """Everything that is known at one point, and the verdicts that follow."""

    def __init__(self, point: Point, own: Own | None = None) -> None:
        self.point = point
        self.names = Names(point.graph)
        self.oracles = Oracles(point)
        self._swapped: dict[tuple[str, str], dict[Node, Ball]] = {}
        self.own = own or Own(point)
        self.mistakes: dict[Item, tuple[tuple[Cause, Ball, float], ...]] = {}  # known ones, that were looked for

    def swapped(self, one: str, other: str) -> dict[Node, Ball]:
        """The gradients by the rules where two variables have each other's values."""
        if (one, other) not in self._swapped:
            at = {**self.point.at, one: self.point.at[other], other: self.point.at[one]}
            self._swapped[one, other] = Own(Point(self.point.graph, at)).gradients(LADDER[0].bits)
        return self._swapped[one, other]

    # Truths ----------------------------------------------------------------------------------------------------

    def finding(self, item: Item, claim: Claim | None = None, near: Tolerance = AS_TYPED) -> Finding:
        """The item with what the three ways give, before a verdict."""
        title = self.names.title(item)
        base = Finding(item, title, Verdict.UNDECIDED, claim, near=near)
        if item.kind == "value":
            by_sympy = self.symbolic_value(item.node)
            own = float(self.own.in_float64.values[item.node])
            return base.but(own=own, truth=self.value(item.node), symbolic=by_sympy)
        if item.source is None:
            found, symbolic = self.oracles.slopes(item.node), self.oracles.symbolic(item.node)
            own = float(self.own.in_float64.upstreams.get(item.node, 0.0))
            return base.but(
                own=own,
                slopes=found,
                truth=found.derivative,
                symbolic=symbolic.value,
                symbolic_is_whole=symbolic.is_whole,
            )
        return self._step(base, item.node, item.source)

    def _step(self, base: Finding, node: Node, source: Node) -> Finding:
        local = self.oracles.local_slopes(node, source)
        symbolic = self.oracles.local_symbolic(node, source)
        own = self.own.local(node, source)
        if base.item.kind == "local":
            return base.but(
                slopes=local, truth=local.derivative, symbolic=symbolic, own=float(own), symbolic_is_whole=False
            )
        upstream, upstream_symbolic = self.oracles.slopes(node), self.oracles.symbolic(node).value
        with precision(LADDER[0].bits):
            along = product_of_slopes(upstream, local)
            by_sympy = None if upstream_symbolic is None or symbolic is None else upstream_symbolic * symbolic
            own = self.own.gradient(node) * own
        return base.but(
            slopes=along, truth=along.derivative, symbolic=by_sympy, own=float(own), symbolic_is_whole=False
        )

    def symbolic_value(self, node: Node) -> Ball | None:
        """SymPy's own evaluation of a node, where there is one."""
        return symbolic_value(self.point.graph, node, self.point.at)

    def value(self, node: Node) -> Ball | None:
        """The exact value of a node, in as many digits as it takes; None where it has none."""
        found = UNDEFINED
        for rung in LADDER:
            found = exactly(self.point.values(rung.bits)[node])
            if found.middle is None or is_settled(found):
                break
        return None if found.middle is None else found

    # Verdicts --------------------------------------------------------------------------------------------------

    def judged(self, item: Item, claim: Claim | None = None, near: Tolerance = AS_TYPED) -> Finding:
        """The verdict on a claimed number, or without one on bpcli's own gradient."""
        undefined = self.undefined_at(item.node) or (None if item.kind == "value" else self.undefined_node)
        if undefined is not None and item.kind != "value":
            own = float(self.own.in_float64.upstreams.get(item.node, 0.0)) if item.source is None else None
            base = Finding(item, self.names.title(item), Verdict.UNEVALUABLE, claim, own, near=near)
            return base.but(reason=undefined, hint=NO_VALUE)
        finding = self.finding(item, claim, near)
        if item.kind == "value":
            return self._judged_value(finding, undefined)
        claimed = self.own.gradient(item.node) if claim is None else exactly(claim.number or 0.0)
        if finding.truth is not None:
            return self._against_derivative(finding, claimed, finding.truth)
        if finding.slopes is not None and finding.slopes.is_corner:
            return self._at_corner(finding, finding.slopes, claimed)
        return self._without_truth(finding, claimed)

    def _judged_value(self, finding: Finding, undefined: str | None) -> Finding:
        if finding.truth is None:
            return finding.but(verdict=Verdict.UNEVALUABLE, reason=undefined, hint=NO_VALUE)
        if finding.symbolic is not None and not same(finding.symbolic, finding.truth):
            return self._oracles_disagree(finding)
        claimed = exactly(finding.claimed or 0.0)
        allowed = tolerance(finding.truth, finding.claim, finding.near)
        return self._decided(finding, within(claimed, finding.truth, allowed))

    def _agrees(self, finding: Finding, claimed: Ball, truth: Ball) -> bool | None:
        if finding.claim is None:
            return same(claimed, truth)
        return within(claimed, truth, tolerance(truth, finding.claim, finding.near))

    def _against_derivative(self, finding: Finding, claimed: Ball, truth: Ball) -> Finding:
        if finding.symbolic is not None and not same(finding.symbolic, truth):
            return self._oracles_disagree(finding)
        agrees = self._agrees(finding, claimed, truth)
        convention = self._convention(finding) if self._is_at_kink(finding) else None
        is_missed = convention is not None and not same(convention, truth)
        if agrees:
            accepted = finding.but(verdict=Verdict.KINK, accepted_as="derivative")
            return self._with_kink(accepted) if is_missed else finding.but(verdict=Verdict.AGREE)
        if claimed is UNDEFINED or (finding.claim is None and claimed.middle is None):
            return finding.but(
                verdict=Verdict.UNEVALUABLE, reason="the rules multiply 0 by infinity here, the slope exists"
            )
        if is_missed and convention is not None and self._agrees(finding, claimed, convention):
            return self._with_kink(finding.but(verdict=Verdict.KINK, accepted_as="convention"))
        decided = self._decided(finding, agrees)
        if finding.claim is None and decided.verdict is Verdict.DIFFER:
            return decided.but(suspects=self.suspects(finding.item.node))
        return decided

    def suspects(self, node: Node) -> tuple[str, ...]:
        """Whose statement is wrong on the way from a node to the output."""
        return suspects_of(self.oracles, self.own, node)

    def _convention(self, finding: Finding) -> Ball | None:
        """What the rules say, which is what PyTorch says."""
        item = finding.item
        if item.source is None:
            return self._by_convention.get(item.node, exactly(0))
        local = self.own.local(item.node, item.source)
        if item.kind == "local":
            return local
        upstream = self._by_convention.get(item.node, exactly(0))
        return None if upstream is None else upstream * local

    @cached_property
    def _by_convention(self) -> dict[Node, Ball | None]:
        """The chain rule with bpcli's rule where an op is at a kink, and with differences everywhere else."""

        def local(node: Node, position: int) -> Ball | None:
            if node in self.oracles.at_kink:
                return exactly(local_numbers(node, values.__getitem__, exact)[position] or 0)
            return self.oracles.local_difference(node, position)

        values = self.point.values()
        with precision(LADDER[0].bits):
            return chained(self.point.graph, local, exactly(1))

    def _is_at_kink(self, finding: Finding) -> bool:
        leaf, tied = finding.item.node, self.oracles.tied
        return bool(tied) and (leaf in tied or not tied.isdisjoint(self.point.downstream([leaf])))

    def _with_kink(self, finding: Finding) -> Finding:
        if finding.slopes is None:
            return finding
        return finding.but(
            kink=kink_at(self.oracles, finding.item.source or finding.item.node, finding.slopes, self.names)
        )

    def _oracles_disagree(self, finding: Finding) -> Finding:
        return finding.but(
            verdict=Verdict.UNDECIDED,
            reason="SymPy and differences disagree, so nobody else is blamed",
            suspects=self.suspects(finding.item.node),
        )

    def _at_corner(self, finding: Finding, found: Slopes, claimed: Ball) -> Finding:
        finding = self._with_kink(finding)
        if found.sign_is_open:
            which = f"of {finding.kink.node.op.written}" if finding.kink else "here"
            reason = f"no number of digits tells which side of the kink {which} the point is on"
            apart = abs(float(found.between[1] - found.between[0]))
            return finding.but(verdict=Verdict.UNDECIDED, reason=reason, smallest_visible=apart)
        if finding.claim is None and claimed.middle is None:
            return finding.but(verdict=Verdict.UNEVALUABLE, reason="the rules give no number at this kink")
        convention = self._convention(finding)
        if convention is not None and self._agrees(finding, claimed, convention):
            return finding.but(verdict=Verdict.KINK, accepted_as="convention")
        if fits(claimed, found, tolerance(claimed, finding.claim, finding.near)):
            return finding.but(verdict=Verdict.KINK, accepted_as="between")
        return finding.but(verdict=Verdict.DIFFER)

    @staticmethod
    def _decided(finding: Finding, agrees: object) -> Finding:
        """The verdict where a claim is near enough, is not, or (for None) where the errors hide it."""
        if agrees is None:
            visible = float(finding.truth.error) if finding.truth else None
            return finding.but(
                verdict=Verdict.UNDECIDED, reason="the error of the differences hides it", smallest_visible=visible
            )
        if agrees:
            return finding.but(verdict=Verdict.AGREE)
        return finding.but(verdict=Verdict.DIFFER, notes=(*finding.notes, *_about_rounding(finding)))

    def _without_truth(self, finding: Finding, claimed: Ball) -> Finding:
        found = finding.slopes
        if found is None:  # a contribution of which one factor has no single number
            return finding.but(verdict=Verdict.UNDECIDED, reason="a factor has no single slope here")
        kinds = {found.left.kind, found.right.kind}
        where = self._where(finding)
        if Kind.JUMP in kinds:
            return finding.but(
                verdict=Verdict.UNEVALUABLE, reason=f"the value jumps{where}", hint="the value jumps here"
            )
        if Kind.INFINITE in kinds:
            return finding.but(
                verdict=Verdict.UNEVALUABLE, reason=f"the slope is infinite{where}", hint="the slope is infinite here"
            )
        if kinds == {Kind.OUTSIDE}:
            return finding.but(verdict=Verdict.UNEVALUABLE, reason="the expression has values at this point alone")
        return self._bounded(finding, found, claimed)

    def _where(self, finding: Finding) -> str:
        leaf = finding.item.source or finding.item.node
        by = culprit(self.oracles, leaf, self.names) or steepest(self.oracles, leaf, self.names)
        return f" at {by[0].op.written}, where {by[1]}" if by else " here"

    def _bounded(self, finding: Finding, found: Slopes, claimed: Ball) -> Finding:
        """An unresolved slope still bounds what may be claimed."""
        bounds = [side.slope for side in (found.left, found.right) if side.slope is not None]
        visible = max([float(bound.error) for bound in bounds], default=None)
        undecided = finding.but(
            verdict=Verdict.UNDECIDED, reason="the slope cannot be resolved", smallest_visible=visible
        )
        if len(bounds) < 2 or found.sign_is_open or finding.claim is None:  # noqa: PLR2004 - both sides
            return undecided
        apart = [within(claimed, bound, tolerance(bound, finding.claim, finding.near)) is False for bound in bounds]
        return finding.but(verdict=Verdict.DIFFER) if all(apart) else undecided

    @cached_property
    def undefined_node(self) -> str | None:
        """Where and why the expression has no value at the point; None where it has one."""
        return self.undefined_at(self.point.graph.output)

    def undefined_at(self, output: Node) -> str | None:
        """Where and why a node has no value at the point; None where it has one."""
        values = self.point.values()
        if exactly(values[output]).middle is not None:
            return None
        for node in ancestors_first([output]):
            inputs = [exactly(values[source]) for source in node.inputs if not source.op.is_condition]
            is_first = not node.op.is_condition and all(value.middle is not None for value in inputs)
            if is_first and exactly(values[node]).middle is None:
                return self._undefined_text(node, [float(value) for value in inputs])
        return NO_VALUE

    def _undefined_text(self, node: Node, numbers: list[float]) -> str:
        values, labels = self.point.values(), self.names.labels
        shown = ", ".join(
            f"{labels[source]} = {number_text(float(exactly(values[source])))}"
            for source in dict.fromkeys(node.inputs)
            if source in labels and not source.op.is_condition
        )
        formula = render(node, labels, limit=MOST_CHARACTERS)
        return f"{formula} has no real value{f' at {shown}' if shown else ''}: {reason_undefined(node, numbers)}"


def _about_rounding(finding: Finding) -> tuple[str, ...]:
    """A note where a claim is right as far as its one digit goes."""
    claim, truth = finding.claim, finding.truth
    if claim is None or claim.number is None or claim.one_digit is None or truth is None:
        return ()
    return (ONE_DIGIT,) if within(exactly(claim.number), truth, exactly(claim.one_digit)) else ()
