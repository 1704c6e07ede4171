"""Requests as JSON Lines: `answers` yields one outcome for each line, in order, whatever the line holds."""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple

from bpcli.backprop.gradients import Gradients
from bpcli.errors import BpcliError, InternalError, LimitError, MissingValueError, UsageError
from bpcli.language.build import grad
from bpcli.language.claims import claims_from
from bpcli.language.limits import DEFAULT_LIMITS, Limits
from bpcli.language.values import reason_of, without_repeats

MISREAD = ("claims", "relative_tolerance", "hint_level", "release_to", "every_step", "time_limit")
CALLED_AGAIN = "every request is a JSON object with 'expression' and 'at'"


class Answer(NamedTuple):
    """What one request came to: its id (or nothing, if it had none), its expression, and the result or the error."""

    head: Mapping[str, object]
    expression: object
    outcome: Any


Request = dict[str, Any]
Ask = Callable[[Request, Limits], Any]


def answers(
    lines: Iterable[str], limits: Limits = DEFAULT_LIMITS, *, random_seed: int = 0, evaluation_mode: bool = False
) -> Iterator[Answer]:
    """The gradients that each line asks for; one that cannot be used is answered by an error, and the run goes on.

    The seed and the mode of networks are those of the request, or else these.
    """
    asked = partial(gradients_asked, random_seed=random_seed, evaluation_mode=evaluation_mode)
    for line in lines:
        if line.strip():
            yield answer(line, limits, asked)


def answer(line: str, limits: Limits, ask: Ask) -> Answer:
    """What one request comes to; `ask` reads the rest of it, and answers."""
    head: Mapping[str, object] = {}
    expression = None
    try:
        request = _request(line, limits)
        head, expression = _head(request), request.get("expression")
        return Answer(head, expression, ask(request, limits))
    except BpcliError as error:
        return Answer(head, expression, error)
    except Exception as fault:  # noqa: BLE001 - one request must not end the run, also where the fault is bpcli's own
        message = f"bpcli failed on this request: {type(fault).__name__}: {fault}"
        return Answer(head, expression, InternalError(message))


def head_of(line: str, limits: Limits) -> Answer:
    """The id and the expression of a request, for an answer that never came."""
    return answer(line, limits, lambda _request, _limits: None)


def _request(line: str, limits: Limits) -> Request:
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


def _head(request: Request) -> Mapping[str, object]:
    if "id" not in request:
        return {}
    try:
        json.dumps(request["id"], allow_nan=False)
    except (ValueError, RecursionError) as error:
        message = "the id of the request has no form in JSON"
        raise UsageError(message, hint="use a string or a number") from error
    return {"id": request["id"]}


def gradients_asked(request: Request, limits: Limits, **network: Any) -> Gradients:
    """The gradients that a request asks for."""
    expression, at = question_of(request)
    with _hints():
        return grad(
            expression,
            at,
            wanted_in(request),
            seed=request.get("upstream_seed"),
            limits=limits,
            **network_in(request, network),
        )


def check_asked(
    request: Request, limits: Limits, *, random_seed: int = 0, evaluation_mode: bool = False, **options: Any
) -> Any:
    """The check that a request asks for: of its `claim`, or of bpcli's own gradients."""
    from bpcli.check.checking import check_expression  # noqa: PLC0415 - only `check` loads SymPy

    expression, at = question_of(request)
    for name in MISREAD:
        if name in request and (name != "claims" or "claim" not in request):
            message = f"nothing reads '{name}' of a request"
            raise UsageError(message, hint='a claim is written "claim": {"x": 6}; the rest are options of the command')
    claims = claims_from(request["claim"]) if "claim" in request else ()
    network = network_in(request, {"random_seed": random_seed, "evaluation_mode": evaluation_mode})
    with _hints():
        return check_expression(
            expression,
            at,
            claims,
            with_respect_to=wanted_in(request),
            seed=request.get("upstream_seed"),
            limits=limits,
            **network,
            **options,
        )


def question_of(request: Request) -> tuple[str, dict[str, Any]]:
    """The expression and the values of a request. Raises UsageError where they are no such thing."""
    expression, at = request.get("expression"), request.get("at", {})
    if not isinstance(expression, str):
        message = "the request has no 'expression', or it is no text"
        raise UsageError(message, hint=CALLED_AGAIN)
    if not isinstance(at, dict):
        message = "'at' of the request is no object of names and numbers"
        raise UsageError(message, hint=CALLED_AGAIN)
    for name, value in at.items():
        if isinstance(value, str) and value.lstrip().startswith("@"):
            message = f"the value of {name} in a request names a file, which a request cannot read"
            raise UsageError(message, hint="write the array as nested lists")
    return expression, at


def network_in(request: Request, beside: Mapping[str, Any]) -> dict[str, Any]:
    """The seed and the mode of a network: those of the request, or else those beside it.

    Raises UsageError where they are no whole number from 0, and no true or false.
    """
    found = {name: request.get(name, default) for name, default in beside.items()}
    seed = found.get("random_seed", 0)
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        message = "'random_seed' of the request is no whole number from 0"
        raise UsageError(message, hint='write it as "random_seed": 0')
    if not isinstance(found.get("evaluation_mode", False), bool):
        message = "'evaluation_mode' of the request is neither true nor false"
        raise UsageError(message, hint='write it as "evaluation_mode": true')
    return found


def wanted_in(request: Request) -> Collection[str] | None:
    """The names of `with_respect_to`. Raises UsageError where it is no list of them."""
    wanted: Collection[str] | None = request.get("with_respect_to")
    if wanted is not None and not (isinstance(wanted, list) and all(isinstance(name, str) for name in wanted)):
        message = "'with_respect_to' of the request is no list of names"
        raise UsageError(message, hint='write it as "with_respect_to": ["x", "y"]')
    return wanted


@contextmanager
def _hints() -> Iterator[None]:
    """A missing value is given by `at`, in a request."""
    try:
        yield
    except MissingValueError as error:
        error.advise(f"""add to "at": {", ".join(f'"{name}": …' for name in error.names)}""")
        raise
