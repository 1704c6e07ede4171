"""The half of the parser that reads where an operand is expected: numbers, names, signs, and what opens brackets."""

from collections.abc import Collection
from typing import Any

from bpcli.errors import LimitError, ParseError, Span
from bpcli.graph.node import SYMBOLS, Constant, Node, Variable
from bpcli.graph.op import Op
from bpcli.language.complaints import misplaced, not_an_operand, unknown_function
from bpcli.language.functions import STATICS_TYPED, SYMBOLS_TYPED, function_called
from bpcli.language.limits import Limits
from bpcli.language.operators import ARROW, DIGITS, INFIXES, PREFIXES, Bracket, Prefix
from bpcli.language.stack import Stack

# Signs of arrays: those that begin an operand, and those that may follow a comma or a colon.
LISTED = frozenset({"[", "..."})
LISTED_LAST = frozenset({":", ",", "]"})
# What print(model) shows without quotes, as in padding=same.
PRINTED_WORDS = frozenset({"same", "valid", "reflect", "replicate", "circular"})


class Operands(Stack):
    """What one text has been read to, and the names that it has given and used so far."""

    def __init__(self, text: str, bound: Collection[str], limits: Limits) -> None:
        super().__init__(text, limits)
        self.bound = bound
        self.openers: dict[str, tuple[Op | None, str]] = {"(": (None, "")}
        self.assigned: set[str] = set()

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
        if self.pending[-1] is ARROW or (self._pipelines and self._pipelines.is_stage()):
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


def _may_end_in_comma(bracket: Bracket) -> bool:
    """Whether a comma may stand before its end, as in Python: in calls of layers, one to a line."""
    return bracket.keyword is None and not isinstance(bracket.op, Op)
