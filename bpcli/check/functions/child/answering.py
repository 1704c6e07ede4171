"""What the child process answers: what a file's functions take, and what they give, one frame for each question."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bpcli.check.functions.callee import Fault, MisbehaviourError
from bpcli.check.functions.child.frames import Frame, array_of, frame_bytes, npy_of, unpacked
from bpcli.check.functions.child.student_file import callee_in, module_of
from bpcli.check.functions.passes.local import LocalCallee
from bpcli.check.functions.passes.watching import calm, raised, result

Answer = tuple[dict[str, Any], Sequence[Any]]  # a header, and arrays


class Answers:
    """The callee of a file, once one was asked for, and the inputs that were sent last."""

    def __init__(self) -> None:
        self.callee: LocalCallee | None = None
        self.inputs: Mapping[str, Any] = {}

    def answer(self, asked: Frame) -> bytes:
        """The answer to a question, or the fault that is in its way."""
        try:
            header, arrays = self._answer(asked)
            return frame_bytes({**header, "id": asked.header["id"]}, [npy_of(array) for array in arrays])
        except MisbehaviourError as error:
            return _fault(asked, error.fault)
        except Exception as error:  # noqa: BLE001 - whatever the objects do that a pass gave
            return _fault(asked, raised(error, str(asked.header["where"])))

    def _answer(self, asked: Frame) -> Answer:
        header = asked.header
        if header["asks"] == "ready":
            return {}, ()
        if header["asks"] == "signature":
            self.callee = _imported(header["path"], header["forward"], header["backward"])
            return _signature(self.callee), ()
        arrays = [array_of(file) for file in asked.files]
        if header["inputs"] is not None:
            self.inputs = {name: unpacked(value, arrays) for name, value in header["inputs"].items()}
        given = arrays[len(arrays) - header["own"] :]
        if self.callee is None:
            message = "asked before any file was named"
            raise ValueError(message)
        return _asked(self.callee, self.inputs, header, given)


def _asked(callee: LocalCallee, inputs: Mapping[str, Any], header: Mapping[str, Any], given: Sequence[Any]) -> Answer:
    match header["asks"]:
        case "outputs":
            outputs = callee.outputs(inputs)
            return {}, outputs
        case "takes upstream":
            return {"takes": callee.takes_upstream(inputs)}, ()
        case "moved":
            entries, values = given
            return {}, [callee.moved(inputs, header["name"], entries, values)]
        case _:
            passed = callee.passed(inputs, given if header["has_upstream"] else None)
            told = {"names": list(passed.gradients), "faults": passed.faults, "parts": list(passed.parts)}
            told["called"] = passed.called
            return told, [*passed.outputs, *passed.gradients.values(), *passed.parts.values()]


def _imported(path: str, forward: str, backward: str | None) -> LocalCallee:
    file = Path(path)
    with calm():
        module = result(lambda: module_of(file), file.name, is_alone=True)
        return callee_in(module, file.name, forward, backward)


def _signature(callee: LocalCallee) -> dict[str, Any]:
    return {
        "forward_name": callee.forward_name,
        "backward_name": callee.backward_name,
        "forward": callee.parameters,
        "backward": callee.backward_parameters,
    }


def _fault(asked: Frame, fault: Fault) -> bytes:
    return frame_bytes({"id": asked.header["id"], "fault": fault}, ())
