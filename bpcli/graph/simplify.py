"""Simplification of formulas that are shown; what is computed stays as backpropagation made it.

`backprop` is literal and yields `1*1*cos(x*y)*y`; a reader wants `y*cos(x*y)`. The rules are few and keep the value
wherever the original has one: constants that fold exactly, `1*g`, `0 + g`, `--g`, `a*(1/b)`, equal terms and equal
factors collected, and a `where` whose condition is a constant. Nothing is cancelled and nothing is expanded.
"""

from collections.abc import Callable, Iterable, Mapping
from math import prod

from bpcli.graph.node import Constant, Node, Variable, applied
from bpcli.graph.op import COMPARISONS, Shape
from bpcli.graph.order import ancestors_first
from bpcli.graph.rows import EXACT, base_and_exponent, coefficient_of, factors_of, folded, number_in, terms_of

ROWS = {"add": "sum", "sub": "sum", "mul": "product", "div": "product"}
Key = tuple[object, ...]


class Simplifier:
    """Rebuilds nodes from simplified inputs; equal formulas become one node, so that `is` compares them."""

    def __init__(self) -> None:
        self._made: dict[Key, Node] = {}
        self._rules: Mapping[str, Callable[[Node], Node]] = {
            **dict.fromkeys(("add", "sub"), self._sum),
            **dict.fromkeys(("mul", "div", "neg"), self._product),
            "constant_pow": self._power,
            "where": self._choice,
            "sum_to": self._total,
            "transpose": self._turned,
        }

    def made(self, node: Node) -> Node:
        """The one node that stands for every node like this."""
        if isinstance(node, Variable):
            return node
        if isinstance(node, Constant):
            return self._made.setdefault((repr(node.value), node.symbol), node)
        key = (node.op.name, *node.inputs, *node.attributes.items())
        return self._made.setdefault(key, node)

    def constant(self, value: float) -> Node:
        """The constant with this value."""
        return self.made(Constant(float(value)))

    def build(self, name: str, *inputs: Node) -> Node:
        """The op on inputs that are simplified already."""
        return self.made(applied(name, *inputs))

    def negated(self, node: Node) -> Node:
        """Minus a simplified node; of a number, the number with its sign turned."""
        number = number_in(node)
        return self.constant(-number) if number is not None else self.build("neg", node)

    def simplified(self, node: Node) -> Node:
        """The node by the first rule that fits; its inputs are simplified already."""
        number = folded(node)
        if number is not None:
            return self.constant(number)
        rule = self._rules.get(node.op.name)
        return rule(node) if rule else self.made(node)

    def _turned(self, node: Node) -> Node:
        """An array that is turned twice is itself."""
        (inner,) = node.inputs
        is_twice = inner.op is node.op and not node.attributes and not inner.attributes
        return inner.inputs[0] if is_twice else self.made(node)

    def _total(self, node: Node) -> Node:
        """What adds up whole axes in front, as the sum that people write."""
        (whole,) = node.inputs
        number = number_in(whole.inputs[0]) if _is_repeated(whole) else None
        if number is not None and 0 not in node.shape:
            return self.constant(number * prod(whole.shape) / prod(node.shape))
        extra = len(whole.shape) - len(node.shape)
        if whole.shape[extra:] != node.shape:
            return self.made(node)
        axis: dict[str, int | tuple[int, ...]] = {"axis": 0 if extra == 1 else tuple(range(extra))}
        return self.made(applied("sum", whole, **(axis if node.shape else {})))

    def _choice(self, node: Node) -> Node:
        condition, chosen, other = node.inputs
        values = [number_in(value) for value in condition.inputs]
        if chosen is other:
            return chosen
        if condition.op.name in COMPARISONS and None not in values:
            return chosen if COMPARISONS[condition.op.name](*[value or 0.0 for value in values]) else other
        return self.made(node)

    def _power(self, node: Node) -> Node:
        base, exponent = node.inputs
        if number_in(exponent) == 1:
            return base
        return self.constant(1) if number_in(exponent) == 0 else self.made(node)

    def _sum(self, node: Node) -> Node:
        terms: dict[Node | None, int] = {}
        for coefficient, term in terms_of(node):
            terms[term] = terms.get(term, 0) + coefficient
        if any(abs(value) >= EXACT for value in terms.values()):
            return self.made(node)
        left = [(value, term) for term, value in terms.items() if value]
        first = next((index for index, (value, _) in enumerate(left) if value > 0), 0)
        total: Node | None = None
        for value, term in left[first:] + left[:first]:
            size = self._times(abs(value) if total else value, term)
            total = self._joined("add" if value > 0 else "sub", total, size) if total else size
        return total or self.constant(0)

    def _joined(self, name: str, total: Node, size: Node) -> Node:
        """The op on two terms of a row; of two numbers the one that they fold to."""
        node = applied(name, total, size)
        number = folded(node)
        return self.made(node) if number is None else self.constant(number)

    def _times(self, coefficient: int, term: Node | None) -> Node:
        if term is None:
            return self.constant(coefficient)
        if coefficient in (1, -1):
            return term if coefficient == 1 else self.negated(term)
        return self._product(applied("mul", Constant(float(coefficient)), term))

    def _product(self, node: Node) -> Node:
        sign, above, below = factors_of(node)
        coefficient, above = coefficient_of(above)
        divisor, below = coefficient_of(below)
        if max(abs(coefficient), abs(divisor)) >= EXACT or divisor == 0:
            return self.made(node)
        if coefficient == 0:
            return self.constant(0)
        negative = sign * coefficient * divisor < 0
        coefficient, divisor = abs(coefficient), abs(divisor)
        if coefficient % divisor == 0:
            coefficient, divisor = coefficient // divisor, 1
        bottom = self._row(divisor, below)
        if bottom is None and negative and coefficient != 1:
            coefficient, negative = -coefficient, False
        top = self._row(coefficient, above) or self.constant(1)
        product = self.build("div", top, bottom) if bottom else top
        return self.negated(product) if negative else product

    def _row(self, coefficient: int, factors: list[Node]) -> Node | None:
        """The product of a coefficient and factors, or None for a product of nothing."""
        powers = self._collected(factors)
        # Numbers, names in alphabetical order, then calls: 0.1*y*z, x*sin(z). After a sum all stay: f*(1 - f)*x.
        tail = next((place for place, factor in enumerate(powers) if factor.op.infix), len(powers))
        powers[:tail] = sorted(powers[:tail], key=_rank)
        if coefficient != 1:
            powers.insert(0, self.constant(coefficient))
        product = powers[0] if powers else None
        for factor in powers[1:]:
            product = self.build("mul", product, factor) if product else factor
        return product

    def _collected(self, factors: Iterable[Node]) -> list[Node]:
        exponents: dict[Node, float] = {}
        for factor in factors:
            base, exponent = base_and_exponent(factor)
            if exponents.get(base, 0.0) + exponent >= EXACT:
                base, exponent = factor, 1.0
            exponents[base] = exponents.get(base, 0.0) + exponent
        return [
            base if exponent == 1 else self.build("constant_pow", base, self.constant(exponent))
            for base, exponent in exponents.items()
        ]


def simplify(root: Node, names: Mapping[Node, str] | None = None, values: Mapping[Node, float] | None = None) -> Node:
    """A shorter formula with the same value; nodes in `names` are taken as variables of that name.

    With `values` a guard that does not apply there, `where(y == 0, …)` at another y, is left out.
    """
    atoms = names or {}
    values = values or {}
    simplifier = Simplifier()
    results: dict[Node, Node] = {}
    ordered = ancestors_first([root], stop_at=atoms)
    inner = _within_rows(ordered, root)
    for node in ordered:
        if node in atoms:
            results[node] = Variable(atoms[node], shape=node.shape)
        elif not node.inputs:
            results[node] = simplifier.made(node)
        elif (branch := _branch_taken(node, values)) is not None:
            results[node] = results[branch]
        else:
            inputs = tuple([results[source] for source in node.inputs])
            rebuilt = node.over(_as_typed(inputs) if node.shape and not node.op.is_structural else inputs)
            results[node] = rebuilt if node in inner else _of_shape(node.shape, simplifier.simplified(rebuilt))
    return _with_signs_in_front(results[root])


def _as_typed(inputs: tuple[Node, ...]) -> tuple[Node, ...]:
    """The inputs of an op on arrays before they were repeated to its shape, as the language does that by itself.

    One of them keeps the shape, if any has it without being repeated.
    """
    before = tuple([node.inputs[0] if _is_repeated(node) else node for node in inputs])
    is_kept = any(node.shape == inputs[0].shape for node in before) or not any(node.shape for node in before)
    return before if is_kept else inputs


def _is_repeated(node: Node) -> bool:
    return node.op.name == "broadcast_to"


def _of_shape(shape: Shape, node: Node) -> Node:
    """The node; one that stands for an array of more axes, repeated."""
    return node if node.shape == shape else applied("broadcast_to", node, shape=shape)


def _within_rows(ordered: Iterable[Node], root: Node) -> set[Node]:
    """The nodes that only the same sum or product uses, which is taken apart once, as a whole."""
    families: dict[Node, set[str]] = {}
    for node in ordered:
        for source in node.inputs:
            families.setdefault(source, set()).add(ROWS.get(node.op.name, node.op.name))
    return {
        node
        for node in ordered
        if node is not root and node.op.name in ROWS and families.get(node) == {ROWS[node.op.name]}
    }


def _branch_taken(node: Node, values: Mapping[Node, float]) -> Node | None:
    """The branch that goes on from a guard, a `where` on an equality, which is known not to hold."""
    if node.op.name != "where" or node.inputs[0].op.name != "equal" or node.inputs[0].shape:
        return None
    sides = [values.get(side, number_in(side)) for side in node.inputs[0].inputs]
    return None if None in sides or sides[0] == sides[1] else node.inputs[2]


def _with_signs_in_front(root: Node) -> Node:
    """`-(x*y)` and `-(x/y)` as people write them: `-x*y`, `-x/y`."""
    results: dict[Node, Node] = {}
    for node in ancestors_first([root]):
        inputs = tuple([results[source] for source in node.inputs])
        if node.op.name == "neg":
            results[node] = _negated(inputs[0])
        else:
            results[node] = node.over(inputs) if inputs else node
    return results[root]


def _negated(node: Node) -> Node:
    row = []
    while node.op.name in ("mul", "div"):
        row.append(node)
        node = node.inputs[0]
    number = number_in(node)
    result = Constant(-number) if number is not None else applied("neg", node)
    for product in reversed(row):
        result = product.over((result, product.inputs[1]))
    return result


def _rank(factor: Node) -> tuple[int, str]:
    if isinstance(factor, Variable):
        return 1, factor.name
    return (0, "") if isinstance(factor, Constant) else (2, "")
