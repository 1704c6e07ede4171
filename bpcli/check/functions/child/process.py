"""A forward and a backward pass of a file, in a child process of their own."""

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from secrets import token_hex
from time import monotonic
from typing import Any, NoReturn, Self, get_args

import numpy as np

from bpcli.check.functions.callee import Array, Fault, FaultKind, Inputs, MisbehaviourError, Passed
from bpcli.check.functions.child.frames import MOST_OF_A_HEADER, Frame, npy_of, packed
from bpcli.check.functions.child.pipes import ChildLimits, ChildProcess, LateError, LostError
from bpcli.check.functions.passes.signatures import Parameter, Parameters
from bpcli.check.functions.passes.watching import readable
from bpcli.errors import BpcliError, LimitError, UsageError

NO_LIMITS = ChildLimits()
STARTING = 60.0  # seconds until Python and NumPy have started, which is nobody's code
MOST_OF_A_TEXT = 2000
SHARE_OF_A_CALL = 0.25  # of the seconds for a call, which many moved entries may take
GROWTH = 8
MOST_MOVED_BYTES = 64 << 20


def child_callee(
    path: str | Path, forward_name: str, backward_name: str | None = None, *, limits: ChildLimits = NO_LIMITS
) -> "ChildCallee":
    """The passes of these names in a Python file, imported and run in a child process.

    A name may be a function, a class with two methods, or one of its methods: `Layer.forward`. Raises UsageError where
    there is no such file or no such name, MisbehaviourError where the file cannot be imported.
    """
    file = Path(path).absolute()
    if not file.is_file():
        message = f"there is no file '{path}'"
        raise UsageError(message)
    return ChildCallee(file, forward_name, backward_name, limits)


def reference_callee(
    path: str | Path, forward_name: str, backward_name: str | None = None, *, limits: ChildLimits = NO_LIMITS
) -> "ChildCallee":
    """The passes of these names in a file whose forward pass is right; it may do without the backward pass.

    Without one, what the forward pass gives after its first output is held to be its gradients. Raises what
    `child_callee` does.
    """
    try:
        return child_callee(path, forward_name, backward_name, limits=limits)
    except UsageError:
        if backward_name is None:
            raise
    return child_callee(path, forward_name, limits=limits)


class ChildCallee:
    """A forward and a backward pass that run in a child process, which `close` ends."""

    def __init__(self, file: Path, forward_name: str, backward_name: str | None, limits: ChildLimits) -> None:
        self.file = file.name
        self.forward_name = forward_name
        self.backward_name = backward_name or forward_name
        self.parameters = self.backward_parameters = Parameters(())
        self._fault: Fault | None = None
        self._sent: tuple[str, list[bytes]] | None = None
        self._child = ChildProcess(limits)
        try:
            self._begin(str(file), backward_name)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the child process and remove its folder."""
        self._child.end()

    def outputs(self, inputs: Inputs) -> tuple[Array, ...]:
        """What the forward pass gives, without a cache or a gradient. Raises MisbehaviourError."""
        return tuple(self._arrays(self._asked("outputs", self.forward_name, inputs), self.forward_name))

    def takes_upstream(self, inputs: Inputs) -> bool:
        """Whether the backward pass takes an upstream gradient. Raises MisbehaviourError."""
        takes = self._asked("takes upstream", self.forward_name, inputs).header.get("takes")
        return takes if isinstance(takes, bool) else self._forged(self.forward_name)

    def passed(self, inputs: Inputs, upstream: Sequence[Array] | None) -> Passed:
        """Both passes. Raises MisbehaviourError."""
        where = self.backward_name
        more = {"has_upstream": upstream is not None}
        answer = self._asked("passed", where, inputs, [] if upstream is None else upstream, more)
        arrays = self._arrays(answer, where)
        names, parts, faults = (answer.header.get(key) for key in ("names", "parts", "faults"))
        if not isinstance(names, list) or not isinstance(parts, list) or not isinstance(faults, list):
            self._forged(where)
        each = [*names, *parts]
        if any(type(name) is not str for name in each) or len(set(each)) < len(each) or len(each) > len(arrays):
            self._forged(where)
        if not all(name in inputs for name in names) or not all(_is_part(name, inputs) for name in parts):
            self._forged(where)
        count = len(arrays) - len(each)
        notes = tuple(self._read_fault(fault, where) for fault in faults)
        found = dict(zip(each, arrays[count:], strict=True))
        held = {name: found.pop(name) for name in parts}
        if any(one.dtype.kind != "f" for one in held.values()):
            self._forged(where)
        called = answer.header.get("called")
        shown = readable(called, MOST_OF_A_TEXT) if isinstance(called, str) else self._forged(where)
        return Passed(tuple(arrays[:count]), found, notes, held, shown)

    def moved(self, inputs: Inputs, name: str, entries: Array, values: Array) -> Array:
        """The outputs where one entry of one input is another: (n, outputs' size) for n entries, counted in order.

        So many are asked for at once as fit well into the seconds of a call. Raises MisbehaviourError.
        """
        rows: list[Array] = []
        done, size = 0, 1
        while done < len(entries):
            part = slice(done, done + size)
            began = monotonic()
            found = self._moved(inputs, name, np.asarray(entries)[part], np.asarray(values)[part])
            rows.append(found)
            spent = max(monotonic() - began, 1e-6)
            done += len(found)
            fast = int(len(found) * SHARE_OF_A_CALL * self._child.limits.seconds_per_call / spent)
            small = MOST_MOVED_BYTES // max(1, found.shape[1] * 8)
            size = max(1, min(size * GROWTH, fast, small))
        if any(one.shape[1] != rows[0].shape[1] for one in rows):
            text = f"'{self.forward_name}' gives outputs of another shape where {name} moves"
            raise MisbehaviourError(Fault("another shape", self.forward_name, text))
        return np.concatenate(rows) if rows else np.zeros((0, 0))

    def _moved(self, inputs: Inputs, name: str, entries: Array, values: Array) -> Array:
        answer = self._asked("moved", self.forward_name, inputs, [entries, values], {"name": name})
        arrays = self._arrays(answer, self.forward_name)
        if len(arrays) != 1 or arrays[0].ndim != 2 or len(arrays[0]) != len(entries):  # noqa: PLR2004 - entries, outputs
            self._forged(self.forward_name)
        return arrays[0]

    def _begin(self, path: str, backward_name: str | None) -> None:
        """Let the child import the file, and say what its functions take."""
        self._answer({"asks": "ready"}, [], self.file, STARTING)
        named = {"path": path, "forward": self.forward_name, "backward": backward_name}
        header = self._answer({"asks": "signature", **named}, [], self.file).header
        try:
            self.parameters, self.backward_parameters = (_parameters(header[key]) for key in ("forward", "backward"))
            self.forward_name, self.backward_name = (_name(header[key]) for key in ("forward_name", "backward_name"))
        except (KeyError, TypeError, ValueError):
            self._forged(self.file)

    def _asked(
        self, asks: str, where: str, inputs: Inputs, arrays: Sequence[Array] = (), more: Mapping[str, Any] | None = None
    ) -> Frame:
        """The answer to a question about inputs, which are sent only where they are not those that were sent last."""
        files: list[bytes] = []
        try:
            told = {name: packed(value, files) for name, value in inputs.items()}
        except ValueError as error:
            message = f"an input cannot be given to '{self.file}': {error}"
            raise UsageError(message) from None
        text = json.dumps(told)
        if len(text) > MOST_OF_A_HEADER // 2:
            message = f"the inputs of '{self.file}' take {len(text)} characters beside their arrays"
            raise LimitError(message, hint="give long lists as arrays")
        sent = text, files  # as text, where 1, 1.0 and True are not the same
        is_known = self._sent == sent
        self._sent = sent
        header = {"asks": asks, "inputs": None if is_known else told, "own": len(arrays), **(more or {})}
        return self._answer(header, [*([] if is_known else files), *map(npy_of, arrays)], where)

    def _answer(
        self, header: Mapping[str, Any], files: Sequence[bytes], where: str, seconds: float | None = None
    ) -> Frame:
        """An answer that is no fault; after the child was late or lost there is none but that."""
        if self._fault is not None:
            raise MisbehaviourError(self._fault)
        identity = token_hex(8)
        try:
            answer = self._child.ask({**header, "where": where, "id": identity}, files, seconds)
        except LateError:
            text = f"'{where}' gave no answer {self._child.time_text}"
            self._fail(Fault("late", where, text, "it may be given more time"))
        except LostError as error:
            self._fail(Fault("lost", where, f"the process that ran '{where}' gave no answer: {error}"))
        if answer.header.get("id") != identity:
            self._forged(where)
        if "fault" in answer.header:
            fault = self._read_fault(answer.header["fault"], where)
            if fault.kind == "not found":
                raise UsageError(fault.text, hint=fault.hint)
            raise MisbehaviourError(fault)
        return answer

    def _arrays(self, answer: Frame, where: str) -> list[Array]:
        """The arrays of an answer, which may be no more than its bytes."""
        from bpcli.language.arrays import Room  # noqa: PLC0415 - start-up must not wait for it
        from bpcli.language.limits import Limits  # noqa: PLC0415 - the same
        from bpcli.language.npy import npy_array  # noqa: PLC0415 - the same

        try:
            return [npy_array("answer", Room(Limits(entries=len(file))), io.BytesIO(file)) for file in answer.files]
        except (BpcliError, ValueError, TypeError, OverflowError):
            self._forged(where)

    def _read_fault(self, told: Any, where: str) -> Fault:
        """A fault as the child told it."""
        if not isinstance(told, list) or [type(one) for one in told] not in (
            [str, str, str, str, bool],
            [str, str, str, type(None), bool],
        ):
            self._forged(where)
        kind, place, text, hint, is_fatal = told
        if kind not in get_args(FaultKind):
            self._forged(where)
        place, text = (readable(one, MOST_OF_A_TEXT) for one in (place, text))
        return Fault(kind, place, text, readable(hint, MOST_OF_A_TEXT) if hint else None, is_fatal)

    def _forged(self, where: str) -> NoReturn:
        text = f"the process that ran '{where}' answered with what is no answer"
        self._fail(Fault("lost", where, text))

    def _fail(self, fault: Fault) -> NoReturn:
        """Remember what ended the child: it is the answer to everything from now on."""
        self._fault = fault
        self.close()
        raise MisbehaviourError(fault) from None


def _parameters(told: Any) -> Parameters:
    """Parameters as the child told them. Raises TypeError or ValueError."""
    listed, rest, keywords = told
    rest, keywords = (name if name is None else _name(name) for name in (rest, keywords))
    found = [
        Parameter(_name(name), *map(bool, flags))._replace(default=_default(default))
        for name, *flags, default in listed
    ]
    return Parameters(tuple(found), rest, keywords)


def _default(told: Any) -> float | None:
    """The number that a parameter is left at. Raises TypeError or ValueError."""
    return None if told is None else float(told)


def _is_part(name: str, inputs: Inputs) -> bool:
    """Whether it is the name of no input."""
    return name not in inputs and all(part.isidentifier() for part in name.split("."))


def _name(told: Any) -> str:
    """A name with its dots as the child told it. Raises TypeError or ValueError."""
    if not all(part.isidentifier() for part in str.split(told, ".")):
        message = "no name"
        raise ValueError(message)
    return str(told)
