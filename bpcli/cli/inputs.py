"""What `grad` and `check` take alike: an expression, values for its variables, and limits on its size."""

from collections.abc import Callable, Collection, Sequence
from math import isfinite, nan
from typing import TYPE_CHECKING, Any, TypeVar

import click

from bpcli.cli.arguments import FROZEN, bind, options_of
from bpcli.errors import BindingError, MissingValueError, UnknownNameError, UsageError
from bpcli.language.complaints import closest, shortened
from bpcli.language.expressions import parse
from bpcli.language.functions import function_called
from bpcli.language.limits import DEFAULT_LIMITS, Limits
from bpcli.language.tokens import is_bound_name
from bpcli.language.values import text_from, values_from_file

if TYPE_CHECKING:
    from bpcli.language.arrays import Dtype  # this brings NumPy

MOST_FLAGS = 20
OF_ONE_NETWORK = ("parameters_file", "loss_function")  # which requests do without
REPORTS = (
    "table", "plain", "json", "jsonl", "csv", "junit", "gradescope", "prairielearn", "github-summary",
    "github-annotations",
)  # fmt: skip
F = TypeVar("F", bound=Callable[..., Any])


class WholeNumber(click.IntRange):
    """A whole number from `min` on, asked for in the words of the other options."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number. Raises UsageError for any other text."""
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter as error:
            message = (
                f"{param.opts[0] if param else 'it'} takes a whole number from {self.min}, not '{shortened(value)}'"
            )
            raise UsageError(
                message, hint=f"'{ctx.command_path if ctx else 'bpcli'} --help' says what it takes"
            ) from error


class Number(click.FloatRange):
    """A finite number from `min` on, or above it, asked for in the words of the other options."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The number. Raises UsageError for any other text, `inf` and `nan` among them."""
        try:
            number: float = super().convert(value, param, ctx)
        except click.BadParameter:
            number = nan
        if not isfinite(number):
            least = f"above {self.min}" if self.min_open else f"from {self.min} on"
            message = f"{param.opts[0] if param else 'it'} takes a number {least}, not '{shortened(str(value))}'"
            raise UsageError(message, hint=f"'{ctx.command_path if ctx else 'bpcli'} --help' says what it takes")
        return number


LIMIT = WholeNumber(min=1)


POSITIVE = click.FloatRange(min=0, min_open=True)


def taking(command: F, *options: Callable[[F], F]) -> F:
    """The command with these options, in the order of its help."""
    for option in reversed(options):
        command = option(command)
    return command


def takes_values(command: F) -> F:
    """The options that bind variables."""
    return taking(
        command,
        click.option(
            "--set", "assignments", multiple=True, metavar="NAME=VALUE", help="Bind a variable, whatever its name."
        ),
        click.option(
            "--at",
            "at_files",
            multiple=True,
            type=click.Path(),
            metavar="FILE|-",
            help="Bind variables from a JSON, TOML, CSV, .npz or .safetensors file.",
        ),
    )


def takes_homework(command: F) -> F:
    """The options of a homework file: whose answers are graded, and where the report goes."""
    return taking(
        command,
        click.option(
            "--answers-from",
            type=click.Path(),
            metavar="FILE|FOLDER|-",
            help="Grade these answers to a homework file: one student's, or those of a class.",
        ),
        click.option(
            "--template-for", type=click.Path(), metavar="FILE", help="Print the form to fill in for a homework file."
        ),
        click.option("--report-format", type=click.Choice(REPORTS), help="The form of a report of grades."),
        click.option(
            "--report-file",
            type=click.Path(),
            metavar="FILE",
            help="Write the report there; {student} in its name makes one for each.",
        ),
        click.option("--resume-run", is_flag=True, help="Grade only what --report-file has no grade of yet."),
    )


def takes_limits(command: F) -> F:
    """The options that bound the size of an expression and of its values."""
    limits = (
        ("--max-characters", DEFAULT_LIMITS.characters, "Longest text that is read."),
        ("--max-operators", DEFAULT_LIMITS.operators, "Most operators in it."),
        ("--max-nesting", DEFAULT_LIMITS.nesting, "Deepest nesting in it."),
        ("--max-literal-digits", DEFAULT_LIMITS.literal_digits, "Longest number in it."),
        ("--max-entries", DEFAULT_LIMITS.entries, "Most entries of an array."),
    )
    options = [click.option(name, type=LIMIT, default=default, help=what) for name, default, what in limits]
    return taking(command, *options)


def takes_network(command: F) -> F:
    """The options of a network: where its parameters come from, its loss, and its mode."""
    mode = click.option("--evaluation-mode", is_flag=True, help="The network as after model.eval() in PyTorch.")
    return takes_parameters(mode(command))


def takes_parameters(command: F) -> F:
    """The options of a network but for its mode."""
    return taking(
        command,
        click.option(
            "--parameters-file",
            type=click.Path(),
            metavar="FILE",
            help="Parameters of a network by their names in a state_dict, .npz, .safetensors or .json.",
        ),
        click.option(
            "--loss-function",
            metavar="SPEC",
            help='The loss of a model that has none, such as "nn.MSELoss()" on the variable target.',
        ),
        click.option(
            "--random-seed",
            type=WholeNumber(min=0),
            default=0,
            show_default=True,
            help="Where parameters without a value, and the masks of dropout, are drawn from.",
        ),
    )


def takes_functions(command: F) -> F:
    """The options of a check of functions in a Python file."""
    return taking(
        command,
        click.option("--forward-function", metavar="NAME", help="EXPR is a Python file; check this function of it."),
        click.option("--backward-function", metavar="NAME", help="The backward pass of the forward function."),
        click.option(
            "--reference-file", type=click.Path(), metavar="FILE", help="Whose forward values are right, same names."
        ),
        click.option(
            "--points-count", type=LIMIT, default=3, show_default=True, help="Points that inputs are drawn at."
        ),
        click.option(
            "--memory-limit", type=POSITIVE, default=4.0, show_default=True, help="Gigabytes for the file's code."
        ),
    )


def network_from(options: dict[str, Any]) -> dict[str, Any]:
    """What the options say about networks, as the library takes it."""
    return {name: options[name] for name in ("random_seed", "evaluation_mode")}


def limits_from(options: dict[str, Any]) -> Limits:
    """The limits that the options set."""
    return Limits(
        characters=options["max_characters"],
        operators=options["max_operators"],
        nesting=options["max_nesting"],
        literal_digits=options["max_literal_digits"],
        entries=options["max_entries"],
    )


def question_from(
    expression: str | None, typed: dict[str, str], options: dict[str, Any], limits: Limits, command: str
) -> tuple[str, dict[str, Any]]:
    """The text of the expression, and every value that was given, by name."""
    parameters = options["parameters_file"]
    at_files = [*options["at_files"], *([] if parameters is None else [parameters])]
    text = _expression_text(expression, typed, at_files, limits.bytes, command)
    bindings = _bindings_from(typed, options["assignments"], at_files, limits)
    return _with_loss(text, options["loss_function"], bindings, limits), bindings


def _with_loss(text: str, loss: str | None, bound: Collection[str], limits: Limits) -> str:
    """The text with a loss behind its last statement. Raises UsageError where that has one, or `loss` is none."""
    if loss is None:
        return text
    from bpcli.language.networks import ends_in_loss  # noqa: PLC0415 - most expressions have no layers

    model = text.rstrip("; \t\r\n")
    if ends_in_loss(parse(model, bound, limits)):
        message = f"the model ends in a loss already, so --loss-function {shortened(loss)} has nothing to add to"
        raise UsageError(message, hint="leave out --loss-function")
    whole = f"{model} -> {loss.strip()}"
    if not loss.strip() or not ends_in_loss(parse(whole, bound, limits)):
        message = f"--loss-function takes a loss, not '{shortened(loss)}'"
        raise UsageError(message, hint='write it as "nn.MSELoss()", or, with the name of its target, "MSELoss(t)"')
    return whole


def _expression_text(
    expression: str | None, typed: dict[str, str], at_files: Sequence[str], most: int, command: str
) -> str:
    """The expression: as typed, from `@FILE`, or for `-` from standard input. Raises UsageError where there is none."""
    if expression is None:
        taken = [f"--{name} took '{value}' as its value" for name, value in typed.items()]
        message = "; ".join(["there is no expression", *taken[:1]])
        raise UsageError(message, hint=f'write it in quotes: bpcli {command} "x*y" --x 2 --y 3')
    if [expression, *at_files].count("-") > 1:
        message = "standard input can be read once, as EXPR or for one --at"
        raise UsageError(message, hint="put one of them in a file")
    if expression == "-":
        return text_from("-", most)
    return text_from(expression[1:], most) if expression.startswith("@") else expression


def _bindings_from(
    typed: dict[str, str], assignments: Sequence[str], at_files: Sequence[str], limits: Limits
) -> dict[str, Any]:
    """Every value that was given, by name. Raises BindingError where one is given twice."""
    bindings: dict[str, Any] = texts_from(typed, assignments)
    for at_file in at_files:
        for name, value in values_at(at_file, limits).items():
            bind(bindings, name, value)
    return bindings


def values_at(at_file: str, limits: Limits, dtype: "Dtype" = "float64") -> dict[str, Any]:
    """The values of a file for `--at`. Raises UsageError, LimitError, BindingError where one names another file."""
    values = values_from_file(at_file, limits, dtype)
    for name, value in values.items():
        if isinstance(value, str) and value.lstrip().startswith("@"):
            message = f"the value of {name} in {at_file} names a file, which a file cannot do"
            raise BindingError(message, hint=f"write --set {name}={value.strip()}")
    return values


def texts_from(typed: dict[str, str], assignments: Sequence[str]) -> dict[str, str]:
    """The values that were typed, by name. Raises BindingError where one is given twice."""
    texts = dict(typed)
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not equals or not is_bound_name(name.strip()):
            message = f"--set takes NAME=VALUE, not '{assignment}'"
            raise BindingError(message, hint="write it as --set x=2")
        bind(texts, name.strip(), value)
    return texts


def names_from(groups: Sequence[str]) -> list[str] | None:
    """The names of `--with-respect-to x,y`; None where there are none."""
    return [name.strip() for group in groups for name in group.split(",")] or None


def flags(names: Sequence[str]) -> str:
    """How these variables are bound on the command line."""
    shown = [f"--set {name}=VALUE" if f"--{name}" in FROZEN else f"--{name} VALUE" for name in names[:MOST_FLAGS]]
    return " ".join(shown) + (" …" if len(names) > MOST_FLAGS else "")


def with_flags(error: MissingValueError) -> MissingValueError:
    """The error with a hint that names the options."""
    hint = f"add {flags(error.names)}"
    called = [name for name in error.names if function_called(name)]
    if called:
        hint = f"'{called[0]}' is a function where it is called, {called[0]}(…); as a variable {hint}"
    error.advise(hint)
    return error


def with_option(error: UnknownNameError, typed: dict[str, str], command: click.Command) -> UnknownNameError:
    """The error with the option that was probably meant by an unknown `--name`."""
    meant = closest(error.name, [option[2:] for option in options_of(command) if option.startswith("--")])
    if error.name in typed and meant and not (error.hint or "").startswith("did you mean"):
        error.hint = f"did you mean the option '--{meant}'?"
    return error
