"""Checkpoints: a run as it stands after a step, in one .safetensors file that PyTorch's tools can open too.

Its tensors are the parameters and buffers under their names in a `state_dict`, and under names with a stroke, such as
`optimizer/exp_avg/0.weight`, what else a run needs to go on. Its header holds, in the metadata under the key `bpcli`,
a JSON document: what was trained, on which columns, how, and how far. A checkpoint from a stranger is data: its sizes
are bounded before memory is taken, each field of its document is looked at, and nothing in it is run.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from bpcli.errors import LimitError, UsageError
from bpcli.language.arrays import Array, Room
from bpcli.language.complaints import shortened
from bpcli.language.limits import DEFAULT_LIMITS, Limits
from bpcli.language.values import opened, reason_of, unreadable, without_repeats
from bpcli.language.weights import CHECKPOINT_KEY, without_library
from bpcli.train.forms import either, figure, many, maybe, named, number, optional, record, text, whole

SCHEMA = "bpcli.checkpoint/1"
FORM = record(
    version=text,
    expression=text,
    options=named(maybe(either(text, many(text)))),  # of the command, as they are typed
    roles=record(),  # `roles_from` looks into it
    standardisation=maybe(record()),  # and `standardisation_from` into this
    data=record(samples=whole, validation=whole, fingerprint=text, given=text),
    progress=record(
        optimiser_steps=whole,
        epoch=whole,
        batch=whole,
        step=whole,
        loss=figure,
        best=maybe(record(epoch=whole, loss=number)),
        waited=whole,
        history=many(
            record(
                epoch=whole,
                step=whole,
                rate=number,
                loss=figure,
                metrics=optional(named(figure)),
                validation_loss=optional(figure),
                validation_metrics=optional(named(figure)),
            )
        ),
    ),
)
MOST_OF_A_HEADER = 80_000_000  # bytes; the library itself reads at most 100 MB
MOST_OF_A_DOCUMENT = MOST_OF_A_HEADER // 2  # some 100,000 epochs; within the header its quotes are escaped
BROKEN = (ValueError, EOFError, OverflowError, RecursionError)
AGAIN = "name a file that 'bpcli train --save-checkpoint' wrote; this one may have been cut or damaged"


class Checkpoint(NamedTuple):
    """What a checkpoint holds: its document, and its arrays of float64 by name."""

    document: dict[str, Any]
    tensors: Mapping[str, Array]

    def under(self, prefix: str) -> dict[str, Array]:
        """The arrays whose names begin with `prefix/`, by the rest of their names."""
        return {name[len(prefix) + 1 :]: array for name, array in self.tensors.items() if name.startswith(f"{prefix}/")}

    @property
    def weights(self) -> dict[str, Array]:
        """The parameters and buffers of the model, by their names in its `state_dict`."""
        return {name: array for name, array in self.tensors.items() if "/" not in name}

    @property
    def given(self) -> dict[str, Array]:
        """The values of the text's variables and parameters: weights, and what was given and not learned."""
        return {**self.weights, **self.under("fixed")}


def checkpoint_content(
    document: Mapping[str, Any], tensors: Mapping[str, Array], target: str = "a checkpoint"
) -> bytes:
    """The bytes of a checkpoint: the same for the same document and arrays.

    Raises UsageError where the safetensors library is not installed; `target` is the file that it names.
    """
    try:
        from safetensors.numpy import save  # noqa: PLC0415 - an optional extra
    except ImportError as error:
        raise without_library(target, "write") from error
    written = json.dumps({"schema": SCHEMA, **document}, allow_nan=False, separators=(",", ":"))
    if len(written) > MOST_OF_A_DOCUMENT:
        message = f"the checkpoint's document would be larger than {MOST_OF_A_DOCUMENT} bytes"
        raise LimitError(message, hint="train fewer epochs, or on less data at once, so that its history is shorter")
    in_rows = {name: array.ravel().reshape(array.shape) for name, array in tensors.items()}
    return bytes(save(in_rows, metadata={CHECKPOINT_KEY: written}))


def read_checkpoint(source: str, limits: Limits = DEFAULT_LIMITS) -> Checkpoint:
    """The checkpoint in a file.

    Raises UsageError where the file cannot be read, is broken, or is no checkpoint; LimitError where its arrays
    together have more entries than the limits allow.
    """
    with _told(source):
        _require_header(source)
        return _checkpoint_in(source, limits)


def _checkpoint_in(source: str, limits: Limits) -> Checkpoint:
    try:
        from safetensors import SafetensorError, safe_open  # noqa: PLC0415 - an optional extra
    except ImportError as error:
        raise without_library(source) from error
    try:
        with safe_open(source, framework="np") as file:
            document = _document((file.metadata() or {}).get(CHECKPOINT_KEY))
            room = Room(limits)
            return Checkpoint(document, {name: _tensor(file, name, room) for name in file.keys()})  # noqa: SIM118 - it is no dict
    except SafetensorError as error:
        raise ValueError(error) from error


def _require_header(source: str) -> None:
    """Raise ValueError where the header is longer than any checkpoint's; the library would take it all at once."""
    with opened(source) as file:
        length = int.from_bytes(file.read(8), "little")
    if length > MOST_OF_A_HEADER:
        message = f"its header is larger than {MOST_OF_A_HEADER} bytes"
        raise ValueError(message)


def _tensor(file: Any, name: str, room: Room) -> Array:
    header = file.get_slice(name)
    if header.get_dtype() != "F64":
        message = f"the array {shortened(name)} in it is of type {header.get_dtype()}, not F64"
        raise ValueError(message)
    room.take(name, tuple(header.get_shape()))
    array: Array = file.get_tensor(name)
    if "/" not in name and array.size and not abs(array).max() < float("inf"):
        message = f"the array {shortened(name)} in it is not finite"
        raise ValueError(message)
    return array


def _document(written: str | None) -> dict[str, Any]:
    """The document, every field of which is of the form that it should be. Raises ValueError."""
    if written is None:
        message = "it has arrays, but no document of bpcli's in its header"
        raise ValueError(message)
    document = json.loads(written, object_pairs_hook=without_repeats, parse_constant=_refused)
    schema = document.get("schema") if isinstance(document, dict) else None
    if schema != SCHEMA:
        message = f"its document is of the schema {shortened(str(schema))}, not {SCHEMA}"
        raise ValueError(message)
    place = FORM(document, "")
    if place is not None:
        message = f"{place} in its document is not what it should be"
        raise ValueError(message)
    return dict(document)


def _refused(constant: str) -> None:
    message = f"{constant} stands in its document, which is no JSON"
    raise ValueError(message)


@contextmanager
def _told(source: str) -> Iterator[None]:
    """Tell what breaks while a checkpoint is read in the user's words."""
    try:
        yield
    except OSError as error:
        if error.errno is not None:
            raise unreadable(source, error) from error
        raise UsageError(_message(source, error), hint=AGAIN) from error
    except BROKEN as error:
        raise UsageError(_message(source, error), hint=AGAIN) from error


def _message(source: str, error: Exception) -> str:
    return f"cannot use {source} as a checkpoint: {reason_of(error) or 'it is broken'}"
