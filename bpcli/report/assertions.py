"""`assert_gradients`: a check of a backward pass as a test has it, which passes or says everything."""

from typing import Any

from bpcli.check.findings import EXIT_CODES
from bpcli.check.functions.checking import check_function
from bpcli.report.figures import full
from bpcli.report.function_verdicts import function_report
from bpcli.report.page import Page
from bpcli.report.plain import note_text, plain_text

MOST_ROWS = 20  # a test's output is read from its end


def assert_gradients(forward: Any, backward: Any = None, inputs: Any = (), **way: Any) -> None:
    """Raise AssertionError, with the whole report, unless every gradient of a backward pass is right.

    Takes what `check_function` takes, and raises what it raises. What cannot be told, or has no value, is an
    AssertionError too. A claim that is accepted at a kink passes.
    """
    __tracebackhide__ = True
    result = check_function(forward, backward, inputs, **way)
    if EXIT_CODES[result.verdict]:
        page = Page(number=full, most_rows=MOST_ROWS)
        notes = "".join(map(note_text, result.notes))
        message = f"{result.backward}: {result.verdict.value}\n{plain_text(function_report(result, page))}{notes}"
        raise AssertionError(message)
