"""`bpcli check FILE.py --forward-function f`: a backward pass by hand, held against differences of the forward pass."""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from math import isnan
from typing import Any

import click

from bpcli.check.findings import EXIT_CODES
from bpcli.check.functions.callee import Fault, MisbehaviourError
from bpcli.check.functions.checking import Way, check_callee, points_of
from bpcli.check.functions.pipes import ChildLimits
from bpcli.check.functions.process import ChildCallee, child_callee
from bpcli.check.functions.results import FunctionCheck
from bpcli.check.functions.signatures import check_names
from bpcli.cli.arguments import bind
from bpcli.cli.inputs import flags, names_from, texts_from, values_at, with_option
from bpcli.cli.output import document_text, lines_text, page_for, say, write
from bpcli.errors import TIME_LIMIT_EXIT, MissingValueError, UnknownNameError, UsageError
from bpcli.graph.shapes import shape_text
from bpcli.language.generators import axis_lengths, generators_in, inputs_from
from bpcli.language.typed_inputs import input_typed
from bpcli.language.values import text_from
from bpcli.report.explanations import Release
from bpcli.report.function_documents import function_document
from bpcli.report.function_verdicts import function_report
from bpcli.report.plain import note_text

DEFINED = re.compile(r"^(?:def|class)[ \t]+([^\W\d]\w*)", re.MULTILINE)
ABOUT_EXPRESSIONS = {
    "requests": "--requests",
    "claims": "--claim",
    "every_step": "--every-step",
    "loss_function": "--loss-function",
    "parameters_file": "--parameters-file",
    "evaluation_mode": "--evaluation-mode",
}
USAGE = frozenset({"not found", "cannot be called"})  # faults that are those of the command
HINTS = {
    "late": "raise it with --time-limit",
    "lost": "it ended Python, or needs more memory than --memory-limit allows",
}
LONE = "normal(N,D)"  # what a lone parameter gets
MOST_LISTED = 10
MATRIX = 2  # axes
GIGABYTE = 1 << 30
MOST_GIGABYTES = 1 << 20
LONGEST = 1e6  # seconds
FOR_CHECKS = 0.9  # of the time limit: what is left by then is not begun


def check_functions(path: str | None, typed: dict[str, str], options: dict[str, Any]) -> int:
    """Check the functions of a Python file, and write the report; the exit code."""
    file, forward = _asked_for(path, options)
    given = asked = _given(typed, options)
    with ExitStack() as stack:
        try:
            callee = stack.enter_context(_callee(file, forward, options))
        except MisbehaviourError as error:
            result = _nothing_done(forward, error.fault, options)
        else:
            reference = _reference(forward, options)
            beside = None if reference is None else stack.enter_context(reference)
            given = _complete(callee, given, typed)
            points = points_of(given, options["random_seed"], options["points_count"], options["limits"])
            result = check_callee(callee, points, _way(options), beside)
    notes = (*result.notes, *_notes(result, given, asked))
    result = replace(result, faults=tuple(map(_with_option, result.faults)), notes=notes)
    if not options["is_quiet"]:
        _tell(result, file, options)
    is_late = not result.points and any(fault.kind == "late" for fault in result.faults)
    return TIME_LIMIT_EXIT if is_late else EXIT_CODES[result.verdict]


def _callee(file: str, forward: str, options: dict[str, Any], *, has_backward: bool = True) -> ChildCallee:
    if isnan(options["memory_limit"]):
        message = "--memory-limit takes a number of gigabytes, not nan"
        raise UsageError(message, hint="4 is usual")
    seconds = min(options["time_limit"], LONGEST)
    memory = int(min(options["memory_limit"], MOST_GIGABYTES) * GIGABYTE)
    limits = ChildLimits(seconds_per_call=seconds, seconds=seconds, memory=memory)
    return child_callee(file, forward, options["backward_function"] if has_backward else None, limits=limits)


def _reference(forward: str, options: dict[str, Any]) -> ChildCallee | None:
    """The pass whose values are right; its backward pass tells how many outputs there are, if it has one.

    Raises UsageError where it cannot be imported.
    """
    file = options["reference_file"]
    if file is None:
        return None
    backward = (options["backward_function"] or "").partition(".")[0]
    try:
        return _callee(file, forward, options, has_backward=backward in _defined_in(file, options))
    except MisbehaviourError as error:
        message = f"--reference-file {file} cannot be used: {error.fault.text}"
        raise UsageError(message, hint=_with_option(error.fault).hint) from error


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
    upstream = options["upstream_seed"]
    if upstream is not None:
        typed = {"upstream": input_typed("upstream", upstream, options["limits"])}
        upstream = inputs_from(typed, options["random_seed"], 0, options["limits"])["upstream"]
    wanted = names_from(options["names"])
    relative, seconds = options["relative_tolerance"], FOR_CHECKS * min(options["time_limit"], LONGEST)
    return Way(upstream, options["random_seed"], relative, wanted, seconds)


def _complete(callee: ChildCallee, given: dict[str, Any], typed: dict[str, str]) -> dict[str, Any]:
    """The inputs in the order of the parameters; a lone one is drawn where nothing is given.

    Raises MissingValueError, UnknownNameError.
    """
    try:
        check_names(callee.forward_name, callee.parameters, callee.backward_parameters, given)
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
        message = "--forward-function names a function, but there is no Python file"
        raise UsageError(message, hint=f"write: bpcli check layers.py --forward-function {forward}")
    if forward is None:
        names = _defined_in(path, options)
        listed = ", ".join(names[:MOST_LISTED]) + (", …" if len(names) > MOST_LISTED else "")
        message = f"{path} is a Python file, and --forward-function says which function of it to check"
        raise UsageError(message, hint=f"it has {listed}" if names else "it defines no function")
    beside = next((option for name, option in ABOUT_EXPRESSIONS.items() if options[name]), None)
    if beside is not None:
        message = f"{beside} is about expressions, not about functions of a file"
        raise UsageError(message, hint=f"leave out {beside}")
    return path, forward


def _defined_in(path: str, options: dict[str, Any]) -> list[str]:
    """The functions and classes of a file, which is read and not run. Raises UsageError where it is no file."""
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


def _notes(result: FunctionCheck, given: Mapping[str, Any], asked: Mapping[str, Any]) -> Iterator[str]:
    """What is good to know about the inputs that are given, of which some were not asked for."""
    yield from [f"{name} is drawn, as by --set {name}={value}" for name, value in given.items() if name not in asked]
    for name, value in result.points[0].inputs.items() if result.points else ():
        is_chosen = any(True for _ in axis_lengths(generators_in(given.get(name))))
        shape: tuple[int, ...] = getattr(value, "shape", ())
        if len(shape) == MATRIX and shape[0] == shape[1] > 1 and not is_chosen and value.dtype.kind == "f":
            shown = f"{name} is square, {shape_text(shape)}"
            yield f"{shown}: a gradient that is transposed fits there; unequal axes tell more"
