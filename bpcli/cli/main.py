"""The entry point: commands that are imported when they are run, and every error turned into words and an exit code."""

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from itertools import pairwise

import click

from bpcli import __version__
from bpcli.cli.output import drop_output, say, told, write
from bpcli.errors import CLOSED_PIPE_EXIT, INTERRUPTED_EXIT, BpcliError, LimitError, UsageError, own_fault

COMMANDS = ("grad", "jacobian", "hessian", "explain", "check", "flow", "step", "train", "predict", "ops", "schema")


class LazyGroup(click.Group):
    """A group that imports a command's module when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, or None."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"bpcli.cli.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the arguments name. Raises UsageError, with a suggestion, for an unknown one."""
        if not ctx.resilient_parsing and args[0] not in COMMANDS:
            from bpcli.language.complaints import suggestion  # noqa: PLC0415 - only an error needs it

            hint = suggestion(args[0], list(COMMANDS), f"the commands are {', '.join(COMMANDS)}")
            if not args[0].isalpha() and not args[0].startswith("-"):
                hint = f'for an expression write: bpcli grad "{args[0]}"'
            message = f"unknown {'option' if args[0].startswith('-') else 'command'} '{args[0]}'"
            raise UsageError(message, hint=hint)
        return super().resolve_command(ctx, args)


HELP = """Gradients by backpropagation, step by step, on the command line.

\b
Begin with:
  bpcli grad "x*y*z" --x 6 --y -2 --z -3
  bpcli check "x*y*z" --x 6 --y -2 --z -3 --claim x=6 --claim y=18
"""


@click.group(
    cls=LazyGroup,
    help=HELP,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, message="%(prog)s %(version)s")
@click.pass_context
def bpcli(ctx: click.Context) -> None:
    """Show the help where no command is named."""
    if ctx.invoked_subcommand is None:
        write(ctx.get_help() + "\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run bpcli and return its exit code; nothing but a result reaches standard output, and no traceback the user."""
    words = [_as_typed(word) for word in (sys.argv[1:] if arguments is None else arguments)]
    if "_BPCLI_COMPLETE" in os.environ:
        bpcli.main(words, prog_name="bpcli")  # Click answers the shell and exits
    try:
        return _exit_code_of(words)
    except BrokenPipeError:
        drop_output(sys.stdout)
        return CLOSED_PIPE_EXIT
    except OSError as error:
        drop_output(sys.stdout)
        say(f"error: cannot write the result: {os.strerror(error.errno or 0).lower()}\n")
        return UsageError.exit_code
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED_EXIT


def _exit_code_of(words: list[str]) -> int:
    try:
        # Click's own `main` would answer a closed pipe by exit code 1, which means that a gradient differs.
        with bpcli.make_context("bpcli", words) as context:
            code = bpcli.invoke(context)
        _flush()
    except (click.Abort, OSError):
        raise
    except click.exceptions.Exit as done:
        _flush()
        return done.exit_code
    except click.ClickException as error:
        return _report(_in_our_words(error), words)
    except BpcliError as error:
        return _report(error, words)
    except MemoryError:
        message = "there is not enough memory for this"
        return _report(LimitError(message, hint="make the arrays, or the windows over them, smaller"), words)
    except Exception as fault:  # noqa: BLE001 - the border: no traceback reaches a user, and the code is 5
        return _report(own_fault(fault), words)
    return code if isinstance(code, int) else 0


def _flush() -> None:
    if sys.stdout is not None:
        sys.stdout.flush()


def _as_typed(word: str) -> str:
    """The word as UTF-8, also where the locale is one of ASCII only."""
    try:
        return word if word.isascii() else os.fsencode(word).decode()
    except UnicodeError:
        return word


def _in_our_words(error: click.ClickException) -> UsageError:
    message = error.format_message().rstrip(".")
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "bpcli"
    return UsageError(message[:1].lower() + message[1:], hint=f"'{path} --help' says what it takes")


def _report(error: BpcliError, words: Sequence[str]) -> int:
    schema = words[0] if words and words[0] in COMMANDS else "grad"
    out, err = told(
        error, as_json=_wants_json(words) and "-q" not in words, schema="grad" if schema == "schema" else schema
    )
    write(out)
    say(err)
    return error.exit_code


def _wants_json(words: Sequence[str]) -> bool:
    pairs = pairwise([*words, ""])
    return any(
        word in ("--json", "-j", "--output-format=json") or (word == "--output-format" and following == "json")
        for word, following in pairs
    )
