"""`bpcli check FILE.py --forward-function f`: a backward pass by hand, held against differences of the forward pass."""

import os
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import replace
from math import isnan
from typing import Any

import click

from bpcli.check.findings import EXIT_CODES
from bpcli.check.functions.callee import Fault, FaultKind, MisbehaviourError
from bpcli.check.functions.checking import Way, check_callee
from bpcli.check.functions.child.pipes import ChildLimits
from bpcli.check.functions.child.process import ChildCallee, child_callee, reference_callee
from bpcli.check.functions.given import LONE, check_names, points_of
from bpcli.check.functions.results import FunctionCheck
from bpcli.cli.arguments import bind
from bpcli.cli.inputs import flags, names_from, texts_from, values_at, with_option
from bpcli.cli.output import document_text, lines_text, page_for, say, write
from bpcli.errors import TIME_LIMIT_EXIT, MissingValueError, UnknownNameError, UsageError
from bpcli.language.generators import inputs_from, is_drawn
from bpcli.language.typed_inputs import input_typed
from bpcli.language.values import text_from
from bpcli.report.explanations import Release
from bpcli.report.function_documents import function_document
from bpcli.report.function_verdicts import function_report
from bpcli.report.plain import note_text

DEFINED = re.compile(r"^(?:def|class)[ \t]+([^\W\d]\w*)", re.MULTILINE)
ABOUT_FUNCTIONS = {
    "forward_function": "--forward-function",
    "backward_function": "--backward-function",
    "reference_file": "--reference-file",
}
ABOUT_EXPRESSIONS = {
    "requests": "--requests",
    "claims": "--claim",
    "every_step": "--every-step",
    "loss_function": "--loss-function",
    "parameters_file": "--parameters-file",
    "evaluation_mode": "--evaluation-mode",
}
ABOUT_HOMEWORK = {
    "answers_from": "--answers-from",
    "template_for": "--template-for",
    "report_format": "--report-format",
    "report_file": "--report-file",
    "resume_run": "--resume-run",
}
USAGE: frozenset[FaultKind] = frozenset({"not found", "cannot be called"})  # faults that are those of the command
HINTS: dict[FaultKind, str] = {
    "late": "raise it with --time-limit",
    "lost": "it ended Python, or needs more memory than --memory-limit allows",
}
MOST_LISTED = 10
GIGABYTE = 1 << 30
MOST_GIGABYTES = 1 << 20
LONGEST = 1e6  # seconds
FOR_CHECKS = 0.9  # of the time limit: what is left by then is not begun


def check_functions(path: str | None, typed: dict[str, str], options: dict[str, Any]) -> int:
    """Check the functions of a Python file, and write the report; the exit code."""
    file, forward = _asked_for(path, options)
    result = _checked(file, forward, typed, options)
    result = replace(result, faults=tuple(map(_with_option, result.faults)))
    if not options["is_quiet"]:
        _tell(result, file, options)
    is_late = not result.points and any(fault.kind == "late" for fault in result.faults)
    return TIME_LIMIT_EXIT if is_late else EXIT_CODES[result.verdict]


def _checked(file: str, forward: str, typed: dict[str, str], options: dict[str, Any]) -> FunctionCheck:
    """What the check finds, with the processes that it takes begun and ended."""
    asked, limits = _given(typed, options), _limits(options)
    with ExitStack() as stack:
        try:
            callee = stack.enter_context(child_callee(file, forward, options["backward_function"], limits=limits))
        except MisbehaviourError as error:
            return _nothing_done(forward, error.fault, options)
        reference = stack.enter_context(_reference(forward, limits, options))
        given = _complete(callee, asked, typed)
        drawn = points_of(given, options["random_seed"], options["points_count"], options["limits"])
        result = check_callee(callee, drawn.points, _way(options), reference)
        return replace(result, notes=(*_added(given, asked), *drawn.notes))


def _limits(options: dict[str, Any]) -> ChildLimits:
    """What the process of a file may take. Raises UsageError."""
    if isnan(options["memory_limit"]):
        message = "--memory-limit takes a number of gigabytes, not nan"
        raise UsageError(message, hint="4 is usual")
    seconds = min(options["time_limit"], LONGEST)
    memory = int(min(options["memory_limit"], MOST_GIGABYTES) * GIGABYTE)
    return ChildLimits(seconds_per_call=seconds, seconds=seconds, memory=memory)


def _reference(
    forward: str, limits: ChildLimits, options: dict[str, Any]
) -> AbstractContextManager[ChildCallee | None]:
    """The pass whose values are right, if there is one. Raises UsageError where its file cannot be imported."""
    file = options["reference_file"]
    if file is None:
        return nullcontext()
    try:
        return reference_callee(file, forward, options["backward_function"], limits=limits)
    except MisbehaviourError as error:
        message = f"{file} gives no values to compare with: {error.fault.text}"
        raise UsageError(message, hint=error.fault.hint) from error


def _nothing_done(forward: str, fault: Fault, options: dict[str, Any]) -> FunctionCheck:
    """The result where a file cannot even be imported. Raises UsageError where it lacks what was asked for."""
    if fault.kind in USAGE:
        raise UsageError(fault.text, hint=fault.hint)
    return FunctionCheck(forward, options["backward_function"] or forward, (), (fault,))


def _with_option(fault: Fault) -> Fault:
    """The fault with the option that gives more time, or more memory."""
    hint = HINTS.get(fault.kind)
    return fault._replace(hint=hint) if hint else fault


def _way(options: dict[str, Any]) -> Way:
    """How the functions are checked, as the options say. Raises BindingError, ParseError, UsageError, LimitError."""
    upstream = _upstream(options)
    wanted = names_from(options["names"])
    relative, seconds = options["relative_tolerance"], FOR_CHECKS * min(options["time_limit"], LONGEST)
    return Way(upstream, options["random_seed"], relative, wanted, seconds)


def _upstream(options: dict[str, Any]) -> Any:
    """The upstream gradient that was typed; a list as it is, as it may have one of another shape for each output."""
    text, limits = options["upstream_seed"], options["limits"]
    typed = None if text is None else input_typed("upstream", text, limits)
    return inputs_from({"upstream": typed}, options["random_seed"], 0, limits)["upstream"] if is_drawn(typed) else typed


def _complete(callee: ChildCallee, given: dict[str, Any], typed: dict[str, str]) -> dict[str, Any]:
    """The inputs in the order of the parameters; a lone one is drawn where nothing is given.

    Raises MissingValueError, UnknownNameError.
    """
    try:
        check_names(callee, given)
    except MissingValueError as error:
        if not given and len(error.names) == 1:
            return {error.names[0]: LONE}
        error.advise(f'add {flags(error.names)}: a generator such as "normal(2,3)", a number, a list, or @FILE')
        raise
    except UnknownNameError as error:
        raise with_option(error, typed, click.get_current_context().command) from error
    order = [name for name in callee.parameters.names if name in given]
    return {name: given[name] for name in [*order, *[name for name in given if name not in order]]}


def _asked_for(path: str | None, options: dict[str, Any]) -> tuple[str, str]:
    """The file and the name of the forward pass. Raises UsageError where one is missing."""
    forward = options["forward_function"]
    if path is None or not path.endswith(".py"):
        named = next(option for name, option in ABOUT_FUNCTIONS.items() if options[name])
        message = f"{named} is about functions, but there is no Python file"
        raise UsageError(message, hint=f"write: bpcli check layers.py --forward-function {forward or 'NAME'}")
    if forward is None:
        names = _defined_in(path, options)
        listed = ", ".join(names[:MOST_LISTED]) + (", …" if len(names) > MOST_LISTED else "")
        message = f"{path} is a Python file, and --forward-function says which function of it to check"
        raise UsageError(message, hint=f"it has {listed}" if names else "it defines no function")
    for about, words in (("expressions", ABOUT_EXPRESSIONS), ("homework", ABOUT_HOMEWORK)):
        beside = next((option for name, option in words.items() if options[name]), None)
        if beside is not None:
            message = f"{beside} is about {about}, not about functions of a file"
            raise UsageError(message, hint=f"leave out {beside}")
    return path, forward


def _defined_in(path: str, options: dict[str, Any]) -> list[str]:
    """The functions and classes of a file, which is read and not run. Raises UsageError where it cannot be read."""
    if os.path.exists(path) and not os.path.isfile(path):  # noqa: PTH110, PTH113 - pathlib is slow to load
        message = f"cannot read {path}: it is no file"
        raise UsageError(message)
    return list(dict.fromkeys(DEFINED.findall(text_from(path, options["limits"].bytes))))


def _given(typed: dict[str, str], options: dict[str, Any]) -> dict[str, Any]:
    """The inputs by name, generators as their texts. Raises BindingError, UsageError, LimitError."""
    limits = options["limits"]
    texts = texts_from(typed, options["assignments"])
    given = {name: input_typed(name, text, limits) for name, text in texts.items()}
    for source in options["at_files"]:
        is_table = source.endswith(".csv")  # whose entries are texts
        for name, value in values_at(source, limits, "stored").items():
            bind(given, name, input_typed(name, value, limits) if is_table and isinstance(value, str) else value)
    return given


def _tell(result: FunctionCheck, file: str, options: dict[str, Any]) -> None:
    everything = "cause" if options["release_to"] == "staff" else "where"
    release = Release(options["release_to"], options["hint_level"] or everything)
    if options["output_format"] == "json":
        write(document_text(function_document(result, release, file=file)))
        return
    page = page_for(options["output_format"], options["max_rows"])
    write(lines_text(function_report(result, page, release), options["output_format"]))
    say("".join(map(note_text, result.notes)))


def _added(given: Mapping[str, Any], asked: Collection[str]) -> Iterator[str]:
    """A note on each input that is given without having been asked for."""
    yield from [f"{name} is drawn, as by --set {name}={value}" for name, value in given.items() if name not in asked]
