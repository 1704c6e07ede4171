"""Requests as JSON Lines: `answers` yields one outcome for each line, in order, whatever the line holds."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from bpcli.backprop.gradients import Gradients
from bpcli.errors import BpcliError, InternalError, LimitError, MissingValueError, UsageError
from bpcli.language.build import grad
from bpcli.language.limits import DEFAULT_LIMITS, Limits
from bpcli.language.values import reason_of, without_repeats

CALLED_AGAIN = "every request is a JSON object with 'expression' and 'at'"


class Answer(NamedTuple):
    """What one request came to: its id (or nothing, if it had none), its expression, and the result or the error."""

    head: Mapping[str, object]
    expression: object
    outcome: Gradients | BpcliError


def answers(lines: Iterable[str], limits: Limits = DEFAULT_LIMITS) -> Iterator[Answer]:
    """One answer a line; a request that cannot be used is answered by an error, and the run goes on."""
    for line in lines:
        if line.strip():
            yield _answer(line, limits)


def _answer(line: str, limits: Limits) -> Answer:
    head: Mapping[str, object] = {}
    expression = None
    try:
        request = _request(line, limits)
        head, expression = _head(request), request.get("expression")
        return Answer(head, expression, _gradients(request, limits))
    except BpcliError as error:
        return Answer(head, expression, error)
    except Exception as fault:  # noqa: BLE001 - one request must not end the run, also where the fault is bpcli's own
        message = f"bpcli failed on this request: {type(fault).__name__}: {fault}"
        return Answer(head, expression, InternalError(message))


def _request(line: str, limits: Limits) -> dict[str, Any]:
    if len(line) > limits.characters:
        message = f"the request has more than {limits.characters} characters"
        raise LimitError(message, hint="raise the limit with --max-characters")
    try:
        request = json.loads(line, object_pairs_hook=without_repeats)
    except (ValueError, RecursionError) as error:
        message = f"the request is not JSON: {reason_of(error)}"
        raise UsageError(message, hint=CALLED_AGAIN) from error
    if not isinstance(request, dict):
        message = "the request is not a JSON object"
        raise UsageError(message, hint=CALLED_AGAIN)
    return request


def _head(request: dict[str, Any]) -> Mapping[str, object]:
    if "id" not in request:
        return {}
    try:
        json.dumps(request["id"], allow_nan=False)
    except (ValueError, RecursionError) as error:
        message = "the id of the request has no form in JSON"
        raise UsageError(message, hint="use a string or a number") from error
    return {"id": request["id"]}


def _gradients(request: dict[str, Any], limits: Limits) -> Gradients:
    expression, at = request.get("expression"), request.get("at", {})
    wanted: Collection[str] | None = request.get("with_respect_to")
    if not isinstance(expression, str):
        message = "the request has no 'expression', or it is no text"
        raise UsageError(message, hint=CALLED_AGAIN)
    if not isinstance(at, dict):
        message = "'at' of the request is no object of names and numbers"
        raise UsageError(message, hint=CALLED_AGAIN)
    if wanted is not None and not (isinstance(wanted, list) and all(isinstance(name, str) for name in wanted)):
        message = "'with_respect_to' of the request is no list of names"
        raise UsageError(message, hint='write it as "with_respect_to": ["x", "y"]')
    try:
        return grad(expression, at, wanted, limits=limits)
    except MissingValueError as error:
        error.hint = f"""add to "at": {", ".join(f'"{name}": …' for name in error.names)}"""
        raise
