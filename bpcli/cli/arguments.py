"""Arguments of commands that take an expression and its variables: `EXPR --x 6 --y=-2`.

A variable's name has no hyphen and every long option has one, so the two never collide; the few options without a
hyphen are a frozen set, and a variable with such a name is bound by `--set`. The arguments are walked once, before
Click, so that a binding may stand before or after the expression, a value may be negative, and an expression may begin
with `-`.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import click

from bpcli.errors import BindingError, UsageError
from bpcli.language.complaints import named, shortened, suggestion
from bpcli.language.tokens import is_bound_name, is_name

FROZEN = frozenset({"--help", "--version", "--json", "--set", "--at", "--claim", "--requests"})
SHORT = frozenset({"-h", "-q", "-j"})
OPTION = re.compile(r"--[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)+")


class Words:
    """The arguments, sorted: Click's options, the expression, and the bindings as they were typed."""

    def __init__(self) -> None:
        self.options: list[str] = []
        self.expression: str | None = None
        self.bindings: dict[str, str] = {}


def sorted_words(arguments: Sequence[str], takes_value: Mapping[str, bool], command: str) -> Words:
    """Sort the arguments; `takes_value` says of each known option of the command whether a value follows it.

    Raises UsageError for an unknown option or a second expression, BindingError for a binding without a value or given
    twice.
    """
    words = Words()
    remaining = list(reversed(arguments))
    while remaining:
        word = remaining.pop()
        name, equals, value = word.partition("=")
        if word == "--":
            for rest in reversed(remaining):
                _set_expression(words, rest)
            return words
        if name in takes_value:
            words.options += _option(word, remaining, command, takes_value=takes_value[name])
        elif word.startswith("--") and is_name(name[2:]):
            if not equals and (not remaining or _is_binding(remaining[-1])):
                message = f"{name} has no value"
                raise BindingError(message, hint=suggestion(name, list(takes_value), f"write {name} 2 or {name}=2"))
            bind(words.bindings, name[2:], value if equals else remaining.pop())
        elif OPTION.fullmatch(name) or word in SHORT:
            raise unknown_option(name, takes_value, command)
        else:
            _set_expression(words, word)
    return words


def _option(word: str, remaining: list[str], command: str, *, takes_value: bool) -> list[str]:
    """An option of Click's, with its value if one follows."""
    name, equals, _ = word.partition("=")
    if equals and not takes_value:
        message = f"{name} takes no value"
        raise UsageError(message, hint=f"write {name} alone")
    if not takes_value or equals:
        return [word]
    if not remaining:
        message = f"{name} has no value"
        raise UsageError(message, hint=f"'bpcli {command} --help' says what it takes")
    return [word, remaining.pop()]


def bind(bindings: dict[str, Any], name: str, value: Any) -> None:
    """Add a binding. Raises BindingError where the name has one already."""
    if name in bindings:
        message = f"{name} is bound twice, to {_one_line(bindings[name])} and to {_one_line(value)}"
        raise BindingError(message, hint="give each variable one value")
    bindings[name] = value


def _one_line(value: object) -> str:
    return shortened(" ".join(str(value).split()))


def unknown_option(name: str, known: Mapping[str, bool], command: str) -> UsageError:
    """An option that there is not, with the one that was probably meant."""
    hint = suggestion(name, list(known), f"'bpcli {command} --help' lists the options")
    return UsageError(f"unknown option '{name}'", hint=hint)


def _is_binding(word: str) -> bool:
    return word.startswith("--") and is_name(word[2:3])


def _set_expression(words: Words, word: str) -> None:
    if words.expression is not None:
        message = f"one expression at a time: got {named(words.expression)} and {named(word)}"
        hint = "put the expression in quotes, and bind a variable by its name, as in --x 3"
        parameter = word.removeprefix("--").partition("=")[0]
        if parameter != word and is_bound_name(parameter):
            hint = f"a parameter is bound by --set {parameter}=VALUE"
        raise UsageError(message, hint=hint)
    words.expression = word


def options_of(command: click.Command) -> dict[str, bool]:
    """Each option of a command, and whether a value follows it."""
    options: dict[str, bool] = {"--help": False, "-h": False}
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            options |= dict.fromkeys(parameter.opts, not parameter.is_flag)
    return options


class ExpressionCommand(click.Command):
    """A command whose arguments are an expression, bindings of its variables, and options."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Hand Click its options and the expression; the bindings go to `ctx.obj`."""
        if ctx.resilient_parsing:
            return super().parse_args(ctx, [])
        words = sorted_words(args, options_of(self), self.name or "")
        ctx.obj = words.bindings
        expression = [] if words.expression is None else ["--", words.expression]
        return super().parse_args(ctx, [*words.options, *expression])

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """Show bindings in the usage line."""
        return [*super().collect_usage_pieces(ctx), "[--NAME VALUE]..."]
