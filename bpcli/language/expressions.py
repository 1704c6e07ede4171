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

from bpcli.errors import LimitError, ParseError, Span
from bpcli.graph.node import Constant, Graph
from bpcli.language.complaints import not_after_an_operand
from bpcli.language.conditions import require_conditions_in_place
from bpcli.language.functions import FUNCTIONS, Static
from bpcli.language.limits import DEFAULT_LIMITS, Limits
from bpcli.language.operands import Operands
from bpcli.language.operators import INFIXES, RAISE, Bracket
from bpcli.language.tokens import SUPERSCRIPTS, batches

AFTER_ARRAYS = frozenset({"@", "[", "]", ":", ".T", ".mT", "ᵀ"})  # signs of arrays that follow an operand


class Parser(Operands):
    """The reading of one text, token by token, and the names that it has given and used so far."""

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
