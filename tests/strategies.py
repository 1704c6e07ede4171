"""What tests draw: graphs, texts of the language, texts that are next to it, and command lines.

All of them come from generators over `random.Random`: hypothesis can draw their choices one by one, and so shrink what
they led to, or a seed, which finds more; `fuzz.py` can run them a hundred thousand times.
"""

import json
import re
from collections.abc import Callable, Collection, Sequence
from functools import partial
from itertools import chain
from random import Random

from hypothesis import strategies as st
from specs import listed, spec_line
from training_lines import training_line

from bpcli.graph.labels import is_literal
from bpcli.graph.node import SYMBOLS, Constant, Graph, Node, Variable
from bpcli.graph.op import NO_ATTRIBUTES, REGISTRY, Attribute, Attributes, AttributeValue, Op
from bpcli.graph.order import graph_of
from bpcli.language.functions import FUNCTIONS
from bpcli.ops import ELEMENTWISE


def randoms() -> st.SearchStrategy[Random]:
    """Sources of chance: mostly seeded ones, and one whose every choice hypothesis knows."""
    seeded = st.integers(0, 2**32 - 1).map(Random)
    return st.one_of(st.randoms(use_true_random=False), seeded, seeded, seeded)


# Graphs ------------------------------------------------------------------------------------------------------------

NAMES = listed("x y z w x1 x_0 e pi π gamma beta I S N E sin max ln where σ x₁ _x _ 変数 lambda v v1 f q")
STATEMENT_NAMES = listed("q A v v1 f x x_2 sin max pow ln e pi π σ x₁ lambda")
NUMBERS = [float(text) for text in listed("0 1 2 3 -1 -2 -0.0 0.5 0.1 -1.25 1e-7 5e-324 -1e-300 1e15 1e16 -1e16")]
NUMBERS += [0.1 + 0.2, 2.0**53, -123456789.0, 1.7976931348623157e308, -2.2250738585072014e-308]
ATTRIBUTE_VALUES = (0.0, 1.0, 2.0, 3.0, 8.0, 100.0, 0.01, 0.2, -1.5, -0.0, 1e-300, -1e300, "none", "tanh")
COMPARISONS = tuple(op for op in ELEMENTWISE if op.is_condition)
NUMERIC_OPS = tuple(op for op in ELEMENTWISE if not op.is_condition)


def attribute_values(attribute: Attribute) -> list[AttributeValue]:
    """Values that the attribute accepts, its default among them if it has one."""
    values: list[AttributeValue] = [value for value in ATTRIBUTE_VALUES if attribute.accepts(value)]
    return values if attribute.is_required else [attribute.default, *values]


class GraphMaker:
    """Grows a graph that the language can write, op by op.

    The parser folds a minus sign into a number, so `neg` is never applied to a literal; a variable that is called like
    a function hides that function, and one that is called like a symbol hides the symbol.
    """

    def __init__(self, random: Random, ops: Collection[Op], numbers: Sequence[float]) -> None:
        self.random = random
        names = random.sample(NAMES, random.randint(1, 4))
        self.ops = [op for op in ops if op.infix or op.written not in names]
        self.joining = [op for op in self.ops if len(op.inputs) > 1 or op.is_variadic] or self.ops
        self.numbers = numbers
        self.symbols = sorted(SYMBOLS.keys() - set(names))
        self.pool: list[Node] = list(map(Variable, names))
        self.conditions: list[Node] = []

    def grow(self) -> None:
        """Add one op that uses what is there, more likely what is new."""
        op = self.random.choice(self.joining if self.random.random() < 0.4 else self.ops)
        if op.is_variadic:
            inputs = [self._operand() for _ in range(self.random.randint(2, 4))]
        else:
            inputs = [self._condition() if name == "condition" else self._operand() for name in op.inputs]
        if op.name in ("pow", "constant_pow"):
            op = REGISTRY["pow" if inputs[1].varies else "constant_pow"]
        if op.name == "neg" and isinstance(inputs[0], Constant) and is_literal(inputs[0]) and not inputs[0].symbol:
            inputs = [self.pool[0]]
        self.pool.append(self._named(Node(op, tuple(inputs), self._attributes(op))))

    def _operand(self) -> Node:
        if self.random.random() < 0.2:
            return self._named(self._constant())
        return self.pool[-1 - int(len(self.pool) * self.random.random() ** 1.5)]

    def _constant(self) -> Constant:
        if self.symbols and self.random.random() < 0.2:
            symbol = self.random.choice(self.symbols)
            return Constant(SYMBOLS[symbol], symbol)
        return Constant(self.random.choice(self.numbers))

    def _condition(self) -> Node:
        if not self.conditions or self.random.random() < 0.5:
            comparison = Node(self.random.choice(COMPARISONS), (self._operand(), self._operand()))
            self.conditions.append(self._named(comparison))
        return self.random.choice(self.conditions)

    def _attributes(self, op: Op) -> Attributes:
        drawn = {name: self.random.choice(attribute_values(op.attributes[name])) for name in op.attributes}
        kept = {name: value for name, value in drawn.items() if value != op.attributes[name].default}
        return kept or NO_ATTRIBUTES

    def _named(self, node: Node) -> Node:
        if self.random.random() < 0.2 and not (isinstance(node, Constant) and node.symbol):
            node.name = self.random.choice(STATEMENT_NAMES)
            if not node.inputs:
                self.pool.append(node)
        return node


@st.composite
def graphs(
    draw: st.DrawFn, ops: Collection[Op] = NUMERIC_OPS, numbers: Sequence[float] = NUMBERS, most_ops: int = 12
) -> Graph:
    """Graphs of these ops and numbers, with variables and statements called by names of every kind."""
    maker = GraphMaker(draw(randoms()), ops, numbers)
    for _ in range(draw(st.integers(0, most_ops))):
        maker.grow()
    return graph_of(maker.pool[-1])


def names_of(graph: Graph) -> list[str]:
    """The names of the graph's variables."""
    return [variable.name for variable in graph.variables]


# Texts -------------------------------------------------------------------------------------------------------------

VARIABLES = listed("x y z x y w_0 x1 e gamma beta I S _x α x₁ 変数 sin")
TARGETS = listed("q A c x f_1 v1 β")
OPERATORS = listed("+ - * / ** ^ · × ÷ − ⋅")
COMPARED = listed("< > <= >= == != ≤ ≥ ≠")
FUNCTION_NAMES = sorted(name for name, op in FUNCTIONS.items() if op in ELEMENTWISE and name != "√")
RAISED = listed("² ³ ⁰ ¹ ¹⁰")
LITERALS = listed("0 1 2 3 0.5 2.5 .5 2. 0.1 1e-3 1E5 1e-300 5e-324 1e308 1e16 710 171 π pi e 0.30000000000000004")
LITERALS.append("12345678901234567890123456789012345678901234567")


def formula(random: Random, names: list[str], depth: int = 4) -> str:
    """A formula of the language over variables of these names."""
    if depth == 0 or random.random() < 0.15:
        return random.choice(names if random.random() < 0.6 else LITERALS)
    inner: Callable[[], str] = lambda: formula(random, names, depth - 1)  # noqa: E731 - a name for what recurs below
    match random.randrange(10):
        case 0 | 1 | 2:
            return inner() + spaced(random, OPERATORS) + inner()
        case 3:
            return f"({inner()})" if random.random() < 0.8 else f"(\n{inner()}\n + {inner()} )"
        case 4:
            return random.choice("-−+√") + inner()
        case 5:
            return inner() + random.choice(RAISED) if random.random() < 0.5 else f"({inner()}){random.choice(RAISED)}"
        case _:
            return call(random, random.choice(FUNCTION_NAMES), inner)


def spaced(random: Random, signs: Sequence[str]) -> str:
    """One of the signs, with or without spaces."""
    return random.choice(("{}", "{}", " {} ", "\t{} ")).format(random.choice(signs))


def call(random: Random, name: str, inner: Callable[[], str]) -> str:
    """A call of the function, its inputs by position or by name, its attributes left out or given."""
    op = FUNCTIONS[name]
    if op.is_variadic:
        return f"{name}({', '.join(inner() for _ in range(random.randint(2, 4)))})"
    by_name = random.random() < 0.1
    written = []
    for parameter in op.signature:
        if parameter in op.attributes:
            value = random.choice(attribute_values(op.attributes[parameter]))
            is_required = op.attributes[parameter].is_required
            if is_required or random.random() < 0.5:
                written.append(f"{'' if is_required and not by_name else f'{parameter}='}{value!r}")
        else:
            text = inner() + spaced(random, COMPARED) + inner() if parameter == "condition" else inner()
            written.append(f"{parameter}={text}" if by_name else text)
    return f"{name}({', '.join(written)})"


def expression(random: Random) -> str:
    """A text of the language: one or more statements, the last of which is the output."""
    names = [random.choice(VARIABLES) for _ in range(3)]
    statements = []
    for _ in range(random.choice((0, 0, 0, 1, 2))):
        target = random.choice(TARGETS)
        statements.append(f"{target} = {formula(random, names, 2)}")
        names.append(target)
    if random.random() < 0.1:
        statements.append(f"k = {random.choice(names)}{spaced(random, COMPARED)}{formula(random, names, 1)}")
        statements.append(f"where(k, {formula(random, names, 2)}, {formula(random, names, 2)})")
    else:
        statements.append(formula(random, names))
    return random.choice(("; ", ";", "\n", "\n\n", ";\n")).join(statements)


NOISE = listed(
    "( ) (( )) , ; = == < .. 1..2 1e999 2x ** *** √ ' \" 'tanh' 1e-999 ² ⁻¹ ٣ १ ½ Ⅷ １ 𝟙 ﬁ ﬀ( 😀 變 -> @ \\ $ %"
)
NOISE += listed(
    ".T [0] {x} # & x= f( sin( e( n= approximate='tanh' max( where( where(x>0, polygamma(101, x<y<z nan inf"
)
NOISE += listed("[ ] [[ : x[1: [1, @ ᵀ .mT ... x[...] [,] [] x[ ]]")
NOISE += [*"\n\t\r\x00\x07\x7f\x85\u00ad\u0301\u200b\u202e\u2066\u3000\ufeff", "\x1b[31m", "y = "]
NOISE += ["x" * 3000, "9" * 1100, "0" * 400 + ".5", "-" * 500]


def mutated(random: Random, text: str) -> str:
    """The text with a few characters deleted, doubled, swapped or added, or wrapped in brackets."""
    for _ in range(random.randint(1, 3)):
        at = random.randint(0, len(text))
        to = min(len(text), at + random.choice((1, 1, 1, 2, 5)))
        match random.randrange(6):
            case 0:
                text = text[:at] + text[to:]
            case 1:
                text = text[:to] + text[at:]
            case 2:
                text = text[:at] + text[at:to][::-1] + text[to:]
            case 3 | 4:
                text = text[:at] + random.choice(NOISE) + text[to if random.random() < 0.3 else at :]
            case _:
                opener = random.choice(("(", "sin(", "-(", "1/(", "abs("))
                deep = random.choice((1, 3, 40))
                text = text[:at] + opener * deep + text[at:] + ")" * (deep + random.choice((0, 0, 0, -1, 1)))
    return text


def noise(random: Random) -> str:
    """Pieces of the language and of what is next to it, in any order."""
    pieces = (*NOISE, *LITERALS, *VARIABLES, *OPERATORS, *FUNCTIONS)
    return "".join([random.choice(pieces) for _ in range(random.randint(0, 8))])


# Command lines -----------------------------------------------------------------------------------------------------

VALUES = listed("0 1 -1 2 -3 0.5 0.1 -0.7 2.5 1e-8 -0.0 1e308 -1e308 5e-324 -1e-300 710 -745.2 171.7 1e15 -1e16")
VALUES += listed("pi/2 √2 −3 1.7976931348623157e308 2.2250738585072014e-308")
NO_VALUES = ["", "12 3", "\u202e1", "1" * 2000, "(" * 9, *listed("1e999 nan inf 1/0 log(-1) x 2x '1' --x")]
FORMATS = ("plain", "table", "json", "csv")
OPTIONS = listed("--json|-j|--all-steps|--with-steps|--max-rows 1|--max-rows 3|--max-operators 9999", "|")
MISTAKES = listed("--max-rows 0|--max-rows x|--jsno|-q|--max-nesting 3|--max-operators 2|--max-characters 9|--x", "|")
MISTAKES += listed("--max-literal-digits 2|--output-fromat csv|--output-format tabel|--output-format|--help|--y=", "|")
MISTAKES += listed("--with-respect-to w,q|--with-respect-to|--set|--set x|--set x=2|--set =3|--|-1|--x-y 2|--2 3", "|")
MISTAKES += listed("--at no-such-file|--requests no-such-file|--α 2|--x₁ 2|---x 1|@|--version", "|")
CHECKS = 0.03  # the share of command lines that are checks: each takes a process and two oracles
OVER_ARRAYS = 0.2  # the share of those that are about arrays
OVER_LAYERS = 0.15  # the share of those that are about networks
TRAININGS = 0.1  # the share of those that ask for a flow, an update, a training or a prediction
CHECK_OPTIONS = listed("--every-step|--json|-q|--release-to student|--hint-level kind|--hint-level cause", "|")
CHECK_OPTIONS += listed("--output-format plain|--output-format table|--max-rows 1|--relative-tolerance 1e-6", "|")
CHECK_OPTIONS += listed("--relative-tolerance 0|--with-respect-to x|--parallel-jobs 2|--max-operators 9999", "|")
CHECK_MISTAKES = listed(
    "--claim x|--claim =|--claim x=|--claim|--relative-tolerance 2|--hint-level all|--clam x=1", "|"
)
CHECK_MISTAKES += listed("--time-limit 0|--parallel-jobs 0|--x|--x=|--output-format csv|--with-steps|--release-to", "|")
CLAIMED = listed("{0}|{0}|{0}|df/d{0}|∂f/∂{0}|value({0})|upstream({0})|local(f, {0})|contribution(f, {0})", "|")
UNREAD = re.compile(r"-|@.*|--at=.*|--requests=.*", re.DOTALL)


INDICES = listed("0|-1|1|:|0:1|::-1|1:|:, 0|0, :|..., 0|None|[0, 1]|[0], [1]|2|5|::2|-3:", "|")
JOINED = listed("sum({0})|mean({0})|max({0})|min({0})|prod({0})|norm({0})|var({0})|std({0})|logsumexp({0})", "|")
JOINED += listed("sum({0}, axis=0)|mean({0}, dim=-1)|max({0}, axis=1)|prod({0}, axis=(0, 1))|std({0}, ddof=1)", "|")
JOINED += listed("norm({0}, ord='inf')|norm({0}, ord=1, axis=-1)|sum({0}, axis=0, keepdims=True)|argmax({0})", "|")
SHAPED = listed("softmax({0})|log_softmax({0}, axis=0)|cumsum({0}, 0)|{0}.T|{0}ᵀ|transpose({0})|flatten({0})", "|")
SHAPED += listed("reshape({0}, (-1,))|reshape({0}, (2, 2))|squeeze({0})|unsqueeze({0}, 0)|permute({0}, (1, 0))", "|")
SHAPED += listed("diag({0})|tril({0})|triu({0}, 1)|trace({0})|det({0})|inv({0})|cholesky({0})|pad({0}, 1)", "|")
SHAPED += listed("max_pool({0}, 2)|avg_pool({0}, 1)|one_hot({0}, 3)|broadcast_to({0}, (2, 2))|flip({0})", "|")
PAIRED = listed("{0} @ {1}|{0} @ {1}|{0}*{1}|{0} + {1}|{0} - {1}|dot({0}, {1})|outer({0}, {1})|solve({0}, {1})", "|")
PAIRED += listed("concatenate([{0}, {1}])|stack([{0}, {1}], axis=-1)|[{0}, {1}]|conv2d({0}, {1})|conv1d({0}, {1})", "|")
PAIRED += listed("maximum({0}, {1})|where({0} > {1}, {0}, {1})|einsum('ij,jk->ik', {0}, {1})|{0}[{1}]", "|")
PAIRED += listed("embedding({0}, {1})|take({0}, {1})|{0}**{1}|{0}/{1}", "|")
ARRAYS = listed("[1, 2]|[0.5, -1]|[[1, 2], [3, 4]]|[[2, 0.5], [0.5, 1]]|[[1, 2, 3], [4, 5, 6]]|[3]|[[1], [2]]", "|")
ARRAYS += listed("2|0|1|[0, 1]|[[0, 1], [1, 0]]|[0, 0]|[]|[[]]|[[[1, 2], [3, 4]]]|[1e200, 1]", "|")
NO_ARRAYS = listed("[1, [2]]|[1, x]|[1,|[[1, 2], [3]]|@no-such-file.npy|[1, nan]|[True]|['a']|(1, 2)|[1 2]", "|")


def array_formula(random: Random, names: list[str], depth: int = 3) -> str:
    """A formula over arrays; its shapes fit or they do not."""
    if depth == 0 or random.random() < 0.1:
        return random.choice(names if random.random() < 0.8 else ["[1, 2]", "[[1, 2], [3, 4]]", "2", "0.5"])
    inner = partial(array_formula, random, names, depth - 1)
    match random.randrange(8):
        case 0 | 1:
            return random.choice(PAIRED).format(inner(), inner())
        case 2 | 3:
            return random.choice(JOINED).format(inner())
        case 4:
            return random.choice(SHAPED).format(inner())
        case 5:
            return f"({inner()})[{random.choice(INDICES)}]"
        case _:
            return f"{random.choice(('tanh', 'exp', 'relu', 'log', 'abs', 'sqrt', '-', ''))}({inner()})"


def array_line(random: Random) -> list[str]:
    """Arguments of a command over arrays: an expression, mostly summed up, and values for its variables."""
    command = random.choice((*["grad"] * 5, "jacobian", "hessian", "explain"))
    names = ["x", "W", "b"]
    text = array_formula(random, names)
    text = f"sum({text})" if random.random() < 0.6 else text
    text = mutated(random, text) if random.random() < 0.1 else text
    groups = [[text]]
    bound = [name for name in names if name in text and random.random() < 0.98]
    groups += [[f"--{name}", random.choice(ARRAYS if random.random() < 0.95 else NO_ARRAYS)] for name in bound]
    if random.random() < 0.2 and command == "grad":
        groups.append(["--upstream-seed", random.choice(ARRAYS)])
    if random.random() < 0.8:
        groups.append(["--output-format", random.choice(FORMATS[:3] if command == "explain" else FORMATS)])
    if random.random() < 0.1 and command != "explain":
        groups.append([random.choice(("--single-precision", "--max-entries=3", "--with-respect-to=x"))])
    if random.random() < 0.8 and command == "explain":
        groups.append(["--gradient-of", random.choice(("x", "x[0]", "W[0,1]", "b[-1]", "v1", "v1[0]", "x[", "q"))])
    random.shuffle(groups)
    return harmless([command, *chain.from_iterable(groups)])


def command_line(random: Random) -> list[str]:
    """Arguments of the command: mostly an expression with values for its variables, and now and then anything."""
    if random.random() < CHECKS:
        return check_line(random)
    if random.random() < OVER_ARRAYS:
        return array_line(random)
    if random.random() < OVER_LAYERS:
        return spec_line(random)
    if random.random() < TRAININGS:
        return training_line(random)
    if random.random() < 0.03:
        command = random.choice(("ops", "schema", "gard", noise(random)))
        return harmless([command, random.choice((*FUNCTIONS, "grad", "**"))])
    kind = random.random()
    text = expression(random) if kind < 0.95 else noise(random)
    text = mutated(random, text) if 0.7 < kind < 0.95 else text
    groups = [[text]]
    has_values = random.random() < 0.8
    for name in dict.fromkeys(re.findall(r"\w+\b(?![ \t]*=[^=]|\()", text)):
        if has_values and name in VARIABLES and random.random() < 0.98:
            value = random.choice(VALUES if random.random() < 0.97 else NO_VALUES)
            groups.append(random.choice(([f"--{name}", value], [f"--{name}={value}"], ["--set", f"{name}={value}"])))
            if random.random() < 0.1:
                groups.append(["--with-respect-to", name])
    if random.random() < 0.8:
        groups.append(["--output-format", random.choice(FORMATS)])
    groups += [random.choice(OPTIONS).split(" ") for _ in range(random.choice((0, 0, 0, 1)))]
    groups += [random.choice(MISTAKES).split(" ")] if random.random() < 0.1 else []
    random.shuffle(groups)
    return harmless(["grad", *chain.from_iterable(groups)])


def check_line(random: Random) -> list[str]:
    """Arguments of `check`: mostly an expression with values and claims, else those for requests on standard input."""
    options = [random.choice(CHECK_OPTIONS).split(" ") for _ in range(random.choice((0, 0, 1, 2)))]
    options += [random.choice(CHECK_MISTAKES).split(" ")] if random.random() < 0.05 else []
    options.append(["--time-limit", "5"])
    if random.random() < 0.2:
        return ["check", "--requests", "-", *chain.from_iterable(options)]
    text = expression(random) if random.random() < 0.9 else mutated(random, expression(random))
    groups = [[text], *options]
    if random.random() < 0.9:
        bound = [name for name in variables_in(text) if random.random() < 0.99]
        groups += [["--set", f"{name}={random.choice(VALUES)}"] for name in bound]
    groups += [["--claim", claim(random, text)] for _ in range(random.choice((0, 0, 1, 1, 2)))]
    random.shuffle(groups)
    return harmless(["check", *chain.from_iterable(groups)])


def variables_in(text: str) -> list[str]:
    """The names of variables that a text has where it neither calls nor assigns them."""
    return [name for name in dict.fromkeys(re.findall(r"\w+\b(?![ \t]*=[^=]|\()", text)) if name in VARIABLES]


def claim(random: Random, text: str) -> str:
    """A claim about an expression: mostly a number or a formula for something in it, and now and then anything."""
    if random.random() < 0.03:
        return noise(random)
    names = [*variables_in(text), *[name for name in [*TARGETS, "k"] if f"{name} = " in text]]
    if not names or random.random() < 0.03:
        names = ["f", "v1", "x"]
    left = random.choice(CLAIMED).format(random.choice(names))
    right = random.choice(VALUES) if random.random() < 0.6 else formula(random, names, 2)
    return f"{left}={right}"


def request_lines(random: Random) -> list[str]:
    """Requests of a few kinds, a line each: what they ask is mostly meant, some of it is not."""
    return [request_line(random) for _ in range(random.randint(0, 3))]


def request_line(random: Random) -> str:
    """A request, or a line that is none."""
    if random.random() < 0.1:
        return random.choice(("", "nonsense", "[]", "{}", '{"expression": 1}', noise(random).replace("\n", " ")))
    text = expression(random)
    names = variables_in(text)
    request: dict[str, object] = {"id": random.choice((1, None, "a", [2])), "expression": text}
    request["at"] = {name: random.choice((1, 0, -2.5, 0.1, "1/3", 1e300)) for name in names}
    if random.random() < 0.6:
        sides = [claim(random, text).partition("=") for _ in range(random.randint(1, 2))]
        request["claim"] = {left: random.choice((right, 0, 1.5, -1e-300)) for left, _, right in sides}
    if random.random() < 0.2:
        request["with_respect_to"] = names[:1]
    line = json.dumps(request, ensure_ascii=random.random() < 0.5)
    return mutated(random, line).replace("\n", " ") if random.random() < 0.1 else line


def harmless(words: list[str]) -> list[str]:
    """The words without a file that might exist, and without standard input."""
    kept = ["@no-such-file" if UNREAD.fullmatch(word) else word for word in words]
    after = dict(zip(range(1, len(kept)), kept, strict=False))
    return ["no-such-file" if after.get(at) in ("--at", "--requests") else word for at, word in enumerate(kept)]


def expression_texts() -> st.SearchStrategy[str]:
    """Texts of the language."""
    return randoms().map(expression)


def mutated_texts() -> st.SearchStrategy[str]:
    """Texts that are probably not in the language: noise, and texts of the language after an accident."""
    return st.one_of(
        randoms().map(lambda random: mutated(random, expression(random))),
        randoms().map(noise),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
    )


def command_lines() -> st.SearchStrategy[list[str]]:
    """Arguments of the command."""
    return randoms().map(command_line)
