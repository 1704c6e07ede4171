"""The parser: `parse(text)` reads statements and returns their graph.

The grammar, loosest first; the binding powers stand with the ops and are the printer's too::

    text        statement ((";" | newline) statement)*
    statement   [name "="] comparison
    comparison  sum [("<" | "<=" | ">" | ">=" | "==" | "!=") sum]      only as a condition of where(…)
    sum         product (("+" | "-") product)*
    product     signed (("*" | "/") signed)*
    signed      ("-" | "+") signed | power
    power       root [("**" | "^") signed | superscript]
    root        "√" signed | atom                                      √x**2 is (√x)**2
    atom        number | name | name "(" arguments ")" | "(" comparison ")"
    arguments   [name "="] comparison ("," …)*

A `->` is looser than all of these; what layers and it do stands in `modules`. A `#` begins a comment.
It is an operator-precedence parser with an explicit stack (Floyd 1963, Pratt 1973): linear time, no recursion.
"""

import gc
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

from bpcli.errors import LimitError, ParseError, Span
from bpcli.graph.node import SYMBOLS, Constant, Graph, Node, Variable
from bpcli.graph.op import Op
from bpcli.language.complaints import misplaced, not_after_an_operand, not_an_operand, unknown_function
from bpcli.language.conditions import require_conditions_in_place
from bpcli.language.functions import FUNCTIONS, STATICS_TYPED, SYMBOLS_TYPED, Static, function_called
from bpcli.language.limits import DEFAULT_LIMITS, Limits
from bpcli.language.operators import ARROW, DIGITS, INFIXES, PREFIXES, RAISE, Bracket, Prefix
from bpcli.language.stack import Stack
from bpcli.language.tokens import SUPERSCRIPTS, batches

# Signs of arrays: those that begin an operand, that may follow a comma or a colon, and that follow an operand.
LISTED = frozenset({"[", "..."})
LISTED_LAST = frozenset({":", ",", "]"})
# What print(model) shows without quotes, as in padding=same.
PRINTED_WORDS = frozenset({"same", "valid", "reflect", "replicate", "circular"})
AFTER_ARRAYS = frozenset({"@", "[", "]", ":", ".T", ".mT", "ᵀ"})


class Parser(Stack):
    """The reading of one text, token by token, and the names that it has given and used so far."""

    def __init__(self, text: str, bound: Collection[str], limits: Limits) -> None:
        super().__init__(text, limits)
        self.bound = bound
        self.openers: dict[str, tuple[Op | None, str]] = {"(": (None, "")}
        self.assigned: set[str] = set()

    def read(self) -> Graph:
        """Read every token. What is common, a known name or an operator, is dealt with here; the rest in methods."""
        known, openers, infixes, pending = self.names.get, self.openers.get, INFIXES.get, self.pending
        operands, starts = self.operands, self.starts
        deepest = self.limits.nesting
        wants_operand = True
        at = 0
        for batch in batches(self.text):
            for token in batch:
                end = at + len(token)
                if wants_operand:
                    node = known(token)
                    if node is not None:
                        operands.append(node)
                        starts.append(at)
                        self.end = end
                        wants_operand = False
                    elif (opener := openers(token)) is not None:
                        pending.append(Bracket(*opener, at, end, len(operands)))
                        self.open_brackets += 1
                        if len(pending) > deepest:
                            self._keep_within_limits(end)
                    else:
                        wants_operand = self._begin_operand(token, at, end)
                else:
                    infix = infixes(token)
                    if infix is not None:
                        while pending[-1].right > infix.left:
                            self.apply()
                        pending.append(infix)
                        wants_operand = True
                    elif token == ")":
                        self.close(at, end)
                    else:
                        wants_operand = self._after_operand(token, at, end)
                at = end
            self._keep_within_limits(at)
        self._end_statement(at, wants_operand=wants_operand, last=True)
        return self._graph()

    def _graph(self) -> Graph:
        if self.output is None:
            message = "there is no expression here"
            raise ParseError(message, text=self.text, hint="write one, such as x*y + z")
        self.forget_attributes(self.output)
        require_conditions_in_place(self.output, self.nodes, self.text)
        names = {name: self.names[name] for name in self.assigned}
        return Graph(self.output, self.nodes, self.variables, self.constants, self.text, names=names)

    def _keep_within_limits(self, at: int) -> None:
        waiting = len(self.pending) - 1
        for what, count, most, option in (
            ("operators", len(self.nodes) + waiting - self.open_brackets, self.limits.operators, "--max-operators"),
            ("numbers", len(self.constants), self.limits.operators, "--max-operators"),
            ("levels of nesting", waiting, self.limits.nesting, "--max-nesting"),
        ):
            if count > most:
                message = f"the expression has more than {most} {what}"
                raise LimitError(
                    message, hint=f"raise the limit with {option}", text=self.text, spans=(Span(at - 1, at),)
                )

    # Where an operand is expected ------------------------------------------------------------------------------

    def _begin_operand(self, token: str, start: int, end: int) -> bool:  # noqa: PLR0911 - one kind of token each
        """Read a token that begins an operand; return whether an operand is still wanted."""
        first = token[0]
        if first in " \t\r#" or (first == "\n" and (self.open_brackets or self.pending[-1] is ARROW)):
            return True
        if token[-1] == ":" != token:
            self.pipelines.name_child(token, start)
            return True
        if token[-1] == "(":
            self.pending.append(Bracket(*self._opener(token, start), start, end, len(self.operands)))
            self.open_brackets += 1
            self._keep_within_limits(end)
            return True
        if token in LISTED or (first in "'\"" and len(token) > 1):
            return self._begin_list(token, start, end)
        if first in DIGITS or (first == "." and token[1:2] in DIGITS):
            return self._number(token, start, end)
        if token in PREFIXES:
            op, power = PREFIXES[token]
            self.pending.append(Prefix(op, power, start))
            return True
        if token == "+":
            return True
        if "=" in token and (first == "_" or first.isalpha()):
            return self._name_and_sign(token, start, end)
        if first == "_" or first.isalpha():
            return self._new_name(token, start, end)
        return self._no_operand(token, start, end)

    def _no_operand(self, token: str, start: int, end: int) -> bool:
        """Deal with what ends an operand where one is wanted: fine between statements and in `f()`, else an error."""
        between_statements = len(self.pending) == 1 and not self.operands and self.target is None
        if token in (";", "\n") and between_statements:
            return True
        top = self.pending[-1]
        if token == ")" and isinstance(top, Bracket) and top.op and (top.is_bare or _may_end_in_comma(top)):
            self.close_call(top, top.op, end)
            return False
        if INFIXES.get(token) is ARROW and between_statements and self.pipelines.goes_on(start):
            self.pending.append(ARROW)
            return True
        if token in LISTED_LAST and self._lists and (still_wanted := self.lists.begin(token, start, end)) is not None:
            return still_wanted
        if token == ")" and isinstance(top, Bracket) and top.op is None and (top.arguments or self._is_shape(top)):
            self.close_tuple(top, end)
            return False
        raise self._no_operand_here(Span(start, end))

    def _no_operand_here(self, span: Span) -> ParseError:
        token, top = self.text[span.start : span.end], self.pending[-1]
        is_in_layer = isinstance(top, Bracket) and top.op is not None and not isinstance(top.op, Op)
        if is_in_layer or top is ARROW or INFIXES.get(token) is ARROW:
            return self.pipelines.no_operand(token, span)
        return not_an_operand(self.text, token, span, self._last_sign(span.start))

    def _is_shape(self, bracket: Bracket) -> bool:
        """Whether `()` in the place of this bracket can be the shape of a single number."""
        before = self.pending[-2]
        if bracket.closer != ")" or not isinstance(before, Bracket):
            return False
        return not isinstance(before.op, Op) or before.op.is_variadic or bool(before.op.attributes)

    def _begin_list(self, token: str, start: int, end: int) -> bool:
        wants_operand = self.lists.begin(token, start, end)
        self._keep_within_limits(end)
        return bool(wants_operand)

    def _last_sign(self, start: int) -> str:
        """What stands before this place, spaces aside."""
        return self.text[max(0, start - 64) : start].rstrip(" \t\r\n")[-2:]

    def _number(self, token: str, start: int, end: int) -> bool:
        if len(token) > self.limits.literal_digits:
            message = f"this number has more than {self.limits.literal_digits} digits"
            hint = "raise the limit with --max-literal-digits"
            raise LimitError(message, hint=hint, text=self.text, spans=(Span(start, end),))
        value = float(token)
        if value == float("inf"):
            message = "this number is larger than float64 can hold, 1.8e308"
            raise ParseError(message, text=self.text, spans=(Span(start, end),))
        number = Constant(value, None, start, end)
        self.constants.append(number)
        self.push(number, start, end)
        return False

    def _opener(self, token: str, start: int) -> tuple[Op | None, str]:
        """The function that a token such as `sin(` calls, and the name it was typed as."""
        typed = token[:-1].rstrip()
        is_taken = typed in self.bound or typed in self.assigned
        is_layer = not is_taken and (typed[0].isupper() or "." in typed)
        made: Any = self.pipelines.opened(typed, start) if is_layer else function_called(typed)
        if made is None and not is_taken:
            made = self.pipelines.functional(typed)
        if made is None or is_taken:
            is_variable = typed in self.names or is_taken
            if is_variable and self._pipelines:
                self.pipelines.require_no_network(typed, start)
            raise unknown_function(self.text, typed, Span(start, start + len(typed)), is_variable=is_variable)
        if isinstance(made, Op):
            self.openers[token] = made, typed
        return made, typed

    def _new_name(self, token: str, start: int, end: int) -> bool:
        if self.pending[-1] is ARROW:
            self.pipelines.word(token, start, end)
            return False
        if "." in token:
            self.push_static(self.pipelines.dotted(token, start), start, end)
            return False
        if token in STATICS_TYPED and token not in self.bound:
            self.push_static(STATICS_TYPED[token], start, end)
            return False
        top = self.pending[-1]
        if token in PRINTED_WORDS and isinstance(top, Bracket) and top.keyword and not isinstance(top.op, Op):
            self.push_static(token, start, end)
            return False
        symbol = SYMBOLS_TYPED.get(token)
        node: Node
        if symbol and token not in self.bound:
            node = Constant(SYMBOLS[symbol], symbol, start, end)
            self.constants.append(node)
        else:
            node = Variable(token, start, end)
            self.variables.append(node)
        self.names[token] = node
        self.push(node, start, end)
        return False

    def _name_and_sign(self, token: str, start: int, end: int) -> bool:
        """`name =` begins a statement, or names an argument of a call; with a quoted word it is the argument."""
        name, _, word = token.partition("=")
        name = name.rstrip()
        top = self.pending[-1]
        if isinstance(top, Bracket) and top.op and top.keyword is None and len(self.operands) == top.below:
            top.keyword, top.keyword_start = name, start
            if word:
                self.push_static(word.strip()[1:-1], start, end)
            return not word
        if len(self.pending) == 1 and not self.operands and self.target is None and not word:
            self.target = name
            return True
        sign = start + token.index("=")
        raise misplaced(self.text, "=", Span(sign, sign + 1), in_brackets=len(self.pending) > 1)

    # Where an operator is expected -----------------------------------------------------------------------------

    def _after_operand(self, token: str, start: int, end: int) -> bool:
        """Read a token that follows an operand and is no operator; return whether an operand is wanted next."""
        first = token[0]
        if first in " \t\r#" or (first == "\n" and self.open_brackets):
            return False
        if token == ",":
            self.end_argument(start, end)
            return True
        if token in AFTER_ARRAYS and (wants_operand := self.lists.after(token, start, end)) is not None:
            return wants_operand
        if token in (";", "\n"):
            self._end_statement(start, wants_operand=False, last=False)
            return True
        if first in SUPERSCRIPTS:
            while self.pending[-1].right > RAISE.left:
                self.apply()
            self.pending.append(RAISE)
            self._number("".join([SUPERSCRIPTS[sign] for sign in token]), start, end)
            self.apply()
            return False
        if self._pipelines and self.pipelines.goes_on_with(token, start, end):
            return True
        raise not_after_an_operand(self.text, token, Span(start, end), Span(self.starts[-1], self.end))

    def _end_statement(self, at: int, *, wants_operand: bool, last: bool) -> None:
        if wants_operand:
            if last and len(self.pending) == 1 and not self.operands and self.target is None:
                return
            open_bracket = self.innermost_bracket()
            if open_bracket is None:
                raise self._no_operand_here(Span(at, at))
            raise self.never_closed(open_bracket, at)
        while self.pending[-1].right >= 0:
            self.apply()
        if isinstance(self.pending[-1], Bracket):
            raise self.never_closed(self.pending[-1], at)
        node = self.operands.pop()
        self.output = node = self.pipelines.settled(node, is_head=False) if isinstance(node, Static) else node
        self.starts.pop()
        self.last_target = self.target
        if self.target is not None:
            if node.name is None and not (isinstance(node, Constant) and node.symbol):
                node.name = self.target
            self.names[self.target] = node
            self.assigned.add(self.target)
            if self.target in FUNCTIONS:  # which the name shadows from now on
                for opener in [opener for opener, (_, typed) in self.openers.items() if typed == self.target]:
                    del self.openers[opener]
            self.target = None


def _may_end_in_comma(bracket: Bracket) -> bool:
    """Whether a comma may stand before its end, as in Python: in calls of layers, one to a line."""
    return bracket.keyword is None and not isinstance(bracket.op, Op)


@contextmanager
def paused_collector() -> Iterator[None]:
    """Pause the cyclic garbage collector: a graph under construction is all survivors, and no cycle."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def parse(text: str, bound: Collection[str] = (), limits: Limits = DEFAULT_LIMITS) -> Graph:
    """Read statements split by `;` or newlines and return their graph; the last one is the output.

    A name in `bound` is a variable even where it is also a constant or a function. Raises ParseError with the place
    and a hint, and LimitError for a text beyond the limits.
    """
    if len(text) > limits.characters:
        message = f"the expression has {len(text)} characters, more than {limits.characters}"
        raise LimitError(message, hint="raise the limit with --max-characters")
    with paused_collector():
        return Parser(text, bound, limits).read()
