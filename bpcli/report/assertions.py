"""`assert_gradients`: a check of a backward pass as a test has it, which passes or says everything."""

from typing import Any

from bpcli.check.findings import EXIT_CODES
from bpcli.check.functions.checking import check_function
from bpcli.check.functions.results import FunctionCheck
from bpcli.report.figures import full
from bpcli.report.function_verdicts import function_report
from bpcli.report.page import Page
from bpcli.report.plain import note_text, plain_text

MOST_ROWS = 20  # a test's output is read from its end


def assert_gradients(forward: Any, backward: Any = None, inputs: Any = (), **way: Any) -> None:
    """Raise AssertionError, with the whole report, unless every gradient of a backward pass is right.

    Takes what `check_function` takes: `upstream`, `reference`, `random_seed`, `points_count`, `relative_tolerance`,
    `with_respect_to`, `time_limit`; and raises what it raises. What cannot be told, or has no value, is an
    AssertionError too. A claim that is accepted at a kink passes, and so does a pass that only has notes: that prints,
    changes its inputs, or has parameters that could not be checked.
    """
    __tracebackhide__ = True
    result = check_function(forward, backward, inputs, **way)
    if EXIT_CODES[result.verdict]:
        raise AssertionError(report_text(result))


def report_text(result: FunctionCheck) -> str:
    """The verdict of `check_function`, and its whole report in plain text, as AssertionErrors have it."""
    page = Page(number=full, most_rows=MOST_ROWS, has_options=False)
    notes = "".join(map(note_text, result.notes))
    return f"{result.backward}: {result.verdict.value}\n{plain_text(function_report(result, page))}{notes}"
